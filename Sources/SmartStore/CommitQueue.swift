import DequeModule
import Dispatch
import Metrics
import PageStore
import StoreIO
import Synchronization

// Asynchronous writes, committed in groups.
//
// A thread takes what waits, runs each as a transaction of its own and appends its commit; then one sync serves them
// all, and only then is anybody told. While it syncs, the next group gathers, and is written when there is one.
//
// Where a sync takes less time than the group's transactions, half of the group goes first: then one half is written while
// the other is synced, and neither the processor nor the disk waits. Where a sync takes longer, all go together, so that
// it serves as many as it can.

final class CommitQueue: Sendable {
    /// Runs the transaction and appends its commit; returns the ticket to await and what to do when it is durable.
    typealias Job = @Sendable () throws -> (CommitTicket, @Sendable () -> Void)

    private struct Pending {
        let store: Store
        let level: PageStore.Durability
        let job: Job
        let failure: @Sendable (any Error) -> Void
    }

    /// A commit that is in the log and waits for its sync.
    private struct Appended: Sendable {
        let ticket: CommitTicket
        let done: @Sendable () -> Void
        let failure: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: Deque<Pending> = []
        var isRunning = false
        /// Groups that wait for their sync on another thread.
        var syncing = 0
        /// Running means, in nanoseconds, of a transaction and of a sync.
        var transactionTime: UInt64 = 0
        var syncTime: UInt64 = 0

        /// How many go next.
        var groupSize: Int {
            let count = min(waiting.count, CommitQueue.groupLimit)
            guard syncing == 0, count >= CommitQueue.dividedFrom, syncTime < UInt64(count) * transactionTime else {
                return count
            }
            return (count + 1) / 2
        }
    }

    /// Smaller groups are not divided.
    private static let dividedFrom = 4

    /// Commits that one sync may serve.
    private static let groupLimit = 256

    private let state = Mutex(State())
    private let writers = DispatchQueue(label: "smartstore.writer")
    private let acknowledgers = DispatchQueue(label: "smartstore.acknowledge")
    private let readers = DispatchQueue(label: "smartstore.readers", attributes: .concurrent)

    func submit(
        _ store: Store, _ level: PageStore.Durability, _ job: @escaping Job,
        failure: @escaping @Sendable (any Error) -> Void
    ) {
        let mustStart = state.withLock { state in
            state.waiting.append(Pending(store: store, level: level, job: job, failure: failure))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { writers.async { self.run() } }
    }

    func read(_ body: @escaping @Sendable () -> Void) { readers.async(execute: body) }

    /// Awaits a commit that is appended, on a thread of the queue, and tells how that went.
    func acknowledge(
        _ ticket: CommitTicket, of store: Store, done: @escaping @Sendable () -> Void,
        failure: @escaping @Sendable (any Error) -> Void
    ) {
        acknowledgers.async { self.acknowledge([Appended(ticket: ticket, done: done, failure: failure)], store) }
    }

    /// Waits for what was submitted.
    func stop() {
        writers.sync {}
        acknowledgers.sync {}
    }

    private func run() {
        while true {
            let group: [Pending] = state.withLock { state in
                let count = state.groupSize
                let group = Array(state.waiting.prefix(count))
                state.waiting.removeFirst(count)
                if group.isEmpty { state.isRunning = false }
                return group
            }
            guard let store = group.first?.store else { return }
            let time = store.options.time
            let start = time.monotonicNanoseconds()
            var appended: [Appended] = []
            for pending in group {
                do {
                    let (ticket, done) = try pending.job()
                    appended.append(Appended(ticket: ticket, done: done, failure: pending.failure))
                } catch { pending.failure(error) }
            }
            let spent = (time.monotonicNanoseconds() &- start) / UInt64(group.count)
            // With more to write, or about to come, somebody else waits for the sync while the next group is written.
            let finished = appended
            let isAlone = state.withLock { state in
                state.transactionTime = Self.mean(state.transactionTime, spent)
                if state.waiting.isEmpty, state.syncing == 0 { return true }
                state.syncing += 1
                return false
            }
            if isAlone {
                acknowledge(finished, store)
            } else {
                acknowledgers.async {
                    self.acknowledge(finished, store)
                    self.state.withLock { $0.syncing -= 1 }
                }
            }
        }
    }

    private static func mean(_ mean: UInt64, _ next: UInt64) -> UInt64 { (mean &* 7 &+ min(next, 1 << 40)) / 8 }

    private func acknowledge(_ appended: [Appended], _ store: Store) {
        let start = store.options.time.monotonicNanoseconds()
        for (place, commit) in appended.enumerated() {
            // The first sync covers the others of the group; awaiting those returns at once.
            do throws(PageFault) {
                try store.pager.await(commit.ticket)
                if place == 0 {
                    let spent = store.options.time.monotonicNanoseconds() &- start
                    state.withLock { $0.syncTime = Self.mean($0.syncTime, spent) }
                }
                store.metrics.commits.increment()
                store.observers.published()
                commit.done()
            } catch {
                store.observers.failed(StoreError(error))
                commit.failure(error)
            }
        }
        store.afterCommit()
    }
}
