// Documents to Decodable types.
//
// Any number type decodes into any Swift number that holds its value exactly; a fraction for an integer, or a number
// out of range, is an error. A decimal becomes the nearest double. Null, undefined and a missing field are nil.

/// Decodes a Swift value from a document.
public struct DocumentDecoder: Sendable {
    /// Makes a decoder.
    public init() {}

    /// The value of a document.
    ///
    /// - Throws: `DecodingError` for missing fields, wrong types and numbers that do not fit.
    public func decode<T: Decodable>(_ type: T.Type = T.self, from document: Document) throws -> T {
        try decodeValue(type, from: .document(document))
    }

    /// The value of a BSON value.
    public func decodeValue<T: Decodable>(_ type: T.Type = T.self, from value: BSONValue) throws -> T {
        try ScalarDecoder(value: value, trail: CodingTrail()).decode(type)
    }
}

private struct ValueDecoder: Decoder {
    let value: BSONValue
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .document(let document) = value else { throw mismatch("a document", value, codingPath) }
        return KeyedDecodingContainer(FieldsDecoder<Key>(document: document, trail: trail))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        if case .array(let elements) = value { return ElementsDecoder(elements: elements, trail: trail) }
        if let vector = try? VectorValue(value) {
            return ElementsDecoder(elements: vector.floats.map { .double(Double($0)) }, trail: trail)
        }
        throw mismatch("an array", value, codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        ScalarDecoder(value: value, trail: trail)
    }
}

private func mismatch(_ wanted: String, _ value: BSONValue, _ path: [any CodingKey]) -> DecodingError {
    DecodingError.typeMismatch(
        BSONValue.self,
        .init(codingPath: path, debugDescription: "expected \(wanted), found a value of type \(value.type.name)"))
}

private struct ScalarDecoder: SingleValueDecodingContainer {
    let value: BSONValue
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }

    func decodeNil() -> Bool { value.type == .null || value.type == .undefined }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let value) = value else { throw mismatch("a boolean", value, codingPath) }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        switch value {
        case .string(let text), .symbol(let text): return text
        default: throw mismatch("a string", value, codingPath)
        }
    }

    func decode(_ type: Double.Type) throws -> Double {
        switch value {
        case .double(let number): return number
        case .int32(let number): return Double(number)
        case .int64(let number):
            guard let exact = Double(exactly: number) else { throw doesNotFit(type) }
            return exact
        case .decimal128(let number): return number.double
        default: throw mismatch("a number", value, codingPath)
        }
    }

    func decode(_ type: Float.Type) throws -> Float {
        let number = try decode(Double.self)
        let float = Float(number)
        guard float.isFinite || !number.isFinite else { throw doesNotFit(type) }
        return float
    }

    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let representable = type as? any BSONRepresentable.Type {
            guard let decoded = representable.fromBSON(value) as? T else {
                throw mismatch("a value for \(type)", value, codingPath)
            }
            return decoded
        }
        guard trail.depth < BSONLimits.deepest else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "the document nests too deep"))
        }
        return try T(from: ValueDecoder(value: value, trail: trail))
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        guard value.type.isNumber else { throw mismatch("a number", value, codingPath) }
        guard let number = value.int, let exact = T(exactly: number) else { throw doesNotFit(type) }
        return exact
    }

    private func doesNotFit(_ type: Any.Type) -> DecodingError {
        DecodingError.dataCorrupted(
            .init(codingPath: codingPath, debugDescription: "\(value) does not fit \(type)"))
    }
}

private struct FieldsDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let document: Document
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }

    var allKeys: [Key] { document.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { document.contains(key.stringValue) }

    private func field(_ key: any CodingKey) throws -> ScalarDecoder {
        guard let value = document[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no field \"\(key.stringValue)\""))
        }
        return ScalarDecoder(value: value, trail: trail.appending(key))
    }

    func decodeNil(forKey key: Key) throws -> Bool { try field(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try field(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try field(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try field(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try field(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try field(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try field(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try field(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try field(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try field(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try field(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try field(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try field(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try field(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try field(key).decode(type) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try field(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try nested(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try nested(SuperKey()) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try nested(key) }

    private func nested(_ key: any CodingKey) throws -> ValueDecoder {
        let field = try field(key)
        return ValueDecoder(value: field.value, trail: field.trail)
    }
}

private struct ElementsDecoder: UnkeyedDecodingContainer {
    let elements: [BSONValue]
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }
    private(set) var currentIndex = 0

    init(elements: [BSONValue], trail: CodingTrail) {
        self.elements = elements
        self.trail = trail
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    /// Decodes the element at hand; a failure leaves it at hand.
    private mutating func element<T>(_ read: (ScalarDecoder) throws -> T) throws -> T {
        let trail = trail.appending(IndexKey(currentIndex))
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                T.self, .init(codingPath: trail.path, debugDescription: "the array has no more elements"))
        }
        let value = try read(ScalarDecoder(value: elements[currentIndex], trail: trail))
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { return try element { $0.decodeNil() } }
        let isNil = ScalarDecoder(value: elements[currentIndex], trail: trail).decodeNil()
        if isNil { currentIndex += 1 }
        return isNil
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try element { try $0.decode(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try element { try $0.decode(type) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try element { try $0.decode(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try element { try $0.decode(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try element { try $0.decode(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try element { try $0.decode(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try element { try $0.decode(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try element { try $0.decode(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try element { try $0.decode(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try element { try $0.decode(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try element { try $0.decode(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try element { try $0.decode(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try element { try $0.decode(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try element { try $0.decode(type) } }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try element { try $0.decode(type) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try element { try ValueDecoder(value: $0.value, trail: $0.trail).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try element { try ValueDecoder(value: $0.value, trail: $0.trail).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try element { ValueDecoder(value: $0.value, trail: $0.trail) }
    }
}
