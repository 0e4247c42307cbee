// What every golden file holds, stated without the engine: documents, vectors, cache entries, audit entries.
//
// The committed files were made from this once. Nothing here may change while they are there; content for a new format
// version gets a file of its own.

import SmartStore

enum GoldenContent {
    /// The clock at creation, and in the second session, which is also when the tests look.
    static let created: Int64 = 1_700_000_000_000
    static let now: Int64 = created + 10_000

    // MARK: Documents

    static let dimension = 6

    /// Between -8 and 8, no component 0.
    static func vector(_ seed: Int) -> [Float] {
        noise(dimension, seed: UInt64(seed) &* 1_000_003).map { (Float($0) - 127.5) / 16 }
    }

    static func note(_ number: Int, vector seed: Int? = nil) -> Document {
        [
            "_id": .int32(Int32(number)), "title": .string("Note \(number)"),
            "square": .int64(Int64(number * number)), "half": .double(Double(number) / 2),
            "tags": .array([.string("t\(number % 3)"), .null, .bool(number % 2 == 0)]),
            "v": Vector(vector(seed ?? number)).value,
        ]
    }

    /// Longer than a slot of the row table holds.
    static let longID = String(repeating: "long identifier ", count: 4)
    static let longNote: Document = ["_id": .string(longID), "v": Vector(vector(77)).value]

    /// An overflow chain of plain bytes: they do not shrink.
    static let plainChain: Document = [
        "_id": "plain chain", "bytes": .binary(BSONBinary(subtype: 0, bytes: noise(9000))),
    ]
    /// Deflated until it fits its cell.
    static let deflated: Document = [
        "_id": "deflated", "text": .string(String(repeating: "All the same. ", count: 220)),
    ]
    /// An overflow chain of deflated bytes: eight letters at random.
    static let deflatedChain: Document = [
        "_id": "deflated chain",
        "text": .string(String(decoding: noise(12_000).map { UInt8(ascii: "a") + $0 % 8 }, as: UTF8.self)),
    ]

    /// Bytes of a linear congruential generator: the upper eight bits of each state.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        }
    }

    /// The collection `notes` at the end, in order of `_id`: numbers, then texts.
    static var notes: [Document] {
        let numbers = (0..<40).filter { $0 != 10 && $0 != 11 }.map { number in
            var document = number == 12 ? note(12, vector: 112) : note(number)
            if number < 5 { document["starred"] = true }
            return document
        }
        let later = (100..<103).map { note($0) }
        return numbers + later + [deflated, deflatedChain, longNote, plainChain]
    }

    /// The collection `types`, in order of `_id`: every type of value, and most types as an `_id`. Canonical Extended
    /// JSON.
    static let types = [
        #"{"_id": {"$minKey": 1}, "undefined": {"$undefined": true}}"#,
        #"{"_id": null, "is": null}"#,
        #"{"_id": {"$numberDouble": "NaN"}}"#,
        #"{"_id": {"$numberDouble": "-Infinity"}}"#,
        #"{"_id": {"$numberLong": "-9223372036854775808"}}"#,
        #"{"_id": {"$numberInt": "-300"}}"#,
        #"{"_id": {"$numberDouble": "-0.75"}}"#,
        #"{"_id": {"$numberInt": "0"}}"#,
        #"{"_id": {"$numberDecimal": "0.1"}}"#,
        #"{"_id": {"$numberDouble": "0.1"}}"#,
        #"{"_id": {"$numberDecimal": "1.50"}}"#,
        #"{"_id": {"$numberLong": "9007199254740993"}, "int32": {"$numberInt": "-7"}}"#,
        #"{"_id": {"$numberDecimal": "9.999E+400"}}"#,
        #"{"_id": "text\u0000with zero", "symbol": {"$symbol": "s"}}"#,
        #"{"_id": {"a": {"$numberInt": "1"}, "b": ["x", false]}, "nested": {"deep": {"deeper": []}}}"#,
        #"{"_id": {"$binary": {"base64": "AAEC/w==", "subType": "80"}}}"#,
        #"{"_id": {"$oid": "65a0b1c2d3e4f5061728394a"}, "re": {"$regularExpression": {"pattern": "^a", "options": "i"}}}"#,
        #"{"_id": false}"#,
        #"{"_id": true, "code": {"$code": "f()"}}"#,
        #"{"_id": {"$date": {"$numberLong": "-1"}}, "date": {"$date": {"$numberLong": "1700000000000"}}}"#,
        #"{"_id": {"$timestamp": {"t": 7, "i": 9}}}"#,
        #"{"_id": {"$maxKey": 1}}"#,
    ]

    // MARK: Cache

    /// Keys in order, with value and life left at `now` (nil: unlimited).
    static let cache: [(key: String, value: [UInt8], milliseconds: Int64?)] = [
        ("answer", Array("42".utf8), nil),
        ("embedding:1", [0, 1, 2, 253, 254, 255], 86_390_000),
        ("greeting", Array("hello".utf8), nil),
        ("visits", Array("6".utf8), nil),
    ]

    // MARK: Audit

    struct Act {
        var time: Int64
        var actor: String
        var action: String
        var target: String
        var outcome = "ok"
        var details: Document = [:]
    }

    static let acts = [
        Act(time: created, actor: "ada", action: "create", target: "notes", details: ["count": 44]),
        Act(time: created, actor: "ada", action: "create", target: "types"),
        Act(time: created, actor: "mallory", action: "read", target: "secrets", outcome: "denied"),
        Act(time: now, actor: "bob", action: "update", target: "notes", details: ["ids": [0, 1, 2, 3, 4, 12]]),
        Act(time: now, actor: "bob", action: "insert", target: "notes", details: ["nested": ["größe": 1.5]]),
        Act(time: now, actor: "bob", action: "drop", target: "scratch"),
    ]
}
