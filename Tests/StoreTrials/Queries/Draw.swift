import SmartStore
import StoreIO

// What random queries are made of: few fields and few values, so that filters match and orders have ties.

/// Draws from a seed.
final class Draw {
    private let random: SeededRandomSource
    /// Only numbers of which sums are exact, in any order.
    var isSmall = false

    init(seed: UInt64) { random = SeededRandomSource(seed: seed) }

    /// 0..<count
    func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }

    func chance(_ percent: Int) -> Bool { below(100) < percent }

    func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// Some of the choices, each once, in a drawn order.
    func some<T>(_ choices: [T], _ count: Int) -> [T] {
        var left = choices
        return (0..<min(count, choices.count)).map { _ in left.remove(at: below(left.count)) }
    }
}

extension Draw {
    static let fields = ["a", "b", "c", "d"]
    /// Paths of filters, orders and projections.
    static let paths = ["a", "a", "b", "b", "c", "c", "d", "d.x", "d.x", "d.y", "d.x.y", "a.x"]
    /// Paths that only filters use.
    static let numbered = ["a.0", "d.0.x", "d.1", "c.1"]

    private static let texts = ["a", "b", "ab", "A", "á", "B", "abc", "axb", "", "aB", "\u{0}a"]

    func number() -> BSONValue {
        if isSmall {
            return pick([
                .int32(Int32(below(5) - 1)), .int32(Int32(below(5))), .int64(Int64(below(3))), .double(0.5), .double(1),
                .double(2.25), chance(10) ? .double(.nan) : .int32(1),
            ])
        }
        return switch below(24) {
        case 0: .double(.nan)
        case 1: .double(-0.0)
        case 2: .double(0.5)
        case 3: .double(1.5)
        case 4: .double(.infinity)
        case 5: .double(-.infinity)
        case 6: .int64(Int64(below(4)))
        case 7: .int64(1 << 53 + 1)
        case 8: .double(0x1p53)
        case 9:
            pick([
                .int64(.min), .int64(.max), .double(0x1p63), .double(-0x1p63), .double(1e300),
                .double(.leastNonzeroMagnitude),
            ])
        case 10: .double(Double(below(4)))
        case 11, 12: .decimal128(decimal())
        default: .int32(Int32(below(6) - 1))
        }
    }

    private func decimal() -> Decimal128 {
        let texts = [
            "1", "1.0", "2.50", "0.1", "-0", "NaN", "Infinity", "-Infinity", "1E+3", "0.5", "9007199254740993",
            "-1.5", "1E-400", "1E+400",
        ]
        return Decimal128(pick(texts)) ?? .nan
    }

    func text() -> BSONValue { .string(pick(Self.texts)) }

    /// A value that is neither document nor array.
    func scalar() -> BSONValue {
        switch below(30) {
        case 0...10: number()
        case 11...16: text()
        case 17, 18: .null
        case 19: .bool(chance(50))
        case 20: .date(BSONDate(millisecondsSince1970: Int64(below(4) - 1) * 1000))
        case 21: .objectID(objectID())
        case 22: .binary(BSONBinary(subtype: chance(50) ? 0 : 5, bytes: Array([1, 2, 3].prefix(below(3)))))
        case 23: .minKey
        case 24: .maxKey
        case 25: .timestamp(BSONTimestamp(seconds: UInt32(below(2)), increment: UInt32(below(2))))
        case 26: regex()
        case 27: chance(30) ? .undefined : .symbol(pick(Self.texts))
        default: .int32(Int32(below(4)))
        }
    }

    func regex() -> BSONValue {
        let choice = pick(OraclePattern.all)
        return (try? BSONRegex(pattern: choice.pattern, options: choice.options)).map { .regex($0) } ?? .null
    }

    func objectID() -> ObjectID { ObjectID(head: 0, tail: UInt32(below(3))) }

    func array(depth: Int) -> BSONValue {
        .array((0..<pick([0, 1, 1, 2, 2, 3])).map { _ in value(depth: depth + 1) })
    }

    func value(depth: Int = 0) -> BSONValue {
        guard depth < 3 else { return scalar() }
        switch below(10) {
        case 0, 1: return array(depth: depth)
        case 2: return inner(depth: depth)
        default: return scalar()
        }
    }

    /// A document within a document.
    func inner(depth: Int) -> BSONValue {
        var fields: [(String, BSONValue)] = []
        for name in some(["x", "y"], below(3)) { fields.append((name, value(depth: depth + 1))) }
        return .document(Document(fields: fields))
    }

    /// Subdocuments, alone or in an array.
    private func nested() -> BSONValue {
        guard chance(60) else { return inner(depth: 1) }
        return .array((0..<below(4)).map { _ in chance(85) ? inner(depth: 2) : value(depth: 2) })
    }

    /// A document without `_id`.
    /// - Parameter isPlain: few arrays and few kinds of values, so that unique and compound indexes hold it.
    func fields(isPlain: Bool) -> [(String, BSONValue)] {
        var fields: [(String, BSONValue)] = []
        for name in chance(80) ? Self.fields : some(Self.fields, 4) where chance(80) {
            let value: BSONValue
            if isPlain {
                value = chance(80) ? (name == "c" ? text() : .int32(Int32(below(8)))) : scalar()
            } else {
                switch name {
                case "b": value = chance(85) ? number() : self.value()
                case "c":
                    value = chance(50) ? text() : .array((0..<below(4)).map { _ in chance(90) ? text() : scalar() })
                case "d": value = chance(85) ? nested() : self.value()
                default: value = self.value()
                }
            }
            fields.append((name, value))
        }
        return fields
    }

    func identifier(_ number: Int, isMixed: Bool) -> BSONValue {
        guard isMixed else { return .int32(Int32(number)) }
        switch number % 7 {
        case 0: return .int64(Int64(number))
        case 1: return .string("k\(number)")
        case 2: return .double(Double(number) + 0.5)
        case 3: return .document(["x": .int32(Int32(number))])
        case 4: return .date(BSONDate(millisecondsSince1970: Int64(number)))
        case 5: return .binary(BSONBinary(subtype: 0, bytes: [UInt8(number & 0xFF)]))
        default: return .int32(Int32(number))
        }
    }

    func collation(_ percent: Int) -> Collation? {
        guard chance(percent) else { return nil }
        return Collation(strength: pick([.primary, .secondary, .tertiary]), caseLevel: chance(15))
    }
}

// MARK: Filters

extension Draw {
    /// A filter of one to three conditions.
    func filter(depth: Int = 0) -> Document {
        if depth == 0, chance(6) { return Document() }
        var filter = Document()
        for _ in 0..<pick([1, 1, 1, 2, 2, 3]) {
            if depth < 2, chance(12) {
                let name = pick(["$and", "$or", "$or", "$nor"])
                if filter.contains(name) { continue }
                filter.append(name, .array((0..<(1 + below(3))).map { _ in .document(self.filter(depth: depth + 1)) }))
                continue
            }
            if depth == 0, chance(4) {
                if !filter.contains("$expr") { filter.append("$expr", condition()) }
                continue
            }
            if depth == 0, chance(6) {
                if !filter.contains("_id") { filter.append("_id", identified()) }
                continue
            }
            let path = chance(90) ? pick(Self.paths) : pick(Self.numbered)
            if filter.contains(path) { continue }
            filter.append(path, condition(depth: depth))
        }
        return filter.isEmpty && depth > 0 ? ["b": number()] : filter
    }

    /// What `_id` is asked for.
    private func identified() -> BSONValue {
        switch below(4) {
        case 0: return ["$in": .array((0..<below(5)).map { _ in identifier(below(14), isMixed: chance(50)) })]
        case 1: return ["$gt": identifier(below(14), isMixed: chance(30))]
        case 2: return ["$lte": identifier(below(14), isMixed: chance(30)), "$ne": .int32(3)]
        default: return identifier(below(14), isMixed: chance(50))
        }
    }

    /// An operand that may be compared with: no undefined, no regular expression.
    func operand() -> BSONValue {
        while true {
            let value = chance(85) ? scalar() : self.value(depth: 1)
            switch value {
            case .undefined, .regex: continue
            default: return value
            }
        }
    }

    /// What a path is held against.
    func condition(depth: Int) -> BSONValue {
        if chance(25) { return chance(90) ? operand() : regex() }
        var operators = Document()
        for _ in 0..<pick([1, 1, 1, 2]) { addOperator(to: &operators, depth: depth) }
        return .document(operators)
    }

    private func addOperator(to operators: inout Document, depth: Int) {
        func add(_ name: String, _ value: BSONValue) {
            if !operators.contains(name) { operators.append(name, value) }
        }
        switch below(34) {
        case 0, 1, 2: add("$eq", operand())
        case 3: add("$ne", operand())
        case 4, 5, 6: add("$gt", operand())
        case 7, 8, 9: add("$gte", operand())
        case 10, 11, 12: add("$lt", operand())
        case 13, 14: add("$lte", operand())
        case 15, 16, 17: add("$in", operands())
        case 18: add("$nin", operands())
        case 19, 20: add("$exists", .bool(chance(50)))
        case 21: add("$type", chance(50) ? type() : .array([type(), type()]))
        case 22: add("$mod", [number(of: [1, 2, 3]), number(of: [0, 1])])
        case 23: add("$size", .int32(Int32(below(4))))
        case 24:
            let pattern = pick(OraclePattern.all)
            guard !operators.contains("$regex") else { return }
            add("$regex", .string(pattern.pattern))
            if !pattern.options.isEmpty { add("$options", .string(pattern.options)) }
        case 25: add(pick(["$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"]), bits())
        case 26: add("$all", .array((0..<below(3)).map { _ in operandOfAll() }))
        case 27: add("$all", .array((0..<(1 + below(2))).map { _ in ["$elemMatch": elementCondition(depth: depth)] }))
        case 28, 29, 30: add("$elemMatch", elementCondition(depth: depth))
        default:
            guard depth < 3 else { return add("$eq", operand()) }
            if chance(15) { return add("$not", regex()) }
            var inner = Document()
            addOperator(to: &inner, depth: depth + 1)
            add("$not", .document(inner.isEmpty ? ["$eq": 1] : inner))
        }
    }

    private func operandOfAll() -> BSONValue {
        let value = chance(90) ? operand() : regex()
        if case .document = value { return .int32(1) }
        return value
    }

    private func elementCondition(depth: Int) -> BSONValue {
        if chance(50) {
            var operators = Document()
            for _ in 0..<(1 + below(2)) { addOperator(to: &operators, depth: depth + 2) }
            return .document(operators.isEmpty ? ["$gt": 1] : operators)
        }
        var fields = Document()
        for name in some(["x", "y"], 1 + below(2)) { fields.append(name, condition(depth: depth + 2)) }
        return .document(fields)
    }

    private func operands() -> BSONValue {
        .array((0..<below(4)).map { _ in chance(93) ? operand() : regex() }.filter { $0.document == nil })
    }

    private func number(of choices: [Int]) -> BSONValue {
        let number = pick(choices)
        return pick([.int32(Int32(number)), .int64(Int64(number)), .double(Double(number))])
    }

    private func type() -> BSONValue {
        pick([
            "double", "string", "object", "array", "binData", "objectId", "bool", "date", "null", "int", "long",
            "decimal", "minKey", "maxKey", "number", 1, 2, 3, 4, 16, -1, 127,
        ])
    }

    private func bits() -> BSONValue {
        if chance(30) { return .array(some([0, 1, 2, 7, 9, 63, 70].map { .int32($0) }, 1 + below(2))) }
        return .int32(Int32(below(8)))
    }

    // MARK: Expressions

    /// An expression that is true or false.
    func condition() -> BSONValue {
        switch below(8) {
        case 0: return ["$and": [condition(), condition()]]
        case 1: return ["$or": [condition(), condition()]]
        case 2: return ["$not": [condition()]]
        default:
            let name = pick(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"])
            return .document(Document(fields: [(name, [expression(), expression()])]))
        }
    }

    func expression() -> BSONValue {
        switch below(14) {
        case 0...6: return .string("$" + pick(["a", "b", "c", "d", "d.x", "d.y", "a.x"]))
        case 7: return ["$ifNull": [.string("$" + pick(Self.fields)), literal()]]
        case 8: return ["$cond": [condition(), .string("$" + pick(Self.fields)), literal()]]
        case 9: return ["$type": .string("$" + pick(Self.fields))]
        case 10: return ["$isArray": .string("$" + pick(Self.fields))]
        default: return literal()
        }
    }

    /// A constant that no expression reads as anything else.
    func literal() -> BSONValue {
        let value = operand()
        switch value {
        case .string, .document, .array: return ["$literal": value]
        default: return value
        }
    }
}
