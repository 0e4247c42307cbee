import StoreIO

// Results in batches: what does not fit the first stays open under a number, and is fetched by getMore.
//
// 1. A cursor outside a transaction has a snapshot of its own, which ends with it. Nothing is read ahead of a batch but
//    one document, so a result may be larger than memory.
// 2. Inside a transaction a cursor reads that transaction, and ends with it. Before the transaction's next write what is
//    left of it is taken into memory, since the pages under it change; more than `heldBytes` ends it instead.
// 3. Cursors end when they are read to the end, killed, not asked for ten minutes (looked at with every command), or with
//    the runner.

/// Open cursors of one runner.
struct OpenCursors {
    struct Cursor {
        let namespace: String
        var source: PeekedSource
        /// Its own snapshot; nil inside a transaction.
        let transaction: ReadTransaction?
        var lastUse: UInt64
        let expires: Bool
        /// Whether what is left has been taken into memory.
        var isHeld = false

        init(
            namespace: String, source: PeekedSource, transaction: ReadTransaction?, lastUse: UInt64, expires: Bool
        ) {
            self.namespace = namespace
            self.source = source
            self.transaction = transaction
            self.lastUse = lastUse
            self.expires = expires
        }
    }

    /// Documents of a first batch when nothing else is asked for.
    static let firstBatch = 101
    /// Bytes of a batch.
    static let batchBytes = 16 << 20
    /// Cursors that may be open at a time.
    static let most = 1000
    /// Bytes of what is left of a transaction's cursor when the transaction writes.
    static let heldBytes = 64 << 20
    /// How long a cursor may be left alone.
    static let idleNanoseconds: UInt64 = 600 * 1_000_000_000

    private var cursors: [Int64: Cursor] = [:]
    private var next: Int64 = 1

    mutating func open(_ cursor: Cursor) throws(CommandError) -> Int64 {
        guard cursors.count < Self.most else {
            throw CommandError(
                402, "ResourceExhausted", "there are \(Self.most) cursors open; read them to the end or kill them")
        }
        let number = next
        next += 1
        cursors[number] = cursor
        return number
    }

    func namespace(of number: Int64) -> String? { cursors[number]?.namespace }

    mutating func use(_ number: Int64, at time: UInt64) -> Cursor? {
        cursors[number]?.lastUse = time
        return cursors[number]
    }

    @discardableResult
    mutating func close(_ number: Int64) -> Bool {
        guard let cursor = cursors.removeValue(forKey: number) else { return false }
        cursor.transaction?.close()
        return true
    }

    mutating func closeIdle(at time: UInt64) {
        for (number, cursor) in cursors
        where cursor.expires && time &- cursor.lastUse > Self.idleNanoseconds && time > cursor.lastUse {
            close(number)
        }
    }

    /// Ends the cursors of a transaction that has ended.
    mutating func closeTransaction() {
        for (number, cursor) in cursors where cursor.transaction == nil { close(number) }
    }

    /// Takes what is left of a transaction's cursors into memory, before the transaction writes.
    mutating func holdTransaction() {
        for (number, cursor) in cursors where cursor.transaction == nil && !cursor.isHeld {
            do {
                var documents: [Document] = []
                var bytes = 0
                while try cursor.source.advance() {
                    documents.append(try cursor.source.current())
                    bytes += documents.last?.bson.count ?? 0
                    guard bytes <= Self.heldBytes else { throw CommandError.badValue("too much is left") }
                }
                cursors[number]?.source = PeekedSource(ListedDocuments(documents))
                cursors[number]?.isHeld = true
            } catch { close(number) }
        }
    }

    mutating func closeAll() {
        for number in Array(cursors.keys) { close(number) }
    }
}

extension CommandRunner {
    static let cursorCommands = [
        Command("getMore", fields: ["collection", "batchSize"]) { try $0.getMore($1) },
        Command("killCursors", fields: ["cursors"]) { try $0.killCursors($1) },
    ]

    /// Answers with the first batch of a source, and keeps what is left under a number.
    func cursorReply(
        _ namespace: String, batchSize: Int?, isSingle: Bool = false, expires: Bool = true,
        _ make: (TransactionView) throws -> any DocumentSource
    ) throws -> Document {
        let now = store.options.time.monotonicNanoseconds()
        if isInTransaction {
            return try reading { view in
                let source = PeekedSource(try make(view))
                let (batch, isDone) = try Self.batch(of: source, batchSize ?? OpenCursors.firstBatch)
                guard !isDone, !isSingle, try source.hasMore() else {
                    return Self.reply("firstBatch", batch, 0, namespace)
                }
                let number = try cursors.open(
                    .init(namespace: namespace, source: source, transaction: nil, lastUse: now, expires: expires))
                return Self.reply("firstBatch", batch, number, namespace)
            }
        }
        let transaction = try store.beginRead()
        var isKept = false
        defer { if !isKept { transaction.close() } }
        let source = try make(transaction)
        let peeked = PeekedSource(source)
        let (batch, isDone) = try Self.batch(of: peeked, batchSize ?? OpenCursors.firstBatch)
        guard !isDone, !isSingle, try peeked.hasMore() else { return Self.reply("firstBatch", batch, 0, namespace) }
        let number = try cursors.open(
            .init(namespace: namespace, source: peeked, transaction: transaction, lastUse: now, expires: expires))
        isKept = true
        return Self.reply("firstBatch", batch, number, namespace)
    }

    private func getMore(_ arguments: CommandArguments) throws -> Document {
        guard case .int64(let number)? = arguments.document["getMore"] else {
            guard let number = arguments.document["getMore"]?.int else {
                let type = arguments.document["getMore"]?.type.name ?? "missing"
                throw CommandError.typeMismatch(
                    "BSON field 'getMore.getMore' is the wrong type '\(type)', expected type 'long'")
            }
            return try getMore(Int64(number), arguments)
        }
        return try getMore(number, arguments)
    }

    private func getMore(_ number: Int64, _ arguments: CommandArguments) throws -> Document {
        let collection = try arguments.required("collection", arguments.string("collection"))
        let size = try arguments.count("batchSize")
        let now = store.options.time.monotonicNanoseconds()
        guard arguments["maxTimeMS"] == nil else {
            throw CommandError.badValue("cannot set maxTimeMS on getMore command for a non-awaitData cursor")
        }
        guard let namespace = cursors.namespace(of: number) else {
            throw CommandError(43, "CursorNotFound", "cursor id \(number) not found")
        }
        guard namespace == collection else {
            throw CommandError(
                13, "Unauthorized",
                "Requested getMore on namespace '\(collection)', but cursor belongs to a different "
                    + "namespace \(namespace)")
        }
        guard let cursor = cursors.use(number, at: now) else {
            throw CommandError(43, "CursorNotFound", "cursor id \(number) not found")
        }
        do {
            let (batch, isDone) = try Self.batch(of: cursor.source, size.flatMap { $0 == 0 ? nil : $0 } ?? .max)
            let more = isDone ? false : try cursor.source.hasMore()
            if !more { cursors.close(number) }
            return Self.reply("nextBatch", batch, more ? number : 0, namespace)
        } catch {
            cursors.close(number)
            throw error
        }
    }

    private func killCursors(_ arguments: CommandArguments) throws -> Document {
        _ = try arguments.collection()
        let numbers = try arguments.required("cursors", arguments.array("cursors"))
        var (killed, missing): ([BSONValue], [BSONValue]) = ([], [])
        for value in numbers {
            guard let number = value.int else {
                throw CommandError.typeMismatch(
                    "BSON field 'killCursors.cursors.\(killed.count + missing.count)' is the wrong type "
                        + "'\(value.type.name)', expected type 'long'")
            }
            if cursors.close(Int64(number)) { killed.append(value) } else { missing.append(value) }
        }
        return Reply.with([
            ("cursorsKilled", .array(killed)), ("cursorsNotFound", .array(missing)), ("cursorsAlive", .array([])),
            ("cursorsUnknown", .array([])),
        ])
    }

    private static func batch(of source: any DocumentSource, _ count: Int) throws -> ([Document], isDone: Bool) {
        var documents: [Document] = []
        var bytes = 0
        while documents.count < count, bytes < OpenCursors.batchBytes {
            guard try source.advance() else { return (documents, true) }
            let document = try source.current()
            bytes += document.bson.count
            documents.append(document)
        }
        return (documents, false)
    }

    private static func reply(
        _ field: String, _ documents: [Document], _ number: Int64, _ namespace: String
    ) -> Document {
        Reply.with([
            (
                "cursor",
                .document(
                    Document(fields: [
                        (field, .array(documents.map { .document($0) })), ("id", .int64(number)),
                        ("ns", .string(namespace)),
                    ]))
            )
        ])
    }
}

/// A source that can say whether it has more without losing it.
final class PeekedSource: DocumentSource {
    private let inner: any DocumentSource
    private var isAhead = false
    private var isAtEnd = false

    init(_ inner: any DocumentSource) { self.inner = inner }

    /// Whether another document comes. What the source stood on is gone then.
    func hasMore() throws -> Bool {
        if isAhead { return true }
        if isAtEnd { return false }
        isAhead = try inner.advance()
        isAtEnd = !isAhead
        return isAhead
    }

    func advance() throws -> Bool {
        if isAhead {
            isAhead = false
            return true
        }
        guard !isAtEnd else { return false }
        isAtEnd = try !inner.advance()
        return !isAtEnd
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws { try inner.withCurrent(body) }
    func current() throws -> Document { try inner.current() }
}
