// What a query is evaluated with, beside its documents: collation, variables, the present time.

/// How a query compares strings and what its expressions may refer to.
public struct QueryOptions: Sendable {
    /// How strings are compared; nil: by their bytes.
    public var collation: Collation?
    /// The values of `$$name` in expressions (`let`).
    public var variables: Document
    /// What `$$NOW` and `$currentDate` say.
    public var now: BSONDate

    /// Makes options; without arguments those of a plain query.
    public init(
        collation: Collation? = nil, variables: Document = Document(),
        now: BSONDate = BSONDate(millisecondsSince1970: 0)
    ) {
        self.collation = collation
        self.variables = variables
        self.now = now
    }

    /// No collation, no variables.
    public static let standard = QueryOptions()
}
