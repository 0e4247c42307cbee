// Filters of vector searches: as lists, as sets that are kept, as questions; and when what is kept stops to hold.

import SmartStore
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
        query.filter = ["_id": ["$in": [.null, 3]]]
        #expect(try fixture.search(query).map(\.number) == [3])
        #expect(try cache(fixture).byteCount == 0)
        query.filter = ["$or": [["_id": 3], ["_id": 4]]]
        #expect(try fixture.search(query).map(\.number) == ranked([3, 4]))
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
