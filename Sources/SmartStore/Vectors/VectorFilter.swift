import PageStore
import TreeStore
import VectorIndex

// A filter of documents as the index takes it: a list of rows, a set of rows, or a question.
//
// 1. A filter that fixes the `_id`s is a list: those documents are looked at, and no others; when it says nothing else,
//    not even they.
// 2. A filter that indexes of the collection answer at less cost than asking is a set: the rows of what they find.
// 3. A filter that was asked before on the same content becomes a set too, if need be by one walk along documents and
//    rows, which are in the same order.
// 4. Any other is a question, which reads a row's document when the row is met, once in a search. One that had to be
//    asked about every row has made the set on the way.
// Sets are kept with the index (VectorFilterCache). A write transaction that changed the index keeps none and finds
// none kept: its rows are nobody else's.

final class VectorFilter {
    /// nil: all.
    private(set) var rows: RowFilter?
    private var fault: (any Error)?
    private var known: [UInt32: Bool] = [:]
    private var complete: (() throws -> Void)?
    /// What was looked at to find rows beforehand.
    private(set) var counters = PlanCounters()

    /// Documents that were looked at so far.
    var documentsExamined: Int { counters.documentsExamined + known.count }

    /// - Parameter usesCache: whether what is kept with the index may be used, and added to.
    init(
        _ filter: Document?, in entry: CollectionEntry, _ index: VectorIndexEntry, _ transaction: TransactionView,
        _ effort: VectorFilterPlan.Effort, usesCache: Bool = true
    ) throws {
        guard let filter, !filter.isEmpty else { return }
        let view = transaction.view
        let cache: VectorFilterCache? = usesCache && !index.isChanged ? index.segment.filters : nil
        let key = [1] + filter.bson
        let finding = cache?.find(key, at: transaction.sequence) ?? .new
        if case .known(.rows(let set)) = finding {
            rows = .rows(set)
            return
        }
        var comesAgain = false
        if case .comesAgain = finding { comesAgain = true }
        let plan = try VectorFilterPlan(filter, in: entry, index, transaction, effort)
        let compiled = plan.shape.filter
        if let keys = plan.keys {
            let found = try self.rows(of: keys, matching: compiled, in: entry, index, view)
            rows = .ids(found)
            if comesAgain, found.count >= Self.longList {
                cache?.keep(.rows(RowSet(found)), for: key, at: transaction.sequence)
            }
            return
        }
        if let execution = plan.execution, plan.finds(comesAgain: comesAgain) {
            counters = execution.counters
            let set = try execution.rows(in: index, view)
            cache?.keep(.rows(set), for: key, at: transaction.sequence)
            rows = .rows(set)
        } else if comesAgain {
            var set = RowSet(rowCount: index.segment.index.rowCount)
            try Self.forEachRow(of: entry, index, in: view) { rows, bytes in
                if try compiled.matches(bytes) { for row in rows { set.insert(row) } }
            }
            cache?.keep(.rows(set), for: key, at: transaction.sequence)
            rows = .rows(set)
        } else {
            ask(compiled, entry, index, view)
            if let catalogue = transaction.catalogue, let cache {
                complete = { [unowned self] in
                    // Every row of this view was asked about: the answers are the set.
                    guard known.count >= (try index.loadCounters(catalogue, in: view).live) else { return }
                    let set = RowSet(known.lazy.filter(\.value).map(\.key))
                    cache.keep(.rows(set), for: key, at: transaction.sequence)
                }
            }
        }
    }

    /// Rows from which on a list that comes again is kept as a set.
    private static let longList = 64

    /// After the search: keeps what was found out on the way.
    func finish() throws { try complete?() }

    /// Throws what a question ran into.
    func check() throws { if let fault { throw fault } }

    private func ask(_ filter: Filter, _ entry: CollectionEntry, _ index: VectorIndexEntry, _ view: PageView) {
        rows = .predicate { [unowned self] row in
            if let answer = known[row] { return answer }
            do {
                let key = try KeyEncoding.id(index.id(of: row, in: view))
                let answer =
                    try Self.matches(filter, key, in: entry, view)
                known[row] = answer
                return answer
            } catch {
                // Rows that later snapshots freed have no document here.
                fault = fault ?? error
                return false
            }
        }
    }

    private static func matches(
        _ filter: Filter, _ key: [UInt8], in entry: CollectionEntry, _ view: PageView
    ) throws -> Bool {
        var refusal: DocumentError?
        let matches = try entry.tree.withValue(key.span.bytes, in: view) { (bytes) throws(PageFault) in
            do throws(DocumentError) { return try filter.matches(bytes) } catch {
                refusal = error
                return false
            }
        }
        if let refusal { throw refusal }
        return matches ?? false
    }

    private func rows(
        of keys: [[UInt8]], matching filter: Filter, in entry: CollectionEntry, _ index: VectorIndexEntry,
        _ view: PageView
    ) throws -> [UInt32] {
        var rows: [UInt32] = []
        for key in Set(keys) {
            guard !filter.isOfIdentifierAlone else {
                rows += try index.rows(of: key, in: view)
                continue
            }
            counters.documentsExamined += 1
            if try Self.matches(filter, key, in: entry, view) { rows += try index.rows(of: key, in: view) }
        }
        return rows
    }

    /// Every document that has rows, in order of `_id`: one pass over both trees.
    static func forEachRow(
        of entry: CollectionEntry, _ index: VectorIndexEntry, in view: PageView,
        _ body: ([UInt32], BSONBytes) throws -> Void
    ) throws {
        let rows = index.definition.arrays.rows.cursor(in: view)
        let documents = entry.tree.cursor(in: view)
        var hasRow = try rows.seekToFirst()
        var hasDocument = try documents.seekToFirst()
        var rowKey: [UInt8] = []
        while hasRow && hasDocument {
            try rows.copyKey(into: &rowKey)
            let order = try documents.withKey { (key) throws(PageFault) in
                BSONBytes.with(key) { key in BSONBytes.with(rowKey) { key.compare($0) } }
            }
            if order == 0 {
                let numbers = VectorRows.rows(of: try rows.value)
                var thrown: (any Error)?
                try documents.withValue { (value) throws(PageFault) in
                    do { try BSONBytes.with(value) { (bytes) throws in try body(numbers, bytes) } } catch {
                        thrown = error
                    }
                }
                if let thrown { throw thrown }
            }
            if order >= 0 { hasRow = try rows.next() }
            if order <= 0 { hasDocument = try documents.next() }
        }
    }
}

extension Filter {
    /// Whether it is an equality or a list of `_id`s and nothing else, so that having such an `_id` is matching.
    var isOfIdentifierAlone: Bool {
        guard document.count == 1, let value = document["_id"] else { return false }
        guard let conditions = value.document else { return true }
        return conditions.count == 1 && (conditions.contains("$in") || conditions.contains("$eq"))
    }

    /// The keys of the only `_id`s that can match; nil when there is no such fact.
    func identifiedKeys() throws(DocumentError) -> [[UInt8]]? {
        for constraint in constraints where constraint.path == "_id" {
            let values: [BSONValue]
            switch constraint.kind {
            case .equal(let value): values = [value]
            case .oneOf(let found): values = found
            default: continue
            }
            var keys: [[UInt8]] = []
            for value in values {
                switch value {
                case .array, .undefined, .regex, .null: return nil
                default: keys.append(try KeyEncoding.id(value))
                }
            }
            return keys
        }
        return nil
    }
}
