// The 12-byte identifier: four bytes of seconds, five of a random process value, three of a counter (big endian).
//
// The generator is a value whose time and randomness come from outside, so that a run can be replayed.

/// A BSON ObjectId.
public struct ObjectID: Sendable, Hashable, Comparable, LosslessStringConvertible {
    private let head: UInt64
    private let tail: UInt32

    /// The identifier whose bytes are the eight of `head` and the four of `tail`, big endian.
    package init(head: UInt64, tail: UInt32) {
        self.head = head
        self.tail = tail
    }

    /// The identifier of exactly 12 bytes.
    ///
    /// - Throws: `invalidLength` for another count.
    public init(bytes: [UInt8]) throws(DocumentError) {
        guard bytes.count == 12 else {
            throw DocumentError(.invalidLength, "an ObjectId has 12 bytes, not \(bytes.count)")
        }
        self.init(
            head: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
            tail: bytes[8..<12].reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// The identifier of 24 hexadecimal digits; nil for any other text.
    public init?(_ hex: String) {
        guard let bytes = Hex.bytes(hex), let id = try? ObjectID(bytes: bytes) else { return nil }
        self = id
    }

    /// The 12 bytes.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: head >> (56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: tail >> (24 - 8 * $0)) }
    }

    /// 24 lower-case hexadecimal digits.
    public var description: String { Hex.text(bytes) }

    /// The seconds since 1970 that its first four bytes say.
    public var secondsSince1970: UInt32 { UInt32(truncatingIfNeeded: head >> 32) }

    /// Orders by bytes, so by time first.
    public static func < (a: ObjectID, b: ObjectID) -> Bool {
        a.head != b.head ? a.head < b.head : a.tail < b.tail
    }
}

/// Makes ObjectIds: one random value for its life, and a counter that starts at random and goes up.
public struct ObjectIDGenerator: Sendable {
    private let process: UInt64
    private var counter: UInt32

    /// Draws the process value and the first counter.
    public init(random: inout some RandomNumberGenerator) {
        process = UInt64.random(in: 0..<(1 << 40), using: &random)
        counter = UInt32.random(in: 0..<(1 << 24), using: &random)
    }

    /// The next identifier. No two of the same second are equal until 2²⁴ have been drawn in it.
    public mutating func next(secondsSince1970: UInt32) -> ObjectID {
        counter = (counter &+ 1) & 0xFF_FFFF
        let head = UInt64(secondsSince1970) << 32 | process >> 8
        return ObjectID(head: head, tail: UInt32(process & 0xFF) << 24 | counter)
    }
}

/// Hexadecimal text of bytes, and back.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two lower-case digits a byte.
    package static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil for an odd count or another character.
    package static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            guard let nibble = nibble(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return high == nil ? bytes : nil
    }

    /// The value of one digit; nil for another character.
    package static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x41 + 10
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }
}
