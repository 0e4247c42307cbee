// findAndModify: changes or removes the first document of an order, and answers with it as it was or as it became.

extension CommandRunner {
    func findAndModify(_ arguments: CommandArguments) throws -> Document {
        let request = try ModifyRequest(arguments)
        return try writing("findAndModify") { try request.run(in: $0) }
    }
}

private struct ModifyRequest {
    private let name: String
    private let query: Document
    private let sort: Document?
    private let projection: Projection?
    private let update: Document?
    private let upsert: Bool
    private let wantsNew: Bool

    init(_ arguments: CommandArguments) throws {
        name = try arguments.collection()
        query = try arguments.document("query") ?? Document()
        _ = try Filter(query)
        sort = try arguments.document("sort")
        if let sort, !sort.isEmpty { _ = try SortSpec(sort) }
        projection = try arguments.document("fields").flatMap { $0.isEmpty ? nil : try Projection($0) }
        let removes = try arguments.bool("remove")
        upsert = try arguments.bool("upsert")
        wantsNew = try arguments.bool("new")
        switch arguments["update"] {
        case nil: update = nil
        case .document(let document)?:
            _ = try UpdateSpec(document)
            update = document
        case .array?: throw CommandError.notBuilt("an update by an aggregation pipeline")
        case let other?:
            throw CommandError.failedToParse(
                "Update argument must be either an object or an array, not '\(other.type.name)'")
        }
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
        let found = try collection.find(query, sort: sort, limit: 1).first
        guard let update else { return try remove(found, from: collection) }
        guard let found, let id = found["_id"] else { return try insert(update, into: collection) }
        let outcome = try collection.update(["_id": ["$eq": id]], update)
        let value = wantsNew ? try collection.get(id) : found
        return reply(["n": 1, "updatedExisting": true], value, isChange: outcome.modified > 0)
    }

    private func remove(_ found: Document?, from collection: CollectionWriter) throws -> CommandRunner.Outcome {
        guard let found, let id = found["_id"] else { return reply(["n": 0], nil, isChange: false) }
        try collection.delete(id)
        return reply(["n": 1], found, isChange: true)
    }

    private func insert(_ update: Document, into collection: CollectionWriter) throws -> CommandRunner.Outcome {
        guard upsert else { return reply(["n": 0, "updatedExisting": false], nil, isChange: false) }
        let outcome: UpdateOutcome
        do { outcome = try collection.update(query, update, upsert: true) } catch {
            throw CommandError.naming(error, filter: query, in: name)
        }
        let id = outcome.upsertedID ?? .null
        let value = wantsNew ? try collection.get(id) : nil
        return reply(["n": 1, "updatedExisting": false, "upserted": id], value, isChange: true)
    }

    private func reply(_ last: Document, _ value: Document?, isChange: Bool) -> CommandRunner.Outcome {
        let shown = value.map { BSONValue.document(projection?.apply($0) ?? $0) } ?? .null
        return CommandRunner.Outcome(
            reply: Reply.with([("lastErrorObject", .document(last)), ("value", shown)]), isChange: isChange,
            target: name, details: last)
    }
}
