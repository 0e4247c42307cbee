// Commands about whole collections and the whole store.

extension CommandRunner {
    static let collectionCommands = [
        Command(
            "create",
            unbuilt: [
                "capped", "size", "max", "autoIndexId", "idIndex", "storageEngine", "validator", "validationLevel",
                "validationAction", "indexOptionDefaults", "viewOn", "pipeline", "collation", "timeseries",
                "expireAfterSeconds", "clusteredIndex", "changeStreamPreAndPostImages", "encryptedFields",
            ]
        ) { try $0.create($1) },
        Command("drop") { try $0.drop($1) },
        Command("listCollections", fields: ["filter", "nameOnly", "authorizedCollections", "cursor"]) {
            try $0.listCollections($1)
        },
        Command("renameCollection", fields: ["to", "dropTarget"]) { try $0.rename($1) },
        Command(
            "collMod", fields: ["index"],
            unbuilt: [
                "validator", "validationLevel", "validationAction", "viewOn", "pipeline", "cappedSize", "cappedMax",
                "changeStreamPreAndPostImages", "timeseries", "expireAfterSeconds",
            ]
        ) { try $0.modify($1) },
        Command("collStats", "collstats", fields: ["scale"]) { try $0.collectionStatistics($1) },
        Command("dbStats", "dbstats", fields: ["scale", "freeStorage"]) { try $0.storeStatistics($1) },
        Command(
            "validate", fields: ["full", "background", "checkBSONConformance"], unbuilt: ["repair", "metadata"]
        ) { try $0.validate($1) },
    ]

    private func create(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        return try writing("create") { transaction in
            try transaction.createCollection(name)
            return Outcome(reply: Reply.ok, target: name)
        }
    }

    private func drop(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        return try writing("drop") { transaction in
            guard let info = try transaction.info(name) else { throw CommandError.namespaceNotFound("ns not found") }
            try transaction.dropCollection(name)
            let reply = Reply.with([
                ("nIndexesWas", BSONValue(info.indexCount)), ("ns", .string(name)),
            ])
            return Outcome(reply: reply, target: name, details: ["documents": .int64(Int64(info.documentCount))])
        }
    }

    private func listCollections(_ arguments: CommandArguments) throws -> Document {
        let filter = try Filter(arguments.document("filter") ?? Document())
        let nameOnly = try arguments.bool("nameOnly")
        let isReadOnly = store.options.isReadOnly
        return try cursorReply("$cmd.listCollections", batchSize: try arguments.batchSize() ?? .max) { view in
            var entries: [Document] = []
            for info in try view.collections() {
                var entry: Document = ["name": .string(info.name), "type": "collection"]
                if !nameOnly {
                    entry.append("options", [:])
                    entry.append("info", ["readOnly": .bool(isReadOnly)])
                    entry.append("idIndex", .document(IndexDescription.identifier))
                }
                if try filter.matches(entry) { entries.append(entry) }
            }
            return ListedDocuments(entries)
        }
    }

    private func rename(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let target = try arguments.required("to", arguments.string("to"))
        let drops = try arguments.bool("dropTarget")
        return try writing("renameCollection") { transaction in
            try transaction.renameCollection(name, to: target, dropTarget: drops)
            return Outcome(reply: Reply.ok, target: name, details: ["to": .string(target)])
        }
    }

    /// Changes what can be changed of an index: when documents expire, and whether queries see it.
    private func modify(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        guard let given = try arguments.document("index") else {
            guard try reading({ try $0.info(name) }) != nil else {
                throw CommandError.namespaceNotFound("ns does not exist")
            }
            return Reply.ok
        }
        let change = try IndexChange(given)
        return try writing("collMod") { transaction in
            guard let info = try transaction.info(name) else {
                throw CommandError.namespaceNotFound("ns does not exist")
            }
            let reply = try change.apply(to: info, in: transaction)
            return Outcome(
                reply: Reply.with(reply.fields), isChange: reply.isChange, target: name,
                details: ["index": .document(given)])
        }
    }

    private func collectionStatistics(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let scale = try arguments.scale()
        return try reading { transaction in
            guard let info = try transaction.info(name) else {
                return Reply.with([
                    ("ns", .string(name)), ("size", 0), ("count", 0), ("storageSize", 0), ("capped", false),
                    ("nindexes", 0), ("indexDetails", [:]), ("indexBuilds", []), ("totalIndexSize", 0),
                    ("totalSize", 0), ("indexSizes", [:]), ("vectorIndexes", []), ("scaleFactor", BSONValue(scale)),
                ])
            }
            let sizes = try transaction.sizes(of: name)
            let indexBytes = sizes.indexes.reduce(0) { $0 + $1.bytes }
            let details = info.indexes.map { index in
                (
                    index.name,
                    BSONValue.document([
                        "entries": BSONValue(index.entryCount), "multikey": .bool(index.isMultikey),
                        "ready": .bool(index.isReady),
                    ])
                )
            }
            let building = info.indexes.filter { !$0.isReady }.map { BSONValue.string($0.name) }
            let indexSizes = sizes.indexes.map { ($0.name, BSONValue($0.bytes / scale)) }
            var fields: [(String, BSONValue)] = [
                ("ns", .string(name)), ("size", BSONValue(sizes.documentBytes / scale)),
                ("count", BSONValue(info.documentCount)),
            ]
            if info.documentCount > 0 {
                fields.append(("avgObjSize", BSONValue(sizes.documentBytes / info.documentCount)))
            }
            fields += [
                ("storageSize", BSONValue(sizes.pageBytes / scale)), ("capped", false),
                ("nindexes", BSONValue(info.indexCount)), ("indexDetails", .document(Document(fields: details))),
                ("indexBuilds", .array(building)), ("totalIndexSize", BSONValue(indexBytes / scale)),
                ("totalSize", BSONValue((sizes.pageBytes + indexBytes) / scale)),
                ("indexSizes", .document(Document(fields: indexSizes))),
                ("vectorIndexes", .array(info.vectorIndexes.map { .document(IndexDescription.statistics($0)) })),
                ("scaleFactor", BSONValue(scale)),
            ]
            return Reply.with(fields)
        }
    }

    private func storeStatistics(_ arguments: CommandArguments) throws -> Document {
        try refuseInTransaction("dbStats")
        let scale = try arguments.scale()
        var sums = (objects: 0, indexes: 0, data: 0, pages: 0, indexBytes: 0)
        let count = try reading { transaction in
            let collections = try transaction.collections()
            for info in collections {
                let sizes = try transaction.sizes(of: info.name)
                sums.objects += info.documentCount
                sums.indexes += info.indexCount
                sums.data += sizes.documentBytes
                sums.pages += sizes.pageBytes
                sums.indexBytes += sizes.indexes.reduce(0) { $0 + $1.bytes }
            }
            return collections.count
        }
        var fields: [(String, BSONValue)] = [
            ("collections", BSONValue(count)), ("views", 0), ("objects", BSONValue(sums.objects)),
            ("avgObjSize", .double(sums.objects == 0 ? 0 : Double(sums.data) / Double(sums.objects))),
            ("dataSize", BSONValue(sums.data / scale)), ("storageSize", BSONValue(sums.pages / scale)),
            ("indexes", BSONValue(sums.indexes)), ("indexSize", BSONValue(sums.indexBytes / scale)),
            ("totalSize", BSONValue((sums.pages + sums.indexBytes) / scale)), ("scaleFactor", BSONValue(scale)),
        ]
        for (key, value) in try store.statistics().document where !fields.contains(where: { $0.0 == key }) {
            fields.append((key, value))
        }
        return Reply.with(fields)
    }

    /// Checks the whole file: its pages and trees are shared by all collections.
    private func validate(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        try refuseInTransaction("validate")
        let isFull = try arguments.bool("full")
        guard let info = try reading({ try $0.info(name) }) else {
            throw CommandError.namespaceNotFound("Collection '\(name)' does not exist to validate.")
        }
        let report = try store.check(deep: isFull)
        let findings = report.findings.map { BSONValue.string("\($0.segment) \($0.place): \($0.reason)") }
        let keys = [("_id_", BSONValue(info.documentCount))] + info.indexes.map { ($0.name, BSONValue($0.entryCount)) }
        return Reply.with([
            ("ns", .string(name)), ("nrecords", BSONValue(info.documentCount)),
            ("nIndexes", BSONValue(info.indexCount)), ("keysPerIndex", .document(Document(fields: keys))),
            ("valid", .bool(report.isClean)), ("warnings", []), ("errors", .array(findings)),
        ])
    }
}

extension CommandArguments {
    /// What sizes are divided by.
    fileprivate func scale() throws(CommandError) -> Int {
        guard let scale = try integer("scale") else { return 1 }
        guard scale >= 1 else {
            throw CommandError(location: 51024, "BSON field 'scale' value must be >= 1, actual value '\(scale)'")
        }
        return scale
    }
}

/// What `collMod` changes of an index.
private struct IndexChange {
    private let name: String?
    private let keys: Document?
    private let seconds: Int?
    private let hides: Bool?

    init(_ document: Document) throws {
        let fields = try CommandArguments(
            document, name: "collMod.index", known: ["name", "keyPattern", "expireAfterSeconds", "hidden"],
            unbuilt: ["unique", "prepareUnique", "forceNonUnique"])
        name = try fields.string("name")
        keys = try fields.document("keyPattern")
        seconds = try fields.integer("expireAfterSeconds")
        hides = fields["hidden"] == nil ? nil : try fields.bool("hidden")
        func refuse(_ message: String) -> CommandError { CommandError(72, "InvalidOptions", message) }
        guard name == nil || keys == nil else { throw refuse("Cannot specify both key pattern and name.") }
        guard name != nil || keys != nil else { throw refuse("Must specify either index name or key pattern.") }
        guard seconds != nil || hides != nil else {
            throw refuse("no expireAfterSeconds, hidden, unique, or prepareUnique field")
        }
    }

    func apply(
        to info: CollectionInfo, in transaction: WriteTransaction
    ) throws -> (fields: [(String, BSONValue)], isChange: Bool) {
        if name == "_id_" || keys == ["_id": 1] {
            guard hides == nil else { throw CommandError.badValue("can't hide _id index") }
            throw CommandError(72, "InvalidOptions", "TTL indexes are single-field indexes, and _id cannot be one")
        }
        let matching = info.indexes.filter { $0.name == name || $0.specification.keys == keys }
        guard let index = matching.first else {
            let wanted = name ?? keys.map { ShellText.document($0) } ?? ""
            throw CommandError(27, "IndexNotFound", "cannot find index \(wanted) for ns \(info.name)")
        }
        guard matching.count == 1 else {
            throw CommandError.ambiguousIndexes(keys ?? [:], matching.map(\.specification.document))
        }
        var fields: [(String, BSONValue)] = []
        var isChange = false
        if let seconds {
            let before = index.specification.expireAfterSeconds
            try transaction.setExpiry(on: info.name, index: index.name, afterSeconds: seconds)
            if let before { fields.append(("expireAfterSeconds_old", BSONValue(before))) }
            fields.append(("expireAfterSeconds_new", BSONValue(seconds)))
            isChange = before != seconds
        }
        if let hides, hides != index.specification.isHidden {
            try transaction.setHidden(on: info.name, index: index.name, hides)
            fields.append(("hidden_old", .bool(!hides)))
            fields.append(("hidden_new", .bool(hides)))
            isChange = true
        }
        return (fields, isChange)
    }
}

extension CommandError {
    /// The refusal of a key pattern that several indexes have.
    static func ambiguousIndexes(_ keys: Document, _ found: [Document]) -> CommandError {
        CommandError(
            181, "AmbiguousIndexKeyPattern",
            "\(found.count) indexes found for key: \(ShellText.document(keys)), identify by name instead. "
                + "Conflicting indexes: \(found.map { ShellText.document($0) }.joined(separator: ", "))")
    }
}

extension TransactionView {
    /// A collection for reading, in whichever transaction is at hand.
    func reader(_ name: String) -> CollectionReader { CollectionReader(transaction: self, name: name) }

    var cacheReader: CacheReader { CacheReader(transaction: self) }

    var auditReader: AuditReader { AuditReader(transaction: self) }

    /// A collection's counts and indexes; nil when there is none of that name.
    func info(_ name: String) throws(StoreError) -> CollectionInfo? {
        try collections().first { $0.name == name }
    }
}
