// RocksDB: synced writes, a block cache as large as the other caches, ten filter bits a key, no compression.

import CPeerRocksDB
import Foundation

/// The database is safe to share between threads.
final class RocksDBPeer: KeyValuePeer, @unchecked Sendable {
    // The C interface has no call for its version; the package's is in the report of the machine.
    let library = "RocksDB"
    fileprivate let database: OpaquePointer
    fileprivate let writing: OpaquePointer?
    fileprivate let reading: OpaquePointer?

    init(folder: String, cacheBytes: Int) throws {
        let options = rocksdb_options_create()
        let tables = rocksdb_block_based_options_create()
        let cache = rocksdb_cache_create_lru(cacheBytes)
        rocksdb_block_based_options_set_block_cache(tables, cache)
        rocksdb_block_based_options_set_filter_policy(tables, rocksdb_filterpolicy_create_bloom_full(10))
        rocksdb_options_set_block_based_table_factory(options, tables)
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
        var error: UnsafeMutablePointer<CChar>?
        let database = rocksdb_open(options, folder, &error)
        try Self.check(error)
        guard let database else { throw PeerError("RocksDB did not open") }
        self.database = database
        writing = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(writing, 1)
        reading = rocksdb_readoptions_create()
        // Blocks are checked when they come from the disk, as RocksDB does by itself.
        rocksdb_readoptions_set_verify_checksums(reading, 1)
    }

    func session() throws -> any KeyValueSession { RocksDBSession(self) }

    func close() throws { rocksdb_close(database) }

    fileprivate static func check(_ error: UnsafeMutablePointer<CChar>?) throws {
        guard let error else { return }
        let text = String(cString: error)
        rocksdb_free(error)
        throw PeerError("RocksDB: \(text)")
    }
}

final class RocksDBSession: KeyValueSession {
    private let peer: RocksDBPeer
    private let batch = rocksdb_writebatch_create()

    fileprivate init(_ peer: RocksDBPeer) { self.peer = peer }

    /// Keys sort as bytes, so the number is written from its high byte.
    private func withKey<R>(_ id: Int64, _ body: (UnsafePointer<CChar>?) -> R) -> R {
        var key = id.bigEndian
        return withUnsafeBytes(of: &key) { body($0.assumingMemoryBound(to: CChar.self).baseAddress) }
    }

    private func put(_ id: Int64, _ bson: [UInt8]) {
        withKey(id) { key in
            bson.withUnsafeBytes { bytes in
                rocksdb_writebatch_put(
                    batch, key, 8, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
            }
        }
    }

    private func commit() throws {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_write(peer.database, peer.writing, batch, &error)
        rocksdb_writebatch_clear(batch)
        try RocksDBPeer.check(error)
    }

    func write(_ documents: [PeerDocument]) throws {
        for document in documents { put(document.id, document.bson) }
        try commit()
    }

    func delete(_ ids: [Int64]) throws {
        for id in ids { withKey(id) { rocksdb_writebatch_delete(batch, $0, 8) } }
        try commit()
    }

    func update(_ ids: [Int64], _ change: ([UInt8]) throws -> [UInt8]) throws {
        // A batch is not read from before it is written, so a second change of a document is made here.
        var changed: [Int64: [UInt8]] = [:]
        for id in ids {
            guard let old = try changed[id] ?? get(id) else { throw PeerError("document \(id) is missing") }
            let new = try change(old)
            changed[id] = new
            put(id, new)
        }
        try commit()
    }

    func reading(_ body: () throws -> Void) throws {
        let snapshot = rocksdb_create_snapshot(peer.database)
        rocksdb_readoptions_set_snapshot(peer.reading, snapshot)
        defer {
            rocksdb_readoptions_set_snapshot(peer.reading, nil)
            rocksdb_release_snapshot(peer.database, snapshot)
        }
        try body()
    }

    func get(_ id: Int64) throws -> [UInt8]? {
        var error: UnsafeMutablePointer<CChar>?
        let value = withKey(id) { rocksdb_get_pinned(peer.database, peer.reading, $0, 8, &error) }
        try RocksDBPeer.check(error)
        guard let value else { return nil }
        defer { rocksdb_pinnableslice_destroy(value) }
        var count = 0
        let start = rocksdb_pinnableslice_value(value, &count)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func scan(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let iterator = rocksdb_create_iterator(peer.database, peer.reading)
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_first(iterator)
        while rocksdb_iter_valid(iterator) != 0 {
            var count = 0
            let start = rocksdb_iter_value(iterator, &count)
            try body(UnsafeRawBufferPointer(start: start, count: count))
            rocksdb_iter_next(iterator)
        }
    }

    func close() { rocksdb_writebatch_destroy(batch) }
}
