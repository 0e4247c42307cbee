// Searches of a settled index: recall, order, metrics, the unlinked tail, counts.

import Testing
import VectorIndex

@Suite("Search")
struct SearchTests {
    @Test(
        "exact search gives the true nearest in every metric and storage",
        arguments: Metric.allCases, VectorStorage.allCases)
    func exact(metric: Metric, storage: VectorStorage) throws {
        var source = ClusteredVectors(dimension: 21, seed: 4)
        let vectors = source.next(300)
        let index = try makeIndex(vectors, metric: metric, storage: storage, linked: false)
        let stored = try (0..<vectors.count).map { try index.vector(row: UInt32($0)) }
        for query in source.next(20) {
            let hits = try index.exactSearch(query, k: 12, at: 1)
            #expect(hits.map(\.row) == trueNearest(query, stored, k: 12, metric: metric))
            for hit in hits {
                let distance = trueDistance(query, vectors[Int(hit.row)], metric)
                #expect(abs(Double(hit.distance) - distance) < 0.01 * (1 + abs(distance)))
                #expect(hit.score == (metric == .cosine ? 1 - hit.distance : -hit.distance))
            }
        }
    }

    @Test(
        "the graph finds nearly all of the nearest, in every metric and storage",
        arguments: Metric.allCases, VectorStorage.allCases)
    func graphRecall(metric: Metric, storage: VectorStorage) throws {
        var source = ClusteredVectors(dimension: 24, seed: 5)
        let index = try makeIndex(source.next(1500), metric: metric, storage: storage)
        #expect(index.unlinkedCount == 0)
        #expect(try recall(index, source.next(60), breadth: 64) >= 0.95)
    }

    @Test("an index of few rows gives just the nearest, however often its rows were replaced")
    func fewRows() throws {
        for seed in 1...12 as ClosedRange<UInt64> {
            var source = ClusteredVectors(dimension: 4, clusters: 3, spread: 0.1, seed: seed)
            let index = try makeIndex(source.next(90), connectivity: 4, buildBreadth: 8, seed: seed)
            var random = SeededRandom(seed)
            for round in 0..<30 as Range<UInt64> {
                let changed = Array((0..<UInt32(90)).shuffled(using: &random).prefix(20))
                try index.markDeleted(rows: changed, death: 2 * round + 2)
                try index.repairDeleted()
                for row in changed { try index.append(row: row, vector: source.next(), birth: 2 * round + 3) }
                try index.link(atMost: 100)
            }
            for query in source.next(50) {
                let exact = try index.exactSearch(query, k: 3)
                #expect(try index.search(query, k: 3, breadth: 16) == exact)
            }
        }
    }

    @Test("more breadth finds more")
    func breadth() throws {
        var source = ClusteredVectors(dimension: 48, spread: 1.2, seed: 6)
        let index = try makeIndex(source.next(2000), connectivity: 8, buildBreadth: 40)
        let queries = source.next(80)
        let narrow = try recall(index, queries, breadth: 10)
        let wide = try recall(index, queries, breadth: 160)
        #expect(wide > narrow)
        #expect(wide >= 0.97)
    }

    @Test("rows not linked yet are found exactly, alone and beside linked ones", arguments: [0, 1, 400, 799, 800])
    func tail(linked: Int) throws {
        var source = ClusteredVectors(dimension: 16, seed: 7)
        let vectors = source.next(800)
        let index = try makeIndex(vectors, linked: false)
        #expect(try index.link(atMost: linked) == linked)
        #expect(index.unlinkedCount == 800 - linked)
        for row in linked..<800 where row % 7 == 0 {
            let hits = try index.search(vectors[row], k: 3, breadth: 40, at: 1, including: nil, plan: .walk)
            #expect(hits.first?.row == UInt32(row))
        }
        #expect(try recall(index, source.next(40), breadth: 64) >= 0.95)
    }

    @Test("hits come sorted, each row once, never more than k and never fewer than there are")
    func counts() throws {
        var source = ClusteredVectors(dimension: 8, seed: 8)
        let index = try makeIndex(source.next(500))
        let query = source.next()
        for plan in [SearchPlan.automatic, .walk, .scan] {
            for k in [1, 2, 10, 499, 500, 501, 100_000, Int.max] {
                let hits = try index.search(query, k: k, breadth: 10, at: 1, including: nil, plan: plan)
                #expect(hits.count == min(k, 500))
                #expect(Set(hits.map(\.row)).count == hits.count)
                #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.distance <= $1.distance })
            }
            #expect(try index.search(query, k: 0, breadth: 10, at: 1, including: nil, plan: plan).isEmpty)
            #expect(try index.search(query, k: -3, breadth: -3, at: 1, including: nil, plan: plan).isEmpty)
        }
    }

    @Test("an empty index and an index of one row answer")
    func tiny() throws {
        let options = try IndexOptions(dimension: 3)
        let index = try HNSWIndex(options: options, maximumRowCount: 10)
        #expect(try index.search([1, 0, 0], k: 5).isEmpty)
        #expect(try index.link(atMost: 5) == 0)
        try index.append(row: 0, vector: [0, 1, 0], birth: 1)
        #expect(try index.link(atMost: 5) == 1)
        for plan in [SearchPlan.walk, .scan] {
            let hits = try index.search([0, 2, 0], k: 5, breadth: 5, at: 1, including: nil, plan: plan)
            #expect(hits.map(\.row) == [0])
            #expect(abs((hits.first?.score ?? 0) - 1) < 1e-3)
        }
    }

    @Test("equal vectors all come, in row order when scanned")
    func duplicates() throws {
        let index = try makeIndex([[Float]](repeating: [0.6, 0.8, 0, 0], count: 300))
        for plan in [SearchPlan.walk, .scan] {
            let hits = try index.search([0.6, 0.8, 0, 0], k: 300, breadth: 8, at: 1, including: nil, plan: plan)
            #expect(hits.map(\.row) == Array(0..<300))
        }
    }

    @Test("the same seed and order give the same graph, another seed another one")
    func deterministic() throws {
        var source = ClusteredVectors(dimension: 16, seed: 9)
        let vectors = source.next(700)
        func image(_ seed: UInt64) throws -> [[UInt8]] {
            let index = try makeIndex(vectors, seed: seed)
            var blocks: [[UInt8]] = []
            _ = try index.save { _, _, bytes in blocks.append(Array(bytes)) }
            return blocks
        }
        #expect(try image(1) == image(1))
        #expect(try image(1) != image(2))
    }

    @Test("linking on several threads gives a graph as good as one thread's")
    func parallelLinking() throws {
        var source = ClusteredVectors(dimension: 24, seed: 10)
        let index = try makeIndex(source.next(1500), linked: false)
        #expect(try index.link(atMost: 5000, threads: 4) == 1500)
        #expect(index.unlinkedCount == 0)
        let report = try index.checkLinks()
        #expect(report.isSound && report.repeatingListCount == 0 && report.linkedCount == 1500)
        #expect(report.reachableShare >= 0.99)
        #expect(try recall(index, source.next(60), breadth: 64) >= 0.95)
    }
}
