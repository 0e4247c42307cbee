// The calls of a collection of Swift values for programs without async: each a transaction on the calling thread.

/// A collection of a store as Swift values, on the calling thread: ``Collection/sync``.
public struct SyncCollection<Element: Codable & Sendable>: Sendable {
    /// The store it is in.
    public let store: Store
    /// Its name.
    public let name: String

    /// Reads in one snapshot.
    public func read<R>(_ body: (TypedReader<Element>) throws -> R) throws -> R {
        try store.readSync { try body($0.collection(name, of: Element.self)) }
    }

    /// Writes in one transaction, which is committed when `body` returns.
    @discardableResult
    public func write<R>(durability: Durability? = nil, _ body: (TypedWriter<Element>) throws -> R) throws -> R {
        try store.writeSync(durability: durability) { try body($0.collection(name, of: Element.self)) }
    }

    // MARK: Reading

    /// The values that fulfil a condition, in an order.
    public func find(_ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil) throws
        -> [Element]
    {
        try read { try $0.find(condition, sort: sort, skip: skip, limit: limit) }
    }

    /// The values of a query with hint, collation, variables or a bound on its time.
    public func find(_ query: FindQuery) throws -> [Element] {
        try read { try $0.find(query) }
    }

    /// Parts of the values that fulfil a condition, as another type.
    public func find<Part: Decodable & Sendable>(
        _ condition: Condition = .all, projection: Document, as type: Part.Type, sort: [SortKey] = [], skip: Int = 0,
        limit: Int? = nil
    ) throws -> [Part] {
        try read { try $0.find(condition, projection: projection, as: Part.self, sort: sort, skip: skip, limit: limit) }
    }

    /// The first value, in an order, that fulfils a condition.
    public func first(_ condition: Condition = .all, sort: [SortKey] = []) throws -> Element? {
        try read { try $0.first(condition, sort: sort) }
    }

    /// The value of this `_id`. O(log n).
    public func get(_ id: some Encodable & Sendable) throws -> Element? {
        try read { try $0.get(id) }
    }

    /// How many documents fulfil a condition. Without one O(log n).
    public func count(_ condition: Condition = .all) throws -> Int {
        try read { try $0.count(condition) }
    }

    /// The different values of a field, each once.
    public func distinct<Value: Decodable & Sendable>(_ field: Field<Value>, _ condition: Condition = .all) throws
        -> [Value]
    {
        try read { try $0.distinct(field, condition) }
    }

    /// The different elements of an array field, each once.
    public func distinct<Value: Decodable & StoredAsArray>(_ field: Field<Value>, _ condition: Condition = .all) throws
        -> [Value
        .ArrayElement] where Value.ArrayElement: Decodable & Sendable
    {
        try read { try $0.distinct(field, condition) }
    }

    /// The values nearest to a vector, best first: always `k` when so many fulfil the condition.
    public func nearest(
        _ field: some FieldName, to vector: [Float], k: Int = 10, where condition: Condition = .all, exact: Bool = false
    ) throws -> [TypedHit<Element>] {
        try read { try $0.nearest(field, to: vector, k: k, where: condition, exact: exact) }
    }

    /// The values nearest to what a query asks for, best first.
    public func nearest(_ query: VectorQuery) throws -> [TypedHit<Element>] {
        try read { try $0.nearest(query) }
    }

    // MARK: Writing

    /// Inserts a value; a document without `_id` gets an ObjectID. Returns the `_id`.
    @discardableResult
    public func insert(_ value: Element) throws -> BSONValue {
        try write { try $0.insert(value) }
    }

    /// Inserts all of these values or none. Returns their `_id`s.
    @discardableResult
    public func insert(contentsOf values: [Element]) throws -> [BSONValue] {
        try write { try $0.insert(contentsOf: values) }
    }

    /// Puts a value in the place of the one with its `_id`, or inserts it where there is none. Returns the `_id`.
    @discardableResult
    public func upsert(_ value: Element) throws -> BSONValue {
        try write { try $0.upsert(value) }
    }

    /// Changes the first document that is found to fulfil a condition.
    @discardableResult
    public func update(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false, arrayFilters: [Document] = []
    ) throws -> UpdateOutcome {
        try write { try $0.update(condition, .all(modifications), upsert: upsert, arrayFilters: arrayFilters) }
    }

    /// Changes every document that fulfils a condition.
    @discardableResult
    public func updateMany(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false, arrayFilters: [Document] = []
    ) throws -> UpdateOutcome {
        try write { try $0.updateMany(condition, .all(modifications), upsert: upsert, arrayFilters: arrayFilters) }
    }

    /// Puts a value in the place of the one with this `_id`; with `upsert` also where there is none. Returns whether
    /// there was one.
    @discardableResult
    public func replace(_ id: some Encodable & Sendable, with value: Element, upsert: Bool = false) throws -> Bool {
        try write { try $0.replace(id, with: value, upsert: upsert) }
    }

    /// Puts a value in the place of the first that fulfils a condition; the `_id` stays.
    @discardableResult
    public func replaceFirst(_ condition: Condition, with value: Element, upsert: Bool = false) throws -> UpdateOutcome
    {
        try write { try $0.replaceFirst(condition, with: value, upsert: upsert) }
    }

    /// Changes the first document, in an order, that fulfils a condition, and returns it as it became or as it was.
    @discardableResult
    public func findAndUpdate(
        _ condition: Condition, _ modifications: Modification..., sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) throws -> Element? {
        try write {
            try $0.findAndUpdate(condition, .all(modifications), sort: sort, upsert: upsert, returning: version)
        }
    }

    /// Replaces the first document, in an order, that fulfils a condition, and returns it as it became or as it was.
    @discardableResult
    public func findAndReplace(
        _ condition: Condition, with value: Element, sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) throws -> Element? {
        try write { try $0.findAndReplace(condition, with: value, sort: sort, upsert: upsert, returning: version) }
    }

    /// Removes the document with this `_id`; false when there is none.
    @discardableResult
    public func delete(_ id: some Encodable & Sendable) throws -> Bool {
        try write { try $0.delete(id) }
    }

    /// Removes every document that fulfils a condition. Returns how many.
    @discardableResult
    public func deleteMany(_ condition: Condition) throws -> Int {
        try write { try $0.deleteMany(condition) }
    }

    /// Removes the first document, in an order, that fulfils a condition, and returns what it was.
    @discardableResult
    public func findAndDelete(_ condition: Condition, sort: [SortKey] = []) throws -> Element? {
        try write { try $0.findAndDelete(condition, sort: sort) }
    }
}
