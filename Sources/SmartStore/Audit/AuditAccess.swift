import PageStore
import StoreIO
import TreeStore

// The audit log's verbs.

/// An entry of the audit log.
public struct AuditEntry: Sendable, Equatable {
    /// Its place, from 1.
    public let sequence: UInt64
    /// When it was made.
    public let time: BSONDate
    /// Who acted.
    public let actor: String
    /// What was done.
    public let action: String
    /// To what.
    public let target: String
    /// How it went.
    public let outcome: String
    /// Anything else.
    public let details: Document
    /// The chain's hash at this entry, in hexadecimal.
    public let hash: String

    /// The entry as a document.
    public var document: Document {
        [
            "sequence": .int64(Int64(sequence)), "time": .date(time), "actor": .string(actor),
            "action": .string(action), "target": .string(target), "outcome": .string(outcome),
            "details": .document(details), "hash": .string(hash),
        ]
    }
}

/// The result of checking the audit chain.
public struct AuditVerification: Sendable, Equatable {
    /// Entries that the log claims.
    public let entryCount: UInt64
    /// The newest hash, in hexadecimal: remember it elsewhere to find a truncated log later.
    public let head: String
    /// The first entry that does not hold; nil when all do.
    public let firstBad: UInt64?
    /// Why it does not.
    public let reason: String?

    /// Whether the whole chain holds.
    public var isIntact: Bool { firstBad == nil }
}

/// What can be asked of the audit log.
public protocol AuditReading {
    /// The view it is read in.
    var transaction: TransactionView { get }
}

/// The audit log in a read transaction.
public struct AuditReader: AuditReading {
    /// The view it is read in.
    public let transaction: TransactionView
}

extension AuditReading {
    private func log() throws(PageFault) -> AuditLog? {
        if let writer = transaction as? WriteTransaction { return try writer.presentAudit() }
        guard let catalogue = transaction.catalogue else { return nil }
        return try AuditLog(catalogue, in: transaction.view)
    }

    /// Entries in order, from a sequence on, of an actor or action when given.
    public func entries(
        from first: UInt64 = 1, limit: Int = 1000, actor: String? = nil, action: String? = nil
    ) throws(StoreError) -> [AuditEntry] {
        try converting {
            guard let log = try log() else { return [] }
            let cursor = log.entries.cursor(in: transaction.view)
            var found: [AuditEntry] = []
            var isThere = try cursor.seek(to: BigEndian.bytes(first).span.bytes)
            while isThere, found.count < limit {
                let (name, value) = (try cursor.key, try cursor.value)
                let sequence = BigEndian.load(name)
                guard value.count > 32, let document = try? Document(bson: Array(value[32...])) else {
                    throw StoreError(
                        .auditBroken, "Audit entry \(sequence) is no document.", remedy: "Verify the audit log.")
                }
                let entry = AuditEntry(
                    sequence: sequence, time: document["time"]?.date ?? BSONDate(millisecondsSince1970: 0),
                    actor: document["actor"]?.string ?? "", action: document["action"]?.string ?? "",
                    target: document["target"]?.string ?? "", outcome: document["outcome"]?.string ?? "",
                    details: document["details"]?.document ?? Document(),
                    hash: Digest32(bytes: Array(value[..<32])).hex)
                if actor.map({ $0 == entry.actor }) ?? true, action.map({ $0 == entry.action }) ?? true {
                    found.append(entry)
                }
                isThere = try cursor.next()
            }
            return found
        }
    }

    /// How many entries there are.
    public func count() throws(StoreError) -> UInt64 { try converting { try log()?.count ?? 0 } }

    /// Recomputes the chain and names the first entry that does not hold. O(entries).
    public func verify() throws(StoreError) -> AuditVerification {
        try converting {
            guard let log = try log() else {
                return AuditVerification(entryCount: 0, head: Digest32.zero.hex, firstBad: nil, reason: nil)
            }
            return try log.verify(key: transaction.store.auditKey, in: transaction.view)
        }
    }
}

/// The audit log in a write transaction.
public struct AuditWriter: AuditReading {
    let writer: WriteTransaction
    /// The transaction it is written in.
    public var transaction: TransactionView { writer }

    init(transaction: WriteTransaction) { writer = transaction }

    /// Appends an entry that commits with this transaction, or not at all. Returns its sequence.
    /// - Throws: `limitExceeded` for a name over 1 KiB or details over 64 KiB.
    @discardableResult
    public func record(
        actor: String, action: String, target: String, outcome: String = "ok", details: Document = [:]
    ) throws(StoreError) -> UInt64 {
        try writer.changing {
            for text in [actor, action, target, outcome] where text.utf8.count > 1024 {
                throw PageFault.limitExceeded(name: "audit text bytes", limit: 1024)
            }
            guard details.bson.count <= 64 << 10 else {
                throw PageFault.limitExceeded(name: "audit details bytes", limit: 64 << 10)
            }
            try writer.pages.relieve()
            let time = BSONDate(millisecondsSince1970: writer.store.options.time.now())
            let entry: Document = [
                "time": .date(time), "actor": .string(actor), "action": .string(action), "target": .string(target),
                "outcome": .string(outcome), "details": .document(details),
            ]
            return try writer.writableAudit().append(entry, key: writer.store.auditKey, in: writer.pages)
        }
    }
}

extension WriteTransaction {
    func presentAudit() throws(PageFault) -> AuditLog? {
        if let auditLog { return auditLog }
        guard let catalogue, let log = try AuditLog(catalogue, in: pages) else { return nil }
        auditLog = log
        return log
    }

    func writableAudit() throws(PageFault) -> AuditLog {
        if let present = try presentAudit() { return present }
        _ = try makeCatalog()
        let made = try AuditLog(creatingIn: pages)
        auditLog = made
        return made
    }
}
