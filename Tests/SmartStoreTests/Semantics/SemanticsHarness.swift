// What the semantics tests share: a case is a row of texts in Extended JSON with a reason, run against a real store.
//
// 1. The reasons say in our words what MongoDB's public documentation says of the operator.
// 2. A filter is tried by itself, by a scan, and by every index on one of its paths; all must agree with the row.
// 3. An update runs as a statement of its own. One that fails must leave the document as it was.

import StoreTestSupport
import Testing

@testable import SmartStore

/// A store in memory with one collection.
struct SemanticsStore {
    static let collection = "c"
    let store: Store

    init() throws { store = try StoreFixture.create(SimulatedDisk(), encrypted: false) }

    func insert(_ documents: [Document]) throws {
        try store.writeSync { transaction in
            let writer: CollectionWriter = transaction.collection(Self.collection)
            for document in documents { try writer.insert(document) }
        }
    }

    func find(_ query: FindQuery) throws -> [Document] {
        try store.readSync { try $0.collection(Self.collection).find(query) }
    }

    func update(_ request: UpdateRequest) throws -> UpdateOutcome {
        try store.writeSync { transaction in
            let writer: CollectionWriter = transaction.collection(Self.collection)
            return try writer.update(request)
        }
    }

    /// Makes an index; false when the documents allow none.
    func index(_ keys: Document, _ collation: Collation? = nil) throws -> Bool {
        try index(IndexSpecification(keys, collation: collation))
    }

    func index(_ specification: IndexSpecification) throws -> Bool {
        do {
            return try store.createIndex(on: Self.collection, specification)
        } catch let error as StoreError {
            // Parallel arrays, and numbers that are index and name at once.
            guard [171, 16746].contains(error.server.number) else { throw error }
            return false
        }
    }
}

extension Document {
    /// The document with an `_id` in front, if it has none.
    func identified(_ id: BSONValue) -> Document {
        contains("_id") ? self : Document(fields: [("_id", id)] + map { ($0.key, $0.value) })
    }

    /// The documents of a text, separated by commas.
    static func list(_ text: String) throws -> [Document] {
        let value = try ExtendedJSON.value(from: "[\(text)]")
        return try (value.array ?? []).map { try #require($0.document) }
    }
}

/// The code of what `body` throws; nil when it throws nothing.
func serverCode(_ body: () throws -> Void) -> Int? {
    do {
        try body()
        return nil
    } catch let error as StoreError {
        return error.server.number
    } catch let error as DocumentError {
        return error.code.number
    } catch {
        Issue.record("\(error)")
        return -1
    }
}

// MARK: Filters

/// A filter with documents that it matches and documents that it does not.
struct FilterCase: Sendable, CustomTestStringConvertible {
    let filter: String
    let matches: String
    let others: String
    let reason: String
    let collation: Collation?

    init(_ filter: String, is matches: String = "", not others: String = "", _ reason: String, by: Collation? = nil) {
        self.filter = filter
        self.matches = matches
        self.others = others
        self.reason = reason
        collation = by
    }

    var testDescription: String { "\(filter): \(reason)" }

    func check() throws {
        let filter = try bsonDocument(filter)
        let options = QueryOptions(collation: collation)
        let wanted = try Document.list(matches)
        let documents = (wanted + (try Document.list(others))).enumerated().map { index, document in
            document.identified(BSONValue(index))
        }
        let expected = documents.prefix(wanted.count).map { $0["_id"] }
        let parsed = try Filter(filter, options: options)
        for (index, document) in documents.enumerated() {
            #expect(try parsed.matches(document) == (index < wanted.count), "\(testDescription) on \(document)")
        }
        let store = try SemanticsStore()
        try store.insert(documents)
        func expectFound(_ hint: BSONValue?, _ way: String) throws {
            let found = try store.find(FindQuery(filter, hint: hint, options: options)).map { $0["_id"] }
            #expect(
                Set(found) == Set(expected) && found.count == expected.count, "\(testDescription), \(way): \(found)")
        }
        try expectFound(["$natural": 1], "scan")
        let paths = parsed.paths.sorted().filter { $0 != "_id" && !$0.isEmpty && !$0.hasPrefix("$") }
        var patterns = paths.flatMap { [Document(fields: [($0, 1)]), Document(fields: [($0, -1)])] }
        if paths.count > 1 { patterns.append(Document(fields: paths.map { ($0, 1) })) }
        for keys in patterns where try store.index(keys, collation) {
            try expectFound(.document(keys), "index \(keys)")
        }
        try expectFound(nil, "as planned")
        try checkPartialPlans(documents, paths, Set(expected))
    }

    /// Indexes that have not all documents may only be used where that does no harm.
    private func checkPartialPlans(
        _ documents: [Document], _ paths: [String], _ expected: Set<BSONValue?>
    ) throws {
        var specifications = paths.map { IndexSpecification(Document(fields: [($0, 1)]), isSparse: true) }
        specifications.append(IndexSpecification(["$**": 1]))
        for var specification in specifications {
            specification.collation = collation
            let store = try SemanticsStore()
            try store.insert(documents)
            guard try store.index(specification) else { continue }
            let query = FindQuery(try bsonDocument(filter), options: QueryOptions(collation: collation))
            let found = try store.find(query).map { $0["_id"] }
            #expect(
                Set(found) == expected && found.count == expected.count,
                "\(testDescription), \(specification.keys): \(found)")
        }
    }
}

/// Something that is refused, with MongoDB's code.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    let text: String
    let code: Int
    let reason: String

    init(_ text: String, _ code: Int, _ reason: String) {
        self.text = text
        self.code = code
        self.reason = reason
    }

    var testDescription: String { "\(text): \(reason)" }

    func checkFilter() throws {
        let filter = try bsonDocument(text)
        #expect(serverCode { _ = try Filter(filter) } == code, "\(testDescription)")
        let store = try SemanticsStore()
        try store.insert([["_id": 1]])
        #expect(serverCode { _ = try store.find(FindQuery(filter)) } == code, "\(testDescription)")
    }
}

// MARK: Updates

/// An update of one document, found by a filter.
struct UpdateCase: Sendable, CustomTestStringConvertible {
    let update: String
    let before: String
    /// nil: it stays as it is.
    let after: String?
    let code: Int?
    let filter: String
    let arrayFilters: String
    let reason: String
    let collation: Collation?

    private init(
        _ update: String, _ before: String, _ after: String?, _ code: Int?, _ filter: String, _ arrayFilters: String,
        _ reason: String, _ collation: Collation?
    ) {
        self.update = update
        self.before = before
        self.after = after
        self.code = code
        self.filter = filter
        self.arrayFilters = arrayFilters
        self.reason = reason
        self.collation = collation
    }

    init(
        _ update: String, on before: String, gives after: String, where filter: String = "{}",
        arrayFilters: String = "", _ reason: String, by: Collation? = nil
    ) { self.init(update, before, after, nil, filter, arrayFilters, reason, by) }

    init(
        _ update: String, keeps before: String, where filter: String = "{}", arrayFilters: String = "",
        _ reason: String, by: Collation? = nil
    ) { self.init(update, before, nil, nil, filter, arrayFilters, reason, by) }

    init(
        _ update: String, on before: String, fails code: Int, where filter: String = "{}", arrayFilters: String = "",
        _ reason: String
    ) { self.init(update, before, nil, code, filter, arrayFilters, reason, nil) }

    var testDescription: String { "\(update) on \(before): \(reason)" }

    func check() throws {
        let store = try SemanticsStore()
        let original = try bsonDocument(before).identified(1)
        try store.insert([original])
        var request = UpdateRequest(try bsonDocument(filter), try ExtendedJSON.value(from: update))
        request.arrayFilters = try Document.list(arrayFilters)
        request.query.options.collation = collation
        let expected = try after.map { try bsonDocument($0).identified(1) } ?? original
        do {
            let outcome = try store.update(request)
            #expect(code == nil, "\(testDescription): not refused")
            #expect(outcome.matched == 1, "\(testDescription)")
            #expect(outcome.modified == (after == nil ? 0 : 1), "\(testDescription)")
        } catch let error as StoreError {
            #expect(error.server.number == code, "\(testDescription): \(error)")
        }
        #expect(try store.find(FindQuery()) == [expected], "\(testDescription)")
    }
}

/// An update with `upsert` that finds nothing.
struct UpsertCase: Sendable, CustomTestStringConvertible {
    let filter: String
    let update: String
    let inserted: String?
    let code: Int?
    let reason: String

    init(_ filter: String, _ update: String, inserts inserted: String, _ reason: String) {
        (self.filter, self.update, self.inserted, code, self.reason) = (filter, update, inserted, nil, reason)
    }

    init(_ filter: String, _ update: String, fails code: Int, _ reason: String) {
        (self.filter, self.update, inserted, self.code, self.reason) = (filter, update, nil, code, reason)
    }

    var testDescription: String { "\(update) for \(filter): \(reason)" }

    func check() throws {
        let store = try SemanticsStore()
        var request = UpdateRequest(try bsonDocument(filter), try ExtendedJSON.value(from: update))
        request.upsert = true
        do {
            let outcome = try store.update(request)
            #expect(code == nil, "\(testDescription): not refused")
            let id = try #require(outcome.upsertedID)
            #expect(outcome.matched == 0 && outcome.modified == 0, "\(testDescription)")
            let expected = try bsonDocument(try #require(inserted)).identified(id)
            #expect(try store.find(FindQuery()) == [expected], "\(testDescription)")
        } catch let error as StoreError {
            #expect(error.server.number == code, "\(testDescription): \(error)")
            #expect(try store.find(FindQuery()).isEmpty, "\(testDescription)")
        }
    }
}

// MARK: Reads

/// A projection of one document.
struct ProjectionCase: Sendable, CustomTestStringConvertible {
    let projection: String
    let document: String
    let expected: String?
    let code: Int?
    let filter: String
    let reason: String

    init(_ projection: String, of document: String, is expected: String, where filter: String = "{}", _ reason: String)
    {
        (self.projection, self.document, self.expected, code) = (projection, document, expected, nil)
        (self.filter, self.reason) = (filter, reason)
    }

    init(
        _ projection: String, of document: String = #"{"_id":1}"#, fails code: Int, where filter: String = "{}",
        _ reason: String
    ) {
        (self.projection, self.document, expected, self.code) = (projection, document, nil, code)
        (self.filter, self.reason) = (filter, reason)
    }

    var testDescription: String { "\(projection) of \(document): \(reason)" }

    func check() throws {
        let store = try SemanticsStore()
        try store.insert([try bsonDocument(document).identified(1)])
        let query = FindQuery(try bsonDocument(filter), projection: try bsonDocument(projection))
        do {
            let found = try store.find(query)
            #expect(code == nil, "\(testDescription): not refused")
            #expect(found == [try bsonDocument(expected ?? "{}")], "\(testDescription)")
        } catch let error as StoreError {
            #expect(error.server.number == code, "\(testDescription): \(error)")
        }
    }
}

/// Documents, given in the order that a sort must give them.
struct SortCase: Sendable, CustomTestStringConvertible {
    let sort: String
    let ordered: String
    let reason: String
    let collation: Collation?

    init(_ sort: String, _ ordered: String, _ reason: String, by: Collation? = nil) {
        (self.sort, self.ordered, self.reason, collation) = (sort, ordered, reason, by)
    }

    var testDescription: String { "\(sort): \(reason)" }

    func check() throws {
        let pattern = try bsonDocument(sort)
        let documents = try Document.list(ordered).enumerated().map { $1.identified(BSONValue($0)) }
        let expected = documents.map { $0["_id"] }
        let options = QueryOptions(collation: collation)
        // Equal ones keep their order, which is that of `_id`; else the order of insertion must not help.
        for shift in 0..<2 {
            let store = try SemanticsStore()
            try store.insert(shift == 0 ? documents : documents.reversed())
            let query = FindQuery(sort: pattern, options: options)
            #expect(try store.find(query).map { $0["_id"] } == expected, "\(testDescription)")
            guard try store.index(pattern, collation) else { continue }
            #expect(try store.find(query).map { $0["_id"] } == expected, "\(testDescription), by index")
            let limited = FindQuery(sort: pattern, limit: 2, options: options)
            #expect(try store.find(limited).map { $0["_id"] } == Array(expected.prefix(2)), "\(testDescription)")
        }
    }
}
