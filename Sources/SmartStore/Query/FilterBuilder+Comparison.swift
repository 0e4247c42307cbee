// Comparison and membership: implicit equality, $eq $ne $gt $gte $lt $lte, $in $nin.

extension FilterBuilder {
    /// The condition of a path that is given a value and no operator.
    mutating func equality(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        if operand.type == .regex { return try pattern(operand, on: target) }
        return try comparison(.equal, operand, on: target)
    }

    private mutating func comparison(
        _ comparison: Comparison, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int {
        if operand.type == .undefined {
            throw DocumentError(.badValue, "cannot compare to undefined", path: target.path)
        }
        if operand.type == .regex && comparison != .equal {
            throw DocumentError(
                .badValue, "Can't have RegEx as arg to predicate over field '\(target.path)'.", path: target.path)
        }
        note(Self.fact(comparison, operand), on: target)
        if case .equal = comparison { noteEquality(operand, on: target) }
        if let collation = options.collation, collation.concerns(operand), let value = BSONValue(operand) {
            program.values.append(collation.folded(value))
            return leaf(.collated(comparison, program.values.count - 1), on: target)
        }
        return leaf(.compare(comparison, operand), on: target)
    }

    private static func fact(_ comparison: Comparison, _ operand: BSONView) -> FilterConstraint.Kind? {
        guard let value = BSONValue(operand) else { return nil }
        return switch comparison {
        case .equal: .equal(value)
        case .less: .range(lower: nil, upper: .init(value: value, isInclusive: false))
        case .lessOrEqual: .range(lower: nil, upper: .init(value: value, isInclusive: true))
        case .greater: .range(lower: .init(value: value, isInclusive: false), upper: nil)
        case .greaterOrEqual: .range(lower: .init(value: value, isInclusive: true), upper: nil)
        }
    }

    /// One of the six comparisons; nil for another operator.
    mutating func comparison(
        _ name: String, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int? {
        switch name {
        case "$eq": return try comparison(.equal, operand, on: target)
        case "$lt": return try comparison(.less, operand, on: target)
        case "$lte": return try comparison(.lessOrEqual, operand, on: target)
        case "$gt": return try comparison(.greater, operand, on: target)
        case "$gte": return try comparison(.greaterOrEqual, operand, on: target)
        case "$ne":
            if operand.type == .regex {
                throw DocumentError(.badValue, "Can't have regex as arg to $ne.", path: target.path)
            }
            let node = try comparison(.equal, operand, on: target.negated)
            return add(.not(node))
        default: return nil
        }
    }

    /// `$in` or `$nin`; nil for another operator.
    mutating func membership(
        _ name: String, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int? {
        guard name == "$in" || name == "$nin" else { return nil }
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
        if !patterns.isEmpty { node = add(.or(childRange([node] + patterns))) }
        guard name == "$in" else { return add(.not(node)) }
        guard patterns.isEmpty else { return node }
        note(.oneOf(operands.compactMap { BSONValue($0) }), on: target)
        if operands.count == 1 { noteEquality(operands[0], on: target) }
        return node
    }
}
