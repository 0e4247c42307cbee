// Conditions on a field. Each is one operator of MongoDB's query language, with its meaning: a comparison holds for
// an array when it holds for one of its elements, and compares only values of one kind.

extension Field where Value: Encodable {
    /// Equal, or an array with such an element. nil: null or missing.
    public static func == (field: Field, value: Value) -> Condition { field.compared("$eq", value) }

    /// Neither equal nor an array with such an element; also documents without the field. nil: neither null nor missing.
    public static func != (field: Field, value: Value) -> Condition { field.compared("$ne", value) }

    /// Less.
    public static func < (field: Field, value: Value) -> Condition { field.compared("$lt", value) }

    /// Less or equal.
    public static func <= (field: Field, value: Value) -> Condition { field.compared("$lte", value) }

    /// Greater.
    public static func > (field: Field, value: Value) -> Condition { field.compared("$gt", value) }

    /// Greater or equal.
    public static func >= (field: Field, value: Value) -> Condition { field.compared("$gte", value) }

    /// Equal to one of these.
    public func `in`(_ values: some Sequence<Value>) -> Condition { compared("$in", Array(values)) }

    /// Equal to none of these; also documents without the field.
    public func notIn(_ values: some Sequence<Value>) -> Condition { compared("$nin", Array(values)) }

    private func compared(_ name: String, _ value: some Encodable) -> Condition {
        Condition(path, name) { () throws(StoreError) in try FieldOperand.value(value) }
    }
}

extension Field {
    /// Whether the document has the field, if only with null.
    public func exists(_ isThere: Bool = true) -> Condition { Condition(path, "$exists") { .bool(isThere) } }

    /// Of one of these types; for an array also when one of its elements is.
    public func hasType(_ types: BSONType...) -> Condition {
        Condition(path, "$type") { .array(types.map { .string($0.name) }) }
    }

    /// A text that a regular expression (PCRE) finds something in.
    /// - Parameter options: any of `i` (no case), `m` (^ and $ at lines), `x` (white space ignored), `s` (a dot matches
    ///   line ends).
    public func matches(_ pattern: String, options: String = "") -> Condition {
        Condition(path) { ["$regex": .string(pattern), "$options": .string(options)] }
    }

    /// A text that begins with this one. Served by an index on the field.
    public func hasPrefix(_ prefix: String) -> Condition {
        // By scalars: a dot with an accent is one character, and still a dot for the expression.
        var pattern = "^"
        for scalar in prefix.unicodeScalars {
            if ".*+?()[]{}^$\\|#".unicodeScalars.contains(scalar) { pattern += "\\" }
            pattern.unicodeScalars.append(scalar)
        }
        return matches(pattern)
    }

    /// A whole number that leaves this remainder.
    public func remainder(dividingBy divisor: Int, is remainder: Int) -> Condition {
        Condition(path, "$mod") { [.int64(Int64(divisor)), .int64(Int64(remainder))] }
    }
}

extension Field where Value: StoredAsArray {
    /// An array of so many elements.
    public func size(_ count: Int) -> Condition { Condition(path, "$size") { BSONValue(count) } }

    /// An array with this element.
    public func contains(_ element: Value.ArrayElement) -> Condition where Value.ArrayElement: Encodable {
        Condition(path, "$eq") { () throws(StoreError) in try FieldOperand.value(element) }
    }

    /// An array with each of these elements.
    public func all(_ elements: some Sequence<Value.ArrayElement>) -> Condition where Value.ArrayElement: Encodable {
        Condition(path, "$all") { () throws(StoreError) in try FieldOperand.value(Array(elements)) }
    }

    /// An array with an element that fulfils a whole condition by itself.
    ///
    /// The closure gets the element as a field: `Note.scores.elemMatch { $0 >= 5 && $0 < 10 }` for plain elements, and for
    /// documents `Note.authors.elemMatch { $0.name == "Ada" && $0.year < 1850 }`.
    public func elemMatch(_ build: (Field<Value.ArrayElement>) -> Condition) -> Condition {
        Condition(path, "$elemMatch") { () throws(StoreError) in
            let condition = try build(Field<Value.ArrayElement>("")).document
            // The element itself has the empty path: its operators stand by themselves.
            if condition.keys == [""], case .document(let operators)? = condition[""] { return .document(operators) }
            guard !Self.namesElement(condition) else {
                throw StoreError(
                    DocumentError(
                        .badValue, "elemMatch on plain elements takes comparisons joined by &&, each operator once",
                        path: path))
            }
            return .document(condition)
        }
    }

    /// Whether the empty path, the element itself, stands anywhere in a condition.
    private static func namesElement(_ condition: Document) -> Bool {
        condition.contains { name, value in
            if name.isEmpty { return true }
            guard name.hasPrefix("$"), case .array(let branches) = value else { return false }
            return branches.contains { if case .document(let branch) = $0 { namesElement(branch) } else { false } }
        }
    }
}
