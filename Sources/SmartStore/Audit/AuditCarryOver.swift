import PageStore
import StoreIO
import TreeStore

// From form 1 to form 2. A log of form 1 is chained under a key derived from the file's data key, so it has to be carried
// over before that key goes.
//
// 1. The old chain is verified first; a log that does not hold is not carried over, since that would hide it.
// 2. Entries keep their sequence and their bytes. What changes is the hash in front of them.
// 3. A file of version 1 is then for programs that know form 2: an older one takes the log for a broken one.
// 4. One more entry says that it happened and names the old chain's head, so that a copy of that head kept elsewhere is
//    still of use: the old chain can be recomputed from the entries by whoever has the old key.

extension AuditWriter {
    /// Turns a log of form 1 into one of form 2; false when there is none of form 1. One transaction, O(entries).
    /// - Throws: `auditBroken` when the old chain does not hold.
    @discardableResult
    package func carryOver() throws(StoreError) -> Bool {
        let old = try verify()
        guard old.form == 1, old.entryCount > 0 || transaction.hasAuditLog else { return false }
        try old.requireIntact()
        return try writer.changing {
            guard let log = try writer.presentAudit(), log.header.sealing == nil else { return false }
            let store = writer.store
            let made = try AuditLog(
                creatingIn: writer.pages, settings: store.auditSettings, sealed: true,
                time: store.options.time.now(), random: store.options.random)
            var next: UInt64 = 1
            while next <= log.count {
                // In portions: a cursor may not see pages change.
                let cursor = log.entries.cursor(in: writer.pages)
                var portion: [[UInt8]] = []
                var isThere = try cursor.seek(to: BigEndian.bytes(next).span.bytes)
                while isThere, portion.count < 1000 {
                    portion.append(Array(try cursor.value.dropFirst(32)))
                    isThere = try cursor.next()
                }
                guard !portion.isEmpty else {
                    throw StoreError.auditBroken(sequence: next, reason: "it is missing")
                }
                for entry in portion {
                    _ = try made.append(entry, time: store.options.time.now(), in: writer.pages)
                }
                next += UInt64(portion.count)
                try writer.pages.relieve()
            }
            try log.entries.drop(in: writer.pages)
            writer.auditLog = made
            try record(
                actor: "smartstore", action: "auditCarriedOver", target: "audit",
                details: ["entries": .int64(Int64(log.count)), "head": .string(log.header.head.hex)])
            return true
        }
    }
}

extension TransactionView {
    var hasAuditLog: Bool {
        guard let catalogue else { return false }
        return ((try? catalogue.entry(CatalogKind.audit.key(), in: view)) ?? nil) != nil
    }
}

extension Store {
    /// Before the data key goes that a log of form 1 is chained under.
    func carryOverAuditLog() throws(StoreError) {
        try converting {
            guard try readSync({ try $0.audit.log().map { $0.header.sealing == nil } ?? false }) else { return }
            try writeSync(durability: .full) { _ = try $0.audit.carryOver() }
        }
    }
}
