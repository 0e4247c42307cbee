import Foundation

// Runs a few threads one at a time and decides at every call to the disk who goes on.
//
// 1. A thread stops at each pause point until it is chosen. The one that runs is chosen again, but at the steps that
//    the schedule names, where the next one is.
// 2. A thread that waits for a lock of the engine cannot say so: when it reaches no pause point for a moment, another is
//    chosen beside it. So a schedule says where threads are preempted; who wins a lock is the system's choice.

package final class Interleaver: @unchecked Sendable {
    // Unchecked: everything below is read and written with `condition` locked.
    private enum Phase { case paused, running, away, finished }

    private let condition = NSCondition()
    private var phases: [Phase]
    private var chosen: Int?
    /// Pause points passed so far.
    package private(set) var steps = 0
    private let switches: Set<Int>
    private static let key = "smartstore.interleaver.thread"

    /// - Parameter switches: the steps at which another thread goes on.
    package init(threads: Int, switches: Set<Int>) {
        phases = Array(repeating: .away, count: threads)
        self.switches = switches
    }

    /// A pause point; threads that are none of the schedule's pass.
    package func pause() {
        guard let index = Thread.current.threadDictionary[Self.key] as? Int else { return }
        condition.lock()
        defer { condition.unlock() }
        phases[index] = .paused
        condition.broadcast()
        while chosen != index { condition.wait() }
        chosen = nil
        condition.broadcast()
    }

    /// Runs the bodies, each on a thread of its own, to their ends.
    package func run(_ bodies: [@Sendable () -> Void]) {
        for (index, body) in bodies.enumerated() {
            let thread = Thread {
                Thread.current.threadDictionary[Self.key] = index
                self.pause()
                body()
                self.condition.lock()
                self.phases[index] = .finished
                self.condition.broadcast()
                self.condition.unlock()
            }
            thread.start()
        }
        condition.lock()
        // The first choice is among all of them.
        while phases.contains(.away) { condition.wait() }
        var current = 0
        while phases.contains(where: { $0 != .finished }) {
            let ready = phases.indices.filter { phases[$0] == .paused }
            guard !ready.isEmpty else {
                condition.wait()
                continue
            }
            if !ready.contains(current) || switches.contains(steps) {
                current = ready.first { $0 > current } ?? ready[0]
            }
            steps += 1
            chosen = current
            phases[current] = .running
            condition.broadcast()
            // It wakes for certain; from then on it may meet a lock that a paused thread has.
            while chosen != nil { condition.wait() }
            let patience = Date(timeIntervalSinceNow: 0.002)
            while phases[current] == .running {
                if !condition.wait(until: patience), phases[current] == .running { phases[current] = .away }
            }
        }
        condition.unlock()
    }
}
