// Commands that change documents: insert, update, delete, each a list of statements.
//
// 1. Statements run in order. One that fails changes nothing and is named in `writeErrors`; an ordered write (the
//    default) stops there, an unordered one goes on. What came before stays, and commits.
// 2. All statements of a command commit together, durably, before the reply.
// 3. Faults of the file (a damaged page, a full disk) are no fault of a statement: they fail the command, and nothing
//    of it stays.

extension CommandRunner {
    static let writeCommands = [
        Command("insert", fields: ["documents", "ordered"], unbuilt: ["bypassDocumentValidation"]) {
            try $0.insert($1)
        },
        Command("update", fields: ["updates", "ordered", "let"], unbuilt: ["bypassDocumentValidation"]) {
            try $0.update($1)
        },
        Command("delete", fields: ["deletes", "ordered", "let"]) { try $0.delete($1) },
        Command(
            "findAndModify", "findandmodify",
            fields: [
                "query", "sort", "remove", "update", "new", "fields", "upsert", "collation", "arrayFilters", "hint",
                "let",
            ], unbuilt: ["bypassDocumentValidation"]
        ) { try $0.findAndModify($1) },
    ]

    private func insert(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let documents = try arguments.statements("documents")
        let isOrdered = try arguments.isOrdered()
        return try writing("insert") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var log = StatementLog(isOrdered: isOrdered)
            var inserted = 0
            for (index, document) in documents.enumerated() {
                let goesOn = try log.attempt(index) {
                    do { try collection.insert(document) } catch let error as StoreError {
                        guard error.code == .duplicateKey, error.details.isEmpty, let id = document["_id"] else {
                            throw error
                        }
                        throw CommandError.duplicateID(id, in: name)
                    }
                    inserted += 1
                }
                if !goesOn { break }
            }
            return log.outcome([("n", BSONValue(inserted))], changes: inserted, target: name)
        }
    }

    private func update(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let options = try queryOptions(arguments)
        let statements = try arguments.statements("updates").map { try UpdateStatement($0, options) }
        let isOrdered = try arguments.isOrdered()
        return try writing("update") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var log = StatementLog(isOrdered: isOrdered)
            var (matched, modified) = (0, 0)
            var upserted: [BSONValue] = []
            for (index, statement) in statements.enumerated() {
                let goesOn = try log.attempt(index) {
                    let outcome = try statement.run(on: collection)
                    matched += outcome.matched
                    modified += outcome.modified
                    if let id = outcome.upsertedID {
                        upserted.append(.document(["index": BSONValue(index), "_id": id]))
                    }
                }
                if !goesOn { break }
            }
            var fields: [(String, BSONValue)] = [
                ("n", BSONValue(matched + upserted.count)), ("nModified", BSONValue(modified)),
            ]
            if !upserted.isEmpty { fields.append(("upserted", .array(upserted))) }
            return log.outcome(fields, changes: modified + upserted.count, target: name)
        }
    }

    private func delete(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let shared = try queryOptions(arguments)
        let statements = try arguments.statements("deletes").map { statement in
            let fields = try CommandArguments(
                statement, name: "delete.deletes", known: ["q", "limit", "collation", "hint"])
            let filter = try fields.required("q", fields.document("q"))
            let limit = try fields.required("limit", fields.integer("limit"))
            guard limit == 0 || limit == 1 else {
                throw CommandError.failedToParse(
                    "The limit field in delete objects must be 0 or 1. Got \(limit)")
            }
            var options = shared
            options.collation = try fields.document("collation").flatMap { try Collation($0) }
            return FindQuery(filter, limit: limit == 1 ? 1 : nil, hint: fields["hint"], options: options)
        }
        let isOrdered = try arguments.isOrdered()
        return try writing("delete") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var log = StatementLog(isOrdered: isOrdered)
            var deleted = 0
            for (index, statement) in statements.enumerated() {
                let goesOn = try log.attempt(index) {
                    deleted += try collection.delete(statement)
                }
                if !goesOn { break }
            }
            return log.outcome([("n", BSONValue(deleted))], changes: deleted, target: name)
        }
    }
}

/// One element of `updates`.
struct UpdateStatement {
    private let request: UpdateRequest

    init(_ statement: Document, _ shared: QueryOptions) throws {
        let fields = try CommandArguments(
            statement, name: "update.updates",
            known: ["q", "u", "multi", "upsert", "collation", "arrayFilters", "hint", "c"],
            unbuilt: ["upsertSupplied", "sort"])
        var request = UpdateRequest(
            try fields.required("q", fields.document("q")), try fields.required("u", fields["u"]))
        request.multi = try fields.bool("multi")
        request.upsert = try fields.bool("upsert")
        request.arrayFilters = fields["arrayFilters"] == nil ? [] : try fields.documents("arrayFilters")
        request.query.hint = fields["hint"]
        request.query.options = shared
        request.query.options.collation = try fields.document("collation").flatMap { try Collation($0) }
        for (name, value) in try fields.document("c") ?? Document() { request.query.options.variables[name] = value }
        self.request = request
    }

    func run(on collection: CollectionWriter) throws -> UpdateOutcome {
        do { return try collection.update(request) } catch {
            throw CommandError.naming(error, filter: request.query.filter, in: collection.name)
        }
    }
}

extension CommandError {
    /// An upsert's refusal with the `_id` that its filter asks for, where that is what was taken.
    static func naming(_ error: StoreError, filter: Document, in collection: String) -> any Error {
        guard error.code == .duplicateKey, error.details.isEmpty, let id = (try? Filter(filter))?.identifier else {
            return error
        }
        return duplicateID(id, in: collection)
    }
}

/// The statements of one command that failed, and whether to go on.
struct StatementLog {
    let isOrdered: Bool
    private var errors: [BSONValue] = []
    private var first: CommandError?

    init(isOrdered: Bool) { self.isOrdered = isOrdered }

    /// Runs a statement; false when the ones after it must not run. Throws what is no fault of the statement.
    mutating func attempt(_ index: Int, _ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch {
            if let error = error as? StoreError, !error.isRefusalOfInput { throw error }
            let failure = CommandError(any: error)
            errors.append(.document(failure.writeError(at: index)))
            first = first ?? failure
            return !isOrdered
        }
    }

    func outcome(_ fields: [(String, BSONValue)], changes: Int, target: String) -> CommandRunner.Outcome {
        var fields = fields
        let details = Document(fields: fields)
        if !errors.isEmpty { fields.append(("writeErrors", .array(errors))) }
        return CommandRunner.Outcome(
            reply: Reply.with(fields), isChange: changes > 0, failure: first, target: target, details: details)
    }
}

extension StoreError {
    /// Whether the input was refused and nothing changed; otherwise the file or the transaction is at fault.
    var isRefusalOfInput: Bool {
        let refusals: Set<Code> = [
            .duplicateKey, .invalidDocument, .invalidVector, .limitExceeded, .invalidArgument, .invalidName,
            .noSuchCollection, .noSuchIndex,
        ]
        return refusals.contains(code)
    }
}
