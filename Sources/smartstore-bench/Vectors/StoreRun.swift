// The index through the store: documents imported with their vectors, linked in the background, closed, opened by cold
// processes, then searched from snapshots.

import Foundation
import SmartStore
import VectorIndex

struct StoreRun {
    static let collection = "notes"
    static let field = "embedding"
    private static let batchCount = 1000
    /// Seconds without a newly linked row after which the run gives up.
    private static let patience = 60.0

    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let progress: Progress
    let url: URL
    let encrypted: Bool
    let memoryLimit: Int?
    let opens: Int

    private var storeOptions: StoreOptions {
        var options = StoreOptions()
        options.vectorByteLimit = memoryLimit
        return options
    }

    func run() throws -> VectorFigures {
        var figures = VectorFigures(dataset: dataset, options: options, threads: threads, k: plan.k)
        figures.encrypted = encrypted
        figures.memoryLimit = memoryLimit
        try build(&figures)
        figures.fileBytes = try BenchStore.byteCount(of: url)
        figures.peakRssBuildBytes = PeakMemory.byteCount
        try openCold(&figures)
        try search(&figures)
        return figures
    }

    // MARK: Build

    private func build(_ figures: inout VectorFigures) throws {
        let store = try BenchStore.create(url, encrypted: encrypted, options: storeOptions)
        do {
            try store.writeSync { transaction in
                try transaction.createVectorIndex(
                    on: Self.collection, field: Self.field, dimension: options.dimension, metric: options.metric,
                    storage: options.storage, connectivity: options.connectivity, buildBreadth: options.buildBreadth)
            }
            progress.step("importing \(dataset.rowCount) documents")
            let building = Stopwatch()
            let writeSeconds = try importDocuments(into: store)
            figures.importPerSecond = Double(dataset.rowCount) / writeSeconds
            progress.step("imported, \(try unlinkedCount(store)) vectors are left to link")
            let linking = Stopwatch()
            if threads > 1 { try store.linkVectors() }
            try waitUntilLinked(store)
            figures.linkTailSeconds = linking.seconds
            figures.buildPerSecond = Double(dataset.rowCount) / building.seconds
            progress.step("linked, closing")
            let closing = Stopwatch()
            try store.close()
            figures.closeSeconds = closing.seconds
        } catch {
            try? store.close()
            throw error
        }
    }

    /// Returns the seconds spent in the store; reading the data set is not its work.
    private func importDocuments(into store: Store) throws -> Double {
        let texts = try TextReader(path: dataset.folder.appendingPathComponent("texts.jsonl.gz").path)
        var seconds = 0.0
        for start in stride(from: 0, to: dataset.rowCount, by: Self.batchCount) {
            let rows = start..<min(start + Self.batchCount, dataset.rowCount)
            var documents: [Document] = []
            for (row, vector) in zip(rows, try dataset.base.floats(rows)) {
                var document: Document = ["_id": .int64(Int64(row))]
                if let text = try texts?.text(row: row) { document.append("text", .string(text)) }
                document.append(Self.field, .binary(VectorValue.float32(vector).binary))
                documents.append(document)
            }
            let writing = Stopwatch()
            try store.writeSync { transaction in
                let collection = transaction.collection(Self.collection)
                for document in documents { try collection.insert(document) }
            }
            seconds += writing.seconds
        }
        return seconds
    }

    private func unlinkedCount(_ store: Store) throws -> Int {
        try store.readSync { try $0.collections().flatMap(\.vectorIndexes).reduce(0) { $0 + $1.unlinkedCount } }
    }

    private func waitUntilLinked(_ store: Store) throws {
        var least = Int.max
        var sinceProgress = Stopwatch()
        while true {
            let count = try unlinkedCount(store)
            if count == 0 { return }
            if count < least {
                least = count
                sinceProgress = Stopwatch()
            } else if sinceProgress.seconds > Self.patience {
                throw BenchError("\(count) vectors are not linked, and linking has stopped")
            }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    // MARK: Cold opening

    private func openCold(_ figures: inout VectorFigures) throws {
        progress.step("opening in \(opens) new processes")
        let answers = try (0..<opens).map { _ in
            try FirstAnswer.measure(
                store: url, queries: VectorDataset.queryPath(in: dataset.folder), encrypted: encrypted, k: plan.k,
                memoryLimit: memoryLimit)
        }
        let cold = ColdOpenFigures(answers, rowCount: dataset.rowCount)
        figures.coldOpen = cold
        figures.openToFirstAnswerMs = cold.medianMs
    }

    // MARK: Search

    private func search(_ figures: inout VectorFigures) throws {
        let store = try BenchStore.open(url, encrypted: encrypted, options: storeOptions)
        do {
            PeakMemory.reset()
            let points = try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
                try store.readSync { transaction in
                    try transaction.collection(Self.collection).search(
                        field: Self.field, vector: query, k: plan.k, breadth: setting.breadth, includeDocuments: false
                    ).map { Int32(truncatingIfNeeded: $0.id.int ?? -1) }
                }
            }
            figures.take(points)
            figures.peakRssSearchBytes = PeakMemory.byteCount
            try store.close()
        } catch {
            try? store.close()
            throw error
        }
    }
}
