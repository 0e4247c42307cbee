// Operators that look at all their arguments: one table of what they are called, how many they take and what they do.

enum ExpressionFunctions {
    struct Function: Sendable {
        let arity: ClosedRange<Int>
        let body: ExpressionNode.Function
    }

    /// An operator whose arguments have names; missing ones are missing values.
    struct Named: Sendable {
        let names: [String]
        /// How many of them must be given; the first ones.
        let required: Int
        /// The argument that stands alone when the operand is no document of names; nil: it must be one.
        var short: Int?
        /// What MongoDB calls the refusals of operands; nil: FailedToParse.
        var codes: Codes?
        let body: ExpressionNode.Function

        /// Codes of operands that are no document, have an unknown field, or lack one (in the order of the names).
        struct Codes: Sendable {
            let operand: Int
            let unknown: Int
            let missing: [Int]
        }
    }

    static let table: [String: Function] = [
        arithmetic, comparisons, strings, arrays, sets, types, objects,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    static let named: [String: Named] = [
        namedStrings, namedArrays, namedOrdered, namedTypes, namedDates, namedCalendar, namedObjects,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// An operator of one argument.
    static func one(
        _ body: @escaping @Sendable (BSONValue?) throws(DocumentError) -> BSONValue?
    ) -> Function {
        Function(arity: 1...1) { values throws(DocumentError) in try body(values[0]) }
    }

    /// An operator of two arguments.
    static func two(
        _ body: @escaping @Sendable (BSONValue?, BSONValue?) throws(DocumentError) -> BSONValue?
    ) -> Function {
        Function(arity: 2...2) { values throws(DocumentError) in try body(values[0], values[1]) }
    }

    static let comparisons: [String: Function] = [
        "$cmp": two { a, b in .int32(Int32(ExpressionValues.compare(a, b))) },
        "$not": one { value in .bool(!ExpressionValues.isTrue(value)) },
        "$max": Function(arity: 0...Int.max) { values in extreme(values, sign: 1, nil) },
        "$min": Function(arity: 0...Int.max) { values in extreme(values, sign: -1, nil) },
        "$avg": Function(arity: 0...Int.max) { values in
            var average = AverageAccumulator()
            for value in spread(values) { average.add(value) }
            return average.result
        },
        "$stdDevPop": Function(arity: 0...Int.max) { values in deviation(values, isSample: false) },
        "$stdDevSamp": Function(arity: 0...Int.max) { values in deviation(values, isSample: true) },
        "$sum": Function(arity: 0...Int.max) { values in
            var sum = SumAccumulator()
            for value in spread(values) { sum.add(value) }
            return sum.result
        },
    ]

    /// One argument that is an array stands for its elements.
    private static func spread(_ values: [BSONValue?]) -> [BSONValue] {
        if values.count == 1, case .array(let elements)?? = values.first { return elements }
        return values.compactMap { $0 }
    }

    /// The spread of numbers around their mean; null when there are too few.
    private static func deviation(_ values: [BSONValue?], isSample: Bool) -> BSONValue? {
        let numbers = spread(values).compactMap { $0.isNumeric ? $0.double : nil }
        guard numbers.count > (isSample ? 1 : 0) else { return .null }
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return .double((squares / Double(numbers.count - (isSample ? 1 : 0))).squareRoot())
    }

    /// The greatest or, by -1, the least; the first of equal ones.
    static func extreme(_ values: [BSONValue?], sign: Int, _ collation: Collation?) -> BSONValue? {
        var best: (value: BSONValue, key: BSONValue)?
        for value in spread(values) where !value.isNullish {
            let key = collation?.folded(value) ?? value
            if let best, ValueOrder.compare(key, best.key) * sign <= 0 { continue }
            best = (value, key)
        }
        return best?.value ?? .null
    }
}
