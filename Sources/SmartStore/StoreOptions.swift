public import Logging
import PageStore
package import StoreIO

/// What opens a file.
public enum EncryptionKey: Sendable {
    /// The file is not encrypted.
    case none
    /// A passphrase, turned into a key by scrypt.
    case passphrase(String)
    /// Exactly 32 bytes of key.
    case raw([UInt8])

    func storeKey() throws(StoreError) -> StoreKey {
        switch self {
        case .none: return .none
        case .passphrase(let text):
            guard !text.isEmpty else {
                throw StoreError(.invalidArgument, "The passphrase is empty.", remedy: "Give at least one character.")
            }
            return .passphrase(SecretBytes(copying: Array(text.utf8).span.bytes))
        case .raw(let bytes):
            guard bytes.count == 32 else {
                throw StoreError(
                    .invalidArgument, "A raw key has 32 bytes, not \(bytes.count).", remedy: "Give 32 random bytes.")
            }
            return .raw(SecretKey(copying: bytes.span.bytes))
        }
    }
}

/// When an acknowledged commit is on the disk.
public enum Durability: String, Sendable, CaseIterable {
    /// After a sync of its own.
    case full
    /// After a sync that may serve every commit that waits. The default.
    case grouped
    /// At once; synced within ``StoreOptions/relaxedWindow``. A crash loses at most that tail, never consistency.
    case relaxed

    var level: PageStore.Durability {
        switch self {
        case .full: .full
        case .grouped: .grouped
        case .relaxed: .relaxed
        }
    }
}

/// Settings of an open store.
public struct StoreOptions: Sendable {
    /// Opens without ever writing; works on read-only media.
    public var isReadOnly = false
    /// Bytes of pages kept in memory, at least 1 MiB.
    public var cacheByteLimit = 64 << 20
    /// The log is checkpointed so that it stays near this size; 1 MiB to 1 TiB.
    public var logByteLimit = 64 << 20
    /// Bytes of changed pages a transaction keeps in memory before it spills; nil: half of ``cacheByteLimit``.
    public var transactionByteLimit: Int?
    /// Bytes of vectors and links kept in memory for each vector index; nil: no limit.
    public var vectorByteLimit: Int?
    /// Bytes of keys that making an index sorts in memory at a time; 1 MiB to 1 TiB.
    public var indexBuildByteLimit = 128 << 20
    /// Bytes of documents that a sort holds in memory, 4 KiB to 1 TiB. Beyond them it goes on in a temporary file beside the
    /// store, sealed if the store is; a store that is only read uses the system's folder for such files.
    public var sortByteLimit = 100 << 20
    /// Bytes that the groups of a `$group` stage may take in memory, at least 64 KiB. Beyond them documents wait in a
    /// temporary file; a single group beyond them fails (292).
    public var groupByteLimit = 100 << 20
    /// How long to wait for a file that somebody else has open.
    public var lockWait: Duration = .zero
    /// Durability of transactions that do not say.
    public var durability: Durability = .grouped
    /// How late a relaxed commit may be synced.
    public var relaxedWindow: Duration = .milliseconds(500)
    /// Readers older than this may be ended when they hold back a full log; nil: never.
    public var readerDeadline: Duration?
    /// Bytes of keys and values that the cache segment keeps before it evicts the least recently used.
    public var cacheSegmentByteLimit = 64 << 20
    /// Entries after which an epoch of the audit log is sealed, 1 to 16,777,216.
    public var auditEpochEntryLimit = 1024
    /// Time after which an epoch of the audit log is sealed, at the next commit or close; 1 second to 366 days.
    public var auditEpochDuration: Duration = .seconds(3600)
    /// Where warnings of background work go.
    public var logger: Logger?
    /// Checkpoints and vector linking on threads of their own. Without, they happen when asked for.
    public var runsBackgroundWork = true

    /// Vectors that must have been linked since links were last saved, before a checkpoint saves them again; at least a
    /// quarter of those saved, too.
    package var vectorLinkSaveStep = 1024
    /// How much of an index is made in one transaction.
    package var indexBuildPortions = IndexBuildPortions()
    /// Where a store that is only read makes temporary files; nil: the system's folder for them.
    package var spillDirectory: (any StoreDirectory)?
    package var time: any TimeSource = SystemTimeSource()
    package var random: any RandomSource = SystemRandomSource()

    /// The defaults.
    public init() {}

    func pagerOptions() throws(StoreError) -> PagerOptions {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(StoreError) {
            guard range.contains(value) else {
                throw StoreError(
                    .invalidArgument, "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound).",
                    remedy: "Choose a value in the range.")
            }
        }
        try check("cacheByteLimit", cacheByteLimit, Limits.pageCacheBytes)
        try check("logByteLimit", logByteLimit, Limits.logBytes)
        try check("cacheSegmentByteLimit", cacheSegmentByteLimit, Limits.cacheSegmentBytes)
        try check("indexBuildByteLimit", indexBuildByteLimit, Limits.indexBuildBytes)
        try check("sortByteLimit", sortByteLimit, Limits.sortBytes)
        try check("groupByteLimit", groupByteLimit, Limits.groupBytes)
        try check("auditEpochEntryLimit", auditEpochEntryLimit, Limits.auditEpochEntries)
        guard Limits.auditEpochDuration.contains(auditEpochDuration) else {
            throw StoreError(
                .invalidArgument, "auditEpochDuration is \(auditEpochDuration); it must be 1 second to 366 days.",
                remedy: "Choose a value in the range.")
        }
        if let vectorByteLimit { try check("vectorByteLimit", vectorByteLimit, Limits.vectorBytes) }
        if let transactionByteLimit { try check("transactionByteLimit", transactionByteLimit, Limits.transactionBytes) }
        var options = PagerOptions()
        options.isReadOnly = isReadOnly
        options.cacheByteLimit = cacheByteLimit
        options.transactionByteLimit = transactionByteLimit
        options.logByteLimit = logByteLimit
        options.lockWait = lockWait
        options.relaxedWindow = relaxedWindow
        options.readerDeadline = readerDeadline
        options.checkpointsInBackground = runsBackgroundWork
        options.time = time
        options.random = random
        return options
    }
}

/// How a passphrase becomes a key.
public enum KeyStretching: Sendable, Hashable {
    /// scrypt (RFC 7914): memory 128 × 2^logN × r bytes. The default is 17, 8, 1: 128 MiB and about half a second.
    case scrypt(logN: Int = 17, r: Int = 8, p: Int = 1)
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018), for users bound to FIPS.
    case pbkdf2(iterations: Int = 600_000)

    var parameters: KeyDerivationParameters {
        switch self {
        case .scrypt(let logN, let r, let p):
            .scrypt(logN: UInt32(clamping: logN), r: UInt32(clamping: r), p: UInt32(clamping: p))
        case .pbkdf2(let iterations): .pbkdf2SHA256(iterations: UInt32(clamping: iterations))
        }
    }
}

/// What a new file is made with.
public struct CreationOptions: Sendable {
    /// Bytes a page: a power of two from 4,096 to 65,536.
    public var pageSize = 8192
    /// How a passphrase becomes a key; raw keys need none.
    public var keyStretching: KeyStretching = .scrypt()

    /// The defaults.
    public init() {}

    func createOptions() -> CreateOptions {
        var options = CreateOptions()
        options.pageSize = pageSize
        options.derivation = keyStretching.parameters
        return options
    }
}
