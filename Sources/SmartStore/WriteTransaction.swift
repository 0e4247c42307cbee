import Logging
import Metrics
package import PageStore
import StoreIO
import TreeStore
public import VectorIndex

// The one writer: every change of documents, vectors, cache and audit between `beginWrite` and `commit` becomes visible
// and durable at once, or not at all.

/// The open transaction of the single writer. It sees its own changes.
public final class WriteTransaction: TransactionView {
    package let pages: PageTransaction
    /// Indexes dropped here: they leave the registry when the commit is there.
    private var dropped: [VectorIndexEntry] = []
    private var created: [VectorIndexEntry] = []
    var changedSchema = false
    /// What observers want to know; nil without observers.
    let changes: ChangeRecorder?
    /// Collections that went or came as a whole; the others say themselves that they have changed.
    var movedCollections: Set<String> = []
    var cacheSegment: CacheSegment?
    var auditLog: AuditLog?

    init(store: Store, pages: PageTransaction) {
        self.pages = pages
        changes = store.observers.recorder()
        super.init(store: store, view: pages)
    }

    /// Whether it was neither committed nor rolled back yet.
    public var isOpen: Bool { pages.isOpen }

    /// A collection for writing; the first insert creates it.
    public func collection(_ name: String) -> CollectionWriter { CollectionWriter(transaction: self, name: name) }

    /// The cache segment, for writing.
    public var cache: CacheWriter { CacheWriter(transaction: self) }

    /// The audit log, for writing.
    public var audit: AuditWriter { AuditWriter(transaction: self) }

    // MARK: Ending

    /// Makes every change durable and visible. After an error nothing of it is there, but for `commitUnknown`.
    /// - Parameter durability: nil: what the store's options say.
    public func commit(durability: Durability? = nil) throws(StoreError) {
        let level = (durability ?? store.options.durability).level
        let start = store.options.time.monotonicNanoseconds()
        do throws(StoreError) {
            try converting {
                let ticket = try prepareCommit(level)
                try store.pager.await(ticket)
            }
        } catch {
            store.observers.failed(error)
            throw error
        }
        store.observers.published()
        store.metrics.commits.increment()
        store.metrics.commitTime.recordNanoseconds(
            Int64(clamping: store.options.time.monotonicNanoseconds() &- start))
        store.afterCommit()
    }

    /// Appends the commit; the caller awaits the ticket. For the queue that commits several at once.
    func prepareCommit(_ level: PageStore.Durability) throws -> CommitTicket {
        try prepare()
        // It knows the entries, and an entry's reader knows the pages: nothing of them would ever go.
        defer { pages.willPublish = nil }
        return try pages.prepareCommit(level)
    }

    private func prepare() throws {
        guard pages.isOpen else { throw PageFault.closed }
        do {
            try writeCounters()
        } catch {
            pages.rollBack()
            throw error
        }
        let loaded = loadedEntries
        let store = store
        let (created, dropped, changedSchema) = (created, dropped, changedSchema)
        let (changes, moved) = (changes, movedCollections)
        let auditDue = auditLog?.dueTime
        pages.willPublish = { sequence in
            if changedSchema { store.schema.changed(at: sequence) }
            if let auditDue { store.auditClock.set(auditDue) }
            for entry in created { store.segments.add(entry.segment) }
            for collection in loaded {
                for index in collection.indexes {
                    do { try index.publish(at: sequence) } catch {
                        // The rows are durable; only memory was short. The index is restored at the next opening.
                        store.options.logger?.error("vector index \(index.definition.field): \(error)")
                    }
                }
            }
            for entry in dropped { store.segments.remove(entry.definition.number) }
            store.observers.appended(sequence, changes) {
                moved.union(loaded.lazy.filter(\.isChanged).map(\.name))
            }
        }
    }

    /// Forgets every change.
    public func rollBack() {
        guard pages.isOpen else { return }
        pages.rollBack()
        store.metrics.rollbacks.increment()
    }

    private func writeCounters() throws(PageFault) {
        guard let catalogue else { return }
        for entry in loadedEntries {
            if entry.isChanged, let count = entry.documentCount {
                try catalogue.put(
                    CatalogKind.collectionCounters.key(entry.name), ["documents": .count(count)], in: pages)
            }
            for index in entry.indexes { try index.writeCounters(catalogue, in: pages) }
            for index in entry.secondary { try index.writeCounters(catalogue, in: pages) }
        }
        try cacheSegment?.writeHeader(catalogue, in: pages)
        try finishAudit(catalogue)
    }

    /// Runs a change. When it stops half-way, by a fault of pages rather than a refusal of its input, the transaction
    /// cannot be committed any more.
    func changing<R>(_ body: () throws -> R) throws(StoreError) -> R {
        do {
            guard pages.isOpen else { throw PageFault.closed }
            changeCount &+= 1
            return try body()
        } catch {
            switch error {
            case PageFault.limitExceeded, PageFault.closed: break
            case is PageFault: pages.poison()
            default: break
            }
            throw StoreError(any: error)
        }
    }

    // MARK: Collections

    func makeCatalog() throws(PageFault) -> Catalog {
        if let catalogue { return catalogue }
        let made = try Catalog(creatingIn: pages)
        catalogue = made
        return made
    }

    /// The collection for writing, made when it is not there.
    func writableEntry(_ name: String) throws -> CollectionEntry {
        if let entry = try entry(name) {
            _ = try documentCount(of: entry)
            return entry
        }
        try CollectionNames.validate(name)
        let catalogue = try makeCatalog()
        let tree = try Tree.create(in: pages)
        var definition: Document = ["root": .page(tree.root)]
        let tag = try tree.tag(in: pages)
        if tag != .none { definition.append("tag", .int64(Int64(tag.value))) }
        try catalogue.put(CatalogKind.collection.key(name), definition, in: pages)
        try catalogue.put(CatalogKind.collectionCounters.key(name), ["documents": .count(0)], in: pages)
        let entry = CollectionEntry(name: name, tree: tree, indexes: [], documentCount: 0)
        register(entry)
        changedSchema = true
        return entry
    }

    /// Makes an empty collection.
    /// - Throws: `collectionExists`, `invalidName`.
    public func createCollection(_ name: String) throws(StoreError) {
        try changing {
            guard try entry(name) == nil else {
                throw StoreError(
                    .collectionExists, "Collection '\(name)' already exists.",
                    remedy: "Use it, or choose another name.",
                    server: .namespaceExists)
            }
            _ = try writableEntry(name)
        }
    }

    /// Removes a collection with its documents and indexes; false when there is none.
    @discardableResult
    public func dropCollection(_ name: String) throws(StoreError) -> Bool {
        try changing {
            guard let entry = try entry(name), let catalogue else { return false }
            for index in entry.indexes { try drop(index, catalogue) }
            for index in entry.secondary { try drop(index, catalogue) }
            try entry.tree.drop(in: pages)
            try catalogue.remove(CatalogKind.collection.key(name), in: pages)
            try catalogue.remove(CatalogKind.collectionCounters.key(name), in: pages)
            unregister(name)
            changedSchema = true
            movedCollections.insert(name)
            changes?.note(.drop, in: name)
            return true
        }
    }

    // MARK: Vector indexes

    /// Makes a vector index over a field and puts in the documents that are there.
    ///
    /// A document without the field (or with null) is not in it. A vector of the wrong dimension, with NaN or infinity,
    /// or of no length under cosine, is refused with `invalidVector`, now and at every later write.
    /// - Parameters:
    ///   - field: dotted path; the value is a binary of subtype 9 or an array of numbers.
    ///   - dimension: elements of a vector, 1 to 8,192.
    ///   - multiple: whether the field may hold an array of vectors: a document is then found by the nearest of them.
    ///     Needs a file of format 3.
    ///   - codes: what searches read instead of the vectors; nil: what suits the dimension. Files of format 1 and 2 hold
    ///     no codes.
    ///   - connectivity: links of a row on the upper levels (M in the paper), 4 to 128; level 0 has twice as many.
    ///   - buildBreadth: candidates kept in view while linking (efConstruction).
    /// - Throws: `indexExists` when there is one with other options; one with the same options is left as it is.
    public func createVectorIndex(
        on collection: String, field: String, dimension: Int, metric: Metric = .cosine,
        storage: VectorStorage = .float16, codes: VectorCodes? = nil,
        connectivity: Int = IndexOptions.usualConnectivity, buildBreadth: Int = IndexOptions.usualBuildBreadth,
        multiple: Bool = false
    ) throws(StoreError) {
        try changing {
            try CollectionNames.validateField(field)
            let path = try FieldPath(field)
            let form = multiple ? 3 : pages.formatVersion >= 3 ? 2 : 1
            guard pages.formatVersion >= 3 || !multiple else {
                throw StoreError(
                    .unsupportedParameters, "A file of format \(pages.formatVersion) takes one vector a document.",
                    remedy: "Make a new file, or an index without several vectors.", server: .badValue)
            }
            let options = try IndexOptions(
                dimension: dimension, metric: metric, storage: storage, codes: form == 1 ? VectorCodes.none : codes,
                connectivity: connectivity,
                buildBreadth: buildBreadth, seed: 1)
            let entry = try writableEntry(collection)
            if let present = entry.indexes.first(where: { $0.definition.field == field }) {
                guard present.definition.options == options, present.definition.isMultiple == multiple else {
                    throw StoreError(
                        .indexExists, "There is a vector index on '\(field)' with other options.",
                        remedy: "Drop it first, or use its options.", server: .indexOptionsConflict)
                }
                return
            }
            let catalogue = try makeCatalog()
            let number = (try catalogue.entry(CatalogKind.store.key(), in: pages)?.count("nextIndex") ?? 0) + 1
            try catalogue.put(CatalogKind.store.key(), ["nextIndex": .count(number)], in: pages)
            let definition = VectorIndexDefinition(
                number: number, collection: collection, field: field, path: path, options: options,
                arrays: VectorArrays(
                    vectors: try PagedArray.create(in: pages), links: try PagedArray.create(in: pages),
                    upper: try PagedArray.create(in: pages),
                    codes: options.codes == .none ? nil : try PagedArray.create(in: pages),
                    ids: try PagedArray.create(in: pages), rows: try Tree.create(in: pages),
                    dead: try Tree.create(in: pages)), form: form)
            try catalogue.put(CatalogKind.vectorIndex.key(collection, field), definition.encode(), in: pages)
            let segment = try VectorSegment.create(
                definition, pager: store.pager, memoryLimit: store.options.vectorByteLimit)
            let index = VectorIndexEntry(definition: definition, segment: segment)
            // A stored document whose vector does not fit stops this half-way: then nothing of it may commit.
            var isComplete = false
            defer { if !isComplete { pages.poison() } }
            let cursor = entry.tree.cursor(in: pages)
            var found: [(document: Document, key: [UInt8])] = []
            var isThere = try cursor.seekToFirst()
            while isThere {
                // In portions, since a cursor may not see the tree change.
                found.append((Document(trusted: try cursor.value), try cursor.key))
                isThere = try cursor.next()
                if found.count == 1000 || !isThere {
                    for (document, key) in found {
                        guard let id = document["_id"] else { continue }
                        try index.insert(index.encode(document), id: id, key: key, catalog: catalogue, in: pages)
                    }
                    let last = found.last?.key
                    found = []
                    try pages.relieve()
                    if isThere, let last {
                        isThere = try cursor.seek(to: (last + [0]).span.bytes)
                    }
                }
            }
            entry.indexes.append(index)
            entry.indexes.sort { $0.definition.field < $1.definition.field }
            created.append(index)
            changedSchema = true
            isComplete = true
        }
    }

    /// Removes a vector index; false when there is none.
    @discardableResult
    public func dropVectorIndex(on collection: String, field: String) throws(StoreError) -> Bool {
        try changing {
            guard let catalogue, let entry = try entry(collection),
                let index = entry.indexes.first(where: { $0.definition.field == field })
            else { return false }
            try drop(index, catalogue)
            entry.indexes.removeAll { $0 === index }
            changedSchema = true
            return true
        }
    }

    private func drop(_ index: VectorIndexEntry, _ catalogue: Catalog) throws(PageFault) {
        let name = (index.definition.collection, index.definition.field)
        try index.dropPages(in: pages)
        for kind in [CatalogKind.vectorIndex, .vectorCounters, .vectorLinks] {
            try catalogue.remove(kind.key(name.0, name.1), in: pages)
        }
        created.removeAll { $0 === index }
        dropped.append(index)
    }
}

/// What collections and fields may be called.
enum CollectionNames {
    static let longest = Limits.collectionNameBytes

    static func validate(_ name: String) throws(StoreError) {
        guard !name.isEmpty, name.utf8.count <= longest, !name.utf8.contains(0), !name.contains("$"),
            !name.hasPrefix("."), !name.hasSuffix(".")
        else {
            throw StoreError(
                .invalidName, "'\(name)' cannot name a collection.",
                remedy: "Use 1 to \(longest) bytes without '$' and NUL, not beginning or ending with '.'.",
                server: .invalidNamespace)
        }
    }

    static func validateField(_ field: String) throws(StoreError) {
        guard !field.isEmpty, field.utf8.count <= Limits.fieldPathBytes, !field.utf8.contains(0), field != "_id" else {
            throw StoreError(
                .invalidName, "'\(field)' cannot be a vector field.", remedy: "Name a dotted path other than _id.",
                server: .badValue)
        }
    }
}
