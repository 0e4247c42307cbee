// Which candidates become neighbours: the diversity heuristic of the HNSW paper (algorithm 4).
//
// Nearest first, a candidate is taken unless a neighbour already taken is clearly nearer to it than the row is: then
// the walk gets there through that neighbour. Links so point in different directions, and clusters stay connected.
// "Clearly" is the slack α of Vamana (Subramanya et al. 2019): on real embeddings, 1.1 on the squared distance gave more
// recall at every breadth than 1 (.968 against .964 at breadth 64) or 1.2, and lost less of it when rows were replaced.
// Unsafe code: candidates are rows whose blocks are present; buffers hold the largest degree.

extension HNSWIndex {
    /// Adds candidates, given sorted by their distance to the row they are for, to neighbours it already has, until
    /// there are `limit`.
    func selectNeighbours(
        _ candidates: [UInt64], limit: Int, beside present: [UInt32] = [], _ scratch: SearchScratch
    ) throws(VectorError) -> [UInt32] {
        var selected = present
        selected.reserveCapacity(limit)
        if !vectors.isComplete {
            for row in present { try vectors.ensure(Int(row) * scorer.stride, scorer.stride) }
            for key in candidates { try vectors.ensure(Candidate.row(key) * scorer.stride, scorer.stride) }
        }
        let figures = scratch.figures
        // An inner product has no scale to be slack about: its distances lie on both sides of 0.
        let slack: Float = options.metric == .dot ? 1 : 1.1
        for key in candidates {
            guard selected.count < limit else { break }
            let row = Candidate.row(key)
            let limitOfOthers = Candidate.distance(key) / slack
            let vector = decoded(row, scratch.candidate)
            // Compared in fours: most candidates fall to one of the first neighbours.
            let isDiverse = selected.withUnsafeBufferPointer { taken in
                var start = 0
                while start < taken.count {
                    let count = min(4, taken.count - start)
                    scorer.gather(
                        vector, scorer.base, scorer.stride, scorer.dimension, taken.baseAddress! + start, count, figures
                    )
                    for i in 0..<count where scorer.distance(figures[i]) < limitOfOthers { return false }
                    start += count
                }
                return true
            }
            if isDiverse { selected.append(UInt32(truncatingIfNeeded: row)) }
        }
        return selected
    }

    /// A row as floats: in place where it is stored so, decoded into the buffer otherwise.
    func decoded(_ row: Int, _ buffer: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
        let stored = scorer.base + row * scorer.stride
        guard options.storage != .float32 else { return stored.assumingMemoryBound(to: Float.self) }
        VectorCoding.decode(stored, options, into: buffer)
        return UnsafePointer(buffer)
    }
}
