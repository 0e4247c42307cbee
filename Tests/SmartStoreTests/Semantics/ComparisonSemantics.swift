// $eq, $ne, $gt, $gte, $lt, $lte: numbers across types, brackets of types, the ends of the order, arrays, null.

import Testing

@testable import SmartStore

@Suite("Semantics of comparisons")
struct ComparisonSemantics {
    @Test("equality", arguments: Self.equality)
    func equalityCase(test: FilterCase) throws { try test.check() }

    static let equality: [FilterCase] = [
        FilterCase(
            #"{"a":1}"#, is: #"{"a":1},{"a":1.0},{"a":{"$numberLong":"1"}},{"a":{"$numberDecimal":"1.000"}}"#,
            not: #"{"a":2},{"a":1.5},{"a":"1"},{"a":true},{}"#, "numbers are equal by value, whatever their type"),
        FilterCase(
            #"{"a":0}"#, is: #"{"a":-0.0},{"a":{"$numberDecimal":"-0E+3"}},{"a":0}"#, not: #"{"a":false},{"a":null}"#,
            "zero has one value, with either sign"),
        FilterCase(
            #"{"a":{"$numberLong":"9007199254740993"}}"#, is: #"{"a":{"$numberLong":"9007199254740993"}}"#,
            not: #"{"a":9007199254740992.0},{"a":{"$numberLong":"9007199254740992"}}"#,
            "a long is not rounded to a double to be compared"),
        FilterCase(
            #"{"a":0.1}"#, is: #"{"a":0.1}"#, not: #"{"a":{"$numberDecimal":"0.1"}}"#,
            "a double's exact value counts, and 0.1 has none in binary"),
        FilterCase(
            #"{"a":{"$numberDecimal":"0.5"}}"#, is: #"{"a":0.5},{"a":{"$numberDecimal":"0.500"}}"#,
            not: #"{"a":{"$numberDecimal":"0.5000000000000000000000000001"}}"#, "decimals with the same value are equal"
        ),
        FilterCase(
            #"{"a":{"$numberDouble":"NaN"}}"#, is: #"{"a":{"$numberDouble":"NaN"}},{"a":{"$numberDecimal":"NaN"}}"#,
            not: #"{"a":0},{"a":null},{}"#, "NaN equals NaN in a filter"),
        FilterCase(
            #"{"a":{"$numberDouble":"Infinity"}}"#,
            is: #"{"a":{"$numberDouble":"Infinity"}},{"a":{"$numberDecimal":"Infinity"}}"#,
            not: #"{"a":{"$numberDouble":"-Infinity"}},{"a":1e308}"#, "infinities are equal across types"),
        FilterCase(
            #"{"a":"x"}"#, is: #"{"a":"x"},{"a":{"$symbol":"x"}},{"a":["y","x"]}"#, not: #"{"a":"X"},{"a":"x "}"#,
            "strings compare by their bytes, and symbols like strings"),
        FilterCase(
            #"{"a":""}"#, is: #"{"a":""}"#, not: #"{"a":null},{},{"a":[]}"#, "an empty string is a value of its own"),
        FilterCase(
            #"{"a":true}"#, is: #"{"a":true},{"a":[false,true]}"#, not: #"{"a":1},{"a":"true"},{"a":false}"#,
            "booleans are no numbers"),
        FilterCase(
            #"{"a":{"$date":{"$numberLong":"1000"}}}"#, is: #"{"a":{"$date":{"$numberLong":"1000"}}}"#,
            not: #"{"a":1000},{"a":{"$timestamp":{"t":1,"i":0}}}"#, "a date is neither a number nor a timestamp"),
        FilterCase(
            #"{"a":{"$timestamp":{"t":1,"i":2}}}"#, is: #"{"a":{"$timestamp":{"t":1,"i":2}}}"#,
            not: #"{"a":{"$timestamp":{"t":1,"i":3}}},{"a":{"$timestamp":{"t":2,"i":2}}}"#,
            "a timestamp has seconds and a count"),
        FilterCase(
            #"{"a":{"$oid":"56e1fc72e0c917e9c4714161"}}"#, is: #"{"a":{"$oid":"56e1fc72e0c917e9c4714161"}}"#,
            not: #"{"a":"56e1fc72e0c917e9c4714161"}"#, "an ObjectId is not its text"),
        FilterCase(
            #"{"a":{"$binary":{"base64":"AQI=","subType":"00"}}}"#,
            is: #"{"a":{"$binary":{"base64":"AQI=","subType":"00"}}}"#,
            not:
                #"{"a":{"$binary":{"base64":"AQI=","subType":"80"}}},{"a":{"$binary":{"base64":"AQM=","subType":"00"}}}"#,
            "binaries are equal with length, subtype and bytes"),
        FilterCase(
            #"{"a":{"$minKey":1}}"#, is: #"{"a":{"$minKey":1}}"#, not: #"{"a":null},{},{"a":{"$maxKey":1}}"#,
            "MinKey equals itself only"),
        FilterCase(
            #"{"a":{"b":1,"c":2}}"#, is: #"{"a":{"b":1,"c":2}},{"a":{"b":1.0,"c":2}},{"a":[0,{"b":1,"c":2}]}"#,
            not: #"{"a":{"c":2,"b":1}},{"a":{"b":1}},{"a":{"b":1,"c":2,"d":3}}"#,
            "a document equals one with the same fields in the same order"),
        FilterCase(
            #"{"a":{}}"#, is: #"{"a":{}},{"a":[{}]}"#, not: #"{"a":{"b":1}},{"a":[]},{}"#,
            "an empty document equals an empty one only"),
        FilterCase(
            #"{"a":[1,2]}"#, is: #"{"a":[1,2]},{"a":[[1,2],3]}"#,
            not: #"{"a":[2,1]},{"a":[1,2,3]},{"a":1},{"a":[[[1,2]]]}"#,
            "an array operand equals the whole array, or an element that is such an array"),
        FilterCase(
            #"{"a":[]}"#, is: #"{"a":[]},{"a":[[]]},{"a":[1,[]]}"#, not: #"{"a":null},{},{"a":[1]}"#,
            "an empty array equals an empty array, also as an element"),
        FilterCase(
            #"{"a":2}"#, is: #"{"a":[1,2]},{"a":[2,2]}"#, not: #"{"a":[[2]]},{"a":[{"b":2}]},{"a":[]}"#,
            "a value equals an array that has it as a direct element"),
        FilterCase(
            #"{"a":{"$eq":[1]}}"#, is: #"{"a":[1]},{"a":[[1]]}"#, not: #"{"a":1},{"a":[1,1]}"#,
            "$eq says the same as a value without an operator"),
        FilterCase(
            #"{"a":{"$eq":{"$gt":1}}}"#, is: #"{"a":{"$gt":1}}"#, not: #"{"a":2}"#,
            "under $eq a document is a value, whatever its names"),
        FilterCase(
            #"{"a":{"$eq":{"$regularExpression":{"pattern":"^x","options":""}}}}"#,
            is: #"{"a":{"$regularExpression":{"pattern":"^x","options":""}}}"#,
            not: #"{"a":"xy"},{"a":{"$regularExpression":{"pattern":"^x","options":"i"}}}"#,
            "under $eq a regular expression is a value"),
        FilterCase(
            #"{"a":{"$code":"f()"}}"#, is: #"{"a":{"$code":"f()"}}"#, not: #"{"a":"f()"}"#, "code is no string"),
        FilterCase(
            #"{"_id":{"$eq":3}}"#, is: #"{"_id":3}"#, not: #"{"_id":"3"},{"_id":4}"#, "the identifier by equality"),
        FilterCase(
            #"{"_id":{"x":1}}"#, is: #"{"_id":{"x":1}}"#, not: #"{"_id":{"x":1,"y":2}},{"_id":1}"#,
            "an identifier that is a document is equal as a whole"),
        FilterCase(
            #"{"a":1,"b":2}"#, is: #"{"a":1,"b":2},{"a":[1],"b":[2]}"#, not: #"{"a":1},{"b":2},{"a":2,"b":2}"#,
            "conditions beside each other must all hold"),
        FilterCase(#"{}"#, is: #"{},{"a":1},{"a":null}"#, "an empty filter matches everything"),
    ]

    @Test("null and missing", arguments: Self.nothing)
    func nothingCase(test: FilterCase) throws { try test.check() }

    static let nothing: [FilterCase] = [
        FilterCase(
            #"{"a":null}"#, is: #"{"a":null},{},{"b":1},{"a":[1,null]}"#,
            not: #"{"a":0},{"a":""},{"a":false},{"a":[]},{"a":{}},{"a":[[null]]}"#,
            "null equals null and a missing field"),
        FilterCase(
            #"{"a":{"$ne":null}}"#, is: #"{"a":0},{"a":[]},{"a":{}},{"a":[1]}"#, not: #"{"a":null},{},{"a":[1,null]}"#,
            "not equal to null: there is a value, and no element is null"),
        FilterCase(
            #"{"a":{"$gte":null}}"#, is: #"{"a":null},{},{"a":[null]}"#, not: #"{"a":0},{"a":[]},{"a":"x"}"#,
            "at least null is null: comparisons stay within a type"),
        FilterCase(
            #"{"a":{"$lte":null}}"#, is: #"{"a":null},{}"#, not: #"{"a":-1},{"a":{"$minKey":1}}"#,
            "at most null is null, too"),
        FilterCase(
            #"{"a":{"$gt":null}}"#, not: #"{"a":null},{},{"a":1},{"a":[null,1]}"#, "nothing is greater within the type"),
        FilterCase(#"{"a":{"$lt":null}}"#, not: #"{"a":null},{},{"a":1}"#, "nothing is less within the type"),
        FilterCase(
            #"{"a.b":null}"#, is: #"{},{"a":{}},{"a":5},{"a":null},{"a":{"b":null}},{"a":[{"b":1},{}]}"#,
            not: #"{"a":{"b":1}},{"a":[]},{"a":[1]},{"a":[{"b":1}]},{"a":{"b":[]}}"#,
            "a path that leads nowhere is missing; an element that is no document does not count"),
        FilterCase(
            #"{"a.b":{"$ne":null}}"#, is: #"{"a":{"b":1}},{"a":[{"b":1},{"b":2}]},{"a":[]},{"a":[5]}"#,
            not: #"{},{"a":{}},{"a":[{"b":1},{}]},{"a":3}"#, "the opposite of equality with null, on the whole path"),
        FilterCase(
            #"{"a.b.c":null}"#, is: #"{"a":{"b":{}}},{"a":{"b":7}},{"a":[{"b":{}}]},{"a":[{"b":[{}]}]}"#,
            not: #"{"a":{"b":{"c":1}}},{"a":[{"b":[1]}]}"#, "missing at any depth is null"),
        FilterCase(
            #"{"a":null}"#, is: #"{"a":{"$undefined":true}}"#, "the deprecated type undefined is like null"),
        FilterCase(
            #"{"a":{"$exists":true,"$eq":null}}"#, is: #"{"a":null},{"a":[null]}"#, not: #"{},{"a":1}"#,
            "with $exists, null is told from missing"),
        FilterCase(
            #"{"a":{"$type":"null"}}"#, is: #"{"a":null},{"a":[null]}"#, not: #"{},{"a":{"$undefined":true}}"#,
            "by type null is told from missing, too"),
        FilterCase(
            #"{"a.0":null}"#, is: #"{"a":[null]},{"a":{}},{},{"a":[{"b":1}]}"#, not: #"{"a":[1]},{"a":{"0":1}}"#,
            "a number in a path can name an element or a field of one"),
    ]

    @Test("order", arguments: Self.order)
    func orderCase(test: FilterCase) throws { try test.check() }

    static let order: [FilterCase] = [
        FilterCase(
            #"{"a":{"$gt":5}}"#,
            is: #"{"a":6},{"a":5.5},{"a":{"$numberLong":"6"}},{"a":{"$numberDecimal":"5.0001"}},{"a":[1,9]}"#,
            not: #"{"a":5},{"a":"6"},{"a":true},{"a":null},{},{"a":{"b":9}},{"a":{"$date":{"$numberLong":"9"}}}"#,
            "numbers of all types compare with each other, other types never match"),
        FilterCase(
            #"{"a":{"$gte":5}}"#, is: #"{"a":5},{"a":5.0},{"a":[5]}"#, not: #"{"a":4.999},{"a":[[5]]}"#,
            "at least includes equal values; nested arrays are not opened"),
        FilterCase(
            #"{"a":{"$lt":5}}"#, is: #"{"a":-1},{"a":{"$numberDouble":"-Infinity"}},{"a":[7,3]}"#,
            not: #"{"a":5},{"a":null},{},{"a":{"$numberDouble":"NaN"}},{"a":[]}"#, "NaN is less than nothing"),
        FilterCase(
            #"{"a":{"$lte":{"$numberDouble":"NaN"}}}"#, is: #"{"a":{"$numberDouble":"NaN"}}"#,
            not: #"{"a":1},{"a":null}"#,
            "NaN compares with itself only"),
        FilterCase(
            #"{"a":{"$gte":{"$numberDouble":"NaN"}}}"#, is: #"{"a":{"$numberDouble":"NaN"}}"#, not: #"{"a":1}"#,
            "in either direction"),
        FilterCase(
            #"{"a":{"$gt":{"$numberDouble":"NaN"}}}"#, not: #"{"a":{"$numberDouble":"NaN"}},{"a":1}"#,
            "nothing is beyond NaN"),
        FilterCase(
            #"{"a":{"$lt":{"$numberDouble":"Infinity"}}}"#, is: #"{"a":1e308},{"a":{"$numberDecimal":"9E+6144"}}"#,
            not: #"{"a":{"$numberDouble":"Infinity"}},{"a":{"$numberDouble":"NaN"}}"#, "infinity is above every number"),
        FilterCase(
            #"{"a":{"$gt":{"$numberLong":"9007199254740992"}}}"#,
            is: #"{"a":{"$numberLong":"9007199254740993"}},{"a":9007199254740994.0}"#,
            not: #"{"a":9007199254740992.0}"#,
            "longs beyond a double's precision keep their order"),
        FilterCase(
            #"{"a":{"$lt":"b"}}"#, is: #"{"a":"a"},{"a":""},{"a":"Z"},{"a":"azzz"},{"a":{"$symbol":"a"}}"#,
            not: #"{"a":"b"},{"a":"ba"},{"a":1},{"a":null}"#, "strings in order of their bytes"),
        FilterCase(
            #"{"a":{"$gte":"é"}}"#, is: #"{"a":"é"},{"a":"漢"}"#, not: #"{"a":"z"},{"a":"e"}"#,
            "letters beyond ASCII come after it without a collation"),
        FilterCase(
            #"{"a":{"$gt":{"b":1}}}"#, is: #"{"a":{"b":2}},{"a":{"b":1,"c":0}},{"a":{"c":0}},{"a":{"b":"x"}}"#,
            not: #"{"a":{"b":1}},{"a":{}},{"a":{"a":9}},{"a":5}"#,
            "documents compare field by field: type, name, then value"),
        FilterCase(
            #"{"a":{"$gt":[1,2]}}"#, is: #"{"a":[1,3]},{"a":[2]},{"a":[1,2,0]},{"a":[[5]]}"#,
            not: #"{"a":[1,2]},{"a":[1]},{"a":9},{"a":[]}"#, "an array operand compares with whole arrays"),
        FilterCase(
            #"{"a":{"$lt":[]}}"#, not: #"{"a":[]},{"a":[1]},{"a":1}"#, "no array is less than the empty one"),
        FilterCase(
            #"{"a":{"$gt":false}}"#, is: #"{"a":true}"#, not: #"{"a":false},{"a":1}"#, "false is less than true"),
        FilterCase(
            #"{"a":{"$gt":{"$date":"2020-01-01T00:00:00Z"}}}"#, is: #"{"a":{"$date":"2020-01-01T00:00:00.001Z"}}"#,
            not:
                #"{"a":{"$date":"1969-12-31T00:00:00Z"}},{"a":{"$timestamp":{"t":4000000000,"i":1}}},{"a":99999999999999}"#,
            "dates compare with dates only, not with timestamps"),
        FilterCase(
            #"{"a":{"$lt":{"$timestamp":{"t":5,"i":5}}}}"#,
            is: #"{"a":{"$timestamp":{"t":5,"i":4}}},{"a":{"$timestamp":{"t":4,"i":9}}}"#,
            not: #"{"a":{"$timestamp":{"t":5,"i":5}}},{"a":{"$timestamp":{"t":4294967295,"i":0}}}"#,
            "timestamps compare by seconds, then by count, unsigned"),
        FilterCase(
            #"{"a":{"$gt":{"$binary":{"base64":"AQ==","subType":"00"}}}}"#,
            is:
                #"{"a":{"$binary":{"base64":"AAA=","subType":"00"}}},{"a":{"$binary":{"base64":"AA==","subType":"05"}}}"#,
            not: #"{"a":{"$binary":{"base64":"AQ==","subType":"00"}}},{"a":{"$binary":{"base64":"","subType":"05"}}}"#,
            "binaries compare by length, then subtype, then bytes"),
        FilterCase(
            #"{"a":{"$gt":{"$minKey":1}}}"#, is: #"{"a":1},{"a":null},{},{"a":"x"},{"a":{"$maxKey":1}},{"a":[]}"#,
            not: #"{"a":{"$minKey":1}}"#, "MinKey compares with every type, and is below all"),
        FilterCase(
            #"{"a":{"$gte":{"$minKey":1}}}"#, is: #"{"a":1},{},{"a":{"$minKey":1}}"#, "at least MinKey is everything"),
        FilterCase(
            #"{"a":{"$lt":{"$maxKey":1}}}"#, is: #"{"a":1},{"a":null},{},{"a":{"$minKey":1}},{"a":{}}"#,
            not: #"{"a":{"$maxKey":1}}"#, "MaxKey is above all"),
        FilterCase(
            #"{"a":{"$lt":{"$minKey":1}}}"#, not: #"{"a":1},{},{"a":{"$minKey":1}}"#, "nothing is below MinKey"),
        FilterCase(
            #"{"a":{"$gt":{"$maxKey":1}}}"#, not: #"{"a":1},{},{"a":{"$maxKey":1}}"#, "nothing is above MaxKey"),
        FilterCase(
            #"{"a":{"$gt":1,"$lt":5}}"#, is: #"{"a":3},{"a":[0,9]},{"a":[2]}"#, not: #"{"a":1},{"a":5},{"a":[0,1]}"#,
            "of an array, one element may pass one condition and another the other"),
        FilterCase(
            #"{"a":{"$gt":5,"$lt":3}}"#, is: #"{"a":[1,7]}"#, not: #"{"a":4},{"a":[4]},{"a":[7]}"#,
            "so an empty range can match an array"),
        FilterCase(
            #"{"a.b":{"$gte":2,"$lte":2}}"#, is: #"{"a":{"b":2}},{"a":[{"b":2}]},{"a":[{"b":1},{"b":3}]}"#,
            not: #"{"a":{"b":3}},{"a":[{"b":3}]}"#, "also of documents in an array"),
        FilterCase(
            #"{"a":{"$gt":{"$oid":"00000000000000000000000f"}}}"#, is: #"{"a":{"$oid":"000000000000000000000010"}}"#,
            not: #"{"a":{"$oid":"00000000000000000000000e"}},{"a":"z"}"#, "ObjectIds compare by their bytes"),
    ]

    @Test("inequality", arguments: Self.inequality)
    func inequalityCase(test: FilterCase) throws { try test.check() }

    static let inequality: [FilterCase] = [
        FilterCase(
            #"{"a":{"$ne":1}}"#, is: #"{"a":2},{},{"a":"1"},{"a":[2,3]},{"a":null},{"a":[]},{"a":[[1]]}"#,
            not: #"{"a":1},{"a":1.0},{"a":[1,2]}"#, "$ne also matches documents without the field"),
        FilterCase(
            #"{"a":{"$ne":[1,2]}}"#, is: #"{"a":[2,1]},{"a":1},{}"#, not: #"{"a":[1,2]},{"a":[[1,2]]}"#,
            "the opposite of equality with an array"),
        FilterCase(
            #"{"a.b":{"$ne":1}}"#, is: #"{"a":[{"b":2},{"c":1}]},{"a":5},{}"#,
            not: #"{"a":[{"b":1},{"b":2}]},{"a":{"b":1}}"#,
            "one element that is equal is enough against it"),
        FilterCase(
            #"{"a":{"$ne":{"$numberDouble":"NaN"}}}"#, is: #"{"a":1},{}"#, not: #"{"a":{"$numberDouble":"NaN"}}"#,
            "NaN is not unequal to itself"),
        FilterCase(
            #"{"a":{"$ne":1,"$gt":0}}"#, is: #"{"a":2}"#, not: #"{"a":1},{"a":[1,2]},{}"#,
            "an inequality beside a range"),
        FilterCase(
            #"{"_id":{"$ne":1}}"#, is: #"{"_id":2},{"_id":"1"}"#, not: #"{"_id":1}"#, "on the identifier"),
    ]
}
