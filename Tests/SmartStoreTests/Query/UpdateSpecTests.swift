// Updates: each modifier on values, arrays and missing fields; conflicts, `_id`, upserts.

import Testing

@testable import SmartStore

@Suite("Updates")
struct UpdateSpecTests {
    typealias Case = (update: String, before: String, after: String)

    private func check(_ test: Case) throws {
        let updated = try UpdateSpec(bsonDocument(test.update)).apply(to: bsonDocument(test.before))
        let expected = try bsonDocument(test.after)
        if try bsonDocument(test.before) == expected {
            #expect(
                updated == nil,
                "\(test.update) on \(test.before) changed nothing but gave \(String(describing: updated))")
        } else {
            #expect(updated == expected, "\(test.update) on \(test.before)")
        }
    }

    @Test(
        "$set, $unset and $rename",
        arguments: [
            (#"{"$set":{"a":2}}"#, #"{"_id":1,"a":1,"b":3}"#, #"{"_id":1,"a":2,"b":3}"#),
            (#"{"$set":{"c":2}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1,"c":2}"#),
            (#"{"$set":{"a":1}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1}"#),
            (#"{"$set":{"a":1.0}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1.0}"#),
            (#"{"$set":{"a.b":2}}"#, #"{"_id":1}"#, #"{"_id":1,"a":{"b":2}}"#),
            (#"{"$set":{"a.0.b":2}}"#, #"{"_id":1}"#, #"{"_id":1,"a":{"0":{"b":2}}}"#),
            (#"{"$set":{"a.1":9}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[1,9]}"#),
            (#"{"$set":{"a.3":9}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,null,null,9]}"#),
            (#"{"$set":{"a.1.b":9}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,{"b":9}]}"#),
            (#"{"$set":{"a.0.b":9}}"#, #"{"_id":1,"a":[{"b":1,"c":2}]}"#, #"{"_id":1,"a":[{"b":9,"c":2}]}"#),
            (#"{"$set":{"z":1,"b":2,"a":3}}"#, #"{"_id":1}"#, #"{"_id":1,"a":3,"b":2,"z":1}"#),
            (#"{"$set":{"a":{"$x":1}}}"#, #"{"_id":1}"#, #"{"_id":1,"a":{"$x":1}}"#),
            (#"{"$set":{}}"#, #"{"_id":1}"#, #"{"_id":1}"#),
            (#"{"$unset":{"a":""}}"#, #"{"_id":1,"a":1,"b":2}"#, #"{"_id":1,"b":2}"#),
            (#"{"$unset":{"x":""}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1}"#),
            (#"{"$unset":{"a.b":""}}"#, #"{"_id":1,"a":{"b":1,"c":2}}"#, #"{"_id":1,"a":{"c":2}}"#),
            (#"{"$unset":{"a.0":""}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[null,2]}"#),
            (#"{"$unset":{"a.b":""}}"#, #"{"_id":1,"a":5}"#, #"{"_id":1,"a":5}"#),
            (#"{"$unset":{"a.x":""}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$rename":{"a":"b"}}"#, #"{"_id":1,"a":1,"c":2}"#, #"{"_id":1,"c":2,"b":1}"#),
            (#"{"$rename":{"a":"c"}}"#, #"{"_id":1,"a":1,"c":2,"d":3}"#, #"{"_id":1,"c":1,"d":3}"#),
            (#"{"$rename":{"a":"x.y"}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"x":{"y":1}}"#),
            (#"{"$rename":{"a.b":"c"}}"#, #"{"_id":1,"a":{"b":1}}"#, #"{"_id":1,"a":{},"c":1}"#),
            (#"{"$rename":{"x":"c"}}"#, #"{"_id":1,"c":1}"#, #"{"_id":1,"c":1}"#),
            (#"{"$setOnInsert":{"a":1}}"#, #"{"_id":1}"#, #"{"_id":1}"#),
        ] as [Case])
    func fields(test: Case) throws { try check(test) }

    @Test(
        "$inc, $mul, $min and $max keep types as MongoDB does",
        arguments: [
            (#"{"$inc":{"a":2}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":3}"#),
            (#"{"$inc":{"a":2}}"#, #"{"_id":1}"#, #"{"_id":1,"a":2}"#),
            (#"{"$inc":{"a":0}}"#, #"{"_id":1,"a":5}"#, #"{"_id":1,"a":5}"#),
            (#"{"$inc":{"a":1}}"#, #"{"_id":1,"a":2147483647}"#, #"{"_id":1,"a":{"$numberLong":"2147483648"}}"#),
            (#"{"$inc":{"a":{"$numberLong":"1"}}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":{"$numberLong":"2"}}"#),
            (#"{"$inc":{"a":0.5}}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1.5}"#),
            (#"{"$inc":{"a":1}}"#, #"{"_id":1,"a":1.5}"#, #"{"_id":1,"a":2.5}"#),
            (
                #"{"$inc":{"a":{"$numberDecimal":"0.1"}}}"#, #"{"_id":1,"a":1}"#,
                #"{"_id":1,"a":{"$numberDecimal":"1.1"}}"#
            ),
            (
                #"{"$inc":{"a":-3}}"#, #"{"_id":1,"a":{"$numberDecimal":"0.5"}}"#,
                #"{"_id":1,"a":{"$numberDecimal":"-2.5"}}"#
            ),
            (#"{"$inc":{"a.b":1}}"#, #"{"_id":1,"a":{"b":1}}"#, #"{"_id":1,"a":{"b":2}}"#),
            (#"{"$inc":{"a.0":1}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[2]}"#),
            (#"{"$mul":{"a":3}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":6}"#),
            (#"{"$mul":{"a":3}}"#, #"{"_id":1}"#, #"{"_id":1,"a":0}"#),
            (#"{"$mul":{"a":2.5}}"#, #"{"_id":1}"#, #"{"_id":1,"a":0.0}"#),
            (#"{"$mul":{"a":2}}"#, #"{"_id":1,"a":1500000000}"#, #"{"_id":1,"a":{"$numberLong":"3000000000"}}"#),
            (
                #"{"$mul":{"a":{"$numberDecimal":"1.5"}}}"#, #"{"_id":1,"a":2}"#,
                #"{"_id":1,"a":{"$numberDecimal":"3.0"}}"#
            ),
            (#"{"$min":{"a":1}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":1}"#),
            (#"{"$min":{"a":3}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":2}"#),
            (#"{"$min":{"a":2.0}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":2}"#),
            (#"{"$min":{"a":3}}"#, #"{"_id":1}"#, #"{"_id":1,"a":3}"#),
            (#"{"$min":{"a":null}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":null}"#),
            (#"{"$max":{"a":3}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":3}"#),
            (#"{"$max":{"a":"x"}}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":"x"}"#),
            (#"{"$max":{"a":1}}"#, #"{"_id":1,"a":"x"}"#, #"{"_id":1,"a":"x"}"#),
        ] as [Case])
    func numbers(test: Case) throws { try check(test) }

    @Test(
        "$push, $addToSet, $pop, $pull and $pullAll",
        arguments: [
            (#"{"$push":{"a":3}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,3]}"#),
            (#"{"$push":{"a":3}}"#, #"{"_id":1}"#, #"{"_id":1,"a":[3]}"#),
            (#"{"$push":{"a":[3]}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,[3]]}"#),
            (#"{"$push":{"a":{"$each":[2,3]}}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,2,3]}"#),
            (#"{"$push":{"a":{"$each":[]}}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$push":{"a":{"$each":[]}}}"#, #"{"_id":1}"#, #"{"_id":1,"a":[]}"#),
            (#"{"$push":{"a":{"$each":[9],"$position":0}}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[9,1,2]}"#),
            (#"{"$push":{"a":{"$each":[9],"$position":-1}}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[1,9,2]}"#),
            (#"{"$push":{"a":{"$each":[9],"$position":99}}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,9]}"#),
            (#"{"$push":{"a":{"$each":[9],"$slice":-2}}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[2,9]}"#),
            (#"{"$push":{"a":{"$each":[9],"$slice":2}}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[1,2]}"#),
            (#"{"$push":{"a":{"$each":[9],"$slice":0}}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[]}"#),
            (#"{"$push":{"a":{"$each":[2],"$sort":1}}}"#, #"{"_id":1,"a":[3,1]}"#, #"{"_id":1,"a":[1,2,3]}"#),
            (#"{"$push":{"a":{"$each":[2],"$sort":-1,"$slice":2}}}"#, #"{"_id":1,"a":[3,1]}"#, #"{"_id":1,"a":[3,2]}"#),
            (
                #"{"$push":{"a":{"$each":[{"k":2}],"$sort":{"k":1}}}}"#, #"{"_id":1,"a":[{"k":3},{"k":1}]}"#,
                #"{"_id":1,"a":[{"k":1},{"k":2},{"k":3}]}"#
            ),
            (#"{"$push":{"a.b":1}}"#, #"{"_id":1,"a":{"b":[0]}}"#, #"{"_id":1,"a":{"b":[0,1]}}"#),
            (#"{"$addToSet":{"a":1}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$addToSet":{"a":1.0}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$addToSet":{"a":2}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,2]}"#),
            (#"{"$addToSet":{"a":{"$each":[2,2,1,3]}}}"#, #"{"_id":1,"a":[1]}"#, #"{"_id":1,"a":[1,2,3]}"#),
            (#"{"$addToSet":{"a":{"k":1}}}"#, #"{"_id":1,"a":[{"k":1}]}"#, #"{"_id":1,"a":[{"k":1}]}"#),
            (#"{"$addToSet":{"a":[1]}}"#, #"{"_id":1}"#, #"{"_id":1,"a":[[1]]}"#),
            (#"{"$pop":{"a":1}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$pop":{"a":-1}}"#, #"{"_id":1,"a":[1,2]}"#, #"{"_id":1,"a":[2]}"#),
            (#"{"$pop":{"a":1}}"#, #"{"_id":1,"a":[]}"#, #"{"_id":1,"a":[]}"#),
            (#"{"$pop":{"x":1}}"#, #"{"_id":1}"#, #"{"_id":1}"#),
            (#"{"$pull":{"a":1}}"#, #"{"_id":1,"a":[1,2,1.0]}"#, #"{"_id":1,"a":[2]}"#),
            (#"{"$pull":{"a":{"$gt":1}}}"#, #"{"_id":1,"a":[1,2,3]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$pull":{"a":{"k":1}}}"#, #"{"_id":1,"a":[{"k":1,"l":2},{"k":2},5]}"#, #"{"_id":1,"a":[{"k":2},5]}"#),
            (#"{"$pull":{"a":{"k":{"$gte":2}}}}"#, #"{"_id":1,"a":[{"k":1},{"k":2}]}"#, #"{"_id":1,"a":[{"k":1}]}"#),
            (#"{"$pull":{"a":[1]}}"#, #"{"_id":1,"a":[[1],1]}"#, #"{"_id":1,"a":[1]}"#),
            (#"{"$pull":{"a":{"$in":[1,2]}}}"#, #"{"_id":1,"a":[1,2,3]}"#, #"{"_id":1,"a":[3]}"#),
            (#"{"$pull":{"x":1}}"#, #"{"_id":1}"#, #"{"_id":1}"#),
            (#"{"$pullAll":{"a":[1,2]}}"#, #"{"_id":1,"a":[1,2,3,1]}"#, #"{"_id":1,"a":[3]}"#),
        ] as [Case])
    func arrays(test: Case) throws { try check(test) }

    @Test(
        "a replacement keeps the identifier",
        arguments: [
            (#"{"b":2}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"b":2}"#),
            (#"{"b":2,"_id":1}"#, #"{"_id":1,"a":1}"#, #"{"b":2,"_id":1}"#),
            (#"{}"#, #"{"_id":1,"a":1}"#, #"{"_id":1}"#),
            (#"{"_id":1,"a":1}"#, #"{"_id":1,"a":1}"#, #"{"_id":1,"a":1}"#),
        ] as [Case])
    func replacement(test: Case) throws { try check(test) }

    @Test(
        "updates that cannot be are refused when they are parsed",
        arguments: [
            (
                #"{"$foo":{"a":1}}"#, .failedToParse,
                "Unknown modifier: $foo. Expected a valid update modifier or pipeline-style update specified as an array"
            ),
            (
                #"{"$set":{"a":1},"b":2}"#, .failedToParse,
                "Unknown modifier: b. Expected a valid update modifier or pipeline-style update specified as an array"
            ),
            (
                #"{"$set":1}"#, .failedToParse,
                "Modifiers operate on fields but we found type int instead. For example: {$mod: {<field>: ...}} not {$set: 1}"
            ),
            (
                #"{"$set":{"a":1},"$inc":{"a":1}}"#, .conflictingUpdateOperators,
                "Updating the path 'a' would create a conflict at 'a'"
            ),
            (
                #"{"$set":{"a.b":1,"a":2}}"#, .conflictingUpdateOperators,
                "Updating the path 'a.b' would create a conflict at 'a'"
            ),
            (
                #"{"$set":{"b":1},"$rename":{"a":"b"}}"#, .conflictingUpdateOperators,
                "Updating the path 'b' would create a conflict at 'b'"
            ),
            (#"{"$set":{"":1}}"#, .emptyFieldName, "An empty update path is not valid."),
            (
                #"{"$set":{"a..b":1}}"#, .emptyFieldName,
                "The update path 'a..b' contains an empty field name, which is not allowed."
            ),
            (
                #"{"$set":{"$a":1}}"#, .dollarPrefixedFieldName,
                "The dollar ($) prefixed field '$a' in '$a' is not valid for storage."
            ),
            (#"{"$inc":{"a":"x"}}"#, .typeMismatch, #"Cannot increment with non-numeric argument: {a: "x"}"#),
            (#"{"$mul":{"a":null}}"#, .typeMismatch, "Cannot multiply with non-numeric argument: {a: null}"),
            (#"{"$rename":{"a":1}}"#, .badValue, "The 'to' field for $rename must be a string: a: 1"),
            (#"{"$rename":{"a":"a"}}"#, .badValue, #"The source and target field for $rename must differ: a: "a""#),
            (
                #"{"$rename":{"a":"a.b"}}"#, .badValue,
                #"The source and target field for $rename must not be on the same path: a: "a.b""#
            ),
            (#"{"$pop":{"a":2}}"#, .failedToParse, "$pop expects 1 or -1, found: 2"),
            (
                #"{"$push":{"a":{"$each":1}}}"#, .badValue,
                "The argument to $each in $push must be an array but it was of type: int"
            ),
            (#"{"$push":{"a":{"$each":[],"$x":1}}}"#, .badValue, "Unrecognized clause in $push: $x"),
            (
                #"{"$addToSet":{"a":{"$each":1}}}"#, .typeMismatch,
                "The argument to $each in $addToSet must be an array but it was of type: int"
            ),
            (#"{"$pullAll":{"a":1}}"#, .badValue, "$pullAll requires an array argument but was given a int"),
            (
                #"{"a":1,"$set":{"b":1}}"#, .dollarPrefixedFieldName,
                "The dollar ($) prefixed field '$set' in '$set' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith."
            ),
        ] as [(String, DocumentError.Code, String)])
    func parseErrors(update: String, code: DocumentError.Code, message: String) throws {
        let document = try bsonDocument(update)
        let error = documentError { () throws(DocumentError) in _ = try UpdateSpec(document) }
        #expect(error?.code == code)
        #expect(error?.message == message)
    }

    @Test(
        "updates that do not fit a document are refused and change nothing",
        arguments: [
            (#"{"$set":{"a.b":1}}"#, #"{"_id":1,"a":5}"#, .pathNotViable),
            (#"{"$set":{"a.b":1}}"#, #"{"_id":1,"a":[1]}"#, .pathNotViable),
            (#"{"$set":{"a.b.c":1}}"#, #"{"_id":1,"a":{"b":null}}"#, .pathNotViable),
            (#"{"$set":{"a.1600000":1}}"#, #"{"_id":1,"a":[1]}"#, .cannotBackfillArray),
            (#"{"$set":{"_id":2}}"#, #"{"_id":1}"#, .immutableField),
            (#"{"$unset":{"_id":""}}"#, #"{"_id":1}"#, .immutableField),
            (#"{"$inc":{"_id":1}}"#, #"{"_id":1}"#, .immutableField),
            (#"{"_id":2}"#, #"{"_id":1}"#, .immutableField),
            (#"{"$inc":{"a":1}}"#, #"{"_id":1,"a":"x"}"#, .typeMismatch),
            (#"{"$mul":{"a":1}}"#, #"{"_id":1,"a":null}"#, .typeMismatch),
            (#"{"$inc":{"a":1}}"#, #"{"_id":1,"a":{"$numberLong":"9223372036854775807"}}"#, .badValue),
            (#"{"$push":{"a":1}}"#, #"{"_id":1,"a":5}"#, .badValue),
            (#"{"$addToSet":{"a":1}}"#, #"{"_id":1,"a":5}"#, .badValue),
            (#"{"$pop":{"a":1}}"#, #"{"_id":1,"a":5}"#, .typeMismatch),
            (#"{"$pull":{"a":1}}"#, #"{"_id":1,"a":5}"#, .badValue),
            (#"{"$rename":{"a.0":"b"}}"#, #"{"_id":1,"a":[1]}"#, .badValue),
            (#"{"$rename":{"b":"a.0"}}"#, #"{"_id":1,"a":[1],"b":2}"#, .badValue),
        ] as [(String, String, DocumentError.Code)])
    func applyErrors(update: String, before: String, code: DocumentError.Code) throws {
        let spec = try UpdateSpec(bsonDocument(update))
        let document = try bsonDocument(before)
        #expect(documentError { () throws(DocumentError) in _ = try spec.apply(to: document) }?.code == code)
    }

    @Test("setting the identifier to an equal value is allowed")
    func keepsEqualIdentifier() throws {
        #expect(try UpdateSpec(["$set": ["_id": 1, "a": 2]]).apply(to: ["_id": 1]) == ["_id": 1, "a": 2])
    }

    @Test("results that are too deep or too large are refused")
    func limitsResults() throws {
        let path = (0..<101).map { _ in "a" }.joined(separator: ".")
        let deep = try UpdateSpec(["$set": .document(Document(fields: [(path, 1)]))])
        #expect(documentError { () throws(DocumentError) in _ = try deep.apply(to: ["_id": 1]) }?.code == .tooDeep)
        let big = BSONValue.string(String(repeating: "x", count: 9 << 20))
        let large = try UpdateSpec(["$set": ["b": big]])
        #expect(
            documentError { () throws(DocumentError) in _ = try large.apply(to: ["_id": 1, "a": big]) }?.code
                == .tooLarge)
    }

    @Test(
        "an upsert inserts the filter's equalities, then the update",
        arguments: [
            (#"{"_id":7,"a":1}"#, #"{"$set":{"b":2}}"#, #"{"_id":7,"a":1,"b":2}"#),
            (
                #"{"a":{"$gt":1},"b":3}"#, #"{"$set":{"c":2}}"#,
                #"{"_id":{"$oid":"000000000000000100000002"},"b":3,"c":2}"#
            ),
            (#"{"a.b":1}"#, #"{"$inc":{"n":1}}"#, #"{"_id":{"$oid":"000000000000000100000002"},"a":{"b":1},"n":1}"#),
            (
                #"{"$and":[{"a":1},{"b":{"$eq":2}}]}"#, #"{"$setOnInsert":{"c":3}}"#,
                #"{"_id":{"$oid":"000000000000000100000002"},"a":1,"b":2,"c":3}"#
            ),
            (#"{"_id":7,"a":1}"#, #"{"b":2}"#, #"{"_id":7,"b":2}"#),
            (#"{"a":1}"#, #"{"b":2}"#, #"{"_id":{"$oid":"000000000000000100000002"},"b":2}"#),
            (#"{"a":1}"#, #"{"$set":{"_id":5}}"#, #"{"_id":5,"a":1}"#),
            (
                #"{"$or":[{"a":1},{"b":1}]}"#, #"{"$set":{"c":1}}"#,
                #"{"_id":{"$oid":"000000000000000100000002"},"c":1}"#
            ),
        ])
    func upserts(filter: String, update: String, expected: String) throws {
        let document = try UpdateSpec(bsonDocument(update)).upsertDocument(for: Filter(bsonDocument(filter))) {
            ObjectID(head: 1, tail: 2)
        }
        #expect(document == (try bsonDocument(expected)))
    }

    @Test("an upsert's filter may not set a path twice, nor change the identifier it asks for")
    func refusesUpserts() throws {
        func refusal(_ filter: String, _ update: String) throws -> DocumentError.Code? {
            let (spec, parsed) = (try UpdateSpec(bsonDocument(update)), try Filter(bsonDocument(filter)))
            return documentError { () throws(DocumentError) in
                _ = try spec.upsertDocument(for: parsed) { ObjectID(head: 1, tail: 2) }
            }?.code
        }
        #expect(try refusal(#"{"$and":[{"a":1},{"a":2}]}"#, #"{"$set":{"b":1}}"#) == .notSingleValueField)
        #expect(try refusal(#"{"a":{"b":1},"a.c":2}"#, #"{"$set":{"b":1}}"#) == .notSingleValueField)
        #expect(try refusal(#"{"_id":1}"#, #"{"$set":{"_id":2}}"#) == .immutableField)
        #expect(try refusal(#"{"_id":1}"#, #"{"_id":2}"#) == .immutableField)
    }

    @Test("random updates give valid documents or an error, and never trap", arguments: [1, 2, 3, 4] as [UInt64])
    func survivesRandomUpdates(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let operations = [
            "$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$push", "$addToSet", "$pop", "$pull",
            "$pullAll",
        ]
        var changed = 0
        for _ in 0..<rounds(10_000) {
            var document = values.document()
            document["_id"] = 1
            var fields = Document()
            for _ in 0...values.random.below(2) {
                let path = (0...values.random.below(3)).map { _ in values.random.pick(["a", "b", "c", "0", "1", "x"]) }
                    .joined(separator: ".")
                if !fields.contains(path) {
                    fields.append(path, values.random.chance(3) ? values.number() : values.value())
                }
            }
            let update = Document(fields: [(values.random.pick(operations), .document(fields))])
            do throws(DocumentError) {
                if let result = try UpdateSpec(update).apply(to: document) {
                    changed += 1
                    try BSONValidator.validate(result.bson)
                    if ValueOrder.compare(result["_id"] ?? .null, 1) != 0 { Issue.record("\(update) changed _id") }
                }
            } catch {
                if error.code == .invalidBSON || error.code == .invalidUTF8 { Issue.record("\(error) after \(update)") }
            }
        }
        #expect(changed > rounds(1000))
    }
}
