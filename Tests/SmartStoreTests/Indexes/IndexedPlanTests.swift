import SmartStore
import StoreTestSupport
import Testing

/// Cases in which an index once gave something else than the scan of its collection, and what a statement does to several
/// documents of an index at once.
@Suite("Indexed plans")
struct IndexedPlanTests {
    private static func store(_ documents: [Document], _ indexes: IndexSpecification...) throws -> Store {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk)
        try store.writeSync { tx in
            for document in documents { try tx.collection("c").insert(document) }
            for index in indexes { try tx.createIndex(on: "c", index) }
        }
        return store
    }

    /// The `_id`s that every plan finds, which must be the same in order.
    private static func found(_ query: FindQuery, in store: Store) throws -> [Int] {
        let answers = try store.readSync { try $0.collection("c").everyPlan(query) }
        let ids = answers.map { $0.documents.compactMap { $0["_id"]?.int } }
        #expect(Set(ids).count == 1, "\(answers.map(\.plan)) \(ids)")
        for answer in answers { #expect(answer.count == ids[0].count && answer.keys.count == ids[0].count) }
        return ids.first ?? []
    }

    @Test("a stored regular expression is found by its like, which begins with letters")
    func storedPattern() throws {
        let pattern = BSONValue.regex(try BSONRegex(pattern: "^ab"))
        let store = try Self.store(
            [["_id": 1, "a": pattern], ["_id": 2, "a": "abc"], ["_id": 3, "a": "b"]],
            IndexSpecification(["a": 1], name: "a"))
        #expect(try Self.found(FindQuery(["a": pattern], sort: ["_id": 1]), in: store) == [1, 2])
        #expect(try Self.found(FindQuery(["a": pattern], sort: ["_id": 1], hint: "a"), in: store) == [1, 2])
    }

    @Test("texts that begin alike are not one value: what is behind them in the index is not in order")
    func orderBehindPrefix() throws {
        let store = try Self.store(
            [["_id": 1, "a": "ab", "b": 3], ["_id": 2, "a": "abc", "b": 1], ["_id": 3, "a": "abd", "b": 2]],
            IndexSpecification(["a": 1, "b": 1], name: "ab"))
        let query = FindQuery(["a": ["$regex": "^ab"]], sort: ["b": 1], hint: "ab")
        #expect(try Self.found(query, in: store) == [2, 3, 1])
    }

    @Test("a limit counts documents that are there, not names that are asked for")
    func limitOfNames() throws {
        let store = try Self.store([["_id": 3], ["_id": 5], ["_id": 7]])
        let query = FindQuery(["_id": ["$in": [0, 1, 3, 4, 5, 6, 7]]], limit: 2)
        let found = try store.readSync { try $0.collection("c").find(query) }
        #expect(found.compactMap { $0["_id"]?.int } == [3, 5])
    }

    @Test("an index of a field within a document does not stand for the document")
    func dottedIsNotCovered() throws {
        let store = try Self.store(
            [["_id": 1, "a": 1, "d": ["x": .null]], ["_id": 2, "a": 2, "d": ["x": 5]], ["_id": 3, "a": 3]],
            IndexSpecification(["a": 1, "d.x": 1], name: "ad"))
        let filter: Document = ["a": ["$gt": 0], "d.x": ["$ne": 5]]
        let query = FindQuery(filter, sort: ["a": 1], projection: ["a": 1], hint: "ad")
        #expect(try Self.found(query, in: store) == [1, 3])
    }

    @Test(
        "more than MinKey, and less than MaxKey, is a missing field, too, and is not in an index of those that have it",
        arguments: [["$gt": .minKey], ["$gte": .minKey], ["$lt": .maxKey], ["$lte": .maxKey]] as [BSONValue])
    func beyondTheEnds(condition: BSONValue) throws {
        let store = try Self.store(
            [["_id": 1, "a": 1], ["_id": 2]],
            IndexSpecification(["a": 1], name: "a", partialFilter: ["a": ["$exists": true]]))
        #expect(try Self.found(FindQuery(["a": condition], sort: ["_id": 1]), in: store) == [1, 2])
    }

    @Test("deleting by an _id that is not there deletes nothing, and says so")
    func absentIdentifier() throws {
        let store = try Self.store([["_id": 1]])
        #expect(try store.writeSync { try $0.collection("c").deleteMany(["_id": 7]) } == 0)
        #expect(try store.writeSync { try $0.collection("c").deleteMany(["_id": ["$in": [1, 2, 3]]]) } == 1)
    }

    @Test("one statement may hand unique values from document to document", arguments: [1, -1] as [Int32])
    func handedOver(step: Int32) throws {
        let store = try Self.store(
            (1...9).map { ["_id": .int32($0), "a": .int32($0)] },
            IndexSpecification(["a": 1], name: "a", isUnique: true))
        let outcome = try store.writeSync {
            try $0.collection("c").update([:], ["$inc": ["a": .int32(step)]], multi: true)
        }
        #expect(outcome.modified == 9)
        #expect(try Self.found(FindQuery(["a": .int32(5 + step)]), in: store) == [5])
        #expect(try store.check().isClean)
        #expect(throws: StoreError.self) {
            try store.writeSync { _ = try $0.collection("c").update([:], ["$set": ["a": 1]], multi: true) }
        }
        #expect(try Self.found(FindQuery(["a": .int32(5 + step)]), in: store) == [5])
    }

    @Test("an _id that becomes an equal one of another type is so in the indexes, too")
    func otherTypeOfIdentifier() throws {
        let store = try Self.store([["_id": 1, "a": 2]], IndexSpecification(["a": 1], name: "a"))
        try store.writeSync { _ = try $0.collection("c").replace(1, with: ["_id": 1.0, "a": 2]) }
        let query = FindQuery(["a": 2], projection: ["a": 1], hint: "a")
        #expect(try store.readSync { try $0.collection("c").find(query) } == [["_id": 1.0, "a": 2]])
        #expect(try store.check().isClean)
    }
}
