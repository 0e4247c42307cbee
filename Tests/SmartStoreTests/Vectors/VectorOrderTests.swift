// Groups, examples and diversity, against the plain way of working them out.

import SmartStore
import StoreIO
import Testing

@Suite("Orders of vector hits")
struct VectorOrderTests {
    /// The best `size` of each value, in order of the values' best.
    private func groups(
        _ ranking: [(number: Int, score: Double)], size: Int, value: (Int) -> Int?
    ) -> [[Int]] {
        var order: [Int] = []
        var members: [Int: [Int]] = [:]
        for (number, _) in ranking {
            guard let group = value(number) else { continue }
            if members[group] == nil { order.append(group) }
            if members[group, default: []].count < size { members[group, default: []].append(number) }
        }
        return order.map { members[$0] ?? [] }
    }

    @Test(
        "groups hold the best of each value, in order of their best, with a filter and over pages",
        arguments: [1, 3, 40])
    func grouped(size: Int) throws {
        let fixture = try VectorFixture()
        func value(_ number: Int) -> Int? { number % 10 == 0 ? nil : number % 7 }
        for seed in 0..<5 {
            for limit in [400, 50] {
                var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 4)
                query.exact = true
                query.groupBy = "g"
                query.groupSize = size
                query.filter = limit == 400 ? nil : ["n": ["$lt": BSONValue(limit)]]
                let truth = groups(fixture.ranking(query.vectors) { $0 < limit }, size: size, value: value)
                #expect(try fixture.search(query).map(\.number) == truth.prefix(4).flatMap { $0 }, "seed \(seed)")
                #expect(try fixture.search(query).allSatisfy { value($0.number) == $0.group?.int })
                query.skip = 4
                #expect(try fixture.search(query).map(\.number) == truth.dropFirst(4).flatMap { $0 }, "seed \(seed)")
                query.k = 100
                query.skip = 0
                #expect(try fixture.search(query).map(\.number) == truth.flatMap { $0 }, "seed \(seed)")
            }
        }
    }

    @Test("values that are rare and far away are found, equal numbers are one value, and documents are values too")
    func rareGroups() throws {
        let fixture = try VectorFixture(count: 1200, linked: true)
        let query = VectorFixture.query(3)
        let far = query.map { -$0 }
        try fixture.store.writeSync { (tx) throws in
            for (number, value) in [(2001, BSONValue.double(1)), (2002, .document(["a": 1])), (2003, .string("x"))] {
                var document = VectorFixture.document(number, far)
                document["h"] = value
                try tx.collection("n").insert(document)
            }
            _ = try tx.collection("n").update(["n": ["$lt": 1000]], ["$set": ["h": 1]], multi: true)
        }
        var grouped = VectorQuery(field: "v", vector: query, k: 10)
        grouped.groupBy = "h"
        grouped.groupSize = 2
        for _ in 0..<2 {
            let hits = try fixture.search(grouped)
            #expect(hits.count == 4, "\(hits.map(\.number))")
            #expect(Set(hits.dropFirst(2).map(\.number)) == [2002, 2003])
            #expect(hits[0].group?.int == 1 && hits[1].group?.int == 1)
        }
        grouped.scoreLimit = 0
        #expect(try fixture.search(grouped).count == 2)
        grouped.groupBy = "nothing.here"
        #expect(try fixture.search(grouped).isEmpty)
    }

    @Test("examples ask for their mean, moved away from the negative ones, and are no hits", arguments: Metric.allCases)
    func examples(metric: Metric) throws {
        let fixture = try VectorFixture(metric: metric)
        func unit(_ vector: [Float]) -> [Float] {
            guard metric == .cosine else { return vector }
            let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            return vector.map { Float(Double($0) / length) }
        }
        for seed in 0..<6 {
            let free = VectorFixture.query(seed)
            let (a, b, c) = (seed * 5 + 1, seed * 7 + 2, seed * 11 + 3)
            let parts = try [a, b, c].map { unit(try #require(fixture.vectors[$0])) } + [unit(free)]
            var query = VectorQuery(
                field: "v", like: [.id(BSONValue(a)), .id(BSONValue(b)), .vector(free)], unlike: [.id(BSONValue(c))],
                k: 20)
            query.exact = true
            let target = (0..<VectorFixture.dimension).map { place in
                let mean = (parts[0][place] + parts[1][place] + parts[3][place]) / 3
                return 2 * mean - parts[2][place]
            }
            let left = fixture.ranking([target]) { ![a, b, c].contains($0) }.prefix(20)
            let hits = try fixture.search(query)
            #expect(hits.count == 20 && !hits.contains { [a, b, c].contains($0.number) })
            for (hit, wanted) in zip(hits, left) { #expect(abs(Double(hit.score) - wanted.score) < 1e-3, "\(seed)") }
            query.negative = []
            #expect(try fixture.search(query).allSatisfy { ![a, b].contains($0.number) })
        }
        let all = VectorQuery(field: "v", like: [.id(1)], k: 500)
        #expect(try fixture.search(all).count == 399)
    }

    @Test("examples that are not there or cancel one another out are refused")
    func wrongExamples() throws {
        let fixture = try VectorFixture(count: 20)
        func code(_ query: VectorQuery) -> StoreError.Code? {
            do { _ = try fixture.search(query) } catch { return (error as? StoreError)?.code }
            return nil
        }
        #expect(code(VectorQuery(field: "v", like: [.id(99)])) == .notFound)
        #expect(code(VectorQuery(field: "v", like: [.id(1)], unlike: [.id("x")])) == .notFound)
        let there: [Float] = [1, 0, 0, 0, 0, 0, 0, 0]
        #expect(code(VectorQuery(field: "v", like: [.vector(there), .vector(there.map { -$0 })])) == .invalidVector)
        #expect(code(VectorQuery(field: "v", like: [.vector([1])])) == .invalidVector)
        #expect(code(VectorQuery(field: "v", like: [.vector([.nan, 0, 0, 0, 0, 0, 0, 0])])) == .invalidVector)
        #expect(code(VectorQuery(field: "v", like: [], unlike: [.id(1)])) == .invalidArgument)
    }

    /// Maximal marginal relevance in double precision over the nearest `pool`.
    private func diverse(_ fixture: VectorFixture, _ query: [Float], pool: Int, diversity: Double, count: Int) -> [Int]
    {
        var left = Array(fixture.ranking([query]).prefix(pool))
        var picked: [Int] = []
        while picked.count < count, !left.isEmpty {
            func worth(_ hit: (number: Int, score: Double)) -> Double {
                let nearest = picked.map {
                    VectorFixture.score(fixture.vectors[$0] ?? [], fixture.vectors[hit.number] ?? [], fixture.metric)
                }
                return (1 - diversity) * hit.score - diversity * (nearest.max() ?? 0)
            }
            let best = left.indices.max { worth(left[$0]) < worth(left[$1]) } ?? 0
            picked.append(left.remove(at: best).number)
        }
        return picked
    }

    @Test(
        "diversity picks by maximal marginal relevance, over pages too, and 0 is the usual order",
        arguments: Metric.allCases, [0, 0.3, 0.7, 1])
    func diversity(metric: Metric, diversity: Double) throws {
        let fixture = try VectorFixture(metric: metric)
        for seed in 0..<4 {
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 6)
            query.exact = true
            query.diversity = diversity
            query.pool = 40
            let truth = diverse(fixture, query.vectors[0], pool: 40, diversity: diversity, count: 12)
            let first = try fixture.search(query).map(\.number)
            query.skip = 6
            #expect(first + (try fixture.search(query).map(\.number)) == truth, "seed \(seed)")
            query.skip = 36
            #expect(try fixture.search(query).count == 4)
            if diversity == 0 { #expect(first == fixture.ranking(query.vectors).prefix(6).map(\.number)) }
        }
    }
}
