// Codes: each dimension of a vector as a number of few bits, so that a walk reads a quarter of the bytes or less.
//
// A code book says per dimension which range the codes cover; it is trained on the rows themselves. A row's distance by
// its codes is close enough to walk by, and too coarse to answer with: the nearest by codes are scored again from the
// vectors. The query keeps 8 bits a dimension, so a distance errs by the row's rounding alone.

/// How many bits a dimension gets in the codes that walks and scans read instead of the vectors.
public enum VectorCodes: String, CaseIterable, Sendable, Codable {
    /// No codes: walks and scans read the vectors themselves.
    case none
    /// A byte a dimension. Loses almost nothing; best below about 96 dimensions.
    case bits8
    /// Half a byte a dimension: the fastest for text embeddings.
    case bits4
    /// One bit a dimension: for indexes far larger than memory; needs a large rerank.
    case bits1

    /// What suits vectors of this many dimensions.
    public static func automatic(dimension: Int) -> VectorCodes { dimension < 96 ? .bits8 : .bits4 }

    /// Bits a dimension; 0 for ``none``.
    var bits: Int {
        switch self {
        case .none: 0
        case .bits8: 8
        case .bits4: 4
        case .bits1: 1
        }
    }

    /// Dimensions and bytes of a unit, as the kernels know it.
    var unit: (dimensions: Int, bytes: Int) {
        switch self {
        case .none: (1, 0)
        case .bits8: (64, 64)
        case .bits4: (128, 64)
        case .bits1: (64, 8)
        }
    }

    /// Standard deviations on either side of the mean that the codes cover. For four bits 2.6 gave the most recall on
    /// text embeddings; eight bits can afford the tails; one bit stands for the mean of either half of a normal
    /// distribution.
    var reach: Float {
        switch self {
        case .none: 0
        case .bits8: 4
        case .bits4: 2.6
        case .bits1: 0.8
        }
    }

    /// Candidates that are scored again when nothing else is asked for.
    func usualRerank(k: Int) -> Int {
        switch self {
        case .none: k
        case .bits8, .bits4: k * 2 + 4
        case .bits1: k * 4 + 24
        }
    }
}

/// What the codes of an index mean. Made by training, fixed until the next training.
struct Codebook: Sendable, Equatable {
    /// The number that code 0 stands for, per dimension.
    let lo: [Float]
    /// What one step of the code adds, per dimension; above 0.
    let step: [Float]
    let perStep: [Float]
    /// Rows there were at the training.
    let trainedCount: Int

    init(lo: [Float], step: [Float], trainedCount: Int) {
        self.lo = lo
        self.step = step
        perStep = step.map { 1 / $0 }
        self.trainedCount = trainedCount
    }

    /// Rows looked at by a training, at most; spread evenly.
    static let sampleLimit = 16384

    /// Learns mean and deviation of each dimension. `row` gives the vector of a row.
    init(
        _ codes: VectorCodes, dimension: Int, rowCount: Int,
        row: (Int) throws(VectorError) -> UnsafePointer<Float>
    ) throws(VectorError) {
        var sums = [Double](repeating: 0, count: dimension)
        var squares = sums
        let count = min(rowCount, Self.sampleLimit)
        for i in 0..<count {
            let vector = try row(i * rowCount / count)
            for d in 0..<dimension {
                let value = Double(vector[d])
                sums[d] += value
                squares[d] += value * value
            }
        }
        var lo: [Float] = []
        var step: [Float] = []
        let levels = Float((1 << codes.bits) - 1)
        for d in 0..<dimension {
            let mean = sums[d] / Double(max(1, count))
            let deviation = max(0, squares[d] / Double(max(1, count)) - mean * mean).squareRoot()
            let half = min(Float(deviation) * codes.reach, .greatestFiniteMagnitude / 4)
            let low = Float(mean) - half
            // A dimension that never varies still needs a step to divide by.
            let least = max(abs(low) * 1e-6, 1e-20)
            lo.append(low)
            step.append(max(2 * half / levels, least))
        }
        self.init(lo: lo, step: step, trainedCount: rowCount)
    }

    /// Whether another training pays: the set has grown fourfold since, up to a size at which a sample has settled.
    func isOutgrown(rowCount: Int) -> Bool { trainedCount < 65536 && rowCount >= trainedCount * 4 }
}
