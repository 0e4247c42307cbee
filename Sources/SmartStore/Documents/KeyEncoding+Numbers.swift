// Numbers as key bytes: equal numbers of all four types give equal bytes, and memcmp order is exact numeric order.
//
// A kind byte, then the magnitude |x|; the bytes after the kind are inverted for negative numbers.
//   08 NaN   09 -infinity   14 zero   1F +infinity
//   16+n-1 / 12-n+1   1 <= |x| < 2^63. n bytes (1...8): the whole part shifted left by one, the low bit set when there
//             is a fraction. Then, only with a fraction, 7 bytes: its first 52 binary digits, three zero bits, `more`.
//   15 / 13   |x| < 1. 8 bytes: the bits of the greatest double not above |x|, shifted left by two, low bit `more`.
//   1E / 0A   |x| >= 2^63. 8 bytes: the same, shifted left by one.
// `more` is set when |x| is not exactly what stands before. Doubles always are, and so are integers; only decimals
// need more, so their decimal digits follow: the power of ten of the first digit (2 bytes, plus 8000), then pairs of
// digits plus one (1...100), then 00. Between two numbers that agree up to there, the digits decide.

extension KeyEncoding {
    private enum Kind {
        static let nan: UInt8 = 0x08
        static let negativeInfinity: UInt8 = 0x09
        static let negativeLarge: UInt8 = 0x0A
        static let negativeOneByte: UInt8 = 0x12
        static let negativeSmall: UInt8 = 0x13
        static let zero: UInt8 = 0x14
        static let positiveSmall: UInt8 = 0x15
        static let positiveOneByte: UInt8 = 0x16
        static let positiveLarge: UInt8 = 0x1E
        static let positiveInfinity: UInt8 = 0x1F
    }

    /// Appends a number in place.
    static func appendNumber(_ view: BSONView, to key: inout [UInt8]) {
        switch view.type {
        case .int32: append(Int64(view.bytes.int32(at: 0)), to: &key)
        case .int64: append(view.bytes.int64(at: 0), to: &key)
        case .double: append(view.bytes.double(at: 0), to: &key)
        default: append(view.decimal, to: &key)
        }
    }

    /// The most bytes of a number that is no decimal.
    static let longestNumber = 16

    /// Appends a number that is no decimal, which is read as it stands; false when it is none.
    static func appendNumber(_ value: BSONValue, to key: inout [UInt8]) -> Bool {
        switch value {
        case .int32(let number): append(Int64(number), to: &key)
        case .int64(let number): append(number, to: &key)
        case .double(let number): append(number, to: &key)
        default: return false
        }
        return true
    }

    private static func append(_ value: Int64, to key: inout [UInt8]) {
        if value == 0 {
            key.append(Kind.zero)
        } else if value == .min {
            appendLarge(0x1p63, more: false, isNegative: true, to: &key)
        } else {
            appendWhole(value.magnitude, hasFraction: false, isNegative: value < 0, to: &key)
        }
    }

    private static func append(_ value: Double, to key: inout [UInt8]) {
        let isNegative = value < 0
        let magnitude = value.magnitude
        if value.isNaN {
            key.append(Kind.nan)
        } else if magnitude == 0 {
            key.append(Kind.zero)
        } else if magnitude == .infinity {
            key.append(isNegative ? Kind.negativeInfinity : Kind.positiveInfinity)
        } else if magnitude < 1 {
            appendSmall(magnitude, more: false, isNegative: isNegative, to: &key)
        } else if magnitude >= 0x1p63 {
            appendLarge(magnitude, more: false, isNegative: isNegative, to: &key)
        } else {
            let whole = magnitude.rounded(.towardZero)
            let fraction = magnitude - whole
            appendWhole(UInt64(whole), hasFraction: fraction != 0, isNegative: isNegative, to: &key)
            if fraction != 0 {
                appendFraction(UInt64(fraction * 0x1p52), more: false, isNegative: isNegative, to: &key)
            }
        }
    }

    private static func append(_ value: Decimal128, to key: inout [UInt8]) {
        let isNegative = value.isNegative
        if value.isNaN {
            key.append(Kind.nan)
            return
        }
        if value.isInfinite {
            key.append(isNegative ? Kind.negativeInfinity : Kind.positiveInfinity)
            return
        }
        let number = PlainDecimal(value)
        if number.coefficient == 0 {
            key.append(Kind.zero)
        } else if let parts = number.wholeAndFraction {
            appendWhole(parts.whole, hasFraction: parts.hasFraction, isNegative: isNegative, to: &key)
            if parts.hasFraction {
                appendFraction(parts.fraction, more: parts.more, isNegative: isNegative, to: &key)
                if parts.more { appendDigits(number, isNegative: isNegative, to: &key) }
            }
        } else {
            let (floor, more) = number.floor
            if number.isBelowOne {
                appendSmall(floor, more: more, isNegative: isNegative, to: &key)
            } else {
                appendLarge(floor, more: more, isNegative: isNegative, to: &key)
            }
            if more { appendDigits(number, isNegative: isNegative, to: &key) }
        }
    }

    @inline(__always)
    private static func appendWhole(_ whole: UInt64, hasFraction: Bool, isNegative: Bool, to key: inout [UInt8]) {
        let value = whole << 1 | (hasFraction ? 1 : 0)
        let byteCount = (71 - value.leadingZeroBitCount) / 8
        let step = UInt8(byteCount - 1)
        key.append(isNegative ? Kind.negativeOneByte - step : Kind.positiveOneByte + step)
        appendBigEndian(value, byteCount: byteCount, inverting: isNegative ? 0xFF : 0, to: &key)
    }

    private static func appendFraction(_ bits: UInt64, more: Bool, isNegative: Bool, to key: inout [UInt8]) {
        appendBigEndian(
            bits << 4 | (more ? 1 : 0), byteCount: 7, inverting: isNegative ? 0xFF : 0, to: &key)
    }

    private static func appendSmall(_ floor: Double, more: Bool, isNegative: Bool, to key: inout [UInt8]) {
        key.append(isNegative ? Kind.negativeSmall : Kind.positiveSmall)
        appendBigEndian(
            floor.bitPattern << 2 | (more ? 1 : 0), byteCount: 8, inverting: isNegative ? 0xFF : 0, to: &key)
    }

    private static func appendLarge(_ floor: Double, more: Bool, isNegative: Bool, to key: inout [UInt8]) {
        key.append(isNegative ? Kind.negativeLarge : Kind.positiveLarge)
        appendBigEndian(
            floor.bitPattern << 1 | (more ? 1 : 0), byteCount: 8, inverting: isNegative ? 0xFF : 0, to: &key)
    }

    private static func appendDigits(_ number: PlainDecimal, isNegative: Bool, to key: inout [UInt8]) {
        let mask: UInt8 = isNegative ? 0xFF : 0
        let count = Decimal128.digitCount(number.coefficient)
        appendBigEndian(UInt64(number.exponent + count + 8000), byteCount: 2, inverting: mask, to: &key)
        // An even number of digits, so that pairs stand where they stand in every number.
        var rest = count % 2 == 0 ? number.coefficient : number.coefficient * 10
        var pairs: [UInt8] = []
        while rest != 0 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            pairs.append(UInt8(pair) + 1)
            rest = quotient
        }
        for pair in pairs.reversed() { key.append(pair ^ mask) }
        key.append(mask)
    }

    /// Where the magnitude of a number ends that begins after the kind byte at `start`; nil when it does not fit.
    static func numberEnd(_ key: [UInt8], kind: UInt8, from start: Int, mask: UInt8) -> Int? {
        let isNegative = kind < Kind.zero
        let mask = isNegative ? ~mask : mask
        let end: Int
        let hasMore: Bool
        switch kind {
        case Kind.nan, Kind.zero, Kind.negativeInfinity, Kind.positiveInfinity: return start
        case Kind.negativeSmall, Kind.positiveSmall, Kind.negativeLarge, Kind.positiveLarge:
            end = start + 8
            guard end <= key.count else { return nil }
            hasMore = (key[end - 1] ^ mask) & 1 == 1
        default:
            let step = isNegative ? Kind.negativeOneByte &- kind : kind &- Kind.positiveOneByte
            guard step < 8 else { return nil }
            let wholeEnd = start + Int(step) + 1
            guard wholeEnd <= key.count else { return nil }
            guard (key[wholeEnd - 1] ^ mask) & 1 == 1 else { return wholeEnd }
            end = wholeEnd + 7
            guard end <= key.count else { return nil }
            hasMore = (key[end - 1] ^ mask) & 1 == 1
        }
        guard hasMore else { return end }
        guard end + 2 <= key.count, let terminator = key[(end + 2)...].firstIndex(of: mask) else { return nil }
        return terminator + 1
    }
}

/// A finite decimal's magnitude without trailing zeros, and its parts.
private struct PlainDecimal {
    let coefficient: UInt128
    let exponent: Int

    init(_ value: Decimal128) {
        var coefficient = value.coefficient
        var exponent = value.exponent
        while coefficient != 0 {
            let (quotient, digit) = coefficient.quotientAndRemainder(dividingBy: 10)
            guard digit == 0 else { break }
            coefficient = quotient
            exponent += 1
        }
        self.coefficient = coefficient
        self.exponent = exponent
    }

    var isBelowOne: Bool { exponent + Decimal128.digitCount(coefficient) <= 0 }

    /// For 1 <= x < 2^63: the whole part, the first 52 binary digits of the fraction, and whether there is more.
    var wholeAndFraction: (whole: UInt64, hasFraction: Bool, fraction: UInt64, more: Bool)? {
        let tops = exponent + Decimal128.digitCount(coefficient)
        guard tops >= 1, tops <= 19 else { return nil }
        if exponent >= 0 {
            let whole = coefficient * Decimal128.powersOfTen[exponent]
            return whole < 1 << 63 ? (UInt64(whole), false, 0, false) : nil
        }
        let divisor = Decimal128.powersOfTen[-exponent]
        let (whole, rest) = coefficient.quotientAndRemainder(dividingBy: divisor)
        guard whole < 1 << 63 else { return nil }
        // rest < 10^34 < 2^113, so it may be shifted by 13 bits at a time: four digits of base 8192 make the 52 bits.
        var remainder = rest
        var bits: UInt64 = 0
        for _ in 0..<4 {
            let (digit, next) = (remainder << 13).quotientAndRemainder(dividingBy: divisor)
            bits = bits << 13 | UInt64(digit)
            remainder = next
        }
        return (UInt64(whole), true, bits, remainder != 0)
    }

    /// The greatest double not above the number, and whether the number is above it.
    var floor: (value: Double, more: Bool) {
        // Only the order of magnitudes matters, so any decimal of this size will do for the comparison.
        let size = Decimal128(isNegative: false, coefficient: normal.coefficient, exponent: normal.exponent)
        var value = Double("\(coefficient)e\(exponent)") ?? .greatestFiniteMagnitude
        if value.isInfinite { value = .greatestFiniteMagnitude }
        if value != 0 && NumberOrder.compareMagnitudes(size, value) < 0 { value = value.nextDown }
        return (value, value == 0 || NumberOrder.compareMagnitudes(size, value) != 0)
    }

    /// Coefficient and exponent with the exponent in the format's range: stripping zeros may have left it above.
    private var normal: (coefficient: UInt128, exponent: Int) {
        let excess = exponent - Decimal128.exponentRange.upperBound
        return excess > 0
            ? (coefficient * Decimal128.powersOfTen[excess], Decimal128.exponentRange.upperBound)
            : (coefficient, exponent)
    }
}
