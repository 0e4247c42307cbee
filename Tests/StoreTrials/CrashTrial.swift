import StoreTestSupport

// A crash at every I/O step: a workload is recorded once, then every prefix of its operations is crashed, each in every
// way of `CrashDamage`, and what is left is opened and compared with the oracle. Images that a step has in common with
// the one before are tried and counted once.

/// Crashes at every I/O step of small workloads.
package struct CrashTrial: Trial {
    package let level: TrialLevel

    package init(_ level: TrialLevel) { self.level = level }

    package var row: TrialRow {
        switch level {
        case .pages:
            TrialRow(
                name: "crash-pages", title: "crash at every I/O step, pages", unit: "images", everyChange: 80_000,
                release: 100_000_000, weight: 6)
        case .store:
            TrialRow(
                name: "crash-store", title: "crash at every I/O step, whole store", unit: "images",
                everyChange: 20_000, release: 100_000_000, weight: 5, remark: "Counts together with crash-pages.")
        case .indexes:
            TrialRow(
                name: "crash-indexes", title: "crash at every I/O step, indexes", unit: "images",
                everyChange: 20_000, release: 100_000_000, weight: 2, remark: "Counts together with crash-pages.")
        }
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let session = level.session(seed: seed)
        do { try session.run() } catch {
            outcome.failures.append("\(session.name), without a crash: \(error); \(replay(seed))")
            return outcome
        }
        var walk = CrashWalk(operations: session.disk.operations, base: [:], seed: seed)
        walk.slotFile = session.fileName
        while let failure = walk.next(budget: budget, outcome: &outcome, verify: session.verify) {
            outcome.failures.append("\(session.name): \(failure); \(replay(seed))")
            break
        }
        return outcome
    }
}

/// Walks recorded operations and verifies what a crash after each of them may leave.
struct CrashWalk {
    typealias Verify = ([String: DiskContent], SessionProgress, UInt64) throws -> String?

    let operations: [DiskOperation]
    /// The file whose superblock slots are destroyed in turn, too (D5); nil: none is.
    var slotFile: String?
    let seed: UInt64
    private var images: CrashImages
    private(set) var progress: SessionProgress
    private var index = 0
    private var tried: Set<[Int]> = []

    init(
        operations: [DiskOperation], base: [String: DiskContent], seed: UInt64,
        progress: SessionProgress = SessionProgress()
    ) {
        self.operations = operations
        self.seed = seed
        self.progress = progress
        images = CrashImages(base: base)
    }

    /// Goes on until something fails (returned in words, narrowed to what it needs), the budget is used up, or the end.
    mutating func next(budget: TrialBudget, outcome: inout TrialOutcome, verify: Verify) -> String? {
        while index < operations.count {
            if budget.isUsedUp(outcome.cases) { return nil }
            let step = index
            advance()
            for damage in CrashDamage.allCases {
                let drawSeed = mixedSeed(seed, UInt64(step), UInt64(damage.rawValue))
                guard let image = newImage(damage, drawSeed) else { continue }
                outcome.cases += 1
                if let problem = Self.problem(image.files, progress, drawSeed, verify) {
                    return "step \(step), \(damage): \(problem) \(narrowed(image.draw, drawSeed, verify))"
                }
            }
            if let problem = destroyedSlot(step, &outcome, verify) { return "step \(step), \(problem)" }
        }
        return nil
    }

    /// What was synced, with either slot destroyed: nothing acknowledged may be lost.
    private mutating func destroyedSlot(_ step: Int, _ outcome: inout TrialOutcome, _ verify: Verify) -> String? {
        let image = images.image([])
        guard let slotFile, progress.acknowledged > 0, let content = image.files[slotFile] else { return nil }
        for slot in 0..<2 {
            guard tried.insert([image.identity, Int(progress.acknowledged), -1 - slot]).inserted else { continue }
            var files = image.files
            var broken = content
            broken.write([UInt8](repeating: UInt8(slot) &* 0xA5, count: 4096), at: slot * 4096)
            files[slotFile] = broken
            outcome.cases += 1
            let seed = mixedSeed(seed, UInt64(step), 100 + UInt64(slot))
            if let problem = Self.problem(files, progress, seed, verify) { return "slot \(slot) destroyed: \(problem)" }
        }
        return nil
    }

    /// Takes the next operation in, with the notes that follow it.
    mutating func advance() {
        images.advance(operations[index])
        progress.follow(operations[index])
        index += 1
        while index < operations.count {
            switch operations[index] {
            case .note, .attempt, .mark: progress.follow(operations[index])
            default: return
            }
            index += 1
        }
    }

    var isAtEnd: Bool { index >= operations.count }

    /// Operations taken in so far.
    var step: Int { index }

    /// The image of a draw, unless it was handed out before in the same state of knowledge.
    mutating func newImage(_ damage: CrashDamage, _ drawSeed: UInt64) -> CrashImage? {
        let image = images.image(images.draw(damage, seed: drawSeed))
        let isNew = tried.insert([image.identity, Int(progress.acknowledged), progress.marks.count]).inserted
        return isNew ? image : nil
    }

    private static func problem(
        _ files: [String: DiskContent], _ progress: SessionProgress, _ seed: UInt64, _ verify: Verify
    ) -> String? {
        do { return try verify(files, progress, seed) } catch { return "\(error)" }
    }

    /// The fewest unsynced operations that still make it fail.
    private func narrowed(_ draw: [CrashedOperation], _ drawSeed: UInt64, _ verify: Verify) -> String {
        var draw = draw
        var position = 0
        while position < draw.count {
            var fewer = draw
            fewer.remove(at: position)
            if Self.problem(images.image(fewer).files, progress, drawSeed, verify) != nil {
                draw = fewer
                continue
            }
            var simpler = draw
            simpler[position].form = .whole
            if simpler != draw, Self.problem(images.image(simpler).files, progress, drawSeed, verify) != nil {
                draw = simpler
            }
            position += 1
        }
        let kept = draw.map { images.describe($0) }.joined(separator: ", ")
        return "[\(images.pendingCount) unsynced, needed of these on the disk: \(kept.isEmpty ? "none" : kept)]"
    }
}
