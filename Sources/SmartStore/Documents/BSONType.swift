// The types of BSON 1.1, the deprecated ones among them, and the class each belongs to in comparisons.

/// A BSON element type; the raw value is its tag byte.
public enum BSONType: UInt8, Sendable, Hashable, CaseIterable {
    /// 64-bit binary float.
    case double = 0x01
    /// UTF-8 text.
    case string = 0x02
    /// Embedded document.
    case document = 0x03
    /// Array.
    case array = 0x04
    /// Bytes with a subtype.
    case binary = 0x05
    /// Deprecated: undefined.
    case undefined = 0x06
    /// 12-byte identifier.
    case objectID = 0x07
    /// Boolean.
    case bool = 0x08
    /// Milliseconds since 1970.
    case date = 0x09
    /// Null.
    case null = 0x0A
    /// Regular expression.
    case regex = 0x0B
    /// Deprecated: a reference to a document of a collection.
    case dbPointer = 0x0C
    /// JavaScript code.
    case code = 0x0D
    /// Deprecated: symbol.
    case symbol = 0x0E
    /// Deprecated: JavaScript code with a scope.
    case codeWithScope = 0x0F
    /// 32-bit integer.
    case int32 = 0x10
    /// Seconds and an ordinal; for internal use of replication.
    case timestamp = 0x11
    /// 64-bit integer.
    case int64 = 0x12
    /// 128-bit decimal float.
    case decimal128 = 0x13
    /// Less than every other value.
    case minKey = 0xFF
    /// Greater than every other value.
    case maxKey = 0x7F

    /// The type of a tag byte; nil for a byte that is none.
    ///
    /// The same as `init(rawValue:)`, which the compiler does not inline into the readers' loops.
    @inline(__always)
    init?(tag: UInt8) {
        switch tag {
        case 0x01: self = .double
        case 0x02: self = .string
        case 0x03: self = .document
        case 0x04: self = .array
        case 0x05: self = .binary
        case 0x06: self = .undefined
        case 0x07: self = .objectID
        case 0x08: self = .bool
        case 0x09: self = .date
        case 0x0A: self = .null
        case 0x0B: self = .regex
        case 0x0C: self = .dbPointer
        case 0x0D: self = .code
        case 0x0E: self = .symbol
        case 0x0F: self = .codeWithScope
        case 0x10: self = .int32
        case 0x11: self = .timestamp
        case 0x12: self = .int64
        case 0x13: self = .decimal128
        case 0x7F: self = .maxKey
        case 0xFF: self = .minKey
        default: return nil
        }
    }

    /// How many bytes every value of the type has; -1 when that is for the value to say.
    @inline(__always)
    var fixedByteCount: Int {
        switch self {
        case .undefined, .null, .minKey, .maxKey: 0
        case .bool: 1
        case .int32: 4
        case .double, .date, .timestamp, .int64: 8
        case .objectID: 12
        case .decimal128: 16
        case .string, .document, .array, .binary, .regex, .dbPointer, .code, .symbol, .codeWithScope: -1
        }
    }

    /// The name that `$type` and error messages use.
    public var name: String {
        switch self {
        case .double: "double"
        case .string: "string"
        case .document: "object"
        case .array: "array"
        case .binary: "binData"
        case .undefined: "undefined"
        case .objectID: "objectId"
        case .bool: "bool"
        case .date: "date"
        case .null: "null"
        case .regex: "regex"
        case .dbPointer: "dbPointer"
        case .code: "javascript"
        case .symbol: "symbol"
        case .codeWithScope: "javascriptWithScope"
        case .int32: "int"
        case .timestamp: "timestamp"
        case .int64: "long"
        case .decimal128: "decimal"
        case .minKey: "minKey"
        case .maxKey: "maxKey"
        }
    }

    /// Whether it is one of the four number types.
    @inline(__always)
    public var isNumber: Bool {
        switch self {
        case .double, .int32, .int64, .decimal128: true
        default: false
        }
    }

    /// The place of the type in the order of values; types that compare with one another share one.
    @inline(__always)
    package var orderClass: OrderClass {
        switch self {
        case .minKey: .minKey
        case .undefined: .undefined
        case .null: .null
        case .double, .int32, .int64, .decimal128: .number
        case .string, .symbol: .string
        case .document: .document
        case .array: .array
        case .binary: .binary
        case .objectID: .objectID
        case .bool: .bool
        case .date: .date
        case .timestamp: .timestamp
        case .regex: .regex
        case .dbPointer: .dbPointer
        case .code: .code
        case .codeWithScope: .codeWithScope
        case .maxKey: .maxKey
        }
    }
}

/// The classes of values, in their order. The raw values are also bytes of encoded keys: they never change.
package enum OrderClass: UInt8, Sendable, Comparable {
    case minKey = 0x02
    case undefined = 0x04
    case null = 0x06
    case number = 0x08
    case string = 0x30
    case document = 0x34
    case array = 0x38
    case binary = 0x3C
    case objectID = 0x40
    case bool = 0x44
    case date = 0x48
    case timestamp = 0x4C
    case regex = 0x50
    case dbPointer = 0x54
    case code = 0x58
    case codeWithScope = 0x5C
    case maxKey = 0xF0

    package static func < (a: OrderClass, b: OrderClass) -> Bool { a.rawValue < b.rawValue }
}
