// Expressions under a collation: what compares texts compares them as the query says, everywhere an expression may stand.
// The public documentation names the collation as the rule of comparison of the whole operation.

import SmartStore
import Testing

@Suite("Expressions: collation")
struct ExpressionCollationTests {
    /// Neither case nor accents count.
    static let letters = Collation(strength: .primary)
    /// Case does not count.
    static let words = Collation(strength: .secondary)
    /// All counts, but how a letter is composed.
    static let exact = Collation(strength: .tertiary)

    static let comparisonRows = [
        gives("{'$eq': ['$a', 'X']}", "true", on: "{'a': 'x'}", "a field and a constant", by: words),
        gives("{'$eq': ['X', '$a']}", "true", on: "{'a': 'x'}", "a constant and a field", by: words),
        gives("{'$eq': ['$a', '$b']}", "true", on: "{'a': 'x', 'b': 'X'}", "two fields", by: words),
        gives("{'$eq': ['x', 'X']}", "true", "two constants", by: words),
        gives("{'$eq': ['$a', 'X']}", "false", on: "{'a': 'x'}", "case counts in the third strength", by: exact),
        gives("{'$eq': ['$a', 'X']}", "false", on: "{'a': 'x'}", "without a collation, bytes are compared"),
        gives("{'$eq': ['\u{e9}', 'e']}", "true", "an accent does not count in the first strength", by: letters),
        gives("{'$eq': ['\u{e9}', 'e']}", "false", "but in the second", by: words),
        gives("{'$eq': ['\u{e9}', 'e\u{301}']}", "true", "one letter, however it is composed", by: exact),
        gives(
            "{'$eq': [{'$literal': {'k': ['x']}}, {'$literal': {'k': ['X']}}]}", "true", "inside of values", by: words),
        gives("{'$eq': [{'$literal': {'k': 1}}, {'$literal': {'K': 1}}]}", "false", "but names are names", by: words),
        gives("{'$eq': [5, 5.0]}", "true", "numbers are as they were", by: words),
        gives("{'$lt': ['$a', null]}", "true", "so is what is missing", by: words),
        gives("{'$ne': ['$a', 'X']}", "false", on: "{'a': 'x'}", "not unequal", by: words),
        gives("{'$gt': ['b', 'A']}", "true", "more, though its byte is", by: words),
        gives("{'$gt': ['a', 'B']}", "false", "less, though its byte is more", by: words),
        gives("{'$gte': ['a', 'A']}", "true", "equal is enough", by: words),
        gives("{'$lt': ['a', 'B']}", "true", "less", by: words),
        gives("{'$lt': ['a', 'A']}", "false", "not less than an equal one", by: words),
        gives("{'$lte': ['A', 'a']}", "true", "equal is enough", by: words),
        gives("{'$cmp': ['a', 'A']}", "0", "the same", by: words),
        gives("{'$cmp': ['a', 'B']}", "-1", "less", by: words),
        gives("{'$cmp': ['$a', '$b']}", "1", on: "{'a': 'C', 'b': 'b'}", "more", by: words),
        gives("{'$strcasecmp': ['\u{e9}', 'e']}", "1", "this one has its own rule", by: letters),
        gives("{'$indexOfCP': ['abc', 'B']}", "-1", "a search in a text looks at code points", by: words),
    ]

    static let arrayRows = [
        gives("{'$in': ['X', '$a']}", "true", on: "{'a': ['w', 'x']}", "among the elements", by: words),
        gives("{'$in': ['$a', ['X']]}", "true", on: "{'a': 'x'}", "of a constant", by: words),
        gives("{'$in': ['X', '$a']}", "false", on: "{'a': ['x']}", "not without a collation"),
        gives("{'$indexOfArray': ['$a', 'X']}", "1", on: "{'a': ['w', 'x']}", "the place of an equal one", by: words),
        gives("{'$max': ['a', 'B']}", "'B'", "the greatest", by: words),
        gives("{'$max': ['a', 'B']}", "'a'", "by bytes another one"),
        gives("{'$min': '$a'}", "'a'", on: "{'a': ['B', 'a', 'C']}", "the least of an array", by: words),
        gives("{'$max': ['x', 'X']}", "'x'", "the first of equal ones", by: words),
        gives("{'$min': ['X', 'x']}", "'X'", "the first of equal ones", by: words),
        gives("{'$max': [null, 'a', 5]}", "'a'", "types go before letters", by: words),
        gives(
            "{'$maxN': {'n': 2, 'input': '$a'}}", "['C', 'b']", on: "{'a': ['b', 'a', 'C']}", "the greatest", by: words),
        gives("{'$maxN': {'n': 2, 'input': '$a'}}", "['b', 'a']", on: "{'a': ['b', 'a', 'C']}", "by bytes others"),
        gives("{'$minN': {'n': 2, 'input': '$a'}}", "['a', 'B']", on: "{'a': ['c', 'a', 'B']}", "the least", by: words),
        gives(
            "{'$sortArray': {'input': '$a', 'sortBy': 1}}", "['a', 'B', 'c']", on: "{'a': ['B', 'c', 'a']}", "in order",
            by: words),
        gives(
            "{'$sortArray': {'input': '$a', 'sortBy': -1}}", "['c', 'B', 'b', 'a']", on: "{'a': ['B', 'c', 'b', 'a']}",
            "equal ones stay as they were", by: words),
        gives("{'$sortArray': {'input': '$a', 'sortBy': 1}}", "['B', 'a']", on: "{'a': ['a', 'B']}", "by bytes"),
        gives(
            "{'$sortArray': {'input': '$a', 'sortBy': {'k': 1}}}", "[{'k': 'a'}, {'k': 'B'}]",
            on: "{'a': [{'k': 'B'}, {'k': 'a'}]}", "by a field", by: words),
        gives(
            "{'$filter': {'input': '$a', 'cond': {'$eq': ['$$this', 'X']}}}", "['x', 'X']",
            on: "{'a': ['x', 'y', 'X']}",
            "conditions inside", by: words),
        gives(
            "{'$reduce': {'input': '$a', 'initialValue': '', 'in': {'$max': ['$$value', '$$this']}}}", "'C'",
            on: "{'a': ['a', 'C', 'b']}", "inside of a reduction", by: words),
        gives(
            "{'$map': {'input': '$a', 'in': {'$cond': [{'$eq': ['$$this', 'X']}, 1, 0]}}}", "[1, 0]",
            on: "{'a': ['x', 'y']}", "inside of a mapping", by: words),
        gives(
            "{'$switch': {'branches': [{'case': {'$eq': ['$a', 'X']}, 'then': 1}], 'default': 0}}", "1",
            on: "{'a': 'x'}", "inside of a choice", by: words),
    ]

    static let setRows = [
        gives("{'$setUnion': [['a', 'B'], ['b', 'c']]}", "['a', 'B', 'c']", "the first of equal ones", by: words),
        gives("{'$setUnion': [['a'], ['A']]}", "['A', 'a']", "both, without a collation"),
        gives("{'$setIntersection': [['a', 'B'], ['A', 'c']]}", "['a']", "what both have", by: words),
        gives("{'$setIntersection': [['a'], ['A']]}", "[]", "nothing, without a collation"),
        gives("{'$setDifference': [['a', 'B', 'b'], ['A']]}", "['B']", "what the other lacks, once", by: words),
        gives("{'$setDifference': [['a'], ['A']]}", "['a']", "all of it, without a collation"),
        gives("{'$setEquals': [['a', 'B'], ['b', 'A', 'a']]}", "true", "the same", by: words),
        gives("{'$setEquals': [['a'], ['A']]}", "false", "others, without a collation"),
        gives("{'$setIsSubset': [['a'], ['A', 'b']]}", "true", "a part", by: words),
        gives("{'$setIsSubset': ['$a', ['A']]}", "false", on: "{'a': ['a', 'b']}", "not all of it", by: words),
        gives("{'$setUnion': [['a'], null]}", "null", "null as before", by: words),
    ]

    static let stageRows = [
        makes(
            "{'$match': {'$expr': {'$eq': ['$s', 'X']}}}", "{'_id': 1, 's': 'x'}",
            of: "{'_id': 1, 's': 'x'}, {'_id': 2, 's': 'y'}", "$expr", by: words),
        makes(
            "{'$match': {'$expr': {'$in': ['$s', ['X']]}}}, {'$count': 'n'}", "{'n': 1}",
            of: "{'_id': 1, 's': 'x'}, {'_id': 2, 's': 'y'}", "$expr, counted", by: words),
        makes(
            "{'$project': {'_id': 0, 'is': {'$eq': ['$s', 'X']}}}", "{'is': true}", of: "{'_id': 1, 's': 'x'}",
            "computed fields", by: words),
        makes(
            "{'$set': {'m': {'$max': ['$s', 'A']}}}", "{'_id': 1, 's': 'b', 'm': 'b'}, {'_id': 2, 's': 'a', 'm': 'a'}",
            of: "{'_id': 1, 's': 'b'}, {'_id': 2, 's': 'a'}", "added fields", by: words),
        makes(
            "{'$group': {'_id': {'$toLower': 'k'}, 'least': {'$min': '$s'}, 'most': {'$max': '$s'}}}",
            "{'_id': 'k', 'least': 'a', 'most': 'C'}",
            of: "{'_id': 1, 's': 'B'}, {'_id': 2, 's': 'a'}, {'_id': 3, 's': 'C'}",
            "extremes of groups", by: words),
        makes(
            "{'$group': {'_id': null, 'n': {'$sum': {'$cond': [{'$eq': ['$s', 'X']}, 1, 0]}}}}",
            "{'_id': null, 'n': 2}",
            of: "{'_id': 1, 's': 'x'}, {'_id': 2, 's': 'X'}, {'_id': 3, 's': 'y'}", "conditions in sums", by: words),
        makes(
            "{'$group': {'_id': '$s', 'n': {'$sum': 1}}}, {'$sort': {'_id': 1}}",
            "{'_id': 'x', 'n': 2}, {'_id': 'y', 'n': 1}",
            of: "{'_id': 1, 's': 'x'}, {'_id': 2, 's': 'X'}, {'_id': 3, 's': 'y'}", "keys of groups", by: words),
        makes(
            "{'$replaceWith': {'r': {'$setUnion': ['$s', ['X']]}}}", "{'r': ['x']}", of: "{'_id': 1, 's': ['x']}",
            "new roots", by: words),
    ]

    @Test("comparisons", arguments: comparisonRows) func comparisons(row: ExpressionCase) throws { try row.check() }
    @Test("arrays", arguments: arrayRows) func arrays(row: ExpressionCase) throws { try row.check() }
    @Test("sets", arguments: setRows) func sets(row: ExpressionCase) throws { try row.check() }
    @Test("stages", arguments: stageRows) func stages(row: StageCase) throws { try row.check() }

    @Test("a find's collation reaches $expr and computed fields")
    func find() throws {
        let store = try StageCase.store(["c": "{'_id': 1, 's': 'x'}, {'_id': 2, 's': 'y'}"])
        defer { try? store.close() }
        let query = FindQuery(
            try TableText.document("{'$expr': {'$eq': ['$s', 'X']}}"),
            projection: try TableText.document("{'_id': 1, 'most': {'$max': ['$s', 'A']}}"),
            options: QueryOptions(collation: Self.words))
        let found = try store.readSync { (tx) throws in try tx.collection("c").find(query) }
        #expect(found == [["_id": 1, "most": "x"]])
        var plain = query
        plain.options.collation = nil
        #expect(try store.readSync { (tx) throws in try tx.collection("c").find(plain) } == [])
    }
}
