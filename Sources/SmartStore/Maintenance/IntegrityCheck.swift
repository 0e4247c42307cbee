import PageStore
import TreeStore
import VectorIndex

// Checking a whole store: pages and map, every tree, documents against their vectors, cache accounts, audit chain, and
// that every used page belongs to exactly one of them.

/// One thing that a check found wrong.
public struct CheckFinding: Sendable, Hashable {
    /// `pages`, `catalog`, `documents`, `indexes`, `vectors`, `cache` or `audit`.
    public let segment: String
    /// Where: a page, a collection, an index, an entry.
    public let place: String
    /// What is wrong.
    public let reason: String

    /// The finding as a document.
    public var document: Document {
        ["segment": .string(segment), "place": .string(place), "reason": .string(reason)]
    }
}

/// The result of a check.
public struct CheckReport: Sendable {
    /// What is wrong; empty for a sound store.
    public var findings: [CheckFinding] = []
    /// Pages of the data area.
    public var pageCount: UInt64 = 0
    /// Pages in use.
    public var usedPageCount = 0
    /// Documents read.
    public var documentCount = 0
    /// Vectors compared with their documents.
    public var vectorCount = 0
    /// Audit entries recomputed.
    public var auditEntryCount: UInt64 = 0

    /// Whether nothing was found.
    public var isClean: Bool { findings.isEmpty }

    /// Everything as one document.
    public var document: Document {
        [
            "clean": .bool(isClean), "pages": .int64(Int64(pageCount)), "usedPages": .int64(Int64(usedPageCount)),
            "documents": .int64(Int64(documentCount)), "vectors": .int64(Int64(vectorCount)),
            "auditEntries": .int64(Int64(auditEntryCount)), "findings": .array(findings.map { .document($0.document) }),
        ]
    }
}

extension Store {
    /// Reads and verifies the whole file. Writers wait meanwhile; readers do not.
    /// - Parameters:
    ///   - deep: also decodes every document and compares every vector with its document.
    ///   - progress: told the share of pages read, 0 to 1; returning false stops the check early.
    /// - Throws: `readOnly` (a check needs the writer's turn), `closed`, `ioFailed`.
    public func check(
        deep: Bool = true, progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> CheckReport {
        try converting {
            let transaction = try beginWrite()
            defer { transaction.rollBack() }
            let census = try transaction.pages.census { done, total in
                progress?(total == 0 ? 1 : Double(done) / Double(total)) ?? true
            }
            var check = Checker(transaction: transaction, deep: deep)
            check.report.pageCount = census.pageCount
            check.report.usedPageCount = census.used.count
            check.note("pages", census.findings.map { ("\($0.page)", $0.reason) })
            try check.run()
            check.comparePages(census.used)
            return check.report
        }
    }
}

private struct Checker {
    let transaction: WriteTransaction
    let deep: Bool
    var report = CheckReport()
    private var owners: [UInt64: Int] = [:]

    init(transaction: WriteTransaction, deep: Bool) {
        self.transaction = transaction
        self.deep = deep
    }

    private var view: PageView { transaction.view }

    mutating func note(_ segment: String, _ found: [(String, String)]) {
        for (place, reason) in found {
            report.findings.append(CheckFinding(segment: segment, place: place, reason: reason))
        }
    }

    mutating func run() throws {
        guard let catalogue = transaction.catalogue else { return }
        checkTree(catalogue.tree, "catalog", "catalog")
        try guarding("catalog", "collections") { check in
            for key in try catalogue.keys(.collection, in: check.view) {
                try check.checkCollection(String(decoding: key, as: UTF8.self), catalogue)
            }
        }
        try guarding("cache", "cache") { check in
            guard let segment = try CacheSegment(catalogue, in: check.view) else { return }
            for tree in [segment.entries, segment.order, segment.expiry] { check.checkTree(tree, "cache", "cache") }
            try check.checkCache(segment)
        }
        try guarding("audit", "audit") { check in
            guard let log = try check.transaction.presentAudit() else { return }
            for tree in log.trees { check.checkTree(tree, "audit", "audit") }
            let result = try check.transaction.audit.verify()
            check.report.auditEntryCount = result.entryCount
            if let bad = result.firstBad { check.note("audit", [("entry \(bad)", result.reason ?? "broken")]) }
        }
    }

    /// Damage inside a segment is a finding; the check of the others goes on.
    private mutating func guarding(
        _ segment: String, _ place: String, _ body: (inout Checker) throws -> Void
    ) throws {
        do { try body(&self) } catch {
            let error = StoreError(any: error)
            if [.ioFailed, .failed, .closed].contains(error.code) { throw error }
            note(segment, [(place, error.message)])
        }
    }

    private mutating func checkTree(_ tree: Tree, _ segment: String, _ place: String) {
        var pages: [UInt64] = []
        let findings = tree.check(in: view) { pages.append($0.number) }
        for page in pages { owners[page, default: 0] += 1 }
        note(segment, findings.map { (place, "\($0)") })
    }

    private mutating func checkArray(_ array: PagedArray, _ place: String) {
        var pages: [UInt64] = []
        let findings = array.check(in: view) { pages.append($0.number) }
        for page in pages { owners[page, default: 0] += 1 }
        note("vectors", findings.map { (place, "\($0)") })
    }

    private mutating func checkCollection(_ name: String, _ catalogue: Catalog) throws {
        try guarding("documents", name) { check in
            guard let entry = try check.transaction.entry(name) else { return }
            check.checkTree(entry.tree, "documents", name)
            for index in entry.indexes {
                let place = "\(name).\(index.definition.field)"
                let arrays = index.definition.arrays
                for (_, array) in arrays.paged { check.checkArray(array, place) }
                for (_, tree) in arrays.trees { check.checkTree(tree, "vectors", place) }
            }
            for index in entry.secondary {
                let place = "\(name).\(index.name)"
                check.checkTree(index.definition.tree, "indexes", place)
                if let pending = index.definition.pending { check.checkTree(pending, "indexes", place) }
            }
            var entries = [Int](repeating: 0, count: entry.secondary.count)
            var seen = 0
            var expected = [Int](repeating: 0, count: entry.indexes.count)
            let cursor = entry.tree.cursor(in: check.view)
            var isThere = try cursor.seekToFirst()
            while isThere {
                seen += 1
                if check.deep {
                    let (key, bytes) = (try cursor.key, try cursor.value)
                    try check.checkDocument(bytes, key: key, in: entry, expected: &expected)
                    try check.checkEntries(of: bytes, key: key, in: entry, counts: &entries)
                }
                isThere = try cursor.next()
            }
            check.report.documentCount += seen
            let counted = try check.transaction.documentCount(of: entry)
            if counted != seen { check.note("documents", [(name, "\(seen) documents, but \(counted) counted")]) }
            guard check.deep else { return }
            for (index, wanted) in zip(entry.secondary, entries) where index.definition.isReady {
                let place = "\(name).\(index.name)"
                let (found, counted) = (
                    try index.definition.tree.count(in: check.view), try index.entryCount(catalogue, in: check.view)
                )
                if found != wanted {
                    check.note("indexes", [(place, "\(found) entries for \(wanted) of the documents")])
                }
                if counted != found { check.note("indexes", [(place, "\(found) entries, but \(counted) counted")]) }
            }
            for (index, vectors) in zip(entry.indexes, expected) {
                let counts = try index.loadCounters(catalogue, in: check.view)
                if counts.live != vectors {
                    let place = "\(name).\(index.definition.field)"
                    check.note("vectors", [(place, "\(vectors) vectors of documents, but \(counts.live) counted")])
                }
            }
        }
    }

    private mutating func checkDocument(
        _ bytes: [UInt8], key: [UInt8], in entry: CollectionEntry, expected: inout [Int]
    ) throws {
        guard let document = try? Document(bson: bytes) else {
            note("documents", [(entry.name, "a document is not valid BSON")])
            return
        }
        guard let id = document["_id"], try KeyEncoding.id(id) == key else {
            note("documents", [(entry.name, "a document stands under another key than its _id")])
            return
        }
        for (position, index) in entry.indexes.enumerated() {
            let place = "\(entry.name).\(index.definition.field)"
            let wanted = try index.encode(document)
            let arrays = index.definition.arrays
            let rows = try index.rows(of: key, in: view)
            if wanted.count > rows.count { note("vectors", [(place, "a document's vector has no row")]) }
            if wanted.count < rows.count { note("vectors", [(place, "a row for a document without a vector")]) }
            for (wanted, row) in zip(wanted, rows) {
                expected[position] += 1
                report.vectorCount += 1
                let stride = index.definition.options.vectorStride
                var stored = [UInt8](repeating: 0, count: stride)
                var span = stored.mutableSpan
                var raw = span.mutableBytes
                try arrays.vectors.read(at: UInt64(row) * UInt64(stride), into: &raw, in: view, cached: false)
                if stored != wanted { note("vectors", [(place, "row \(row) differs from its document")]) }
                if try index.id(of: row, in: view) != id { note("vectors", [(place, "row \(row) names another _id")]) }
                if try arrays.dead.contains(VectorRows.key(row).span.bytes, in: view) {
                    note("vectors", [(place, "row \(row) of a document is deleted")])
                }
            }
        }
    }

    /// Every entry that a document must have is there, with the forms of its values.
    private mutating func checkEntries(
        of bytes: [UInt8], key: [UInt8], in entry: CollectionEntry, counts: inout [Int]
    ) throws {
        for (position, index) in entry.secondary.enumerated() where index.definition.isReady {
            let place = "\(entry.name).\(index.name)"
            try BSONBytes.with(bytes) { try index.makeEntries(of: $0, into: &index.fresh) }
            counts[position] += index.fresh.count
            if index.fresh.isMultikey, !index.definition.isMultikey {
                note("indexes", [(place, "a document has several entries, but the index is not marked so")])
            }
            let idForm = BSONBytes.with(bytes) { IndexEntry.form(ofID: $0) }
            let lost = [UInt8](repeating: KeyDecoding.lost, count: index.definition.source.partCount)
            let wanted = (index.fresh.hasSingle ? index.fresh.forms : lost) + [idForm]
            for indexKey in index.fresh.keys {
                let found = try index.definition.tree.get((indexKey + key).span.bytes, in: view)
                if found == nil { note("indexes", [(place, "a document has no entry")]) }
                if let found, found != wanted {
                    note("indexes", [(place, "an entry has other forms than its document")])
                }
            }
        }
    }

    private mutating func checkCache(_ segment: CacheSegment) throws {
        var (count, bytes) = (0, 0)
        let cursor = segment.entries.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        while isThere {
            let key = try cursor.key
            if let entry = try segment.entry(key, in: view) {
                count += 1
                bytes += key.count + entry.value.count + CacheSegment.entryOverhead
                let name = BigEndian.bytes(entry.tick)
                if try segment.order.get(name.span.bytes, in: view) != key {
                    note("cache", [(String(decoding: key, as: UTF8.self), "not in the order of use")])
                }
            }
            isThere = try cursor.next()
        }
        if count != segment.count || bytes != segment.byteCount {
            let counted = "\(segment.count) of \(segment.byteCount) counted"
            note("cache", [("accounts", "\(count) entries of \(bytes) bytes, but \(counted)")])
        }
        if try segment.order.count(in: view) != count { note("cache", [("order", "has other entries than the cache")]) }
    }

    /// Every used page belongs to exactly one structure, and every structure's page is in use.
    mutating func comparePages(_ used: Set<UInt64>) {
        for page in used.sorted() where owners[page] == nil {
            note("pages", [("page \(page)", "in use, but nothing refers to it")])
        }
        for (page, count) in owners.sorted(by: { $0.key < $1.key }) {
            if count > 1 { note("pages", [("page \(page)", "belongs to \(count) structures")]) }
            if !used.contains(page) { note("pages", [("page \(page)", "referred to, but not in use")]) }
        }
    }
}
