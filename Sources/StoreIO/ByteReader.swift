// Checked little-endian reading of bytes that nobody vouches for.
//
// Every read compares with what remains first; nothing here can trap, whatever the bytes or the lengths in them say.

/// Fewer bytes remain than a field needs.
package struct ByteReaderFault: Error, Equatable, Sendable {
    /// Where the field would begin, counted from the first byte.
    package let offset: Int
    /// How many bytes it needs.
    package let needed: Int

    package init(offset: Int, needed: Int) {
        self.offset = offset
        self.needed = needed
    }
}

/// Reads fields in order from a byte string.
package struct ByteReader: Sendable {
    private let source: [UInt8]
    /// The offset of the next byte, counted from the first.
    package private(set) var offset = 0

    package init(_ bytes: [UInt8]) { source = bytes }

    /// Copies the bytes.
    package init(copying bytes: RawSpan) { source = [UInt8](copying: bytes) }

    /// How many bytes are left.
    package var remaining: Int { source.count - offset }

    /// Whether all bytes have been read.
    package var isAtEnd: Bool { remaining == 0 }

    // The next 1, 2, 4 or 8 bytes as a little-endian number.
    package mutating func readU8() throws(ByteReaderFault) -> UInt8 { try readInteger() }
    package mutating func readU16() throws(ByteReaderFault) -> UInt16 { try readInteger() }
    package mutating func readU32() throws(ByteReaderFault) -> UInt32 { try readInteger() }
    package mutating func readU64() throws(ByteReaderFault) -> UInt64 { try readInteger() }

    /// The next `count` bytes.
    package mutating func bytes(_ count: Int) throws(ByteReaderFault) -> [UInt8] {
        try require(count)
        defer { offset += count }
        return Array(source[offset..<offset + count])
    }

    /// The next 32 bytes.
    package mutating func readDigest() throws(ByteReaderFault) -> Digest32 {
        Digest32(try readU64(), try readU64(), try readU64(), try readU64())
    }

    /// Passes over `count` bytes.
    package mutating func skip(_ count: Int) throws(ByteReaderFault) {
        try require(count)
        offset += count
    }

    private mutating func readInteger<T: FixedWidthInteger & BitwiseCopyable>() throws(ByteReaderFault) -> T {
        let size = MemoryLayout<T>.size
        try require(size)
        defer { offset += size }
        return T(littleEndian: source.span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
    }

    private func require(_ count: Int) throws(ByteReaderFault) {
        guard count >= 0, count <= remaining else { throw ByteReaderFault(offset: offset, needed: count) }
    }
}

extension [UInt8] {
    /// A copy of the bytes.
    package init(copying bytes: RawSpan) {
        let count = bytes.byteCount
        self.init(repeating: 0, count: count)
        var span = mutableSpan
        var target = span.mutableBytes
        var offset = 0
        while count - offset >= 8 {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            target.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < count {
            let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            target.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }
}
