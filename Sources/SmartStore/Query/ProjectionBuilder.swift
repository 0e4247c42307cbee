// Reads a projection's document.
//
// 1. The first field other than `_id` that says so makes the projection one of inclusion or of exclusion. When none does,
//    `_id: 1` and `$elemMatch` include, `$slice` excludes nothing.
// 2. No path may hold another, whatever is said of the two.

struct ProjectionBuilder {
    let options: QueryOptions
    let filter: Filter?
    let isStage: Bool
    private(set) var made: [ProjectedField] = []
    var root = ProjectionNode()
    /// Every path that is named, to find collisions.
    private var named = ProjectionNode()
    /// Inclusion or exclusion, once a field other than `_id` has decided it.
    private(set) var isInclusion: Bool?
    /// What is said of `_id` itself.
    private(set) var identifier: Bool?

    init(options: QueryOptions, filter: Filter?, isStage: Bool) {
        self.options = options
        self.filter = filter
        self.isStage = isStage
    }

    /// Whether a projection includes in which no field has decided it.
    var includesByDefault: Bool {
        if identifier == true { return true }
        return !made.isEmpty && !made.contains(where: \.isSlice)
    }

    mutating func read(_ document: Document, prefix: [String]) throws(DocumentError) {
        for (name, value) in document {
            let text = (prefix + [name]).joined(separator: ".")
            if name.split(separator: ".").dropFirst().contains("$") {
                try positional(text, value)
                continue
            }
            let path = try Self.path(name, within: prefix)
            if case .document(let inner) = value, inner.keys.first?.hasPrefix("$") != true {
                guard !inner.isEmpty else {
                    throw DocumentError(
                        .emptyProjection,
                        "An empty sub-projection is not a valid value. Found empty object at path \(text)", path: text)
                }
                try read(inner, prefix: prefix + [name])
                continue
            }
            try named.insert(path.pieces.map(\.name)[...], text: text)
            guard let includes = value.bool ?? value.double.map({ $0 != 0 }) else {
                try make(path, value)
                continue
            }
            if text == "_id" {
                identifier = includes
            } else {
                try decide(includes, path)
                try root.insert(path.pieces.map(\.name)[...], text: text)
            }
        }
    }

    /// The path of a name, with MongoDB's numbers for those that are none.
    private static func path(_ name: String, within prefix: [String]) throws(DocumentError) -> FieldPath {
        let text = (prefix + [name]).joined(separator: ".")
        guard !name.isEmpty else {
            throw DocumentError(.location(40352), "FieldPath cannot be constructed with empty string", path: text)
        }
        guard !name.hasSuffix(".") else {
            throw DocumentError(.location(40353), "FieldPath must not end with a '.'.", path: text)
        }
        let path = try FieldPath(text)
        for (place, piece) in path.pieces.enumerated() {
            guard let first = piece.name.first else {
                throw DocumentError(.location(15998), "FieldPath field names may not be empty strings.", path: text)
            }
            let isReference = place > 0 && ["$id", "$ref", "$db"].contains(piece.text)
            guard first != UInt8(ascii: "$") || isReference else {
                throw DocumentError(
                    .location(16410),
                    "FieldPath field names may not start with '$'. Consider using $getField or $setField.", path: text)
            }
        }
        return path
    }

    private mutating func decide(_ includes: Bool, _ path: FieldPath) throws(DocumentError) {
        if let isInclusion, isInclusion != includes {
            throw includes
                ? DocumentError(
                    .inclusionInExclusion, "Cannot do inclusion on field \(path) in exclusion projection",
                    path: path.text)
                : DocumentError(
                    .exclusionInInclusion, "Cannot do exclusion on field \(path) in inclusion projection",
                    path: path.text)
        }
        isInclusion = includes
    }

    // MARK: Fields that are made

    private mutating func make(_ path: FieldPath, _ value: BSONValue) throws(DocumentError) {
        let operation = value.document?.first { _ in true }
        if !isStage, let (name, operand) = operation {
            if name == "$slice", let slice = ProjectedField.Slice(operand) {
                made.append(ProjectedField(path: path, kind: .slice(slice)))
                return
            }
            if name == "$elemMatch" { return try elementMatch(operand, path) }
        }
        if operation?.key == "$meta" {
            let names = ["vectorSearchScore", "searchScore"]
            guard let name = operation?.value.string, names.contains(name) else {
                throw DocumentError(
                    .location(17308),
                    "Unsupported argument to $meta: "
                        + ExtendedJSON.string(operation?.value ?? .null), path: path.text)
            }
            made.append(ProjectedField(path: path, kind: .score))
            return
        }
        guard isInclusion != false else {
            throw operation == nil
                ? DocumentError(
                    .location(31310),
                    "Cannot use an expression \(path): \(ExtendedJSON.string(value)) in an exclusion projection",
                    path: path.text)
                : DocumentError(
                    .location(31252), "Cannot use expression other than $meta in exclusion projection",
                    path: path.text)
        }
        isInclusion = true
        let expression: AggregationExpression
        do throws(DocumentError) {
            expression = try AggregationExpression(value, options: options)
        } catch {
            guard let name = operation?.key, error.code == .invalidPipelineOperator, error.message.contains(name) else {
                throw error
            }
            throw DocumentError(.badProjection, "Unknown expression \(name)", path: path.text)
        }
        made.append(ProjectedField(path: path, kind: .computed(expression)))
    }

    private mutating func elementMatch(_ operand: BSONValue, _ path: FieldPath) throws(DocumentError) {
        guard operand.document != nil else {
            throw DocumentError(
                .location(31274), "elemMatch: Invalid argument, object required, but got \(operand.type.name)",
                path: path.text)
        }
        guard !made.contains(where: \.isPositional) else {
            throw DocumentError(
                .location(31255), "Cannot specify positional operator and $elemMatch.", path: path.text)
        }
        guard path.pieces.count == 1 else {
            throw DocumentError(
                .location(31275), "Cannot use $elemMatch projection on a nested field.", path: path.text)
        }
        let filter = try Filter(Document(fields: [(path.text, ["$elemMatch": operand])]), options: options)
        made.append(ProjectedField(path: path, kind: .elementMatch(filter)))
    }

    private mutating func positional(_ text: String, _ value: BSONValue) throws(DocumentError) {
        func fault(_ number: Int, _ message: String) -> DocumentError {
            DocumentError(.location(number), message, path: text)
        }
        guard !isStage else { throw fault(31324, "Cannot use positional projection in aggregation projection") }
        guard value.document == nil else {
            throw fault(31271, "positional projection cannot be used with an expression or sub object")
        }
        guard let includes = value.bool ?? value.double.map({ $0 != 0 }) else {
            throw fault(31308, "positional projection cannot be used with a literal")
        }
        guard includes else {
            throw fault(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.")
        }
        guard !made.contains(where: \.isPositional) else {
            throw fault(31276, "Cannot specify more than one positional projection per query.")
        }
        guard !made.contains(where: \.isElementMatch) else {
            throw fault(31256, "Cannot specify positional operator and $elemMatch.")
        }
        guard let filter else {
            throw fault(51050, "Projections with a positional operator require a matcher")
        }
        let names = text.split(separator: ".", omittingEmptySubsequences: false)
        let before = names.prefix { $0 != "$" }
        guard !names.dropFirst(before.count + 1).contains("$") else {
            throw fault(31287, "Cannot use positional operator twice: \(text)")
        }
        guard filter.listedPaths.contains(where: { $0.split(separator: ".").first == before.first }) else {
            throw fault(31277, "Positional projection '\(text)' does not match the query document.")
        }
        let path = try Self.path(before.joined(separator: "."), within: [])
        try decide(true, path)
        try named.insert(path.pieces.map(\.name)[...], text: text)
        made.append(ProjectedField(path: path, kind: .positional(filter)))
    }
}
