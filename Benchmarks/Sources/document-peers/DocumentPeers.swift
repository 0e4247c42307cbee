// document-peers: the same work on the same documents by our store and by others, in one run on one disk.

import ArgumentParser

@main
struct DocumentPeers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document-peers",
        abstract: "Measures SmartStore's documents beside SQLite, sqlcipher, LMDB, RocksDB and WiredTiger.",
        subcommands: [Compare.self, MeasurePeer.self], defaultSubcommand: Compare.self)
}

/// Who is measured. The order is that of the table.
enum Contestant: String, CaseIterable, Codable, ExpressibleByArgument {
    case plain, encrypted, sqlite, sqlcipher, lmdb, rocksdb, wiredtiger

    var title: String {
        switch self {
        case .plain: "SmartStore"
        case .encrypted: "SmartStore, encrypted"
        case .sqlite: "SQLite"
        case .sqlcipher: "sqlcipher"
        case .lmdb: "LMDB"
        case .rocksdb: "RocksDB"
        case .wiredtiger: "WiredTiger"
        }
    }

    var isOurs: Bool { self == .plain || self == .encrypted }

    /// Debian's package of the library.
    var package: String? {
        switch self {
        case .plain, .encrypted: nil
        case .sqlite: "libsqlite3-0"
        case .sqlcipher: "libsqlcipher0"
        case .lmdb: "liblmdb0"
        case .rocksdb: "librocksdb7.8"
        case .wiredtiger: "libwiredtiger0"
        }
    }
}
