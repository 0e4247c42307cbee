// What observers are told of a commit.

/// A change of a collection, as it was committed.
public struct CollectionChange: Sendable, Equatable {
    /// What happened.
    public enum Kind: String, Sendable {
        /// A document came.
        case insert
        /// A document was changed by modifiers or stages.
        case update
        /// A document was replaced as a whole.
        case replace
        /// A document went: deleted or expired.
        case delete
        /// The collection went with all its documents: dropped, or renamed.
        case drop
        /// Changes were left out, because too many waited to be taken: read the collection anew. Everything up to this
        /// sequence may be missing; what follows is complete.
        case lagged
    }

    /// The commit, as in ``TransactionView/sequence``. Later commits have higher numbers, not every number is a change,
    /// and the changes of one commit have the same.
    public let sequence: UInt64
    /// The collection's name; nil when observers of all collections lag.
    public let collection: String?
    /// What happened.
    public let kind: Kind
    /// The document's `_id`; nil for `drop` and `lagged`.
    public let id: BSONValue?
    /// The document as it became, when asked for; nil also when it went.
    public let document: Document?

    init(
        sequence: UInt64, collection: String?, kind: Kind, id: BSONValue? = nil, document: Document? = nil
    ) {
        self.sequence = sequence
        self.collection = collection
        self.kind = kind
        self.id = id
        self.document = document
    }

    /// Bytes it takes while it waits, about.
    var byteCount: Int { 128 + (document?.bson.count ?? 0) }
}

/// A change of a collection of Swift values, as it was committed.
public struct TypedChange<Element> {
    /// The commit; see ``CollectionChange/sequence``.
    public let sequence: UInt64
    /// What happened.
    public let kind: CollectionChange.Kind
    /// The document's `_id`; nil for `drop` and `lagged`.
    public let id: BSONValue?
    /// The value as it became; nil when it went.
    public let value: Element?
}

extension TypedChange: Sendable where Element: Sendable {}
extension TypedChange: Equatable where Element: Equatable {}
