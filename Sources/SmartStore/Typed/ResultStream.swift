import Synchronization

// Results as an asynchronous sequence, from one snapshot, batch by batch.
//
// 1. The snapshot is taken with the first batch and given up at the end, at an error, at cancellation, or when the
//    iterator goes. While it lives, the log keeps what it may still need.
// 2. Memory holds one batch, unless the results are sorted in an order that no index has.
// 3. Batches are read on the store's threads.

/// The results of a query: `for try await note in notes.stream(Note.year >= 2020) { … }`.
///
/// Each iteration sees the store as it was when it began. Cancelling the task ends it with `CancellationError`.
public struct ResultStream<Element: Sendable>: AsyncSequence, Sendable {
    private let store: Store
    private let collection: String
    private let query: Result<FindQuery, StoreError>
    private let batchCount: Int
    private let decode: @Sendable (Document) throws -> Element

    init(
        _ store: Store, _ collection: String, _ query: Result<FindQuery, StoreError>, batch: Int,
        decode: @escaping @Sendable (Document) throws -> Element
    ) {
        self.store = store
        self.collection = collection
        self.query = query
        batchCount = Swift.max(1, batch)
        self.decode = decode
    }

    /// Begins at the first result.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pump: ResultPump(store, collection, query, batch: batchCount), decode: decode)
    }

    /// A walk over the results.
    public struct Iterator: AsyncIteratorProtocol {
        private let pump: ResultPump
        private let decode: @Sendable (Document) throws -> Element
        private var batch: [Document] = []
        private var place = 0

        fileprivate init(pump: ResultPump, decode: @escaping @Sendable (Document) throws -> Element) {
            self.pump = pump
            self.decode = decode
        }

        /// The next result; nil behind the last one.
        /// - Throws: `CancellationError`; ``StoreError`` for what the query runs into, `snapshotExpired` when the reader was
        ///   past its deadline, `closed` when the store was closed.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws -> Element? {
            if Task.isCancelled {
                pump.stop()
                throw CancellationError()
            }
            if place == batch.count {
                batch = try await pump.next()
                place = 0
            }
            guard place < batch.count else { return nil }
            let document = batch[place]
            place += 1
            let decode = decode
            do { return try converting { try decode(document) } } catch {
                pump.stop()
                batch = []
                place = 0
                throw error
            }
        }
    }
}

/// A query on a snapshot of its own, read batch by batch.
private final class ResultPump: @unchecked Sendable {
    // Unchecked: `transaction`, `source` and `isOver` are touched inside `turn` only.
    private let turn = Mutex(())
    private let store: Store
    private let collection: String
    private let query: Result<FindQuery, StoreError>
    private let batchCount: Int
    private let cancellation = Cancellation()
    private var transaction: ReadTransaction?
    private var source: (any DocumentSource)?
    private var isOver = false

    /// Bytes of documents after which a batch is full.
    private static let batchBytes = 1 << 20

    init(_ store: Store, _ collection: String, _ query: Result<FindQuery, StoreError>, batch: Int) {
        self.store = store
        self.collection = collection
        self.query = query
        batchCount = batch
    }

    deinit { transaction?.close() }

    /// The next batch; empty at the end.
    func next() async throws -> [Document] {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                store.commitQueue.read {
                    continuation.resume(with: Result { try self.read() })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Gives the snapshot up.
    func stop() { turn.withLock { _ in finish() } }

    private func read() throws -> [Document] {
        try turn.withLock { _ in
            guard !isOver else { return [] }
            do { return try cancellation.running { try converting { try readBatch() } } } catch {
                finish()
                throw error
            }
        }
    }

    private func readBatch() throws -> [Document] {
        let source = try source ?? open()
        var documents: [Document] = []
        var byteCount = 0
        while documents.count < batchCount, byteCount < Self.batchBytes {
            if cancellation.isCancelled { throw StoreError.interrupted }
            guard try source.advance() else {
                finish()
                break
            }
            let document = try source.current()
            byteCount += document.bson.count
            documents.append(document)
        }
        return documents
    }

    private func open() throws -> any DocumentSource {
        let query = try query.get()
        let opened = try store.beginRead()
        transaction = opened
        opened.cancellation = cancellation
        let documents = try opened.collection(collection).source(query)
        source = documents
        return documents
    }

    private func finish() {
        isOver = true
        source = nil
        transaction?.close()
        transaction = nil
    }
}

extension Store {
    /// The documents of a query, from a snapshot that is taken with the first of them.
    /// - Parameter batch: how many are read at a time.
    public func stream(
        _ collection: String, _ query: FindQuery = FindQuery(), batch: Int = ResultStream<Document>.defaultBatch
    ) -> ResultStream<Document> {
        ResultStream(self, collection, .success(query), batch: batch) { $0 }
    }
}

extension ResultStream {
    /// How many results are read at a time when nothing else is said.
    public static var defaultBatch: Int { 128 }
}
