// The gate for bytes from outside: after it, a document is well-formed all the way down.
//
// Checked: total size, nesting, lengths and terminators, element types, UTF-8 of names and texts, boolean bytes,
// binary subtype 2 (inner length) and 9 (vector header), duplicate names. The recursion is as deep as the limit on
// nesting, the work is n log n in the fields of one document.
//
// Two things are well-formed and not canonical: elements of an array whose names are not "0", "1", ..., and option
// letters of a regular expression out of order. They are noticed here and mended by CanonicalBSON.

/// Limits for documents from outside.
public struct BSONLimits: Sendable, Hashable {
    /// The most bytes a document may have.
    public var byteCount: Int
    /// How deep documents and arrays may nest; the outermost document is at depth 1.
    public var depth: Int
    /// Whether a document may have two fields of one name.
    public var allowsDuplicateFields: Bool

    /// The depth beyond which nothing is followed anywhere, validated or not.
    static let deepest = 200

    /// Makes limits. The depth is at most 200.
    public init(byteCount: Int = 16 << 20, depth: Int = 100, allowsDuplicateFields: Bool = false) {
        precondition(byteCount >= 5 && byteCount <= Int(Int32.max) && (1...Self.deepest).contains(depth))
        self.byteCount = byteCount
        self.depth = depth
        self.allowsDuplicateFields = allowsDuplicateFields
    }

    /// 16 MiB, depth 100, no duplicate names.
    public static let standard = BSONLimits()
}

/// Strict validation of BSON bytes.
public enum BSONValidator {
    /// Checks that the bytes are exactly one well-formed document.
    ///
    /// - Throws: `tooLarge`, `tooDeep`, `invalidUTF8` or `invalidBSON`, with path and offset.
    public static func validate(_ bytes: [UInt8], limits: BSONLimits = .standard) throws(DocumentError) {
        try BSONBytes.with(bytes) { lent throws(DocumentError) in try validate(lent, limits: limits) }
    }

    /// Checks that the bytes are exactly one well-formed document.
    package static func validate(_ span: RawSpan, limits: BSONLimits = .standard) throws(DocumentError) {
        try BSONBytes.with(span) { lent throws(DocumentError) in try validate(lent, limits: limits) }
    }

    /// Checks that the bytes are exactly one well-formed document.
    package static func validate(_ bytes: BSONBytes, limits: BSONLimits = .standard) throws(DocumentError) {
        _ = try inspect(bytes, limits: limits)
    }

    /// What a validation notices by the way.
    struct Findings {
        /// Whether everything is in its canonical form.
        var isCanonical = true
        /// Whether a name at the top begins with `$`.
        var hasOperatorName = false
    }

    /// Checks that the bytes are exactly one well-formed document, and says what it noticed.
    static func inspect(_ bytes: BSONBytes, limits: BSONLimits) throws(DocumentError) -> Findings {
        guard bytes.count <= limits.byteCount else {
            throw DocumentError(
                .tooLarge, "the document has \(bytes.count) bytes; the limit is \(limits.byteCount)")
        }
        let walk = ValidationWalk(bytes: bytes, limits: limits)
        var findings = Findings()
        try walk.document(from: 0, to: bytes.count, isArray: false, depth: 0, &findings)
        return findings
    }
}

/// One validation under way.
///
/// What is only asked for when something is wrong is not kept on the way: the names that lead to the document at hand,
/// and the names in it, are looked for again then.
private struct ValidationWalk {
    let bytes: BSONBytes
    let limits: BSONLimits

    /// Checks the document that fills `start..<end`.
    func document(
        from start: Int, to end: Int, isArray: Bool, depth: Int, _ findings: inout BSONValidator.Findings
    ) throws(DocumentError) {
        guard depth < limits.depth else {
            throw fault(.tooDeep, "exceeded maximum nested object depth: \(limits.depth)", at: start, of: start)
        }
        guard end - start >= 5, Int(bytes.int32(at: start)) == end - start else {
            throw fault(.invalidBSON, "the length of the document does not fit its bytes", at: start, of: start)
        }
        guard bytes[end - 1] == 0 else {
            throw fault(.invalidBSON, "the document does not end with a zero byte", at: end - 1, of: start)
        }
        let last = end - 1
        var seen = SeenNames()
        var offset = start + 4
        var index = 0
        while offset < last {
            guard let type = BSONType(tag: bytes[offset]) else {
                let tag = Hex.text([bytes[offset]])
                throw fault(.invalidBSON, "unknown element type 0x\(tag)", at: offset, of: start)
            }
            guard let name = bytes.scanName(from: offset + 1, to: last) else {
                throw fault(.invalidBSON, "a field name does not end", at: offset + 1, of: start)
            }
            let place = ValuePlace(document: start, name: offset + 1, start: name.end + 1, depth: depth)
            if depth == 0, bytes[offset + 1] == UInt8(ascii: "$") { findings.hasOperatorName = true }
            if !name.isASCII, let bad = nameBytes(place).firstInvalidUTF8() {
                throw fault(.invalidUTF8, "a field name is not UTF-8", at: offset + 1 + bad, of: start)
            }
            guard let valueEnd = BSONReader.valueEnd(type, bytes, from: place.start, to: last) else {
                throw fault(
                    .invalidBSON, "a value of type \(type.name) does not fit its bytes", at: place.start, in: place)
            }
            if isArray {
                findings.isCanonical = findings.isCanonical && nameBytes(place).isArrayIndex(index)
                index += 1
            } else {
                seen.note(name.hash)
            }
            if type == .string {
                try text(place, from: place.start + 4, to: valueEnd - 1)
            } else if type.fixedByteCount < 0 || type == .bool {
                try value(type, place, to: valueEnd, &findings)
            }
            offset = valueEnd
        }
        if seen.areShared, !limits.allowsDuplicateFields { try checkDuplicates(from: start, to: end) }
    }

    /// Where a value stands.
    private struct ValuePlace {
        /// Where its document begins.
        let document: Int
        /// Where its name begins, which ends one byte before the value.
        let name: Int
        let start: Int
        /// How deep its document lies.
        let depth: Int
    }

    private func nameBytes(_ place: ValuePlace) -> BSONBytes { bytes.slice(place.name, place.start - 1) }

    /// Checks what the shape of a value alone does not show.
    @inline(never)
    private func value(
        _ type: BSONType, _ place: ValuePlace, to end: Int, _ findings: inout BSONValidator.Findings
    ) throws(DocumentError) {
        let start = place.start
        switch type {
        case .string, .code, .symbol: try text(place, from: start + 4, to: end - 1)
        case .document, .array:
            try document(from: start, to: end, isArray: type == .array, depth: place.depth + 1, &findings)
        case .binary: try binary(place, to: end)
        case .bool:
            guard bytes[start] <= 1 else {
                throw fault(.invalidBSON, "a boolean is neither 0 nor 1", at: start, in: place)
            }
        case .regex:
            guard let middle = bytes.firstZero(from: start, to: end) else { return }
            try text(place, from: start, to: middle)
            try text(place, from: middle + 1, to: end - 1)
            findings.isCanonical = findings.isCanonical && bytes.slice(middle + 1, end - 1).areSortedOptions
        case .dbPointer: try text(place, from: start + 4, to: end - 13)
        case .codeWithScope:
            let view = BSONView(type: type, bytes: bytes.slice(start, end))
            guard let parts = view.scopeParts else {
                throw fault(.invalidBSON, "code with scope has lengths that do not fit", at: start, in: place)
            }
            try text(place, from: start + 8, to: start + 8 + parts.code.count)
            let scope = end - parts.scope.count
            try document(from: scope, to: end, isArray: false, depth: place.depth + 1, &findings)
        default: break
        }
    }

    @inline(__always)
    private func text(_ place: ValuePlace, from start: Int, to end: Int) throws(DocumentError) {
        if let bad = bytes.slice(start, end).firstInvalidUTF8() {
            throw fault(.invalidUTF8, "a text is not UTF-8", at: start + bad, in: place)
        }
    }

    private func binary(_ place: ValuePlace, to end: Int) throws(DocumentError) {
        let start = place.start
        let content = bytes.slice(start + 5, end)
        switch bytes[start + 4] {
        case 2:
            guard content.count >= 4, Int(content.int32(at: 0)) == content.count - 4 else {
                throw fault(.invalidBSON, "binary subtype 2 has a wrong inner length", at: start + 5, in: place)
            }
        case 9:
            if let reason = VectorHeader.fault(in: content) {
                throw fault(.invalidBSON, reason, at: start + 5, in: place)
            }
        default: break
        }
    }

    // MARK: Duplicate names

    /// One bit for each hash of a name: only where two share a bit, names are compared.
    private struct SeenNames {
        private var bits: InlineArray<8, UInt64> = .init(repeating: 0)
        private(set) var areShared = false

        @inline(__always)
        mutating func note(_ hash: UInt64) {
            let word = Int(truncatingIfNeeded: hash &>> 61)
            let bit: UInt64 = 1 &<< (hash &>> 55)
            areShared = areShared || bits[word] & bit != 0
            bits[word] |= bit
        }
    }

    @inline(never)
    private func checkDuplicates(from start: Int, to end: Int) throws(DocumentError) {
        var names: [BSONBytes] = []
        var reader = BSONReader(bytes.slice(start, end))
        while let field = reader.next() { names.append(field.name) }
        guard let name = Self.duplicate(in: names) else { return }
        throw fault(.invalidBSON, "duplicate field name", at: start, of: start, name: name)
    }

    /// A name that occurs twice; nil when all differ.
    private static func duplicate(in names: [BSONBytes]) -> BSONBytes? {
        if names.count <= 16 {
            for (index, name) in names.enumerated() where names.prefix(index).contains(where: { $0.equals(name) }) {
                return name
            }
            return nil
        }
        let sorted = names.sorted { $0.compare($1) < 0 }
        return zip(sorted, sorted.dropFirst()).first { $0.0.equals($0.1) }?.0
    }

    // MARK: Faults

    private func fault(
        _ code: DocumentError.Code, _ message: String, at offset: Int, in place: ValuePlace
    ) -> DocumentError {
        fault(code, message, at: offset, of: place.document, name: nameBytes(place))
    }

    /// A fault in the document that begins at `document`, in its field `name` if one is to blame.
    @inline(never)
    private func fault(
        _ code: DocumentError.Code, _ message: String, at offset: Int, of document: Int, name: BSONBytes? = nil
    ) -> DocumentError {
        let names = (path(to: document) + (name.map { [$0] } ?? [])).map(\.text)
        return DocumentError(code, message, path: names.joined(separator: "."), offset: offset)
    }

    /// The names that lead to the document that begins at `document`. All before it was found sound on the way there.
    private func path(to document: Int) -> [BSONBytes] {
        var names: [BSONBytes] = []
        var start = 0
        var offset = 4
        while start < document {
            guard let type = BSONType(tag: bytes[offset]),
                let nameEnd = bytes.firstZero(from: offset + 1, to: bytes.count),
                let valueEnd = BSONReader.valueEnd(type, bytes, from: nameEnd + 1, to: bytes.count)
            else { return names }
            guard document < valueEnd else {
                offset = valueEnd
                continue
            }
            names.append(bytes.slice(offset + 1, nameEnd))
            start = nameEnd + 1
            if type == .codeWithScope { start += 8 + Int(bytes.int32(at: start + 4)) }
            offset = start + 4
        }
        return names
    }
}
