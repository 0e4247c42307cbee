// Operators that hold values against each other and give some of them back: extremes, sets, and arrays in order.
//
// They compare by the query's collation. Operators that compare and give back none of what they compared need not know
// it: the parser folds their arguments (see `ExpressionParser.comparing`).

extension ExpressionFunctions {
    static let sets: [String: Function] = [
        "$setUnion": Function(arity: 0...Int.max) { values throws(DocumentError) in try union(values, nil) },
        "$setIntersection": Function(arity: 0...Int.max) { values throws(DocumentError) in
            try intersection(values, nil)
        },
        "$setDifference": Function(arity: 2...2) { values throws(DocumentError) in try difference(values, nil) },
        "$setEquals": Function(arity: 2...Int.max) { values throws(DocumentError) in
            let first = unique(try members("$setEquals", values[0], 17044), nil)
            for value in values.dropFirst() {
                let other = unique(try members("$setEquals", value, 17044), nil)
                guard first.count == other.count, first.allSatisfy({ contains(other, $0) }) else { return .bool(false) }
            }
            return .bool(true)
        },
        "$setIsSubset": two { a, b throws(DocumentError) in
            let (first, second) = (
                try members("$setIsSubset", a, 17046), unique(try members("$setIsSubset", b, 17042), nil)
            )
            return .bool(first.allSatisfy { contains(second, Ranked($0, nil)) })
        },
        "$anyElementTrue": one { value throws(DocumentError) in
            .bool(try members("$anyElementTrue", value, 17041).contains { ExpressionValues.isTrue($0) })
        },
        "$allElementsTrue": one { value throws(DocumentError) in
            .bool(try members("$allElementsTrue", value, 17040).allSatisfy { ExpressionValues.isTrue($0) })
        },
    ]

    static let namedOrdered: [String: Named] = [
        "$sortArray": Named(
            names: ["input", "sortBy"], required: 2,
            codes: .init(operand: 2_942_500, unknown: 2_942_501, missing: [2_942_502, 2_942_503])
        ) { values throws(DocumentError) in
            try sorted(values, nil)
        },
        "$maxN": Named(names: ["n", "input"], required: 2) { values throws(DocumentError) in
            try extremes("$maxN", values, sign: 1, nil)
        },
        "$minN": Named(names: ["n", "input"], required: 2) { values throws(DocumentError) in
            try extremes("$minN", values, sign: -1, nil)
        },
    ]

    /// What an operator of this file does under a collation; nil for other operators.
    static func body(of name: String, _ collation: Collation) -> ExpressionNode.Function? {
        switch name {
        case "$max": return { values in extreme(values, sign: 1, collation) }
        case "$min": return { values in extreme(values, sign: -1, collation) }
        case "$maxN": return { values throws(DocumentError) in try extremes(name, values, sign: 1, collation) }
        case "$minN": return { values throws(DocumentError) in try extremes(name, values, sign: -1, collation) }
        case "$setUnion": return { values throws(DocumentError) in try union(values, collation) }
        case "$setIntersection": return { values throws(DocumentError) in try intersection(values, collation) }
        case "$setDifference": return { values throws(DocumentError) in try difference(values, collation) }
        case "$sortArray": return { values throws(DocumentError) in try sorted(values, collation) }
        default: return nil
        }
    }

    // MARK: Values with what they are compared by

    private struct Ranked {
        let value: BSONValue
        let key: BSONValue

        init(_ value: BSONValue, _ collation: Collation?) {
            self.value = value
            key = collation?.folded(value) ?? value
        }

        func order(_ other: Ranked) -> Int { ValueOrder.compare(key, other.key) }
    }

    /// Ascending or, by -1, descending; equal ones in the order in which they were.
    private static func ordered(_ values: [BSONValue], sign: Int, _ collation: Collation?) -> [Ranked] {
        values.map { Ranked($0, collation) }.enumerated().sorted { a, b in
            let order = a.element.order(b.element) * sign
            return order == 0 ? a.offset < b.offset : order < 0
        }.map(\.element)
    }

    /// Ascending, each once: the first of equal ones.
    private static func unique(_ values: [BSONValue], _ collation: Collation?) -> [Ranked] {
        var result: [Ranked] = []
        for value in ordered(values, sign: 1, collation) where result.last.map({ $0.order(value) != 0 }) ?? true {
            result.append(value)
        }
        return result
    }

    /// Whether an ascending list has a value.
    private static func contains(_ sorted: [Ranked], _ value: Ranked) -> Bool {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            let order = sorted[middle].order(value)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private static func members(
        _ name: String, _ value: BSONValue?, _ code: Int
    ) throws(DocumentError) -> [BSONValue] {
        guard let elements = value?.array else {
            throw DocumentError(
                .location(code),
                "All operands of \(name) must be arrays. One argument is of type: "
                    + (value?.type.name ?? "missing"))
        }
        return elements
    }

    // MARK: Operators

    private static func union(_ values: [BSONValue?], _ collation: Collation?) throws(DocumentError) -> BSONValue? {
        var all: [BSONValue] = []
        for value in values {
            if value?.isNullish ?? true { return .null }
            all += try members("$setUnion", value, 17043)
        }
        return .array(unique(all, collation).map(\.value))
    }

    private static func intersection(
        _ values: [BSONValue?], _ collation: Collation?
    ) throws(DocumentError) -> BSONValue? {
        var result: [Ranked]?
        for value in values {
            if value?.isNullish ?? true { return .null }
            let elements = unique(try members("$setIntersection", value, 17047), collation)
            result = result.map { $0.filter { contains(elements, $0) } } ?? elements
        }
        return .array(result?.map(\.value) ?? [])
    }

    private static func difference(
        _ values: [BSONValue?], _ collation: Collation?
    ) throws(DocumentError) -> BSONValue? {
        guard let a = values[0], let b = values[1], !a.isNullish, !b.isNullish else { return .null }
        let first = try members("$setDifference", a, 17048)
        let second = unique(try members("$setDifference", b, 17049), collation)
        var kept: [Ranked] = []
        for value in first.lazy.map({ Ranked($0, collation) })
        where !contains(second, value) && !kept.contains(where: { $0.order(value) == 0 }) { kept.append(value) }
        return .array(kept.map(\.value))
    }

    private static func extremes(
        _ name: String, _ values: [BSONValue?], sign: Int, _ collation: Collation?
    ) throws(DocumentError) -> BSONValue? {
        let (elements, count) = try some(name, values)
        let best = ordered(elements.filter { !$0.isNullish }, sign: -sign, collation).prefix(count)
        return .array(best.map(\.value))
    }

    private static func sorted(_ values: [BSONValue?], _ collation: Collation?) throws(DocumentError) -> BSONValue? {
        guard let value = values[0], !value.isNullish else { return .null }
        guard let elements = value.array else {
            throw DocumentError(
                .location(2_942_504),
                "The input argument to $sortArray must be an array, but was of type: \(value.type.name)")
        }
        let order = values[1] ?? .int32(1)
        if let direction = order.int {
            guard direction == 1 || direction == -1 else {
                throw DocumentError(.location(2_942_505), "The $sort element value must be either 1 or -1")
            }
            return .array(ordered(elements, sign: direction, collation).map(\.value))
        }
        guard let document = order.document, !document.isEmpty else {
            throw DocumentError(.location(2_942_507), "sortBy must be 1, -1 or a document")
        }
        let sort = try SortSpec(document, collation: collation)
        var keyed: [(key: [UInt8], place: Int)] = []
        for (place, element) in elements.enumerated() {
            keyed.append((try sort.key(of: element.document ?? Document()), place))
        }
        keyed.sort { a, b in a.key == b.key ? a.place < b.place : a.key.lexicographicallyPrecedes(b.key) }
        return .array(keyed.map { elements[$0.place] })
    }
}
