// The keys of a document under a pattern such as {a: 1, "b.c": -1}: for indexes, and for sorting.
//
// 1. A path that meets no array gives one value; a missing one counts as null.
// 2. At an array every element gives a key: the element itself at the path's end, else what the rest of the path finds
//    in it (null in an element that is no document). Arrays within the array are not opened, unless the path goes on.
// 3. An empty array gives undefined at the path's end, null before it.
// 4. Paths that go through the same array advance together, element by element. Two different arrays are refused.
// 5. A numeric step into an array picks that element, if there is one, and opens no other.

/// The encoded keys of one document.
package struct IndexKeys: Sendable, Hashable {
    /// The keys, ascending, each once; at least one.
    package var keys: [[UInt8]]
    /// Whether an array was opened, so that the keys may be several.
    package var isMultikey: Bool
    /// Whether none of the paths found anything: a sparse index leaves such a document out.
    package var isAbsent: Bool
}

/// Paths with directions. A class, so that handing it on for every document costs nothing.
package final class KeyPattern: Sendable {
    /// One part of a pattern.
    package struct Part: Sendable {
        package let path: FieldPath
        package let isDescending: Bool
    }

    /// A part without anything to retain, for the walk of the common case.
    private struct Walk: Sendable {
        let steps: Range<Int>
        let isDescending: Bool
    }

    /// The pattern as it was given.
    package let document: Document
    package let parts: [Part]
    /// How strings are compared.
    package let collation: Collation?
    private let walks: [Walk]
    /// The names of all steps, parts of the bytes in `owned`.
    private let names: [BSONBytes]
    private let owned: OwnedBytes

    /// Parses an index pattern: every value is a number other than zero, of which the sign counts.
    ///
    /// - Throws: `cannotCreateIndex`.
    package convenience init(_ document: Document, collation: Collation? = nil) throws(DocumentError) {
        try self.init(document, collation: collation) { name, value throws(DocumentError) in
            guard value.type.isNumber, let direction = value.double else {
                throw DocumentError(
                    .cannotCreateIndex,
                    "Values in v:2 index key pattern cannot be of type \(value.type.name). Only numbers > 0, numbers < 0, "
                        + "and strings are allowed.", path: name)
            }
            guard direction != 0, !direction.isNaN else {
                let shown = direction.isNaN ? "NaN" : "0"
                throw DocumentError(
                    .cannotCreateIndex, "Values in the index key pattern cannot be \(shown).", path: name)
            }
            return direction < 0
        }
        guard !parts.isEmpty else {
            throw DocumentError(.cannotCreateIndex, "Index keys cannot be an empty field.")
        }
    }

    /// Parses a pattern whose directions `direction` reads (true: descending).
    init(
        _ document: Document, collation: Collation? = nil,
        direction: (String, BSONValue) throws(DocumentError) -> Bool
    ) throws(DocumentError) {
        self.document = document
        self.collation = collation
        var parts: [Part] = []
        var walks: [Walk] = []
        var steps: [Range<Int>] = []
        var nameBytes: [UInt8] = []
        for (name, value) in document {
            let isDescending = try direction(name, value)
            guard !name.isEmpty, !name.hasPrefix("$") else {
                throw DocumentError(.cannotCreateIndex, "a key's path may not be empty or begin with '$'", path: name)
            }
            let path = try FieldPath(name)
            walks.append(
                Walk(steps: steps.count..<(steps.count + path.pieces.count), isDescending: isDescending))
            for piece in path.pieces {
                steps.append(nameBytes.count..<(nameBytes.count + piece.name.count))
                nameBytes += piece.name
            }
            parts.append(Part(path: path, isDescending: isDescending))
        }
        let owned = OwnedBytes(nameBytes)
        self.parts = parts
        self.walks = walks
        self.owned = owned
        names = steps.map { owned.bytes.slice($0.lowerBound, $0.upperBound) }
    }

    /// The keys of a document.
    ///
    /// - Throws: `cannotIndexParallelArrays`, `ambiguousFieldName`, or `keyTooLong` beyond `limit` bytes.
    package func keys(
        of document: Document, limit: Int = KeyEncoding.standardLimit
    ) throws(DocumentError) -> IndexKeys {
        try document.withBytes { bytes throws(DocumentError) in try keys(of: bytes, limit: limit) }
    }

    /// The keys of a document in place.
    package func keys(
        of document: BSONBytes, limit: Int = KeyEncoding.standardLimit
    ) throws(DocumentError) -> IndexKeys {
        var key: [UInt8] = []
        key.reserveCapacity(32)
        if let isAbsent = try appendSingleKey(of: document, to: &key, limit: limit) {
            return IndexKeys(keys: [key], isMultikey: false, isAbsent: isAbsent)
        }
        var expansion = KeyExpansion(parts: parts, collation: collation, limit: limit)
        try expansion.expand(parts.map { _ in .pending(step: 0, document) })
        if expansion.keys.count > 1 {
            expansion.keys.sort { $0.lexicographicallyPrecedes($1) }
            var unique: [[UInt8]] = []
            for key in expansion.keys where unique.last != key { unique.append(key) }
            expansion.keys = unique
        }
        return IndexKeys(
            keys: expansion.keys, isMultikey: expansion.isMultikey, isAbsent: !expansion.foundAnything)
    }
}

extension KeyPattern {
    /// Appends the key of a document in which no path meets an array, and returns whether all paths are missing.
    ///
    /// The way of nearly every insert and sort: nothing is allocated but the key's bytes.
    /// - Returns: nil when a path meets an array; then `key` is as it was, and `keys(of:)` is to be asked.
    package func appendSingleKey(
        of document: BSONBytes, to key: inout [UInt8], limit: Int = KeyEncoding.standardLimit
    ) throws(DocumentError) -> Bool? {
        let start = key.count
        var isAbsent = true
        for walk in walks {
            var view = BSONView(type: .document, bytes: document)
            var isMissing = false
            for step in walk.steps {
                if view.type == .document, let next = view.bytes.field(names[step]) {
                    view = next
                } else {
                    isMissing = view.type != .array
                    break
                }
            }
            if !isMissing && view.type == .array {
                key.removeSubrange(start...)
                return nil
            }
            if !isMissing { isAbsent = false }
            try KeyEncoding.append(
                isMissing ? .null : view, collation: collation, descending: walk.isDescending, to: &key, limit: limit)
        }
        return isAbsent
    }
}

extension KeyPattern {
    /// As `appendSingleKey`, and appends what is needed to have the values back from the key: one byte a part, see
    /// `KeyDecoding`.
    func appendSingleEntry(
        of document: BSONBytes, to key: inout [UInt8], forms: inout [UInt8], limit: Int = KeyEncoding.standardLimit
    ) throws(DocumentError) -> Bool? {
        let (start, formsStart) = (key.count, forms.count)
        var isAbsent = true
        for walk in walks {
            var view = BSONView(type: .document, bytes: document)
            var isMissing = false
            for step in walk.steps {
                if view.type == .document, let next = view.bytes.field(names[step]) {
                    view = next
                } else {
                    isMissing = view.type != .array
                    break
                }
            }
            if !isMissing && view.type == .array {
                key.removeSubrange(start...)
                forms.removeSubrange(formsStart...)
                return nil
            }
            if !isMissing { isAbsent = false }
            let value = isMissing ? BSONView.null : view
            try KeyEncoding.append(
                value, collation: collation, descending: walk.isDescending, to: &key, limit: limit)
            let isFolded = collation?.concerns(value) ?? false
            forms.append(
                isMissing ? KeyDecoding.missing : isFolded ? KeyDecoding.lost : KeyDecoding.form(of: value))
        }
        return isAbsent
    }
}

/// The walk that makes the keys of one document.
private struct KeyExpansion {
    /// How far one part has come.
    enum Progress {
        /// Its value (nil: missing).
        case done(BSONView?)
        /// The document in which the rest of the path, from a step on, is to be followed.
        case pending(step: Int, BSONBytes)
        /// The array that was met before the step.
        case atArray(step: Int, BSONView)
    }

    let parts: [KeyPattern.Part]
    let collation: Collation?
    let limit: Int
    var keys: [[UInt8]] = []
    var isMultikey = false
    var foundAnything = false

    init(parts: [KeyPattern.Part], collation: Collation?, limit: Int) {
        self.parts = parts
        self.collation = collation
        self.limit = limit
    }

    mutating func expand(_ start: [Progress]) throws(DocumentError) {
        var progress = start
        var array: BSONView?
        for index in progress.indices {
            if case .pending(let step, let document) = progress[index] {
                progress[index] = try follow(parts[index].path, step, in: document)
            }
            if case .atArray(_, let found) = progress[index] {
                if let array, !array.bytes.isSameMemory(as: found.bytes) { throw parallel(progress) }
                array = found
            }
        }
        guard let array else { return try emit(progress) }
        isMultikey = true
        var reader = BSONReader(array.bytes)
        var isEmpty = true
        while let element = reader.next()?.value {
            isEmpty = false
            try expand(advance(progress, to: element))
        }
        if isEmpty { try expand(advance(progress, to: .undefined)) }
    }

    /// The parts that stand at the array, each taken on to one element.
    private func advance(_ progress: [Progress], to element: BSONView) -> [Progress] {
        progress.indices.map { index in
            guard case .atArray(let step, _) = progress[index] else { return progress[index] }
            if step == parts[index].path.pieces.count { return .done(element) }
            return element.type == .document ? .pending(step: step, element.bytes) : .done(nil)
        }
    }

    /// Follows a path until its end, an array, or nothing.
    private func follow(_ path: FieldPath, _ first: Int, in document: BSONBytes) throws(DocumentError) -> Progress {
        var view = BSONView(type: .document, bytes: document)
        var step = first
        while true {
            if view.type == .array {
                guard step < path.pieces.count, let index = path.pieces[step].index,
                    let element = view.bytes.element(at: index)
                else { return .atArray(step: step, view) }
                try refuseAmbiguity(path.pieces[step], in: view)
                view = element
                step += 1
                continue
            }
            if step == path.pieces.count { return .done(view) }
            guard view.type == .document,
                let next = BSONBytes.with(path.pieces[step].name, { view.bytes.field($0) })
            else { return .done(nil) }
            view = next
            step += 1
        }
    }

    /// A number that is an element's index and the name of a field in an element would need two keys at once.
    private func refuseAmbiguity(_ piece: FieldPath.Piece, in array: BSONView) throws(DocumentError) {
        var reader = BSONReader(array.bytes)
        while let element = reader.next()?.value {
            guard element.type == .document else { continue }
            if BSONBytes.with(piece.name, { element.bytes.field($0) }) != nil {
                throw DocumentError(
                    .ambiguousFieldName,
                    "Ambiguous field name found in array (do not use numeric field names in embedded elements in an "
                        + "array), field: '\(piece.text)'")
            }
        }
    }

    private mutating func emit(_ progress: [Progress]) throws(DocumentError) {
        var key: [UInt8] = []
        for (part, progress) in zip(parts, progress) {
            guard case .done(let view) = progress else { continue }
            if view != nil { foundAnything = true }
            try KeyEncoding.append(
                view ?? .null, collation: collation, descending: part.isDescending, to: &key, limit: limit)
        }
        keys.append(key)
    }

    private func parallel(_ progress: [Progress]) -> DocumentError {
        var names: [String] = []
        for (part, progress) in zip(parts, progress) {
            if case .atArray(let step, _) = progress { names.append(part.path.pieces[max(0, step - 1)].text) }
        }
        let shown = names.reversed().map { "[\($0)]" }.joined(separator: " ")
        return DocumentError(.cannotIndexParallelArrays, "cannot index parallel arrays \(shown)")
    }
}
