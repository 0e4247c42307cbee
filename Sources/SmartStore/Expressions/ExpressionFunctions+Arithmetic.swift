import Foundation

// Arithmetic. Integers stay integers where the result fits, and become doubles where it does not; a decimal makes a
// decimal; null and missing make null.

extension ExpressionFunctions {
    static let arithmetic: [String: Function] = [
        "$add": Function(arity: 0...Int.max) { values throws(DocumentError) in try add(values) },
        "$multiply": Function(arity: 0...Int.max) { values throws(DocumentError) in
            try fold("$multiply", values, .multiply, start: .int32(1))
        },
        "$subtract": two { a, b throws(DocumentError) in try subtract(a, b) },
        "$divide": two { a, b throws(DocumentError) in try divide(a, b) },
        "$mod": two { a, b throws(DocumentError) in try remainder(a, b) },
        "$abs": one { value throws(DocumentError) in try absolute(value) },
        "$ceil": one { value throws(DocumentError) in try rounded("$ceil", value) { $0.rounded(.up) } },
        "$floor": one { value throws(DocumentError) in try rounded("$floor", value) { $0.rounded(.down) } },
        "$round": Function(arity: 1...2) { values throws(DocumentError) in
            try round("$round", values[0], values.count > 1 ? values[1] : .int32(0), .toNearestOrEven)
        },
        "$trunc": Function(arity: 1...2) { values throws(DocumentError) in
            try round("$trunc", values[0], values.count > 1 ? values[1] : .int32(0), .towardZero)
        },
        "$sqrt": one { value throws(DocumentError) in
            try real("$sqrt", value) { number throws(DocumentError) in
                guard !(number < 0) else {
                    throw DocumentError(.location(28714), "$sqrt's argument must be greater than or equal to 0")
                }
                return number.squareRoot()
            }
        },
        "$exp": one { value throws(DocumentError) in try real("$exp", value) { exp($0) } },
        "$ln": one { value throws(DocumentError) in
            try real("$ln", value) { number throws(DocumentError) in
                guard number > 0 || number.isNaN else {
                    throw DocumentError(
                        .location(28766), "$ln's argument must be a positive number, but is \(shown(number))")
                }
                return log(number)
            }
        },
        "$log10": one { value throws(DocumentError) in
            try real("$log10", value) { number throws(DocumentError) in
                guard number > 0 || number.isNaN else {
                    throw DocumentError(
                        .location(28761), "$log10's argument must be a positive number, but is \(shown(number))")
                }
                return log10(number)
            }
        },
        "$log": two { a, b throws(DocumentError) in try logarithm(a, b) },
        "$pow": two { a, b throws(DocumentError) in try power(a, b) },
        "$sinh": one { value throws(DocumentError) in try real("$sinh", value) { sinh($0) } },
        "$cosh": one { value throws(DocumentError) in try real("$cosh", value) { cosh($0) } },
        "$tanh": one { value throws(DocumentError) in try real("$tanh", value) { tanh($0) } },
        "$asin": one { value throws(DocumentError) in
            try real("$asin", value) { number throws(DocumentError) in
                asin(try bounded("$asin", number, -1...1))
            }
        },
        "$acos": one { value throws(DocumentError) in
            try real("$acos", value) { number throws(DocumentError) in
                acos(try bounded("$acos", number, -1...1))
            }
        },
        "$atan": one { value throws(DocumentError) in try real("$atan", value) { atan($0) } },
        "$asinh": one { value throws(DocumentError) in try real("$asinh", value) { asinh($0) } },
        "$acosh": one { value throws(DocumentError) in
            try real("$acosh", value) { number throws(DocumentError) in
                acosh(try bounded("$acosh", number, 1...Double.infinity))
            }
        },
        "$atanh": one { value throws(DocumentError) in
            try real("$atanh", value) { number throws(DocumentError) in
                atanh(try bounded("$atanh", number, -1...1))
            }
        },
        "$atan2": two { a, b throws(DocumentError) in
            guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
            guard a.isNumeric, b.isNumeric, let y = a.double, let x = b.double else {
                let wrong = a.isNumeric ? b : a
                throw DocumentError(
                    .location(a.isNumeric ? 51045 : 51044),
                    "$atan2 only supports numeric types, not \(wrong.type.name)")
            }
            return likeInputs(atan2(y, x), a, b)
        },
        "$sigmoid": one { value throws(DocumentError) in try real("$sigmoid", value) { 1 / (1 + exp(-$0)) } },
        "$sin": one { value throws(DocumentError) in
            try real("$sin", value) { number throws(DocumentError) in sin(try finite("$sin", number)) }
        },
        "$cos": one { value throws(DocumentError) in
            try real("$cos", value) { number throws(DocumentError) in cos(try finite("$cos", number)) }
        },
        "$tan": one { value throws(DocumentError) in
            try real("$tan", value) { number throws(DocumentError) in tan(try finite("$tan", number)) }
        },
        "$degreesToRadians": one { value throws(DocumentError) in
            try real("$degreesToRadians", value) { $0 * .pi / 180 }
        },
        "$radiansToDegrees": one { value throws(DocumentError) in
            try real("$radiansToDegrees", value) { $0 * 180 / .pi }
        },
        "$bitAnd": Function(arity: 0...Int.max) { values throws(DocumentError) in
            try bits("$bitAnd", values, start: -1) { $0 & $1 }
        },
        "$bitOr": Function(arity: 0...Int.max) { values throws(DocumentError) in
            try bits("$bitOr", values, start: 0) { $0 | $1 }
        },
        "$bitXor": Function(arity: 0...Int.max) { values throws(DocumentError) in
            try bits("$bitXor", values, start: 0) { $0 ^ $1 }
        },
        "$bitNot": one { value throws(DocumentError) in
            switch value {
            case .int32(let number)?: .int32(~number)
            case .int64(let number)?: .int64(~number)
            case nil, .null?, .undefined?: .null
            case let value?:
                throw DocumentError(
                    .location(28765), "$bitNot only supports int and long, not \(value.type.name)")
            }
        },
    ]

    /// A number in a function's domain; not-a-number is let through.
    private static func bounded(
        _ name: String, _ number: Double, _ range: ClosedRange<Double>
    ) throws(DocumentError) -> Double {
        guard number.isNaN || range.contains(number) else {
            throw DocumentError(
                .location(50989),
                "cannot apply \(name) to \(shown(number)), value must be in "
                    + "[\(shown(range.lowerBound)),\(shown(range.upperBound))]")
        }
        return number
    }

    private static func finite(_ name: String, _ number: Double) throws(DocumentError) -> Double {
        guard !number.isInfinite else {
            throw DocumentError(
                .location(50989), "cannot apply \(name) to \(shown(number)), value must be in (-inf,inf)")
        }
        return number
    }

    /// A result as a decimal when one of the inputs is one.
    private static func likeInputs(_ result: Double, _ a: BSONValue, _ b: BSONValue) -> BSONValue {
        switch (a, b) {
        case (.decimal128, _), (_, .decimal128): .decimal128(Decimal128(shortest: result))
        default: .double(result)
        }
    }

    private static func shown(_ number: Double) -> String { ExtendedJSON.string(BSONValue.double(number)) }

    // MARK: Sums and products

    private static func add(_ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        var date: BSONDate?
        var numbers: [BSONValue?] = []
        for value in values {
            guard let value, !value.isNullish else { return .null }
            if case .date(let found) = value {
                guard date == nil else {
                    throw DocumentError(.location(16612), "only one date allowed in an $add expression")
                }
                date = found
            } else {
                numbers.append(value)
                guard value.isNumeric else { break }
            }
        }
        let sum = try fold("$add", numbers, .add, start: .int32(0))
        guard let date else { return sum }
        guard let sum, let milliseconds = milliseconds(sum) else { throw dateOverflow }
        let (result, overflow) = date.millisecondsSince1970.addingReportingOverflow(milliseconds)
        guard !overflow else { throw dateOverflow }
        return .date(BSONDate(millisecondsSince1970: result))
    }

    private static var dateOverflow: DocumentError { DocumentError(.overflow, "date overflow") }

    private static func milliseconds(_ number: BSONValue) -> Int64? {
        if case .decimal128(let decimal) = number { return decimal.int64 }
        if let whole = number.int { return Int64(whole) }
        return number.double.flatMap { Int64(exactly: $0.rounded(.toNearestOrEven)) }
    }

    static func fold(
        _ name: String, _ values: [BSONValue?], _ operation: NumberArithmetic.Operation, start: BSONValue
    ) throws(DocumentError) -> BSONValue? {
        var result = start
        for value in values {
            guard let value, !value.isNullish else { return .null }
            guard value.isNumeric else {
                throw DocumentError(
                    .typeMismatch,
                    "\(name) only supports numeric\(operation == .add ? " or date" : "") types, not \(value.type.name)")
            }
            result = combined(result, value, operation)
        }
        return result
    }

    /// As `$inc` and `$mul`, but what overflows becomes a double.
    static func combined(
        _ a: BSONValue, _ b: BSONValue, _ operation: NumberArithmetic.Operation
    ) -> BSONValue {
        if let result = NumberArithmetic.apply(operation, a, b) { return result }
        let (x, y) = (a.double ?? .nan, b.double ?? .nan)
        return .double(operation == .add ? x + y : x * y)
    }

    private static func negated(_ value: BSONValue) -> BSONValue { combined(value, .int32(-1), .multiply) }

    private static func subtract(_ a: BSONValue?, _ b: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
        switch (a, b) {
        case (.date(let left), .date(let right)):
            let (difference, overflow) = left.millisecondsSince1970.subtractingReportingOverflow(
                right.millisecondsSince1970)
            guard !overflow else { throw dateOverflow }
            return .int64(difference)
        case (.date(let left), _) where b.isNumeric:
            guard let milliseconds = milliseconds(b) else { throw dateOverflow }
            let (result, overflow) = left.millisecondsSince1970.subtractingReportingOverflow(milliseconds)
            guard !overflow else { throw dateOverflow }
            return .date(BSONDate(millisecondsSince1970: result))
        case _ where a.isNumeric && b.isNumeric:
            if case .double(let x) = a, case .double(let y) = b { return .double(x - y) }
            if case .int64(.min) = b { return .double((a.double ?? 0) - (b.double ?? 0)) }
            let result = combined(a, negated(b), .add)
            if case .int32 = a, case .int32 = b, case .int64(let wide) = result, let small = Int32(exactly: wide) {
                return .int32(small)
            }
            return result
        default:
            throw DocumentError(.typeMismatch, "can't $subtract \(b.type.name) from \(a.type.name)")
        }
    }

    private static func divide(_ a: BSONValue?, _ b: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
        guard a.isNumeric, b.isNumeric else {
            throw DocumentError(
                .typeMismatch, "$divide only supports numeric types, not \(a.type.name) and \(b.type.name)")
        }
        if case .decimal128 = a { return try decimalQuotient(a, b) }
        if case .decimal128 = b { return try decimalQuotient(a, b) }
        guard let divisor = b.double, divisor != 0 else { throw DocumentError(.badValue, "can't $divide by zero") }
        return .double((a.double ?? .nan) / divisor)
    }

    private static func decimalQuotient(_ a: BSONValue, _ b: BSONValue) throws(DocumentError) -> BSONValue? {
        guard let x = Decimal128(number: a), let y = Decimal128(number: b) else { return .null }
        guard !y.isZero else { throw DocumentError(.badValue, "can't $divide by zero") }
        return .decimal128(x / y)
    }

    private static func remainder(_ a: BSONValue?, _ b: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
        guard a.isNumeric, b.isNumeric else {
            throw DocumentError(
                .location(16611), "$mod only supports numeric types, not \(a.type.name) and \(b.type.name)")
        }
        func zero() -> DocumentError { DocumentError(.location(16610), "can't $mod by zero") }
        switch (a, b) {
        case (.int32, .int32), (.int32, .int64), (.int64, .int32), (.int64, .int64):
            guard let x = a.int, let y = b.int else { return .null }
            guard y != 0 else { throw zero() }
            let result = y == -1 ? 0 : x % y
            if case .int32 = a, case .int32 = b { return .int32(Int32(result)) }
            return .int64(Int64(result))
        case (.decimal128, _), (_, .decimal128):
            guard let x = Decimal128(number: a), let y = Decimal128(number: b) else { return .null }
            guard !y.isZero else { throw zero() }
            guard x.isFinite, !y.isNaN else { return .decimal128(.nan) }
            if y.isInfinite { return a }
            let quotient = (x / y).rounded(places: 0, .towardZero)
            return .decimal128(x + quotient * y * Decimal128(-1))
        default:
            guard let x = a.double, let y = b.double, y != 0 else { throw zero() }
            return .double(x.truncatingRemainder(dividingBy: y))
        }
    }

    // MARK: One number

    private static func number(_ name: String, _ value: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let value, !value.isNullish else { return nil }
        guard value.isNumeric else {
            throw DocumentError(.location(28765), "\(name) only supports numeric types, not \(value.type.name)")
        }
        return value
    }

    private static func real(
        _ name: String, _ value: BSONValue?, _ body: (Double) throws(DocumentError) -> Double
    ) throws(DocumentError) -> BSONValue? {
        guard let value = try number(name, value), let double = value.double else { return .null }
        let result = try body(double)
        if case .decimal128 = value { return .decimal128(Decimal128(shortest: result)) }
        return .double(result)
    }

    private static func absolute(_ value: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let value = try number("$abs", value) else { return .null }
        switch value {
        case .int32(let number): return number == .min ? .int64(Int64(number.magnitude)) : .int32(abs(number))
        case .int64(let number):
            guard number != .min else { throw DocumentError(.location(28680), "can't take $abs of long long min") }
            return .int64(abs(number))
        case .double(let number): return .double(number.magnitude)
        case .decimal128(let number): return .decimal128(Decimal128(high: number.high & ~(1 << 63), low: number.low))
        default: return .null
        }
    }

    private static func rounded(
        _ name: String, _ value: BSONValue?, _ body: (Double) -> Double
    ) throws(DocumentError) -> BSONValue? {
        guard let value = try number(name, value) else { return .null }
        switch value {
        case .double(let number): return .double(body(number))
        case .decimal128(let number):
            return .decimal128(number.rounded(places: 0, name == "$ceil" ? .up : .down))
        default: return value
        }
    }

    private static func round(
        _ name: String, _ value: BSONValue?, _ places: BSONValue?, _ rule: FloatingPointRoundingRule
    ) throws(DocumentError) -> BSONValue? {
        guard let value, !value.isNullish else { return .null }
        guard value.isNumeric else {
            throw DocumentError(.location(51081), "\(name) only supports numeric types, not \(value.type.name)")
        }
        guard let places, !places.isNullish else { return .null }
        guard let digits = places.int else {
            throw DocumentError(.location(51082), "precision argument to \(name) must be a integral value")
        }
        guard (-20...100).contains(digits) else {
            throw DocumentError(
                .location(51083), "cannot apply \(name) with precision value \(digits) value must be in [-20, 100]")
        }
        switch value {
        case .decimal128(let number): return .decimal128(number.rounded(places: digits, rule))
        case .double(let number):
            if digits == 0 { return .double(number.rounded(rule)) }
            // In 34 decimal digits of what the double exactly is: 1.005 is a little less, and rounds down.
            guard number.isFinite else { return value }
            return .double(Decimal128(inFull: number).rounded(places: digits, rule).double)
        case .int32, .int64:
            guard digits < 0, let whole = value.int else { return value }
            let result = Decimal128(Int64(whole)).rounded(places: digits, rule)
            guard let back = result.int64 else {
                throw DocumentError(.location(51080), "invalid conversion from Decimal128 result in \(name)")
            }
            if case .int32 = value, let small = Int32(exactly: back) { return .int32(small) }
            return .int64(back)
        default: return .null
        }
    }

    private static func logarithm(_ a: BSONValue?, _ b: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
        guard a.isNumeric, let x = a.double else {
            throw DocumentError(.location(28756), "$log's argument must be numeric, not \(a.type.name)")
        }
        guard b.isNumeric, let base = b.double else {
            throw DocumentError(.location(28757), "$log's base must be numeric, not \(b.type.name)")
        }
        guard x > 0 || x.isNaN else {
            throw DocumentError(.location(28758), "$log's argument must be a positive number, but is \(shown(x))")
        }
        guard base > 0 && base != 1 || base.isNaN else {
            throw DocumentError(
                .location(28759), "$log's base must be a positive number not equal to 1, but is \(shown(base))")
        }
        return likeInputs(log(x) / log(base), a, b)
    }

    private static func power(_ a: BSONValue?, _ b: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
        guard a.isNumeric else {
            throw DocumentError(.location(28762), "$pow's base must be numeric, not \(a.type.name)")
        }
        guard b.isNumeric else {
            throw DocumentError(.location(28763), "$pow's exponent must be numeric, not \(b.type.name)")
        }
        guard let x = a.double, let y = b.double else { return .null }
        guard x != 0 || y >= 0 else {
            throw DocumentError(.location(28764), "$pow cannot take a base of 0 and a negative exponent")
        }
        switch (a, b) {
        case (.int32, .int32), (.int32, .int64), (.int64, .int32), (.int64, .int64):
            guard y >= 0, let base = a.int, let exponent = b.int else { break }
            guard let whole = wholePower(base, exponent) else { return .double(Foundation.pow(x, y)) }
            if case .int32 = a, case .int32 = b, let small = Int32(exactly: whole) { return .int32(small) }
            return .int64(Int64(whole))
        default: break
        }
        return likeInputs(Foundation.pow(x, y), a, b)
    }

    private static func wholePower(_ base: Int, _ exponent: Int) -> Int? {
        if base == 1 || exponent == 0 { return 1 }
        if base == 0 { return 0 }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        guard exponent < 64 else { return nil }
        var result = 1
        for _ in 0..<exponent {
            let (product, overflow) = result.multipliedReportingOverflow(by: base)
            guard !overflow else { return nil }
            result = product
        }
        return result
    }

    private static func bits(
        _ name: String, _ values: [BSONValue?], start: Int64, _ body: (Int64, Int64) -> Int64
    ) throws(DocumentError) -> BSONValue? {
        guard !ExpressionValues.hasNull(values) else { return .null }
        var result = start
        var isWide = false
        for case let value? in values {
            switch value {
            case .int32(let number): result = body(result, Int64(number))
            case .int64(let number):
                result = body(result, number)
                isWide = true
            default:
                throw DocumentError(
                    .typeMismatch, "\(name) only supports int and long operands, not \(value.type.name)")
            }
        }
        return isWide ? .int64(result) : .int32(Int32(truncatingIfNeeded: result))
    }
}
