import Dispatch
import Synchronization

/// Lets the syncs of a simulated disk wait, one at a time, until they are let through.
package final class SyncGate: Sendable {
    private let isClosed = Atomic(false)
    private let waiting = DispatchSemaphore(value: 0)
    private let passing = DispatchSemaphore(value: 0)

    package init(_ disk: SimulatedDisk) {
        disk.setPause { [self] kind in
            guard kind == .syncs, isClosed.load(ordering: .acquiring) else { return }
            waiting.signal()
            passing.wait()
        }
    }

    /// From here on syncs wait.
    package func close() { isClosed.store(true, ordering: .releasing) }

    /// Returns when a sync waits.
    package func awaitSync() { waiting.wait() }

    /// Lets the sync that waits through, and all later ones.
    package func open() {
        isClosed.store(false, ordering: .releasing)
        passing.signal()
    }
}
