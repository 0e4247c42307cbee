// The entries that a document has in an index: keys, each with the forms of its values.

/// Makes the entries of documents: by a pattern of paths, or of every path below one. A class, so that asking an index's
/// definition for it copies nothing.
final class IndexKeySource: Sendable {
    private enum Kind: Sendable {
        case pattern(KeyPattern)
        case wildcard(WildcardPath)
    }

    /// The keys as they were given.
    let document: Document
    private let kind: Kind

    /// - Throws: `cannotCreateIndex`.
    init(_ document: Document, collation: Collation?) throws(DocumentError) {
        self.document = document
        if let wildcard = try WildcardPath(document, collation: collation) {
            kind = .wildcard(wildcard)
        } else {
            for (name, value) in document {
                if let plugin = value.string {
                    throw DocumentError(.cannotCreateIndex, "Unknown index plugin '\(plugin)'", path: name)
                }
            }
            kind = .pattern(try KeyPattern(document, collation: collation))
        }
    }

    var isWildcard: Bool { wildcard != nil }

    var wildcard: WildcardPath? { if case .wildcard(let path) = kind { path } else { nil } }

    /// The paths with directions; empty for a wildcard.
    var parts: [KeyPattern.Part] { if case .pattern(let pattern) = kind { pattern.parts } else { [] } }

    /// Components of a key: for a wildcard the path and the value.
    var partCount: Int { isWildcard ? 2 : parts.count }

    /// Makes a document's entries into `entries`, which is emptied first.
    /// - Throws: `keyTooLong`, `cannotIndexParallelArrays`, `ambiguousFieldName`.
    func entries(of document: BSONBytes, limit: Int, into entries: inout IndexEntries) throws(DocumentError) {
        entries.removeAll()
        switch kind {
        case .wildcard(let wildcard): try wildcard.entries(of: document, limit: limit, into: &entries)
        case .pattern(let pattern):
            if let isAbsent = try pattern.appendSingleEntry(
                of: document, to: &entries.single, forms: &entries.forms, limit: limit)
            {
                entries.isAbsent = isAbsent
                entries.hasSingle = true
                return
            }
            let keys = try pattern.keys(of: document, limit: limit)
            entries.more = keys.keys
            entries.isMultikey = keys.isMultikey
            entries.isAbsent = keys.isAbsent
        }
    }
}

/// The entries of one document in one index. Used again for the next document, so that nothing is allocated.
struct IndexEntries {
    /// The key, when there is one only and no array was opened.
    var single: [UInt8] = []
    /// The forms of its values.
    var forms: [UInt8] = []
    var hasSingle = false
    /// The keys of a document with arrays, or of a wildcard: ascending, each once. Their values are `lost`.
    var more: [[UInt8]] = []
    /// Whether an array was opened.
    var isMultikey = false
    /// Whether none of the paths found anything.
    var isAbsent = false
    /// Whether the `_id` has the type that it had.
    var keepsID = true

    mutating func removeAll() {
        single.removeAll(keepingCapacity: true)
        forms.removeAll(keepingCapacity: true)
        more.removeAll(keepingCapacity: true)
        hasSingle = false
        isMultikey = false
        isAbsent = false
    }

    var count: Int { hasSingle ? 1 : more.count }

    /// Every key.
    var keys: [[UInt8]] { hasSingle ? [single] : more }

    func isSame(as other: IndexEntries) -> Bool {
        hasSingle == other.hasSingle && single == other.single && forms == other.forms && more == other.more
            && keepsID == other.keepsID
    }
}

/// The path of a wildcard index: `$**` for every field, or `path.$**` for those below a path.
///
/// An entry is the path from the document's root as a string, then the value. Arrays give an entry for each element, and
/// documents in them are entered; empty documents and arrays stand for themselves.
struct WildcardPath: Sendable {
    /// The path before `.$**`; nil: the whole document.
    let base: FieldPath?
    private let collation: Collation?

    init?(_ keys: Document, collation: Collation? = nil) throws(DocumentError) {
        guard let name = keys.keys.first(where: { $0 == "$**" || $0.hasSuffix(".$**") }) else { return nil }
        guard keys.count == 1, keys[name]?.double ?? 0 > 0 else {
            throw DocumentError(
                .cannotCreateIndex, "a wildcard index has one part, and it is ascending", path: name)
        }
        self.collation = collation
        base = name == "$**" ? nil : try FieldPath(String(name.dropLast(4)))
    }

    /// Whether the values at a path are in the index.
    func covers(_ path: FieldPath) -> Bool {
        guard path.pieces.allSatisfy({ $0.index == nil }) else { return false }
        guard let base else { return path.text != "_id" && !path.text.hasPrefix("_id.") }
        return path.text == base.text || path.text.hasPrefix(base.text + ".")
    }

    /// The beginning of the keys of a path's values.
    static func prefix(of path: String) throws(DocumentError) -> [UInt8] {
        var key: [UInt8] = []
        try KeyEncoding.append(.string(path), to: &key)
        return key
    }

    func entries(of document: BSONBytes, limit: Int, into entries: inout IndexEntries) throws(DocumentError) {
        var walk = Walk(limit: limit, collation: collation)
        if let base {
            try walk.descend(base.pieces[...], BSONView(type: .document, bytes: document), path: [], depth: 0)
        } else {
            try walk.fields(of: document, path: [], depth: 0, isRoot: true)
        }
        walk.keys.sort { $0.lexicographicallyPrecedes($1) }
        for key in walk.keys where entries.more.last != key { entries.more.append(key) }
        entries.isMultikey = walk.isMultikey
        entries.isAbsent = entries.more.isEmpty
    }

    private struct Walk {
        let limit: Int
        let collation: Collation?
        var keys: [[UInt8]] = []
        var isMultikey = false

        /// Follows the path to where the wildcard begins.
        mutating func descend(
            _ rest: ArraySlice<FieldPath.Piece>, _ view: BSONView, path: [UInt8], depth: Int
        ) throws(DocumentError) {
            guard depth <= BSONLimits.deepest else { return }
            guard let piece = rest.first else { return try value(view, path: path, depth: depth) }
            if view.type == .array {
                isMultikey = true
                var reader = BSONReader(view.bytes)
                while let element = reader.next()?.value {
                    guard element.type == .document else { continue }
                    try descend(rest, element, path: path, depth: depth + 1)
                }
                return
            }
            guard view.type == .document, let next = BSONBytes.with(piece.name, { view.bytes.field($0) }) else {
                return
            }
            try descend(
                rest.dropFirst(), next, path: path + (path.isEmpty ? [] : [UInt8(ascii: ".")]) + piece.name,
                depth: depth + 1)
        }

        mutating func fields(
            of document: BSONBytes, path: [UInt8], depth: Int, isRoot: Bool
        ) throws(DocumentError) {
            var reader = BSONReader(document)
            while let field = reader.next() {
                if isRoot, field.name.text == "_id" { continue }
                var inner = path
                if !isRoot { inner.append(UInt8(ascii: ".")) }
                field.name.append(to: &inner)
                try value(field.value, path: inner, depth: depth + 1)
            }
        }

        mutating func value(_ view: BSONView, path: [UInt8], depth: Int) throws(DocumentError) {
            guard depth <= BSONLimits.deepest else { return }
            switch view.type {
            case .document where view.bytes.count > 5:
                try fields(of: view.bytes, path: path, depth: depth, isRoot: false)
            case .array:
                isMultikey = true
                var reader = BSONReader(view.bytes)
                var isEmpty = true
                while let element = reader.next()?.value {
                    isEmpty = false
                    // An array within an array stands for itself.
                    if element.type == .document, element.bytes.count > 5 {
                        try fields(of: element.bytes, path: path, depth: depth + 1, isRoot: false)
                    } else {
                        try emit(element, path)
                    }
                }
                if isEmpty { try emit(.undefined, path) }
            default: try emit(view, path)
            }
        }

        private mutating func emit(_ view: BSONView, _ path: [UInt8]) throws(DocumentError) {
            var key: [UInt8] = []
            try KeyEncoding.append(.string(String(decoding: path, as: UTF8.self)), to: &key, limit: limit)
            try KeyEncoding.append(view, collation: collation, to: &key, limit: limit)
            keys.append(key)
        }
    }
}
