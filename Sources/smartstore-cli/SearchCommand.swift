// search: the documents nearest to a vector.
//
// With --cache the answer is kept in the cache segment under a digest of the question, and the same question within
// that time is answered from there. A write to the collection does not make such an answer stale; its lifetime does.

import ArgumentParser
import SmartStore
import StoreIO

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Prints the documents nearest to a vector, best first.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Option(help: "The field with the vector index.")
    var field: String

    @Option(help: "The vector: an array of numbers, or a binary of subtype 9.", transform: JSONArgument.vector)
    var vector: [Float]?

    @Option(help: "An npy matrix that holds the vector.", completion: .file())
    var npy: String?

    @Option(help: "Its row in the npy matrix, from 0.")
    var row: Int?

    @Option(help: "How many documents.")
    var k = 10

    @Option(help: "Only documents that match this filter, as JSON.", transform: JSONArgument.document)
    var filter: Document?

    @Flag(help: "Scores every vector instead of walking the graph.")
    var exact = false

    @Option(help: "How many candidates to keep in view: more finds more of the true neighbours, and takes longer.")
    var breadth: Int?

    @Option(help: "Which fields to print, as JSON.", transform: JSONArgument.document)
    var projection: Document?

    @Option(help: "Keeps the answer in the cache for so many seconds, and takes it from there.")
    var cache: Double?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard (vector == nil) != (npy == nil) else { throw ValidationError("Give --vector, or --npy with --row.") }
        guard (npy == nil) == (row == nil) else { throw ValidationError("--npy and --row go together.") }
        guard k >= 1, breadth ?? 1 >= 1, row ?? 0 >= 0 else {
            throw ValidationError("--k and --breadth must be at least 1, --row at least 0.")
        }
        if let cache, !(cache > 0 && cache < 1e12) { throw ValidationError("--cache must be a number of seconds.") }
    }

    func run() throws {
        let query = try vector ?? npy.map { try NumpyMatrix(path: $0).row(row ?? 0) } ?? []
        let clock = ContinuousClock()
        let output = format.output
        try store.withStore(readOnly: cache == nil) { store in
            let start = clock.now
            let (hits, wasCached) = try answer(query, from: store)
            let elapsed = start.duration(to: clock.now)
            for hit in hits { try output.document(hit) }
            try output.flush()
            let origin = wasCached ? ", from the cache" : ""
            Terminal.message("\(hits.count) documents in \(Format.milliseconds(elapsed)) ms\(origin)\n")
        }
    }

    private func answer(_ query: [Float], from store: Store) throws -> (hits: [Document], wasCached: Bool) {
        guard let cache else { return (try store.readSync { try search(query, in: $0) }, false) }
        let key = cacheKey(query)
        if let bytes = try store.readSync({ try $0.cache.get(key) }),
            let kept = try? Document(bson: bytes)["hits"]?.array?.compactMap(\.document)
        {
            return (kept, true)
        }
        let hits = try store.readSync { try search(query, in: $0) }
        let kept: Document = ["hits": .array(hits.map { .document($0) })]
        try store.writeSync { try $0.cache.set(key, kept.bson, ttl: .seconds(cache)) }
        return (hits, false)
    }

    private func search(_ query: [Float], in transaction: ReadTransaction) throws -> [Document] {
        let shape = try projection.map { try Projection($0) }
        let hits = try transaction.collection(collection).search(
            field: field, vector: query, k: k, breadth: breadth, filter: filter, exact: exact)
        return hits.map { hit in
            var line: Document = ["_id": hit.id, "score": .double(Double(hit.score))]
            if let document = hit.document { line.append("document", .document(shape?.apply(document) ?? document)) }
            return line
        }
    }

    private func cacheKey(_ query: [Float]) -> String {
        let question: Document = [
            "collection": .string(collection), "field": .string(field), "k": BSONValue(k), "exact": .bool(exact),
            "breadth": breadth.map { BSONValue($0) } ?? .null, "filter": filter.map { .document($0) } ?? .null,
            "projection": projection.map { .document($0) } ?? .null,
            "vector": .binary(VectorValue.float32(query).binary),
        ]
        return "search:" + Hashing.sha256(question.bson.span.bytes).hex
    }
}
