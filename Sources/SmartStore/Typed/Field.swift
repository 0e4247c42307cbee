// A field of a document by its stored name, with the Swift type of its value: what typed filters, orders and updates
// are written with.
//
// Names are given, not guessed: a key path does not know how its property is stored (CodingKeys), and a coder's probe
// cannot tell two Booleans apart. So a type names its fields once, best by its own CodingKeys, which the compiler
// checks.

/// A field of a document, by name or dotted path.
///
/// ```swift
/// struct Note: Codable, Sendable {
///     var id: Int
///     var year: Int
///     enum CodingKeys: String, CodingKey { case id = "_id", year }
///     static let year = Field<Int>(CodingKeys.year)
/// }
/// try await notes.find(Note.year >= 2020)
/// ```
///
/// Without a declaration, ``field(_:)`` names one at the place of its use: `field("year") >= 2020`.
@dynamicMemberLookup
public struct Field<Value>: Sendable {
    /// The dotted path. Empty: the element itself, inside ``Field/elemMatch(_:)``.
    public let path: String

    /// The field of a dotted path, such as `author.name`.
    public init(_ path: String) { self.path = path }

    /// The field of a coding key.
    public init(_ key: some CodingKey) { path = key.stringValue }

    /// A field inside this one: of its document, or of the documents in its array.
    public func child<Inner>(_ name: String, of type: Inner.Type = Inner.self) -> Field<Inner> {
        Field<Inner>(path.isEmpty ? name : "\(path).\(name)")
    }

    /// The element of an array at a place, counted from 0.
    public func element<Inner>(_ index: Int, of type: Inner.Type = Inner.self) -> Field<Inner> {
        child(String(index))
    }

    /// A field that the type of this one declares: `Note.author.name`.
    public subscript<Inner>(dynamicMember member: KeyPath<Value.Fields, Field<Inner>>) -> Field<Inner>
    where Value: HasFields {
        child(Value.fields[keyPath: member].path)
    }
}

extension Field: ExpressibleByStringLiteral {
    /// The field of a dotted path.
    public init(stringLiteral value: String) { path = value }
}

/// The field of a dotted path, with a value of any type: `field("year") >= 2020`.
public func field(_ path: String) -> Field<BSONValue> { Field(path) }

/// A type that names the fields it is stored with, so that they can be reached through others:
///
/// ```swift
/// struct Author: Codable, Sendable, HasFields {
///     var name: String
///     struct Fields: Sendable { let name = Field<String>(CodingKeys.name) }
///     static let fields = Fields()
/// }
/// // In Note: static let author = Field<Author>(CodingKeys.author)
/// try await notes.find(Note.author.name == "Ada")
/// ```
public protocol HasFields {
    /// The fields, as constants of a structure.
    associatedtype Fields
    /// The fields.
    static var fields: Fields { get }
}

extension Optional: HasFields where Wrapped: HasFields {
    /// The fields of the value.
    public static var fields: Wrapped.Fields { Wrapped.fields }
}

extension Array: HasFields where Element: HasFields {
    /// The fields of the elements.
    public static var fields: Element.Fields { Element.fields }
}

/// A type that is stored as an array.
public protocol StoredAsArray: SendableMetatype {
    /// The type of its elements.
    associatedtype ArrayElement
}

extension Array: StoredAsArray {
    /// The type of its elements.
    public typealias ArrayElement = Element
}

extension Set: StoredAsArray {
    /// The type of its elements.
    public typealias ArrayElement = Element
}

extension Optional: StoredAsArray where Wrapped: StoredAsArray {
    /// The type of its elements.
    public typealias ArrayElement = Wrapped.ArrayElement
}

extension BSONValue: StoredAsArray {
    /// An array's elements may be of any type.
    public typealias ArrayElement = BSONValue
}

/// What names a field: a text or a ``Field``.
public protocol FieldName: Sendable {
    /// The dotted path.
    var fieldPath: String { get }
}

extension String: FieldName {
    /// The text itself.
    public var fieldPath: String { self }
}

extension Field: FieldName {
    /// The path.
    public var fieldPath: String { path }
}

/// Checks and values that conditions and modifications share.
enum FieldOperand {
    /// - Throws: `invalidDocument` for a path that no document can have.
    static func checkPath(_ path: String) throws(StoreError) {
        guard !path.utf8.contains(0) else {
            throw StoreError(
                DocumentError(.badValue, "a field's path may not contain a NUL", path: path.replacing("\0", with: "?")))
        }
    }

    /// The stored form of a Swift value.
    static func value(_ value: some Encodable) throws(StoreError) -> BSONValue {
        if let value = value as? BSONValue { return value }
        return try converting { try DocumentEncoder().encodeValue(value) }
    }
}
