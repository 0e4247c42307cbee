// A filter: MongoDB's query conditions, parsed once and evaluated on bytes in place.
//
// Done: implicit equality and conjunction, $eq $ne $gt $gte $lt $lte $in $nin $exists $type $size $mod $all $elemMatch
// $and $or $nor $not $comment $regex $options $expr $bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear. Anything else is
// refused: see the tables of Documentation/OPERATORS.md.

/// A parsed filter.
public struct Filter: Sendable {
    /// The filter as it was given.
    public let document: Document
    /// What holds of every document that matches, as far as a planner can use it.
    package let facts: FilterFacts
    /// The facts of the filter's conjunction.
    package var constraints: [FilterConstraint] { facts.constraints }

    /// Whether the facts of the conjunction are all that the filter says.
    package let isOnlyFacts: Bool
    /// The paths of all its conditions.
    var paths: Set<String> { Set(listedPaths) }
    /// The same, some more than once.
    let listedPaths: [String]
    let options: QueryOptions

    private let owned: OwnedBytes
    let matcher: FilterMatcher
    let root: Int

    /// Parses a filter.
    ///
    /// - Throws: `badValue` and other codes of MongoDB's, for unknown operators and operands of the wrong kind.
    public init(_ document: Document, options: QueryOptions = .standard) throws(DocumentError) {
        self.document = document
        let limit = BSONLimits.standard.byteCount
        guard document.bson.count <= limit else {
            throw DocumentError(.tooLarge, "the filter has \(document.bson.count) bytes; the limit is \(limit)")
        }
        // The nodes point into these bytes, so they stand still for the filter's life.
        owned = OwnedBytes(document.bson)
        var builder = FilterBuilder(options: options)
        root = try builder.conjunction(owned.bytes, depth: 0, isTop: true)
        facts = builder.facts
        listedPaths = builder.paths
        self.options = options
        isOnlyFacts = !builder.hasBranches && builder.leafCount == facts.constraints.count
        matcher = FilterMatcher(program: builder.takeProgram(), root: root)
    }

    /// The equalities that an upsert takes over, in order. The filter is read once more: few ask.
    var equalities: [(path: String, value: BSONValue)] {
        get throws(DocumentError) {
            var builder = FilterBuilder(options: options)
            builder.notesEqualities = true
            _ = try builder.conjunction(owned.bytes, depth: 0, isTop: true)
            return builder.equalities
        }
    }

    /// Whether the document matches.
    ///
    /// - Throws: what an expression in it runs into.
    public func matches(_ document: Document) throws(DocumentError) -> Bool {
        try document.withBytes { bytes throws(DocumentError) in try matches(bytes) }
    }

    /// Whether the document of these bytes matches. Damaged bytes read as missing fields.
    package func matches(_ bytes: BSONBytes) throws(DocumentError) -> Bool {
        try withExtendedLifetime(owned) { () throws(DocumentError) in try matcher.matches(bytes) }
    }

    /// Whether the document of these bytes matches.
    package func matches(_ span: RawSpan) throws(DocumentError) -> Bool {
        try BSONBytes.with(span) { bytes throws(DocumentError) in try matches(bytes) }
    }

    /// Whether the filter is empty and matches every document.
    package var isTrivial: Bool { document.isEmpty }

    /// The operand of an equality on `_id`, if the filter demands one.
    package var identifier: BSONValue? {
        for constraint in constraints where constraint.path == "_id" {
            if case .equal(let value) = constraint.kind { return value }
        }
        return nil
    }
}
