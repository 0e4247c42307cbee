// Arrays, sets and documents as values.

import Testing

@Suite("Expressions: arrays, sets and documents")
struct ExpressionArrayTests {
    static let elementsRows = [
        gives("{'$arrayElemAt': ['$a', 1]}", "2", on: "{'a': [1, 2]}", "by index"),
        gives("{'$arrayElemAt': ['$a', -1]}", "2", on: "{'a': [1, 2]}", "from the end"),
        gives("{'$arrayElemAt': ['$a', 5]}", "missing", on: "{'a': [1, 2]}", "beyond it is missing"),
        gives("{'$arrayElemAt': ['$a', 1.0]}", "2", on: "{'a': [1, 2]}", "a whole double will do"),
        gives("{'$arrayElemAt': ['$a', 0]}", "null", "of what is missing, null"),
        gives("{'$arrayElemAt': [[1], null]}", "null", "at null, null"),
        fails("{'$arrayElemAt': [5, 0]}", 28689, "an array"),
        fails("{'$arrayElemAt': [[1], 'x']}", 28690, "a number"),
        fails("{'$arrayElemAt': [[1], 0.5]}", 28691, "a whole one"),
        gives("{'$first': '$a'}", "1", on: "{'a': [1, 2]}", "the first"),
        gives("{'$last': '$a'}", "2", on: "{'a': [1, 2]}", "the last"),
        gives("{'$first': '$a'}", "missing", on: "{'a': []}", "of an empty array, missing"),
        gives("{'$last': '$a'}", "null", "of what is missing, null"),
        fails("{'$first': 5}", 28689, "an array"),
        gives("{'$size': '$a'}", "2", on: "{'a': [1, null]}", "null counts"),
        fails("{'$size': '$a'}", 17124, "what is missing has no size"),
        fails("{'$size': null}", 17124, "nor has null"),
        gives("{'$isArray': '$a'}", "true", on: "{'a': []}", "an array"),
        gives("{'$isArray': ['$a']}", "false", "what is missing is none"),
        gives("{'$isArray': [[1]]}", "true", "the operand in its brackets"),
        gives("{'$in': [2, '$a']}", "true", on: "{'a': [1, 2.0]}", "numbers across types"),
        gives("{'$in': [null, '$a']}", "false", on: "{'a': [1]}", "null only when it is there"),
        gives("{'$in': [[1], '$a']}", "true", on: "{'a': [[1]]}", "an array as an element"),
        fails("{'$in': [1, '$a']}", 40081, "an array to look in"),
        gives("{'$indexOfArray': [[1, 2, 1], 1]}", "0", "the first place"),
        gives("{'$indexOfArray': [[1, 2, 1], 1, 1]}", "2", "from a place on"),
        gives("{'$indexOfArray': [[1, 2, 1], 1, 1, 2]}", "-1", "up to a place"),
        gives("{'$indexOfArray': [[1, 2], 5]}", "-1", "not there"),
        gives("{'$indexOfArray': [null, 5]}", "null", "in null, null"),
        fails("{'$indexOfArray': ['x', 5]}", 40090, "an array"),
        fails("{'$indexOfArray': [[1], 5, -1]}", 40097, "no negative place"),
    ]

    static let madeRows = [
        gives("{'$concatArrays': [[1], [2, 3], []]}", "[1, 2, 3]", "one after the other"),
        gives("{'$concatArrays': [[1], '$x']}", "null", "missing makes null"),
        fails("{'$concatArrays': [[1], 2]}", 28664, "only arrays"),
        gives("{'$reverseArray': [[1, 2]]}", "[2, 1]", "backwards"),
        gives("{'$reverseArray': null}", "null", "null makes null"),
        fails("{'$reverseArray': 5}", 34435, "an array"),
        gives("{'$range': [0, 5, 2]}", "[0, 2, 4]", "by steps, the end left out"),
        gives("{'$range': [3, 0, -1]}", "[3, 2, 1]", "downwards"),
        gives("{'$range': [0, 3, -1]}", "[]", "the wrong way"),
        fails("{'$range': ['x', 3]}", 34443, "a number to start"),
        fails("{'$range': [0.5, 3]}", 34444, "a whole one"),
        fails("{'$range': [0, null]}", 34445, "a number to end"),
        fails("{'$range': [0, 3.5]}", 34446, "a whole one"),
        fails("{'$range': [0, 3, 'x']}", 34447, "a number to step"),
        fails("{'$range': [0, 3, 0]}", 34449, "that is not zero"),
        gives("{'$slice': [[1, 2, 3], 2]}", "[1, 2]", "the first"),
        gives("{'$slice': [[1, 2, 3], -2]}", "[2, 3]", "the last"),
        gives("{'$slice': [[1, 2, 3], 1, 5]}", "[2, 3]", "from a place on"),
        gives("{'$slice': [[1, 2, 3], -2, 1]}", "[2]", "from a place from the end"),
        gives("{'$slice': [[1, 2, 3], 5, 1]}", "[]", "behind the end"),
        gives("{'$slice': [null, 1]}", "null", "null makes null"),
        fails("{'$slice': [5, 1]}", 28724, "an array"),
        fails("{'$slice': [[1], 'x']}", 28725, "a number"),
        fails("{'$slice': [[1], 0.5]}", 28726, "a whole one"),
        fails("{'$slice': [[1], 0, 'x']}", 28727, "a number to count"),
        fails("{'$slice': [[1], 0, 0]}", 28729, "at least one"),
        gives("{'$zip': {'inputs': [[1, 2], ['a']]}}", "[[1, 'a']]", "as long as the shortest"),
        gives(
            "{'$zip': {'inputs': [[1, 2], ['a']], 'useLongestLength': true}}", "[[1, 'a'], [2, null]]", "or the longest"
        ),
        gives(
            "{'$zip': {'inputs': [[1, 2], ['a']], 'useLongestLength': true, 'defaults': [0, 'z']}}",
            "[[1, 'a'], [2, 'z']]", "filled up"),
        gives("{'$zip': {'inputs': [[1], null]}}", "null", "null makes null"),
        fails("{'$zip': {'inputs': 5}}", 34461, "an array of inputs"),
        fails("{'$zip': {'inputs': [5]}}", 34468, "inputs that are arrays"),
        fails("{'$zip': {'inputs': []}}", 34465, "one at least"),
        fails("{'$zip': {'inputs': [[1]], 'defaults': [1]}}", 34466, "defaults for the longest only"),
        fails("{'$zip': {'inputs': [[1]], 'useLongestLength': 1}}", 34463, "a boolean"),
        fails("{'$zip': {'inputs': [[1]], 'x': 1}}", 34464, "nothing else"),
        fails("{'$zip': 5}", 34460, "an object"),
        gives("{'$sortArray': {'input': [3, 1, 2], 'sortBy': 1}}", "[1, 2, 3]", "by value"),
        gives(
            "{'$sortArray': {'input': ['x', 1, null, 2.5], 'sortBy': -1}}", "['x', 2.5, 1, null]",
            "types in their order"),
        gives(
            "{'$sortArray': {'input': '$a', 'sortBy': {'n': -1}}}", "[{'n': 2}, {'n': 1}, {}]",
            on: "{'a': [{}, {'n': 1}, {'n': 2}]}", "by a field"),
        gives("{'$sortArray': {'input': null, 'sortBy': 1}}", "null", "null makes null"),
        fails("{'$sortArray': {'input': 5, 'sortBy': 1}}", 2_942_504, "an array"),
        gives("{'$firstN': {'n': 2, 'input': [1, 2, 3]}}", "[1, 2]", "the first few"),
        gives("{'$maxN': {'n': 2, 'input': [1, null, 3, 2]}}", "[3, 2]", "the greatest, null left out"),
    ]

    static let walksRows = [
        gives(
            "{'$filter': {'input': '$a', 'cond': {'$gt': ['$$this', 1]}}}", "[2, 3]", on: "{'a': [1, 2, 3]}",
            "elements are $$this"),
        gives(
            "{'$filter': {'input': '$a', 'as': 'x', 'cond': {'$gt': ['$$x', 1]}, 'limit': 1}}", "[2]",
            on: "{'a': [1, 2, 3]}", "named, and so many"),
        gives("{'$filter': {'input': '$a', 'cond': true}}", "null", "what is missing makes null"),
        fails("{'$filter': {'input': 5, 'cond': true}}", 28651, "an array"),
        fails("{'$filter': {'cond': true}}", 28648, "an input"),
        fails("{'$filter': {'input': []}}", 28650, "a condition"),
        fails("{'$filter': {'input': [], 'cond': true, 'x': 1}}", 28647, "nothing else"),
        fails("{'$filter': 5}", 28646, "an object"),
        fails("{'$filter': {'input': [1], 'cond': true, 'limit': 0}}", 327_392, "at least one"),
        fails("{'$filter': {'input': [1], 'cond': true, 'limit': 0.5}}", 327_391, "a whole limit"),
        gives("{'$map': {'input': '$a', 'in': {'$add': ['$$this', 1]}}}", "[2, 3]", on: "{'a': [1, 2]}", "each"),
        gives(
            "{'$map': {'input': '$a', 'as': 'x', 'in': '$$x.b'}}", "[1, null]", on: "{'a': [{'b': 1}, {}]}",
            "a missing result is null"),
        gives("{'$map': {'input': null, 'in': 1}}", "null", "null makes null"),
        fails("{'$map': {'input': 'x', 'in': 1}}", 16883, "an array"),
        fails("{'$map': {'in': 1}}", 16880, "an input"),
        fails("{'$map': {'input': []}}", 16882, "what each becomes"),
        fails("{'$map': {'input': [], 'in': 1, 'x': 1}}", 16879, "nothing else"),
        fails("{'$map': 1}", 16878, "an object"),
        gives(
            "{'$reduce': {'input': [1, 2, 3], 'initialValue': 0, 'in': {'$add': ['$$value', '$$this']}}}", "6",
            "one after the other"),
        gives("{'$reduce': {'input': [], 'initialValue': 'x', 'in': 1}}", "'x'", "of nothing, the first value"),
        gives("{'$reduce': {'input': '$a', 'initialValue': 0, 'in': 1}}", "null", "what is missing makes null"),
        fails("{'$reduce': {'input': 1, 'initialValue': 0, 'in': 1}}", 40080, "an array"),
        fails("{'$reduce': {'initialValue': 0, 'in': 1}}", 40077, "an input"),
        fails("{'$reduce': {'input': [], 'in': 1}}", 40078, "a first value"),
        fails("{'$reduce': {'input': [], 'initialValue': 0}}", 40079, "what it becomes"),
        fails("{'$reduce': {'input': [], 'initialValue': 0, 'in': 1, 'x': 1}}", 40076, "nothing else"),
        fails("{'$reduce': 1}", 40075, "an object"),
    ]

    static let setsRows = [
        gives("{'$setUnion': [[3, 1], [1, 2]]}", "[1, 2, 3]", "each once"),
        gives("{'$setUnion': [[1, 1.0]]}", "[1]", "equal numbers are one"),
        gives("{'$setUnion': [[[1]], [1]]}", "[1, [1]]", "arrays inside are elements"),
        gives("{'$setUnion': [[1], null]}", "null", "null makes null"),
        fails("{'$setUnion': [1]}", 17043, "only arrays"),
        gives("{'$setIntersection': [[1, 2, 2], [2, 3]]}", "[2]", "what both have"),
        gives("{'$setIntersection': []}", "[]", "of nothing, nothing"),
        fails("{'$setIntersection': [[1], 1]}", 17047, "only arrays"),
        gives("{'$setDifference': [[1, 2, 1, 3], [3]]}", "[1, 2]", "what the second lacks, each once"),
        gives("{'$setDifference': ['$x', [1]]}", "null", "missing makes null"),
        fails("{'$setDifference': [1, [1]]}", 17048, "arrays first"),
        fails("{'$setDifference': [[1], 1]}", 17049, "and second"),
        gives("{'$setEquals': [[1, 2, 2], [2, 1.0]]}", "true", "order and repetition do not count"),
        gives("{'$setEquals': [[1], [1, 2]]}", "false", "more is not the same"),
        fails("{'$setEquals': [null, [1]]}", 17044, "null is no set"),
        fails("{'$setEquals': [[1]]}", 17045, "two at least"),
        gives("{'$setIsSubset': [[1], [2, 1]]}", "true", "all of them"),
        gives("{'$setIsSubset': [[], []]}", "true", "the empty set in any"),
        fails("{'$setIsSubset': [1, []]}", 17046, "arrays first"),
        fails("{'$setIsSubset': [[], 1]}", 17042, "and second"),
        gives("{'$anyElementTrue': [[0, null, 1]]}", "true", "one is"),
        gives("{'$allElementsTrue': [[]]}", "true", "all of nothing"),
        gives("{'$allElementsTrue': [[1, 0]]}", "false", "zero is not"),
        fails("{'$anyElementTrue': [1]}", 17041, "an array"),
        fails("{'$allElementsTrue': [null]}", 17040, "null is none"),
    ]

    static let documentsRows = [
        gives(
            "{'$mergeObjects': ['$a', {'y': 2}]}", "{'x': 1, 'y': 2}", on: "{'a': {'x': 1, 'y': 1}}",
            "later ones win, in place"),
        gives("{'$mergeObjects': [null, '$a']}", "{}", "null and missing count as empty"),
        gives(
            "{'$mergeObjects': '$a'}", "{'x': 1, 'y': 2}", on: "{'a': [{'x': 1}, {'y': 2}]}",
            "the documents of an array"),
        fails("{'$mergeObjects': [1]}", 40400, "only documents"),
        gives(
            "{'$objectToArray': '$a'}", "[{'k': 'x', 'v': 1}, {'k': 'y', 'v': [2]}]", on: "{'a': {'x': 1, 'y': [2]}}",
            "pairs"),
        gives("{'$objectToArray': null}", "null", "null makes null"),
        fails("{'$objectToArray': [[1]]}", 40390, "a document"),
        gives("{'$arrayToObject': [[['x', 1], ['y', 2]]]}", "{'x': 1, 'y': 2}", "pairs as arrays"),
        gives(
            "{'$arrayToObject': '$a'}", "{'x': 2}", on: "{'a': [{'k': 'x', 'v': 1}, {'k': 'x', 'v': 2}]}",
            "pairs as documents; the last wins"),
        gives("{'$arrayToObject': '$x'}", "null", "missing makes null"),
        gives("{'$arrayToObject': [[]]}", "{}", "no pairs, no fields"),
        fails("{'$arrayToObject': 5}", 40386, "an array"),
        fails("{'$arrayToObject': [[5]]}", 40398, "of pairs"),
        fails("{'$arrayToObject': [[['x']]]}", 40397, "of two"),
        fails("{'$arrayToObject': [[[1, 2]]]}", 40395, "names that are strings"),
        fails("{'$arrayToObject': [[{'k': 'x'}]]}", 40392, "both fields"),
        fails("{'$arrayToObject': [[{'k': 'x', 'w': 1}]]}", 40393, "by their names"),
        fails("{'$arrayToObject': [[{'k': 1, 'v': 1}]]}", 40394, "a name that is a string"),
        fails("{'$arrayToObject': [[['x', 1], {'k': 'x', 'v': 1}]]}", 40396, "all of one kind"),
        fails("{'$arrayToObject': [[{'k': 'x', 'v': 1}, ['x', 1]]]}", 40391, "of either"),
    ]

    @Test("elements, sizes and places", arguments: elementsRows)
    func elements(_ row: ExpressionCase) throws { try row.check() }

    @Test("arrays made of arrays", arguments: madeRows)
    func made(_ row: ExpressionCase) throws { try row.check() }

    @Test("filter, map and reduce", arguments: walksRows)
    func walks(_ row: ExpressionCase) throws { try row.check() }

    @Test("sets", arguments: setsRows)
    func sets(_ row: ExpressionCase) throws { try row.check() }

    @Test("documents to pairs and back", arguments: documentsRows)
    func documents(_ row: ExpressionCase) throws { try row.check() }
}
