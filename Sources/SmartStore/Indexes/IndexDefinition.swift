import PageStore
import TreeStore

// A secondary index as the catalog has it.
//
// An entry of its tree is the index key, then the document's `_id` key: entries differ although keys are equal, and equal
// keys lie together in order of `_id`. The value is the forms of the key's parts and of the `_id` (KeyDecoding).

/// What is fixed about a secondary index, and the little that changes with its schema.
final class IndexDefinition: Sendable {
    /// How far it is made.
    enum State: Sendable, Hashable {
        /// Every document is in it.
        case ready
        /// It is being made: writers note changed documents in the tree of pending ones.
        case building
    }

    let collection: String
    let specification: IndexSpecification
    let source: IndexKeySource
    /// Whether documents without any of the paths are left out.
    let isSparse: Bool
    let partial: PartialFilter?
    /// The entries.
    let tree: Tree
    /// `_id` keys of documents that changed while it is being made.
    let pending: Tree?
    /// Whether some document has several entries, or had.
    let isMultikey: Bool
    let state: State

    var name: String { specification.effectiveName }
    var isReady: Bool { state == .ready }
    /// Whether queries may be answered from it.
    var isUsable: Bool { isReady && !specification.isHidden }

    init(
        collection: String, specification: IndexSpecification, tree: Tree, pending: Tree?, isMultikey: Bool,
        state: State
    ) throws(DocumentError) {
        self.collection = collection
        self.specification = specification
        source = try IndexKeySource(specification.keys, collation: specification.collation)
        isSparse = specification.isSparse
        partial = try specification.partialFilter.flatMap { filter throws(DocumentError) in
            filter.isEmpty ? nil : try PartialFilter(filter)
        }
        self.tree = tree
        self.pending = pending
        self.isMultikey = isMultikey
        self.state = state
    }

    /// The same index in another state.
    func changed(
        specification: IndexSpecification? = nil, isMultikey: Bool? = nil, collection: String? = nil
    ) throws(DocumentError) -> IndexDefinition {
        try IndexDefinition(
            collection: collection ?? self.collection, specification: specification ?? self.specification, tree: tree,
            pending: pending, isMultikey: isMultikey ?? self.isMultikey, state: state)
    }

    /// The same index with every document in it.
    func finished() throws(DocumentError) -> IndexDefinition {
        try IndexDefinition(
            collection: collection, specification: specification, tree: tree, pending: nil, isMultikey: isMultikey,
            state: .ready)
    }

    // MARK: In the catalog

    func encode() -> Document {
        var entry: Document = ["keys": .document(specification.keys), "root": .page(tree.root)]
        if let pending { entry.append("pending", .page(pending.root)) }
        if specification.isUnique { entry.append("unique", true) }
        if specification.isSparse { entry.append("sparse", true) }
        if let filter = specification.partialFilter { entry.append("partial", .document(filter)) }
        if let seconds = specification.expireAfterSeconds { entry.append("expireAfterSeconds", .count(seconds)) }
        if let collation = specification.collation { entry.append("collation", .document(collation.document)) }
        if specification.isHidden { entry.append("hidden", true) }
        if isMultikey { entry.append("multikey", true) }
        if state == .building { entry.append("building", true) }
        return entry
    }

    convenience init(collection: String, name: String, entry: Document, page: PageID) throws(PageFault) {
        do {
            let specification = IndexSpecification(
                entry["keys"]?.document ?? Document(), name: name, isUnique: entry["unique"]?.bool ?? false,
                isSparse: entry["sparse"]?.bool ?? false, partialFilter: entry["partial"]?.document,
                expireAfterSeconds: entry["expireAfterSeconds"]?.int,
                collation: try entry["collation"]?.document.flatMap { document throws(DocumentError) in
                    try Collation(document)
                }, isHidden: entry["hidden"]?.bool ?? false)
            try specification.validate()
            try self.init(
                collection: collection, specification: specification,
                tree: Tree(root: try entry.root("root", of: page)),
                pending: entry["pending"] == nil ? nil : Tree(root: try entry.root("pending", of: page)),
                isMultikey: entry["multikey"]?.bool ?? false,
                state: entry["building"]?.bool == true ? .building : .ready)
        } catch { throw .corruptStructure(page: page, reason: "index entry '\(name)': \(error)") }
    }
}

extension IndexSpecification {
    /// The index as commands show it.
    var document: Document {
        var entry: Document = ["v": 2, "key": .document(keys), "name": .string(effectiveName)]
        if isUnique { entry.append("unique", true) }
        if isSparse { entry.append("sparse", true) }
        if let partialFilter { entry.append("partialFilterExpression", .document(partialFilter)) }
        if let expireAfterSeconds { entry.append("expireAfterSeconds", BSONValue(expireAfterSeconds)) }
        if isHidden { entry.append("hidden", true) }
        if let collation { entry.append("collation", .document(collation.document)) }
        return entry
    }
}

/// A secondary index as a transaction knows it.
final class IndexEntry {
    private(set) var definition: IndexDefinition
    /// Entries; nil until it is needed.
    private var counted: Int?
    private(set) var isChanged = false
    /// The scratch of the entries of the document that is being written, and of the one it replaces.
    var fresh = IndexEntries()
    var old = IndexEntries()
    var scratch: [UInt8] = []

    init(_ definition: IndexDefinition, entryCount: Int? = nil) {
        self.definition = definition
        counted = entryCount
    }

    var name: String { definition.name }

    func replace(_ definition: IndexDefinition) { self.definition = definition }

    /// Entries in the index.
    func entryCount(_ catalog: Catalog?, in view: PageView) throws(PageFault) -> Int {
        if let counted { return counted }
        let counters = try catalog?.entry(CatalogKind.indexCounters.key(definition.collection, name), in: view)
        let count = counters?.count("entries") ?? 0
        counted = count
        return count
    }

    func add(_ count: Int, catalog: Catalog?, in view: PageView) throws(PageFault) {
        counted = max(0, try entryCount(catalog, in: view) + count)
        isChanged = true
    }

    func set(entryCount: Int) {
        counted = entryCount
        isChanged = true
    }

    func writeCounters(_ catalog: Catalog, in transaction: PageTransaction) throws(PageFault) {
        guard isChanged, let counted else { return }
        try catalog.put(
            CatalogKind.indexCounters.key(definition.collection, name), ["entries": .count(counted)], in: transaction)
        isChanged = false
    }
}
