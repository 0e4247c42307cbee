import SmartStore

// Values as the oracle of queries sees them: plain trees, without the bytes, the readers and the orders of the engine.
//
// The oracle is written for reading, not for speed: every rule is spelled out once more, from the description of the
// query language, and nothing of the engine's filters, orders, updates or projections is called.

/// A field of a document.
struct OracleField {
    var name: String
    var value: OracleValue
}

/// A value as a tree.
indirect enum OracleValue {
    /// Everything that is neither document nor array.
    case plain(BSONValue)
    case array([OracleValue])
    case object([OracleField])

    init(_ value: BSONValue) {
        switch value {
        case .array(let elements): self = .array(elements.map { OracleValue($0) })
        case .document(let document): self = .object(OracleValue.fields(document))
        default: self = .plain(value)
        }
    }

    static func fields(_ document: Document) -> [OracleField] {
        document.map { OracleField(name: $0.key, value: OracleValue($0.value)) }
    }

    static func document(_ fields: [OracleField]) -> Document {
        Document(fields: fields.map { ($0.name, $0.value.bson) })
    }

    /// The value as the engine takes it.
    var bson: BSONValue {
        switch self {
        case .plain(let value): value
        case .array(let elements): .array(elements.map(\.bson))
        case .object(let fields): .document(Self.document(fields))
        }
    }

    var elements: [OracleValue]? { if case .array(let elements) = self { elements } else { nil } }
    var fields: [OracleField]? { if case .object(let fields) = self { fields } else { nil } }

    /// Null, undefined.
    var isNothing: Bool {
        switch self {
        case .plain(.null), .plain(.undefined): true
        default: false
        }
    }

    var isNumber: Bool {
        switch self {
        case .plain(.int32), .plain(.int64), .plain(.double), .plain(.decimal128): true
        default: false
        }
    }
}

extension [OracleField] {
    subscript(name: String) -> OracleValue? {
        first { $0.name == name }?.value
    }

    /// Sets a field in its place, or behind the others; nil removes it.
    mutating func set(_ name: String, _ value: OracleValue?) {
        let place = firstIndex { $0.name == name }
        switch (place, value) {
        case (let place?, let value?): self[place].value = value
        case (let place?, nil): remove(at: place)
        case (nil, let value?): append(OracleField(name: name, value: value))
        case (nil, nil): break
        }
    }
}

/// The query language refuses it.
struct OracleRefusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The oracle does not say what comes of it: the case does not count.
struct OracleUnsure: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
