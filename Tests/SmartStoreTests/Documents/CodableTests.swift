// Codable types to documents and back: every kind of container, the special types, ranges, and errors.

import Foundation
import Testing

@testable import SmartStore

private struct Scalars: Codable, Equatable {
    var bool = true
    var int = -5
    var int8 = Int8.min
    var int16 = Int16.max
    var int32 = Int32.min
    var int64 = Int64.max
    var uint: UInt = 7
    var uint8 = UInt8.max
    var uint16 = UInt16.max
    var uint32 = UInt32.max
    var uint64: UInt64 = 1 << 62
    var float: Float = 0.1
    var double = 0.1
    var string = "é\u{0}"
}

private struct Specials: Codable, Equatable {
    var id = ObjectID(head: 1, tail: 2)
    var date = Date(timeIntervalSince1970: 1_700_000_000.125)
    var data = Data([1, 2, 3])
    var uuid = UUID(uuidString: "73FFD264-44B3-4C69-90E8-E7D1DFC035D4")
    var url = URL(string: "https://example.org/a?b=c")
    var decimal = Decimal(string: "12.50")
    var decimal128 = Decimal128("1.00")
    var exactDate = BSONDate(millisecondsSince1970: .min)
    var binary = BSONBinary(subtype: 128, bytes: [9])
    var timestamp = BSONTimestamp(seconds: 1, increment: 2)
    var vector: Vector = [1, 2.5]
    var document: Document = ["x": [1, nil]]
    var value: BSONValue = .minKey
    var values: [BSONValue] = [1, "a", .undefined]
}

private enum Shape: Codable, Equatable {
    case point
    case circle(radius: Double)
    case polygon([Int], name: String?)
    indirect case pair(Shape, Shape)
}

private enum Level: String, Codable { case low, high }

private struct Nested: Codable, Equatable {
    struct Inner: Codable, Equatable {
        var name: String
        var tags: [String]?
    }
    enum CodingKeys: String, CodingKey {
        case identifier = "_id"
        case inner, list, table, numbers, shapes, level, missing, sets, pairs
    }
    var identifier = 1
    var inner = Inner(name: "a", tags: nil)
    var list = [Inner(name: "b", tags: []), Inner(name: "c", tags: ["x"])]
    var table = ["k": [1.5], "l": []]
    var numbers = [3: "three", -1: "minus"]
    var shapes: [Shape] = [.point, .circle(radius: 2), .polygon([1, 2], name: nil), .pair(.point, .circle(radius: 0))]
    var level = Level.high
    var missing: Int?
    var sets: Set<Int> = [4]
    var pairs: [[Int?]] = [[1, nil], []]
}

private class Animal: Codable {
    var legs = 4
}

private final class Dog: Animal {
    var name = "Rex"
    private enum CodingKeys: String, CodingKey { case name }

    override init() { super.init() }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try super.encode(to: container.superEncoder())
    }
}

private struct Manual: Codable, Equatable {
    var a = 1
    var b = [2, 3]
    private enum Keys: String, CodingKey { case outer, a, list }

    init() {}

    init(from decoder: any Decoder) throws {
        let outer = try decoder.container(keyedBy: Keys.self).nestedContainer(keyedBy: Keys.self, forKey: .outer)
        a = try outer.decode(Int.self, forKey: .a)
        var list = try outer.nestedUnkeyedContainer(forKey: .list)
        b = []
        while !list.isAtEnd {
            var inner = try list.nestedUnkeyedContainer()
            b.append(try inner.decode(Int.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var outer = container.nestedContainer(keyedBy: Keys.self, forKey: .outer)
        try outer.encode(a, forKey: .a)
        var list = outer.nestedUnkeyedContainer(forKey: .list)
        for number in b {
            var inner = list.nestedUnkeyedContainer()
            try inner.encode(number)
        }
    }
}

@Suite("Codable")
struct CodableTests {
    private func roundTrip<T: Codable & Equatable>(_ value: T) throws -> Document {
        let document = try DocumentEncoder().encode(value)
        try BSONValidator.validate(document.bson)
        #expect(try DocumentDecoder().decode(T.self, from: document) == value)
        return document
    }

    @Test("every scalar comes back, integers in the documented types")
    func scalars() throws {
        let document = try roundTrip(Scalars())
        #expect(document["int"]?.type == .int64)
        #expect(document["int8"]?.type == .int32)
        #expect(document["uint32"]?.type == .int64)
        #expect(document["float"]?.type == .double)
        #expect(document.keys.prefix(3) == ["bool", "int", "int8"])
    }

    @Test("special types are values of BSON's own types")
    func specials() throws {
        let document = try roundTrip(Specials())
        let types: [(String, BSONType)] = [
            ("id", .objectID), ("date", .date), ("data", .binary), ("uuid", .binary), ("url", .string),
            ("decimal", .decimal128),
            ("decimal128", .decimal128), ("exactDate", .date), ("binary", .binary), ("timestamp", .timestamp),
            ("vector", .binary),
            ("document", .document), ("value", .minKey),
        ]
        for (name, type) in types { #expect(document[name]?.type == type, "\(name)") }
        #expect(document["uuid"]?.binary?.subtype == 4)
        #expect(document["vector"]?.binary?.subtype == 9)
        #expect(document["decimal128"] == .decimal128(Decimal128("1.00") ?? .nan))
    }

    @Test("nested types, enums with payloads, optionals, dictionaries and sets come back")
    func nested() throws {
        let document = try roundTrip(Nested())
        #expect(document.keys.first == "_id")
        #expect(!document.contains("missing"))
        #expect(document[path: "inner.tags"] == nil)
        #expect(document[path: "shapes.1.circle.radius"] == 2.0)
        #expect(document[path: "numbers.3"] == "three")
        #expect(document[path: "pairs.0.1"] == BSONValue.null)
    }

    @Test("superclasses and hand-written containers come back")
    func containers() throws {
        let dog = Dog()
        dog.legs = 3
        let document = try DocumentEncoder().encode(dog)
        #expect(document == (try bsonDocument(#"{"name":"Rex","super":{"legs":{"$numberLong":"3"}}}"#)))
        let decoded = try DocumentDecoder().decode(Dog.self, from: document)
        #expect(decoded.legs == 3 && decoded.name == "Rex")
        _ = try roundTrip(Manual())
    }

    private struct Number<T: Codable>: Codable { var n: T }

    private func decode<T: Codable>(_ value: BSONValue, as type: T.Type) -> T? {
        try? DocumentDecoder().decode(Number<T>.self, from: ["n": value]).n
    }

    @Test("numbers decode when they fit exactly, whatever their type")
    func numbers() {
        #expect(decode(.double(5), as: Int.self) == 5)
        #expect(decode(.double(5.5), as: Int.self) == nil)
        #expect(decode(.int32(-1), as: UInt.self) == nil)
        #expect(decode(.int32(300), as: UInt8.self) == nil)
        #expect(decode(.int64(1 << 40), as: Int32.self) == nil)
        #expect(decode(.decimal128(Decimal128("7.0") ?? .nan), as: Int.self) == 7)
        #expect(decode(.int32(5), as: Double.self) == 5)
        #expect(decode(.int64(1 << 53 + 1), as: Double.self) == nil)
        #expect(decode(.decimal128(Decimal128("0.1") ?? .nan), as: Double.self) == 0.1)
        #expect(decode(.double(1e300), as: Float.self) == nil)
        #expect(decode(.double(.infinity), as: Float.self) == .infinity)
        #expect(decode("5", as: Int.self) == nil)
        #expect(decode(5, as: String.self) == nil)
        #expect(decode(1, as: Bool.self) == nil)
        #expect(decode(nil, as: Int?.self) == .some(nil))
        #expect(decode(Vector([1, 2]).value, as: [Float].self) == [1, 2])
        #expect(decode([1, 2.5], as: Vector.self) == [1, 2.5])
        #expect(decode(.date(BSONDate(millisecondsSince1970: 1500)), as: Date.self) == Date(timeIntervalSince1970: 1.5))
    }

    @Test("an array of floats stays an array")
    func keepsArrays() throws {
        #expect(try DocumentEncoder().encode(["v": [Float(1), 2]])["v"] == [1.0, 2.0])
        #expect(try DocumentEncoder().encodeValue([1, 2]) == [.int64(1), .int64(2)])
        #expect(try DocumentEncoder().encodeValue(Int?.none) == .null)
    }

    @Test("what has no document is refused when it is encoded")
    func encodingErrors() {
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode([1, 2]) }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode("x") }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(["a": UInt64.max]) }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(["a": UInt.max]) }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(["a\u{0}": 1]) }
    }

    @Test("errors say where in the document they are")
    func decodingErrors() throws {
        func path(_ text: String) throws -> [String] {
            do {
                _ = try DocumentDecoder().decode(Nested.self, from: bsonDocument(text))
                return []
            } catch DecodingError.keyNotFound(let key, let context) {
                return context.codingPath.map(\.stringValue) + [key.stringValue]
            } catch DecodingError.typeMismatch(_, let context) {
                return context.codingPath.map(\.stringValue)
            }
        }
        #expect(try path("{}") == ["_id"])
        #expect(try path(#"{"_id":"x"}"#) == ["_id"])
        #expect(try path(#"{"_id":1,"inner":{}}"#) == ["inner", "name"])
        #expect(try path(#"{"_id":1,"inner":{"name":"a"},"list":[{"name":"a"},{"name":5}]}"#) == ["list", "1", "name"])
    }

    @Test("the special types can also be written with another coder")
    func otherCoders() throws {
        let value = Specials()
        let text = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(Specials.self, from: text) == value)
    }

    @Test("random documents decode to values and encode to themselves", arguments: [1, 2] as [UInt64])
    func randomDocuments(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        for _ in 0..<rounds(2_000) {
            let document = values.document()
            let table = try DocumentDecoder().decode([String: BSONValue].self, from: document)
            #expect(table.count == document.count)
            #expect(table.allSatisfy { document[$0.key] == $0.value })
            #expect(try DocumentEncoder().encode(document) == document)
        }
    }
}
