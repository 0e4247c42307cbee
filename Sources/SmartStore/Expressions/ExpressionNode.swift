// The tree of an expression, and its evaluation.

indirect enum ExpressionNode: Sendable {
    typealias Function = @Sendable ([BSONValue?]) throws(DocumentError) -> BSONValue?

    case constant(BSONValue)
    /// `$$REMOVE`.
    case missing
    /// `$$ROOT`.
    case root
    case field(ExpressionPath)
    /// A variable, and a path from its value on.
    case variable(slot: Int, ExpressionPath?)
    case object([(name: String, node: ExpressionNode)])
    case array([ExpressionNode])
    /// An operator that looks at all its arguments.
    case call(Function, [ExpressionNode])
    case and([ExpressionNode])
    case or([ExpressionNode])
    case condition(ExpressionNode, ExpressionNode, ExpressionNode)
    case firstPresent([ExpressionNode])
    case branches([(condition: ExpressionNode, value: ExpressionNode)], otherwise: ExpressionNode?)
    case binding([(slot: Int, value: ExpressionNode)], ExpressionNode)
    case filtering(ExpressionNode, slot: Int, ExpressionNode, limit: ExpressionNode?)
    case mapping(ExpressionNode, slot: Int, ExpressionNode)
    case reducing(ExpressionNode, start: ExpressionNode, value: Int, this: Int, ExpressionNode)
    /// Two numbers compared, or any values: the commonest of all.
    case comparison(Comparison, isNegated: Bool, ExpressionNode, ExpressionNode)

    func evaluate(_ frame: inout ExpressionFrame) throws(DocumentError) -> BSONValue? {
        switch self {
        case .constant(let value): return value
        case .missing: return nil
        case .root: return BSONValue(BSONView(type: .document, bytes: frame.root))
        case .field(let path): return path.value(in: frame.root)
        case .variable(let slot, let path):
            guard let value = frame.slots[slot] else { return nil }
            guard let path else { return value }
            return path.value(from: value)
        case .object(let fields):
            var document = Document()
            for (name, node) in fields {
                if let value = try node.evaluate(&frame) { document.append(name, value) }
            }
            return .document(document)
        case .array(let nodes):
            var elements: [BSONValue] = []
            elements.reserveCapacity(nodes.count)
            for node in nodes { elements.append(try node.evaluate(&frame) ?? .null) }
            return .array(elements)
        case .call(let function, let nodes):
            var values: [BSONValue?] = []
            values.reserveCapacity(nodes.count)
            for node in nodes { values.append(try node.evaluate(&frame)) }
            return try function(values)
        case .and, .or, .comparison: return .bool(try isTrue(&frame))
        case .condition(let condition, let yes, let no):
            return try condition.isTrue(&frame) ? yes.evaluate(&frame) : no.evaluate(&frame)
        case .firstPresent(let nodes):
            for node in nodes.dropLast() {
                if let value = try node.evaluate(&frame), !value.isNullish { return value }
            }
            return try nodes.last?.evaluate(&frame)
        case .branches(let branches, let otherwise):
            for (condition, value) in branches where try condition.isTrue(&frame) { return try value.evaluate(&frame) }
            guard let otherwise else {
                throw DocumentError(
                    .location(40066),
                    "$switch could not find a matching branch for an input, and no default was "
                        + "specified.")
            }
            return try otherwise.evaluate(&frame)
        case .binding(let bindings, let body):
            for (slot, node) in bindings { frame.slots[slot] = try node.evaluate(&frame) }
            return try body.evaluate(&frame)
        case .filtering(let input, let slot, let condition, let limit):
            guard let elements = try Self.elements(input, &frame, "$filter", 28651) else { return .null }
            var left = Int.max
            if let limit, let value = try limit.evaluate(&frame), !value.isNullish {
                guard let number = value.int, Int32(exactly: number) != nil else {
                    throw DocumentError(
                        .location(327391), "$filter: limit must be represented as a 32-bit integral value")
                }
                guard number > 0 else {
                    throw DocumentError(.location(327392), "$filter: limit must be greater than 0")
                }
                left = number
            }
            var kept: [BSONValue] = []
            for element in elements where left > 0 {
                frame.slots[slot] = element
                if try condition.isTrue(&frame) {
                    kept.append(element)
                    left -= 1
                }
            }
            return .array(kept)
        case .mapping(let input, let slot, let body):
            guard let elements = try Self.elements(input, &frame, "$map", 16883) else { return .null }
            var mapped: [BSONValue] = []
            for element in elements {
                frame.slots[slot] = element
                mapped.append(try body.evaluate(&frame) ?? .null)
            }
            return .array(mapped)
        case .reducing(let input, let start, let value, let this, let body):
            guard let elements = try Self.elements(input, &frame, "$reduce", 40080) else { return .null }
            var result = try start.evaluate(&frame)
            for element in elements {
                frame.slots[value] = result
                frame.slots[this] = element
                result = try body.evaluate(&frame)
            }
            return result
        }
    }

    private static func elements(
        _ input: ExpressionNode, _ frame: inout ExpressionFrame, _ name: String, _ code: Int
    ) throws(DocumentError) -> [BSONValue]? {
        guard let value = try input.evaluate(&frame), !value.isNullish else { return nil }
        guard let elements = value.array else {
            throw DocumentError(.location(code), "input to \(name) must be an array not \(value.type.name)")
        }
        return elements
    }

    /// Whether the value counts as true.
    func isTrue(_ frame: inout ExpressionFrame) throws(DocumentError) -> Bool {
        switch self {
        case .and(let nodes):
            for node in nodes where try !node.isTrue(&frame) { return false }
            return true
        case .or(let nodes):
            for node in nodes where try node.isTrue(&frame) { return true }
            return false
        case .comparison(let comparison, let isNegated, let left, let right):
            return try Self.compare(left, right, &frame, comparison) != isNegated
        default: return ExpressionValues.isTrue(try evaluate(&frame))
        }
    }

    private static func compare(
        _ left: ExpressionNode, _ right: ExpressionNode, _ frame: inout ExpressionFrame, _ comparison: Comparison
    ) throws(DocumentError) -> Bool {
        // Fields and constants compare in place.
        if case .field(let path) = left, case .constant(let operand) = right {
            var isMapped = false
            let view = path.view(in: frame.root, isMapped: &isMapped)
            if !isMapped, let view {
                let order = operand.withView { ValueOrder.compare(view, $0) }
                return holds(order, comparison)
            }
        }
        // A value that is missing is less than null, as it is in the order of values.
        let order = ExpressionValues.compare(try left.evaluate(&frame), try right.evaluate(&frame))
        return holds(order, comparison)
    }

    private static func holds(_ order: Int, _ comparison: Comparison) -> Bool {
        switch comparison {
        case .equal: order == 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

extension BSONValue {
    /// Whether it is null or undefined.
    var isNullish: Bool {
        switch self {
        case .null, .undefined: true
        default: false
        }
    }

    /// Whether it is a number of any type.
    var isNumeric: Bool { type.isNumber }
}

/// What operators have in common.
enum ExpressionValues {
    /// Compares as MongoDB's order does; a missing value comes after undefined's place, before null.
    static func compare(_ a: BSONValue?, _ b: BSONValue?) -> Int {
        switch (a, b) {
        case (nil, nil): 0
        case (nil, let value?): value.type == .minKey ? 1 : -1
        case (let value?, nil): value.type == .minKey ? -1 : 1
        case (let left?, let right?): ValueOrder.compare(left, right)
        }
    }

    static func isTrue(_ value: BSONValue?) -> Bool {
        switch value {
        case nil, .null?, .undefined?: false
        case .bool(let flag)?: flag
        case .decimal128(let number)?: !number.isZero
        case let value?: value.isNumeric ? value.double != 0 : true
        }
    }

    /// Whether any of the values is missing, null or undefined.
    static func hasNull(_ values: [BSONValue?]) -> Bool { values.contains { $0?.isNullish ?? true } }
}
