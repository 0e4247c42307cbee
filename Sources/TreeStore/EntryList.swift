// Entries of one or two nodes, unpacked: whole keys and the bytes that follow them. Splits, merges and bulk loads plan
// on these, in checked memory, and write whole nodes from them.
//
// 1. Keys ascend strictly. Who joins entries of several pages checks that first, for pages may contradict each other.
// 2. A node's prefix is what its two fences (the separators left and right of it) have in common, since every key
//    that can ever be routed to the node shares that. Only where a node would otherwise not fit it is what the keys
//    present have in common; a later key may then break it, and the node is unpacked and divided again.

import PageStore

struct EntryList {
    /// One entry: `keyByteCount` bytes at `start`, then `partByteCount` bytes.
    struct Entry {
        let start: Int
        let keyByteCount: Int
        let partByteCount: Int

        var end: Int { start + keyByteCount + partByteCount }
    }

    /// Entries that go to one node.
    struct Piece {
        let range: Range<Int>
        let prefixLength: Int
        /// What tells this piece from the one before it; nil for the first. In inner nodes the entry just before
        /// `range` was promoted: its key is the separator, its child this piece's first.
        let separator: [UInt8]?
    }

    let level: Int
    let payloadByteCount: Int
    var bytes: [UInt8] = []
    var entries: [Entry] = []

    init(level: Int, payloadByteCount: Int) {
        self.level = level
        self.payloadByteCount = payloadByteCount
        bytes.reserveCapacity(2 * payloadByteCount)
    }

    var count: Int { entries.count }
    var capacity: Int { NodeLayout.capacity(payloadByteCount: payloadByteCount, level: level) }

    /// Adds an entry before `index`, or at the end.
    mutating func insert(at index: Int? = nil, key: [UInt8], part: [UInt8]) {
        let entry = Entry(start: bytes.count, keyByteCount: key.count, partByteCount: part.count)
        bytes.append(contentsOf: key)
        bytes.append(contentsOf: part)
        entries.insert(entry, at: index ?? entries.count)
    }

    /// Adds a separator and the child right of it before `index`, or at the end.
    mutating func insert(at index: Int? = nil, separator: [UInt8], child: PageID) {
        let number = child.number
        let part = (0..<NodeLayout.childByteCount).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
        insert(at: index, key: separator, part: part)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    mutating func remove(at index: Int) {
        entries.remove(at: index)
    }

    func key(_ index: Int) -> ArraySlice<UInt8> {
        let entry = entries[index]
        return bytes[entry.start..<(entry.start + entry.keyByteCount)]
    }

    /// The child of an inner entry.
    func child(_ index: Int) -> PageID {
        let entry = entries[index]
        var number: UInt64 = 0
        for byte in bytes[(entry.start + entry.keyByteCount)..<entry.end].reversed() {
            number = number << 8 | UInt64(byte)
        }
        return PageID(number)
    }

    /// The first index whose entry does not come after the one before it; nil when keys ascend strictly.
    func firstDisorder() -> Int? {
        guard count > 1 else { return nil }
        return (1..<count).first { !key($0 - 1).lexicographicallyPrecedes(key($0)) }
    }

    // MARK: Planning

    /// The bytes that a node of these entries needs of its capacity.
    func byteCount(_ range: Range<Int>, prefixLength: Int) -> Int {
        var total = prefixLength
        for entry in entries[range] {
            total += entry.keyByteCount + entry.partByteCount + NodeLayout.slotByteCount
        }
        return total - range.count * prefixLength
    }

    /// The prefix with which these entries fit one node between two fences; nil when they do not.
    func fittingPrefix(_ range: Range<Int>, low: [UInt8]?, high: [UInt8]?) -> Int? {
        let shared = range.count < 2 ? 0 : commonPrefix(key(range.lowerBound), key(range.upperBound - 1))
        var fenced = 0
        if let low, let high { fenced = min(shared, commonPrefix(low[...], high[...])) }
        if byteCount(range, prefixLength: fenced) <= capacity { return fenced }
        // Worth it only when it buys room for more than the next few insertions.
        return byteCount(range, prefixLength: shared) <= capacity - capacity / 16 ? shared : nil
    }

    /// Divides all entries into as few pieces as they need, each of which fits a node. With a bias they are divided
    /// in any case, and there first.
    func divided(low: [UInt8]?, high: [UInt8]?, bias: SplitBias?) -> [Piece] {
        var pieces: [Piece] = []
        divide(0..<count, separator: nil, low: low, high: high, bias: bias, into: &pieces)
        return pieces
    }

    private func divide(
        _ range: Range<Int>, separator: [UInt8]?, low: [UInt8]?, high: [UInt8]?, bias: SplitBias?,
        into pieces: inout [Piece]
    ) {
        if bias == nil, let prefixLength = fittingPrefix(range, low: low, high: high) {
            pieces.append(Piece(range: range, prefixLength: prefixLength, separator: separator))
            return
        }
        let middle: Int
        if case .before(let index)? = bias { middle = index } else { middle = balancedSplit(range) }
        let between = separatorKey(before: middle)
        divide(
            range.lowerBound..<middle, separator: separator, low: low, high: between, bias: nil, into: &pieces)
        // An inner node's middle entry is promoted: its key goes up, its child opens the right piece.
        let right = level == 0 ? middle : middle + 1
        divide(right..<range.upperBound, separator: between, low: between, high: high, bias: nil, into: &pieces)
    }

    /// What separates the entries before `index` from those from it on: in leaves the shortest string that does.
    private func separatorKey(before index: Int) -> [UInt8] {
        let key = key(index)
        guard level == 0 else { return [UInt8](key) }
        return shortestSeparator(key, after: self.key(index - 1))
    }

    /// The entry at which to divide: near the middle by bytes, and there where the separator is shortest.
    private func balancedSplit(_ range: Range<Int>) -> Int {
        let total = byteCount(range, prefixLength: 0)
        let slack = total / 16
        // An inner node promotes one entry, so the right side needs one more to keep any.
        let last = level == 0 ? range.upperBound - 1 : range.upperBound - 2
        precondition(last > range.lowerBound, "entries that fit a node are not divided")
        var left = 0
        var best = range.lowerBound + 1
        var bestDistance = Int.max
        var bestLength = Int.max
        for index in range.lowerBound..<last {
            let entry = entries[index]
            left += entry.keyByteCount + entry.partByteCount + NodeLayout.slotByteCount
            let distance = abs(2 * left - total)
            let candidate = index + 1
            if distance > 2 * slack {
                if bestLength == Int.max && distance < bestDistance {
                    best = candidate
                    bestDistance = distance
                }
                continue
            }
            let length =
                level == 0
                ? commonPrefix(key(candidate - 1), key(candidate)) : entries[candidate].keyByteCount
            if length < bestLength || (length == bestLength && distance < bestDistance) {
                best = candidate
                bestLength = length
                bestDistance = distance
            }
        }
        return best
    }
}

/// Where entries are divided before it is asked whether they must be.
enum SplitBias {
    /// In the middle, by bytes.
    case balanced
    /// Just before this entry: keys arrive in order, and the full side is to stay full.
    case before(Int)
}

/// The number of leading bytes two strings share.
func commonPrefix(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
    var length = 0
    for (x, y) in zip(a, b) {
        if x != y { break }
        length += 1
    }
    return length
}

/// The shortest string that is greater than `previous` and not greater than `key`. `key` must be greater.
func shortestSeparator(_ key: ArraySlice<UInt8>, after previous: ArraySlice<UInt8>) -> [UInt8] {
    [UInt8](key.prefix(commonPrefix(previous, key) + 1))
}
