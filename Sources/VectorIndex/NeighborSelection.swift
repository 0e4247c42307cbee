// Which candidates become neighbours: the diversity heuristic of the HNSW paper (algorithm 4).
//
// Nearest first, a candidate is taken unless a neighbour already taken is nearer to it than the row is: then the walk gets
// there through that neighbour. Links so point in different directions, and clusters stay connected. Places that are left
// go, nearest first again, to candidates that a neighbour is only a little nearer to: by less than the slack α, as in
// Vamana's robust prune (Subramanya et al. 2019).

import Synchronization

extension HNSWIndex {
    /// An inner product has no scale to be slack about: its distances lie on both sides of 0.
    var slack: Float { options.metric == .dot ? 1 : Self.diversitySlack }

    /// A row that may become a neighbour: its place among the scratch's pair rows, its distance to the row that the list
    /// is for, and its number.
    struct LinkCandidate {
        let distance: Float
        let position: UInt32
        let row: UInt32
    }

    /// Chooses among candidates, given nearest first, at most `limit`, `present` among them already.
    func selectNeighbours(
        _ candidates: [LinkCandidate], limit: Int, beside present: [LinkCandidate] = [], _ scratch: SearchScratch
    ) -> [UInt32] {
        let pairs = scratch.pairs
        let slack = slack
        var rows: [UInt32] = present.map(\.row)
        rows.reserveCapacity(limit)
        pairs.consider(candidates)
        for neighbour in present { pairs.cover(from: Int(neighbour.position), slack: slack) }
        for threshold in slack > 1 ? [1, slack] : [1] {
            var at = 0
            while rows.count < limit, let next = pairs.nextUncovered(&at, threshold: threshold) {
                rows.append(candidates[next].row)
                if rows.count < limit { pairs.cover(from: Int(candidates[next].position), slack: slack) }
            }
        }
        return rows
    }

    /// Puts rows among the scratch's pair rows, and gives them with their distances from the row that chooses, nearest
    /// first.
    func candidates(
        _ rows: [UInt32], for row: Int, at position: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> [LinkCandidate] {
        var found: [LinkCandidate] = []
        found.reserveCapacity(rows.count)
        scratch.pairs.compare(from: position)
        let prefetches = codes.isComplete && usesPairCodes
        let (base, stride) = (codes.base, options.codeStride)
        let known = usesPairCodes ? coded.load(ordering: .acquiring) : 0
        for (i, row) in rows.enumerated() {
            if prefetches && i + 4 < rows.count {
                let ahead = base + Int(rows[i + 4]) * stride
                var line = 0
                while line < min(512, stride) {
                    VectorCoding.prefetch(ahead + line)
                    line += 64
                }
            }
            let other =
                prefetches && Int(row) < known
                ? scratch.pairs.append(codes: base + Int(row) * stride) : try pairPosition(row, scratch)
            found.append(
                LinkCandidate(
                    distance: scratch.pairs.distance(from: position, to: other), position: UInt32(other), row: row))
        }
        // Sorted by numbers made of distance and place: a quarter of the time of sorting with a closure.
        var keys = [UInt64](unsafeUninitializedCapacity: found.count) { keys, count in
            for (i, candidate) in found.enumerated() {
                keys[i] = Candidate.key(distance: candidate.distance, row: UInt32(i))
            }
            count = found.count
        }
        keys.sort()
        return keys.map { found[Candidate.row($0)] }
    }

    /// Whether links are chosen by codes.
    var usesPairCodes: Bool { codebook.isTrained && PairRows.canUseCodes(options) }

    /// Begins a choice of links for a row: empties the pair rows, and puts the row among them.
    func beginChoice(for row: Int, room: Int, _ scratch: SearchScratch) throws(VectorError) -> Int {
        scratch.pairs.reset(room: room + 1)
        if let book = codebook.value, PairRows.canUseCodes(options) { scratch.pairs.prepare(book) }
        return try pairPosition(UInt32(truncatingIfNeeded: row), scratch)
    }

    /// Puts a row among the scratch's pair rows.
    private func pairPosition(_ row: UInt32, _ scratch: SearchScratch) throws(VectorError) -> Int {
        if usesPairCodes && Int(row) < coded.load(ordering: .relaxed) {
            let offset = Int(row) * options.codeStride
            if !codes.isComplete { try codes.ensure(offset, options.codeStride) }
            return scratch.pairs.append(codes: codes.base + offset)
        }
        try decode(Int(row), into: scratch.decoded)
        return scratch.pairs.append(UnsafePointer(scratch.decoded))
    }
}
