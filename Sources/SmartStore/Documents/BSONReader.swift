// Fields in place: a cursor over a document's bytes, without copies and without decoding.
//
// 1. The reader checks every length before it uses it; damaged bytes end the iteration and set `isMalformed`.
//    It never traps, whatever the bytes.
// 2. A BSONView that the reader hands out has a type it knows and exactly the bytes of that type: fixed sizes are
//    right, a string has its length and its terminator. Nested documents are checked when they are read in turn.
// 3. Views and fields are valid as long as the bytes behind them (see BSONBytes).

/// One value in place.
package struct BSONView: Sendable {
    /// The value's type.
    package let type: BSONType
    /// The value's bytes, without type and name.
    package let bytes: BSONBytes

    /// A view of checked bytes.
    @inline(__always)
    init(type: BSONType, bytes: BSONBytes) {
        self.type = type
        self.bytes = bytes
    }

    /// An undefined value, which has no bytes.
    static var undefined: BSONView { BSONView(type: .undefined, bytes: .empty) }

    /// A null, which has no bytes.
    static var null: BSONView { BSONView(type: .null, bytes: .empty) }

    /// The UTF-8 bytes of a string, a symbol or code.
    @inline(__always)
    var textBytes: BSONBytes { bytes.slice(4, bytes.count - 1) }

    /// The subtype of a binary.
    var subtype: UInt8 { bytes[4] }

    /// The bytes of a binary, whatever its subtype.
    var payload: BSONBytes { bytes.slice(5, bytes.count) }

    /// Whether it is a document or an array.
    @inline(__always)
    var isContainer: Bool { type == .document || type == .array }

    /// The decimal of a decimal128.
    var decimal: Decimal128 { Decimal128(high: bytes.uint64(at: 8), low: bytes.uint64(at: 0)) }

    /// The identifier of an ObjectId.
    var objectID: ObjectID {
        ObjectID(head: bytes.uint64(at: 0).byteSwapped, tail: bytes.uint32(at: 8).byteSwapped)
    }

    /// The number as a double, rounded where it must be; nil for what is no number.
    package var double: Double? {
        switch type {
        case .double: bytes.double(at: 0)
        case .int32: Double(bytes.int32(at: 0))
        case .int64: Double(bytes.int64(at: 0))
        case .decimal128: decimal.double
        default: nil
        }
    }

    /// The two texts of a regular expression; nil when a terminator is missing.
    var regexParts: (pattern: BSONBytes, options: BSONBytes)? {
        guard let middle = bytes.firstZero(from: 0, to: bytes.count) else { return nil }
        return (bytes.slice(0, middle), bytes.slice(middle + 1, bytes.count - 1))
    }

    /// The code and the scope of code with a scope; nil when the inner lengths do not fit.
    var scopeParts: (code: BSONBytes, scope: BSONBytes)? {
        let length = Int(bytes.int32(at: 4))
        guard length >= 1, length <= bytes.count - 13 else { return nil }
        let end = 8 + length
        guard bytes[end - 1] == 0, Int(bytes.int32(at: end)) == bytes.count - end else { return nil }
        return (bytes.slice(8, end - 1), bytes.slice(end, bytes.count))
    }
}

/// One field in place.
package struct BSONField: Sendable {
    /// The name's UTF-8 bytes.
    package let name: BSONBytes
    /// The value.
    package let value: BSONView
}

/// A cursor over the fields of a document or the elements of an array.
package struct BSONReader {
    private let bytes: BSONBytes
    private var offset: Int
    private let end: Int
    /// Whether the iteration ended because the bytes are damaged.
    package private(set) var isMalformed: Bool

    /// Begins before the first field.
    @inline(__always)
    package init(_ document: BSONBytes) {
        bytes = document
        if let end = Self.end(of: document) {
            self.end = end
            offset = 4
            isMalformed = false
        } else {
            end = 0
            offset = 0
            isMalformed = true
        }
    }

    /// The offset of a document's terminator; nil when length or terminator are wrong.
    @inline(__always)
    static func end(of document: BSONBytes) -> Int? {
        guard document.count >= 5, Int(document.uint32(at: 0)) == document.count,
            document[document.count - 1] == 0
        else { return nil }
        return document.count - 1
    }

    /// The next field; nil at the end or at damage.
    @inline(__always)
    package mutating func next() -> BSONField? {
        guard offset < end else { return nil }
        guard let type = BSONType(tag: bytes[offset]),
            let nameEnd = bytes.firstZero(from: offset + 1, to: end),
            let valueEnd = Self.valueEnd(type, bytes, from: nameEnd + 1, to: end)
        else {
            offset = end
            isMalformed = true
            return nil
        }
        let field = BSONField(
            name: bytes.slice(offset + 1, nameEnd),
            value: BSONView(type: type, bytes: bytes.slice(nameEnd + 1, valueEnd)))
        offset = valueEnd
        return field
    }

    /// Where a value that begins at `start` ends; nil when it does not fit before `end` or is not of its type's shape.
    @inline(__always)
    static func valueEnd(_ type: BSONType, _ bytes: BSONBytes, from start: Int, to end: Int) -> Int? {
        let fixed = type.fixedByteCount
        if fixed >= 0 { return fixed <= end &- start ? start &+ fixed : nil }
        return type == .string ? textEnd(bytes, from: start, to: end) : variableEnd(type, bytes, from: start, to: end)
    }

    @inline(__always)
    private static func textEnd(_ bytes: BSONBytes, from start: Int, to end: Int) -> Int? {
        guard end - start >= 5 else { return nil }
        let count = Int(bytes.int32(at: start))
        guard count >= 1, count <= end - start - 4, bytes[start + 3 + count] == 0 else { return nil }
        return start + 4 + count
    }

    private static func variableEnd(_ type: BSONType, _ bytes: BSONBytes, from start: Int, to end: Int) -> Int? {
        let length: Int
        switch type {
        case .string, .code, .symbol: return textEnd(bytes, from: start, to: end)
        case .document, .array:
            guard end - start >= 5 else { return nil }
            length = Int(bytes.int32(at: start))
            guard length >= 5 else { return nil }
        case .binary:
            guard end - start >= 5 else { return nil }
            let count = Int(bytes.int32(at: start))
            guard count >= 0 else { return nil }
            length = count + 5
        case .regex:
            guard let middle = bytes.firstZero(from: start, to: end),
                let last = bytes.firstZero(from: middle + 1, to: end)
            else { return nil }
            return last + 1
        case .dbPointer:
            guard end - start >= 17 else { return nil }
            let count = Int(bytes.int32(at: start))
            guard count >= 1, count <= end - start - 16, bytes[start + 3 + count] == 0 else { return nil }
            length = count + 16
        case .codeWithScope:
            guard end - start >= 14 else { return nil }
            length = Int(bytes.int32(at: start))
            guard length >= 14 else { return nil }
        case .double, .int32, .int64, .date, .timestamp, .objectID, .bool, .decimal128, .null, .undefined, .minKey,
            .maxKey:
            length = type.fixedByteCount
        }
        return length <= end - start ? start + length : nil
    }
}

extension BSONBytes {
    /// The first field of this name in a document; nil when there is none, or the bytes before it are damaged.
    ///
    /// Skips over the other fields without looking into them: linear in their number.
    package func field(_ name: BSONBytes) -> BSONView? {
        guard let end = BSONReader.end(of: self) else { return nil }
        var offset = 4
        while offset < end {
            guard let type = BSONType(tag: self[offset]),
                let nameEnd = firstZero(from: offset &+ 1, to: end),
                let valueEnd = BSONReader.valueEnd(type, self, from: nameEnd &+ 1, to: end)
            else { return nil }
            if nameEnd &- offset &- 1 == name.count, slice(offset &+ 1, nameEnd).equals(name) {
                return BSONView(type: type, bytes: slice(nameEnd &+ 1, valueEnd))
            }
            offset = valueEnd
        }
        return nil
    }

    /// The element of an array at an index; nil when there is none.
    func element(at index: Int) -> BSONView? {
        var reader = BSONReader(self)
        var place = 0
        while let field = reader.next() {
            if place == index { return field.value }
            place += 1
        }
        return nil
    }
}
