import PageStore
import StoreIO
import TreeStore

// The audit log: entries in the same transaction as what they record, chained by hashes.
//
//   entries  sequence (8, big-endian) → hash (32) · BSON of the entry
//   hash n = HMAC-SHA-256(audit key, hash n−1 ‖ sequence ‖ BSON n); hash 0 is 32 zero bytes.
//
// The audit key is derived from the file's data key, so without the key of the file no valid entry can be made; in an
// unencrypted file it is public and the chain is a plain one. The newest sequence and hash stand in the catalog.

final class AuditLog {
    let entries: Tree
    private(set) var count: UInt64
    private(set) var head: Digest32
    private var isChanged = false

    init?(_ catalogue: Catalog, in view: PageView) throws(PageFault) {
        guard let header = try catalogue.entry(CatalogKind.audit.key(), in: view) else { return nil }
        entries = Tree(root: try header.root("entries", of: catalogue.tree.root))
        count = UInt64(header.count("count"))
        guard count < 1 << 60 else {
            throw .corruptStructure(page: catalogue.tree.root, reason: "audit counter out of range")
        }
        guard let bytes = header["head"]?.binary?.bytes, bytes.count == 32 else {
            throw .corruptStructure(page: catalogue.tree.root, reason: "audit log without head")
        }
        head = Digest32(bytes: bytes)
    }

    init(creatingIn transaction: PageTransaction) throws(PageFault) {
        entries = try Tree.create(in: transaction)
        count = 0
        head = .zero
        isChanged = true
    }

    func writeHeader(_ catalogue: Catalog, in transaction: PageTransaction) throws(PageFault) {
        guard isChanged else { return }
        try catalogue.put(
            CatalogKind.audit.key(),
            [
                "entries": .page(entries.root), "count": .int64(Int64(count)),
                "head": .binary(BSONBinary(subtype: 0, bytes: head.bytes)),
            ], in: transaction)
    }

    /// Appends an entry; returns its sequence.
    func append(_ entry: Document, key: SecretKey, in transaction: PageTransaction) throws(PageFault) -> UInt64 {
        let sequence = count + 1
        let hash = Self.hash(after: head, sequence: sequence, entry: entry.bson, key: key)
        let value = hash.bytes + entry.bson
        try entries.put(BigEndian.bytes(sequence).span.bytes, value.span.bytes, in: transaction)
        count = sequence
        head = hash
        isChanged = true
        return sequence
    }

    static func hash(after previous: Digest32, sequence: UInt64, entry: [UInt8], key: SecretKey) -> Digest32 {
        let bytes = previous.bytes + BigEndian.bytes(sequence) + entry
        return Hashing.hmacSHA256(key: key, bytes.span.bytes)
    }

    /// Recomputes the whole chain. O(entries).
    func verify(key: SecretKey, in view: PageView) throws(PageFault) -> AuditVerification {
        var previous = Digest32.zero
        var expected: UInt64 = 1
        func broken(_ reason: String) -> AuditVerification {
            AuditVerification(entryCount: count, head: head.hex, firstBad: expected, reason: reason)
        }
        let cursor = entries.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        while isThere {
            let (name, value) = (try cursor.key, try cursor.value)
            guard name.count == 8, value.count > 32 else { return broken("not an entry") }
            let sequence = BigEndian.load(name)
            guard sequence == expected else { return broken("entry \(sequence) stands where \(expected) must") }
            let entry = Array(value[32...])
            let hash = Self.hash(after: previous, sequence: sequence, entry: entry, key: key)
            guard hash.bytes == Array(value[..<32]) else { return broken("its hash does not match") }
            previous = hash
            expected += 1
            isThere = try cursor.next()
        }
        guard expected == count + 1 else { return broken("the log ends before entry \(count)") }
        guard previous == head else { return broken("the newest hash does not match the head") }
        return AuditVerification(entryCount: count, head: head.hex, firstBad: nil, reason: nil)
    }
}
