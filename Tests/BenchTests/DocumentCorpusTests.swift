// The documents of the bench and the values of its queries: the same on every machine, and as Benchmarks/ reads them.

import SmartStore
import Testing

@testable import smartstore_bench

@Suite("Documents of the bench")
struct DocumentCorpusTests {
    private let corpus = DocumentCorpus(count: 1000, seed: 1)

    // A change of these makes figures of before and after incomparable, and has to be made in Benchmarks/ too.
    @Test("documents and query values are what they have been")
    func checksums() {
        #expect(corpus.checksum == "f8f69dd0343fd14f")
        #expect(QueryNumbers.checksum(seed: 8, count: 1000) == "13097a953b252890")
    }

    @Test("documents have about 300 bytes")
    func sizes() {
        let sizes = (0..<corpus.count).map { corpus.document($0).bson.count }
        #expect(sizes.allSatisfy { (280...360).contains($0) }, "\(sizes.min() ?? 0) to \(sizes.max() ?? 0)")
    }

    @Test("a document under a new id is the same but for the id")
    func renumbering() throws {
        let pool = corpus.pool
        let fresh = DocumentCorpus.fresh(70_001_234, of: pool)
        #expect(fresh["_id"] == .int64(70_001_234))
        let valid = try Document(bson: fresh.bson)
        var model = corpus.document(234)
        model["_id"] = .int64(70_001_234)
        #expect(valid.bson == model.bson)
    }

    @Test("every query value is drawn from its range")
    func ranges() {
        var random = QueryNumbers(seed: 3)
        for _ in 0..<1000 {
            #expect((0..<7).contains(random.next(below: 7)))
            #expect((0..<1).contains(random.unit()))
        }
    }
}
