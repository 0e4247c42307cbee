// Values as bytes whose memcmp order is the order of values (ValueOrder).
//
// 1. Two values that compare equal encode to the same bytes, whatever their types: int32 5, int64 5, 5.0 and decimal
//    5.00 are one key.
// 2. A component is self-delimiting: no encoding is the beginning of another, so components of a compound key stand
//    one after the other, and anything may follow the last.
// 3. A descending component is the ascending one with every byte inverted.
//
// A component is one byte for the class (OrderClass; a number has a byte of its own kind, see KeyEncoding+Numbers),
// then, by class:
//   string, code      bytes with 00 written as 00 FF, then 00 00
//   document          for each field: class of the value, name, 00, component of the value; at the end 00
//   array             the components of the elements; at the end 00
//   binary            length (4, big endian), subtype, bytes
//   ObjectId          12 bytes        boolean    00 or 01
//   date              8 bytes, sign bit flipped, big endian       timestamp   8 bytes, big endian
//   regex             pattern, 00, options, 00
//   DBPointer         length (4, big endian), stored bytes
//   code with scope   as code, then as a document's fields

/// Order-preserving encoding of values for tree keys.
package enum KeyEncoding {
    /// The longest key a tree takes.
    package static let standardLimit = 1024

    // MARK: Identifiers

    /// The key of a document identifier.
    ///
    /// - Throws: `invalidIdField` for an array, a regular expression or undefined; `keyTooLong` beyond `limit` bytes.
    package static func id(_ value: BSONValue, limit: Int = standardLimit) throws(DocumentError) -> [UInt8] {
        try value.withView { view throws(DocumentError) in try id(view, limit: limit) }
    }

    /// As `id`, in the place of `key`, whose memory is used again.
    static func id(_ value: BSONValue, into key: inout [UInt8]) throws(DocumentError) {
        key.removeAll(keepingCapacity: true)
        if !appendNumber(value, to: &key) { key = try id(value) }
    }

    /// The key of a document identifier in place.
    package static func id(_ view: BSONView, limit: Int = standardLimit) throws(DocumentError) -> [UInt8] {
        switch view.type {
        case .array, .regex, .undefined:
            throw DocumentError(
                .invalidIdField, "The '_id' value cannot be of type \(view.type.name)", path: "_id")
        default: break
        }
        var key: [UInt8] = []
        key.reserveCapacity(view.bytes.count + 8)
        try append(view, to: &key, limit: limit)
        return key
    }

    /// The key of a document's `_id`; nil when it has none.
    package static func id(of document: BSONBytes, limit: Int = standardLimit) throws(DocumentError) -> [UInt8]? {
        guard let value = document.identifier else { return nil }
        return try id(value, limit: limit)
    }

    /// The key of a document's `_id`; nil when it has none.
    package static func id(of document: Document, limit: Int = standardLimit) throws(DocumentError) -> [UInt8]? {
        try document.withBytes { bytes throws(DocumentError) in try id(of: bytes, limit: limit) }
    }

    // MARK: Components

    /// Appends a value as one component.
    ///
    /// - Throws: `keyTooLong` when the key would have more than `limit` bytes; `key` is then cut back.
    package static func append(
        _ value: BSONValue, collation: Collation? = nil, descending: Bool = false, to key: inout [UInt8],
        limit: Int = standardLimit
    ) throws(DocumentError) {
        // A number says the same in every collation.
        if !descending, key.count + longestNumber <= limit, appendNumber(value, to: &key) { return }
        try value.withView { view throws(DocumentError) in
            try append(view, collation: collation, descending: descending, to: &key, limit: limit)
        }
    }

    /// Appends a value in place as one component.
    package static func append(
        _ view: BSONView, collation: Collation? = nil, descending: Bool = false, to key: inout [UInt8],
        limit: Int = standardLimit
    ) throws(DocumentError) {
        let start = key.count
        do throws(DocumentError) {
            if let collation, collation.concerns(view) {
                try collation.folding(view) { view throws(DocumentError) in
                    try component(view, to: &key, limit: limit, depth: 0)
                }
            } else {
                try component(view, to: &key, limit: limit, depth: 0)
            }
            guard key.count <= limit else { throw tooLong(limit) }
        } catch {
            key.removeSubrange(start...)
            throw error
        }
        if descending {
            for index in start..<key.count { key[index] = ~key[index] }
        }
    }

    private static func tooLong(_ limit: Int) -> DocumentError {
        DocumentError(.keyTooLong, "the key is longer than \(limit) bytes")
    }

    private static func damaged() -> DocumentError { DocumentError(.invalidBSON, "a key value is not valid BSON") }

    private static func component(
        _ view: BSONView, to key: inout [UInt8], limit: Int, depth: Int
    ) throws(DocumentError) {
        let bytes = view.bytes
        if view.type.isNumber {
            appendNumber(view, to: &key)
            return
        }
        key.append(view.type.orderClass.rawValue)
        guard bytes.count <= limit &+ 64 || view.isContainer else { throw tooLong(limit) }
        switch view.type {
        case .string, .symbol, .code: appendEscaped(view.textBytes, to: &key)
        case .document: try fields(bytes, to: &key, limit: limit, depth: depth)
        case .array:
            guard depth < BSONLimits.deepest else { throw damaged() }
            var reader = BSONReader(bytes)
            while let field = reader.next() {
                try component(field.value, to: &key, limit: limit, depth: depth + 1)
                guard key.count <= limit else { throw tooLong(limit) }
            }
            if reader.isMalformed { throw damaged() }
            key.append(0)
        case .binary:
            appendBigEndian(UInt64(view.payload.count), byteCount: 4, to: &key)
            bytes.slice(4, bytes.count).append(to: &key)
        case .objectID: bytes.append(to: &key)
        case .bool: key.append(bytes[0] != 0 ? 1 : 0)
        case .date: appendBigEndian(bytes.uint64(at: 0) ^ 1 << 63, byteCount: 8, to: &key)
        case .timestamp: appendBigEndian(bytes.uint64(at: 0), byteCount: 8, to: &key)
        case .regex: bytes.append(to: &key)
        case .dbPointer:
            appendBigEndian(UInt64(bytes.count), byteCount: 4, to: &key)
            bytes.append(to: &key)
        case .codeWithScope:
            guard let parts = view.scopeParts else { throw damaged() }
            appendEscaped(parts.code, to: &key)
            try fields(parts.scope, to: &key, limit: limit, depth: depth)
        case .double, .int32, .int64, .decimal128, .null, .undefined, .minKey, .maxKey: break
        }
    }

    private static func fields(
        _ bytes: BSONBytes, to key: inout [UInt8], limit: Int, depth: Int
    ) throws(DocumentError) {
        guard depth < BSONLimits.deepest else { throw damaged() }
        var reader = BSONReader(bytes)
        while let field = reader.next() {
            key.append(field.value.type.orderClass.rawValue)
            field.name.append(to: &key)
            key.append(0)
            try component(field.value, to: &key, limit: limit, depth: depth + 1)
            guard key.count <= limit else { throw tooLong(limit) }
        }
        if reader.isMalformed { throw damaged() }
        key.append(0)
    }

    private static func appendEscaped(_ text: BSONBytes, to key: inout [UInt8]) {
        var start = 0
        while let zero = text.firstZero(from: start, to: text.count) {
            text.slice(start, zero).append(to: &key)
            key.append(0)
            key.append(0xFF)
            start = zero + 1
        }
        text.slice(start, text.count).append(to: &key)
        key.append(0)
        key.append(0)
    }

    @inline(__always)
    static func appendBigEndian(_ value: UInt64, byteCount: Int, inverting mask: UInt8 = 0, to key: inout [UInt8]) {
        var shift = (byteCount &- 1) &* 8
        while shift >= 0 {
            key.append(UInt8(truncatingIfNeeded: value &>> UInt64(shift)) ^ mask)
            shift &-= 8
        }
    }
}

extension BSONBytes {
    /// The value of a document's `_id`; nil when it has none. It is nearly always the first field.
    var identifier: BSONView? {
        var reader = BSONReader(self)
        while let field = reader.next() {
            if field.name.count == 3, field.name[0] == UInt8(ascii: "_"), field.name[1] == UInt8(ascii: "i"),
                field.name[2] == UInt8(ascii: "d")
            {
                return field.value
            }
        }
        return nil
    }
}
