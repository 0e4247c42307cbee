// What golden files hold from version 3 on beside the rest: enough vectors for codes, in an index of each width; deleted
// ones, and slots that were used again. As `GoldenContent`, nothing here may change.

import SmartStore

enum GoldenPassages {
    struct Index {
        let field: String
        let dimension: Int
        let metric: Metric
        let storage: VectorStorage
        let codes: VectorCodes
    }

    static let indexes = [
        Index(field: "a", dimension: 6, metric: .cosine, storage: .float16, codes: .bits4),
        Index(field: "b", dimension: 5, metric: .euclidean, storage: .float32, codes: .bits8),
        Index(field: "c", dimension: 7, metric: .dot, storage: .float16, codes: .bits1),
    ]

    static func vector(_ seed: Int, _ index: Index) -> [Float] {
        let place = UInt64(index.dimension) &* 7_777_777
        return GoldenContent.noise(index.dimension, seed: UInt64(seed) &* 1_000_003 &+ place).map {
            (Float($0) - 127.5) / 16
        }
    }

    static func passage(_ number: Int, vector seed: Int? = nil) -> Document {
        var document: Document = ["_id": .int32(Int32(number))]
        for index in indexes { document[index.field] = Vector(vector(seed ?? number, index)).value }
        return document
    }

    /// Inserted first; then taken away, and taken out of the graph; then inserted into their slots.
    static let first = 0..<310
    static let removed = 20..<90
    static let second = 400..<466

    /// Changes of the second session, whose links were not saved before the crash.
    static let removedLater = 100..<103
    static let insertedLater = 500..<503
    static let replaced = [5: 905, 6: 906]

    /// The collection `passages` at the end, in order of `_id`.
    static var passages: [Document] {
        let numbers = first.filter { !removed.contains($0) && !removedLater.contains($0) } + second + insertedLater
        return numbers.map { passage($0, vector: replaced[$0]) }
    }
}
