// The walk: best-first search of one level, the index's hot loop. Searches and linkers share it.
//
// The beam is one sorted array of keys, candidates and results at once: the next row to expand is the first key
// without the expanded bit, and the walk ends when there is none. Each step reads one list, collects the rows not met
// yet, scores them together and inserts those nearer than the beam's last. Addresses are copied to locals first: class
// properties, closures and generics in this loop cost a third of the rate.
// Unsafe code: a link is followed only after its row was checked against `rowBound`, a list read only after its blocks
// were made present; buffers of the scratch are large enough for one list and for breadth + 1 keys.

import Synchronization

/// How a walk ended.
enum WalkEnd {
    case finished
    /// A list names a row that cannot be: the links cannot be trusted.
    case damaged
    /// The links were thrown away while the walk had let go of the lock.
    case interrupted
}

extension HNSWIndex {
    /// What a walk is asked for.
    struct Walk {
        let level: Int
        let breadth: Int
        /// Rows from here on are ignored: they came after the search began.
        let rowBound: Int
        /// Whether the walk may let go of the index lock between steps for blocks to be dropped.
        let mayPause: Bool
    }

    /// The words of a list, after its blocks were made present.
    func list(row: Int, level: Int) throws(VectorError) -> UnsafeMutablePointer<Atomic<UInt32>> {
        let arena = level == 0 ? links : upper
        let offset = listOffset(row: row, level: level)
        if !arena.isComplete { try arena.ensure(offset, options.degree(level: level) * 4) }
        return (arena.base + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    @inline(__always)
    func listOffset(row: Int, level: Int) -> Int {
        level == 0 ? row * options.linkStride : levels.record(row: row, level: level) * options.upperStride
    }

    /// Puts a row into the empty beam.
    func seed(_ row: Int, _ query: UnsafePointer<Float>, _ scratch: SearchScratch) throws(VectorError) {
        if !vectors.isComplete { try vectors.ensure(row * scorer.stride, scorer.stride) }
        scratch.visited[row] = scratch.epoch
        scratch.beam[0] = scorer.key(query, row: row)
        scratch.beamCount = 1
    }

    /// Walks one level from the keys in the beam until it holds the nearest `breadth` rows the walk can find, sorted.
    /// Where not every row may be returned, those scored are offered to `results` as well.
    @inline(never)
    func run(
        _ walk: Walk, _ query: UnsafePointer<Float>, _ scratch: SearchScratch, _ results: inout ResultFilter
    ) throws(VectorError) -> WalkEnd {
        let visited = scratch.visited
        let epoch = scratch.epoch
        let beam = scratch.beam
        let ids = scratch.ids
        let figures = scratch.figures
        let level = walk.level
        let breadth = walk.breadth
        let rowBound = UInt32(truncatingIfNeeded: walk.rowBound)
        let degree = options.degree(level: level)
        let arena = level == 0 ? links : upper
        let linkBase = arena.base
        let linkStride = options.linkStride
        let scorer = scorer
        let gather = scorer.gather
        let vectorBase = scorer.base
        let stride = scorer.stride
        let collects = !results.passesAll
        var checksLinks = !arena.isComplete
        var checksVectors = !vectors.isComplete
        var count = scratch.beamCount
        var cursor = 0

        while cursor < count {
            let key = beam[cursor]
            if key & Candidate.expanded != 0 {
                cursor += 1
                continue
            }
            beam[cursor] = key | Candidate.expanded
            cursor += 1
            let row = Candidate.row(key)
            let offset = level == 0 ? row * linkStride : listOffset(row: row, level: level)
            if checksLinks { try arena.ensure(offset, degree * 4) }
            let words = (linkBase + offset).assumingMemoryBound(to: Atomic<UInt32>.self)

            // Which rows of the list are new?
            var found = 0
            for i in 0..<degree {
                let word = words[i].load(ordering: .acquiring)
                if word == 0 { break }
                let id = word &- 1
                if id >= rowBound {
                    if Int(id) >= rowCount { return .damaged }
                    continue
                }
                let at = Int(id)
                let isNew = visited[at] != epoch
                visited[at] = epoch
                ids[found] = id
                found &+= isNew ? 1 : 0
                if isNew {
                    VectorCoding.prefetch(vectorBase + at * stride)
                    VectorCoding.prefetch(vectorBase + at * stride + 64)
                }
            }
            if cursor < count && level == 0 {
                VectorCoding.prefetch(linkBase + Candidate.row(beam[cursor]) * linkStride)
                VectorCoding.prefetch(linkBase + Candidate.row(beam[cursor]) * linkStride + 64)
            }
            guard found > 0 else { continue }
            if level > 0 {
                for i in 0..<found where levels.level(of: Int(ids[i])) < level { return .damaged }
            }
            if checksVectors {
                for i in 0..<found { try vectors.ensure(Int(ids[i]) * stride, stride) }
            }
            gather(query, vectorBase, stride, scorer.dimension, ids, found, figures)

            // Which of them are near enough?
            for i in 0..<found {
                let new = scorer.key(figure: figures[i], row: ids[i])
                if collects { results.offer(new) }
                if count == breadth {
                    if new >= beam[count - 1] { continue }
                } else {
                    count += 1
                }
                var low = 0
                var high = count - 1
                while low < high {
                    let middle = (low + high) >> 1
                    if beam[middle] < new { low = middle + 1 } else { high = middle }
                }
                (beam + low + 1).update(from: beam + low, count: count - 1 - low)
                beam[low] = new
                if low < cursor { cursor = low }
            }

            if walk.mayPause && budget.isExceeded {
                let seen = generation.load(ordering: .relaxed)
                lock.leave()
                keepWithinLimit()
                lock.share()
                if generation.load(ordering: .relaxed) != seen { return .interrupted }
                checksLinks = !arena.isComplete
                checksVectors = !vectors.isComplete
            }
        }
        scratch.beamCount = count
        return .finished
    }

    /// Goes down from the entry row to the level above `level`, and leaves the nearest row found in the beam of a new
    /// walk of at most `breadth` keys. Nil when nothing is linked.
    func descend(
        to level: Int, _ query: UnsafePointer<Float>, _ scratch: SearchScratch, breadth: Int, rowBound: Int,
        mayPause: Bool
    ) throws(VectorError) -> WalkEnd? {
        let start = entry.load(ordering: .acquiring) - 1
        guard start >= 0 else { return nil }
        guard start < rowBound else { return start < rowCount ? nil : .damaged }
        var nearest = start
        var current = levels.level(of: start)
        var nothing = ResultFilter()
        while current > level {
            scratch.beginWalk(rowCount: rowBound, breadth: 1)
            try seed(nearest, query, scratch)
            let walk = Walk(level: current, breadth: 1, rowBound: rowBound, mayPause: mayPause)
            let end = try run(walk, query, scratch, &nothing)
            guard case .finished = end else { return end }
            nearest = Candidate.row(scratch.beam[0])
            current -= 1
        }
        scratch.beginWalk(rowCount: rowBound, breadth: breadth)
        try seed(nearest, query, scratch)
        return .finished
    }
}
