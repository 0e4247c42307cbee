import PageStore
import TreeStore

// Another name for a collection: its catalog entries move, its pages stay.

extension WriteTransaction {
    /// Renames a collection with its documents and indexes.
    /// - Parameter dropTarget: whether a collection of the new name goes.
    /// - Throws: `noSuchCollection`, `collectionExists`, `invalidName`; `invalidArgument` for a collection with vector
    ///   indexes, which keep their collection's name in memory.
    public func renameCollection(_ name: String, to target: String, dropTarget: Bool = false) throws(StoreError) {
        try changing {
            try CollectionNames.validate(target)
            guard let entry = try entry(name), let catalogue else {
                throw StoreError(
                    .noSuchCollection, "Source collection \(name) does not exist", remedy: "Check the name.",
                    server: .namespaceNotFound)
            }
            guard name != target else {
                throw StoreError(
                    .invalidArgument, "Can't rename a collection to itself", remedy: "Choose another name.",
                    server: .illegalOperation)
            }
            guard entry.indexes.isEmpty else {
                throw StoreError(
                    .invalidArgument, "Collection '\(name)' has vector indexes and cannot be renamed.",
                    remedy: "Drop them, rename it, and make them again.", server: .illegalOperation)
            }
            guard entry.secondary.allSatisfy({ $0.definition.isReady }) else {
                throw StoreError(
                    .invalidArgument, "An index of '\(name)' is being made.", remedy: "Wait until it is ready.",
                    server: .illegalOperation)
            }
            if try self.entry(target) != nil {
                guard dropTarget else {
                    throw StoreError(
                        .collectionExists, "target namespace exists", remedy: "Drop it, or choose another name.",
                        server: .namespaceExists)
                }
                try dropCollection(target)
            }
            let count = try documentCount(of: entry)
            guard let definition = try catalogue.entry(CatalogKind.collection.key(name), in: pages) else { return }
            try catalogue.put(CatalogKind.collection.key(target), definition, in: pages)
            try catalogue.put(CatalogKind.collectionCounters.key(target), ["documents": .count(count)], in: pages)
            let renamed = CollectionEntry(name: target, tree: entry.tree, indexes: [], documentCount: count)
            for index in entry.secondary {
                let moved = IndexEntry(
                    try index.definition.changed(collection: target),
                    entryCount: try index.entryCount(catalogue, in: pages))
                try moved.add(0, catalog: catalogue, in: pages)
                try catalogue.put(CatalogKind.index.key(target, index.name), moved.definition.encode(), in: pages)
                renamed.secondary.append(moved)
                for kind in [CatalogKind.index, .indexCounters] {
                    try catalogue.remove(kind.key(name, index.name), in: pages)
                }
            }
            for kind in [CatalogKind.collection, .collectionCounters] {
                try catalogue.remove(kind.key(name), in: pages)
            }
            unregister(name)
            register(renamed)
            changedSchema = true
            movedCollections.formUnion([name, target])
            changes?.note(.drop, in: name)
            changes?.overflow(target)
        }
    }
}

/// What a collection takes in the file.
struct CollectionSizes {
    /// Bytes of documents, estimated from a part of them where there are many.
    var documentBytes = 0
    /// Bytes of their pages.
    var pageBytes = 0
    /// Secondary indexes with the bytes of their pages.
    var indexes: [(name: String, bytes: Int)] = []
}

extension TransactionView {
    /// Documents read for an estimate of their size.
    private static let sampleCount = 10_000

    /// What a collection takes: pages are counted, documents sampled.
    func sizes(of name: String) throws -> CollectionSizes {
        var sizes = CollectionSizes()
        guard let entry = try entry(name) else { return sizes }
        sizes.pageBytes = try entry.tree.pageCount(in: view) * view.payloadByteCount
        sizes.indexes = try entry.secondary.map {
            ($0.name, try $0.definition.tree.pageCount(in: view) * view.payloadByteCount)
        }
        let cursor = entry.tree.cursor(in: view)
        var (count, bytes) = (0, 0)
        var isThere = try cursor.seekToFirst()
        while isThere, count < Self.sampleCount {
            bytes += try cursor.withValue { (value) throws(PageFault) in value.byteCount }
            count += 1
            isThere = try cursor.next()
        }
        let total = try documentCount(of: entry)
        sizes.documentBytes = count == 0 ? 0 : Int(Double(bytes) / Double(count) * Double(total))
        return sizes
    }
}
