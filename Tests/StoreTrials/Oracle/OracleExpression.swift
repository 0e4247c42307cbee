import SmartStore

// The oracle's expressions: field paths, literals, and the operators that the trials draw.

struct OracleExpression {
    let order: OracleOrder

    init(_ order: OracleOrder = OracleOrder()) { self.order = order }

    /// The value of an expression on a document; nil: missing.
    func evaluate(_ expression: BSONValue, _ document: [OracleField]) throws -> OracleValue? {
        switch expression {
        case .string(let text) where text.hasPrefix("$$ROOT"): return .object(document)
        case .string(let text) where text.hasPrefix("$"):
            return Self.value(at: text.dropFirst().split(separator: ".").map(String.init)[...], in: .object(document))
        case .array(let elements):
            return .array(try elements.map { try evaluate($0, document) ?? .plain(.null) })
        case .document(let fields):
            guard let name = fields.keys.first, name.hasPrefix("$"), let operand = fields[name] else {
                return .object(
                    try fields.compactMap { name, value in
                        try evaluate(value, document).map { OracleField(name: name, value: $0) }
                    })
            }
            return try apply(name, operand, document)
        default: return OracleValue(expression)
        }
    }

    private func apply(_ name: String, _ operand: BSONValue, _ document: [OracleField]) throws -> OracleValue? {
        if name == "$literal" { return OracleValue(operand) }
        let operands = try (operand.array ?? [operand]).map { try evaluate($0, document) }
        func truth(_ value: Bool) -> OracleValue { .plain(.bool(value)) }
        switch name {
        case "$eq": return truth(try compare(operands) == 0)
        case "$ne": return truth(try compare(operands) != 0)
        case "$gt": return truth(try compare(operands) > 0)
        case "$gte": return truth(try compare(operands) >= 0)
        case "$lt": return truth(try compare(operands) < 0)
        case "$lte": return truth(try compare(operands) <= 0)
        case "$cmp": return .plain(.int32(Int32(try compare(operands))))
        case "$and": return truth(operands.allSatisfy { Self.isTrue($0) })
        case "$or": return truth(operands.contains { Self.isTrue($0) })
        case "$not": return truth(!Self.isTrue(operands[0]))
        case "$cond": return Self.isTrue(operands[0]) ? operands[1] : operands[2]
        case "$ifNull": return operands.first { !($0?.isNothing ?? true) } ?? operands.last ?? nil
        case "$isArray": return truth(operands[0]?.elements != nil)
        case "$type": return .plain(.string(operands[0].map { OracleFilter.typeName($0) } ?? "missing"))
        case "$add", "$multiply":
            if operands.contains(where: { $0?.isNothing ?? true }) { return .plain(.null) }
            return try operands.reduce(.plain(.int32(name == "$add" ? 0 : 1))) { total, next in
                guard let total, let next, next.isNumber else { throw OracleRefusal("\(name) of no number") }
                return try OracleArithmetic.apply(name == "$add", total, next, overflowsToDouble: true)
            }
        default: throw OracleUnsure("the expression \(name)")
        }
    }

    /// Missing comes before everything but MinKey.
    private func compare(_ operands: [OracleValue?]) throws -> Int {
        if operands.contains(where: { if case .plain(.undefined)? = $0 { true } else { false } }) {
            throw OracleUnsure("undefined compared in an expression")
        }
        switch (operands[0], operands[1]) {
        case (nil, nil): return 0
        case (nil, .plain(.minKey)?): return 1
        case (.plain(.minKey)?, nil): return -1
        case (nil, _): return -1
        case (_, nil): return 1
        case (let a?, let b?): return order.compare(a, b)
        }
    }

    static func isTrue(_ value: OracleValue?) -> Bool {
        guard let value, !value.isNothing else { return false }
        switch value {
        case .plain(.bool(let flag)): return flag
        default:
            guard value.isNumber else { return true }
            return OracleOrder().compare(value, .plain(.int32(0))) != 0
        }
    }

    /// A path gathers from the elements of arrays what it finds in them.
    static func value(at steps: ArraySlice<String>, in value: OracleValue) -> OracleValue? {
        guard let step = steps.first else { return value }
        switch value {
        case .object(let fields): return fields[step].flatMap { self.value(at: steps.dropFirst(), in: $0) }
        case .array(let elements): return .array(elements.compactMap { self.value(at: steps, in: $0) })
        case .plain: return nil
        }
    }
}

/// Sums and products of numbers of different types.
enum OracleArithmetic {
    static func apply(
        _ adds: Bool, _ a: OracleValue, _ b: OracleValue, overflowsToDouble: Bool
    ) throws -> OracleValue {
        guard case .plain(let x) = a, case .plain(let y) = b else { throw OracleRefusal("arithmetic of no numbers") }
        switch (x, y) {
        case (.decimal128, _), (_, .decimal128): throw OracleUnsure("decimal arithmetic")
        case (.double, _), (_, .double):
            let (left, right) = (x.double ?? .nan, y.double ?? .nan)
            return .plain(.double(adds ? left + right : left * right))
        default:
            let (left, right) = (Int64(x.int ?? 0), Int64(y.int ?? 0))
            let (result, overflow) =
                adds ? left.addingReportingOverflow(right) : left.multipliedReportingOverflow(by: right)
            if overflow {
                guard overflowsToDouble else { throw OracleRefusal("overflow") }
                throw OracleUnsure("overflow")
            }
            if case .int32 = x, case .int32 = y, let small = Int32(exactly: result) { return .plain(.int32(small)) }
            return .plain(.int64(result))
        }
    }
}
