// What a secondary index is asked to be, and the refusals of what it cannot be.

/// A secondary index as its maker describes it.
///
/// ```swift
/// try store.createIndex(on: "users", IndexSpecification(["email": 1], isUnique: true))
/// ```
public struct IndexSpecification: Sendable, Hashable {
    /// Paths with directions: 1 ascending, -1 descending; or one wildcard path, `$**` or `path.$**`.
    public var keys: Document
    /// Its name; nil: made from the keys, such as `year_-1_title_1`.
    public var name: String?
    /// Whether two documents may not have equal keys.
    public var isUnique: Bool
    /// Whether documents that have none of the paths are left out.
    public var isSparse: Bool
    /// Only documents that match this filter are in the index; nil: all.
    public var partialFilter: Document?
    /// Documents are deleted when the date at the path is so many seconds old; nil: never.
    public var expireAfterSeconds: Int?
    /// How strings are compared in it.
    public var collation: Collation?
    /// Whether queries are answered without it, though it is kept up: to see what dropping it would do.
    public var isHidden: Bool

    /// Describes an index.
    public init(
        _ keys: Document, name: String? = nil, isUnique: Bool = false, isSparse: Bool = false,
        partialFilter: Document? = nil, expireAfterSeconds: Int? = nil, collation: Collation? = nil,
        isHidden: Bool = false
    ) {
        self.keys = keys
        self.name = name
        self.isUnique = isUnique
        self.isSparse = isSparse
        self.partialFilter = partialFilter
        self.expireAfterSeconds = expireAfterSeconds
        self.collation = collation
        self.isHidden = isHidden
    }

    /// The name that it gets.
    public var effectiveName: String { name ?? Self.name(of: keys) }

    /// The usual name of an index over these keys.
    static func name(of keys: Document) -> String {
        keys.map { key, value in "\(key)_\(value.int.map(String.init) ?? ExtendedJSON.string(value))" }
            .joined(separator: "_")
    }
}

extension IndexSpecification {
    /// The most parts of a compound index.
    static let mostParts = 32
    /// The longest time a document may be given, in seconds.
    static let longestExpiry = Int(Int32.max)

    /// Holds the description against the rules.
    /// - Throws: `cannotCreateIndex` and the codes of its filter.
    func validate() throws(DocumentError) {
        func refuse(_ message: String) -> DocumentError { DocumentError(.cannotCreateIndex, message) }
        let name = effectiveName
        guard !name.isEmpty, !name.utf8.contains(0), name.utf8.count <= Limits.indexNameBytes, name != "*" else {
            throw refuse("index name '\(name)' is empty, '*', longer than \(Limits.indexNameBytes) bytes or holds NUL")
        }
        guard name != "_id_", keys != ["_id": 1] else {
            throw refuse("the index _id_ is there already and is made with the collection")
        }
        guard keys.count <= Self.mostParts else {
            throw refuse("Index key pattern too large: an index has at most \(Self.mostParts) parts")
        }
        guard Set(keys.keys).count == keys.count else { throw refuse("Duplicate path in an index's keys") }
        let source = try IndexKeySource(keys, collation: collation)
        if source.isWildcard {
            guard !isUnique else { throw refuse("Index type 'wildcard' does not support the unique option") }
            guard expireAfterSeconds == nil else { throw refuse("Index type 'wildcard' cannot be a TTL index") }
        }
        if isSparse, partialFilter != nil {
            throw refuse("cannot mix \"partialFilterExpression\" and \"sparse\" options")
        }
        if let partialFilter { _ = try PartialFilter(partialFilter) }
        if let seconds = expireAfterSeconds {
            guard keys.count == 1 else {
                throw refuse("TTL indexes are single-field indexes, compound indexes do not support TTL")
            }
            guard (0...Self.longestExpiry).contains(seconds) else {
                throw refuse(
                    "TTL index 'expireAfterSeconds' option must be within an acceptable range, 0 to 2147483647")
            }
            guard keys.keys != ["_id"] else {
                throw refuse("The field 'expireAfterSeconds' is not valid for an _id index")
            }
        }
    }
}

/// The filter of a partial index: a conjunction of facts, so that a planner can see whether a query implies it.
struct PartialFilter: Sendable {
    let filter: Filter

    /// - Throws: `cannotCreateIndex` for conditions other than equality, `$in`, ranges, `$exists: true`, `$type`, `$and`
    ///   and `$or` of these.
    init(_ document: Document) throws(DocumentError) {
        try Self.check(document, depth: 0)
        filter = try Filter(document)
    }

    private static let operators: Set<String> = ["$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$exists", "$type"]

    private static func check(_ document: Document, depth: Int) throws(DocumentError) {
        func refuse(_ what: String) -> DocumentError {
            DocumentError(.cannotCreateIndex, "Expression not supported in partial index: \(what)")
        }
        guard depth < 8 else { throw refuse("nested deeper than 8 levels") }
        for (name, value) in document {
            if name == "$and" || name == "$or" {
                for branch in value.array ?? [] {
                    guard let branch = branch.document else { throw refuse(name) }
                    try check(branch, depth: depth + 1)
                }
            } else if name.hasPrefix("$") {
                throw refuse(name)
            } else if let conditions = value.document, conditions.keys.first?.hasPrefix("$") == true {
                for (name, operand) in conditions {
                    guard operators.contains(name) else { throw refuse(name) }
                    guard name != "$exists" || operand.bool != false else { throw refuse("$exists: false") }
                }
            }
        }
    }
}
