// Codable in its less usual forms: enums of every kind, keys of every kind, wrappers, classes, containers used by hand,
// what is nil and what is missing, and what a document cannot hold.

import Foundation
import Testing

@testable import SmartStore

private enum Event: Codable, Equatable {
    case opened
    case moved(Int, Int)
    case named(String, at: Date)
    case tagged(tags: [String: Int]?, raw: Data)
    indirect case after(Event, id: UUID)

    enum CodingKeys: String, CodingKey {
        case opened = "open"
        case moved, named, tagged, after
    }

    enum NamedCodingKeys: String, CodingKey {
        case _0 = "name"
        case at = "when"
    }
}

private enum Colour: String, Codable, CodingKeyRepresentable, CaseIterable { case red, green }
private enum Grade: Int, Codable { case low = 1, high = 5 }

private struct Identifier<Owner>: RawRepresentable, Codable, Hashable {
    var rawValue: String
}

@propertyWrapper
private struct Clamped: Codable, Equatable {
    var wrappedValue: Int
    init(wrappedValue: Int) { self.wrappedValue = min(wrappedValue, 10) }
    init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(Int.self))
    }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

private struct Tree: Codable, Equatable {
    var value: Int
    var children: [Tree] = []
}

private class Vehicle: Codable {
    var wheels: Int
    init(wheels: Int) { self.wheels = wheels }
}

/// Shares its container with its superclass.
private final class Lorry: Vehicle {
    var load = 2.5
    private enum Keys: String, CodingKey { case load }
    override init(wheels: Int) { super.init(wheels: wheels) }
    required init(from decoder: any Decoder) throws {
        load = try decoder.container(keyedBy: Keys.self).decode(Double.self, forKey: .load)
        try super.init(from: decoder)
    }
    override func encode(to encoder: any Encoder) throws {
        try super.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(load, forKey: .load)
    }
}

/// Keeps its superclass in a field with a name, and in an element.
private final class Train: Vehicle {
    var cars = 3
    private enum Keys: String, CodingKey { case cars, base, list }
    override init(wheels: Int) { super.init(wheels: wheels) }
    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        cars = try list.decode(Int.self)
        let inList = try Vehicle(from: list.superDecoder())
        try super.init(from: container.superDecoder(forKey: .base))
        #expect(inList.wheels == wheels && list.isAtEnd && list.count == 2)
    }
    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try super.encode(to: container.superEncoder(forKey: .base))
        var list = container.nestedUnkeyedContainer(forKey: .list)
        try list.encode(cars)
        try super.encode(to: list.superEncoder())
        #expect(list.count == 2)
    }
}

/// Every kind of container within every kind, by hand.
private struct Boxes: Codable, Equatable {
    var numbers = [1, 2]
    private enum Keys: String, CodingKey { case a, b }

    init() {}

    init(from decoder: any Decoder) throws {
        var outer = try decoder.container(keyedBy: Keys.self).nestedUnkeyedContainer(forKey: .a)
        let fields = try outer.nestedContainer(keyedBy: Keys.self)
        #expect(fields.contains(.a) && !fields.contains(.b) && fields.allKeys.count == 1)
        var inner = try outer.nestedUnkeyedContainer()
        #expect(try inner.decodeNil())
        numbers = [try fields.decode(Int.self, forKey: .a), try inner.decode(Int.self)]
        #expect(try inner.decodeNil() == false)
        #expect(try inner.decode(Bool.self))
        #expect(inner.isAtEnd && outer.isAtEnd)
        #expect(throws: DecodingError.self) { try inner.decode(Int.self) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var outer = container.nestedUnkeyedContainer(forKey: .a)
        var fields = outer.nestedContainer(keyedBy: Keys.self)
        try fields.encode(numbers[0], forKey: .a)
        var inner = outer.nestedUnkeyedContainer()
        try inner.encodeNil()
        try inner.encode(numbers[1])
        try inner.encode(true)
    }
}

@Suite("Codable, the less usual forms")
struct CodableFormsTests {
    private func encode<T: Encodable>(_ value: T) throws -> Document {
        let document = try DocumentEncoder().encode(["v": value])
        try BSONValidator.validate(document.bson)
        return document
    }

    private func roundTrip<T: Codable & Equatable>(_ value: T, _ text: String) throws {
        let document = try encode(value)
        #expect(document.json() == "{\"v\":\(text)}")
        #expect(try DocumentDecoder().decode([String: T].self, from: document) == ["v": value])
        // Read from relaxed text, where integers are as small as they can be.
        let reread = try Document(json: document.json())
        #expect(try DocumentDecoder().decode([String: T].self, from: reread) == ["v": value])
    }

    @Test("enums: with payloads, labels, own names, raw values, nested in one another")
    func enums() throws {
        try roundTrip(Event.opened, #"{"open":{}}"#)
        try roundTrip(Event.moved(3, -4), #"{"moved":{"_0":3,"_1":-4}}"#)
        try roundTrip(
            Event.named("a", at: Date(timeIntervalSince1970: 1.5)),
            #"{"named":{"name":"a","when":{"$date":"1970-01-01T00:00:01.500Z"}}}"#)
        try roundTrip(
            Event.tagged(tags: ["x": 1], raw: Data([7])),
            #"{"tagged":{"tags":{"x":1},"raw":{"$binary":{"base64":"Bw==","subType":"00"}}}}"#)
        try roundTrip(
            Event.tagged(tags: nil, raw: Data()),
            #"{"tagged":{"raw":{"$binary":{"base64":"","subType":"00"}}}}"#)
        let id = try #require(UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"))
        try roundTrip(
            Event.after(.after(.opened, id: id), id: id),
            #"{"after":{"_0":{"after":{"_0":{"open":{}},"id":ID}},"id":ID}}"#
                .replacingOccurrences(
                    of: "ID", with: #"{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}}"#))
        try roundTrip([Grade.low, .high], "[1,5]")
        try roundTrip([Colour.green], #"["green"]"#)
        for text in [#"{"v":{}}"#, #"{"v":{"open":{},"moved":{"_0":1,"_1":2}}}"#, #"{"v":{"moved":{"_0":1}}}"#] {
            #expect(throws: DecodingError.self) {
                try DocumentDecoder().decode([String: Event].self, from: bsonDocument(text))
            }
        }
        #expect(throws: DecodingError.self) { try DocumentDecoder().decode([String: Grade].self, from: ["v": 2]) }
        #expect(throws: DecodingError.self) { try DocumentDecoder().decode([String: Colour].self, from: ["v": "blue"]) }
    }

    @Test("optionals: nil is left out of fields and null in elements; null and missing are nil")
    func optionals() throws {
        struct Fields: Codable, Equatable {
            var a: Int?
            var b: String??
            var c: [Int?]?
            var d: Date?
        }
        try roundTrip(Fields(), "{}")
        try roundTrip(
            Fields(a: 1, b: "x", c: [nil, 2], d: Date(timeIntervalSince1970: 0)),
            #"{"a":1,"b":"x","c":[null,2],"d":{"$date":"1970-01-01T00:00:00Z"}}"#)
        try roundTrip([Int?.none, 1], "[null,1]")
        try roundTrip(["k": Int?.none], #"{"k":null}"#)
        let nulls: Document = ["v": ["a": nil, "b": nil, "c": nil, "d": .undefined]]
        let decoded = try DocumentDecoder().decode([String: Fields].self, from: nulls)["v"]
        #expect(decoded?.a == nil && decoded?.c == nil && decoded?.d == nil)
        #expect(throws: DecodingError.self) {
            try DocumentDecoder().decode([String: Fields].self, from: ["v": ["a": "x"]])
        }
    }

    @Test("dictionaries: by text, by number, by enum; other keys make pairs of elements")
    func dictionaries() throws {
        try roundTrip(["a b.c$": 1], #"{"a b.c$":1}"#)
        try roundTrip([7: "x"], #"{"7":"x"}"#)
        try roundTrip([Colour.red: [1]], #"{"red":[1]}"#)
        let id = UUID()
        let pairs = try encode([id: 1])
        #expect(pairs[path: "v.0"] == .binary(BSONBinary(uuid: id)) && pairs[path: "v.1"] == .int64(1))
        #expect(try DocumentDecoder().decode([String: [UUID: Int]].self, from: pairs) == ["v": [id: 1]])
    }

    @Test("wrappers are what they wrap; values of our own types are kept")
    func wrappers() throws {
        struct Wrapped: Codable, Equatable {
            var id: Identifier<Int>
            @Clamped var size: Int
            var unit: Unit
            var range: ClosedRange<Int>
            var both: [Set<String>]
            struct Unit: Codable, Equatable {}
        }
        try roundTrip(
            Wrapped(id: .init(rawValue: "k"), size: 50, unit: .init(), range: 1...3, both: [["a"]]),
            #"{"id":"k","size":10,"unit":{},"range":[1,3],"both":[["a"]]}"#)
        try roundTrip([Decimal128("1.50")], #"[{"$numberDecimal":"1.50"}]"#)
        try roundTrip(BSONTimestamp(seconds: 1, increment: 2), #"{"$timestamp":{"t":1,"i":2}}"#)
        try roundTrip(
            BSONBinary(subtype: 9, bytes: [3, 0, 255]), #"{"$binary":{"base64":"AwD/","subType":"09"}}"#)
        try roundTrip(
            [BSONValue.maxKey, .undefined, .symbol("s")],
            #"[{"$maxKey":1},{"$undefined":true},{"$symbol":"s"}]"#)
        try roundTrip(["n": Document(fields: [("b", 1), ("a", [2])])], #"{"n":{"b":1,"a":[2]}}"#)
        try roundTrip([URL(string: "https://example.org/a%20b?c=d")], #"["https://example.org/a%20b?c=d"]"#)
        try roundTrip([Decimal(string: "-0.00000000000000000001")], #"[{"$numberDecimal":"-1E-20"}]"#)
    }

    @Test("dates keep milliseconds, in both directions of time")
    func dates() throws {
        for milliseconds in [0, 1, -1, 1_234_567_890_123, -62_135_596_800_000, 253_402_300_799_999] as [Int64] {
            let date = BSONDate(millisecondsSince1970: milliseconds)
            let document = try encode(date.date)
            #expect(document["v"] == .date(date))
            #expect(try DocumentDecoder().decode([String: Date].self, from: document)["v"] == date.date)
        }
        // Finer than that is rounded to the nearest.
        #expect(try encode(Date(timeIntervalSince1970: 0.0006))["v"]?.date?.millisecondsSince1970 == 1)
        #expect(try encode(Date(timeIntervalSince1970: -0.0006))["v"]?.date?.millisecondsSince1970 == -1)
        #expect(throws: DecodingError.self) { try DocumentDecoder().decode([String: Date].self, from: ["v": 5]) }
        #expect(throws: DecodingError.self) {
            try DocumentDecoder().decode([String: Data].self, from: ["v": .binary(BSONBinary(uuid: UUID()))])
        }
        #expect(throws: DecodingError.self) {
            try DocumentDecoder().decode([String: UUID].self, from: ["v": .binary(BSONBinary(bytes: [1]))])
        }
    }

    @Test("classes: a shared container, a superclass under a name, a superclass among elements")
    func classes() throws {
        let lorry = Lorry(wheels: 6)
        let first = try DocumentEncoder().encode(lorry)
        #expect(first.json() == #"{"wheels":6,"load":2.5}"#)
        let decoded = try DocumentDecoder().decode(Lorry.self, from: first)
        #expect(decoded.wheels == 6 && decoded.load == 2.5)
        let second = try DocumentEncoder().encode(Train(wheels: 80))
        #expect(second.json() == #"{"base":{"wheels":80},"list":[3,{"wheels":80}]}"#)
        let train = try DocumentDecoder().decode(Train.self, from: second)
        #expect(train.wheels == 80 && train.cars == 3)
    }

    @Test("containers within containers, made by hand")
    func boxes() throws {
        #expect(try DocumentEncoder().encode(Boxes()).json() == #"{"a":[{"a":1},[null,2,true]]}"#)
        try roundTrip(Boxes(), #"{"a":[{"a":1},[null,2,true]]}"#)
        try roundTrip(
            Tree(value: 1, children: [Tree(value: 2), Tree(value: 3, children: [Tree(value: 4)])]),
            """
            {"value":1,"children":[{"value":2,"children":[]},\
            {"value":3,"children":[{"value":4,"children":[]}]}]}
            """)
    }

    @Test("a field encoded twice keeps its place and its last value, among few fields and among many")
    func encodesTwice() throws {
        struct Twice: Encodable {
            let count: Int
            struct Key: CodingKey {
                var stringValue: String
                var intValue: Int? { nil }
                init(_ name: String) { stringValue = name }
                init?(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                for index in 0..<count { try container.encode(index, forKey: Key("f\(index)")) }
                for index in 0..<count { try container.encode(-index, forKey: Key("f\(index)")) }
            }
        }
        for count in [1, 3, 24, 25, 60] {
            let document = try DocumentEncoder().encode(Twice(count: count))
            #expect(document.keys == (0..<count).map { "f\($0)" })
            #expect(document.allSatisfy { $0.value == .int64(-Int64($0.key.dropFirst())!) })
        }
    }

    @Test("what no document can hold is refused, also where a container made by hand cannot refuse it itself")
    func refuses() throws {
        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        struct BadName: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                var nested = container.nestedContainer(keyedBy: Key.self, forKey: Key("a\0b"))
                try nested.encode(1, forKey: Key("c"))
            }
        }
        struct Deep: Encodable {
            let levels: Int
            func encode(to encoder: any Encoder) throws {
                var fields = encoder.container(keyedBy: Key.self)
                var container = fields.nestedUnkeyedContainer(forKey: Key("a"))
                for _ in 2..<levels { container = container.nestedUnkeyedContainer() }
                try container.encode(1)
            }
        }
        func chain(_ count: Int) -> Tree {
            (1..<count).reduce(Tree(value: 0)) { tree, value in Tree(value: value, children: [tree]) }
        }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(BadName()) }
        try BSONValidator.validate(try DocumentEncoder().encode(Deep(levels: 100)).bson)
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(Deep(levels: 101)) }
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(Deep(levels: 5_000)) }
        // A tree and its array of children are two levels; the innermost array is empty, and a level.
        try BSONValidator.validate(try DocumentEncoder().encode(chain(50)).bson)
        #expect(throws: EncodingError.self) { try DocumentEncoder().encode(chain(51)) }
        #expect(throws: EncodingError.self) {
            try DocumentEncoder().encode(["d": Decimal(string: "1234567890123456789012345678901234567")])
        }
    }
}
