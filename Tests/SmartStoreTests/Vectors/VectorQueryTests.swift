import SmartStore
import Testing

@Suite("Vector queries")
struct VectorQueryTests {
    @Test("the short form and a query ask the same")
    func shortForm() throws {
        let fixture = try VectorFixture()
        for seed in 0..<10 {
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 7)
            query.filter = ["n": ["$gte": 100]]
            let short = try fixture.store.readSync { (tx) throws in
                try tx.collection("n").search(
                    field: "v", vector: VectorFixture.query(seed), k: 7, filter: ["n": ["$gte": 100]])
            }
            #expect(try fixture.search(query) == short)
            #expect(short.count == 7 && short.allSatisfy { $0.document?["n"] == $0.id && $0.group == nil })
        }
    }

    @Test("an exact query gives the true order with the documented scores, in every metric", arguments: Metric.allCases)
    func exact(metric: Metric) throws {
        let fixture = try VectorFixture(metric: metric)
        for seed in 0..<10 {
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 25)
            query.exact = true
            query.includeDocuments = false
            let hits = try fixture.search(query)
            let truth = fixture.ranking(query.vectors).prefix(25)
            #expect(hits.map(\.number) == truth.map(\.number), "seed \(seed)")
            for (hit, wanted) in zip(hits, truth) { #expect(abs(Double(hit.score) - wanted.score) < 1e-4) }
            #expect(hits.allSatisfy { $0.document == nil })
        }
    }

    @Test("a score limit lets through just the hits that are near enough, few and many", arguments: Metric.allCases)
    func scoreLimit(metric: Metric) throws {
        let fixture = try VectorFixture(metric: metric)
        for seed in 0..<6 {
            for share in [1, 5, 64, 65, 130, 399] {
                var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 400)
                query.exact = true
                let truth = fixture.ranking(query.vectors)
                query.scoreLimit = Float((truth[share - 1].score + truth[share].score) / 2)
                #expect(
                    try fixture.search(query).map(\.number) == truth.prefix(share).map(\.number), "\(seed) \(share)")
                query.k = 3
                #expect(try fixture.search(query).count == min(3, share))
                query.exact = false
                #expect(try fixture.search(query).allSatisfy { $0.score >= query.scoreLimit ?? 0 })
            }
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 9)
            query.scoreLimit = .infinity
            #expect(try fixture.search(query).isEmpty)
            query.scoreLimit = -.infinity
            #expect(try fixture.search(query).count == 9)
        }
    }

    @Test("pages of an exact query, laid end to end, are the whole order", arguments: [1, 7, 150])
    func pages(k: Int) throws {
        let fixture = try VectorFixture(count: 150)
        var query = VectorQuery(field: "v", vector: VectorFixture.query(1), k: k)
        query.exact = true
        query.filter = ["n": ["$lt": 120]]
        var pages: [Int] = []
        while true {
            let page = try fixture.search(query).map(\.number)
            if page.isEmpty { break }
            pages += page
            query.skip += k
        }
        #expect(pages == fixture.ranking(query.vectors) { $0 < 120 }.map(\.number))
        query.skip = 100_000
        #expect(try fixture.search(query).isEmpty)
    }

    @Test("of several vectors a document counts by the one it is nearest to", arguments: Metric.allCases)
    func severalVectors(metric: Metric) throws {
        let fixture = try VectorFixture(metric: metric)
        for seed in 0..<8 {
            var query = VectorQuery(field: "v", vectors: (0..<3).map { VectorFixture.query(seed * 3 + $0) }, k: 30)
            query.exact = true
            #expect(try fixture.search(query).map(\.number) == fixture.ranking(query.vectors).prefix(30).map(\.number))
            query.k = 1000
            #expect(try fixture.search(query).count == 400)
            query.exact = false
            query.k = 10
            #expect(Set(try fixture.search(query).map(\.number)).count == 10)
        }
    }

    @Test("more hits than there are gives all there are, and an index without vectors none")
    func fewer() throws {
        let fixture = try VectorFixture(count: 5)
        #expect(try fixture.search(VectorQuery(field: "v", vector: VectorFixture.query(0), k: 1 << 20)).count == 5)
        let empty = try VectorFixture(count: 0)
        #expect(try empty.search(VectorQuery(field: "v", vector: VectorFixture.query(0), k: 3)).isEmpty)
        var grouped = VectorQuery(field: "v", vector: VectorFixture.query(0), k: 3)
        grouped.groupBy = "g"
        #expect(try empty.search(grouped).isEmpty)
    }

    @Test("a batch answers every query as if it came alone, from one snapshot, in a writer too")
    func batch() throws {
        let fixture = try VectorFixture()
        var queries: [VectorQuery] = (0..<40).map {
            VectorQuery(field: "v", vector: VectorFixture.query($0), k: 1 + $0 % 9)
        }
        for number in queries.indices where number % 3 == 0 { queries[number].filter = ["g": 3] }
        queries[5].groupBy = "g"
        queries[6].diversity = 0.5
        queries[7] = VectorQuery(field: "v", like: [.id(3)], unlike: [.id(4)], k: 4)
        let reader = try fixture.store.beginRead()
        defer { reader.close() }
        try fixture.store.writeSync { (tx) throws in
            let before = try tx.collection("n").search(batch: queries)
            try tx.collection("n").deleteMany(["n": ["$lt": 200]])
            #expect(try tx.collection("n").search(batch: queries[8...11].map { $0 }) != Array(before[8...11]))
        }
        let answers = try reader.collection("n").search(batch: queries)
        #expect(answers == (try queries.map { try reader.collection("n").search($0) }))
        #expect(answers[0].count == 1 && answers[8].count == 9)
        #expect(try reader.collection("n").search(batch: []).isEmpty)
        queries[9].vectors = [[1, 2]]
        #expect(throws: StoreError.self) { try reader.collection("n").search(batch: queries) }
    }

    @Test("a search inside a writer sees the writer's own rows, in every form of query")
    func ownRows() throws {
        let fixture = try VectorFixture(count: 60)
        let own = VectorFixture.query(77)
        try fixture.store.writeSync { (tx) throws in
            let notes = tx.collection("n")
            try notes.insert(VectorFixture.document(1001, own))
            try notes.delete(7)
            for isFiltered in [false, true] {
                var query = VectorQuery(field: "v", vector: own, k: 61)
                query.filter = isFiltered ? ["n": ["$gte": 0]] : nil
                let hits = try notes.search(query)
                #expect(hits.first?.number == 1001 && hits.count == 60)
                #expect(!hits.contains { $0.number == 7 })
                query.groupBy = "g"
                query.k = 7
                #expect(try notes.search(query).first?.number == 1001)
                query.groupBy = nil
                query.diversity = 0.3
                #expect(try notes.search(query).first?.number == 1001)
            }
            var byName = VectorQuery(field: "v", vector: own, k: 5)
            byName.filter = ["_id": ["$in": [1001, 7, 8]]]
            #expect(try notes.search(byName).map(\.number) == [1001, 8])
            let like = try notes.search(VectorQuery(field: "v", like: [.id(1001)], k: 60))
            #expect(like.count == 59 && !like.contains { $0.number == 1001 })
        }
    }
}
