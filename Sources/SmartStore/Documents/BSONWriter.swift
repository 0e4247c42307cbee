// Builds BSON by appending: documents open and close, lengths are filled in at the close.

/// An ordered builder of one document's bytes.
package struct BSONWriter {
    /// The bytes so far; a whole document after `finish`.
    private var bytes: [UInt8]
    private var openings: [Int]

    /// Begins the outermost document.
    package init(byteCountHint: Int = 64) {
        bytes = []
        bytes.reserveCapacity(byteCountHint)
        openings = []
        open()
    }

    /// Closes the outermost document and returns its bytes.
    package consuming func finish() -> [UInt8] {
        close()
        precondition(openings.isEmpty)
        return bytes
    }

    /// Appends a field.
    package mutating func append(_ name: String, _ value: BSONValue) {
        header(value.type, name)
        Self.append(value, to: &bytes)
    }

    /// Appends a field whose value is copied as it is.
    package mutating func append(_ name: BSONBytes, _ value: BSONView) {
        bytes.append(value.type.rawValue)
        name.append(to: &bytes)
        bytes.append(0)
        value.bytes.append(to: &bytes)
    }

    /// Appends a field whose value is copied as it is.
    package mutating func append(_ name: String, _ value: BSONView) {
        header(value.type, name)
        value.bytes.append(to: &bytes)
    }

    /// Appends a field whose name is in place.
    package mutating func append(_ name: BSONBytes, _ value: BSONValue) {
        bytes.append(value.type.rawValue)
        name.append(to: &bytes)
        bytes.append(0)
        Self.append(value, to: &bytes)
    }

    /// Opens an embedded document or array; fields go into it until `close`.
    package mutating func open(_ name: String, isArray: Bool = false) {
        header(isArray ? .array : .document, name)
        open()
    }

    /// Opens an embedded document or array whose name is in place.
    package mutating func open(_ name: BSONBytes, isArray: Bool) {
        bytes.append((isArray ? BSONType.array : .document).rawValue)
        name.append(to: &bytes)
        bytes.append(0)
        open()
    }

    /// Closes the innermost open document or array.
    package mutating func close() {
        bytes.append(0)
        let start = openings.removeLast()
        Self.setLength(in: &bytes, at: start)
    }

    private mutating func open() {
        openings.append(bytes.count)
        bytes.append(contentsOf: [0, 0, 0, 0])
    }

    private mutating func header(_ type: BSONType, _ name: String) {
        bytes.append(type.rawValue)
        Self.appendName(name, to: &bytes)
    }

    // MARK: Values

    /// Appends a name and its terminator. A name with a NUL cannot be stored.
    static func appendName(_ name: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        precondition(!bytes[start...].contains(0), "a field name may not contain a NUL")
        bytes.append(0)
    }

    static func appendInt32(_ value: Int32, to bytes: inout [UInt8]) {
        let bits = UInt32(bitPattern: value)
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    static func appendUInt64(_ bits: UInt64, to bytes: inout [UInt8]) {
        var shift: UInt64 = 0
        while shift < 64 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            shift += 8
        }
    }

    static func appendText(_ text: String, to bytes: inout [UInt8]) {
        appendInt32(Int32(text.utf8.count + 1), to: &bytes)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    /// Fills in the length of the document that begins at `start` and ends where the bytes end.
    static func setLength(in bytes: inout [UInt8], at start: Int) {
        let length = UInt32(Int32(bytes.count - start))
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[start + 2] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[start + 3] = UInt8(truncatingIfNeeded: length >> 24)
    }

    /// Appends a value's bytes, without type and name.
    package static func append(_ value: BSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .double(let value): appendUInt64(value.bitPattern, to: &bytes)
        case .string(let value), .code(let value), .symbol(let value): appendText(value, to: &bytes)
        case .document(let value): bytes.append(contentsOf: value.bson)
        case .array(let elements):
            let start = bytes.count
            bytes.append(contentsOf: [0, 0, 0, 0])
            for (index, element) in elements.enumerated() {
                bytes.append(element.type.rawValue)
                appendIndex(index, to: &bytes)
                append(element, to: &bytes)
            }
            bytes.append(0)
            setLength(in: &bytes, at: start)
        case .binary(let value):
            appendInt32(Int32(value.bytes.count), to: &bytes)
            bytes.append(value.subtype)
            bytes.append(contentsOf: value.bytes)
        case .objectID(let value): bytes.append(contentsOf: value.bytes)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .date(let value): appendUInt64(UInt64(bitPattern: value.millisecondsSince1970), to: &bytes)
        case .regex(let value):
            appendName(value.pattern, to: &bytes)
            appendName(value.options, to: &bytes)
        case .dbPointer(let value):
            appendText(value.reference, to: &bytes)
            bytes.append(contentsOf: value.id.bytes)
        case .codeWithScope(let value):
            let start = bytes.count
            bytes.append(contentsOf: [0, 0, 0, 0])
            appendText(value.code, to: &bytes)
            bytes.append(contentsOf: value.scope.bson)
            setLength(in: &bytes, at: start)
        case .int32(let value): appendInt32(value, to: &bytes)
        case .timestamp(let value): appendUInt64(value.bits, to: &bytes)
        case .int64(let value): appendUInt64(UInt64(bitPattern: value), to: &bytes)
        case .decimal128(let value):
            appendUInt64(value.low, to: &bytes)
            appendUInt64(value.high, to: &bytes)
        case .undefined, .null, .minKey, .maxKey: break
        }
    }

    /// Appends an array index as a name: decimal digits and the terminator.
    static func appendIndex(_ index: Int, to bytes: inout [UInt8]) {
        if index < 10 {
            bytes.append(0x30 + UInt8(index))
        } else {
            bytes.append(contentsOf: String(index).utf8)
        }
        bytes.append(0)
    }
}
