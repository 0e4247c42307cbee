import StoreIO

// explain: how a find, count, distinct, aggregate, update, delete or findAndModify would be answered.
//
// 1. The command inside is read as if it were run: what it would refuse is refused here too.
// 2. Nothing is changed. What a write would do is told from the documents that it finds.

extension CommandRunner {
    static let explainCommands = [
        Command("explain", fields: ["verbosity"]) { try $0.explain($1) }
    ]

    private func explain(_ arguments: CommandArguments) throws -> Document {
        let given = try arguments.required("explain", arguments["explain"])
        guard let inner = given.document else {
            throw CommandError.typeMismatch(
                "BSON field 'explain.explain' is the wrong type '\(given.type.name)', expected type 'object'")
        }
        guard let name = inner.keys.first, let command = Self.commands[name], Self.explained.contains(name) else {
            throw CommandError(
                59, "CommandNotFound", "Explain failed due to unknown command: \(inner.keys.first ?? "")")
        }
        let word = try arguments.string("verbosity") ?? ExplainVerbosity.allPlansExecution.rawValue
        guard let verbosity = ExplainVerbosity(rawValue: word) else {
            throw CommandError.badValue(
                "Enumeration value '\(word)' for field 'explain.verbosity' is not a valid value.")
        }
        let fields = try CommandArguments(
            inner, name: name, known: command.fields.union([name]), unbuilt: command.unbuilt)
        return try explanation(of: fields, verbosity: verbosity)
    }

    private static let explained: Set<String> = [
        "find", "count", "distinct", "aggregate", "update", "delete", "findAndModify", "findandmodify",
    ]

    /// The reply of `explain` to a command.
    func explanation(of arguments: CommandArguments, verbosity: ExplainVerbosity) throws -> Document {
        let answer: Document
        switch arguments.name {
        case "aggregate": answer = try pipelineExplanation(arguments, verbosity)
        case "update", "delete", "findAndModify", "findandmodify": answer = try writeExplanation(arguments, verbosity)
        default:
            let query: FindQuery
            switch arguments.name {
            case "count": query = try countQuery(arguments)
            case "distinct": query = try distinctQuery(arguments).query
            default: query = try findQuery(arguments)
            }
            answer = try planned(
                query, of: arguments.collection(), verbosity, isCount: arguments.name == "count")
        }
        var fields: [(String, BSONValue)] = [("explainVersion", "1")]
        fields += answer.map { ($0, $1) }
        fields.append(("command", .document(arguments.document)))
        return Reply.with(fields)
    }

    private func planned(
        _ query: FindQuery, of name: String, _ verbosity: ExplainVerbosity, isCount: Bool = false
    ) throws -> Document {
        try reading { try $0.reader(name).explanation(query, verbosity: verbosity, counting: isCount) }
    }

    // MARK: Pipelines

    /// The plan of the stages that become a query, and the other stages as they were given.
    private func pipelineExplanation(
        _ arguments: CommandArguments, _ verbosity: ExplainVerbosity
    ) throws -> Document {
        let (name, pipeline) = try pipeline(arguments)
        let elements = try arguments.array("pipeline") ?? []
        switch pipeline.stages.first {
        case .documents?: return ["stages": .array(elements)]
        case .vectorSearch(let search)?:
            var shown = elements
            let filter = try reading { try $0.reader(name).filterExplanation(search.query, verbosity: verbosity) }
            if let filter, var first = elements.first?.document {
                first.append("filterPlan", .document(filter))
                shown[0] = .document(first)
            }
            return ["stages": .array(shown)]
        default: break
        }
        let (query, rest) = pipeline.split()
        var isCount = false
        if case .count? = rest.first { isCount = true }
        let answer = try planned(query, of: name, verbosity, isCount: isCount)
        guard !rest.isEmpty else { return answer }
        // An element may stand for several stages: those before `rest` are in the query.
        var left = pipeline.stages.count - rest.count
        var shown: [BSONValue] = [["$cursor": .document(answer)]]
        for element in elements {
            let count = try PipelineStage.parse(element, options: pipeline.options).count
            if left < count { shown.append(element) }
            left = max(0, left - count)
        }
        return ["stages": .array(shown)]
    }

    // MARK: Writes

    private func writeExplanation(_ arguments: CommandArguments, _ verbosity: ExplainVerbosity) throws -> Document {
        let options = try queryOptions(arguments)
        let name = try arguments.collection()
        let request: UpdateRequest
        var isDelete = false
        let isModify = arguments.name.lowercased() == "findandmodify"
        switch arguments.name {
        case "update":
            let statements = try arguments.statements("updates")
            guard statements.count == 1 else {
                throw CommandError(16, "InvalidLength", "explained write batches must be of size 1")
            }
            request = try UpdateStatement(statements[0], options).request
        case "delete":
            let statements = try arguments.statements("deletes")
            guard statements.count == 1 else {
                throw CommandError(16, "InvalidLength", "explained write batches must be of size 1")
            }
            var made = UpdateRequest([:], .document([:]))
            made.query = try DeleteStatement(statements[0], options).query
            made.multi = made.query.limit == nil
            request = made
            isDelete = true
        default:
            let modify = try ModifyRequest(arguments, options: options)
            var made = UpdateRequest([:], modify.update ?? .document([:]))
            made.query = modify.query
            made.upsert = modify.upsert
            made.arrayFilters = modify.arrayFilters
            request = made
            isDelete = modify.update == nil
        }
        var query = request.query
        query.limit = request.multi ? nil : 1
        var stage: Document = ["stage": isDelete ? "DELETE" : "UPDATE"]
        guard verbosity != .queryPlanner else {
            return Self.wrapping(try planned(query, of: name, verbosity), in: stage, returned: nil)
        }
        let found = try reading { view in
            let reader = view.reader(name)
            let answer = try reader.explanation(query, verbosity: verbosity, counting: false)
            let matched = answer[path: "executionStats.nReturned"]?.int ?? 0
            if isDelete {
                stage.append("nWouldDelete", BSONValue(matched))
            } else {
                stage.append("nMatched", BSONValue(matched))
                stage.append("nWouldModify", BSONValue(try reader.wouldModify(request, query)))
                stage.append("nWouldUpsert", BSONValue(matched == 0 && request.upsert ? 1 : 0))
            }
            return answer
        }
        let matched = found[path: "executionStats.nReturned"]?.int ?? 0
        return Self.wrapping(found, in: stage, returned: isModify ? matched : 0)
    }

    /// A plan as the input of the stage that writes.
    private static func wrapping(_ answer: Document, in stage: Document, returned: Int?) -> Document {
        func wrapped(_ inner: BSONValue?, _ outer: Document) -> BSONValue {
            var outer = outer
            if let inner { outer.append("inputStage", inner) }
            return .document(outer)
        }
        var answer = answer
        if var planner = answer["queryPlanner"]?.document {
            planner["winningPlan"] = wrapped(
                planner["winningPlan"], ["stage": stage["stage"] ?? .null])
            answer["queryPlanner"] = .document(planner)
        }
        if var statistics = answer["executionStats"]?.document, let returned {
            statistics["nReturned"] = BSONValue(returned)
            statistics["executionStages"] = wrapped(statistics["executionStages"], stage)
            answer["executionStats"] = .document(statistics)
        }
        return answer
    }
}

extension CollectionReading {
    /// How many of the documents of a query an update would change.
    fileprivate func wouldModify(_ request: UpdateRequest, _ query: FindQuery) throws -> Int {
        let update = try UpdateSpec(
            value: request.update, arrayFilters: request.arrayFilters, options: query.options)
        let filter = try Filter(query.filter, options: query.options)
        var count = 0
        try scan(query) { document in
            if try update.apply(to: document, foundBy: filter) != nil { count += 1 }
            return true
        }
        return count
    }
}
