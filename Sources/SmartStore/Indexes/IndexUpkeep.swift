import PageStore
import TreeStore

// Keeping indexes with their documents: what a write changes in each, checked before anything is changed.

extension IndexDefinition {
    /// Bytes that the index key of an entry leaves for the `_id`.
    private static let keyLimit = TreeLimits.maximumKeyByteCount

    /// Makes the entries of a document into `entries`; none when the index leaves it out.
    func makeEntries(of document: BSONBytes, into entries: inout IndexEntries) throws(DocumentError) {
        if let partial, try !partial.filter.matches(document) {
            entries.removeAll()
            return
        }
        try source.entries(of: document, limit: Self.keyLimit, into: &entries)
        if isSparse, entries.isAbsent { entries.removeAll() }
    }

    /// Refuses keys that leave no room for the `_id`.
    func checkLength(_ entries: IndexEntries, idByteCount: Int) throws(DocumentError) {
        let room = Self.keyLimit - idByteCount
        guard entries.single.count <= room, entries.more.allSatisfy({ $0.count <= room }) else {
            throw DocumentError(
                .keyTooLong,
                "the key of index '\(name)' and the _id have more than \(Self.keyLimit) bytes together")
        }
    }
}

extension IndexEntry {
    /// Makes the entries of a document into `entries`; none when the index leaves it out.
    func makeEntries(of document: BSONBytes, into entries: inout IndexEntries) throws(DocumentError) {
        try definition.makeEntries(of: document, into: &entries)
    }

    /// Refuses keys that leave no room for the `_id`.
    func checkLength(_ entries: IndexEntries, idByteCount: Int) throws(DocumentError) {
        try definition.checkLength(entries, idByteCount: idByteCount)
    }

    /// Whether a document other than the one of `idKey` has this index key.
    func isTaken(_ key: [UInt8], by idKey: [UInt8], in view: PageView) throws(PageFault) -> [UInt8]? {
        let cursor = definition.tree.cursor(in: view)
        var isThere = try cursor.seek(to: key.span.bytes)
        while isThere {
            let found = try cursor.key
            guard found.starts(with: key) else { return nil }
            let owner = Array(found.dropFirst(key.count))
            if owner != idKey { return owner }
            isThere = try cursor.next()
        }
        return nil
    }

    /// Takes the entries of a document in; all of them are new.
    func insert(_ entries: IndexEntries, idKey: [UInt8], idForm: UInt8, in pages: PageTransaction) throws(PageFault) {
        if entries.hasSingle {
            try put(entries.single, entries.forms, idKey, idForm, in: pages)
        } else {
            let forms = [UInt8](repeating: KeyDecoding.lost, count: definition.source.partCount)
            for key in entries.more { try put(key, forms, idKey, idForm, in: pages) }
        }
    }

    private func put(
        _ key: [UInt8], _ forms: [UInt8], _ idKey: [UInt8], _ idForm: UInt8, in pages: PageTransaction
    ) throws(PageFault) {
        scratch.removeAll(keepingCapacity: true)
        scratch += key
        scratch += idKey
        let split = scratch.count
        scratch += forms
        scratch.append(idForm)
        let entry = scratch
        let bytes = entry.span.bytes
        try definition.tree.put(bytes.extracting(..<split), bytes.extracting(split...), in: pages)
    }

    /// Takes the entries of a document out.
    func remove(_ entries: IndexEntries, idKey: [UInt8], in pages: PageTransaction) throws(PageFault) {
        if entries.hasSingle {
            try remove(entries.single, idKey, in: pages)
        } else {
            for key in entries.more { try remove(key, idKey, in: pages) }
        }
    }

    private func remove(_ key: [UInt8], _ idKey: [UInt8], in pages: PageTransaction) throws(PageFault) {
        scratch.removeAll(keepingCapacity: true)
        scratch += key
        scratch += idKey
        let entry = scratch
        try definition.tree.remove(entry.span.bytes, isExpected: true, in: pages)
    }

    /// The form of an `_id`, for queries that need nothing but the index.
    static func form(ofID document: BSONBytes) -> UInt8 {
        document.identifier.map { KeyDecoding.form(of: $0) } ?? KeyDecoding.lost
    }
}

/// What one statement does to unique indexes: so that all of it is checked before any of it is done.
struct UniqueClaims {
    private var taken: [ObjectIdentifier: [[UInt8]: [UInt8]]] = [:]
    private var freed: [ObjectIdentifier: Set<[UInt8]>] = [:]

    /// Notes that the statement takes a document's keys out.
    mutating func release(_ keys: [[UInt8]], of index: IndexEntry, idKey: [UInt8]) {
        for key in keys { freed[ObjectIdentifier(index), default: []].insert(key + idKey) }
    }

    /// Notes that the statement puts a document's keys in; returns the key that another document has.
    mutating func claim(
        _ keys: [[UInt8]], of index: IndexEntry, idKey: [UInt8], in view: PageView
    ) throws(PageFault) -> [UInt8]? {
        for key in keys {
            if let owner = taken[ObjectIdentifier(index)]?[key], owner != idKey { return key }
            taken[ObjectIdentifier(index), default: [:]][key] = idKey
            if let owner = try index.isTaken(key, by: idKey, in: view),
                freed[ObjectIdentifier(index)]?.contains(key + owner) != true
            {
                return key
            }
        }
        return nil
    }
}

extension CollectionEntry {
    /// Whether writes have anything to keep in step.
    var hasIndexes: Bool { !secondary.isEmpty }

    /// Checks that a new or changed document may stand in every index, and leaves its entries (`fresh`) and those of the
    /// document it replaces (`old`) in the indexes' scratch.
    /// - Parameter checksUnique: false when the statement's changes were checked together: a key may still be in another
    ///   document's possession, which gives it up later in the statement.
    /// - Throws: `duplicateKey`, `keyTooLong` and others; nothing is changed.
    func prepareIndexes(
        replacing old: BSONBytes?, with document: BSONBytes?, idKey: [UInt8], checksUnique: Bool = true,
        in view: PageView
    ) throws {
        // An _id may become an equal one of another type: every entry says which.
        var keepsID = true
        if let old, let document { keepsID = IndexEntry.form(ofID: old) == IndexEntry.form(ofID: document) }
        for index in secondary where index.definition.isReady {
            index.old.removeAll()
            index.fresh.removeAll()
            index.fresh.keepsID = keepsID
            if let old { try index.makeEntries(of: old, into: &index.old) }
            guard let document else { continue }
            try index.makeEntries(of: document, into: &index.fresh)
            guard !index.fresh.isSame(as: index.old) else { continue }
            try index.checkLength(index.fresh, idByteCount: idKey.count)
            guard checksUnique, index.definition.specification.isUnique else { continue }
            for key in index.fresh.keys {
                if try index.isTaken(key, by: idKey, in: view) != nil {
                    throw duplicate(key, in: index)
                }
            }
        }
    }

    /// Does to the indexes what `prepareIndexes` left in their scratch.
    func applyIndexes(
        idKey: [UInt8], idForm: UInt8, catalog: Catalog, in pages: PageTransaction,
        markMultikey: (IndexEntry) throws -> Void
    ) throws {
        for index in secondary {
            guard index.definition.isReady else {
                try index.definition.pending?.put(idKey.span.bytes, [UInt8]().span.bytes, in: pages)
                continue
            }
            guard !index.fresh.isSame(as: index.old) else { continue }
            try index.remove(index.old, idKey: idKey, in: pages)
            try index.insert(index.fresh, idKey: idKey, idForm: idForm, in: pages)
            let growth = index.fresh.count - index.old.count
            if growth != 0 { try index.add(growth, catalog: catalog, in: pages) }
            if index.fresh.isMultikey, !index.definition.isMultikey { try markMultikey(index) }
        }
    }

    /// The refusal of a second document with equal keys.
    func duplicate(_ key: [UInt8], in index: IndexEntry) -> StoreError {
        let specification = index.definition.specification
        var values = Document()
        var offset = 0
        for part in index.definition.source.parts {
            guard let end = KeyEncoding.componentEnd(in: key, from: offset, descending: part.isDescending) else {
                break
            }
            values.append(
                part.path.text, KeyDecoding.shown(in: key, from: offset, to: end, isDescending: part.isDescending))
            offset = end
        }
        let shown = values.map { "\($0): \(ShellText.value($1))" }.joined(separator: ", ")
        return StoreError(
            .duplicateKey,
            "E11000 duplicate key error collection: \(name) index: \(index.name) dup key: { \(shown) }",
            remedy: "Use other values, or change the document that has them.", server: .duplicateKey,
            details: ["keyPattern": .document(specification.keys), "keyValue": .document(values)])
    }
}
