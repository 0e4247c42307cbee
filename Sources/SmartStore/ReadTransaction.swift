package import PageStore
import TreeStore
public import VectorIndex

// What a transaction sees: the whole store at one commit. A write transaction also sees its own changes.

/// What read and write transactions have in common. Stays with the thread or closure that uses it.
public class TransactionView {
    let store: Store
    let view: PageView
    var catalogue: Catalog?
    private var entries: [String: CollectionEntry] = [:]
    private var missing: Set<String> = []
    /// The entry that was asked for last: most are asked for again.
    private var latest: CollectionEntry?
    /// Counts what a write transaction was told to change: cursors end with the first change.
    var changeCount = 0
    /// The cancellation of the task that waits for what is read here.
    var cancellation: Cancellation?

    init(store: Store, view: PageView) {
        self.store = store
        self.view = view
        catalogue = Catalog(view)
    }

    /// Its pages, for tools and trials.
    package var pageView: PageView { view }

    /// The commit that this view shows.
    public var sequence: UInt64 { view.state.sequence }

    /// Every collection with its counts and vector indexes, in order of name.
    public func collections() throws(StoreError) -> [CollectionInfo] {
        try converting {
            guard let catalogue else { return [] }
            return try catalogue.keys(.collection, in: view).compactMap { key in
                let name = String(decoding: key, as: UTF8.self)
                guard let entry = try self.entry(name) else { return nil }
                return CollectionInfo(
                    name: name, documentCount: try documentCount(of: entry),
                    vectorIndexes: try entry.indexes.map { index in
                        let counts = try index.loadCounters(catalogue, in: view)
                        return VectorIndexInfo(
                            field: index.definition.field, options: index.definition.options,
                            vectorCount: counts.live,
                            unlinkedCount: min(counts.live, index.segment.index.unlinkedCount),
                            isMultiple: index.definition.isMultiple, calibration: index.segment.recall.calibration)
                    }, indexes: try indexInfos(of: entry))
            }
        }
    }

    // MARK: Entries

    func entry(_ name: String) throws -> CollectionEntry? {
        if let latest, latest.name == name { return latest }
        if let entry = entries[name] {
            latest = entry
            return entry
        }
        if missing.contains(name) { return nil }
        guard let entry = try loadEntry(name) else {
            missing.insert(name)
            return nil
        }
        entries[name] = entry
        latest = entry
        return entry
    }

    func loadEntry(_ name: String) throws -> CollectionEntry? {
        guard let catalogue else { return nil }
        if let known = store.schema.entry(name, at: sequence) { return known }
        guard let definition = try catalogue.entry(CatalogKind.collection.key(name), in: view) else { return nil }
        let tree = Tree(root: try definition.root("root", of: catalogue.tree.root))
        var indexes: [VectorIndexEntry] = []
        for key in try catalogue.keys(.vectorIndex, prefix: Array(name.utf8) + [0], in: view) {
            let field = String(decoding: key.dropFirst(name.utf8.count + 1), as: UTF8.self)
            guard let entry = try catalogue.entry(CatalogKind.vectorIndex.key(name, field), in: view) else { continue }
            let definition = try VectorIndexDefinition(
                collection: name, field: field, entry: entry, page: catalogue.tree.root)
            // An index that a later commit dropped is in no registry any more: serve it from its pages.
            let segment =
                try store.segments.segment(definition.number)
                ?? VectorSegment.restore(
                    definition, catalog: catalogue, view: view, pager: store.pager,
                    memoryLimit: store.options.vectorByteLimit)
            indexes.append(VectorIndexEntry(definition: definition, segment: segment))
        }
        let secondary = try catalogue.keys(.index, prefix: Array(name.utf8) + [0], in: view).compactMap { key in
            let index = String(decoding: key.dropFirst(name.utf8.count + 1), as: UTF8.self)
            return try catalogue.entry(CatalogKind.index.key(name, index), in: view).map {
                IndexEntry(
                    try IndexDefinition(collection: name, name: index, entry: $0, page: catalogue.tree.root))
            }
        }
        let entry = CollectionEntry(name: name, tree: tree, indexes: indexes, secondary: secondary)
        store.schema.remember(entry, at: sequence)
        return entry
    }

    func register(_ entry: CollectionEntry) {
        entries[entry.name] = entry
        latest = entry
        missing.remove(entry.name)
    }

    func unregister(_ name: String) {
        entries[name] = nil
        latest = nil
        missing.insert(name)
    }

    var loadedEntries: [CollectionEntry] { entries.values.sorted { $0.name < $1.name } }

    func documentCount(of entry: CollectionEntry) throws(PageFault) -> Int {
        if let count = entry.documentCount { return count }
        let counters = try catalogue?.entry(CatalogKind.collectionCounters.key(entry.name), in: view)
        let count = counters?.count("documents") ?? 0
        entry.documentCount = count
        return count
    }

    func index(on collection: String, field: String) throws -> VectorIndexEntry {
        guard let entry = try entry(collection) else {
            throw StoreError(
                .noSuchCollection, "There is no collection '\(collection)'.", remedy: "Create it, or check the name.",
                server: .namespaceNotFound)
        }
        guard let index = entry.indexes.first(where: { $0.definition.field == field }) else {
            let known = entry.indexes.map(\.definition.field).joined(separator: ", ")
            throw StoreError(
                .noSuchIndex, "Collection '\(collection)' has no vector index on '\(field)'.",
                remedy: known.isEmpty ? "Create one first." : "It has: \(known).", server: .indexNotFound)
        }
        return index
    }
}

/// A reader: the store at one commit, whatever is written meanwhile. Close it soon; while it lives, the log keeps what it
/// may still need.
public final class ReadTransaction: TransactionView {
    /// A collection, whether it exists or not; an absent one reads as empty.
    public func collection(_ name: String) -> CollectionReader { CollectionReader(transaction: self, name: name) }

    /// The cache segment.
    public var cache: CacheReader { CacheReader(transaction: self) }

    /// The audit log.
    public var audit: AuditReader { AuditReader(transaction: self) }

    /// Ends the view; later reads throw `closed`.
    public func close() { (view as? Snapshot)?.close() }
}

/// A collection at a moment.
public struct CollectionInfo: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Documents in it.
    public let documentCount: Int
    /// Its vector indexes, in order of field.
    public let vectorIndexes: [VectorIndexInfo]
    /// Its secondary indexes, in order of name; the one on `_id`, which every collection has, is not among them.
    public let indexes: [IndexInfo]

    /// Indexes of every kind, the one on `_id` among them.
    public var indexCount: Int { 1 + indexes.count + vectorIndexes.count }
}

/// A vector index at a moment.
public struct VectorIndexInfo: Sendable, Equatable {
    /// Dotted path of the indexed field.
    public let field: String
    /// Elements of a vector.
    public let dimension: Int
    /// How nearness is measured.
    public let metric: Metric
    /// How vectors are stored.
    public let storage: VectorStorage
    /// Links of a row on the upper levels; level 0 has twice as many.
    public let connectivity: Int
    /// Candidates kept in view while linking.
    public let buildBreadth: Int
    /// What searches read instead of the vectors.
    public let codes: VectorCodes
    /// Whether a document may have several vectors.
    public let isMultiple: Bool
    /// Vectors in the index: one a document, but where there may be several.
    public let vectorCount: Int
    /// Rows that are not linked yet and are searched exactly.
    public let unlinkedCount: Int
    /// What was measured of its recall, in this process; nil while nothing was.
    public let calibration: RecallCalibration?

    init(
        field: String, options: IndexOptions, vectorCount: Int, unlinkedCount: Int, isMultiple: Bool,
        calibration: RecallCalibration?
    ) {
        self.field = field
        dimension = options.dimension
        metric = options.metric
        storage = options.storage
        codes = options.codes
        self.isMultiple = isMultiple
        self.calibration = calibration
        connectivity = options.connectivity
        buildBreadth = options.buildBreadth
        self.vectorCount = vectorCount
        self.unlinkedCount = unlinkedCount
    }
}
