// Which rows a caller allows: a set, a list, or a question asked row by row.

/// A set of rows, one bit each.
public struct RowSet: Sendable, Equatable {
    private(set) var words: [UInt32]
    /// Rows in the set.
    public private(set) var count = 0

    /// Bytes the set takes.
    package var byteCount: Int { words.count * 4 }

    /// The empty set; holds rows below `rowCount` without growing.
    public init(rowCount: Int = 0) {
        words = [UInt32](repeating: 0, count: (max(0, rowCount) + 31) / 32)
    }

    /// The set of these rows.
    public init(_ rows: some Sequence<UInt32>) {
        self.init()
        for row in rows { insert(row) }
    }

    /// Adds a row. Returns whether it was new.
    @discardableResult
    public mutating func insert(_ row: UInt32) -> Bool {
        let place = Int(row >> 5)
        if place >= words.count { words += [UInt32](repeating: 0, count: max(place + 1 - words.count, words.count)) }
        let bit = UInt32(1) << (row & 31)
        guard words[place] & bit == 0 else { return false }
        words[place] |= bit
        count += 1
        return true
    }

    /// Takes a row out. Returns whether it was there.
    @discardableResult
    public mutating func remove(_ row: UInt32) -> Bool {
        let place = Int(row >> 5)
        let bit = UInt32(1) << (row & 31)
        guard place < words.count, words[place] & bit != 0 else { return false }
        words[place] &= ~bit
        count -= 1
        return true
    }

    /// Whether a row is in the set.
    public func contains(_ row: UInt32) -> Bool {
        let place = Int(row >> 5)
        return place < words.count && words[place] & (1 << (row & 31)) != 0
    }

    /// The rows, ascending.
    public var rows: [UInt32] {
        var found: [UInt32] = []
        found.reserveCapacity(count)
        for (place, word) in words.enumerated() {
            var left = word
            while left != 0 {
                found.append(UInt32(truncatingIfNeeded: place << 5 + left.trailingZeroBitCount))
                left &= left - 1
            }
        }
        return found
    }

    /// Makes sure that there are words for all rows below `rowCount`.
    mutating func cover(rowCount: Int) {
        let needed = (rowCount + 31) / 32
        if words.count < needed { words += [UInt32](repeating: 0, count: needed - words.count) }
    }
}

/// The rows a search may return.
public enum RowFilter {
    /// Those in a set: the fastest way for large shares.
    case rows(RowSet)
    /// Those listed, in any order; rows that do not exist are ignored.
    case ids([UInt32])
    /// Those that a question, asked on the searching thread and any number of times a row, answers with true. It must not
    /// use the index.
    case predicate((UInt32) -> Bool)
}
