import PageStore
import TreeStore

// The cache segment: byte strings with a lifetime, in the file, within a byte limit.
//
//   entries  key → expiry (8) · tick (8) · value         expiry 0: none; milliseconds since 1970
//   order    tick (8, big-endian) → key                  the least recently used first
//   expiry   expiry (8, big-endian) · key → nothing      the next to expire first
//
// A read does not write: that a key was used is remembered in memory and folded into `order` by the next write of the
// segment. What is lost by a crash is only how recently an entry was used.

final class CacheSegment {
    static let longestKey = Limits.cacheKeyBytes
    static let longestValue = Limits.cacheValueBytes
    /// What an entry costs beyond key and value.
    static let entryOverhead = 48

    let entries: Tree
    let order: Tree
    let expiry: Tree
    private(set) var count: Int
    private(set) var byteCount: Int
    private var nextTick: UInt64
    private var isChanged = false

    struct Entry {
        var expiry: Int64
        var tick: UInt64
        var value: [UInt8]

        func isExpired(at now: Int64) -> Bool { expiry != 0 && expiry <= now }
    }

    /// nil when nothing was ever cached.
    init?(_ catalogue: Catalog, in view: PageView) throws(PageFault) {
        guard let header = try catalogue.entry(CatalogKind.cache.key(), in: view) else { return nil }
        entries = Tree(root: try header.root("entries", of: catalogue.tree.root))
        order = Tree(root: try header.root("order", of: catalogue.tree.root))
        expiry = Tree(root: try header.root("expiry", of: catalogue.tree.root))
        count = header.count("count")
        byteCount = header.count("bytes")
        nextTick = UInt64(header.count("tick"))
        guard max(count, byteCount) < 1 << 48, nextTick < 1 << 60 else {
            throw .corruptStructure(page: catalogue.tree.root, reason: "cache counters out of range")
        }
    }

    init(creatingIn transaction: PageTransaction) throws(PageFault) {
        entries = try Tree.create(in: transaction)
        order = try Tree.create(in: transaction)
        expiry = try Tree.create(in: transaction)
        count = 0
        byteCount = 0
        nextTick = 1
        isChanged = true
    }

    func writeHeader(_ catalogue: Catalog, in transaction: PageTransaction) throws(PageFault) {
        guard isChanged else { return }
        try catalogue.put(
            CatalogKind.cache.key(),
            [
                "entries": .page(entries.root), "order": .page(order.root), "expiry": .page(expiry.root),
                "count": .count(count), "bytes": .count(byteCount), "tick": .int64(Int64(nextTick)),
            ], in: transaction)
    }

    // MARK: Reading

    func entry(_ key: [UInt8], in view: PageView) throws(PageFault) -> Entry? {
        guard let bytes = try entries.get(key.span.bytes, in: view) else { return nil }
        guard bytes.count >= 16 else {
            throw .corruptStructure(page: entries.root, reason: "cache entry of \(bytes.count) bytes")
        }
        return Entry(
            expiry: Int64(bitPattern: Self.load(bytes, 0)), tick: Self.load(bytes, 8), value: Array(bytes[16...]))
    }

    // MARK: Writing

    func set(
        _ key: [UInt8], _ value: [UInt8], expiry newExpiry: Int64, in transaction: PageTransaction
    ) throws(PageFault) {
        if let old = try entry(key, in: transaction) { try forget(key, old, in: transaction) }
        let entry = Entry(expiry: newExpiry, tick: takeTick(), value: value)
        try entries.put(key.span.bytes, Self.encode(entry).span.bytes, in: transaction)
        try order.put(BigEndian.bytes(entry.tick).span.bytes, key.span.bytes, in: transaction)
        if newExpiry != 0 {
            try expiry.put(Self.expiryKey(newExpiry, key).span.bytes, [UInt8]().span.bytes, in: transaction)
        }
        count += 1
        byteCount += cost(key, value)
        isChanged = true
    }

    @discardableResult
    func remove(_ key: [UInt8], in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard let old = try entry(key, in: transaction) else { return false }
        try forget(key, old, in: transaction)
        try entries.remove(key.span.bytes, in: transaction)
        return true
    }

    /// Moves keys that were read to the end of the order.
    func fold(_ touched: [[UInt8]], in transaction: PageTransaction) throws(PageFault) {
        for key in touched {
            guard var entry = try entry(key, in: transaction) else { continue }
            try order.remove(BigEndian.bytes(entry.tick).span.bytes, in: transaction)
            entry.tick = takeTick()
            try entries.put(key.span.bytes, Self.encode(entry).span.bytes, in: transaction)
            try order.put(BigEndian.bytes(entry.tick).span.bytes, key.span.bytes, in: transaction)
            isChanged = true
        }
    }

    /// Removes what has expired, at most `limit` entries, then the least recently used until the segment fits.
    func trim(to byteLimit: Int, now: Int64, limit: Int = 256, in transaction: PageTransaction) throws(PageFault) {
        var removed = 0
        while removed < limit {
            let cursor = expiry.cursor(in: transaction)
            guard try cursor.seekToFirst() else { break }
            let name = try cursor.key
            guard name.count >= 8, Int64(bitPattern: BigEndian.load(name)) <= now else { break }
            let key = Array(name[8...])
            if try !remove(key, in: transaction) { try expiry.remove(name.span.bytes, in: transaction) }
            removed += 1
        }
        while byteCount > byteLimit {
            let cursor = order.cursor(in: transaction)
            guard try cursor.seekToFirst() else { break }
            let (tick, key) = (try cursor.key, try cursor.value)
            if try !remove(key, in: transaction) { try order.remove(tick.span.bytes, in: transaction) }
        }
    }

    /// Takes an entry out of the accounts and the two orders; the entry itself is overwritten or removed by the caller.
    private func forget(_ key: [UInt8], _ old: Entry, in transaction: PageTransaction) throws(PageFault) {
        try order.remove(BigEndian.bytes(old.tick).span.bytes, in: transaction)
        if old.expiry != 0 { try expiry.remove(Self.expiryKey(old.expiry, key).span.bytes, in: transaction) }
        count -= 1
        byteCount -= cost(key, old.value)
        isChanged = true
    }

    private func cost(_ key: [UInt8], _ value: [UInt8]) -> Int { key.count + value.count + Self.entryOverhead }

    private func takeTick() -> UInt64 {
        defer { nextTick += 1 }
        return nextTick
    }

    // MARK: Forms

    private static func encode(_ entry: Entry) -> [UInt8] {
        littleEndian(UInt64(bitPattern: entry.expiry)) + littleEndian(entry.tick) + entry.value
    }

    private static func expiryKey(_ expiry: Int64, _ key: [UInt8]) -> [UInt8] {
        BigEndian.bytes(UInt64(bitPattern: expiry)) + key
    }

    private static func littleEndian(_ value: UInt64) -> [UInt8] { BigEndian.bytes(value).reversed() }

    private static func load(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        BigEndian.load(bytes[offset..<offset + 8].reversed())
    }
}
