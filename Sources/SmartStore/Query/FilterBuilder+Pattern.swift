// Regular expressions and tests of bits.

extension FilterBuilder {
    /// `$regex` with its `$options`; nil for the one of the two that the other has taken care of.
    mutating func pattern(
        _ name: FilterOperator, in document: BSONBytes, on target: ConditionTarget
    ) throws(DocumentError) -> Int? {
        var (pattern, given): (BSONView?, BSONView?)
        var reader = BSONReader(document)
        while let other = reader.next() {
            if other.name.text == "$regex" { pattern = other.value }
            if other.name.text == "$options" { given = other.value }
        }
        guard let pattern else { throw DocumentError(.badValue, "$options needs a $regex", path: target.path) }
        if name == .options { return nil }
        var options = ""
        if let given {
            guard given.type == .string else {
                throw DocumentError(.badValue, "$options has to be a string", path: target.path)
            }
            options = given.textBytes.text
        }
        switch pattern.type {
        case .string: return try self.pattern(pattern.textBytes.text, options, on: target)
        case .regex:
            guard let parts = pattern.regexParts else {
                throw DocumentError(.invalidBSON, "the filter is not valid BSON")
            }
            let own = parts.options.text
            guard own.isEmpty || options.isEmpty else {
                throw DocumentError(
                    .location(51075), "options set in both $regex and $options", path: target.path)
            }
            return try self.pattern(parts.pattern.text, own.isEmpty ? options : own, on: target)
        default: throw DocumentError(.badValue, "$regex has to be a string", path: target.path)
        }
    }

    /// A regular expression as a value.
    mutating func pattern(_ operand: BSONView, on target: ConditionTarget) throws(DocumentError) -> Int {
        guard let parts = operand.regexParts else {
            throw DocumentError(.invalidBSON, "the filter is not valid BSON")
        }
        return try pattern(parts.pattern.text, parts.options.text, on: target)
    }

    private mutating func pattern(
        _ pattern: String, _ options: String, on target: ConditionTarget
    ) throws(DocumentError) -> Int {
        let expression = try RegularExpression(pattern: pattern, options: options)
        program.patterns.append(expression)
        if let prefix = expression.literalPrefix { note(.prefix(prefix.text), on: target) }
        return leaf(.pattern(program.patterns.count - 1), on: target)
    }

    // MARK: Bits

    /// One of the four tests of bits.
    mutating func bits(
        _ test: BitTest, _ name: FilterOperator, _ operand: BSONView, on target: ConditionTarget
    ) throws(DocumentError) -> Int {
        program.bits.append(try Self.positions(operand, name.rawValue, target))
        return leaf(.bits(test, program.bits.count - 1), on: target)
    }

    /// The positions that a mask, a binary or a list of positions names.
    private static func positions(
        _ operand: BSONView, _ name: String, _ target: ConditionTarget
    ) throws(DocumentError) -> [Int] {
        func fault(_ message: String) -> DocumentError { DocumentError(.badValue, message, path: target.path) }
        switch operand.type {
        case .array:
            var positions: Set<Int> = []
            var reader = BSONReader(operand.bytes)
            while let element = reader.next() {
                do throws(DocumentError) {
                    positions.insert(
                        try whole(element.value, named: element.name.text, atMost: Int(Int32.max)))
                } catch {
                    throw fault("Failed to parse bit position. \(error.message)")
                }
            }
            return positions.sorted()
        case .binary:
            let payload = operand.payload
            return (0..<payload.count * 8).filter { payload[$0 / 8] >> ($0 % 8) & 1 == 1 }
        default:
            guard operand.type.isNumber else {
                throw fault(
                    "\(target.path) takes an Array, a number, or a BinData but received: "
                        + ExtendedJSON.string(BSONValue(operand) ?? .null))
            }
            let mask: Int
            do throws(DocumentError) { mask = try whole(operand, named: name) } catch {
                throw DocumentError(error.code, error.message, path: target.path)
            }
            return (0..<63).filter { mask >> $0 & 1 == 1 }
        }
    }
}
