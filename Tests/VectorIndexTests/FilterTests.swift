// Rows that a caller allows: sets, lists and questions, whatever stands in them.

import Testing

@testable import VectorIndex

@Suite("Filters")
struct FilterTests {
    private static let plans: [SearchPlan] = [.automatic, .walk, .scan, .exact]

    @Test("a set of rows behaves as a set of numbers")
    func rowSet() {
        var random = SeededRandom(80)
        var set = RowSet(rowCount: 100)
        var model: Set<UInt32> = []
        for _ in 0..<4000 {
            let row = UInt32.random(in: 0..<900, using: &random)
            if random.next() % 3 == 0 {
                #expect(set.remove(row) == (model.remove(row) != nil))
            } else {
                #expect(set.insert(row) == model.insert(row).inserted)
            }
            #expect(set.count == model.count)
        }
        #expect(set.rows == model.sorted())
        for row in 0..<UInt32(1000) { #expect(set.contains(row) == model.contains(row)) }
        #expect(!set.contains(.max) && !set.remove(.max))
        #expect(RowSet(model).rows == set.rows && RowSet().rows == [])
        #expect(RowSet(rowCount: -5).count == 0)
    }

    @Test("set, list and question of the same rows give the same answers", arguments: [2, 30, 500, 1999])
    func same(count: Int) throws {
        var source = ClusteredVectors(dimension: 100, seed: 81)
        let index = try makeIndex(source.next(2000))
        var random = SeededRandom(UInt64(count))
        let rows = Array((0..<UInt32(2000)).shuffled(using: &random).prefix(count))
        let dead = Set(rows.prefix(count / 8))
        try index.markDeleted(rows: Array(dead), death: 5)
        let set = RowSet(rows)
        let wanted = rows.filter { !dead.contains($0) }
        for query in source.next(5) {
            let exact = try index.exactSearch(query, k: 10, including: .rows(set))
            #expect(exact.count == min(10, wanted.count))
            #expect(exact.allSatisfy { wanted.contains($0.row) })
            for filter in [RowFilter.rows(set), .ids(rows), .predicate { set.contains($0) }] {
                for plan in Self.plans {
                    let hits = try index.search(
                        query, k: 10, breadth: 64, at: .max, including: filter, plan: plan)
                    #expect(hits.count == exact.count && hits.allSatisfy { wanted.contains($0.row) })
                    #expect(Set(hits.map(\.row)).count == hits.count)
                    #expect(Set(hits.map(\.row)).intersection(exact.map(\.row)).count * 10 >= exact.count * 9)
                }
            }
            // A snapshot from before the deaths still sees the dead.
            let before = try index.search(query, k: 2000, breadth: 8, at: 4, including: .rows(set), plan: .automatic)
            #expect(before.count == count)
        }
    }

    @Test("rows beyond the index, in a set or a list, are passed over")
    func outOfRange() throws {
        var source = ClusteredVectors(dimension: 16, seed: 82)
        for count in [1, 31, 32, 33, 300] {
            let index = try makeIndex(source.next(count))
            let beyond: [UInt32] = [UInt32(count), UInt32(count) + 1, 5000, 100_000]
            for plan in Self.plans {
                for filter in [RowFilter.rows(RowSet(beyond)), .ids(beyond + [.max])] {
                    let none = try index.search(
                        source.next(), k: 5, breadth: 8, at: .max, including: filter, plan: plan)
                    #expect(none.isEmpty, "\(count) \(plan)")
                }
                for filter in [RowFilter.rows(RowSet(beyond + [0])), .ids([.max] + beyond + [0])] {
                    let one = try index.search(source.next(), k: 5, breadth: 8, at: .max, including: filter, plan: plan)
                    #expect(one.map(\.row) == [0], "\(count) \(plan)")
                }
            }
            #expect(try index.search(source.next(), k: 5, including: .ids([])).isEmpty)
            #expect(try index.search(source.next(), k: 5, including: .rows(RowSet())).isEmpty)
        }
    }

    @Test("a row that is listed many times is one hit, and takes no other row's place", arguments: [40, 1200])
    func repeated(count: Int) throws {
        var source = ClusteredVectors(dimension: 16, seed: 83)
        let vectors = source.next(count)
        let index = try makeIndex(vectors)
        for repetitions in [2, 9, 100, 3000] {
            let nearest = [UInt32](repeating: 3, count: repetitions)
            let others: [UInt32] = [5, 7, 11, 13]
            for plan in Self.plans {
                for list in [nearest + others, others + nearest, [5] + nearest + [7] + nearest + [11, 13]] {
                    let hits = try index.search(
                        vectors[3], k: 5, breadth: 8, at: .max, including: .ids(list), plan: plan)
                    #expect(Set(hits.map(\.row)) == [3, 5, 7, 11, 13], "\(repetitions) times, \(plan)")
                    #expect(hits.count == 5 && hits.first?.row == 3)
                }
            }
        }
    }

    @Test("filters hold beside a tail that is not linked, and beside rows that wait to be linked again")
    func tailAndWaiting() throws {
        var source = ClusteredVectors(dimension: 32, seed: 84)
        var vectors = source.next(700)
        let index = try makeIndex(vectors, linked: false)
        try index.link(atMost: 500)
        for row in stride(from: 0, to: 500, by: 9) {
            try index.markDeleted(row: UInt32(row), death: 2)
            vectors[row] = source.next()
            try index.append(row: UInt32(row), vector: vectors[row], birth: 3)
        }
        let even = (0..<UInt32(700)).filter { $0 % 2 == 0 }
        for row in [0, 18, 90, 498, 500, 698] {
            for filter in [RowFilter.rows(RowSet(even)), .ids(even), .predicate { $0 % 2 == 0 }] {
                for plan in Self.plans {
                    let hits = try index.search(
                        vectors[row], k: 350, breadth: 8, at: .max, including: filter, plan: plan)
                    #expect(hits.first?.row == UInt32(row) && hits.map(\.row).sorted() == even, "\(plan)")
                }
            }
        }
    }
}
