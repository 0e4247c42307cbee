import StoreIO

// Commands that change documents: insert, update, delete, each a list of statements.
//
// 1. Statements run in order. One that fails changes nothing and is named in `writeErrors`; an ordered write (the
//    default) stops there, an unordered one goes on. What came before stays, and commits.
// 2. All statements of a command commit together, durably, before the reply.
// 3. Faults of the file (a damaged page, a full disk) are no fault of a statement: they fail the command, and nothing
//    of it stays.

extension CommandRunner {
    static let writeCommands = [
        Command("insert", fields: ["documents", "ordered", "bypassDocumentValidation"]) { try $0.insert($1) },
        Command("update", fields: ["updates", "ordered", "let", "bypassDocumentValidation"]) { try $0.update($1) },
        Command("delete", fields: ["deletes", "ordered", "let"]) { try $0.delete($1) },
        Command(
            "findAndModify", "findandmodify",
            fields: [
                "query", "sort", "remove", "update", "new", "fields", "upsert", "collation", "arrayFilters", "hint",
                "let", "bypassDocumentValidation",
            ]
        ) { try $0.findAndModify($1) },
        Command(
            "bulkWrite",
            fields: ["ops", "nsInfo", "ordered", "errorsOnly", "let", "cursor", "bypassDocumentValidation"]
        ) { try $0.bulkWrite($1) },
    ]

    private func insert(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let documents = try arguments.statements("documents")
        var log = try statementLog(arguments)
        return try writing("insert") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var inserted = 0
            for (index, document) in documents.enumerated() {
                let goesOn = try log.attempt(index) {
                    try collection.add(document)
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
        var log = try statementLog(arguments)
        let limit = log.maxTimeMS
        return try writing("update") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var (matched, modified) = (0, 0)
            var upserted: [BSONValue] = []
            for (index, statement) in statements.enumerated() {
                let goesOn = try log.attempt(index) {
                    let outcome = try statement.run(on: collection, within: limit)
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
        let options = try queryOptions(arguments)
        let statements = try arguments.statements("deletes").map { try DeleteStatement($0, options) }
        var log = try statementLog(arguments)
        let limit = log.maxTimeMS
        return try writing("delete") { transaction in
            let collection: CollectionWriter = transaction.collection(name)
            var deleted = 0
            for (index, statement) in statements.enumerated() {
                let goesOn = try log.attempt(index) {
                    deleted += try statement.run(on: collection, within: limit)
                }
                if !goesOn { break }
            }
            return log.outcome([("n", BSONValue(deleted))], changes: deleted, target: name)
        }
    }

    /// The record of a command's statements, with the time it may take.
    func statementLog(_ arguments: CommandArguments) throws -> StatementLog {
        StatementLog(
            isOrdered: try arguments.isOrdered(), maxTimeMS: try arguments.maxTimeMS(), time: store.options.time)
    }
}

extension CollectionWriter {
    /// Inserts a document; a refused `_id` is named with its key and value.
    func add(_ document: Document) throws {
        do { try insert(document) } catch {
            guard error.code == .duplicateKey, error.details.isEmpty, let id = document["_id"] else { throw error }
            throw CommandError.duplicateID(id, in: name)
        }
    }
}

/// One element of `deletes`.
struct DeleteStatement {
    let query: FindQuery

    init(_ statement: Document, _ shared: QueryOptions) throws {
        let fields = try CommandArguments(
            statement, name: "delete.deletes", known: ["q", "limit", "collation", "hint"])
        let filter = try fields.requiredDocument("q")
        let limit = try fields.required("limit", fields.integer("limit"))
        guard limit == 0 || limit == 1 else {
            throw CommandError.failedToParse("The limit field in delete objects must be 0 or 1. Got \(limit)")
        }
        var options = shared
        options.collation = try fields.collation()
        query = FindQuery(filter, limit: limit == 1 ? 1 : nil, hint: try fields.hint(), options: options)
    }

    init(query: FindQuery) { self.query = query }

    /// Returns how many are gone.
    func run(on collection: CollectionWriter, within maxTimeMS: Int?) throws -> Int {
        var query = query
        query.maxTimeMS = maxTimeMS
        return try collection.delete(query)
    }
}

/// One element of `updates`.
struct UpdateStatement {
    let request: UpdateRequest

    init(_ statement: Document, _ shared: QueryOptions) throws {
        let fields = try CommandArguments(
            statement, name: "update.updates",
            known: ["q", "u", "multi", "upsert", "collation", "arrayFilters", "hint", "c", "sort"],
            unbuilt: ["upsertSupplied"])
        try self.init(fields, filter: "q", update: "u", constants: "c", shared)
    }

    /// Reads a statement whose filter, update and constants have these names.
    init(
        _ fields: CommandArguments, filter: String, update: String, constants: String, _ shared: QueryOptions
    ) throws {
        var request = UpdateRequest(
            try fields.requiredDocument(filter), try fields.required(update, fields[update]))
        switch request.update {
        case .document, .array: break
        default: throw CommandError.failedToParse("Update argument must be either an object or an array")
        }
        request.multi = try fields.bool("multi")
        request.upsert = try fields.bool("upsert")
        request.arrayFilters = fields["arrayFilters"] == nil ? [] : try fields.documents("arrayFilters")
        request.query.hint = try fields.hint()
        request.query.sort = try fields.document("sort")
        guard request.query.sort == nil || !request.multi else {
            throw CommandError.failedToParse("Cannot specify sort with multi=true")
        }
        request.query.options = shared
        request.query.options.collation = try fields.collation()
        let values = try fields.document(constants) ?? Document()
        if case .document = request.update, !values.isEmpty {
            throw CommandError(
                location: 51198, "Constant values may only be specified for pipeline updates")
        }
        for (name, value) in values { request.query.options.variables[name] = value }
        self.request = request
    }

    func run(on collection: CollectionWriter, within maxTimeMS: Int?) throws -> UpdateOutcome {
        var request = request
        request.query.maxTimeMS = maxTimeMS
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
    /// The most milliseconds of a statement, and of all of them together; nil: no bound.
    let maxTimeMS: Int?
    private let deadline: QueryDeadline?
    /// Those that were refused, with their places.
    private(set) var failures: [(index: Int, error: CommandError)] = []

    init(isOrdered: Bool, maxTimeMS: Int?, time: any TimeSource) {
        self.isOrdered = isOrdered
        self.maxTimeMS = maxTimeMS
        deadline = maxTimeMS.map { QueryDeadline(milliseconds: $0, time: time) }
    }

    /// Runs a statement; false when the ones after it must not run. Throws what is no fault of the statement.
    mutating func attempt(_ index: Int, _ body: () throws -> Void) throws -> Bool {
        try deadline?.look()
        guard let failure = try Self.failure(of: body) else { return true }
        failures.append((index, failure))
        return !isOrdered
    }

    /// The first that was refused.
    var first: CommandError? { failures.first?.error }

    /// What a statement was refused for; nil when it was done. Throws what is no fault of the statement.
    static func failure(of body: () throws -> Void) throws -> CommandError? {
        do {
            try body()
            return nil
        } catch {
            if let error = error as? StoreError, !error.isRefusalOfInput { throw error }
            return CommandError(any: error)
        }
    }

    func outcome(_ fields: [(String, BSONValue)], changes: Int, target: String) -> CommandRunner.Outcome {
        var fields = fields
        let details = Document(fields: fields)
        if !failures.isEmpty {
            fields.append(("writeErrors", .array(failures.map { .document($0.error.writeError(at: $0.index)) })))
        }
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
