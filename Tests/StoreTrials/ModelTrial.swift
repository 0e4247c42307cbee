import SmartStore
import StoreIO
import StoreTestSupport

// A random model: any sequence of verbs against the store and against plain dictionaries, compared in full again and
// again. The workload is drawn, not written: sizes, segments, rollbacks, checkpoints, linking, readers that outlive
// them, reopening.

/// Random operations on the whole store against the oracle.
package struct ModelTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "model", title: "random model against the oracle", unit: "operations", everyChange: 100_000,
            release: 1_000_000_000, weight: 2)
    }

    /// Operations of one store.
    private static let length: UInt64 = 20_000

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let workload = StoreWorkload(name: "random", transactionByteLimit: 1 << 18) { _ in }
        let session = StoreSession(seed: seed, workload: workload)
        session.disk.stopRecording()
        do {
            try session.create()
            while outcome.cases < Self.length, !budget.isUsedUp(outcome.cases) {
                try Self.step(session, &outcome.cases)
            }
            try session.expectShown()
            let report = try session.current().check()
            guard report.isClean else { throw TrialError("check: \(report.findings.prefix(3))") }
            try session.close()
        } catch { outcome.failures.append("operation \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }

    private static func step(_ session: StoreSession, _ cases: inout UInt64) throws {
        let random = session.random
        let count = random.next() % 40 == 0 ? 300 : Int(random.next() % 12 + 1)
        let durability: Durability = random.next() % 3 == 0 ? .relaxed : .grouped
        cases += UInt64(count)
        switch random.next() % 24 {
        case 0:
            try session.rollBack { try session.change(count, $0, &$1) }
            try session.expectShown()
        case 1: try session.checkpoint()
        case 2: try session.current().linkVectors()
        case 3 where random.next() % 4 == 0:
            try session.reopen()
            try session.expectShown()
        case 4:
            let seen = session.model
            let reader = try session.current().beginRead()
            defer { reader.close() }
            for _ in 0..<3 {
                try session.commit(durability) { try session.change(4, $0, &$1) }
                try session.checkpoint()
            }
            try session.expectShown(seen, in: reader)
        case 5 where random.next() % 6 == 0:
            try session.commit { try session.drop($0, &$1, random.next() % 2 == 0 ? "other" : "notes") }
        case 6 where session.model.collections["notes"]?.isIndexed != true:
            try session.commit { try session.index($0, &$1, "notes") }
        case 7:
            try session.expectShown()
        case 8...10:
            if session.model.collections["keyed"] == nil {
                try session.commit { try session.makeIndexes($0, &$1, "keyed", StoreModel.specifications) }
            } else if random.next() % 3 != 0 {
                try session.commit(durability) { try session.changeIndexed(min(count, 20), $0, &$1, "keyed") }
            } else {
                session.clock.advance(by: .seconds(7))
                try session.expire("keyed", 3)
            }
        default:
            try session.commit(durability) { try session.change(count, $0, &$1) }
        }
    }
}
