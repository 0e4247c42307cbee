import Dispatch
import Logging
import Synchronization
import VectorIndex

// Linking in the background: a commit makes a vector durable and searchable by scanning; this makes it cheap to find.

final class VectorLinker: Sendable {
    private enum Phase { case idle, running }

    private struct State {
        var phase = Phase.idle
        var pauses = 0
        var isStopped = false
    }

    /// Rows linked before other work gets a chance to pause this.
    private static let portion = 32

    private let segments: SegmentRegistry
    private let logger: Logger?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "smartstore.linker", qos: .utility)

    init(segments: SegmentRegistry, logger: Logger?) {
        self.segments = segments
        self.logger = logger
    }

    /// Starts linking when there is something to link and nobody links yet.
    func wake() {
        let mustStart = state.withLock { state in
            guard !state.isStopped, state.phase == .idle, state.pauses == 0 else { return false }
            state.phase = .running
            return true
        }
        if mustStart { queue.async { self.run() } }
    }

    /// Holds linking back while links are saved; pairs with `resume`.
    func pause() { state.withLock { $0.pauses += 1 } }

    func resume() {
        state.withLock { $0.pauses -= 1 }
        if segments.hasUnlinked { wake() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        queue.sync {}
    }

    private func run() {
        while true {
            let goesOn = state.withLock { state in
                if state.isStopped || state.pauses > 0 {
                    state.phase = .idle
                    return false
                }
                return true
            }
            guard goesOn else { return }
            var linked = 0
            for segment in segments.all where segment.index.unlinkedCount > 0 {
                do { linked += try segment.index.link(atMost: Self.portion) } catch {
                    // Searches go on exactly; the next wake tries again.
                    logger?.warning("linking \(segment.definition.field): \(error)")
                }
            }
            if linked == 0 {
                state.withLock { $0.phase = .idle }
                // Something may have come between the last look and now.
                if segments.hasUnlinked, !segments.all.contains(where: { $0.index.isDamaged }) { wakeOnce() }
                return
            }
        }
    }

    private func wakeOnce() {
        // A failing index must not spin: one more look, then wait for the next commit.
        let mustStart = state.withLock { state in
            guard !state.isStopped, state.phase == .idle, state.pauses == 0 else { return false }
            return true
        }
        if mustStart {
            for segment in segments.all where segment.index.unlinkedCount > 0 {
                _ = try? segment.index.link(atMost: Self.portion)
            }
        }
    }
}
