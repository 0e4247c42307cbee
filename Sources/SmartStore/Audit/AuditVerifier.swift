import PageStore
import StoreIO
import TreeStore

// Proving the audit log: one walk over all entries, with the seals and anchors that cover them met on the way.
//
// 1. Every entry's hash is computed from its content and the one before, never taken from where it is stored.
// 2. Where a seal or an anchor stands, root and head of all entries so far must be the ones it names. With the first
//    key each seal must also be made by its own epoch's key: neither by a later one, nor twice, nor not at all.
// 3. What is found first on the walk counts. A link that does not hold names its entry. Where a forger has chained
//    everything anew, only seals and anchors tell: then the first entry behind the last one that matched is named.
// 4. A forger who changes an entry and its hash, and nothing behind it, breaks the link to the entry behind it; that
//    entry is named, since both cases are alike. The change is always behind `matchedThrough`.

/// The result of checking the audit log.
public struct AuditVerification: Sendable, Equatable {
    /// Entries that the log claims.
    public internal(set) var entryCount: UInt64 = 0
    /// The newest hash, in hexadecimal.
    public internal(set) var head = ""
    /// The root of the tree of all entries, in hexadecimal; empty in a log of form 1.
    public internal(set) var root = ""
    /// 1: chained under a key of the file. 2: chained, in a tree, and sealed.
    public internal(set) var form = 2
    /// Epochs that were sealed.
    public internal(set) var sealCount: UInt64 = 0
    /// Whether each seal was held against its epoch's key, as ``AuditReading/verify(initialKey:anchors:)`` does when it
    /// is given the first key.
    public internal(set) var sealsAreProven = false
    /// Entries that the last matching seal or anchor covers: what is wrong is behind them.
    public internal(set) var matchedThrough: UInt64 = 0
    /// The first entry that does not hold; nil when all do.
    public internal(set) var firstBad: UInt64?
    /// Why it does not.
    public internal(set) var reason: String?
    /// Whether ``firstBad`` was found by its own link. Otherwise it is the first entry behind `matchedThrough`: what is
    /// wrong is there or later.
    public internal(set) var isExact = true

    /// Whether everything holds.
    public var isIntact: Bool { firstBad == nil }

    /// Throws `auditBroken` unless everything holds.
    public func requireIntact() throws(StoreError) {
        if let firstBad { throw .auditBroken(sequence: firstBad, reason: reason ?? "it does not hold") }
    }

    /// The result as a document.
    public var document: Document {
        var result: Document = [
            "valid": .bool(isIntact), "entries": .int64(Int64(clamping: entryCount)), "head": .string(head),
            "form": .int32(Int32(form)),
        ]
        if form > 1 {
            result.append("root", .string(root))
            result.append("seals", .int64(Int64(clamping: sealCount)))
            result.append("sealsProven", .bool(sealsAreProven))
        }
        if let firstBad {
            result.append("firstBad", .int64(Int64(clamping: firstBad)))
            result.append("exact", .bool(isExact))
            result.append("matchedThrough", .int64(Int64(clamping: matchedThrough)))
        }
        if let reason { result.append("reason", .string(reason)) }
        return result
    }
}

extension StoreError {
    /// The audit log does not hold.
    public static func auditBroken(sequence: UInt64, reason: String) -> StoreError {
        StoreError(
            .auditBroken, "The audit log does not hold from entry \(sequence) on: \(reason).",
            remedy: "Compare it with a backup, and with anchors that were kept elsewhere.")
    }
}

/// One verification.
struct AuditVerifier {
    private let header: AuditHeader
    private let settings: AuditSettings
    private let view: PageView
    private let seals: TreeCursor?
    private var anchors: ArraySlice<AuditAnchor>
    private var result = AuditVerification()

    /// What the entries so far come to.
    private var edge = MerkleEdge()
    private var previous: Digest32
    /// The next seal, and the key of its epoch when the first key is known.
    private var pending: AuditSeal?
    private var key: SecretKey?
    private var lastSealSize: UInt64 = 0

    /// A break that ends the verification.
    private struct Break: Error {
        let sequence: UInt64
        let isExact: Bool
        let reason: String
    }

    init(
        _ header: AuditHeader, settings: AuditSettings, initialKey: SecretKey?, anchors: [AuditAnchor], view: PageView
    ) {
        self.header = header
        self.settings = settings
        self.view = view
        self.anchors = anchors.sorted { ($0.size, $0.epoch) < ($1.size, $1.epoch) }[...]
        key = initialKey
        previous = header.sealing == nil ? .zero : AuditLog.start(fileID: settings.fileID)
        seals = Defence.auditSeals.isOn ? header.sealing?.seals.cursor(in: view) : nil
        result.entryCount = header.count
        result.head = header.head.hex
        result.form = header.sealing == nil ? 1 : 2
        result.sealCount = header.sealing?.epoch ?? 0
    }

    mutating func run() throws -> AuditVerification {
        do {
            if header.sealing == nil, key != nil || !anchors.isEmpty || settings.seals {
                throw Break(sequence: 1, isExact: false, reason: "the log has no seals: sealing was removed")
            }
            _ = try seals?.seekToFirst()
            try loadSeal()
            try walk()
            try finish()
            result.sealsAreProven = key != nil && seals != nil
        } catch let fault as Break {
            result.firstBad = fault.sequence
            result.isExact = fault.isExact
            result.reason = fault.reason
        }
        if header.sealing != nil { result.root = edge.root.hex }
        return result
    }

    /// A break that only a seal or an anchor shows.
    private func unexplained(_ reason: String) -> Break {
        Break(sequence: result.matchedThrough + 1, isExact: false, reason: reason)
    }

    // MARK: The walk

    private mutating func walk() throws {
        let cursor = header.entries.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        var expected: UInt64 = 1
        while true {
            try meetSealsAndAnchors()
            guard isThere else { break }
            func broken(_ reason: String) -> Break { Break(sequence: expected, isExact: true, reason: reason) }
            let (name, value) = (try cursor.key, try cursor.value)
            guard name.count == 8, value.count > 32 else { throw broken("not an entry") }
            let sequence = BigEndian.load(name)
            guard sequence == expected else { throw broken("entry \(sequence) stands where \(expected) must") }
            guard expected <= header.count else { throw broken("an entry beyond the log's count") }
            let (stored, entry) = (Digest32(bytes: Array(value[..<32])), Array(value[32...]))
            let hash: Digest32
            if header.sealing != nil {
                let leaf = AuditLog.leaf(sequence: sequence, entry: entry)
                hash = AuditLog.hash(after: previous, leaf: leaf)
                edge.append(leaf: leaf)
            } else {
                hash = AuditLog.keyedHash(
                    after: previous, sequence: sequence, entry: entry, key: settings.chainKey)
            }
            guard hash == stored || !Defence.auditChain.isOn else { throw broken("its hash does not match") }
            previous = stored
            expected += 1
            isThere = try cursor.next()
        }
        guard expected == header.count + 1 else {
            throw Break(
                sequence: expected, isExact: true, reason: "the log ends before entry \(header.count)")
        }
    }

    private mutating func finish() throws {
        let next = header.count + 1
        if let pending {
            throw Break(
                sequence: next, isExact: true,
                reason: "the log ends here, but the seal of epoch \(pending.epoch) covers \(pending.size) entries")
        }
        if let anchor = anchors.first {
            throw Break(
                sequence: next, isExact: true, reason: "the log ends here, but an anchor names \(anchor.size) entries")
        }
        guard previous == header.head else { throw unexplained("the newest hash does not match the head") }
        guard let sealing = header.sealing else { return }
        guard sealing.edge == edge else { throw unexplained("the tree does not match its stored edge") }
        guard seals != nil else { return }
        guard sealing.epochSize == lastSealSize else { throw unexplained("the epoch does not begin at the last seal") }
        if let key {
            guard key == sealing.key else {
                throw unexplained("the current key is not the one of epoch \(sealing.epoch)")
            }
        }
    }

    // MARK: Seals and anchors

    /// Reads the next seal; its number must be the next one.
    private mutating func loadSeal() throws {
        guard let seals, let sealing = header.sealing else { return }
        let number = pending.map { $0.epoch + 1 } ?? 0
        pending = nil
        guard seals.isValid else {
            guard number == sealing.epoch else { throw unexplained("the seal of epoch \(number) is missing") }
            return
        }
        let name = try seals.key
        guard name.count == 8, let seal = AuditSeal(epoch: BigEndian.load(name), stored: try seals.value) else {
            throw unexplained("the seal of epoch \(number) is no seal")
        }
        guard seal.epoch == number else { throw unexplained("the seal of epoch \(number) is missing") }
        guard number < sealing.epoch else { throw unexplained("a seal of epoch \(number), which has not ended") }
        guard seal.size >= lastSealSize else { throw unexplained("the seal of epoch \(number) covers too little") }
        pending = seal
        _ = try seals.next()
    }

    private mutating func meetSealsAndAnchors() throws {
        let sealsBefore = pending?.epoch ?? header.sealing?.epoch ?? 0
        while let seal = pending, seal.size == edge.size {
            guard seal.root == edge.root, seal.head == previous else {
                throw unexplained("the entries are not those that epoch \(seal.epoch) was sealed with")
            }
            if let key {
                guard seal.isMade(by: key, fileID: settings.fileID) else {
                    throw unexplained("the seal of epoch \(seal.epoch) was not made by that epoch's key")
                }
                self.key = try AuditRatchet.next(after: key, fileID: settings.fileID)
            }
            lastSealSize = seal.size
            result.matchedThrough = seal.size
            try loadSeal()
        }
        let sealsNow = pending?.epoch ?? header.sealing?.epoch ?? 0
        while let anchor = anchors.first, anchor.size == edge.size {
            guard anchor.root == edge.root.hex, anchor.head == previous.hex else {
                throw unexplained("the entries are not those that an anchor of \(anchor.size) entries names")
            }
            guard (sealsBefore...sealsNow).contains(anchor.epoch) || seals == nil else {
                throw unexplained("an anchor of \(anchor.size) entries names another epoch")
            }
            result.matchedThrough = anchor.size
            anchors.removeFirst()
        }
    }
}
