// WiredTiger: a table of rows, its log on and synced at every commit, its cache as large as the others.

import CPeerWiredTiger
import Foundation

/// The connection is safe to share between threads; sessions are not shared.
final class WiredTigerPeer: KeyValuePeer, @unchecked Sendable {
    let library = "WiredTiger \(WIREDTIGER_VERSION_MAJOR).\(WIREDTIGER_VERSION_MINOR).\(WIREDTIGER_VERSION_PATCH)"
    private let connection: UnsafeMutablePointer<WT_CONNECTION>

    init(folder: String, cacheBytes: Int, logBytes: Int) throws {
        let config =
            "create,cache_size=\(cacheBytes),log=(enabled=true),transaction_sync=(enabled=true,method=fsync),"
            + "checkpoint=(log_size=\(logBytes))"
        var connection: UnsafeMutablePointer<WT_CONNECTION>?
        try Self.check(peer_wt_open(folder, config, &connection))
        guard let connection else { throw PeerError("WiredTiger did not open") }
        self.connection = connection
        let session = try WiredTigerSession(connection, creating: true)
        session.close()
    }

    func session() throws -> any KeyValueSession { try WiredTigerSession(connection, creating: false) }

    func close() throws { try Self.check(peer_wt_close(connection)) }

    fileprivate static func check(_ code: Int32) throws {
        guard code == 0 else { throw PeerError("WiredTiger: \(String(cString: wiredtiger_strerror(code)))") }
    }
}

final class WiredTigerSession: KeyValueSession {
    private var session: UnsafeMutablePointer<WT_SESSION>?
    private var cursor: UnsafeMutablePointer<WT_CURSOR>?

    fileprivate init(_ connection: UnsafeMutablePointer<WT_CONNECTION>, creating: Bool) throws {
        try WiredTigerPeer.check(peer_wt_session(connection, "isolation=snapshot", &session))
        if creating { try WiredTigerPeer.check(peer_wt_create(session, "table:notes", "key_format=q,value_format=u")) }
        try WiredTigerPeer.check(peer_wt_cursor(session, "table:notes", &cursor))
    }

    private func transaction(_ body: () throws -> Void) throws {
        try WiredTigerPeer.check(peer_wt_begin(session, nil))
        do {
            try body()
        } catch {
            _ = peer_wt_roll_back(session)
            throw error
        }
        try WiredTigerPeer.check(peer_wt_commit(session))
        try WiredTigerPeer.check(peer_wt_reset(cursor))
    }

    private func put(_ id: Int64, _ bson: [UInt8]) throws {
        try bson.withUnsafeBytes { try WiredTigerPeer.check(peer_wt_put(cursor, id, $0.baseAddress, $0.count)) }
    }

    func write(_ documents: [PeerDocument]) throws {
        try transaction { for document in documents { try put(document.id, document.bson) } }
    }

    func delete(_ ids: [Int64]) throws {
        try transaction { for id in ids { try WiredTigerPeer.check(peer_wt_remove(cursor, id)) } }
    }

    func update(_ ids: [Int64], _ change: ([UInt8]) throws -> [UInt8]) throws {
        try transaction {
            for id in ids {
                guard let old = try get(id) else { throw PeerError("document \(id) is missing") }
                try put(id, change(old))
            }
        }
    }

    func reading(_ body: () throws -> Void) throws {
        try WiredTigerPeer.check(peer_wt_begin(session, nil))
        try body()
        try WiredTigerPeer.check(peer_wt_roll_back(session))
    }

    func get(_ id: Int64) throws -> [UInt8]? {
        var start: UnsafeRawPointer?
        var count = 0
        let code = peer_wt_get(cursor, id, &start, &count)
        if code == WT_NOTFOUND { return nil }
        try WiredTigerPeer.check(code)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func scan(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try WiredTigerPeer.check(peer_wt_reset(cursor))
        var start: UnsafeRawPointer?
        var count = 0
        var code = peer_wt_next(cursor, &start, &count)
        while code == 0 {
            try body(UnsafeRawBufferPointer(start: start, count: count))
            code = peer_wt_next(cursor, &start, &count)
        }
        guard code == WT_NOTFOUND else { return try WiredTigerPeer.check(code) }
    }

    func close() { _ = peer_wt_end_session(session) }
}
