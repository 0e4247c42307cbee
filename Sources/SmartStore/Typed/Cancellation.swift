import Synchronization

// The cancellation of a task, carried to the store's threads, which belong to no task.

/// Whether the task that waits for some work was cancelled.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package func cancel() { flag.store(true, ordering: .releasing) }

    package var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Runs work that honours the cancellation, and says of it what Swift says: `CancellationError`.
    func running<R>(_ body: () throws -> R) throws -> R {
        if isCancelled { throw CancellationError() }
        do { return try body() } catch let error as StoreError where error.isInterruption && isCancelled {
            throw CancellationError()
        }
    }
}

extension StoreError {
    /// A query stopped between two documents, because its task was cancelled.
    static var interrupted: StoreError {
        StoreError(
            .cancelled, "The task that ran the query was cancelled.", remedy: "Run it again.",
            server: ServerCode(number: 11601, name: "Interrupted"))
    }

    /// Whether it is ``interrupted``.
    var isInterruption: Bool { code == .cancelled && server.number == 11601 }
}
