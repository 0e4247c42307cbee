import DequeModule
import PageStore
import Synchronization

// Between writers and observers: what was appended waits here until it is published, then goes to those who observe.
//
// 1. Commits reach observers in their order, and only when readers can see them. What is rolled back, or whose sync
//    fails, never does.
// 2. An observer is told of every commit that a snapshot taken before its registration does not show. Where the changes
//    themselves are not known (the transaction had begun before the registration), it is told that it lags.
// 3. Without observers a transaction costs two loads and one store of words, a change nothing but a test of a pointer.
// 4. Registration and commit meet like this: a committer first says which sequence it has appended, then asks whether
//    anybody observes; an observer first says that it does, then asks what was appended. One of them sees the other.
//    Publishing likewise: published first, then asked; registered first, then looked again.
// 5. Locks: hub, then queue. Tasks are woken without either.

/// The observers of a store.
final class ObserverHub: Sendable {
    private struct Commit {
        let sequence: CommitSequence
        /// Observers with lower numbers find all their changes here.
        let number: UInt64
        let changes: [ChangeRecorder.Change]
        let overflown: Set<String>
        /// Collections that changed; nil: not known.
        let touched: Set<String>?
        /// The only observer that it is for; nil: all.
        let only: UInt64?
    }

    private struct State {
        var queues: [(number: UInt64, queue: ChangeQueue)] = []
        var interests = ChangeInterests([], number: 0)
        var pending: Deque<Commit> = []
        var nextNumber: UInt64 = 1
        var isFinished = false
        var failure: StoreError?

        mutating func makeInterests() {
            interests = ChangeInterests(queues.map(\.queue), number: nextNumber)
        }
    }

    private let isActive = Atomic<Bool>(false)
    private let appendedThrough = Atomic<UInt64>(0)
    private let state = Mutex(State())
    private let publishedThrough: @Sendable () -> CommitSequence

    init(publishedThrough: @escaping @Sendable () -> CommitSequence) { self.publishedThrough = publishedThrough }

    // MARK: Writers

    /// What a transaction that begins now has to record; nil: nothing.
    func recorder() -> ChangeRecorder? {
        guard isActive.load(ordering: .acquiring) else { return nil }
        let interests = state.withLock { $0.interests }
        return interests.isEmpty ? nil : ChangeRecorder(interests)
    }

    /// A commit is in the log, but nobody sees it yet. Called in commit order, by the holder of the writer's turn.
    func appended(_ sequence: CommitSequence, _ recorder: ChangeRecorder?, touched: () -> Set<String>) {
        appendedThrough.store(sequence, ordering: .sequentiallyConsistent)
        guard isActive.load(ordering: .sequentiallyConsistent) else { return }
        let touched = touched()
        guard !touched.isEmpty else { return }
        let commit = Commit(
            sequence: sequence, number: recorder?.interests.number ?? 0, changes: recorder?.changes ?? [],
            overflown: recorder?.overflown ?? [], touched: touched, only: nil)
        state.withLock { if !$0.queues.isEmpty { $0.pending.append(commit) } }
    }

    /// Something was published: hands over what observers may see now.
    func published() {
        guard isActive.load(ordering: .sequentiallyConsistent) else { return }
        let through = publishedThrough()
        let waiters = state.withLock { state in
            var waiters: [ChangeQueue.Waiter] = []
            while let commit = state.pending.first, commit.sequence <= through {
                state.pending.removeFirst()
                for (number, queue) in state.queues where commit.only == nil || commit.only == number {
                    waiters += Self.deliver(commit, to: queue, number)
                }
            }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private static func deliver(_ commit: Commit, to queue: ChangeQueue, _ number: UInt64) -> [ChangeQueue.Waiter] {
        if let name = queue.collection, commit.touched?.contains(name) == false { return [] }
        guard queue.keepsChanges else { return queue.touch(commit.sequence) }
        let hasOverflown = queue.collection.map { commit.overflown.contains($0) } ?? !commit.overflown.isEmpty
        guard number < commit.number, !hasOverflown else { return queue.lag(commit.sequence) }
        let wanted = commit.changes.filter { queue.collection == nil || queue.collection == $0.collection }
        return queue.add(
            wanted.map {
                CollectionChange(
                    sequence: commit.sequence, collection: $0.collection, kind: $0.kind, id: $0.id,
                    document: queue.wantsDocuments ? $0.document : nil)
            })
    }

    /// A commit failed: when the store can acknowledge nothing any more, observers are told.
    func failed(_ error: StoreError) {
        guard error.code == .commitUnknown || error.code == .failed else { return }
        finish(error)
    }

    /// Ends every observation, after what waits was taken.
    func finish(_ error: StoreError? = nil) {
        // What is published already is told; its committer may not have come to it yet.
        published()
        let queues = state.withLock { state in
            state.isFinished = true
            if state.failure == nil { state.failure = error }
            state.pending = []
            return state.queues.map(\.queue)
        }
        for queue in queues { for waiter in queue.end(error) { waiter.resume() } }
    }

    // MARK: Observers

    /// Adds an observer until the registration goes.
    func register(_ queue: ChangeQueue) -> ObserverRegistration {
        let number: UInt64? = state.withLock { state in
            guard !state.isFinished else { return nil }
            let number = state.nextNumber
            state.nextNumber += 1
            state.queues.append((number, queue))
            state.makeInterests()
            isActive.store(true, ordering: .sequentiallyConsistent)
            return number
        }
        guard let number else {
            // Nobody waits yet.
            _ = queue.end(state.withLock { $0.failure })
            return ObserverRegistration(hub: self, queue: queue, number: 0, start: publishedThrough())
        }
        let appended = appendedThrough.load(ordering: .sequentiallyConsistent)
        let start = publishedThrough()
        if appended > start {
            // Somebody's commit is on its way, and began before this.
            let marker = Commit(
                sequence: appended, number: 0, changes: [], overflown: [], touched: nil, only: number)
            state.withLock { state in
                let place = state.pending.firstIndex { $0.sequence > appended } ?? state.pending.endIndex
                state.pending.insert(marker, at: place)
            }
            published()
        }
        return ObserverRegistration(hub: self, queue: queue, number: number, start: start)
    }

    fileprivate func unregister(_ number: UInt64) {
        state.withLock { state in
            state.queues.removeAll { $0.number == number }
            state.makeInterests()
            guard state.queues.isEmpty else { return }
            state.pending = []
            isActive.store(false, ordering: .sequentiallyConsistent)
        }
    }
}

/// An observer's place in the hub; given up when it goes.
final class ObserverRegistration: Sendable {
    private let hub: ObserverHub
    private let number: UInt64
    let queue: ChangeQueue
    /// The newest commit that readers saw when it was made.
    let start: CommitSequence

    fileprivate init(hub: ObserverHub, queue: ChangeQueue, number: UInt64, start: CommitSequence) {
        self.hub = hub
        self.queue = queue
        self.number = number
        self.start = start
    }

    deinit { hub.unregister(number) }
}
