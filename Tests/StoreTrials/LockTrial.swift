import Foundation
import PageStore
import StoreIO

// Two openings of one real file: a writer excludes everybody, readers exclude writers, and closing lets the next one in.

/// Opens a file beside those who have it open.
package struct LockTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "locks", title: "a second opener is told", unit: "openings", everyChange: 100, release: 1_000,
            weight: 0.1)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("locks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let directory = try PosixDirectory(path: folder.path)
            try Pager.create("a", in: directory, key: .none).close()
            let random = SeededRandomSource(seed: seed)
            var open: [(pager: Pager, isReadOnly: Bool)] = []
            while outcome.cases < 100, !budget.isUsedUp(outcome.cases), outcome.failures.isEmpty {
                if random.next() % 3 == 0, !open.isEmpty {
                    try open.remove(at: Int(random.next() % UInt64(open.count))).pager.close()
                    continue
                }
                outcome.cases += 1
                var options = PagerOptions()
                options.isReadOnly = random.next() % 2 == 0
                let allowed = open.isEmpty || options.isReadOnly && open.allSatisfy(\.isReadOnly)
                var found: Pager?
                do throws(PageFault) {
                    found = try Pager.open("a", in: directory, key: .none, options: options)
                } catch {
                    if error != .locked { throw error }
                }
                if let found { open.append((found, options.isReadOnly)) }
                if (found != nil) != allowed {
                    let wrong = allowed ? "locked although nobody has it" : "a second writer was let in"
                    outcome.failures.append("\(wrong); \(replay(seed))")
                }
            }
            for (pager, _) in open { try pager.close() }
        } catch { outcome.failures.append("\(error); \(replay(seed))") }
        return outcome
    }
}
