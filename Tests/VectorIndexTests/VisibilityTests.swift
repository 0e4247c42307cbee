// What a snapshot may see: births, deaths, filters, reused rows. Never a row too many, never one too few.

import Testing
import VectorIndex

@Suite("Visibility")
struct VisibilityTests {
    @Test("a search sees exactly the rows alive at its sequence, by walk and by scan", arguments: [true, false])
    func sequences(linked: Bool) throws {
        var source = ClusteredVectors(dimension: 8, seed: 20)
        let vectors = source.next(120)
        let index = try makeIndex([vectors[0]], linked: false)
        for row in 1..<120 { try index.append(row: UInt32(row), vector: vectors[row], birth: UInt64(row + 1)) }
        if linked { try index.link(atMost: 1000) }
        for row in stride(from: UInt32(0), to: 120, by: 3) { try index.markDeleted(row: row, death: UInt64(row) + 50) }
        #expect(index.deletedCount == 40)
        for sequence in [0, 1, 2, 49, 50, 51, 100, 120, 168, 169, UInt64.max] {
            let alive = (0..<120).filter { (row: Int) -> Bool in
                let birth = UInt64(row + 1)
                let death = row % 3 == 0 ? UInt64(row + 50) : UInt64.max
                return birth <= sequence && (sequence < death || death == .max)
            }
            for plan in [SearchPlan.walk, .scan, .automatic] {
                let hits = try index.search(vectors[5], k: 200, breadth: 20, at: sequence, including: nil, plan: plan)
                #expect(hits.map { Int($0.row) }.sorted() == alive, "sequence \(sequence)")
            }
        }
    }

    @Test("with a third deleted, the graph still finds nearly all of the living")
    func deletesKeepRecall() throws {
        var source = ClusteredVectors(dimension: 24, seed: 21)
        let index = try makeIndex(source.next(1500))
        try index.markDeleted(rows: (0..<1500).filter { $0 % 3 == 1 }, death: 5)
        let queries = source.next(50)
        #expect(try recall(index, queries, breadth: 64) >= 0.95)
        #expect(try recall(index, queries, breadth: 64, at: 4) >= 0.95)
        #expect(try index.search(queries[0], k: 100, at: 5).allSatisfy { $0.row % 3 != 1 })
    }

    @Test(
        "filters of any strictness lose no hit and little recall",
        arguments: [1, 10, 50], [SearchPlan.walk, .automatic])
    func filters(percent: Int, plan: SearchPlan) throws {
        var source = ClusteredVectors(dimension: 24, seed: 22)
        let index = try makeIndex(source.next(2000))
        let allowed = { (row: UInt32) in Int(row &* 2_654_435_761 >> 8) % 100 < percent }
        let matching = (0..<UInt32(2000)).filter(allowed).count
        for query in source.next(10) {
            let hits = try index.search(query, k: 10, breadth: 48, at: 2, including: .predicate(allowed), plan: plan)
            #expect(hits.count == min(10, matching) && hits.allSatisfy { allowed($0.row) })
        }
        #expect(try recall(index, source.next(40), breadth: 64, plan: plan, including: allowed) >= 0.95)
    }

    @Test("a filter against the query's own neighbourhood still gives the nearest of the rest")
    func correlatedFilter() throws {
        var source = ClusteredVectors(dimension: 16, clusters: 10, spread: 0.3, seed: 23)
        let vectors = source.next(1500)
        let index = try makeIndex(vectors)
        for query in source.next(20) {
            let near = Set(trueNearest(query, vectors, k: 400, metric: .cosine))
            let allowed = { (row: UInt32) in !near.contains(row) }
            for plan in [SearchPlan.walk, .automatic] {
                let hits = try index.search(
                    query, k: 10, breadth: 32, at: 2, including: .predicate(allowed), plan: plan)
                let exact = try index.exactSearch(query, k: 10, at: 2, including: allowed)
                #expect(hits.count == 10 && Set(hits.map(\.row)).intersection(exact.map(\.row)).count >= 9)
            }
        }
    }

    @Test("filters that allow nothing or everything")
    func extremes() throws {
        var source = ClusteredVectors(dimension: 8, seed: 24)
        let index = try makeIndex(source.next(400))
        let query = source.next()
        for plan in [SearchPlan.walk, .scan, .automatic] {
            #expect(
                try index.search(query, k: 5, breadth: 9, at: 2, including: .predicate { _ in false }, plan: plan)
                    .isEmpty)
            let one = try index.search(query, k: 5, breadth: 9, at: 2, including: .predicate { $0 == 399 }, plan: plan)
            #expect(one.map(\.row) == [399])
            #expect(
                try index.search(query, k: 5, breadth: 9, at: 2, including: .predicate { _ in true }, plan: plan).count
                    == 5)
        }
    }

    @Test("a reused row answers with its new vector only, before and after it is linked again")
    func reuse() throws {
        var source = ClusteredVectors(dimension: 16, seed: 25)
        var vectors = source.next(600)
        let index = try makeIndex(vectors)
        let changed = Array(stride(from: UInt32(0), to: 600, by: 5))
        try index.markDeleted(rows: changed, death: 2)
        for row in changed {
            vectors[Int(row)] = source.next()
            try index.append(row: row, vector: vectors[Int(row)], birth: 3)
        }
        #expect(index.unlinkedCount == changed.count)
        for _ in 0..<2 {
            for row in changed {
                let hits = try index.search(vectors[Int(row)], k: 2, breadth: 30, at: 3, including: nil, plan: .walk)
                #expect(hits.first?.row == row && hits.last?.row != row)
            }
            #expect(try recall(index, source.next(30), breadth: 64) >= 0.95)
            try index.link(atMost: 1000)
        }
        #expect(index.unlinkedCount == 0)
    }

    @Test("replacing a third of the rows again and again keeps recall and reachability")
    func churn() throws {
        var source = ClusteredVectors(dimension: 24, seed: 26)
        let index = try makeIndex(source.next(900))
        var random = SeededRandom(26)
        let queries = source.next(40)
        for round in 0..<5 {
            let sequence = UInt64(round) * 2 + 2
            let changed = Array((0..<UInt32(900)).shuffled(using: &random).prefix(300))
            try index.markDeleted(rows: changed, death: sequence)
            for row in changed { try index.append(row: row, vector: source.next(), birth: sequence + 1) }
            #expect(try index.link(atMost: 1000) == 300)
        }
        #expect(try recall(index, queries, breadth: 64, at: 100) >= 0.95)
        let report = try index.checkLinks()
        #expect(report.isSound && report.repeatingListCount == 0 && report.reachableShare > 0.98)
    }
}
