// What `find` is asked: a filter with everything that shapes its result.

/// A query on one collection.
public struct FindQuery: Sendable {
    /// What documents must fulfil; empty: all.
    public var filter: Document
    /// The order, such as `["year": -1, "title": 1]`; nil: any.
    public var sort: Document?
    /// How many matches are left out at the beginning.
    public var skip: Int
    /// At most so many documents; nil: all.
    public var limit: Int?
    /// Which fields are wanted; nil: all.
    public var projection: Document?
    /// The index to use: its name or its key pattern; `["$natural": 1]` for none.
    public var hint: BSONValue?
    /// Collation, variables and the present time.
    public var options: QueryOptions
    /// The most milliseconds it may take; nil: no bound.
    public var maxTimeMS: Int?
    /// Whether a sort beyond ``StoreOptions/sortByteLimit`` may go to a temporary file; otherwise it fails (292).
    public var allowsDiskUse: Bool

    /// Makes a query.
    public init(
        _ filter: Document = Document(), sort: Document? = nil, skip: Int = 0, limit: Int? = nil,
        projection: Document? = nil, hint: BSONValue? = nil, options: QueryOptions = .standard, maxTimeMS: Int? = nil,
        allowsDiskUse: Bool = true
    ) {
        self.filter = filter
        self.sort = sort
        self.skip = skip
        self.limit = limit
        self.projection = projection
        self.hint = hint
        self.options = options
        self.maxTimeMS = maxTimeMS
        self.allowsDiskUse = allowsDiskUse
    }
}
