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
        var walk = ValidationWalk(bytes: bytes, limits: limits)
        try walk.document(from: 0, to: bytes.count, isArray: false)
        return walk.findings
    }
}

/// One validation under way.
private struct ValidationWalk {
    let bytes: BSONBytes
    let limits: BSONLimits
    private(set) var findings = BSONValidator.Findings()
    /// The names that lead to the document at hand.
    private var path: [BSONBytes] = []
    /// The names of the document at hand, after those of the documents around it.
    private var names: [BSONBytes] = []

    init(bytes: BSONBytes, limits: BSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private func fault(
        _ code: DocumentError.Code, _ message: String, at offset: Int, in name: BSONBytes? = nil
    ) -> DocumentError {
        let names = (path + (name.map { [$0] } ?? [])).map(\.text)
        return DocumentError(code, message, path: names.joined(separator: "."), offset: offset)
    }

    /// Checks the document that fills `start..<end`.
    mutating func document(from start: Int, to end: Int, isArray: Bool) throws(DocumentError) {
        guard path.count < limits.depth else {
            throw fault(.tooDeep, "exceeded maximum nested object depth: \(limits.depth)", at: start)
        }
        guard end - start >= 5, Int(bytes.int32(at: start)) == end - start else {
            throw fault(.invalidBSON, "the length of the document does not fit its bytes", at: start)
        }
        guard bytes[end - 1] == 0 else {
            throw fault(.invalidBSON, "the document does not end with a zero byte", at: end - 1)
        }
        let last = end - 1
        let collectsNames = !isArray && !limits.allowsDuplicateFields
        let firstName = names.count
        // One bit for each hash seen: only names that share a bit are compared.
        var seen: UInt64 = 0
        var hasSharedBits = false
        var offset = start + 4
        var index = 0
        while offset < last {
            guard let type = BSONType(tag: bytes[offset]) else {
                throw fault(.invalidBSON, "unknown element type 0x\(Hex.text([bytes[offset]]))", at: offset)
            }
            guard let nameEnd = bytes.firstZero(from: offset + 1, to: last) else {
                throw fault(.invalidBSON, "a field name does not end", at: offset + 1)
            }
            let name = bytes.slice(offset + 1, nameEnd)
            if name.count > 0, name[0] == UInt8(ascii: "$"), path.isEmpty { findings.hasOperatorName = true }
            if let place = name.firstInvalidUTF8() {
                throw fault(.invalidUTF8, "a field name is not UTF-8", at: offset + 1 + place)
            }
            guard let valueEnd = BSONReader.valueEnd(type, bytes, from: nameEnd + 1, to: last) else {
                throw fault(
                    .invalidBSON, "a value of type \(type.name) does not fit its bytes", at: nameEnd + 1, in: name)
            }
            if isArray {
                findings.isCanonical = findings.isCanonical && name.isArrayIndex(index)
                index += 1
            }
            if collectsNames {
                let bit = Self.bit(of: name)
                hasSharedBits = hasSharedBits || seen & bit != 0
                seen |= bit
                names.append(name)
            }
            try value(type, name, from: nameEnd + 1, to: valueEnd)
            offset = valueEnd
        }
        if hasSharedBits, let name = Self.duplicate(in: names[firstName...]) {
            throw fault(.invalidBSON, "duplicate field name", at: start, in: name)
        }
        names.removeSubrange(firstName...)
    }

    /// Checks what the shape of a value alone does not show.
    private mutating func value(
        _ type: BSONType, _ name: BSONBytes, from start: Int, to end: Int
    ) throws(DocumentError) {
        switch type {
        case .string, .code, .symbol: try text(name, from: start + 4, to: end - 1)
        case .document, .array:
            path.append(name)
            try document(from: start, to: end, isArray: type == .array)
            path.removeLast()
        case .binary: try binary(name, from: start, to: end)
        case .bool:
            guard bytes[start] <= 1 else {
                throw fault(.invalidBSON, "a boolean is neither 0 nor 1", at: start, in: name)
            }
        case .regex:
            guard let middle = bytes.firstZero(from: start, to: end) else { return }
            try text(name, from: start, to: middle)
            try text(name, from: middle + 1, to: end - 1)
            findings.isCanonical = findings.isCanonical && bytes.slice(middle + 1, end - 1).areSortedOptions
        case .dbPointer: try text(name, from: start + 4, to: end - 13)
        case .codeWithScope:
            let view = BSONView(type: type, bytes: bytes.slice(start, end))
            guard let parts = view.scopeParts else {
                throw fault(.invalidBSON, "code with scope has lengths that do not fit", at: start, in: name)
            }
            try text(name, from: start + 8, to: start + 8 + parts.code.count)
            path.append(name)
            try document(from: end - parts.scope.count, to: end, isArray: false)
            path.removeLast()
        default: break
        }
    }

    private func text(_ name: BSONBytes, from start: Int, to end: Int) throws(DocumentError) {
        if let place = bytes.slice(start, end).firstInvalidUTF8() {
            throw fault(.invalidUTF8, "a text is not UTF-8", at: start + place, in: name)
        }
    }

    private func binary(_ name: BSONBytes, from start: Int, to end: Int) throws(DocumentError) {
        let content = bytes.slice(start + 5, end)
        switch bytes[start + 4] {
        case 2:
            guard content.count >= 4, Int(content.int32(at: 0)) == content.count - 4 else {
                throw fault(.invalidBSON, "binary subtype 2 has a wrong inner length", at: start + 5, in: name)
            }
        case 9:
            if let reason = VectorHeader.fault(in: content) {
                throw fault(.invalidBSON, reason, at: start + 5, in: name)
            }
        default: break
        }
    }

    private static func bit(of name: BSONBytes) -> UInt64 {
        guard name.count > 0 else { return 1 }
        let hash = UInt64(name[0]) &* 31 &+ UInt64(name[name.count - 1]) &* 7 &+ UInt64(name[name.count / 2])
        return 1 << ((hash &+ UInt64(name.count) &* 13) & 63)
    }

    /// A name that occurs twice; nil when all differ.
    private static func duplicate(in names: ArraySlice<BSONBytes>) -> BSONBytes? {
        if names.count <= 16 {
            for (index, name) in names.enumerated() where names.prefix(index).contains(where: { $0.equals(name) }) {
                return name
            }
            return nil
        }
        let sorted = names.sorted { $0.compare($1) < 0 }
        return zip(sorted, sorted.dropFirst()).first { $0.0.equals($0.1) }?.0
    }
}
