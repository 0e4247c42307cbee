// Which candidates become neighbours: the diversity heuristic of the HNSW paper (algorithm 4).
//
// Nearest first, a candidate is taken unless a neighbour already taken is nearer to it than the row is: then the walk gets
// there through that neighbour. Links so point in different directions, and clusters stay connected. Places that are left
// go, nearest first again, to candidates that a neighbour is only a little nearer to: by less than the slack α, as in
// Vamana's robust prune (Subramanya et al. 2019).

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

    /// Puts rows among the scratch's pair rows, and gives them with their distances from the pair row at `from`.
    func candidates(
        _ rows: [UInt32], from: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> [LinkCandidate] {
        var found: [LinkCandidate] = []
        found.reserveCapacity(rows.count)
        scratch.pairs.compare(from: from)
        for row in rows {
            let position = try pairPosition(row, scratch)
            found.append(
                LinkCandidate(
                    distance: scratch.pairs.distance(from: from, to: position), position: UInt32(position), row: row))
        }
        return found
    }

    /// Puts a row among the scratch's pair rows.
    func pairPosition(_ row: UInt32, _ scratch: SearchScratch) throws(VectorError) -> Int {
        try decode(Int(row), into: scratch.decoded)
        return scratch.pairs.append(UnsafePointer(scratch.decoded))
    }
}
