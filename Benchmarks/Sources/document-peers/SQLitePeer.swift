// SQLite and sqlcipher: WAL, synchronous full, pages of 8 KiB, prepared statements, no memory mapping.
//
// The cache and the length of the log before a checkpoint are those of our store. sqlcipher stretches its key by PBKDF2
// when a connection opens, which no row measures.

import Foundation

struct SQLitePeer {
    static let batch = 1000

    let corpus: CorpusFile
    let settings: PeerSettings
    let isEncrypted: Bool

    private var shape: SQLiteShape { SQLiteShape(hasJSON: !isEncrypted) }
    private var path: String { settings.folder + "/notes.db" }

    private func connect() throws -> SQLiteConnection {
        // What is done with a key comes first; a page's size counts only before the file has any.
        let first = isEncrypted ? ["key = 'a key for the bench'", "cipher_page_size = 8192"] : ["page_size = 8192"]
        let rest = [
            "journal_mode = WAL", "synchronous = FULL", "cache_size = -\(settings.cacheBytes / 1024)",
            "mmap_size = 0", "wal_autocheckpoint = \(settings.logBytes / 8192)", "busy_timeout = 60000",
            "temp_store = MEMORY", "secure_delete = OFF",
        ]
        return try SQLiteConnection(path, pragmas: first + rest)
    }

    func measure() throws -> Findings {
        var findings = Findings()
        let connection = try connect()
        let cipher = try connection.text("PRAGMA cipher_version")
        guard (cipher != nil) == isEncrypted else { throw PeerError("the wrong one of SQLite and sqlcipher is loaded") }
        guard try connection.text("PRAGMA page_size") == "8192", try connection.text("PRAGMA journal_mode") == "wal",
            try connection.text("PRAGMA synchronous") == "2"
        else { throw PeerError("SQLite did not take its settings") }
        findings.library = (cipher.map { "sqlcipher \($0), " } ?? "") + "SQLite \(SQLiteConnection.version)"
        try connection.execute(shape.create)
        try load(connection, &findings)
        for (row, sql) in shape.indexes {
            let watch = Stopwatch()
            try connection.execute(sql)
            findings.add(row, Double(corpus.count) / settings.elapsed(watch))
        }
        settings.step("indexes made")
        findings.add(.fileAfterLoad, try Measure.size(ofFolder: settings.folder))
        try insertSingly(connection, &findings)
        try read(connection, &findings)
        try update(connection, &findings)
        try deleteAndReinsert(connection, &findings)
        findings.add(.peakMemory, try Measure.peakMemory())
        try connection.close()
        findings.add(.fileAtEnd, try Measure.size(ofFolder: settings.folder))
        if isEncrypted {
            findings.notes.append("sqlcipher: no JSON functions in Debian's; queried fields are columns, the rest JSON")
        }
        return findings
    }

    // MARK: Writing

    private func load(_ connection: SQLiteConnection, _ findings: inout Findings) throws {
        let insert = try connection.prepare(shape.insert)
        defer { insert.close() }
        var spent = 0.0
        try corpus.batches(of: Self.batch, where: { _ in true }) { batch in
            let rows = try batch.map { try shape.prepare($0) }
            let watch = Stopwatch()
            try connection.transaction {
                for row in rows { try shape.insert(row, insert) }
            }
            spent += settings.elapsed(watch)
        }
        findings.add(.bulkLoad, Double(corpus.count) / spent)
        findings.add(.bulkLoadAwaited, Double(corpus.count) / spent)
        settings.step("loaded")
    }

    private func insertSingly(_ connection: SQLiteConnection, _ findings: inout Findings) throws {
        let shape = shape
        let pool = try corpus.pool.map { try shape.prepare($0) }
        let insert = try connection.prepare(shape.insert)
        var id = corpus.count
        let watch = Stopwatch()
        while watch.seconds < settings.seconds {
            try connection.transaction { try shape.insert(pool[id % pool.count], insert, id: Int64(id)) }
            id += 1
        }
        findings.add(.insertSingly, Double(id - corpus.count) / watch.seconds)

        // Eight connections that wait for each other in SQLite's own way; then eight threads that take turns at one
        // connection. The better of the two counts.
        let first = corpus.count + 10_000_000
        let writers = try (0..<8).map { _ in
            let connection = try connect()
            return Writer(connection: connection, insert: try connection.prepare(shape.insert))
        }
        let waiting = try Measure.rateOfEight(settings.seconds) { writer, number in
            let id = first + writer * 10_000_000 + number
            let own = writers[writer]
            try own.connection.transaction {
                try shape.insert(pool[id % pool.count], own.insert, id: Int64(id))
            }
        }
        for writer in writers {
            writer.insert.close()
            try writer.connection.close()
        }
        let shared = Writer(connection: connection, insert: insert)
        let turn = NSLock()
        let turns = try Measure.rateOfEight(settings.seconds) { writer, number in
            let id = first + (8 + writer) * 10_000_000 + number
            try turn.withLock {
                try shared.connection.transaction {
                    try shape.insert(pool[id % pool.count], shared.insert, id: Int64(id))
                }
            }
        }
        findings.add(.insertByEight, max(waiting, turns))
        findings.notes.append(
            "8 writers: \(Int(waiting))/s by eight connections with busy_timeout, \(Int(turns))/s in turns at one")
        insert.close()
        let delete = try connection.prepare(shape.deleteFrom)
        delete.bind(1, Int64(corpus.count))
        try delete.run()
        delete.close()
        settings.step("single inserts")
    }

    /// One thread's connection; no other thread touches it at the same time.
    private struct Writer: @unchecked Sendable {
        let connection: SQLiteConnection
        let insert: SQLiteStatement
    }

    private func update(_ connection: SQLiteConnection, _ findings: inout Findings) throws {
        let update = try connection.prepare(shape.update)
        defer { update.close() }
        var random = QueryNumbers(seed: settings.seed &+ 77)
        func one() throws {
            update.bind(1, Int64(random.next(below: corpus.count)))
            try update.run()
        }
        let watch = Stopwatch()
        var count = 0
        while watch.seconds < settings.seconds {
            try connection.transaction { try one() }
            count += 1
        }
        findings.add(.update, Double(count) / watch.seconds)
        let batches = Stopwatch()
        count = 0
        while batches.seconds < settings.seconds {
            try connection.transaction { for _ in 0..<Self.batch { try one() } }
            count += Self.batch
        }
        findings.add(.updateInBatches, Double(count) / settings.elapsed(batches))
        settings.step("updates")
    }

    private func deleteAndReinsert(_ connection: SQLiteConnection, _ findings: inout Findings) throws {
        let delete = try connection.prepare(shape.delete)
        defer { delete.close() }
        let watch = Stopwatch()
        var next = 0
        while next < corpus.count {
            let end = min(next + 2 * Self.batch, corpus.count)
            try connection.transaction {
                for number in stride(from: next, to: end, by: 2) {
                    delete.bind(1, Int64(number))
                    try delete.run()
                }
            }
            next = end
        }
        findings.add(.deleteHalf, Double(corpus.count / 2) / settings.elapsed(watch))
        let insert = try connection.prepare(shape.insert)
        defer { insert.close() }
        var spent = 0.0
        try corpus.batches(of: Self.batch, where: { $0 % 2 == 0 }) { batch in
            let rows = try batch.map { try shape.prepare($0) }
            let watch = Stopwatch()
            try connection.transaction {
                for row in rows { try shape.insert(row, insert) }
            }
            spent += settings.elapsed(watch)
        }
        findings.add(.reinsertHalf, Double(corpus.count / 2) / spent)
        settings.step("deleted and inserted again")
    }
}
