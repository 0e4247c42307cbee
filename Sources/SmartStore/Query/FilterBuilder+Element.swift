// Conditions on what kind of value there is: $exists, $type, $mod.

extension FilterBuilder {
    /// `$exists`.
    mutating func existence(_ operand: BSONView, on target: ConditionTarget) -> Int {
        let wanted = Self.isTrue(operand)
        let node = leaf(.exists, on: target, looksIntoArray: false)
        note(.exists(wanted), on: target)
        return wanted ? node : add(.not(node))
    }

    /// `$mod`.
    mutating func remainder(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        let (divisor, remainder) = try Self.division(operand, target)
        return leaf(.remainder(divisor: divisor, remainder: remainder), on: target)
    }

    /// Everything is true but false, null, undefined and the zeros.
    static func isTrue(_ value: BSONView) -> Bool {
        switch value.type {
        case .bool: value.bytes[0] != 0
        case .null, .undefined: false
        case .decimal128: !value.decimal.isZero
        default: value.double.map { $0 != 0 } ?? true
        }
    }

    /// The types that `$type` names.
    static func types(_ operand: BSONView, _ target: ConditionTarget) throws(DocumentError) -> TypeSet {
        var types = TypeSet()
        if operand.type == .array {
            var reader = BSONReader(operand.bytes)
            while let element = reader.next()?.value { try insertType(element, target, into: &types) }
            if types == TypeSet() {
                throw DocumentError(
                    .failedToParse, "\(target.path) must match at least one type", path: target.path)
            }
        } else {
            try insertType(operand, target, into: &types)
        }
        return types
    }

    private static func insertType(
        _ operand: BSONView, _ target: ConditionTarget, into types: inout TypeSet
    ) throws(DocumentError) {
        if operand.type == .string {
            let name = operand.textBytes.text
            if name == "number" {
                for type in BSONType.allCases where type.isNumber { types.insert(type) }
                return
            }
            guard let type = BSONType.allCases.first(where: { $0.name == name }) else {
                throw DocumentError(.badValue, "Unknown type name alias: \(name)", path: target.path)
            }
            types.insert(type)
            return
        }
        guard operand.type.isNumber else {
            throw DocumentError(
                .typeMismatch, "type must be represented as a number or a string", path: target.path)
        }
        let code = BSONValue(operand)?.int
        guard let code, let tag = Int8(exactly: code), let type = BSONType(rawValue: UInt8(bitPattern: tag)) else {
            let hint = code == 0 ? ". Instead use {$exists:false}." : ""
            throw DocumentError(
                .badValue, "Invalid numerical type code: \(ExtendedJSON.string(BSONValue(operand) ?? .null))\(hint)",
                path: target.path)
        }
        types.insert(type)
    }

    private static func division(
        _ operand: BSONView, _ target: ConditionTarget
    ) throws(DocumentError) -> (divisor: Int64, remainder: Int64) {
        func fault(_ message: String) -> DocumentError { DocumentError(.badValue, message, path: target.path) }
        guard operand.type == .array else { throw fault("malformed mod, needs to be an array") }
        var numbers: [BSONView] = []
        var reader = BSONReader(operand.bytes)
        while let element = reader.next()?.value { numbers.append(element) }
        guard numbers.count >= 2 else { throw fault("malformed mod, not enough elements") }
        guard numbers.count == 2 else { throw fault("malformed mod, too many elements") }
        guard numbers[0].type.isNumber else { throw fault("malformed mod, divisor not a number") }
        guard numbers[1].type.isNumber else { throw fault("malformed mod, remainder not a number") }
        guard let divisor = FilterMatcher.wholeNumber(numbers[0]) else {
            throw fault("malformed mod, divisor value is invalid")
        }
        guard let remainder = FilterMatcher.wholeNumber(numbers[1]) else {
            throw fault("malformed mod, remainder value is invalid")
        }
        guard divisor != 0 else { throw fault("divisor cannot be 0") }
        return (divisor, remainder)
    }

    /// A whole number from 0 on, as operands say it.
    /// - Throws: `failedToParse`.
    static func whole(_ operand: BSONView, named name: String, atMost most: Int = .max) throws(DocumentError) -> Int {
        func fault(_ what: String) -> DocumentError {
            DocumentError(.failedToParse, "\(what): \(name): \(ExtendedJSON.string(BSONValue(operand) ?? .null))")
        }
        guard operand.type.isNumber else { throw fault("Expected a number in") }
        guard let number = BSONValue(operand)?.int else {
            guard let value = operand.double, !value.isNaN else { throw fault("Expected an integer, but found NaN in") }
            throw fault(
                value.rounded() == value ? "Cannot represent as a 64-bit integer" : "Expected an integer")
        }
        guard number >= 0 else { throw fault("Expected a non-negative number in") }
        guard number <= most else { throw fault("Cannot represent in an int") }
        return number
    }
}
