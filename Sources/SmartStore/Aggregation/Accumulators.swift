// Sums and averages that keep their exactness: whole numbers as 128 bits, doubles with compensation, decimals exactly.

/// What `$sum` keeps.
struct SumAccumulator: Sendable {
    private var whole: Int128 = 0
    private var double = 0.0
    private var compensation = 0.0
    private var decimal: Decimal128?
    private var hasDouble = false
    private var isWide = false

    /// Adds a number; other values do not count.
    mutating func add(_ value: BSONValue) { value.isNumeric ? value.withView { add($0) } : () }

    /// Adds a number in place.
    @inline(__always)
    mutating func add(_ view: BSONView) {
        switch view.type {
        case .int32: whole &+= Int128(view.bytes.int32(at: 0))
        case .int64:
            whole &+= Int128(view.bytes.int64(at: 0))
            isWide = true
        case .double:
            hasDouble = true
            addDouble(view.bytes.double(at: 0))
        case .decimal128:
            let number = view.decimal
            decimal = decimal.map { $0 + number } ?? number
        default: break
        }
    }

    /// Kahan's summation, in Neumaier's form.
    private mutating func addDouble(_ value: Double) {
        let sum = double + value
        if sum.isFinite {
            compensation += double.magnitude >= value.magnitude ? (double - sum) + value : (value - sum) + double
        }
        double = sum
    }

    /// The mean of so many numbers; null of none.
    func mean(of count: Int) -> BSONValue {
        guard count > 0 else { return .null }
        let total = result
        if case .decimal128(let number) = total { return .decimal128(number / Decimal128(Int64(count))) }
        return .double((total.double ?? .nan) / Double(count))
    }

    var result: BSONValue {
        if let decimal {
            var sum = decimal
            if whole != 0 { sum = sum + (Decimal128("\(whole)") ?? .nan) }
            if hasDouble { sum = sum + Decimal128(rounding: double + compensation) }
            return .decimal128(sum)
        }
        if hasDouble { return .double(double + compensation + Double(whole)) }
        if !isWide, let small = Int32(exactly: whole) { return .int32(small) }
        if let wide = Int64(exactly: whole) { return .int64(wide) }
        return .double(Double(whole))
    }
}

/// What `$avg` keeps.
struct AverageAccumulator: Sendable {
    private var sum = SumAccumulator()
    private var count = 0

    mutating func add(_ value: BSONValue) {
        guard value.isNumeric else { return }
        count += 1
        sum.add(value)
    }

    /// The mean; null when there was no number.
    var result: BSONValue { sum.mean(of: count) }
}
