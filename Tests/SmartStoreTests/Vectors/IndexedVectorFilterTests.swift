// Filters of vector searches that indexes of the collection answer: the same hits as without indexes, the first time
// too, in write transactions and after changes; and how little is read for them.

import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("Filters of vector searches, by indexes")
struct IndexedVectorFilterTests {
    /// Two stores of the same content, one of them with indexes, and what both do from one seed.
    private final class Pair {
        static let indexes: [IndexSpecification] = [
            IndexSpecification(["a": 1]), IndexSpecification(["b": -1, "a": 1]), IndexSpecification(["tags": 1]),
            IndexSpecification(["t": 1], isSparse: true),
            IndexSpecification(["c": 1], partialFilter: ["a": ["$gte": 10]]),
        ]

        let plain: Store
        let indexed: Store
        let random: SeededRandomSource
        let isMultiple: Bool

        init(seed: UInt64, multiple: Bool) throws {
            random = SeededRandomSource(seed: seed)
            isMultiple = multiple
            let stores = try (0..<2).map { _ in
                let disk = SimulatedDisk()
                disk.stopRecording()
                let store = try StoreFixture.create(disk, encrypted: false)
                try store.writeSync { (tx) throws in
                    try tx.createVectorIndex(on: "n", field: "v", dimension: 8, storage: .float32, multiple: multiple)
                }
                return store
            }
            (plain, indexed) = (stores[0], stores[1])
            let documents = (0..<400).map { document($0) }
            for store in stores {
                try store.writeSync { (tx) throws in
                    for document in documents { try tx.collection("n").insert(document) }
                }
                try store.linkVectors()
            }
            for index in Self.indexes { try indexed.createIndex(on: "n", index) }
        }

        func number(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

        func document(_ id: Int) -> Document {
            var document: Document = [
                "_id": id % 3 == 0 ? .string("long name of a document, number \(id)") : BSONValue(id)
            ]
            document.append("a", BSONValue(number(20)))
            if number(5) > 0 { document.append("b", BSONValue(number(8))) }
            document.append("c", BSONValue(number(6)))
            if number(3) > 0 { document.append("t", .string("text \(number(30))")) }
            document.append("tags", .array((0..<number(4)).map { _ in BSONValue(number(12)) }))
            func vector() -> BSONValue { Vector(StoreFixture.vector(random.next() >> 1)).value }
            if number(10) > 0 {
                document.append("v", isMultiple ? .array((0...number(3)).map { _ in vector() }) : vector())
            }
            return document
        }

        func filter() -> Document {
            let (a, b, c, tag) = (
                BSONValue(number(22)), BSONValue(number(9)), BSONValue(number(7)), BSONValue(number(13))
            )
            switch number(16) {
            case 0: return ["a": a]
            case 1: return ["a": ["$gte": a, "$lt": BSONValue((a.int ?? 0) + 2)]]
            case 2: return ["a": a, "b": b]
            case 3: return ["b": b, "tags": tag]
            case 4: return ["tags": tag]
            case 5: return ["tags": ["$gt": tag, "$lt": 9]]
            case 6: return ["tags": ["$elemMatch": ["$gt": tag, "$lte": BSONValue((tag.int ?? 0) + 2)]]]
            case 7: return ["$or": [["a": a], ["b": b]]]
            case 8: return ["a": a, "t": ["$regex": "^text 1"]]
            case 9: return ["t": ["$in": ["text 1", "text 2", .string("text \(number(30))")]]]
            case 10: return ["b": .null]
            case 11: return ["_id": ["$gt": BSONValue(number(400))], "a": a]
            case 12: return ["a": ["$gte": 12], "c": c]
            case 13: return ["a": ["$ne": a], "b": b]
            case 14: return ["tags": tag, "a": a]
            default: return ["t": "text 3", "$nor": [["a": a]]]
            }
        }

        /// Searches both stores, each in a transaction of its kind.
        func compare(
            _ filter: Document, _ a: some CollectionReading, _ b: some CollectionReading, _ note: String
        ) throws {
            let matching = try a.find(filter).filter { $0["v"] != nil }.count
            for k in [5, 1000] {
                var query = VectorQuery(field: "v", vector: StoreFixture.vector(random.next() >> 1), k: k)
                query.filter = filter
                query.exact = true
                let wanted = try a.search(query)
                #expect(wanted.count == min(k, matching), "\(note), \(filter)")
                #expect(try b.search(query) == wanted, "\(note), \(filter), k \(k)")
                query.exact = false
                query.breadth = 400
                let found = try b.search(query)
                #expect(found.count == wanted.count, "\(note), \(filter), k \(k), by the graph")
                if k > matching { #expect(Set(found.map(\.id)) == Set(wanted.map(\.id)), "\(note), \(filter)") }
            }
        }

        /// The same changes in both.
        func change(_ transactions: [WriteTransaction]) throws {
            for _ in 0..<12 {
                let (id, kind, fresh) = (number(400), number(4), document(400 + number(200)))
                let (set, tag) = (BSONValue(number(20)), BSONValue(number(12)))
                let moved = document(id)
                for tx in transactions {
                    let notes = tx.collection("n")
                    switch kind {
                    case 0: _ = try notes.update(["a": set], ["$set": ["b": set], "$push": ["tags": tag]], multi: true)
                    case 1: _ = try notes.delete(moved["_id"] ?? .null)
                    case 2: try notes.replace(moved["_id"] ?? .null, with: moved, upsert: true)
                    default: try notes.replace(fresh["_id"] ?? .null, with: fresh, upsert: true)
                    }
                }
            }
        }
    }

    @Test(
        "hits are the same with and without indexes, in readers, in writers, and after changes",
        arguments: [1, 2, 3, 4, 5, 6], [false, true])
    func sameHits(seed: UInt64, multiple: Bool) throws {
        let pair = try Pair(seed: seed, multiple: multiple)
        var sets = 0
        for round in 0..<3 {
            try pair.plain.readSync { (a) throws in
                try pair.indexed.readSync { (b) throws in
                    for step in 0..<24 {
                        let filter = pair.filter()
                        let (plain, indexed) = (a.collection("n"), b.collection("n"))
                        let note = "seed \(seed), round \(round), step \(step)"
                        var query = VectorQuery(field: "v", vector: VectorFixture.query(step), k: 5)
                        query.filter = filter
                        query.exact = step % 2 == 0
                        let plan = try indexed.filterExplanation(query, verbosity: .queryPlanner)
                        if plan?["stage"] == "ROW_SET" { sets += 1 }
                        try pair.compare(filter, plain, indexed, note)
                        // By what was kept.
                        try pair.compare(filter, plain, indexed, note + ", again")
                    }
                }
            }
            try pair.plain.writeSync { (a) throws in
                try pair.indexed.writeSync { (b) throws in
                    try pair.change([a, b])
                    for step in 0..<12 {
                        let note = "seed \(seed), round \(round), step \(step), in a writer"
                        try pair.compare(pair.filter(), a.collection("n"), b.collection("n"), note)
                    }
                }
            }
        }
        #expect(sets > 12, "seed \(seed): indexes answered \(sets) filters")
    }

    /// 2,000 documents: `a` is n % 100, `b` n % 90, `tags` two numbers, `half` whether n is even.
    private func large() throws -> Store {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk, encrypted: false)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "n", field: "v", dimension: 8)
            for keys: Document in [["a": 1], ["b": 1], ["tags": 1], ["half": 1]] {
                _ = try tx.createIndex(on: "n", IndexSpecification(keys))
            }
            for n in 0..<2000 {
                try tx.collection("n").insert([
                    "_id": BSONValue(n), "a": BSONValue(n % 100), "b": BSONValue(n % 90), "half": .bool(n % 2 == 0),
                    "tags": [BSONValue(n % 50), BSONValue(n % 70)], "v": Vector(StoreFixture.vector(UInt64(n))).value,
                ])
            }
        }
        return store
    }

    private func explain(_ filter: Document, in store: Store, exact: Bool = false) throws -> Document {
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 10)
        query.filter = filter
        query.exact = exact
        return try store.readSync { (tx) throws in
            try #require(try tx.collection("n").filterExplanation(query, verbosity: .executionStats))
        }
    }

    @Test("where indexes say all that a filter says, its rows are found without reading a document")
    func noDocuments() throws {
        let store = try large()
        let one = try explain(["a": 7], in: store)
        #expect(one["stage"] == "ROW_SET" && one[path: "inputStage.stage"] == "IXSCAN", "\(one)")
        #expect(one[path: "inputStage.indexName"] == "a_1")
        #expect(one["docsExamined"] == 0 && one["keysExamined"] == 20 && one["nReturned"] == 10, "\(one)")
        let tag = try explain(["tags": 3], in: store)
        #expect(tag[path: "inputStage.indexName"] == "tags_1" && tag["docsExamined"] == 0, "\(tag)")
        let range = try explain(["a": ["$gte": 40, "$lt": 43]], in: store)
        #expect(range["keysExamined"] == 60 && range["docsExamined"] == 0, "\(range)")
        let both = try explain(["tags": 3, "half": true], in: store)
        #expect(both["stage"] == "ROW_SET", "\(both)")
    }

    @Test("two indexes that say all of a filter together are enough for counting and for its rows")
    func exactIntersection() throws {
        let store = try large()
        let filter: Document = ["a": ["$gte": 40, "$lt": 60], "b": ["$gte": 40, "$lt": 60]]
        let truth = (0..<2000).filter { (40..<60).contains($0 % 100) && (40..<60).contains($0 % 90) }
        try store.readSync { (tx) throws in
            let answers = try tx.collection("n").everyPlan(FindQuery(filter))
            let pair = try #require(answers.first { $0.plan.hasPrefix("intersection") })
            #expect(pair.count == truth.count && pair.keys.count == truth.count)
            #expect(Set(pair.documents.compactMap { $0["_id"]?.int }) == Set(truth))
        }
        let plan = try explain(filter, in: store, exact: true)
        #expect(plan["nReturned"] == 10 && plan["docsExamined"] == 0, "\(plan)")
        #expect(plan[path: "inputStage.stage"] == "AND_HASH", "\(plan)")
        // What one of them leaves open, documents have to say.
        let open = try explain(["a": 7, "b": ["$gte": 40], "half": ["$type": "bool"]], in: store)
        #expect((open["docsExamined"]?.int ?? 0) > 0, "\(open)")
    }

    @Test("what indexes leave open is held against the few documents that they find")
    func residual() throws {
        let store = try large()
        let plan = try explain(["a": 7, "v": ["$exists": true], "b": ["$mod": [2, 1]]], in: store)
        #expect(plan["stage"] == "ROW_SET" && plan[path: "inputStage.stage"] == "FETCH", "\(plan)")
        #expect(plan[path: "inputStage.inputStage.indexName"] == "a_1" && plan["docsExamined"] == 20, "\(plan)")
        let union = try explain(["$or": [["a": 7], ["b": 8]]], in: store)
        #expect(union["stage"] == "ROW_SET", "\(union)")
        let found = try #require(union["docsExamined"]?.int)
        #expect(found > 0 && found < 50, "\(union)")
    }

    @Test("a filter that most documents pass is asked about row by row, and is a set by the index when it comes again")
    func weakFilter() throws {
        let store = try large()
        let filter: Document = ["a": ["$gte": 0]]
        let plan = try explain(filter, in: store)
        #expect(plan["stage"] == "ROW_TEST" && plan["nReturned"] == 10, "\(plan)")
        #expect(plan["keysExamined"] == 0 && (plan["docsExamined"]?.int ?? 0) > 0, "\(plan)")
        #expect(try explain(["_id": ["$in": [1, 2, 3]]], in: store)["stage"] == "ROW_LIST")
        try store.readSync { (tx) throws in
            let entry = try #require(try tx.entry("n"))
            let index = try tx.index(on: "n", field: "v")
            func make() throws -> VectorFilter {
                try VectorFilter(filter, in: entry, index, tx, VectorFilterPlan.Effort(breadth: 64))
            }
            guard case .predicate? = try make().rows else {
                Issue.record("the first time it is no question")
                return
            }
            let second = try make()
            guard case .rows(let set)? = second.rows else {
                Issue.record("the second time it is no set")
                return
            }
            #expect(set.count == 2000)
            #expect(second.counters.keysExamined == 2000 && second.documentsExamined == 0)
            #expect(try make().counters.keysExamined == 0, "kept")
        }
    }

    @Test("a set is kept until a commit changes the index")
    func kept() throws {
        let store = try large()
        let cache = try #require(store.segments.all.first).filters
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 100)
        query.filter = ["a": 7]
        func search() throws -> [SearchHit] { try store.readSync { try $0.collection("n").search(query) } }
        #expect(try search().count == 20)
        #expect(cache.byteCount > 0, "after the first search")
        let old = try store.beginRead()
        defer { old.close() }
        try store.writeSync { (tx) throws in
            let notes = tx.collection("n")
            _ = try notes.update(["_id": 8], ["$set": ["a": 7]])
            try notes.delete(7)
            try notes.delete(107)
            #expect(try notes.search(query).count == 19)
            #expect(cache.byteCount > 0, "a writer's own rows are not kept")
        }
        #expect(cache.byteCount == 0)
        #expect(try search().count == 19)
        #expect(try old.collection("n").search(query).count == 20, "an older view sees what it saw")
        #expect(try search().map(\.id).contains(8))
    }

    @Test("groups of a filter that indexes answer are those that documents give")
    func groups() throws {
        let store = try large()
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 30)
        query.filter = ["b": ["$lt": 2]]
        query.groupBy = "tags.0"
        query.groupSize = 2
        query.exact = true
        let found = try store.readSync { try $0.collection("n").search(query) }
        let passing = (0..<2000).filter { $0 % 90 < 2 }
        #expect(Set(found.compactMap { $0.group?.int }) == Set(passing.map { $0 % 50 }))
        #expect(Set(found.compactMap(\.id.int)).isSubset(of: passing))
    }
}
