// Projections of a query and sort orders.

import Testing

@testable import SmartStore

@Suite("Semantics of projections and sorts")
struct ReadSemantics {
    @Test("projections", arguments: Self.projections)
    func projectionsCase(test: ProjectionCase) throws { try test.check() }

    static let projections: [ProjectionCase] = [
        ProjectionCase(#"{}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1,"a":2}"#, "an empty one gives everything"),
        ProjectionCase(#"{"a":1}"#, of: #"{"_id":1,"b":3,"a":2}"#, is: #"{"_id":1,"a":2}"#, "inclusion; _id comes too"),
        ProjectionCase(
            #"{"b":1,"a":1}"#, of: #"{"_id":1,"a":2,"c":0,"b":3}"#, is: #"{"_id":1,"a":2,"b":3}"#,
            "in the document's order"),
        ProjectionCase(#"{"a":1,"_id":0}"#, of: #"{"_id":1,"a":2}"#, is: #"{"a":2}"#, "unless it is excluded"),
        ProjectionCase(#"{"a":true}"#, of: #"{"_id":1,"a":2,"b":3}"#, is: #"{"_id":1,"a":2}"#, "true includes"),
        ProjectionCase(
            #"{"a":-2.5}"#, of: #"{"_id":1,"a":2,"b":3}"#, is: #"{"_id":1,"a":2}"#, "any number but zero does"),
        ProjectionCase(#"{"a":0}"#, of: #"{"_id":1,"a":2,"b":3}"#, is: #"{"_id":1,"b":3}"#, "exclusion"),
        ProjectionCase(
            #"{"a":0.0,"b":false}"#, of: #"{"_id":1,"a":2,"b":3,"c":4}"#, is: #"{"_id":1,"c":4}"#, "of several"),
        ProjectionCase(#"{"_id":1}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1}"#, "_id alone"),
        ProjectionCase(#"{"_id":0}"#, of: #"{"_id":1,"a":2}"#, is: #"{"a":2}"#, "everything but _id"),
        ProjectionCase(
            #"{"_id":1,"a":0}"#, of: #"{"_id":1,"a":2,"b":3}"#, is: #"{"_id":1,"b":3}"#,
            "_id may be named in an exclusion"),
        ProjectionCase(#"{"x":1}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1}"#, "a missing field"),
        ProjectionCase(
            #"{"a.b":1}"#, of: #"{"_id":1,"a":{"b":1,"c":2},"d":3}"#, is: #"{"_id":1,"a":{"b":1}}"#, "a path"),
        ProjectionCase(
            #"{"a":{"b":1,"c":1}}"#, of: #"{"_id":1,"a":{"b":1,"c":2,"d":3}}"#, is: #"{"_id":1,"a":{"b":1,"c":2}}"#,
            "as a document"),
        ProjectionCase(
            #"{"a.b":1}"#, of: #"{"_id":1,"a":5}"#, is: #"{"_id":1}"#, "a value without fields does not come"),
        ProjectionCase(
            #"{"a.b":1}"#, of: #"{"_id":1,"a":{"c":1}}"#, is: #"{"_id":1,"a":{}}"#, "a document comes, empty"),
        ProjectionCase(
            #"{"a.b":1}"#, of: #"{"_id":1,"a":[{"b":1,"c":2},5,{},[{"b":3,"c":4}]]}"#,
            is: #"{"_id":1,"a":[{"b":1},{},[{"b":3}]]}"#, "in an array, of each document"),
        ProjectionCase(
            #"{"a.b":0}"#, of: #"{"_id":1,"a":[{"b":1,"c":2},5]}"#, is: #"{"_id":1,"a":[{"c":2},5]}"#,
            "exclusion keeps other elements"),
        ProjectionCase(#"{"a.b":0}"#, of: #"{"_id":1,"a":5}"#, is: #"{"_id":1,"a":5}"#, "and other values"),
        ProjectionCase(
            #"{"a.0":1}"#, of: #"{"_id":1,"a":[{"0":7},8]}"#, is: #"{"_id":1,"a":[{"0":7}]}"#,
            "a number is a name, not an index"),
        ProjectionCase(#"{"a":1,"b":0}"#, fails: 31254, "an exclusion among inclusions"),
        ProjectionCase(#"{"a":0,"b":1}"#, fails: 31253, "an inclusion among exclusions"),
        ProjectionCase(#"{"a":{"b":1,"c":0}}"#, fails: 31254, "also inside"),
        ProjectionCase(#"{"a":1,"a.b":1}"#, fails: 31249, "a path within another"),
        ProjectionCase(#"{"a.b":1,"a":1}"#, fails: 31250, "or around it"),
        ProjectionCase(#"{"a":{"b":1},"a.b":1}"#, fails: 31250, "or the same"),
        ProjectionCase(#"{"a":{}}"#, fails: 51270, "an empty document"),
        ProjectionCase(#"{"":1}"#, fails: 40352, "an empty name"),
        ProjectionCase(#"{"a.":1}"#, fails: 40353, "a dot at the end"),
        ProjectionCase(#"{"a..b":1}"#, fails: 15998, "an empty part"),
        ProjectionCase(#"{"$a":1}"#, fails: 16410, "a name with a dollar"),
        ProjectionCase(#"{"a":{"$nope":1}}"#, fails: 31325, "an unknown operator"),
        ProjectionCase(#"{"a":{"$meta":"textScore"}}"#, fails: 17308, "$meta of what there is not"),
        ProjectionCase(
            #"{"a":{"$slice":2}}"#, of: #"{"_id":1,"a":[1,2,3],"b":4}"#, is: #"{"_id":1,"a":[1,2],"b":4}"#,
            "$slice: the first; other fields come too"),
        ProjectionCase(#"{"a":{"$slice":-2}}"#, of: #"{"_id":1,"a":[1,2,3]}"#, is: #"{"_id":1,"a":[2,3]}"#, "the last"),
        ProjectionCase(#"{"a":{"$slice":0}}"#, of: #"{"_id":1,"a":[1]}"#, is: #"{"_id":1,"a":[]}"#, "none"),
        ProjectionCase(
            #"{"a":{"$slice":[1,2]}}"#, of: #"{"_id":1,"a":[1,2,3,4]}"#, is: #"{"_id":1,"a":[2,3]}"#, "after some"),
        ProjectionCase(
            #"{"a":{"$slice":[-3,2]}}"#, of: #"{"_id":1,"a":[1,2,3,4]}"#, is: #"{"_id":1,"a":[2,3]}"#,
            "counted from the end"),
        ProjectionCase(
            #"{"a":{"$slice":[-9,2]}}"#, of: #"{"_id":1,"a":[1,2,3]}"#, is: #"{"_id":1,"a":[1,2]}"#,
            "from before the front"),
        ProjectionCase(
            #"{"a":{"$slice":[5,2]}}"#, of: #"{"_id":1,"a":[1]}"#, is: #"{"_id":1,"a":[]}"#, "from behind the end"),
        ProjectionCase(
            #"{"a":{"$slice":1}}"#, of: #"{"_id":1,"a":5}"#, is: #"{"_id":1,"a":5}"#, "what is no array stays"),
        ProjectionCase(
            #"{"a":{"$slice":1},"b":1}"#, of: #"{"_id":1,"a":[1,2],"b":4,"c":5}"#, is: #"{"_id":1,"a":[1],"b":4}"#,
            "in an inclusion"),
        ProjectionCase(
            #"{"a":{"$slice":1},"b":0}"#, of: #"{"_id":1,"a":[1,2],"b":4,"c":5}"#, is: #"{"_id":1,"a":[1],"c":5}"#,
            "in an exclusion"),
        ProjectionCase(
            #"{"a.b":{"$slice":1}}"#, of: #"{"_id":1,"a":{"b":[1,2],"c":3}}"#, is: #"{"_id":1,"a":{"b":[1],"c":3}}"#,
            "at a path"),
        ProjectionCase(
            #"{"a.b":{"$slice":1}}"#, of: #"{"_id":1,"a":[{"b":[1,2]},{"b":[3,4]}]}"#,
            is: #"{"_id":1,"a":[{"b":[1]},{"b":[3]}]}"#, "in each document of an array"),
        ProjectionCase(
            #"{"_id":0,"a":{"$slice":1}}"#, of: #"{"_id":1,"a":[1,2],"b":3}"#, is: #"{"a":[1],"b":3}"#, "without _id"),
        ProjectionCase(
            #"{"a":{"$slice":[1,-1]}}"#, of: #"{"_id":1,"a":[1]}"#, fails: 28724, "how many is not negative"),
        ProjectionCase(#"{"a":{"$slice":"x"}}"#, fails: 28667, "a number or two"),
        ProjectionCase(
            #"{"a":{"$slice":["$b",1]}}"#, of: #"{"_id":1,"a":0,"b":[7,8]}"#, is: #"{"_id":1,"a":[7]}"#,
            "or the expression of that name"),
        ProjectionCase(#"{"a":{"$slice":1},"a.b":1}"#, fails: 31249, "a path within it"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"$gt":1}}}"#, of: #"{"_id":1,"a":[1,2,3],"b":4}"#, is: #"{"_id":1,"a":[2]}"#,
            "$elemMatch: the first element that matches"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"k":2}}}"#, of: #"{"_id":1,"a":[{"k":1},{"k":2,"l":1},{"k":2}]}"#,
            is: #"{"_id":1,"a":[{"k":2,"l":1}]}"#, "the whole document"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"k":9}}}"#, of: #"{"_id":1,"a":[{"k":1}]}"#, is: #"{"_id":1}"#, "none: no field"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"k":1}}}"#, of: #"{"_id":1,"a":{"k":1}}"#, is: #"{"_id":1}"#, "only in arrays"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"$gt":1}},"b":1}"#, of: #"{"_id":1,"a":[1,2],"b":4,"c":5}"#,
            is: #"{"_id":1,"b":4,"a":[2]}"#, "its field comes behind the others"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"$gt":1}},"b":0}"#, of: #"{"_id":1,"a":[1,2],"b":4,"c":5}"#,
            is: #"{"_id":1,"c":5,"a":[2]}"#, "in an exclusion"),
        ProjectionCase(#"{"a.b":{"$elemMatch":{"k":1}}}"#, fails: 31275, "only of fields at the top"),
        ProjectionCase(#"{"a":{"$elemMatch":1}}"#, fails: 31274, "it wants a document"),
        ProjectionCase(#"{"a":{"$elemMatch":{"$foo":1}}}"#, fails: 2, "with known operators"),
        ProjectionCase(
            #"{"a.$":1}"#, of: #"{"_id":1,"a":[1,5,6],"b":2}"#, is: #"{"_id":1,"a":[5]}"#, where: #"{"a":{"$gt":4}}"#,
            "the element by which the document was found"),
        ProjectionCase(
            #"{"a.$":1,"b":1}"#, of: #"{"_id":1,"a":[{"k":1},{"k":2}],"b":2,"c":3}"#,
            is: #"{"_id":1,"a":[{"k":2}],"b":2}"#, where: #"{"a.k":2}"#, "beside other fields"),
        ProjectionCase(
            #"{"a.b.$":1}"#, of: #"{"_id":1,"a":{"b":[1,2],"c":3}}"#, is: #"{"_id":1,"a":{"b":[2]}}"#,
            where: #"{"a.b":2}"#, "at a path"),
        ProjectionCase(
            #"{"a.$":1}"#, of: #"{"_id":1,"a":[1]}"#, fails: 31277, where: #"{"b":null}"#,
            "the filter must speak of the field"),
        ProjectionCase(
            #"{"a.$":1}"#, of: #"{"_id":1,"a":[1,2]}"#, fails: 51246, where: #"{"a":{"$ne":7}}"#, "and find an element"),
        ProjectionCase(#"{"a.$":1,"b.$":1}"#, fails: 31276, where: #"{"a":1,"b":1}"#, "once in a projection"),
        ProjectionCase(#"{"a.$.b.$":1}"#, fails: 31287, where: #"{"a":1}"#, "and once in a path"),
        ProjectionCase(#"{"a.$":1,"b":0}"#, fails: 31254, where: #"{"a":1}"#, "not with exclusions"),
        ProjectionCase(#"{"a.$":{"$slice":1}}"#, fails: 31271, where: #"{"a":1}"#, "not with operators"),
        ProjectionCase(#"{"a.$":"x"}"#, fails: 31308, where: #"{"a":1}"#, "nor with values"),
        ProjectionCase(
            #"{"a":{"$elemMatch":{"$gt":1}},"b.$":1}"#, fails: 31256, where: #"{"b":1}"#, "not with $elemMatch"),
        ProjectionCase(#"{"b.$":1,"a":{"$elemMatch":{"$gt":1}}}"#, fails: 31255, where: #"{"b":1}"#, "in either order"),
        ProjectionCase(
            #"{"s":{"$add":["$a",1]}}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1,"s":3}"#,
            "a computed field; it includes"),
        ProjectionCase(
            #"{"s":"$a.b","a":1}"#, of: #"{"_id":1,"a":{"b":2},"c":3}"#, is: #"{"_id":1,"a":{"b":2},"s":2}"#,
            "the value of another, behind the included"),
        ProjectionCase(#"{"s":"x"}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1,"s":"x"}"#, "a text by itself"),
        ProjectionCase(
            #"{"s":["$a","$x"]}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1,"s":[2,null]}"#, "an array of expressions"),
        ProjectionCase(#"{"s":"$x"}"#, of: #"{"_id":1,"a":2}"#, is: #"{"_id":1}"#, "of a missing field"),
        ProjectionCase(
            #"{"a":"$b"}"#, of: #"{"_id":1,"a":2,"b":3}"#, is: #"{"_id":1,"a":3}"#, "instead of a field that is there"),
        ProjectionCase(#"{"s":{"$literal":1}}"#, of: #"{"_id":1}"#, is: #"{"_id":1,"s":1}"#, "a number by itself"),
        ProjectionCase(#"{"a":0,"s":{"$add":[1,1]}}"#, fails: 31252, "no expression in an exclusion"),
        ProjectionCase(#"{"a":0,"s":"x"}"#, fails: 31310, "no value in an exclusion"),
        ProjectionCase(#"{"s":"x","a":0}"#, fails: 31254, "in either order"),
        ProjectionCase(
            #"{"s":{"$add":["$a",1]}}"#, of: #"{"_id":1,"a":"x"}"#, fails: 14, "what an expression runs into"),
    ]

    @Test("sorts", arguments: Self.sorts)
    func sortsCase(test: SortCase) throws { try test.check() }

    static let sorts: [SortCase] = [
        SortCase(
            #"{"a":1}"#, #"{"a":1},{"a":1.5},{"a":{"$numberLong":"2"}},{"a":{"$numberDecimal":"2.5"}}"#,
            "numbers of all types by value"),
        SortCase(#"{"a":-1}"#, #"{"a":3},{"a":2},{"a":1}"#, "descending"),
        SortCase(
            #"{"a":1}"#,
            #"{"a":{"$minKey":1}},{"a":null},{"a":{"$numberDouble":"NaN"}},{"a":-1},{"a":"x"},{"a":{"b":1}},{"a":[[1]]},{"a":{"$binary":{"base64":"","subType":"00"}}},{"a":{"$oid":"56e1fc72e0c917e9c4714161"}},{"a":false},{"a":true},{"a":{"$date":{"$numberLong":"0"}}},{"a":{"$timestamp":{"t":0,"i":1}}},{"a":{"$regularExpression":{"pattern":"x","options":""}}},{"a":{"$maxKey":1}}"#,
            "the order of all types"),
        SortCase(#"{"a":1}"#, #"{},{"a":null},{"b":1},{"a":0}"#, "missing and null are equal, and below numbers"),
        SortCase(#"{"a":-1}"#, #"{"a":0},{},{"a":null}"#, "and last descending"),
        SortCase(#"{"a":1}"#, #"{"a":[]},{"a":null},{"a":[null,9]},{"a":1}"#, "an empty array is below null"),
        SortCase(#"{"a":1}"#, #"{"a":[5,1]},{"a":[2,9]},{"a":3}"#, "an array by its least element"),
        SortCase(#"{"a":-1}"#, #"{"a":[2,9]},{"a":[5,1]},{"a":3}"#, "descending by its greatest"),
        SortCase(#"{"a":1}"#, #"{"a":[1,"x"]},{"a":2},{"a":["a"]}"#, "of all types"),
        SortCase(
            #"{"a.b":1}"#, #"{"a":5},{"a":{"b":1}},{"a":[{"b":9},{"b":2}]},{"a":{"b":3}}"#, "a path, through arrays too"
        ),
        SortCase(
            #"{"a.b":-1}"#, #"{"a":[{"b":1},{"b":9}]},{"a":{"b":3}},{"a":[{"c":1}]},{}"#, "descending; missing last"),
        SortCase(
            #"{"a":1,"b":-1}"#, #"{"a":0,"b":0},{"a":1,"b":2},{"a":1,"b":1},{"a":1},{"a":2,"b":9}"#,
            "two fields in two directions"),
        SortCase(#"{"a":-1,"b":1}"#, #"{"a":2},{"a":2,"b":1},{"a":1,"b":0},{"b":0}"#, "the other way round"),
        SortCase(#"{"a":1,"b":1}"#, #"{"a":[1,2],"b":5},{"a":1,"b":6},{"a":2,"b":0}"#, "an array and a value"),
        SortCase(
            #"{"a.b":1,"a.c":1}"#, #"{"a":[{"b":1,"c":5}]},{"a":[{"b":2,"c":1},{"b":1,"c":9}]}"#,
            "two fields of one element belong together"),
        SortCase(
            #"{"a":1}"#, #"{"a":{"b":1}},{"a":{"b":1,"c":0}},{"a":{"b":2}},{"a":{"c":0}},{"a":{"b":"x"}}"#,
            "documents field by field: type, name, value"),
        SortCase(#"{"a":1}"#, #"{"a":"A"},{"a":"B"},{"a":"a"},{"a":"é"}"#, "strings by bytes"),
        SortCase(
            #"{"a":1}"#, #"{"a":"a"},{"a":"A"},{"a":"B"},{"a":"c"}"#, "or by the collation, equal ones in their order",
            by: Collation(strength: .secondary)),
        SortCase(#"{"a.0":1}"#, #"{"a":[1,9]},{"a":[2,0]},{"a":[3]}"#, "an element by its index"),
        SortCase(#"{"_id":-1}"#, #"{"_id":"x"},{"_id":3},{"_id":1}"#, "by the identifier"),
        SortCase(
            #"{"a":1}"#,
            #"{"a":{"$numberDouble":"-Infinity"}},{"a":-1},{"a":-0.0},{"a":0},{"a":{"$numberDouble":"Infinity"}}"#,
            "the ends of the numbers; both zeros are equal"),
    ]

    @Test(
        "refused sorts",
        arguments: [
            (#"{"a":2}"#, 15975), (#"{"a":0}"#, 15975), (#"{"a":1.5}"#, 15975), (#"{"a":"x"}"#, 15974),
            (#"{"a":true}"#, 15974), (#"{"a":{"$meta":"textScore"}}"#, 15974), (#"{"":1}"#, 15976),
            (#"{"$a":1}"#, 15976),
        ])
    func refusedSorts(sort: String, code: Int) throws {
        let pattern = try bsonDocument(sort)
        let store = try SemanticsStore()
        try store.insert([["_id": 1]])
        #expect(serverCode { _ = try store.find(FindQuery(sort: pattern)) } == code, "\(sort)")
    }

    @Test("a sort by two arrays at once is refused when a document has them")
    func parallelArrays() throws {
        let store = try SemanticsStore()
        try store.insert([["_id": 1, "a": [1], "b": [2]]])
        #expect(serverCode { _ = try store.find(FindQuery(sort: ["a": 1, "b": 1])) } == 2)
    }
}
