// A plan: where documents come from, and what is still to be done with them.

/// One index with the ranges that a query needs of it.
struct IndexScan: Sendable {
    let index: IndexDefinition
    var bounds: IndexBounds
    var isBackward = false
    /// Entries that are expected in the ranges.
    var estimate = 0.0
}

/// Where a plan's documents come from.
indirect enum PlanAccess: Sendable {
    /// Nothing can match.
    case nothing
    /// Every document, or those whose `_id` lies in the ranges, in order of `_id`.
    case collection(ranges: [IndexBounds.Range]?, isBackward: Bool)
    /// The documents with these `_id` keys, ascending and each once.
    case identifiers([[UInt8]])
    /// The documents of an index's entries, in its order.
    case index(IndexScan)
    /// The documents that are in all of the indexes' ranges.
    case intersection([IndexScan])
    /// The documents that are in one of the branches.
    case union([PlanAccess])
}

/// How a query is answered.
struct Plan: Sendable {
    var access: PlanAccess
    /// Whether documents still are held against the filter.
    var needsFilter = true
    /// Whether documents come in the order that is asked for.
    var isSorted = false
    /// Whether the index has everything that is asked for, so that documents are not read.
    var isCovered = false
    /// What it is expected to cost, in microseconds.
    var cost = 0.0
    /// Whether it costs so little that no better one is looked for.
    var isGood = false
    /// Documents that are expected to match.
    var estimate = 0.0

    /// The names of the indexes in it.
    var indexNames: [String] { access.indexNames }
}

extension PlanAccess {
    var indexNames: [String] {
        switch self {
        case .nothing, .collection: []
        case .identifiers: ["_id_"]
        case .index(let scan): [scan.index.name]
        case .intersection(let scans): scans.map(\.index.name)
        case .union(let branches): branches.flatMap(\.indexNames)
        }
    }

    /// Whether it reads a whole collection.
    var isCollectionScan: Bool { if case .collection(nil, _) = self { true } else { false } }
}

/// What a plan did, counted while it ran.
final class PlanCounters {
    /// Entries of indexes looked at.
    var keysExamined = 0
    /// Documents looked at.
    var documentsExamined = 0
    /// Documents handed on.
    var returned = 0
    /// Runs that a sort put aside on the disk for want of memory.
    var spills = 0
    /// Bytes that a sort wrote to the disk, also while it merged.
    var spilledBytes = 0
}
