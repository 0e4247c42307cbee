// A value as Swift sees it: one case for each BSON type.
//
// `==` and `hash` are identity of type and bytes, so that a value equals itself in every set and dictionary: NaN
// equals NaN, 0.0 is not -0.0, int32 5 is not int64 5. The equality of the query language is ValueOrder's.

/// A BSON value.
public enum BSONValue: Sendable {
    /// 64-bit binary float.
    case double(Double)
    /// UTF-8 text.
    case string(String)
    /// Embedded document.
    case document(Document)
    /// Array.
    case array([BSONValue])
    /// Bytes with a subtype.
    case binary(BSONBinary)
    /// Deprecated: undefined.
    case undefined
    /// 12-byte identifier.
    case objectID(ObjectID)
    /// Boolean.
    case bool(Bool)
    /// Milliseconds since 1970.
    case date(BSONDate)
    /// Null.
    case null
    /// Regular expression.
    case regex(BSONRegex)
    /// Deprecated: reference to a document.
    case dbPointer(BSONDBPointer)
    /// JavaScript code.
    case code(String)
    /// Deprecated: symbol.
    case symbol(String)
    /// Deprecated: JavaScript code with a scope.
    case codeWithScope(BSONCodeWithScope)
    /// 32-bit integer.
    case int32(Int32)
    /// Seconds and an ordinal.
    case timestamp(BSONTimestamp)
    /// 64-bit integer.
    case int64(Int64)
    /// 128-bit decimal float.
    case decimal128(Decimal128)
    /// Less than every other value.
    case minKey
    /// Greater than every other value.
    case maxKey

    /// The value's type.
    public var type: BSONType {
        switch self {
        case .double: .double
        case .string: .string
        case .document: .document
        case .array: .array
        case .binary: .binary
        case .undefined: .undefined
        case .objectID: .objectID
        case .bool: .bool
        case .date: .date
        case .null: .null
        case .regex: .regex
        case .dbPointer: .dbPointer
        case .code: .code
        case .symbol: .symbol
        case .codeWithScope: .codeWithScope
        case .int32: .int32
        case .timestamp: .timestamp
        case .int64: .int64
        case .decimal128: .decimal128
        case .minKey: .minKey
        case .maxKey: .maxKey
        }
    }
}

extension BSONValue {
    /// The whole number, if the value is a number that is one and fits.
    public var int: Int? {
        switch self {
        case .int32(let value): Int(value)
        case .int64(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        case .decimal128(let value): value.isIntegral ? value.int64.flatMap { Int(exactly: $0) } : nil
        default: nil
        }
    }

    /// The number as a double, rounded where it must be.
    public var double: Double? {
        switch self {
        case .int32(let value): Double(value)
        case .int64(let value): Double(value)
        case .double(let value): value
        case .decimal128(let value): value.double
        default: nil
        }
    }

    /// The text of a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The boolean.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The embedded document.
    public var document: Document? { if case .document(let value) = self { value } else { nil } }
    /// The elements of an array.
    public var array: [BSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The identifier.
    public var objectID: ObjectID? { if case .objectID(let value) = self { value } else { nil } }
    /// The date.
    public var date: BSONDate? { if case .date(let value) = self { value } else { nil } }
    /// The bytes with their subtype.
    public var binary: BSONBinary? { if case .binary(let value) = self { value } else { nil } }
    /// Whether it is null.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The integer as int32 where it fits, else as int64: the form Extended JSON gives a plain number.
    public init(_ value: Int) {
        self = Int32(exactly: value).map { .int32($0) } ?? .int64(Int64(value))
    }
}

extension BSONValue: Hashable {
    /// Whether both have the same type and the same bytes.
    public static func == (a: BSONValue, b: BSONValue) -> Bool {
        switch (a, b) {
        case (.double(let x), .double(let y)): x.bitPattern == y.bitPattern
        case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
        case (.document(let x), .document(let y)): x == y
        case (.array(let x), .array(let y)): x == y
        case (.binary(let x), .binary(let y)): x == y
        case (.objectID(let x), .objectID(let y)): x == y
        case (.bool(let x), .bool(let y)): x == y
        case (.date(let x), .date(let y)): x == y
        case (.regex(let x), .regex(let y)): x == y
        case (.dbPointer(let x), .dbPointer(let y)): x == y
        case (.code(let x), .code(let y)): x.utf8.elementsEqual(y.utf8)
        case (.symbol(let x), .symbol(let y)): x.utf8.elementsEqual(y.utf8)
        case (.codeWithScope(let x), .codeWithScope(let y)): x == y
        case (.int32(let x), .int32(let y)): x == y
        case (.timestamp(let x), .timestamp(let y)): x == y
        case (.int64(let x), .int64(let y)): x == y
        case (.decimal128(let x), .decimal128(let y)): x == y
        case (.undefined, .undefined), (.null, .null), (.minKey, .minKey), (.maxKey, .maxKey): true
        default: false
        }
    }

    /// Feeds type and content.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        switch self {
        case .double(let value): hasher.combine(value.bitPattern)
        case .string(let value), .code(let value), .symbol(let value):
            for byte in value.utf8 { hasher.combine(byte) }
        case .document(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .binary(let value): hasher.combine(value)
        case .objectID(let value): hasher.combine(value)
        case .bool(let value): hasher.combine(value)
        case .date(let value): hasher.combine(value)
        case .regex(let value): hasher.combine(value)
        case .dbPointer(let value): hasher.combine(value)
        case .codeWithScope(let value): hasher.combine(value)
        case .int32(let value): hasher.combine(value)
        case .timestamp(let value): hasher.combine(value)
        case .int64(let value): hasher.combine(value)
        case .decimal128(let value): hasher.combine(value)
        case .undefined, .null, .minKey, .maxKey: break
        }
    }
}

extension BSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An int32 where it fits, else an int64.
    public init(integerLiteral value: Int) { self.init(value) }
    /// A double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Null.
    public init(nilLiteral: ()) { self = .null }
    /// An array.
    public init(arrayLiteral elements: BSONValue...) { self = .array(elements) }
    /// A document with the fields in this order.
    public init(dictionaryLiteral elements: (String, BSONValue)...) { self = .document(Document(fields: elements)) }
}

extension BSONValue: CustomStringConvertible {
    /// Relaxed Extended JSON.
    public var description: String { ExtendedJSON.string(self) }
}
