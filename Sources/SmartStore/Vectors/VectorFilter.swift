import PageStore
import TreeStore
import VectorIndex

// A filter of documents as the index takes it: a list of rows, a set of rows, or a question.
//
// 1. A filter that fixes the `_id`s is a list: those documents are looked at, and no others; when it says nothing else,
//    not even they.
// 2. A filter that was asked before on the same content becomes a set: one walk along documents and rows, which are in
//    the same order, answers it for all; the set is kept with the index (VectorFilterCache).
// 3. Any other is a question, which reads a row's document when the row is met, once in a search. One that had to be asked
//    about every row has made the set on the way.
// A write transaction that changed the index asks only questions: its rows are nobody else's.

final class VectorFilter {
    /// nil: all.
    private(set) var rows: RowFilter?
    private var fault: (any Error)?
    private var known: [UInt32: Bool] = [:]
    private var complete: (() throws -> Void)?

    init(
        _ filter: Document?, in entry: CollectionEntry, _ index: VectorIndexEntry, _ transaction: TransactionView
    ) throws {
        guard let filter, !filter.isEmpty else { return }
        let compiled = try Filter(filter)
        guard !compiled.isTrivial else { return }
        let view = transaction.view
        let cache = index.segment.filters
        let key = [1] + filter.bson
        let finding = index.isChanged ? .new : cache.find(key, at: transaction.sequence)
        if case .known(.rows(let set)) = finding {
            rows = .rows(set)
            return
        }
        if let keys = try compiled.identifiedKeys() {
            let found = try Self.rows(of: keys, matching: compiled, in: entry, index, view)
            rows = .ids(found)
            if case .comesAgain = finding, found.count >= Self.longList {
                cache.keep(.rows(RowSet(found)), for: key, at: transaction.sequence)
            }
            return
        }
        switch finding {
        case .comesAgain:
            var set = RowSet(rowCount: index.segment.index.rowCount)
            try Self.forEachRow(of: entry, index, in: view) { rows, bytes in
                if try compiled.matches(bytes) { for row in rows { set.insert(row) } }
            }
            cache.keep(.rows(set), for: key, at: transaction.sequence)
            rows = .rows(set)
        case .new, .known:
            ask(compiled, entry, index, view)
            if let catalogue = transaction.catalogue, !index.isChanged {
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

    private static func rows(
        of keys: [[UInt8]], matching filter: Filter, in entry: CollectionEntry, _ index: VectorIndexEntry,
        _ view: PageView
    ) throws -> [UInt32] {
        var rows: [UInt32] = []
        for key in Set(keys) {
            guard !filter.isOfIdentifierAlone else {
                rows += try index.rows(of: key, in: view)
                continue
            }
            if try matches(filter, key, in: entry, view) { rows += try index.rows(of: key, in: view) }
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
        while hasRow && hasDocument {
            let (rowKey, documentKey) = (try rows.key, try documents.key)
            if rowKey == documentKey {
                let numbers = VectorRows.rows(of: try rows.value)
                let bytes = try documents.value
                try BSONBytes.with(bytes) { try body(numbers, $0) }
                hasRow = try rows.next()
                hasDocument = try documents.next()
            } else if documentKey.lexicographicallyPrecedes(rowKey) {
                hasDocument = try documents.next()
            } else {
                hasRow = try rows.next()
            }
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
