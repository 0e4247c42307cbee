// A projection: which fields of a document come back, by inclusion or by exclusion.
//
// 1. Fields keep the document's order. `_id` comes back unless it is excluded, and may be excluded from an inclusion.
// 2. A dotted path and an embedded document say the same. At an array, the rest of the path is laid on each element;
//    an inclusion drops elements that are neither document nor array, an exclusion keeps them.
// 3. Computed fields, $slice, $elemMatch, $meta and the positional operator are refused.

/// A parsed projection.
public struct Projection: Sendable {
    private let root: ProjectionNode
    private let isInclusion: Bool
    /// Whether every field comes back.
    public let isTrivial: Bool

    /// Parses a projection.
    ///
    /// - Throws: `inclusionInExclusion`, `exclusionInInclusion`, `pathCollision`, `pathCollisionWithin`,
    ///   `emptyProjection`, `badProjection`.
    public init(_ document: Document) throws(DocumentError) {
        var builder = ProjectionBuilder()
        try builder.read(document, prefix: [])
        let includesIdentifier = builder.identifier ?? true
        isInclusion = builder.isInclusion ?? (builder.identifier ?? false)
        if includesIdentifier == isInclusion && !builder.root.has("_id") {
            try builder.root.insert([Array("_id".utf8)][...], text: "_id")
        }
        root = builder.root
        isTrivial = !isInclusion && root.children.isEmpty
    }

    /// The projected document.
    public func apply(_ document: Document) -> Document {
        isTrivial ? document : document.withBytes { apply($0) }
    }

    /// The projected document.
    package func apply(_ bytes: BSONBytes) -> Document {
        var writer = BSONWriter(byteCountHint: isInclusion ? 128 : bytes.count)
        var reader = BSONReader(bytes)
        while let field = reader.next() { project(field, root, name: field.name, into: &writer, depth: 0) }
        return Document(trusted: writer.finish())
    }

    private func project(
        _ field: BSONField, _ node: ProjectionNode, name: BSONBytes, into writer: inout BSONWriter, depth: Int
    ) {
        guard let child = node.child(field.name) else {
            if !isInclusion { writer.append(name, field.value) }
            return
        }
        if child.children.isEmpty {
            if isInclusion { writer.append(name, field.value) }
        } else if field.value.isContainer {
            writer.open(name, isArray: field.value.type == .array)
            inside(field.value, child, into: &writer, depth: depth + 1)
            writer.close()
        } else if !isInclusion {
            writer.append(name, field.value)
        }
    }

    private func inside(_ value: BSONView, _ node: ProjectionNode, into writer: inout BSONWriter, depth: Int) {
        guard depth <= BSONLimits.deepest else { return }
        var reader = BSONReader(value.bytes)
        if value.type == .document {
            while let field = reader.next() {
                project(field, node, name: field.name, into: &writer, depth: depth)
            }
            return
        }
        var index = 0
        while let element = reader.next()?.value {
            if element.isContainer {
                writer.open(String(index), isArray: element.type == .array)
                inside(element, node, into: &writer, depth: depth + 1)
                writer.close()
                index += 1
            } else if !isInclusion {
                writer.append(String(index), element)
                index += 1
            }
        }
    }
}

/// The projected names of one level. A node without children is the end of a path.
private struct ProjectionNode: Sendable {
    private(set) var children: [(name: [UInt8], node: ProjectionNode)] = []

    func child(_ name: BSONBytes) -> ProjectionNode? {
        for child in children where child.name.count == name.count {
            if BSONBytes.with(child.name, { $0.equals(name) }) { return child.node }
        }
        return nil
    }

    func has(_ name: String) -> Bool { children.contains { $0.name == Array(name.utf8) } }

    mutating func insert(_ path: ArraySlice<[UInt8]>, text: String) throws(DocumentError) {
        guard let name = path.first else { return }
        let rest = path.dropFirst()
        guard let place = children.firstIndex(where: { $0.name == name }) else {
            var node = ProjectionNode()
            try node.insert(rest, text: text)
            children.append((name, node))
            return
        }
        if rest.isEmpty { throw DocumentError(.pathCollision, "Path collision at \(text)", path: text) }
        if children[place].node.children.isEmpty {
            let remaining = rest.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
            throw DocumentError(
                .pathCollisionWithin, "Path collision at \(text) remaining portion \(remaining)", path: text)
        }
        try children[place].node.insert(rest, text: text)
    }
}

/// Reads a projection's document.
private struct ProjectionBuilder {
    var root = ProjectionNode()
    /// Inclusion or exclusion, once a field other than `_id` has decided it.
    var isInclusion: Bool?
    /// What is said of `_id` itself.
    var identifier: Bool?

    mutating func read(_ document: Document, prefix: [String]) throws(DocumentError) {
        for (name, value) in document {
            let text = (prefix + [name]).joined(separator: ".")
            let path = try FieldPath(text)
            if path.pieces.contains(where: { $0.name.isEmpty || $0.name[0] == UInt8(ascii: "$") }) {
                throw DocumentError(
                    .badProjection, "the projection has a path or an operator that is not supported: \(text)",
                    path: text)
            }
            if case .document(let inner) = value {
                guard !inner.isEmpty else {
                    throw DocumentError(
                        .emptyProjection,
                        "An empty sub-projection is not a valid value. Found empty object at path \(text)", path: text)
                }
                try read(inner, prefix: prefix + [name])
                continue
            }
            guard let includes = value.bool ?? value.double.map({ $0 != 0 }) else {
                throw DocumentError(
                    .badProjection, "a projection of type \(value.type.name) is not supported: \(text)", path: text)
            }
            if text == "_id" {
                identifier = includes
                continue
            }
            if let isInclusion, isInclusion != includes {
                throw includes
                    ? DocumentError(
                        .inclusionInExclusion, "Cannot do inclusion on field \(text) in exclusion projection",
                        path: text)
                    : DocumentError(
                        .exclusionInInclusion, "Cannot do exclusion on field \(text) in inclusion projection",
                        path: text)
            }
            isInclusion = includes
            try root.insert(path.pieces.map(\.name)[...], text: text)
        }
    }
}
