// $push with its clauses, $addToSet, $pop, $pull, $pullAll.

import Testing

@testable import SmartStore

@Suite("Semantics of updates of arrays")
struct ArrayUpdateSemantics {
    @Test("$push", arguments: Self.pushes)
    func pushesCase(test: UpdateCase) throws { try test.check() }

    static let pushes: [UpdateCase] = [
        UpdateCase(#"{"$push":{"a":3}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,3]}"#, "a value goes to the end"),
        UpdateCase(#"{"$push":{"a":1}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,1]}"#, "also one that is there"),
        UpdateCase(#"{"$push":{"a":3}}"#, on: #"{}"#, gives: #"{"a":[3]}"#, "a missing array is made"),
        UpdateCase(#"{"$push":{"a.b":3}}"#, on: #"{}"#, gives: #"{"a":{"b":[3]}}"#, "with the documents around it"),
        UpdateCase(#"{"$push":{"a":[3,4]}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,[3,4]]}"#, "an array is one element"),
        UpdateCase(
            #"{"$push":{"a":{"b":1}}}"#, on: #"{"a":[]}"#, gives: #"{"a":[{"b":1}]}"#, "a document is one element"),
        UpdateCase(#"{"$push":{"a":null}}"#, on: #"{"a":[]}"#, gives: #"{"a":[null]}"#, "null is one, too"),
        UpdateCase(#"{"$push":{"a.0":3}}"#, on: #"{"a":[[1]]}"#, gives: #"{"a":[[1,3]]}"#, "into an inner array"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[2,3]}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,2,3]}"#,
            "$each: one after the other"),
        UpdateCase(#"{"$push":{"a":{"$each":[]}}}"#, keeps: #"{"a":[1]}"#, "none changes nothing"),
        UpdateCase(#"{"$push":{"a":{"$each":[]}}}"#, on: #"{}"#, gives: #"{"a":[]}"#, "but makes the array"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9,8],"$position":1}}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1,9,8,2]}"#,
            "$position counts from the front"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":0}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[9,1]}"#, "0 is the front"
        ),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":50}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,9]}"#,
            "beyond the end is the end"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":-1}}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1,9,2]}"#,
            "a negative one counts from the end"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[8,9],"$position":-2}}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1,8,9,2,3]}"#,
            "before the last two"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":-50}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[9,1]}"#,
            "beyond the front is the front"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":2.0}}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1,2,9,3]}"#,
            "a whole number of any type"),
        UpdateCase(#"{"$push":{"a":{"$each":[3],"$slice":2}}}"#, keeps: #"{"a":[1,2]}"#, "$slice keeps the first"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[3],"$slice":-2}}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[2,3]}"#,
            "a negative one keeps the last"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[3],"$slice":0}}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[]}"#, "zero keeps none"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[3],"$slice":9}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,3]}"#,
            "more than there are keeps all"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[3],"$slice":-9}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,3]}"#,
            "also from the end"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[],"$slice":1}}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1]}"#,
            "without new values it only cuts"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[2],"$sort":1}}}"#, on: #"{"a":[3,1]}"#, gives: #"{"a":[1,2,3]}"#,
            "$sort orders all elements"),
        UpdateCase(
            #"{"$push":{"a":{"$each":["x",null,2.5],"$sort":1}}}"#, on: #"{"a":[3,[1]]}"#,
            gives: #"{"a":[null,2.5,3,"x",[1]]}"#, "in the order of all types"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[2],"$sort":-1}}}"#, on: #"{"a":[3,1]}"#, gives: #"{"a":[3,2,1]}"#, "descending"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[{"k":2}],"$sort":{"k":1}}}}"#, on: #"{"a":[{"k":3},{"k":1}]}"#,
            gives: #"{"a":[{"k":1},{"k":2},{"k":3}]}"#, "documents by a field"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[{"k":1,"l":2}],"$sort":{"k":1,"l":-1}}}}"#, on: #"{"a":[{"k":1,"l":1},{"k":0}]}"#,
            gives: #"{"a":[{"k":0},{"k":1,"l":2},{"k":1,"l":1}]}"#, "by two fields"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[{"k":{"x":1}}],"$sort":{"k.x":-1}}}}"#, on: #"{"a":[{"k":{"x":2}},{}]}"#,
            gives: #"{"a":[{"k":{"x":2}},{"k":{"x":1}},{}]}"#, "by a nested field; a missing one is null"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[],"$sort":1}}}"#, on: #"{"a":[2,1]}"#, gives: #"{"a":[1,2]}"#,
            "without new values it only sorts"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[2],"$sort":1,"$slice":-2}}}"#, on: #"{"a":[3,1]}"#, gives: #"{"a":[2,3]}"#,
            "first sorted, then cut"),
        UpdateCase(
            #"{"$push":{"a":{"$slice":2,"$sort":-1,"$each":[5,0],"$position":0}}}"#, on: #"{"a":[3,1]}"#,
            gives: #"{"a":[5,3]}"#, "whatever the order of the clauses"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[9],"$position":0,"$slice":2}}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[9,1]}"#,
            "first inserted, then cut"),
        UpdateCase(
            #"{"$push":{"a":{"$each":["B"],"$sort":1}}}"#, on: #"{"a":["c","a"]}"#, gives: #"{"a":["a","B","c"]}"#,
            "by the collation", by: Collation(strength: .secondary)),
        UpdateCase(
            #"{"$push":{"a":{"$position":0}}}"#, on: #"{"a":[]}"#, gives: #"{"a":[{"$position":0}]}"#,
            "without $each a document is a value"),
        UpdateCase(#"{"$push":{"a":1}}"#, on: #"{"a":5}"#, fails: 2, "the field must be an array"),
        UpdateCase(#"{"$push":{"a":1}}"#, on: #"{"a":null}"#, fails: 2, "null is none"),
        UpdateCase(#"{"$push":{"a.b":1}}"#, on: #"{"a":5}"#, fails: 28, "not in a number"),
        UpdateCase(#"{"$push":{"a":{"$each":1}}}"#, on: #"{"a":[]}"#, fails: 2, "$each wants an array"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$foo":1}}}"#, on: #"{"a":[]}"#, fails: 2, "an unknown clause"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"b":1}}}"#, on: #"{"a":[]}"#, fails: 2, "or a name"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[1],"$position":"x"}}}"#, on: #"{"a":[]}"#, fails: 2, "$position is a number"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$position":1.5}}}"#, on: #"{"a":[]}"#, fails: 2, "a whole one"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$slice":"x"}}}"#, on: #"{"a":[]}"#, fails: 2, "$slice is a number"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$slice":1.5}}}"#, on: #"{"a":[]}"#, fails: 2, "a whole one"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$sort":2}}}"#, on: #"{"a":[]}"#, fails: 2, "$sort is 1 or -1"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$sort":"x"}}}"#, on: #"{"a":[]}"#, fails: 2, "or a document"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$sort":{}}}}"#, on: #"{"a":[]}"#, fails: 2, "with fields"),
        UpdateCase(#"{"$push":{"a":{"$each":[1],"$sort":{"k":0}}}}"#, on: #"{"a":[]}"#, fails: 2, "each 1 or -1"),
        UpdateCase(
            #"{"$push":{"a":{"$each":[1],"$sort":{"k..l":1}}}}"#, on: #"{"a":[]}"#, fails: 2, "with no empty part"),
    ]

    @Test("$addToSet", arguments: Self.sets)
    func setsCase(test: UpdateCase) throws { try test.check() }

    static let sets: [UpdateCase] = [
        UpdateCase(#"{"$addToSet":{"a":2}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,2]}"#, "a new value goes to the end"),
        UpdateCase(#"{"$addToSet":{"a":1}}"#, keeps: #"{"a":[1]}"#, "one that is there does not"),
        UpdateCase(#"{"$addToSet":{"a":1.0}}"#, keeps: #"{"a":[1]}"#, "numbers are equal across types"),
        UpdateCase(#"{"$addToSet":{"a":"1"}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,"1"]}"#, "strings are not"),
        UpdateCase(
            #"{"$addToSet":{"a":2}}"#, on: #"{"a":[1,1]}"#, gives: #"{"a":[1,1,2]}"#, "what is there twice stays"),
        UpdateCase(#"{"$addToSet":{"a":1}}"#, on: #"{}"#, gives: #"{"a":[1]}"#, "a missing array is made"),
        UpdateCase(#"{"$addToSet":{"a":{"x":1,"y":2}}}"#, keeps: #"{"a":[{"x":1,"y":2}]}"#, "equal documents"),
        UpdateCase(
            #"{"$addToSet":{"a":{"y":2,"x":1}}}"#, on: #"{"a":[{"x":1,"y":2}]}"#,
            gives: #"{"a":[{"x":1,"y":2},{"y":2,"x":1}]}"#, "the order of fields counts"),
        UpdateCase(
            #"{"$addToSet":{"a":[1,2]}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1,2,[1,2]]}"#, "an array is one element"),
        UpdateCase(#"{"$addToSet":{"a":null}}"#, on: #"{"a":[]}"#, gives: #"{"a":[null]}"#, "null is a value"),
        UpdateCase(
            #"{"$addToSet":{"a":{"$each":[2,3,2,1]}}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,2,3]}"#, "$each: each once"
        ),
        UpdateCase(#"{"$addToSet":{"a":{"$each":[]}}}"#, keeps: #"{"a":[1]}"#, "none changes nothing"),
        UpdateCase(#"{"$addToSet":{"a":{"$each":[]}}}"#, on: #"{}"#, gives: #"{"a":[]}"#, "but makes the array"),
        UpdateCase(
            #"{"$addToSet":{"a":"X"}}"#, keeps: #"{"a":["x"]}"#, "by the collation", by: Collation(strength: .secondary)
        ),
        UpdateCase(#"{"$addToSet":{"a":1}}"#, on: #"{"a":5}"#, fails: 2, "the field must be an array"),
        UpdateCase(#"{"$addToSet":{"a":{"$each":5}}}"#, on: #"{"a":[]}"#, fails: 14, "$each wants an array"),
        UpdateCase(#"{"$addToSet":{"a":{"$each":[1],"$sort":1}}}"#, on: #"{"a":[]}"#, fails: 2, "and has no company"),
        UpdateCase(#"{"$addToSet":{"a.b":1}}"#, on: #"{"a":"x"}"#, fails: 28, "not in a string"),
    ]

    @Test("$pop, $pull and $pullAll", arguments: Self.pulls)
    func pullsCase(test: UpdateCase) throws { try test.check() }

    static let pulls: [UpdateCase] = [
        UpdateCase(#"{"$pop":{"a":1}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[1]}"#, "$pop 1: the last"),
        UpdateCase(#"{"$pop":{"a":-1}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[2]}"#, "$pop -1: the first"),
        UpdateCase(#"{"$pop":{"a":1.0}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[]}"#, "the array stays, empty"),
        UpdateCase(#"{"$pop":{"a":1}}"#, keeps: #"{"a":[]}"#, "of none"),
        UpdateCase(#"{"$pop":{"a.b":1}}"#, keeps: #"{"a":{}}"#, "of a missing one"),
        UpdateCase(#"{"$pop":{"a":2}}"#, on: #"{"a":[1]}"#, fails: 9, "nothing but 1 and -1"),
        UpdateCase(#"{"$pop":{"a":"1"}}"#, on: #"{"a":[1]}"#, fails: 9, "a number"),
        UpdateCase(#"{"$pop":{"a":1}}"#, on: #"{"a":5}"#, fails: 14, "the field must be an array"),
        UpdateCase(#"{"$pop":{"a.b":1}}"#, on: #"{"a":"foo"}"#, fails: 28, "a path through a string is refused"),
        UpdateCase(
            #"{"$pull":{"a":1}}"#, on: #"{"a":[1,2,1.0,"1"]}"#, gives: #"{"a":[2,"1"]}"#, "$pull: every equal element"),
        UpdateCase(#"{"$pull":{"a":9}}"#, keeps: #"{"a":[1]}"#, "none"),
        UpdateCase(#"{"$pull":{"a":1}}"#, keeps: #"{"b":1}"#, "of a missing array"),
        UpdateCase(#"{"$pull":{"a.b":1}}"#, keeps: #"{"a":5}"#, "through a number"),
        UpdateCase(
            #"{"$pull":{"a":null}}"#, on: #"{"a":[null,1,{}]}"#, gives: #"{"a":[1,{}]}"#, "null is equal to null only"),
        UpdateCase(
            #"{"$pull":{"a":[1,2]}}"#, on: #"{"a":[[1,2],[2,1],1]}"#, gives: #"{"a":[[2,1],1]}"#,
            "an array is equal as a whole"),
        UpdateCase(
            #"{"$pull":{"a":{"$gte":2}}}"#, on: #"{"a":[1,2,3,"x"]}"#, gives: #"{"a":[1,"x"]}"#,
            "a condition on the elements"),
        UpdateCase(
            #"{"$pull":{"a":{"$gte":2,"$lt":4}}}"#, on: #"{"a":[1,2,5]}"#, gives: #"{"a":[1,5]}"#, "two conditions"),
        UpdateCase(#"{"$pull":{"a":{"$in":[1,"x"]}}}"#, on: #"{"a":[1,"x",2]}"#, gives: #"{"a":[2]}"#, "$in"),
        UpdateCase(#"{"$pull":{"a":{"$nin":[1]}}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1]}"#, "$nin"),
        UpdateCase(#"{"$pull":{"a":{"$ne":1}}}"#, on: #"{"a":[1,2,null]}"#, gives: #"{"a":[1]}"#, "$ne"),
        UpdateCase(#"{"$pull":{"a":{"$regex":"^x"}}}"#, on: #"{"a":["x1","y",5]}"#, gives: #"{"a":["y",5]}"#, "$regex"),
        UpdateCase(
            #"{"$pull":{"a":{"$regularExpression":{"pattern":"^X","options":"i"}}}}"#, on: #"{"a":["x1","y"]}"#,
            gives: #"{"a":["y"]}"#, "an expression"),
        UpdateCase(
            #"{"$pull":{"a":{"$exists":true}}}"#, on: #"{"a":[1,null]}"#, gives: #"{"a":[]}"#,
            "$exists: every element does"),
        UpdateCase(#"{"$pull":{"a":{"$type":"string"}}}"#, on: #"{"a":[1,"x"]}"#, gives: #"{"a":[1]}"#, "$type"),
        UpdateCase(
            #"{"$pull":{"a":{"k":1}}}"#, on: #"{"a":[{"k":1,"l":2},{"k":2},1]}"#, gives: #"{"a":[{"k":2},1]}"#,
            "a document is a filter on documents, not an equality"),
        UpdateCase(
            #"{"$pull":{"a":{"k":{"$gt":1},"l":0}}}"#, on: #"{"a":[{"k":2,"l":0},{"k":2}]}"#,
            gives: #"{"a":[{"k":2}]}"#, "with operators"),
        UpdateCase(
            #"{"$pull":{"a":{"l":2,"k":1}}}"#, on: #"{"a":[{"k":1,"l":2}]}"#, gives: #"{"a":[]}"#,
            "so the order of its fields does not matter"),
        UpdateCase(
            #"{"$pull":{"a":{"k":null}}}"#, on: #"{"a":[{"l":1},{"k":1}]}"#, gives: #"{"a":[{"k":1}]}"#,
            "a missing field is null"),
        UpdateCase(
            #"{"$pull":{"a":{}}}"#, on: #"{"a":[{"k":1},{},5]}"#, gives: #"{"a":[5]}"#,
            "an empty filter matches every document"),
        UpdateCase(
            #"{"$pull":{"a":{"$or":[{"k":1},{"l":1}]}}}"#, on: #"{"a":[{"k":1},{"l":1},{"k":2}]}"#,
            gives: #"{"a":[{"k":2}]}"#, "$or joins filters on documents"),
        UpdateCase(
            #"{"$pull":{"a":{"k":{"$elemMatch":{"x":1,"y":1}}}}}"#,
            on: #"{"a":[{"k":[{"x":1,"y":1}]},{"k":[{"x":1},{"y":1}]}]}"#, gives: #"{"a":[{"k":[{"x":1},{"y":1}]}]}"#,
            "$elemMatch in a field of the elements"),
        UpdateCase(
            #"{"$pull":{"a":{"$elemMatch":{"$gt":1}}}}"#, on: #"{"a":[[1,2],[0],3]}"#, gives: #"{"a":[[0],3]}"#,
            "$elemMatch on elements that are arrays"),
        UpdateCase(
            #"{"$pull":{"a":{"$size":1}}}"#, on: #"{"a":[[1],[1,2],1]}"#, gives: #"{"a":[[1,2],1]}"#,
            "$size of elements that are arrays"),
        UpdateCase(#"{"$pull":{"a.0":1}}"#, on: #"{"a":[[1,2],[1]]}"#, gives: #"{"a":[[2],[1]]}"#, "of an inner array"),
        UpdateCase(
            #"{"$pull":{"a":"X"}}"#, on: #"{"a":["x","y"]}"#, gives: #"{"a":["y"]}"#, "by the collation",
            by: Collation(strength: .secondary)),
        UpdateCase(
            #"{"$pull":{"a":{"k":"X"}}}"#, on: #"{"a":[{"k":"x"}]}"#, gives: #"{"a":[]}"#, "in filters, too",
            by: Collation(strength: .secondary)),
        UpdateCase(#"{"$pull":{"a":1}}"#, on: #"{"a":5}"#, fails: 2, "the field must be an array"),
        UpdateCase(#"{"$pull":{"a":{"$foo":1}}}"#, on: #"{"a":[1]}"#, fails: 2, "an unknown operator"),
        UpdateCase(#"{"$pull":{"a":{"$expr":true}}}"#, on: #"{"a":[1]}"#, fails: 224, "$expr is not allowed"),
        UpdateCase(
            #"{"$pullAll":{"a":[1,"x"]}}"#, on: #"{"a":[1,2,"x",1.0]}"#, gives: #"{"a":[2]}"#,
            "$pullAll: each of the values"),
        UpdateCase(
            #"{"$pullAll":{"a":[{"k":1}]}}"#, on: #"{"a":[{"k":1},{"k":1,"l":1}]}"#, gives: #"{"a":[{"k":1,"l":1}]}"#,
            "documents are equal as a whole"),
        UpdateCase(#"{"$pullAll":{"a":[{"l":1,"k":1}]}}"#, keeps: #"{"a":[{"k":1,"l":1}]}"#, "with their order"),
        UpdateCase(#"{"$pullAll":{"a":[]}}"#, keeps: #"{"a":[1]}"#, "none"),
        UpdateCase(#"{"$pullAll":{"a":[1]}}"#, keeps: #"{"b":1}"#, "of a missing array"),
        UpdateCase(#"{"$pullAll":{"a":1}}"#, on: #"{"a":[1]}"#, fails: 2, "it wants an array"),
        UpdateCase(#"{"$pullAll":{"a":[1]}}"#, on: #"{"a":1}"#, fails: 2, "and the field must be one"),
    ]
}
