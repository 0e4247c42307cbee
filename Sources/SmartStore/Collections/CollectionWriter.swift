import PageStore
import StoreIO
import TreeStore

// Writing a collection: documents and their vectors change together.

/// What an update did.
public struct UpdateOutcome: Sendable, Equatable {
    /// Documents that matched.
    public var matched = 0
    /// Documents that changed.
    public var modified = 0
    /// The `_id` of the document that an upsert made.
    public var upsertedID: BSONValue?
    /// The first matching document as it was.
    var firstBefore: Document?
    /// The first matching document as it became.
    var firstAfter: Document?

    /// Whether the counts and the `_id` of an upsert are the same; the documents are not compared.
    public static func == (a: UpdateOutcome, b: UpdateOutcome) -> Bool {
        a.matched == b.matched && a.modified == b.modified && a.upsertedID == b.upsertedID
    }
}

/// An update with everything that can be said of it.
public struct UpdateRequest: Sendable {
    /// Which documents: filter, hint, collation and variables count, and without `multi` the order.
    public var query: FindQuery
    /// A document of modifiers, a replacement, or an array of stages.
    public var update: BSONValue
    /// All that match instead of the first.
    public var multi = false
    /// Whether a document made from filter and update is inserted when none matches.
    public var upsert = false
    /// Conditions on array elements, for `$[name]` in paths.
    public var arrayFilters: [Document] = []

    /// Updates documents that match a filter.
    public init(_ filter: Document, _ update: BSONValue) {
        query = FindQuery(filter)
        self.update = update
    }
}

/// A collection in a write transaction.
public struct CollectionWriter: CollectionReading {
    let writer: WriteTransaction
    /// Its name.
    public let name: String
    /// The transaction it is written in.
    public var transaction: TransactionView { writer }

    init(transaction: WriteTransaction, name: String) {
        writer = transaction
        self.name = name
    }

    /// Inserts a document; makes an ObjectID when it has no `_id`. Returns the `_id`.
    /// - Throws: `duplicateKey`, `invalidDocument`, `invalidVector`, `limitExceeded`; nothing is changed then.
    @discardableResult
    public func insert(_ document: Document) throws(StoreError) -> BSONValue {
        try writer.changing {
            let (document, id, key) = try withID(document)
            let entry = try writer.writableEntry(name)
            let vectors = try encodeVectors(of: document, in: entry)
            try validate(document)
            try prepareIndexes(of: entry, replacing: nil, with: document, key: key)
            guard
                try !entry.tree.put(
                    key.span.bytes, document.bson.span.bytes, mode: .insertOnly, near: &entry.latest, in: writer.pages)
            else { throw duplicate(id) }
            try applyIndexes(of: entry, document: document, key: key)
            try insertVectors(vectors, id: id, key: key, in: entry)
            entry.documentCount = (entry.documentCount ?? 0) + 1
            entry.isChanged = true
            writer.changes?.note(.insert, in: name, id: id, document: document)
            return id
        }
    }

    /// Inserts a Swift value as a document. Returns its `_id`.
    @discardableResult
    public func insert(_ value: some Encodable) throws(StoreError) -> BSONValue {
        try insert(try converting { try DocumentEncoder().encode(value) })
    }

    /// Puts a document in the place of the one with this `_id`; with `upsert` also where there is none.
    /// Returns whether there was one.
    @discardableResult
    public func replace(_ id: BSONValue, with document: Document, upsert: Bool = false) throws(StoreError) -> Bool {
        try writer.changing {
            try writer.pages.relieve()
            let key = try KeyEncoding.id(id)
            var document = document
            if let present = document["_id"] {
                guard try KeyEncoding.id(present) == key else {
                    throw DocumentError(.immutableField, "the _id of a document cannot be changed", path: "_id")
                }
            } else {
                document = Self.prepending(id, to: document)
            }
            guard let entry = upsert ? try writer.writableEntry(name) : try existing() else { return false }
            return try put(document, id: id, key: key, in: entry, upsert: upsert, as: .replace)
        }
    }

    /// Applies an update (operators or a replacement) to matching documents.
    /// - Parameters:
    ///   - multi: all that match instead of the first that is found.
    ///   - upsert: inserts a document made from filter and update when none matches.
    public func update(
        _ filter: Document, _ update: Document, multi: Bool = false, upsert: Bool = false
    ) throws(StoreError) -> UpdateOutcome {
        var request = UpdateRequest(filter, .document(update))
        request.multi = multi
        request.upsert = upsert
        return try self.update(request)
    }

    /// Applies an update.
    /// - Throws: what the update refuses, with MongoDB's codes; nothing of it is applied then.
    public func update(_ request: UpdateRequest) throws(StoreError) -> UpdateOutcome {
        try writer.changing {
            var query = request.query
            query.options.now = BSONDate(millisecondsSince1970: writer.store.options.time.now())
            query.limit = request.multi ? nil : 1
            let specification = try UpdateSpec(
                value: request.update, arrayFilters: request.arrayFilters, options: query.options)
            if request.multi, specification.isReplacement {
                throw DocumentError(.failedToParse, "multi update is not supported for replacement-style update")
            }
            let compiled = try Filter(query.filter, options: query.options)
            let matching = try source(query).rest()
            var outcome = UpdateOutcome(matched: matching.count)
            if matching.isEmpty {
                guard request.upsert else { return outcome }
                let made = try specification.upsertDocument(for: compiled, makeID: { writer.store.nextObjectID() })
                outcome.upsertedID = try insert(made)
                return outcome
            }
            // Everything is computed and checked before anything is written.
            var changes: [(document: Document, id: BSONValue, key: [UInt8])] = []
            let entry = try writer.writableEntry(name)
            outcome.firstBefore = matching[0]
            for document in matching {
                guard let changed = try specification.apply(to: document, foundBy: compiled), let id = document["_id"]
                else { continue }
                if changes.isEmpty, document == matching[0] { outcome.firstAfter = changed }
                try validate(changed)
                _ = try encodeVectors(of: changed, in: entry)
                changes.append((changed, id, try KeyEncoding.id(id)))
            }
            try checkUnique(changes.map { ($0.document, $0.key) }, in: entry)
            for (document, id, key) in changes {
                try writer.pages.relieve()
                _ = try put(
                    document, id: id, key: key, in: entry, upsert: false,
                    as: specification.isReplacement ? .replace : .update, checksUnique: changes.count == 1)
                outcome.modified += 1
            }
            return outcome
        }
    }

    /// Removes the document with this `_id`; false when there is none.
    @discardableResult
    public func delete(_ id: BSONValue) throws(StoreError) -> Bool {
        try writer.changing {
            guard let entry = try existing() else { return false }
            return try remove(KeyEncoding.id(id), in: entry)
        }
    }

    /// Removes matching documents, at most `limit` of them. Returns how many.
    @discardableResult
    public func deleteMany(_ filter: Document, limit: Int? = nil) throws(StoreError) -> Int {
        try delete(FindQuery(filter, limit: limit))
    }

    /// Removes the documents of a query; its limit counts. Returns how many.
    @discardableResult
    public func delete(_ query: FindQuery) throws(StoreError) -> Int {
        try writer.changing {
            _ = try QueryShape(query)
            guard let entry = try existing(), query.limit != 0 else { return 0 }
            var keys: [[UInt8]] = []
            if query.limit == nil, query.sort == nil {
                try execution(query)?.0.keys { keys.append($0) }
            } else {
                try scan(query) { document in
                    if let key = try KeyEncoding.id(of: document) { keys.append(key) }
                    return true
                }
            }
            for key in keys { try remove(key, in: entry) }
            return keys.count
        }
    }

    /// Removes the document of an `_id` key; false when there is none.
    @discardableResult
    func remove(key: [UInt8]) throws -> Bool {
        try writer.changing {
            guard let entry = try existing() else { return false }
            return try remove(key, in: entry)
        }
    }

    // MARK: Secondary indexes

    private func prepareIndexes(
        of entry: CollectionEntry, replacing old: Document?, with document: Document, key: [UInt8],
        checksUnique: Bool = true
    ) throws {
        guard entry.hasIndexes else { return }
        try document.withBytes { (after) throws in
            func prepare(_ before: BSONBytes?) throws {
                try entry.prepareIndexes(
                    replacing: before, with: after, idKey: key, checksUnique: checksUnique, in: writer.pages)
            }
            if let old { try old.withBytes { (before) throws in try prepare(before) } } else { try prepare(nil) }
        }
    }

    /// Checks what several changes of one statement do to unique indexes, before any of them is done: a value may pass
    /// from one document to another.
    func checkUnique(_ changes: [(document: Document, key: [UInt8])], in entry: CollectionEntry) throws {
        let unique = entry.secondary.filter { $0.definition.isReady }
        guard changes.count > 1, !unique.isEmpty else { return }
        var claims = UniqueClaims()
        for index in unique where index.definition.specification.isUnique {
            for (_, key) in changes {
                guard let old = try entry.tree.get(key.span.bytes, in: writer.pages) else { continue }
                try BSONBytes.with(old) { try index.makeEntries(of: $0, into: &index.old) }
                claims.release(index.old.keys, of: index, idKey: key)
            }
        }
        for index in unique {
            for (document, key) in changes {
                try document.withBytes { (bytes) throws in try index.makeEntries(of: bytes, into: &index.fresh) }
                try index.checkLength(index.fresh, idByteCount: key.count)
                guard index.definition.specification.isUnique else { continue }
                if let taken = try claims.claim(index.fresh.keys, of: index, idKey: key, in: writer.pages) {
                    throw entry.duplicate(taken, in: index)
                }
            }
        }
    }

    private func applyIndexes(of entry: CollectionEntry, document: Document?, key: [UInt8]) throws {
        guard entry.hasIndexes else { return }
        let idForm = document?.withBytes { IndexEntry.form(ofID: $0) } ?? KeyDecoding.lost
        try entry.applyIndexes(
            idKey: key, idForm: idForm, catalog: writer.makeCatalog(), in: writer.pages,
            markMultikey: { try writer.markMultikey($0) })
    }

    // MARK: Details

    private func existing() throws -> CollectionEntry? {
        guard let entry = try writer.entry(name) else { return nil }
        _ = try writer.documentCount(of: entry)
        return entry
    }

    private func put(
        _ document: Document, id: BSONValue, key: [UInt8], in entry: CollectionEntry, upsert: Bool,
        as kind: CollectionChange.Kind, checksUnique: Bool = true
    ) throws -> Bool {
        let vectors = try encodeVectors(of: document, in: entry)
        try validate(document)
        if entry.hasIndexes {
            let old = try entry.tree.get(key.span.bytes, in: writer.pages).map { Document(trusted: $0) }
            guard old != nil || upsert else { return false }
            try prepareIndexes(of: entry, replacing: old, with: document, key: key, checksUnique: checksUnique)
        }
        let wasThere = try entry.tree.put(
            key.span.bytes, document.bson.span.bytes, mode: upsert ? .upsert : .replaceOnly, near: &entry.latest,
            in: writer.pages)
        guard wasThere || upsert else { return false }
        try applyIndexes(of: entry, document: document, key: key)
        if wasThere {
            for index in entry.indexes { try index.remove(key: key, catalog: writer.makeCatalog(), in: writer.pages) }
        } else {
            entry.documentCount = (entry.documentCount ?? 0) + 1
        }
        try insertVectors(vectors, id: id, key: key, in: entry)
        entry.isChanged = true
        writer.changes?.note(wasThere ? kind : .insert, in: name, id: id, document: document)
        return wasThere
    }

    @discardableResult
    private func remove(_ key: [UInt8], in entry: CollectionEntry) throws -> Bool {
        try writer.pages.relieve()
        let noted = try idToNote(key, in: entry)
        guard try removeRow(key, in: entry) else { return false }
        try applyIndexes(of: entry, document: nil, key: key)
        for index in entry.indexes { try index.remove(key: key, catalog: writer.makeCatalog(), in: writer.pages) }
        entry.documentCount = max(0, (entry.documentCount ?? 0) - 1)
        entry.isChanged = true
        writer.changes?.note(.delete, in: name, id: noted)
        return true
    }

    /// Removes the document itself, once its entries in the indexes are noted.
    private func removeRow(_ key: [UInt8], in entry: CollectionEntry) throws -> Bool {
        guard entry.hasIndexes else {
            return try entry.tree.remove(key.span.bytes, near: &entry.latest, in: writer.pages)
        }
        var refusal: (any Error)?
        let wasThere = try entry.tree.remove(key.span.bytes, near: &entry.latest, in: writer.pages) { old in
            do {
                try BSONBytes.with(old) { (bytes) throws in
                    try entry.prepareIndexes(replacing: bytes, with: nil, idKey: key, in: writer.pages)
                }
            } catch { refusal = error }
            return refusal == nil
        }
        if let refusal { throw refusal }
        return wasThere
    }

    /// The `_id` of a document that is to go, when an observer wants to know.
    private func idToNote(_ key: [UInt8], in entry: CollectionEntry) throws(PageFault) -> BSONValue? {
        guard writer.changes?.wants(name) == true else { return nil }
        return try entry.tree.get(key.span.bytes, in: writer.pages).flatMap { Document(trusted: $0)["_id"] }
    }

    private func encodeVectors(
        of document: Document, in entry: CollectionEntry
    ) throws -> [(index: VectorIndexEntry, rows: [[UInt8]])] {
        var encoded: [(index: VectorIndexEntry, rows: [[UInt8]])] = []
        for index in entry.indexes {
            let rows = try index.encode(document)
            if !rows.isEmpty { encoded.append((index, rows)) }
        }
        return encoded
    }

    private func insertVectors(
        _ vectors: [(index: VectorIndexEntry, rows: [[UInt8]])], id: BSONValue, key: [UInt8], in entry: CollectionEntry
    ) throws(PageFault) {
        for (index, rows) in vectors {
            try index.insert(rows, id: id, key: key, catalog: writer.makeCatalog(), in: writer.pages)
        }
    }

    /// A `Document` is valid BSON by construction; what is left are the store's own rules.
    private func validate(_ document: Document) throws(DocumentError) {
        guard document.bson.count <= BSONLimits.standard.byteCount else {
            throw DocumentError(
                .tooLarge,
                "the document has \(document.bson.count) bytes; the limit is \(BSONLimits.standard.byteCount)")
        }
        let findings = try document.withBytes { bytes throws(DocumentError) in
            try BSONValidator.inspect(bytes, limits: .standard)
        }
        guard findings.hasOperatorName else { return }
        for name in document.keys where name.hasPrefix("$") {
            throw DocumentError(.dollarPrefixedFieldName, "the name '\(name)' begins with '$'", path: name)
        }
    }

    private func withID(_ document: Document) throws -> (Document, BSONValue, key: [UInt8]) {
        let found = try document.withBytes { (bytes) throws(DocumentError) -> (BSONValue, [UInt8])? in
            guard let view = bytes.identifier, let id = BSONValue(view) else { return nil }
            return (id, try KeyEncoding.id(view))
        }
        if let (id, key) = found { return (document, id, key) }
        let id = BSONValue.objectID(writer.store.nextObjectID())
        return (Self.prepending(id, to: document), id, try KeyEncoding.id(id))
    }

    private static func prepending(_ id: BSONValue, to document: Document) -> Document {
        var result = Document()
        result.append("_id", id)
        for (key, value) in document { result.append(key, value) }
        return result
    }

    private func duplicate(_ id: BSONValue) -> StoreError {
        let shown = ExtendedJSON.string(id, .relaxed)
        return StoreError(
            .duplicateKey,
            "E11000 duplicate key error collection: \(name) index: _id_ dup key: { _id: \(shown) }",
            remedy: "Use another _id, or replace the document.", server: .duplicateKey)
    }
}
