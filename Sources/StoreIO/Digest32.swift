// A digest of 32 bytes as a plain value: no array, cheap to copy, compare and hash.

/// 32 bytes, such as a SHA-256 digest, kept as four little-endian words.
///
/// `==` may stop at the first difference. Compare secrets and tags with `Hashing.equal`.
package struct Digest32: Hashable, Sendable, CustomStringConvertible {
    /// The size in bytes.
    package static let byteCount = 32
    /// All bytes zero.
    package static let zero = Digest32(0, 0, 0, 0)

    /// Bytes 0–7, 8–15, 16–23 and 24–31, each little endian.
    package let words: (UInt64, UInt64, UInt64, UInt64)

    package init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    /// `bytes` must have exactly 32 bytes.
    package init(_ bytes: RawSpan) {
        precondition(bytes.byteCount == Self.byteCount, "a digest has 32 bytes")
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// `bytes` must have exactly 32 bytes.
    package init(bytes: [UInt8]) { self.init(bytes.span.bytes) }

    /// The 32 bytes in order.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Self.byteCount)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 0, to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return result
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(Self.byteCount * 2)
        for byte in bytes {
            result.append(digits[Int(byte >> 4)])
            result.append(digits[Int(byte & 15)])
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Writes the 32 bytes at `offset`, which must leave room for them.
    package func store(into bytes: inout MutableRawSpan, at offset: Int) {
        bytes.storeBytes(of: words.0.littleEndian, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: words.1.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
        bytes.storeBytes(of: words.2.littleEndian, toByteOffset: offset + 16, as: UInt64.self)
        bytes.storeBytes(of: words.3.littleEndian, toByteOffset: offset + 24, as: UInt64.self)
    }

    package var description: String { hex }

    package static func == (left: Digest32, right: Digest32) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
