import PageStore
import TreeStore

// From a plan to its documents.

/// A plan at work.
struct PlanExecution {
    let shape: QueryShape
    let plan: Plan
    let counters = PlanCounters()
    let entry: CollectionEntry
    /// What a sort may use.
    let resources: SortResources
    private let view: PageView
    private let deadline: QueryDeadline?

    init(
        _ shape: QueryShape, _ plan: Plan, _ entry: CollectionEntry, _ view: PageView, _ deadline: QueryDeadline?,
        _ resources: SortResources
    ) {
        self.shape = shape
        self.plan = plan
        self.entry = entry
        self.view = view
        self.deadline = deadline
        self.resources = resources
    }

    /// The same query by another plan.
    init(_ other: PlanExecution, plan: Plan) {
        self.init(other.shape, plan, other.entry, other.view, other.deadline, other.resources)
    }

    private var filter: Filter? { plan.needsFilter ? shape.filter : nil }

    /// How many documents are read at most; nil: there is no such number.
    private var readBound: Int? {
        // An `_id` that is asked for need not be there: how many have to be looked for is not known.
        if case .identifiers = plan.access { return nil }
        return shape.sort == nil || plan.isSorted ? shape.bound : nil
    }

    /// The matching documents, before order and projection.
    /// - Parameter bound: how many of them are read at most; nil: all.
    func matches(bound: Int? = nil) throws -> any DocumentSource {
        switch plan.access {
        case .nothing: return ListedDocuments([])
        case .collection(let ranges, let isBackward):
            return ScanSource(
                entry.tree, in: view, ranges: ranges, isBackward: isBackward, filter: filter, counters, deadline)
        case .index(let scan) where plan.isCovered:
            return CoveredSource(scan, cursor(scan), entry.tree, in: view, filter: filter, counters, deadline)
        default:
            return FetchSource(
                try identifiers(plan.access), entry.reader(in: view), filter: filter,
                bound: bound, counters, deadline)
        }
    }

    /// What `find` answers: in order, from `skip` to `limit`, projected.
    func documents() throws -> any DocumentSource {
        var source = try matches(bound: readBound)
        if let sort = shape.sort, !plan.isSorted {
            var resources = resources
            resources.counters = counters
            resources.deadline = deadline
            source = SortedSource(source, sort, bound: shape.bound, resources)
        }
        if shape.query.skip > 0 || shape.query.limit != nil {
            source = SlicedSource(source, skip: shape.query.skip, limit: shape.query.limit)
        }
        if let projection = shape.projection { source = ProjectedSource(source, projection) }
        return source
    }

    /// Whether counting reads no documents: each key that the indexes give is one that matches.
    var countsKeys: Bool {
        guard !plan.needsFilter else { return false }
        return switch plan.access {
        case .index, .intersection: true
        case .nothing, .collection, .identifiers, .union: false
        }
    }

    /// How many documents match.
    func count() throws -> Int {
        var count = 0
        if !plan.needsFilter, case .index(let scan) = plan.access, !scan.index.isMultikey {
            // Every entry is a match, and no document has two.
            return try IndexCursor(scan, cursor(scan), counters).count { try deadline?.check() }
        }
        if countsKeys {
            let ids = try identifiers(plan.access)
            while try ids.next() != nil { count += 1 }
            return count
        }
        let source = try matches()
        while try source.advance() { count += 1 }
        return count
    }

    /// The `_id` keys of the matching documents.
    func keys(_ body: ([UInt8]) throws -> Void) throws {
        switch plan.access {
        case .nothing: return
        case .collection:
            guard let scan = try matches() as? ScanSource else { return }
            while try scan.advance() { try body(try scan.currentKey()) }
        default:
            let ids = try identifiers(plan.access)
            var isCertain = filter == nil
            // An _id that is asked for need not be there.
            if case .identifiers = plan.access { isCertain = false }
            if isCertain {
                while let key = try ids.next() { try body(key) }
                return
            }
            let fetch = FetchSource(ids, entry.reader(in: view), filter: filter, counters, deadline)
            while try fetch.advance() { try body(fetch.key) }
        }
    }

    private func cursor(_ scan: IndexScan) -> TreeCursor { entry.reader(of: scan.index.tree, in: view).cursor() }

    private func identifiers(_ access: PlanAccess) throws -> any RecordIDs {
        let check = { try deadline?.check() ?? () }
        switch access {
        case .nothing, .collection: return ListedIDs([])
        case .identifiers(let keys):
            counters.keysExamined += keys.count
            return ListedIDs(keys)
        case .index(let scan): return IndexedIDs(scan, cursor(scan), counters)
        case .intersection(let scans):
            let streams = scans.map { IndexedIDs($0, cursor($0), counters) }
            guard streams.count == 2 else { return streams.first ?? ListedIDs([]) }
            return try CommonIDs(streams[0], streams[1], check: check)
        case .union(let branches):
            return try UnitedIDs(branches.map { try identifiers($0) }, check: check)
        }
    }
}
