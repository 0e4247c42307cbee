// One change at a dotted path: copies a document's bytes around the field that changes.
//
// 1. Names lead into documents, numbers into arrays. A number that meets a document, or nothing, is a name.
// 2. With `creates`, missing documents on the way are made, an array is filled with nulls up to a new index, and a
//    value that is neither document nor array on the way is an error; without it, all these mean "nothing there".
// 3. Removing an array's element leaves null in its place, so that its neighbours keep their indexes.

/// What becomes of a field.
enum FieldChange {
    case keep
    case set(BSONValue)
    case remove
}

/// Edits a document at one path.
struct PathEdit {
    /// The most nulls that one edit puts into an array.
    static let longestFill = 1_500_000

    private let path: FieldPath
    private let creates: Bool

    init(_ path: FieldPath, creates: Bool) {
        self.path = path
        self.creates = creates
    }

    /// Sets, replaces or removes the value at a path; nil when the path is not viable or nothing changes.
    static func set(_ path: FieldPath, to value: BSONValue?, in document: Document) -> Document? {
        let edit = PathEdit(path, creates: value != nil)
        return try? edit.apply(to: document) { _ in value.map { .set($0) } ?? .remove }
    }

    /// The edited document; nil when nothing changed.
    ///
    /// - Parameter change: Decides from the present value (nil: missing) what becomes of it.
    /// - Throws: `pathNotViable`, `cannotBackfillArray`, and what `change` throws.
    func apply(
        to document: Document, _ change: (BSONView?) throws(DocumentError) -> FieldChange
    ) throws(DocumentError) -> Document? {
        try document.withBytes { bytes throws(DocumentError) in
            let root = BSONView(type: .document, bytes: bytes)
            return try edited(root, step: 0, name: nil, change).map { Document(trusted: $0) }
        }
    }

    private func edited(
        _ container: BSONView, step: Int, name: BSONBytes?, _ change: (BSONView?) throws(DocumentError) -> FieldChange
    ) throws(DocumentError) -> [UInt8]? {
        let piece = path.pieces[step]
        let isLast = step == path.pieces.count - 1
        let isArray = container.type == .array
        if isArray && piece.index == nil {
            guard creates else { return nil }
            throw notViable(step, name, container)
        }
        guard let field = find(piece, in: container) else {
            return try appended(to: container, step: step, change)
        }
        if !isLast {
            guard field.value.isContainer else {
                guard creates else { return nil }
                throw notViable(step + 1, field.name, field.value)
            }
            guard let inner = try edited(field.value, step: step + 1, name: field.name, change) else { return nil }
            return BSONBytes.with(inner) {
                replaced(field, in: container, with: BSONView(type: field.value.type, bytes: $0))
            }
        }
        switch try change(field.value) {
        case .keep: return nil
        case .remove: return isArray ? replaced(field, in: container, with: .null) : removed(field, from: container)
        case .set(let value): return value.withView { replaced(field, in: container, with: $0) }
        }
    }

    /// The field at one step.
    private func find(_ piece: FieldPath.Piece, in container: BSONView) -> BSONField? {
        var reader = BSONReader(container.bytes)
        var place = 0
        return BSONBytes.with(piece.name) { name in
            while let field = reader.next() {
                if container.type == .array ? place == piece.index : field.name.equals(name) { return field }
                place += 1
            }
            return nil
        }
    }

    /// A copy with a new value in a field's place; nil when the value is the one that is there.
    private func replaced(_ field: BSONField, in container: BSONView, with value: BSONView) -> [UInt8]? {
        if field.value.type == value.type && field.value.bytes.equals(value.bytes) { return nil }
        let whole = container.bytes
        let tag = field.name.offset(in: whole) - 1
        let start = field.value.bytes.offset(in: whole)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(whole.count + value.bytes.count)
        whole.slice(0, start).append(to: &bytes)
        bytes[tag] = value.type.rawValue
        value.bytes.append(to: &bytes)
        whole.slice(start + field.value.bytes.count, whole.count).append(to: &bytes)
        BSONWriter.setLength(in: &bytes, at: 0)
        return bytes
    }

    private func removed(_ field: BSONField, from container: BSONView) -> [UInt8] {
        let whole = container.bytes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(whole.count)
        whole.slice(0, field.name.offset(in: whole) - 1).append(to: &bytes)
        whole.slice(field.value.bytes.offset(in: whole) + field.value.bytes.count, whole.count).append(to: &bytes)
        BSONWriter.setLength(in: &bytes, at: 0)
        return bytes
    }

    /// A copy with a new field at the end, and with the documents that the rest of the path needs.
    private func appended(
        to container: BSONView, step: Int, _ change: (BSONView?) throws(DocumentError) -> FieldChange
    ) throws(DocumentError) -> [UInt8]? {
        guard creates, case .set(let leaf) = try change(nil), container.bytes.count >= 5 else { return nil }
        var value = leaf
        for piece in path.pieces[(step + 1)...].reversed() {
            value = .document(Document(fields: [(piece.text, value)]))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(container.bytes.count + 64)
        container.bytes.slice(0, container.bytes.count - 1).append(to: &bytes)
        if container.type == .array, let index = path.pieces[step].index {
            try fill(container, upTo: index, in: &bytes)
            bytes.append(value.type.rawValue)
            BSONWriter.appendIndex(index, to: &bytes)
        } else {
            bytes.append(value.type.rawValue)
            bytes += path.pieces[step].name
            bytes.append(0)
        }
        BSONWriter.append(value, to: &bytes)
        bytes.append(0)
        BSONWriter.setLength(in: &bytes, at: 0)
        return bytes
    }

    /// Appends the nulls that an array lacks before an index.
    private func fill(_ array: BSONView, upTo index: Int, in bytes: inout [UInt8]) throws(DocumentError) {
        var reader = BSONReader(array.bytes)
        var count = 0
        while reader.next() != nil { count += 1 }
        guard index - count <= Self.longestFill else {
            throw DocumentError(
                .cannotBackfillArray, "can't backfill more than \(Self.longestFill) elements", path: path.text)
        }
        for gap in count..<max(count, index) {
            bytes.append(BSONType.null.rawValue)
            BSONWriter.appendIndex(gap, to: &bytes)
        }
    }

    private func notViable(_ step: Int, _ name: BSONBytes?, _ value: BSONView) -> DocumentError {
        let shown = ExtendedJSON.string(BSONValue(value) ?? .null)
        return DocumentError(
            .pathNotViable,
            "Cannot create field '\(path.pieces[step].text)' in element {\(name?.text ?? ""): \(shown)}",
            path: path.text)
    }
}
