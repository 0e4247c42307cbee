import DequeModule
import Dispatch
import Metrics
import PageStore
import Synchronization

// Asynchronous writes, committed in groups.
//
// A thread takes what waits, runs each as a transaction of its own and appends its commit; then one sync serves them
// all, and only then is anybody told. While it syncs, the next group gathers, and is written when there is one.

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
    }

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

    /// Waits for what was submitted.
    func stop() {
        writers.sync {}
        acknowledgers.sync {}
    }

    private func run() {
        while true {
            let group: [Pending] = state.withLock { state in
                let count = min(state.waiting.count, Self.groupLimit)
                let group = Array(state.waiting.prefix(count))
                state.waiting.removeFirst(count)
                if group.isEmpty { state.isRunning = false }
                return group
            }
            guard let store = group.first?.store else { return }
            var appended: [Appended] = []
            for pending in group {
                do {
                    let (ticket, done) = try pending.job()
                    appended.append(Appended(ticket: ticket, done: done, failure: pending.failure))
                } catch { pending.failure(error) }
            }
            // With more to write, somebody else waits for the sync while the next group is written.
            let finished = appended
            if state.withLock({ $0.waiting.isEmpty }) {
                Self.acknowledge(finished, store)
            } else {
                acknowledgers.async { Self.acknowledge(finished, store) }
            }
        }
    }

    private static func acknowledge(_ appended: [Appended], _ store: Store) {
        for commit in appended {
            // The first sync covers the others of the group; awaiting those returns at once.
            do throws(PageFault) {
                try store.pager.await(commit.ticket)
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
