// The cache segment: get, set, ttl, delete, keys, info.

import ArgumentParser
import SmartStore

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Reads and writes the cache segment.",
        subcommands: [
            CacheGetCommand.self, CacheSetCommand.self, CacheTTLCommand.self, CacheDeleteCommand.self,
            CacheKeysCommand.self, CacheInfoCommand.self,
        ])
}

struct CacheGetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Prints the value under a key: text where it is UTF-8, else a binary.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The key.")
    var key: String

    @Flag(help: "Prints the bytes as they are, without JSON.")
    var raw = false

    func run() throws {
        guard let bytes = try store.reading({ try $0.cache.get(key) }) else { throw StoreError.noCacheEntry(key) }
        let output = StandardOutput()
        if raw { return try output.bytes(bytes) }
        let text = String(validating: bytes, as: UTF8.self)
        try output.document([
            "key": .string(key), "value": text.map { .string($0) } ?? .binary(BSONBinary(bytes: bytes)),
        ])
        try output.flush()
    }
}

struct CacheSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "set", abstract: "Puts a text under a key.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The key.")
    var key: String

    @Argument(help: "The value.")
    var value: String

    @Option(help: "Seconds to keep it; without, until room is needed.")
    var ttl: Double?

    func validate() throws {
        if let ttl, !(ttl > 0 && ttl < 1e12) { throw ValidationError("--ttl must be a positive number of seconds.") }
    }

    func run() throws {
        try store.withStore { store in
            try store.writeSync { try $0.cache.set(key, Array(value.utf8), ttl: ttl.map { .seconds($0) }) }
        }
        let output = StandardOutput()
        try output.document(["key": .string(key), "bytes": BSONValue(value.utf8.count)])
        try output.flush()
    }
}

struct CacheTTLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ttl", abstract: "Prints how long an entry will live, in milliseconds; null: without end.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The key.")
    var key: String

    func run() throws {
        let left: BSONValue
        switch try store.reading({ try $0.cache.timeToLive(key) }) {
        case .missing: throw StoreError.noCacheEntry(key)
        case .unlimited: left = .null
        case .milliseconds(let milliseconds): left = .int64(milliseconds)
        }
        let output = StandardOutput()
        try output.document(["key": .string(key), "ttlMilliseconds": left])
        try output.flush()
    }
}

struct CacheDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Removes entries.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The keys.")
    var keys: [String]

    func run() throws {
        let deleted = try store.withStore { store in
            try store.writeSync { transaction in
                try keys.reduce(0) { try transaction.cache.delete($1) ? $0 + 1 : $0 }
            }
        }
        let output = StandardOutput()
        try output.document(["deleted": BSONValue(deleted)])
        try output.flush()
    }
}

struct CacheKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "keys", abstract: "Prints keys in order.")

    @OptionGroup var store: StoreArguments

    @Option(help: "Only those that begin so.")
    var prefix = ""

    @Option(help: "How many to print at most.")
    var limit = 1000

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must not be negative.") }
    }

    func run() throws {
        let output = StandardOutput()
        for key in try store.reading({ try $0.cache.keys(prefix: prefix, limit: limit) }) {
            try output.document(["key": .string(key)])
        }
        try output.flush()
    }
}

struct CacheInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "Prints counts and the limit.")

    @OptionGroup var store: StoreArguments

    func run() throws {
        let info = try store.reading { try $0.cache.info() }
        let output = StandardOutput()
        try output.document([
            "entries": BSONValue(info.entryCount), "bytes": .int64(Int64(info.byteCount)),
            "byteLimit": .int64(Int64(info.byteLimit)),
        ])
        try output.flush()
    }
}

extension StoreError {
    static func noCacheEntry(_ key: String) -> StoreError {
        StoreError(.notFound, "The cache has no entry '\(key)'.", remedy: "It was never set, expired or was evicted.")
    }
}
