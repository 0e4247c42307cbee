import Dispatch
import Logging
import PageStore
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

    /// Measures the recall of an index; false when nothing came of it.
    private let calibrate = Mutex<(@Sendable (VectorSegment, () -> Bool) -> Bool)?>(nil)
    private let segments: SegmentRegistry
    private let pager: Pager
    private let logger: Logger?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "smartstore.linker", qos: .utility)

    init(segments: SegmentRegistry, pager: Pager, logger: Logger?) {
        self.pager = pager
        self.segments = segments
        self.logger = logger
    }

    /// Sets what is done for an index whose recall is asked for, after all linking.
    func afterLinking(_ body: @escaping @Sendable (VectorSegment, () -> Bool) -> Bool) {
        calibrate.withLock { $0 = body }
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
        if segments.needsLinking { wake() }
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
            for segment in segments.all {
                // Blocks that cannot be read are found again, and reported, by whoever needs them.
                if (try? segment.warmUp()) ?? false { linked += 1 }
            }
            for segment in segments.all where segment.needsLinking {
                do { linked += try segment.linkPortion(Self.portion, pager: pager) } catch {
                    // Searches go on exactly; the next commit tries again.
                    logger?.warning("linking \(segment.definition.field): \(error)")
                }
            }
            if linked == 0 {
                let body = calibrate.withLock { $0 }
                for segment in segments.all where segment.needsCalibration {
                    _ = body?(segment) { self.state.withLock { $0.isStopped || $0.pauses > 0 } }
                }
                let isIdle = state.withLock { state in
                    state.phase = .idle
                    return !state.isStopped && state.pauses == 0
                }
                // A commit may have come between the last look and now; one that cannot be linked does not spin.
                if isIdle, let segment = segments.all.first(where: { $0.needsLinking }),
                    (try? segment.linkPortion(Self.portion, pager: pager)) ?? 0 > 0
                {
                    wake()
                }
                return
            }
        }
    }
}
