import VectorIndex

// Reading a collection of Swift values, inside a transaction.

/// What can be asked of a collection of Swift values in a transaction.
public protocol TypedReading<Element> {
    /// What its documents are decoded into.
    associatedtype Element: Codable
    /// The collection of documents below.
    associatedtype Documents: CollectionReading
    /// The same collection, as documents.
    var documents: Documents { get }
}

/// A collection of Swift values in a read transaction. One that does not exist reads as empty.
public struct TypedReader<Element: Codable>: TypedReading {
    /// The same collection, as documents.
    public let documents: CollectionReader
}

/// A value found by nearness.
public struct TypedHit<Element> {
    /// The `_id` of its document.
    public let id: BSONValue
    /// Higher is nearer: cosine similarity, inner product, or the negative squared distance.
    public let score: Float
    /// The value.
    public let value: Element
    /// The value that it was grouped by, when asked for.
    public let group: BSONValue?
}

extension TypedHit: Sendable where Element: Sendable {}
extension TypedHit: Equatable where Element: Equatable {}

extension ReadTransaction {
    /// A collection of Swift values, whether it exists or not.
    public func collection<Element: Codable>(_ name: String, of type: Element.Type) -> TypedReader<Element> {
        TypedReader(documents: collection(name))
    }
}

extension TypedReading {
    /// The value of a document.
    /// - Throws: `invalidDocument` when it is not of this form.
    static func decode(_ document: Document) throws(StoreError) -> Element { try decode(document, as: Element.self) }

    static func decode<T: Decodable>(_ document: Document, as type: T.Type) throws(StoreError) -> T {
        try converting { try DocumentDecoder().decode(type, from: document) }
    }

    private func decoded<T: Decodable>(_ query: FindQuery, as type: T.Type) throws(StoreError) -> [T] {
        try cursor(query, as: type).rest()
    }

    private func cursor<T: Decodable>(_ query: FindQuery, as type: T.Type) throws(StoreError) -> ResultCursor<T> {
        let source: any DocumentSource = try converting { try documents.source(query) }
        let decoder = DocumentDecoder()
        return ResultCursor(source, in: documents.transaction) { try decoder.decode(type, from: $0) }
    }

    /// The values that fulfil a condition, in an order.
    /// - Throws: `invalidDocument` when a document is not of this form, or for what the condition holds.
    public func find(
        _ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil
    ) throws(StoreError) -> [Element] {
        try decoded(FindQuery(condition, sort, skip: skip, limit: limit), as: Element.self)
    }

    /// The values of a query with hint, collation, variables or a bound on its time.
    public func find(_ query: FindQuery) throws(StoreError) -> [Element] { try decoded(query, as: Element.self) }

    /// Parts of the values that fulfil a condition, as another type.
    public func find<Part: Decodable>(
        _ condition: Condition = .all, projection: Document, as type: Part.Type, sort: [SortKey] = [], skip: Int = 0,
        limit: Int? = nil
    ) throws(StoreError) -> [Part] {
        var query = try FindQuery(condition, sort, skip: skip, limit: limit)
        query.projection = projection
        return try decoded(query, as: type)
    }

    /// The first value, in an order, that fulfils a condition.
    public func first(_ condition: Condition = .all, sort: [SortKey] = []) throws(StoreError) -> Element? {
        try find(condition, sort: sort, limit: 1).first
    }

    /// The value of this `_id`. O(log n).
    public func get(_ id: some Encodable) throws(StoreError) -> Element? {
        let id = try FieldOperand.value(id)
        guard let document = try documents.get(id) else { return nil }
        return try Self.decode(document)
    }

    /// How many documents fulfil a condition. Without one O(log n).
    public func count(_ condition: Condition = .all) throws(StoreError) -> Int {
        try documents.count(try condition.document)
    }

    /// The different values of a field, each once.
    public func distinct<Value: Decodable>(
        _ field: Field<Value>, _ condition: Condition = .all
    ) throws(StoreError) -> [Value] {
        try distinct(field.path, condition, as: Value.self)
    }

    /// The different elements of an array field, each once.
    public func distinct<Value: Decodable & StoredAsArray>(
        _ field: Field<Value>, _ condition: Condition = .all
    ) throws(StoreError) -> [Value.ArrayElement] where Value.ArrayElement: Decodable {
        try distinct(field.path, condition, as: Value.ArrayElement.self)
    }

    private func distinct<Value: Decodable>(
        _ path: String, _ condition: Condition, as type: Value.Type
    ) throws(StoreError) -> [Value] {
        try FieldOperand.checkPath(path)
        let filter = try condition.document
        return try converting {
            var values = DistinctValues(path: path)
            try documents.scan(FindQuery(filter)) { document in
                try values.add(document)
                return true
            }
            return try values.found.map { try DocumentDecoder().decodeValue(type, from: $0) }
        }
    }

    /// The values nearest to a vector, best first: always `k` when so many fulfil the condition.
    /// - Parameters:
    ///   - field: a field with a vector index.
    ///   - exact: scores every vector instead of walking the graph.
    /// - Throws: `noSuchIndex`, `invalidVector`, `invalidArgument`, `invalidDocument`.
    public func nearest(
        _ field: some FieldName, to vector: [Float], k: Int = 10, where condition: Condition = .all, exact: Bool = false
    ) throws(StoreError) -> [TypedHit<Element>] {
        var query = VectorQuery(field: field.fieldPath, vector: vector, k: k)
        let filter = try condition.document
        query.filter = filter.isEmpty ? nil : filter
        query.exact = exact
        return try nearest(query)
    }

    /// The values nearest to what a query asks for, best first.
    public func nearest(_ query: VectorQuery) throws(StoreError) -> [TypedHit<Element>] {
        var query = query
        query.includeDocuments = true
        var hits: [TypedHit<Element>] = []
        for hit in try documents.search(query) {
            guard let document = hit.document else { continue }
            hits.append(
                TypedHit(id: hit.id, score: hit.score, value: try Self.decode(document), group: hit.group))
        }
        return hits
    }

    /// The values that fulfil a condition, one at a time.
    public func cursor(
        _ condition: Condition = .all, sort: [SortKey] = [], skip: Int = 0, limit: Int? = nil
    ) throws(StoreError) -> ResultCursor<Element> {
        try cursor(FindQuery(condition, sort, skip: skip, limit: limit), as: Element.self)
    }

    /// The values of a query, one at a time.
    public func cursor(_ query: FindQuery) throws(StoreError) -> ResultCursor<Element> {
        try cursor(query, as: Element.self)
    }
}
