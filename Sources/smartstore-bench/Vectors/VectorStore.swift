// A store with one vector index, as the bench uses it: documents whose `_id` is the number of their vector, imported in
// batches, linked in the background, searched from snapshots.

import Foundation
import SmartStore
import VectorIndex

struct VectorStore {
    static let collection = "notes"
    static let field = "embedding"
    /// A number in 0..<100 for the filters of `--filter-share`.
    static let attribute = "share"
    static let batchCount = 1000
    /// Seconds without a newly linked row after which a run gives up.
    private static let patience = 60.0

    let store: Store

    static func options(memoryLimit: Int?) -> StoreOptions {
        var options = StoreOptions()
        options.vectorByteLimit = memoryLimit
        return options
    }

    /// Makes a store with an empty index.
    init(creating url: URL, encrypted: Bool, memoryLimit: Int?, index options: IndexOptions) throws {
        store = try BenchStore.create(url, encrypted: encrypted, options: Self.options(memoryLimit: memoryLimit))
        do {
            try store.writeSync { transaction in
                try transaction.createVectorIndex(
                    on: Self.collection, field: Self.field, dimension: options.dimension, metric: options.metric,
                    storage: options.storage, codes: options.codes, connectivity: options.connectivity,
                    buildBreadth: options.buildBreadth)
            }
        } catch {
            try? store.close()
            throw error
        }
    }

    init(opening url: URL, encrypted: Bool, memoryLimit: Int?) throws {
        store = try BenchStore.open(url, encrypted: encrypted, options: Self.options(memoryLimit: memoryLimit))
    }

    /// Runs `body` and closes the store, also when `body` throws.
    func closing<R>(_ body: (VectorStore) throws -> R) throws -> R {
        let result: R
        do { result = try body(self) } catch {
            try? store.close()
            throw error
        }
        try store.close()
        return result
    }

    // MARK: Documents

    static func document(id: Int64, vector: [Float], text: String? = nil, attribute: Double? = nil) -> Document {
        var document: Document = ["_id": .int64(id)]
        if let text { document.append("text", .string(text)) }
        if let attribute { document.append(Self.attribute, .double(attribute)) }
        document.append(Self.field, .binary(VectorValue.float32(vector).binary))
        return document
    }

    /// Inserts documents in one durable transaction.
    func insert(_ documents: [Document]) throws {
        try store.writeSync { transaction in
            let collection = transaction.collection(Self.collection)
            for document in documents { try collection.insert(document) }
        }
    }

    /// Imports rows of a data set in batches, with their texts when there are any. Returns the seconds spent in the
    /// store; reading the data set is not its work.
    func importRows(_ rows: Range<Int>, of dataset: VectorDataset, withAttribute: Bool = false) throws -> Double {
        let texts = try TextReader(path: dataset.folder.appendingPathComponent("texts.jsonl.gz").path)
        var seconds = 0.0
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.batchCount) {
            let batch = start..<min(start + Self.batchCount, rows.upperBound)
            var documents: [Document] = []
            for (row, vector) in zip(batch, try dataset.base.floats(batch)) {
                documents.append(
                    Self.document(
                        id: Int64(row), vector: vector, text: try texts?.text(row: row),
                        attribute: withAttribute ? FilterCases.attribute(row: row) : nil))
            }
            let writing = Stopwatch()
            try insert(documents)
            seconds += writing.seconds
        }
        return seconds
    }

    // MARK: Links

    func unlinkedCount() throws -> Int {
        try store.readSync { try $0.collections().flatMap(\.vectorIndexes).reduce(0) { $0 + $1.unlinkedCount } }
    }

    /// Waits for the background linker; `helping` links on this thread as well.
    func waitUntilLinked(helping: Bool = false) throws {
        if helping { try store.linkVectors() }
        var least = Int.max
        var sinceProgress = Stopwatch()
        while true {
            let count = try unlinkedCount()
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

    // MARK: Search

    /// The `_id`s of the nearest, from a snapshot of its own; no document is fetched.
    func search(_ query: [Float], k: Int, _ setting: SearchSetting, filter: Document? = nil) throws -> [Int32] {
        try store.readSync { transaction in
            try transaction.collection(Self.collection).search(
                field: Self.field, vector: query, k: k, breadth: setting.breadth, rerank: setting.rerank,
                filter: filter, includeDocuments: false
            ).map { Int32(truncatingIfNeeded: $0.id.int ?? -1) }
        }
    }
}
