// One run of one peer, in a process of its own, so that its peak memory is its own. `compare` starts it.

import ArgumentParser
import Foundation

struct MeasurePeer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "One run of one peer; its figures go to standard output as JSON.")

    @Argument(help: "sqlite, sqlcipher, lmdb, rocksdb or wiredtiger.") var peer: Contestant
    @Option(help: "The documents, as `smartstore-bench documents --export` writes them.") var corpus: String
    @Option(help: "An empty folder for the peer's files.") var folder: String
    @Option(help: "Bytes of cache.") var cache = 256 << 20
    @Option(help: "Bytes of log before it is copied into the file, with SQLite, sqlcipher and WiredTiger.")
    var log = 256 << 20
    @Option(help: "Seconds for each row of single operations.") var seconds = 2.0
    @Option(help: "Seed of the queries.") var seed: UInt64 = 1

    @Flag(help: "Divide by processor time where nothing waits for the disk.") var processorTime = false

    func run() throws {
        let documents = try CorpusFile(path: corpus)
        let settings = PeerSettings(
            folder: folder, cacheBytes: cache, seconds: seconds, seed: seed, byProcessor: processorTime,
            logBytes: log)
        let run = KeyValueRun(corpus: documents, settings: settings)
        var findings: Findings
        switch peer {
        case .plain, .encrypted: throw PeerError("SmartStore is measured by smartstore-bench")
        case .sqlite: findings = try SQLitePeer(corpus: documents, settings: settings, isEncrypted: false).measure()
        case .sqlcipher: findings = try SQLitePeer(corpus: documents, settings: settings, isEncrypted: true).measure()
        case .lmdb:
            // Room for documents, copies of pages that readers hold, and the index; the file grows as it is used.
            let room = max(4 << 30, documents.count * 4096)
            findings = try run.measure(LMDBPeer(folder: folder, byteCount: room))
            findings.notes.append("LMDB: reads its file by memory mapping; its peak memory counts those pages")
        case .rocksdb: findings = try run.measure(RocksDBPeer(folder: folder, cacheBytes: cache))
        case .wiredtiger: findings = try run.measure(WiredTigerPeer(folder: folder, cacheBytes: cache, logBytes: log))
        }
        findings.corpusChecksum = documents.checksum
        findings.queryChecksum = QueryNumbers.checksum(seed: seed &+ 7, count: documents.count)
        print(String(decoding: try JSONEncoder().encode(findings), as: UTF8.self))
    }
}
