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
        Command("collStats", "collstats", unbuilt: ["scale"]) { try $0.collectionStatistics($1) },
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
                ("nIndexesWas", BSONValue(info.vectorIndexes.count + 1)), ("ns", .string(name)),
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
            if filter.matches(entry) { try batch.append(entry) }
        }
        return Reply.cursor(batch, namespace: "$cmd.listCollections")
    }

    private func collectionStatistics(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let info = try reading { try $0.info(name) }
        let indexes = info?.vectorIndexes ?? []
        return Reply.with([
            ("ns", .string(name)), ("count", BSONValue(info?.documentCount ?? 0)),
            ("nindexes", BSONValue(info == nil ? 0 : indexes.count + 1)),
            ("vectorIndexes", .array(indexes.map { .document(IndexDescription.statistics($0)) })),
        ])
    }

    private func storeStatistics() throws -> Document {
        try refuseInTransaction("dbStats")
        let collections = try reading { try $0.collections() }
        var fields: [(String, BSONValue)] = [
            ("collections", BSONValue(collections.count)),
            ("objects", BSONValue(collections.reduce(0) { $0 + $1.documentCount })),
            ("indexes", BSONValue(collections.reduce(0) { $0 + $1.vectorIndexes.count + 1 })),
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
            ("nIndexes", BSONValue(info.vectorIndexes.count + 1)), ("valid", .bool(report.isClean)),
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
