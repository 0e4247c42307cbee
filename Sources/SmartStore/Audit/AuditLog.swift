import PageStore
package import StoreIO
package import TreeStore

// The audit log: entries in the same transaction as what they record, chained by hashes, leaves of a hash tree, and
// sealed epoch by epoch.
//
//   entries  sequence (8, big endian) → hash (32) · BSON of the entry
//   seals    epoch (8, big endian) → seal
//
//   leaf n = SHA-256(00 ‖ sequence n ‖ BSON n)
//   hash n = SHA-256(02 ‖ hash n−1 ‖ leaf n);  hash 0 = SHA-256(03 ‖ file id)
//
// 1. Chain and tree need no key: whoever can read the file can recompute them, and compare with an anchor.
// 2. An epoch ends when it has as many entries as the options say, or at the first commit after it has lasted as long.
//    Then it is sealed and the key goes one step on. Time that nobody commits in makes no seals of its own: they would
//    all be made at one moment by one holder of one key, and prove nothing about the time between.
// 3. A log of form 1 (chained by HMAC under a key of the file) goes on as it is until it is carried over.

/// What the log needs to know of its surroundings.
package struct AuditSettings: Sendable {
    /// The file's id, which hashes and seals name.
    package var fileID: [UInt8]
    /// Whether the file's format knows form 2: otherwise a new log is of form 1, so that programs of its time can go on.
    package var seals: Bool
    /// Entries after which an epoch ends.
    package var epochEntryLimit: UInt64
    /// Milliseconds after which an epoch ends.
    package var epochMilliseconds: Int64
    /// The key of a log of form 1.
    package var chainKey: SecretKey

    /// Collects the settings.
    package init(
        fileID: [UInt8], seals: Bool, epochEntryLimit: UInt64, epochMilliseconds: Int64, chainKey: SecretKey
    ) {
        self.fileID = fileID
        self.seals = seals
        self.epochEntryLimit = epochEntryLimit
        self.epochMilliseconds = epochMilliseconds
        self.chainKey = chainKey
    }
}

/// The audit log as a transaction knows it.
package final class AuditLog {
    /// What the catalog will say of it.
    package private(set) var header: AuditHeader
    private let settings: AuditSettings
    private(set) var isChanged = false

    init?(_ catalogue: Catalog, settings: AuditSettings, in view: PageView) throws(PageFault) {
        guard let entry = try catalogue.entry(CatalogKind.audit.key(), in: view) else { return nil }
        header = try AuditHeader(entry, page: catalogue.tree.root)
        self.settings = settings
    }

    /// Makes a log. Its first key is drawn from `random`.
    init(
        creatingIn transaction: PageTransaction, settings: AuditSettings, sealed: Bool, time: Int64,
        random: any RandomSource
    ) throws(PageFault) {
        let entries = try Tree.create(in: transaction, tag: .auditEntries)
        self.settings = settings
        isChanged = true
        guard sealed else {
            header = AuditHeader(entries: entries, count: 0, head: .zero, sealing: nil)
            return
        }
        let seals = try Tree.create(in: transaction)
        header = AuditHeader(
            entries: entries, count: 0, head: Self.start(fileID: settings.fileID),
            sealing: AuditHeader.Sealing(
                seals: seals, epoch: 0, epochSize: 0, epochTime: time,
                storedKey: Digest32(bytes: try Self.mappingCrypto { () throws(CryptoFault) in try random.bytes(32) }),
                isExported: false, edge: MerkleEdge()))
    }

    var entries: Tree { header.entries }
    var count: UInt64 { header.count }
    /// Every tree of the log.
    package var trees: [Tree] { [header.entries] + (header.sealing.map { [$0.seals] } ?? []) }

    func writeHeader(_ catalogue: Catalog, in transaction: PageTransaction) throws(PageFault) {
        guard isChanged else { return }
        try catalogue.put(CatalogKind.audit.key(), header.document, in: transaction)
    }

    // MARK: Hashes

    /// The hash that the first entry names.
    package static func start(fileID: [UInt8]) -> Digest32 { Hashing.sha256(([3] + fileID).span.bytes) }

    /// The hash of an entry as a leaf.
    package static func leaf(sequence: UInt64, entry: [UInt8]) -> Digest32 {
        MerkleHash.leaf(BigEndian.bytes(sequence) + entry)
    }

    /// The hash of an entry in the chain.
    package static func hash(after previous: Digest32, leaf: Digest32) -> Digest32 {
        Hashing.sha256(([2] + previous.bytes + leaf.bytes).span.bytes)
    }

    /// The hash of an entry in a log of form 1.
    package static func keyedHash(
        after previous: Digest32, sequence: UInt64, entry: [UInt8], key: SecretKey
    ) -> Digest32 {
        let bytes = previous.bytes + BigEndian.bytes(sequence) + entry
        return Hashing.hmacSHA256(key: key, bytes.span.bytes)
    }

    // MARK: Writing

    /// Appends an entry; returns its sequence.
    func append(_ entry: [UInt8], time: Int64, in transaction: PageTransaction) throws(PageFault) -> UInt64 {
        try sealIfDue(time: time, in: transaction)
        let sequence = header.count + 1
        let hash: Digest32
        if let sealing = header.sealing {
            var edge = try edge(of: sealing)
            let leaf = Self.leaf(sequence: sequence, entry: entry)
            hash = Self.hash(after: header.head, leaf: leaf)
            edge.append(leaf: leaf)
            header.sealing?.edge = edge
        } else {
            hash = Self.keyedHash(after: header.head, sequence: sequence, entry: entry, key: settings.chainKey)
        }
        let value = hash.bytes + entry
        try entries.put(BigEndian.bytes(sequence).span.bytes, value.span.bytes, in: transaction)
        header.count = sequence
        header.head = hash
        isChanged = true
        if let sealing = header.sealing, sequence &- sealing.epochSize >= settings.epochEntryLimit {
            try seal(time: time, in: transaction)
        }
        return sequence
    }

    private func edge(of sealing: AuditHeader.Sealing) throws(PageFault) -> MerkleEdge {
        guard let edge = sealing.edge else {
            throw .corruptStructure(page: entries.root, reason: "the audit log's tree does not fit its size")
        }
        return edge
    }

    /// The time from which on the epoch is to be sealed; nil for a log without seals.
    var dueTime: Int64? {
        header.sealing.map {
            let (due, isFar) = $0.epochTime.addingReportingOverflow(settings.epochMilliseconds)
            return isFar ? .max : due
        }
    }

    /// Ends the epoch when its time is over. A clock that went back as far counts as well: nothing else would end it.
    func sealIfDue(time: Int64, in transaction: PageTransaction) throws(PageFault) {
        guard let sealing = header.sealing else { return }
        let (passed, isFar) = time.subtractingReportingOverflow(sealing.epochTime)
        if isFar || passed >= settings.epochMilliseconds || passed <= -settings.epochMilliseconds {
            try seal(time: time, in: transaction)
        }
    }

    /// Ends the epoch: its seal is stored, and its key gives way to the next.
    func seal(time: Int64, in transaction: PageTransaction) throws(PageFault) {
        guard var sealing = header.sealing else { return }
        let seal = AuditSeal(
            epoch: sealing.epoch, size: header.count, root: try edge(of: sealing).root, head: header.head, time: time,
            key: sealing.key, fileID: settings.fileID)
        try sealing.seals.put(BigEndian.bytes(seal.epoch).span.bytes, seal.stored.span.bytes, in: transaction)
        let key = sealing.key
        sealing.key = try Self.mappingCrypto { () throws(CryptoFault) in
            try AuditRatchet.next(after: key, fileID: settings.fileID)
        }
        sealing.epoch += 1
        sealing.epochSize = header.count
        sealing.epochTime = time
        sealing.isExported = true
        header.sealing = sealing
        isChanged = true
    }

    /// Notes that the first key was given out.
    func noteExport() {
        header.sealing?.isExported = true
        isChanged = true
    }

    static func mappingCrypto<R>(_ body: () throws(CryptoFault) -> R) throws(PageFault) -> R {
        do { return try body() } catch { throw PageFault(error) }
    }
}
