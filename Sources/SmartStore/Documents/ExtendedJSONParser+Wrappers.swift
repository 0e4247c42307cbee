// The type wrappers of Extended JSON: objects such as {"$date": ...} that stand for one value.

extension ExtendedJSONParser {
    enum Wrapper: String {
        case oid = "$oid"
        case numberInt = "$numberInt"
        case numberLong = "$numberLong"
        case numberDouble = "$numberDouble"
        case numberDecimal = "$numberDecimal"
        case binary = "$binary"
        case uuid = "$uuid"
        case date = "$date"
        case timestamp = "$timestamp"
        case regularExpression = "$regularExpression"
        case code = "$code"
        case scope = "$scope"
        case symbol = "$symbol"
        case undefined = "$undefined"
        case minKey = "$minKey"
        case maxKey = "$maxKey"
        case dbPointer = "$dbPointer"
    }

    /// Appends the value of a wrapper whose name and colon have been read; its closing brace comes after.
    mutating func wrapped(_ wrapper: Wrapper) throws(DocumentError) -> BSONType {
        switch wrapper {
        case .oid:
            append(.objectID(try objectID()))
            return .objectID
        case .numberInt:
            return try append(scanned("an int32") { Self.integer($0).flatMap { Int32(exactly: $0) } }) { .int32($0) }
        case .numberLong: return try append(scanned("an int64") { Self.integer($0) }) { .int64($0) }
        case .numberDouble: return try append(scanned("a double") { Self.double($0) }) { .double($0) }
        case .numberDecimal: return try append(scanned("a decimal128") { Decimal128($0) }) { .decimal128($0) }
        case .uuid:
            return try append(scanned("a UUID") { Self.uuid($0) }) { .binary(BSONBinary(subtype: 4, bytes: $0)) }
        case .symbol:
            try text()
            return .symbol
        case .binary: return try binary()
        case .date: return try date()
        case .timestamp: return try timestamp()
        case .regularExpression: return try regularExpression()
        case .code, .scope: return try code(wrapper)
        case .dbPointer: return try dbPointer()
        case .undefined:
            guard scanner.peek() != nil, scanner.skipWord("true") else {
                throw scanner.fault("$undefined must be true")
            }
            return .undefined
        case .minKey, .maxKey:
            guard scanner.peek() != nil, case .integer(1) = try scanner.number() else {
                throw scanner.fault("\(wrapper.rawValue) must be 1")
            }
            return wrapper == .minKey ? .minKey : .maxKey
        }
    }

    private mutating func append(_ value: BSONValue) { BSONWriter.append(value, to: &bytes) }

    private mutating func append<T>(_ content: T, _ make: (T) -> BSONValue) -> BSONType {
        let value = make(content)
        append(value)
        return value.type
    }

    /// A string that must read as something.
    private mutating func scanned<T>(_ what: String, _ read: (String) -> T?) throws(DocumentError) -> T {
        _ = scanner.peek()
        let place = scanner.offset
        let text = try scanner.string()
        guard let value = read(text) else { throw scanner.fault("\"\(text)\" is not \(what)", at: place) }
        return value
    }

    private mutating func objectID() throws(DocumentError) -> ObjectID {
        try scanned("an ObjectId (24 hexadecimal digits)") { $0.utf8.count == 24 ? ObjectID($0) : nil }
    }

    /// Decimal digits with an optional minus sign.
    private static func integer(_ text: String) -> Int64? { text.utf8.first == UInt8(ascii: "+") ? nil : Int64(text) }

    private static func double(_ text: String) -> Double? {
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            let allowed = text.utf8.allSatisfy { character in
                switch character {
                case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"),
                    UInt8(ascii: "E"):
                    true
                default: false
                }
            }
            guard allowed, let value = Double(text), value.isFinite else { return nil }
            return value
        }
    }

    /// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
    private static func uuid(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
        return Hex.bytes(parts.joined())
    }

    /// Reads an object that has exactly these members, in any order.
    private mutating func members(
        _ names: [String], _ read: (inout ExtendedJSONParser, Int) throws(DocumentError) -> Void
    ) throws(DocumentError) {
        try scanner.expect("{")
        var missing = Set(names)
        repeat {
            _ = scanner.peek()
            let place = scanner.offset
            let name = try scanner.string()
            guard missing.remove(name) != nil, let index = names.firstIndex(of: name) else {
                throw scanner.fault("unexpected field \"\(name)\"", at: place)
            }
            try scanner.expect(":")
            try read(&self, index)
        } while scanner.skip(",")
        if let name = names.first(where: { missing.contains($0) }) {
            throw scanner.fault("the field \"\(name)\" is missing")
        }
        try scanner.expect("}")
    }

    private mutating func binary() throws(DocumentError) -> BSONType {
        if scanner.peek() == UInt8(ascii: "\"") {
            try oldBinary(subtype: nil, at: scanner.offset)
            return .binary
        }
        var content: [UInt8] = []
        var subtype: UInt8 = 0
        try members(["base64", "subType"]) { parser, index throws(DocumentError) in
            if index == 0 {
                content = try parser.scanned("base64", Self.base64)
            } else {
                subtype = try parser.scanned("a subtype (one or two hexadecimal digits)", Self.subtype)
            }
        }
        append(content, subtype: subtype)
        return .binary
    }

    private static func base64(_ text: String) -> [UInt8]? { Base64.bytes(Array(text.utf8)) }

    private static func subtype(_ text: String) -> UInt8? {
        (1...2).contains(text.utf8.count) ? Hex.bytes(text.utf8.count == 1 ? "0" + text : text)?.first : nil
    }

    /// The rest of {"$binary": "base64", "$type": "00"}; `$type` has been read if its text is given.
    mutating func oldBinary(subtype written: String?, at place: Int) throws(DocumentError) {
        let content = try scanned("base64", Self.base64)
        if let written {
            guard let subtype = Self.subtype(written) else {
                throw scanner.fault("\"\(written)\" is not a subtype (one or two hexadecimal digits)", at: place)
            }
            append(content, subtype: subtype)
            return
        }
        guard scanner.skip(",") else { throw scanner.fault("the field \"$type\" is missing") }
        _ = scanner.peek()
        let place = scanner.offset
        let name = try scanner.string()
        guard name == "$type" else { throw scanner.fault("unexpected field \"\(name)\"", at: place) }
        try scanner.expect(":")
        append(content, subtype: try scanned("a subtype (one or two hexadecimal digits)", Self.subtype))
    }

    private mutating func append(_ content: [UInt8], subtype: UInt8) {
        var content = content
        if subtype == 2 {
            var inner: [UInt8] = []
            BSONWriter.appendInt32(Int32(truncatingIfNeeded: content.count), to: &inner)
            content = inner + content
        }
        append(.binary(BSONBinary(subtype: subtype, bytes: content)))
    }

    private mutating func date() throws(DocumentError) -> BSONType {
        var milliseconds: Int64 = 0
        if scanner.peek() == UInt8(ascii: "{") {
            try members(["$numberLong"]) { parser, _ throws(DocumentError) in
                milliseconds = try parser.scanned("an int64") { Self.integer($0) }
            }
        } else {
            milliseconds = try scanned("an ISO 8601 date") { BSONDate(iso8601: $0)?.millisecondsSince1970 }
        }
        append(.date(BSONDate(millisecondsSince1970: milliseconds)))
        return .date
    }

    private mutating func timestamp() throws(DocumentError) -> BSONType {
        var parts: [UInt32] = [0, 0]
        try members(["t", "i"]) { parser, index throws(DocumentError) in
            _ = parser.scanner.peek()
            let place = parser.scanner.offset
            guard case .integer(let value) = try parser.scanner.number(), let part = UInt32(exactly: value) else {
                throw parser.scanner.fault("a timestamp's part must be a whole number of 32 bits", at: place)
            }
            parts[index] = part
        }
        append(.timestamp(BSONTimestamp(seconds: parts[0], increment: parts[1])))
        return .timestamp
    }

    private mutating func regularExpression() throws(DocumentError) -> BSONType {
        var parts = ["", ""]
        try members(["pattern", "options"]) { parser, index throws(DocumentError) in
            parts[index] = try parser.scanner.string()
        }
        do throws(DocumentError) { append(.regex(try BSONRegex(pattern: parts[0], options: parts[1]))) } catch {
            throw scanner.fault(error.message)
        }
        return .regex
    }

    private mutating func code(_ first: Wrapper) throws(DocumentError) -> BSONType {
        var code: String?
        var scope: Document?
        var wrapper = first
        while true {
            _ = scanner.peek()
            if wrapper == .code && code == nil {
                code = try scanner.string()
            } else if wrapper == .scope && scope == nil {
                let start = bytes.count
                let place = scanner.offset
                guard scanner.peek() == UInt8(ascii: "{"), try object(allowsWrapper: false) == .document else {
                    throw scanner.fault("$scope must be a document", at: place)
                }
                scope = Document(trusted: Array(bytes[start...]))
                bytes.removeSubrange(start...)
            } else {
                throw scanner.fault("unexpected field \"\(wrapper.rawValue)\"")
            }
            guard scanner.skip(",") else { break }
            _ = scanner.peek()
            let place = scanner.offset
            let name = try scanner.string()
            guard name == "$code" || name == "$scope", let next = Wrapper(rawValue: name) else {
                throw scanner.fault("unexpected field \"\(name)\"", at: place)
            }
            wrapper = next
            try scanner.expect(":")
        }
        guard let code else { throw scanner.fault("$scope needs $code") }
        guard let scope else {
            append(.code(code))
            return .code
        }
        append(.codeWithScope(BSONCodeWithScope(code: code, scope: scope)))
        return .codeWithScope
    }

    private mutating func dbPointer() throws(DocumentError) -> BSONType {
        var reference = ""
        var id = ObjectID(head: 0, tail: 0)
        try members(["$ref", "$id"]) { parser, index throws(DocumentError) in
            if index == 0 {
                reference = try parser.scanner.string()
            } else {
                try parser.members(["$oid"]) { parser, _ throws(DocumentError) in id = try parser.objectID() }
            }
        }
        append(.dbPointer(BSONDBPointer(reference: reference, id: id)))
        return .dbPointer
    }
}
