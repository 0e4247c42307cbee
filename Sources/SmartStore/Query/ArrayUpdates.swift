// The array modifiers that have operands of their own: $push with its clauses, $pull and $pullAll.

/// `$push`: inserts at a position, then sorts, then keeps a part.
struct ArrayPush: Sendable {
    /// How the array is sorted after the insertion.
    enum Order: Sendable {
        case values(descending: Bool, Collation?)
        case documents(SortSpec)
    }

    private var values: [BSONValue] = []
    private var position: Int?
    private var slice: Int?
    private var order: Order?

    /// Reads the operand of `$push`: a value, or a document with `$each` and other clauses.
    init(_ operand: BSONValue, path: FieldPath, collation: Collation?) throws(DocumentError) {
        guard case .document(let clauses) = operand, clauses.contains("$each") else {
            values = [operand]
            return
        }
        for (name, value) in clauses {
            switch name {
            case "$each": values = try Self.each(value, in: "$push", path)
            case "$position": position = try Self.whole(name, value, path)
            case "$slice": slice = try Self.whole(name, value, path)
            case "$sort": order = try Self.order(value, path, collation)
            default:
                throw DocumentError(.badValue, "Unrecognized clause in $push: \(name)", path: path.text)
            }
        }
    }

    /// The elements of a `$each`.
    static func each(
        _ value: BSONValue, in operation: String, _ path: FieldPath
    ) throws(DocumentError) -> [BSONValue] {
        guard case .array(let values) = value else {
            throw DocumentError(
                operation == "$push" ? .badValue : .typeMismatch,
                "The argument to $each in \(operation) must be an array but it was of type: \(value.type.name)",
                path: path.text)
        }
        return values
    }

    private static func whole(
        _ name: String, _ value: BSONValue, _ path: FieldPath
    ) throws(DocumentError) -> Int {
        guard value.type.isNumber, let number = value.int else {
            throw DocumentError(
                .badValue, "The value for \(name) must be an integer value but was given type: \(value.type.name)",
                path: path.text)
        }
        return number
    }

    private static func order(
        _ value: BSONValue, _ path: FieldPath, _ collation: Collation?
    ) throws(DocumentError) -> Order {
        func fault(_ message: String) -> DocumentError { DocumentError(.badValue, message, path: path.text) }
        func isDirection(_ value: BSONValue) -> Bool { value.int == 1 || value.int == -1 }
        if case .document(let pattern) = value {
            guard !pattern.isEmpty else {
                throw fault("The $sort pattern is empty when it should be a set of fields.")
            }
            for (name, direction) in pattern {
                guard isDirection(direction) else { throw fault("The $sort element value must be either 1 or -1") }
                guard !name.isEmpty else { throw fault("The $sort field cannot be empty") }
                guard !name.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
                    throw fault("The $sort field is a dotted field but has an empty part: \(name)")
                }
            }
            return .documents(try SortSpec(pattern, collation: collation))
        }
        guard value.type.isNumber else {
            throw fault(
                "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields")
        }
        guard isDirection(value) else { throw fault("The $sort element value must be either 1 or -1") }
        return .values(descending: value.int == -1, collation)
    }

    /// The array after the push.
    func apply(to elements: [BSONValue]) throws(DocumentError) -> [BSONValue] {
        var result = elements
        var place = position ?? result.count
        if place < 0 { place = max(0, result.count &+ place) }
        result.insert(contentsOf: values, at: min(place, result.count))
        switch order {
        case nil: break
        case .values(let descending, let collation)?:
            let before = descending ? 1 : -1
            result = Self.sorted(result) { a, b in
                (collation?.compare(a, b) ?? ValueOrder.compare(a, b)) == before
            }
        case .documents(let spec)?:
            result = try Self.sorted(result, by: spec)
        }
        if let slice {
            result = Array(slice >= 0 ? result.prefix(slice) : result.suffix(slice == .min ? .max : -slice))
        }
        return result
    }

    private static func sorted(_ values: [BSONValue], _ isBefore: (BSONValue, BSONValue) -> Bool) -> [BSONValue] {
        values.enumerated().sorted { a, b in
            if isBefore(a.element, b.element) { return true }
            if isBefore(b.element, a.element) { return false }
            return a.offset < b.offset
        }.map(\.element)
    }

    /// Sorts by fields; what is no document counts as one without fields.
    private static func sorted(_ values: [BSONValue], by spec: SortSpec) throws(DocumentError) -> [BSONValue] {
        var keyed: [(key: [UInt8], value: BSONValue)] = []
        for value in values { keyed.append((try spec.key(of: value.document ?? Document()), value)) }
        return keyed.enumerated().sorted { a, b in
            a.element.key == b.element.key
                ? a.offset < b.offset : a.element.key.lexicographicallyPrecedes(b.element.key)
        }.map(\.element.value)
    }
}

/// `$pull` and `$pullAll`: which elements go.
struct ArrayPull: Sendable {
    private enum Condition: Sendable {
        /// Equal to one of these.
        case values([BSONValue], Collation?)
        /// Documents that match.
        case documents(Filter)
        /// Elements that match as the field `""` of a document.
        case elements(Filter)
    }

    private let condition: Condition

    /// The operand of `$pull`: operators, a filter on documents, or a value.
    init(pulling operand: BSONValue, options: QueryOptions) throws(DocumentError) {
        switch operand {
        case .regex: condition = .elements(try Filter(["": operand], options: options))
        case .document(let document):
            // Operators that join whole filters are conditions on documents, as names are.
            let joins: Set<String> = ["$and", "$or", "$nor", "$comment"]
            guard document.keys.first != "$expr" else {
                throw DocumentError(.location(224), "$expr is not allowed in this context")
            }
            if operand.withView({ FilterBuilder.isOperatorDocument($0) }), !joins.contains(document.keys.first ?? "") {
                condition = .elements(try Filter(["": operand], options: options))
            } else {
                condition = .documents(try Filter(document, options: options))
            }
        default: condition = .values([operand], options.collation)
        }
    }

    /// The operand of `$pullAll`.
    init(pullingAll values: [BSONValue], collation: Collation?) { condition = .values(values, collation) }

    /// What is left; nil when nothing goes.
    func apply(to array: BSONView) throws(DocumentError) -> [BSONValue]? {
        var left: [BSONValue] = []
        var found = false
        var reader = BSONReader(array.bytes)
        while let element = reader.next()?.value {
            if try goes(element) {
                found = true
            } else if let value = BSONValue(element) {
                left.append(value)
            }
        }
        return found ? left : nil
    }

    private func goes(_ element: BSONView) throws(DocumentError) -> Bool {
        switch condition {
        case .values(let values, let collation):
            if let collation, let present = BSONValue(element) {
                return values.contains { collation.compare($0, present) == 0 }
            }
            return values.contains { value in value.withView { ValueOrder.compare($0, element) == 0 } }
        case .documents(let filter): return try element.type == .document ? filter.matches(element.bytes) : false
        case .elements(let filter):
            var writer = BSONWriter(byteCountHint: element.bytes.count + 16)
            writer.append("", element)
            return try BSONBytes.with(writer.finish()) { bytes throws(DocumentError) in try filter.matches(bytes) }
        }
    }
}
