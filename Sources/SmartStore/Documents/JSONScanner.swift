// The tokens of RFC 8259 over UTF-8 bytes: white space, punctuation, strings, numbers, words.

/// A place in a JSON text.
struct JSONScanner {
    let text: BSONBytes
    private(set) var offset = 0

    init(_ text: BSONBytes) { self.text = text }

    /// A number as it was written.
    enum Number {
        case integer(Int64)
        case double(Double)
    }

    func fault(_ message: String, at place: Int? = nil) -> DocumentError {
        DocumentError(.failedToParse, message, offset: place ?? offset)
    }

    /// The next byte that is not white space; nil at the end.
    @inline(__always)
    mutating func peek() -> UInt8? {
        while offset < text.count {
            let byte = text[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset &+= 1
        }
        return nil
    }

    /// Skips a punctuation mark if it comes next.
    @inline(__always)
    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: mark) else { return false }
        offset &+= 1
        return true
    }

    mutating func expect(_ mark: Unicode.Scalar) throws(DocumentError) {
        guard skip(mark) else {
            let found = peek().map { "'\(Character(Unicode.Scalar($0)))'" } ?? "the end of the text"
            throw fault("expected '\(mark)', found \(found)")
        }
    }

    /// Skips a literal word if it comes next.
    mutating func skipWord(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard text.count - offset >= length else { return false }
        let matches = word.withUTF8Buffer { letters in
            (0..<length).allSatisfy { letters[$0] == text[offset + $0] }
        }
        if matches { offset += length }
        return matches
    }

    // MARK: Strings

    /// Appends the content of a string to `target`, escapes resolved.
    mutating func string(into target: inout [UInt8]) throws(DocumentError) {
        try expect("\"")
        var start = offset
        while true {
            offset = text.firstSpecialInJSON(from: offset)
            guard offset < text.count else { break }
            let byte = text[offset]
            if byte == UInt8(ascii: "\"") {
                text.slice(start, offset).append(to: &target)
                offset &+= 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                text.slice(start, offset).append(to: &target)
                try escape(into: &target)
                start = offset
            } else {
                throw fault("a control character in a string must be escaped")
            }
        }
        throw fault("a string does not end")
    }

    mutating func string() throws(DocumentError) -> String {
        var bytes: [UInt8] = []
        try string(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func escape(into target: inout [UInt8]) throws(DocumentError) {
        let start = offset
        offset += 1
        guard offset < text.count else { throw fault("a string does not end") }
        let letter = text[offset]
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): target.append(letter)
        case UInt8(ascii: "b"): target.append(0x08)
        case UInt8(ascii: "f"): target.append(0x0C)
        case UInt8(ascii: "n"): target.append(0x0A)
        case UInt8(ascii: "r"): target.append(0x0D)
        case UInt8(ascii: "t"): target.append(0x09)
        case UInt8(ascii: "u"):
            var code = try fourDigits()
            if (0xD800..<0xDC00).contains(code) {
                guard skipWord("\\u") else { throw fault("a surrogate stands alone", at: start) }
                let low = try fourDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw fault("a surrogate stands alone", at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("a surrogate stands alone", at: start) }
            target.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default: throw fault("unknown escape", at: start)
        }
    }

    private mutating func fourDigits() throws(DocumentError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard offset < text.count, let nibble = Hex.nibble(text[offset]) else {
                throw fault("\\u needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(nibble)
            offset += 1
        }
        return code
    }

    // MARK: Numbers

    /// A number: whole ones within 64 bits stay whole, all others are doubles.
    mutating func number() throws(DocumentError) -> Number {
        let start = offset
        let isNegative = skipByte(UInt8(ascii: "-"))
        var significand: UInt64 = 0
        var digitCount = 0
        var exponent = 0
        let first = offset
        digits(&significand, &digitCount)
        guard offset > first else { throw fault("expected a value", at: start) }
        if text[first] == UInt8(ascii: "0") && offset > first + 1 {
            throw fault("a number may not begin with a zero", at: start)
        }
        var isWhole = true
        if skipByte(UInt8(ascii: ".")) {
            isWhole = false
            let point = offset
            digits(&significand, &digitCount)
            guard offset > point else { throw fault("digits are missing after the point") }
            exponent = point - offset
        }
        if offset < text.count, text[offset] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            offset += 1
            let isSmall = skipByte(UInt8(ascii: "-"))
            if !isSmall { _ = skipByte(UInt8(ascii: "+")) }
            let place = offset
            var written = 0
            while let digit = digit() {
                written = min(written * 10 + Int(digit), 100_000)
                offset += 1
            }
            guard offset > place else { throw fault("digits are missing in the exponent") }
            exponent += isSmall ? -written : written
        }
        // Up to 19 digits the significand is exact.
        if digitCount <= 19 {
            if isWhole {
                if !isNegative, let whole = Int64(exactly: significand) { return .integer(whole) }
                if isNegative, significand <= 1 << 63 { return .integer(Int64(truncatingIfNeeded: 0 &- significand)) }
            } else if significand <= 1 << 53, abs(exponent) <= 22 {
                // Both are exact doubles, so one operation rounds once.
                let power = Self.powersOfTen[abs(exponent)]
                let size = exponent < 0 ? Double(significand) / power : Double(significand) * power
                return .double(isNegative ? -size : size)
            }
        }
        guard let value = Double(text.slice(start, offset).text), value.isFinite else {
            throw fault("the number is out of range", at: start)
        }
        return .double(value)
    }

    private static let powersOfTen: [Double] = (0..<22).reduce(into: [1]) { powers, _ in
        powers.append(powers.last! * 10)
    }

    private mutating func skipByte(_ byte: UInt8) -> Bool {
        guard offset < text.count, text[offset] == byte else { return false }
        offset += 1
        return true
    }

    @inline(__always)
    private func digit() -> UInt8? {
        guard offset < text.count else { return nil }
        let value = text[offset] &- 0x30
        return value < 10 ? value : nil
    }

    private mutating func digits(_ significand: inout UInt64, _ count: inout Int) {
        while let digit = digit() {
            significand = significand &* 10 &+ UInt64(digit)
            if count > 0 || digit != 0 { count += 1 }
            offset &+= 1
        }
    }
}
