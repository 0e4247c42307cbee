import StoreIO
import StoreTestSupport

// A crash in recovery: what a crash left is opened on a disk that records, recovery and a first commit are crashed at
// every step, what that leaves is opened and crashed again, three deep. The deepest images are verified in full, and so
// is every one on the way.

/// Crashes at every step of recovery, and of the recovery from that, three deep.
package struct RecoveryCrashTrial: Trial {
    package let level: TrialLevel
    /// Crashes one after another.
    private static let depth = 3

    package init(_ level: TrialLevel) { self.level = level }

    package var row: TrialRow {
        switch level {
        case .pages:
            TrialRow(
                name: "recovery-pages", title: "crash in recovery, three deep, pages", unit: "images",
                everyChange: 7_000, release: 1_000_000, weight: 3)
        case .store:
            TrialRow(
                name: "recovery-store", title: "crash in recovery, three deep, whole store", unit: "images",
                everyChange: 3_000, release: 1_000_000, weight: 2, remark: "Counts together with recovery-pages.")
        case .indexes:
            TrialRow(
                name: "recovery-indexes", title: "crash in recovery, three deep, indexes", unit: "images",
                everyChange: 3_000, release: 1_000_000, weight: 2, remark: "Counts together with recovery-pages.")
        }
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let session = level.session(seed: seed)
        do { try session.run() } catch {
            outcome.failures.append("\(session.name), without a crash: \(error); \(replay(seed))")
            return outcome
        }
        let random = SeededRandomSource(seed: mixedSeed(seed, 3))
        var walk = CrashWalk(operations: session.disk.operations, base: [:], seed: seed)
        while !walk.isAtEnd, !budget.isUsedUp(outcome.cases), outcome.failures.isEmpty {
            walk.advance()
            // A few of the first crashes; each has a recovery of many steps.
            guard random.next() % 6 == 0 else { continue }
            let damage = CrashDamage.allCases[Int(random.next() % UInt64(CrashDamage.allCases.count))]
            guard let image = walk.newImage(damage, random.next()) else { continue }
            let problem = descend(
                session, image.files, walk.progress, depth: 1, random: random, budget: budget, outcome: &outcome)
            if let problem {
                outcome.failures.append("\(session.name), step \(walk.step), \(damage): \(problem); \(replay(seed))")
            }
        }
        return outcome
    }

    /// Recovers from `files`, crashing at every step; goes one deeper from a few of these.
    private func descend(
        _ session: any TrialSession, _ files: [String: DiskContent], _ progress: SessionProgress, depth: Int,
        random: SeededRandomSource, budget: TrialBudget, outcome: inout TrialOutcome
    ) -> String? {
        let seed = random.next()
        let disk = SimulatedDisk(contents: files)
        return session.keepingOracle {
            do { try session.comeBack(on: disk, progress, seed: seed) } catch { return "recovery \(depth): \(error)" }
            var walk = CrashWalk(operations: disk.operations, base: files, seed: seed, progress: progress)
            let failure = walk.next(budget: budget, outcome: &outcome, verify: session.verify)
            if let failure { return "in recovery \(depth), \(failure)" }
            guard depth < Self.depth, !disk.operations.isEmpty else { return nil }
            for _ in 0..<3 where !budget.isUsedUp(outcome.cases) {
                var walk = CrashWalk(operations: disk.operations, base: files, seed: seed, progress: progress)
                let steps = random.next() % UInt64(disk.operations.count) + 1
                for _ in 0..<steps where !walk.isAtEnd { walk.advance() }
                let damage = CrashDamage.allCases[Int(random.next() % UInt64(CrashDamage.allCases.count))]
                guard let image = walk.newImage(damage, random.next()) else { continue }
                let problem = descend(
                    session, image.files, walk.progress, depth: depth + 1, random: random, budget: budget,
                    outcome: &outcome)
                if let problem { return "after \(damage) at step \(walk.step) of recovery \(depth), \(problem)" }
            }
            return nil
        }
    }
}
