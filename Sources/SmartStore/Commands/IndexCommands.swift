import VectorIndex

// Commands about indexes. Every collection has `_id_`; beside it there are vector indexes, one a field, named
// FIELD_vector. Other kinds are refused (67).

extension CommandRunner {
    static let indexCommands = [
        Command("createIndexes", fields: ["indexes"], unbuilt: ["commitQuorum"]) { try $0.createIndexes($1) },
        Command("dropIndexes", "deleteIndexes", fields: ["index"]) { try $0.dropIndexes($1) },
        Command("listIndexes", fields: ["cursor"]) { try $0.listIndexes($1) },
    ]

    private func createIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let specifications = try arguments.documents("indexes").map { try IndexSpecification($0) }
        guard !specifications.isEmpty else {
            throw CommandError.badValue("Must specify at least one index to create")
        }
        return try writing("createIndexes") { transaction in
            let before = try transaction.info(name)
            for specification in specifications { try specification.create(on: name, in: transaction) }
            let after = try transaction.info(name)
            if before == nil, after == nil { try transaction.createCollection(name) }
            let counts = (
                before: (before?.vectorIndexes.count ?? 0) + 1, after: (after?.vectorIndexes.count ?? 0) + 1
            )
            var fields: [(String, BSONValue)] = [
                ("numIndexesBefore", BSONValue(counts.before)), ("numIndexesAfter", BSONValue(counts.after)),
            ]
            if before == nil {
                fields.append(("createdCollectionAutomatically", true))
            } else if counts.before == counts.after {
                fields.append(("note", "all indexes already exist"))
            }
            return Outcome(
                reply: Reply.with(fields), isChange: before == nil || counts.before != counts.after, target: name,
                details: ["indexes": .array(specifications.map { .string($0.name) })])
        }
    }

    private func dropIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let selection = try IndexSelection(arguments.required("index", arguments["index"]))
        return try writing("dropIndexes") { transaction in
            guard let info = try transaction.info(name) else { throw CommandError.namespaceNotFound("ns not found") }
            let fields = try selection.fields(of: info)
            for field in fields { try transaction.dropVectorIndex(on: name, field: field) }
            return Outcome(
                reply: Reply.with([("nIndexesWas", BSONValue(info.vectorIndexes.count + 1))]),
                isChange: !fields.isEmpty, target: name,
                details: ["indexes": .array(fields.map { .string(IndexDescription.name($0)) })])
        }
    }

    private func listIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        guard let info = try reading({ try $0.info(name) }) else {
            throw CommandError.namespaceNotFound("ns does not exist: \(name)")
        }
        var batch = ReplyBatch()
        try batch.append(IndexDescription.identifier)
        for index in info.vectorIndexes { try batch.append(IndexDescription.definition(index)) }
        return Reply.cursor(batch, namespace: name)
    }
}

/// Indexes as commands show them.
enum IndexDescription {
    static let identifier: Document = ["v": 2, "key": ["_id": 1], "name": "_id_"]

    static func name(_ field: String) -> String { "\(field)_vector" }

    static func definition(_ index: VectorIndexInfo) -> Document {
        var entry: Document = [
            "v": 2, "key": .document(Document(fields: [(index.field, "vector")])),
            "name": .string(name(index.field)), "dimension": BSONValue(index.dimension),
            "metric": .string(index.metric.rawValue), "storage": .string(index.storage.rawValue),
            "codes": .string(index.codes.rawValue), "m": BSONValue(index.connectivity),
            "efConstruction": BSONValue(index.buildBreadth),
        ]
        if index.isMultiple { entry.append("multiple", true) }
        return entry
    }

    static func statistics(_ index: VectorIndexInfo) -> Document {
        var entry = definition(index)
        entry.append("vectors", BSONValue(index.vectorCount))
        entry.append("unlinked", BSONValue(index.unlinkedCount))
        if let calibration = index.calibration {
            entry.append("recall", .double(calibration.recall(at: RecallKeeper.usualBreadth)))
        }
        return entry
    }
}

/// One element of `createIndexes`.
private struct IndexSpecification {
    let name: String
    private let vector: VectorSpecification?

    init(_ document: Document) throws {
        guard let key = document["key"]?.document else {
            throw CommandError.failedToParse("The 'key' field is a required property of an index specification")
        }
        if key == ["_id": 1] {
            name = "_id_"
            vector = nil
            return
        }
        guard key.count == 1, let (field, kind) = key.first(where: { _ in true }), kind.string == "vector" else {
            throw CommandError.cannotCreateIndex("an index of this kind is not built yet: \(ShellText.document(key))")
        }
        let fields = try CommandArguments(
            document, name: "createIndexes.indexes",
            known: [
                "key", "name", "v", "dimension", "metric", "storage", "codes", "multiple", "m", "efConstruction",
            ])
        name = IndexDescription.name(field)
        if let given = try fields.string("name"), given != name {
            throw CommandError.cannotCreateIndex("the vector index on '\(field)' is named '\(name)', not '\(given)'")
        }
        vector = try VectorSpecification(field, fields)
    }

    func create(on collection: String, in transaction: WriteTransaction) throws {
        try vector?.create(on: collection, in: transaction)
    }
}

/// Which indexes `dropIndexes` means: a name, names, a key, or "*" for all but `_id_`.
private struct IndexSelection {
    private let names: [String]
    private let key: Document?

    init(_ value: BSONValue) throws(CommandError) {
        switch value {
        case .string(let name): (names, key) = ([name], nil)
        case .document(let key): (names, self.key) = ([], key)
        case .array(let elements):
            let names = elements.compactMap(\.string)
            guard names.count == elements.count else {
                throw .typeMismatch("'dropIndexes.index' must be an array of strings")
            }
            (self.names, key) = (names, nil)
        default:
            throw .typeMismatch(
                "BSON field 'dropIndexes.index' is the wrong type '\(value.type.name)', expected types "
                    + "'[string, object, array]'")
        }
    }

    func fields(of info: CollectionInfo) throws(CommandError) -> [String] {
        let known = info.vectorIndexes.map(\.field)
        if names == ["*"] { return known }
        if names.contains("_id_") || key == ["_id": 1] {
            throw CommandError(72, "InvalidOptions", "cannot drop _id index")
        }
        if let key {
            guard let field = known.first(where: { key == Document(fields: [($0, "vector")]) }) else {
                throw CommandError(
                    27, "IndexNotFound", "can't find index with key: \(ShellText.document(key))")
            }
            return [field]
        }
        var fields: [String] = []
        for name in names {
            guard let field = known.first(where: { IndexDescription.name($0) == name }) else {
                throw CommandError(27, "IndexNotFound", "index not found with name [\(name)]")
            }
            fields.append(field)
        }
        return fields
    }
}
