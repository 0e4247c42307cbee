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
        Command("dbStats", "dbstats", unbuilt: ["scale", "freeStorage"]) { runner, _ in
            try runner.storeStatistics()
        },
        Command("validate", fields: ["full"], unbuilt: ["repair", "metadata", "checkBSONConformance", "background"]) {
            try $0.validate($1)
        },
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
        var batch = ReplyBatch()
        for info in try reading({ try $0.collections() }) {
            var entry: Document = ["name": .string(info.name), "type": "collection"]
            if !nameOnly {
                entry.append("options", [:])
                entry.append("info", ["readOnly": .bool(store.options.isReadOnly)])
                entry.append("idIndex", .document(IndexDescription.identifier))
            }
            if try filter.matches(entry) { try batch.append(entry) }
        }
        return Reply.cursor(batch, namespace: "$cmd.listCollections")
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

    /// Changes what can be changed of an index: when documents expire.
    private func modify(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        guard let given = try arguments.document("index") else {
            guard try reading({ try $0.info(name) }) != nil else {
                throw CommandError.namespaceNotFound("ns does not exist")
            }
            return Reply.ok
        }
        let fields = try CommandArguments(
            given, name: "collMod.index", known: ["name", "keyPattern", "expireAfterSeconds"],
            unbuilt: ["hidden", "unique", "prepareUnique"])
        let seconds = try fields.required("expireAfterSeconds", fields.integer("expireAfterSeconds"))
        let wanted = (name: try fields.string("name"), keys: try fields.document("keyPattern"))
        guard (wanted.name == nil) != (wanted.keys == nil) else {
            throw CommandError(72, "InvalidOptions", "must specify either index name or key pattern, and not both")
        }
        return try writing("collMod") { transaction in
            guard let info = try transaction.info(name) else {
                throw CommandError.namespaceNotFound("ns does not exist")
            }
            guard
                let index = info.indexes.first(where: { $0.name == wanted.name || $0.specification.keys == wanted.keys }
                )
            else {
                throw CommandError(27, "IndexNotFound", "cannot find index \(wanted.name ?? "") for ns \(name)")
            }
            let before = index.specification.expireAfterSeconds
            try transaction.setExpiry(on: name, index: index.name, afterSeconds: seconds)
            var reply: [(String, BSONValue)] = []
            if let before { reply.append(("expireAfterSeconds_old", BSONValue(before))) }
            reply.append(("expireAfterSeconds_new", BSONValue(seconds)))
            return Outcome(reply: Reply.with(reply), isChange: before != seconds, target: name)
        }
    }

    private func collectionStatistics(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let scale = max(1, try arguments.integer("scale") ?? 1)
        return try reading { transaction in
            guard let info = try transaction.info(name) else {
                return Reply.with([("ns", .string(name)), ("count", 0), ("nindexes", 0)])
            }
            let sizes = try transaction.sizes(of: name)
            var fields: [(String, BSONValue)] = [
                ("ns", .string(name)), ("count", BSONValue(info.documentCount)),
                ("size", BSONValue(sizes.documentBytes / scale)),
                ("avgObjSize", BSONValue(info.documentCount == 0 ? 0 : sizes.documentBytes / info.documentCount)),
                ("storageSize", BSONValue(sizes.pageBytes / scale)), ("nindexes", BSONValue(info.indexCount)),
                ("totalIndexSize", BSONValue(sizes.indexes.reduce(0) { $0 + $1.bytes } / scale)),
                (
                    "indexSizes",
                    .document(Document(fields: sizes.indexes.map { ($0.name, BSONValue($0.bytes / scale)) }))
                ),
                (
                    "indexDetails",
                    .document(
                        Document(
                            fields: info.indexes.map {
                                (
                                    $0.name,
                                    [
                                        "entries": BSONValue($0.entryCount), "multikey": .bool($0.isMultikey),
                                        "ready": .bool($0.isReady),
                                    ]
                                )
                            }))
                ),
            ]
            fields.append(
                ("vectorIndexes", .array(info.vectorIndexes.map { .document(IndexDescription.statistics($0)) })))
            fields.append(("scaleFactor", BSONValue(scale)))
            return Reply.with(fields)
        }
    }

    private func storeStatistics() throws -> Document {
        try refuseInTransaction("dbStats")
        let collections = try reading { try $0.collections() }
        var fields: [(String, BSONValue)] = [
            ("collections", BSONValue(collections.count)),
            ("objects", BSONValue(collections.reduce(0) { $0 + $1.documentCount })),
            ("indexes", BSONValue(collections.reduce(0) { $0 + $1.indexCount })),
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
        return Reply.with([
            ("ns", .string(name)), ("nrecords", BSONValue(info.documentCount)),
            ("nIndexes", BSONValue(info.indexCount)), ("valid", .bool(report.isClean)),
            ("errors", .array(findings)),
        ])
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
