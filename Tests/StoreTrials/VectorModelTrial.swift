import SmartStore

// Random operations on a vector index: insert, update, delete, search with and without filter, snapshots held over
// commits, checkpoints, links, crashes, reopening; against exact search in plain Swift. Never a deleted, uncommitted or
// duplicate hit, never one too few; and of the nearest at least .98 are found, over the searches of a round.

/// Random vector operations against exact search.
package struct VectorModelTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "vector-model", title: "random vector operations against exact search", unit: "operations",
            everyChange: 3_000, release: 10_000_000, weight: 2,
            remark: "Recall of at least .98 in every round; none deleted, uncommitted or twice.")
    }

    /// Operations of one store.
    private static let length: UInt64 = 5_000
    /// The share of the nearest that searches must find.
    private static let recall = 0.98

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let session = VectorModelSession(seed: seed)
        do {
            try session.create(count: 100 + session.below(500))
            var target = 700
            while outcome.cases < Self.length, !budget.isUsedUp(outcome.cases) {
                if session.below(150) == 0 { target = 60 + session.below(1500) }
                outcome.cases += try Self.step(session, target: target)
            }
            try session.check()
            try session.expectAll()
            try session.close()
            let share = Double(session.found) / Double(max(1, session.wanted))
            if session.wanted > 2_000, share < Self.recall {
                throw TrialError("recall \(share) over \(session.searches) searches")
            }
        } catch {
            outcome.failures.append("\(session.shape), operation \(outcome.cases): \(error); \(replay(seed))")
        }
        outcome.measures = [
            "searches": session.searches, "hits to find": session.wanted, "hits found": session.found,
            "crashes": session.crashes,
        ]
        return outcome
    }

    /// One step; returns how many operations it was.
    private static func step(_ session: VectorModelSession, target: Int) throws -> UInt64 {
        switch session.below(100) {
        case 0..<42:
            for _ in 0..<8 { try session.searchNewest() }
            return 8
        case 42..<50:
            for _ in 0..<8 { try session.searchHeld() }
            return 8
        case 50..<80:
            let count = 1 + session.below(8)
            try session.commit(session.below(4) == 0 ? .relaxed : .grouped) { tx, model in
                for _ in 0..<count { try change(session, tx, &model, target: target) }
            }
            return UInt64(count)
        case 80..<83:
            let count = 1 + session.below(session.below(5) == 0 ? 300 : 20)
            let isCrash = session.below(4) == 0
            try session.abandon(crashing: isCrash) { tx, model in
                for _ in 0..<count { try change(session, tx, &model, target: target) }
            }
            return UInt64(count)
        case 83..<86: return try many(session, target: target)
        case 86..<89: if session.held.count < 2 { try session.hold() } else { session.release() }
        case 89..<91: session.release()
        case 91..<93: try session.current().checkpoint()
        case 93..<97: try session.current().linkVectors()
        case 97: try session.reopen()
        case 98: try session.crash()
        default: try session.check()
        }
        return 1
    }

    private static func change(
        _ session: VectorModelSession, _ tx: WriteTransaction, _ model: inout VectorModelSession.Model, target: Int
    ) throws {
        // Numbers from a small range, so that most changes meet a document once there are as many as wanted.
        let number = Int32(session.below(max(100, target * 2)))
        guard model[number] != nil else {
            return try session.put(tx, &model, number, hasVector: session.below(12) != 0)
        }
        switch session.below(10) {
        case 0..<4: try session.put(tx, &model, number)
        case 4: try session.put(tx, &model, number, hasVector: false)
        case 5..<7: try session.regroup(tx, &model, number)
        default: try session.delete(tx, &model, number)
        }
    }

    /// Many at once, several times: so that dead rows are taken out of the graph, and their slots are used again, one by
    /// one or all that there are, and more than there are.
    private static func many(_ session: VectorModelSession, target: Int) throws -> UInt64 {
        var done: UInt64 = 0
        for _ in 0..<1 + session.below(4) {
            let numbers = session.model.keys.sorted()
            let count = 70 + session.below(150)
            if numbers.count > count, numbers.count > target || session.below(2) == 0 {
                let start = session.below(numbers.count)
                let gone = (numbers[start...] + numbers[..<start]).prefix(count)
                try session.commit(.grouped) { tx, model in
                    for number in gone { try session.delete(tx, &model, number) }
                }
                if session.below(4) != 0 { try session.current().linkVectors() }
                done += UInt64(count)
            }
            let added = [count, count + 40, count / 2, 0][session.below(4)]
            if added > 0, session.model.count < target + 400 {
                try session.commit(.grouped) { tx, model in
                    let missing = (0..<Int32(3000)).filter { model[$0] == nil }
                    let start = session.below(missing.count)
                    for number in (missing[start...] + missing[..<start]).prefix(added) {
                        try session.put(tx, &model, number)
                    }
                }
                done += UInt64(added)
            }
            if session.below(3) == 0 { try session.current().checkpoint() }
            if session.below(2) == 0 { try session.current().linkVectors() }
        }
        return max(1, done)
    }
}
