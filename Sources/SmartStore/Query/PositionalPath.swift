// Steps of an update's path that stand for elements of an array: `$`, `$[]` and `$[name]`.

/// A step that stands for elements.
enum PositionalStep: Hashable {
    /// `$`: the element by which the document was found.
    case found
    /// `$[]`: every element.
    case all
    /// `$[name]`: those that the array filter of this name matches.
    case filtered(String)

    /// nil for an ordinary step.
    init?(_ piece: FieldPath.Piece) {
        let text = piece.text
        if text == "$" {
            self = .found
        } else if text == "$[]" {
            self = .all
        } else if text.hasPrefix("$["), text.hasSuffix("]") {
            self = .filtered(String(text.dropFirst(2).dropLast()))
        } else {
            return nil
        }
    }
}

/// The array filters of an update, by name.
struct ArrayFilters: Sendable {
    private var filters: [String: Filter] = [:]

    /// - Throws: `failedToParse` for a filter without a name, with several, or of a name that another has.
    init(_ documents: [Document], options: QueryOptions) throws(DocumentError) {
        for document in documents {
            let filter = try Filter(document, options: options)
            let names = Set(filter.paths.map { String($0.prefix { $0 != "." }) })
            guard let name = names.first else {
                throw DocumentError(
                    .failedToParse, "Cannot use an expression without a top-level field name in arrayFilters")
            }
            guard names.count == 1 else {
                throw DocumentError(
                    .failedToParse,
                    "Error parsing array filter :: caused by :: Expected a single top-level field name, "
                        + "found '\(names.sorted().joined(separator: "' and '"))'")
            }
            guard let first = name.utf8.first, (0x61...0x7A).contains(first),
                name.utf8.allSatisfy({
                    (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                })
            else {
                throw DocumentError(
                    .badValue,
                    "Error parsing array filter :: caused by :: The top-level field name must be an "
                        + "alphanumeric string beginning with a lowercase letter, found '\(name)'")
            }
            guard filters[name] == nil else {
                throw DocumentError(
                    .failedToParse, "Found multiple array filters with the same top-level field name \(name)")
            }
            filters[name] = filter
        }
    }

    /// Holds the names that paths use against those that there are.
    func check(_ paths: [FieldPath], update: Document) throws(DocumentError) {
        var unused = Set(filters.keys)
        for path in paths {
            for piece in path.pieces {
                guard case .filtered(let name)? = PositionalStep(piece) else { continue }
                guard filters[name] != nil else {
                    throw DocumentError(
                        .badValue, "No array filter found for identifier '\(name)' in path '\(path)'", path: path.text)
                }
                unused.remove(name)
            }
        }
        if let name = unused.sorted().first {
            throw DocumentError(
                .failedToParse,
                "The array filter for identifier '\(name)' was not used in the update "
                    + ShellText.document(update))
        }
    }

    func matches(_ name: String, _ element: BSONValue) throws(DocumentError) -> Bool {
        try filters[name]?.matches(Document(fields: [(name, element)])) ?? false
    }
}

extension UpdateModifier {
    var isPositional: Bool { path.pieces.contains { PositionalStep($0) != nil } }

    /// The modifier at each of the places that its path stands for in a document.
    func located(
        in document: Document, foundBy filter: Filter?, _ filters: ArrayFilters
    ) throws(DocumentError) -> [UpdateModifier] {
        guard isPositional else { return [self] }
        var prefixes: [[String]] = [[]]
        for piece in path.pieces {
            guard let step = PositionalStep(piece) else {
                prefixes = prefixes.map { $0 + [piece.text] }
                continue
            }
            var next: [[String]] = []
            for prefix in prefixes {
                let place = prefix.joined(separator: ".")
                for index in try indexes(step, at: place, in: document, filter, filters) {
                    next.append(prefix + [String(index)])
                }
            }
            prefixes = next
        }
        var located: [UpdateModifier] = []
        for prefix in prefixes {
            located.append(
                UpdateModifier(path: try FieldPath(prefix.joined(separator: ".")), operation: operation))
        }
        return located
    }

    private func indexes(
        _ step: PositionalStep, at place: String, in document: Document, _ filter: Filter?, _ filters: ArrayFilters
    ) throws(DocumentError) -> [Int] {
        if step == .found {
            guard let index = try filter?.position(in: document, at: FieldPath(place)) else {
                throw DocumentError(
                    .badValue, "The positional operator did not find the match needed from the query.", path: path.text)
            }
            return [index]
        }
        guard let value = document[path: place] else {
            throw DocumentError(
                .badValue, "The path '\(place)' must exist in the document in order to apply array updates.",
                path: path.text)
        }
        guard let elements = value.array else {
            throw DocumentError(
                .badValue, "Cannot apply array updates to non-array element \(place): \(ExtendedJSON.string(value))",
                path: path.text)
        }
        guard case .filtered(let name) = step else { return Array(elements.indices) }
        var found: [Int] = []
        for (index, element) in elements.enumerated() where try filters.matches(name, element) { found.append(index) }
        return found
    }
}

/// `$bit`: and, or, xor of whole numbers.
struct BitUpdate: Sendable {
    private let operations: [(name: String, operand: BSONValue)]

    init(_ value: BSONValue, _ path: FieldPath) throws(DocumentError) {
        guard let document = value.document else {
            throw DocumentError(
                .badValue,
                "The $bit modifier is not compatible with a \(value.type.name). You must pass in an embedded "
                    + "document: {$bit: {field: {and/or/xor: #}}", path: path.text)
        }
        guard !document.isEmpty else {
            throw DocumentError(
                .badValue,
                "You must pass in at least one bitwise operation. The format is: {$bit: {field: "
                    + "{and/or/xor: #}}", path: path.text)
        }
        for (name, operand) in document {
            guard ["and", "or", "xor"].contains(name) else {
                throw DocumentError(
                    .badValue,
                    "The $bit modifier only supports 'and', 'or', and 'xor', not '\(name)' which is an unknown "
                        + "operator: {\(name): \(ExtendedJSON.string(operand))}", path: path.text)
            }
            switch operand {
            case .int32, .int64: break
            default:
                throw DocumentError(
                    .badValue,
                    "The $bit modifier field must be an Integer(32/64 bit); a '\(operand.type.name)' is not "
                        + "supported here: {\(name): \(ExtendedJSON.string(operand))}", path: path.text)
            }
        }
        operations = document.map { ($0, $1) }
    }

    func apply(to view: BSONView?, at path: FieldPath) throws(DocumentError) -> BSONValue {
        var value = view.flatMap { BSONValue($0) } ?? .int32(0)
        for (name, operand) in operations {
            guard let left = Self.whole(value), let right = Self.whole(operand) else {
                throw DocumentError(
                    .badValue,
                    "Cannot apply $bit to a value of non-integral type. The document has the field "
                        + "\(path.pieces.last?.text ?? "") of non-integer type \(value.type.name)", path: path.text)
            }
            let result = name == "and" ? left & right : name == "or" ? left | right : left ^ right
            if case .int32 = value, case .int32 = operand {
                value = .int32(Int32(truncatingIfNeeded: result))
            } else {
                value = .int64(result)
            }
        }
        return value
    }

    private static func whole(_ value: BSONValue) -> Int64? {
        switch value {
        case .int32(let number): Int64(number)
        case .int64(let number): number
        default: nil
        }
    }
}
