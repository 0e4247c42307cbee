// Commands that read a collection: find, count, distinct. A collection that does not exist reads as empty.

extension CommandRunner {
    static let queryCommands = [
        Command(
            "find",
            fields: [
                "filter", "sort", "skip", "limit", "projection", "batchSize", "singleBatch", "allowDiskUse",
                "noCursorTimeout", "collation", "hint", "let",
            ],
            unbuilt: [
                "max", "min", "returnKey", "showRecordId", "tailable", "awaitData", "oplogReplay",
                "allowPartialResults",
            ]
        ) { try $0.find($1) },
        Command(
            "aggregate",
            fields: [
                "pipeline", "cursor", "allowDiskUse", "collation", "hint", "let", "explain", "bypassDocumentValidation",
            ]
        ) { try $0.aggregate($1) },
        Command("count", fields: ["query", "limit", "skip", "hint", "collation", "fields"]) { try $0.count($1) },
        Command("distinct", fields: ["key", "query", "collation", "hint"]) { try $0.distinct($1) },
    ]

    private func find(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let query = try findQuery(arguments)
        let size = try arguments.count("batchSize")
        return try cursorReply(
            name, batchSize: size, isSingle: try arguments.bool("singleBatch"),
            expires: try !arguments.bool("noCursorTimeout")
        ) { try $0.reader(name).source(query) }
    }

    /// What a `find` asks. It is refused also where there is no collection.
    func findQuery(_ arguments: CommandArguments) throws -> FindQuery {
        let limit = try arguments.count("limit").flatMap { $0 == 0 ? nil : $0 }
        let query = FindQuery(
            try arguments.document("filter") ?? Document(), sort: try arguments.document("sort"),
            skip: try arguments.count("skip") ?? 0, limit: limit, projection: try arguments.document("projection"),
            hint: try arguments.hint(), options: try queryOptions(arguments), maxTimeMS: try arguments.maxTimeMS(),
            allowsDiskUse: try arguments.allowsDiskUse())
        _ = try QueryShape(query)
        return query
    }

    private func count(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let query = try countQuery(arguments)
        return Reply.with([("n", BSONValue(try reading { try $0.reader(name).count(query) }))])
    }

    /// What a `count` asks.
    func countQuery(_ arguments: CommandArguments) throws -> FindQuery {
        // A negative limit means the same as a positive one, as in MongoDB.
        let limit = try arguments.integer("limit").map { $0 == .min ? .max : abs($0) } ?? 0
        let query = FindQuery(
            try arguments.document("query") ?? Document(), skip: try arguments.count("skip") ?? 0,
            limit: limit == 0 ? nil : limit, hint: try arguments.hint(), options: try queryOptions(arguments),
            maxTimeMS: try arguments.maxTimeMS())
        _ = try QueryShape(query)
        return query
    }

    private func distinct(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let (key, query) = try distinctQuery(arguments)
        var values = DistinctValues(path: key, collation: query.options.collation)
        try reading { transaction in
            try transaction.reader(name).scan(query) { document in
                try values.add(document)
                return true
            }
        }
        return Reply.with([("values", .array(values.found))])
    }

    /// What a `distinct` asks: the path, and of which documents.
    func distinctQuery(_ arguments: CommandArguments) throws -> (key: String, query: FindQuery) {
        let key = try arguments.required("key", arguments.string("key"))
        guard !key.isEmpty, !key.utf8.contains(0) else {
            throw CommandError.badValue("'distinct.key' must be a path that is not empty and holds no NUL")
        }
        let query = FindQuery(
            try arguments.document("query") ?? Document(), hint: try arguments.hint(),
            options: try queryOptions(arguments), maxTimeMS: try arguments.maxTimeMS())
        _ = try QueryShape(query)
        return (key, query)
    }
}

/// The different values at a dotted path, each once, in the order they are met.
///
/// An array at the end of the path counts by its elements. On the way an array is entered at the element that a number
/// in the path names, or else at each of its elements.
struct DistinctValues {
    private static let byteLimit = 16 << 20

    private(set) var found: [BSONValue] = []
    private let path: String
    private var keys: Set<[UInt8]> = []
    private var byteCount = 0

    private let collation: Collation?

    init(path: String, collation: Collation? = nil) {
        self.path = path
        self.collation = collation
    }

    mutating func add(_ document: Document) throws { try add(document, path[...], depth: 0) }

    private mutating func add(_ document: Document, _ path: Substring, depth: Int) throws {
        if let value = document[String(path)] {
            guard case .array(let elements) = value else { return try insert(value) }
            for element in elements { try insert(element) }
            return
        }
        guard depth <= BSONLimits.deepest, let dot = path.firstIndex(of: ".") else { return }
        let rest = path[path.index(after: dot)...]
        switch document[String(path[..<dot])] {
        case .document(let inner): try add(inner, rest, depth: depth + 1)
        case .array(let elements):
            let step = rest.prefix { $0 != "." }
            if !step.isEmpty, step.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                try add(Self.numbered(elements), rest, depth: depth + 1)
            } else {
                for element in elements {
                    if case .document(let inner) = element { try add(inner, rest, depth: depth + 1) }
                }
            }
        default: return
        }
    }

    /// An array as the document that its numbers name the elements of.
    private static func numbered(_ elements: [BSONValue]) -> Document {
        Document(fields: elements.enumerated().map { (String($0.offset), $0.element) })
    }

    private mutating func insert(_ value: BSONValue) throws {
        var key: [UInt8] = []
        try KeyEncoding.append(value, collation: collation, to: &key, limit: 1 << 26)
        guard !keys.contains(key) else { return }
        byteCount += key.count
        guard byteCount <= Self.byteLimit else { throw CommandError(location: 17217, "distinct too big, 16mb cap") }
        keys.insert(key)
        found.append(value)
    }
}
