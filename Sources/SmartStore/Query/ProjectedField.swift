// Fields of a projection that are made from the document: computed, cut, or picked from an array.

struct ProjectedField: Sendable {
    /// Which part of an array stays.
    struct Slice: Sendable {
        /// Elements left out in front; negative: counted from the end.
        var skip: Int?
        /// Elements that stay; negative without `skip`: the last ones.
        var count: Int
    }

    enum Kind: Sendable {
        case computed(AggregationExpression)
        case slice(Slice)
        /// The first element that the filter, on this field alone, matches.
        case elementMatch(Filter)
        /// The first element by which the query matches.
        case positional(Filter)
        /// How near a vector search found the document.
        case score
    }

    let path: FieldPath
    let kind: Kind

    var isPositional: Bool { if case .positional = kind { true } else { false } }
    var isElementMatch: Bool { if case .elementMatch = kind { true } else { false } }
    var isSlice: Bool { if case .slice = kind { true } else { false } }

    /// Whether it works on the field of its path, which then must be among the included.
    var isPartOfField: Bool {
        switch kind {
        case .computed, .score: path.pieces.count > 1
        case .slice, .elementMatch, .positional: true
        }
    }

    /// Makes the field of the projected document.
    func apply(_ root: BSONBytes, to document: inout Document) throws(DocumentError) {
        let names = path.pieces.map(\.text)[...]
        switch kind {
        case .computed(let expression):
            if names.count == 1 { document[path.text] = nil }
            PathAssignment.assign(try expression.evaluate(root), at: names, in: &document)
        case .score:
            if let score = root.score { PathAssignment.assign(.double(score), at: names, in: &document) }
        case .slice(let slice): PathAssignment.change(at: names, in: &document) { slice.apply(to: $0) }
        case .elementMatch(let filter):
            // The field comes back behind the others, with one element or not at all.
            let elements = document[path.text]?.array ?? []
            document[path.text] = nil
            for element in elements {
                let candidate = Document(fields: [(path.text, .array([element]))])
                if try filter.matches(candidate) {
                    document[path.text] = .array([element])
                    return
                }
            }
        case .positional(let filter):
            guard let whole = BSONValue(BSONView(type: .document, bytes: root))?.document,
                let place = try filter.position(in: whole, at: path)
            else {
                throw DocumentError(
                    .location(51246),
                    "Executor error during find command :: caused by :: positional operator '.$' "
                        + "couldn't find a matching element in the array", path: path.text)
            }
            PathAssignment.change(at: names, in: &document) { value in
                guard let elements = value.array else { return value }
                return place < elements.count ? .array([elements[place]]) : .array([])
            }
        }
    }
}

extension ProjectedField.Slice {
    /// The operand of `$slice` in a query's projection; nil when it can only be an expression of that name.
    init?(_ operand: BSONValue) {
        if let count = Self.whole(operand) {
            self.init(skip: nil, count: count)
            return
        }
        guard let parts = operand.array, parts.count == 2, let skip = Self.whole(parts[0]),
            let count = Self.whole(parts[1]), count > 0
        else { return nil }
        self.init(skip: skip, count: count)
    }

    /// A number without its fraction, within the bounds of 32 bits.
    private static func whole(_ value: BSONValue) -> Int? {
        guard value.isNumeric, let number = value.double else { return nil }
        return number.isNaN ? 0 : Int(max(Double(Int32.min), min(Double(Int32.max), number.rounded(.towardZero))))
    }

    func apply(to value: BSONValue) -> BSONValue {
        guard let elements = value.array else { return value }
        guard let skip else {
            return .array(Array(count >= 0 ? elements.prefix(count) : elements.suffix(count == .min ? .max : -count)))
        }
        let start = skip < 0 ? max(0, elements.count + max(skip, -elements.count)) : min(skip, elements.count)
        return .array(Array(elements[start...].prefix(count)))
    }
}

/// Setting a field by a dotted path as expressions do: arrays on the way are gone through, element by element.
enum PathAssignment {
    /// Sets the field; nil removes it.
    static func assign(_ value: BSONValue?, at names: ArraySlice<String>, in document: inout Document, depth: Int = 0) {
        guard let name = names.first, depth <= BSONLimits.deepest else { return }
        let rest = names.dropFirst()
        guard !rest.isEmpty else {
            document[name] = value
            return
        }
        switch document[name] {
        case .document(var inner)?:
            assign(value, at: rest, in: &inner, depth: depth + 1)
            document[name] = .document(inner)
        case .array(let elements)?:
            document[name] = .array(elements.map { assigned(value, rest, $0, depth + 1) })
        case nil where value == nil: break
        default:
            var inner = Document()
            assign(value, at: rest, in: &inner, depth: depth + 1)
            document[name] = .document(inner)
        }
    }

    private static func assigned(
        _ value: BSONValue?, _ names: ArraySlice<String>, _ element: BSONValue, _ depth: Int
    ) -> BSONValue {
        guard depth <= BSONLimits.deepest else { return element }
        if let elements = element.array { return .array(elements.map { assigned(value, names, $0, depth + 1) }) }
        var inner = element.document ?? Document()
        assign(value, at: names, in: &inner, depth: depth + 1)
        return .document(inner)
    }

    /// Changes the values that the path finds.
    static func change(
        at names: ArraySlice<String>, in document: inout Document, depth: Int = 0, _ body: (BSONValue) -> BSONValue
    ) {
        guard let name = names.first, let value = document[name], depth <= BSONLimits.deepest else { return }
        let rest = names.dropFirst()
        if rest.isEmpty {
            document[name] = body(value)
        } else if case .document(var inner) = value {
            change(at: rest, in: &inner, depth: depth + 1, body)
            document[name] = .document(inner)
        } else if case .array(let elements) = value {
            document[name] = .array(
                elements.map { element in
                    guard var inner = element.document else { return element }
                    change(at: rest, in: &inner, depth: depth + 1, body)
                    return .document(inner)
                })
        }
    }
}

extension BSONBytes {
    /// The score that a vector search left in a document, under a name that documents cannot have.
    var score: Double? {
        BSONBytes.with(Array(VectorScore.field.utf8)) { field($0)?.double }
    }
}

/// How a vector search hands scores on, from its stage to the projections behind it.
enum VectorScore {
    /// Not a name of a stored document: those do not begin with a dollar at the top.
    static let field = "$vectorSearchScore"
}
