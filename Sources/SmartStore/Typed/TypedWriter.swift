// Writing a collection of Swift values, inside a transaction.

/// A collection of Swift values in a write transaction.
public struct TypedWriter<Element: Codable>: TypedReading {
    /// The same collection, as documents.
    public let documents: CollectionWriter
}

/// Which version of a document an update answers with.
public enum DocumentVersion: Sendable {
    /// As it was before.
    case original
    /// As it became.
    case updated
}

extension WriteTransaction {
    /// A collection of Swift values, for writing; the first insert creates it.
    public func collection<Element: Codable>(_ name: String, of type: Element.Type) -> TypedWriter<Element> {
        TypedWriter(documents: collection(name))
    }
}

extension TypedWriter {
    private static func encode(_ value: Element) throws(StoreError) -> Document {
        try converting { try DocumentEncoder().encode(value) }
    }

    // MARK: Inserting

    /// Inserts a value; a document without `_id` gets an ObjectID. Returns the `_id`.
    /// - Throws: `duplicateKey`, `invalidDocument`, `invalidVector`, `limitExceeded`; nothing is changed then.
    @discardableResult
    public func insert(_ value: Element) throws(StoreError) -> BSONValue {
        try documents.insert(try Self.encode(value))
    }

    /// Inserts values in their order. Returns their `_id`s. When one is refused, those before it are in the transaction.
    @discardableResult
    public func insert(contentsOf values: some Sequence<Element>) throws(StoreError) -> [BSONValue] {
        var ids: [BSONValue] = []
        for value in values { ids.append(try insert(value)) }
        return ids
    }

    /// Puts a value in the place of the one with its `_id`, or inserts it where there is none. Returns the `_id`.
    @discardableResult
    public func upsert(_ value: Element) throws(StoreError) -> BSONValue {
        let document = try Self.encode(value)
        guard let id = document["_id"] else { return try documents.insert(document) }
        try documents.replace(id, with: document, upsert: true)
        return id
    }

    // MARK: Changing

    /// Changes the first document that is found to fulfil a condition.
    /// - Parameters:
    ///   - upsert: when none does, inserts one made of the condition's equalities and the modifications.
    ///   - arrayFilters: conditions on elements, for `$[name]` in paths.
    @discardableResult
    public func update(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false,
        arrayFilters: [Document] = []
    ) throws(StoreError) -> UpdateOutcome {
        try update(condition, .all(modifications), isMulti: false, upsert, arrayFilters)
    }

    /// Changes every document that fulfils a condition.
    @discardableResult
    public func updateMany(
        _ condition: Condition, _ modifications: Modification..., upsert: Bool = false,
        arrayFilters: [Document] = []
    ) throws(StoreError) -> UpdateOutcome {
        try update(condition, .all(modifications), isMulti: true, upsert, arrayFilters)
    }

    private func update(
        _ condition: Condition, _ modification: Modification, isMulti: Bool, _ upsert: Bool, _ arrayFilters: [Document]
    ) throws(StoreError) -> UpdateOutcome {
        var request = UpdateRequest(try condition.document, .document(try Modification.document([modification])))
        request.multi = isMulti
        request.upsert = upsert
        request.arrayFilters = arrayFilters
        return try documents.update(request)
    }

    /// Puts a value in the place of the one with this `_id`; with `upsert` also where there is none. Returns whether there
    /// was one.
    @discardableResult
    public func replace(_ id: some Encodable, with value: Element, upsert: Bool = false) throws(StoreError) -> Bool {
        try documents.replace(try FieldOperand.value(id), with: try Self.encode(value), upsert: upsert)
    }

    /// Puts a value in the place of the first that fulfils a condition; the `_id` stays.
    @discardableResult
    public func replaceFirst(
        _ condition: Condition, with value: Element, upsert: Bool = false
    ) throws(StoreError) -> UpdateOutcome {
        var request = UpdateRequest(try condition.document, .document(try Self.encode(value)))
        request.upsert = upsert
        return try documents.update(request)
    }

    /// Changes the first document, in an order, that fulfils a condition, and returns it.
    /// - Parameter returning: as it became, or as it was; an upsert has nothing that was.
    public func findAndUpdate(
        _ condition: Condition, _ modifications: Modification..., sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) throws(StoreError) -> Element? {
        let update = try Modification.document(modifications)
        return try findAndModify(try FindQuery(condition, sort, limit: 1), update, upsert, version)
    }

    /// Replaces the first document, in an order, that fulfils a condition, and returns it.
    public func findAndReplace(
        _ condition: Condition, with value: Element, sort: [SortKey] = [], upsert: Bool = false,
        returning version: DocumentVersion = .updated
    ) throws(StoreError) -> Element? {
        let update = try Self.encode(value)
        return try findAndModify(try FindQuery(condition, sort, limit: 1), update, upsert, version)
    }

    private func findAndModify(
        _ query: FindQuery, _ update: Document, _ upsert: Bool, _ version: DocumentVersion
    ) throws(StoreError) -> Element? {
        var request = UpdateRequest(query.filter, .document(update))
        request.query = query
        request.upsert = upsert
        let outcome = try documents.update(request)
        switch version {
        case .original:
            guard let before = outcome.firstBefore else { return nil }
            return try Self.decode(before)
        case .updated:
            if let id = outcome.upsertedID { return try get(id) }
            guard let after = outcome.firstAfter ?? outcome.firstBefore else { return nil }
            return try Self.decode(after)
        }
    }

    // MARK: Deleting

    /// Removes the document with this `_id`; false when there is none.
    @discardableResult
    public func delete(_ id: some Encodable) throws(StoreError) -> Bool {
        try documents.delete(try FieldOperand.value(id))
    }

    /// Removes every document that fulfils a condition. Returns how many.
    @discardableResult
    public func deleteMany(_ condition: Condition) throws(StoreError) -> Int {
        try documents.deleteMany(try condition.document)
    }

    /// Removes the first document, in an order, that fulfils a condition, and returns what it was.
    public func findAndDelete(_ condition: Condition, sort: [SortKey] = []) throws(StoreError) -> Element? {
        let query = try FindQuery(condition, sort, limit: 1)
        guard let document = try documents.find(query).first, let id = document["_id"] else { return nil }
        let value = try Self.decode(document)
        try documents.delete(id)
        return value
    }
}
