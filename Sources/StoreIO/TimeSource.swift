// Time, injected: whoever needs it is given a source, so that a trial can replay it.

import Synchronization

/// Where the time comes from. Thread safe.
package protocol TimeSource: Sendable {
    /// Milliseconds since 1970-01-01 00:00 UTC. May jump, either way.
    func now() -> Int64
    /// Nanoseconds since some fixed moment. Never goes back.
    func monotonicNanoseconds() -> UInt64
    /// Returns after so long.
    func sleep(nanoseconds: UInt64)
}

/// The system's clocks.
package struct SystemTimeSource: TimeSource {
    package init() {}
    package func now() -> Int64 { Platform.wallClockMilliseconds() }
    package func monotonicNanoseconds() -> UInt64 { Platform.monotonicNanoseconds() }
    package func sleep(nanoseconds: UInt64) { Platform.sleep(nanoseconds: nanoseconds) }
}

/// A clock that moves only when told to; for tests.
package final class ManualTimeSource: TimeSource {
    private struct State {
        var milliseconds: Int64
        var nanoseconds: UInt64 = 0
        var remainder: Int64 = 0  // nanoseconds not yet shown as milliseconds
    }
    private let state: Mutex<State>

    /// A clock that stands at `milliseconds` since 1970, its monotonic counter at 0.
    package init(milliseconds: Int64 = 0) { state = Mutex(State(milliseconds: milliseconds)) }

    package func now() -> Int64 { state.withLock { $0.milliseconds } }
    package func monotonicNanoseconds() -> UInt64 { state.withLock { $0.nanoseconds } }

    /// Moves the clocks; nobody waits.
    package func sleep(nanoseconds: UInt64) { advance(by: .nanoseconds(Int64(clamping: nanoseconds))) }

    /// Moves both clocks forward by `duration`, which must not be negative.
    package func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not go back")
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        state.withLock {
            $0.nanoseconds += UInt64(seconds) * 1_000_000_000 + UInt64(nanoseconds)
            $0.remainder += nanoseconds
            $0.milliseconds += seconds * 1_000 + $0.remainder / 1_000_000
            $0.remainder %= 1_000_000
        }
    }

    /// Sets the wall clock alone, as an administrator might; the monotonic counter stays.
    package func setNow(_ milliseconds: Int64) {
        state.withLock {
            $0.milliseconds = milliseconds
            $0.remainder = 0
        }
    }
}
