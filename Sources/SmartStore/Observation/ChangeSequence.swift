// The changes of a collection as an asynchronous sequence.

/// Changes as they are committed, in the order of commits: `for try await change in store.changes(of: "notes") { … }`.
///
/// Observing begins when the sequence is made, not when it is iterated, and ends when sequence and iterators are gone. It
/// tells of every commit after ``start``. What waits is bounded; who is too slow gets ``CollectionChange/Kind/lagged`` in
/// the place of what was left out. For one consumer: several iterators share what comes.
///
/// It ends when the task is cancelled or the store is closed, and throws when the store has failed.
public struct ChangeSequence<Change: Sendable>: AsyncSequence, Sendable {
    private let registration: ObserverRegistration
    private let convert: @Sendable (CollectionChange) throws(StoreError) -> Change

    init(
        _ registration: ObserverRegistration,
        convert: @escaping @Sendable (CollectionChange) throws(StoreError) -> Change
    ) {
        self.registration = registration
        self.convert = convert
    }

    /// The commit after which changes are told: what a read sees that begins now, or more.
    public var start: UInt64 { registration.start }

    /// Goes on with what waits.
    public func makeAsyncIterator() -> Iterator { Iterator(registration: registration, convert: convert) }

    /// A walk over the changes.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let registration: ObserverRegistration
        fileprivate let convert: @Sendable (CollectionChange) throws(StoreError) -> Change

        /// The next change; waits for it.
        /// - Throws: `failed` or `commitUnknown` when the store has failed; `invalidDocument` when a document is not of the
        ///   wanted form.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> Change? {
            switch await registration.queue.next() {
            case .change(let change): return try convert(change)
            case .failed(let error): throw error
            case .touched, .nothing, .ended: return nil
            }
        }
    }
}

extension Store {
    /// Changes of a collection, of all when none is named, as they are committed in this process.
    /// - Parameters:
    ///   - includeDocuments: whether changes bring the documents as they became.
    ///   - limit: how many changes may wait, at least 1, and at most 64 MiB of them.
    public func changes(
        of collection: String? = nil, includeDocuments: Bool = false, limit: Int = 1024
    ) -> ChangeSequence<CollectionChange> {
        ChangeSequence(changeRegistration(collection, includeDocuments, limit)) { (change) throws(StoreError) in change
        }
    }

    fileprivate func changeRegistration(
        _ collection: String?, _ includeDocuments: Bool, _ limit: Int
    ) -> ObserverRegistration {
        observers.register(
            ChangeQueue(collection, keepsChanges: true, wantsDocuments: includeDocuments, limit: max(1, limit)))
    }
}

extension Collection {
    /// Changes of the collection with the values as they became, as they are committed in this process.
    /// - Parameter limit: how many changes may wait, at least 1, and at most 64 MiB of them.
    public func changes(limit: Int = 1024) -> ChangeSequence<TypedChange<Element>> {
        ChangeSequence(store.changeRegistration(name, true, limit)) { (change) throws(StoreError) in
            var value: Element?
            if let document = change.document { value = try TypedReader<Element>.decode(document) }
            return TypedChange(sequence: change.sequence, kind: change.kind, id: change.id, value: value)
        }
    }
}
