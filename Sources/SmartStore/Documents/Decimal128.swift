// IEEE 754-2008 decimal128 in the binary integer encoding: a sign, a coefficient below 10³⁴, a power of ten.
//
// 1. The 16 bytes are kept as they came: printing and storing give back every cohort (1.0 is not 1.00) and NaN payload.
// 2. `==` is identity of the bits; the order of values compares numbers (ValueOrder).
// 3. Coefficients of 10³⁴ and above, and those of the second encoding form, are zero, as the standard says.

/// A 128-bit decimal float.
public struct Decimal128: Sendable, Hashable {
    /// The sign, the combination field and the top of the coefficient.
    public let high: UInt64
    /// The rest of the coefficient.
    public let low: UInt64

    /// The number of these bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    static let exponentBias = 6176
    static let exponentRange = -6176...6111
    static let coefficientLimit: UInt128 = 10_000_000_000_000_000_000_000_000_000_000_000

    /// Not a number.
    public static let nan = Decimal128(high: 0x7C00_0000_0000_0000, low: 0)
    /// Positive infinity.
    public static let infinity = Decimal128(high: 0x7800_0000_0000_0000, low: 0)

    /// Whether the sign bit is set, also for zero, infinity and NaN.
    public var isNegative: Bool { high >> 63 == 1 }
    /// Whether it is not a number.
    public var isNaN: Bool { high >> 58 & 0x1F == 0x1F }
    /// Whether it is an infinity.
    public var isInfinite: Bool { high >> 58 & 0x1F == 0x1E }
    /// Whether it is a number other than the infinities.
    public var isFinite: Bool { high >> 59 & 0xF != 0xF }

    /// The coefficient of a finite number: 0..<10³⁴.
    var coefficient: UInt128 {
        guard high >> 61 & 3 != 3 else { return 0 }
        let value = UInt128(high & 0x1_FFFF_FFFF_FFFF) << 64 | UInt128(low)
        return value < Self.coefficientLimit ? value : 0
    }

    /// The power of ten of a finite number: -6176...6111.
    var exponent: Int {
        let field = high >> 61 & 3 == 3 ? high >> 47 & 0x3FFF : high >> 49 & 0x3FFF
        return Int(field) - Self.exponentBias
    }

    /// Whether it is a zero of either sign.
    public var isZero: Bool { isFinite && coefficient == 0 }

    /// The number `coefficient` × 10^`exponent`; both are in range.
    init(isNegative: Bool, coefficient: UInt128, exponent: Int) {
        precondition(coefficient < Self.coefficientLimit && Self.exponentRange.contains(exponent))
        high =
            (isNegative ? 1 << 63 : 0) | UInt64(exponent + Self.exponentBias) << 49
            | UInt64(truncatingIfNeeded: coefficient >> 64)
        low = UInt64(truncatingIfNeeded: coefficient)
    }

    /// The whole number, exactly.
    public init(_ value: Int64) {
        self.init(isNegative: value < 0, coefficient: UInt128(value.magnitude), exponent: 0)
    }

    /// The nearest double.
    public var double: Double {
        if isNaN { return .nan }
        if isInfinite { return isNegative ? -.infinity : .infinity }
        return Double("\(isNegative ? "-" : "")\(coefficient)e\(exponent)") ?? .nan
    }

    /// The number rounded toward zero; nil when it does not fit, or is no number.
    public var int64: Int64? {
        guard isFinite else { return nil }
        var value = coefficient
        if exponent < 0 {
            value = exponent < -34 ? 0 : value / Self.powersOfTen[-exponent]
        } else if value != 0 {
            guard exponent < 19 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: Self.powersOfTen[exponent])
            guard !overflow else { return nil }
            value = product
        }
        if isNegative { return value <= UInt128(1) << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// Whether it is finite and has no fraction.
    public var isIntegral: Bool {
        guard isFinite else { return false }
        if exponent >= 0 || coefficient == 0 { return true }
        return exponent >= -34 && coefficient % Self.powersOfTen[-exponent] == 0
    }

    /// 10⁰...10³⁸.
    static let powersOfTen: [UInt128] = (0..<38).reduce(into: [1]) { powers, _ in powers.append(powers.last! * 10) }

    /// How many decimal digits a number has; 0 for 0.
    static func digitCount(_ value: UInt128) -> Int {
        guard value != 0 else { return 0 }
        let guess = ((128 - value.leadingZeroBitCount) * 1233) >> 12
        return value >= powersOfTen[guess] ? guess + 1 : guess
    }
}
