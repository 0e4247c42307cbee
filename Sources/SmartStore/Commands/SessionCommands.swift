// Commands about the connection: greetings, and the bracket around a transaction.

extension CommandRunner {
    static let sessionCommands = [
        Command("ping", endsTransaction: true) { _, _ in Reply.ok },
        Command(
            "hello", "isMaster", "ismaster", fields: ["client", "helloOk", "compression"], endsTransaction: true
        ) { _, _ in
            Reply.with([
                ("isWritablePrimary", true), ("maxBsonObjectSize", BSONValue(BSONLimits.standard.byteCount)),
                ("maxWriteBatchSize", 100_000), ("readOnly", false),
            ])
        },
        Command("buildInfo", "buildinfo", endsTransaction: true) { _, _ in
            let parts = version.split(separator: ".").compactMap { Int($0) }
            return Reply.with([
                ("version", .string(version)), ("versionArray", .array(parts.map { BSONValue($0) } + [0])),
                ("storageEngines", ["smartstore"]), ("bits", BSONValue(Int.bitWidth)),
                ("maxBsonObjectSize", BSONValue(BSONLimits.standard.byteCount)),
            ])
        },
        Command("begin") { runner, _ in
            try runner.begin()
            return Reply.ok
        },
        Command("commit", endsTransaction: true) { runner, _ in
            try runner.commit()
            return Reply.ok
        },
        Command("abort", endsTransaction: true) { runner, _ in
            try runner.abort()
            return Reply.ok
        },
    ]
}
