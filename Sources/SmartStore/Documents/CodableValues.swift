// Which Swift types are values of BSON by themselves, when a Codable type holds them.
//
// With any other coder these types fall back to text or to what their parts are, so that a type that holds them can
// also be written as plain JSON.

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A type that the document coders store as one BSON value.
protocol BSONRepresentable {
    /// The stored form.
    ///
    /// - Throws: `coding` when there is none.
    func bsonValue() throws(DocumentError) -> BSONValue

    /// The value of a stored form; nil when it is of another type.
    static func fromBSON(_ value: BSONValue) -> Self?
}

extension Date: BSONRepresentable {
    func bsonValue() -> BSONValue { .date(BSONDate(self)) }
    static func fromBSON(_ value: BSONValue) -> Date? { value.date?.date }
}

extension Data: BSONRepresentable {
    func bsonValue() -> BSONValue { .binary(BSONBinary(bytes: Array(self))) }
    static func fromBSON(_ value: BSONValue) -> Data? {
        guard let binary = value.binary, binary.subtype == 0 else { return nil }
        return Data(binary.bytes)
    }
}

extension UUID: BSONRepresentable {
    func bsonValue() -> BSONValue { .binary(BSONBinary(uuid: self)) }
    static func fromBSON(_ value: BSONValue) -> UUID? { value.binary?.uuid }
}

extension URL: BSONRepresentable {
    func bsonValue() -> BSONValue { .string(absoluteString) }
    static func fromBSON(_ value: BSONValue) -> URL? { value.string.flatMap { URL(string: $0) } }
}

extension Decimal: BSONRepresentable {
    func bsonValue() throws(DocumentError) -> BSONValue {
        guard let decimal = Decimal128(description) else {
            throw DocumentError(.coding, "\(self) has more than the 34 digits of a decimal128")
        }
        return .decimal128(decimal)
    }

    static func fromBSON(_ value: BSONValue) -> Decimal? {
        switch value {
        case .decimal128(let decimal): decimal.isFinite ? Decimal(string: decimal.description) : nil
        case .int32(let number): Decimal(number)
        case .int64(let number): Decimal(number)
        default: nil
        }
    }
}

extension ObjectID: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { .objectID(self) }
    static func fromBSON(_ value: BSONValue) -> ObjectID? { value.objectID }

    /// Writes the hexadecimal digits, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Reads the hexadecimal digits, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws { self = try decoded(from: decoder) { ObjectID($0) } }
}

extension BSONDate: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { .date(self) }
    static func fromBSON(_ value: BSONValue) -> BSONDate? { value.date }

    /// Writes the milliseconds, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(millisecondsSince1970)
    }

    /// Reads the milliseconds, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws {
        self.init(millisecondsSince1970: try decoder.singleValueContainer().decode(Int64.self))
    }
}

extension Decimal128: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { .decimal128(self) }
    static func fromBSON(_ value: BSONValue) -> Decimal128? {
        switch value {
        case .decimal128(let decimal): decimal
        case .int32(let number): Decimal128(Int64(number))
        case .int64(let number): Decimal128(number)
        default: nil
        }
    }

    /// Writes the decimal text, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Reads the decimal text, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws { self = try decoded(from: decoder) { Decimal128($0) } }
}

extension BSONBinary: BSONRepresentable {
    func bsonValue() -> BSONValue { .binary(self) }
    static func fromBSON(_ value: BSONValue) -> BSONBinary? { value.binary }
}

extension BSONTimestamp: BSONRepresentable {
    func bsonValue() -> BSONValue { .timestamp(self) }
    static func fromBSON(_ value: BSONValue) -> BSONTimestamp? {
        if case .timestamp(let stamp) = value { stamp } else { nil }
    }
}

extension Vector: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { value }
    static func fromBSON(_ value: BSONValue) -> Vector? { (try? VectorValue(value)).map { Vector($0.floats) } }

    /// Writes an array of numbers, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(elements)
    }

    /// Reads an array of numbers, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([Float].self))
    }
}

extension Document: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { .document(self) }
    static func fromBSON(_ value: BSONValue) -> Document? { value.document }

    /// Writes canonical Extended JSON as text, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(json(.canonical))
    }

    /// Reads Extended JSON text, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws {
        self = try decoded(from: decoder) { try? ExtendedJSON.document(from: $0) }
    }
}

extension BSONValue: BSONRepresentable, Codable {
    func bsonValue() -> BSONValue { self }
    static func fromBSON(_ value: BSONValue) -> BSONValue? { value }

    /// Writes canonical Extended JSON as text, for coders other than DocumentEncoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ExtendedJSON.string(self, .canonical))
    }

    /// Reads Extended JSON text, for coders other than DocumentDecoder.
    public init(from decoder: any Decoder) throws {
        self = try decoded(from: decoder) { try? ExtendedJSON.value(from: $0) }
    }
}

/// The value of a single text.
private func decoded<T>(from decoder: any Decoder, _ read: (String) -> T?) throws -> T {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = read(text) else {
        throw DecodingError.dataCorrupted(
            .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a \(T.self)"))
    }
    return value
}
