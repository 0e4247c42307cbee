import StoreIO

// bulkWrite: inserts, updates and deletes on several collections in one command, each with a reply of its own.
//
// 1. `ops` name their collection by its place in `nsInfo`. All of them are read, and refused as a whole, before the first
//    is run.
// 2. An operation that fails changes nothing and is named by its place; in order (the default) nothing runs after it.
//    What came before stays. All of them commit together.
// 3. The replies are a cursor, as those of `find`; with `errorsOnly` only failures are in it.

extension CommandRunner {
    func bulkWrite(_ arguments: CommandArguments) throws -> Document {
        let request = try BulkRequest(arguments, options: queryOptions(arguments))
        let log = try statementLog(arguments)
        let batchSize = try arguments.batchSize()
        let errorsOnly = try arguments.bool("errorsOnly")
        var results: [Document] = []
        let reply = try writing("bulkWrite") { transaction in
            let counts = try request.run(in: transaction, log) { result, failed in
                if failed || !errorsOnly { results.append(result) }
            }
            return Outcome(
                reply: counts.document, isChange: counts.isChange, failure: counts.first,
                target: request.names.joined(separator: " "), details: counts.document)
        }
        return try bulkReply(results, counts: reply, batchSize: batchSize)
    }

    /// The counts behind the cursor of the results.
    private func bulkReply(_ results: [Document], counts: Document, batchSize: Int?) throws -> Document {
        let shown: Document
        if case let count = batchSize ?? results.count, count < results.count, !isInTransaction {
            shown = try cursorReply(BulkRequest.namespace, batchSize: count) { _ in ListedDocuments(results) }
        } else {
            var batch = ReplyBatch()
            for result in results { try batch.append(result) }
            shown = Reply.cursor(batch, namespace: BulkRequest.namespace)
        }
        return Document(fields: shown.map { ($0, $1) } + counts.map { ($0, $1) })
    }
}

/// The operations of a `bulkWrite`.
private struct BulkRequest {
    static let namespace = "$cmd.bulkWrite"

    private enum Operation {
        case insert(Document)
        case update(UpdateStatement)
        case delete(DeleteStatement)
    }

    struct Counts {
        var errors = 0
        var (inserted, matched, modified, upserted, deleted) = (0, 0, 0, 0, 0)
        var first: CommandError?

        var isChange: Bool { inserted + modified + upserted + deleted > 0 }

        var document: Document {
            [
                "nErrors": BSONValue(errors), "nInserted": BSONValue(inserted), "nMatched": BSONValue(matched),
                "nModified": BSONValue(modified), "nUpserted": BSONValue(upserted), "nDeleted": BSONValue(deleted),
            ]
        }
    }

    let names: [String]
    private let operations: [(operation: Operation, place: Int)]

    init(_ arguments: CommandArguments, options: QueryOptions) throws {
        names = try arguments.documents("nsInfo").map { info in
            let fields = try CommandArguments(
                info, name: "bulkWrite.nsInfo", known: ["ns"],
                unbuilt: ["collectionUUID", "encryptionInformation"])
            let name = try fields.required("ns", fields.string("ns"))
            guard !name.isEmpty, !name.utf8.contains(0) else {
                throw CommandError(73, "InvalidNamespace", "Invalid namespace specified for bulkWrite: '\(name)'")
            }
            return name
        }
        let places = names.count
        operations = try arguments.statements("ops").map { statement in
            let (operation, place) = try Self.operation(statement, options)
            guard (0..<places).contains(place) else {
                throw CommandError.badValue(
                    "BulkWrite ops entry \(ShellText.document(statement)) has an invalid nsInfo index.")
            }
            return (operation, place)
        }
    }

    private static func operation(_ statement: Document, _ options: QueryOptions) throws -> (Operation, place: Int) {
        let kind = statement.keys.first ?? ""
        func fields(_ known: Set<String>, unbuilt: Set<String> = []) throws -> CommandArguments {
            try CommandArguments(
                statement, name: "bulkWrite.ops.\(kind)", known: known.union([kind]), unbuilt: unbuilt)
        }
        func place(_ fields: CommandArguments) throws -> Int { try fields.required(kind, fields.count(kind)) }
        switch kind {
        case "insert":
            let fields = try fields(["document"])
            return (.insert(try fields.requiredDocument("document")), try place(fields))
        case "update":
            let fields = try fields(
                [
                    "filter", "updateMods", "multi", "upsert", "collation", "arrayFilters", "hint", "constants", "sort",
                ], unbuilt: ["upsertSupplied", "sampleId"])
            let update = try UpdateStatement(
                fields, filter: "filter", update: "updateMods", constants: "constants", options)
            return (.update(update), try place(fields))
        case "delete":
            let fields = try fields(["filter", "multi", "hint", "collation"], unbuilt: ["sampleId"])
            var own = options
            own.collation = try fields.collation()
            let query = FindQuery(
                try fields.requiredDocument("filter"), limit: try fields.bool("multi") ? nil : 1,
                hint: try fields.hint(), options: own)
            return (.delete(DeleteStatement(query: query)), try place(fields))
        default:
            throw CommandError.badValue(
                "Unrecognized bulkWrite operation '\(kind)': an operation begins with insert, update or delete")
        }
    }

    /// Runs the operations. `report` takes the reply of each one that was run, and whether it failed.
    func run(
        in transaction: WriteTransaction, _ log: StatementLog, _ report: (Document, _ failed: Bool) throws -> Void
    ) throws -> Counts {
        var log = log
        let limit = log.maxTimeMS
        var counts = Counts()
        for (index, (operation, place)) in operations.enumerated() {
            let collection: CollectionWriter = transaction.collection(names[place])
            var result: Document = ["ok": 1, "idx": BSONValue(index)]
            let goesOn = try log.attempt(index) {
                switch operation {
                case .insert(let document):
                    try collection.add(document)
                    counts.inserted += 1
                    result.append("n", 1)
                case .update(let statement):
                    let outcome = try statement.run(on: collection, within: limit)
                    counts.matched += outcome.matched
                    counts.modified += outcome.modified
                    counts.upserted += outcome.upsertedID == nil ? 0 : 1
                    result.append("n", BSONValue(outcome.matched + (outcome.upsertedID == nil ? 0 : 1)))
                    result.append("nModified", BSONValue(outcome.modified))
                    if let id = outcome.upsertedID { result.append("upserted", ["_id": id]) }
                case .delete(let statement):
                    let deleted = try statement.run(on: collection, within: limit)
                    counts.deleted += deleted
                    result.append("n", BSONValue(deleted))
                }
            }
            if let failure = log.failures.last, failure.index == index {
                counts.errors += 1
                result = ["ok": 0, "idx": BSONValue(index), "code": BSONValue(failure.error.code)]
                for (key, value) in failure.error.details { result.append(key, value) }
                result.append("errmsg", .string(failure.error.message))
                result.append("n", 0)
                if case .update = operation { result.append("nModified", 0) }
                try report(result, true)
            } else {
                try report(result, false)
            }
            if !goesOn { break }
        }
        counts.first = log.first
        return counts
    }
}
