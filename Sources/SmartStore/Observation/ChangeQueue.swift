import DequeModule
import Synchronization

// What waits to be taken by one observer.
//
// 1. At most `limit` changes and `byteLimit` bytes wait. When more come, all of them make way for one `lagged`.
// 2. An observer of results keeps no changes, only the newest sequence that touched its collection.
// 3. Waiting tasks are woken outside of every lock: `add` and its like return whom to wake.

/// The mailbox of one observer.
final class ChangeQueue: Sendable {
    /// Bytes of changes that may wait.
    static let byteLimit = 64 << 20

    /// What the observer finds.
    enum Taken {
        case change(CollectionChange)
        case touched
        case nothing
        case ended
        case failed(StoreError)
    }

    /// Somebody who waits, to be resumed without a lock.
    typealias Waiter = CheckedContinuation<Void, Never>

    private enum End {
        case finished
        case failed(StoreError)
    }

    private struct State {
        var changes: Deque<CollectionChange> = []
        var byteCount = 0
        var touched: UInt64 = 0
        var end: End?
        var waiters: [(cancellation: Cancellation, waiter: Waiter)] = []

        mutating func wakeAll() -> [Waiter] {
            defer { waiters = [] }
            return waiters.map(\.waiter)
        }
    }

    /// nil: all collections.
    let collection: String?
    let keepsChanges: Bool
    let wantsDocuments: Bool
    let limit: Int
    private let state = Mutex(State())

    init(_ collection: String?, keepsChanges: Bool, wantsDocuments: Bool = false, limit: Int = 0) {
        self.collection = collection
        self.keepsChanges = keepsChanges
        self.wantsDocuments = wantsDocuments
        self.limit = limit
    }

    // MARK: The store's side

    func add(_ changes: [CollectionChange]) -> [Waiter] {
        guard let last = changes.last else { return [] }
        return state.withLock { state in
            let bytes = changes.reduce(0) { $0 + $1.byteCount }
            guard state.changes.count + changes.count <= limit, state.byteCount + bytes <= Self.byteLimit else {
                return lag(last.sequence, &state)
            }
            state.changes.append(contentsOf: changes)
            state.byteCount += bytes
            return state.wakeAll()
        }
    }

    /// Everything up to a sequence may be missing.
    func lag(_ sequence: UInt64) -> [Waiter] { state.withLock { lag(sequence, &$0) } }

    private func lag(_ sequence: UInt64, _ state: inout State) -> [Waiter] {
        let lagged = CollectionChange(sequence: sequence, collection: collection, kind: .lagged)
        state.changes = [lagged]
        state.byteCount = lagged.byteCount
        return state.wakeAll()
    }

    func touch(_ sequence: UInt64) -> [Waiter] {
        state.withLock { state in
            state.touched = max(state.touched, sequence)
            return state.wakeAll()
        }
    }

    func end(_ error: StoreError?) -> [Waiter] {
        state.withLock { state in
            if state.end == nil { state.end = error.map { .failed($0) } ?? .finished }
            return state.wakeAll()
        }
    }

    // MARK: The observer's side

    /// The next change; waits for it. `nothing` when the task was cancelled.
    func next() async -> Taken {
        await take {
            !$0.changes.isEmpty
        } look: { state in
            if let change = state.changes.popFirst() {
                state.byteCount -= change.byteCount
                return .change(change)
            }
            return nil
        }
    }

    /// Waits until the collection was touched after a sequence. `nothing` when the task was cancelled.
    func touched(after seen: UInt64) async -> Taken {
        await take {
            $0.touched > seen
        } look: {
            $0.touched > seen ? .touched : nil
        }
    }

    private func take(
        when isReady: @Sendable (State) -> Bool, look: @Sendable (inout State) -> Taken?
    ) async -> Taken {
        while !Task.isCancelled {
            let taken: Taken? = state.withLock { state in
                if let taken = look(&state) { return taken }
                switch state.end {
                case .finished?: return .ended
                case .failed(let error)?: return .failed(error)
                case nil: return nil
                }
            }
            if let taken { return taken }
            await wait(unless: isReady)
        }
        return .nothing
    }

    /// Waits until somebody wakes, the end comes or the task is cancelled.
    private func wait(unless isReady: @Sendable (State) -> Bool) async {
        let cancellation = Cancellation()
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isDone = state.withLock { state in
                    if state.end != nil || cancellation.isCancelled || isReady(state) { return true }
                    state.waiters.append((cancellation, waiter))
                    return false
                }
                if isDone { waiter.resume() }
            }
        } onCancel: {
            cancellation.cancel()
            let waiters: [Waiter] = state.withLock { state in
                let mine = state.waiters.filter { $0.cancellation === cancellation }.map(\.waiter)
                state.waiters.removeAll { $0.cancellation === cancellation }
                return mine
            }
            for waiter in waiters { waiter.resume() }
        }
    }
}
