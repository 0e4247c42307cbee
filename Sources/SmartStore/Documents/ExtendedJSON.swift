// MongoDB Extended JSON v2: JSON in which every BSON type can be written.
//
// Reading takes canonical, relaxed and plain JSON alike, by the strict grammar of RFC 8259. Writing is canonical
// (every type comes back as it was) or relaxed (numbers and dates as people write them).

/// Extended JSON in and out.
public enum ExtendedJSON {
    /// How values are written.
    public enum Format: Sendable, Hashable {
        /// Every value says its type: `{"$numberInt": "1"}`.
        case canonical
        /// Numbers and dates in the readable form: `1`.
        case relaxed
    }

    /// Reads a document.
    ///
    /// - Throws: `failedToParse`, `invalidUTF8`, `tooDeep`, `tooLarge` or `invalidBSON` (duplicate names), with the
    ///   byte offset in the text and the path.
    public static func document(from text: String) throws(DocumentError) -> Document {
        try document(from: Array(text.utf8))
    }

    /// Reads a document from UTF-8.
    public static func document(
        from utf8: [UInt8], limits: BSONLimits = .standard
    ) throws(DocumentError) -> Document {
        try BSONBytes.with(utf8) { text throws(DocumentError) in
            let (type, bytes) = try ExtendedJSONParser.parse(text, limits: limits)
            guard type == .document else {
                throw DocumentError(.failedToParse, "expected a document, found a value of type \(type.name)")
            }
            try check(bytes, limits)
            return Document(trusted: bytes)
        }
    }

    /// Reads any value.
    public static func value(from text: String) throws(DocumentError) -> BSONValue {
        try BSONBytes.with(Array(text.utf8)) { text throws(DocumentError) in
            let (type, bytes) = try ExtendedJSONParser.parse(text, limits: .standard)
            return try BSONBytes.with(bytes) { lent throws(DocumentError) in
                let view = BSONView(type: type, bytes: lent)
                var writer = BSONWriter(byteCountHint: lent.count + 16)
                writer.append("value", view)
                try check(writer.finish(), BSONLimits(byteCount: BSONLimits.standard.byteCount + 16, depth: 101))
                guard let value = BSONValue(view) else {
                    throw DocumentError(.invalidBSON, "the value cannot be stored")
                }
                return value
            }
        }
    }

    /// The gate every document passes; offsets in its bytes mean nothing to who wrote the text.
    private static func check(_ bytes: [UInt8], _ limits: BSONLimits) throws(DocumentError) {
        do throws(DocumentError) {
            try BSONValidator.validate(bytes, limits: limits)
        } catch {
            throw DocumentError(error.code, error.message, path: error.path)
        }
    }

    /// Writes a document.
    public static func string(_ document: Document, _ format: Format = .relaxed) -> String {
        String(decoding: utf8(document, format), as: UTF8.self)
    }

    /// Writes a value.
    public static func string(_ value: BSONValue, _ format: Format = .relaxed) -> String {
        var printer = ExtendedJSONPrinter(format)
        value.withView { printer.value($0, depth: 0) }
        return String(decoding: printer.text, as: UTF8.self)
    }

    /// Writes a document as UTF-8.
    public static func utf8(_ document: Document, _ format: Format = .relaxed) -> [UInt8] {
        var printer = ExtendedJSONPrinter(format)
        document.withBytes { printer.value(BSONView(type: .document, bytes: $0), depth: 0) }
        return printer.text
    }
}
