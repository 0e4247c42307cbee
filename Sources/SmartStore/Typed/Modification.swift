// Changes of fields, put together in Swift: an update's document.
//
// As with conditions, a value that cannot be stored is thrown where the modification is used.

/// A change of a document's fields; several make an update.
///
/// ```swift
/// try await notes.updateMany(Note.year < 2000, .set("old", to: true), .increment(Note.views), .push(Note.tags, "seen"))
/// ```
public struct Modification: Sendable {
    private let parts: [(name: String, path: String, operand: BSONValue)]
    private let fault: StoreError?

    private init(_ name: String, _ field: some FieldName, _ operand: () throws(StoreError) -> BSONValue) {
        do throws(StoreError) {
            try FieldOperand.checkPath(field.fieldPath)
            parts = [(name, field.fieldPath, try operand())]
            fault = nil
        } catch {
            parts = []
            fault = error
        }
    }

    private init(_ name: String, _ field: some FieldName, encoding value: some Encodable) {
        self.init(name, field) { () throws(StoreError) in try FieldOperand.value(value) }
    }

    private init(all modifications: [Modification]) {
        parts = modifications.flatMap(\.parts)
        fault = modifications.lazy.compactMap(\.fault).first
    }

    /// Several as one.
    public static func all(_ modifications: [Modification]) -> Modification { Modification(all: modifications) }

    // MARK: Values

    /// Sets a field. Setting an optional field to nil stores null; ``unset(_:)`` removes it.
    public static func set<Value: Encodable>(_ field: Field<Value>, to value: Value) -> Modification {
        Modification("$set", field, encoding: value)
    }

    /// Sets a field when an upsert inserts a document.
    public static func setOnInsert<Value: Encodable>(_ field: Field<Value>, to value: Value) -> Modification {
        Modification("$setOnInsert", field, encoding: value)
    }

    /// Removes a field.
    public static func unset(_ field: some FieldName) -> Modification { Modification("$unset", field) { .string("") } }

    /// Gives a field another name.
    public static func rename(_ field: some FieldName, to name: some FieldName) -> Modification {
        Modification("$rename", field) { .string(name.fieldPath) }
    }

    /// Sets a field to the present time.
    public static func setNow(_ field: some FieldName) -> Modification {
        Modification("$currentDate", field) { .bool(true) }
    }

    // MARK: Numbers

    /// Adds 1 to a number; a missing field counts as 0.
    public static func increment(_ field: some FieldName) -> Modification { increment(field, by: 1) }

    /// Adds to a number; a missing field counts as 0.
    public static func increment(_ field: some FieldName, by amount: some Encodable & Numeric) -> Modification {
        Modification("$inc", field, encoding: amount)
    }

    /// Multiplies a number; a missing field becomes 0.
    public static func multiply(_ field: some FieldName, by factor: some Encodable & Numeric) -> Modification {
        Modification("$mul", field, encoding: factor)
    }

    /// Sets a field to the value where that is less.
    public static func min<Value: Encodable>(_ field: Field<Value>, _ value: Value) -> Modification {
        Modification("$min", field, encoding: value)
    }

    /// Sets a field to the value where that is greater.
    public static func max<Value: Encodable>(_ field: Field<Value>, _ value: Value) -> Modification {
        Modification("$max", field, encoding: value)
    }

    // MARK: Arrays

    /// Appends elements to an array, which is made when it is missing.
    /// - Parameters:
    ///   - position: where to put them; negative: from the end; nil: at the end.
    ///   - sort: an order to bring the whole array into afterwards, such as `1` or `["year": -1]`.
    ///   - slice: how many elements stay then: the first, or, negative, the last.
    public static func push(
        _ field: some FieldName, _ elements: any Encodable..., position: Int? = nil, sort: BSONValue? = nil,
        slice: Int? = nil
    ) -> Modification {
        Modification("$push", field) { () throws(StoreError) in
            var operand: Document = ["$each": try each(elements)]
            if let position { operand.append("$position", BSONValue(position)) }
            if let slice { operand.append("$slice", BSONValue(slice)) }
            if let sort { operand.append("$sort", sort) }
            return .document(operand)
        }
    }

    /// Appends those elements that an array does not have yet.
    public static func addToSet(_ field: some FieldName, _ elements: any Encodable...) -> Modification {
        Modification("$addToSet", field) { () throws(StoreError) in ["$each": try each(elements)] }
    }

    /// Removes an array's first element.
    public static func popFirst(_ field: some FieldName) -> Modification { Modification("$pop", field) { -1 } }

    /// Removes an array's last element.
    public static func popLast(_ field: some FieldName) -> Modification { Modification("$pop", field) { 1 } }

    /// Removes every element of an array that equals one of these.
    public static func pull(_ field: some FieldName, _ elements: any Encodable...) -> Modification {
        Modification("$pullAll", field) { () throws(StoreError) in try each(elements) }
    }

    /// Removes every element of an array that fulfils a condition, built as for ``Field/elemMatch(_:)``.
    public static func pull<Value: StoredAsArray>(
        _ field: Field<Value>, where build: (Field<Value.ArrayElement>) -> Condition
    ) -> Modification {
        Modification("$pull", field) { () throws(StoreError) in
            let condition = try field.elemMatch(build).document
            return condition[field.path]?.document?["$elemMatch"] ?? .document(Document())
        }
    }

    private static func each(_ elements: [any Encodable]) throws(StoreError) -> BSONValue {
        var values: [BSONValue] = []
        for element in elements { values.append(try FieldOperand.value(element)) }
        return .array(values)
    }

    // MARK: As a document

    /// The update's document: a document of paths for each operator.
    /// - Throws: `invalidDocument` for a value that cannot be stored; `invalidArgument` when nothing is to be changed, for
    ///   an empty document would replace what it is applied to.
    static func document(_ modifications: [Modification]) throws(StoreError) -> Document {
        let all = Modification(all: modifications)
        if let fault = all.fault { throw fault }
        guard !all.parts.isEmpty else {
            throw StoreError(
                .invalidArgument, "The update changes nothing.", remedy: "Give at least one modification.",
                server: .badValue)
        }
        var names: [String] = []
        var fields: [String: Document] = [:]
        for part in all.parts {
            if fields[part.name] == nil { names.append(part.name) }
            // Appended, not set: two changes of one path are for the update to refuse.
            fields[part.name, default: Document()].append(part.path, part.operand)
        }
        return Document(fields: names.map { ($0, .document(fields[$0] ?? Document())) })
    }
}
