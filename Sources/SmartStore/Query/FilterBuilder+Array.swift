// Conditions on arrays: $size, $all, $elemMatch.

extension FilterBuilder {
    /// `$size`.
    mutating func size(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        do throws(DocumentError) {
            let count = try Self.whole(operand, named: "$size", atMost: Int(Int32.max))
            return leaf(.size(count), on: target, looksIntoArray: false)
        } catch {
            throw DocumentError(.badValue, "Failed to parse $size. \(error.message)", path: target.path)
        }
    }

    /// `$all`: each operand is one condition of equality, or each is an `$elemMatch`. Without operands nothing matches.
    mutating func every(
        _ operand: BSONView, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> Int {
        guard operand.type == .array else {
            throw DocumentError(.badValue, "$all needs an array", path: target.path)
        }
        let start = pendingCount
        var usesElementMatch: Bool?
        var reader = BSONReader(operand.bytes)
        while let element = reader.next()?.value {
            let inner = Self.isOperatorDocument(element) ? Self.firstField(element) : nil
            let isElementMatch = inner?.name.text == "$elemMatch"
            if inner != nil && !isElementMatch {
                throw DocumentError(.badValue, "no $ expressions in $all", path: target.path)
            }
            if usesElementMatch ?? isElementMatch != isElementMatch {
                throw DocumentError(.badValue, "$all/$elemMatch has to be consistent", path: target.path)
            }
            usesElementMatch = isElementMatch
            if isElementMatch, let inner {
                push(try elementMatch(inner.value, on: target, depth: depth + 1))
            } else {
                push(try equality(element, on: target))
            }
        }
        return pendingCount == start ? add(.or(0..<0)) : all(since: start)
    }

    private static func firstField(_ document: BSONView) -> BSONField? {
        var reader = BSONReader(document.bytes)
        return reader.next()
    }

    /// `$elemMatch`: a document of operators is laid on the elements themselves, any other on documents among them.
    mutating func elementMatch(
        _ operand: BSONView, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> Int {
        guard operand.type == .document else {
            throw DocumentError(.badValue, "$elemMatch needs an Object", path: target.path)
        }
        guard depth + 1 < Self.deepest else {
            throw DocumentError(.overflow, "the filter nests deeper than \(Self.deepest) levels")
        }
        if Self.isOperatorDocument(operand), let first = Self.firstField(operand),
            !["$and", "$or", "$nor", "$comment"].contains(first.name.text)
        {
            let inner = ConditionTarget(steps: 0..<0, path: target.path, isTop: false)
            let start = pendingCount
            try operators(operand.bytes, on: inner, depth: depth + 1)
            noteElement(operand, on: target)
            let children = childRange(since: start)
            return leaf(.elementValue(children), on: target, looksIntoArray: false)
        }
        let wasInElement = isInElement
        isInElement = true
        defer { isInElement = wasInElement }
        let node = try conjunction(operand.bytes, depth: depth + 1, isTop: false)
        try noteFields(operand, on: target)
        return leaf(.elementDocument(node), on: target, looksIntoArray: false)
    }

    // MARK: Facts

    /// Comparisons in one `$elemMatch` hold of one element: together they are one range.
    private mutating func noteElement(_ operand: BSONView, on target: ConditionTarget) {
        guard target.isTop else { return }
        var (lower, upper): (FilterConstraint.Bound?, FilterConstraint.Bound?)
        var reader = BSONReader(operand.bytes)
        while let field = reader.next() {
            guard let value = BSONValue(field.value) else { continue }
            switch field.name.text {
            case "$eq": note(.equal(value), on: target)
            case "$in": note(value.array.map { .oneOf($0) }, on: target)
            case "$gt": lower = .init(value: value, isInclusive: false)
            case "$gte": lower = .init(value: value, isInclusive: true)
            case "$lt": upper = .init(value: value, isInclusive: false)
            case "$lte": upper = .init(value: value, isInclusive: true)
            default: break
            }
        }
        if let low = lower, let high = upper, low.value.type.orderClass != high.value.type.orderClass {
            note(.range(lower: low, upper: nil), on: target)
        } else if lower != nil || upper != nil {
            note(.range(lower: lower, upper: upper), on: target)
        }
    }

    /// Conditions on fields of one element are facts about the paths through the array.
    private mutating func noteFields(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) {
        guard target.isTop else { return }
        var inner = FilterBuilder(options: options)
        _ = try inner.conjunction(operand.bytes, depth: 1, isTop: true)
        for fact in inner.facts.constraints {
            // A number could name an element of the array as well.
            guard let path = try? FieldPath(fact.path), path.pieces.allSatisfy({ $0.index == nil }) else { continue }
            facts.constraints.append(FilterConstraint(path: "\(target.path).\(fact.path)", kind: fact.kind))
        }
    }
}
