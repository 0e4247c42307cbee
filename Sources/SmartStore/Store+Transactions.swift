import PageStore

// Reading and writing, with and without async.
//
// The async forms run their closure on threads of the store, never on the caller's executor, so that a wait for the
// disk blocks no task. Asynchronous writes are queued and committed together: one sync serves as many as waited.

extension Store {
    /// Runs `body` as one transaction and commits it when it returns; when it throws, nothing of it happened.
    ///
    /// A task that is cancelled before its turn writes nothing; later, queries in `body` stop between two documents, and
    /// what has begun to commit is committed.
    /// - Parameter durability: nil: what the options say. With `full` and `grouped` the commit is on the disk when this
    ///   returns.
    /// - Throws: what `body` throws; ``StoreError``; `CancellationError`.
    @discardableResult
    public func write<R: Sendable>(
        durability: Durability? = nil, _ body: @escaping @Sendable (WriteTransaction) throws -> R
    ) async throws -> R {
        let level = (durability ?? options.durability).level
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                commitQueue.submit(self, level) {
                    try cancellation.running {
                        let transaction = try self.beginWrite()
                        transaction.cancellation = cancellation
                        do {
                            let result = try body(transaction)
                            let ticket = try transaction.prepareCommit(level)
                            return (ticket, { continuation.resume(returning: result) })
                        } catch {
                            transaction.rollBack()
                            throw error
                        }
                    }
                } failure: { error in
                    continuation.resume(throwing: error is PageFault ? StoreError(any: error) : error)
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Runs `body` on a view of the newest commit, beside whoever writes. Queries in `body` stop between two documents when
    /// the task is cancelled.
    /// - Throws: what `body` throws; ``StoreError``; `CancellationError`.
    public func read<R: Sendable>(_ body: @escaping @Sendable (ReadTransaction) throws -> R) async throws -> R {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                commitQueue.read {
                    continuation.resume(
                        with: Result {
                            try cancellation.running {
                                try self.readSync { transaction in
                                    transaction.cancellation = cancellation
                                    return try body(transaction)
                                }
                            }
                        })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// As ``write(durability:_:)``, on the calling thread.
    @discardableResult
    public func writeSync<R>(
        durability: Durability? = nil, _ body: (WriteTransaction) throws -> R
    ) throws -> R {
        let transaction = try beginWrite()
        do {
            let result = try body(transaction)
            try transaction.commit(durability: durability)
            return result
        } catch {
            transaction.rollBack()
            throw error
        }
    }

    /// As ``read(_:)``, on the calling thread.
    public func readSync<R>(_ body: (ReadTransaction) throws -> R) throws -> R {
        let transaction = try beginRead()
        defer { transaction.close() }
        return try body(transaction)
    }

    /// Waits for the writer's turn and begins a transaction; commit it or roll it back on the same thread.
    /// - Throws: `readOnly`, `closed`, `failed`, `nestedWrite`.
    public func beginWrite() throws(StoreError) -> WriteTransaction {
        try converting { WriteTransaction(store: self, pages: try pager.beginTransaction()) }
    }

    /// A view of the newest commit; close it.
    public func beginRead() throws(StoreError) -> ReadTransaction {
        try converting { ReadTransaction(store: self, view: try pager.beginSnapshot()) }
    }
}
