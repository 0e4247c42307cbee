// $merge and $out: the result of a pipeline goes into a collection.

struct MergeStage: Sendable {
    enum Matched: Sendable {
        case replace
        case keepExisting
        case merge
        case fail
        case pipeline([BSONValue])
    }

    enum NotMatched: String, Sendable {
        case insert, discard, fail
    }

    let target: String
    let on: [String]
    let matched: Matched
    let notMatched: NotMatched
    let options: QueryOptions

    init(_ operand: BSONValue, options: QueryOptions) throws(DocumentError) {
        self.options = options
        if let name = operand.string {
            (target, on, matched, notMatched) = (name, ["_id"], .merge, .insert)
            return
        }
        guard let document = operand.document else {
            throw DocumentError(
                .location(51182), "$merge requires a string or object argument, but found \(operand.type.name)")
        }
        for name in document.keys where !["into", "on", "whenMatched", "whenNotMatched", "let"].contains(name) {
            throw DocumentError(.location(40415), "BSON field '$merge.\(name)' is an unknown field.")
        }
        guard let into = document["into"], let name = into.string ?? into.document?["coll"]?.string else {
            throw DocumentError(.location(51178), "$merge 'into' field must be a string or an object")
        }
        target = name
        switch document["on"] {
        case nil: on = ["_id"]
        case .string(let field)?: on = [field]
        case .array(let fields)?:
            on = fields.compactMap(\.string)
            guard on.count == fields.count, !on.isEmpty else {
                throw DocumentError(
                    .location(51187), "If explicitly specifying $merge 'on', must include at least one field")
            }
        default:
            throw DocumentError(.location(51186), "$merge 'on' field must be either a string or an array of strings")
        }
        switch document["whenMatched"] {
        case nil, .string("merge")?: matched = .merge
        case .string("replace")?: matched = .replace
        case .string("keepExisting")?: matched = .keepExisting
        case .string("fail")?: matched = .fail
        case .array(let stages)?:
            _ = try PipelineUpdate(stages, options: options.adding(["new": .document([:])]))
            matched = .pipeline(stages)
        case let other?:
            throw DocumentError(
                .badValue,
                "Enumeration value '\(other.string ?? other.type.name)' for field 'whenMatched' is not a valid "
                    + "value.")
        }
        let word = document["whenNotMatched"]?.string ?? "insert"
        guard let rule = NotMatched(rawValue: word) else {
            throw DocumentError(
                .badValue, "Enumeration value '\(word)' for field '$merge.whenNotMatched' is not a valid value.")
        }
        notMatched = rule
    }

    /// Puts one document into the collection.
    func put(_ document: Document, into collection: CollectionWriter) throws {
        var filter = Document()
        for field in on {
            guard let value = document[path: field] else {
                guard field == "_id" else {
                    throw CommandError(
                        location: 51132,
                        "$merge write error: 'on' field '\(field)' cannot be missing, null, undefined or "
                            + "an array")
                }
                continue
            }
            if value.array != nil || (value.isNullish && field != "_id") {
                throw CommandError(
                    location: 51185,
                    "$merge write error: 'on' field '\(field)' cannot be missing, null, undefined or an "
                        + "array")
            }
            filter.append(field, ["$eq": value])
        }
        let present = filter.isEmpty ? nil : try collection.find(filter, limit: 1).first
        guard let present, let id = present["_id"] else {
            switch notMatched {
            case .insert: try collection.insert(document)
            case .discard: break
            case .fail:
                throw CommandError(
                    13113, "MergeStageNoMatchingDocument",
                    "$merge could not find a matching document in the target "
                        + "collection for at least one document in the source collection")
            }
            return
        }
        var result = present
        switch matched {
        case .keepExisting: return
        case .fail:
            throw CommandError.duplicateID(id, in: target)
        case .replace: result = document
        case .merge: for (name, value) in document { result[name] = value }
        case .pipeline(let stages):
            let bound = options.adding(["new": .document(document)])
            result = try PipelineUpdate(stages, options: bound).apply(to: present)
        }
        if result["_id"] == nil { result = Document(fields: [("_id", id)] + result.map { ($0, $1) }) }
        try collection.replace(id, with: result)
    }
}

extension QueryOptions {
    func adding(_ more: Document) -> QueryOptions {
        var copy = self
        for (name, value) in more { copy.variables[name] = value }
        return copy
    }
}

/// $vectorSearch: the documents nearest to a vector, the nearest first.
struct VectorSearchStage: Sendable {
    let query: VectorQuery

    init(_ operand: BSONValue) throws {
        guard let document = operand.document else {
            throw CommandError.failedToParse("$vectorSearch must be an object")
        }
        let fields = try CommandArguments(
            document, name: "$vectorSearch",
            known: ["index", "path", "queryVector", "numCandidates", "limit", "filter", "exact"])
        let path = try fields.required("path", fields.string("path"))
        guard let value = fields["queryVector"], let vector = try VectorValue(value)?.floats else {
            throw CommandError.failedToParse("BSON field '$vectorSearch.queryVector' is missing or no vector")
        }
        let limit = try fields.required("limit", fields.integer("limit"))
        guard limit > 0 else { throw CommandError.badValue("$vectorSearch.limit must be positive") }
        var query = VectorQuery(field: path, vector: vector, k: limit)
        query.exact = try fields.bool("exact")
        if let candidates = try fields.integer("numCandidates") {
            guard candidates >= limit else {
                throw CommandError.badValue("$vectorSearch.numCandidates must be at least the limit")
            }
            query.breadth = candidates
        }
        query.filter = try fields.document("filter")
        self.query = query
    }

    /// The hits, each with its score under a name that only projections see.
    func documents(of reader: some CollectionReading) throws -> [Document] {
        try reader.search(query).compactMap { hit in
            guard var document = hit.document else { return nil }
            document.append(VectorScore.field, .double(Double(hit.score)))
            return document
        }
    }
}
