// A thin cover over SQLite's C interface: connections, prepared statements, errors.
//
// sqlcipher is the same interface with the same symbols, so one program cannot link both. Its process is therefore
// started with libsqlcipher loaded before libsqlite3 (LD_PRELOAD), and makes sure that it got it: `cipher_version`.

import CPeerSQLite

/// A connection. Used by one thread at a time.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement

    static var version: String { String(cString: sqlite3_libversion()) }

    /// - Parameter pragmas: run in this order before anything else.
    init(_ path: String, pragmas: [String]) throws {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK, let handle else {
            throw PeerError("cannot open \(path)")
        }
        self.handle = handle
        for pragma in pragmas { try Self.execute(handle, "PRAGMA " + pragma) }
        begin = try SQLiteStatement(handle, "BEGIN IMMEDIATE")
        commit = try SQLiteStatement(handle, "COMMIT")
    }

    func execute(_ sql: String) throws { try Self.execute(handle, sql) }

    private static func execute(_ handle: OpaquePointer, _ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw PeerError("\(sql): \(String(cString: sqlite3_errmsg(handle)))")
        }
    }

    func prepare(_ sql: String) throws -> SQLiteStatement { try SQLiteStatement(handle, sql) }

    /// The first column of the first row, as text.
    func text(_ sql: String) throws -> String? {
        let statement = try prepare(sql)
        defer { statement.close() }
        return try statement.step() ? String(decoding: statement.bytes(0), as: UTF8.self) : nil
    }

    func transaction(_ body: () throws -> Void) throws {
        try begin.run()
        try body()
        try commit.run()
    }

    func close() throws {
        begin.close()
        commit.close()
        guard sqlite3_close(handle) == SQLITE_OK else { throw PeerError("a statement is still open") }
    }
}

/// A prepared statement. What is bound by reference must stay until the statement is reset.
final class SQLiteStatement {
    private let handle: OpaquePointer

    fileprivate init(_ connection: OpaquePointer, _ sql: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &handle, nil) == SQLITE_OK, let handle else {
            throw PeerError("\(sql): \(String(cString: sqlite3_errmsg(connection)))")
        }
        self.handle = handle
    }

    func bind(_ place: Int32, _ value: Int64) { sqlite3_bind_int64(handle, place, value) }
    func bind(_ place: Int32, _ value: Double) { sqlite3_bind_double(handle, place, value) }

    /// Text by reference.
    func bind(_ place: Int32, _ text: UnsafeBufferPointer<UInt8>) {
        text.withMemoryRebound(to: CChar.self) {
            _ = sqlite3_bind_text(handle, place, $0.baseAddress, Int32($0.count), nil)
        }
    }

    /// True when there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let reason = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
            sqlite3_reset(handle)
            throw PeerError(reason)
        }
    }

    func reset() { sqlite3_reset(handle) }

    /// Runs it to its end.
    func run() throws {
        while try step() {}
        reset()
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// A copy of a column's text.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_text(handle, column) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func close() { sqlite3_finalize(handle) }
}
