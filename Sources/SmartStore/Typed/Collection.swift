// A collection of Swift values: each call a transaction of its own, on the store's threads.

/// A collection of a store, as Swift values. Each call is one transaction; ``read(_:)`` and ``write(durability:_:)`` put
/// several into one, and ``sync`` has the same calls for programs without async.
///
/// ```swift
/// let notes = store.collection("notes", of: Note.self)
/// try await notes.insert(Note(id: 1, year: 2024, tags: ["cats"]))
/// let recent = try await notes.find(Note.year >= 2020 && Note.tags.contains("cats"), sort: [.descending(Note.year)])
/// ```
///
/// Calls throw ``StoreError``; `CancellationError` when the task was cancelled before they had begun, or while they were
/// reading. A write that has begun to commit is not cancelled any more. (Swift's protocol is `Swift.Collection`.)
public struct Collection<Element: Codable & Sendable>: Sendable {
    /// The store it is in.
    public let store: Store
    /// Its name.
    public let name: String

    /// The same calls on the calling thread.
    public var sync: SyncCollection<Element> { SyncCollection(store: store, name: name) }

    /// Reads in one snapshot.
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (TypedReader<Element>) throws -> R
    ) async throws -> R {
        let name = name
        return try await store.read { try body($0.collection(name, of: Element.self)) }
    }

    /// Writes in one transaction, which is committed when `body` returns.
    @discardableResult
    public func write<R: Sendable>(
        durability: Durability? = nil, _ body: @escaping @Sendable (TypedWriter<Element>) throws -> R
    ) async throws -> R {
        let name = name
        return try await store.write(durability: durability) { try body($0.collection(name, of: Element.self)) }
    }

    // MARK: Reading

    /// The values that fulfil a condition, in an order.
    public func find(_ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil) async throws
        -> [Element]
    {
        try await read { try $0.find(condition, sort: sort, skip: skip, limit: limit) }
    }

    /// The values of a query with hint, collation, variables or a bound on its time.
    public func find(_ query: FindQuery) async throws -> [Element] {
        try await read { try $0.find(query) }
    }

    /// Parts of the values that fulfil a condition, as another type.
    public func find<Part: Decodable & Sendable>(
        _ condition: Condition = .all, projection: Document, as type: Part.Type, sort: [SortKey] = [], skip: Int = 0,
        limit: Int? = nil
    ) async throws -> [Part] {
        try await read {
            try $0.find(condition, projection: projection, as: Part.self, sort: sort, skip: skip, limit: limit)
        }
    }

    /// The first value, in an order, that fulfils a condition.
    public func first(_ condition: Condition = .all, sort: [SortKey] = []) async throws -> Element? {
        try await read { try $0.first(condition, sort: sort) }
    }

    /// The value of this `_id`. O(log n).
    public func get(_ id: some Encodable & Sendable) async throws -> Element? {
        try await read { try $0.get(id) }
    }

    /// How many documents fulfil a condition. Without one O(log n).
    public func count(_ condition: Condition = .all) async throws -> Int {
        try await read { try $0.count(condition) }
    }

    /// The different values of a field, each once.
    public func distinct<Value: Decodable & Sendable>(_ field: Field<Value>, _ condition: Condition = .all) async throws
        -> [Value]
    {
        try await read { try $0.distinct(field, condition) }
    }

    /// The different elements of an array field, each once.
    public func distinct<Value: Decodable & StoredAsArray>(_ field: Field<Value>, _ condition: Condition = .all)
        async throws
        -> [Value.ArrayElement] where Value.ArrayElement: Decodable & Sendable
    {
        try await read { try $0.distinct(field, condition) }
    }

    /// The values nearest to a vector, best first: always `k` when so many fulfil the condition.
    public func nearest(
        _ field: some FieldName, to vector: [Float], k: Int = 10, where condition: Condition = .all, exact: Bool = false
    ) async throws -> [TypedHit<Element>] {
        try await read { try $0.nearest(field, to: vector, k: k, where: condition, exact: exact) }
    }

    /// The values nearest to what a query asks for, best first.
    public func nearest(_ query: VectorQuery) async throws -> [TypedHit<Element>] {
        try await read { try $0.nearest(query) }
    }

    // MARK: Writing

    /// Inserts a value; a document without `_id` gets an ObjectID. Returns the `_id`.
    @discardableResult
    public func insert(_ value: Element) async throws -> BSONValue {
        try await write { try $0.insert(value) }
    }

    /// Inserts all of these values or none. Returns their `_id`s.
    @discardableResult
    public func insert(contentsOf values: [Element]) async throws -> [BSONValue] {
        try await write { try $0.insert(contentsOf: values) }
    }

    /// Puts a value in the place of the one with its `_id`, or inserts it where there is none. Returns the `_id`.
    @discardableResult
    public func upsert(_ value: Element) async throws -> BSONValue {
        try await write { try $0.upsert(value) }
    }

    /// Changes the first document that is found to fulfil a condition.
    @discardableResult
    public func update(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false, arrayFilters: [Document] = []
    ) async throws -> UpdateOutcome {
        try await write { try $0.update(condition, .all(modifications), upsert: upsert, arrayFilters: arrayFilters) }
    }

    /// Changes every document that fulfils a condition.
    @discardableResult
    public func updateMany(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false, arrayFilters: [Document] = []
    ) async throws -> UpdateOutcome {
        try await write {
            try $0.updateMany(condition, .all(modifications), upsert: upsert, arrayFilters: arrayFilters)
        }
    }

    /// Puts a value in the place of the one with this `_id`; with `upsert` also where there is none. Returns whether
    /// there was one.
    @discardableResult
    public func replace(_ id: some Encodable & Sendable, with value: Element, upsert: Bool = false) async throws -> Bool
    {
        try await write { try $0.replace(id, with: value, upsert: upsert) }
    }

    /// Puts a value in the place of the first that fulfils a condition; the `_id` stays.
    @discardableResult
    public func replaceFirst(_ condition: Condition, with value: Element, upsert: Bool = false) async throws
        -> UpdateOutcome
    {
        try await write { try $0.replaceFirst(condition, with: value, upsert: upsert) }
    }

    /// Changes the first document, in an order, that fulfils a condition, and returns it as it became or as it was.
    @discardableResult
    public func findAndUpdate(
        _ condition: Condition, _ modifications: Modification..., sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) async throws -> Element? {
        try await write {
            try $0.findAndUpdate(condition, .all(modifications), sort: sort, upsert: upsert, returning: version)
        }
    }

    /// Replaces the first document, in an order, that fulfils a condition, and returns it as it became or as it was.
    @discardableResult
    public func findAndReplace(
        _ condition: Condition, with value: Element, sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) async throws -> Element? {
        try await write {
            try $0.findAndReplace(condition, with: value, sort: sort, upsert: upsert, returning: version)
        }
    }

    /// Removes the document with this `_id`; false when there is none.
    @discardableResult
    public func delete(_ id: some Encodable & Sendable) async throws -> Bool {
        try await write { try $0.delete(id) }
    }

    /// Removes every document that fulfils a condition. Returns how many.
    @discardableResult
    public func deleteMany(_ condition: Condition) async throws -> Int {
        try await write { try $0.deleteMany(condition) }
    }

    /// Removes the first document, in an order, that fulfils a condition, and returns what it was.
    @discardableResult
    public func findAndDelete(_ condition: Condition, sort: [SortKey] = []) async throws -> Element? {
        try await write { try $0.findAndDelete(condition, sort: sort) }
    }

    // MARK: Streams

    /// The values that fulfil a condition, from a snapshot that is taken with the first of them.
    /// - Parameter batch: how many are read at a time.
    public func stream(
        _ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil,
        batch: Int = ResultStream<Element>.defaultBatch
    ) -> ResultStream<Element> {
        let query = Result { () throws(StoreError) in try FindQuery(condition, sort, skip: skip, limit: limit) }
        return ResultStream(store, name, query, batch: batch, decode: TypedReader<Element>.decode)
    }

    /// The values of a query, from a snapshot that is taken with the first of them.
    public func stream(
        _ query: FindQuery, batch: Int = ResultStream<Element>.defaultBatch
    ) -> ResultStream<Element> {
        ResultStream(store, name, .success(query), batch: batch, decode: TypedReader<Element>.decode)
    }
}

extension Store {
    /// A collection of Swift values, whether it exists or not.
    public func collection<Element: Codable & Sendable>(_ name: String, of type: Element.Type) -> Collection<Element> {
        Collection(store: self, name: name)
    }
}
