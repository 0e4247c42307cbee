import VectorIndex

// vectorSearch: the documents nearest to a vector; and what createIndexes says of a vector index.

extension CommandRunner {
    static let vectorCommands = [
        Command(
            "vectorSearch", fields: ["field", "vector", "k", "filter", "exact", "breadth", "rerank", "projection"]
        ) { try $0.vectorSearch($1) }
    ]

    private func vectorSearch(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let field = try arguments.required("field", arguments.string("field"))
        let vector = try Self.vector(arguments.required("vector", arguments["vector"]))
        let k = try arguments.count("k") ?? 10
        let breadth = try arguments.count("breadth")
        let rerank = try arguments.count("rerank")
        let filter = try arguments.document("filter")
        if let filter { _ = try Filter(filter) }
        let isExact = try arguments.bool("exact")
        let projection = try arguments.document("projection").flatMap { $0.isEmpty ? nil : try Projection($0) }
        let hits = try reading {
            try $0.reader(name).search(
                field: field, vector: vector, k: k, breadth: breadth, rerank: rerank, filter: filter, exact: isExact)
        }
        var batch = ReplyBatch()
        for hit in hits {
            var entry: Document = ["_id": hit.id, "score": .double(Double(hit.score))]
            if let document = hit.document {
                entry.append("document", .document(projection?.apply(document) ?? document))
            }
            try batch.append(entry)
        }
        return Reply.cursor(batch, namespace: name)
    }

    /// The floats of an array of numbers or of a binary of subtype 9.
    private static func vector(_ value: BSONValue) throws -> [Float] {
        guard let vector = try VectorValue(value) else {
            throw CommandError.typeMismatch(
                "BSON field 'vectorSearch.vector' is the wrong type '\(value.type.name)', expected types "
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
            connectivity: connectivity, buildBreadth: buildBreadth)
    }
}
