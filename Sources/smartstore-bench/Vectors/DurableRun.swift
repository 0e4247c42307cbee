// Durable inserts into a linked index: one vector a commit, alone and in company; batches; and searches while the links of
// the batches catch up. Rounds alternate over all of these, each on a copy of the same store; medians count.

import Foundation
import SmartStore
import VectorIndex

struct DurableRun {
    /// Vectors in the index before anything is measured.
    static let startRows = 20_000
    private static let batches = 20
    /// Fresh vectors are searched for one after another in a load of this many, beside the timed ones.
    private static let newestCount = 200

    let dataset: VectorDataset
    let options: IndexOptions
    let plan: SweepPlan
    let rounds: Int
    let secondsPerLoad: Double
    let progress: Progress
    let place: StorePlace

    private typealias Outcome = (outcome: DurableLoad.Outcome, disk: Double)

    private struct Load: Hashable {
        let kind: WriterKind
        let writers: Int
    }

    func run() async throws -> DurableFigures {
        try build()
        let documents = try newDocuments()
        let loads = WriterKind.allCases.flatMap { kind in [1, 8].map { Load(kind: kind, writers: $0) } }
        var figures = DurableFigures(encrypted: place.encrypted, startRows: Self.startRows)
        var outcomes: [Load: [Outcome]] = [:]
        for round in 1...rounds {
            progress.step("round \(round) of \(rounds)")
            for load in loads { outcomes[load, default: []].append(try await measure(load, documents)) }
            figures = try measureAlone(documents, figures, isLast: round == rounds)
        }
        return sum(loads, outcomes, figures)
    }

    private func build() throws {
        guard dataset.rowCount >= Self.startRows + VectorStore.batchCount else {
            throw BenchError("--durable needs more than \(Self.startRows + VectorStore.batchCount) rows")
        }
        progress.step("building an index of \(Self.startRows)")
        try VectorStore(creating: place.url, encrypted: place.encrypted, memoryLimit: nil, index: options).closing {
            _ = try $0.importRows(0..<Self.startRows, of: dataset)
            try $0.waitUntilLinked(helping: true)
        }
    }

    /// What has one writer only: fresh vectors searched for, and batches.
    private func measureAlone(
        _ documents: [Document], _ before: DurableFigures, isLast: Bool
    ) throws -> DurableFigures {
        var figures = before
        figures.newestSearched += Self.newestCount
        figures.newestFound += try openCopy().closing { try searchNewest(documents, $0) }
        // Known before the batches are written: linking does not wait.
        let searched = isLast ? try truth() : nil
        try openCopy().closing { try batches(documents, searched, $0, &figures) }
        return figures
    }

    private func sum(
        _ loads: [Load], _ outcomes: [Load: [Outcome]], _ before: DurableFigures
    ) -> DurableFigures {
        var figures = before
        for load in loads {
            let all = outcomes[load] ?? []
            let latency = all.reduce(into: Latency()) { $0.add($1.outcome.latency) }.microseconds([0.5, 0.99])
            figures.singles.append(
                DurableFigures.Writers(
                    kind: load.kind, writers: load.writers, vectorsPerSecond: Rounds.median(all.map(\.outcome.rate)),
                    rounds: all.map(\.outcome.rate), commitsPerSync: Rounds.median(all.map(\.outcome.commitsPerSync)),
                    p50Us: latency[0], p99Us: latency[1], fdatasyncPerSecond: Rounds.median(all.map(\.disk)),
                    toFdatasync: Rounds.median(all.map { $0.outcome.rate / $0.disk })))
        }
        for kind in WriterKind.allCases {
            let rates = [8, 1].map { (outcomes[Load(kind: kind, writers: $0)] ?? []).map(\.outcome.rate) }
            figures.eightWritersToOne[kind.rawValue] = Rounds.median(zip(rates[0], rates[1]).map { $0 / $1 })
        }
        figures.fdatasyncPerSecond = Rounds.median(outcomes.values.flatMap { $0.map(\.disk) })
        figures.batchVectorsPerSecond = Rounds.median(figures.batchRounds)
        return figures
    }

    /// One kind of writers on a copy of the store, the disk probed just before.
    private func measure(_ load: Load, _ documents: [Document]) async throws -> Outcome {
        let disk = try DiskProbe.syncsPerSecond(
            in: place.url.deletingLastPathComponent(), seconds: max(0.1, secondsPerLoad / 4))
        let work = DurableLoad(
            kind: load.kind, writers: load.writers, seconds: secondsPerLoad, documents: documents)
        let target = try openCopy()
        do {
            let outcome = try await work.run(target)
            try target.store.close()
            return (outcome, disk.rate)
        } catch {
            try? target.store.close()
            throw error
        }
    }

    /// Opens a copy of the store that was built; the next one takes its place.
    private func openCopy() throws -> VectorStore {
        let files = FileManager.default
        let copy = place.url.appendingPathExtension("copy")
        if files.fileExists(atPath: copy.path) { try files.removeItem(at: copy) }
        try files.copyItem(at: place.url, to: copy)
        return try VectorStore(opening: copy, encrypted: place.encrypted, memoryLimit: nil)
    }

    /// The rows behind the first ones, as documents.
    private func newDocuments() throws -> [Document] {
        let rows = Self.startRows..<dataset.rowCount
        return zip(rows, try dataset.base.floats(rows)).map { VectorStore.document(id: Int64($0), vector: $1) }
    }

    /// Inserts vectors one by one and searches for each as soon as its commit is acknowledged. Returns how many came first.
    private func searchNewest(_ documents: [Document], _ target: VectorStore) throws -> Int {
        var found = 0
        for (place, document) in documents.prefix(Self.newestCount).enumerated() {
            try target.insert([document])
            let row = Self.startRows + place
            let query = try dataset.base.floats(row..<row + 1)[0]
            found += try target.search(query, k: 1, SearchSetting()) == [Int32(row)] ? 1 : 0
        }
        return found
    }

    /// Queries with their neighbours among all rows that are there after the batches.
    private func truth() throws -> QuerySet {
        let queries = Array(dataset.set.queries.prefix(VectorDataset.scaledQueryCount))
        return QuerySet(
            queries: queries,
            truth: try ExactNeighbours.find(
                k: plan.k, metric: dataset.metric, queries: queries, base: dataset.base, rowCount: rowsAfterBatches))
    }

    private var rowsAfterBatches: Int {
        Self.startRows + min(dataset.rowCount - Self.startRows, Self.batches * VectorStore.batchCount)
    }

    private func batches(
        _ documents: [Document], _ searched: QuerySet?, _ target: VectorStore, _ figures: inout DurableFigures
    ) throws {
        let count = rowsAfterBatches - Self.startRows
        let writing = Stopwatch()
        for start in stride(from: 0, to: count, by: VectorStore.batchCount) {
            try target.insert(Array(documents[start..<min(start + VectorStore.batchCount, count)]))
        }
        figures.batchRounds.append(Double(count) / writing.seconds)
        if let searched { try searchWhileLinking(searched, target, &figures) }
    }

    private func searchWhileLinking(
        _ searched: QuerySet, _ target: VectorStore, _ figures: inout DurableFigures
    ) throws {
        let waiting = try target.unlinkedCount()
        let linking = Stopwatch()
        let one = SweepPlan(k: plan.k, settings: [SearchSetting()], stopsEarly: false, passCount: 1)
        func pass() throws -> SweepPoint {
            try SearchSweep.measure(one, searched, SearchSetting()) { _, query, setting in
                try target.search(query, k: plan.k, setting)
            }
        }
        while true {
            let unlinked = try target.unlinkedCount()
            if unlinked == 0 { break }
            let point = try pass()
            figures.meanwhile.append(
                DurableFigures.Meanwhile(unlinked: unlinked, recall: point.recall, qps: point.qps))
            if linking.seconds > 120 { throw BenchError("\(unlinked) vectors are still not linked after 120 s") }
        }
        figures.catchUpPerSecond = Double(waiting) / linking.seconds
        let linked = try pass()
        figures.linkedRecall = linked.recall
        figures.linkedQps = linked.qps
    }
}
