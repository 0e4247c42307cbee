// Stages that choose, order and change documents one by one.

import Testing

@Suite("Stages: choosing, ordering and changing documents")
struct StageDocumentTests {
    static let choosingRows = [
        makes("", "{'_id': 1}", of: "{'_id': 1}", "no stages, all documents"),
        makes(
            "{'$match': {'a': 1}}", "{'_id': 1, 'a': 1}, {'_id': 2, 'a': [1, 2]}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': [1, 2]}, {'_id': 3}", "as a find's filter"),
        makes(
            "{'$match': {'a': null}}", "{'_id': 2, 'a': null}, {'_id': 3}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': null}, {'_id': 3}", "null and missing"),
        makes(
            "{'$match': {'$expr': {'$gt': ['$a', '$b']}}}", "{'_id': 2, 'a': 2, 'b': 1}",
            of: "{'_id': 1, 'a': 1, 'b': 1}, {'_id': 2, 'a': 2, 'b': 1}", "fields with each other"),
        makes(
            "{'$match': {}}, {'$match': {'_id': {'$gt': 1}}}", "{'_id': 2}", of: "{'_id': 1}, {'_id': 2}",
            "one after the other"),
        makes(
            "{'$project': {'x': '$a'}}, {'$match': {'x': 2}}", "{'_id': 2, 'x': 2}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}", "of what a stage made"),
        refuses("{'$match': 1}", 15959, "an object"),
        refuses("{'$match': {'$nope': 1}}", 2, "operators that there are"),
        makes(
            "{'$sort': {'a': 1}}", "{'_id': 3, 'a': null}, {'_id': 4}, {'_id': 2, 'a': 1}, {'_id': 1, 'a': 'x'}",
            of: "{'_id': 1, 'a': 'x'}, {'_id': 2, 'a': 1}, {'_id': 3, 'a': null}, {'_id': 4}",
            "null and missing are equal in an order and come first"),
        makes(
            "{'$sort': {'a': -1, '_id': 1}}", "{'_id': 1, 'a': 2}, {'_id': 3, 'a': 2}, {'_id': 2, 'a': 1}",
            of: "{'_id': 1, 'a': 2}, {'_id': 2, 'a': 1}, {'_id': 3, 'a': 2}", "by several, each in its direction"),
        makes(
            "{'$sort': {'a': 1}}", "{'_id': 2, 'a': [0, 9]}, {'_id': 1, 'a': 1}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': [0, 9]}", "an array by its least element"),
        makes(
            "{'$sort': {'a': -1}}", "{'_id': 2, 'a': [0, 9]}, {'_id': 1, 'a': 1}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': [0, 9]}", "and by its greatest downwards"),
        makes(
            "{'$sort': {'_id': -1}}, {'$skip': 1}, {'$limit': 1}", "{'_id': 2}",
            of: "{'_id': 1}, {'_id': 2}, {'_id': 3}", "a page of the order"),
        makes(
            "{'$limit': 2}, {'$skip': 1}", "{'_id': 2}", of: "{'_id': 1}, {'_id': 2}, {'_id': 3}",
            "in the order in which they are written"),
        makes(
            "{'$set': {'n': {'$multiply': ['$_id', -1]}}}, {'$sort': {'n': 1}}, {'$skip': 1}, {'$limit': 1}, {'$unset': 'n'}",
            "{'_id': 2}", of: "{'_id': 1}, {'_id': 2}, {'_id': 3}", "of what a stage made"),
        makes("{'$skip': 5}", "", of: "{'_id': 1}", "beyond the end there is nothing"),
        makes("{'$skip': 0}", "{'_id': 1}", of: "{'_id': 1}", "none left out"),
        makes("{'$limit': 1.0}", "{'_id': 1}", of: "{'_id': 1}, {'_id': 2}", "a whole double will do"),
        refuses("{'$sort': 1}", 15973, "an object"),
        refuses("{'$sort': {}}", 15976, "a key"),
        refuses("{'$sort': {'a': 2}}", 15975, "1 or -1"),
        refuses("{'$limit': 0}", 15958, "at least one"),
        refuses("{'$limit': -1}", 5_107_201, "not negative"),
        refuses("{'$limit': 'x'}", 5_107_201, "a number"),
        refuses("{'$limit': 1.5}", 5_107_201, "a whole one"),
        refuses("{'$skip': -1}", 5_107_200, "not negative"),
        refuses("{'$skip': 'x'}", 5_107_200, "a number"),
        makes("{'$count': 'n'}", "{'n': 2}", of: "{'_id': 1}, {'_id': 2}", "how many"),
        makes("{'$match': {'_id': 9}}, {'$count': 'n'}", "", of: "{'_id': 1}", "none: no document"),
        makes(
            "{'$match': {'a': 1}}, {'$count': 'n'}", "{'n': 1}", of: "{'_id': 1, 'a': 1}, {'_id': 2}", "of what matches"
        ),
        makes(
            "{'$skip': 1}, {'$limit': 5}, {'$count': 'n'}", "{'n': 2}", of: "{'_id': 1}, {'_id': 2}, {'_id': 3}",
            "of a page"),
        makes(
            "{'$unwind': '$a'}, {'$count': 'n'}", "{'n': 3}", of: "{'_id': 1, 'a': [1, 2, 3]}", "of what a stage made"),
        refuses("{'$count': 1}", 40156, "a name"),
        refuses("{'$count': ''}", 40157, "that is not empty"),
        refuses("{'$count': '$n'}", 40158, "without a dollar"),
        refuses("{'$count': 'a.b'}", 40160, "without a dot"),
    ]

    static let changingRows = [
        makes(
            "{'$project': {'a': 1}}", "{'_id': 1, 'a': 2}", of: "{'_id': 1, 'a': 2, 'b': 3}",
            "named fields and the identifier"),
        makes("{'$project': {'a': 1, '_id': 0}}", "{'a': 2}", of: "{'_id': 1, 'a': 2, 'b': 3}", "without it"),
        makes("{'$project': {'b': 0}}", "{'_id': 1, 'a': 2}", of: "{'_id': 1, 'a': 2, 'b': 3}", "all but those named"),
        makes(
            "{'$project': {'a.x': 1}}", "{'_id': 1, 'a': [{'x': 1}, {}]}",
            of: "{'_id': 1, 'a': [{'x': 1, 'y': 2}, {'y': 3}, 4]}", "through arrays"),
        makes("{'$project': {'n': {'$add': ['$a', 1]}}}", "{'_id': 1, 'n': 3}", of: "{'_id': 1, 'a': 2}", "computed"),
        makes("{'$project': {'n': '$x'}}", "{'_id': 1}", of: "{'_id': 1}", "what is missing is left out"),
        makes("{'$project': {'n': {'$literal': 1}}}", "{'_id': 1, 'n': 1}", of: "{'_id': 1}", "a number as a value"),
        makes("{'$project': {'_id': '$a'}}", "{'_id': 2}", of: "{'_id': 1, 'a': 2}", "another identifier"),
        makes(
            "{'$project': {'n': ['$a', '$x']}}", "{'_id': 1, 'n': [2, null]}", of: "{'_id': 1, 'a': 2}",
            "an array of values"),
        makes(
            "{'$project': {'b': {'c': '$a'}}}", "{'_id': 1, 'b': {'c': 2}}", of: "{'_id': 1, 'a': 2}",
            "inside of a new document"),
        makes(
            "{'$project': {'s': {'$slice': ['$a', 1]}}}", "{'_id': 1, 's': [1]}", of: "{'_id': 1, 'a': [1, 2]}",
            "$slice is an expression here"),
        refuses("{'$project': 1}", 15969, "an object"),
        refuses("{'$project': {}}", 51272, "a field"),
        refuses("{'$project': {'a': 1, 'b': 0}}", 31254, "one way"),
        refuses("{'$project': {'a': 0, 'b': 1}}", 31253, "or the other"),
        refuses("{'$project': {'a': 1, 'a.b': 1}}", 31249, "no path inside another"),
        refuses("{'$project': {'a': {'$nope': 1}}}", 31325, "expressions that there are"),
        makes("{'$set': {'b': '$a'}}", "{'_id': 1, 'a': 2, 'b': 2}", of: "{'_id': 1, 'a': 2}", "a field more"),
        makes("{'$addFields': {'a': 5}}", "{'_id': 1, 'a': 5}", of: "{'_id': 1, 'a': 2}", "in its place"),
        makes("{'$set': {'a.b': 1}}", "{'_id': 1, 'a': {'c': 0, 'b': 1}}", of: "{'_id': 1, 'a': {'c': 0}}", "inside"),
        makes(
            "{'$set': {'a': {'b': 1}}}", "{'_id': 1, 'a': {'c': 0, 'b': 1}}", of: "{'_id': 1, 'a': {'c': 0}}",
            "the same as a document"),
        makes(
            "{'$set': {'a.b': 1}}", "{'_id': 1, 'a': [{'b': 1}, {'c': 0, 'b': 1}]}",
            of: "{'_id': 1, 'a': [7, {'c': 0}]}", "in each element"),
        makes("{'$set': {'a.b': 1}}", "{'_id': 1, 'a': {'b': 1}}", of: "{'_id': 1, 'a': 7}", "in place of a number"),
        makes("{'$set': {'a': '$$REMOVE'}}", "{'_id': 1}", of: "{'_id': 1, 'a': 7}", "taken out"),
        makes(
            "{'$set': {'a': '$b', 'b': '$a'}}", "{'_id': 1, 'a': 2, 'b': 1}", of: "{'_id': 1, 'a': 1, 'b': 2}",
            "all from the document before"),
        makes("{'$set': {'a': {}}}", "{'_id': 1, 'a': {}}", of: "{'_id': 1, 'a': 1}", "an empty document"),
        refuses("{'$set': 1}", 40272, "an object"),
        refuses("{'$set': {}}", 40177, "a field"),
        refuses("{'$addFields': {'a': 1, 'a.b': 2}}", 40176, "no path inside another"),
        refuses("{'$set': {'$a': 1}}", 16410, "no dollar"),
        refuses("{'$set': {'a.': 1}}", 40353, "no dot at the end"),
        makes("{'$unset': 'a'}", "{'_id': 1, 'b': 2}", of: "{'_id': 1, 'a': 1, 'b': 2}", "without a field"),
        makes(
            "{'$unset': ['a.b', 'c']}", "{'_id': 1, 'a': {'d': 1}}", of: "{'_id': 1, 'a': {'b': 1, 'd': 1}, 'c': 1}",
            "without several"),
        makes(
            "{'$unset': 'a.b'}", "{'_id': 1, 'a': [{}, {'c': 1}]}", of: "{'_id': 1, 'a': [{'b': 1}, {'b': 2, 'c': 1}]}",
            "in each element"),
        refuses("{'$unset': 1}", 31002, "a name"),
        refuses("{'$unset': []}", 31119, "one at least"),
        refuses("{'$unset': [1]}", 31120, "each a name"),
        makes(
            "{'$replaceRoot': {'newRoot': '$a'}}", "{'b': 1}", of: "{'_id': 1, 'a': {'b': 1}}",
            "a document inside becomes the whole"),
        makes("{'$replaceWith': {'n': '$a', 'x': '$y'}}", "{'n': 2}", of: "{'_id': 1, 'a': 2}", "a document is made"),
        makes(
            "{'$replaceRoot': {'newRoot': {'$mergeObjects': [{'a': 0, 'b': 0}, '$$ROOT']}}}",
            "{'a': 2, 'b': 0, '_id': 1}", of: "{'_id': 1, 'a': 2}", "with what fields it has otherwise"),
        refuses("{'$replaceRoot': {'newRoot': '$a'}}", 40228, of: "{'_id': 1, 'a': 5}", "no number"),
        refuses("{'$replaceWith': '$a'}", 40228, of: "{'_id': 1}", "nor what is missing"),
        refuses("{'$replaceRoot': 1}", 40229, "an object"),
        refuses("{'$replaceRoot': {}}", 40414, "a new root"),
        refuses("{'$replaceRoot': {'newRoot': '$a', 'x': 1}}", 40415, "nothing else"),
    ]

    static let unwindingRows = [
        makes(
            "{'$unwind': '$a'}", "{'_id': 1, 'a': 1}, {'_id': 1, 'a': 2}", of: "{'_id': 1, 'a': [1, 2]}",
            "a document for each element"),
        makes("{'$unwind': '$a'}", "{'_id': 1, 'a': 5}", of: "{'_id': 1, 'a': 5}", "what is no array is one element"),
        makes(
            "{'$unwind': '$a'}", "", of: "{'_id': 1, 'a': []}, {'_id': 2, 'a': null}, {'_id': 3}",
            "nothing for empty, null and missing"),
        makes(
            "{'$unwind': {'path': '$a', 'preserveNullAndEmptyArrays': true}}",
            "{'_id': 1}, {'_id': 2, 'a': null}, {'_id': 3}",
            of: "{'_id': 1, 'a': []}, {'_id': 2, 'a': null}, {'_id': 3}",
            "unless they are kept; an empty array is left out"),
        makes(
            "{'$unwind': {'path': '$a', 'includeArrayIndex': 'i'}}",
            "{'_id': 1, 'a': 'x', 'i': L(0)}, {'_id': 1, 'a': 'y', 'i': L(1)}", of: "{'_id': 1, 'a': ['x', 'y']}",
            "with the index, an int64"),
        makes(
            "{'$unwind': {'path': '$a', 'includeArrayIndex': 'i'}}", "{'_id': 1, 'a': 'x', 'i': null}",
            of: "{'_id': 1, 'a': 'x'}", "null for what is no array"),
        makes(
            "{'$unwind': {'path': '$a', 'includeArrayIndex': 'i', 'preserveNullAndEmptyArrays': true}}",
            "{'_id': 1, 'i': null}, {'_id': 2, 'i': null}", of: "{'_id': 1, 'a': []}, {'_id': 2}",
            "and for what is kept"),
        makes(
            "{'$unwind': '$a'}", "{'_id': 1, 'a': [1]}, {'_id': 1, 'a': null}", of: "{'_id': 1, 'a': [[1], null]}",
            "one level; a null element stays"),
        makes(
            "{'$unwind': '$a.b'}", "{'_id': 1, 'a': {'b': 1, 'c': 0}}, {'_id': 1, 'a': {'b': 2, 'c': 0}}",
            of: "{'_id': 1, 'a': {'b': [1, 2], 'c': 0}}", "inside of a document"),
        makes("{'$unwind': '$a.b'}", "", of: "{'_id': 1, 'a': [{'b': [1]}]}", "not through an array"),
        makes(
            "{'$unwind': '$a'}, {'$unwind': '$b'}",
            "{'_id': 1, 'a': 1, 'b': 3}, {'_id': 1, 'a': 1, 'b': 4}, {'_id': 1, 'a': 2, 'b': 3}, {'_id': 1, 'a': 2, 'b': 4}",
            of: "{'_id': 1, 'a': [1, 2], 'b': [3, 4]}", "every pair"),
        refuses("{'$unwind': 1}", 15981, "a path or an object"),
        refuses("{'$unwind': 'a'}", 28818, "with a dollar"),
        refuses("{'$unwind': ''}", 28812, "that is not empty"),
        refuses("{'$unwind': {}}", 28812, "and there"),
        refuses("{'$unwind': {'path': 1}}", 28808, "as text"),
        refuses("{'$unwind': {'path': '$a', 'preserveNullAndEmptyArrays': 1}}", 28809, "a boolean"),
        refuses("{'$unwind': {'path': '$a', 'includeArrayIndex': 1}}", 28810, "a name"),
        refuses("{'$unwind': {'path': '$a', 'includeArrayIndex': ''}}", 28810, "that is not empty"),
        refuses("{'$unwind': {'path': '$a', 'includeArrayIndex': '$i'}}", 28822, "without a dollar"),
        refuses("{'$unwind': {'path': '$a', 'x': 1}}", 28811, "nothing else"),
    ]

    static let wholeRows = [
        refuses("{'$nope': 1}", 40324, "a stage that there is not"),
        refuses("{'$lookup': {}}", 238, "one that is not built"),
        refuses("{}", 40323, "a stage has one field"),
        refuses("{'$limit': 1, '$skip': 1}", 40323, "and no more"),
        refuses("{'$match': {}}, {'$documents': []}", 40602, "first or not at all"),
        refuses(
            "{'$match': {}}, {'$vectorSearch': {'path': 'v', 'queryVector': [1.0], 'limit': 1}}", 40602, "likewise"),
        refuses("{'$out': 't'}, {'$match': {}}", 40601, "last or not at all"),
        refuses("{'$merge': 't'}, {'$match': {}}", 40601, "likewise"),
        makes(
            "{'$documents': [{'a': 1}, {'a': {'$add': [1, 1]}}]}", "{'a': 1}, {'a': 2}", of: "{'_id': 1}",
            "documents of the pipeline"),
        refuses("{'$documents': 1}", 5_858_203, "an array"),
        refuses("{'$documents': [1]}", 40228, "of documents"),
    ]

    @Test("$match, $sort, $skip, $limit and $count", arguments: choosingRows)
    func choosing(_ row: StageCase) throws { try row.check() }

    @Test("$project, $set, $unset and $replaceRoot", arguments: changingRows)
    func changing(_ row: StageCase) throws { try row.check() }

    @Test("$unwind", arguments: unwindingRows)
    func unwinding(_ row: StageCase) throws { try row.check() }

    @Test("pipelines as a whole", arguments: wholeRows)
    func whole(_ row: StageCase) throws { try row.check() }
}
