import PageStore
import SmartStore
import StoreIO
import TreeStore

// The forger of the audit trial: has the file's key and today's audit key, knows the format, and changes the log inside a
// write transaction.
//
// What must hold: each forgery says which answer is the right one. `S` are the sizes of the true seals and, where the
// verifier has them, of the anchors.

/// An audit log taken out of its trees, so that it can be changed and put back.
struct LogContent {
    var header: AuditHeader
    /// Rows of the entries' tree in order: key, hash and content.
    var entries: [(key: [UInt8], value: [UInt8])]
    /// Rows of the seals' tree in order.
    var seals: [(key: [UInt8], value: [UInt8])]

    /// Reads the log that a view shows.
    init(_ view: PageView, page: PageID) throws {
        let catalog = Tree(root: page)
        guard let bytes = try catalog.get(Self.catalogKey.span.bytes, in: view) else {
            throw ForgeryError.noLog
        }
        header = try AuditHeader(try Document(bson: bytes), page: page)
        entries = try Self.rows(header.entries, view)
        seals = try header.sealing.map { try Self.rows($0.seals, view) } ?? []
    }

    /// Writes what differs from the log that is there.
    func write(over old: LogContent, page: PageID, in transaction: PageTransaction) throws {
        try Self.write(entries, over: old.entries, to: old.header.entries, in: transaction)
        if let sealing = old.header.sealing {
            try Self.write(seals, over: old.seals, to: sealing.seals, in: transaction)
        }
        try Tree(root: page).put(Self.catalogKey.span.bytes, header.document.bson.span.bytes, in: transaction)
    }

    private static let catalogKey: [UInt8] = [0x11]

    private static func rows(_ tree: Tree, _ view: PageView) throws -> [(key: [UInt8], value: [UInt8])] {
        let cursor = tree.cursor(in: view)
        var rows: [(key: [UInt8], value: [UInt8])] = []
        var isThere = try cursor.seekToFirst()
        while isThere {
            rows.append((try cursor.key, try cursor.value))
            isThere = try cursor.next()
        }
        return rows
    }

    private static func write(
        _ rows: [(key: [UInt8], value: [UInt8])], over old: [(key: [UInt8], value: [UInt8])], to tree: Tree,
        in transaction: PageTransaction
    ) throws {
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.key, $0.value) })
        let after = Dictionary(rows.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        for key in before.keys where after[key] == nil { try tree.remove(key.span.bytes, in: transaction) }
        for (key, value) in after where before[key] != value {
            try tree.put(key.span.bytes, value.span.bytes, in: transaction)
        }
    }

    // MARK: What a forger computes

    /// Numbers the rows from 1 again, whatever they were.
    mutating func renumber() {
        for index in entries.indices { entries[index].key = BigEndian.bytes(UInt64(index + 1)) }
    }

    /// Makes hashes, count, head and edge fit the entries.
    mutating func rechain(fileID: [UInt8]) {
        var head = AuditLog.start(fileID: fileID)
        var edge = MerkleEdge()
        for index in entries.indices {
            let content = Array(entries[index].value[32...])
            let leaf = AuditLog.leaf(sequence: UInt64(index + 1), entry: content)
            head = AuditLog.hash(after: head, leaf: leaf)
            edge.append(leaf: leaf)
            entries[index].value = head.bytes + content
        }
        header.count = UInt64(entries.count)
        header.head = head
        header.sealing?.edge = edge
    }

    /// Makes every seal of `size` or more anew for the entries that are there, with the key given.
    mutating func reseal(from size: UInt64, key: SecretKey, fileID: [UInt8]) {
        var edge = MerkleEdge()
        var next = 0
        for index in 0...entries.count {
            while next < seals.count, let old = AuditSeal(epoch: UInt64(next), stored: seals[next].value),
                old.size == UInt64(index)
            {
                if old.size >= size {
                    let head = index == 0 ? AuditLog.start(fileID: fileID) : digest(of: index - 1)
                    seals[next].value =
                        AuditSeal(
                            epoch: old.epoch, size: old.size, root: edge.root, head: head, time: old.time, key: key,
                            fileID: fileID
                        ).stored
                }
                next += 1
            }
            if index < entries.count {
                edge.append(
                    leaf: AuditLog.leaf(sequence: UInt64(index + 1), entry: Array(entries[index].value[32...])))
            }
        }
    }

    private func digest(of index: Int) -> Digest32 { Digest32(bytes: Array(entries[index].value[..<32])) }

    /// The size of a seal.
    func size(ofSeal number: Int) -> UInt64 {
        number < 0 ? 0 : AuditSeal(epoch: UInt64(number), stored: seals[number].value)?.size ?? 0
    }
}

enum ForgeryError: Error {
    case noLog
}

/// What the verifier must answer.
enum RightAnswer: Equatable, CustomStringConvertible {
    /// The very entry.
    case exactly(UInt64)
    /// The first entry behind the last match.
    case behind(UInt64)

    var description: String {
        switch self {
        case .exactly(let sequence): "entry \(sequence) exactly"
        case .behind(let size): "the first entry behind \(size)"
        }
    }
}

/// The ways to forge.
enum Forgery: CaseIterable {
    case editContent, editHash, editBoth, garble, drop, insert, swap, truncate
    case truncateHeader, truncateSeals, rechain, reseal, skipEpoch, renumberEpochs, extraSeal, wrongSeal
    case removeSealing, olderHeader, otherKey, otherHead

    /// Forgeries that nothing inside the file shows: the verifier is given an anchor of the whole log for them when they
    /// are behind the last seal.
    var needsAnchorBehindLastSeal: Bool {
        switch self {
        case .truncateHeader, .truncateSeals, .rechain, .reseal: true
        default: false
        }
    }
}
