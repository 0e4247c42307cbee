// Decimals as expressions need them beyond sums and products: made of other numbers, divided, and rounded to places.

extension Decimal128 {
    /// A number of any type; nil for what is none.
    init?(number: BSONValue) {
        switch number {
        case .decimal128(let value): self = value
        case .double(let value): self.init(rounding: value)
        case .int32(let value): self.init(Int64(value))
        case .int64(let value): self.init(value)
        default: return nil
        }
    }

    /// A finite double in 34 significant digits.
    init(inFull value: Double) {
        let (significand, power) = value.integralParts
        var digits = BigNatural(UInt128(significand))
        if power >= 0 {
            digits.multiply(byPowerOfTwo: power)
        } else {
            // m / 2^k is m * 5^k / 10^k.
            for _ in 0..<(-power) { digits.multiply(by: 5) }
        }
        self = Self.rounded(digits, exponent: min(power, 0), isNegative: value < 0)
    }

    /// A double in the fewest digits that tell it from others.
    init(shortest value: Double) {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            self.init(whole)
        } else {
            self = Decimal128("\(value)") ?? Decimal128(rounding: value)
        }
    }

    /// The quotient to 34 digits, rounded half to even. By zero: infinity or NaN.
    static func / (a: Decimal128, b: Decimal128) -> Decimal128 {
        if a.isNaN || b.isNaN { return .nan }
        let isNegative = a.isNegative != b.isNegative
        if a.isInfinite {
            return b.isInfinite ? .nan : Decimal128(high: infinity.high | (isNegative ? 1 << 63 : 0), low: 0)
        }
        if b.isInfinite { return Decimal128(isNegative: isNegative, coefficient: 0, exponent: 0) }
        if b.isZero { return a.isZero ? .nan : Decimal128(high: infinity.high | (isNegative ? 1 << 63 : 0), low: 0) }
        if a.isZero {
            return Decimal128(
                isNegative: isNegative, coefficient: 0,
                exponent: min(max(a.exponent - b.exponent, exponentRange.lowerBound), exponentRange.upperBound))
        }
        // Long division, one digit after the other: one more than fits, and whether anything is left.
        let divisor = b.coefficient
        var (quotient, rest) = a.coefficient.quotientAndRemainder(dividingBy: divisor)
        var exponent = a.exponent - b.exponent
        while rest != 0, quotient < coefficientLimit {
            rest *= 10
            let (digit, next) = rest.quotientAndRemainder(dividingBy: divisor)
            quotient = quotient * 10 + digit
            rest = next
            exponent -= 1
        }
        // A trace of what is left decides ties.
        if rest != 0 {
            quotient = quotient * 10 + 1
            exponent -= 1
        }
        return rounded(BigNatural(quotient), exponent: exponent, isNegative: isNegative)
    }

    /// Rounded to so many digits behind the point; negative: in front of it.
    func rounded(places: Int, _ rule: FloatingPointRoundingRule) -> Decimal128 {
        guard isFinite, exponent < -places else { return self }
        let drop = -places - exponent
        guard drop <= 36 else { return Decimal128(isNegative: isNegative, coefficient: 0, exponent: -places) }
        let divisor = Self.powersOfTen[drop]
        var (quotient, rest) = coefficient.quotientAndRemainder(dividingBy: divisor)
        let isUp: Bool
        switch rule {
        case .up: isUp = rest != 0 && !isNegative
        case .down: isUp = rest != 0 && isNegative
        case .towardZero: isUp = false
        default: isUp = rest * 2 > divisor || (rest * 2 == divisor && quotient & 1 == 1)
        }
        if isUp { quotient += 1 }
        return Decimal128(isNegative: isNegative, coefficient: quotient, exponent: -places)
    }
}
