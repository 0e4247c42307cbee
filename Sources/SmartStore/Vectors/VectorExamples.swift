import PageStore
import TreeStore
import VectorIndex

// The vector that examples ask for: the mean of the positive ones plus its difference to the mean of the negative ones.

struct VectorExamples {
    let target: [Float]
    /// The rows of examples that are documents.
    private(set) var rows: Set<UInt32> = []

    init(
        _ query: VectorQuery, in entry: CollectionEntry, _ index: VectorIndexEntry, _ transaction: TransactionView
    ) throws {
        var rows: Set<UInt32> = []
        func mean(_ examples: [VectorQuery.Example]) throws -> [Double] {
            var sum = [Double](repeating: 0, count: index.definition.options.dimension)
            for example in examples {
                let vectors: [[Float]]
                switch example {
                case .vector(let vector): vectors = [try Self.prepared(vector, index.definition.options)]
                case .id(let id):
                    let found = try index.rows(of: KeyEncoding.id(id), in: transaction.view)
                    guard !found.isEmpty else {
                        throw StoreError(
                            .notFound,
                            "No document with the _id \(ExtendedJSON.string(id, .relaxed)) has a vector in "
                                + "'\(index.definition.field)'.",
                            remedy: "Choose an example that is in the index.", server: .badValue)
                    }
                    rows.formUnion(found)
                    vectors = try found.map { try index.vector(of: $0) }
                }
                for vector in vectors {
                    for (place, value) in vector.enumerated() { sum[place] += Double(value) / Double(vectors.count) }
                }
            }
            return sum.map { $0 / Double(examples.count) }
        }
        var wish = try mean(query.positive)
        if !query.negative.isEmpty {
            let negative = try mean(query.negative)
            for place in wish.indices { wish[place] += wish[place] - negative[place] }
        }
        target = wish.map { Float($0) }
        self.rows = rows
        if index.definition.options.metric == .cosine, target.allSatisfy({ $0 == 0 }) {
            throw StoreError(
                .invalidVector, "The examples cancel one another out.", remedy: "Choose other examples.",
                server: .badValue)
        }
    }

    /// A given vector as the index would keep it: for cosine of length 1, so that each example weighs the same.
    private static func prepared(_ vector: [Float], _ options: IndexOptions) throws -> [Float] {
        _ = try HNSWIndex.encode(vector, options: options)
        guard options.metric == .cosine else { return vector }
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / length) }
    }
}
