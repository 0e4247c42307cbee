// Writes values in place as Extended JSON.

struct ExtendedJSONPrinter {
    private(set) var text: [UInt8] = []
    private let format: ExtendedJSON.Format

    init(_ format: ExtendedJSON.Format) { self.format = format }

    mutating func value(_ view: BSONView, depth: Int) {
        let bytes = view.bytes
        switch view.type {
        case .string: quoted(view.textBytes)
        case .document, .array: container(view, depth: depth)
        case .double: double(bytes.double(at: 0))
        case .int32: number("$numberInt", String(bytes.int32(at: 0)))
        case .int64: number("$numberLong", String(bytes.int64(at: 0)))
        case .decimal128: wrapped("$numberDecimal", view.decimal.description)
        case .bool: raw(bytes[0] != 0 ? "true" : "false")
        case .null: raw("null")
        case .objectID: wrapped("$oid", view.objectID.description)
        case .date: date(BSONDate(millisecondsSince1970: bytes.int64(at: 0)))
        case .binary:
            raw("{\"$binary\":{\"base64\":\"")
            Base64.append(view.payloadWithoutInnerLength, to: &text)
            raw("\",\"subType\":\"" + Hex.text([view.subtype]) + "\"}}")
        case .timestamp:
            let stamp = BSONTimestamp(bits: bytes.uint64(at: 0))
            raw("{\"$timestamp\":{\"t\":\(stamp.seconds),\"i\":\(stamp.increment)}}")
        case .regex:
            raw("{\"$regularExpression\":{\"pattern\":")
            quoted(view.regexParts?.pattern ?? .empty)
            raw(",\"options\":")
            quoted(view.regexParts?.options ?? .empty)
            raw("}}")
        case .code:
            raw("{\"$code\":")
            quoted(view.textBytes)
            raw("}")
        case .symbol:
            raw("{\"$symbol\":")
            quoted(view.textBytes)
            raw("}")
        case .codeWithScope:
            raw("{\"$code\":")
            quoted(view.scopeParts?.code ?? .empty)
            raw(",\"$scope\":")
            container(BSONView(type: .document, bytes: view.scopeParts?.scope ?? .empty), depth: depth)
            raw("}")
        case .dbPointer:
            let end = bytes.count - 12
            raw("{\"$dbPointer\":{\"$ref\":")
            quoted(bytes.slice(4, end - 1))
            raw(",\"$id\":")
            wrapped("$oid", BSONView(type: .objectID, bytes: bytes.slice(end, bytes.count)).objectID.description)
            raw("}}")
        case .undefined: raw("{\"$undefined\":true}")
        case .minKey: raw("{\"$minKey\":1}")
        case .maxKey: raw("{\"$maxKey\":1}")
        }
    }

    private mutating func container(_ view: BSONView, depth: Int) {
        let isArray = view.type == .array
        raw(isArray ? "[" : "{")
        if depth < BSONLimits.deepest {
            var reader = BSONReader(view.bytes)
            var isFirst = true
            while let field = reader.next() {
                if !isFirst { raw(",") }
                isFirst = false
                if !isArray {
                    quoted(field.name)
                    raw(":")
                }
                value(field.value, depth: depth + 1)
            }
        }
        raw(isArray ? "]" : "}")
    }

    private mutating func double(_ value: Double) {
        guard value.isFinite else {
            return wrapped("$numberDouble", value.isNaN ? "NaN" : (value < 0 ? "-Infinity" : "Infinity"))
        }
        // The shortest digits that come back; plain up to 10¹⁶, where other implementations change over too.
        let isPlain = value.magnitude > 0x1p53 && value.magnitude < 1e16
        number("$numberDouble", isPlain ? "\(Int64(value)).0" : value.description.uppercased())
    }

    private mutating func number(_ key: String, _ digits: String) {
        if format == .canonical { wrapped(key, digits) } else { raw(digits) }
    }

    private mutating func date(_ date: BSONDate) {
        if format == .relaxed && date.hasReadableYear {
            wrapped("$date", date.iso8601)
        } else {
            raw("{\"$date\":{\"$numberLong\":\"\(date.millisecondsSince1970)\"}}")
        }
    }

    /// `{"key":"content"}` for content that needs no escaping.
    private mutating func wrapped(_ key: String, _ content: String) {
        raw("{\"" + key + "\":\"" + content + "\"}")
    }

    private mutating func raw(_ part: String) { text.append(contentsOf: part.utf8) }

    private mutating func quoted(_ bytes: BSONBytes) {
        text.append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let offset = bytes.firstSpecialInJSON(from: start)
            bytes.slice(start, offset).append(to: &text)
            guard offset < bytes.count else { break }
            start = offset + 1
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""): raw("\\\"")
            case UInt8(ascii: "\\"): raw("\\\\")
            case 0x08: raw("\\b")
            case 0x09: raw("\\t")
            case 0x0A: raw("\\n")
            case 0x0C: raw("\\f")
            case 0x0D: raw("\\r")
            default: raw("\\u00" + Hex.text([byte]))
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}

extension BSONView {
    /// The bytes of a binary; the old subtype 2 has its length once more before them.
    fileprivate var payloadWithoutInnerLength: BSONBytes {
        let payload = payload
        guard subtype == 2, payload.count >= 4, Int(payload.int32(at: 0)) == payload.count - 4 else { return payload }
        return payload.slice(4, payload.count)
    }
}
