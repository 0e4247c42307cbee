// Bulk loading: batches of documents, each batch one durable transaction.

import Foundation
import SmartStore

struct BulkLoad {
    static let batchCount = 1000
    static let documentByteCount = 300

    let encrypted: Bool
    let documentCount: Int

    struct Outcome {
        /// Until the last batch was acknowledged.
        var documentsPerSecond: Double
        /// The same by the process's processor time, which a busy machine disturbs less.
        var documentsPerCpuSecond: Double
        /// Until the store was closed, the log taken home.
        var closedDocumentsPerSecond: Double
        var bytesPerSecond: Double
        var fileByteCount: Int
    }

    /// Loads into a fresh store, which is removed afterwards. Making the documents is not measured.
    func run(in folder: URL) throws -> Outcome {
        let url = folder.appendingPathComponent("bulk.store")
        let store = try BenchStore.create(url, encrypted: encrypted)
        defer { try? FileManager.default.removeItem(at: url) }
        do {
            var samples = SampleDocuments(seed: 5)
            var seconds = 0.0
            var processorSeconds = 0.0
            var byteCount = 0
            for start in stride(from: 0, to: documentCount, by: Self.batchCount) {
                let batch = (start..<min(start + Self.batchCount, documentCount)).map {
                    samples.next(byteCount: Self.documentByteCount, id: Int64($0))
                }
                byteCount += batch.reduce(0) { $0 + $1.bson.count }
                let clock = Stopwatch()
                try store.writeSync { transaction in
                    let notes = transaction.collection("notes")
                    for document in batch { try notes.insert(document) }
                }
                seconds += clock.seconds
                processorSeconds += clock.processorSeconds
            }
            let count = try store.readSync { try $0.collection("notes").count() }
            guard count == documentCount else { throw BenchError("\(count) of \(documentCount) documents are there") }
            let closing = Stopwatch()
            try store.close()
            let documents = Double(documentCount)
            return Outcome(
                documentsPerSecond: documents / seconds, documentsPerCpuSecond: documents / processorSeconds,
                closedDocumentsPerSecond: documents / (seconds + closing.seconds),
                bytesPerSecond: Double(byteCount) / seconds, fileByteCount: try BenchStore.byteCount(of: url))
        } catch {
            try? store.close()
            throw error
        }
    }
}
