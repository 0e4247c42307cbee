// Parses a filter's document into a program: documents of conditions and the logical operators.
//
// It runs for each query, so it allocates little: names are read where they lie, operators are told by their bytes, and
// nodes that wait for a common parent stand on one stack.

struct FilterBuilder {
    /// How deep $and, $or, $nor, $not and $elemMatch may nest.
    static let deepest = 100

    let options: QueryOptions
    var program = FilterProgram()

    init(options: QueryOptions) {
        self.options = options
        program.collation = options.collation
        program.nodes.reserveCapacity(4)
        program.steps.reserveCapacity(4)
    }

    /// Conditions on values, wherever they stand.
    private(set) var leafCount = 0
    /// The paths of all conditions, some more than once.
    private(set) var paths: [String] = []
    /// Nodes that are yet to be put under a common one; those of the innermost list last.
    private var pending: [Int] = []
    /// Whether what is being read is laid on elements of arrays.
    var isInElement = false
    /// Whether there is anything but conditions that must all hold.
    private(set) var hasBranches = false
    /// What holds of every match of the conjunction that is being read.
    var facts = FilterFacts()
    /// Whether equalities are noted.
    var notesEqualities = false
    /// What an upsert takes over: the values that the filter says fields are equal to.
    private(set) var equalities: [(path: String, value: BSONValue)] = []
    private var isInUnion = false

    /// The program, which the builder has no more.
    mutating func takeProgram() -> FilterProgram {
        var taken = FilterProgram()
        swap(&taken, &program)
        return taken
    }

    mutating func add(_ node: FilterNode) -> Int {
        switch node {
        case .leaf: leafCount += 1
        case .and: break
        default: hasBranches = true
        }
        program.nodes.append(node)
        return program.nodes.count - 1
    }

    /// How many nodes wait: where a list of its own begins.
    var pendingCount: Int { pending.count }

    /// Puts a node on the list that is being read.
    mutating func push(_ node: Int) { pending.append(node) }

    /// One node for the list that began at `start`, whose nodes must all match.
    mutating func all(since start: Int) -> Int {
        if pending.count == start + 1 { return pending.removeLast() }
        let children = childRange(since: start)
        return add(.and(children))
    }

    /// The nodes of the list that began at `start`, as children of the next node.
    mutating func childRange(since start: Int) -> Range<Int> {
        let first = program.children.count
        program.children.append(contentsOf: pending[start...])
        pending.removeSubrange(start...)
        return first..<program.children.count
    }

    /// The conditions of a whole document. `isTop`: every match fulfils them, so they are facts for a planner.
    mutating func conjunction(_ document: BSONBytes, depth: Int, isTop: Bool) throws(DocumentError) -> Int {
        guard depth < Self.deepest else {
            throw DocumentError(.overflow, "the filter nests deeper than \(Self.deepest) levels")
        }
        let start = pending.count
        var reader = BSONReader(document)
        while let field = reader.next() {
            if field.name.count > 0 && field.name[0] == UInt8(ascii: "$") {
                if let node = try logical(field, depth: depth, isTop: isTop) { push(node) }
            } else {
                try conditions(field, depth: depth, isTop: isTop)
            }
        }
        guard !reader.isMalformed else { throw DocumentError(.invalidBSON, "the filter is not valid BSON") }
        return all(since: start)
    }

    /// A top-level operator; nil for a comment.
    private mutating func logical(
        _ field: BSONField, depth: Int, isTop: Bool
    ) throws(DocumentError) -> Int? {
        let name = field.name.text
        let start = pending.count
        switch name {
        case "$and":
            try branches(name, field.value, depth: depth, isTop: isTop)
            return all(since: start)
        case "$or":
            // A choice of one is none.
            if Self.isSingle(field.value) {
                try branches(name, field.value, depth: depth, isTop: isTop)
                return all(since: start)
            }
            try union(field.value, depth: depth, isTop: isTop)
            let children = childRange(since: start)
            return add(.or(children))
        case "$nor":
            try branches(name, field.value, depth: depth, isTop: false)
            let children = childRange(since: start)
            return add(.nor(children))
        case "$comment": return nil
        case "$expr":
            guard depth == 0 || isTop || !isInElement else {
                throw DocumentError(.badValue, "$expr can only be applied to the top-level document")
            }
            guard let value = BSONValue(field.value) else {
                throw DocumentError(.invalidBSON, "the filter is not valid BSON")
            }
            program.expressions.append(try AggregationExpression(value, options: options))
            return add(.expression(program.expressions.count - 1))
        case "$where", "$text", "$jsonSchema", "$sampleRate":
            throw DocumentError(.badValue, "\(name) is not supported")
        default:
            throw DocumentError(
                .badValue,
                "unknown top level operator: \(name). If you have a field name that starts with a '$' symbol, "
                    + "consider using $getField or $setField.")
        }
    }

    /// The documents of conditions in an array, each as a node on the list.
    private mutating func branches(
        _ name: String, _ value: BSONView, depth: Int, isTop: Bool
    ) throws(DocumentError) {
        guard value.type == .array else { throw DocumentError(.badValue, "\(name) must be an array") }
        let start = pending.count
        var reader = BSONReader(value.bytes)
        while let element = reader.next()?.value {
            guard element.type == .document else { throw Self.branchIsNoDocument }
            push(try conjunction(element.bytes, depth: depth + 1, isTop: isTop))
        }
        guard pending.count > start else { throw Self.noBranches }
    }

    /// The branches of `$or`. Each has facts of its own, so that a planner may look each up by an index.
    private mutating func union(_ value: BSONView, depth: Int, isTop: Bool) throws(DocumentError) {
        guard isTop, value.type == .array else { return try branches("$or", value, depth: depth, isTop: false) }
        let start = pending.count
        let (outside, wasInUnion) = (facts, isInUnion)
        isInUnion = true
        defer { isInUnion = wasInUnion }
        var union: [FilterFacts] = []
        var reader = BSONReader(value.bytes)
        while let element = reader.next()?.value {
            guard element.type == .document else { throw Self.branchIsNoDocument }
            facts = FilterFacts()
            push(try conjunction(element.bytes, depth: depth + 1, isTop: true))
            union.append(facts)
        }
        guard pending.count > start else { throw Self.noBranches }
        facts = outside
        facts.unions.append(union)
    }

    /// Whether an array has exactly one element.
    private static func isSingle(_ value: BSONView) -> Bool {
        guard value.type == .array else { return false }
        var reader = BSONReader(value.bytes)
        return reader.next() != nil && reader.next() == nil
    }

    private static var branchIsNoDocument: DocumentError {
        DocumentError(.badValue, "$or/$and/$nor entries need to be full objects")
    }

    private static var noBranches: DocumentError {
        DocumentError(.badValue, "$and/$or/$nor must be a nonempty array")
    }

    // MARK: Conditions on a path

    /// The conditions on one path, as nodes on the list.
    private mutating func conditions(_ field: BSONField, depth: Int, isTop: Bool) throws(DocumentError) {
        let steps = try steps(of: field.name)
        let target = ConditionTarget(steps: steps, path: field.name.text, isTop: isTop)
        if !isInElement { paths.append(target.path) }
        if Self.isOperatorDocument(field.value) {
            try operators(field.value.bytes, on: target, depth: depth)
        } else {
            push(try equality(field.value, on: target))
        }
    }

    /// Splits a dotted name at its dots; the steps' names are parts of the filter's own bytes.
    private mutating func steps(of name: BSONBytes) throws(DocumentError) -> Range<Int> {
        let first = program.steps.count
        var (start, end) = (0, 0)
        while true {
            while end < name.count, name[end] != UInt8(ascii: ".") { end &+= 1 }
            let piece = name.slice(start, end)
            program.steps.append(.init(name: piece, index: Self.arrayIndex(piece)))
            guard end < name.count else { break }
            end &+= 1
            start = end
        }
        guard program.steps.count - first <= FieldPath.longest else {
            throw DocumentError(.overflow, "FieldPath is too long")
        }
        return first..<program.steps.count
    }

    /// The array index that a name could also mean, as a `FieldPath` takes it; -1: none.
    private static func arrayIndex(_ name: BSONBytes) -> Int {
        guard name.count > 0, name.count <= 9, name.count == 1 || name[0] != UInt8(ascii: "0") else { return -1 }
        var index = 0
        for place in 0..<name.count {
            let digit = name[place]
            guard (0x30...0x39).contains(digit) else { return -1 }
            index = index &* 10 &+ Int(digit &- 0x30)
        }
        return index
    }

    /// Whether a value is a document of operators: its first name begins with `$` and it is no DBRef.
    static func isOperatorDocument(_ value: BSONView) -> Bool {
        guard value.type == .document else { return false }
        var reader = BSONReader(value.bytes)
        guard let first = reader.next()?.name, first.count > 0, first[0] == UInt8(ascii: "$") else { return false }
        guard first.count == 3 || first.count == 4 else { return true }
        switch first.text {
        case "$ref", "$id", "$db": return false
        default: return true
        }
    }

    /// The operators of one document, all on one path, as nodes on the list.
    mutating func operators(
        _ document: BSONBytes, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) {
        guard depth < Self.deepest else {
            throw DocumentError(.overflow, "the filter nests deeper than \(Self.deepest) levels")
        }
        var reader = BSONReader(document)
        while let field = reader.next() {
            guard let name = FilterOperator(field.name) else {
                throw DocumentError(.badValue, "unknown operator: \(field.name.text)", path: target.path)
            }
            if name == .regex || name == .options {
                if let node = try pattern(name, in: document, on: target) { push(node) }
            } else {
                push(try condition(name, field.value, on: target, depth: depth))
            }
        }
        guard !reader.isMalformed else { throw DocumentError(.invalidBSON, "the filter is not valid BSON") }
    }

    private mutating func condition(
        _ name: FilterOperator, _ operand: BSONView, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> Int {
        switch name {
        case .equal: try comparison(.equal, operand, on: target)
        case .less: try comparison(.less, operand, on: target)
        case .lessOrEqual: try comparison(.lessOrEqual, operand, on: target)
        case .greater: try comparison(.greater, operand, on: target)
        case .greaterOrEqual: try comparison(.greaterOrEqual, operand, on: target)
        case .notEqual: try inequality(operand, on: target)
        case .oneOf, .noneOf: try membership(name, operand, on: target)
        case .exists: existence(operand, on: target)
        case .type: leaf(.type(try Self.types(operand, target)), on: target)
        case .remainder: try remainder(operand, on: target)
        case .size: try size(operand, on: target)
        case .every: try every(operand, on: target, depth: depth)
        case .elementMatch: try elementMatch(operand, on: target, depth: depth)
        case .bitsAllSet: try bits(.allSet, name, operand, on: target)
        case .bitsAllClear: try bits(.allClear, name, operand, on: target)
        case .bitsAnySet: try bits(.anySet, name, operand, on: target)
        case .bitsAnyClear: try bits(.anyClear, name, operand, on: target)
        case .not: try negation(operand, on: target, depth: depth)
        // Both are read together, from their document.
        case .regex, .options: throw DocumentError(.badValue, "unknown operator: \(name.rawValue)", path: target.path)
        }
    }

    private mutating func negation(
        _ operand: BSONView, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> Int {
        guard operand.type == .document else {
            if operand.type == .regex {
                let node = try pattern(operand, on: target.negated)
                return add(.not(node))
            }
            throw DocumentError(.badValue, "$not needs a regex or a document", path: target.path)
        }
        let start = pending.count
        try operators(operand.bytes, on: target.negated, depth: depth + 1)
        guard pending.count > start else { throw DocumentError(.badValue, "$not cannot be empty", path: target.path) }
        let node = all(since: start)
        return add(.not(node))
    }

    /// Adds the condition that a value at the path passes a test.
    mutating func leaf(_ test: FilterTest, on target: ConditionTarget, looksIntoArray: Bool = true) -> Int {
        add(.leaf(FilterPath(steps: target.steps, looksIntoArray: looksIntoArray), test))
    }

    /// Notes a fact for the planner, if every match fulfils it.
    mutating func note(_ kind: @autoclosure () -> FilterConstraint.Kind?, on target: ConditionTarget) {
        guard target.isTop, let kind = kind() else { return }
        // At a number an index has the element of that place, and not what its neighbours lack as fields of that name.
        if kind.allowsMissing, program.steps[target.steps].contains(where: { $0.index >= 0 }) { return }
        facts.constraints.append(FilterConstraint(path: target.path, kind: kind))
    }

    /// Notes an equality for upserts, if every match fulfils it by itself.
    mutating func noteEquality(_ value: BSONValue, on target: ConditionTarget) {
        guard notesEqualities, target.isTop, !isInUnion else { return }
        equalities.append((target.path, value))
    }
}

/// What conditions are laid on.
struct ConditionTarget {
    /// The path's steps in the program; none for the value itself within `$elemMatch`.
    let steps: Range<Int>
    let path: String
    /// Whether every match of the filter fulfils the condition.
    let isTop: Bool

    var negated: ConditionTarget { ConditionTarget(steps: steps, path: path, isTop: false) }
}
