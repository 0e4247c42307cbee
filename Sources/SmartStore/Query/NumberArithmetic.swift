// Sums and products of numbers of different types, as $inc and $mul have them.
//
// Integers stay integers: int32 grows to int64 where it must, int64 overflows (nil). With a double the result is a
// double, with a decimal a decimal.

enum NumberArithmetic {
    enum Operation: String {
        case add = "$inc"
        case multiply = "$mul"
    }

    /// The result; nil when an int64 overflows. Both are numbers.
    static func apply(_ operation: Operation, _ a: BSONValue, _ b: BSONValue) -> BSONValue? {
        switch (a, b) {
        case (.decimal128, _), (_, .decimal128):
            let (x, y) = (decimal(a), decimal(b))
            return .decimal128(operation == .add ? x + y : x * y)
        case (.double, _), (_, .double):
            guard let x = a.double, let y = b.double else { return nil }
            return .double(operation == .add ? x + y : x * y)
        default:
            guard let x = whole(a), let y = whole(b) else { return nil }
            let (result, overflow) =
                operation == .add ? x.addingReportingOverflow(y) : x.multipliedReportingOverflow(by: y)
            guard !overflow else { return nil }
            if case .int32 = a, case .int32 = b, let small = Int32(exactly: result) { return .int32(small) }
            return .int64(result)
        }
    }

    /// Zero of a number's type: what a missing field is multiplied to.
    static func zero(like value: BSONValue) -> BSONValue {
        switch value {
        case .double: .double(0)
        case .int64: .int64(0)
        case .decimal128: .decimal128(Decimal128(0))
        default: .int32(0)
        }
    }

    private static func whole(_ value: BSONValue) -> Int64? {
        switch value {
        case .int32(let number): Int64(number)
        case .int64(let number): number
        default: nil
        }
    }

    private static func decimal(_ value: BSONValue) -> Decimal128 {
        switch value {
        case .decimal128(let number): number
        case .double(let number): Decimal128(rounding: number)
        case .int32(let number): Decimal128(Int64(number))
        case .int64(let number): Decimal128(number)
        default: .nan
        }
    }
}
