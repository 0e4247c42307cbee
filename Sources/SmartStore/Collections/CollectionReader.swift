import PageStore
import StoreIO
import TreeStore

// Reading a collection: by `_id` and by filter; CollectionSearch reads it by nearness.

/// What can be asked of a collection.
public protocol CollectionReading {
    /// The view it is read in.
    var transaction: TransactionView { get }
    /// Its name.
    var name: String { get }
}

/// A collection in a read transaction. A collection that does not exist reads as empty.
public struct CollectionReader: CollectionReading {
    /// The view it is read in.
    public let transaction: TransactionView
    /// Its name.
    public let name: String
}

extension CollectionReading {
    /// The document with this `_id`. O(log n).
    public func get(_ id: BSONValue) throws(StoreError) -> Document? {
        try converting {
            guard let entry = try transaction.entry(name) else { return nil }
            var key: [UInt8] = []
            swap(&key, &entry.keyScratch)
            defer { swap(&key, &entry.keyScratch) }
            try KeyEncoding.id(id, into: &key)
            return try entry.reader(in: transaction.view).get(key.span.bytes).map { Document(trusted: $0) }
        }
    }

    /// The document with this `_id`, as a Swift value.
    public func get<T: Decodable>(_ type: T.Type, _ id: BSONValue) throws(StoreError) -> T? {
        try converting { try get(id).map { try DocumentDecoder().decode(type, from: $0) } }
    }

    /// Documents that match a filter of MongoDB's query language, in the order of `sort`; without one, in an order that
    /// depends on the index that finds them.
    /// - Parameters:
    ///   - sort: `["year": -1, "title": 1]`; beyond ``StoreOptions/sortByteLimit`` a temporary file is used.
    ///   - limit: nil: all.
    public func find(
        _ filter: Document = [:], sort: Document? = nil, skip: Int = 0, limit: Int? = nil,
        projection: Document? = nil
    ) throws(StoreError) -> [Document] {
        try converting {
            try source(FindQuery(filter, sort: sort, skip: skip, limit: limit, projection: projection)).rest()
        }
    }

    /// The documents of a query.
    public func find(_ query: FindQuery) throws(StoreError) -> [Document] {
        try converting { try source(query).rest() }
    }

    /// Documents that match, as Swift values.
    public func find<T: Decodable>(
        _ type: T.Type, _ filter: Document = [:], sort: Document? = nil, skip: Int = 0, limit: Int? = nil
    ) throws(StoreError) -> [T] {
        let documents = try find(filter, sort: sort, skip: skip, limit: limit)
        return try converting { try documents.map { try DocumentDecoder().decode(type, from: $0) } }
    }

    /// Hands matching documents over one at a time until `body` returns false; without a filter in order of `_id`.
    public func forEach(_ filter: Document = [:], _ body: (Document) throws -> Bool) throws {
        let compiled = try converting {
            let compiled = try Filter(filter)
            _ = try compiled.singleID()
            return compiled
        }
        // What `body` throws passes through as it is; a fault of the pages becomes the public error.
        do { try scan(compiled, body) } catch let fault as PageFault { throw StoreError(fault) }
    }

    /// How many documents match. Without a filter O(log n); where the ranges of an index are all that the filter says, that
    /// index is counted; else the documents are read that the best plan finds.
    public func count(_ filter: Document = [:]) throws(StoreError) -> Int {
        try converting {
            try count(FindQuery(filter))
        }
    }

    /// Walks the collection, or only the one document that an equality on `_id` allows.
    func scan(_ filter: Filter, _ body: (Document) throws -> Bool) throws {
        try scan(FindQuery(filter.document), body)
    }

    /// Hands the documents of a query over until `body` returns false.
    func scan(_ query: FindQuery, _ body: (Document) throws -> Bool) throws {
        let source = try source(query)
        while try source.advance() {
            if try !body(source.current()) { return }
        }
    }
}

extension Filter {
    /// The key of the only `_id` that can match; nil when there is no such fact.
    func singleID() throws(DocumentError) -> [UInt8]? {
        for constraint in constraints where constraint.path == "_id" {
            guard case .equal(let value) = constraint.kind else { continue }
            switch value {
            case .array, .undefined, .regex, .null: return nil
            default: return try KeyEncoding.id(value)
            }
        }
        return nil
    }
}
