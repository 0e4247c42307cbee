// The small value types of BSON: binary, timestamp, regular expression, and the deprecated pointer and scoped code.

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Bytes with a subtype that says what they are.
public struct BSONBinary: Sendable, Hashable, Codable {
    /// 0 plain, 1 function, 2 old, 3 old UUID, 4 UUID, 5 MD5, 6 encrypted, 7 column, 8 sensitive, 9 vector,
    /// 128...255 the user's.
    public var subtype: UInt8
    /// The bytes.
    public var bytes: [UInt8]

    /// Wraps bytes.
    public init(subtype: UInt8 = 0, bytes: [UInt8]) {
        self.subtype = subtype
        self.bytes = bytes
    }

    /// A UUID as subtype 4.
    public init(uuid: UUID) {
        self.init(subtype: 4, bytes: Self.bytes(of: uuid))
    }

    /// The UUID of a subtype 4 with 16 bytes; nil for anything else.
    public var uuid: UUID? {
        guard subtype == 4, bytes.count == 16 else { return nil }
        let b = bytes
        return UUID(
            uuid: (
                b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
            ))
    }

    private static func bytes(of uuid: UUID) -> [UInt8] {
        let u = uuid.uuid
        return [u.0, u.1, u.2, u.3, u.4, u.5, u.6, u.7, u.8, u.9, u.10, u.11, u.12, u.13, u.14, u.15]
    }
}

/// Seconds since 1970 and an ordinal within the second.
public struct BSONTimestamp: Sendable, Hashable, Comparable, Codable {
    /// Seconds since 1970.
    public var seconds: UInt32
    /// The ordinal within the second.
    public var increment: UInt32

    /// Makes a timestamp.
    public init(seconds: UInt32, increment: UInt32) {
        self.seconds = seconds
        self.increment = increment
    }

    /// Orders by seconds, then by ordinal.
    public static func < (a: BSONTimestamp, b: BSONTimestamp) -> Bool { a.bits < b.bits }

    /// Seconds in the high half, the ordinal in the low half: the stored form.
    package var bits: UInt64 { UInt64(seconds) << 32 | UInt64(increment) }

    package init(bits: UInt64) {
        self.init(seconds: UInt32(bits >> 32), increment: UInt32(truncatingIfNeeded: bits))
    }
}

/// A regular expression and its option letters.
public struct BSONRegex: Sendable, Hashable {
    /// The pattern; it holds no NUL.
    public let pattern: String
    /// The option letters, in alphabetical order where we made them; it holds no NUL.
    public let options: String

    /// Makes a regular expression and sorts its options.
    ///
    /// - Throws: `badValue` when either text holds a NUL, which BSON cannot store.
    public init(pattern: String, options: String = "") throws(DocumentError) {
        guard !pattern.utf8.contains(0), !options.utf8.contains(0) else {
            throw DocumentError(.badValue, "a regular expression may not contain a NUL")
        }
        self.init(stored: pattern, options: Self.sorted(options))
    }

    /// The letters in the order of their code points.
    static func sorted(_ options: String) -> String {
        String(String.UnicodeScalarView(options.unicodeScalars.sorted()))
    }

    package init(stored pattern: String, options: String) {
        self.pattern = pattern
        self.options = options
    }
}

/// Deprecated: a collection's name and an identifier.
public struct BSONDBPointer: Sendable, Hashable {
    /// The collection.
    public var reference: String
    /// The document's identifier.
    public var id: ObjectID

    /// Makes a pointer.
    public init(reference: String, id: ObjectID) {
        self.reference = reference
        self.id = id
    }
}

/// Deprecated: JavaScript code and the values of its names.
public struct BSONCodeWithScope: Sendable, Hashable {
    /// The code.
    public var code: String
    /// The values.
    public var scope: Document

    /// Makes code with a scope.
    public init(code: String, scope: Document) {
        self.code = code
        self.scope = scope
    }
}
