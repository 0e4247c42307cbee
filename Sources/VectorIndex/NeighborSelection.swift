// Which candidates become neighbours: the diversity heuristic of the HNSW paper (algorithm 4).
//
// Nearest first, a candidate is taken unless a neighbour already taken is nearer to it than the row is: then the walk
// gets there through that neighbour. Links so point in different directions, and clusters stay connected.
// Unsafe code: candidates are rows whose blocks are present; buffers hold the largest degree.

extension HNSWIndex {
    /// Chooses at most `limit` of the candidates, given sorted by their distance to the row they are for.
    func selectNeighbours(
        _ candidates: [UInt64], limit: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> [UInt32] {
        var selected: [UInt32] = []
        selected.reserveCapacity(limit)
        if !vectors.isComplete {
            for key in candidates { try vectors.ensure(Candidate.row(key) * scorer.stride, scorer.stride) }
        }
        let figures = scratch.figures
        for key in candidates {
            guard selected.count < limit else { break }
            let row = Candidate.row(key)
            let vector = decoded(row, scratch.candidate)
            // Compared in fours: most candidates fall to one of the first neighbours.
            let isDiverse = selected.withUnsafeBufferPointer { taken in
                var start = 0
                while start < taken.count {
                    let count = min(4, taken.count - start)
                    scorer.gather(
                        vector, scorer.base, scorer.stride, scorer.dimension, taken.baseAddress! + start, count, figures)
                    for i in 0..<count where scorer.key(figure: figures[i], row: 0) < key & ~0xFFFF_FFFF {
                        return false
                    }
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
