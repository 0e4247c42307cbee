import StoreIO

// aggregate: a pipeline over a collection, or over the documents that it begins with.

extension CommandRunner {
    func aggregate(_ arguments: CommandArguments) throws -> Document {
        // `aggregate: 1` is for pipelines that begin with their own documents.
        let isFree = arguments.document["aggregate"]?.int == 1
        let name = isFree ? "$cmd.aggregate" : try arguments.collection()
        let elements = try arguments.required("pipeline", arguments.array("pipeline"))
        var batchSize: Int?
        if let options = try arguments.document("cursor") {
            batchSize = try CommandArguments(options, name: "cursor", known: ["batchSize"]).count("batchSize")
        }
        let pipeline = try AggregationPipeline(
            elements, options: try queryOptions(arguments), hint: arguments["hint"],
            maxTimeMS: try arguments.count("maxTimeMS"))
        if isFree {
            guard case .documents? = pipeline.stages.first else {
                throw CommandError(
                    73, "InvalidNamespace", "{aggregate: 1} is not valid for a pipeline that reads a collection")
            }
        }
        if pipeline.writes {
            return try writing("aggregate") { transaction in
                try transaction.collection(name).write(pipeline)
                return Outcome(reply: Reply.cursor(ReplyBatch(), namespace: name), target: name)
            }
        }
        return try cursorReply(name, batchSize: batchSize) { try pipeline.source(over: $0.reader(name)) }
    }

    /// Collation, variables and time of a command.
    func queryOptions(_ arguments: CommandArguments) throws -> QueryOptions {
        QueryOptions(
            collation: try arguments.document("collation").flatMap { try Collation($0) },
            variables: try arguments.document("let") ?? Document(),
            now: BSONDate(millisecondsSince1970: store.options.time.now()))
    }
}
