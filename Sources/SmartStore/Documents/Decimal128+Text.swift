// Decimal text, as the BSON decimal128 specification has it (it follows IEEE 754's to-scientific-string).
//
// Reading is exact: a text that would have to be rounded is refused.

extension Decimal128: LosslessStringConvertible {
    /// The number of a decimal text, `Infinity` or `NaN`; nil for another text, or one that does not fit exactly.
    public init?(_ text: String) {
        var rest = Substring(text)
        var isNegative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            rest.removeFirst()
        }
        switch rest.lowercased() {
        case "nan":
            self = .nan
            return
        case "inf", "infinity":
            let infinity = Decimal128.infinity
            self.init(high: infinity.high | (isNegative ? 1 << 63 : 0), low: 0)
            return
        default: break
        }
        guard let (digits, exponent) = Self.parts(rest.utf8) else { return nil }
        self.init(isNegative: isNegative, digits: digits, exponent: exponent)
    }

    /// Splits `12.5e3` into its digits and the exponent of the last.
    private static func parts(_ text: Substring.UTF8View) -> (digits: [UInt8], exponent: Int)? {
        var digits: [UInt8] = []
        var exponent = 0
        var sawDigit = false
        var sawPoint = false
        var index = text.startIndex
        scan: while index < text.endIndex {
            switch text[index] {
            case let character where (0x30...0x39).contains(character):
                sawDigit = true
                if !(digits.isEmpty && character == 0x30) { digits.append(character - 0x30) }
                if sawPoint { exponent -= 1 }
            case UInt8(ascii: ".") where !sawPoint: sawPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): break scan
            default: return nil
            }
            index = text.index(after: index)
        }
        guard sawDigit else { return nil }
        if index < text.endIndex {
            guard let written = writtenExponent(text[text.index(after: index)...]) else { return nil }
            exponent += written
        }
        return (digits, exponent)
    }

    /// The number after the `e`; one beyond a million is as good as a million.
    private static func writtenExponent(_ text: Substring.UTF8View) -> Int? {
        var rest = text
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return nil }
        var value = 0
        for character in rest {
            guard (0x30...0x39).contains(character) else { return nil }
            value = min(value * 10 + Int(character - 0x30), 1_000_000)
        }
        return isNegative ? -value : value
    }

    /// Fits digits and exponent into the format without rounding; nil when that cannot be done.
    private init?(isNegative: Bool, digits: [UInt8], exponent: Int) {
        var digits = digits[...]
        var exponent = exponent
        while digits.count > 34 || (exponent < Self.exponentRange.lowerBound && !digits.isEmpty) {
            guard digits.last == 0 else { return nil }
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty {
            exponent = min(max(exponent, Self.exponentRange.lowerBound), Self.exponentRange.upperBound)
        }
        while exponent > Self.exponentRange.upperBound {
            guard digits.count < 34 else { return nil }
            digits.append(0)
            exponent -= 1
        }
        let coefficient = digits.reduce(UInt128(0)) { $0 * 10 + UInt128($1) }
        self.init(isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }

    /// Plain notation where the exponent is small, else scientific: `0.001`, `1.5E+10`, `-0E-3`, `Infinity`, `NaN`.
    public var description: String {
        if isNaN { return "NaN" }
        let sign = isNegative ? "-" : ""
        if isInfinite { return sign + "Infinity" }
        let digits = Array(String(coefficient).utf8)
        let adjusted = exponent + digits.count - 1
        func text(_ part: ArraySlice<UInt8>) -> String { String(decoding: part, as: UTF8.self) }
        if exponent <= 0 && adjusted >= -6 {
            if exponent == 0 { return sign + text(digits[...]) }
            let whole = digits.count + exponent
            if whole > 0 { return sign + text(digits[..<whole]) + "." + text(digits[whole...]) }
            return sign + "0." + String(repeating: "0", count: -whole) + text(digits[...])
        }
        let fraction = digits.count > 1 ? "." + text(digits[1...]) : ""
        return "\(sign)\(text(digits[..<1]))\(fraction)E\(adjusted < 0 ? "" : "+")\(adjusted)"
    }
}
