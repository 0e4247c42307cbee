// Base64 as RFC 4648 section 4 has it: standard alphabet, padding required, no other characters.

enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = alphabet.enumerated().reduce(into: [UInt8](repeating: 0xFF, count: 256)) {
        $0[Int($1.element)] = UInt8($1.offset)
    }

    /// Appends the text of some bytes.
    static func append(_ bytes: BSONBytes, to text: inout [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let left = bytes.count - offset
            let group =
                UInt32(bytes[offset]) << 16 | (left > 1 ? UInt32(bytes[offset + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[offset + 2]) : 0)
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 63)])
            text.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            text.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            offset += 3
        }
    }

    /// The bytes of a text; nil for another character, wrong padding, or bits left over.
    static func bytes(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var characters = text[...]
        while characters.last == UInt8(ascii: "="), text.count - characters.count < 2 { characters.removeLast() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var bitCount = 0
        for character in characters {
            let value = values[Int(character)]
            guard value != 0xFF else { return nil }
            group = group << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bitCount)))
            }
        }
        return group & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
    }
}
