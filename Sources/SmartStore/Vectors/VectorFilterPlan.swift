import PageStore
import TreeStore
import VectorIndex

// Whether the rows that a filter lets through are found beforehand, by an index of their documents, or asked for one
// by one while the search meets them.
//
// 1. The planner says which plans the filter has, and how many documents match. A plan that reads the whole collection
//    is none here: asking is never worse.
// 2. Finding costs what reading the plan's entries costs, its documents where the index does not say everything, and
//    looking up the rows. Asking costs a document for each row that the search meets: the fewer pass, the more it
//    meets.
// 3. Either way the rows are those of the documents that match in the view of the transaction: a plan is only a way.

struct VectorFilterPlan {
    /// How much a search looks for.
    struct Effort {
        /// Rows that it keeps in view; those that it meets are a multiple of it.
        var breadth: Int
        /// Whether it looks at every row.
        var isExact = false
    }

    let shape: QueryShape
    /// The keys of the only `_id`s that can match; nil: there is no such fact.
    let keys: [[UInt8]]?
    /// The cheapest plan that finds the documents without reading all of them; nil: there is none.
    let execution: PlanExecution?
    /// What finding the rows by that plan costs, in microseconds as `PlanCost` has them.
    let findingCost: Double
    /// What asking costs.
    let askingCost: Double
    /// What reading every document once costs.
    let readingCost: Double

    /// A row that is asked about: its `_id`, then its document, then the filter.
    private static let asked = 0.9
    /// A document in one pass along documents and rows.
    private static let read = 0.5
    /// A document's rows, looked up by its key; met in a pass along all rows.
    fileprivate static let rowsFound = 0.45
    fileprivate static let rowsPassed = 0.08
    /// Rows that a search asks about for each that it keeps in view, were all to pass.
    private static let spread = 4.0

    init(
        _ filter: Document, in entry: CollectionEntry, _ index: VectorIndexEntry, _ transaction: TransactionView,
        _ effort: Effort
    ) throws {
        shape = try QueryShape(FindQuery(filter))
        keys = try shape.filter.identifiedKeys()
        guard keys == nil, let catalogue = transaction.catalogue else {
            (execution, findingCost, askingCost, readingCost) = (nil, .infinity, 0, 0)
            return
        }
        let rowCount = Double(try index.loadCounters(catalogue, in: transaction.view).live)
        let documentCount = Double(try transaction.documentCount(of: entry))
        var best: (plan: Plan, cost: Double)?
        for plan in try Planner(shape, entry, transaction).plans(wantsAll: true) where !plan.access.isCollectionScan {
            let cost = Self.cost(of: plan, rowCount: rowCount)
            if cost < best?.cost ?? .infinity { best = (plan, cost) }
        }
        let share = min(1, max(best?.plan.estimate ?? 0, 1) / max(documentCount, 1))
        let met = effort.isExact ? rowCount : min(rowCount, Self.spread * Double(effort.breadth) / share)
        askingCost = met * Self.asked
        readingCost = documentCount * Self.read
        findingCost = best?.cost ?? .infinity
        guard let best else {
            execution = nil
            return
        }
        let deadline = QueryDeadline(
            milliseconds: nil, time: transaction.store.options.time, cancellation: transaction.cancellation)
        execution = PlanExecution(
            shape, best.plan, entry, transaction.view, deadline,
            transaction.store.sortResources(allowsDiskUse: shape.query.allowsDiskUse))
    }

    /// What the planner reckons is for documents that are read: here they are only where the filter needs them.
    private static func cost(of plan: Plan, rowCount: Double) -> Double {
        let rows = min(plan.estimate * rowsFound, rowCount * rowsPassed)
        let (entries, ranges) = reads(plan.access)
        let cost = ranges * PlanCost.seek + rows
        let fetched = plan.needsFilter ? PlanCost.fetched : 0
        return switch plan.access {
        case .nothing: 0
        case .collection, .identifiers: plan.cost + rows
        case .index: cost + entries * (PlanCost.entry + fetched)
        case .intersection: cost + entries * (PlanCost.entry + PlanCost.intersected) + plan.estimate * fetched
        case .union: cost + entries * (PlanCost.entry + PlanCost.intersected + fetched)
        }
    }

    /// The entries that a plan reads, and their ranges.
    private static func reads(_ access: PlanAccess) -> (entries: Double, ranges: Double) {
        func sum(_ parts: [PlanAccess]) -> (entries: Double, ranges: Double) {
            parts.reduce((0, 0)) { sum, part in
                let more = reads(part)
                return (sum.0 + more.entries, sum.1 + more.ranges)
            }
        }
        return switch access {
        case .nothing, .collection: (0, 0)
        case .identifiers(let keys): (Double(keys.count), 0)
        case .index(let scan): (scan.estimate, Double(scan.bounds.ranges.count))
        case .intersection(let scans): sum(scans.map { .index($0) })
        case .union(let branches): sum(branches)
        }
    }

    /// Whether the rows should be found before the search.
    /// - Parameter comesAgain: the filter was asked before, so that all that match shall be known from now on.
    func finds(comesAgain: Bool) -> Bool {
        execution != nil && findingCost <= (comesAgain ? readingCost : askingCost)
    }
}

extension PlanExecution {
    /// The rows of the documents that match.
    func rows(in index: VectorIndexEntry, _ view: PageView) throws -> RowSet {
        var keys: [[UInt8]] = []
        try self.keys { keys.append($0) }
        return try index.rowSet(of: &keys, in: view)
    }
}

extension VectorIndexEntry {
    /// The rows of documents by their `_id` keys, which are put in order; documents without a vector have none.
    fileprivate func rowSet(of keys: inout [[UInt8]], in view: PageView) throws(PageFault) -> RowSet {
        // The tree has them in order: near ones are on one page.
        keys.sort { $0.lexicographicallyPrecedes($1) }
        var set = RowSet(rowCount: segment.index.rowCount)
        let tree = definition.arrays.rows
        let isDense =
            Double(keys.count) * VectorFilterPlan.rowsFound
            > Double(segment.index.rowCount) * VectorFilterPlan.rowsPassed
        guard isDense, let first = keys.first else {
            let reader = TreeReader(tree, in: view)
            var spots: [TreeReader.Spot] = []
            var place = 0
            while place < keys.count {
                let portion = KeyBatch(keys[place..<min(place + 32, keys.count)])
                try reader.find(portion, into: &spots)
                for spot in spots {
                    _ = try reader.withValue(of: spot) { (bytes) throws(PageFault) in
                        VectorRows.forEach(in: bytes) { _ = set.insert($0) }
                    }
                }
                place += portion.count
            }
            return set
        }
        let cursor = tree.cursor(in: view)
        var isOnRow = try cursor.seek(to: first.span.bytes)
        var place = 0
        while isOnRow, place < keys.count {
            let order = try cursor.withKey { (key) throws(PageFault) in
                BSONBytes.with(key) { key in BSONBytes.with(keys[place]) { key.compare($0) } }
            }
            if order == 0 {
                try cursor.withValue { (bytes) throws(PageFault) in
                    VectorRows.forEach(in: bytes) { _ = set.insert($0) }
                }
            }
            if order >= 0 { place += 1 }
            if order <= 0 { isOnRow = try cursor.next() }
        }
        return set
    }
}
