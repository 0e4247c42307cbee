// Values as MongoDB writes them inside messages: `{ _id: 1, name: "x" }`. For people; nothing reads it back.

enum ShellText {
    private static let deepest = 20

    static func document(_ document: Document, depth: Int = 0) -> String {
        if document.isEmpty { return "{}" }
        if depth == deepest { return "{ ... }" }
        return "{ " + document.map { "\($0.key): \(value($0.value, depth: depth + 1))" }.joined(separator: ", ") + " }"
    }

    static func value(_ value: BSONValue, depth: Int = 0) -> String {
        switch value {
        case .string(let text), .symbol(let text): quoted(text)
        case .int32(let number): String(number)
        case .int64(let number): String(number)
        case .double(let number): double(number)
        case .decimal128(let number): number.description
        case .bool(let flag): flag ? "true" : "false"
        case .null: "null"
        case .undefined: "undefined"
        case .objectID(let id): "ObjectId('\(id)')"
        case .date(let date): "new Date(\(date.millisecondsSince1970))"
        case .timestamp(let stamp): "Timestamp(\(stamp.seconds), \(stamp.increment))"
        case .binary(let binary):
            binary.subtype == 4 && binary.bytes.count == 16
                ? "UUID(\"\(uuid(binary.bytes))\")"
                : "BinData(\(binary.subtype), \(Hex.text(binary.bytes).uppercased()))"
        case .regex(let regex): "/\(regex.pattern)/\(regex.options)"
        case .code(let text): text
        case .codeWithScope(let code): "CodeWScope( \(code.code), \(document(code.scope, depth: depth + 1)))"
        case .dbPointer(let pointer): "DBRef('\(pointer.reference)',\(pointer.id))"
        case .minKey: "MinKey"
        case .maxKey: "MaxKey"
        case .document(let inner): document(inner, depth: depth)
        case .array(let elements): array(elements, depth: depth)
        }
    }

    private static func array(_ elements: [BSONValue], depth: Int) -> String {
        if elements.isEmpty { return "[]" }
        if depth == deepest { return "[ ... ]" }
        return "[ " + elements.map { value($0, depth: depth + 1) }.joined(separator: ", ") + " ]"
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { Hex.text(Array(bytes[$0])) }.joined(separator: "-")
    }

    private static func double(_ number: Double) -> String {
        if number.isNaN { return "nan.0" }
        if number.isInfinite { return number < 0 ? "-inf.0" : "inf.0" }
        return number.description
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
