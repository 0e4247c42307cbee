// A query's results, again whenever they have changed.
//
// A commit that touches the collection wakes the observer, which reads in a snapshot that shows at least that commit.
// The registration comes before the first snapshot; each later one is taken when the collection was touched behind the
// last. So no change is lost, however many commits a read covers.

/// The results of a query, at once and then whenever a commit has changed them:
/// `for try await notes in collection.observe(Note.year >= 2020) { … }`.
///
/// Commits that come while results are read or used are answered together, by one read of the newest state. Results equal
/// to the last ones are left out. It ends when the task is cancelled or the store is closed.
public struct QueryObservation<Item: Sendable>: AsyncSequence, Sendable {
    /// All results of the query.
    public typealias Element = [Item]

    private let store: Store
    private let collection: String
    private let query: Result<FindQuery, StoreError>
    private let decode: @Sendable (Document) throws -> Item

    init(
        _ store: Store, _ collection: String, _ query: Result<FindQuery, StoreError>,
        decode: @escaping @Sendable (Document) throws -> Item
    ) {
        self.store = store
        self.collection = collection
        self.query = query
        self.decode = decode
    }

    /// Begins with the present results.
    public func makeAsyncIterator() -> Iterator {
        Iterator(
            store: store, collection: collection, query: query, decode: decode,
            registration: store.observers.register(ChangeQueue(collection, keepsChanges: false)))
    }

    /// A walk over the results.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let store: Store
        fileprivate let collection: String
        fileprivate let query: Result<FindQuery, StoreError>
        fileprivate let decode: @Sendable (Document) throws -> Item
        fileprivate let registration: ObserverRegistration
        private var seen: UInt64?
        private var last: [Document]?
        private var isOver = false

        fileprivate init(
            store: Store, collection: String, query: Result<FindQuery, StoreError>,
            decode: @escaping @Sendable (Document) throws -> Item, registration: ObserverRegistration
        ) {
            self.store = store
            self.collection = collection
            self.query = query
            self.decode = decode
            self.registration = registration
        }

        /// The next results; waits for a change.
        /// - Throws: what the query runs into; `failed` or `commitUnknown` when the store has failed. There is no more after
        ///   an error.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> [Item]? {
            guard !isOver else { return nil }
            isOver = true
            let query = try query.get()
            while true {
                if let seen {
                    switch await registration.queue.touched(after: seen) {
                    case .touched: break
                    case .failed(let error): throw error
                    case .change, .nothing, .ended: return nil
                    }
                }
                guard let (sequence, documents) = try await Self.read(query, collection, store) else { return nil }
                seen = sequence
                if documents == last { continue }
                last = documents
                var items: [Item] = []
                items.reserveCapacity(documents.count)
                for document in documents {
                    items.append(try converting { try decode(document) })
                }
                isOver = false
                return items
            }
        }

        /// The results and the commit that they are of; nil when the task was cancelled or the store closed.
        private static func read(
            _ query: FindQuery, _ collection: String, _ store: Store
        ) async throws(StoreError) -> (UInt64, [Document])? {
            do {
                return try await store.read { (tx) throws in
                    (tx.sequence, try tx.collection(collection).find(query))
                }
            } catch is CancellationError {
                return nil
            } catch let error as StoreError where error.code == .closed {
                return nil
            } catch {
                throw StoreError(any: error)
            }
        }
    }
}

extension Store {
    /// The documents of a query, at once and then whenever a commit in this process has changed them.
    public func observe(_ collection: String, _ query: FindQuery = FindQuery()) -> QueryObservation<Document> {
        QueryObservation(self, collection, .success(query)) { $0 }
    }
}

extension Collection {
    /// The values that fulfil a condition, at once and then whenever a commit in this process has changed them.
    public func observe(
        _ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil
    ) -> QueryObservation<Element> {
        let query = Result { () throws(StoreError) in try FindQuery(condition, sort, skip: skip, limit: limit) }
        return QueryObservation(store, name, query, decode: TypedReader<Element>.decode)
    }

    /// The values of a query, at once and then whenever a commit in this process has changed them.
    public func observe(_ query: FindQuery) -> QueryObservation<Element> {
        QueryObservation(store, name, .success(query), decode: TypedReader<Element>.decode)
    }
}
