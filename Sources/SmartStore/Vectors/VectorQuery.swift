// One question to a vector index, with everything that can be asked of it; VectorSearch answers.

/// A search for the documents nearest to a vector, or to examples.
///
/// ```swift
/// var query = VectorQuery(field: "embedding", vector: v, k: 20)
/// query.filter = ["year": ["$gte": 2020]]
/// query.groupBy = "author"
/// let hits = try tx.collection("notes").search(query)
/// ```
///
/// What each part means, in the order in which it takes effect:
/// 1. What is asked for: ``vectors`` (a document counts by the one it is nearest to), or examples in ``positive`` and
///    ``negative``: the mean of the positives, moved away from the mean of the negatives by their difference. Examples
///    given by `_id` are never hits.
/// 2. ``filter``: only documents that match. Always as many hits as asked for when so many match.
/// 3. ``scoreLimit``: only hits that are at least so near.
/// 4. ``diversity`` or ``groupBy``, not both: which of the hits are taken, and in which order.
/// 5. ``skip`` and ``k``: which part of that order is returned.
public struct VectorQuery: Sendable {
    /// Something to be near to, or far from.
    public enum Example: Sendable, Equatable {
        /// The vector of the document with this `_id`.
        case id(BSONValue)
        /// This vector.
        case vector([Float])
    }

    /// Dotted path of the indexed field.
    public var field: String
    /// What to be near to; of several, a document's score is that of the nearest. Empty with examples.
    public var vectors: [[Float]] = []
    /// Examples to be near to, instead of ``vectors``.
    public var positive: [Example] = []
    /// Examples to be far from; needs ``positive``.
    public var negative: [Example] = []
    /// How many hits, or with ``groupBy`` how many groups; 1 to 1,048,576.
    public var k: Int
    /// How many hits (or groups) of the same order to leave out first. Pages of an approximate search come from searches
    /// of their own, so a hit at their border may be met twice or missed; with ``exact`` not.
    public var skip = 0
    /// Only documents that match this filter of MongoDB's query language.
    public var filter: Document?
    /// Scores every vector instead of walking the graph.
    public var exact = false
    /// How many candidates the search keeps in view (efSearch in the literature); higher finds more of the true
    /// neighbours and takes longer. nil: as ``recallTarget`` demands, else 64, at least twice the hits wanted.
    public var breadth: Int?
    /// How many of the nearest by codes are scored again from their vectors. nil: what suits the codes.
    public var rerank: Int?
    /// The share of the true neighbours to be found, above 0 and at most 1: the store chooses the breadth, from what it
    /// has measured on this index (see ``Store/calibrateVectors()``), or searches exactly where no breadth is enough.
    public var recallTarget: Double?
    /// Only hits with this ``SearchHit/score`` or a higher one: for euclidean, which scores by the negative squared
    /// distance, a radius r is -r².
    public var scoreLimit: Float?
    /// Dotted path of a field by whose value hits are grouped: the best ``groupSize`` documents of each of the ``k``
    /// values that have the best documents, in order of the groups' best. Documents without the field are left out. A
    /// group has fewer documents only when no more match.
    public var groupBy: String?
    /// Documents of a group, 1 to 1,024.
    public var groupSize = 1
    /// How much hits shall differ from one another, 0 to 1: each is the one of the ``pool`` with the greatest
    /// (1 - diversity) × score - diversity × the greatest similarity to the hits before it (maximal marginal relevance:
    /// Carbonell & Goldstein 1998). 0 is the usual order.
    public var diversity: Double?
    /// How many of the nearest ``diversity`` picks from, `k` to 65,536; pages behind it are empty. nil: 10 `k`, at least
    /// 100.
    public var pool: Int?
    /// Whether hits bring their documents.
    public var includeDocuments = true

    /// The `k` documents nearest to a vector.
    public init(field: String, vector: [Float], k: Int = 10) {
        self.init(field: field, vectors: [vector], k: k)
    }

    /// The `k` documents nearest to any of several vectors.
    public init(field: String, vectors: [[Float]], k: Int = 10) {
        self.field = field
        self.vectors = vectors
        self.k = k
    }

    /// The `k` documents most like the positive examples and least like the negative ones.
    public init(field: String, like positive: [Example], unlike negative: [Example] = [], k: Int = 10) {
        self.field = field
        self.positive = positive
        self.negative = negative
        self.k = k
    }

    // MARK: Checks

    static let hitLimit = 1 << 20
    static let groupSizeLimit = 1024
    static let poolLimit = 1 << 16
    static let vectorLimit = 1024

    /// Candidates that ``diversity`` picks from.
    var poolSize: Int { pool ?? min(Self.poolLimit, max(100, k.multipliedReportingOverflow(by: 10).partialValue)) }

    /// Refuses what makes no sense, whatever the index.
    func validate() throws(StoreError) {
        func require(_ condition: Bool, _ message: String, _ remedy: String) throws(StoreError) {
            guard condition else { throw StoreError(.invalidArgument, message, remedy: remedy, server: .badValue) }
        }
        func require(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws(StoreError) {
            guard let value else { return }
            try require(
                range.contains(value), "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound).",
                "Choose a value in the range.")
        }
        func require(_ name: String, _ value: Double?) throws(StoreError) {
            guard let value else { return }
            try require(
                value >= 0 && value <= 1, "\(name) is \(value); it must be 0 to 1.", "Choose a value in the range.")
        }
        try require("k", k, 1...Self.hitLimit)
        try require("skip", skip, 0...Self.hitLimit)
        try require("breadth", breadth, 1...Self.hitLimit)
        try require("rerank", rerank, 1...Self.hitLimit)
        try require("groupSize", groupSize, 1...Self.groupSizeLimit)
        try require("pool", pool, k...max(k, Self.poolLimit))
        try require("recallTarget", recallTarget)
        try require("diversity", diversity)
        try require(
            (skip + k) * (groupBy == nil ? 1 : groupSize) <= Self.hitLimit,
            "skip, k and groupSize ask for more than \(Self.hitLimit) hits.", "Ask for fewer.")
        try require(recallTarget != 0, "recallTarget must be above 0.", "Choose a share of the true neighbours.")
        try require(
            recallTarget == nil || breadth == nil, "recallTarget chooses the breadth, and a breadth is given.",
            "Give one of them.")
        try require(scoreLimit?.isNaN != true, "scoreLimit is not a number.", "Give a score.")
        try require(
            groupBy == nil || diversity == nil, "groupBy and diversity do not go together.", "Give one of them.")
        try require(groupSize == 1 || groupBy != nil, "groupSize needs groupBy.", "Name the field to group by.")
        try require(pool == nil || diversity != nil, "pool needs diversity.", "Give a diversity.")
        try require(
            vectors.count <= Self.vectorLimit, "There are more than \(Self.vectorLimit) vectors.", "Give fewer.")
        try require(
            positive.count + negative.count <= Self.vectorLimit, "There are more than \(Self.vectorLimit) examples.",
            "Give fewer.")
        if vectors.isEmpty {
            try require(
                !positive.isEmpty,
                negative.isEmpty ? "There is no vector to search for." : "Negative examples need positive ones.",
                "Give a vector or positive examples.")
        } else {
            try require(
                positive.isEmpty && negative.isEmpty, "Vectors and examples do not go together.", "Give one of them.")
        }
    }
}
