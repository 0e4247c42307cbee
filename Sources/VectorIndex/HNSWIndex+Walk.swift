// The walk: best-first search of one level, the index's hot loop. Searches and linkers share it.
//
// The beam is one sorted array of keys, candidates and results at once: the next row to expand is the first key
// without the expanded bit, and the walk ends when there is none. Each step reads one list, collects the rows not met
// yet, scores them together and inserts those nearer than the beam's last. When everything lies in memory the whole
// loop runs in one C kernel; otherwise the same steps are taken here, one by one, and blocks are made present between
// them. Unsafe code: a link is followed only after its row was checked against `rowBound`, a list or row read only after
// its blocks were made present; buffers of the scratch are large enough for one list.

import CVectorKernels
import Synchronization

/// How a walk ended.
enum WalkEnd {
    case finished
    /// A list names a row that cannot be: the links cannot be trusted.
    case damaged
    /// The links were thrown away, or the codes made anew, while the walk had let go of the lock.
    case interrupted
}

/// What rows are told apart by on a walk: codes where there are any, else vectors.
struct Guide {
    let scorer: RowScorer
    let arena: Arena
    let query: UnsafeRawPointer
}

/// Which rows a walk collects beside its beam.
enum Admission {
    /// All: the beam itself is the result.
    case all
    /// Those whose bit is set in both (or the one) of these, which hold a bit for each row below the walk's bound.
    case bits(UnsafePointer<UInt32>, UnsafePointer<UInt32>?)
    /// Those that pass a test.
    case test((Int) -> Bool)

    var isAll: Bool {
        if case .all = self { return true }
        return false
    }

    @inline(__always)
    func admits(_ row: Int) -> Bool {
        switch self {
        case .all: return true
        case .test(let test): return test(row)
        case .bits(let first, let second):
            let bit = UInt32(1) << UInt32(row & 31)
            return first[row >> 5] & bit != 0 && (second.map { $0[row >> 5] & bit != 0 } ?? true)
        }
    }
}

extension HNSWIndex {
    /// What a walk is asked for.
    struct Walk {
        let level: Int
        /// Rows from here on are ignored: they came after the search began.
        let rowBound: Int
        /// Whether the walk may let go of the index lock between steps for blocks to be dropped.
        let mayPause: Bool
        let guide: Guide
        var admission = Admission.all
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

    /// How the query in the scratch, whose code query is made, is compared with rows. The index lock is held.
    func guide(_ scratch: SearchScratch) -> Guide {
        if codebook.isTrained, let codeScorer {
            return Guide(scorer: codeScorer, arena: codes, query: UnsafeRawPointer(scratch.codeQuery))
        }
        return Guide(scorer: scorer, arena: vectors, query: UnsafeRawPointer(scratch.query))
    }

    /// The key of one row as a guide sees it.
    func key(_ row: Int, _ guide: Guide) throws(VectorError) -> UInt64 {
        if !guide.arena.isComplete { try guide.arena.ensure(row * guide.scorer.stride, guide.scorer.stride) }
        return guide.scorer.key(guide.query, row: row)
    }

    /// Walks one level from the keys in the beam until it holds the nearest rows the walk can find, sorted. Rows that the
    /// admission admits go into the scratch's pool, unless it admits all.
    func run(_ walk: Walk, _ scratch: SearchScratch) throws(VectorError) -> WalkEnd {
        let guide = walk.guide
        let arena = walk.level == 0 ? links : upper
        var state = vk_walk(
            links: UnsafeRawPointer(arena.base), link_stride: options.linkStride,
            degree: (walk.level == 0 ? options.linkStride : options.upperStride) / 4,
            bound: UInt32(truncatingIfNeeded: walk.rowBound), row_count: UInt32(truncatingIfNeeded: rowCount),
            gather: guide.scorer.gather, query: guide.query, rows: guide.scorer.base, row_stride: guide.scorer.stride,
            dimension: guide.scorer.dimension, scale: guide.scorer.factor, shift: guide.scorer.offset,
            fetch_bytes: guide.scorer.fetchByteCount, beam: scratch.beam.base, beam_capacity: scratch.beam.capacity,
            results: nil, results_capacity: 0, allowed: nil, allowed_too: nil, visited: scratch.visited,
            met: scratch.met, met_count: scratch.metCount, figures: scratch.figures, hops: 0)
        defer { scratch.metCount = state.met_count }
        if walk.level == 0 && arena.isComplete && guide.arena.isComplete {
            switch walk.admission {
            case .test: break
            case .bits(let first, let second):
                state.results = scratch.pool.base
                state.results_capacity = scratch.pool.capacity
                state.allowed = first
                state.allowed_too = second
                fallthrough
            case .all:
                return kernels.run(&state) == 0 ? .finished : .damaged
            }
        }
        return try runInSteps(walk, scratch, &state)
    }

    private func runInSteps(
        _ walk: Walk, _ scratch: SearchScratch, _ state: inout vk_walk
    ) throws(VectorError) -> WalkEnd {
        let scorer = walk.guide.scorer
        let rows = walk.guide.arena
        let arena = walk.level == 0 ? links : upper
        while true {
            let at = kernels.next(scratch.beam.base, scratch.beam.capacity)
            if at == scratch.beam.capacity { return .finished }
            let key = scratch.beam.base[at]
            scratch.beam.base[at] = key | Candidate.expanded
            let offset = listOffset(row: Candidate.row(key), level: walk.level)
            if !arena.isComplete { try arena.ensure(offset, options.degree(level: walk.level) * 4) }
            let start = state.met_count
            // Rows that came meanwhile are beyond the bound, but not damage.
            state.row_count = UInt32(truncatingIfNeeded: rowCount)
            let found = kernels.collect(
                &state, UnsafeRawPointer(arena.base + offset).assumingMemoryBound(to: UInt32.self))
            if found < 0 { return .damaged }
            if found > 0 {
                let ids = scratch.met + start
                if walk.level > 0 {
                    for i in 0..<found where levels.level(of: Int(ids[i])) < walk.level { return .damaged }
                }
                if !rows.isComplete {
                    for i in 0..<found { try rows.ensure(Int(ids[i]) * scorer.stride, scorer.stride) }
                }
                scorer.gather(
                    walk.guide.query, scorer.base, scorer.stride, scorer.dimension, ids, found, scratch.figures)
                if !walk.admission.isAll {
                    for i in 0..<found {
                        let new = scorer.key(figure: scratch.figures[i], row: ids[i])
                        if new < scratch.pool.worst && walk.admission.admits(Int(ids[i])) { scratch.pool.insert(new) }
                    }
                }
                kernels.insert(
                    scratch.beam.base, scratch.beam.capacity, scratch.figures, ids, found, scorer.factor, scorer.offset
                )
            }
            if walk.mayPause && budget.isExceeded {
                let seen = generation.load(ordering: .relaxed)
                lock.leave()
                keepWithinLimit()
                lock.share()
                if generation.load(ordering: .relaxed) != seen { return .interrupted }
            }
        }
    }

    /// Goes down greedily from the entry row to the level above `level`. Gives the nearest row found, nil when nothing is
    /// linked or the links are damaged.
    func descend(
        to level: Int, _ guide: Guide, _ scratch: SearchScratch, rowBound: Int
    ) throws(VectorError) -> (end: WalkEnd, row: Int, key: UInt64)? {
        let start = entry.load(ordering: .acquiring) - 1
        guard start >= 0 else { return nil }
        guard start < rowBound else { return start < rowCount ? nil : (.damaged, 0, 0) }
        var nearest = start
        var key = try key(start, guide)
        var current = levels.level(of: start)
        let scorer = guide.scorer
        while current > level {
            let words = try list(row: nearest, level: current)
            let degree = options.degree(level: current)
            var found = 0
            for i in 0..<degree {
                let word = words[i].load(ordering: .relaxed)
                if word == 0 { break }
                let id = Int(word) - 1
                if id >= rowBound {
                    if id >= rowCount { return (.damaged, 0, 0) }
                    continue
                }
                scratch.ids[found] = UInt32(truncatingIfNeeded: id)
                found += 1
                if guide.arena.isComplete { VectorCoding.prefetch(scorer.base + id * scorer.stride) }
            }
            if !guide.arena.isComplete {
                for i in 0..<found { try guide.arena.ensure(Int(scratch.ids[i]) * scorer.stride, scorer.stride) }
            }
            scorer.gather(
                guide.query, scorer.base, scorer.stride, scorer.dimension, scratch.ids, found, scratch.figures)
            var best = key
            for i in 0..<found {
                let new = scorer.key(figure: scratch.figures[i], row: scratch.ids[i])
                if new < best { best = new }
            }
            if best < key {
                key = best
                nearest = Candidate.row(best)
                guard levels.level(of: nearest) >= current else { return (.damaged, 0, 0) }
            } else {
                current -= 1
            }
        }
        return (.finished, nearest, key)
    }
}
