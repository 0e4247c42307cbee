import StoreIO

// explain: how a find, count, distinct, aggregate, update, delete or findAndModify would be answered.

extension CommandRunner {
    static let explainCommands = [
        Command("explain", fields: ["verbosity"]) { try $0.explain($1) }
    ]

    private func explain(_ arguments: CommandArguments) throws -> Document {
        guard let inner = arguments.document["explain"]?.document, let name = inner.keys.first else {
            throw CommandError.typeMismatch("BSON field 'explain.explain' must be an object: the command to explain")
        }
        let word = try arguments.string("verbosity") ?? ExplainVerbosity.allPlansExecution.rawValue
        guard let verbosity = ExplainVerbosity(rawValue: word) else {
            throw CommandError.badValue(
                "Enumeration value '\(word)' for field 'explain.verbosity' is not a valid value.")
        }
        let (query, isCount) = try explained(inner, name)
        guard let collection = inner[name]?.string, !collection.isEmpty else {
            throw CommandError(73, "InvalidNamespace", "collection name has invalid type")
        }
        let result = try reading {
            try $0.reader(collection).explanation(query, verbosity: verbosity, counting: isCount)
        }
        var fields = result.map { ($0, $1) }
        fields.append(("command", .document(inner)))
        return Reply.with(fields)
    }

    /// The query that a command puts to its collection, and whether it only counts.
    private func explained(_ command: Document, _ name: String) throws -> (FindQuery, isCount: Bool) {
        func options(_ document: Document) throws -> QueryOptions {
            QueryOptions(
                collation: try document["collation"]?.document.flatMap { try Collation($0) },
                variables: document["let"]?.document ?? Document(),
                now: BSONDate(millisecondsSince1970: store.options.time.now()))
        }
        func first(_ list: String) throws -> Document {
            guard let statements = command[list]?.array, statements.count == 1, let only = statements[0].document else {
                throw CommandError.badValue("explain takes one statement of '\(name)'")
            }
            return only
        }
        switch name {
        case "find":
            return (
                FindQuery(
                    command["filter"]?.document ?? [:], sort: command["sort"]?.document,
                    skip: max(0, command["skip"]?.int ?? 0), limit: command["limit"]?.int.flatMap { $0 > 0 ? $0 : nil },
                    projection: command["projection"]?.document, hint: command["hint"], options: try options(command)),
                false
            )
        case "count":
            return (
                FindQuery(
                    command["query"]?.document ?? [:], hint: command["hint"], options: try options(command)), true
            )
        case "distinct":
            return (
                FindQuery(command["query"]?.document ?? [:], hint: command["hint"], options: try options(command)),
                false
            )
        case "aggregate":
            let pipeline = try AggregationPipeline(
                command["pipeline"]?.array ?? [], options: try options(command), hint: command["hint"])
            let (query, rest) = pipeline.split()
            if case .count? = rest.first { return (query, true) }
            return (query, false)
        case "update":
            let statement = try first("updates")
            return (
                FindQuery(
                    statement["q"]?.document ?? [:], limit: statement["multi"]?.bool == true ? nil : 1,
                    hint: statement["hint"], options: try options(statement)), false
            )
        case "delete":
            let statement = try first("deletes")
            return (
                FindQuery(
                    statement["q"]?.document ?? [:], limit: statement["limit"]?.int == 1 ? 1 : nil,
                    hint: statement["hint"], options: try options(statement)), false
            )
        case "findAndModify", "findandmodify":
            return (
                FindQuery(
                    command["query"]?.document ?? [:], sort: command["sort"]?.document, limit: 1, hint: command["hint"],
                    options: try options(command)), false
            )
        default:
            throw CommandError(59, "CommandNotFound", "Explain failed due to unknown command: \(name)")
        }
    }
}
