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

    /// Its hash as a leaf of the log's tree (RFC 9162), which a proof of inclusion begins with, in hexadecimal. Computed
    /// from the fields, so an entry that was kept elsewhere gives it too.
    public var leafHash: String { AuditLog.leaf(sequence: sequence, entry: content.bson).hex }

    /// The entry as it is stored.
    var content: Document {
        [
            "time": .date(time), "actor": .string(actor), "action": .string(action), "target": .string(target),
            "outcome": .string(outcome), "details": .document(details),
        ]
    }

    /// The entry as a document.
    public var document: Document {
        [
            "sequence": .int64(Int64(sequence)), "time": .date(time), "actor": .string(actor),
            "action": .string(action), "target": .string(target), "outcome": .string(outcome),
            "details": .document(details), "hash": .string(hash),
        ]
    }
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
    func log() throws(PageFault) -> AuditLog? {
        if let writer = transaction as? WriteTransaction { return try writer.presentAudit() }
        guard let catalogue = transaction.catalogue else { return nil }
        return try AuditLog(catalogue, settings: transaction.store.auditSettings, in: transaction.view)
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

    /// Recomputes the whole log and names the first entry that does not hold. O(entries).
    ///
    /// Without arguments this finds whatever does not fit together. A forger who has the file's key can make everything
    /// fit: the first key finds that in every epoch that ended, an anchor in everything before it.
    /// - Parameters:
    ///   - initialKey: what ``Store/exportAuditKey()`` gave. Every seal must then be made by its own epoch's key.
    ///   - anchors: what ``anchor()`` gave, at any time.
    /// - Throws: `invalidArgument` for a key of another length or an anchor of another file.
    public func verify(
        initialKey: [UInt8]? = nil, anchors: [AuditAnchor] = []
    ) throws(StoreError) -> AuditVerification {
        try converting {
            let settings = transaction.store.auditSettings
            let key = try initialKey.map { (bytes) throws(StoreError) in try AuditKeys.key(bytes) }
            for anchor in anchors where anchor.fileID != Hex.text(settings.fileID) {
                throw StoreError(
                    .invalidArgument, "The anchor is of file \(anchor.fileID).",
                    remedy: "Give anchors of this file, \(Hex.text(settings.fileID)).")
            }
            guard let log = try log() else { return AuditKeys.verificationWithoutLog(key: key, anchors: anchors) }
            var verifier = AuditVerifier(
                log.header, settings: settings, initialKey: key, anchors: anchors, view: transaction.view)
            return try verifier.run()
        }
    }

    /// What to remember of the log outside of the file.
    /// - Throws: `auditUnavailable` for a log of form 1, which has no tree.
    public func anchor() throws(StoreError) -> AuditAnchor {
        try converting {
            let settings = transaction.store.auditSettings
            let time = transaction.store.options.time.now()
            let header = try log()?.header
            if let header, header.sealing == nil { throw AuditKeys.noSeals }
            let edge = header?.sealing?.edge ?? MerkleEdge()
            return AuditAnchor(
                fileID: Hex.text(settings.fileID), size: edge.size, root: edge.root.hex,
                head: (header?.head ?? AuditLog.start(fileID: settings.fileID)).hex,
                epoch: header?.sealing?.epoch ?? 0, time: time)
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
            for text in [actor, action, target, outcome] where text.utf8.count > Limits.auditTextBytes {
                throw PageFault.limitExceeded(name: "audit text bytes", limit: Limits.auditTextBytes)
            }
            guard details.bson.count <= Limits.auditDetailsBytes else {
                throw PageFault.limitExceeded(name: "audit details bytes", limit: Limits.auditDetailsBytes)
            }
            try writer.pages.relieve()
            let time = writer.store.options.time.now()
            let entry: Document = [
                "time": .date(BSONDate(millisecondsSince1970: time)), "actor": .string(actor),
                "action": .string(action), "target": .string(target), "outcome": .string(outcome),
                "details": .document(details),
            ]
            return try writer.writableAudit().append(entry.bson, time: time, in: writer.pages)
        }
    }
}

extension WriteTransaction {
    func presentAudit() throws(PageFault) -> AuditLog? {
        if let auditLog { return auditLog }
        guard let catalogue, let log = try AuditLog(catalogue, settings: store.auditSettings, in: pages) else {
            return nil
        }
        auditLog = log
        return log
    }

    func writableAudit() throws(PageFault) -> AuditLog {
        if let present = try presentAudit() { return present }
        _ = try makeCatalog()
        let made = try AuditLog(
            creatingIn: pages, settings: store.auditSettings, sealed: store.auditSettings.seals,
            time: store.options.time.now(), random: store.options.random)
        auditLog = made
        return made
    }

    /// Seals the epoch that this commit finds ended, and writes the log's header.
    func finishAudit(_ catalogue: Catalog) throws(PageFault) {
        let time = store.options.time.now()
        if auditLog != nil || store.auditClock.isDue(at: time) {
            try presentAudit()?.sealIfDue(time: time, in: pages)
        }
        try auditLog?.writeHeader(catalogue, in: pages)
    }
}
