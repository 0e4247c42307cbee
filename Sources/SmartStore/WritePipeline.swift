import PageStore

// Transactions of one thread whose syncs overlap with the work on the next one.
//
// A thread that waits for each of its commits leaves the processor idle while the disk works, and the disk idle while it
// works itself. Here another thread waits for the sync of a commit while the caller makes the next transaction. What a
// commit means stays the same: its transaction is one, is visible when it is durable, and is durable only with all before
// it.

/// Transactions one after another, each written while the one before it is synced; see ``Store/writePipelined(durability:_:)``.
///
/// For one thread.
public final class WritePipeline {
    private let store: Store
    private let level: PageStore.Durability
    private let flight = Flight()

    fileprivate init(_ store: Store, _ level: PageStore.Durability) {
        self.store = store
        self.level = level
    }

    /// Runs `body` as one transaction and appends its commit. When this returns, the transactions before it are durable and
    /// visible; this one is when the next call or ``flush()`` returns.
    ///
    /// When `body` throws, nothing of its transaction happened; the ones before it stay, and others may follow.
    /// - Throws: what `body` throws; ``StoreError``, also that of the transaction before, after which nothing is written any
    ///   more: what `flush` did not return for may be in the file or not (`commitUnknown`).
    @discardableResult
    public func write<R>(_ body: (WriteTransaction) throws -> R) throws -> R {
        try flight.wait(atMost: 1)
        let transaction = try store.beginWrite()
        let result: R
        let ticket: CommitTicket
        do {
            result = try body(transaction)
            ticket = try converting { try transaction.prepareCommit(level) }
        } catch {
            transaction.rollBack()
            throw error
        }
        let flight = flight
        flight.begin()
        store.commitQueue.acknowledge(ticket, of: store) {
            flight.end(nil)
        } failure: { error in
            flight.end(error)
        }
        try flight.wait(atMost: 1)
        return result
    }

    /// Returns when everything that was written is durable and visible.
    /// - Throws: ``StoreError``: it may be in the file or not.
    public func flush() throws(StoreError) { try flight.wait(atMost: 0) }

    /// Commits whose sync is under way; shared with the thread that waits for it.
    private final class Flight: @unchecked Sendable {
        // Unchecked: what is stored is read and written inside `monitor` only.
        private let monitor = Monitor()
        private var count = 0
        private var failure: StoreError?

        func begin() { monitor.withLock { count += 1 } }

        func end(_ error: (any Error)?) {
            monitor.withLock {
                count -= 1
                if failure == nil { failure = error.map { StoreError(any: $0) } }
                monitor.wakeAll()
            }
        }

        func wait(atMost limit: Int) throws(StoreError) {
            let failure = monitor.withLock {
                while count > limit, self.failure == nil { monitor.wait() }
                return self.failure
            }
            if let failure { throw failure }
        }
    }
}

extension Store {
    /// Writes many transactions, each while the one before it is synced: for loads, imports and clean-ups, which then take
    /// about as long as the slower of processor and disk instead of both together. Returns when all of them are durable.
    ///
    /// Each call of ``WritePipeline/write(_:)`` is a transaction of its own: when `body` throws, the ones before stay.
    /// - Parameter durability: nil: what the options say.
    /// - Throws: what `body` throws; ``StoreError``.
    public func writePipelined<R>(
        durability: Durability? = nil, _ body: (WritePipeline) throws -> R
    ) throws -> R {
        let pipeline = WritePipeline(self, (durability ?? options.durability).level)
        let result: R
        do { result = try body(pipeline) } catch {
            // Nobody is told less than what is on the disk; its own failure was thrown, or is told by the next write.
            try? pipeline.flush()
            throw error
        }
        try pipeline.flush()
        return result
    }
}
