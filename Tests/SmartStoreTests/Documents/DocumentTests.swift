// Documents as Swift uses them: fields, paths, order, identity.

import Testing

@testable import SmartStore

@Suite("Documents")
struct DocumentTests {
    @Test("fields keep their order through every change")
    func keepsOrder() {
        var document: Document = ["b": 1, "a": "x", "c": nil]
        #expect(document.keys == ["b", "a", "c"])
        document["a"] = 2.5
        #expect(document.keys == ["b", "a", "c"])
        #expect(document["a"] == 2.5)
        document["d"] = true
        document["b"] = nil
        #expect(document.keys == ["a", "c", "d"])
        #expect(document.count == 3)
        #expect(document["c"] == BSONValue.null)
        #expect(document["b"] == nil)
        #expect(!document.isEmpty)
        #expect(Document().isEmpty)
        #expect(document.contains("c") && !document.contains("x"))
    }

    @Test("literals make the types that plain JSON makes")
    func readsLiterals() throws {
        let document: Document = [
            "i": 1, "l": 2_147_483_648, "d": 1.0, "s": "x", "b": true, "n": nil, "a": [1, "x"], "o": ["k": 1],
        ]
        #expect(
            document
                == (try bsonDocument(
                    #"{"i":1,"l":2147483648,"d":1.0,"s":"x","b":true,"n":null,"a":[1,"x"],"o":{"k":1}}"#))
        )
        #expect(document["i"] == .int32(1))
        #expect(document["l"] == .int64(2_147_483_648))
    }

    @Test(
        "a dotted path leads through documents by name and arrays by index",
        arguments: [
            ("a", "1"), ("b.c", "2"), ("b.d.0", "3"), ("b.d.1.e", "4"), ("b.d.2", nil), ("b.d.e", nil), ("a.x", nil),
            ("x", nil),
            ("b.d.01", nil), ("0", "5"),
        ] as [(String, String?)])
    func readsPaths(path: String, expected: String?) throws {
        let document = try bsonDocument(#"{"a":1,"b":{"c":2,"d":[3,{"e":4}]},"0":5}"#)
        #expect(document[path: path].map { ExtendedJSON.string($0) } == expected)
    }

    @Test("assigning to a path makes what is missing and respects what is there")
    func writesPaths() throws {
        var document = try bsonDocument(#"{"a":1,"b":[1]}"#)
        document[path: "c.d.e"] = 5
        document[path: "b.0"] = 2
        document[path: "b.2"] = 9
        document[path: "a.x"] = 7
        document[path: "b.x"] = 7
        #expect(document == (try bsonDocument(#"{"a":1,"b":[2,null,9],"c":{"d":{"e":5}}}"#)))
        document[path: "c.d"] = nil
        document[path: "b.0"] = nil
        #expect(document == (try bsonDocument(#"{"a":1,"b":[null,null,9],"c":{}}"#)))
    }

    @Test("values read as Swift types where they fit exactly")
    func readsSwiftTypes() {
        #expect(BSONValue.double(5).int == 5)
        #expect(BSONValue.double(5.5).int == nil)
        #expect(BSONValue.decimal128(Decimal128("5.00") ?? .nan).int == 5)
        #expect(BSONValue.decimal128(Decimal128("1E+30") ?? .nan).int == nil)
        #expect(BSONValue.int64(7).double == 7)
        #expect(BSONValue.string("x").int == nil)
        #expect(BSONValue.string("x").string == "x")
        #expect(BSONValue.symbol("x").string == nil)
        #expect(BSONValue(Int(Int32.max) + 1) == .int64(2_147_483_648))
    }

    @Test("values are identical by type and bytes, and hash alike")
    func comparesIdentity() {
        #expect(BSONValue.double(.nan) == .double(.nan))
        #expect(BSONValue.double(0) != .double(-0.0))
        #expect(BSONValue.int32(5) != .int64(5))
        #expect(BSONValue.string("é") != .string("e\u{301}"))
        let set: Set<BSONValue> = [.double(.nan), .double(.nan), .int32(1), .int64(1), ["a": 1], ["a": 1]]
        #expect(set.count == 4)
    }

    @Test("random values survive the way to bytes and back")
    func roundTripsValues() {
        var values = RandomValues(seed: 21)
        for _ in 0..<rounds(20_000) {
            let value = values.value()
            let document: Document = ["v": value]
            #expect(document["v"] == value)
            #expect(value.withView { BSONValue($0) } == value)
        }
    }

    @Test("object identifiers carry time, differ, and order by bytes")
    func makesIdentifiers() throws {
        var random = ReplayableRandom(seed: 3)
        var generator = ObjectIDGenerator(random: &random)
        let ids = (0..<1000).map { _ in generator.next(secondsSince1970: 1_700_000_000) }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.secondsSince1970 == 1_700_000_000 })
        #expect(generator.next(secondsSince1970: 1_700_000_001) > ids[0])
        let id = try #require(ObjectID("56e1fc72e0c917e9c4714161"))
        #expect(id.description == "56e1fc72e0c917e9c4714161")
        #expect(try ObjectID(bytes: id.bytes) == id)
        #expect(ObjectID("56e1fc72") == nil)
        #expect(errorCode { () throws(DocumentError) in _ = try ObjectID(bytes: [1]) } == .invalidLength)
        #expect(ids.allSatisfy { ObjectID($0.description) == $0 })
    }
}
