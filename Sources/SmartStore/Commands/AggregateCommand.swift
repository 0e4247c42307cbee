import StoreIO

// aggregate: a pipeline over a collection, or over the documents that it begins with.

extension CommandRunner {
    func aggregate(_ arguments: CommandArguments) throws -> Document {
        let batchSize = try arguments.batchSize()
        let (name, pipeline) = try pipeline(arguments)
        if try arguments.bool("explain") {
            guard arguments["cursor"] == nil || batchSize == nil else {
                throw CommandError.failedToParse("Can't specify 'batchSize' with 'explain'")
            }
            return try explanation(of: arguments, verbosity: .queryPlanner)
        }
        if pipeline.writes {
            return try writing("aggregate") { transaction in
                try transaction.collection(name).write(pipeline)
                return Outcome(reply: Reply.cursor(ReplyBatch(), namespace: name), target: name)
            }
        }
        return try cursorReply(name, batchSize: batchSize) { try pipeline.source(over: $0.reader(name)) }
    }

    /// What an `aggregate` asks, and of which collection; nil for a pipeline that begins with its own documents.
    func pipeline(_ arguments: CommandArguments) throws -> (name: String, AggregationPipeline) {
        // `aggregate: 1` is for pipelines that begin with their own documents.
        let isFree = arguments.document["aggregate"]?.int == 1
        let name = isFree ? "$cmd.aggregate" : try arguments.collection()
        let elements = try arguments.required("pipeline", arguments.array("pipeline"))
        let pipeline = try AggregationPipeline(
            elements, options: try queryOptions(arguments), hint: try arguments.hint(),
            maxTimeMS: try arguments.maxTimeMS(), allowsDiskUse: try arguments.allowsDiskUse())
        if isFree {
            guard case .documents? = pipeline.stages.first else {
                throw CommandError(
                    73, "InvalidNamespace", "{aggregate: 1} is not valid for a pipeline that reads a collection")
            }
        }
        return (name, pipeline)
    }

    /// Collation, variables and time of a command.
    func queryOptions(_ arguments: CommandArguments) throws -> QueryOptions {
        QueryOptions(
            collation: try arguments.collation(),
            variables: try arguments.document("let") ?? Document(),
            now: BSONDate(millisecondsSince1970: store.options.time.now()))
    }
}

extension CommandArguments {
    /// `allowDiskUse`; true where it is not given.
    func allowsDiskUse() throws(CommandError) -> Bool {
        self["allowDiskUse"] == nil ? true : try bool("allowDiskUse")
    }

    /// The size of a first batch in `cursor: {batchSize: n}`.
    func batchSize() throws(CommandError) -> Int? {
        guard let options = try document("cursor") else { return nil }
        return try CommandArguments(options, name: "\(name).cursor", known: ["batchSize"]).count("batchSize")
    }
}
