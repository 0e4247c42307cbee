// What the tests of vector searches share: a store of seeded documents, and the answers worked out by hand.

import SmartStore
import StoreIO
import StoreTestSupport

/// A store with one collection, `n`: documents 0..<count with `n`, `g` (n % 7, every tenth lacks it) and a vector `v`.
struct VectorFixture {
    static let dimension = 8

    let store: Store
    let metric: Metric
    var vectors: [Int: [Float]]

    init(
        count: Int = 400, metric: Metric = .cosine, storage: VectorStorage = .float32, codes: VectorCodes? = nil,
        linked: Bool = true, multiple: Bool = false, options: StoreOptions = StoreFixture.options()
    ) throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        store = try StoreFixture.create(disk, options: options)
        self.metric = metric
        let vectors = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, StoreFixture.vector(UInt64($0))) })
        self.vectors = vectors
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(
                on: "n", field: "v", dimension: Self.dimension, metric: metric, storage: storage, codes: codes,
                multiple: multiple)
            for number in 0..<count { try tx.collection("n").insert(Self.document(number, vectors[number] ?? [])) }
        }
        if linked { try store.linkVectors() }
    }

    static func document(_ number: Int, _ vector: [Float]) -> Document {
        var document: Document = ["_id": BSONValue(number), "n": BSONValue(number)]
        if number % 10 != 0 { document.append("g", BSONValue(number % 7)) }
        document.append("v", Vector(vector).value)
        return document
    }

    /// A vector that no document has.
    static func query(_ seed: Int) -> [Float] { StoreFixture.vector(UInt64(100_000 + seed)) }

    /// The documented score, in double precision.
    static func score(_ a: [Float], _ b: [Float], _ metric: Metric) -> Double {
        func dot(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        switch metric {
        case .dot: return dot(a, b)
        case .euclidean:
            return -zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
        case .cosine: return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
    }

    /// Every document that passes, with its score, best first.
    func ranking(
        _ queries: [[Float]], where passes: (Int) -> Bool = { _ in true }
    ) -> [(number: Int, score: Double)] {
        vectors.filter { passes($0.key) }
            .map { number, vector in
                (number: number, score: queries.map { Self.score($0, vector, metric) }.max() ?? -.infinity)
            }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.number < $1.number }
    }

    func search(_ query: VectorQuery) throws -> [SearchHit] {
        try store.readSync { try $0.collection("n").search(query) }
    }
}

extension SearchHit {
    var number: Int { id.int ?? -1 }
}
