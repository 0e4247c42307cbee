// From the document that an expression is written as to its tree.

struct ExpressionParser {
    /// The operators that the parser knows itself; the others are in ExpressionFunctions.
    static let names: Set<String> = [
        "$and", "$cond", "$const", "$eq", "$expr", "$filter", "$gt", "$gte", "$ifNull", "$let", "$literal", "$lt",
        "$lte", "$map", "$meta", "$ne", "$or", "$reduce", "$switch",
    ]

    /// How deep operators may nest.
    static let deepest = 100

    private(set) var fixed: [BSONValue?] = []
    private var names: [String: Int] = [:]
    private(set) var slotCount: Int

    private let collation: Collation?

    init(options: QueryOptions) throws(DocumentError) {
        collation = options.collation
        slotCount = 0
        for (name, value) in options.variables {
            try Self.checkName(name)
            names[name] = slotCount
            fixed.append(value)
            slotCount += 1
        }
        names["NOW"] = slotCount
        fixed.append(.date(options.now))
        slotCount += 1
    }

    /// User variables begin with a lower-case letter.
    static func checkName(_ name: String) throws(DocumentError) {
        guard let first = name.utf8.first else {
            throw DocumentError(.failedToParse, "empty variable names are not allowed")
        }
        guard (0x61...0x7A).contains(first) || first >= 0x80 || name == "CURRENT" else {
            throw DocumentError(
                .failedToParse, "'\(name)' starts with an invalid character for a user variable name")
        }
        for byte in name.utf8.dropFirst()
        where
            !((0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
            || byte == 0x5F || byte >= 0x80)
        {
            throw DocumentError(.failedToParse, "'\(name)' contains an invalid character for a variable name")
        }
    }

    mutating func parse(_ value: BSONValue, depth: Int) throws(DocumentError) -> ExpressionNode {
        guard depth < Self.deepest else {
            throw DocumentError(.overflow, "the expression nests deeper than \(Self.deepest) levels")
        }
        switch value {
        case .string(let text) where text.hasPrefix("$"): return try reference(text)
        case .array(let elements):
            var nodes: [ExpressionNode] = []
            for element in elements { nodes.append(try parse(element, depth: depth + 1)) }
            let constants = nodes.compactMap(\.constantValue)
            return constants.count == nodes.count ? .constant(.array(constants)) : .array(nodes)
        case .document(let document):
            guard let (first, operand) = document.first(where: { _ in true }), first.hasPrefix("$") else {
                return try object(document, depth: depth)
            }
            guard document.count == 1 else {
                throw DocumentError(
                    .location(15983),
                    "An object representing an expression must have exactly one field: "
                        + ExtendedJSON.string(document))
            }
            return try operation(first, operand, depth: depth + 1)
        default: return .constant(value)
        }
    }

    private mutating func object(_ document: Document, depth: Int) throws(DocumentError) -> ExpressionNode {
        var fields: [(name: String, node: ExpressionNode)] = []
        for (name, value) in document {
            guard !name.contains(".") else {
                throw DocumentError(
                    .location(16412),
                    "FieldPath field names may not contain '.'. Consider using $getField or "
                        + "$setField.", path: name)
            }
            guard !name.hasPrefix("$") else {
                throw DocumentError(.location(16410), "FieldPath field names may not start with '$'.", path: name)
            }
            fields.append((name, try parse(value, depth: depth + 1)))
        }
        return .object(fields)
    }

    /// `$path`, `$$variable` or `$$variable.path`.
    private func reference(_ text: String) throws(DocumentError) -> ExpressionNode {
        guard text.hasPrefix("$$") else {
            guard text.count > 1 else {
                throw DocumentError(.location(16872), "'$' by itself is not a valid FieldPath")
            }
            return .field(try ExpressionPath(String(text.dropFirst())))
        }
        let whole = text.dropFirst(2)
        let name = String(whole.prefix { $0 != "." })
        guard !name.isEmpty else {
            throw DocumentError(.failedToParse, "empty variable names are not allowed")
        }
        let rest = whole.dropFirst(name.count)
        let path = rest.isEmpty ? nil : try ExpressionPath(String(rest.dropFirst()))
        switch name {
        case "ROOT", "CURRENT":
            if names[name] == nil { return path.map { .field($0) } ?? .root }
        case "REMOVE": return .missing
        default: break
        }
        guard let slot = names[name] else {
            throw DocumentError(.location(17276), "Use of undefined variable: \(name)")
        }
        return .variable(slot: slot, path)
    }

    private mutating func bind(_ name: String) -> (slot: Int, before: Int?) {
        let before = names[name]
        names[name] = slotCount
        slotCount += 1
        return (slotCount - 1, before)
    }

    // MARK: Operators

    private mutating func arguments(_ operand: BSONValue, depth: Int) throws(DocumentError) -> [ExpressionNode] {
        guard let elements = operand.array else { return [try parse(operand, depth: depth)] }
        var nodes: [ExpressionNode] = []
        for element in elements { nodes.append(try parse(element, depth: depth)) }
        return nodes
    }

    private mutating func operation(
        _ name: String, _ operand: BSONValue, depth: Int
    ) throws(DocumentError) -> ExpressionNode {
        if let node = try comparison(name, operand, depth: depth) { return node }
        switch name {
        case "$literal", "$const": return .constant(operand)
        case "$expr":
            let nodes = try arguments(operand, depth: depth)
            guard nodes.count == 1 else { throw Self.arity("$expr", "1 arguments", nodes.count) }
            return nodes[0]
        case "$and": return .and(try arguments(operand, depth: depth))
        case "$or": return .or(try arguments(operand, depth: depth))
        case "$cond": return try conditional(operand, depth: depth)
        case "$ifNull":
            let nodes = try arguments(operand, depth: depth)
            guard nodes.count >= 2 else {
                throw DocumentError(
                    .location(1_257_300), "$ifNull needs at least two arguments, had: \(nodes.count)")
            }
            return .firstPresent(nodes)
        case "$meta": return try Self.metadata(operand)
        case "$switch": return try branches(operand, depth: depth)
        case "$let": return try binding(operand, depth: depth)
        case "$filter", "$map", "$reduce": return try iteration(name, operand, depth: depth)
        default: break
        }
        if let named = ExpressionFunctions.named[name] { return try namedCall(name, named, operand, depth: depth) }
        guard let function = ExpressionFunctions.table[name] else {
            if AggregationNames.unbuiltExpressions.contains(name) { throw .notBuilt("the expression '\(name)'") }
            throw DocumentError(.invalidPipelineOperator, "Unrecognized expression '\(name)'")
        }
        let nodes = try arguments(operand, depth: depth)
        if name == "$setEquals", nodes.count < 2 {
            throw DocumentError(
                .location(17045), "$setEquals needs at least two arguments had: \(nodes.count)")
        }
        guard function.arity.contains(nodes.count) else {
            let wanted =
                function.arity.lowerBound == function.arity.upperBound
                ? "exactly \(function.arity.lowerBound) arguments"
                : "at least \(function.arity.lowerBound) arguments, and at most \(function.arity.upperBound)"
            throw Self.arity(name, wanted, nodes.count)
        }
        if let collation, Self.comparing.contains(name) {
            return try folded(.call(function.body, nodes.map { Self.folded($0, collation) }), nodes)
        }
        return try folded(.call(body(of: name, function.body), nodes), nodes)
    }

    /// What an operator does under the query's collation.
    private func body(of name: String, _ usual: @escaping ExpressionNode.Function) -> ExpressionNode.Function {
        guard let collation else { return usual }
        return ExpressionFunctions.body(of: name, collation) ?? usual
    }

    private static func arity(_ name: String, _ wanted: String, _ found: Int) -> DocumentError {
        let text =
            wanted.hasPrefix("at least")
            ? "Expression \(name) takes \(wanted), but \(found) were passed in."
            : "Expression \(name) takes \(wanted). \(found) were passed in."
        return DocumentError(.location(wanted.hasPrefix("at least") ? 28667 : 16020), text)
    }

    /// A call on constants is one.
    private func folded(_ node: ExpressionNode, _ inputs: [ExpressionNode]) throws(DocumentError) -> ExpressionNode {
        guard !inputs.isEmpty, inputs.allSatisfy({ $0.constantValue != nil }) else { return node }
        var frame = ExpressionFrame(root: .empty, slots: fixed, count: slotCount)
        // What fails is left to the evaluation: a branch that is never taken does no harm.
        guard let value = try? node.evaluate(&frame) else { return node }
        return .constant(value)
    }

    private static let comparisons: [String: (Comparison, isNegated: Bool)] = [
        "$eq": (.equal, false), "$ne": (.equal, true), "$lt": (.less, false), "$lte": (.lessOrEqual, false),
        "$gt": (.greater, false), "$gte": (.greaterOrEqual, false),
    ]

    private mutating func comparison(
        _ name: String, _ operand: BSONValue, depth: Int
    ) throws(DocumentError) -> ExpressionNode? {
        guard let (comparison, isNegated) = Self.comparisons[name] else { return nil }
        let nodes = try arguments(operand, depth: depth)
        guard nodes.count == 2 else { throw Self.arity(name, "exactly 2 arguments", nodes.count) }
        guard let collation else { return .comparison(comparison, isNegated: isNegated, nodes[0], nodes[1]) }
        return .comparison(
            comparison, isNegated: isNegated, Self.folded(nodes[0], collation), Self.folded(nodes[1], collation))
    }

    /// A node with the strings of its value as a collation compares them.
    private static func folded(_ node: ExpressionNode, _ collation: Collation) -> ExpressionNode {
        if let value = node.constantValue { return .constant(collation.folded(value)) }
        return .call({ values in values[0].map { collation.folded($0) } }, [node])
    }

    /// Operators whose arguments are compared, with each other or inside of arrays, and come back as no part of the result.
    private static let comparing: Set<String> = [
        "$cmp", "$in", "$indexOfArray", "$setEquals", "$setIsSubset",
    ]

    private mutating func conditional(_ operand: BSONValue, depth: Int) throws(DocumentError) -> ExpressionNode {
        guard let document = operand.document else {
            let nodes = try arguments(operand, depth: depth)
            guard nodes.count == 3 else { throw Self.arity("$cond", "exactly 3 arguments", nodes.count) }
            return .condition(nodes[0], nodes[1], nodes[2])
        }
        for name in document.keys where !["if", "then", "else"].contains(name) {
            throw DocumentError(.location(17083), "Unrecognized parameter to $cond: \(name)")
        }
        func part(_ name: String, _ code: Int) throws(DocumentError) -> BSONValue {
            guard let value = document[name] else {
                throw DocumentError(.location(code), "Missing '\(name)' parameter to $cond")
            }
            return value
        }
        return .condition(
            try parse(part("if", 17080), depth: depth), try parse(part("then", 17081), depth: depth),
            try parse(part("else", 17082), depth: depth))
    }

    private mutating func branches(_ operand: BSONValue, depth: Int) throws(DocumentError) -> ExpressionNode {
        guard let document = operand.document else {
            throw DocumentError(
                .location(40060), "$switch requires an object as an argument, found: \(operand.type.name)")
        }
        for name in document.keys where !["branches", "default"].contains(name) {
            throw DocumentError(.location(40067), "$switch found an unknown argument: \(name)")
        }
        guard let list = document["branches"]?.array else {
            throw DocumentError(.location(40061), "$switch expected an array for 'branches'")
        }
        guard !list.isEmpty else { throw DocumentError(.location(40068), "$switch requires at least one branch.") }
        var branches: [(condition: ExpressionNode, value: ExpressionNode)] = []
        for branch in list {
            guard let branch = branch.document else {
                throw DocumentError(.location(40062), "$switch expected each branch to be an object")
            }
            for name in branch.keys where !["case", "then"].contains(name) {
                throw DocumentError(.location(40063), "$switch found an unknown argument to a branch: \(name)")
            }
            guard let condition = branch["case"] else {
                throw DocumentError(.location(40064), "$switch requires each branch have a 'case' expression")
            }
            guard let value = branch["then"] else {
                throw DocumentError(.location(40065), "$switch requires each branch have a 'then' expression.")
            }
            branches.append((try parse(condition, depth: depth), try parse(value, depth: depth)))
        }
        var otherwise: ExpressionNode?
        if let value = document["default"] { otherwise = try parse(value, depth: depth) }
        return .branches(branches, otherwise: otherwise)
    }

    private mutating func binding(_ operand: BSONValue, depth: Int) throws(DocumentError) -> ExpressionNode {
        guard let document = operand.document else {
            throw DocumentError(.location(16874), "$let only supports an object as its argument")
        }
        for name in document.keys where !["vars", "in"].contains(name) {
            throw DocumentError(.location(16875), "Unrecognized parameter to $let: \(name)")
        }
        guard let variables = document["vars"]?.document else {
            throw DocumentError(.location(16876), "Missing 'vars' parameter to $let")
        }
        guard let body = document["in"] else {
            throw DocumentError(.location(16877), "Missing 'in' parameter to $let")
        }
        var bindings: [(slot: Int, value: ExpressionNode)] = []
        var values: [(String, ExpressionNode)] = []
        for (name, value) in variables {
            try Self.checkName(name)
            values.append((name, try parse(value, depth: depth)))
        }
        let before = names
        for (name, node) in values { bindings.append((bind(name).slot, node)) }
        let inner = try parse(body, depth: depth)
        names = before
        return .binding(bindings, inner)
    }

    private mutating func iteration(
        _ name: String, _ operand: BSONValue, depth: Int
    ) throws(DocumentError) -> ExpressionNode {
        guard let document = operand.document else {
            throw DocumentError(
                .location(name == "$filter" ? 28646 : name == "$map" ? 16878 : 40075),
                "\(name) only supports an object as its argument")
        }
        let known =
            ["$filter": ["input", "as", "cond", "limit"], "$map": ["input", "as", "in"]][name]
            ?? ["input", "initialValue", "in"]
        for field in document.keys where !known.contains(field) {
            throw DocumentError(
                .location(name == "$filter" ? 28647 : name == "$map" ? 16879 : 40076),
                "Unrecognized parameter to \(name): \(field)")
        }
        func part(_ field: String) throws(DocumentError) -> BSONValue {
            guard let value = document[field] else {
                let codes = ["$filter": (28648, 28650), "$map": (16880, 16882)][name] ?? (40077, 40079)
                let code = field == "input" ? codes.0 : field == "initialValue" ? 40078 : codes.1
                throw DocumentError(
                    .location(code),
                    "Missing '\(field)' parameter to \(name)")
            }
            return value
        }
        let input = try parse(part("input"), depth: depth)
        let before = names
        defer { names = before }
        if name == "$reduce" {
            let start = try parse(part("initialValue"), depth: depth)
            let (value, this) = (bind("value").slot, bind("this").slot)
            return .reducing(input, start: start, value: value, this: this, try parse(part("in"), depth: depth))
        }
        let variable = document["as"]?.string ?? "this"
        try Self.checkName(variable)
        var limit: ExpressionNode?
        if let value = document["limit"] { limit = try parse(value, depth: depth) }
        let slot = bind(variable).slot
        if name == "$map" { return .mapping(input, slot: slot, try parse(part("in"), depth: depth)) }
        return .filtering(input, slot: slot, try parse(part("cond"), depth: depth), limit: limit)
    }

    /// An operator whose arguments have names.
    private mutating func namedCall(
        _ name: String, _ function: ExpressionFunctions.Named, _ operand: BSONValue, depth: Int
    ) throws(DocumentError) -> ExpressionNode {
        guard let document = operand.document, document.keys.first?.hasPrefix("$") != true else {
            guard let short = function.short else {
                throw DocumentError(
                    function.codes.map { .location($0.operand) } ?? .failedToParse,
                    "\(name) requires an object as an argument, found: \(operand.type.name)")
            }
            let given = try arguments(operand, depth: depth)
            guard given.count == 1 else { throw Self.arity(name, "exactly 1 arguments", given.count) }
            var nodes = function.names.map { _ in ExpressionNode.missing }
            nodes[short] = given[0]
            if name == "$getField" {
                try Self.checkFieldName(given[0])
                nodes[1] = .root
            }
            return .call(body(of: name, function.body), nodes)
        }
        for field in document.keys where !function.names.contains(field) {
            throw DocumentError(
                function.codes.map { .location($0.unknown) } ?? .failedToParse,
                "Unrecognized argument to \(name): \(field)")
        }
        var nodes: [ExpressionNode] = []
        for (place, field) in function.names.enumerated() {
            guard let value = document[field] else {
                guard place >= function.required else {
                    let code = function.codes.flatMap { place < $0.missing.count ? $0.missing[place] : nil }
                    throw DocumentError(
                        code.map { .location($0) } ?? .failedToParse, "Missing '\(field)' parameter to \(name)")
                }
                nodes.append(name == "$getField" && field == "input" ? .root : .missing)
                continue
            }
            nodes.append(try parse(value, depth: depth))
        }
        if ["$getField", "$setField", "$unsetField"].contains(name) { try Self.checkFieldName(nodes[0]) }
        return .call(body(of: name, function.body), nodes)
    }
}

extension ExpressionParser {
    /// The name that $getField and its like take: a constant text, so that one sees which field is meant.
    private static func checkFieldName(_ node: ExpressionNode) throws(DocumentError) {
        guard let value = node.constantValue else {
            throw DocumentError(
                .location(5_654_600), "'field' must be a constant; a name with a dollar goes into $literal")
        }
        guard value.string != nil else {
            throw DocumentError(
                .location(5_654_602), "'field' must be a string, but is of type \(value.type.name)")
        }
    }

    /// What an expression that reads metadata gives.
    private static func metadata(_ operand: BSONValue) throws(DocumentError) -> ExpressionNode {
        guard let name = operand.string, ["vectorSearchScore", "searchScore"].contains(name) else {
            throw DocumentError(
                .location(17308), "Unsupported argument to $meta: \(ExtendedJSON.string(operand))")
        }
        return .field(ExpressionPath(hidden: VectorScore.field))
    }
}

extension ExpressionNode {
    /// The value of a constant.
    var constantValue: BSONValue? { if case .constant(let value) = self { value } else { nil } }
}
