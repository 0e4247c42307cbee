// Replacements, `_id`, pipelines, upserts, and updates that are refused as a whole.

import Testing

@testable import SmartStore

@Suite("Semantics of whole updates")
struct WholeUpdateSemantics {
    @Test("replacements", arguments: Self.replacements)
    func replacementsCase(test: UpdateCase) throws { try test.check() }

    static let replacements: [UpdateCase] = [
        UpdateCase(#"{"b":2}"#, on: #"{"a":1}"#, gives: #"{"b":2}"#, "everything but _id is replaced"),
        UpdateCase(#"{}"#, on: #"{"a":1}"#, gives: #"{}"#, "by nothing"),
        UpdateCase(#"{"a":1}"#, keeps: #"{"a":1}"#, "by the same"),
        UpdateCase(#"{"_id":1,"b":2}"#, on: #"{"a":1}"#, gives: #"{"_id":1,"b":2}"#, "with the same _id"),
        UpdateCase(#"{"_id":1.0,"b":2}"#, on: #"{"a":1}"#, gives: #"{"_id":1.0,"b":2}"#, "or one that is equal"),
        UpdateCase(#"{"_id":2,"b":2}"#, on: #"{"a":1}"#, fails: 66, "not with another"),
        UpdateCase(
            #"{"b":{"$x":1}}"#, on: #"{"a":1}"#, gives: #"{"b":{"$x":1}}"#, "names with a dollar are allowed inside"),
        UpdateCase(#"{"b":1,"$x":1}"#, on: #"{"a":1}"#, fails: 52, "not at the top"),
        UpdateCase(#"{"b":1,"$set":{"a":2}}"#, on: #"{"a":1}"#, fails: 52, "nor operators behind fields"),
        UpdateCase(#"{"a.b":1}"#, on: #"{"a":1}"#, gives: #"{"a.b":1}"#, "a dot in a name is nothing special there"),
        UpdateCase(#"{"$set":{"_id":1,"a":2}}"#, on: #"{"a":1}"#, gives: #"{"a":2}"#, "setting _id to itself"),
        UpdateCase(#"{"$set":{"_id":2}}"#, on: #"{"a":1}"#, fails: 66, "not to another value"),
        UpdateCase(#"{"$unset":{"_id":1}}"#, on: #"{"a":1}"#, fails: 66, "nor removing it"),
        UpdateCase(#"{"$inc":{"_id":1}}"#, on: #"{"a":1}"#, fails: 66, "nor counting it up"),
        UpdateCase(#"{"$set":{"_id.x":1}}"#, on: #"{"_id":{"x":0}}"#, fails: 66, "nor changing a part of it"),
        UpdateCase(#"{"$set":{"_id.x":0}}"#, keeps: #"{"_id":{"x":0}}"#, "unless to what it is"),
    ]

    @Test("refused updates", arguments: Self.refusals)
    func refusalsCase(test: UpdateCase) throws { try test.check() }

    static let refusals: [UpdateCase] = [
        UpdateCase(#"{"$foo":{"a":1}}"#, on: #"{"a":1}"#, fails: 9, "an unknown operator"),
        UpdateCase(#"{"$set":{"a":1},"$foo":{"b":1}}"#, on: #"{"a":0}"#, fails: 9, "beside a known one"),
        UpdateCase(#"{"$set":{"a":1},"b":1}"#, on: #"{"a":0}"#, fails: 9, "a field behind operators"),
        UpdateCase(#"{"$set":5}"#, on: #"{"a":1}"#, fails: 9, "an operator wants a document"),
        UpdateCase(#"{"$set":[]}"#, on: #"{"a":1}"#, fails: 9, "not an array"),
        UpdateCase(#"{"$pushAll":{"a":[1]}}"#, on: #"{"a":[]}"#, fails: 9, "an operator of old"),
        UpdateCase(#"{"$set":{"":1}}"#, on: #"{"a":1}"#, fails: 56, "an empty path"),
        UpdateCase(#"{"$set":{"a..b":1}}"#, on: #"{"a":{}}"#, fails: 56, "an empty name in a path"),
        UpdateCase(#"{"$set":{"a.":1}}"#, on: #"{"a":{}}"#, fails: 56, "at its end"),
        UpdateCase(#"{"$set":{".a":1}}"#, on: #"{"a":{}}"#, fails: 56, "at its beginning"),
        UpdateCase(#"{"$set":{"$a":1}}"#, on: #"{"a":1}"#, fails: 52, "a name with a dollar at the top"),
        UpdateCase(#"{"$set":{"a.$b":1}}"#, on: #"{"a":{}}"#, fails: 52, "or in a path"),
        UpdateCase(#"5"#, on: #"{"a":1}"#, fails: 9, "an update is a document or an array"),
        UpdateCase(
            #"{"$set":{"a":{"$x":1}}}"#, on: #"{}"#, gives: #"{"a":{"$x":1}}"#, "inside of values dollars are allowed"),
    ]

    @Test("pipelines", arguments: Self.pipelines)
    func pipelinesCase(test: UpdateCase) throws { try test.check() }

    static let pipelines: [UpdateCase] = [
        UpdateCase(
            #"[{"$set":{"b":{"$add":["$a",1]}}}]"#, on: #"{"a":1}"#, gives: #"{"a":1,"b":2}"#, "fields from fields"),
        UpdateCase(#"[{"$addFields":{"b":"$a"}}]"#, on: #"{"a":1}"#, gives: #"{"a":1,"b":1}"#, "$addFields is $set"),
        UpdateCase(
            #"[{"$set":{"a":"$b","b":"$a"}}]"#, on: #"{"a":1,"b":2}"#, gives: #"{"a":2,"b":1}"#,
            "all read the document before the stage"),
        UpdateCase(
            #"[{"$set":{"b":1}},{"$set":{"c":"$b"}}]"#, on: #"{}"#, gives: #"{"b":1,"c":1}"#,
            "a stage reads what the one before it made"),
        UpdateCase(
            #"[{"$set":{"a.b":1}}]"#, on: #"{"a":5}"#, gives: #"{"a":{"b":1}}"#, "a number on the way is replaced"),
        UpdateCase(
            #"[{"$set":{"a.b":1}}]"#, on: #"{"a":[{"c":1},{}]}"#, gives: #"{"a":[{"c":1,"b":1},{"b":1}]}"#,
            "an array on the way is gone through"),
        UpdateCase(#"[{"$set":{"b":"$x"}}]"#, keeps: #"{"a":1}"#, "a missing value sets nothing"),
        UpdateCase(#"[{"$unset":"b"}]"#, on: #"{"a":1,"b":2}"#, gives: #"{"a":1}"#, "$unset of a name"),
        UpdateCase(
            #"[{"$unset":["a","b.c"]}]"#, on: #"{"a":1,"b":{"c":1,"d":2}}"#, gives: #"{"b":{"d":2}}"#, "of several"),
        UpdateCase(#"[{"$project":{"a":1}}]"#, on: #"{"a":1,"b":2}"#, gives: #"{"a":1}"#, "$project keeps"),
        UpdateCase(#"[{"$replaceWith":{"x":"$a"}}]"#, on: #"{"a":1}"#, gives: #"{"x":1}"#, "$replaceWith; _id stays"),
        UpdateCase(
            #"[{"$replaceRoot":{"newRoot":{"$mergeObjects":["$$ROOT",{"b":2}]}}}]"#, on: #"{"a":1}"#,
            gives: #"{"a":1,"b":2}"#, "$replaceRoot"),
        UpdateCase(
            #"[{"$set":{"n":{"$cond":[{"$gt":["$a",1]},"big","small"]}}}]"#, on: #"{"a":1}"#,
            gives: #"{"a":1,"n":"small"}"#, "conditions"),
        UpdateCase(
            #"[{"$set":{"t":"$$NOW"}}]"#, on: #"{}"#, gives: #"{"t":{"$date":{"$numberLong":"1700000000000"}}}"#,
            "the present time"),
        UpdateCase(#"[{"$set":{"a":{"$literal":"$b"}}}]"#, on: #"{}"#, gives: #"{"a":"$b"}"#, "a literal"),
        UpdateCase(#"[]"#, keeps: #"{"a":1}"#, "no stage changes nothing"),
        UpdateCase(#"[{"$set":{"_id":2}}]"#, on: #"{"a":1}"#, fails: 66, "_id may not change"),
        UpdateCase(#"[{"$match":{"a":1}}]"#, on: #"{"a":1}"#, fails: 72, "a stage that is not for updates"),
        UpdateCase(#"[{"$foo":{"a":1}}]"#, on: #"{"a":1}"#, fails: 40324, "an unknown stage"),
        UpdateCase(#"[5]"#, on: #"{"a":1}"#, fails: 14, "a stage is a document"),
        UpdateCase(#"[{"$set":{"a":1},"$unset":"b"}]"#, on: #"{"a":1}"#, fails: 40323, "with one field"),
        UpdateCase(
            #"[{"$set":{"a":{"$divide":["$a",0]}}}]"#, on: #"{"a":1}"#, fails: 2, "what an expression runs into"),
    ]

    @Test("upserts", arguments: Self.upserts)
    func upsertsCase(test: UpsertCase) throws { try test.check() }

    static let upserts: [UpsertCase] = [
        UpsertCase(
            #"{"a":1}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":1,"b":2}"#, "equalities of the filter, then the update"),
        UpsertCase(#"{"_id":7,"a":1}"#, #"{"$set":{"b":2}}"#, inserts: #"{"_id":7,"a":1,"b":2}"#, "with its _id"),
        UpsertCase(#"{"a":{"$eq":1}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":1,"b":2}"#, "$eq is an equality"),
        UpsertCase(#"{"a":{"$in":[1]}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":1,"b":2}"#, "$in of one value, too"),
        UpsertCase(#"{"a":{"$in":[1,2]}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "of two it is none"),
        UpsertCase(#"{"a":{"$all":[1]}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":1,"b":2}"#, "$all of one value"),
        UpsertCase(#"{"a":{"$all":[1,2]}}"#, #"{"$set":{"b":2}}"#, fails: 54, "of two they contradict"),
        UpsertCase(
            #"{"$and":[{"a":1},{"$and":[{"b":2}]}]}"#, #"{"$set":{"c":3}}"#, inserts: #"{"a":1,"b":2,"c":3}"#,
            "within $and"),
        UpsertCase(
            #"{"$or":[{"a":1}]}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":1,"b":2}"#, "in the only branch of $or"),
        UpsertCase(#"{"$or":[{"a":1},{"a":2}]}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "not in one of several"),
        UpsertCase(#"{"$nor":[{"a":1}]}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "not negated"),
        UpsertCase(
            #"{"a":{"$gt":5},"b":{"$exists":true},"c":{"$ne":1}}"#, #"{"$set":{"d":2}}"#, inserts: #"{"d":2}"#,
            "nothing of other conditions"),
        UpsertCase(
            #"{"a":{"$elemMatch":{"$eq":1}}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "nothing of $elemMatch"),
        UpsertCase(#"{"a":{"$elemMatch":{"x":1}}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "nor of its fields"),
        UpsertCase(#"{"a":{"$regex":"x"}}"#, #"{"$set":{"b":2}}"#, inserts: #"{"b":2}"#, "nor of expressions"),
        UpsertCase(
            #"{"a.b":1,"a.c":2}"#, #"{"$set":{"d":3}}"#, inserts: #"{"a":{"b":1,"c":2},"d":3}"#,
            "dotted paths make documents"),
        UpsertCase(#"{"a.0":1}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":{"0":1},"b":2}"#, "a number makes a field"),
        UpsertCase(#"{"a":null}"#, #"{"$set":{"b":2}}"#, inserts: #"{"a":null,"b":2}"#, "null is a value"),
        UpsertCase(
            #"{"a":[1,2]}"#, #"{"$push":{"a":3}}"#, inserts: #"{"a":[1,2,3]}"#,
            "the update works on what the filter gave"),
        UpsertCase(#"{"a":1}"#, #"{"$inc":{"a":1,"n":5}}"#, inserts: #"{"a":2,"n":5}"#, "also counting"),
        UpsertCase(
            #"{"a":1}"#, #"{"$setOnInsert":{"b":2},"$set":{"c":3}}"#, inserts: #"{"a":1,"b":2,"c":3}"#,
            "$setOnInsert counts"),
        UpsertCase(#"{"a":1}"#, #"{"$setOnInsert":{"_id":9}}"#, inserts: #"{"_id":9,"a":1}"#, "it may give the _id"),
        UpsertCase(#"{"a":1}"#, #"{"$unset":{"a":1}}"#, inserts: #"{}"#, "what the filter gave can be removed"),
        UpsertCase(#"{"a":1}"#, #"{"$setOnInsert":{}}"#, inserts: #"{"a":1}"#, "an empty update"),
        UpsertCase(
            #"{}"#, #"{"$currentDate":{"t":true}}"#, inserts: #"{"t":{"$date":{"$numberLong":"1700000000000"}}}"#,
            "an empty filter"),
        UpsertCase(#"{"a":1}"#, #"{"b":2}"#, inserts: #"{"b":2}"#, "a replacement takes nothing from the filter"),
        UpsertCase(#"{"_id":7,"a":1}"#, #"{"b":2}"#, inserts: #"{"_id":7,"b":2}"#, "but the _id"),
        UpsertCase(#"{"a":1}"#, #"{"_id":8,"b":2}"#, inserts: #"{"_id":8,"b":2}"#, "or has its own"),
        UpsertCase(#"{"_id":7}"#, #"{"_id":8,"b":2}"#, fails: 66, "not another than the filter's"),
        UpsertCase(#"{"_id":7}"#, #"{"$set":{"_id":8}}"#, fails: 66, "with operators neither"),
        UpsertCase(
            #"{"a":1}"#, #"[{"$set":{"b":{"$add":["$a",1]}}}]"#, inserts: #"{"a":1,"b":2}"#,
            "a pipeline reads what the filter gave"),
        UpsertCase(#"{"$and":[{"a":1},{"a":2}]}"#, #"{"$set":{"b":1}}"#, fails: 54, "one path with two values"),
        UpsertCase(#"{"a":{"b":1},"a.c":2}"#, #"{"$set":{"d":1}}"#, fails: 54, "a path within another"),
        UpsertCase(#"{"a":5}"#, #"{"$set":{"a.b":1}}"#, fails: 28, "an update that does not fit what the filter gave"),
        UpsertCase(#"{"a":1}"#, #"{"$set":{"b.$[]":1}}"#, fails: 2, "places in an array that is not there"),
        UpsertCase(#"{"a":1}"#, #"{"$set":{"b.$":1}}"#, fails: 2, "nothing was found, so no place either"),
        UpsertCase(#"{"$expr":{"$eq":["$a",1]}}"#, #"{"$set":{"b":1}}"#, inserts: #"{"b":1}"#, "nothing of $expr"),
        UpsertCase(#"{"_id":[1]}"#, #"{"$set":{"b":1}}"#, fails: 53, "an array is no _id"),
    ]
}
