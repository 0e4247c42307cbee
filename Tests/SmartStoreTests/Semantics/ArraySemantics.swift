// Paths through arrays, $in and $nin, $all, $elemMatch, $size.

import Testing

@testable import SmartStore

@Suite("Semantics of arrays and membership")
struct ArraySemantics {
    @Test("paths", arguments: Self.paths)
    func pathsCase(test: FilterCase) throws { try test.check() }

    static let paths: [FilterCase] = [
        FilterCase(
            #"{"a.b":1}"#, is: #"{"a":{"b":1}},{"a":[{"b":2},{"b":1}]},{"a":[{"b":[1]}]},{"a":{"b":[0,1]}}"#,
            not: #"{"a":[[{"b":1}]]},{"a":1},{"b":1}"#, "a path leads through documents and through one array of them"),
        FilterCase(
            #"{"a.b.c":1}"#, is: #"{"a":[{"b":[{"c":1}]}]},{"a":{"b":[{"c":0},{"c":1}]}}"#,
            not: #"{"a":{"b":{"c":[[1]]}}},{"a":[[{"b":{"c":1}}]]}"#, "through several arrays, one at each step"),
        FilterCase(
            #"{"a.0":1}"#, is: #"{"a":[1,2]},{"a":{"0":1}},{"a":[5,{"0":1}]}"#,
            not: #"{"a":[2,1]},{"a":[[1]]},{"a":1}"#,
            "a number is an index, and also a name"),
        FilterCase(
            #"{"a.1.b":1}"#, is: #"{"a":[0,{"b":1}]},{"a":[0,{"b":[1]}]}"#,
            not: #"{"a":[{"b":1}]},{"a":[{"b":1},{"b":2}]}"#,
            "an index picks one element, and the path goes on from it"),
        FilterCase(
            #"{"a.0.b":1}"#, is: #"{"a":[[{"b":1}]]},{"a":[{"b":1}]}"#, not: #"{"a":[0,{"b":1}]}"#,
            "after an index, an inner array is opened"),
        FilterCase(
            #"{"a.0.0":1}"#, is: #"{"a":[[1]]}"#, not: #"{"a":[1]},{"a":[[2,1]]}"#, "an index of an index"),
        FilterCase(
            #"{"a.0":[1]}"#, is: #"{"a":[[1],2]}"#, not: #"{"a":[1]},{"a":[[1,2]]}"#, "an element that is an array"),
        FilterCase(
            #"{"a.00":1}"#, is: #"{"a":{"00":1}}"#, not: #"{"a":[1]}"#, "a number with a leading zero is a name only"),
        FilterCase(
            #"{"a.-1":1}"#, is: #"{"a":{"-1":1}}"#, not: #"{"a":[1]}"#, "there are no negative indexes in paths"),
        FilterCase(
            #"{"a.b":{"$gt":1},"a.c":{"$lt":1}}"#, is: #"{"a":[{"b":2},{"c":0}]},{"a":{"b":2,"c":0}}"#,
            not: #"{"a":[{"b":1,"c":0}]}"#, "two paths may be fulfilled by two elements"),
        FilterCase(
            #"{"a.length":1}"#, is: #"{"a":{"length":1}}"#, not: #"{"a":[7]}"#, "arrays have no fields of their own"),
    ]

    @Test("$in and $nin", arguments: Self.membership)
    func membershipCase(test: FilterCase) throws { try test.check() }

    static let membership: [FilterCase] = [
        FilterCase(
            #"{"a":{"$in":[1,"x"]}}"#, is: #"{"a":1.0},{"a":"x"},{"a":["y","x"]},{"a":{"$numberDecimal":"1"}}"#,
            not: #"{"a":"1"},{},{"a":[["x"]]}"#, "equal to one of the values"),
        FilterCase(
            #"{"a":{"$in":[]}}"#, not: #"{"a":1},{},{"a":[]},{"a":null}"#, "of no values nothing is one"),
        FilterCase(
            #"{"a":{"$in":[null]}}"#, is: #"{},{"a":null},{"a":[null]}"#, not: #"{"a":0},{"a":[]}"#,
            "null among them also matches a missing field"),
        FilterCase(
            #"{"a":{"$in":[[1,2],5]}}"#, is: #"{"a":[1,2]},{"a":5},{"a":[[1,2]]},{"a":[5,6]}"#,
            not: #"{"a":1},{"a":[2,1]}"#,
            "an array among them is equal as a whole or as an element"),
        FilterCase(
            #"{"a":{"$in":[[]]}}"#, is: #"{"a":[]},{"a":[[]]}"#, not: #"{"a":null},{},{"a":[1]}"#,
            "so is an empty array"),
        FilterCase(
            #"{"a":{"$in":[{"b":1}]}}"#, is: #"{"a":{"b":1}},{"a":[{"b":1}]}"#, not: #"{"a":{"b":1,"c":2}}"#,
            "a document is equal as a whole"),
        FilterCase(
            #"{"a":{"$in":[{"$regularExpression":{"pattern":"^ab","options":""}},7]}}"#,
            is: #"{"a":"abc"},{"a":7},{"a":["x","ab"]}"#, not: #"{"a":"xab"},{"a":8},{}"#,
            "a regular expression among them matches texts"),
        FilterCase(
            #"{"a":{"$in":[{"$regularExpression":{"pattern":"B","options":"i"}},null]}}"#,
            is: #"{"a":"abc"},{},{"a":null}"#, not: #"{"a":"x"},{"a":1}"#, "expressions and null together"),
        FilterCase(
            #"{"a":{"$in":[{"$minKey":1},{"$numberDouble":"NaN"}]}}"#,
            is: #"{"a":{"$minKey":1}},{"a":{"$numberDouble":"NaN"}},{"a":{"$numberDecimal":"NaN"}}"#,
            not: #"{"a":1},{}"#,
            "equality also with the ends of the order and with NaN"),
        FilterCase(
            #"{"a":{"$in":[1,1.0,1,2]}}"#, is: #"{"a":1},{"a":[2,1]}"#, not: #"{"a":3}"#, "values may be given twice"),
        FilterCase(
            #"{"a.b":{"$in":[2,3]}}"#, is: #"{"a":[{"b":1},{"b":3}]},{"a":{"b":[2]}}"#,
            not: #"{"a":[2]},{"a":{"b":1}}"#,
            "through arrays of documents"),
        FilterCase(
            #"{"_id":{"$in":[1,3,"x"]}}"#, is: #"{"_id":1},{"_id":"x"}"#, not: #"{"_id":2}"#, "identifiers"),
        FilterCase(
            #"{"a":{"$nin":[1,2]}}"#, is: #"{"a":3},{},{"a":"1"},{"a":[3]},{"a":[]},{"a":null}"#,
            not: #"{"a":1},{"a":[3,2]},{"a":2.0}"#, "$nin matches what $in does not, missing fields among it"),
        FilterCase(
            #"{"a":{"$nin":[]}}"#, is: #"{"a":1},{},{"a":[]}"#, "everything is none of no values"),
        FilterCase(
            #"{"a":{"$nin":[null,1]}}"#, is: #"{"a":2},{"a":[]}"#, not: #"{},{"a":null},{"a":1},{"a":[2,null]}"#,
            "null among them excludes missing fields"),
        FilterCase(
            #"{"a":{"$nin":[{"$regularExpression":{"pattern":"^a","options":""}}]}}"#, is: #"{"a":"b"},{},{"a":1}"#,
            not: #"{"a":"ab"},{"a":["b","a"]}"#, "a regular expression excludes texts"),
        FilterCase(
            #"{"a.b":{"$nin":[1]}}"#, is: #"{"a":[{"b":2},{}]},{}"#, not: #"{"a":[{"b":2},{"b":1}]}"#,
            "of an array, no element may be one"),
    ]

    @Test("$all", arguments: Self.all)
    func allCase(test: FilterCase) throws { try test.check() }

    static let all: [FilterCase] = [
        FilterCase(
            #"{"a":{"$all":[1,2]}}"#, is: #"{"a":[2,1]},{"a":[3,2,1.0]}"#, not: #"{"a":[1]},{"a":1},{},{"a":[[1,2]]}"#,
            "an array that has each of the values, in any order"),
        FilterCase(
            #"{"a":{"$all":[1]}}"#, is: #"{"a":1},{"a":[1,2]}"#, not: #"{"a":2}"#,
            "of one value it says the same as equality"),
        FilterCase(#"{"a":{"$all":[]}}"#, not: #"{"a":[]},{"a":[1]},{}"#, "without values it matches nothing"),
        FilterCase(
            #"{"a":{"$all":[[1,2]]}}"#, is: #"{"a":[1,2]},{"a":[[1,2],3]}"#, not: #"{"a":[2,1]},{"a":[1]}"#,
            "an array among them: the field itself, or an element"),
        FilterCase(
            #"{"a":{"$all":[[1,2],3]}}"#, is: #"{"a":[[1,2],3]}"#, not: #"{"a":[1,2]},{"a":[1,2,3]}"#,
            "an array and a value, both to be found"),
        FilterCase(
            #"{"a":{"$all":[null]}}"#, is: #"{},{"a":null},{"a":[null,1]}"#, not: #"{"a":1},{"a":[]}"#,
            "null as in equality"),
        FilterCase(
            #"{"a":{"$all":[1,1]}}"#, is: #"{"a":[1]},{"a":1}"#, not: #"{"a":2}"#,
            "the same value twice asks for it once"),
        FilterCase(
            #"{"a":{"$all":[{"$regularExpression":{"pattern":"^a","options":""}},"b"]}}"#, is: #"{"a":["ab","b"]}"#,
            not: #"{"a":["ab"]},{"a":["b"]}"#, "a regular expression among them"),
        FilterCase(
            #"{"a.b":{"$all":[1,2]}}"#, is: #"{"a":[{"b":1},{"b":2}]},{"a":{"b":[1,2]}}"#, not: #"{"a":[{"b":1}]}"#,
            "values spread over an array of documents"),
        FilterCase(
            #"{"a":{"$all":[{"$elemMatch":{"b":1,"c":1}},{"$elemMatch":{"b":2}}]}}"#,
            is: #"{"a":[{"b":2},{"b":1,"c":1}]}"#, not: #"{"a":[{"b":1,"c":1}]},{"a":[{"b":1},{"c":1},{"b":2}]}"#,
            "each $elemMatch needs an element; different ones may do"),
        FilterCase(
            #"{"a":{"$all":[{"$elemMatch":{"$gt":1}},{"$elemMatch":{"$lt":0}}]}}"#, is: #"{"a":[-1,2]}"#,
            not: #"{"a":[2]},{"a":2}"#, "also with conditions on the elements themselves"),
        FilterCase(
            #"{"a":{"$all":[{"b":1}]}}"#, is: #"{"a":{"b":1}},{"a":[{"b":1}]}"#, not: #"{"a":[{"b":1,"c":1}]}"#,
            "a document among them is a value"),
        FilterCase(
            #"{"a":{"$not":{"$all":[1,2]}}}"#, is: #"{"a":[1]},{}"#, not: #"{"a":[1,2]}"#, "negated"),
    ]

    @Test("$elemMatch", arguments: Self.elementMatch)
    func elementMatchCase(test: FilterCase) throws { try test.check() }

    static let elementMatch: [FilterCase] = [
        FilterCase(
            #"{"a":{"$elemMatch":{"$gt":1,"$lt":5}}}"#, is: #"{"a":[0,3]},{"a":[9,2,9]}"#,
            not: #"{"a":[0,9]},{"a":3},{"a":[[3]]},{"a":[]},{}"#,
            "one element fulfils all conditions; a scalar is no array"),
        FilterCase(
            #"{"a":{"$elemMatch":{"b":1,"c":2}}}"#, is: #"{"a":[{"b":1,"c":2}]},{"a":[{"b":[1],"c":2}]}"#,
            not: #"{"a":[{"b":1},{"c":2}]},{"a":{"b":1,"c":2}}"#, "one document of the array fulfils them all"),
        FilterCase(
            #"{"a":{"$elemMatch":{"b":null}}}"#, is: #"{"a":[{}]},{"a":[{"b":null}]},{"a":[1,{"c":1}]}"#,
            not: #"{"a":[]},{"a":[1]},{},{"a":[{"b":1}]}"#, "an element without the field has null"),
        FilterCase(
            #"{"a":{"$elemMatch":{}}}"#, is: #"{"a":[{}]},{"a":[{"b":1}]},{"a":[[]]}"#,
            not: #"{"a":[1]},{"a":[]},{"a":{}}"#,
            "without conditions any element that is a document or an array"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$ne":1}}}"#, is: #"{"a":[1,2]},{"a":[null]}"#,
            not: #"{"a":[1]},{"a":[]},{"a":2},{}"#,
            "an element that is not equal: unlike $ne by itself it wants one"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$in":[1,null]}}}"#, is: #"{"a":[null]},{"a":[5,1]}"#, not: #"{"a":[]},{"a":1},{}"#,
            "$in within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$nin":[1]}}}"#, is: #"{"a":[2]},{"a":[1,2]}"#, not: #"{"a":[1]},{"a":[]}"#,
            "$nin within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$not":{"$gt":1}}}}"#, is: #"{"a":[5,1]},{"a":["x"]}"#, not: #"{"a":[5]},{"a":[]}"#,
            "$not within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$elemMatch":{"$gt":1}}}}"#, is: #"{"a":[[0,2]]}"#, not: #"{"a":[2]},{"a":[[1],2]}"#,
            "an element of an inner array"),
        FilterCase(
            #"{"a":{"$elemMatch":{"b":{"$elemMatch":{"c":1,"d":1}}}}}"#, is: #"{"a":[{"b":[{"c":1,"d":1}]}]}"#,
            not: #"{"a":[{"b":[{"c":1},{"d":1}]}]}"#, "documents within documents"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$or":[{"b":1},{"c":1}]}}}"#, is: #"{"a":[{"c":1}]},{"a":[{"x":0},{"b":1}]}"#,
            not: #"{"a":[{"b":2}]},{"a":[1]}"#, "$or within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"b":1,"$or":[{"c":1},{"d":1}]}}}"#, is: #"{"a":[{"b":1,"d":1}]}"#,
            not: #"{"a":[{"b":1},{"d":1}]}"#, "$or beside a field within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$nor":[{"b":1}]}}}"#, is: #"{"a":[{"b":2}]},{"a":[{"b":1},{}]}"#,
            not: #"{"a":[{"b":1}]}"#,
            "$nor within it"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$size":2}}}"#, is: #"{"a":[[1,2]]}"#, not: #"{"a":[1,2]}"#, "an element of a size"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$exists":false}}}"#, not: #"{"a":[1]},{"a":[null]},{"a":[]},{}"#,
            "an element always exists"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$type":"string"}}}"#, is: #"{"a":[1,"x"]}"#, not: #"{"a":"x"},{"a":[["x"]]}"#,
            "an element of a type"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$regex":"^x"}}}"#, is: #"{"a":["y","xz"]}"#, not: #"{"a":"xz"},{"a":["yx"]}"#,
            "a text among the elements"),
        FilterCase(
            #"{"a":{"$elemMatch":{"0":1}}}"#, is: #"{"a":[[1,2]]},{"a":[{"0":1}]}"#, not: #"{"a":[1]},{"a":[[2,1]]}"#,
            "by index in an element that is an array"),
        FilterCase(
            #"{"a.b":{"$elemMatch":{"$gt":1,"$lt":3}}}"#, is: #"{"a":[{"b":[2]}]},{"a":{"b":[0,2]}}"#,
            not: #"{"a":[{"b":2}]},{"a":[{"b":[1]},{"b":[3]}]}"#, "the array at the end of a path"),
        FilterCase(
            #"{"a":{"$not":{"$elemMatch":{"$gt":1}}}}"#, is: #"{"a":[1]},{},{"a":5},{"a":[]}"#, not: #"{"a":[2]}"#,
            "negated"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$gte":2},"$size":1}}"#, is: #"{"a":[2]}"#, not: #"{"a":[2,3]},{"a":[1]}"#,
            "beside another condition"),
        FilterCase(
            #"{"a":{"$elemMatch":{"$eq":[1]}}}"#, is: #"{"a":[[1]]}"#, not: #"{"a":[1]},{"a":[[1,2]]}"#,
            "an element is compared whole"),
    ]

    @Test("$size", arguments: Self.size)
    func sizeCase(test: FilterCase) throws { try test.check() }

    static let size: [FilterCase] = [
        FilterCase(
            #"{"a":{"$size":2}}"#, is: #"{"a":[1,2]},{"a":[[1],null]}"#,
            not: #"{"a":[1]},{"a":[1,2,3]},{"a":[[1,2]]},{"a":"ab"},{"a":{"x":1,"y":2}},{}"#,
            "an array of so many elements, not an element of that size"),
        FilterCase(
            #"{"a":{"$size":0}}"#, is: #"{"a":[]}"#, not: #"{},{"a":null},{"a":[null]}"#,
            "the empty array, not a missing one"),
        FilterCase(#"{"a":{"$size":1.0}}"#, is: #"{"a":[9]}"#, not: #"{"a":[]}"#, "a whole number of any type"),
        FilterCase(
            #"{"a.b":{"$size":1}}"#, is: #"{"a":[{"b":[1]}]},{"a":{"b":[0]}}"#, not: #"{"a":[{"b":1}]}"#,
            "in documents of an array"),
        FilterCase(
            #"{"a.0":{"$size":2}}"#, is: #"{"a":[[1,2]]}"#, not: #"{"a":[1,2]}"#, "of an element picked by its index"),
        FilterCase(#"{"a":{"$not":{"$size":1}}}"#, is: #"{"a":[]},{},{"a":3}"#, not: #"{"a":[3]}"#, "negated"),
    ]
}
