import PageStore
import TreeStore

// What plans cost, in microseconds on the machine of RESULTS.md: only ratios matter. And how much they will find: what
// share of a tree lies in their ranges, times the number of its entries.

enum PlanCost {
    /// A document of a scan, looked at in its page.
    static let scanned = 0.12
    /// An entry of an index.
    static let entry = 0.10
    /// A document looked up by its `_id`.
    static let fetched = 0.55
    /// Going to a range.
    static let seek = 0.6
    /// A document in a sort, times the logarithm of their number.
    static let sorted = 0.05
    /// An entry of an intersection, put into a set or looked up in it.
    static let intersected = 0.12
    /// What is not worth a search for a better plan.
    static let negligible = 30.0
    /// The share of documents that a condition lets through of which nothing is known.
    static let unknownShare = 0.25

    static func sort(_ count: Double) -> Double { count < 2 ? 0 : count * (0.3 + sorted * Self.log2(count)) }

    /// Close enough, without the mathematics library.
    private static func log2(_ value: Double) -> Double { Double(value.exponent) + value.significand - 1 }
}

/// Estimates for one collection in one view.
struct PlanEstimates {
    let documentCount: Double
    private let view: PageView
    private let catalog: Catalog?
    private let entry: CollectionEntry

    /// Ranges that are estimated one by one; the rest are taken as their average.
    private static let sampledRanges = 16

    init(_ entry: CollectionEntry, _ transaction: TransactionView) throws {
        self.entry = entry
        view = transaction.view
        catalog = transaction.catalogue
        documentCount = Double(try transaction.documentCount(of: entry))
    }

    /// Entries of an index.
    func entryCount(_ index: IndexDefinition) throws -> Double {
        let known = entry.secondary.first { $0.definition === index || $0.name == index.name }
        guard let known else { return 0 }
        return Double(try known.entryCount(catalog, in: view))
    }

    /// Entries in ranges of an index.
    func entries(_ ranges: [IndexBounds.Range], of index: IndexDefinition) throws -> Double {
        try share(ranges, entry.reader(of: index.tree, in: view)) * entryCount(index)
    }

    /// Documents whose `_id` lies in ranges.
    func documents(_ ranges: [IndexBounds.Range]) throws -> Double {
        try share(ranges, entry.reader(in: view)) * documentCount
    }

    private func share(_ ranges: [IndexBounds.Range], _ reader: TreeReader) throws -> Double {
        guard ranges.count <= Self.sampledRanges else {
            let step = ranges.count / Self.sampledRanges
            let sample = stride(from: 0, to: ranges.count, by: step).map { ranges[$0] }
            return try sample.reduce(0) { try $0 + share($1, reader) } * Double(ranges.count) / Double(sample.count)
        }
        return try ranges.reduce(0) { try $0 + share($1, reader) }
    }

    private func share(_ range: IndexBounds.Range, _ reader: TreeReader) throws -> Double {
        if let to = range.to, !range.from.isEmpty {
            return try reader.share(from: range.from.span.bytes, to: to.span.bytes)
        }
        let from = range.from.isEmpty ? 0 : try reader.share(before: range.from.span.bytes)
        let to = try range.to.map { try reader.share(before: $0.span.bytes) } ?? 1
        return max(0, to - from)
    }
}
