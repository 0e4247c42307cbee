package import StoreIO

// When a query has taken long enough: asked by sources every so often.

/// A bound on the time of a query, and the cancellation of the task that runs it.
package final class QueryDeadline {
    private let time: any TimeSource
    private let end: UInt64
    private let cancellation: Cancellation?
    private var count = 0

    /// How many checks pass between two looks at the clock.
    private static let interval = 256

    /// - Parameter milliseconds: nil: no bound, but cancellation is honoured.
    /// - Parameter cancellation: that of the task which waits, where the work runs in none.
    package init(milliseconds: Int?, time: any TimeSource, cancellation: Cancellation? = nil) {
        self.time = time
        self.cancellation = cancellation
        end =
            milliseconds.map {
                time.monotonicNanoseconds().addingReportingOverflow(
                    UInt64(clamping: $0).multipliedReportingOverflow(by: 1_000_000).partialValue
                ).partialValue
            } ?? .max
    }

    /// - Throws: `MaxTimeMSExpired` (50) after the end; `cancelled` when the task was cancelled.
    @inline(__always)
    package func check() throws {
        count &+= 1
        if count % Self.interval == 0 { try look() }
    }

    /// As `check`, at once.
    package func look() throws {
        if Task.isCancelled || cancellation?.isCancelled == true { throw StoreError.interrupted }
        guard end != .max, time.monotonicNanoseconds() > end else { return }
        throw StoreError(
            .cancelled, "operation exceeded time limit", remedy: "Give it more time, or an index that serves it.",
            server: StoreError.ServerCode(number: 50, name: "MaxTimeMSExpired"))
    }
}
