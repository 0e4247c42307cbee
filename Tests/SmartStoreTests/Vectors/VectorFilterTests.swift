// Filters of vector searches: as lists, as sets that are kept, as questions; and when what is kept stops to hold.

import Dispatch
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("Filters of vector searches")
struct VectorFilterTests {
    private func cache(_ fixture: VectorFixture) throws -> VectorFilterCache {
        try #require(fixture.store.segments.all.first).filters
    }

    @Test("every filter gives k hits when k match, the true ones, the first time and when it comes again")
    func comesAgain() throws {
        let fixture = try VectorFixture(count: 1500)
        let filters: [(Document, (Int) -> Bool)] = [
            (["n": ["$gte": 1495]], { $0 >= 1495 }), (["n": ["$lt": 15]], { $0 < 15 }),
            (["n": ["$gte": 300]], { $0 >= 300 }),
            (["g": 3], { $0 % 10 != 0 && $0 % 7 == 3 }), (["n": -1], { _ in false }),
            (["v": ["$exists": true]], { _ in true }),
            (["_id": ["$gt": 1490]], { $0 > 1490 }),
        ]
        for (number, (filter, passes)) in filters.enumerated() {
            for round in 0..<4 {
                var query = VectorQuery(field: "v", vector: VectorFixture.query(number * 10 + round), k: 10)
                query.filter = filter
                query.breadth = 400
                let truth = fixture.ranking(query.vectors, where: passes).prefix(10).map(\.number)
                #expect(try fixture.search(query).map(\.number) == truth, "filter \(number), round \(round)")
            }
        }
        #expect(try cache(fixture).byteCount > 0)
    }

    @Test("a filter that names its documents looks at these alone")
    func identified() throws {
        let fixture = try VectorFixture()
        let ids: BSONValue = [3, 5.0, 7, 7, 11, 9999, "x"]
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 10)
        func ranked(_ numbers: Set<Int>) -> [Int] {
            fixture.ranking(query.vectors) { numbers.contains($0) }.map(\.number)
        }
        query.filter = ["_id": ["$in": ids]]
        #expect(try fixture.search(query).map(\.number) == ranked([3, 5, 7, 11]))
        query.filter = ["_id": ["$in": ids], "n": ["$gt": 4]]
        #expect(try fixture.search(query).map(\.number) == ranked([5, 7, 11]))
        query.filter = ["_id": 5]
        #expect(try fixture.search(query).map(\.number) == [5])
        query.filter = ["_id": ["$in": []]]
        #expect(try fixture.search(query).isEmpty)
        #expect(try cache(fixture).byteCount == 0)
        query.filter = ["_id": ["$in": [.null, 3]]]
        #expect(try fixture.search(query).map(\.number) == [3])
        query.filter = ["$or": [["_id": 3], ["_id": 4]]]
        #expect(try fixture.search(query).map(\.number) == ranked([3, 4]))
    }

    @Test("a question that met every row is a set from then on, and a long list of names too")
    func metOnTheWay() throws {
        let fixture = try VectorFixture()
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 10)
        query.exact = true
        query.filter = ["n": ["$mod": [40, 1]]]
        let truth = fixture.ranking(query.vectors) { $0 % 40 == 1 }.map(\.number)
        #expect(try fixture.search(query).map(\.number) == truth)
        let kept = try cache(fixture).byteCount
        #expect(kept > 0, "kept after the first search")
        #expect(try fixture.search(query).map(\.number) == truth && cache(fixture).byteCount == kept)
        query.filter = ["_id": ["$in": .array((0..<100).map { BSONValue($0 * 3) })]]
        let named = Array(fixture.ranking(query.vectors) { $0 % 3 == 0 && $0 < 300 }.map(\.number).prefix(10))
        for _ in 0..<3 { #expect(try fixture.search(query).map(\.number) == named) }
        #expect(try cache(fixture).byteCount > kept)
    }

    @Test("groupings that come again are listed, and are those that reading the documents gives")
    func listedGroups() throws {
        let fixture = try VectorFixture(count: 1500)
        for seed in 0..<8 {
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 5)
            query.exact = true
            query.groupBy = "g"
            query.groupSize = 3
            let listed = try fixture.search(query)
            // A question of its own each time is never listed.
            query.filter = ["n": ["$gte": BSONValue(-1 - seed)]]
            #expect(try fixture.search(query) == listed, "seed \(seed)")
        }
        try fixture.store.writeSync { (tx) throws in
            _ = try tx.collection("n").update([:], ["$set": ["g": 1]], multi: true)
        }
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 5)
        query.groupBy = "g"
        for _ in 0..<3 { #expect(try fixture.search(query).count == 1) }
    }

    @Test("what was kept is forgotten by a commit that changes the index, and stays at one that does not")
    func changes() throws {
        let fixture = try VectorFixture()
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 400)
        query.filter = ["flag": true]
        for _ in 0..<3 { #expect(try fixture.search(query).isEmpty) }
        let kept = try cache(fixture).byteCount
        #expect(kept > 0)
        try fixture.store.writeSync { (tx) throws in
            try tx.collection("other").insert(["_id": 1])
            try tx.collection("n").insert(["_id": "no vector", "flag": true])
            try tx.cache.set("k", [1])
        }
        #expect(try fixture.search(query).isEmpty && cache(fixture).byteCount == kept)
        let old = try fixture.store.beginRead()
        defer { old.close() }
        try fixture.store.writeSync { (tx) throws in
            _ = try tx.collection("n").update(["n": ["$lt": 5]], ["$set": ["flag": true]], multi: true)
            #expect(try tx.collection("n").search(query).count == 5)
        }
        for _ in 0..<3 {
            #expect(try fixture.search(query).count == 5)
            #expect(try old.collection("n").search(query).isEmpty, "an older view sees what it saw")
        }
        try fixture.store.writeSync { (tx) throws in
            try tx.collection("n").delete(2)
            #expect(try tx.collection("n").search(query).count == 4)
        }
        for _ in 0..<3 { #expect(try fixture.search(query).map(\.number).sorted() == [0, 1, 3, 4]) }
    }

    @Test(
        "readers beside a writer find just what matches in their own view, whatever is kept for others",
        arguments: [1, 2])
    func besideWriter(seed: UInt64) throws {
        var options = StoreFixture.options()
        options.runsBackgroundWork = true
        let fixture = try VectorFixture(count: 300, options: options)
        let store = fixture.store
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            let random = SeededRandomSource(seed: seed * 10 + UInt64(worker))
            for step in 0..<60 {
                do {
                    if worker == 0 {
                        try store.writeSync(durability: .relaxed) { (tx) throws in
                            let number = BSONValue(Int(random.next() % 300))
                            let notes = tx.collection("n")
                            switch random.next() % 4 {
                            case 0: try notes.delete(number)
                            case 1: _ = try notes.update(["_id": number], ["$set": ["flag": true, "g": 9]])
                            case 2: _ = try notes.update(["_id": number], ["$unset": ["flag": 1]])
                            default:
                                var document = VectorFixture.document(
                                    number.int ?? 0, StoreFixture.vector(random.next()))
                                document["flag"] = true
                                try notes.replace(number, with: document, upsert: true)
                            }
                        }
                    } else {
                        try store.readSync { (tx) throws in
                            let notes = tx.collection("n")
                            var query = VectorQuery(field: "v", vector: StoreFixture.vector(random.next()), k: 1000)
                            query.filter = ["flag": true]
                            let truth = Set(try notes.find(["flag": true]).compactMap { $0["_id"]?.int })
                            let hits = try notes.search(query)
                            #expect(hits.count == truth.count && Set(hits.map(\.number)) == truth, "\(worker) \(step)")
                            query.filter = nil
                            query.groupBy = "flag"
                            query.groupSize = 1000
                            #expect(Set(try notes.search(query).map(\.number)) == truth, "\(worker) \(step)")
                        }
                    }
                } catch { Issue.record("seed \(seed), worker \(worker), step \(step): \(error)") }
            }
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("a cache of answers stays below its limit, lets the oldest go, and takes no answer of another time")
    func bounded() {
        func set(_ rows: ClosedRange<UInt32>) -> RowSet { RowSet(Array(rows)) }
        let one = set(0...8191).byteCount
        let cache = VectorFilterCache(byteLimit: one * 3 + 100)
        func isKnown(_ key: UInt8, at sequence: UInt64 = 5) -> Bool {
            if case .known = cache.find([key], at: sequence) { true } else { false }
        }
        for key: UInt8 in 1...3 { cache.keep(.rows(set(0...8191)), for: [key], at: 5) }
        #expect(isKnown(1) && isKnown(2) && isKnown(3))
        #expect(isKnown(1))
        cache.keep(.rows(set(0...8191)), for: [4], at: 5)
        #expect(isKnown(1) && !isKnown(2) && isKnown(3) && isKnown(4))
        #expect(cache.byteCount <= one * 3 + 100)
        cache.keep(.rows(set(0...100_000)), for: [5], at: 5)
        #expect(!isKnown(5), "larger than the limit")
        cache.changed(at: 9)
        #expect(cache.byteCount == 0)
        cache.keep(.rows(set(0...10)), for: [6], at: 8)
        #expect(!isKnown(6, at: 9) && !isKnown(6, at: 8))
        cache.keep(.rows(set(0...10)), for: [6], at: 9)
        #expect(isKnown(6, at: 12) && !isKnown(6, at: 8))
    }
}
