// The filters that `--filter-share` measures: which rows each lets pass, and who their true neighbours are.
//
// random: a row passes by a hash of its number, whatever its vector. The same filter for all queries.
// near, far: rows nearest to, or farthest from, the query's region. A region is one of a few queries; each query belongs
// to the one it is nearest to. `far` is the hard case: a walk towards the query finds nobody who passes.

import VectorIndex

/// A set of rows, independent of the engine's own.
struct RowBits: Sendable {
    private var words: [UInt64]
    private(set) var count = 0

    init(rowCount: Int) { words = [UInt64](repeating: 0, count: (rowCount + 63) / 64) }

    func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }

    mutating func insert(_ row: Int) {
        guard !contains(row) else { return }
        words[row >> 6] |= 1 << UInt64(row & 63)
        count += 1
    }

    var rows: [UInt32] {
        words.indices.flatMap { place in
            (0..<64).filter { words[place] >> UInt64($0) & 1 == 1 }.map { UInt32(place << 6 + $0) }
        }
    }
}

/// One filter, or one for each region.
struct FilterCase {
    enum Kind: String, Encodable, CaseIterable {
        case random
        case near
        case far
    }

    let kind: Kind
    /// Rows that pass, in hundredths of all.
    let share: Double
    let sets: [RowBits]
    /// Which of `sets` a query is asked with.
    let setOfQuery: [Int]

    func allows(_ query: Int, _ row: Int) -> Bool { sets[setOfQuery[query]].contains(row) }
}

enum FilterCases {
    private static let regionCount = 8

    /// A number in 0..<100 for a row, even and independent of its vector. A row passes a share above it.
    static func attribute(row: Int) -> Double {
        var random = SplitMix64(state: 0xF117E5 ^ UInt64(row) &* 0x9E37_79B9_7F4A_7C15)
        return Double(random.next() >> 11) * 0x1p-53 * 100
    }

    static func make(shares: [Double], dataset: VectorDataset) throws -> [FilterCase] {
        let queries = dataset.set.queries
        let step = max(1, queries.count / regionCount)
        let regions = (0..<min(regionCount, queries.count)).map { queries[$0 * step] }
        var nearness = regions.map { _ in [Float]() }
        try dataset.forEachBlock { _, rows in
            for (region, centre) in regions.enumerated() {
                nearness[region] += rows.map { ExactNeighbours.nearness(centre, $0, dataset.metric) }
            }
        }
        let orders = nearness.map { values in values.indices.sorted { (values[$1], $0) < (values[$0], $1) } }
        let regionOfQuery = queries.map { query in
            let nearness = regions.map { ExactNeighbours.nearness(query, $0, dataset.metric) }
            return nearness.indices.max { nearness[$0] < nearness[$1] } ?? 0
        }
        return shares.flatMap { share in
            let wanted = min(dataset.rowCount, max(1, Int(Double(dataset.rowCount) * share / 100)))
            var random = RowBits(rowCount: dataset.rowCount)
            for row in 0..<dataset.rowCount where attribute(row: row) < share { random.insert(row) }
            func picked(_ rows: (_ order: [Int]) -> ArraySlice<Int>) -> [RowBits] {
                orders.map { order in
                    rows(order).reduce(into: RowBits(rowCount: dataset.rowCount)) { $0.insert($1) }
                }
            }
            return [
                FilterCase(
                    kind: .random, share: share, sets: [random],
                    setOfQuery: [Int](repeating: 0, count: queries.count)),
                FilterCase(kind: .near, share: share, sets: picked { $0.prefix(wanted) }, setOfQuery: regionOfQuery),
                FilterCase(kind: .far, share: share, sets: picked { $0.suffix(wanted) }, setOfQuery: regionOfQuery),
            ]
        }
    }

    /// The queries with their true neighbours under each filter.
    static func truths(_ cases: [FilterCase], dataset: VectorDataset, k: Int) throws -> [QuerySet] {
        let found = try ExactNeighbours.find(
            k: k, metric: dataset.metric, queries: dataset.set.queries, base: dataset.base,
            rowCount: dataset.rowCount, filters: cases.map { filter in { filter.allows($0, $1) } })
        return found.map { QuerySet(queries: dataset.set.queries, truth: $0) }
    }
}
