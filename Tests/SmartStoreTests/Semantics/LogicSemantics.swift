// $and, $or, $nor, $not, $expr, $comment.

import Testing

@testable import SmartStore

@Suite("Semantics of logic")
struct LogicSemantics {
    @Test("logic", arguments: Self.logic)
    func logicCase(test: FilterCase) throws { try test.check() }

    static let logic: [FilterCase] = [
        FilterCase(
            #"{"$and":[{"a":1},{"b":2}]}"#, is: #"{"a":1,"b":2}"#, not: #"{"a":1},{"b":2},{}"#, "$and: all of them"),
        FilterCase(
            #"{"$and":[{"a":{"$gt":4}},{"a":{"$lt":3}}]}"#, is: #"{"a":[1,7]}"#, not: #"{"a":4}"#,
            "conditions on one array, each by an element of its own"),
        FilterCase(#"{"$and":[{}]}"#, is: #"{},{"a":1}"#, "an empty filter among them holds"),
        FilterCase(#"{"$and":[{"a":1},{"a":1.0}]}"#, is: #"{"a":1}"#, not: #"{"a":2}"#, "the same condition twice"),
        FilterCase(
            #"{"$or":[{"a":1},{"b":2}]}"#, is: #"{"a":1},{"b":2},{"a":1,"b":2}"#, not: #"{"a":2},{}"#,
            "$or: one of them; both count once"),
        FilterCase(
            #"{"$or":[{"a":1},{"a":[1,2]}]}"#, is: #"{"a":1},{"a":[1,2]},{"a":[1]}"#, not: #"{"a":2},{"a":[2]}"#,
            "two ways to one field"),
        FilterCase(
            #"{"$or":[{"a":{"$gt":5}},{"a":{"$lt":1}}]}"#, is: #"{"a":6},{"a":0},{"a":[0,6]}"#,
            not: #"{"a":3},{"a":[3]},{}"#, "overlapping documents come once"),
        FilterCase(
            #"{"$or":[{"a":null},{"b":1}]}"#, is: #"{},{"b":1,"a":2},{"a":null}"#, not: #"{"a":1}"#,
            "with null among them"),
        FilterCase(#"{"$or":[{"a":1}]}"#, is: #"{"a":1}"#, not: #"{"a":2}"#, "a choice of one"),
        FilterCase(#"{"$or":[{}]}"#, is: #"{},{"a":1}"#, "an empty filter among them holds always"),
        FilterCase(
            #"{"a":1,"$or":[{"b":1},{"c":1}]}"#, is: #"{"a":1,"b":1},{"a":1,"c":1}"#, not: #"{"a":1},{"b":1,"c":1}"#,
            "$or beside a condition"),
        FilterCase(
            #"{"$or":[{"a":1,"b":1},{"c":{"$ne":1}}]}"#, is: #"{"a":1,"b":1,"c":1},{}"#, not: #"{"a":1,"c":1}"#,
            "branches of several conditions"),
        FilterCase(
            #"{"$and":[{"$or":[{"a":1},{"a":2}]},{"$or":[{"b":1},{"b":2}]}]}"#, is: #"{"a":2,"b":1}"#,
            not: #"{"a":1},{"b":2},{"a":3,"b":1}"#, "choices that must all hold"),
        FilterCase(
            #"{"$nor":[{"a":1},{"b":2}]}"#, is: #"{"a":2},{},{"a":[2]}"#, not: #"{"a":1},{"b":2},{"a":[1]}"#,
            "$nor: none of them"),
        FilterCase(#"{"$nor":[{"a":{"$exists":false}}]}"#, is: #"{"a":null}"#, not: #"{}"#, "$nor of a missing field"),
        FilterCase(#"{"$nor":[{"$nor":[{"a":1}]}]}"#, is: #"{"a":1}"#, not: #"{"a":2}"#, "$nor twice"),
        FilterCase(
            #"{"$nor":[{"$and":[{"a":1},{"b":1}]}]}"#, is: #"{"a":1},{"b":1},{}"#, not: #"{"a":1,"b":1}"#,
            "$nor of $and"),
        FilterCase(
            #"{"a":{"$not":{"$gt":5}}}"#, is: #"{"a":3},{},{"a":"x"},{"a":null},{"a":[1]}"#,
            not: #"{"a":7},{"a":[1,7]}"#, "$not also matches what has no such field or another type"),
        FilterCase(
            #"{"a":{"$not":{"$gt":1,"$lt":5}}}"#, is: #"{"a":7},{"a":1},{}"#, not: #"{"a":3},{"a":[0,9]}"#,
            "$not of two conditions: not both"),
        FilterCase(#"{"a":{"$not":{"$not":{"$gt":5}}}}"#, is: #"{"a":7}"#, not: #"{"a":3},{}"#, "$not twice"),
        FilterCase(#"{"a":{"$not":{"$eq":null}}}"#, is: #"{"a":1},{"a":[]}"#, not: #"{},{"a":null}"#, "$not of null"),
        FilterCase(#"{"a":{"$not":{"$in":[1,2]}}}"#, is: #"{"a":3},{}"#, not: #"{"a":1},{"a":[3,2]}"#, "$not of $in"),
        FilterCase(#"{"a":{"$not":{"$exists":true}}}"#, is: #"{}"#, not: #"{"a":null}"#, "$not of $exists"),
        FilterCase(
            #"{"a":{"$gt":1,"$not":{"$gt":5}}}"#, is: #"{"a":3}"#, not: #"{"a":7},{"a":0},{}"#,
            "$not beside a condition"),
        FilterCase(
            #"{"a":1,"$comment":"why"}"#, is: #"{"a":1}"#, not: #"{"a":2}"#, "$comment says nothing to the filter"),
        FilterCase(#"{"$comment":{"any":["value"]}}"#, is: #"{},{"a":1}"#, "of any type, alone too"),
        FilterCase(#"{"$and":[{"$comment":"x","a":1}]}"#, is: #"{"a":1}"#, not: #"{}"#, "also within branches"),
    ]

    @Test("$expr", arguments: Self.expressions)
    func expressionsCase(test: FilterCase) throws { try test.check() }

    static let expressions: [FilterCase] = [
        FilterCase(
            #"{"$expr":{"$gt":["$a","$b"]}}"#, is: #"{"a":2,"b":1},{"a":"x","b":1},{"a":0}"#,
            not: #"{"a":1,"b":2},{"a":1,"b":1},{}"#, "two fields, in the order of all types; missing is least"),
        FilterCase(
            #"{"$expr":{"$eq":["$a",[1,2]]}}"#, is: #"{"a":[1,2]}"#, not: #"{"a":1},{"a":[[1,2]]}"#,
            "arrays are compared whole, not element by element"),
        FilterCase(
            #"{"$expr":{"$eq":["$a",null]}}"#, is: #"{"a":null}"#, not: #"{},{"a":[null]},{"a":0}"#,
            "null is not missing in expressions"),
        FilterCase(
            #"{"$expr":{"$lt":["$a",5]}}"#, is: #"{"a":4},{},{"a":null}"#, not: #"{"a":5},{"a":"x"},{"a":[1]}"#,
            "no bracketing of types: missing and null are less than numbers"),
        FilterCase(
            #"{"$expr":"$a"}"#, is: #"{"a":1},{"a":"x"},{"a":[]},{"a":""}"#, not: #"{"a":0},{"a":null},{},{"a":false}"#,
            "what is neither false, zero, null nor missing is true"),
        FilterCase(#"{"$expr":true}"#, is: #"{},{"a":1}"#, "a constant"),
        FilterCase(
            #"{"$expr":{"$and":[{"$gt":["$a",0]},{"$in":["$b",["x","y"]]}]}}"#, is: #"{"a":1,"b":"x"}"#,
            not: #"{"a":1,"b":"z"}"#, "expressions within expressions"),
        FilterCase(
            #"{"b":1,"$expr":{"$eq":[{"$size":"$a"},2]}}"#, is: #"{"a":[1,2],"b":1}"#,
            not: #"{"a":[1],"b":1},{"a":[1,2],"b":2}"#, "beside a condition"),
        FilterCase(
            #"{"$or":[{"$expr":{"$eq":["$a","$b"]}},{"c":1}]}"#, is: #"{"a":1,"b":1},{"c":1},{}"#,
            not: #"{"a":1,"b":2}"#, "within $or; two missing fields are equal"),
        FilterCase(
            #"{"$expr":{"$eq":["$a.b",[1,2]]}}"#, is: #"{"a":[{"b":1},{"b":2}]}"#, not: #"{"a":{"b":1}}"#,
            "a path through an array gives the array of what it finds"),
    ]

    @Test("an expression that fails on a document fails the query")
    func failsWithExpression() throws {
        let store = try SemanticsStore()
        try store.insert([["_id": 1, "a": "x"]])
        let query = FindQuery(try bsonDocument(#"{"$expr":{"$gt":[{"$add":["$a",1]},1]}}"#))
        #expect(serverCode { _ = try store.find(query) } == 14)
    }

    @Test("variables of let are known in $expr")
    func knowsVariables() throws {
        let store = try SemanticsStore()
        try store.insert([["_id": 1, "a": 5], ["_id": 2, "a": 6]])
        let query = FindQuery(
            try bsonDocument(#"{"$expr":{"$eq":["$a","$$wanted"]}}"#), options: QueryOptions(variables: ["wanted": 6]))
        #expect(try store.find(query) == [["_id": 2, "a": 6]])
    }
}
