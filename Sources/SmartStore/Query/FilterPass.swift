// The conditions of a conjunction on a document's fields, tested in one pass over its bytes.
//
// 1. A condition belongs to the field that its path begins with. It is tested when the pass comes to that field; the
//    first that fails ends the pass, and so does the last field that is wanted.
// 2. Fields that the pass did not meet are missing. Of a name that stands twice, the first counts. Damaged bytes end the
//    pass.
// 3. Conditions that may fail with an error, and branches, are left to be tested after the pass, in their order.

final class FilterPass: Sendable {
    /// One condition.
    struct Condition: Sendable {
        let path: FilterPath
        let test: FilterTest
        /// Whether it must not hold.
        let isNegated: Bool
    }

    /// A field with its conditions.
    struct Field: Sendable {
        let name: BSONBytes
        /// The name's first bytes with the NUL behind it, as a number, and the bits of them that count.
        let head: UInt64
        let mask: UInt64
        let conditions: Range<Int>

        init(_ name: BSONBytes, conditions: Range<Int>) {
            var (head, mask): (UInt64, UInt64) = (0, 0)
            for place in 0..<min(8, name.count + 1) {
                head |= UInt64(place < name.count ? name[place] : 0) << UInt64(8 * place)
                mask |= 0xFF << UInt64(8 * place)
            }
            (self.name, self.head, self.mask, self.conditions) = (name, head, mask, conditions)
        }
    }

    let fields: [Field]
    /// Of the first field and the second, which are looked for without a loop. Where there is one field only, the second is
    /// it again: whatever the name, it is never taken for another.
    private let first: (head: UInt64, mask: UInt64)
    private let second: (head: UInt64, mask: UInt64)
    let conditions: [Condition]
    /// Nodes for after the pass.
    let rest: [Int]

    /// Nothing when no condition can be tested in a pass.
    init?(of root: Int, in program: FilterProgram) {
        let nodes: ArraySlice<Int>
        if case .and(let range) = program.nodes[root] {
            nodes = program.children[range]
        } else {
            nodes = [root]
        }
        var rest: [Int] = []
        var fields: [Field] = []
        var conditions: [Condition] = []
        conditions.reserveCapacity(nodes.count)
        for (place, node) in nodes.enumerated() {
            guard let condition = Self.condition(node, in: program) else {
                rest.append(node)
                continue
            }
            let name = Self.name(of: condition, in: program)
            if fields.contains(where: { $0.name.equals(name) }) { continue }
            guard fields.count < 64 else { return nil }
            // All of the field's conditions, one behind the other.
            let start = conditions.count
            conditions.append(condition)
            for other in nodes.dropFirst(place + 1) {
                guard let more = Self.condition(other, in: program), Self.name(of: more, in: program).equals(name)
                else { continue }
                conditions.append(more)
            }
            fields.append(Field(name, conditions: start..<conditions.count))
        }
        guard !fields.isEmpty else { return nil }
        self.fields = fields
        first = (fields[0].head, fields[0].mask)
        second = fields.count > 1 ? (fields[1].head, fields[1].mask) : first
        self.conditions = conditions
        self.rest = rest
    }

    /// The field that a name's first bytes say, or -1. Names of eight bytes and more must be compared whole.
    @inline(__always)
    func field(beginningWith word: UInt64) -> Int {
        if (word ^ first.head) & first.mask == 0 { return 0 }
        if (word ^ second.head) & second.mask == 0 { return 1 }
        return fields.count > 2 ? other(beginningWith: word, from: 2) : -1
    }

    @inline(never)
    func other(beginningWith word: UInt64, from start: Int) -> Int {
        var index = start
        while index < fields.count {
            if (word ^ fields[index].head) & fields[index].mask == 0 { return index }
            index &+= 1
        }
        return -1
    }

    private static func name(of condition: Condition, in program: FilterProgram) -> BSONBytes {
        program.steps[condition.path.steps.lowerBound].name
    }

    private static func condition(_ node: Int, in program: FilterProgram) -> Condition? {
        switch program.nodes[node] {
        case .leaf(let path, let test):
            guard !path.steps.isEmpty, !test.mayFail else { return nil }
            return Condition(path: path, test: test, isNegated: false)
        case .not(let child):
            guard case .leaf(let path, let test) = program.nodes[child], !path.steps.isEmpty, !test.mayFail else {
                return nil
            }
            return Condition(path: path, test: test, isNegated: true)
        default: return nil
        }
    }
}

extension FilterTest {
    /// Whether it may end with an error instead of an answer.
    var mayFail: Bool {
        switch self {
        case .pattern, .elementDocument, .elementValue: true
        default: false
        }
    }
}

extension FilterMatcher {
    /// Whether the document passes everything.
    @inline(__always)
    func matches(_ pass: FilterPass, _ document: BSONBytes) throws(DocumentError) -> Bool {
        guard let missed = try walk(pass, document) else { return false }
        if missed != 0 {
            for index in pass.fields.indices where missed & (1 &<< UInt64(index)) != 0 {
                for condition in pass.fields[index].conditions {
                    if try !holds(pass.conditions[condition], nil) { return false }
                }
            }
        }
        for node in pass.rest {
            if try !matches(node, document) { return false }
        }
        return true
    }

    /// Walks over the fields, and returns which of the wanted it did not meet; nil when a condition failed.
    @inline(__always)
    private func walk(_ pass: FilterPass, _ document: BSONBytes) throws(DocumentError) -> UInt64? {
        var missed = UInt64.max &>> UInt64(64 &- pass.fields.count)
        guard let end = BSONReader.end(of: document) else { return missed }
        var offset = 4
        while offset < end {
            let start = offset &+ 1
            // One load finds the name's end and holds the name against the wanted ones.
            let word = start &+ 8 <= document.count ? document.uint64(at: start) : document.lastBytes(from: start)
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            var nameEnd = start &+ zeros.trailingZeroBitCount &>> 3
            if zeros == 0 {
                guard start &+ 8 <= end, let found = document.firstZero(from: start &+ 8, to: end) else {
                    return missed
                }
                nameEnd = found
            }
            guard nameEnd < end else { return missed }
            let tag = document[offset]
            let valueStart = nameEnd &+ 1
            let valueEnd: Int
            switch tag {
            case 0x10: valueEnd = valueStart &+ 4
            case 0x01, 0x09, 0x11, 0x12: valueEnd = valueStart &+ 8
            case 0x07: valueEnd = valueStart &+ 12
            case 0x08: valueEnd = valueStart &+ 1
            default:
                guard let type = BSONType(tag: tag),
                    let found = BSONReader.valueEnd(type, document, from: valueStart, to: end)
                else { return missed }
                valueEnd = found
            }
            guard valueEnd <= end else { return missed }
            let index = pass.field(beginningWith: word)
            if index >= 0, let type = BSONType(tag: tag) {
                let name = document.slice(start, nameEnd)
                let value = BSONView(type: type, bytes: document.slice(valueStart, valueEnd))
                guard try meets(pass, index, word, name, value, &missed) else { return nil }
                if missed == 0 { return 0 }
            }
            offset = valueEnd
        }
        return missed
    }

    /// Tests the conditions on a field whose name begins as the wanted one of the index does; false when one fails.
    @inline(never)
    private func meets(
        _ pass: FilterPass, _ index: Int, _ word: UInt64, _ name: BSONBytes, _ value: BSONView, _ missed: inout UInt64
    ) throws(DocumentError) -> Bool {
        var index = index
        while pass.fields[index].name.count >= 8, !name.equals(pass.fields[index].name) {
            index = pass.other(beginningWith: word, from: index + 1)
            if index < 0 { return true }
        }
        let bit: UInt64 = 1 &<< UInt64(index)
        guard missed & bit != 0 else { return true }
        missed &= ~bit
        for condition in pass.fields[index].conditions {
            if try !holds(pass.conditions[condition], value) { return false }
        }
        return true
    }

    /// Whether a condition holds of the value of the field that its path begins with; nil: it is missing.
    @inline(__always)
    private func holds(_ condition: FilterPass.Condition, _ value: BSONView?) throws(DocumentError) -> Bool {
        let path = condition.path
        let isFound: Bool
        if path.steps.count == 1 {
            isFound =
                if let value, value.type == .array, path.looksIntoArray {
                    try passesInside(condition.test, value)
                } else {
                    try passes(condition.test, value)
                }
        } else {
            let next = path.steps.lowerBound + 1
            isFound =
                switch value?.type {
                case .document?: try finds(condition.test, path, from: next, in: value?.bytes ?? .empty)
                case .array?: try findsThroughArray(condition.test, path, from: next, in: value?.bytes ?? .empty)
                default: try passes(condition.test, nil)
                }
        }
        return isFound != condition.isNegated
    }
}

extension BSONBytes {
    /// Fewer than eight bytes, up to the end, with zeros behind them.
    fileprivate func lastBytes(from start: Int) -> UInt64 {
        var word: UInt64 = 0
        for place in start..<count { word |= UInt64(self[place]) << UInt64(8 * (place - start)) }
        return word
    }
}
