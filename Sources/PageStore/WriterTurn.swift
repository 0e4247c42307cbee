/// Whose turn it is: first come, first served, one at a time. The turn is handed from one thread to the next, and only
/// that one is woken: with many writers waking all of them for each turn costs more than the writing.
package final class WriterTurn: @unchecked Sendable {
    // Unchecked: the stored properties are used inside `monitor` only.
    private let monitor = Monitor()
    private var owner: UInt?
    private var waiters: [Waiter] = []
    private var firstWaiter = 0

    private final class Waiter {
        let thread: UInt
        let point = WaitPoint()
        var hasTurn = false
        init(thread: UInt) { self.thread = thread }
    }

    init() {}

    /// Waits for the turn. A thread that has it already would wait for itself for ever: `nestedWrite`.
    func lock() throws(PageFault) {
        let me = currentThreadIdentity()
        let isNested = monitor.withLock {
            if owner == me { return true }
            if owner == nil {
                owner = me
                return false
            }
            let waiter = Waiter(thread: me)
            waiters.append(waiter)
            while !waiter.hasTurn { monitor.wait(at: waiter.point) }
            return false
        }
        if isNested { throw .nestedWrite }
    }

    func unlock() {
        monitor.withLock {
            guard firstWaiter < waiters.count else {
                owner = nil
                return
            }
            let next = waiters[firstWaiter]
            firstWaiter += 1
            if firstWaiter == waiters.count {
                waiters.removeAll(keepingCapacity: true)
                firstWaiter = 0
            }
            owner = next.thread
            next.hasTurn = true
            monitor.wake(next.point)
        }
    }

    /// Whether somebody has the turn.
    var isBusy: Bool { monitor.withLock { owner != nil } }

    /// Threads that wait for the turn.
    var waiterCount: Int { monitor.withLock { waiters.count - firstWaiter } }

    /// Whether the calling thread has the turn.
    var isMine: Bool { monitor.withLock { owner == currentThreadIdentity() } }
}
