// Parses `{$set: {path: operand, ...}, ...}` into modifiers, one for each path, in the order they are applied.

/// One modifier at one path.
struct UpdateModifier: Sendable {
    let path: FieldPath
    let operation: UpdateOperator

    /// The path by which it takes its turn: a renamed field counts where it goes to.
    private var place: FieldPath { if case .rename(let target) = operation { target } else { path } }

    /// The modifiers of an update's document.
    static func parse(
        _ document: Document, _ filters: ArrayFilters, options: QueryOptions
    ) throws(DocumentError) -> [UpdateModifier] {
        var modifiers: [UpdateModifier] = []
        for (name, operand) in document {
            guard isKnown(name) else {
                throw DocumentError(
                    .failedToParse,
                    "Unknown modifier: \(name). Expected a valid update modifier or pipeline-style update specified as "
                        + "an array")
            }
            guard case .document(let fields) = operand else {
                throw DocumentError(
                    .failedToParse,
                    "Modifiers operate on fields but we found type \(operand.type.name) instead. For example: "
                        + "{$mod: {<field>: ...}} not {\(name): \(ExtendedJSON.string(operand))}")
            }
            for (field, value) in fields {
                let path = try updatePath(field)
                modifiers.append(UpdateModifier(path: path, operation: try parse(name, value, path, options)))
            }
        }
        try checkConflicts(modifiers)
        try filters.check(modifiers.map(\.path), update: document)
        return modifiers.sorted { precedes($0.place, $1.place) }
    }

    private static func isKnown(_ name: String) -> Bool {
        [
            "$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$setOnInsert", "$push", "$addToSet", "$pop",
            "$pull", "$pullAll", "$currentDate", "$bit",
        ].contains(name)
    }

    private static func updatePath(_ text: String) throws(DocumentError) -> FieldPath {
        guard !text.isEmpty else { throw DocumentError(.emptyFieldName, "An empty update path is not valid.") }
        let path = try FieldPath(text)
        guard path.pieces.count(where: { $0.name == [UInt8(ascii: "$")] }) <= 1 else {
            throw DocumentError(
                .badValue, "Too many positional (i.e. '$') elements found in path '\(text)'", path: text)
        }
        for piece in path.pieces {
            if piece.name.isEmpty {
                throw DocumentError(
                    .emptyFieldName,
                    "The update path '\(text)' contains an empty field name, which is not allowed.", path: text)
            }
            if piece.name[0] == UInt8(ascii: "$") {
                if PositionalStep(piece) != nil {
                    guard piece != path.pieces[0] else {
                        throw DocumentError(
                            .badValue,
                            "Cannot have positional (i.e. '\(piece.text)') element in the first position in "
                                + "path '\(text)'", path: text)
                    }
                    continue
                }
                throw DocumentError(
                    .dollarPrefixedFieldName,
                    "The dollar ($) prefixed field '\(piece.text)' in '\(text)' is not valid for storage.", path: text)
            }
        }
        return path
    }

    private static func parse(
        _ name: String, _ value: BSONValue, _ path: FieldPath, _ options: QueryOptions
    ) throws(DocumentError) -> UpdateOperator {
        switch name {
        case "$set": return .set(value)
        case "$unset": return .unset
        case "$setOnInsert": return .setOnInsert(value)
        case "$min": return .minimum(value, options.collation)
        case "$max": return .maximum(value, options.collation)
        case "$inc", "$mul":
            guard value.type.isNumber, let operation = NumberArithmetic.Operation(rawValue: name) else {
                let verb = name == "$inc" ? "increment" : "multiply"
                throw DocumentError(
                    .typeMismatch, "Cannot \(verb) with non-numeric argument: {\(path): \(ExtendedJSON.string(value))}",
                    path: path.text)
            }
            return .arithmetic(operation, value)
        case "$currentDate": return .set(try now(value, path, options))
        case "$bit": return .bits(try BitUpdate(value, path))
        case "$push": return .push(try ArrayPush(value, path: path, collation: options.collation))
        case "$addToSet":
            guard case .document(let clauses) = value, clauses.keys.first == "$each" else {
                return .addToSet([value], options.collation)
            }
            if let other = clauses.keys.first(where: { $0 != "$each" }) {
                throw DocumentError(
                    .badValue, "Found unexpected fields after $each in $addToSet: \(other)", path: path.text)
            }
            return .addToSet(
                try ArrayPush.each(clauses["$each"] ?? .null, in: "$addToSet", path), options.collation)
        case "$pop":
            guard value.type.isNumber else {
                throw DocumentError(
                    .failedToParse, "Expected a number in: \(path): \(ExtendedJSON.string(value))", path: path.text)
            }
            guard let end = value.int, end == 1 || end == -1 else {
                throw DocumentError(
                    .failedToParse, "$pop expects 1 or -1, found: \(ExtendedJSON.string(value))", path: path.text)
            }
            return .pop(first: end == -1)
        case "$pull": return .pull(try ArrayPull(pulling: value, options: options))
        case "$pullAll":
            guard case .array(let values) = value else {
                throw DocumentError(
                    .badValue, "$pullAll requires an array argument but was given a \(value.type.name)", path: path.text
                )
            }
            return .pull(ArrayPull(pullingAll: values, collation: options.collation))
        default: return try rename(value, path)
        }
    }

    /// The operand of `$currentDate`: true for a date, or the type that is wanted.
    private static func now(
        _ value: BSONValue, _ path: FieldPath, _ options: QueryOptions
    ) throws(DocumentError) -> BSONValue {
        if value.bool != nil { return .date(options.now) }
        guard let document = value.document else {
            throw DocumentError(
                .badValue,
                "\(value.type.name) is not valid type for $currentDate. Please use a boolean ('true') or a "
                    + "$type expression ({$type: 'timestamp/date'}).", path: path.text)
        }
        for name in document.keys where name != "$type" {
            throw DocumentError(.badValue, "Unrecognized $currentDate option: \(name)", path: path.text)
        }
        switch document["$type"]?.string {
        case "date": return .date(options.now)
        case "timestamp":
            let milliseconds = max(0, options.now.millisecondsSince1970)
            return .timestamp(BSONTimestamp(seconds: UInt32(clamping: milliseconds / 1000), increment: 1))
        default:
            throw DocumentError(
                .badValue,
                "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : "
                    + "{$type: 'date'}}}", path: path.text)
        }
    }

    /// `$rename: {source: target}`; the modifier stands at the source.
    private static func rename(_ value: BSONValue, _ source: FieldPath) throws(DocumentError) -> UpdateOperator {
        guard case .string(let text) = value else {
            throw DocumentError(
                .badValue,
                "The 'to' field for $rename must be a string: \(source): \(ExtendedJSON.string(value))",
                path: source.text)
        }
        let target = try updatePath(text)
        if source.pieces.contains(where: { PositionalStep($0) != nil }) {
            throw DocumentError(
                .badValue, "The source field for $rename may not be dynamic: \(source)", path: source.text)
        }
        if target.pieces.contains(where: { PositionalStep($0) != nil }) {
            throw DocumentError(
                .badValue, "The destination field for $rename may not be dynamic: \(target)", path: source.text)
        }
        if target.text == source.text {
            throw DocumentError(
                .badValue, "The source and target field for $rename must differ: \(source): \"\(target)\"",
                path: source.text)
        }
        if target.conflicts(with: source) {
            throw DocumentError(
                .badValue,
                "The source and target field for $rename must not be on the same path: \(source): \"\(target)\"",
                path: source.text)
        }
        return .rename(to: target)
    }

    /// Every path that is touched must lie apart from every other.
    private static func checkConflicts(_ modifiers: [UpdateModifier]) throws(DocumentError) {
        var touched: [FieldPath] = []
        for modifier in modifiers {
            touched.append(modifier.path)
            if case .rename(let target) = modifier.operation { touched.append(target) }
        }
        let sorted = touched.sorted { $0.pieces.lexicographicallyPrecedes($1.pieces) { isBefore($0.name, $1.name) } }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) where earlier.conflicts(with: later) {
            throw DocumentError(
                .conflictingUpdateOperators,
                "Updating the path '\(later)' would create a conflict at '\(earlier)'", path: later.text)
        }
    }

    private static func isBefore(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }

    private static func precedes(_ a: FieldPath, _ b: FieldPath) -> Bool {
        a.pieces.lexicographicallyPrecedes(b.pieces) { x, y in
            if let first = x.index, let second = y.index { return first < second }
            return isBefore(x.name, y.name)
        }
    }

    // MARK: Application

    /// The document after this modifier.
    func apply(to document: Document, isInsert: Bool) throws(DocumentError) -> Document {
        if case .rename(let target) = operation { return try renamed(document, to: target) }
        if case .setOnInsert = operation, !isInsert { return document }
        if case .pop = operation { try refuseBlockedPath(in: document) }
        let edit = PathEdit(path, creates: operation.creates)
        return try edit.apply(to: document) { view throws(DocumentError) in
            try operation.change(view, at: path, isInsert: isInsert)
        } ?? document
    }

    /// `$pop` takes a path that leads nowhere, but none that leads through a value without fields.
    private func refuseBlockedPath(in document: Document) throws(DocumentError) {
        try document.withBytes { bytes throws(DocumentError) in
            var view = BSONView(type: .document, bytes: bytes)
            var name = ""
            for piece in path.pieces {
                guard view.isContainer, view.type == .document || piece.index != nil else {
                    let shown = ExtendedJSON.string(BSONValue(view) ?? .null)
                    throw DocumentError(
                        .pathNotViable,
                        "Cannot use the part (\(piece.text)) of (\(path)) to traverse the element ({\(name): \(shown)})",
                        path: path.text)
                }
                let next =
                    view.type == .document
                    ? BSONBytes.with(piece.name) { view.bytes.field($0) }
                    : piece.index.flatMap { view.bytes.element(at: $0) }
                guard let next else { return }
                (view, name) = (next, piece.text)
            }
        }
    }

    private func renamed(_ document: Document, to target: FieldPath) throws(DocumentError) -> Document {
        guard
            let value = try document.withBytes({ bytes throws(DocumentError) -> BSONValue? in
                try Self.refuseArrays(on: path, in: bytes, "source")
                guard let view = path.value(in: bytes) else { return nil }
                try Self.refuseArrays(on: target, in: bytes, "destination")
                return BSONValue(view)
            })
        else { return document }
        let without = try PathEdit(path, creates: false).apply(to: document) { _ in .remove } ?? document
        return try PathEdit(target, creates: true).apply(to: without) { _ in .set(value) } ?? without
    }

    private static func refuseArrays(
        on path: FieldPath, in document: BSONBytes, _ role: String
    ) throws(DocumentError) {
        var view = BSONView(type: .document, bytes: document)
        for piece in path.pieces {
            if view.type == .array {
                throw DocumentError(
                    .badValue, "The \(role) field cannot be an array element, '\(path)'", path: path.text)
            }
            guard view.type == .document, let next = BSONBytes.with(piece.name, { view.bytes.field($0) }) else {
                return
            }
            view = next
        }
    }
}
