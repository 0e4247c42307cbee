// Exact comparison of numbers across the four number types: nothing is rounded to compare it.
//
// NaN equals NaN and is the smallest number; -0.0 equals 0; infinities of all types are equal.

enum NumberOrder {
    /// Compares two numbers in place: -1, 0 or 1.
    @inline(__always)
    static func compare(_ a: BSONView, _ b: BSONView) -> Int {
        switch (a.type, b.type) {
        case (.int32, .int32): return order(a.bytes.int32(at: 0), b.bytes.int32(at: 0))
        case (.double, .double): return compare(a.bytes.double(at: 0), b.bytes.double(at: 0))
        default: return compareMixed(a, b)
        }
    }

    private static func compareMixed(_ a: BSONView, _ b: BSONView) -> Int {
        switch (a.type, b.type) {
        case (.decimal128, .decimal128): return compare(a.decimal, b.decimal)
        case (.decimal128, .double): return compare(a.decimal, b.bytes.double(at: 0))
        case (.double, .decimal128): return -compare(b.decimal, a.bytes.double(at: 0))
        case (.decimal128, _): return compare(a.decimal, Decimal128(integer(b)))
        case (_, .decimal128): return compare(Decimal128(integer(a)), b.decimal)
        case (.double, _): return -compare(integer(b), a.bytes.double(at: 0))
        case (_, .double): return compare(integer(a), b.bytes.double(at: 0))
        default: return order(integer(a), integer(b))
        }
    }

    /// The number of an int32 or int64.
    @inline(__always)
    static func integer(_ view: BSONView) -> Int64 {
        view.type == .int32 ? Int64(view.bytes.int32(at: 0)) : view.bytes.int64(at: 0)
    }

    @inline(__always)
    static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a == b ? 0 : (a < b ? -1 : 1) }

    @inline(__always)
    static func compare(_ a: Double, _ b: Double) -> Int {
        if a == b { return 0 }
        if a < b { return -1 }
        if a > b { return 1 }
        return a.isNaN ? (b.isNaN ? 0 : -1) : 1
    }

    static func compare(_ a: Int64, _ b: Double) -> Int {
        if b.isNaN { return 1 }
        if b >= 0x1p63 { return -1 }
        if b < -0x1p63 { return 1 }
        let whole = b.rounded(.towardZero)
        let order = order(a, Int64(whole))
        return order != 0 ? order : self.order(whole, b)
    }

    static func compare(_ a: Decimal128, _ b: Decimal128) -> Int {
        if a.isNaN || b.isNaN { return a.isNaN ? (b.isNaN ? 0 : -1) : 1 }
        let signs = order(sign(a), sign(b))
        if signs != 0 || sign(a) == 0 { return signs }
        let magnitudes = compareMagnitudes(a, b)
        return a.isNegative ? -magnitudes : magnitudes
    }

    private static func sign(_ value: Decimal128) -> Int { value.isZero ? 0 : (value.isNegative ? -1 : 1) }

    /// Compares two decimals that are neither zero nor NaN, by size.
    private static func compareMagnitudes(_ a: Decimal128, _ b: Decimal128) -> Int {
        if a.isInfinite || b.isInfinite { return order(a.isInfinite ? 1 : 0, b.isInfinite ? 1 : 0) }
        let (left, right) = (a.coefficient, b.coefficient)
        let tops = order(
            a.exponent + Decimal128.digitCount(left), b.exponent + Decimal128.digitCount(right))
        if tops != 0 { return tops }
        // The leading digits stand at the same power of ten, so the exponents differ by less than 34 and the scaled
        // coefficient has at most 34 digits.
        let distance = a.exponent - b.exponent
        if distance >= 0 { return order(left * Decimal128.powersOfTen[distance], right) }
        return order(left, right * Decimal128.powersOfTen[-distance])
    }

    static func compare(_ a: Decimal128, _ b: Double) -> Int {
        if a.isNaN || b.isNaN { return a.isNaN ? (b.isNaN ? 0 : -1) : 1 }
        let doubleSign = b == 0 ? 0 : (b < 0 ? -1 : 1)
        let signs = order(sign(a), doubleSign)
        if signs != 0 || doubleSign == 0 { return signs }
        let magnitudes = compareMagnitudes(a, b)
        return doubleSign < 0 ? -magnitudes : magnitudes
    }

    /// Compares a decimal and a double that are neither zero nor NaN, by size.
    static func compareMagnitudes(_ a: Decimal128, _ b: Double) -> Int {
        if a.isInfinite || b.isInfinite { return order(a.isInfinite ? 1 : 0, b.isInfinite ? 1 : 0) }
        let (significand, power) = b.integralParts
        // The powers of two of both sides, to within two: far apart, they decide.
        let decimalDigits = a.exponent + Decimal128.digitCount(a.coefficient)
        let low = Double(decimalDigits - 1) * 3.321928094887362 - 1
        let high = Double(decimalDigits) * 3.321928094887362 + 1
        let binaryDigits = Double(power + 64 - significand.leadingZeroBitCount)
        if high < binaryDigits - 1 { return -1 }
        if low > binaryDigits { return 1 }
        // Near each other: c * 10^e against m * 2^p, both sides multiplied until they are whole.
        var left = BigNatural(a.coefficient)
        var right = BigNatural(UInt128(significand))
        if a.exponent >= 0 {
            left.multiply(byPowerOfTen: a.exponent)
        } else {
            right.multiply(byPowerOfTen: -a.exponent)
        }
        if power >= 0 {
            right.multiply(byPowerOfTwo: power)
        } else {
            left.multiply(byPowerOfTwo: -power)
        }
        return BigNatural.compare(left, right)
    }
}
