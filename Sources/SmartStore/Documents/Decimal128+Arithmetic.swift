// Sums and products of decimals, rounded half to even to 34 digits, as IEEE 754 says.

extension Decimal128 {
    /// The sum. Infinities of both signs, or a NaN, give NaN.
    public static func + (a: Decimal128, b: Decimal128) -> Decimal128 {
        if a.isNaN || b.isNaN { return .nan }
        if a.isInfinite { return b.isInfinite && a.isNegative != b.isNegative ? .nan : a }
        if b.isInfinite { return b }
        let (upper, lower) = a.exponent >= b.exponent ? (a, b) : (b, a)
        if a.isZero && b.isZero {
            return Decimal128(
                isNegative: a.isNegative && b.isNegative, coefficient: 0, exponent: lower.exponent)
        }
        if upper.isZero { return lower }
        // Beyond 80 digits of distance the lesser term decides no digit and no tie, only which side of a tie we are on:
        // any number as small does as well.
        let distance = min(upper.exponent - lower.exponent, 80)
        var left = BigNatural(upper.coefficient)
        left.multiply(byPowerOfTen: distance)
        let far = upper.exponent - lower.exponent > 80
        let right = BigNatural(far ? (lower.isZero ? 0 : 1) : lower.coefficient)
        let exponent = upper.exponent - distance
        if upper.isNegative == lower.isNegative {
            return rounded(left + right, exponent: exponent, isNegative: upper.isNegative)
        }
        switch BigNatural.compare(left, right) {
        case 0: return Decimal128(isNegative: false, coefficient: 0, exponent: exponent)
        case 1: return rounded(left - right, exponent: exponent, isNegative: upper.isNegative)
        default: return rounded(right - left, exponent: exponent, isNegative: lower.isNegative)
        }
    }

    /// The product. Zero times infinity, or a NaN, gives NaN.
    public static func * (a: Decimal128, b: Decimal128) -> Decimal128 {
        if a.isNaN || b.isNaN { return .nan }
        let isNegative = a.isNegative != b.isNegative
        if a.isInfinite || b.isInfinite {
            if a.isZero || b.isZero { return .nan }
            return Decimal128(high: infinity.high | (isNegative ? 1 << 63 : 0), low: 0)
        }
        let product = BigNatural(a.coefficient) * BigNatural(b.coefficient)
        return rounded(product, exponent: a.exponent + b.exponent, isNegative: isNegative)
    }

    /// The nearest decimal whose coefficient is below `limit`; ties go to the even digit; too large gives infinity.
    static func rounded(
        _ value: BigNatural, exponent: Int, isNegative: Bool, limit: UInt128 = coefficientLimit
    ) -> Decimal128 {
        var value = value
        var exponent = exponent
        var lastDigit: UInt32 = 0
        var hasMore = false
        while true {
            if let small = value.uint128, small < limit, exponent >= exponentRange.lowerBound { break }
            hasMore = hasMore || lastDigit != 0
            lastDigit = value.divide(by: 10)
            exponent += 1
            if value.isZero && exponent < exponentRange.lowerBound - 1 {
                // Nothing is left but a trace below half of the smallest number.
                return Decimal128(isNegative: isNegative, coefficient: 0, exponent: exponentRange.lowerBound)
            }
        }
        var coefficient = value.uint128 ?? 0
        if lastDigit > 5 || (lastDigit == 5 && (hasMore || coefficient & 1 == 1)) {
            coefficient += 1
            if coefficient == limit {
                coefficient /= 10
                exponent += 1
            }
        }
        while exponent > exponentRange.upperBound && coefficient != 0 && coefficient < coefficientLimit / 10 {
            coefficient *= 10
            exponent -= 1
        }
        if coefficient == 0 { exponent = min(exponent, exponentRange.upperBound) }
        guard exponent <= exponentRange.upperBound else {
            return Decimal128(high: infinity.high | (isNegative ? 1 << 63 : 0), low: 0)
        }
        return Decimal128(isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }

    /// The double in 15 significant digits, which is what MongoDB's arithmetic with a decimal takes it for.
    init(rounding value: Double) {
        if value.isNaN {
            self = .nan
        } else if value.isInfinite {
            self.init(high: Decimal128.infinity.high | (value < 0 ? 1 << 63 : 0), low: 0)
        } else if value == 0 {
            self.init(isNegative: value.sign == .minus, coefficient: 0, exponent: 0)
        } else {
            let (significand, power) = value.integralParts
            var digits = BigNatural(UInt128(significand))
            if power >= 0 {
                digits.multiply(byPowerOfTwo: power)
            } else {
                // m / 2^k is m * 5^k / 10^k.
                for _ in 0..<(-power) { digits.multiply(by: 5) }
            }
            let limit = Decimal128.powersOfTen[15]
            let rounded = Decimal128.rounded(
                digits, exponent: min(power, 0), isNegative: value < 0, limit: limit)
            let missing = 15 - Decimal128.digitCount(rounded.coefficient)
            self.init(
                isNegative: value < 0, coefficient: rounded.coefficient * Decimal128.powersOfTen[missing],
                exponent: rounded.exponent - missing)
        }
    }
}

extension Double {
    /// The magnitude of a finite double as a whole number times a power of two.
    var integralParts: (significand: UInt64, power: Int) {
        let field = Int(exponentBitPattern)
        return field == 0 ? (significandBitPattern, -1074) : (significandBitPattern | 1 << 52, field - 1075)
    }
}
