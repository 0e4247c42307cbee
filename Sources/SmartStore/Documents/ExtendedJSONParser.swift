// Reads Extended JSON straight into BSON bytes: fields are appended as they are met, nothing is built in between.
//
// An object whose first name is that of a wrapper ($oid, $date, ...) is a value of that type and must have exactly
// the members the wrapper has; one that meets such a name later is refused. Other names with a `$` are names.
// {"$binary": "base64", "$type": "00"}, the form of Extended JSON v1, is read in either order; its $regex with $options
// is not a wrapper, because a filter means an operator by it.
//
// Depth counts documents and arrays as BSON nests them: a wrapper adds none. No wrapper holds another value without
// such a level between, so the recursion is bounded by it.

struct ExtendedJSONParser {
    var scanner: JSONScanner
    var bytes: [UInt8] = []
    /// Where the fields that lead to the value at hand begin in `bytes`: an error reads its path there.
    private var path: [Int] = []
    private var depth = 0
    private let limits: BSONLimits

    private init(_ text: BSONBytes, _ limits: BSONLimits) {
        scanner = JSONScanner(text)
        self.limits = limits
        bytes.reserveCapacity(text.count)
    }

    /// The value of a whole text, as its type and stored bytes.
    static func parse(_ text: BSONBytes, limits: BSONLimits) throws(DocumentError) -> (BSONType, [UInt8]) {
        if let place = text.firstInvalidUTF8() {
            throw DocumentError(.invalidUTF8, "the text is not UTF-8", offset: place)
        }
        var parser = ExtendedJSONParser(text, limits)
        do throws(DocumentError) {
            let type = try parser.value()
            guard parser.scanner.peek() == nil else { throw parser.scanner.fault("text after the end of the value") }
            return (type, parser.bytes)
        } catch {
            var fault = error
            if !parser.path.isEmpty { fault.path = parser.path.map { parser.name(at: $0) }.joined(separator: ".") }
            throw fault
        }
    }

    private func name(at header: Int) -> String {
        String(decoding: bytes[(header + 1)...].prefix { $0 != 0 }, as: UTF8.self)
    }

    // MARK: Values

    /// Appends the bytes of the next value and returns its type.
    mutating func value() throws(DocumentError) -> BSONType {
        switch scanner.peek() {
        case UInt8(ascii: "\""):
            try text()
            return .string
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["):
            try array()
            return .array
        case UInt8(ascii: "t"):
            guard scanner.skipWord("true") else { throw scanner.fault("unknown word") }
            bytes.append(1)
            return .bool
        case UInt8(ascii: "f"):
            guard scanner.skipWord("false") else { throw scanner.fault("unknown word") }
            bytes.append(0)
            return .bool
        case UInt8(ascii: "n"):
            guard scanner.skipWord("null") else { throw scanner.fault("unknown word") }
            return .null
        case nil: throw scanner.fault("the text ends where a value should be")
        default: return try number()
        }
    }

    private mutating func number() throws(DocumentError) -> BSONType {
        switch try scanner.number() {
        case .integer(let value):
            if let small = Int32(exactly: value) {
                BSONWriter.appendInt32(small, to: &bytes)
                return .int32
            }
            BSONWriter.appendUInt64(UInt64(bitPattern: value), to: &bytes)
            return .int64
        case .double(let value):
            BSONWriter.appendUInt64(value.bitPattern, to: &bytes)
            return .double
        }
    }

    /// Appends a length-prefixed text.
    mutating func text() throws(DocumentError) {
        let start = beginSized()
        try scanner.string(into: &bytes)
        bytes.append(0)
        let length = Int32(truncatingIfNeeded: bytes.count - start - 4)
        patch(length, at: start)
    }

    private mutating func beginSized() -> Int {
        let start = bytes.count
        bytes.append(contentsOf: [0, 0, 0, 0])
        return start
    }

    private mutating func patch(_ length: Int32, at start: Int) {
        var bits = UInt32(bitPattern: length)
        for place in start..<(start + 4) {
            bytes[place] = UInt8(truncatingIfNeeded: bits)
            bits >>= 8
        }
    }

    private mutating func enter(at place: Int) throws(DocumentError) {
        depth += 1
        guard depth <= limits.depth else {
            throw DocumentError(.tooDeep, "exceeded maximum nested object depth: \(limits.depth)", offset: place)
        }
        guard bytes.count <= limits.byteCount else {
            throw DocumentError(.tooLarge, "the document is larger than \(limits.byteCount) bytes", offset: place)
        }
    }

    /// The text of a `$type` that is the only field so far; nil when the fields are others.
    private func onlyType(from start: Int, to end: Int) -> String? {
        let name = [BSONType.string.rawValue] + Array("$type".utf8) + [0]
        guard end - start >= name.count + 5, bytes[start..<(start + name.count)].elementsEqual(name) else { return nil }
        let text = bytes[(start + name.count)..<end]
        return BSONBytes.with(Array(text)) { lent in
            guard Int(lent.uint32(at: 0)) == lent.count - 4 else { return nil }
            return lent.slice(4, lent.count - 1).text
        }
    }

    private mutating func array() throws(DocumentError) {
        try enter(at: scanner.offset)
        try scanner.expect("[")
        let start = beginSized()
        var index = 0
        if !scanner.skip("]") {
            repeat {
                let header = bytes.count
                bytes.append(0)
                BSONWriter.appendIndex(index, to: &bytes)
                path.append(header)
                bytes[header] = try value().rawValue
                path.removeLast()
                index += 1
            } while scanner.skip(",")
            try scanner.expect("]")
        }
        close(start)
    }

    private mutating func close(_ start: Int) {
        bytes.append(0)
        patch(Int32(truncatingIfNeeded: bytes.count - start), at: start)
        depth -= 1
    }

    /// Appends the bytes of an object and returns its type: a document, or what a wrapper stands for.
    mutating func object(allowsWrapper: Bool = true) throws(DocumentError) -> BSONType {
        _ = scanner.peek()
        let opening = scanner.offset
        try scanner.expect("{")
        if scanner.peek() != UInt8(ascii: "\"") { try enter(at: opening) }
        let start = beginSized()
        if scanner.skip("}") {
            close(start)
            return .document
        }
        var isFirst = true
        repeat {
            let place = scanner.offset
            let header = bytes.count
            bytes.append(0)
            _ = scanner.peek()
            try scanner.string(into: &bytes)
            if header + 1 < bytes.count, bytes[header + 1] == UInt8(ascii: "$") {
                if let wrapper = Wrapper(rawValue: String(decoding: bytes[(header + 1)...], as: UTF8.self)) {
                    guard allowsWrapper else { throw scanner.fault("$scope must be a document", at: place) }
                    if !isFirst {
                        guard wrapper == .binary, let subtype = onlyType(from: start + 4, to: header) else {
                            throw scanner.fault("\(wrapper.rawValue) may not stand beside other fields", at: place)
                        }
                        depth -= 1
                        bytes.removeSubrange(start...)
                        try scanner.expect(":")
                        try oldBinary(subtype: subtype, at: place)
                        try scanner.expect("}")
                        return .binary
                    }
                    bytes.removeSubrange(start...)
                    try scanner.expect(":")
                    let type = try wrapped(wrapper)
                    try scanner.expect("}")
                    return type
                }
            }
            if isFirst { try enter(at: opening) }
            isFirst = false
            let name = bytes[(header + 1)...]
            guard !name.contains(0) else { throw scanner.fault("a field name may not contain a NUL", at: place) }
            bytes.append(0)
            path.append(header)
            try scanner.expect(":")
            bytes[header] = try value().rawValue
            path.removeLast()
        } while scanner.skip(",")
        try scanner.expect("}")
        close(start)
        return .document
    }
}
