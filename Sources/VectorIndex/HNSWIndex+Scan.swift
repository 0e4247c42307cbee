// Scans: scoring rows one after another. They serve the tail that is not linked yet, small and strictly filtered
// searches, damaged links, and whoever asks for exact answers.
//
// Rows that have codes are scored by them, and the nearest go into the pool, to be scored again from their vectors;
// others, and all rows of an exact search, are scored from their vectors at once. Rows are taken in pieces, so that an
// index larger than its memory limit can let go of blocks in between.
// Unsafe code: pieces fit the scratch's buffers; rows are below the row count and their blocks were made present.

import CVectorKernels
import Synchronization

extension HNSWIndex {
    /// What a scan reads, and where the nearest go.
    enum ScanTarget {
        /// Reads what the guide reads; the nearest go into the pool.
        case pool(Guide)
        /// Reads vectors; the nearest go into the final keys.
        case final
    }

    /// Offers a range of rows. The index lock is shared, and let go of between pieces when blocks must be dropped.
    func scan(
        _ range: Range<Int>, _ target: ScanTarget, _ admission: Admission, _ scratch: SearchScratch
    ) throws(VectorError) {
        var start = range.lowerBound
        while start < range.upperBound {
            switch admission {
            case .all:
                let end = min(start + SearchScratch.batch, range.upperBound)
                try scoreBlock(start..<end, target, scratch)
                start = end
            case .bits, .test:
                var found = 0
                start = collect(start..<range.upperBound, admission, scratch, &found)
                try score(scratch.ids, found, target, scratch)
            }
            pauseIfNeeded(scratch)
        }
    }

    /// Offers single rows.
    func scan(
        _ list: [UInt32], _ target: ScanTarget, _ admission: Admission, _ scratch: SearchScratch
    ) throws(VectorError) {
        var found = 0
        for row in list where admission.admits(Int(row)) {
            scratch.ids[found] = row
            found += 1
            if found == SearchScratch.batch {
                try score(scratch.ids, found, target, scratch)
                found = 0
                pauseIfNeeded(scratch)
            }
        }
        try score(scratch.ids, found, target, scratch)
    }

    /// Collects the ids of admitted rows until the buffer is full. Gives the row to go on from.
    private func collect(
        _ range: Range<Int>, _ admission: Admission, _ scratch: SearchScratch, _ found: inout Int
    ) -> Int {
        let ids = scratch.ids
        var count = 0
        var row = range.lowerBound
        if case .bits(let first, let second) = admission {
            while row < range.upperBound && count <= SearchScratch.batch - 32 {
                let word = row >> 5
                var bits = first[word]
                if let second { bits &= second[word] }
                bits &= UInt32.max << UInt32(row & 31)
                let next = (word + 1) << 5
                if next > range.upperBound { bits &= (1 << UInt32(range.upperBound & 31)) - 1 }
                while bits != 0 {
                    ids[count] = UInt32(truncatingIfNeeded: word << 5 | bits.trailingZeroBitCount)
                    count += 1
                    bits &= bits - 1
                }
                row = next
            }
            found = count
            return min(row, range.upperBound)
        }
        while row < range.upperBound && count < SearchScratch.batch {
            if admission.admits(row) {
                ids[count] = UInt32(truncatingIfNeeded: row)
                count += 1
            }
            row += 1
        }
        found = count
        return row
    }

    private func scoreBlock(
        _ rows: Range<Int>, _ target: ScanTarget, _ scratch: SearchScratch
    ) throws(VectorError) {
        let (scorer, arena, query, buffer) = parts(target, scratch)
        if !arena.isComplete { try arena.ensure(rows.lowerBound * scorer.stride, rows.count * scorer.stride) }
        let first = scorer.base + rows.lowerBound * scorer.stride
        scorer.block(query, first, scorer.stride, scorer.dimension, rows.count, scratch.figures)
        for i in 0..<rows.count { scratch.ids[i] = UInt32(truncatingIfNeeded: rows.lowerBound + i) }
        kernels.insert(
            buffer.base, buffer.capacity, scratch.figures, scratch.ids, rows.count, scorer.factor, scorer.offset)
    }

    /// Scores the first `count` rows of a list, at most a batch, which are all admitted.
    func score(
        _ ids: UnsafePointer<UInt32>, _ count: Int, _ target: ScanTarget, _ scratch: SearchScratch
    ) throws(VectorError) {
        guard count > 0 else { return }
        let (scorer, arena, query, buffer) = parts(target, scratch)
        if !arena.isComplete {
            for i in 0..<count { try arena.ensure(Int(ids[i]) * scorer.stride, scorer.stride) }
        }
        scorer.gather(query, scorer.base, scorer.stride, scorer.dimension, ids, count, scratch.figures)
        kernels.insert(buffer.base, buffer.capacity, scratch.figures, ids, count, scorer.factor, scorer.offset)
    }

    private func parts(
        _ target: ScanTarget, _ scratch: SearchScratch
    ) -> (RowScorer, Arena, UnsafeRawPointer, KeyBuffer) {
        switch target {
        case .pool(let guide): (guide.scorer, guide.arena, guide.query, scratch.pool)
        case .final: (scorer, vectors, UnsafeRawPointer(scratch.query), scratch.final)
        }
    }

    /// Lets go of the index lock for blocks to be dropped, when that is due. What was done by codes that were made anew
    /// meanwhile is worth nothing: the scratch is stale then, and the search begins again.
    private func pauseIfNeeded(_ scratch: SearchScratch) {
        guard budget.isExceeded else { return }
        lock.leave()
        keepWithinLimit()
        lock.share()
        if generation.load(ordering: .relaxed) != scratch.generation { scratch.isStale = true }
    }
}
