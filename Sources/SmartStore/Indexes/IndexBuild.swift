import Logging
import PageStore
import TreeStore

// Making an index beside writers.
//
// 1. A small transaction puts the index into the catalog as "building". From its commit on, writers note the `_id` of
//    every document that they change in the tree of pending ones.
// 2. A snapshot of that commit is read, its entries sorted and put into the index's tree, in small transactions.
// 3. What was noted is brought up to date: out go the entries of the snapshot's document, in those of the present one;
//    again until little is left. The last transaction does the rest and makes the index ready.
// A planner uses ready indexes only. A crash leaves a building index: the next opening for writing removes it.

/// How far the making of an index has come.
public struct IndexBuildProgress: Sendable, Equatable {
    /// What is being done.
    public enum Phase: String, Sendable {
        /// Documents are read.
        case reading
        /// Entries go into the index.
        case loading
        /// Documents that changed meanwhile are brought up to date.
        case catchingUp
    }

    /// What is being done.
    public var phase: Phase
    /// How many are done: documents, entries or documents.
    public var done: Int
    /// Of how many; what is known at the moment.
    public var total: Int
}

extension Store {
    /// Makes an index, beside readers and writers; returns when it is ready.
    /// - Parameter progress: told now and then; returning false stops, and nothing is left of the index.
    /// - Returns: false when there is one like it already.
    /// - Throws: `duplicateKey` when documents break uniqueness, `indexExists`, `cancelled`, refusals of the description.
    @discardableResult
    public func createIndex(
        on collection: String, _ specification: IndexSpecification,
        progress: (@Sendable (IndexBuildProgress) -> Bool)? = nil
    ) throws(StoreError) -> Bool {
        try converting {
            // Few documents: one transaction is quicker than many, and nobody waits long.
            let isSmall =
                try readSync { try $0.collection(collection).count() } <= options.indexBuildPortions.smallCount
            if isSmall { return try writeSync { try $0.createIndex(on: collection, specification) } }
            let isNew = try writeSync { try $0.addIndex(specification, to: collection, building: true) != nil }
            guard isNew else { return false }
            let build = IndexBuild(self, collection, specification.effectiveName, progress)
            do { try build.run() } catch {
                try build.abandon()
                if error is IndexBuildStopped {
                    throw StoreError(.cancelled, "The index was not made: it was stopped.", remedy: "Make it again.")
                }
                throw error
            }
            return true
        }
    }

    /// Removes indexes that a crash left half made.
    func dropUnfinishedIndexes() throws {
        let unfinished: [(String, String)]
        do {
            let view = try pager.beginSnapshot()
            defer { view.close() }
            guard let catalog = Catalog(view) else { return }
            unfinished = try catalog.keys(.index, in: view).compactMap { key in
                guard let entry = try catalog.entry([CatalogKind.index.rawValue] + key, in: view),
                    entry["building"]?.bool == true, let split = key.firstIndex(of: 0)
                else { return nil }
                return (
                    String(decoding: key[..<split], as: UTF8.self), String(decoding: key[(split + 1)...], as: UTF8.self)
                )
            }
        }
        for (collection, name) in unfinished {
            options.logger?.notice("index \(name) of \(collection) was half made when the store went down; removed")
            try writeSync { _ = try $0.dropIndex(on: collection, name: name) }
        }
    }
}

/// How much of an index is made in one transaction.
package struct IndexBuildPortions: Sendable {
    /// Documents up to which an index is made in one transaction.
    var smallCount = 2_000
    /// Entries, or documents, of one transaction.
    var portion = 20_000
    /// Noted documents with which the last transaction may begin.
    var fewPending = 500

    package init() {}

    /// Small portions, so that a small index takes many transactions.
    package init(_ portion: Int) {
        smallCount = 0
        self.portion = portion
        fewPending = portion
    }
}

/// One index in the making.
struct IndexBuild {
    private let store: Store
    private let collection: String
    private let name: String
    private let progress: (IndexBuildProgress) -> Bool
    private var portions: IndexBuildPortions { store.options.indexBuildPortions }

    init(
        _ store: Store, _ collection: String, _ name: String, _ progress: (@Sendable (IndexBuildProgress) -> Bool)?
    ) {
        self.store = store
        self.collection = collection
        self.name = name
        self.progress = { progress?($0) ?? true }
    }

    func run() throws {
        let snapshot = try store.beginRead()
        defer { snapshot.close() }
        guard let entry = try snapshot.entry(collection), let index = index(in: entry) else { return }
        let total = try snapshot.documentCount(of: entry)
        let definition = index.definition
        // Whether equal keys could have come in unseen.
        var isUnsure = false
        var load = IndexLoad(index, memoryLimit: store.options.indexBuildByteLimit, expected: total)
        var loaded = 0
        try load.read(entry.tree, in: snapshot.view) { count in
            progress(IndexBuildProgress(phase: .reading, done: count, total: max(total, count)))
        } deliver: { run, isOnly in
            if isOnly, definition.specification.isUnique, let key = run.firstDuplicate {
                throw entry.duplicate(key, in: index)
            }
            isUnsure = isUnsure || !isOnly
            var place = 0
            while place < run.count {
                let end = min(place + portions.portion, run.count)
                try store.writeSync { transaction in
                    // Compaction may have moved the tree meanwhile.
                    let tree = try present(in: transaction).1.definition.tree
                    try run.put(place..<end, into: tree, in: transaction.pages)
                }
                loaded += end - place
                place = end
                guard progress(IndexBuildProgress(phase: .loading, done: loaded, total: max(total, loaded))) else {
                    throw IndexBuildStopped()
                }
            }
        }
        var isMultikey = load.isMultikey
        var count = load.entryCount
        var isReady = false
        while !isReady {
            try store.writeSync { transaction in
                let (entry, index) = try present(in: transaction)
                let pending = try pending(index, in: transaction.view)
                count += try catchUp(pending, of: entry, index, snapshot, transaction, &isMultikey)
                guard pending.count < portions.fewPending else { return }
                isUnsure = isUnsure || !pending.isEmpty
                if isUnsure, definition.specification.isUnique, let key = try index.firstDuplicate(in: transaction.view)
                {
                    throw entry.duplicate(key, in: index)
                }
                try index.definition.pending?.drop(in: transaction.pages)
                index.replace(try index.definition.finished().changed(isMultikey: isMultikey))
                index.set(entryCount: count)
                try transaction.save(index)
                isReady = true
            }
            guard isReady || progress(IndexBuildProgress(phase: .catchingUp, done: total, total: total)) else {
                throw IndexBuildStopped()
            }
        }
    }

    /// Takes away what there is of the index.
    func abandon() throws {
        try store.writeSync { _ = try $0.dropIndex(on: collection, name: name) }
    }

    private func index(in entry: CollectionEntry) -> IndexEntry? { entry.secondary.first { $0.name == name } }

    /// The index as it is now; somebody may have dropped it.
    private func present(in transaction: WriteTransaction) throws -> (CollectionEntry, IndexEntry) {
        guard let entry = try transaction.entry(collection), let index = index(in: entry), !index.definition.isReady
        else {
            throw StoreError(
                .noSuchIndex, "The index '\(name)' was dropped while it was made.", remedy: "Make it again.",
                server: .indexNotFound)
        }
        return (entry, index)
    }

    private func pending(_ index: IndexEntry, in view: PageView) throws -> [[UInt8]] {
        guard let tree = index.definition.pending else { return [] }
        var keys: [[UInt8]] = []
        let cursor = tree.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        while isThere, keys.count < portions.portion {
            keys.append(try cursor.key)
            isThere = try cursor.next()
        }
        return keys
    }

    /// Brings noted documents up to date; returns how many entries there are more.
    ///
    /// A document noted twice was brought up to date before: then its entries are neither the snapshot's nor, perhaps, the
    /// present ones. So what it was brought up to is kept as the note's value until the index is ready.
    private func catchUp(
        _ keys: [[UInt8]], of entry: CollectionEntry, _ index: IndexEntry, _ snapshot: ReadTransaction,
        _ transaction: WriteTransaction, _ isMultikey: inout Bool
    ) throws -> Int {
        guard let pending = index.definition.pending, let before = try snapshot.entry(collection) else { return 0 }
        let done = doneTree
        var growth = 0
        var news: [(key: [UInt8], document: [UInt8])] = []
        // First everything out, so that keys that changed hands do not meet.
        for key in keys {
            try transaction.pages.relieve()
            let present = try entry.tree.get(key.span.bytes, in: transaction.view)
            let old =
                try done.known[key] ?? before.tree.get(key.span.bytes, in: snapshot.view).map { Optional($0) } ?? nil
            if let old {
                try BSONBytes.with(old) { try index.makeEntries(of: $0, into: &index.old) }
                try index.remove(index.old, idKey: key, in: transaction.pages)
                growth -= index.old.count
            }
            if let present { news.append((key, present)) }
            done.known[key] = .some(present)
            try pending.remove(key.span.bytes, in: transaction.pages)
        }
        for (key, document) in news {
            try transaction.pages.relieve()
            try BSONBytes.with(document) { bytes in
                try index.makeEntries(of: bytes, into: &index.fresh)
                try index.checkLength(index.fresh, idByteCount: key.count)
                try index.insert(
                    index.fresh, idKey: key, idForm: IndexEntry.form(ofID: bytes), in: transaction.pages)
            }
            isMultikey = isMultikey || index.fresh.isMultikey
            growth += index.fresh.count
        }
        return growth
    }

    /// What documents were when they were brought up to date; nil: gone.
    private final class Done { var known: [[UInt8]: [UInt8]?] = [:] }
    private let doneTree = Done()
}
