// Stages that make one document of one: in pipelines, and in updates by a pipeline.

enum DocumentStage: Sendable {
    /// `$set` and `$addFields`: paths with what they are set to.
    case set([(path: FieldPath, value: AggregationExpression)])
    /// `$project` and `$unset`.
    case project(Projection)
    /// `$replaceRoot` and `$replaceWith`.
    case replace(AggregationExpression)

    /// The stage of this name; nil when it is another kind.
    init?(_ name: String, _ operand: BSONValue, options: QueryOptions) throws(DocumentError) {
        switch name {
        case "$set", "$addFields":
            guard let document = operand.document else {
                throw DocumentError(
                    .location(40272), "\(name) specification stage must be an object, got \(operand.type.name)")
            }
            var fields: [(path: FieldPath, value: AggregationExpression)] = []
            try Self.read(document, prefix: "", options, into: &fields)
            guard !fields.isEmpty else {
                throw DocumentError(
                    .location(40177), "Invalid \(name) :: caused by :: specification must have at least one field")
            }
            self = .set(fields)
        case "$project":
            guard let document = operand.document else {
                throw DocumentError(.location(15969), "$project specification must be an object")
            }
            guard !document.isEmpty else {
                throw DocumentError(
                    .location(51272),
                    "Invalid $project :: caused by :: projection specification must have at least one field")
            }
            do throws(DocumentError) {
                self = .project(try Projection(document, options: options, isStage: true))
            } catch {
                var error = error
                error.message = "Invalid $project :: caused by :: \(error.message)"
                throw error
            }
        case "$unset":
            let names: [BSONValue] = operand.array ?? [operand]
            var document = Document()
            guard !names.isEmpty else {
                throw DocumentError(
                    .location(31119), "$unset specification must be a string or an array with at least one field")
            }
            for name in names {
                guard let text = name.string, !text.isEmpty else {
                    throw DocumentError(
                        .location(operand.array == nil ? 31002 : 31120),
                        "$unset specification must be a string or an array containing only string values")
                }
                guard !text.hasPrefix("$") else {
                    throw DocumentError(.location(16410), "FieldPath field names may not start with '$': \(text)")
                }
                document.append(text, .int32(0))
            }
            self = .project(try Projection(document, options: options, isStage: true))
        case "$replaceWith": self = .replace(try AggregationExpression(operand, options: options))
        case "$replaceRoot":
            guard let document = operand.document else {
                throw DocumentError(
                    .location(40229),
                    "expected an object as specification for $replaceRoot stage, got \(operand.type.name)")
            }
            guard let root = document["newRoot"] else {
                throw DocumentError(
                    .location(40414), "BSON field '$replaceRoot.newRoot' is missing but a required field")
            }
            for field in document.keys where field != "newRoot" {
                throw DocumentError(.location(40415), "BSON field '$replaceRoot.\(field)' is an unknown field.")
            }
            self = .replace(try AggregationExpression(root, options: options))
        default: return nil
        }
    }

    private static func read(
        _ document: Document, prefix: String, _ options: QueryOptions,
        into fields: inout [(path: FieldPath, value: AggregationExpression)]
    ) throws(DocumentError) {
        for (name, value) in document {
            let path = try FieldPath(prefix + name)
            guard name.isEmpty || !name.hasSuffix(".") else {
                throw DocumentError(.location(40353), "FieldPath must not end with a '.'.", path: path.text)
            }
            for piece in path.pieces {
                guard !piece.name.isEmpty, piece.name[0] != UInt8(ascii: "$") else {
                    throw DocumentError(
                        .location(piece.name.isEmpty ? 40352 : 16410),
                        "FieldPath field names may not be empty or start with '$': \(path)", path: path.text)
                }
            }
            if let other = fields.first(where: { $0.path.conflicts(with: path) })?.path {
                throw DocumentError(
                    .location(40176),
                    "Invalid $addFields :: caused by :: specification contains two conflicting paths. "
                        + "Cannot specify both '\(path)' and '\(other)'", path: path.text)
            }
            if let inner = value.document, !inner.isEmpty, inner.keys.first?.hasPrefix("$") != true {
                try read(inner, prefix: prefix + name + ".", options, into: &fields)
            } else {
                fields.append((path, try AggregationExpression(value, options: options)))
            }
        }
    }

    /// The document after the stage.
    func apply(to document: Document) throws(DocumentError) -> Document {
        switch self {
        case .project(let projection): return try projection.apply(document)
        case .set(let fields):
            var result = document
            try document.withBytes { root throws(DocumentError) in
                for (path, expression) in fields {
                    let value = try expression.evaluate(root)
                    PathAssignment.assign(value, at: path.pieces.map(\.text)[...], in: &result)
                }
            }
            return result
        case .replace(let expression):
            let value = try expression.evaluate(document)
            guard let root = value?.document else {
                throw DocumentError(
                    .location(40228),
                    "'newRoot' expression must evaluate to an object, but resulting value was: "
                        + (value.map { ExtendedJSON.string($0) } ?? "MISSING") + ". Type of resulting value: '"
                        + (value?.type.name ?? "missing") + "'.")
            }
            return root
        }
    }
}

/// An update by a pipeline: stages that make one document of one.
struct PipelineUpdate: Sendable {
    private let stages: [DocumentStage]

    init(_ stages: [BSONValue], options: QueryOptions) throws(DocumentError) {
        var parsed: [DocumentStage] = []
        for value in stages {
            guard let document = value.document else {
                throw DocumentError(.typeMismatch, "Each element of the 'pipeline' array must be an object")
            }
            guard document.count == 1, let (name, operand) = document.first(where: { _ in true }) else {
                throw DocumentError(
                    .location(40323), "A pipeline stage specification object must contain exactly one field.")
            }
            guard let stage = try DocumentStage(name, operand, options: options) else {
                throw PipelineStage.isKnown(name)
                    ? DocumentError(.location(72), "\(name) is not allowed to be used within an update")
                    : DocumentError(.location(40324), "Unrecognized pipeline stage name: '\(name)'")
            }
            parsed.append(stage)
        }
        self.stages = parsed
    }

    func apply(to document: Document) throws(DocumentError) -> Document {
        var result = document
        for stage in stages { result = try stage.apply(to: result) }
        return result
    }
}
