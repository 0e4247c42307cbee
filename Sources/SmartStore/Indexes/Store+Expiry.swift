import Logging
import PageStore
import StoreIO
import TreeStore

// Documents that have grown old: TTL indexes, in small transactions.

extension Store {
    /// Documents that one transaction of an expiry removes.
    private static let expiryPortion = 500

    /// Removes every document whose date under a TTL index is too old, in small transactions; other writers come in
    /// between. A store that does background work does this by itself once a minute.
    /// - Parameter limit: at most so many documents; nil: all that are due.
    /// - Returns: how many documents went.
    @discardableResult
    public func removeExpired(limit: Int? = nil) throws(StoreError) -> Int {
        try converting {
            var removed = 0
            for (collection, index) in try expiringIndexes() {
                while removed < limit ?? .max {
                    let portion = min(Self.expiryPortion, (limit ?? .max) - removed)
                    let count = try removeExpired(collection, index, portion)
                    removed += count
                    if count < portion { break }
                }
            }
            return removed
        }
    }

    /// TTL indexes by collection and name, as the schema has them now.
    private func expiringIndexes() throws -> [(String, String)] {
        try readSync { transaction in
            try transaction.collections().flatMap { info in
                info.indexes.filter { $0.specification.expireAfterSeconds != nil && $0.isReady }
                    .map { (info.name, $0.name) }
            }
        }
    }

    private func removeExpired(_ collection: String, _ name: String, _ portion: Int) throws -> Int {
        // A look first: nothing due is the usual case, and needs no writer's turn.
        let isDue = try readSync { !(try $0.expiredKeys(collection, name, portion: 1)).isEmpty }
        guard isDue else { return 0 }
        return try writeSync { transaction in
            let keys = try transaction.expiredKeys(collection, name, portion: portion)
            let writer: CollectionWriter = transaction.collection(collection)
            for key in keys { try writer.remove(key: key) }
            return keys.count
        }
    }

    var hasExpiringIndexes: Bool { get throws { try !expiringIndexes().isEmpty } }
}

extension TransactionView {
    /// `_id` keys of documents that a TTL index says are too old.
    func expiredKeys(_ collection: String, _ name: String, portion: Int) throws -> [[UInt8]] {
        guard let entry = try entry(collection),
            let index = entry.secondary.first(where: { $0.name == name && $0.definition.isReady })?.definition,
            let seconds = index.specification.expireAfterSeconds, let part = index.source.parts.first
        else { return [] }
        let limit = store.options.time.now().subtractingReportingOverflow(Int64(seconds) * 1000)
        guard !limit.overflow else { return [] }
        let due = FilterConstraint(
            path: part.path.text,
            kind: .range(
                lower: nil,
                upper: .init(value: .date(BSONDate(millisecondsSince1970: limit.partialValue)), isInclusive: true)))
        let facts = FilterFacts(constraints: [due])
        guard let bounds = IndexBounds.of(facts, in: index, collation: nil) else { return [] }
        // Entries in order of date: the oldest date of an array decides, as it should.
        let ids = IndexedIDs(IndexScan(index: index, bounds: bounds), index.tree.cursor(in: view), PlanCounters())
        var keys: [[UInt8]] = []
        while keys.count < portion, let key = try ids.next() { keys.append(key) }
        return keys
    }
}
