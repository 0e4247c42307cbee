// Exact search: score every row that may be returned. Serves the tail that is not linked yet, small and strictly
// filtered searches, damaged links, and whoever asks for exact answers.
//
// Rows are taken in pieces, so that an index larger than its memory limit can let go of blocks in between.
// Unsafe code: pieces fit the scratch's buffers; rows are below the row count and their blocks were made present.

import Synchronization

extension HNSWIndex {
    /// Offers a range of rows. The index lock is shared, and let go of between pieces when blocks must be dropped.
    func scan(
        _ range: Range<Int>, _ scratch: SearchScratch, share: Double, _ results: inout ResultFilter
    ) throws(VectorError) {
        // Scoring a row in sequence costs about what testing a few does; with blocks missing, test before reading.
        let testsFirst = !results.passesAll && (share < 0.5 || !vectors.isComplete)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + SearchScratch.batch, range.upperBound)
            if testsFirst {
                var found = 0
                for row in start..<end where results.passes(row) {
                    scratch.ids[found] = UInt32(truncatingIfNeeded: row)
                    found += 1
                }
                try score(found, scratch, &results)
            } else {
                if !vectors.isComplete {
                    try vectors.ensure(start * scorer.stride, (end - start) * scorer.stride)
                }
                let first = scorer.base + start * scorer.stride
                scorer.block(scratch.query, first, scorer.stride, scorer.dimension, end - start, scratch.figures)
                for i in 0..<(end - start) {
                    results.offer(scorer.key(figure: scratch.figures[i], row: UInt32(truncatingIfNeeded: start + i)))
                }
            }
            start = end
            pauseIfNeeded()
        }
    }

    /// Offers single rows.
    func scan(_ list: [UInt32], _ scratch: SearchScratch, _ results: inout ResultFilter) throws(VectorError) {
        var found = 0
        for row in list where results.passes(Int(row)) {
            scratch.ids[found] = row
            found += 1
            if found == SearchScratch.batch {
                try score(found, scratch, &results)
                found = 0
            }
        }
        try score(found, scratch, &results)
    }

    /// Scores the first `count` rows of the scratch's ids, which all pass.
    private func score(_ count: Int, _ scratch: SearchScratch, _ results: inout ResultFilter) throws(VectorError) {
        guard count > 0 else { return }
        if !vectors.isComplete {
            for i in 0..<count { try vectors.ensure(Int(scratch.ids[i]) * scorer.stride, scorer.stride) }
        }
        scorer.gather(
            scratch.query, scorer.base, scorer.stride, scorer.dimension, scratch.ids, count, scratch.figures)
        for i in 0..<count { results.take(scorer.key(figure: scratch.figures[i], row: scratch.ids[i])) }
    }

    private func pauseIfNeeded() {
        guard budget.isExceeded else { return }
        lock.leave()
        keepWithinLimit()
        lock.share()
    }
}
