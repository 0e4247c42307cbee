// search: the documents nearest to a vector, or most like others.
//
// With --cache the answer is kept in the cache segment under a digest of the question, and the same question within
// that time is answered from there. A write to the collection does not make such an answer stale; its lifetime does.

import ArgumentParser
import SmartStore
import StoreIO

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Prints the documents nearest to a vector, best first.",
        discussion: """
            Instead of a vector, --like names documents that the hits shall resemble, and --unlike those they shall not; \
            each may be given several times.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Option(help: "The field with the vector index.")
    var field: String

    @Option(help: "The vector: an array of numbers, or a binary of subtype 9.", transform: JSONArgument.vector)
    var vector: [Float]?

    @Option(help: "The _id of a document to be near to.")
    var like: [String] = []

    @Option(help: "The _id of a document to be far from.")
    var unlike: [String] = []

    @Option(help: "An npy or fvecs matrix that holds the vector.", completion: .file())
    var npy: String?

    @Option(help: "Its row in the matrix, from 0.")
    var row: Int?

    @Option(help: "How many documents.")
    var k = 10

    @Option(help: "Only documents that match this filter, as JSON.", transform: JSONArgument.document)
    var filter: Document?

    @Flag(help: "Scores every vector instead of walking the graph.")
    var exact = false

    @Option(help: "How many candidates to keep in view: more finds more of the true neighbours, and takes longer.")
    var breadth: Int?

    @Option(help: "The share of the true neighbours to be found, up to 1, instead of --breadth.")
    var recallTarget: Double?

    @Option(parsing: .unconditional, help: "Only documents with this score or a higher one.")
    var scoreLimit: Double?

    @Option(help: "How many of the nearest to leave out first.")
    var skip = 0

    @Option(help: "Prints the best documents of each value of this field; --k then counts values.")
    var groupBy: String?

    @Option(help: "With --group-by: how many documents of each value.")
    var groupSize = 1

    @Option(help: "How much hits shall differ from one another, 0 to 1.")
    var diversity: Double?

    @Option(help: "Which fields to print, as JSON.", transform: JSONArgument.document)
    var projection: Document?

    @Option(help: "Keeps the answer in the cache for so many seconds, and takes it from there.")
    var cache: Double?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard [vector != nil, npy != nil, !like.isEmpty].count(where: { $0 }) == 1 else {
            throw ValidationError("Give --vector, or --npy with --row, or --like.")
        }
        guard unlike.isEmpty || !like.isEmpty else { throw ValidationError("--unlike goes with --like.") }
        guard (npy == nil) == (row == nil) else { throw ValidationError("--npy and --row go together.") }
        guard k >= 1, breadth ?? 1 >= 1, row ?? 0 >= 0 else {
            throw ValidationError("--k and --breadth must be at least 1, --row at least 0.")
        }
        if let cache, !(cache > 0 && cache < 1e12) { throw ValidationError("--cache must be a number of seconds.") }
    }

    func run() throws {
        let vector = try vector ?? npy.map { try VectorMatrix(path: $0).row(row ?? 0) }
        let clock = ContinuousClock()
        let output = format.output
        try store.withStore(readOnly: cache == nil) { store in
            let start = clock.now
            let (hits, wasCached) = try answer(vector, from: store)
            let elapsed = start.duration(to: clock.now)
            for hit in hits { try output.document(hit) }
            try output.flush()
            let origin = wasCached ? ", from the cache" : ""
            Terminal.message("\(hits.count) documents in \(Format.milliseconds(elapsed)) ms\(origin)\n")
        }
    }

    private func answer(_ vector: [Float]?, from store: Store) throws -> (hits: [Document], wasCached: Bool) {
        guard let cache else { return (try store.readSync { try search(vector, in: $0) }, false) }
        let key = cacheKey(vector)
        if let bytes = try store.readSync({ try $0.cache.get(key) }),
            let kept = try? Document(bson: bytes)["hits"]?.array?.compactMap(\.document)
        {
            return (kept, true)
        }
        let hits = try store.readSync { try search(vector, in: $0) }
        let kept: Document = ["hits": .array(hits.map { .document($0) })]
        try store.writeSync { try $0.cache.set(key, kept.bson, ttl: .seconds(cache)) }
        return (hits, false)
    }

    private func search(_ vector: [Float]?, in transaction: ReadTransaction) throws -> [Document] {
        let shape = try projection.map { try Projection($0) }
        let reader = transaction.collection(collection)
        var query = VectorQuery(field: field, vectors: vector.map { [$0] } ?? [], k: k)
        query.positive = try like.map { try example($0, in: reader) }
        query.negative = try unlike.map { try example($0, in: reader) }
        query.filter = filter
        query.exact = exact
        query.breadth = breadth
        query.recallTarget = recallTarget
        query.scoreLimit = scoreLimit.map { Float($0) }
        query.skip = skip
        query.groupBy = groupBy
        query.groupSize = groupSize
        query.diversity = diversity
        return try reader.search(query).map { hit in
            var line: Document = ["_id": hit.id, "score": .double(Double(hit.score))]
            if let group = hit.group { line.append("group", group) }
            if let document = hit.document {
                line.append("document", .document(try shape?.apply(document) ?? document))
            }
            return line
        }
    }

    /// The document that a text on the command line names.
    private func example(_ text: String, in reader: CollectionReader) throws -> VectorQuery.Example {
        let meanings = JSONArgument.identifiers(text)
        for meaning in meanings where try reader.get(meaning) != nil { return .id(meaning) }
        return .id(meanings.first ?? .string(text))
    }

    private func cacheKey(_ vector: [Float]?) -> String {
        func number(_ value: Double?) -> BSONValue { value.map { .double($0) } ?? .null }
        let question: Document = [
            "collection": .string(collection), "field": .string(field), "k": BSONValue(k), "exact": .bool(exact),
            "breadth": breadth.map { BSONValue($0) } ?? .null, "filter": filter.map { .document($0) } ?? .null,
            "projection": projection.map { .document($0) } ?? .null,
            "vector": vector.map { .binary(VectorValue.float32($0).binary) } ?? .null,
            "like": .array(like.map { .string($0) }), "unlike": .array(unlike.map { .string($0) }),
            "recallTarget": number(recallTarget), "scoreLimit": number(scoreLimit), "skip": BSONValue(skip),
            "groupBy": groupBy.map { .string($0) } ?? .null, "groupSize": BSONValue(groupSize),
            "diversity": number(diversity),
        ]
        return "search:" + Hashing.sha256(question.bson.span.bytes).hex
    }
}
