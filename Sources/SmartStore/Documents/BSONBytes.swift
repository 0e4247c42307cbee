// Bytes lent for the length of a closure: the only file of this folder with unsafe pointers.
//
// 1. A BSONBytes is valid only while the closure that lent it runs, or while the OwnedBytes behind it lives.
//    It must not be stored beyond that; what outlives the closure is copied (`array`, `text`).
// 2. Every load checks its offset, so that a mistake above ends the program instead of reading foreign memory.
//    The reader never asks for an offset it has not checked, so bytes from outside do not reach these traps.
// 3. The memory does not change while it is lent.

/// A run of bytes that somebody else owns.
///
/// `@unchecked Sendable`: the memory is immutable while it is lent.
package struct BSONBytes: @unchecked Sendable {
    private let base: UnsafeRawPointer
    /// How many bytes there are.
    package let count: Int

    private init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    fileprivate init(_ buffer: UnsafeRawBufferPointer) {
        guard let base = buffer.baseAddress else {
            self = BSONBytes.empty
            return
        }
        self.init(base: base, count: buffer.count)
    }

    /// No bytes. (The address is never loaded from: the count is zero.)
    package static var empty: BSONBytes {
        BSONBytes(base: UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped, count: 0)
    }

    // MARK: Lending

    /// Lends an array's bytes.
    @inline(__always)
    package static func with<R, E>(_ array: [UInt8], _ body: (BSONBytes) throws(E) -> R) throws(E) -> R {
        let span = array.span.bytes
        return try with(span, body)
    }

    /// Lends a span's bytes.
    @inline(__always)
    package static func with<R, E>(_ span: RawSpan, _ body: (BSONBytes) throws(E) -> R) throws(E) -> R {
        try span.withUnsafeBytes { buffer throws(E) -> R in try body(BSONBytes(buffer)) }
    }

    /// Lends the address to a library of C, for the call.
    func withUnsafePointer<R>(_ body: (UnsafePointer<UInt8>, Int) -> R) -> R {
        body(base.assumingMemoryBound(to: UInt8.self), count)
    }

    // MARK: Loads (little endian)

    /// The byte at an offset.
    @inline(__always)
    package subscript(offset: Int) -> UInt8 {
        precondition(UInt(bitPattern: offset) < UInt(bitPattern: count))
        return base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes at an offset.
    @inline(__always)
    package func uint64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four bytes at an offset.
    @inline(__always)
    package func uint32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= count - 4)
        return UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// A signed 32-bit number.
    @inline(__always)
    package func int32(at offset: Int) -> Int32 { Int32(bitPattern: uint32(at: offset)) }

    /// A signed 64-bit number.
    @inline(__always)
    package func int64(at offset: Int) -> Int64 { Int64(bitPattern: uint64(at: offset)) }

    /// A 64-bit float.
    @inline(__always)
    package func double(at offset: Int) -> Double { Double(bitPattern: uint64(at: offset)) }

    // MARK: Parts

    /// The bytes from `start` up to `end`.
    @inline(__always)
    package func slice(_ start: Int, _ end: Int) -> BSONBytes {
        precondition(start >= 0 && start <= end && end <= count)
        return BSONBytes(base: base + start, count: end - start)
    }

    /// Where these bytes begin in `whole`, of which they are a part.
    func offset(in whole: BSONBytes) -> Int {
        let offset = base - whole.base
        precondition(offset >= 0 && offset <= whole.count - count)
        return offset
    }

    /// The offset of the first zero byte in `start..<end`; nil when there is none.
    @inline(__always)
    package func firstZero(from start: Int, to end: Int) -> Int? {
        precondition(start >= 0 && end <= count)
        var offset = start
        while offset + 8 <= end {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if zeros != 0 { return offset &+ zeros.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < end {
            if base.load(fromByteOffset: offset, as: UInt8.self) == 0 { return offset }
            offset &+= 1
        }
        return nil
    }

    /// A name as one pass over it finds it.
    struct NameScan {
        /// The offset of the zero byte behind it.
        let end: Int
        /// The same for equal names.
        let hash: UInt64
        let isASCII: Bool
    }

    /// The name that begins at `start` and whose zero byte lies before `end`; nil when there is none.
    @inline(__always)
    func scanName(from start: Int, to end: Int) -> NameScan? {
        precondition(start >= 0 && end <= count)
        var (hash, bits): (UInt64, UInt64) = (0, 0)
        var offset = start
        while offset < end {
            let word = offset &+ 8 <= count ? wordUnchecked(at: offset) : lastWord(from: offset)
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            // Of the word with the zero byte only what stands before it counts.
            let part = zeros == 0 ? word : word & ((zeros & (0 &- zeros)) &>> 7 &- 1)
            hash = (hash ^ part) &* 0x9E37_79B9_7F4A_7C15
            bits |= part
            if zeros != 0 {
                let place = offset &+ zeros.trailingZeroBitCount &>> 3
                return place < end ? NameScan(end: place, hash: hash, isASCII: bits & 0x8080_8080_8080_8080 == 0) : nil
            }
            hash ^= hash &>> 32
            offset &+= 8
        }
        return nil
    }

    @inline(__always)
    private func wordUnchecked(at offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The fewer than eight bytes from `start` to the end, as the low bytes of a word whose others are not zero.
    private func lastWord(from start: Int) -> UInt64 {
        var word = UInt64.max
        var offset = count
        while offset > start {
            offset &-= 1
            word = word &<< 8 | UInt64(base.load(fromByteOffset: offset, as: UInt8.self))
        }
        return word
    }

    /// Whether no byte has its highest bit set. Most texts are such.
    @inline(__always)
    var isASCII: Bool {
        var bits: UInt64 = 0
        if count >= 8 {
            var offset = 0
            while offset &+ 32 <= count {
                bits |= wordUnchecked(at: offset) | wordUnchecked(at: offset &+ 8)
                bits |= wordUnchecked(at: offset &+ 16) | wordUnchecked(at: offset &+ 24)
                offset &+= 32
            }
            while offset &+ 8 <= count {
                bits |= wordUnchecked(at: offset)
                offset &+= 8
            }
            // The last word may overlap the one before.
            bits |= wordUnchecked(at: count &- 8)
        } else if count >= 4 {
            bits = UInt64(uint32(at: 0) | uint32(at: count &- 4))
            bits |= bits << 32
        } else {
            for offset in 0..<count { bits |= UInt64(self[offset]) }
        }
        return bits & 0x8080_8080_8080_8080 == 0
    }

    /// The offset of the first byte from `start` on that JSON does not have in a string as it is: a quotation mark, a
    /// backslash or a control character; the count when there is none.
    @inline(__always)
    package func firstSpecialInJSON(from start: Int) -> Int {
        precondition(start >= 0 && start <= count)
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var offset = start
        while offset &+ 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let quotes = word ^ ones &* 0x22
            let slashes = word ^ ones &* 0x5C
            let found =
                ((quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | (word &- ones &* 0x20) & ~word) & highs
            if found != 0 { return offset &+ found.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < count {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return offset }
            offset &+= 1
        }
        return count
    }

    // MARK: Comparison

    /// Whether both hold the same bytes.
    @inline(__always)
    package func equals(_ other: BSONBytes) -> Bool {
        guard count == other.count else { return false }
        var offset = 0
        while offset &+ 8 <= count {
            let mine = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let theirs = other.base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if mine != theirs { return false }
            offset &+= 8
        }
        while offset < count {
            let mine = base.load(fromByteOffset: offset, as: UInt8.self)
            let theirs = other.base.load(fromByteOffset: offset, as: UInt8.self)
            if mine != theirs { return false }
            offset &+= 1
        }
        return true
    }

    /// Whether both are the same bytes in memory, not merely equal ones.
    package func isSameMemory(as other: BSONBytes) -> Bool { base == other.base && count == other.count }

    /// Compares as memcmp does, the shorter first where one begins with the other: -1, 0 or 1.
    package func compare(_ other: BSONBytes) -> Int {
        let shared = min(count, other.count)
        var offset = 0
        while offset &+ 8 <= shared {
            let mine = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let theirs = UInt64(bigEndian: other.base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            if mine != theirs { return mine < theirs ? -1 : 1 }
            offset &+= 8
        }
        while offset < shared {
            let mine = base.load(fromByteOffset: offset, as: UInt8.self)
            let theirs = other.base.load(fromByteOffset: offset, as: UInt8.self)
            if mine != theirs { return mine < theirs ? -1 : 1 }
            offset &+= 1
        }
        return count == other.count ? 0 : (count < other.count ? -1 : 1)
    }

    // MARK: Copies

    /// A copy.
    package var array: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: base, count: count)) }

    /// The bytes as text; what is not UTF-8 becomes the replacement character.
    package var text: String { String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self) }

    /// Appends a copy to `target`.
    @inline(__always)
    package func append(to target: inout [UInt8]) {
        target.append(contentsOf: UnsafeRawBufferPointer(start: base, count: count))
    }
}

/// Immutable bytes at a fixed address, so that views into them may be kept as long as this object lives.
///
/// A compiled filter keeps its operands in one and its nodes point into it.
/// `@unchecked Sendable`: the memory is written once, in `init`.
package final class OwnedBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The bytes; valid while this object lives.
    package let bytes: BSONBytes

    /// Copies the bytes to memory of its own.
    package init(_ array: [UInt8]) {
        memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: 8)
        memory.copyBytes(from: array)
        bytes = BSONBytes(UnsafeRawBufferPointer(start: memory.baseAddress, count: array.count))
    }

    deinit { memory.deallocate() }
}
