// Bytes as a source of decisions: every byte string is a valid input, so that no mutation is wasted.
//
// A target that wants structure (a filter, a script of edits) takes numbers from here. Past the end everything is zero,
// so a short input is a simple one, and the shortest input that fails is easy to read.

/// Decisions read from the front of a byte string.
package struct FuzzInput {
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether everything has been used.
    package var isEmpty: Bool { offset >= bytes.count }

    /// Bytes not used yet.
    package var remaining: Int { max(0, bytes.count - offset) }

    /// The next byte; 0 past the end.
    package mutating func byte() -> UInt8 {
        defer { offset += 1 }
        return offset < bytes.count ? bytes[offset] : 0
    }

    /// The next `count` bytes as a little-endian number.
    package mutating func number(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(byte()) << (8 * UInt64(index)) }
        return value
    }

    /// A number below `bound`, which is at least 1.
    package mutating func below(_ bound: Int) -> Int {
        let value = bound <= 256 ? number(1) : bound <= 65_536 ? number(2) : number(4)
        return Int(value % UInt64(bound))
    }

    /// One of the elements.
    package mutating func pick<T>(_ elements: [T]) -> T { elements[below(elements.count)] }

    /// Up to `count` of the bytes that are left.
    package mutating func take(_ count: Int) -> [UInt8] {
        let end = min(bytes.count, offset + count)
        defer { offset = max(offset, end) }
        return offset < end ? Array(bytes[offset..<end]) : []
    }

    /// Everything that is left.
    package mutating func rest() -> [UInt8] { take(remaining) }

    /// Numbers at which lengths, counts and offsets go wrong.
    package static let boundaries: [UInt64] = [
        0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 63, 64, 100, 127, 128, 255, 256, 504, 4047, 4048, 4095, 4096, 32767,
        32768, 65535, 65536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, (1 << 46) - 1, 1 << 46, 1 << 48,
        1 << 60, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max - 1, .max,
    ]
}
