import SmartStore

// The oracle's filters: the filter's document is read again for each document, operator by operator.

struct OracleFilter {
    let order: OracleOrder

    init(_ collation: Collation? = nil) { order = OracleOrder(collation) }

    /// Whether a document matches.
    func matches(_ filter: Document, _ document: [OracleField]) throws -> Bool {
        for (name, operand) in filter where try !holds(name, operand, document) { return false }
        return true
    }

    private func holds(_ name: String, _ operand: BSONValue, _ document: [OracleField]) throws -> Bool {
        func branches() throws -> [Bool] {
            try (operand.array ?? []).map { try matches($0.document ?? Document(), document) }
        }
        switch name {
        case "$and": return try branches().allSatisfy { $0 }
        case "$or": return try branches().contains(true)
        case "$nor": return try !branches().contains(true)
        case "$comment": return true
        case "$expr": return OracleExpression.isTrue(try OracleExpression(order).evaluate(operand, document))
        default: break
        }
        let steps = name.split(separator: ".").map(String.init)
        func found(_ looksIntoArray: Bool) -> [OracleValue?] {
            Self.values(at: steps[...], in: document, looksIntoArray: looksIntoArray)
        }
        guard let operators = Self.operators(operand) else {
            return try found(true).contains { try equals($0, operand) }
        }
        for (name, operand) in operators {
            if try !holds(name, operand, operators, found) { return false }
        }
        return true
    }

    /// The operators of a document whose first name begins with `$`.
    private static func operators(_ operand: BSONValue) -> Document? {
        guard let document = operand.document, document.keys.first?.hasPrefix("$") == true else { return nil }
        return document
    }

    private func holds(
        _ name: String, _ operand: BSONValue, _ all: Document, _ found: (_ looksIntoArray: Bool) -> [OracleValue?]
    ) throws -> Bool {
        func some(_ test: (OracleValue?) throws -> Bool) rethrows -> Bool { try found(true).contains(where: test) }
        switch name {
        case "$eq": return try some { try equals($0, operand) }
        case "$ne": return try !some { try equals($0, operand) }
        case "$gt", "$gte", "$lt", "$lte": return some { compares($0, name, OracleValue(operand)) }
        case "$in": return try some { value in try (operand.array ?? []).contains { try equals(value, $0) } }
        case "$nin": return try !some { value in try (operand.array ?? []).contains { try equals(value, $0) } }
        case "$exists": return found(false).contains { $0 != nil } == Self.isTrue(operand)
        case "$type": return some { $0.map { Self.isOf($0, operand) } ?? false }
        case "$mod": return some { Self.leaves($0, operand) }
        case "$size": return found(false).contains { $0?.elements?.count == operand.int }
        case "$regex":
            let text = operand.string ?? ""
            let pattern = BSONValue.regex(try BSONRegex(pattern: text, options: all["$options"]?.string ?? ""))
            return try some { try equals($0, pattern) }
        case "$options", "$comment": return true
        case "$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear":
            return some { Self.hasBits($0, name, operand) }
        case "$not":
            guard let inner = operand.document else { return try !some { try equals($0, operand) } }
            for (name, operand) in inner where try !holds(name, operand, inner, found) { return true }
            return false
        case "$all":
            let wanted = operand.array ?? []
            guard !wanted.isEmpty else { return false }
            return try wanted.allSatisfy { element in
                if let inner = element.document, inner.keys.first == "$elemMatch", let operand = inner["$elemMatch"] {
                    return try found(false).contains { try hasElement($0, operand.document ?? Document()) }
                }
                return try some { try equals($0, element) }
            }
        case "$elemMatch": return try found(false).contains { try hasElement($0, operand.document ?? Document()) }
        default: throw OracleRefusal("unknown operator \(name)")
        }
    }

    /// Whether an array has an element that matches: as a value by operators, as a document by other conditions.
    func hasElement(_ value: OracleValue?, _ condition: Document) throws -> Bool {
        guard let elements = value?.elements else { return false }
        return try elements.contains { try isMatch($0, condition) }
    }

    func isMatch(_ element: OracleValue, _ condition: Document) throws -> Bool {
        let first = condition.keys.first ?? ""
        if first.hasPrefix("$"), !["$and", "$or", "$nor", "$comment"].contains(first) {
            for (name, operand) in condition where try !holds(name, operand, condition, { _ in [element] }) {
                return false
            }
            return true
        }
        switch element {
        case .object(let fields): return try matches(condition, fields)
        case .array(let elements):
            let fields = elements.enumerated().map { OracleField(name: String($0.offset), value: $0.element) }
            return try matches(condition, fields)
        case .plain: return false
        }
    }

    // MARK: Paths

    /// What a path leads to: nil for missing.
    static func values(
        at steps: ArraySlice<String>, in document: [OracleField], looksIntoArray: Bool
    ) -> [OracleValue?] {
        guard let step = steps.first, let value = document[step] else { return [nil] }
        let rest = steps.dropFirst()
        guard !rest.isEmpty else {
            guard looksIntoArray, let elements = value.elements else { return [value] }
            return elements.map { Optional($0) } + [value]
        }
        switch value {
        case .object(let inner): return values(at: rest, in: inner, looksIntoArray: looksIntoArray)
        case .array(let elements): return values(at: rest, through: elements, looksIntoArray: looksIntoArray)
        case .plain: return [nil]
        }
    }

    private static func values(
        at steps: ArraySlice<String>, through elements: [OracleValue], looksIntoArray: Bool
    ) -> [OracleValue?] {
        var found: [OracleValue?] = []
        let rest = steps.dropFirst()
        for (place, element) in elements.enumerated() {
            if let inner = element.fields { found += values(at: steps, in: inner, looksIntoArray: looksIntoArray) }
            guard steps.first == String(place) else { continue }
            if rest.isEmpty {
                found.append(element)
            } else if let inner = element.fields {
                found += values(at: rest, in: inner, looksIntoArray: looksIntoArray)
            } else if let inner = element.elements {
                found += values(at: rest, through: inner, looksIntoArray: looksIntoArray)
            }
        }
        return found
    }

    // MARK: Tests

    private func equals(_ value: OracleValue?, _ operand: BSONValue) throws -> Bool {
        if case .regex(let regex) = operand {
            guard let value else { return false }
            switch value {
            case .plain(.string(let text)), .plain(.symbol(let text)): return try OraclePattern.matches(regex, text)
            case .plain(.regex(let other)): return other == regex
            default: return false
            }
        }
        if case .null = operand { return value?.isNothing ?? true }
        guard let value else { return false }
        return order.isEqual(value, OracleValue(operand))
    }

    private func compares(_ value: OracleValue?, _ name: String, _ operand: OracleValue) -> Bool {
        let includesEqual = name == "$gte" || name == "$lte"
        let wantsGreater = name.hasPrefix("$gt")
        switch operand {
        case .plain(.null): return (value?.isNothing ?? true) && includesEqual
        case .plain(.minKey):
            if case .plain(.minKey)? = value { return includesEqual }
            return wantsGreater
        case .plain(.maxKey):
            if case .plain(.maxKey)? = value { return includesEqual }
            return !wantsGreater
        default: break
        }
        guard let value, OracleOrder.rank(value) == OracleOrder.rank(operand) else { return false }
        let result = order.compare(value, operand)
        if Self.isNaN(value) || Self.isNaN(operand) { return result == 0 && includesEqual }
        return result == 0 ? includesEqual : (result > 0) == wantsGreater
    }

    private static func isNaN(_ value: OracleValue) -> Bool {
        switch value {
        case .plain(.double(let number)): number.isNaN
        case .plain(.decimal128(let number)): number.description.hasSuffix("NaN")
        default: false
        }
    }

    private static func isTrue(_ value: BSONValue) -> Bool {
        switch value {
        case .bool(let flag): flag
        case .null, .undefined: false
        default: value.double.map { $0 != 0 } ?? true
        }
    }

    private static let typeNames: [(String, Int)] = [
        ("double", 1), ("string", 2), ("object", 3), ("array", 4), ("binData", 5), ("undefined", 6), ("objectId", 7),
        ("bool", 8), ("date", 9), ("null", 10), ("regex", 11), ("int", 16), ("timestamp", 17), ("long", 18),
        ("decimal", 19), ("minKey", -1), ("maxKey", 127),
    ]

    private static func isOf(_ value: OracleValue, _ operand: BSONValue) -> Bool {
        if case .array(let choices) = operand { return choices.contains { isOf(value, $0) } }
        if operand.string == "number" { return value.isNumber }
        let name =
            operand.string ?? typeNames.first { $0.1 == operand.int }?.0 ?? ""
        return typeName(value) == name
    }

    static func typeName(_ value: OracleValue) -> String {
        switch value {
        case .array: "array"
        case .object: "object"
        case .plain(let value):
            switch value {
            case .double: "double"
            case .string: "string"
            case .binary: "binData"
            case .undefined: "undefined"
            case .objectID: "objectId"
            case .bool: "bool"
            case .date: "date"
            case .null: "null"
            case .regex: "regex"
            case .int32: "int"
            case .timestamp: "timestamp"
            case .int64: "long"
            case .decimal128: "decimal"
            case .minKey: "minKey"
            case .maxKey: "maxKey"
            case .symbol: "symbol"
            default: "?"
            }
        }
    }

    /// The number cut off at its point; nil for what is none or too large.
    private static func whole(_ value: OracleValue?) -> Int64? {
        switch value {
        case .plain(.int32(let number))?: return Int64(number)
        case .plain(.int64(let number))?: return number
        case .plain(.double(let number))?:
            guard number >= -0x1p63, number < 0x1p63 else { return nil }
            return Int64(number)
        case .plain(.decimal128(let number))?:
            if let whole = Int64(number.description) { return whole }
            guard let double = Double(number.description), double.isFinite, abs(double) < 0x1p53 else { return nil }
            return Int64(double)
        default: return nil
        }
    }

    private static func leaves(_ value: OracleValue?, _ operand: BSONValue) -> Bool {
        guard let number = whole(value), let parts = operand.array, parts.count == 2,
            let divisor = whole(OracleValue(parts[0])), let rest = whole(OracleValue(parts[1]))
        else { return false }
        return number % divisor == rest
    }

    private static func hasBits(_ value: OracleValue?, _ name: String, _ operand: BSONValue) -> Bool {
        let positions: [Int] =
            operand.array?.compactMap(\.int) ?? (0..<63).filter { (operand.int ?? 0) >> $0 & 1 == 1 }
        let isSet: (Int) -> Bool
        switch value {
        case .plain(.binary(let binary))?:
            isSet = { $0 / 8 < binary.bytes.count && binary.bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
        case .plain(let number)?:
            guard value?.isNumber == true, let whole = number.int else { return false }
            isSet = { whole >> min($0, 63) & 1 == 1 }
        default: return false
        }
        switch name {
        case "$bitsAllSet": return positions.allSatisfy(isSet)
        case "$bitsAllClear": return !positions.contains(where: isSet)
        case "$bitsAnySet": return positions.contains(where: isSet)
        default: return positions.contains { !isSet($0) }
        }
    }
}

/// The few patterns that are drawn, each in plain words.
enum OraclePattern {
    static let all: [(pattern: String, options: String)] = [
        ("^a", ""), ("^a", "i"), ("b", ""), ("b$", ""), ("^ab", ""), ("^a.b", ""), ("a|b", ""), ("^$", ""), ("B", "i"),
        ("^A", ""),
    ]

    static func matches(_ regex: BSONRegex, _ text: String) throws -> Bool {
        let text = regex.options.contains("i") ? text.lowercased() : text
        let pattern = regex.options.contains("i") ? regex.pattern.lowercased() : regex.pattern
        switch pattern {
        case "^a": return text.hasPrefix("a")
        case "^A": return text.hasPrefix("A")
        case "b": return text.contains("b")
        case "b$": return text.hasSuffix("b") || text.hasSuffix("b\n")
        case "^ab": return text.hasPrefix("ab")
        case "^a.b":
            let letters = Array(text)
            return letters.count >= 3 && letters[0] == "a" && letters[1] != "\n" && letters[2] == "b"
        case "a|b": return text.contains("a") || text.contains("b")
        case "^$": return text.isEmpty
        default: throw OracleUnsure("a pattern without words: \(pattern)")
        }
    }
}
