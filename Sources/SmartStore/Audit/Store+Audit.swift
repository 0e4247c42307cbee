import Logging
import PageStore
import StoreIO
import Synchronization
import TreeStore

// What the store as a whole offers around its audit log: anchors, the first key, sealing by time, proofs.

extension Store {
    /// What to remember of the audit log outside of the file: see ``AuditReading/anchor()``.
    public func auditAnchor() throws(StoreError) -> AuditAnchor {
        let transaction = try beginRead()
        defer { transaction.close() }
        return try transaction.audit.anchor()
    }

    /// The 32 bytes of the audit log's first key, once. Keep them away from the machine: with them every seal can be
    /// verified, and could be made. The log is created when there is none.
    /// - Throws: `auditUnavailable` when the key was given out before, or the first epoch is over; and the errors of a
    ///   commit, after which it has not been given out.
    public func exportAuditKey() throws(StoreError) -> [UInt8] {
        let transaction = try beginWrite()
        do throws(StoreError) {
            let key = try transaction.changing {
                let log = try transaction.writableAudit()
                guard let sealing = log.header.sealing else { throw AuditKeys.noSeals }
                guard sealing.epoch == 0, !sealing.isExported else {
                    throw StoreError(
                        .auditUnavailable, "The first audit key has been exported already, or its epoch is over.",
                        remedy: "Export it right after a store was made; verify with anchors instead.")
                }
                log.noteExport()
                return sealing.storedKey.bytes
            }
            try transaction.commit(durability: .full)
            return key
        } catch {
            transaction.rollBack()
            throw error
        }
    }

    /// Seals the open epoch of the audit log now, whatever is in it. Nothing happens without a log of form 2.
    public func sealAuditEpoch() throws(StoreError) {
        let transaction = try beginWrite()
        do throws(StoreError) {
            try transaction.changing {
                try transaction.presentAudit()?.seal(time: options.time.now(), in: transaction.pages)
            }
            try transaction.commit()
        } catch {
            transaction.rollBack()
            throw error
        }
    }

    /// At a close: an epoch whose time is over is sealed, so that its key does not stay in a file that nobody writes.
    func sealAuditWhenDue() {
        guard !options.isReadOnly, auditClock.isDue(at: options.time.now()) else { return }
        // A store that failed, or has a transaction open on this thread, closes all the same; the seal comes later.
        do { try sealAuditEpoch() } catch {
            options.logger?.notice("the audit log's epoch was not sealed at the close: \(error)")
        }
    }

    /// Learns when the open epoch is over. A header that cannot be read is an error of whoever reads the log.
    func restoreAuditClock() {
        guard let transaction = try? beginRead() else { return }
        defer { transaction.close() }
        if let due = try? transaction.audit.log()?.dueTime { auditClock.set(due) }
    }
}

/// When the open epoch is over: a hint that spares commits a look at the log's header.
final class AuditClock: Sendable {
    private let due = Atomic<Int64>(.max)

    func set(_ time: Int64) { due.store(time, ordering: .relaxed) }
    func isDue(at time: Int64) -> Bool { time >= due.load(ordering: .relaxed) }
}

/// Keys and answers that several verbs share.
enum AuditKeys {
    static let noSeals = StoreError(
        .auditUnavailable, "The audit log has the first form, without tree and seals.",
        remedy: "Rotate the data key: that carries the log over.")

    static func key(_ bytes: [UInt8]) throws(StoreError) -> SecretKey {
        guard bytes.count == SecretKey.byteCount else {
            throw StoreError(
                .invalidArgument, "An audit key has 32 bytes, not \(bytes.count).",
                remedy: "Give the bytes that the export gave.")
        }
        return SecretKey(copying: bytes.span.bytes)
    }

    /// A store without an audit log: fine, unless somebody remembers one.
    static func verificationWithoutLog(key: SecretKey?, anchors: [AuditAnchor]) -> AuditVerification {
        var result = AuditVerification()
        result.head = Digest32.zero.hex
        if key != nil || anchors.contains(where: { $0.size > 0 || $0.epoch > 0 }) {
            result.firstBad = 1
            result.reason = "there is no audit log, though a key or an anchor of one was given"
        }
        return result
    }
}
