// A check of the links from the outside: whether every list is sound, and how much of the graph can be reached.

import Synchronization

/// What ``HNSWIndex/checkLinks()`` found.
public struct LinkReport: Sendable, Equatable {
    /// Rows in the graph.
    public var linkedCount = 0
    /// Links of level 0, over all linked rows.
    public var linkCount = 0
    /// Rows on level 1 or above.
    public var upperRowCount = 0
    /// Lists that name a row which does not exist or does not stand on the list's level.
    public var damagedListCount = 0
    /// Lists that name their own row or a row twice.
    public var repeatingListCount = 0
    /// Linked rows that are not deleted. Links to deleted rows go away in time, so those are not counted on.
    public var livingCount = 0
    /// Living rows that level 0 leads to from the entry row.
    public var reachableCount = 0

    /// The share of living rows that can be reached; 1 when there are none.
    public var reachableShare: Double { livingCount == 0 ? 1 : Double(reachableCount) / Double(livingCount) }

    /// Whether no list is damaged.
    public var isSound: Bool { damagedListCount == 0 }
}

extension HNSWIndex {
    /// Reads every list once. O(rows × connectivity); reads all blocks of links. The findings are those of one moment
    /// only while nobody links.
    ///
    /// - Throws: `corruptImage` when link blocks cannot be read.
    public func checkLinks() throws(VectorError) -> LinkReport {
        lock.share()
        defer { lock.leave() }
        var report = LinkReport()
        let (linked, waiting) = queue.withLock { ($0.linked, Set($0.waiting)) }
        report.linkedCount = linked - waiting.count
        let rowBound = rowCount
        let isLinked = (0..<rowBound).map { $0 < linked && !rows.isDeleted($0) && !waiting.contains(UInt32($0)) }
        report.livingCount = isLinked.count { $0 }
        for row in 0..<rowBound {
            let top = levels.level(of: row)
            if top > 0 { report.upperRowCount += 1 }
            for level in 0...top {
                guard let list = try readList(row: row, level: level) else {
                    report.damagedListCount += 1
                    continue
                }
                if level == 0 { report.linkCount += list.count }
                if Set(list).count < list.count || list.contains(UInt32(row)) { report.repeatingListCount += 1 }
            }
        }
        report.reachableCount = try reachable(rowBound: rowBound).filter { isLinked[$0] }.count
        return report
    }

    /// The rows that level 0 leads to from the entry row.
    private func reachable(rowBound: Int) throws(VectorError) -> [Int] {
        guard let start = entryRow, start < rowBound else { return [] }
        var seen = [Bool](repeating: false, count: rowBound)
        var pending = [start]
        seen[start] = true
        var reached: [Int] = []
        while let row = pending.popLast() {
            reached.append(row)
            for next in try readList(row: row, level: 0) ?? [] where Int(next) < rowBound && !seen[Int(next)] {
                seen[Int(next)] = true
                pending.append(Int(next))
            }
        }
        return reached
    }

    private var entryRow: Int? {
        let stored = entry.load(ordering: .acquiring)
        return stored == 0 ? nil : stored - 1
    }
}
