// Natural numbers of any size, as far as exact decimal arithmetic and comparison need them.
//
// Used off the hot path only: a decimal against a binary float, and sums and products of decimals.

/// A natural number: 32-bit digits, the least first, no leading zero digits.
struct BigNatural: Equatable {
    private var digits: [UInt32]

    /// The number's value.
    init(_ value: UInt128) {
        digits = []
        var rest = value
        while rest != 0 {
            digits.append(UInt32(truncatingIfNeeded: rest))
            rest >>= 32
        }
    }

    var isZero: Bool { digits.isEmpty }

    /// The value, or nil when it needs more than 128 bits.
    var uint128: UInt128? {
        digits.count > 4 ? nil : digits.reversed().reduce(0) { $0 << 32 | UInt128($1) }
    }

    mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for index in digits.indices {
            let product = UInt64(digits[index]) * UInt64(factor) + carry
            digits[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry != 0 { digits.append(UInt32(carry)) }
        trim()
    }

    /// Divides by a small number and returns the remainder.
    mutating func divide(by divisor: UInt32) -> UInt32 {
        var remainder: UInt64 = 0
        for index in digits.indices.reversed() {
            let dividend = remainder << 32 | UInt64(digits[index])
            digits[index] = UInt32(dividend / UInt64(divisor))
            remainder = dividend % UInt64(divisor)
        }
        trim()
        return UInt32(remainder)
    }

    mutating func multiply(byPowerOfTen exponent: Int) {
        var rest = exponent
        while rest >= 9 {
            multiply(by: 1_000_000_000)
            rest -= 9
        }
        for _ in 0..<rest { multiply(by: 10) }
    }

    mutating func multiply(byPowerOfTwo exponent: Int) {
        guard !isZero else { return }
        multiply(by: UInt32(1) << UInt32(exponent % 32))
        digits.insert(contentsOf: repeatElement(0, count: exponent / 32), at: 0)
    }

    static func * (a: BigNatural, b: BigNatural) -> BigNatural {
        var product = BigNatural(0)
        product.digits = [UInt32](repeating: 0, count: a.digits.count + b.digits.count)
        for (i, x) in a.digits.enumerated() {
            var carry: UInt64 = 0
            for (j, y) in b.digits.enumerated() {
                let sum = UInt64(x) * UInt64(y) + UInt64(product.digits[i + j]) + carry
                product.digits[i + j] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            product.digits[i + b.digits.count] = UInt32(carry)
        }
        product.trim()
        return product
    }

    static func + (a: BigNatural, b: BigNatural) -> BigNatural {
        var sum = BigNatural(0)
        var carry: UInt64 = 0
        for index in 0..<max(a.digits.count, b.digits.count) {
            let digit = UInt64(a.digit(index)) + UInt64(b.digit(index)) + carry
            sum.digits.append(UInt32(truncatingIfNeeded: digit))
            carry = digit >> 32
        }
        if carry != 0 { sum.digits.append(UInt32(carry)) }
        return sum
    }

    /// The difference; `a` is not less than `b`.
    static func - (a: BigNatural, b: BigNatural) -> BigNatural {
        var difference = BigNatural(0)
        var borrow: Int64 = 0
        for index in a.digits.indices {
            let digit = Int64(a.digit(index)) - Int64(b.digit(index)) - borrow
            difference.digits.append(UInt32(truncatingIfNeeded: digit))
            borrow = digit < 0 ? 1 : 0
        }
        precondition(borrow == 0)
        difference.trim()
        return difference
    }

    /// -1, 0 or 1.
    static func compare(_ a: BigNatural, _ b: BigNatural) -> Int {
        guard a.digits.count == b.digits.count else { return a.digits.count < b.digits.count ? -1 : 1 }
        for index in a.digits.indices.reversed() where a.digits[index] != b.digits[index] {
            return a.digits[index] < b.digits[index] ? -1 : 1
        }
        return 0
    }

    private func digit(_ index: Int) -> UInt32 { index < digits.count ? digits[index] : 0 }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
    }
}
