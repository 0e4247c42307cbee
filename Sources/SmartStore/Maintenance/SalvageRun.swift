import PageStore
import StoreIO
import TreeStore

// One salvage, from what the scan found to the new file.
//
// The surest leaves come first, and a document that is there is never replaced by a less sure one.

struct SalvageRun {
    /// The scan's part of the progress.
    static let scanShare = 0.6
    /// Documents and bytes of one commit.
    private static let batchCount = 1000
    private static let batchByteCount = 8 << 20

    private let view: SalvageView
    private let store: Store
    private let progress: (@Sendable (Double) -> Bool)?
    private var finder: TreeFinder
    private var report = SalvageReport()
    private var catalog: [[UInt8]: Document] = [:]
    private var leavesDone = 0
    private let leafTotal: Int

    /// Somebody wants it to end.
    private struct Stopped: Error {}

    init(view: SalvageView, store: Store, progress: (@Sendable (Double) -> Bool)?) {
        self.view = view
        self.store = store
        self.progress = progress
        finder = TreeFinder(view)
        leafTotal = view.pages.reduce(0) { $0 + (NodeScrap(header: $1.header)?.isLeaf == true ? 1 : 0) }
    }

    /// nil when it was stopped.
    mutating func run() throws -> SalvageReport? {
        report.fileID = Hex.text(view.fileID)
        report.readableSlots = view.readableSlots
        report.logIsWhole = view.logIsWhole
        report.pageCount = view.pageCount
        report.damagedPages = view.damaged
        do {
            try readCatalog()
            let names = catalog.keys.filter { $0.first == CatalogKind.collection.rawValue }
            for key in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) { try salvageCollection(key) }
            try salvageAudit()
            try salvageOrphans()
        } catch is Stopped { return nil }
        report.collections.sort { $0.name < $1.name }
        _ = progress?(1)
        return report
    }

    private mutating func tell(leaves: Int) throws {
        leavesDone += leaves
        let share = leafTotal == 0 ? 1 : min(1, Double(leavesDone) / Double(leafTotal))
        guard progress?(Self.scanShare + share * (1 - Self.scanShare)) ?? true else { throw Stopped() }
    }

    // MARK: Catalog

    private mutating func readCatalog() throws {
        let root = view.state.catalogRoot
        var remains = finder.remains(
            root: root > 1 ? PageID(root) : nil, tag: view.formatVersion >= 2 ? .catalog : nil)
        // A sound file without a catalog holds nothing; anything else is looked for by what it looks like.
        report.catalogIsWhole = remains.isComplete || (root == 0 && view.logIsWhole && view.readableSlots > 0)
        if !report.catalogIsWhole, view.formatVersion < 2 {
            remains.leaves += finder.orphans().flatMap(\.leaves).filter { looksLikeCatalog($0) }
        }
        try view.rows(of: remains.leaves) { row in
            guard let value = row.value, let document = try? Document(bson: value), catalog[row.key] == nil else {
                return
            }
            catalog[row.key] = document
        }
        try tell(leaves: remains.leaves.count)
    }

    /// Keys of a catalog begin with a kind, and its entries name pages; a document would have an `_id`.
    private func looksLikeCatalog(_ id: PageID) -> Bool {
        guard let leaf = try? LeafScrap(id, in: view), leaf.count > 0 else { return false }
        return (0..<leaf.count).allSatisfy { index in
            guard let kind = leaf.key(index).first, CatalogKind(rawValue: kind) != nil else { return false }
            guard let value = try? leaf.value(index), let document = try? Document(bson: value) else {
                return kind == CatalogKind.vectorLinks.rawValue
            }
            return document["_id"] == nil && (kind != CatalogKind.collection.rawValue || document["root"]?.int != nil)
        }
    }

    // MARK: Documents

    private mutating func salvageCollection(_ key: [UInt8]) throws {
        let entry = catalog[key] ?? [:]
        let name = String(decoding: key.dropFirst(), as: UTF8.self)
        let root = entry["root"]?.int.flatMap { $0 > 1 ? PageID(UInt64($0)) : nil }
        let tag = entry["tag"]?.int.flatMap { UInt32(exactly: $0) }.map { TreeTag($0) }
        let remains = finder.remains(root: root, tag: tag)
        let isNamed = (try? CollectionNames.validate(name)) != nil
        var collection = SalvagedCollection(name: isNamed ? name : "salvaged_\(tag?.value ?? 0)")
        collection.damagedPages = remains.damaged
        let counters = catalog[CatalogKind.collectionCounters.key(name)]
        collection.expected = counters.map { $0.count("documents") }
        try ensure(collection.name)
        try write(remains.leaves, into: &collection)
        try makeSecondaryIndexes(of: name, into: &collection)
        try makeIndexes(of: name, into: &collection)
        report.collections.append(collection)
    }

    /// A collection is made even when none of its documents is left.
    private func ensure(_ name: String) throws {
        try store.writeSync { transaction in
            if try transaction.entry(name) == nil { try transaction.createCollection(name) }
        }
    }

    private mutating func write(_ leaves: [PageID], into collection: inout SalvagedCollection) throws {
        var batch: [(document: Document, isSure: Bool)] = []
        var byteCount = 0
        for leaf in leaves {
            try view.rows(of: [leaf]) { row in
                guard let value = row.value, let document = try? Document(bson: value),
                    (try? KeyEncoding.id(of: document)) == row.key
                else {
                    collection.unreadable += 1
                    return
                }
                batch.append((document, row.standing == .current))
                byteCount += value.count
            }
            if batch.count >= Self.batchCount || byteCount >= Self.batchByteCount {
                try insert(batch, into: &collection)
                (batch, byteCount) = ([], 0)
            }
            try tell(leaves: 1)
        }
        try insert(batch, into: &collection)
    }

    private func insert(
        _ batch: [(document: Document, isSure: Bool)], into collection: inout SalvagedCollection
    ) throws {
        guard !batch.isEmpty else { return }
        var changed = collection
        try store.writeSync { transaction in
            for (document, isSure) in batch {
                do {
                    try transaction.collection(changed.name).insert(document)
                    changed.found += 1
                    if !isSure { changed.possiblyOutdated += 1 }
                } catch let error as StoreError where error.code == .duplicateKey {
                    // A surer one is there.
                } catch let error as StoreError where [.invalidDocument, .limitExceeded].contains(error.code) {
                    changed.unreadable += 1
                }
            }
        }
        collection = changed
    }

    /// Indexes are derived: they are made again, over what was found.
    private func makeSecondaryIndexes(of name: String, into collection: inout SalvagedCollection) throws {
        let prefix = CatalogKind.index.key(name) + [0]
        for (key, entry) in catalog.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where key.starts(with: prefix) && entry["building"]?.bool != true {
            let index = String(decoding: key.dropFirst(prefix.count), as: UTF8.self)
            do {
                let definition = try IndexDefinition(collection: name, name: index, entry: entry, page: PageID(0))
                try store.createIndex(on: collection.name, definition.specification)
                collection.indexes.append(index)
            } catch {
                let error = StoreError(any: error)
                if [.diskFull, .ioFailed, .failed, .closed].contains(error.code) { throw error }
                collection.failedIndexes[index] = error.message
            }
        }
    }

    private func makeIndexes(of name: String, into collection: inout SalvagedCollection) throws {
        let prefix = CatalogKind.vectorIndex.key(name) + [0]
        for (key, entry) in catalog.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where key.starts(with: prefix) {
            let field = String(decoding: key.dropFirst(prefix.count), as: UTF8.self)
            do {
                guard let metric = entry["metric"]?.string.flatMap(Metric.init(rawValue:)),
                    let storage = entry["storage"]?.string.flatMap(VectorStorage.init(rawValue:))
                else { throw StoreError(.invalidArgument, "its definition is incomplete", remedy: "") }
                let target = collection.name
                try store.writeSync { transaction in
                    try transaction.createVectorIndex(
                        on: target, field: field, dimension: entry.count("dimension"), metric: metric, storage: storage,
                        codes: VectorCodes(rawValue: entry["codes"]?.string ?? VectorCodes.none.rawValue),
                        connectivity: entry.count("connectivity"), buildBreadth: entry.count("buildBreadth"),
                        multiple: entry.count("form") >= 3)
                }
                collection.vectorIndexes.append(field)
            } catch {
                let error = StoreError(any: error)
                if [.diskFull, .ioFailed, .failed, .closed].contains(error.code) { throw error }
                collection.failedIndexes[field] = error.message
            }
        }
    }

    // MARK: Audit log

    private mutating func salvageAudit() throws {
        let header = catalog[CatalogKind.audit.key()].flatMap { try? AuditHeader($0, page: PageID(0)) }
        guard header != nil || !report.catalogIsWhole else { return }
        report.auditEntriesExpected = header?.count
        let remains = finder.remains(root: header?.entries.root, tag: view.formatVersion >= 2 ? .auditEntries : nil)
        // Where each entry is: entries are never changed, so the first image found serves.
        var places: [UInt64: PageID] = [:]
        for id in remains.leaves {
            guard let leaf = try? LeafScrap(id, in: view) else { continue }
            for index in 0..<leaf.count where leaf.key(index).count == 8 {
                let sequence = BigEndian.load(leaf.key(index))
                if sequence > 0, sequence < 1 << 60, places[sequence] == nil { places[sequence] = id }
            }
        }
        var next: UInt64 = 1
        var batch: [Document] = []
        let time = BSONDate(millisecondsSince1970: store.options.time.now())
        func gap(_ range: ClosedRange<UInt64>) -> Document {
            [
                "time": .date(time), "actor": "smartstore", "action": "auditGap", "target": "audit", "outcome": "ok",
                "details": [
                    "from": .int64(Int64(clamping: range.lowerBound)), "to": .int64(Int64(clamping: range.upperBound)),
                ],
            ]
        }
        for sequence in places.keys.sorted() {
            guard let id = places[sequence], let entry = auditEntry(sequence, in: id, time: time) else { continue }
            if sequence > next {
                report.auditGaps.append(next...sequence - 1)
                batch.append(gap(next...sequence - 1))
            }
            next = sequence + 1
            batch.append(entry)
            report.auditEntriesFound += 1
            if batch.count >= Self.batchCount {
                try append(batch)
                batch = []
            }
        }
        if let count = header?.count, count >= next {
            report.auditGaps.append(next...count)
            batch.append(gap(next...count))
        }
        try append(batch)
        try tell(leaves: remains.leaves.count)
    }

    /// An entry as it goes into the new log: as it was, with its old place, time and hash beside its details.
    private func auditEntry(_ sequence: UInt64, in id: PageID, time: BSONDate) -> Document? {
        guard let leaf = try? LeafScrap(id, in: view) else { return nil }
        let key = BigEndian.bytes(sequence)
        for index in 0..<leaf.count where leaf.key(index) == key {
            guard let value = try? leaf.value(index), value.count > 32,
                let entry = try? Document(bson: Array(value[32...]))
            else { return nil }
            return [
                "time": .date(time), "actor": entry["actor"] ?? "", "action": entry["action"] ?? "",
                "target": entry["target"] ?? "", "outcome": entry["outcome"] ?? "",
                "details": [
                    "salvaged": [
                        "sequence": .int64(Int64(clamping: sequence)), "time": entry["time"] ?? .null,
                        "hash": .string(Hex.text(Array(value[..<32]))),
                    ],
                    "details": entry["details"] ?? .null,
                ],
            ]
        }
        return nil
    }

    private func append(_ entries: [Document]) throws {
        guard !entries.isEmpty else { return }
        try store.writeSync { transaction in
            try transaction.changing {
                let log = try transaction.writableAudit()
                for entry in entries {
                    try transaction.pages.relieve()
                    _ = try log.append(entry.bson, time: store.options.time.now(), in: transaction.pages)
                }
            }
        }
    }

    // MARK: What belongs to nothing

    /// Leaves of trees that the catalog does not name any more. With a whole catalog there are none: what is left then is
    /// of trees that were dropped, or has been replaced.
    private mutating func salvageOrphans() throws {
        guard !report.catalogIsWhole || report.collections.contains(where: { !$0.damagedPages.isEmpty }) else { return }
        for (tag, leaves) in finder.orphans() {
            // Files of format 1 have no tags: a damaged collection's leaves are among the orphans, whatever was read.
            if report.catalogIsWhole, tag != .none { continue }
            let documents = leaves.filter { holdsDocuments($0) }
            guard !documents.isEmpty else { continue }
            var collection = SalvagedCollection(name: "salvaged_\(tag.value)")
            try ensure(collection.name)
            try write(documents, into: &collection)
            report.collections.append(collection)
        }
    }

    /// Whether any row of a leaf is a document under its own key: no other tree has such rows.
    private func holdsDocuments(_ id: PageID) -> Bool {
        guard let leaf = try? LeafScrap(id, in: view) else { return false }
        return (0..<leaf.count).contains { index in
            guard let value = try? leaf.value(index), let document = try? Document(bson: value) else { return false }
            return (try? KeyEncoding.id(of: document)) == leaf.key(index)
        }
    }
}
