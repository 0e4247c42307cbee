import PageStore
import StoreIO
import TreeStore

// Proofs about the log for somebody who has no store and no secret (RFC 9162, sections 2.1.3 and 2.1.4): that an entry is
// in a log, and that one log is the beginning of another. Making one reads the entries once; checking one takes a few
// hashes.

/// A proof about the tree of the audit log's entries.
public struct AuditProof: Sendable, Hashable, Codable {
    /// Entries of the tree it leads to.
    public let size: UInt64
    /// Hashes of subtrees in the order of RFC 9162, in hexadecimal.
    public let path: [String]

    init(size: UInt64, path: [Digest32]) {
        self.size = size
        self.path = path.map(\.hex)
    }

    private var nodes: [Digest32]? {
        let nodes = path.compactMap { AuditProof.digest($0) }
        return nodes.count == path.count ? nodes : nil
    }

    private static func digest(_ text: String) -> Digest32? {
        Hex.bytes(text).flatMap { $0.count == 32 ? Digest32(bytes: $0) : nil }
    }

    /// Whether the proof shows that an entry stands in the log that an anchor names. Compare
    /// ``AuditEntry/leafHash`` of the entry you have; nothing of the store is needed.
    public func shows(_ entry: AuditEntry, in anchor: AuditAnchor) -> Bool {
        guard size == anchor.size, entry.sequence > 0, let nodes, let root = Self.digest(anchor.root),
            let leaf = Self.digest(entry.leafHash)
        else { return false }
        return MerkleProof.isIncluded(leaf, at: entry.sequence - 1, size: size, root: root, path: nodes)
    }

    /// Whether the proof shows that the log of the older anchor is the beginning of that of the newer one.
    public func shows(_ older: AuditAnchor, isBeginningOf newer: AuditAnchor) -> Bool {
        guard size == newer.size, older.fileID == newer.fileID, let nodes, let first = Self.digest(older.root),
            let second = Self.digest(newer.root)
        else { return false }
        return MerkleProof.isConsistent(from: older.size, first, to: newer.size, second, path: nodes)
    }
}

extension AuditReading {
    /// Proves that the entry `sequence` is in the log of the first `size` entries; nil: all. Reads that many.
    /// - Throws: `invalidArgument` for a sequence or size beyond the log, `auditUnavailable` for a log of form 1.
    public func inclusionProof(of sequence: UInt64, size: UInt64? = nil) throws(StoreError) -> AuditProof {
        try converting {
            let size = try provable(size)
            guard sequence >= 1, sequence <= size else { throw Self.outOfRange("entry \(sequence)") }
            let ranges = MerkleProof.inclusionRanges(of: sequence - 1, size: size)
            return AuditProof(size: size, path: try roots(of: ranges))
        }
    }

    /// Proves that the log of the first `older` entries is the beginning of that of the first `size`; nil: all.
    /// - Throws: `invalidArgument` for sizes beyond the log, `auditUnavailable` for a log of form 1.
    public func consistencyProof(from older: UInt64, size: UInt64? = nil) throws(StoreError) -> AuditProof {
        try converting {
            let size = try provable(size)
            guard older <= size else { throw Self.outOfRange("a log of \(older) entries") }
            return AuditProof(size: size, path: try roots(of: MerkleProof.consistencyRanges(from: older, to: size)))
        }
    }

    private static func outOfRange(_ what: String) -> StoreError {
        StoreError(.invalidArgument, "There is no such thing as \(what) here.", remedy: "Look at the log's count.")
    }

    private func provable(_ size: UInt64?) throws -> UInt64 {
        let header = try log()?.header
        if let header, header.sealing == nil { throw AuditKeys.noSeals }
        let count = header?.count ?? 0
        guard let size else { return count }
        guard size <= count else { throw Self.outOfRange("a log of \(size) entries") }
        return size
    }

    /// The roots of subtrees, from one walk over the entries under them.
    private func roots(of ranges: [Range<UInt64>]) throws -> [Digest32] {
        guard let header = try log()?.header, !ranges.isEmpty else { return [] }
        var found: [UInt64: Digest32] = [:]
        let cursor = header.entries.cursor(in: transaction.view)
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            var edge = MerkleEdge()
            var isThere = try cursor.seek(to: BigEndian.bytes(range.lowerBound + 1).span.bytes)
            while edge.size < UInt64(range.count) {
                let sequence = range.lowerBound + edge.size + 1
                guard isThere, try BigEndian.load(cursor.key) == sequence, try cursor.value.count > 32 else {
                    throw StoreError.auditBroken(sequence: sequence, reason: "it is missing or no entry")
                }
                edge.append(leaf: AuditLog.leaf(sequence: sequence, entry: Array(try cursor.value[32...])))
                isThere = try cursor.next()
            }
            found[range.lowerBound] = edge.root
        }
        return ranges.compactMap { found[$0.lowerBound] }
    }
}
