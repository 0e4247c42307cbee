// Parses a filter's document into a program: documents of conditions and the logical operators.

struct FilterBuilder {
    /// How deep $and, $or, $nor, $not and $elemMatch may nest.
    static let deepest = 100

    let options: QueryOptions
    var program = FilterProgram()

    init(options: QueryOptions) {
        self.options = options
        program.collation = options.collation
    }

    /// Conditions on values, wherever they stand.
    private(set) var leafCount = 0
    /// The paths of all conditions.
    private(set) var paths: Set<String> = []
    /// Whether what is being read is laid on elements of arrays.
    var isInElement = false
    /// Whether there is anything but conditions that must all hold.
    private(set) var hasBranches = false
    /// What holds of every match of the conjunction that is being read.
    var facts = FilterFacts()
    /// What an upsert takes over: the values that the filter says fields are equal to.
    private(set) var equalities: [(path: String, value: BSONValue)] = []
    private var isInUnion = false

    mutating func add(_ node: FilterNode) -> Int {
        switch node {
        case .leaf: leafCount += 1
        case .and: break
        default: hasBranches = true
        }
        program.nodes.append(node)
        return program.nodes.count - 1
    }

    /// One node for several that must all match.
    mutating func all(_ nodes: [Int]) -> Int {
        if nodes.count == 1 { return nodes[0] }
        return add(.and(childRange(nodes)))
    }

    mutating func childRange(_ nodes: [Int]) -> Range<Int> {
        let start = program.children.count
        program.children.append(contentsOf: nodes)
        return start..<program.children.count
    }

    /// The conditions of a whole document. `isTop`: every match fulfils them, so they are facts for a planner.
    mutating func conjunction(_ document: BSONBytes, depth: Int, isTop: Bool) throws(DocumentError) -> Int {
        guard depth < Self.deepest else {
            throw DocumentError(.overflow, "the filter nests deeper than \(Self.deepest) levels")
        }
        var nodes: [Int] = []
        var reader = BSONReader(document)
        while let field = reader.next() {
            if field.name.count > 0 && field.name[0] == UInt8(ascii: "$") {
                if let node = try logical(field, depth: depth, isTop: isTop) { nodes.append(node) }
            } else {
                nodes += try conditions(field, depth: depth, isTop: isTop)
            }
        }
        guard !reader.isMalformed else { throw DocumentError(.invalidBSON, "the filter is not valid BSON") }
        return all(nodes)
    }

    /// A top-level operator; nil for a comment.
    private mutating func logical(
        _ field: BSONField, depth: Int, isTop: Bool
    ) throws(DocumentError) -> Int? {
        let name = field.name.text
        switch name {
        case "$and": return all(try branches(name, field.value, depth: depth, isTop: isTop))
        case "$or":
            // A choice of one is none.
            if Self.isSingle(field.value) { return all(try branches(name, field.value, depth: depth, isTop: isTop)) }
            let nodes = try union(field.value, depth: depth, isTop: isTop)
            return add(.or(childRange(nodes)))
        case "$nor":
            let nodes = try branches(name, field.value, depth: depth, isTop: false)
            return add(.nor(childRange(nodes)))
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

    private mutating func branches(
        _ name: String, _ value: BSONView, depth: Int, isTop: Bool
    ) throws(DocumentError) -> [Int] {
        guard value.type == .array else { throw DocumentError(.badValue, "\(name) must be an array") }
        var nodes: [Int] = []
        var reader = BSONReader(value.bytes)
        while let element = reader.next()?.value {
            guard element.type == .document else { throw Self.branchIsNoDocument }
            nodes.append(try conjunction(element.bytes, depth: depth + 1, isTop: isTop))
        }
        guard !nodes.isEmpty else { throw Self.noBranches }
        return nodes
    }

    /// The branches of `$or`. Each has facts of its own, so that a planner may look each up by an index.
    private mutating func union(_ value: BSONView, depth: Int, isTop: Bool) throws(DocumentError) -> [Int] {
        guard isTop, value.type == .array else { return try branches("$or", value, depth: depth, isTop: false) }
        let (outside, wasInUnion) = (facts, isInUnion)
        isInUnion = true
        defer { isInUnion = wasInUnion }
        var union: [FilterFacts] = []
        var nodes: [Int] = []
        var reader = BSONReader(value.bytes)
        while let element = reader.next()?.value {
            guard element.type == .document else { throw Self.branchIsNoDocument }
            facts = FilterFacts()
            nodes.append(try conjunction(element.bytes, depth: depth + 1, isTop: true))
            union.append(facts)
        }
        guard !nodes.isEmpty else { throw Self.noBranches }
        facts = outside
        facts.unions.append(union)
        return nodes
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

    private mutating func conditions(
        _ field: BSONField, depth: Int, isTop: Bool
    ) throws(DocumentError) -> [Int] {
        let steps = try steps(of: field.name)
        let target = ConditionTarget(steps: steps, path: field.name.text, isTop: isTop)
        if !isInElement { paths.insert(target.path) }
        if Self.isOperatorDocument(field.value) {
            return try operators(field.value.bytes, on: target, depth: depth)
        }
        return [try equality(field.value, on: target)]
    }

    /// Splits a dotted name at its dots; the steps' names are parts of the filter's own bytes.
    private mutating func steps(of name: BSONBytes) throws(DocumentError) -> Range<Int> {
        let path = try FieldPath(name.text)
        let first = program.steps.count
        var start = 0
        for piece in path.pieces {
            let end = start + piece.name.count
            program.steps.append(.init(name: name.slice(start, end), index: piece.index ?? -1))
            start = end + 1
        }
        return first..<program.steps.count
    }

    /// Whether a value is a document of operators: its first name begins with `$` and it is no DBRef.
    static func isOperatorDocument(_ value: BSONView) -> Bool {
        guard value.type == .document else { return false }
        var reader = BSONReader(value.bytes)
        guard let first = reader.next(), first.name.count > 0, first.name[0] == UInt8(ascii: "$") else { return false }
        return !["$ref", "$id", "$db"].contains(first.name.text)
    }

    /// The operators of one document, all on one path.
    mutating func operators(
        _ document: BSONBytes, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> [Int] {
        guard depth < Self.deepest else {
            throw DocumentError(.overflow, "the filter nests deeper than \(Self.deepest) levels")
        }
        var nodes: [Int] = []
        var reader = BSONReader(document)
        while let field = reader.next() {
            let name = field.name.text
            if name == "$regex" || name == "$options" {
                if let node = try pattern(field, in: document, on: target) { nodes.append(node) }
                continue
            }
            nodes.append(try condition(field, on: target, depth: depth))
        }
        guard !reader.isMalformed else { throw DocumentError(.invalidBSON, "the filter is not valid BSON") }
        return nodes
    }

    private mutating func condition(
        _ field: BSONField, on target: ConditionTarget, depth: Int
    ) throws(DocumentError) -> Int {
        let (name, operand) = (field.name.text, field.value)
        if let node = try comparison(name, operand, on: target) { return node }
        if let node = try membership(name, operand, on: target) { return node }
        if let node = try element(name, operand, on: target) { return node }
        if let node = try array(name, operand, on: target, depth: depth) { return node }
        if let node = try bits(name, operand, on: target) { return node }
        if name == "$not" { return try negation(operand, on: target, depth: depth) }
        throw DocumentError(.badValue, "unknown operator: \(name)", path: target.path)
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
        let nodes = try operators(operand.bytes, on: target.negated, depth: depth + 1)
        guard !nodes.isEmpty else { throw DocumentError(.badValue, "$not cannot be empty", path: target.path) }
        let node = all(nodes)
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
    mutating func noteEquality(_ operand: BSONView, on target: ConditionTarget) {
        guard target.isTop, !isInUnion, let value = BSONValue(operand) else { return }
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
