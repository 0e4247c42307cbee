// Churn in the bare index: rows die, are taken out of the graph, and their slots get other vectors.

import VectorIndex

struct ChurnRun {
    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let rounds: Int
    let progress: Progress

    func run() throws -> ChurnFigures {
        var figures = ChurnFigures()
        var linkRate = 0.0
        progress.step("building")
        let bare = try BareIndex(building: dataset, options: options, threads: threads, rate: &linkRate)
        figures.insertedPerSecond = linkRate
        figures.memoryBytesBefore = bare.index.residentByteCount
        figures.fileBytesBefore = try bare.savedByteCount()
        var churn = ChurnPlan(count: dataset.rowCount)
        let before = try sweep(bare, churn)
        var after = before
        for round in 1...rounds {
            progress.step("round \(round) of \(rounds)")
            let rows = churn.nextRound()
            let vectors = try Dictionary(uniqueKeysWithValues: rows.map { ($0, try vector(churn, row: $0)) })
            let replacing = Stopwatch()
            let repairSeconds = try replace(rows, by: vectors, in: bare.index, round: UInt64(round))
            try bare.link()
            let seconds = replacing.seconds
            guard bare.index.unlinkedCount == 0 else {
                throw BenchError("\(bare.index.unlinkedCount) rows were not linked")
            }
            after = try sweep(bare, churn)
            figures.rounds.append(
                ChurnFigures.Round(
                    replacedPerSecond: Double(rows.count) / seconds, committedPerSecond: nil,
                    repairSeconds: repairSeconds,
                    memoryBytes: bare.index.residentByteCount, fileBytes: try bare.savedByteCount(),
                    recall: ChurnFigures.recalls(after)))
        }
        progress.step("building afresh")
        // In the order in which the rows lie now: the same options, the same content, no history.
        let fresh = try BareIndex(options: options, threads: threads)
        for row in 0..<dataset.rowCount {
            try fresh.index.append(row: UInt32(row), vector: vector(churn, row: row), birth: 0)
        }
        try fresh.link()
        figures.finish(before: before, after: after, fresh: try sweep(fresh, churn))
        return figures
    }

    /// Returns the seconds that repairing took.
    private func replace(
        _ rows: [Int], by vectors: [Int: [Float]], in index: HNSWIndex, round: UInt64
    ) throws -> Double {
        try index.markDeleted(rows: rows.map { UInt32($0) }, death: round)
        let repairing = Stopwatch()
        try index.repairDeleted(before: round)
        let repairSeconds = repairing.seconds
        let free = index.freeRows(rows.count)
        guard free.count == rows.count else {
            throw BenchError("only \(free.count) of \(rows.count) slots are free again")
        }
        for row in free {
            guard let vector = vectors[Int(row)] else { throw BenchError("row \(row) is free and was not deleted") }
            try index.append(row: row, vector: vector, birth: round)
        }
        return repairSeconds
    }

    private func vector(_ churn: ChurnPlan, row: Int) throws -> [Float] {
        let number = churn.vectorOfPlace[row]
        return try dataset.base.floats(number..<number + 1)[0]
    }

    private func sweep(_ bare: BareIndex, _ churn: ChurnPlan) throws -> [SweepPoint] {
        try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
            try bare.search(query, k: plan.k, setting).map { Int32(churn.vectorOfPlace[Int($0)]) }
        }
    }
}
