// Evaluates a compiled filter on a document's bytes.
//
// How a path finds values (MongoDB's rules):
// 1. Through documents by name. A name that is missing, or that should lead on through a value that is neither document
//    nor array, finds "missing".
// 2. At an array before the path's end, every element that is a document is searched with the rest of the path; others
//    find nothing. When the next step is a number, the element at that index is followed as well.
// 3. An array at the path's end offers each of its elements, then itself. An element picked by its index offers only
//    itself.
// A condition holds when one of the values found passes the test.

/// A class, so that copies of a filter are cheap.
final class FilterMatcher: Sendable {
    let program: FilterProgram
    private let root: Int
    private let pass: FilterPass?

    init(program: FilterProgram, root: Int) {
        self.program = program
        self.root = root
        pass = FilterPass(of: root, in: program)
    }

    /// Whether the document matches.
    @inline(__always)
    func matches(_ document: BSONBytes) throws(DocumentError) -> Bool {
        guard let pass else { return try matches(root, document) }
        return try matches(pass, document)
    }

    /// Whether a node matches a document.
    func matches(_ node: Int, _ document: BSONBytes) throws(DocumentError) -> Bool {
        switch program.nodes[node] {
        case .and(let range):
            for child in range {
                if try !matches(program.children[child], document) { return false }
            }
            return true
        case .or(let range):
            for child in range {
                if try matches(program.children[child], document) { return true }
            }
            return false
        case .nor(let range):
            for child in range {
                if try matches(program.children[child], document) { return false }
            }
            return true
        case .not(let child): return try !matches(child, document)
        case .expression(let index): return try program.expressions[index].isTrue(document)
        case .leaf(let path, let test): return try finds(test, path, from: path.steps.lowerBound, in: document)
        }
    }

    /// Whether a node whose path has no steps matches a value.
    private func matches(_ node: Int, value: BSONView) throws(DocumentError) -> Bool {
        switch program.nodes[node] {
        case .and(let range):
            for child in range {
                if try !matches(program.children[child], value: value) { return false }
            }
            return true
        case .or(let range):
            for child in range {
                if try matches(program.children[child], value: value) { return true }
            }
            return false
        case .nor(let range):
            for child in range {
                if try matches(program.children[child], value: value) { return false }
            }
            return true
        case .not(let child): return try !matches(child, value: value)
        case .expression: return false
        case .leaf(_, let test): return try passes(test, value)
        }
    }

    // MARK: Paths

    func finds(
        _ test: FilterTest, _ path: FilterPath, from first: Int, in document: BSONBytes
    ) throws(DocumentError) -> Bool {
        var step = first
        var bytes = document
        while true {
            guard let value = bytes.field(program.steps[step].name) else { return try passes(test, nil) }
            step += 1
            if step == path.steps.upperBound {
                return value.type == .array && path.looksIntoArray
                    ? try passesInside(test, value) : try passes(test, value)
            }
            switch value.type {
            case .document: bytes = value.bytes
            case .array: return try findsThroughArray(test, path, from: step, in: value.bytes)
            default: return try passes(test, nil)
            }
        }
    }

    func passesInside(_ test: FilterTest, _ array: BSONView) throws(DocumentError) -> Bool {
        var reader = BSONReader(array.bytes)
        while let element = reader.next() {
            if try passes(test, element.value) { return true }
        }
        return try passes(test, array)
    }

    func findsThroughArray(
        _ test: FilterTest, _ path: FilterPath, from step: Int, in array: BSONBytes
    ) throws(DocumentError) -> Bool {
        let wanted = program.steps[step].index
        let isLast = step + 1 == path.steps.upperBound
        var reader = BSONReader(array)
        var index = 0
        while let element = reader.next()?.value {
            if element.type == .document, try finds(test, path, from: step, in: element.bytes) { return true }
            if index == wanted {
                if isLast {
                    if try passes(test, element) { return true }
                } else if element.type == .document {
                    if try finds(test, path, from: step + 1, in: element.bytes) { return true }
                } else if element.type == .array {
                    if try findsThroughArray(test, path, from: step + 1, in: element.bytes) { return true }
                }
            }
            index += 1
        }
        return false
    }

    // MARK: Tests

    /// Whether a value passes; nil is a missing one.
    @inline(__always)
    func passes(_ test: FilterTest, _ value: BSONView?) throws(DocumentError) -> Bool {
        switch test {
        case .compare(let comparison, let operand): compare(value, comparison, operand)
        case .oneOf(let range, let matchesMissing):
            value.map { isOneOf($0, range) || (matchesMissing && $0.type == .undefined) } ?? matchesMissing
        case .collated(let comparison, let index): collated(value, comparison, program.values[index])
        case .collatedOneOf(let range, let matchesMissing):
            if let value {
                (matchesMissing && value.type == .undefined)
                    || range.contains { collated(value, .equal, program.values[$0]) }
            } else {
                matchesMissing
            }
        case .pattern(let index):
            if let value { try matches(program.patterns[index], value) } else { false }
        case .bits(let test, let index): value.map { holds(test, program.bits[index], $0) } ?? false
        case .exists: value != nil
        case .type(let types): value.map { types.contains($0.type) } ?? false
        case .size(let count): value.map { $0.type == .array && has($0.bytes, count) } ?? false
        case .remainder(let divisor, let remainder):
            value.flatMap { Self.wholeNumber($0) }.map { $0.remainder(dividingBy: divisor) == remainder } ?? false
        case .elementDocument(let node):
            if let value { try hasElement(value, matching: node) } else { false }
        case .elementValue(let range):
            if let value { try hasElement(value, passing: range) } else { false }
        }
    }

    private func collated(_ value: BSONView?, _ comparison: Comparison, _ operand: BSONValue) -> Bool {
        guard let collation = program.collation, let value, let decoded = BSONValue(value) else {
            return operand.withView { compare(value, comparison, $0) }
        }
        return collation.folded(decoded).withView { folded in operand.withView { compare(folded, comparison, $0) } }
    }

    private func matches(_ pattern: RegularExpression, _ value: BSONView) throws(DocumentError) -> Bool {
        switch value.type {
        case .string, .symbol: return try pattern.matches(value.textBytes)
        case .regex:
            guard let parts = value.regexParts else { return false }
            return parts.pattern.text == pattern.pattern && parts.options.text == pattern.options
        default: return false
        }
    }

    private func holds(_ test: BitTest, _ positions: [Int], _ value: BSONView) -> Bool {
        let bit: (Int) -> Bool
        switch value.type {
        case .binary:
            let payload = value.payload
            bit = { $0 / 8 < payload.count && payload[$0 / 8] >> ($0 % 8) & 1 == 1 }
        case .int32, .int64, .double, .decimal128:
            guard let number = BSONValue(value)?.int else { return false }
            // Negative numbers go on with their sign.
            bit = { number >> min($0, 63) & 1 == 1 }
        default: return false
        }
        switch test {
        case .allSet: return positions.allSatisfy(bit)
        case .allClear: return positions.allSatisfy { !bit($0) }
        case .anySet: return positions.contains(where: bit)
        case .anyClear: return positions.contains { !bit($0) }
        }
    }

    /// Values compare within their class only; missing is like null; MinKey and MaxKey compare with everything.
    @inline(__always)
    private func compare(_ value: BSONView?, _ comparison: Comparison, _ operand: BSONView) -> Bool {
        if let value, value.type == .int32, operand.type == .int32 {
            let (left, right) = (value.bytes.int32(at: 0), operand.bytes.int32(at: 0))
            return switch comparison {
            case .equal: left == right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
        let operandClass = operand.type.orderClass
        guard let value, value.type != .undefined, value.type.orderClass == operandClass else {
            return compareAcross(value, comparison, operand.type)
        }
        if operandClass == .number {
            let (left, right) = (Self.isNaN(value), Self.isNaN(operand))
            if left || right {
                return left && right && comparison != .less && comparison != .greater
            }
        }
        let order = ValueOrder.compare(value, operand)
        switch comparison {
        case .equal: return order == 0
        case .less: return order < 0
        case .lessOrEqual: return order <= 0
        case .greater: return order > 0
        case .greaterOrEqual: return order >= 0
        }
    }

    private func compareAcross(_ value: BSONView?, _ comparison: Comparison, _ operand: BSONType) -> Bool {
        let isNothing = value == nil || value?.type == .undefined
        switch operand {
        case .null: return isNothing && comparison != .less && comparison != .greater
        case .minKey: return comparison == .greater || comparison == .greaterOrEqual
        case .maxKey: return comparison == .less || comparison == .lessOrEqual
        default: return false
        }
    }

    private static func isNaN(_ value: BSONView) -> Bool {
        switch value.type {
        case .double: value.bytes.double(at: 0).isNaN
        case .decimal128: value.decimal.isNaN
        default: false
        }
    }

    /// Binary search among the sorted operands.
    private func isOneOf(_ value: BSONView, _ range: Range<Int>) -> Bool {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            let order = ValueOrder.compare(program.operands[middle], value)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private func has(_ array: BSONBytes, _ count: Int) -> Bool {
        var reader = BSONReader(array)
        var left = count
        while reader.next() != nil {
            if left == 0 { return false }
            left -= 1
        }
        return left == 0
    }

    /// The number rounded toward zero; nil for what is no number, or fits no 64 bits.
    static func wholeNumber(_ value: BSONView) -> Int64? {
        switch value.type {
        case .int32: Int64(value.bytes.int32(at: 0))
        case .int64: value.bytes.int64(at: 0)
        case .double: Int64(exactly: value.bytes.double(at: 0).rounded(.towardZero))
        case .decimal128: value.decimal.int64
        default: nil
        }
    }

    private func hasElement(_ value: BSONView, matching node: Int) throws(DocumentError) -> Bool {
        guard value.type == .array else { return false }
        var reader = BSONReader(value.bytes)
        while let element = reader.next()?.value {
            if element.isContainer, try matches(node, element.bytes) { return true }
        }
        return false
    }

    private func hasElement(_ value: BSONView, passing range: Range<Int>) throws(DocumentError) -> Bool {
        guard value.type == .array else { return false }
        var reader = BSONReader(value.bytes)
        next: while let element = reader.next()?.value {
            for child in range {
                if try !matches(program.children[child], value: element) { continue next }
            }
            return true
        }
        return false
    }
}

extension Int64 {
    /// The remainder with the sign of the dividend, also for the one quotient that does not fit.
    fileprivate func remainder(dividingBy divisor: Int64) -> Int64 { divisor == -1 ? 0 : self % divisor }
}
