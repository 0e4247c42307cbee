// An update: a whole new document, or modifiers at paths. Parsed once, applied to many documents.
//
// 1. Modifiers of one update touch paths none of which holds another; so their order decides nothing but the order of
//    new fields, which is that of the paths' names (numbers by value), as in MongoDB since 5.0.
// 2. A failed update changes nothing: the new document is built beside the old one.
// 3. `_id` keeps its value. A result may not exceed the limits on size and nesting.
// 4. Done: $set $unset $inc $mul $min $max $rename $setOnInsert $currentDate $bit $push $addToSet $pop $pull $pullAll,
//    positional steps ($, $[], $[name] with array filters), and pipelines of stages. Every other modifier is refused.

/// A parsed update.
public struct UpdateSpec: Sendable {
    private enum Kind: Sendable {
        case replacement(Document)
        case modifiers([UpdateModifier], ArrayFilters)
        case pipeline(PipelineUpdate)
    }

    private let kind: Kind

    /// Parses an update: modifiers when the first name begins with `$`, else a replacement.
    ///
    /// - Throws: `failedToParse` for an unknown modifier, `conflictingUpdateOperators`, `dollarPrefixedFieldName` and
    ///   what the operands deserve.
    public init(
        _ document: Document, arrayFilters: [Document] = [], options: QueryOptions = .standard
    ) throws(DocumentError) {
        guard let first = document.keys.first, first.hasPrefix("$") else {
            for name in document.keys where name.hasPrefix("$") {
                throw DocumentError(
                    .dollarPrefixedFieldName,
                    "The dollar ($) prefixed field '\(name)' in '\(name)' is not allowed in the context of an update's "
                        + "replacement document. Consider using an aggregation pipeline with $replaceWith.")
            }
            guard arrayFilters.isEmpty else {
                throw DocumentError(.failedToParse, "arrayFilters may not be specified for replacement-style updates")
            }
            kind = .replacement(document)
            return
        }
        let filters = try ArrayFilters(arrayFilters, options: options)
        let modifiers = try UpdateModifier.parse(document, filters, options: options)
        kind = .modifiers(modifiers, filters)
    }

    /// Parses an update that may also be a pipeline, an array of stages.
    ///
    /// - Throws: as the other, and the codes of stages.
    public init(
        value update: BSONValue, arrayFilters: [Document] = [], options: QueryOptions = .standard
    ) throws(DocumentError) {
        switch update {
        case .document(let document): try self.init(document, arrayFilters: arrayFilters, options: options)
        case .array(let stages):
            guard arrayFilters.isEmpty else {
                throw DocumentError(.failedToParse, "arrayFilters may not be specified for pipeline-style updates")
            }
            self.init(kind: .pipeline(try PipelineUpdate(stages, options: options)))
        default:
            throw DocumentError(
                .failedToParse, "Update argument must be either an object or an array, not '\(update.type.name)'")
        }
    }

    private init(kind: Kind) { self.kind = kind }

    /// Whether the update is a whole new document.
    public var isReplacement: Bool { if case .replacement = kind { true } else { false } }

    /// The updated document; nil when nothing changes.
    ///
    /// - Throws: `immutableField`, `typeMismatch`, `badValue`, `pathNotViable`, `tooLarge` or `tooDeep`.
    /// - Parameter filter: the one by which the document was found, for the positional operator.
    public func apply(to document: Document, foundBy filter: Filter? = nil) throws(DocumentError) -> Document? {
        let updated = try modified(document, isInsert: false, filter)
        guard updated.bson != document.bson else { return nil }
        try checkIdentifier(of: document, against: updated)
        return updated
    }

    /// The document that an upsert inserts: the filter's equalities, then the update, then an `_id` if there is none.
    ///
    /// - Throws: `notSingleValueField` when the filter sets one path twice, and what `apply` throws.
    public func upsertDocument(for filter: Filter, makeID: () -> ObjectID) throws(DocumentError) -> Document {
        var base = Document()
        var paths: [FieldPath] = []
        for (text, value) in try filter.equalities where !isReplacement || text == "_id" {
            let path = try FieldPath(text)
            if let other = paths.first(where: { $0.conflicts(with: path) }) {
                let message =
                    other.text == path.text
                    ? "cannot infer query fields to set, path '\(path)' is matched twice"
                    : "cannot infer query fields to set, both paths '\(other)' and '\(path)' are matched"
                throw DocumentError(.notSingleValueField, message, path: path.text)
            }
            paths.append(path)
            base = try PathEdit(path, creates: true).apply(to: base) { _ in .set(value) } ?? base
        }
        let updated = try modified(base, isInsert: true, nil)
        if base.contains("_id") { try checkIdentifier(of: base, against: updated) }
        let id = updated["_id"] ?? .objectID(makeID())
        return Document(fields: [("_id", id)] + updated.filter { $0.key != "_id" }.map { ($0.key, $0.value) })
    }

    private func modified(
        _ document: Document, isInsert: Bool, _ filter: Filter?
    ) throws(DocumentError) -> Document {
        var result = document
        switch kind {
        case .replacement(let replacement):
            result = replacement
            if !replacement.contains("_id"), let id = document["_id"] {
                result = Document(fields: [("_id", id)] + replacement.map { ($0.key, $0.value) })
            }
        case .pipeline(let pipeline):
            result = try pipeline.apply(to: document)
            if !result.contains("_id"), let id = document["_id"] {
                result = Document(fields: [("_id", id)] + result.map { ($0.key, $0.value) })
            }
            for name in result.keys where name.hasPrefix("$") {
                throw DocumentError(
                    .dollarPrefixedFieldName,
                    "The dollar ($) prefixed field '\(name)' in '\(name)' is not valid for "
                        + "storage.", path: name)
            }
        case .modifiers(let modifiers, let filters):
            let needsPlaces = modifiers.contains(where: \.isPositional)
            var touched: [FieldPath] = []
            for modifier in modifiers {
                guard needsPlaces else {
                    result = try modifier.apply(to: result, isInsert: isInsert)
                    continue
                }
                // Places are those of the document as it was found.
                for concrete in try modifier.located(in: document, foundBy: filter, filters) {
                    if let other = touched.first(where: { $0.conflicts(with: concrete.path) }) {
                        throw DocumentError(
                            .conflictingUpdateOperators,
                            "Updating the path '\(concrete.path)' would create a conflict at '\(other)'",
                            path: concrete.path.text)
                    }
                    touched.append(concrete.path)
                    result = try concrete.apply(to: result, isInsert: isInsert)
                }
            }
        }
        try Self.checkLimits(result)
        return result
    }

    private func checkIdentifier(of old: Document, against new: Document) throws(DocumentError) {
        let isKept = old.withField("_id") { before in
            new.withField("_id") { after in
                guard let before else { return true }
                return after.map { ValueOrder.compare(before, $0) == 0 } ?? false
            }
        }
        if isKept { return }
        let message =
            switch kind {
            case .replacement:
                "After applying the update, the (immutable) field '_id' was found to have been altered to _id: "
                    + ExtendedJSON.string(new["_id"] ?? .null)
            case .modifiers, .pipeline: "Performing an update on the path '_id' would modify the immutable field '_id'"
            }
        throw DocumentError(.immutableField, message, path: "_id")
    }

    private static func checkLimits(_ document: Document) throws(DocumentError) {
        let limits = BSONLimits.standard
        guard document.bson.count <= limits.byteCount else {
            throw DocumentError(
                .tooLarge, "the updated document has \(document.bson.count) bytes; the limit is \(limits.byteCount)")
        }
        let isShallow = document.withBytes { isWithin(limits.depth, $0) }
        guard isShallow else {
            throw DocumentError(.tooDeep, "exceeded maximum nested object depth: \(limits.depth)")
        }
    }

    private static func isWithin(_ depth: Int, _ bytes: BSONBytes) -> Bool {
        guard depth > 0 else { return false }
        var reader = BSONReader(bytes)
        while let field = reader.next() {
            if field.value.isContainer && !isWithin(depth - 1, field.value.bytes) { return false }
        }
        return true
    }
}
