// Comparison and membership: implicit equality, $eq $ne $gt $gte $lt $lte, $in $nin.

extension FilterBuilder {
    /// The condition of a path that is given a value and no operator.
    mutating func equality(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        if operand.type == .regex { return try pattern(operand, on: target) }
        return try comparison(.equal, operand, on: target)
    }

    /// One of the comparisons with an operand.
    mutating func comparison(
        _ comparison: Comparison, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int {
        if operand.type == .undefined {
            throw DocumentError(.badValue, "cannot compare to undefined", path: target.path)
        }
        if operand.type == .regex && comparison != .equal {
            throw DocumentError(
                .badValue, "Can't have RegEx as arg to predicate over field '\(target.path)'.", path: target.path)
        }
        if target.isTop, let value = BSONValue(operand) {
            note(Self.fact(comparison, value), on: target)
            if case .equal = comparison { noteEquality(value, on: target) }
        }
        if let collation = options.collation, collation.concerns(operand), let value = BSONValue(operand) {
            program.values.append(collation.folded(value))
            return leaf(.collated(comparison, program.values.count - 1), on: target)
        }
        return leaf(.compare(comparison, operand), on: target)
    }

    private static func fact(_ comparison: Comparison, _ value: BSONValue) -> FilterConstraint.Kind {
        switch comparison {
        case .equal: .equal(value)
        case .less: .range(lower: nil, upper: .init(value: value, isInclusive: false))
        case .lessOrEqual: .range(lower: nil, upper: .init(value: value, isInclusive: true))
        case .greater: .range(lower: .init(value: value, isInclusive: false), upper: nil)
        case .greaterOrEqual: .range(lower: .init(value: value, isInclusive: true), upper: nil)
        }
    }

    /// `$ne`.
    mutating func inequality(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        if operand.type == .regex {
            throw DocumentError(.badValue, "Can't have regex as arg to $ne.", path: target.path)
        }
        let node = try comparison(.equal, operand, on: target.negated)
        return add(.not(node))
    }

    /// `$in` or `$nin`.
    mutating func membership(
        _ name: FilterOperator, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int {
        let isWanted = name == .oneOf
        let name = name.rawValue
        guard operand.type == .array else {
            throw DocumentError(.badValue, "\(name) needs an array", path: target.path)
        }
        var operands: [BSONView] = []
        var patterns: [Int] = []
        var matchesMissing = false
        var reader = BSONReader(operand.bytes)
        while let element = reader.next()?.value {
            if Self.isOperatorDocument(element) {
                throw DocumentError(.badValue, "cannot nest $ under \(name)", path: target.path)
            }
            if element.type == .regex {
                patterns.append(try pattern(element, on: target.negated))
                continue
            }
            if element.type == .undefined {
                throw DocumentError(.badValue, "cannot compare to undefined", path: target.path)
            }
            if element.type == .null { matchesMissing = true }
            operands.append(element)
        }
        if reader.isMalformed { throw DocumentError(.invalidBSON, "the filter is not valid BSON") }
        operands.sort { ValueOrder.compare($0, $1) < 0 }
        var node: Int
        if let collation = options.collation {
            let start = program.values.count
            program.values += operands.compactMap { BSONValue($0) }.map { collation.folded($0) }
            node = leaf(.collatedOneOf(start..<program.values.count, matchesMissing: matchesMissing), on: target)
        } else {
            let start = program.operands.count
            program.operands.append(contentsOf: operands)
            node = leaf(.oneOf(start..<program.operands.count, matchesMissing: matchesMissing), on: target)
        }
        if !patterns.isEmpty {
            let start = pendingCount
            push(node)
            for pattern in patterns { push(pattern) }
            let children = childRange(since: start)
            node = add(.or(children))
        }
        guard isWanted else { return add(.not(node)) }
        guard patterns.isEmpty, target.isTop else { return node }
        let values = operands.compactMap { BSONValue($0) }
        note(.oneOf(values), on: target)
        if operands.count == 1, let value = values.first { noteEquality(value, on: target) }
        return node
    }
}
