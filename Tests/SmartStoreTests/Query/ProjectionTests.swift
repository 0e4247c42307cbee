// Projections: inclusion, exclusion, `_id`, dotted paths and arrays; what is refused.

import Testing

@testable import SmartStore

@Suite("Projections")
struct ProjectionTests {
    @Test(
        "fields come back by inclusion or by exclusion, in the document's order",
        arguments: [
            (#"{}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":2}"#),
            (#"{"a":1}"#, #"{"_id":1,"b":3,"a":2}"#, #"{"_id":1,"a":2}"#),
            (#"{"b":1,"a":1}"#, #"{"a":2,"_id":1,"b":3,"c":4}"#, #"{"a":2,"_id":1,"b":3}"#),
            (#"{"a":1,"_id":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"a":2}"#),
            (#"{"a":true,"_id":false}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"a":2}"#),
            (#"{"a":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
            (#"{"a":0,"_id":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"b":3}"#),
            (#"{"a":0,"_id":1}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
            (#"{"_id":1}"#, #"{"_id":1,"a":2}"#, #"{"_id":1}"#),
            (#"{"_id":0}"#, #"{"_id":1,"a":2}"#, #"{"a":2}"#),
            (#"{"x":1}"#, #"{"_id":1,"a":2}"#, #"{"_id":1}"#),
            (#"{"a":-5.5}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"a":2}"#),
            (#"{"a.b":1}"#, #"{"_id":1,"a":{"b":2,"c":3},"d":4}"#, #"{"_id":1,"a":{"b":2}}"#),
            (#"{"a":{"b":1}}"#, #"{"_id":1,"a":{"b":2,"c":3},"d":4}"#, #"{"_id":1,"a":{"b":2}}"#),
            (#"{"a.b":1}"#, #"{"_id":1,"a":5}"#, #"{"_id":1}"#),
            (#"{"a.b":1}"#, #"{"_id":1,"a":{}}"#, #"{"_id":1,"a":{}}"#),
            (
                #"{"a.b":1}"#, #"{"_id":1,"a":[{"b":1,"c":2},5,{"c":3},[{"b":4,"c":5},6]]}"#,
                #"{"_id":1,"a":[{"b":1},{},[{"b":4}]]}"#
            ),
            (
                #"{"a.b":0}"#, #"{"_id":1,"a":[{"b":1,"c":2},5,{"c":3},[{"b":4,"c":5},6]]}"#,
                #"{"_id":1,"a":[{"c":2},5,{"c":3},[{"c":5},6]]}"#
            ),
            (#"{"a.b":0}"#, #"{"_id":1,"a":5}"#, #"{"_id":1,"a":5}"#),
            (#"{"a.b":1,"a.c":1}"#, #"{"_id":1,"a":{"c":3,"b":2,"d":4}}"#, #"{"_id":1,"a":{"c":3,"b":2}}"#),
            (#"{"a.0":1}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[]}"#),
            (#"{"a.b.c":1}"#, #"{"_id":1,"a":{"b":{"c":1,"d":2},"e":3}}"#, #"{"_id":1,"a":{"b":{"c":1}}}"#),
        ])
    func projects(projection: String, document: String, expected: String) throws {
        #expect(try Projection(bsonDocument(projection)).apply(bsonDocument(document)) == bsonDocument(expected))
    }

    @Test(
        "what cannot be is refused with MongoDB's number",
        arguments: [
            (#"{"a":1,"b":0}"#, 31254), (#"{"a":0,"b":1}"#, 31253), (#"{"a":1,"a.b":1}"#, 31249),
            (#"{"a.b":1,"a":1}"#, 31250),
            (#"{"a":{}}"#, 51270), (#"{"a":{"b":1},"a.b":1}"#, 31250), (#"{"a":{"$nope":1}}"#, 31325),
            (#"{"a.$":1}"#, 51050),
        ])
    func refuses(projection: String, number: Int) throws {
        let document = try bsonDocument(projection)
        #expect(documentError { () throws(DocumentError) in _ = try Projection(document) }?.code.number == number)
    }

    @Test("projections of random documents are valid documents", arguments: [1, 2] as [UInt64])
    func givesValidDocuments(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let projections = try [
            #"{"a":1}"#, #"{"a.b":1,"c":1}"#, #"{"a":0}"#, #"{"a.b":0,"b.c":0}"#, #"{"b.a":1,"_id":0}"#,
        ].map {
            try Projection(bsonDocument($0))
        }
        for _ in 0..<rounds(10_000) {
            let document = values.document()
            for projection in projections { try BSONValidator.validate(projection.apply(document).bson) }
        }
    }
}
