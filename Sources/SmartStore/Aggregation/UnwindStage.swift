// $unwind: a document for each element of an array.

struct UnwindStage: Sendable {
    let path: FieldPath
    let indexField: FieldPath?
    let keepsEmpty: Bool

    init(_ operand: BSONValue) throws(DocumentError) {
        var text = operand.string
        var indexField: FieldPath?
        var keepsEmpty = false
        if let document = operand.document {
            for (name, value) in document {
                switch name {
                case "path":
                    guard let path = value.string else {
                        throw DocumentError(
                            .location(28808), "expected a string as the path for $unwind stage, got \(value.type.name)")
                    }
                    text = path
                case "includeArrayIndex":
                    guard let field = value.string, !field.isEmpty else {
                        throw DocumentError(
                            .location(28810),
                            "expected a non-empty string for the includeArrayIndex option to $unwind "
                                + "stage, got \(value.type.name)")
                    }
                    guard !field.hasPrefix("$") else {
                        throw DocumentError(
                            .location(28822),
                            "includeArrayIndex option to $unwind stage should not be prefixed with a "
                                + "'$': \(field)")
                    }
                    indexField = try FieldPath(field)
                case "preserveNullAndEmptyArrays":
                    guard let flag = value.bool else {
                        throw DocumentError(
                            .location(28809),
                            "expected a boolean for the preserveNullAndEmptyArrays option to $unwind "
                                + "stage, got \(value.type.name)")
                    }
                    keepsEmpty = flag
                default:
                    throw DocumentError(.location(28811), "unrecognized option to $unwind stage: \(name)")
                }
            }
        } else if text == nil {
            throw DocumentError(
                .location(15981),
                "expected either a string or an object as specification for $unwind stage, got "
                    + operand.type.name)
        }
        guard let text, !text.isEmpty else {
            throw DocumentError(.location(28812), "no path specified to $unwind stage")
        }
        guard text.hasPrefix("$") else {
            throw DocumentError(
                .location(28818), "path option to $unwind stage should be prefixed with a '$': \(text)")
        }
        path = try FieldPath(String(text.dropFirst()))
        self.indexField = indexField
        self.keepsEmpty = keepsEmpty
    }
}

final class UnwindSource: DocumentSource {
    private let stage: UnwindStage
    private let input: any DocumentSource
    private var whole = Document()
    private var elements: [BSONValue] = []
    private var place = 0
    private var document = Document()

    init(_ stage: UnwindStage, _ input: any DocumentSource) {
        self.stage = stage
        self.input = input
    }

    func advance() throws -> Bool {
        while true {
            if place < elements.count {
                document = whole
                set(elements[place])
                setIndex(.int64(Int64(place)))
                place += 1
                return true
            }
            guard try input.advance() else { return false }
            whole = try input.current()
            elements = []
            place = 0
            switch whole.plain(stage.path) {
            case .array(let found)?:
                elements = found
                if found.isEmpty, stage.keepsEmpty {
                    document = whole
                    set(nil)
                    setIndex(.null)
                    return true
                }
            case nil, .null?, .undefined?:
                guard stage.keepsEmpty else { continue }
                document = whole
                setIndex(.null)
                return true
            default:
                document = whole
                setIndex(.null)
                return true
            }
        }
    }

    private func set(_ value: BSONValue?) {
        PathAssignment.assign(value, at: stage.path.pieces.map(\.text)[...], in: &document)
    }

    private func setIndex(_ value: BSONValue) {
        guard let field = stage.indexField else { return }
        PathAssignment.assign(value, at: field.pieces.map(\.text)[...], in: &document)
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}

extension Document {
    /// The value at a path through documents only.
    fileprivate func plain(_ path: FieldPath) -> BSONValue? {
        withBytes { bytes in
            var view = BSONView(type: .document, bytes: bytes)
            for piece in path.pieces {
                guard view.type == .document, let next = BSONBytes.with(piece.name, { view.bytes.field($0) }) else {
                    return nil
                }
                view = next
            }
            return BSONValue(view)
        }
    }
}
