import StoreIO

// findAndModify: changes or removes the first document of an order, and answers with it as it was or as it became.

extension CommandRunner {
    func findAndModify(_ arguments: CommandArguments) throws -> Document {
        let request = try ModifyRequest(arguments, options: queryOptions(arguments))
        return try writing("findAndModify") { try request.run(in: $0) }
    }
}

private struct ModifyRequest {
    private let name: String
    private let query: FindQuery
    private let projection: Projection?
    private let update: BSONValue?
    private let arrayFilters: [Document]
    private let upsert: Bool
    private let wantsNew: Bool

    init(_ arguments: CommandArguments, options: QueryOptions) throws {
        name = try arguments.collection()
        query = FindQuery(
            try arguments.document("query") ?? Document(), sort: try arguments.document("sort"), limit: 1,
            hint: arguments["hint"], options: options, maxTimeMS: try arguments.count("maxTimeMS"))
        let shape = try QueryShape(query)
        projection = try arguments.document("fields").flatMap {
            $0.isEmpty ? nil : try Projection($0, filter: shape.filter, options: options)
        }
        arrayFilters = arguments["arrayFilters"] == nil ? [] : try arguments.documents("arrayFilters")
        let removes = try arguments.bool("remove")
        upsert = try arguments.bool("upsert")
        wantsNew = try arguments.bool("new")
        update = arguments["update"]
        if let update { _ = try UpdateSpec(value: update, arrayFilters: arrayFilters, options: options) }
        guard removes || update != nil else {
            throw CommandError.failedToParse("Either an update or remove=true must be specified")
        }
        guard removes else { return }
        guard update == nil else { throw CommandError.failedToParse("Cannot specify both an update and remove=true") }
        guard !upsert else { throw CommandError.failedToParse("Cannot specify both upsert=true and remove=true") }
        guard !wantsNew else {
            throw CommandError.failedToParse(
                "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document")
        }
    }

    func run(in transaction: WriteTransaction) throws -> CommandRunner.Outcome {
        let collection: CollectionWriter = transaction.collection(name)
        var request = UpdateRequest(query.filter, .document([:]))
        request.query = query
        request.upsert = upsert
        request.arrayFilters = arrayFilters
        guard let update else {
            let found = try collection.find(query).first
            guard let found, let id = found["_id"] else { return try reply(["n": 0], nil, isChange: false) }
            try collection.delete(id)
            return try reply(["n": 1], found, isChange: true)
        }
        request.update = update
        let outcome: UpdateOutcome
        do { outcome = try collection.update(request) } catch {
            throw CommandError.naming(error, filter: query.filter, in: name)
        }
        if let id = outcome.upsertedID {
            let value = wantsNew ? try collection.get(id) : nil
            return try reply(["n": 1, "updatedExisting": false, "upserted": id], value, isChange: true)
        }
        guard let found = outcome.firstBefore else {
            return try reply(["n": 0, "updatedExisting": false], nil, isChange: false)
        }
        let value = wantsNew ? outcome.firstAfter ?? found : found
        return try reply(["n": 1, "updatedExisting": true], value, isChange: outcome.modified > 0)
    }

    private func reply(_ last: Document, _ value: Document?, isChange: Bool) throws -> CommandRunner.Outcome {
        let shown = try value.map { BSONValue.document(try projection?.apply($0) ?? $0) } ?? .null
        return CommandRunner.Outcome(
            reply: Reply.with([("lastErrorObject", .document(last)), ("value", shown)]), isChange: isChange,
            target: name, details: last)
    }
}
