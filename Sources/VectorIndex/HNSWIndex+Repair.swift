// Taking dead rows out of the graph, so that their slots can be used again.
//
// A dead row stays a way to other rows until a pass over all lists replaces each link to it by links to its own
// neighbours, chosen like any other (Singh et al. 2021, FreshDiskANN: "delete consolidation"). Only then nothing leads to
// the row, and its slot is free. One pass serves all rows that died since the last one: it reads every list once, and
// rewrites those that name a dead row. Searches go on meanwhile; linkers wait.

import Synchronization

extension HNSWIndex {
    /// Deleted rows that wait to be taken out of the graph.
    public var unrepairedCount: Int { max(0, rows.deletedCount - free.withLock { $0.count }) }

    /// Rows whose slots may be given to new vectors, oldest first, at most `count`.
    public func freeRows(_ count: Int = .max) -> [UInt32] { free.withLock { $0.first(count) } }

    /// How many rows may be given new vectors.
    public var freeCount: Int { free.withLock { $0.count } }

    /// Takes deleted rows that no search at `sequence` or later sees out of the graph; their slots are free then. Older
    /// searches must not run any more. O(rows × connectivity), and for each row that had a link to a deleted one about
    /// what choosing its neighbours costs.
    ///
    /// - Returns: how many slots became free.
    /// - Throws: `source` when vectors cannot be read. Damaged links are marked as such, and nothing becomes free.
    @discardableResult
    public func repairDeleted(before sequence: UInt64 = .max) throws(VectorError) -> Int {
        guard unrepairedCount > 0 else { return 0 }
        linkGate.claim()
        defer { linkGate.leave() }
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        var gone = RowSet(rowCount: rowCount)
        let (linked, waiting) = queue.withLock { ($0.linked, Set($0.waiting)) }
        let alreadyFree = free.withLock { $0 }
        for row in 0..<linked
        where rows.isGone(row, by: sequence) && !alreadyFree.contains(UInt32(row)) && !waiting.contains(UInt32(row)) {
            gone.insert(UInt32(row))
        }
        guard gone.count > 0 else { return 0 }
        do throws(VectorError) {
            try replaceEntry(gone)
            // Portions, so that whoever needs the lock alone need not wait for the whole pass.
            for start in stride(from: 0, to: linked, by: 256) {
                try repair(start..<min(linked, start + 256), gone, scratch)
                keepWithinLimit()
            }
            lock.share()
            defer { lock.leave() }
            for row in gone.rows {
                for level in 0...levels.level(of: Int(row)) {
                    try withStripe(Int(row)) { () throws(VectorError) in
                        try writeList([], row: Int(row), level: level)
                    }
                }
            }
        } catch {
            guard case .corruptImage = error.code else { throw error }
            damaged.store(true, ordering: .releasing)
            return 0
        }
        let freed = gone.rows
        free.withLock { free in for row in freed { free.insert(row) } }
        return freed.count
    }

    private func repair(_ range: Range<Int>, _ gone: RowSet, _ scratch: SearchScratch) throws(VectorError) {
        lock.share()
        defer { lock.leave() }
        for row in range where !gone.contains(UInt32(row)) { try repair(row, gone, scratch) }
    }

    /// Replaces the links of one row, on all its levels, that lead to rows that are gone.
    private func repair(_ row: Int, _ gone: RowSet, _ scratch: SearchScratch) throws(VectorError) {
        for level in 0...levels.level(of: row) {
            let words = try list(row: row, level: level)
            var isAffected = false
            for i in 0..<options.degree(level: level) {
                let word = words[i].load(ordering: .relaxed)
                if word == 0 { break }
                if gone.contains(word - 1) {
                    isAffected = true
                    break
                }
            }
            guard isAffected else { continue }
            try withStripe(row) { () throws(VectorError) in
                guard let old = try readList(row: row, level: level) else {
                    throw VectorError(.corruptImage(reason: "a list names a row that cannot be"))
                }
                var living = old.filter { !gone.contains($0) }
                // Few links lost: the nearest of the dead rows' first neighbours take their places. To choose the
                // whole list anew each time took nine tenths of the time of replacing rows.
                let isNearlyFull = living.count >= options.degree(level: level) * 3 / 4
                var others: [UInt32] = []
                for dead in old where gone.contains(dead) {
                    guard let beyond = try readList(row: Int(dead), level: level) else {
                        throw VectorError(.corruptImage(reason: "a list names a row that cannot be"))
                    }
                    for next in beyond.prefix(isNearlyFull ? 8 : 12)
                    where Int(next) != row && !rows.isDeleted(Int(next)) && !living.contains(next)
                        && !others.contains(next)
                    {
                        others.append(next)
                    }
                }
                if isNearlyFull {
                    let own = try beginChoice(for: row, room: others.count, scratch)
                    let nearest = try candidates(others, for: row, at: own, scratch)
                    living += nearest.prefix(old.count - living.count).map(\.row)
                } else {
                    living = try chosen(living + others, for: row, level: level, scratch)
                }
                try writeList(living, row: row, level: level)
            }
        }
    }

    /// Finds another row to start from when the entry is gone: one on the highest level that a living row stands on.
    private func replaceEntry(_ gone: RowSet) throws(VectorError) {
        let present = entry.load(ordering: .acquiring) - 1
        guard present >= 0, gone.contains(UInt32(present)) else { return }
        let (linked, waiting) = queue.withLock { ($0.linked, Set($0.waiting)) }
        var best: (row: Int, level: Int)?
        for row in 0..<linked where !rows.isDeleted(row) && !waiting.contains(UInt32(row)) {
            let level = levels.level(of: row)
            if level > best?.level ?? -1 { best = (row, level) }
        }
        // With nobody left the graph begins anew with the next row that is linked.
        promotion.withLock { _ in entry.store((best?.row ?? -1) + 1, ordering: .releasing) }
    }
}
