import VectorIndex

// vectorSearch: the documents nearest to a vector; and what createIndexes says of a vector index.

extension CommandRunner {
    static let vectorCommands = [
        Command(
            "vectorSearch",
            fields: [
                "field", "vector", "vectors", "recommend", "k", "skip", "filter", "exact", "breadth", "rerank",
                "recallTarget", "scoreLimit", "groupBy", "groupSize", "mmr", "projection",
            ]
        ) { try $0.vectorSearch($1) }
    ]

    private func vectorSearch(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let query = try Self.query(arguments)
        let projection = try arguments.document("projection").flatMap { $0.isEmpty ? nil : try Projection($0) }
        let hits = try reading {
            try $0.reader(name).search(query)
        }
        var batch = ReplyBatch()
        for hit in hits {
            var entry: Document = ["_id": hit.id, "score": .double(Double(hit.score))]
            if let group = hit.group { entry.append("group", group) }
            if let document = hit.document {
                entry.append("document", .document(try projection?.apply(document) ?? document))
            }
            try batch.append(entry)
        }
        return Reply.cursor(batch, namespace: name)
    }

    private static func query(_ arguments: CommandArguments) throws -> VectorQuery {
        let field = try arguments.required("field", arguments.string("field"))
        var query = VectorQuery(field: field, vectors: [], k: try arguments.count("k") ?? 10)
        if let recommend = try arguments.document("recommend") {
            let examples = try CommandArguments(
                recommend, name: "vectorSearch.recommend", known: ["positive", "negative"])
            query.positive = try (examples.array("positive") ?? []).map { try example($0) }
            query.negative = try (examples.array("negative") ?? []).map { try example($0) }
            if let value = arguments["vector"] { query.vectors = [try vector(value, "vector")] }
        } else if let vectors = try arguments.array("vectors") {
            query.vectors = try vectors.enumerated().map { try vector($1, "vectors.\($0)") }
            if let value = arguments["vector"] { query.vectors.append(try vector(value, "vector")) }
        } else {
            query.vectors = [try vector(arguments.required("vector", arguments["vector"]), "vector")]
        }
        query.skip = try arguments.integer("skip") ?? 0
        query.filter = try arguments.document("filter")
        if let filter = query.filter { _ = try Filter(filter) }
        query.exact = try arguments.bool("exact")
        query.breadth = try arguments.count("breadth")
        query.rerank = try arguments.count("rerank")
        query.recallTarget = try arguments.number("recallTarget")
        query.scoreLimit = try arguments.number("scoreLimit").map { Float($0) }
        query.groupBy = try arguments.string("groupBy")
        query.groupSize = try arguments.integer("groupSize") ?? 1
        if let mmr = try arguments.document("mmr") {
            let diversity = try CommandArguments(mmr, name: "vectorSearch.mmr", known: ["diversity", "pool"])
            query.diversity = try diversity.required("diversity", diversity.number("diversity"))
            query.pool = try diversity.integer("pool")
        }
        return query
    }

    /// A vector, or the `_id` of a document: arrays and binaries of subtype 9 are vectors.
    private static func example(_ value: BSONValue) throws -> VectorQuery.Example {
        try VectorValue(value).map { .vector($0.floats) } ?? .id(value)
    }

    /// The floats of an array of numbers or of a binary of subtype 9.
    private static func vector(_ value: BSONValue, _ key: String) throws -> [Float] {
        guard let vector = try VectorValue(value) else {
            throw CommandError.typeMismatch(
                "BSON field 'vectorSearch.\(key)' is the wrong type '\(value.type.name)', expected types "
                    + "'[array, binData]'")
        }
        return vector.floats
    }
}

/// The options of a vector index.
struct VectorSpecification {
    private let field: String
    private let dimension: Int
    private let metric: Metric
    private let storage: VectorStorage
    private let codes: VectorCodes?
    private let connectivity: Int
    private let buildBreadth: Int
    private let isMultiple: Bool

    init(_ field: String, _ arguments: CommandArguments) throws {
        self.field = field
        guard let dimension = try arguments.integer("dimension") else {
            throw CommandError.cannotCreateIndex("a vector index needs a dimension")
        }
        self.dimension = dimension
        metric = try Self.named(arguments, "metric") ?? .cosine
        storage = try Self.named(arguments, "storage") ?? .float16
        codes = try Self.named(arguments, "codes")
        connectivity = try arguments.integer("m") ?? IndexOptions.usualConnectivity
        buildBreadth = try arguments.integer("efConstruction") ?? IndexOptions.usualBuildBreadth
        isMultiple = try arguments.bool("multiple")
    }

    private static func named<T: RawRepresentable & CaseIterable>(
        _ arguments: CommandArguments, _ key: String
    ) throws -> T? where T.RawValue == String {
        guard let name = try arguments.string(key) else { return nil }
        guard let value = T(rawValue: name) else {
            let known = T.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw CommandError.cannotCreateIndex("'\(name)' is no \(key) of a vector index; it may be \(known)")
        }
        return value
    }

    func create(on collection: String, in transaction: WriteTransaction) throws {
        try transaction.createVectorIndex(
            on: collection, field: field, dimension: dimension, metric: metric, storage: storage, codes: codes,
            connectivity: connectivity, buildBreadth: buildBreadth, multiple: isMultiple)
    }
}
