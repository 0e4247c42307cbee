// Positions in updates: $, $[] and $[name] with array filters; paths that conflict.

import Testing

@testable import SmartStore

@Suite("Semantics of positions")
struct PositionSemantics {
    @Test("the element by which a document was found", arguments: Self.found)
    func foundCase(test: UpdateCase) throws { try test.check() }

    static let found: [UpdateCase] = [
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,2,2]}"#, gives: #"{"a":[1,9,2]}"#, where: #"{"a":2}"#,
            "the first that is equal"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,5,7]}"#, gives: #"{"a":[1,9,7]}"#, where: #"{"a":{"$gt":2}}"#,
            "the first in a range"),
        UpdateCase(
            #"{"$inc":{"a.$.n":1}}"#, on: #"{"a":[{"k":1,"n":1},{"k":2,"n":1}]}"#,
            gives: #"{"a":[{"k":1,"n":1},{"k":2,"n":2}]}"#, where: #"{"a.k":2}"#,
            "a field of the document that was found"),
        UpdateCase(
            #"{"$set":{"a.$.n":9}}"#, on: #"{"a":[{"k":1,"l":1},{"k":1,"l":2}]}"#,
            gives: #"{"a":[{"k":1,"l":1},{"k":1,"l":2,"n":9}]}"#, where: #"{"a":{"$elemMatch":{"k":1,"l":2}}}"#,
            "by $elemMatch"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,5,9]}"#, gives: #"{"a":[1,9,9]}"#,
            where: #"{"a":{"$elemMatch":{"$gt":2,"$lt":6}}}"#, "by $elemMatch on values"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":["x","y"]}"#, gives: #"{"a":["x",9]}"#,
            where: #"{"a":{"$in":["y","z"]}}"#, "by $in"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":["x","y1"]}"#, gives: #"{"a":["x",9]}"#,
            where: #"{"a":{"$regex":"^y"}}"#, "by an expression"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[3,4]}"#, gives: #"{"a":[3,9]}"#, where: #"{"$or":[{"b":1},{"a":4}]}"#,
            "by a branch of $or"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[3,4]}"#, gives: #"{"a":[3,9]}"#,
            where: #"{"$and":[{"_id":1},{"a":4}]}"#, "within $and"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[3,4]}"#, gives: #"{"a":[3,9]}"#, where: #"{"a":{"$size":2,"$gt":3}}"#,
            "a size does not disturb"),
        UpdateCase(
            #"{"$set":{"a.$.z":1}}"#, on: #"{"a":[{"x":1},{"x":1,"y":2}]}"#,
            gives: #"{"a":[{"x":1},{"x":1,"y":2,"z":1}]}"#, where: #"{"a":{"$size":2,"$elemMatch":{"x":1,"y":2}}}"#,
            "nor does it beside $elemMatch"),
        UpdateCase(
            #"{"$set":{"a.b.$":9}}"#, on: #"{"a":{"b":[1,2]}}"#, gives: #"{"a":{"b":[1,9]}}"#, where: #"{"a.b":2}"#,
            "an array within a document"),
        UpdateCase(
            #"{"$unset":{"a.$":1}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1,null]}"#, where: #"{"a":2}"#,
            "removed, it becomes null"),
        UpdateCase(
            #"{"$push":{"a.$.b":7}}"#, on: #"{"a":[{"k":1},{"k":2,"b":[6]}]}"#,
            gives: #"{"a":[{"k":1},{"k":2,"b":[6,7]}]}"#, where: #"{"a.k":2}"#,
            "an array in the document that was found"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1]}"#, fails: 2, where: #"{"_id":1}"#,
            "the filter must speak of the array"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,2]}"#, fails: 2, where: #"{"a":{"$ne":7}}"#,
            "a negated condition finds no element"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,2]}"#, fails: 2, where: #"{"a":{"$size":2}}"#, "nor does a size"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":[1,2]}"#, fails: 2, where: #"{"a":[1,2]}"#,
            "nor an array that is equal as a whole"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":5}"#, fails: 2, where: #"{"a":5}"#, "nor a field that is no array"),
        UpdateCase(
            #"{"$set":{"$":9}}"#, on: #"{"a":[1]}"#, fails: 2, where: #"{"a":1}"#, "it is not the first part of a path"),
        UpdateCase(
            #"{"$set":{"a.$.b.$":9}}"#, on: #"{"a":[{"b":[1]}]}"#, fails: 2, where: #"{"a.b":1}"#,
            "and not twice in one"),
        UpdateCase(
            #"{"$set":{"a.$":9}}"#, on: #"{"a":["X"]}"#, gives: #"{"a":[9]}"#, where: #"{"a":"x"}"#, "by the collation",
            by: Collation(strength: .secondary)),
    ]

    @Test("all elements", arguments: Self.every)
    func everyCase(test: UpdateCase) throws { try test.check() }

    static let every: [UpdateCase] = [
        UpdateCase(#"{"$inc":{"a.$[]":1}}"#, on: #"{"a":[1,2.5]}"#, gives: #"{"a":[2,3.5]}"#, "every element"),
        UpdateCase(
            #"{"$set":{"a.$[].n":0}}"#, on: #"{"a":[{"n":1},{}]}"#, gives: #"{"a":[{"n":0},{"n":0}]}"#,
            "a field of every element"),
        UpdateCase(
            #"{"$inc":{"a.$[].b.$[]":1}}"#, on: #"{"a":[{"b":[1]},{"b":[2,3]}]}"#,
            gives: #"{"a":[{"b":[2]},{"b":[3,4]}]}"#, "arrays in arrays"),
        UpdateCase(
            #"{"$inc":{"a.$[].$[]":1}}"#, on: #"{"a":[[1],[2,3]]}"#, gives: #"{"a":[[2],[3,4]]}"#, "arrays of arrays"),
        UpdateCase(#"{"$set":{"a.$[]":1}}"#, keeps: #"{"a":[]}"#, "of none"),
        UpdateCase(
            #"{"$unset":{"a.$[]":1}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[null,null]}"#, "removed, they become null"),
        UpdateCase(
            #"{"$pull":{"a.$[].b":1}}"#, on: #"{"a":[{"b":[1,2]},{"b":[1]}]}"#, gives: #"{"a":[{"b":[2]},{"b":[]}]}"#,
            "$pull in each"),
        UpdateCase(
            #"{"$inc":{"a.$[]":1}}"#, on: #"{"a":[1,"x"]}"#, fails: 14,
            "one that cannot be is enough, and none is changed"),
        UpdateCase(#"{"$set":{"a.$[].b":1}}"#, on: #"{"a":[{},5]}"#, fails: 28, "nor can a number have fields"),
        UpdateCase(#"{"$set":{"a.$[]":1}}"#, on: #"{"a":5}"#, fails: 2, "the field must be an array"),
        UpdateCase(#"{"$set":{"a.$[]":1}}"#, on: #"{}"#, fails: 2, "and be there"),
        UpdateCase(#"{"$set":{"$[]":1}}"#, on: #"{}"#, fails: 2, "it is not the first part of a path"),
    ]

    @Test("elements by array filters", arguments: Self.filtered)
    func filteredCase(test: UpdateCase) throws { try test.check() }

    static let filtered: [UpdateCase] = [
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1,5,9]}"#, gives: #"{"a":[1,0,0]}"#,
            arrayFilters: #"{"x":{"$gte":5}}"#, "elements that match"),
        UpdateCase(
            #"{"$set":{"a.$[x].n":0}}"#, on: #"{"a":[{"k":1},{"k":2}]}"#, gives: #"{"a":[{"k":1},{"k":2,"n":0}]}"#,
            arrayFilters: #"{"x.k":2}"#, "documents by a field"),
        UpdateCase(
            #"{"$set":{"a.$[x].n":0}}"#, on: #"{"a":[{"k":1,"l":1},{"k":1}]}"#,
            gives: #"{"a":[{"k":1,"l":1,"n":0},{"k":1}]}"#, arrayFilters: #"{"x.k":1,"x.l":1}"#, "by two fields"),
        UpdateCase(
            #"{"$set":{"a.$[x].n":0}}"#, on: #"{"a":[{"k":1},{"k":2},{"k":3}]}"#,
            gives: #"{"a":[{"k":1,"n":0},{"k":2},{"k":3,"n":0}]}"#, arrayFilters: #"{"$or":[{"x.k":1},{"x.k":3}]}"#,
            "by $or"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1,0]}"#, arrayFilters: #"{"x":{"$ne":1}}"#,
            "by a negated condition"),
        UpdateCase(
            #"{"$inc":{"a.$[x].b.$[y]":1}}"#, on: #"{"a":[{"k":1,"b":[1,2]},{"k":2,"b":[2]}]}"#,
            gives: #"{"a":[{"k":1,"b":[1,3]},{"k":2,"b":[2]}]}"#, arrayFilters: #"{"x.k":1},{"y":2}"#, "two filters"),
        UpdateCase(
            #"{"$inc":{"a.$[].b.$[y]":1}}"#, on: #"{"a":[{"b":[1,2]},{"b":[2]}]}"#,
            gives: #"{"a":[{"b":[1,3]},{"b":[3]}]}"#, arrayFilters: #"{"y":2}"#, "with $[] before it"),
        UpdateCase(#"{"$set":{"a.$[x]":0}}"#, keeps: #"{"a":[1,2]}"#, arrayFilters: #"{"x":9}"#, "none matches"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0,"b.$[x]":0}}"#, on: #"{"a":[1,2],"b":[2]}"#, gives: #"{"a":[1,0],"b":[0]}"#,
            arrayFilters: #"{"x":2}"#, "one filter in two paths"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":["A","b"]}"#, gives: #"{"a":[0,"b"]}"#, arrayFilters: #"{"x":"a"}"#,
            "by the collation", by: Collation(strength: .secondary)),
        UpdateCase(#"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 2, "a filter of this name is missing"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{"x":1},{"y":1}"#,
            "a filter is not used"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{"x":1},{"x":2}"#, "two of one name"
        ),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{"x":1,"y":2}"#, "two names in one"),
        UpdateCase(#"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{}"#, "none in one"),
        UpdateCase(
            #"{"$set":{"a.$[X]":0}}"#, on: #"{"a":[1]}"#, fails: 2, arrayFilters: #"{"X":1}"#,
            "a name begins with a small letter"),
        UpdateCase(
            #"{"$set":{"a.$[x_1]":0}}"#, on: #"{"a":[1]}"#, fails: 2, arrayFilters: #"{"x_1":1}"#,
            "and has letters and digits only"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":[1]}"#, fails: 2, arrayFilters: #"{"x":{"$foo":1}}"#,
            "an unknown operator"),
        UpdateCase(
            #"{"$set":{"a.$[x]":0}}"#, on: #"{"a":1}"#, fails: 2, arrayFilters: #"{"x":1}"#,
            "the field must be an array"),
        UpdateCase(#"{"$set":{"a.$[x]":0}}"#, on: #"{}"#, fails: 2, arrayFilters: #"{"x":1}"#, "and be there"),
        UpdateCase(
            #"{"b":1}"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{"x":1}"#, "a replacement takes no array filters"),
        UpdateCase(
            #"[{"$set":{"b":1}}]"#, on: #"{"a":[1]}"#, fails: 9, arrayFilters: #"{"x":1}"#, "nor does a pipeline"),
    ]

    @Test("conflicts", arguments: Self.conflicts)
    func conflictsCase(test: UpdateCase) throws { try test.check() }

    static let conflicts: [UpdateCase] = [
        UpdateCase(#"{"$set":{"a":1},"$inc":{"a":1}}"#, on: #"{"a":1}"#, fails: 40, "one path twice"),
        UpdateCase(#"{"$set":{"a":1,"a.b":1}}"#, on: #"{}"#, fails: 40, "a path and one within it"),
        UpdateCase(#"{"$set":{"a.b.c":1},"$unset":{"a.b":1}}"#, on: #"{}"#, fails: 40, "at any depth"),
        UpdateCase(#"{"$rename":{"a":"b"},"$set":{"b":1}}"#, on: #"{"a":1}"#, fails: 40, "the target of a rename"),
        UpdateCase(#"{"$rename":{"a":"b","b":"c"}}"#, on: #"{"a":1}"#, fails: 40, "of two renames"),
        UpdateCase(
            #"{"$set":{"a":1},"$setOnInsert":{"a":2}}"#, on: #"{"a":3}"#, fails: 40,
            "also where one of them would do nothing"),
        UpdateCase(
            #"{"$set":{"a.0":1,"a.$[]":2}}"#, on: #"{"a":[1]}"#, fails: 40, "an element by its index and by its place"),
        UpdateCase(
            #"{"$set":{"a.$[x]":1,"a.$[y]":2}}"#, on: #"{"a":[1,2]}"#, fails: 40,
            arrayFilters: #"{"x":{"$gt":0}},{"y":2}"#, "an element that two filters match"),
        UpdateCase(
            #"{"$set":{"a.$[x]":8,"a.$[y]":9}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[8,9]}"#,
            arrayFilters: #"{"x":1},{"y":2}"#, "not when they match different ones"),
        UpdateCase(
            #"{"$set":{"a.b":1,"a.c":2,"ab":3}}"#, on: #"{}"#, gives: #"{"a":{"b":1,"c":2},"ab":3}"#,
            "neighbours do not conflict"),
    ]
}
