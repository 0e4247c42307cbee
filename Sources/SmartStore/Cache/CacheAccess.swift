import PageStore
import StoreIO
import Synchronization
import TreeStore

// The cache segment's verbs.

/// How long an entry will live.
public enum TimeToLive: Sendable, Hashable {
    /// There is no such entry.
    case missing
    /// It lives until it is evicted.
    case unlimited
    /// Milliseconds left.
    case milliseconds(Int64)
}

/// The cache segment at a moment.
public struct CacheInfo: Sendable, Equatable {
    /// Entries, expired ones that were not removed yet included.
    public let entryCount: Int
    /// Bytes of keys and values, with 48 bytes an entry.
    public let byteCount: Int
    /// What ``byteCount`` is kept under.
    public let byteLimit: Int
}

/// What can be asked of the cache segment.
public protocol CacheReading {
    /// The view it is read in.
    var transaction: TransactionView { get }
}

/// The cache segment in a read transaction.
public struct CacheReader: CacheReading {
    /// The view it is read in.
    public let transaction: TransactionView
}

extension CacheReading {
    private func segment() throws(PageFault) -> CacheSegment? {
        if let writer = transaction as? WriteTransaction { return try writer.presentCache() }
        guard let catalogue = transaction.catalogue else { return nil }
        return try CacheSegment(catalogue, in: transaction.view)
    }

    /// The value under a key; nil when there is none or it has expired.
    public func get(_ key: String) throws(StoreError) -> [UInt8]? {
        try converting {
            let name = Array(key.utf8)
            let now = transaction.store.options.time.now()
            guard let entry = try segment()?.entry(name, in: transaction.view), !entry.isExpired(at: now) else {
                return nil
            }
            transaction.store.touchedCacheKeys.add(name)
            return entry.value
        }
    }

    /// How long an entry will live.
    public func timeToLive(_ key: String) throws(StoreError) -> TimeToLive {
        try converting {
            let now = transaction.store.options.time.now()
            guard let entry = try segment()?.entry(Array(key.utf8), in: transaction.view), !entry.isExpired(at: now)
            else { return .missing }
            return entry.expiry == 0 ? .unlimited : .milliseconds(entry.expiry - now)
        }
    }

    /// Keys in order, at most `limit`.
    public func keys(prefix: String = "", limit: Int = 1000) throws(StoreError) -> [String] {
        try converting {
            guard let segment = try segment() else { return [] }
            let start = Array(prefix.utf8)
            let now = transaction.store.options.time.now()
            let cursor = segment.entries.cursor(in: transaction.view)
            var found: [String] = []
            var isThere = try cursor.seek(to: start.span.bytes)
            while isThere, found.count < limit {
                let key = try cursor.key
                guard key.starts(with: start) else { break }
                if let entry = try segment.entry(key, in: transaction.view), !entry.isExpired(at: now) {
                    found.append(String(decoding: key, as: UTF8.self))
                }
                isThere = try cursor.next()
            }
            return found
        }
    }

    /// Counts and limits.
    public func info() throws(StoreError) -> CacheInfo {
        try converting {
            let segment = try segment()
            return CacheInfo(
                entryCount: segment?.count ?? 0, byteCount: segment?.byteCount ?? 0,
                byteLimit: transaction.store.options.cacheSegmentByteLimit)
        }
    }
}

/// The cache segment in a write transaction.
public struct CacheWriter: CacheReading {
    let writer: WriteTransaction
    /// The transaction it is written in.
    public var transaction: TransactionView { writer }

    init(transaction: WriteTransaction) { writer = transaction }

    /// Puts a value under a key; the least recently used entries make room.
    /// - Parameter ttl: nil: until evicted.
    /// - Throws: `limitExceeded` for a key over 512 bytes, a value over 16 MiB or over the segment's limit.
    public func set(_ key: String, _ value: [UInt8], ttl: Duration? = nil) throws(StoreError) {
        try change(key) { segment, name in
            guard value.count <= CacheSegment.longestValue else {
                throw PageFault.limitExceeded(name: "cache value bytes", limit: CacheSegment.longestValue)
            }
            try segment.set(name, value, expiry: expiry(after: ttl), in: writer.pages)
        }
    }

    /// Removes an entry; false when there was none.
    @discardableResult
    public func delete(_ key: String) throws(StoreError) -> Bool {
        try writer.changing {
            guard let segment = try writer.presentCache() else { return false }
            let name = Array(key.utf8)
            let now = writer.store.options.time.now()
            guard let entry = try segment.entry(name, in: writer.pages) else { return false }
            try segment.remove(name, in: writer.pages)
            return !entry.isExpired(at: now)
        }
    }

    /// Gives an entry a lifetime from now, or (nil) none; false when there is no such entry.
    @discardableResult
    public func expire(_ key: String, after ttl: Duration?) throws(StoreError) -> Bool {
        try writer.changing {
            guard let segment = try writer.presentCache() else { return false }
            let name = Array(key.utf8)
            let now = writer.store.options.time.now()
            guard let entry = try segment.entry(name, in: writer.pages), !entry.isExpired(at: now) else { return false }
            try segment.set(name, entry.value, expiry: expiry(after: ttl), in: writer.pages)
            return true
        }
    }

    /// Adds to a counter, made as 0 when it is not there; keeps its lifetime. Returns the new value.
    /// - Throws: `invalidArgument` when the entry is no decimal integer or the sum overflows.
    @discardableResult
    public func increment(_ key: String, by amount: Int64 = 1) throws(StoreError) -> Int64 {
        var result: Int64 = 0
        try change(key) { segment, name in
            let now = writer.store.options.time.now()
            var entry = try segment.entry(name, in: writer.pages)
            if entry?.isExpired(at: now) == true { entry = nil }
            let text = entry.map { String(decoding: $0.value, as: UTF8.self) } ?? "0"
            guard let value = Int64(text) else {
                throw StoreError(
                    .invalidArgument, "The entry '\(key)' is no integer.", remedy: "Use another key.", server: .badValue
                )
            }
            let (sum, overflow) = value.addingReportingOverflow(amount)
            guard !overflow else {
                throw StoreError(
                    .invalidArgument, "The counter '\(key)' would overflow.", remedy: "Reset it.", server: .badValue)
            }
            try segment.set(name, Array(String(sum).utf8), expiry: entry?.expiry ?? 0, in: writer.pages)
            result = sum
        }
        return result
    }

    /// Removes every entry whose key begins with `prefix`. Returns how many.
    @discardableResult
    public func removeAll(prefix: String = "") throws(StoreError) -> Int {
        try writer.changing {
            guard let segment = try writer.presentCache() else { return 0 }
            let start = Array(prefix.utf8)
            var removed = 0
            while true {
                var names: [[UInt8]] = []
                let cursor = segment.entries.cursor(in: writer.pages)
                var isThere = try cursor.seek(to: start.span.bytes)
                while isThere, names.count < 1000 {
                    let key = try cursor.key
                    guard key.starts(with: start) else { break }
                    names.append(key)
                    isThere = try cursor.next()
                }
                guard !names.isEmpty else { return removed }
                for name in names { try segment.remove(name, in: writer.pages) }
                removed += names.count
            }
        }
    }

    private func expiry(after ttl: Duration?) throws(StoreError) -> Int64 {
        guard let ttl else { return 0 }
        let parts = ttl.components
        let milliseconds = parts.seconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow, ttl > .zero, milliseconds.partialValue < 1 << 50 else {
            throw StoreError(
                .invalidArgument, "A time to live must be positive.", remedy: "Give at least a millisecond.",
                server: .badValue)
        }
        let now = writer.store.options.time.now()
        return now + max(1, milliseconds.partialValue + parts.attoseconds / 1_000_000_000_000_000)
    }

    private func change(_ key: String, _ body: (CacheSegment, [UInt8]) throws -> Void) throws(StoreError) {
        try writer.changing {
            let name = Array(key.utf8)
            guard !name.isEmpty, name.count <= CacheSegment.longestKey else {
                throw PageFault.limitExceeded(name: "cache key bytes", limit: CacheSegment.longestKey)
            }
            try writer.pages.relieve()
            let segment = try writer.writableCache()
            try body(segment, name)
            let now = writer.store.options.time.now()
            try segment.trim(to: writer.store.options.cacheSegmentByteLimit, now: now, in: writer.pages)
        }
    }
}

extension WriteTransaction {
    func presentCache() throws(PageFault) -> CacheSegment? {
        if let cacheSegment { return cacheSegment }
        guard let catalogue, let segment = try CacheSegment(catalogue, in: pages) else { return nil }
        try segment.fold(store.touchedCacheKeys.take(), in: pages)
        cacheSegment = segment
        return segment
    }

    func writableCache() throws(PageFault) -> CacheSegment {
        if let present = try presentCache() { return present }
        _ = try makeCatalog()
        let made = try CacheSegment(creatingIn: pages)
        cacheSegment = made
        return made
    }
}

/// Keys that were read since the segment was last written; bounded, the oldest are forgotten.
final class TouchedKeys: Sendable {
    private static let limit = 4096
    private let keys = Mutex<[[UInt8]: UInt64]>([:])
    private let clock = Mutex<UInt64>(0)

    func add(_ key: [UInt8]) {
        let tick = clock.withLock { clock in
            clock += 1
            return clock
        }
        keys.withLock { keys in
            if keys.count >= Self.limit, keys[key] == nil { return }
            keys[key] = tick
        }
    }

    /// In the order of their last use.
    func take() -> [[UInt8]] {
        keys.withLock { keys in
            defer { keys = [:] }
            return keys.sorted { $0.value < $1.value }.map(\.key)
        }
    }
}
