// Values back from index keys, for queries that an index answers without the documents.
//
// A key forgets what does not count in comparisons: that 5 was a double, that a text was a symbol, that a null was a
// missing field. One byte beside it, its form, says what it was; values that cannot be had back have the form `lost`, and
// whoever needs them reads the document.

/// Decodes components of index keys.
enum KeyDecoding {
    /// The field was missing.
    static let missing: UInt8 = 0x00
    /// The value cannot be had back from its key.
    static let lost: UInt8 = 0x20

    /// The form of a value.
    static func form(of value: BSONView) -> UInt8 {
        switch value.type {
        case .int32, .int64, .string, .symbol, .bool, .date, .timestamp, .objectID, .binary, .null, .undefined, .minKey,
            .maxKey:
            return value.type.rawValue
        case .double:
            // Zero has two signs, and NaN many bit patterns.
            let number = value.bytes.double(at: 0)
            return number == 0 && number.sign == .minus || number.isNaN ? lost : value.type.rawValue
        default: return lost
        }
    }

    /// The value of the component that begins at `start`, and where it ends; nil for what cannot be had back. A missing
    /// field has no value and the form says so: do not ask.
    static func value(
        in key: [UInt8], from start: Int, form: UInt8, isDescending: Bool
    ) -> (value: BSONValue, end: Int)? {
        guard let type = BSONType(rawValue: form),
            let end = KeyEncoding.componentEnd(
                in: key, from: start, descending: isDescending)
        else { return nil }
        let mask: UInt8 = isDescending ? 0xFF : 0
        let bytes = isDescending ? key[start..<end].map { $0 ^ mask } : Array(key[start..<end])
        return decode(bytes, type).map { ($0, end) }
    }

    /// A value for messages: of a type that the key could be of. Numbers are int32 where they fit.
    static func shown(in key: [UInt8], from start: Int, to end: Int, isDescending: Bool) -> BSONValue {
        let mask: UInt8 = isDescending ? 0xFF : 0
        let bytes = key[start..<end].map { $0 ^ mask }
        guard let tag = bytes.first else { return .null }
        if (OrderClass.number.rawValue..<OrderClass.string.rawValue).contains(tag) {
            if let number = whole(bytes) { return BSONValue(Int(number)) }
            return KeyEncoding.double(of: bytes).map { .double($0) } ?? .string("a decimal")
        }
        let type: BSONType? =
            switch OrderClass(rawValue: tag) {
            case .undefined, .null: .null
            case .string: .string
            case .binary: .binary
            case .objectID: .objectID
            case .bool: .bool
            case .date: .date
            case .timestamp: .timestamp
            case .minKey: .minKey
            case .maxKey: .maxKey
            default: nil
            }
        return type.flatMap { decode(bytes, $0) } ?? .string("a value of another type")
    }

    private static func decode(_ bytes: [UInt8], _ type: BSONType) -> BSONValue? {
        let body = bytes.dropFirst()
        switch type {
        case .null: return .null
        case .undefined: return .undefined
        case .minKey: return .minKey
        case .maxKey: return .maxKey
        case .string: return .string(text(body))
        case .symbol: return .symbol(text(body))
        case .bool: return .bool(body.first == 1)
        case .objectID: return (try? ObjectID(bytes: Array(body))).map { .objectID($0) }
        case .date:
            return .date(BSONDate(millisecondsSince1970: Int64(bitPattern: word(body) ^ 1 << 63)))
        case .timestamp:
            let word = word(body)
            return .timestamp(BSONTimestamp(seconds: UInt32(word >> 32), increment: UInt32(truncatingIfNeeded: word)))
        case .binary:
            guard body.count >= 5 else { return nil }
            let rest = Array(body.dropFirst(4))
            return .binary(BSONBinary(subtype: rest[0], bytes: Array(rest[1...])))
        case .int32:
            return whole(bytes).flatMap { Int32(exactly: $0) }.map { .int32($0) }
        case .int64: return whole(bytes).map { .int64($0) }
        case .double: return KeyEncoding.double(of: bytes).map { .double($0) }
        default: return nil
        }
    }

    private static func whole(_ bytes: [UInt8]) -> Int64? {
        if bytes[0] == 0x0A { return .min }
        return KeyEncoding.whole(of: bytes)
    }

    private static func text(_ body: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(body.count)
        var index = body.startIndex
        // 00 FF is a NUL; 00 00 is the end.
        while index < body.endIndex - 2 {
            text.append(body[index])
            index += body[index] == 0 ? 2 : 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func word(_ body: ArraySlice<UInt8>) -> UInt64 {
        body.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension KeyEncoding {
    /// The whole number that an ascending component encodes; nil when it has a fraction or is none.
    static func whole(of bytes: [UInt8]) -> Int64? {
        let kind = bytes[0]
        if kind == 0x14 { return 0 }
        let isNegative = kind < 0x14
        guard isNegative ? (0x0B...0x12).contains(kind) : (0x16...0x1D).contains(kind) else { return nil }
        let mask: UInt8 = isNegative ? 0xFF : 0
        let count = Int(isNegative ? 0x12 - kind : kind - 0x16) + 1
        guard bytes.count == count + 1 else { return nil }
        let shifted = bytes[1...].reduce(UInt64(0)) { $0 << 8 | UInt64($1 ^ mask) }
        guard shifted & 1 == 0 else { return nil }
        let magnitude = Int64(shifted >> 1)
        return isNegative ? -magnitude : magnitude
    }

    /// The double that an ascending component encodes; nil when it is no double's.
    static func double(of bytes: [UInt8]) -> Double? {
        let kind = bytes[0]
        switch kind {
        case 0x14: return 0
        case 0x09: return -.infinity
        case 0x1F: return .infinity
        default: break
        }
        let isNegative = kind < 0x14
        let mask: UInt8 = isNegative ? 0xFF : 0
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1 ^ mask) } }
        let magnitude: Double
        switch kind {
        case 0x13, 0x15:
            guard bytes.count == 9, word(1..<9) & 1 == 0 else { return nil }
            magnitude = Double(bitPattern: word(1..<9) >> 2)
        case 0x0A, 0x1E:
            guard bytes.count == 9, word(1..<9) & 1 == 0 else { return nil }
            magnitude = Double(bitPattern: word(1..<9) >> 1)
        case 0x0B...0x12, 0x16...0x1D:
            let count = Int(isNegative ? 0x12 - kind : kind - 0x16) + 1
            guard bytes.count > count else { return nil }
            let shifted = word(1..<(1 + count))
            var value = Double(shifted >> 1)
            if shifted & 1 == 1 {
                guard bytes.count == count + 8 else { return nil }
                let fraction = word((1 + count)..<(8 + count))
                guard fraction & 1 == 0 else { return nil }
                value += Double(fraction >> 4) / 0x1p52
            }
            magnitude = value
        default: return nil
        }
        return isNegative ? -magnitude : magnitude
    }
}
