// How much of the true neighbours a search finds, measured on the index itself, and the breadth that a wish needs.

/// Recall measured at several breadths against exact search.
public struct RecallCalibration: Sendable, Equatable {
    /// What one breadth gave.
    public struct Step: Sendable, Equatable {
        /// Candidates kept in view.
        public let breadth: Int
        /// The mean share of the true `k` nearest that was found.
        public let recall: Double
        /// The standard error of that mean.
        public let margin: Double

        init(breadth: Int, recalls: [Double]) {
            self.breadth = breadth
            let count = Double(max(1, recalls.count))
            let mean = recalls.reduce(0, +) / count
            recall = mean
            let variance = recalls.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
            margin = (variance / count).squareRoot()
        }
    }

    /// Breadths that are tried, until one finds everything.
    public static let ladder = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

    /// Hits of each search.
    public let k: Int
    /// Living rows at the time.
    public let rowCount: Int
    /// Queries of the sample.
    public let sampleCount: Int
    /// What was measured, in order of breadth.
    public let steps: [Step]

    /// The smallest breadth that reached `target` with one standard error to spare; nil when none did.
    public func breadth(for target: Double) -> Int? { steps.first { $0.recall - $0.margin >= target }?.breadth }

    /// The recall at a breadth, on a straight line between the measured ones.
    public func recall(at breadth: Int) -> Double {
        guard let above = steps.firstIndex(where: { $0.breadth >= breadth }) else { return steps.last?.recall ?? 0 }
        let right = steps[above]
        guard above > 0, right.breadth > breadth else { return right.recall }
        let left = steps[above - 1]
        let share = Double(breadth - left.breadth) / Double(right.breadth - left.breadth)
        return left.recall + (right.recall - left.recall) * share
    }
}

extension HNSWIndex {
    /// Living rows: those that are not deleted.
    public var livingCount: Int { max(0, rowCount - deletedCount) }

    /// Measures recall against exact search. Takes one exact search and up to fourteen walks for each query.
    ///
    /// - Parameters:
    ///   - queries: real ones tell most. Without, or when there are fewer than `sampleCount`, stored vectors are asked for
    ///     their neighbours, themselves left out.
    ///   - k: hits of each search.
    ///   - sampleCount: queries asked; of more than that the first are taken.
    ///   - sequence: the snapshot.
    ///   - seed: chooses the stored vectors.
    ///   - shouldStop: asked before each query.
    /// - Returns: nil when it was stopped, or there is nothing to search for.
    /// - Throws: what a search throws.
    public func calibrate(
        queries: [[Float]] = [], k: Int = 10, sampleCount: Int = 100, at sequence: UInt64 = .max, seed: UInt64 = 1,
        shouldStop: () -> Bool = { false }
    ) throws(VectorError) -> RecallCalibration? {
        guard k > 0, sampleCount > 0, livingCount > 0 else { return nil }
        var sample = queries.prefix(sampleCount).map { (vector: $0, row: UInt32?.none) }
        sample += try storedSample(sampleCount - sample.count, at: sequence, seed: seed)
        var truths: [(vector: [Float], row: UInt32?, last: Float, count: Int)] = []
        for (vector, row) in sample {
            if shouldStop() { return nil }
            let hits = try nearest(vector, without: row, k: k) { (count) throws(VectorError) in
                try exactSearch(vector, k: count, at: sequence)
            }
            guard let last = hits.last else { continue }
            truths.append((vector, row, last.distance, hits.count))
        }
        guard !truths.isEmpty else { return nil }
        var steps: [RecallCalibration.Step] = []
        for breadth in RecallCalibration.ladder {
            var recalls: [Double] = []
            for truth in truths {
                if shouldStop() { return nil }
                let hits = try nearest(truth.vector, without: truth.row, k: k) { (count) throws(VectorError) in
                    try search(
                        truth.vector, k: count, breadth: breadth, at: sequence, including: nil, plan: .walk)
                }
                // Of rows equally near each is as good as another.
                recalls.append(Double(hits.count { $0.distance <= truth.last }) / Double(truth.count))
            }
            let step = RecallCalibration.Step(breadth: breadth, recalls: recalls.map { min(1, $0) })
            steps.append(step)
            if step.recall == 1 { break }
        }
        return RecallCalibration(k: k, rowCount: livingCount, sampleCount: truths.count, steps: steps)
    }

    private func nearest(
        _ vector: [Float], without row: UInt32?, k: Int, _ search: (Int) throws(VectorError) -> [Hit]
    ) throws(VectorError) -> [Hit] {
        guard let row else { return try search(k) }
        return Array(try search(k + 1).filter { $0.row != row }.prefix(k))
    }

    /// Vectors of living rows, chosen by the seed.
    private func storedSample(
        _ count: Int, at sequence: UInt64, seed: UInt64
    ) throws(VectorError) -> [(vector: [Float], row: UInt32?)] {
        let bound = rowCount
        var sample: [(vector: [Float], row: UInt32?)] = []
        var state = seed
        var tries = 0
        while sample.count < count, tries < count * 16 {
            tries += 1
            // splitmix64
            state &+= 0x9E37_79B9_7F4A_7C15
            var x = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
            let row = Int((x ^ (x >> 31)) % UInt64(bound))
            guard rows.isVisible(row, at: sequence) else { continue }
            sample.append((try vector(row: UInt32(row)), UInt32(row)))
        }
        return sample
    }
}
