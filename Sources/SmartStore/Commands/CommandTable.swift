// Every command by name, with the fields it takes: what is not in this table answers CommandNotFound (59).

/// A command.
struct Command: Sendable {
    typealias Body = @Sendable (CommandRunner, CommandArguments) throws -> Document

    let names: [String]
    /// The fields it reads, its own aside.
    let fields: Set<String>
    /// Fields that MongoDB has and we do not.
    let unbuilt: Set<String>
    /// Whether it may be used after the transaction was aborted.
    let endsTransaction: Bool
    let run: Body

    init(
        _ names: String..., fields: Set<String> = [], unbuilt: Set<String> = [], endsTransaction: Bool = false,
        run: @escaping Body
    ) {
        self.names = names
        self.fields = fields
        self.unbuilt = unbuilt
        self.endsTransaction = endsTransaction
        self.run = run
    }
}

extension CommandRunner {
    static let commands: [String: Command] = {
        var table: [String: Command] = [:]
        let groups = [
            sessionCommands, explainCommands, cursorCommands, queryCommands, writeCommands, collectionCommands,
            indexCommands, vectorCommands,
            cacheCommands, auditCommands,
        ]
        for command in groups.joined() {
            for name in command.names { table[name] = command }
        }
        return table
    }()
}

/// Builds replies: `ok` first, then the fields in order.
enum Reply {
    static let ok: Document = ["ok": 1]

    static func with(_ fields: [(String, BSONValue)]) -> Document { Document(fields: [("ok", 1)] + fields) }

    /// A cursor that holds everything.
    static func cursor(_ batch: ReplyBatch, namespace: String) -> Document {
        with([
            (
                "cursor",
                .document([
                    "firstBatch": .array(batch.documents.map { .document($0) }), "id": .int64(0),
                    "ns": .string(namespace),
                ])
            )
        ])
    }
}

/// The documents of a reply, bounded in bytes: a reply is one document, whose length has 31 bits.
struct ReplyBatch {
    private static let byteLimit = 1 << 30

    private(set) var documents: [Document] = []
    private var byteCount = 0

    mutating func append(_ document: Document) throws(CommandError) {
        byteCount += document.bson.count
        guard byteCount <= Self.byteLimit else {
            throw CommandError(
                10334, "BSONObjectTooLarge",
                "the reply has more than \(Self.byteLimit) bytes; use a filter, a projection or a limit")
        }
        documents.append(document)
    }
}
