// A projection: which fields of a document come back, by inclusion or by exclusion.
//
// 1. Fields keep the document's order. `_id` comes back unless it is excluded, and may be excluded from an inclusion.
// 2. A dotted path and an embedded document say the same. At an array, the rest of the path is laid on each element;
//    an inclusion drops elements that are neither document nor array, an exclusion keeps them.
// 3. Computed fields, $slice, $elemMatch and the positional operator come after that, in the order in which they are
//    written (ProjectedField).

/// A parsed projection.
public struct Projection: Sendable {
    private let root: ProjectionNode
    private let isInclusion: Bool
    /// Whether every field comes back as it is.
    public let isTrivial: Bool
    /// Fields that are made, and not only left in or out.
    private let made: [ProjectedField]

    /// Parses a projection.
    ///
    /// - Parameters:
    ///   - filter: the query's, for the positional operator.
    ///   - isStage: whether it is a stage's: then `$slice` is an expression, and `$elemMatch` and `a.$` are not taken.
    /// - Throws: `inclusionInExclusion`, `exclusionInInclusion`, `pathCollision`, `pathCollisionWithin`,
    ///   `emptyProjection`, `badProjection`.
    public init(
        _ document: Document, filter: Filter? = nil, options: QueryOptions = .standard, isStage: Bool = false
    ) throws(DocumentError) {
        var builder = ProjectionBuilder(options: options, filter: filter, isStage: isStage)
        try builder.read(document, prefix: [])
        let includesIdentifier = builder.identifier ?? true
        isInclusion = builder.isInclusion ?? builder.includesByDefault
        for field in builder.made where isInclusion && field.isPartOfField && !builder.root.has(field.path) {
            try builder.root.insert(field.path.pieces.map(\.name)[...], text: field.path.text)
        }
        made = builder.made
        if includesIdentifier == isInclusion && !builder.root.has("_id") {
            try builder.root.insert([Array("_id".utf8)][...], text: "_id")
        }
        root = builder.root
        isTrivial = !isInclusion && root.children.isEmpty && made.isEmpty
    }

    /// The projected document.
    ///
    /// - Throws: what an expression in it runs into.
    public func apply(_ document: Document) throws(DocumentError) -> Document {
        isTrivial ? document : try document.withBytes { bytes throws(DocumentError) in try apply(bytes) }
    }

    /// The projected document.
    package func apply(_ bytes: BSONBytes) throws(DocumentError) -> Document {
        var document = selected(bytes)
        for field in made { try field.apply(bytes, to: &document) }
        return document
    }

    private func selected(_ bytes: BSONBytes) -> Document {
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
struct ProjectionNode: Sendable {
    private(set) var children: [(name: [UInt8], node: ProjectionNode)] = []

    func child(_ name: BSONBytes) -> ProjectionNode? {
        for child in children where child.name.count == name.count {
            if BSONBytes.with(child.name, { $0.equals(name) }) { return child.node }
        }
        return nil
    }

    func has(_ name: String) -> Bool { children.contains { $0.name == Array(name.utf8) } }

    /// Whether the path, or one that it leads through, is named.
    func has(_ path: FieldPath) -> Bool {
        var node = self
        for piece in path.pieces {
            guard let next = node.children.first(where: { $0.name == piece.name })?.node else { return false }
            if next.children.isEmpty { return true }
            node = next
        }
        return true
    }

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
