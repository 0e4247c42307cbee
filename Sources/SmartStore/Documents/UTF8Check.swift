// Whether bytes are UTF-8, as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.

extension BSONBytes {
    /// The offset of the first byte that does not continue valid UTF-8; nil when all of it is valid.
    @inline(__always)
    func firstInvalidUTF8() -> Int? { isASCII ? nil : firstInvalidSequence() }

    private func firstInvalidSequence() -> Int? {
        var offset = 0
        while offset < count {
            if offset &+ 8 <= count, uint64(at: offset) & 0x8080_8080_8080_8080 == 0 {
                offset &+= 8
                continue
            }
            let lead = self[offset]
            if lead < 0x80 {
                offset &+= 1
                continue
            }
            guard let length = multibyteLength(at: offset, lead: lead) else { return offset }
            offset &+= length
        }
        return nil
    }

    /// The length of the sequence at `offset`; nil when it is not valid.
    private func multibyteLength(at offset: Int, lead: UInt8) -> Int? {
        let left = count - offset
        func isTail(_ place: Int) -> Bool { self[offset + place] & 0xC0 == 0x80 }
        switch lead {
        case 0xC2...0xDF:
            return left >= 2 && isTail(1) ? 2 : nil
        case 0xE0...0xEF:
            guard left >= 3, isTail(1), isTail(2) else { return nil }
            let second = self[offset + 1]
            if lead == 0xE0 && second < 0xA0 { return nil }
            if lead == 0xED && second > 0x9F { return nil }
            return 3
        case 0xF0...0xF4:
            guard left >= 4, isTail(1), isTail(2), isTail(3) else { return nil }
            let second = self[offset + 1]
            if lead == 0xF0 && second < 0x90 { return nil }
            if lead == 0xF4 && second > 0x8F { return nil }
            return 4
        default: return nil
        }
    }
}
