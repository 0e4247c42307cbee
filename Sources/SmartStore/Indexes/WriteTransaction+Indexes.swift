import PageStore
import TreeStore

// Making and dropping secondary indexes inside a transaction.

extension WriteTransaction {
    /// Makes an index and puts in the documents that are there, within this transaction: writers wait meanwhile. For a
    /// large collection, ``Store/createIndex(on:_:progress:)`` lets them go on.
    /// - Returns: false when there is one like it already.
    /// - Throws: `duplicateKey` when documents break uniqueness, `indexExists` for another index of that name or with
    ///   those keys, and refusals of the description; nothing is changed then.
    @discardableResult
    public func createIndex(on collection: String, _ specification: IndexSpecification) throws(StoreError) -> Bool {
        try changing {
            guard let index = try addIndex(specification, to: collection, building: false) else { return false }
            guard let entry = try entry(collection) else { return false }
            var isComplete = false
            defer { if !isComplete { pages.poison() } }
            do {
                var load = IndexLoad(
                    index, memoryLimit: store.options.indexBuildByteLimit, expected: try documentCount(of: entry))
                try load.read(entry.tree, in: pages, progress: { _ in true }) { run, isOnly in
                    if isOnly {
                        if index.definition.specification.isUnique, let key = run.firstDuplicate {
                            throw entry.duplicate(key, in: index)
                        }
                        try run.load(index.definition.tree, in: pages)
                    } else {
                        try run.put(0..<run.count, into: index.definition.tree, in: pages)
                    }
                }
                if index.definition.specification.isUnique, let key = try index.firstDuplicate(in: pages) {
                    throw entry.duplicate(key, in: index)
                }
                index.set(entryCount: load.entryCount)
                if load.isMultikey { try markMultikey(index) }
                isComplete = true
            } catch {
                // A refusal of what the documents hold: the index goes, the transaction may go on.
                guard !(error is PageFault) else { throw error }
                try remove(index, from: entry)
                isComplete = true
                throw error
            }
            return true
        }
    }

    /// Puts an empty index into the catalog; nil when there is one like it.
    func addIndex(_ specification: IndexSpecification, to collection: String, building: Bool) throws -> IndexEntry? {
        try specification.validate()
        guard pages.formatVersion >= 4 else {
            throw StoreError(
                .unsupportedParameters, "A file of format \(pages.formatVersion) takes no secondary indexes.",
                remedy: "Copy the documents into a new file.", server: .badValue)
        }
        let entry = try writableEntry(collection)
        let name = specification.effectiveName
        if let present = entry.secondary.first(where: { $0.name == name }) {
            let old = present.definition.specification
            guard !old.hasOptions(of: specification) || old.keys != specification.keys else { return nil }
            let hasKeys = old.isLike(specification)
            let start =
                hasKeys
                ? "An equivalent index already exists with the same name but different options."
                : "An existing index has the same name as the requested index. When index names are not specified, they "
                    + "are auto generated and can cause conflicts."
            throw StoreError(
                .indexExists,
                "\(start) Requested index: \(ShellText.document(specification.named.document)), "
                    + "existing index: \(ShellText.document(old.document))",
                remedy: "Drop it first, or choose another name.",
                server: hasKeys ? .indexOptionsConflict : .indexKeySpecsConflict)
        }
        if let present = entry.secondary.first(where: { $0.definition.specification.isLike(specification) }) {
            let old = present.definition.specification
            throw StoreError(
                .indexExists,
                old.hasOptions(of: specification)
                    ? "Index already exists with a different name: \(present.name)"
                    : "An equivalent index already exists with a different name and options. Requested index: "
                        + "\(ShellText.document(specification.named.document)), "
                        + "existing index: \(ShellText.document(old.document))",
                remedy: "Use that one, or drop it first.", server: .indexOptionsConflict)
        }
        guard entry.secondary.count < Limits.indexesOfCollection else {
            throw StoreError(
                .limitExceeded, "A collection has at most \(Limits.indexesOfCollection) secondary indexes.",
                remedy: "Drop one first.", server: .cannotCreateIndex)
        }
        let definition = try IndexDefinition(
            collection: collection, specification: specification.named, tree: try Tree.create(in: pages),
            pending: building ? try Tree.create(in: pages) : nil, isMultikey: false,
            state: building ? .building : .ready)
        let index = IndexEntry(definition, entryCount: 0)
        entry.secondary.append(index)
        entry.secondary.sort { $0.name < $1.name }
        try save(index)
        return index
    }

    /// Writes an index's description after it changed.
    func save(_ index: IndexEntry) throws(PageFault) {
        let catalogue = try makeCatalog()
        let key = CatalogKind.index.key(index.definition.collection, index.name)
        try catalogue.put(key, index.definition.encode(), in: pages)
        changedSchema = true
    }

    /// Notes that a document has several entries.
    func markMultikey(_ index: IndexEntry) throws {
        index.replace(try index.definition.changed(isMultikey: true))
        try save(index)
    }

    /// Removes a secondary index; false when there is none of this name.
    @discardableResult
    public func dropIndex(on collection: String, name: String) throws(StoreError) -> Bool {
        try changing {
            guard let entry = try entry(collection), let index = entry.secondary.first(where: { $0.name == name })
            else { return false }
            try remove(index, from: entry)
            return true
        }
    }

    func remove(_ index: IndexEntry, from entry: CollectionEntry) throws(PageFault) {
        guard let catalogue else { return }
        try drop(index, catalogue)
        entry.secondary.removeAll { $0 === index }
    }

    func drop(_ index: IndexEntry, _ catalogue: Catalog) throws(PageFault) {
        try index.definition.tree.drop(in: pages)
        try index.definition.pending?.drop(in: pages)
        for kind in [CatalogKind.index, .indexCounters] {
            try catalogue.remove(kind.key(index.definition.collection, index.name), in: pages)
        }
        changedSchema = true
    }

    /// Changes when documents expire by an index; one that was no TTL index becomes one.
    /// - Throws: `noSuchIndex`.
    public func setExpiry(on collection: String, index name: String, afterSeconds seconds: Int) throws(StoreError) {
        try change(name, of: collection) { $0.expireAfterSeconds = seconds }
    }

    /// Hides an index from queries, or shows it again; it is kept up all the while.
    /// - Throws: `noSuchIndex`.
    public func setHidden(on collection: String, index name: String, _ isHidden: Bool) throws(StoreError) {
        try change(name, of: collection) { $0.isHidden = isHidden }
    }

    private func change(
        _ name: String, of collection: String, _ body: (inout IndexSpecification) -> Void
    ) throws(StoreError) {
        try changing {
            guard let entry = try entry(collection), let index = entry.secondary.first(where: { $0.name == name })
            else {
                throw StoreError(
                    .noSuchIndex, "Collection '\(collection)' has no index '\(name)'.", remedy: "Check the name.",
                    server: .indexNotFound)
            }
            var specification = index.definition.specification
            body(&specification)
            try specification.validate()
            index.replace(try index.definition.changed(specification: specification))
            try save(index)
        }
    }
}

extension IndexSpecification {
    /// With the name it gets.
    var named: IndexSpecification {
        var copy = self
        copy.name = effectiveName
        return copy
    }

    /// Whether the options are the same, the name and whether it is hidden aside.
    func hasOptions(of other: IndexSpecification) -> Bool {
        isUnique == other.isUnique && isSparse == other.isSparse && partialFilter == other.partialFilter
            && expireAfterSeconds == other.expireAfterSeconds && collation == other.collation
    }

    /// Whether an index like this could serve in the other's place: same keys, filter and collation.
    func isLike(_ other: IndexSpecification) -> Bool {
        keys == other.keys && partialFilter == other.partialFilter && collation == other.collation
    }
}
