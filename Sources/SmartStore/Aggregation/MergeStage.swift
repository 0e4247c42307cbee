// $merge and $out: the result of a pipeline goes into a collection. And $vectorSearch, where one may begin.

struct MergeStage: Sendable {
    enum Matched: Sendable {
        case replace
        case keepExisting
        case merge
        case fail
        /// A pipeline for the document that is there, and variables of the new one.
        case pipeline([BSONValue], variables: [(name: String, value: AggregationExpression)])
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
        guard let into = document["into"] else {
            throw DocumentError(.location(40414), "BSON field '$merge.into' is missing but a required field")
        }
        guard into.string != nil || into.document != nil else {
            throw DocumentError(
                .location(51178),
                "$merge 'into' field must be either a string or an object, but found \(into.type.name)")
        }
        guard let name = into.string ?? into.document?["coll"]?.string, !name.isEmpty else {
            throw DocumentError(
                .location(into.string == nil ? 5_786_801 : 5_786_800),
                "$merge 'into' field must name a collection")
        }
        target = name
        on = try Self.fields(document["on"])
        let usesPipeline = document["whenMatched"]?.array != nil
        guard document["let"] == nil || usesPipeline else {
            throw DocumentError(
                .location(51199), "Cannot use 'let' variables with 'whenMatched' that is no pipeline")
        }
        switch document["whenMatched"] {
        case nil, .string("merge")?: matched = .merge
        case .string("replace")?: matched = .replace
        case .string("keepExisting")?: matched = .keepExisting
        case .string("fail")?: matched = .fail
        case .array(let stages)?:
            let variables = try Self.variables(document["let"], options)
            let names = Document(fields: (variables.map(\.name) + ["new"]).map { ($0, .null) })
            _ = try PipelineUpdate(stages, options: options.adding(names))
            matched = .pipeline(stages, variables: variables)
        case .string(let word)?:
            throw DocumentError(
                .badValue, "Enumeration value '\(word)' for field 'whenMatched' is not a valid value.")
        case let other?:
            throw DocumentError(
                .location(51191),
                "$merge 'whenMatched' field must be either a string or an array, but found \(other.type.name)")
        }
        let word = document["whenNotMatched"]?.string ?? "insert"
        guard let rule = NotMatched(rawValue: word) else {
            throw DocumentError(
                .badValue, "Enumeration value '\(word)' for field '$merge.whenNotMatched' is not a valid value.")
        }
        notMatched = rule
    }

    private static func fields(_ value: BSONValue?) throws(DocumentError) -> [String] {
        switch value {
        case nil: return ["_id"]
        case .string(let field)?: return [field]
        case .array(let fields)?:
            guard !fields.isEmpty else {
                throw DocumentError(
                    .location(51187), "If explicitly specifying $merge 'on', must include at least one field")
            }
            var names: [String] = []
            for field in fields {
                guard let name = field.string else {
                    throw DocumentError(
                        .location(51134), "$merge 'on' array elements must be strings, but found \(field.type.name)")
                }
                guard !names.contains(name) else {
                    throw DocumentError(.location(31465), "Found a duplicate field '\(name)' in $merge 'on'")
                }
                names.append(name)
            }
            return names
        case let other?:
            throw DocumentError(
                .location(51186),
                "$merge 'on' field must be either a string or an array of strings, but found \(other.type.name)")
        }
    }

    private static func variables(
        _ value: BSONValue?, _ options: QueryOptions
    ) throws(DocumentError) -> [(name: String, value: AggregationExpression)] {
        guard let value else { return [] }
        guard let document = value.document else {
            throw DocumentError(
                .typeMismatch,
                "BSON field '$merge.let' is the wrong type '\(value.type.name)', expected type 'object'")
        }
        var variables: [(name: String, value: AggregationExpression)] = []
        for (name, value) in document {
            try ExpressionParser.checkName(name)
            guard name != "new" || value == .string("$$ROOT") else {
                throw DocumentError(
                    .location(51273), "'let' may not define a value for the variable 'new' other than '$$ROOT'")
            }
            variables.append((name, try AggregationExpression(value, options: options)))
        }
        return variables
    }

    /// Puts one document into the collection.
    func put(_ document: Document, into collection: CollectionWriter) throws {
        var filter = Document()
        for field in on {
            let value = document[path: field]
            if value?.array != nil {
                throw CommandError(
                    location: 51185, "$merge write error: 'on' field '\(field)' is an array")
            }
            // A new document without an identifier gets one, and matches none.
            guard let value, field == "_id" || !value.isNullish else {
                if field == "_id" { continue }
                throw CommandError(
                    location: 51132,
                    "$merge write error: 'on' field '\(field)' cannot be missing, null or undefined")
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
        case .pipeline(let stages, let variables):
            var bound = options.adding(["new": .document(document)])
            for (name, expression) in variables where name != "new" {
                bound.variables[name] = try expression.evaluate(document) ?? .null
            }
            result = try PipelineUpdate(stages, options: bound).apply(to: present)
        }
        if result["_id"] == nil { result = Document(fields: [("_id", id)] + result.map { ($0, $1) }) }
        guard let changed = result["_id"], ValueOrder.compare(changed, id) == 0 else {
            throw CommandError(
                66, "ImmutableField",
                "$merge failed to update the matching document, did you attempt to modify the _id?")
        }
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
