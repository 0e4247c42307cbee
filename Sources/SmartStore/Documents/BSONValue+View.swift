// From bytes in place to a value of Swift's. The other way is BSONWriter's.

extension BSONValue {
    /// Copies a value out of bytes; nil when the bytes are damaged or nested too deep.
    package init?(_ view: BSONView) { self.init(view, depth: 0) }

    private init?(_ view: BSONView, depth: Int) {
        let bytes = view.bytes
        switch view.type {
        case .double: self = .double(bytes.double(at: 0))
        case .string: self = .string(view.textBytes.text)
        case .document: self = .document(Document(trusted: bytes.array))
        case .array:
            guard depth < BSONLimits.deepest else { return nil }
            var elements: [BSONValue] = []
            var reader = BSONReader(bytes)
            while let field = reader.next() {
                guard let element = BSONValue(field.value, depth: depth + 1) else { return nil }
                elements.append(element)
            }
            guard !reader.isMalformed else { return nil }
            self = .array(elements)
        case .binary: self = .binary(BSONBinary(subtype: view.subtype, bytes: view.payload.array))
        case .undefined: self = .undefined
        case .objectID: self = .objectID(view.objectID)
        case .bool: self = .bool(bytes[0] != 0)
        case .date: self = .date(BSONDate(millisecondsSince1970: bytes.int64(at: 0)))
        case .null: self = .null
        case .regex:
            guard let parts = view.regexParts else { return nil }
            self = .regex(BSONRegex(stored: parts.pattern.text, options: parts.options.text))
        case .dbPointer:
            let end = bytes.count - 12
            let id = BSONView(type: .objectID, bytes: bytes.slice(end, bytes.count)).objectID
            self = .dbPointer(BSONDBPointer(reference: bytes.slice(4, end - 1).text, id: id))
        case .code: self = .code(view.textBytes.text)
        case .symbol: self = .symbol(view.textBytes.text)
        case .codeWithScope:
            guard let parts = view.scopeParts else { return nil }
            self = .codeWithScope(
                BSONCodeWithScope(code: parts.code.text, scope: Document(trusted: parts.scope.array)))
        case .int32: self = .int32(bytes.int32(at: 0))
        case .timestamp: self = .timestamp(BSONTimestamp(bits: bytes.uint64(at: 0)))
        case .int64: self = .int64(bytes.int64(at: 0))
        case .decimal128: self = .decimal128(view.decimal)
        case .minKey: self = .minKey
        case .maxKey: self = .maxKey
        }
    }

    /// Lends the value in its stored form.
    package func withView<R, E>(_ body: (BSONView) throws(E) -> R) throws(E) -> R {
        var bytes: [UInt8] = []
        BSONWriter.append(self, to: &bytes)
        return try BSONBytes.with(bytes) { lent throws(E) -> R in try body(BSONView(type: type, bytes: lent)) }
    }
}
