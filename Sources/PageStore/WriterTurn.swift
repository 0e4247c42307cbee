/// Whose turn it is to write: first come, first served, one at a time.
package final class WriterTurn: @unchecked Sendable {
    // Unchecked: the stored properties are used inside `monitor` only.
    private let monitor = Monitor()
    private var nextTicket: UInt64 = 0
    private var serving: UInt64 = 0
    private var owner: UInt?

    init() {}

    /// Waits for the turn. A thread that has it already would wait for itself for ever: `nestedWrite`.
    func lock() throws(PageFault) {
        let me = currentThreadIdentity()
        let nested = monitor.withLock {
            if owner == me { return true }
            let ticket = nextTicket
            nextTicket += 1
            while serving != ticket { monitor.wait() }
            owner = me
            return false
        }
        if nested { throw .nestedWrite }
    }

    func unlock() {
        monitor.withLock {
            owner = nil
            serving += 1
            monitor.wakeAll()
        }
    }

    /// Whether the calling thread has the turn.
    var isMine: Bool { monitor.withLock { owner == currentThreadIdentity() } }
}
