// Filters: what each operator matches, arrays, null, missing and mixed types first.
//
// Each case names a filter, a document and whether it matches, as MongoDB's documentation has it.

import Testing

@testable import SmartStore

@Suite("Filters")
struct FilterTests {
    typealias Case = (filter: String, document: String, matches: Bool)

    private func check(_ test: Case) throws {
        let filter = try Filter(bsonDocument(test.filter))
        #expect(
            try filter.matches(try bsonDocument(test.document)) == test.matches, "\(test.filter) on \(test.document)")
    }

    @Test(
        "equality matches values, elements and whole arrays, and numbers across types",
        arguments: [
            (#"{}"#, #"{"a":1}"#, true),
            (#"{"a":1}"#, #"{"a":1}"#, true),
            (#"{"a":1}"#, #"{"a":2}"#, false),
            (#"{"a":1}"#, #"{}"#, false),
            (#"{"a":1}"#, #"{"a":1.0}"#, true),
            (#"{"a":1}"#, #"{"a":{"$numberLong":"1"}}"#, true),
            (#"{"a":1}"#, #"{"a":{"$numberDecimal":"1.00"}}"#, true),
            (#"{"a":1}"#, #"{"a":"1"}"#, false),
            (#"{"a":1}"#, #"{"a":true}"#, false),
            (#"{"a":1}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":1}"#, #"{"a":[[1]]}"#, false),
            (#"{"a":[1]}"#, #"{"a":[[1],2]}"#, true),
            (#"{"a":[1,2]}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":[1,2]}"#, #"{"a":[2,1]}"#, false),
            (#"{"a":[1,2]}"#, #"{"a":[1,2,3]}"#, false),
            (#"{"a":[]}"#, #"{"a":[]}"#, true),
            (#"{"a":[]}"#, #"{"a":[[]]}"#, true),
            (#"{"a":{}}"#, #"{"a":{}}"#, true),
            (#"{"a":{}}"#, #"{"a":{"b":1}}"#, false),
            (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":2}}"#, true),
            (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"c":2,"b":1}}"#, false),
            (#"{"a":{"b":1}}"#, #"{"a":{"b":1,"c":2}}"#, false),
            (#"{"a":{"b":1}}"#, #"{"a":[{"b":1.0}]}"#, true),
            (#"{"a":"x"}"#, #"{"a":{"$symbol":"x"}}"#, true),
            (#"{"a":{"$numberDouble":"NaN"}}"#, #"{"a":{"$numberDouble":"NaN"}}"#, true),
            (#"{"a":{"$numberDouble":"NaN"}}"#, #"{"a":{"$numberDecimal":"NaN"}}"#, true),
            (#"{"a":{"$numberDouble":"NaN"}}"#, #"{"a":1}"#, false),
            (#"{"a":0}"#, #"{"a":-0.0}"#, true),
            (#"{"a":1,"b":2}"#, #"{"a":1,"b":2}"#, true),
            (#"{"a":1,"b":2}"#, #"{"a":1,"b":3}"#, false),
            (#"{"a":{"$eq":1}}"#, #"{"a":[3,1]}"#, true),
            (#"{"a":{"$eq":{"$gt":1}}}"#, #"{"a":{"$gt":1}}"#, true),
            (#"{"a":{"$ref":"c","$id":1}}"#, #"{"a":{"$ref":"c","$id":1}}"#, true),
            (#"{"":1}"#, #"{"":1}"#, true),
            (
                #"{"a":{"$eq":{"$regularExpression":{"pattern":"x","options":""}}}}"#,
                #"{"a":{"$regularExpression":{"pattern":"x","options":""}}}"#, true
            ),
            (#"{"a":{"$eq":{"$regularExpression":{"pattern":"x","options":""}}}}"#, #"{"a":"x"}"#, false),
        ] as [Case])
    func equality(test: Case) throws { try check(test) }

    @Test(
        "null matches null, missing and undefined, and a missing part of an element",
        arguments: [
            (#"{"a":null}"#, #"{"a":null}"#, true),
            (#"{"a":null}"#, #"{}"#, true),
            (#"{"a":null}"#, #"{"a":{"$undefined":true}}"#, true),
            (#"{"a":null}"#, #"{"a":1}"#, false),
            (#"{"a":null}"#, #"{"a":[]}"#, false),
            (#"{"a":null}"#, #"{"a":[null]}"#, true),
            (#"{"a":null}"#, #"{"a":[1]}"#, false),
            (#"{"a":null}"#, #"{"a":false}"#, false),
            (#"{"a":null}"#, #"{"a":{}}"#, false),
            (#"{"a.b":null}"#, #"{}"#, true),
            (#"{"a.b":null}"#, #"{"a":{}}"#, true),
            (#"{"a.b":null}"#, #"{"a":5}"#, true),
            (#"{"a.b":null}"#, #"{"a":null}"#, true),
            (#"{"a.b":null}"#, #"{"a":{"b":null}}"#, true),
            (#"{"a.b":null}"#, #"{"a":{"b":1}}"#, false),
            (#"{"a.b":null}"#, #"{"a":{"b":{}}}"#, false),
            (#"{"a.b":null}"#, #"{"a":[]}"#, false),
            (#"{"a.b":null}"#, #"{"a":[1,2]}"#, false),
            (#"{"a.b":null}"#, #"{"a":[null]}"#, false),
            (#"{"a.b":null}"#, #"{"a":[{}]}"#, true),
            (#"{"a.b":null}"#, #"{"a":[{"b":null}]}"#, true),
            (#"{"a.b":null}"#, #"{"a":[{"b":4},{}]}"#, true),
            (#"{"a.b":null}"#, #"{"a":[{"b":4},{"b":5}]}"#, false),
            (#"{"a.b":null}"#, #"{"a":[{"b":[]}]}"#, false),
            (#"{"a":{"$ne":null}}"#, #"{"a":1}"#, true),
            (#"{"a":{"$ne":null}}"#, #"{}"#, false),
            (#"{"a":{"$ne":null}}"#, #"{"a":[1,null]}"#, false),
            (#"{"a":{"$ne":null}}"#, #"{"a":[]}"#, true),
            (#"{"a":{"$gte":null}}"#, #"{}"#, true),
            (#"{"a":{"$lte":null}}"#, #"{"a":null}"#, true),
            (#"{"a":{"$gt":null}}"#, #"{"a":null}"#, false),
            (#"{"a":{"$gt":null}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$lt":null}}"#, #"{}"#, false),
            (#"{"a":{"$in":[null]}}"#, #"{}"#, true),
            (#"{"a":{"$in":[null,1]}}"#, #"{"a":{"$undefined":true}}"#, true),
            (#"{"a":{"$in":[1]}}"#, #"{}"#, false),
            (#"{"a":{"$nin":[null]}}"#, #"{}"#, false),
            (#"{"a":{"$nin":[1]}}"#, #"{}"#, true),
        ] as [Case])
    func nullAndMissing(test: Case) throws { try check(test) }

    @Test(
        "comparisons stay within a class of types",
        arguments: [
            (#"{"a":{"$gt":5}}"#, #"{"a":6}"#, true),
            (#"{"a":{"$gt":5}}"#, #"{"a":5}"#, false),
            (#"{"a":{"$gte":5}}"#, #"{"a":5.0}"#, true),
            (#"{"a":{"$gt":5}}"#, #"{"a":"6"}"#, false),
            (#"{"a":{"$gt":5}}"#, #"{"a":true}"#, false),
            (#"{"a":{"$lt":5}}"#, #"{"a":null}"#, false),
            (#"{"a":{"$lt":5}}"#, #"{}"#, false),
            (#"{"a":{"$lt":"b"}}"#, #"{"a":"a"}"#, true),
            (#"{"a":{"$lt":"b"}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$gt":""}}"#, #"{"a":{"$symbol":"x"}}"#, true),
            (#"{"a":{"$gt":{"b":1}}}"#, #"{"a":{"b":2}}"#, true),
            (#"{"a":{"$gt":[1]}}"#, #"{"a":[2]}"#, true),
            (#"{"a":{"$gt":[1]}}"#, #"{"a":2}"#, false),
            (#"{"a":{"$gt":[1]}}"#, #"{"a":[[2]]}"#, true),
            (#"{"a":{"$lt":[1,2]}}"#, #"{"a":[1]}"#, true),
            (#"{"a":{"$gt":false}}"#, #"{"a":true}"#, true),
            (#"{"a":{"$gte":{"$date":"2020-01-01T00:00:00Z"}}}"#, #"{"a":{"$date":"2020-01-01T00:00:00Z"}}"#, true),
            (
                #"{"a":{"$gt":{"$date":"2020-01-01T00:00:00Z"}}}"#, #"{"a":{"$timestamp":{"t":4000000000,"i":1}}}"#,
                false
            ),
            (
                #"{"a":{"$gt":{"$oid":"56e1fc72e0c917e9c4714161"}}}"#, #"{"a":{"$oid":"56e1fc72e0c917e9c4714162"}}"#,
                true
            ),
            (#"{"a":{"$lt":{"$numberDouble":"NaN"}}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$gte":{"$numberDouble":"NaN"}}}"#, #"{"a":{"$numberDouble":"NaN"}}"#, true),
            (#"{"a":{"$lte":{"$numberDouble":"NaN"}}}"#, #"{"a":{"$numberDouble":"NaN"}}"#, true),
            (#"{"a":{"$gt":{"$numberDouble":"NaN"}}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$lt":5}}"#, #"{"a":{"$numberDouble":"NaN"}}"#, false),
            (#"{"a":{"$gt":9007199254740992}}"#, #"{"a":{"$numberLong":"9007199254740993"}}"#, true),
            (#"{"a":{"$gt":9007199254740992.0}}"#, #"{"a":{"$numberLong":"9007199254740993"}}"#, true),
            (#"{"a":{"$gt":{"$minKey":1}}}"#, #"{"a":1}"#, true),
            (#"{"a":{"$gt":{"$minKey":1}}}"#, #"{}"#, true),
            (#"{"a":{"$gte":{"$minKey":1}}}"#, #"{"a":{"$minKey":1}}"#, true),
            (#"{"a":{"$gt":{"$minKey":1}}}"#, #"{"a":{"$minKey":1}}"#, false),
            (#"{"a":{"$lt":{"$maxKey":1}}}"#, #"{"a":"x"}"#, true),
            (#"{"a":{"$lt":{"$minKey":1}}}"#, #"{"a":"x"}"#, false),
            (#"{"a":{"$maxKey":1}}"#, #"{"a":"x"}"#, false),
            (#"{"a":{"$gt":1,"$lt":5}}"#, #"{"a":3}"#, true),
            (#"{"a":{"$gt":1,"$lt":5}}"#, #"{"a":7}"#, false),
            (#"{"a":{"$gt":4,"$lt":3}}"#, #"{"a":[1,7]}"#, true),
            (#"{"a":{"$gt":{"$numberDecimal":"0.1"}}}"#, #"{"a":0.1}"#, true),
        ] as [Case])
    func comparison(test: Case) throws { try check(test) }

    @Test(
        "negations are the opposite of the positive condition on the whole path",
        arguments: [
            (#"{"a":{"$ne":1}}"#, #"{"a":2}"#, true),
            (#"{"a":{"$ne":1}}"#, #"{"a":1.0}"#, false),
            (#"{"a":{"$ne":1}}"#, #"{}"#, true),
            (#"{"a":{"$ne":1}}"#, #"{"a":[1,2]}"#, false),
            (#"{"a":{"$ne":1}}"#, #"{"a":[2,3]}"#, true),
            (#"{"a":{"$ne":[1,2]}}"#, #"{"a":[1,2]}"#, false),
            (#"{"a.b":{"$ne":1}}"#, #"{"a":[{"b":1},{"b":2}]}"#, false),
            (#"{"a":{"$not":{"$gt":5}}}"#, #"{"a":3}"#, true),
            (#"{"a":{"$not":{"$gt":5}}}"#, #"{"a":7}"#, false),
            (#"{"a":{"$not":{"$gt":5}}}"#, #"{}"#, true),
            (#"{"a":{"$not":{"$gt":5}}}"#, #"{"a":"x"}"#, true),
            (#"{"a":{"$not":{"$gt":5}}}"#, #"{"a":[1,7]}"#, false),
            (#"{"a":{"$not":{"$gt":1,"$lt":5}}}"#, #"{"a":7}"#, true),
            (#"{"a":{"$not":{"$not":{"$gt":5}}}}"#, #"{"a":7}"#, true),
            (#"{"a":{"$nin":[1,2]}}"#, #"{"a":3}"#, true),
            (#"{"a":{"$nin":[1,2]}}"#, #"{"a":[3,2]}"#, false),
            (#"{"a":{"$nin":[]}}"#, #"{"a":1}"#, true),
        ] as [Case])
    func negation(test: Case) throws { try check(test) }

    @Test(
        "membership matches any of the operands, with arrays element by element or whole",
        arguments: [
            (#"{"a":{"$in":[1,2]}}"#, #"{"a":2.0}"#, true),
            (#"{"a":{"$in":[1,2]}}"#, #"{"a":3}"#, false),
            (#"{"a":{"$in":[]}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$in":[]}}"#, #"{}"#, false),
            (#"{"a":{"$in":[1,"x"]}}"#, #"{"a":["y","x"]}"#, true),
            (#"{"a":{"$in":[[1,2]]}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$in":[[1,2]]}}"#, #"{"a":[2,1]}"#, false),
            (#"{"a":{"$in":[{"b":1}]}}"#, #"{"a":[{"b":1}]}"#, true),
            (#"{"a":{"$in":[{"$numberDouble":"NaN"}]}}"#, #"{"a":{"$numberDouble":"NaN"}}"#, true),
            (#"{"a.b":{"$in":[2,3]}}"#, #"{"a":[{"b":1},{"b":3}]}"#, true),
            (#"{"a":{"$in":["z","y","x",3,2,1,null,true]}}"#, #"{"a":true}"#, true),
            (#"{"a":{"$in":["z","y","x",3,2,1,null,true]}}"#, #"{"a":"w"}"#, false),
        ] as [Case])
    func membership(test: Case) throws { try check(test) }

    @Test(
        "paths go through documents and arrays, by name and by index",
        arguments: [
            (#"{"a.b":1}"#, #"{"a":{"b":1}}"#, true),
            (#"{"a.b":1}"#, #"{"a.b":1}"#, false),
            (#"{"a.b":1}"#, #"{"a":[{"b":2},{"b":1}]}"#, true),
            (#"{"a.b":1}"#, #"{"a":[{"b":[1,2]}]}"#, true),
            (#"{"a.b":[1,2]}"#, #"{"a":[{"b":[1,2]}]}"#, true),
            (#"{"a.b":1}"#, #"{"a":[[{"b":1}]]}"#, false),
            (#"{"a.0":1}"#, #"{"a":[1,2]}"#, true),
            (#"{"a.0":2}"#, #"{"a":[1,2]}"#, false),
            (#"{"a.1":2}"#, #"{"a":[1,2]}"#, true),
            (#"{"a.5":2}"#, #"{"a":[1,2]}"#, false),
            (#"{"a.0":1}"#, #"{"a":{"0":1}}"#, true),
            (#"{"a.0":1}"#, #"{"a":[{"0":1}]}"#, true),
            (#"{"a.0.b":1}"#, #"{"a":[{"b":1},{"b":2}]}"#, true),
            (#"{"a.0.b":2}"#, #"{"a":[{"b":1},{"b":2}]}"#, false),
            (#"{"a.0.b":1}"#, #"{"a":[[{"b":1}]]}"#, true),
            (#"{"a.0.0":1}"#, #"{"a":[[1]]}"#, true),
            (#"{"a.0":[1]}"#, #"{"a":[[1]]}"#, true),
            (#"{"a.00":1}"#, #"{"a":[1]}"#, false),
            (#"{"a.b.c":1}"#, #"{"a":[{"b":[{"c":1}]}]}"#, true),
            (#"{"a.b.c":1}"#, #"{"a":{"b":5}}"#, false),
            (#"{"a.b":1,"a.c":2}"#, #"{"a":[{"b":1},{"c":2}]}"#, true),
        ] as [Case])
    func paths(test: Case) throws { try check(test) }

    @Test(
        "existence, types, sizes and remainders",
        arguments: [
            (#"{"a":{"$exists":true}}"#, #"{"a":null}"#, true),
            (#"{"a":{"$exists":true}}"#, #"{"a":[]}"#, true),
            (#"{"a":{"$exists":true}}"#, #"{}"#, false),
            (#"{"a":{"$exists":false}}"#, #"{}"#, true),
            (#"{"a":{"$exists":0}}"#, #"{}"#, true),
            (#"{"a":{"$exists":null}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$exists":"x"}}"#, #"{"a":1}"#, true),
            (#"{"a.b":{"$exists":true}}"#, #"{"a":[{"c":1},{"b":1}]}"#, true),
            (#"{"a.b":{"$exists":false}}"#, #"{"a":[{"c":1},{"b":1}]}"#, false),
            (#"{"a.b":{"$exists":false}}"#, #"{"a":[1]}"#, true),
            (#"{"a.1":{"$exists":true}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$type":"string"}}"#, #"{"a":"x"}"#, true),
            (#"{"a":{"$type":2}}"#, #"{"a":"x"}"#, true),
            (#"{"a":{"$type":"number"}}"#, #"{"a":{"$numberDecimal":"1"}}"#, true),
            (#"{"a":{"$type":"int"}}"#, #"{"a":1.0}"#, false),
            (#"{"a":{"$type":["int","string"]}}"#, #"{"a":"x"}"#, true),
            (#"{"a":{"$type":"array"}}"#, #"{"a":[1]}"#, true),
            (#"{"a":{"$type":"array"}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$type":"int"}}"#, #"{"a":[1]}"#, true),
            (#"{"a":{"$type":"null"}}"#, #"{}"#, false),
            (#"{"a":{"$type":-1}}"#, #"{"a":{"$minKey":1}}"#, true),
            (#"{"a":{"$type":127}}"#, #"{"a":{"$maxKey":1}}"#, true),
            (#"{"a":{"$size":2}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$size":2}}"#, #"{"a":[1]}"#, false),
            (#"{"a":{"$size":0}}"#, #"{"a":[]}"#, true),
            (#"{"a":{"$size":0}}"#, #"{}"#, false),
            (#"{"a":{"$size":1}}"#, #"{"a":1}"#, false),
            (#"{"a":{"$size":2}}"#, #"{"a":[[1,2]]}"#, false),
            (#"{"a.b":{"$size":2}}"#, #"{"a":[{"b":[1,2]}]}"#, true),
            (#"{"a":{"$size":2.0}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":7}"#, true),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":6}"#, false),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":7.9}"#, true),
            (#"{"a":{"$mod":[3,-1]}}"#, #"{"a":-7}"#, true),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":"7"}"#, false),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":[2,4]}"#, true),
            (#"{"a":{"$mod":[-1,0]}}"#, #"{"a":{"$numberLong":"-9223372036854775808"}}"#, true),
            (#"{"a":{"$mod":[3,1]}}"#, #"{"a":{"$numberDouble":"Infinity"}}"#, false),
        ] as [Case])
    func elements(test: Case) throws { try check(test) }

    @Test(
        "$all demands each operand, $elemMatch one element for all conditions",
        arguments: [
            (#"{"a":{"$all":[1,2]}}"#, #"{"a":[2,3,1]}"#, true),
            (#"{"a":{"$all":[1,2]}}"#, #"{"a":[1]}"#, false),
            (#"{"a":{"$all":[1]}}"#, #"{"a":1}"#, true),
            (#"{"a":{"$all":[]}}"#, #"{"a":[]}"#, false),
            (#"{"a":{"$all":[[1,2]]}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$all":[null]}}"#, #"{}"#, true),
            (#"{"a.b":{"$all":[1,2]}}"#, #"{"a":[{"b":1},{"b":2}]}"#, true),
            (#"{"a":{"$all":[{"$elemMatch":{"b":1}},{"$elemMatch":{"c":2}}]}}"#, #"{"a":[{"b":1},{"c":2}]}"#, true),
            (#"{"a":{"$elemMatch":{"$gt":1,"$lt":5}}}"#, #"{"a":[0,3]}"#, true),
            (#"{"a":{"$elemMatch":{"$gt":4,"$lt":3}}}"#, #"{"a":[1,7]}"#, false),
            (#"{"a":{"$elemMatch":{"$gt":1}}}"#, #"{"a":3}"#, false),
            (#"{"a":{"$elemMatch":{"$gt":1}}}"#, #"{"a":[[3]]}"#, false),
            (#"{"a":{"$elemMatch":{"b":1,"c":2}}}"#, #"{"a":[{"b":1,"c":2}]}"#, true),
            (#"{"a":{"$elemMatch":{"b":1,"c":2}}}"#, #"{"a":[{"b":1},{"c":2}]}"#, false),
            (#"{"a":{"$elemMatch":{"b":1}}}"#, #"{"a":{"b":1}}"#, false),
            (#"{"a":{"$elemMatch":{}}}"#, #"{"a":[{}]}"#, true),
            (#"{"a":{"$elemMatch":{}}}"#, #"{"a":[1]}"#, false),
            (#"{"a":{"$elemMatch":{"$ne":1}}}"#, #"{"a":[1,2]}"#, true),
            (#"{"a":{"$elemMatch":{"$ne":1}}}"#, #"{"a":[1]}"#, false),
            (#"{"a":{"$elemMatch":{"$not":{"$gt":1}}}}"#, #"{"a":[5,1]}"#, true),
            (#"{"a":{"$elemMatch":{"$in":[1,2]}}}"#, #"{"a":[3,2]}"#, true),
            (#"{"a":{"$elemMatch":{"$elemMatch":{"$gt":1}}}}"#, #"{"a":[[2]]}"#, true),
            (#"{"a":{"$elemMatch":{"$or":[{"b":1},{"c":1}]}}}"#, #"{"a":[{"c":1}]}"#, true),
            (#"{"a":{"$elemMatch":{"0":1}}}"#, #"{"a":[[1,2]]}"#, true),
            (#"{"a":{"$not":{"$elemMatch":{"$gt":1}}}}"#, #"{"a":[1]}"#, true),
            (#"{"a.b":{"$elemMatch":{"$gt":1}}}"#, #"{"a":[{"b":[2]}]}"#, true),
        ] as [Case])
    func arrays(test: Case) throws { try check(test) }

    @Test(
        "logical operators combine whole filters",
        arguments: [
            (#"{"$and":[{"a":1},{"b":2}]}"#, #"{"a":1,"b":2}"#, true),
            (#"{"$and":[{"a":1},{"b":2}]}"#, #"{"a":1}"#, false),
            (#"{"$or":[{"a":1},{"b":2}]}"#, #"{"b":2}"#, true),
            (#"{"$or":[{"a":1},{"b":2}]}"#, #"{}"#, false),
            (#"{"$or":[{}]}"#, #"{}"#, true),
            (#"{"$nor":[{"a":1},{"b":2}]}"#, #"{"a":2}"#, true),
            (#"{"$nor":[{"a":1},{"b":2}]}"#, #"{"b":2}"#, false),
            (#"{"$and":[{"$or":[{"a":1},{"a":2}]},{"$or":[{"b":1},{"b":2}]}]}"#, #"{"a":2,"b":1}"#, true),
            (#"{"a":1,"$or":[{"b":1},{"c":1}]}"#, #"{"a":1,"c":1}"#, true),
            (#"{"$comment":"x","a":1}"#, #"{"a":1}"#, true),
            (#"{"$and":[{"a":{"$gt":4}},{"a":{"$lt":3}}]}"#, #"{"a":[1,7]}"#, true),
        ] as [Case])
    func logic(test: Case) throws { try check(test) }
}
