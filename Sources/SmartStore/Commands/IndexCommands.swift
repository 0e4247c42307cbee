import VectorIndex

// Commands about indexes. Every collection has `_id_`; beside it there are secondary indexes, and vector indexes, one a
// field, named FIELD_vector.
//
// An index over many documents is made beside readers and writers, in transactions of its own; `onIndexBuild` is told how
// far it has come. When one of several indexes of a command is refused, none of them stays.

extension CommandRunner {
    static let indexCommands = [
        Command("createIndexes", fields: ["indexes"], unbuilt: ["commitQuorum"]) { try $0.createIndexes($1) },
        Command("dropIndexes", "deleteIndexes", fields: ["index"]) { try $0.dropIndexes($1) },
        Command("listIndexes", fields: ["cursor"]) { try $0.listIndexes($1) },
    ]

    private func createIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let specifications = try arguments.documents("indexes").map { try IndexRequest($0) }
        guard !specifications.isEmpty else {
            throw CommandError.badValue("Must specify at least one index to create")
        }
        if let reply = try createOnline(specifications, on: name) { return reply }
        return try writing("createIndexes") { transaction in
            let before = try transaction.info(name)
            for specification in specifications { try specification.create(on: name, in: transaction) }
            let after = try transaction.info(name)
            if before == nil, after == nil { try transaction.createCollection(name) }
            return Outcome(
                reply: Self.creationReply(before?.indexCount, after?.indexCount ?? 1),
                isChange: before == nil || before?.indexCount != after?.indexCount, target: name,
                details: ["indexes": .array(specifications.map { .string($0.name) })])
        }
    }

    /// - Parameter before: nil: the collection was made with its indexes.
    private static func creationReply(_ before: Int?, _ after: Int) -> Document {
        var fields: [(String, BSONValue)] = [
            ("numIndexesBefore", BSONValue(before ?? 1)), ("numIndexesAfter", BSONValue(after)),
        ]
        if before == after {
            fields.append(("note", "all indexes already exist"))
        } else {
            fields.append(("createdCollectionAutomatically", .bool(before == nil)))
        }
        return Reply.with(fields)
    }

    /// Documents up to which one transaction makes all the indexes of a command.
    private static let fewDocuments = 2_000

    /// Makes indexes over many documents beside writers; nil when one transaction does, or must do.
    private func createOnline(_ requests: [IndexRequest], on name: String) throws -> Document? {
        guard mayTakeSeveralTransactions, requests.contains(where: \.isSecondary),
            let before = try reading({ try $0.info(name) }), before.documentCount > Self.fewDocuments
        else { return nil }
        var made: [String] = []
        do {
            for request in requests {
                if case .secondary(let specification) = request {
                    let (report, index) = (onIndexBuild, specification.effectiveName)
                    let isNew = try store.createIndex(on: name, specification) { report?(index, $0) ?? true }
                    if isNew { made.append(index) }
                } else {
                    try store.writeSync { try request.create(on: name, in: $0) }
                }
            }
        } catch {
            for index in made { try? store.writeSync { _ = try $0.dropIndex(on: name, name: index) } }
            throw error
        }
        let after = try reading { try $0.info(name) }
        return Self.creationReply(before.indexCount, after?.indexCount ?? 1)
    }

    private func dropIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let selection = try IndexSelection(arguments.required("index", arguments["index"]))
        return try writing("dropIndexes") { transaction in
            guard let info = try transaction.info(name) else { throw CommandError.namespaceNotFound("ns not found") }
            let names = try selection.names(of: info)
            for index in names {
                if let field = info.vectorIndexes.first(where: { IndexDescription.name($0.field) == index })?.field {
                    try transaction.dropVectorIndex(on: name, field: field)
                } else {
                    try transaction.dropIndex(on: name, name: index)
                }
            }
            return Outcome(
                reply: Reply.with(
                    [("nIndexesWas", BSONValue(info.indexCount))]
                        + (selection.isEverything
                            ? [("msg", "non-_id indexes dropped for collection")] : [])), isChange: !names.isEmpty,
                target: name, details: ["indexes": .array(names.map { .string($0) })])
        }
    }

    private func listIndexes(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        return try cursorReply(name, batchSize: try arguments.batchSize() ?? .max) { view in
            guard let info = try view.info(name) else {
                throw CommandError.namespaceNotFound("ns does not exist: \(name)")
            }
            var entries = [IndexDescription.identifier]
            for index in info.indexes {
                var entry = index.specification.document
                if !index.isReady { entry.append("building", true) }
                entries.append(entry)
            }
            return ListedDocuments(entries + info.vectorIndexes.map { IndexDescription.definition($0) })
        }
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
private enum IndexRequest {
    case identifier
    case secondary(IndexSpecification)
    case vector(name: String, VectorSpecification)

    var isSecondary: Bool { if case .secondary = self { true } else { false } }

    var name: String {
        switch self {
        case .identifier: "_id_"
        case .secondary(let specification): specification.effectiveName
        case .vector(let name, _): name
        }
    }

    init(_ document: Document) throws {
        guard let given = document["key"] else {
            throw CommandError.failedToParse("The 'key' field is a required property of an index specification")
        }
        guard let key = given.document else {
            throw CommandError.typeMismatch("The field 'key' must be an object, but got \(given.type.name)")
        }
        guard !key.isEmpty else { throw CommandError.cannotCreateIndex("Index keys cannot be an empty object.") }
        if key == ["_id": 1] {
            self = .identifier
        } else if key.count == 1, let (field, kind) = key.first(where: { _ in true }), kind.string == "vector" {
            self = try Self.vector(field, document)
        } else {
            self = .secondary(try Self.secondary(key, document))
        }
    }

    private static func vector(_ field: String, _ document: Document) throws -> IndexRequest {
        let fields = try CommandArguments(
            document, name: "createIndexes.indexes",
            known: [
                "key", "name", "v", "dimension", "metric", "storage", "codes", "multiple", "m", "efConstruction",
            ])
        let name = IndexDescription.name(field)
        if let given = try fields.string("name"), given != name {
            throw CommandError.cannotCreateIndex("the vector index on '\(field)' is named '\(name)', not '\(given)'")
        }
        return .vector(name: name, try VectorSpecification(field, fields))
    }

    private static func secondary(_ key: Document, _ document: Document) throws -> IndexSpecification {
        let known: Set<String> = [
            "key", "name", "v", "unique", "sparse", "background", "partialFilterExpression", "expireAfterSeconds",
            "collation", "hidden",
        ]
        let unbuilt: Set<String> = [
            "wildcardProjection", "weights", "default_language", "language_override", "textIndexVersion",
            "2dsphereIndexVersion", "bits", "min", "max", "storageEngine", "prepareUnique", "clustered",
        ]
        for name in document.keys where !known.contains(name) && !unbuilt.contains(name) {
            throw CommandError(
                197, "InvalidIndexSpecificationOption",
                "The field '\(name)' is not valid for an index specification. Specification: "
                    + ShellText.document(document))
        }
        let fields = try CommandArguments(document, name: "createIndexes.indexes", known: known, unbuilt: unbuilt)
        let specification = IndexSpecification(
            key, name: try fields.string("name"), isUnique: try fields.bool("unique"),
            isSparse: try fields.bool("sparse"), partialFilter: try fields.document("partialFilterExpression"),
            expireAfterSeconds: try fields.integer("expireAfterSeconds"),
            collation: try fields.collation(), isHidden: try fields.bool("hidden"))
        do { try specification.validate() } catch {
            throw CommandError(
                error.code.number, error.code.name,
                "Error in specification \(ShellText.document(document)) :: caused by :: \(error.message)")
        }
        return specification
    }

    func create(on collection: String, in transaction: WriteTransaction) throws {
        switch self {
        case .identifier: break
        case .secondary(let specification): try transaction.createIndex(on: collection, specification)
        case .vector(_, let specification): try specification.create(on: collection, in: transaction)
        }
    }
}

/// Which indexes `dropIndexes` means: a name, names, a key, or "*" for all but `_id_`.
private struct IndexSelection {
    private let given: [String]
    private let key: Document?

    init(_ value: BSONValue) throws(CommandError) {
        switch value {
        case .string(let name): (given, key) = ([name], nil)
        case .document(let key): (given, self.key) = ([], key)
        case .array(let elements):
            let names = elements.compactMap(\.string)
            guard names.count == elements.count else {
                throw .typeMismatch("'dropIndexes.index' must be an array of strings")
            }
            (given, key) = (names, nil)
        default:
            throw .typeMismatch(
                "BSON field 'dropIndexes.index' is the wrong type '\(value.type.name)', expected types "
                    + "'[string, object, array]'")
        }
    }

    /// Whether all but `_id_` are meant.
    var isEverything: Bool { given == ["*"] }

    func names(of info: CollectionInfo) throws(CommandError) -> [String] {
        var known = info.indexes.map { (name: $0.name, keys: $0.specification.keys) }
        for index in info.vectorIndexes {
            known.append((IndexDescription.name(index.field), Document(fields: [(index.field, "vector")])))
        }
        if given == ["*"] { return known.map(\.name) }
        if given.contains("_id_") || key == ["_id": 1] {
            throw CommandError(72, "InvalidOptions", "cannot drop _id index")
        }
        if let key {
            let alike = info.indexes.filter { $0.specification.keys == key }
            guard alike.count < 2 else { throw .ambiguousIndexes(key, alike.map(\.specification.document)) }
            guard let index = known.first(where: { $0.keys == key }) else {
                throw CommandError(27, "IndexNotFound", "can't find index with key: \(ShellText.document(key))")
            }
            return [index.name]
        }
        for name in given where !known.contains(where: { $0.name == name }) {
            throw CommandError(27, "IndexNotFound", "index not found with name [\(name)]")
        }
        return given
    }
}
