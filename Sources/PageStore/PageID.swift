import StoreIO

// Typed numbers of the page layer. A bare integer never says whether it counts pages, commits or log slots.

/// The number of a page in the file; byte offset = number × page size. Pages 0 and 1 are the superblock slots.
package struct PageID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    @inlinable package init(_ number: UInt64) { self.number = number }

    @inlinable package static func < (left: PageID, right: PageID) -> Bool { left.number < right.number }

    package var description: String { "page \(number)" }
}

/// The ordinal of a commit, counted from 1 for the file's whole life. A page's version is the sequence of the commit
/// that wrote it.
package typealias CommitSequence = UInt64

/// The ordinal of a slot in the log. Positions grow for the file's whole life and never start again.
package typealias LogPosition = UInt64

/// What a commit leaves behind besides pages: the roots and counters of the store at one sequence.
package struct CommitState: Hashable, Sendable {
    /// The commit's sequence; 0 before the first commit.
    package var sequence: CommitSequence = 0
    /// First page number beyond the data area.
    package var pageCount: UInt64 = 0
    /// Pages that were used once and are free now.
    package var freePageCount: UInt64 = 0
    /// Root page of the layer above (its catalog); 0 before it has one.
    package var catalogRoot: UInt64 = 0
    /// When the commit was made, in milliseconds since 1970.
    package var time: Int64 = 0

    package init() {}

    /// Bytes of the sealed record in a log frame and in the superblock.
    static let encodedByteCount = 64

    func encode() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.encodedByteCount)
        bytes.store(sequence, at: 0)
        bytes.store(pageCount, at: 8)
        bytes.store(freePageCount, at: 16)
        bytes.store(catalogRoot, at: 24)
        bytes.store(UInt64(bitPattern: time), at: 32)
        return bytes
    }

    init(decoding bytes: [UInt8], at offset: Int = 0) {
        sequence = bytes.loadUInt64(at: offset)
        pageCount = bytes.loadUInt64(at: offset + 8)
        freePageCount = bytes.loadUInt64(at: offset + 16)
        catalogRoot = bytes.loadUInt64(at: offset + 24)
        time = Int64(bitPattern: bytes.loadUInt64(at: offset + 32))
    }

    /// Whether the counters can be those of a file: arithmetic on them cannot overflow then.
    var isPlausible: Bool {
        !Defence.boundedOpen.isOn
            || sequence < 1 << 46 && pageCount < 1 << 48 && freePageCount <= pageCount && catalogRoot < 1 << 48
    }
}

// Little-endian access to fixed layouts whose length the caller has checked already: an offset out of range is a
// programmer's error here, never a matter of file content.
extension [UInt8] {
    func loadUInt32(at offset: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in (0..<4).reversed() { value = value << 8 | UInt32(self[offset + index]) }
        return value
    }

    func loadUInt64(at offset: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<8).reversed() { value = value << 8 | UInt64(self[offset + index]) }
        return value
    }

    mutating func store(_ value: UInt64, at offset: Int) {
        for index in 0..<8 { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }

    mutating func store(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }

    mutating func replace(at offset: Int, with bytes: [UInt8]) {
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}
