// A search: plan, walk the graph, scan what is not linked, and make sure that nobody gets fewer hits than there are.

import Synchronization

/// A row found by a search.
public struct Hit: Sendable, Equatable {
    /// The row.
    public let row: UInt32
    /// Lower is nearer: cosine `1 - similarity`, dot `-product`, euclidean the squared distance. Computed from the
    /// stored vector, so exact up to the storage's rounding.
    public let distance: Float
    /// Higher is better: cosine similarity, inner product, or the negative squared distance.
    public let score: Float

    init(key: UInt64, metric: Metric) {
        row = UInt32(truncatingIfNeeded: Candidate.row(key))
        distance = Candidate.distance(key)
        score = metric == .cosine ? 1 - distance : -distance
    }
}

/// How a search goes about it; `automatic` outside of tests and measurements.
package enum SearchPlan: Sendable {
    case automatic
    case walk
    case scan
}

extension HNSWIndex {
    /// The nearest rows a snapshot sees, best first; equal distances in row order.
    ///
    /// Always `k` rows when so many match, all matching rows otherwise. Rows in the graph are found approximately, rows
    /// not linked yet exactly. Small indexes, strict filters and damaged links are scanned exactly.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite elements; for cosine not all zero. Any length.
    ///   - k: hits wanted; 0 or less gives none.
    ///   - breadth: candidates kept in view (`ef` in the paper): higher finds more and takes longer. At least `k` is
    ///     used.
    ///   - sequence: the snapshot: rows born later or dead by then are not returned.
    ///   - including: rows to return; called on the searching thread, any number of times a row; must not use the
    ///     index.
    /// - Throws: `wrongDimension`, `notFinite`, `zeroVector`, `source` when vectors cannot be read.
    public func search(
        _ query: [Float], k: Int, breadth: Int = 64, at sequence: UInt64 = .max,
        including: ((UInt32) -> Bool)? = nil
    ) throws(VectorError) -> [Hit] {
        try search(query, k: k, breadth: breadth, at: sequence, including: including, plan: .automatic)
    }

    /// The nearest rows a snapshot sees, found by scoring every one. Parameters and errors as for
    /// ``search(_:k:breadth:at:including:)``. O(rows × dimension).
    public func exactSearch(
        _ query: [Float], k: Int, at sequence: UInt64 = .max, including: ((UInt32) -> Bool)? = nil
    ) throws(VectorError) -> [Hit] {
        try search(query, k: k, breadth: 0, at: sequence, including: including, plan: .scan)
    }

    /// As ``search(_:k:breadth:at:including:)``, with the plan imposed.
    package func search(
        _ query: [Float], k: Int, breadth: Int, at sequence: UInt64, including: ((UInt32) -> Bool)?, plan: SearchPlan
    ) throws(VectorError) -> [Hit] {
        let prepared = try VectorCoding.prepare(query, options)
        guard k > 0 else { return [] }
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        scratch.query.update(from: prepared, count: prepared.count)
        defer { keepWithinLimit() }  // runs after the lock was left
        lock.share()
        defer { lock.leave() }
        // The order matters: a row below the linked count, read first, has links when the walk begins.
        let linked = linkedCounter.load(ordering: .acquiring)
        let waiting = waitingCounter.load(ordering: .acquiring) > 0 ? queue.withLock { $0.waiting } : []
        let rowBound = rowCount
        let wanted = min(k, rowBound)
        guard wanted > 0 else { return [] }
        var results = ResultFilter(wanted: wanted, rows: rows, sequence: sequence, including: including)
        let share = results.estimatedShare(rowCount: rowBound, samples: 128)

        if plan != .scan, try walkGraph(plan, scratch, breadth: breadth, wanted, share, rowBound, &results) {
            try scan(linked..<rowBound, scratch, share: share, &results)
            try scan(waiting, scratch, &results)
            let keys = results.sorted()
            if keys.count == wanted { return keys.map { Hit(key: $0, metric: options.metric) } }
        }
        try scan(0..<rowBound, scratch, share: share, &results)
        return results.sorted().map { Hit(key: $0, metric: options.metric) }
    }

    /// Collects the nearest linked rows by walking the graph. False when that is not worth while or did not succeed, so
    /// that all rows must be scanned.
    ///
    /// Rows that may not be returned are walked through. The beam is widened by their share; if fewer than `wanted` of
    /// it may be returned after all (a filter that excludes what is near), it is widened again while that pays.
    private func walkGraph(
        _ plan: SearchPlan, _ scratch: SearchScratch, breadth: Int, _ wanted: Int, _ share: Double, _ rowBound: Int,
        _ results: inout ResultFilter
    ) throws(VectorError) -> Bool {
        var width = min(rowBound, max(wanted, breadth))
        if !results.passesAll { width = min(rowBound, Int(Double(width) / share) + 1) }
        while !isDamaged && (plan == .walk || walkPays(width: width, share: share, rowCount: rowBound, results)) {
            guard try walkOnce(scratch, width: width, rowBound: rowBound, &results) else { return false }
            if results.passesAll {
                for i in 0..<min(wanted, scratch.beamCount) { results.take(scratch.beam[i] & ~Candidate.expanded) }
                return true
            }
            let found = results.sorted()
            // All rows nearer than the beam's last have been met, so the hits among them are the nearest there are.
            if found.count == wanted && (scratch.beamCount < width || found[wanted - 1] <= scratch.beam[width - 1]) {
                return true
            }
            guard width < rowBound else { return false }
            width = min(rowBound, width * 4)
        }
        return false
    }

    /// Walks down from the entry and along level 0. False when nothing is linked or the links turned out damaged.
    private func walkOnce(
        _ scratch: SearchScratch, width: Int, rowBound: Int, _ results: inout ResultFilter
    ) throws(VectorError) -> Bool {
        do throws(VectorError) {
            var end = try descend(to: 0, scratch.query, scratch, breadth: width, rowBound: rowBound, mayPause: true)
            if case .finished = end {
                results.offerWalked(scratch.beam[0])
                let walk = Walk(level: 0, breadth: width, rowBound: rowBound, mayPause: true)
                end = try run(walk, scratch.query, scratch, &results)
            }
            switch end {
            case .finished: return true
            case .damaged: damaged.store(true, ordering: .releasing)
            case .interrupted, nil: break
            }
        } catch {
            // Links that cannot be read are damage, which scanning and a rebuild get over; vectors are not.
            guard case .corruptImage = error.code else { throw error }
            damaged.store(true, ordering: .releasing)
        }
        return false
    }

    /// Whether walking is likely to cost less than scanning, in rows scored. A scattered row costs about three times
    /// a row in sequence when both are in memory; blocks yet to be read cost far more than either.
    private func walkPays(width: Int, share: Double, rowCount: Int, _ results: ResultFilter) -> Bool {
        let walked = Double(width * options.connectivity)
        let tested = results.passesAll ? 0 : Double(rowCount) * 0.15
        let scanned = results.passesAll ? Double(rowCount) * 0.35 : tested + Double(rowCount) * share * 0.8
        if !vectors.isComplete && rowCount > 1024 { return walked < scanned * 8 }
        return walked < scanned
    }
}
