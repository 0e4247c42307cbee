// A document: ordered fields, held as the BSON bytes that are stored.
//
// 1. The bytes are a well-formed, canonical document: `init(bson:)` validates what comes from outside and mends what
//    is not canonical, `init(trusted:)` takes what the store itself has validated before, and the builders make
//    nothing else.
// 2. Reading a field reads it in place; nothing is decoded that is not asked for.
// 3. Storing a document and sending it never encodes anything: the bytes are the document.

/// A BSON document.
public struct Document: Sendable, Hashable {
    private var bytes: [UInt8]

    /// A document without fields.
    public init() { bytes = [5, 0, 0, 0, 0] }

    /// The document of these bytes, after strict validation.
    ///
    /// Bytes are kept as they are, but for two forms that BSON lets a reader take and not a writer make: elements of an
    /// array under other names than "0", "1", ..., which are renamed, and option letters of a regular expression out of
    /// order, which are sorted.
    ///
    /// - Throws: `DocumentError` that says what is wrong, and at which path and offset.
    public init(bson bytes: [UInt8], limits: BSONLimits = .standard) throws(DocumentError) {
        let isCanonical = try BSONBytes.with(bytes) { lent throws(DocumentError) in
            try BSONValidator.inspect(lent, limits: limits).isCanonical
        }
        self.bytes = isCanonical ? bytes : BSONBytes.with(bytes) { CanonicalBSON.rewritten($0) }
        guard self.bytes.count <= limits.byteCount else {
            throw DocumentError(
                .tooLarge, "the document has \(self.bytes.count) bytes; the limit is \(limits.byteCount)")
        }
    }

    /// The document of bytes that were validated before they were stored. Damage reads as missing fields.
    package init(trusted bytes: [UInt8]) { self.bytes = bytes }

    /// The document of an Extended JSON text (canonical, relaxed or plain JSON).
    public init(json text: String) throws(DocumentError) { self = try ExtendedJSON.document(from: text) }

    /// The fields in this order. Names are not checked for duplicates.
    public init(fields: [(String, BSONValue)]) {
        var writer = BSONWriter()
        for (name, value) in fields { writer.append(name, value) }
        bytes = writer.finish()
    }

    /// The stored bytes.
    public var bson: [UInt8] { bytes }

    /// Lends the stored bytes.
    @inline(__always)
    package func withBytes<R, E>(_ body: (BSONBytes) throws(E) -> R) throws(E) -> R {
        try BSONBytes.with(bytes, body)
    }

    // MARK: Reading

    /// Whether there are no fields.
    public var isEmpty: Bool { bytes.count <= 5 }

    /// The number of fields. Linear in it.
    public var count: Int {
        withBytes { bytes in
            var reader = BSONReader(bytes)
            var count = 0
            while reader.next() != nil { count += 1 }
            return count
        }
    }

    /// The field names, in order.
    public var keys: [String] {
        withBytes { bytes in
            var reader = BSONReader(bytes)
            var keys: [String] = []
            while let field = reader.next() { keys.append(field.name.text) }
            return keys
        }
    }

    /// Whether there is a field of this name.
    public func contains(_ key: String) -> Bool {
        withField(key) { $0 != nil }
    }

    /// Lends the value of a field, or nil when there is none.
    package func withField<R, E>(_ key: String, _ body: (BSONView?) throws(E) -> R) throws(E) -> R {
        try withBytes { bytes throws(E) -> R in
            try BSONBytes.with(Array(key.utf8)) { name throws(E) -> R in try body(bytes.field(name)) }
        }
    }

    /// The value of a field; nil when there is none. Assigning replaces it in its place or appends it; nil removes it.
    ///
    /// Linear in the document. A name with a NUL cannot be stored and traps when assigned.
    public subscript(key: String) -> BSONValue? {
        get { withField(key) { $0.flatMap { BSONValue($0) } } }
        set { replace(key, with: newValue) }
    }

    /// The value at a dotted path: names lead into documents, numbers into arrays. Nil when there is none.
    ///
    /// Assigning makes the documents on the way that are missing; it does nothing when the path leads through a
    /// value that is neither document nor array, and an array is only extended at its end.
    public subscript(path path: String) -> BSONValue? {
        get {
            guard let path = try? FieldPath(path) else { return nil }
            return withBytes { path.value(in: $0).flatMap { BSONValue($0) } }
        }
        set {
            guard let path = try? FieldPath(path) else { return }
            if let edited = PathEdit.set(path, to: newValue, in: self) { self = edited }
        }
    }

    // MARK: Building

    /// Appends a field without looking for another of its name. Amortised time is that of the value's size.
    public mutating func append(_ key: String, _ value: BSONValue) {
        // Damaged bytes read as a document without fields, and are one from here on.
        if bytes.count < 5 { bytes = Document().bytes }
        bytes.removeLast()
        bytes.append(value.type.rawValue)
        BSONWriter.appendName(key, to: &bytes)
        BSONWriter.append(value, to: &bytes)
        bytes.append(0)
        BSONWriter.setLength(in: &bytes, at: 0)
    }

    private mutating func replace(_ key: String, with value: BSONValue?) {
        var found = false
        var writer = BSONWriter(byteCountHint: bytes.count + 32)
        withBytes { bytes in
            BSONBytes.with(Array(key.utf8)) { name in
                var reader = BSONReader(bytes)
                while let field = reader.next() {
                    if !found && field.name.equals(name) {
                        found = true
                        if let value { writer.append(key, value) }
                    } else {
                        writer.append(field.name, field.value)
                    }
                }
            }
        }
        if found {
            bytes = writer.finish()
        } else if let value {
            append(key, value)
        }
    }

    /// The document as Extended JSON.
    public func json(_ format: ExtendedJSON.Format = .relaxed) -> String { ExtendedJSON.string(self, format) }
}

extension Document: ExpressibleByDictionaryLiteral {
    /// The fields in this order.
    public init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(fields: elements) }
}

extension Document: Sequence {
    /// The fields in order, each value copied out when it is reached.
    public func makeIterator() -> Iterator { Iterator(bytes) }

    /// An iterator over the fields.
    public struct Iterator: IteratorProtocol {
        private let bytes: [UInt8]
        private var offset = 4

        fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// The next field; nil at the end.
        public mutating func next() -> (key: String, value: BSONValue)? {
            let start = offset
            let found: (key: String, value: BSONValue, end: Int)? = BSONBytes.with(bytes) { bytes in
                guard let end = BSONReader.end(of: bytes), start < end,
                    let type = BSONType(tag: bytes[start]),
                    let nameEnd = bytes.firstZero(from: start + 1, to: end),
                    let valueEnd = BSONReader.valueEnd(type, bytes, from: nameEnd + 1, to: end),
                    let value = BSONValue(BSONView(type: type, bytes: bytes.slice(nameEnd + 1, valueEnd)))
                else { return nil }
                return (bytes.slice(start + 1, nameEnd).text, value, valueEnd)
            }
            guard let found else { return nil }
            offset = found.end
            return (found.key, found.value)
        }
    }
}

extension Document: CustomStringConvertible {
    /// Relaxed Extended JSON.
    public var description: String { json() }
}
