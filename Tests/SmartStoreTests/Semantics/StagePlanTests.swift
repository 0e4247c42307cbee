// What pipelines spare themselves: index use, top-k sorts, counts and groups without documents, fields read in place,
// and the limits of memory.

import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("Stages: plans and memory")
struct StagePlanTests {
    /// 200 documents: `a` from 0 to 19, `b` descending, `s` a text; indexes on (a, b) and on s.
    private func store(options: StoreOptions? = nil) throws -> Store {
        let store = try StageCase.store([:], options: options)
        try store.writeSync { (tx) throws in
            for number in 0..<200 {
                try tx.collection("c").insert([
                    "_id": BSONValue(number), "a": BSONValue(number % 20), "b": BSONValue(200 - number),
                    "s": .string("text \(number % 5)"), "filler": .string(String(repeating: "x", count: 300)),
                ])
            }
        }
        try store.createIndex(on: "c", IndexSpecification(["a": 1, "b": 1]))
        try store.createIndex(on: "c", IndexSpecification(["s": 1]))
        return store
    }

    private func explain(_ store: Store, _ stages: String) throws -> Document {
        let runner = CommandRunner(store: store, actor: "tester")
        let pipeline = BSONValue.array(try TableText.documents(stages).map { .document($0) })
        let reply = runner.run([
            "explain": ["aggregate": "c", "pipeline": pipeline, "cursor": [:]], "verbosity": "executionStats",
        ])
        // Where stages follow, the plan is that of the first of them.
        return reply["stages"]?.array?.first?.document?["$cursor"]?.document ?? reply
    }

    private func aggregate(_ store: Store, _ stages: String) throws -> [Document] {
        let stages = try TableText.documents(stages)
        return try store.readSync { (tx) throws in
            let documents: CollectionReader = tx.collection("c")
            return try documents.aggregate(stages)
        }
    }

    /// The names of the stages of the winning plan, outermost first.
    private func names(_ reply: Document) -> [String] {
        var names: [String] = []
        var stage = reply[path: "queryPlanner.winningPlan"]?.document
        while let present = stage {
            names.append(present["stage"]?.string ?? "")
            stage = present["inputStage"]?.document
        }
        return names
    }

    @Test("$match in front uses an index, wherever a $sort stands")
    func matches() throws {
        let store = try store()
        defer { try? store.close() }
        for stages in [
            "{'$match': {'a': 3}}, {'$project': {'b': 1}}", "{'$match': {'a': 3}}, {'$match': {'b': {'$gt': 0}}}",
            "{'$sort': {'filler': 1}}, {'$match': {'a': 3}}",
        ] {
            let reply = try explain(store, stages)
            #expect(names(reply).contains("IXSCAN"), "\(stages)")
            #expect(reply[path: "executionStats.totalDocsExamined"]?.int == 10, "\(stages)")
        }
        #expect(try names(explain(store, "{'$project': {'a': 1}}, {'$match': {'a': 3}}")).contains("COLLSCAN"))
        #expect(
            try aggregate(store, "{'$sort': {'_id': -1}}, {'$match': {'a': 3}}, {'$limit': 1}").first?["_id"] == 183)
    }

    @Test("$match, $sort and $limit read no more of an index than they hand out")
    func limitedOrder() throws {
        let store = try store()
        defer { try? store.close() }
        let reply = try explain(store, "{'$match': {'a': 3}}, {'$sort': {'b': -1}}, {'$limit': 2}")
        #expect(!names(reply).contains("SORT"))
        #expect(reply[path: "executionStats.totalDocsExamined"]?.int == 2)
    }

    @Test("$sort with $limit, and with $skip before it, keeps only what is wanted")
    func topDocuments() throws {
        let store = try store()
        defer { try? store.close() }
        let reply = try explain(store, "{'$sort': {'filler': 1, 'b': 1}}, {'$skip': 3}, {'$limit': 2}")
        #expect(names(reply) == ["LIMIT", "SKIP", "SORT", "COLLSCAN"])
        #expect(reply[path: "queryPlanner.winningPlan.inputStage.inputStage.limitAmount"]?.int == 5)
    }

    @Test("$count is answered by the index alone, and of everything by the collection's number")
    func counts() throws {
        let store = try store()
        defer { try? store.close() }
        let reply = try explain(store, "{'$match': {'a': {'$gte': 18}}}, {'$count': 'n'}")
        #expect(names(reply) == ["COUNT", "COUNT_SCAN"])
        #expect(reply[path: "executionStats.totalDocsExamined"]?.int == 0)
        #expect(try aggregate(store, "{'$match': {'a': {'$gte': 18}}}, {'$count': 'n'}") == [["n": 20]])
        #expect(try aggregate(store, "{'$count': 'n'}") == [["n": 200]])
    }

    @Test("$group over fields of an index reads no documents")
    func coveredGroups() throws {
        let store = try store()
        defer { try? store.close() }
        let stages =
            "{'$match': {'a': {'$gte': 18}}}, {'$group': {'_id': '$a', 'n': {'$sum': '$b'}}}, {'$sort': {'_id': 1}}"
        let reply = try explain(store, stages)
        #expect(names(reply) == ["PROJECTION_COVERED", "IXSCAN"])
        #expect(reply[path: "executionStats.totalDocsExamined"]?.int == 0)
        var sums = [0, 0]
        for number in 0..<200 where number % 20 >= 18 { sums[number % 20 - 18] += 200 - number }
        let groups: [Document] = [
            ["_id": 18, "n": BSONValue(sums[0])], ["_id": 19, "n": BSONValue(sums[1])],
        ]
        #expect(try aggregate(store, stages) == groups)
    }

    /// Documents that may be read in place only.
    private final class LentDocuments: DocumentSource {
        let inner: ListedDocuments
        var decoded = 0

        init(_ documents: [Document]) { inner = ListedDocuments(documents) }

        func advance() throws -> Bool { try inner.advance() }
        func withCurrent(_ body: (BSONBytes) throws -> Void) throws { try inner.withCurrent(body) }
        func current() throws -> Document {
            decoded += 1
            return try inner.current()
        }
    }

    @Test("$group reads fields in place and decodes no document")
    func readsInPlace() throws {
        let documents = try TableText.documents(
            "{'a': 'x', 'n': 1, 'long field name': 5}, {'n': 2, 'a': 'x', 'other long name': 7}, {'a': 'y', 'n': 3}")
        let source = LentDocuments(documents)
        let stage = try GroupStage(
            TableText.value("{'_id': '$a', 'n': {'$sum': '$n'}, 'l': {'$max': '$long field name'}}"),
            options: .standard)
        let groups = GroupSource(stage, source, byteLimit: 1 << 20)
        let wanted = try TableText.documents("{'_id': 'x', 'n': 3, 'l': 5}, {'_id': 'y', 'n': 3, 'l': null}")
        #expect(try groups.rest() == wanted)
        #expect(source.decoded == 0)
    }

    @Test("groups by many keys, each once")
    func manyGroups() throws {
        let documents = (0..<150_000).map { ["a": BSONValue($0 % 75_000), "n": BSONValue($0)] as Document }
        let stage = try GroupStage(TableText.value("{'_id': '$a', 'n': {'$max': '$n'}}"), options: .standard)
        let groups = try GroupSource(stage, ListedDocuments(documents), byteLimit: 1 << 30).rest()
        #expect(groups.count == 75_000)
        #expect(groups.allSatisfy { $0["n"]?.int == ($0["_id"]?.int ?? 0) + 75_000 })
    }

    @Test("groups with a collation are of equal texts, and their extremes are by it")
    func collatedGroups() throws {
        let options = QueryOptions(collation: try Collation(["locale": "en", "strength": 2]))
        let stage = try GroupStage(
            TableText.value("{'_id': '$a', 'n': {'$sum': 1}, 'm': {'$max': '$b'}, 's': {'$addToSet': '$b'}}"),
            options: options)
        let documents = try TableText.documents("{'a': 'x', 'b': 'a'}, {'a': 'X', 'b': 'B'}, {'a': 'x', 'b': 'b'}")
        let wanted = try TableText.documents("{'_id': 'x', 'n': 3, 'm': 'B', 's': ['a', 'B']}")
        #expect(try GroupSource(stage, ListedDocuments(documents), byteLimit: 1 << 20).rest() == wanted)
        let equal = try AggregationExpression(TableText.value("{'$eq': ['$a', 'X']}"), options: options)
        #expect(try equal.evaluate(documents[0]) == .bool(true))
    }

    @Test("groups beyond the memory limit are refused with MongoDB's code")
    func memoryLimit() throws {
        var options = StoreFixture.options()
        options.groupByteLimit = 1 << 16
        let store = try store(options: options)
        defer { try? store.close() }
        for stages in [
            "{'$group': {'_id': null, 'all': {'$push': '$$ROOT'}}}",
            "{'$unwind': '$filler'}, {'$group': {'_id': null, 'all': {'$push': {'a': '$a', 'f': '$filler', 'g': '$filler', 'h': '$filler'}}}}",
        ] {
            do {
                let found = try aggregate(store, stages)
                Issue.record("no refusal but \(found.count) groups")
            } catch let error as StoreError {
                #expect(error.server.number == 292)
                #expect(error.server.name == "QueryExceededMemoryLimitNoDiskUseAllowed")
            }
        }
        #expect(try aggregate(store, "{'$group': {'_id': '$s', 'n': {'$sum': 1}}}").count == 5)
        options.groupByteLimit = 1
        #expect(throws: StoreError.self) { try StageCase.store([:], options: options) }
    }

    @Test("$vectorSearch gives the nearest, filtered and limited, with their scores")
    func vectors() throws {
        let fixture = try VectorFixture(count: 100)
        defer { try? fixture.store.close() }
        let query = BSONValue.array(VectorFixture.query(1).map { .double(Double($0)) })
        func search(_ fields: Document, _ more: Document...) throws -> [Document] {
            var stage: Document = ["path": "v", "queryVector": query, "limit": 5, "numCandidates": 100]
            for (name, value) in fields { stage[name] = value }
            let stages = [["$vectorSearch": .document(stage)]] + more
            return try fixture.store.readSync { (tx) throws in
                let documents: CollectionReader = tx.collection("n")
                return try documents.aggregate(stages)
            }
        }
        let best = fixture.ranking([VectorFixture.query(1)])
        let plain = try search([:], ["$project": ["n": 1, "score": ["$meta": "vectorSearchScore"]]])
        #expect(plain.map { $0["n"]?.int } == best.prefix(5).map(\.number))
        for (document, expected) in zip(plain, best) {
            #expect(abs((document["score"]?.double ?? .nan) - expected.score) < 1e-5)
        }
        let set = try search([:], ["$set": ["score": ["$meta": "vectorSearchScore"]]])
        #expect(set.map { $0["score"] } == plain.map { $0["score"] })
        let whole = try search([:])
        #expect(whole.count == 5)
        #expect(whole.allSatisfy { $0.keys.last == "v" })
        let filtered = try search(["filter": ["g": 3], "exact": true])
        let found: [Int] = filtered.compactMap { $0["n"]?.int }
        var wanted: [Int] = []
        for (number, _) in best where number % 10 != 0 && number % 7 == 3 { wanted.append(number) }
        #expect(found == Array(wanted.prefix(5)))
        func code(_ fields: Document) throws -> Int? {
            do {
                _ = try search(fields)
                return nil
            } catch let error as StoreError { return error.server.number }
        }
        #expect(try code(["limit": 0]) == 2)
        #expect(try code(["numCandidates": 2]) == 2)
        #expect(try code(["other": 1]) == 40415)
        #expect(try code(["queryVector": .null]) == 9)
        #expect(try code(["queryVector": "x"]) != nil)
    }
}
