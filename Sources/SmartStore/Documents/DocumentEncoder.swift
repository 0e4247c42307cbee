// Encodable types to documents.
//
// Int and Int64 become int64, smaller integers int32 (UInt32 int64), unsigned ones that do not fit are refused; Float
// and Double become doubles; nil is left out by synthesised conformances and is null where it is written. Date, Data,
// UUID, URL, Decimal, Vector and our own types are values by themselves (CodableValues).

/// Encodes a Swift value as a document.
public struct DocumentEncoder: Sendable {
    /// Makes an encoder.
    public init() {}

    /// The document of a value that encodes as named fields.
    ///
    /// - Throws: `EncodingError` for a value without named fields, a number that fits no BSON integer, or a field
    ///   name with a NUL.
    public func encode(_ value: some Encodable) throws -> Document {
        let encoded = try encodeValue(value)
        guard case .document(let document) = encoded else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "a document needs named fields"))
        }
        return document
    }

    /// The BSON value of any encodable value.
    public func encodeValue(_ value: some Encodable) throws -> BSONValue {
        let slot = EncodingSlot()
        try slot.encode(value, at: CodingTrail())
        return try slot.value(depth: 0)
    }
}

/// The place where one value is being encoded: a scalar, named fields, or elements.
private final class EncodingSlot {
    private enum Content {
        case none
        case scalar(BSONValue)
        case fields([(name: String, slot: EncodingSlot)])
        case elements([EncodingSlot])
    }

    private var content = Content.none
    /// Where each field is, once there are too many to look through.
    private var places: [String: Int] = [:]

    /// The value of what was encoded here.
    ///
    /// - Throws: `EncodingError` for what a nested container cannot refuse itself: a field name with a NUL, and
    ///   containers within each other beyond the depth of a document.
    func value(depth: Int) throws -> BSONValue {
        switch content {
        case .none: return .document(Document())
        case .scalar(let value): return value
        case .fields(let fields):
            try Self.check(depth: depth)
            var writer = BSONWriter(byteCountHint: 256)
            for field in fields {
                try Self.check(name: field.name, [])
                writer.append(field.name, try field.slot.value(depth: depth + 1))
            }
            return .document(Document(trusted: writer.finish()))
        case .elements(let slots):
            try Self.check(depth: depth)
            return .array(try slots.map { try $0.value(depth: depth + 1) })
        }
    }

    private static func check(depth: Int) throws {
        guard depth < BSONLimits.standard.depth else {
            throw EncodingError.invalidValue(
                Document(), .init(codingPath: [], debugDescription: "the value nests deeper than a document may"))
        }
    }

    static func check(name: String, _ path: @autoclosure () -> [any CodingKey]) throws {
        guard !name.utf8.contains(0) else {
            throw EncodingError.invalidValue(
                name, .init(codingPath: path(), debugDescription: "a field name may not contain a NUL"))
        }
    }

    var elementCount: Int { if case .elements(let slots) = content { slots.count } else { 0 } }

    func set(_ value: BSONValue) { content = .scalar(value) }

    func becomeFields() {
        if case .fields = content { return }
        content = .fields([])
    }

    func becomeElements() {
        if case .elements = content { return }
        content = .elements([])
    }

    /// The place of a named field; a second one of the same name takes the first one's place.
    func field(_ name: String) -> EncodingSlot {
        let slot = EncodingSlot()
        guard case .fields(var fields) = content else { return slot }
        content = .none
        if let place = place(of: name, in: fields) {
            fields[place].slot = slot
        } else {
            if fields.count >= Self.linearCount { places[name] = fields.count }
            fields.append((name, slot))
        }
        content = .fields(fields)
        return slot
    }

    private static let linearCount = 24

    private func place(of name: String, in fields: [(name: String, slot: EncodingSlot)]) -> Int? {
        fields.prefix(Self.linearCount).firstIndex { $0.name == name } ?? places[name]
    }

    func element() -> EncodingSlot {
        let slot = EncodingSlot()
        guard case .elements(var slots) = content else { return slot }
        content = .none
        slots.append(slot)
        content = .elements(slots)
        return slot
    }

    func encode(_ value: some Encodable, at trail: CodingTrail) throws {
        if let representable = value as? any BSONRepresentable {
            do {
                set(try representable.bsonValue())
            } catch {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: trail.path, debugDescription: error.message))
            }
            return
        }
        guard trail.depth < BSONLimits.standard.depth else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: trail.path, debugDescription: "the value nests deeper than a document may"))
        }
        try value.encode(to: ValueEncoder(slot: self, trail: trail))
    }

    func encode(integer value: some FixedWidthInteger, at trail: CodingTrail) throws {
        guard let number = Int64(exactly: value) else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: trail.path, debugDescription: "\(value) does not fit 64 signed bits"))
        }
        set(.int64(number))
    }
}

/// A coding path that is only put together when somebody asks.
final class CodingTrail: Sendable {
    private let parent: CodingTrail?
    private let key: (any CodingKey)?
    /// The number of keys.
    let depth: Int

    init() {
        parent = nil
        key = nil
        depth = 0
    }

    private init(parent: CodingTrail, key: any CodingKey) {
        self.parent = parent
        self.key = key
        depth = parent.depth + 1
    }

    func appending(_ key: any CodingKey) -> CodingTrail { CodingTrail(parent: self, key: key) }

    var path: [any CodingKey] { (parent?.path ?? []) + (key.map { [$0] } ?? []) }
}

private struct ValueEncoder: Encoder {
    let slot: EncodingSlot
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.becomeFields()
        return KeyedEncodingContainer(FieldsEncoder<Key>(slot: slot, trail: trail))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.becomeElements()
        return ElementsEncoder(slot: slot, trail: trail)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarEncoder(slot: slot, trail: trail)
    }
}

private struct ScalarEncoder: SingleValueEncodingContainer {
    let slot: EncodingSlot
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }

    func encodeNil() { slot.set(.null) }
    func encode(_ value: Bool) { slot.set(.bool(value)) }
    func encode(_ value: String) { slot.set(.string(value)) }
    func encode(_ value: Double) { slot.set(.double(value)) }
    func encode(_ value: Float) { slot.set(.double(Double(value))) }
    func encode(_ value: Int8) { slot.set(.int32(Int32(value))) }
    func encode(_ value: Int16) { slot.set(.int32(Int32(value))) }
    func encode(_ value: Int32) { slot.set(.int32(value)) }
    func encode(_ value: UInt8) { slot.set(.int32(Int32(value))) }
    func encode(_ value: UInt16) { slot.set(.int32(Int32(value))) }
    func encode(_ value: Int) throws { try slot.encode(integer: value, at: trail) }
    func encode(_ value: Int64) throws { try slot.encode(integer: value, at: trail) }
    func encode(_ value: UInt) throws { try slot.encode(integer: value, at: trail) }
    func encode(_ value: UInt32) throws { try slot.encode(integer: value, at: trail) }
    func encode(_ value: UInt64) throws { try slot.encode(integer: value, at: trail) }
    func encode(_ value: some Encodable) throws { try slot.encode(value, at: trail) }
}

private struct FieldsEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: EncodingSlot
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }

    private func field(_ key: any CodingKey) throws -> ScalarEncoder {
        try EncodingSlot.check(name: key.stringValue, codingPath)
        return ScalarEncoder(slot: slot.field(key.stringValue), trail: trail.appending(key))
    }

    func encodeNil(forKey key: Key) throws { try field(key).encodeNil() }
    func encode(_ value: Bool, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: String, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Double, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Float, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Int, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Int8, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Int16, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Int32, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: Int64, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: UInt, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: UInt8, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: UInt16, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: UInt32, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: UInt64, forKey key: Key) throws { try field(key).encode(value) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try field(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { nested(SuperKey()) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: any CodingKey) -> ValueEncoder {
        ValueEncoder(slot: slot.field(key.stringValue), trail: trail.appending(key))
    }
}

private struct ElementsEncoder: UnkeyedEncodingContainer {
    let slot: EncodingSlot
    let trail: CodingTrail
    var codingPath: [any CodingKey] { trail.path }
    var count: Int { slot.elementCount }

    private func element() -> ScalarEncoder {
        let trail = trail.appending(IndexKey(count))
        return ScalarEncoder(slot: slot.element(), trail: trail)
    }

    func encodeNil() { element().encodeNil() }
    func encode(_ value: Bool) { element().encode(value) }
    func encode(_ value: String) { element().encode(value) }
    func encode(_ value: Double) { element().encode(value) }
    func encode(_ value: Float) { element().encode(value) }
    func encode(_ value: Int) throws { try element().encode(value) }
    func encode(_ value: Int8) { element().encode(value) }
    func encode(_ value: Int16) { element().encode(value) }
    func encode(_ value: Int32) { element().encode(value) }
    func encode(_ value: Int64) throws { try element().encode(value) }
    func encode(_ value: UInt) throws { try element().encode(value) }
    func encode(_ value: UInt8) { element().encode(value) }
    func encode(_ value: UInt16) { element().encode(value) }
    func encode(_ value: UInt32) throws { try element().encode(value) }
    func encode(_ value: UInt64) throws { try element().encode(value) }
    func encode(_ value: some Encodable) throws { try element().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> ValueEncoder {
        let trail = trail.appending(IndexKey(count))
        return ValueEncoder(slot: slot.element(), trail: trail)
    }
}

/// The place of an element in a coding path.
struct IndexKey: CodingKey {
    let index: Int
    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { return nil }
    var stringValue: String { String(index) }
    var intValue: Int? { index }
}

/// The field in which a class keeps what its superclass encodes.
struct SuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { return nil }
    init?(stringValue: String) { guard stringValue == "super" else { return nil } }
    var stringValue: String { "super" }
    var intValue: Int? { nil }
}
