// Expressions of MongoDB's query language: values computed from a document, in `$expr`, projections, pipelines and updates.
//
// 1. Parsed once into a tree; names are split and operators looked up then. Evaluation allocates what it returns.
// 2. A missing field is not null: `evaluate` gives nil for it, and operators say what they make of it.
// 3. Depth is bounded when parsing, so evaluation cannot run out of stack.

/// A parsed expression.
package struct AggregationExpression: Sendable {
    let node: ExpressionNode
    private let slotCount: Int
    private let fixed: [BSONValue?]

    /// Parses an expression.
    ///
    /// - Throws: `invalidPipelineOperator` (168) for an unknown operator, and the codes of wrong arguments.
    package init(_ value: BSONValue, options: QueryOptions = .standard) throws(DocumentError) {
        var parser = try ExpressionParser(options: options)
        node = try parser.parse(value, depth: 0)
        slotCount = parser.slotCount
        fixed = parser.fixed
    }

    /// A part of an expression that has no variables.
    private init(node: ExpressionNode) {
        self.node = node
        (slotCount, fixed) = (0, [])
    }

    /// The value for a document; nil when it is missing.
    package func evaluate(_ root: BSONBytes) throws(DocumentError) -> BSONValue? {
        var frame = ExpressionFrame(root: root, slots: fixed, count: slotCount)
        return try node.evaluate(&frame)
    }

    /// The value for a document; nil when it is missing.
    package func evaluate(_ root: Document) throws(DocumentError) -> BSONValue? {
        try root.withBytes { bytes throws(DocumentError) in try evaluate(bytes) }
    }

    /// Whether the value counts as true: everything but false, null, undefined, missing and the zeros.
    package func isTrue(_ root: BSONBytes) throws(DocumentError) -> Bool {
        var frame = ExpressionFrame(root: root, slots: fixed, count: slotCount)
        return try node.isTrue(&frame)
    }

    /// The value, when no document has any influence on it.
    package var constant: BSONValue? { if case .constant(let value) = node { value } else { nil } }

    /// The values of the fields of a document, when it is written as one and they are fields of the root or constants.
    var parts: [AggregationExpression]? {
        guard case .object(let fields) = node else { return nil }
        var parts: [AggregationExpression] = []
        for field in fields {
            switch field.node {
            case .constant, .field: parts.append(AggregationExpression(node: field.node))
            default: return nil
            }
        }
        return parts
    }

    /// The path, when it is a plain one from the document's root.
    package var field: ExpressionPath? { if case .field(let path) = node { path } else { nil } }
}

/// The values of variables, and the document, during one evaluation.
struct ExpressionFrame {
    let root: BSONBytes
    var slots: [BSONValue?]

    init(root: BSONBytes, slots: [BSONValue?], count: Int) {
        self.root = root
        self.slots = slots
        if slots.count < count { self.slots += [BSONValue?](repeating: nil, count: count - slots.count) }
    }
}

/// A dotted path, split once, as expressions follow it: arrays on the way give an array of what is found in their
/// documents; a number is a name like others.
package struct ExpressionPath: Sendable {
    /// The path as it was written, without the dollar.
    package let text: String
    let names: [[UInt8]]

    /// A name that documents cannot have, for values that stages hand on.
    init(hidden name: String) {
        text = name
        names = [Array(name.utf8)]
    }

    init(_ text: String) throws(DocumentError) {
        self.text = text
        let path = try FieldPath(text)
        guard !text.hasSuffix(".") else {
            throw DocumentError(.location(40353), "FieldPath must not end with a '.'.", path: text)
        }
        for piece in path.pieces {
            guard !piece.name.isEmpty else {
                throw DocumentError(
                    .location(15998), "FieldPath field names may not be empty strings.", path: text)
            }
            guard piece.name[0] != UInt8(ascii: "$") else {
                throw DocumentError(
                    .location(16410),
                    "FieldPath field names may not start with '$'. Consider using $getField or "
                        + "$setField.", path: text)
            }
        }
        names = path.pieces.map(\.name)
    }

    /// The value in place, where no array has to be gone through; `isMapped` says that one has.
    @inline(__always)
    func view(in document: BSONBytes, isMapped: inout Bool) -> BSONView? {
        var view = BSONView(type: .document, bytes: document)
        for name in names {
            guard view.type == .document else {
                if view.type == .array { isMapped = true }
                return nil
            }
            guard let next = BSONBytes.with(name, { view.bytes.field($0) }) else { return nil }
            view = next
        }
        return view
    }

    /// The value; nil when it is missing.
    func value(in document: BSONBytes) -> BSONValue? {
        var isMapped = false
        if let view = view(in: document, isMapped: &isMapped) { return BSONValue(view) }
        guard isMapped else { return nil }
        return Self.value(BSONView(type: .document, bytes: document), names[...], depth: 0)
    }

    /// The value found from another value on.
    func value(from value: BSONValue) -> BSONValue? {
        value.withView { Self.value($0, names[...], depth: 0) }
    }

    static func value(_ view: BSONView, _ names: ArraySlice<[UInt8]>, depth: Int) -> BSONValue? {
        guard let name = names.first else { return BSONValue(view) }
        guard depth <= BSONLimits.deepest else { return nil }
        switch view.type {
        case .document:
            guard let next = BSONBytes.with(name, { view.bytes.field($0) }) else { return nil }
            return value(next, names.dropFirst(), depth: depth + 1)
        case .array:
            var found: [BSONValue] = []
            var reader = BSONReader(view.bytes)
            while let element = reader.next()?.value {
                if let inner = value(element, names, depth: depth + 1) { found.append(inner) }
            }
            return .array(found)
        default: return nil
        }
    }
}
