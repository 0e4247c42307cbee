// LMDB: every commit synced, no read-ahead switched, and an index of users with sorted duplicates beside the documents.

import CPeerLMDB
import Foundation

/// The environment is safe to share between threads; transactions are not shared.
final class LMDBPeer: KeyValuePeer, @unchecked Sendable {
    let library: String
    fileprivate let environment: OpaquePointer
    fileprivate let documents: MDB_dbi
    fileprivate let users: MDB_dbi
    /// Set once, before other threads have sessions.
    fileprivate var hasIndex = false

    init(folder: String, byteCount: Int) throws {
        library = "LMDB \(MDB_VERSION_MAJOR).\(MDB_VERSION_MINOR).\(MDB_VERSION_PATCH)"
        var environment: OpaquePointer?
        try Self.check(mdb_env_create(&environment))
        guard let environment else { throw PeerError("LMDB: no environment") }
        self.environment = environment
        try Self.check(mdb_env_set_mapsize(environment, byteCount))
        try Self.check(mdb_env_set_maxdbs(environment, 2))
        try Self.check(mdb_env_open(environment, folder, UInt32(MDB_NOTLS), 0o644))
        var transaction: OpaquePointer?
        try Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
        var documents: MDB_dbi = 0
        var users: MDB_dbi = 0
        try Self.check(mdb_dbi_open(transaction, "documents", UInt32(MDB_CREATE | MDB_INTEGERKEY), &documents))
        let flags = MDB_CREATE | MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP
        try Self.check(mdb_dbi_open(transaction, "users", UInt32(flags), &users))
        try Self.check(mdb_txn_commit(transaction))
        (self.documents, self.users) = (documents, users)
    }

    func session() throws -> any KeyValueSession { LMDBSession(self) }

    func close() throws { mdb_env_close(environment) }

    fileprivate static func check(_ code: Int32) throws {
        guard code == MDB_SUCCESS else { throw PeerError("LMDB: \(String(cString: mdb_strerror(code)))") }
    }
}

final class LMDBSession: KeyValueSession {
    private let peer: LMDBPeer
    private var view: OpaquePointer?

    fileprivate init(_ peer: LMDBPeer) { self.peer = peer }

    private func transaction(_ body: (OpaquePointer?) throws -> Void) throws {
        var transaction: OpaquePointer?
        try LMDBPeer.check(mdb_txn_begin(peer.environment, nil, 0, &transaction))
        do {
            try body(transaction)
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        try LMDBPeer.check(mdb_txn_commit(transaction))
    }

    func write(_ documents: [PeerDocument]) throws {
        try transaction { transaction in
            for document in documents {
                try put(document.id, document.bson, transaction)
                if peer.hasIndex { try index(document.id, document.bson, transaction) }
            }
        }
    }

    private func put(_ id: Int64, _ bson: [UInt8], _ transaction: OpaquePointer?) throws {
        var (id, bson) = (id, bson)
        let code = withUnsafeMutableBytes(of: &id) { id in
            bson.withUnsafeMutableBytes { bson in
                var key = MDB_val(mv_size: id.count, mv_data: id.baseAddress)
                var value = MDB_val(mv_size: bson.count, mv_data: bson.baseAddress)
                return mdb_put(transaction, peer.documents, &key, &value, 0)
            }
        }
        try LMDBPeer.check(code)
    }

    private func withUserEntry(_ id: Int64, _ bson: [UInt8], _ body: (inout MDB_val, inout MDB_val) -> Int32) throws {
        guard let user = BSONField.find("user", in: bson)?.integer else { throw PeerError("a document has no user") }
        var (id, name) = (id, Int32(user))
        let code = withUnsafeMutableBytes(of: &name) { name in
            withUnsafeMutableBytes(of: &id) { id in
                var key = MDB_val(mv_size: name.count, mv_data: name.baseAddress)
                var value = MDB_val(mv_size: id.count, mv_data: id.baseAddress)
                return body(&key, &value)
            }
        }
        try LMDBPeer.check(code)
    }

    private func index(_ id: Int64, _ bson: [UInt8], _ transaction: OpaquePointer?) throws {
        try withUserEntry(id, bson) { mdb_put(transaction, peer.users, &$0, &$1, 0) }
    }

    func delete(_ ids: [Int64]) throws {
        try transaction { transaction in
            for id in ids {
                guard let bson = try get(id, transaction) else { continue }
                if peer.hasIndex { try withUserEntry(id, bson) { mdb_del(transaction, peer.users, &$0, &$1) } }
                var key = id
                let code = withUnsafeMutableBytes(of: &key) { bytes in
                    var key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
                    return mdb_del(transaction, peer.documents, &key, nil)
                }
                try LMDBPeer.check(code)
            }
        }
    }

    func update(_ ids: [Int64], _ change: ([UInt8]) throws -> [UInt8]) throws {
        try transaction { transaction in
            for id in ids {
                guard let old = try get(id, transaction) else { throw PeerError("document \(id) is missing") }
                try put(id, change(old), transaction)
            }
        }
    }

    func reading(_ body: () throws -> Void) throws {
        try LMDBPeer.check(mdb_txn_begin(peer.environment, nil, UInt32(MDB_RDONLY), &view))
        defer {
            mdb_txn_abort(view)
            view = nil
        }
        try body()
    }

    func get(_ id: Int64) throws -> [UInt8]? { try get(id, view) }

    private func get(_ id: Int64, _ transaction: OpaquePointer?) throws -> [UInt8]? {
        var id = id
        var value = MDB_val()
        let code = withUnsafeMutableBytes(of: &id) { id in
            var key = MDB_val(mv_size: id.count, mv_data: id.baseAddress)
            return mdb_get(transaction, peer.documents, &key, &value)
        }
        if code == MDB_NOTFOUND { return nil }
        try LMDBPeer.check(code)
        return Array(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
    }

    private func walk(
        _ transaction: OpaquePointer?, _ body: (MDB_val, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var cursor: OpaquePointer?
        try LMDBPeer.check(mdb_cursor_open(transaction, peer.documents, &cursor))
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        while mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS {
            try body(key, UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
        }
    }

    func scan(_ body: (UnsafeRawBufferPointer) throws -> Void) throws { try walk(view) { try body($1) } }

    func count() throws -> Int? {
        var statistics = MDB_stat()
        try LMDBPeer.check(mdb_stat(view, peer.documents, &statistics))
        return Int(statistics.ms_entries)
    }

    /// Sorts all entries first, as the other peers' index builds do.
    func indexUsers() throws -> Bool {
        try transaction { transaction in
            var entries: [(user: Int32, id: Int64)] = []
            try walk(transaction) { key, bson in
                guard case .integer(let user) = BSONField.value("user", in: bson) else {
                    throw PeerError("a document has no user")
                }
                entries.append((Int32(user), key.mv_data.loadUnaligned(as: Int64.self)))
            }
            entries.sort { ($0.user, $0.id) < ($1.user, $1.id) }
            for entry in entries {
                var (user, id) = entry
                let code = withUnsafeMutableBytes(of: &user) { user in
                    withUnsafeMutableBytes(of: &id) { id in
                        var key = MDB_val(mv_size: user.count, mv_data: user.baseAddress)
                        var value = MDB_val(mv_size: id.count, mv_data: id.baseAddress)
                        return mdb_put(transaction, peer.users, &key, &value, UInt32(MDB_APPENDDUP))
                    }
                }
                try LMDBPeer.check(code)
            }
        }
        peer.hasIndex = true
        return true
    }

    func find(user: Int32) throws -> [[UInt8]] {
        var cursor: OpaquePointer?
        try LMDBPeer.check(mdb_cursor_open(view, peer.users, &cursor))
        defer { mdb_cursor_close(cursor) }
        var user = user
        var found: [[UInt8]] = []
        try withUnsafeMutableBytes(of: &user) { user in
            var key = MDB_val(mv_size: user.count, mv_data: user.baseAddress)
            var value = MDB_val()
            var code = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY)
            while code == MDB_SUCCESS {
                if let bson = try get(value.mv_data.loadUnaligned(as: Int64.self), view) { found.append(bson) }
                code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT_DUP)
            }
        }
        return found
    }

    func close() {}
}
