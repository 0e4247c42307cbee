import StoreIO
package import StoreTestSupport

// An error at the n-th call to the disk, for all n until a run meets none, once and from then on.
//
// What must hold after each: no later success is reported once a write or sync has failed (E2); a commit that threw
// anything but `commitUnknown` is out (D3); a full disk leaves the store usable (E1); readers see what they saw or get a
// named error; reopened on the same running machine, where the kernel may show what it never wrote, the file shows the
// oracle's state, takes one more commit, and a crash right after loses none of it.

/// Errors at every call to the disk.
package struct ErrorTrial: Trial {
    package let level: TrialLevel
    /// Only every so many-th call, for a quick look.
    let stride: Int

    package init(_ level: TrialLevel, stride: Int = 1) {
        self.level = level
        self.stride = stride
    }

    package var row: TrialRow {
        switch level {
        case .pages:
            TrialRow(
                name: "errors-pages", title: "error at step n, pages", unit: "runs", everyChange: 3_000, release: 0,
                weight: 2, remark: "A round is one workload and one error, at all n, once and from then on.")
        case .store:
            TrialRow(
                name: "errors-store", title: "error at step n, whole store", unit: "runs", everyChange: 1_500,
                release: 0, weight: 3, remark: "As errors-pages.")
        case .indexes:
            TrialRow(
                name: "errors-indexes", title: "error at step n, indexes", unit: "runs", everyChange: 1_500,
                release: 0, weight: 1, remark: "As errors-pages.")
        }
    }

    /// The errors that are tried: errnos by their numbers on Linux, short transfers, and syncs that lose data.
    static let effects: [(effect: DiskFault.Effect, kind: DiskCallKind)] =
        [
            (.diskFull, .all), (.syncHidesLoss, .syncs), (.fail(errno: 5), .reads), (.fail(errno: 5), .all),
            (.syncDropsData, .syncs), (.short(errno: 5), .all), (.short(errno: 28), .all), (.bitFlip, .reads),
        ] + [22, 9, 122, 27, 1, 30, 13, 12, 4, 6, 19, 11, 32, 110].map { (.fail(errno: $0), .all) }

    /// The seed of the first round that has this workload meet this error.
    package static func seed(_ level: TrialLevel, workload: String, effect: DiskFault.Effect) -> UInt64? {
        let names = level.workloads
        guard let place = names.firstIndex(of: workload),
            let number = effects.firstIndex(where: { $0.effect == effect })
        else { return nil }
        return UInt64(number * names.count + place)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        // Workload and error run through all pairs.
        let workloads = UInt64(level.workloads.count)
        let (effect, kind) = Self.effects[Int(seed / workloads % UInt64(Self.effects.count))]
        for once in [true, false] {
            var call = Int(seed % UInt64(stride))
            while !budget.isUsedUp(outcome.cases) {
                outcome.cases += 1
                let fault = DiskFault(operation: call, effect: effect, once: once, kind: kind)
                let (problem, wasMet) = run(seed: seed, fault)
                if let problem {
                    let place = "call \(call) of \(kind)\(once ? "" : " and all after it"), \(effect)"
                    outcome.failures.append("\(level.session(seed: seed).name), \(place): \(problem); \(replay(seed))")
                    return outcome
                }
                if !wasMet { break }
                call += stride
            }
        }
        return outcome
    }

    /// One run with one fault. Tells what was wrong, and whether the fault was met at all.
    private func run(seed: UInt64, _ fault: DiskFault) -> (problem: String?, wasMet: Bool) {
        let session = level.session(seed: seed)
        let disk = session.disk
        disk.setFault(fault)
        var thrown: (any Error)?
        do { try session.run() } catch { thrown = error }
        let wasMet = disk.faultsMet > 0
        let severity = disk.faultSeverity
        disk.setFault(nil)
        guard wasMet else { return (thrown.map { "without a fault: \($0)" }, false) }
        if let thrown, !session.isNamed(thrown) { return ("not an error that is named: \(thrown)", true) }
        do {
            if thrown != nil, let problem = session.inspectOpenStore(after: severity) { return (problem, true) }
            session.abandon()
            if let problem = try session.reopenAfterError() { return ("reopened: \(problem)", true) }
            // A crash now: nothing that a sync did not cover, nor what a failed sync left in doubt.
            var images = CrashImages()
            // The machine runs on after the error, so recovery rewrites what a failed sync left in doubt.
            images.sparesRewrites = true
            for operation in disk.operations { images.advance(operation) }
            let image = images.image(images.draw(.dropped, seed: seed))
            if let problem = try session.verify(image.files, session.progress, seed: seed) {
                return ("crashed after reopening: \(problem)", true)
            }
            session.abandon()
        } catch {
            return ("reopening: \(error)", true)
        }
        return (nil, true)
    }
}
