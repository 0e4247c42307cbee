package import PageStore
import StoreIO
import TreeStore

// Making a file as small as its content.
//
// Pages move from the file's end to free pages at its beginning, in small transactions; the close then cuts the end off.
// There is no second file and no swap: a crash anywhere leaves a sound store, readers and writers go on between the
// portions, and it works on a full disk, where a copy would find no room.

/// What a compaction did.
public struct CompactionReport: Sendable, Equatable {
    /// Pages moved.
    public internal(set) var movedPages = 0
    /// The file's size before and after, in bytes. While the store stays open, the end is cut off when it is closed.
    public internal(set) var bytesBefore: UInt64 = 0
    /// The size after.
    public internal(set) var bytesAfter: UInt64 = 0

    /// Everything as one document.
    public var document: Document {
        [
            "movedPages": .int64(Int64(movedPages)), "bytesBefore": .int64(Int64(clamping: bytesBefore)),
            "bytesAfter": .int64(Int64(clamping: bytesAfter)),
        ]
    }
}

extension Store {
    /// Moves the pages of documents, cache and audit log towards the file's beginning, beside readers and writers. What
    /// is gained is cut off when the store is closed. Vectors and links stay where they are: for these, and for the last
    /// byte, use ``compact(at:key:options:progress:)``.
    /// - Parameter progress: told the pages moved so far; returning false stops, which loses nothing.
    /// - Throws: `readOnly`, `closed`, `failed`, `diskFull`, `corruptPage`, `ioFailed`.
    @discardableResult
    public func compact(progress: (@Sendable (Int) -> Bool)? = nil) throws(StoreError) -> CompactionReport {
        try converting {
            var report = CompactionReport()
            report.bytesBefore = try pager.report().fileByteCount
            var pass = CompactionPass(pager: pager, isExclusive: false)
            try pass.run { progress?($0) ?? true }
            try pager.checkpoint()
            report.movedPages = pass.movedPages
            report.bytesAfter = try pager.report().fileByteCount
            return report
        }
    }

    /// Opens a file that nobody else has open, moves every page as far to the beginning as it goes, and closes it, cut to
    /// size. Each page moves once or twice; memory is bounded by the options.
    /// - Throws: what ``open(at:key:expecting:options:)`` throws, and `corruptPage`, `diskFull`, `ioFailed`.
    @discardableResult
    public static func compact(
        at path: String, key: EncryptionKey, options: StoreOptions = StoreOptions(),
        progress: (@Sendable (Int) -> Bool)? = nil
    ) throws(StoreError) -> CompactionReport {
        try converting { try compact(try FilePlace(path: path), key: key, options: options, progress: progress) }
    }

    package static func compact(
        _ place: FilePlace, key: EncryptionKey, options: StoreOptions = StoreOptions(),
        progress: (@Sendable (Int) -> Bool)? = nil
    ) throws(StoreError) -> CompactionReport {
        try converting {
            var options = options
            options.runsBackgroundWork = false
            var report = CompactionReport()
            // A pass works around the log that it finds and writes; the close gives that room back, and the next pass
            // uses it.
            for round in 0..<4 {
                let store = try open(place.name, in: place.directory, key: key, options: options)
                // Whatever fails, the file is free again.
                defer { try? store.close() }
                let before = try store.pager.report().fileByteCount
                if round == 0 { report.bytesBefore = before }
                // The indexes in memory know the places of before.
                for segment in store.segments.all { store.segments.remove(segment.definition.number) }
                var pass = CompactionPass(pager: store.pager, isExclusive: true)
                var isStopped = false
                let moved = report.movedPages
                try pass.run { count in
                    isStopped = !(progress?(moved + count) ?? true)
                    return !isStopped
                }
                report.movedPages += pass.movedPages
                try store.close()
                let file = try mappingFile { () throws(FileFault) in
                    try place.directory.open(place.name, access: .readOnly, lockWait: .zero)
                }
                defer { file.close() }
                report.bytesAfter = try mappingFile { () throws(FileFault) in try file.size() }
                if isStopped || (pass.movedPages == 0 && report.bytesAfter >= before) { break }
            }
            return report
        }
    }
}

private func mappingFile<R>(_ body: () throws(FileFault) -> R) throws(PageFault) -> R {
    do { return try body() } catch { throw PageFault(error) }
}

/// One walk over every structure of the store.
private struct CompactionPass {
    let pager: Pager
    /// Nobody else uses the store: arrays and roots may move too.
    let isExclusive: Bool
    private(set) var movedPages = 0

    /// Pages moved in one transaction; fewer when the disk has no room for so much log.
    private var portion = 96

    init(pager: Pager, isExclusive: Bool) {
        self.pager = pager
        self.isExclusive = isExclusive
    }

    mutating func run(progress: (Int) -> Bool) throws {
        let limit = try measure()
        for structure in try structures() {
            guard try move(structure, below: limit, progress: progress) else { return }
        }
        if isExclusive { try moveRoots(below: limit) }
    }

    private func measure() throws(PageFault) -> UInt64 {
        let transaction = try pager.beginTransaction()
        defer { transaction.rollBack() }
        return try transaction.compactEnd()
    }

    private enum Structure {
        case tree(Tree)
        case array(PagedArray)
    }

    /// Everything that owns pages, as the catalog lists it now.
    private func structures() throws(PageFault) -> [Structure] {
        let view = try pager.beginSnapshot()
        defer { view.close() }
        guard let catalog = Catalog(view) else { return [] }
        var found: [Structure] = [.tree(catalog.tree)]
        for (key, fields) in try CatalogPages.entries(of: catalog, in: view) {
            guard let entry = try catalog.entry(key, in: view) else { continue }
            for field in fields
            where (isExclusive || !field.isArray) && (!field.isOptional || entry[field.name] != nil) {
                guard entry[field.name] != nil else { continue }
                let root = try entry.root(field.name, of: catalog.tree.root)
                found.append(field.isArray ? .array(PagedArray(root: root)) : .tree(Tree(root: root)))
            }
        }
        return found
    }

    /// Moves what of a structure lies beyond the limit, portion by portion. Returns false when told to stop.
    private mutating func move(
        _ structure: Structure, below limit: UInt64, progress: (Int) -> Bool
    ) throws -> Bool {
        var nextKey: [UInt8]?
        var nextPage: UInt64 = 0
        while true {
            let transaction = try pager.beginTransaction()
            defer { transaction.rollBack() }
            var budget = RelocationBudget(moves: portion, limit: limit)
            var isDone = true
            let (key, page) = (nextKey, nextPage)
            switch structure {
            case .tree(let tree):
                // Between portions a tree may have been dropped: then its root is no node of it any more.
                guard try stillThere(tree.root, in: transaction) else { return true }
                nextKey = try tree.relocate(from: nextKey, &budget, in: transaction)
                isDone = nextKey == nil
            case .array(let array):
                let next = try array.relocate(from: nextPage, &budget, in: transaction)
                isDone = next == nil
                nextPage = next ?? 0
            }
            do throws(PageFault) {
                if budget.moved > 0 { _ = try transaction.commit() }
            } catch {
                guard error == .diskFull, portion > 4 else { throw error }
                portion /= 2
                (nextKey, nextPage) = (key, page)
                continue
            }
            movedPages += budget.moved
            guard progress(movedPages) else { return false }
            if isDone || budget.isFull { return true }
        }
    }

    private func stillThere(_ root: PageID, in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard let catalog = Catalog(transaction) else { return false }
        if catalog.tree.root == root { return true }
        for (key, fields) in try CatalogPages.entries(of: catalog, in: transaction) {
            guard let entry = try catalog.entry(key, in: transaction) else { continue }
            for field in fields where entry[field.name]?.int.map(UInt64.init(clamping:)) == root.number { return true }
        }
        return false
    }

    // MARK: Roots

    private mutating func moveRoots(below limit: UInt64) throws {
        let keys: [(key: [UInt8], fields: [CatalogPages.Field])]
        do {
            let view = try pager.beginSnapshot()
            defer { view.close() }
            guard let catalog = Catalog(view) else { return }
            keys = try CatalogPages.entries(of: catalog, in: view)
        }
        for (key, fields) in keys {
            let transaction = try pager.beginTransaction()
            defer { transaction.rollBack() }
            guard let catalog = Catalog(transaction), var entry = try catalog.entry(key, in: transaction) else {
                continue
            }
            var moved = 0
            for field in fields where entry[field.name] != nil {
                let root = try entry.root(field.name, of: catalog.tree.root)
                guard root.number >= limit else { continue }
                let place =
                    field.isArray
                    ? try PagedArray(root: root).moveRoot(before: limit, in: transaction)?.root
                    : try Tree(root: root).moveRoot(before: limit, in: transaction)?.root
                guard let place else { continue }
                entry[field.name] = .page(place)
                moved += 1
            }
            guard moved > 0 else { continue }
            try catalog.put(key, entry, in: transaction)
            _ = try transaction.commit()
            movedPages += moved
        }
        let transaction = try pager.beginTransaction()
        defer { transaction.rollBack() }
        guard let catalog = Catalog(transaction), catalog.tree.root.number >= limit,
            let moved = try catalog.tree.moveRoot(before: limit, in: transaction)
        else { return }
        transaction.catalogRoot = moved.root
        _ = try transaction.commit()
        movedPages += 1
    }
}

/// Which catalog entries name pages, and in which fields.
enum CatalogPages {
    struct Field {
        let name: String
        var isArray = false
        /// Not every entry of the kind has it.
        var isOptional = false
    }

    static func fields(of kind: CatalogKind) -> [Field] {
        switch kind {
        case .collection: [Field(name: "root")]
        case .vectorIndex:
            [
                Field(name: "vectors", isArray: true), Field(name: "links", isArray: true),
                Field(name: "upper", isArray: true), Field(name: "ids", isArray: true),
                Field(name: "codePages", isArray: true, isOptional: true), Field(name: "rows"), Field(name: "dead"),
            ]
        case .cache: [Field(name: "entries"), Field(name: "order"), Field(name: "expiry")]
        case .audit: [Field(name: "entries"), Field(name: "seals")]
        case .index: [Field(name: "root"), Field(name: "pending", isOptional: true)]
        case .collectionCounters, .indexCounters, .vectorCounters, .vectorLinks, .store, .anchors: []
        }
    }

    /// Every entry that names pages, by its key.
    static func entries(
        of catalog: Catalog, in view: PageView
    ) throws(PageFault) -> [(key: [UInt8], fields: [Field])] {
        var found: [(key: [UInt8], fields: [Field])] = []
        for kind in [CatalogKind.collection, .index, .vectorIndex, .cache, .audit] {
            for key in try catalog.keys(kind, in: view) { found.append(([kind.rawValue] + key, fields(of: kind))) }
        }
        return found
    }
}
