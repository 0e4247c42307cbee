package import StoreIO

// The hash tree of RFC 9162, section 2.1, over SHA-256: leaves are prefixed with 00, nodes with 01, so that neither can
// be taken for the other. A tree of n leaves splits at the largest power of two below n.
//
// Only the right edge is kept: the roots of the full subtrees that the leaves so far make up, one for each bit of
// their number. So an append is O(log leaves) at worst and two hashes on average, and the root follows from the edge.

/// The hashes of the tree.
package enum MerkleHash {
    /// The hash of a leaf's content.
    package static func leaf(_ content: [UInt8]) -> Digest32 { Hashing.sha256(([0] + content).span.bytes) }

    /// The hash of two neighbours.
    package static func node(_ left: Digest32, _ right: Digest32) -> Digest32 {
        var bytes = [UInt8](repeating: 1, count: 65)
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        left.store(into: &raw, at: 1)
        right.store(into: &raw, at: 33)
        return Hashing.sha256(bytes.span.bytes)
    }

    /// The root of a tree without leaves: the hash of nothing.
    package static var empty: Digest32 { Hashing.sha256([UInt8]().span.bytes) }
}

/// The right edge of a tree that grows.
package struct MerkleEdge: Sendable, Equatable {
    /// Leaves so far.
    package private(set) var size: UInt64 = 0
    /// Roots of the full subtrees, the largest first.
    package private(set) var nodes: [Digest32] = []

    /// A tree without leaves.
    package init() {}

    /// An edge that was stored; nil when the number of nodes does not fit the size.
    package init?(size: UInt64, nodes: [Digest32]) {
        guard nodes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.nodes = nodes
    }

    /// Adds a leaf by its hash.
    package mutating func append(leaf: Digest32) {
        var node = leaf
        var rest = size
        while rest & 1 == 1, let left = nodes.popLast() {
            node = MerkleHash.node(left, node)
            rest >>= 1
        }
        nodes.append(node)
        size += 1
    }

    /// The root of the tree as it is.
    package var root: Digest32 {
        guard var root = nodes.last else { return MerkleHash.empty }
        for node in nodes.dropLast().reversed() { root = MerkleHash.node(node, root) }
        return root
    }
}

/// Which subtrees a proof consists of (RFC 9162, 2.1.3.1 and 2.1.4.1), and how one is checked (2.1.3.2, 2.1.4.2).
package enum MerkleProof {
    /// The leaves under each node of the proof that leaf `index` is in the tree of `size` leaves, the nearest first.
    package static func inclusionRanges(of index: UInt64, size: UInt64) -> [Range<UInt64>] {
        guard index < size else { return [] }
        var ranges: [Range<UInt64>] = []
        var part = 0..<size
        while part.count > 1 {
            let middle = part.lowerBound + split(UInt64(part.count))
            if index < middle {
                ranges.append(middle..<part.upperBound)
                part = part.lowerBound..<middle
            } else {
                ranges.append(part.lowerBound..<middle)
                part = middle..<part.upperBound
            }
        }
        return ranges.reversed()
    }

    /// The leaves under each node of the proof that the tree of `first` leaves became that of `second`.
    package static func consistencyRanges(from first: UInt64, to second: UInt64) -> [Range<UInt64>] {
        guard first > 0, first < second else { return [] }
        var ranges: [Range<UInt64>] = []
        var part = 0..<second
        var isWhole = true
        while part.upperBound > first {
            let middle = part.lowerBound + split(UInt64(part.count))
            if first <= middle {
                ranges.append(middle..<part.upperBound)
                part = part.lowerBound..<middle
            } else {
                ranges.append(part.lowerBound..<middle)
                part = middle..<part.upperBound
                isWhole = false
            }
        }
        if !isWhole { ranges.append(part) }
        return ranges.reversed()
    }

    /// The largest power of two below `count`, which is at least 2.
    private static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }

    /// Whether `path` leads from a leaf to the root.
    package static func isIncluded(
        _ leaf: Digest32, at index: UInt64, size: UInt64, root: Digest32, path: [Digest32]
    ) -> Bool {
        guard index < size else { return false }
        var (place, last, hash) = (index, size - 1, leaf)
        for node in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = MerkleHash.node(node, hash)
                while place & 1 == 0, place > 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                hash = MerkleHash.node(hash, node)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }

    /// Whether `path` shows that the tree of `first` leaves is the beginning of that of `second`.
    package static func isConsistent(
        from first: UInt64, _ firstRoot: Digest32, to second: UInt64, _ secondRoot: Digest32, path: [Digest32]
    ) -> Bool {
        if first == second { return path.isEmpty && firstRoot == secondRoot }
        if first == 0 { return path.isEmpty && firstRoot == MerkleHash.empty }
        guard first < second, !path.isEmpty else { return false }
        let nodes = first & (first - 1) == 0 ? [firstRoot] + path : path
        var (place, last) = (first - 1, second - 1)
        while place & 1 == 1 { (place, last) = (place >> 1, last >> 1) }
        var (old, new) = (nodes[0], nodes[0])
        for node in nodes.dropFirst() {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                old = MerkleHash.node(node, old)
                new = MerkleHash.node(node, new)
                while place & 1 == 0, place > 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                new = MerkleHash.node(new, node)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 && old == firstRoot && new == secondRoot
    }
}
