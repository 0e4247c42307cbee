// One modifier at one path: what it makes of the value that is there.

/// A modifier with its operand, checked.
enum UpdateOperator: Sendable {
    case set(BSONValue)
    case unset
    case arithmetic(NumberArithmetic.Operation, BSONValue)
    case minimum(BSONValue, Collation?)
    case maximum(BSONValue, Collation?)
    /// Sets only when the update inserts.
    case setOnInsert(BSONValue)
    case bits(BitUpdate)
    case push(ArrayPush)
    case addToSet([BSONValue], Collation?)
    case pop(first: Bool)
    case pull(ArrayPull)
    /// The value moves from the modifier's path to this one.
    case rename(to: FieldPath)

    /// Whether a missing field (and the documents around it) is made.
    var creates: Bool {
        switch self {
        case .unset, .pop, .pull: false
        default: true
        }
    }

    /// The change of the present value (nil: missing).
    func change(_ view: BSONView?, at path: FieldPath, isInsert: Bool) throws(DocumentError) -> FieldChange {
        switch self {
        case .set(let value): return .set(value)
        case .setOnInsert(let value): return isInsert ? .set(value) : .keep
        case .unset: return view == nil ? .keep : .remove
        case .arithmetic(let operation, let operand): return try arithmetic(operation, operand, view, path)
        case .minimum(let operand, let collation):
            return Self.isBetter(operand, than: view, order: -1, collation) ? .set(operand) : .keep
        case .maximum(let operand, let collation):
            return Self.isBetter(operand, than: view, order: 1, collation) ? .set(operand) : .keep
        case .bits(let update): return .set(try update.apply(to: view, at: path))
        case .push(let push): return .set(.array(try push.apply(to: elements(view, path))))
        case .addToSet(let values, let collation): return try addToSet(values, view, path, collation)
        case .pop(let first):
            guard let view else { return .keep }
            guard case .array(var elements)? = BSONValue(view) else {
                throw DocumentError(
                    .typeMismatch, "Path '\(path)' contains an element of non-array type '\(view.type.name)'",
                    path: path.text)
            }
            guard !elements.isEmpty else { return .keep }
            elements.remove(at: first ? 0 : elements.count - 1)
            return .set(.array(elements))
        case .pull(let pull):
            guard let view else { return .keep }
            guard view.type == .array else {
                throw DocumentError(.badValue, "Cannot apply $pull to a non-array value", path: path.text)
            }
            return try pull.apply(to: view).map { .set(.array($0)) } ?? .keep
        case .rename: return .keep
        }
    }

    private static func isBetter(
        _ operand: BSONValue, than view: BSONView?, order: Int, _ collation: Collation?
    ) -> Bool {
        guard let view else { return true }
        guard let collation, let value = BSONValue(view) else {
            return operand.withView { ValueOrder.compare($0, view) } == order
        }
        return collation.compare(operand, value) == order
    }

    private func arithmetic(
        _ operation: NumberArithmetic.Operation, _ operand: BSONValue, _ view: BSONView?, _ path: FieldPath
    ) throws(DocumentError) -> FieldChange {
        guard let view, let present = BSONValue(view) else {
            return .set(operation == .add ? operand : NumberArithmetic.zero(like: operand))
        }
        guard view.type.isNumber else {
            throw DocumentError(
                .typeMismatch,
                "Cannot apply \(operation.rawValue) to a value of non-numeric type. The document has the field "
                    + "'\(path.pieces.last?.text ?? "")' of non-numeric type \(view.type.name)",
                path: path.text)
        }
        guard let result = NumberArithmetic.apply(operation, present, operand) else {
            throw DocumentError(
                .badValue,
                "Failed to apply \(operation.rawValue) operations to current value "
                    + "((NumberLong)\(ExtendedJSON.string(present)))",
                path: path.text)
        }
        return .set(result)
    }

    /// The elements of the array that is there; none for a missing one.
    private func elements(_ view: BSONView?, _ path: FieldPath) throws(DocumentError) -> [BSONValue] {
        guard let view else { return [] }
        guard case .array(let elements)? = BSONValue(view) else {
            throw DocumentError(
                .badValue, "The field '\(path)' must be an array but is of type \(view.type.name)", path: path.text)
        }
        return elements
    }

    private func addToSet(
        _ values: [BSONValue], _ view: BSONView?, _ path: FieldPath, _ collation: Collation?
    ) throws(DocumentError) -> FieldChange {
        var elements: [BSONValue] = []
        if let view {
            guard case .array(let present)? = BSONValue(view) else {
                throw DocumentError(
                    .badValue,
                    "Cannot apply $addToSet to non-array field. Field named '\(path.pieces.last?.text ?? "")' has "
                        + "non-array type \(view.type.name)",
                    path: path.text)
            }
            elements = present
        }
        let count = elements.count
        func isSame(_ a: BSONValue, _ b: BSONValue) -> Bool {
            collation.map { $0.compare(a, b) == 0 } ?? (ValueOrder.compare(a, b) == 0)
        }
        for value in values where !elements.contains(where: { isSame($0, value) }) {
            elements.append(value)
        }
        return view != nil && elements.count == count ? .keep : .set(.array(elements))
    }
}
