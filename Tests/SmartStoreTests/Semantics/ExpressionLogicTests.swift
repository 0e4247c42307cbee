// Comparison across types, truth, conditions, variables, literals and paths.

import Testing

@Suite("Expressions: comparison, conditions and paths")
struct ExpressionLogicTests {
    static let comparisonsRows = [
        gives("{'$eq': ['$a', null]}", "true", on: "{'a': null}", "null equals null"),
        gives("{'$eq': ['$a', null]}", "false", "missing is not null"),
        gives("{'$lt': ['$a', null]}", "true", "missing is less than null"),
        gives("{'$eq': ['$a', '$b']}", "true", "missing equals missing"),
        gives("{'$eq': [1, 1.0]}", "true", "numbers compare across types"),
        gives("{'$eq': [L(1), D(1.00)]}", "true", "decimals too"),
        gives("{'$eq': ['$a', 1]}", "false", on: "{'a': [1]}", "an array is not its element"),
        gives("{'$eq': ['$a', [1]]}", "true", on: "{'a': [1]}", "an array equals an array"),
        gives("{'$eq': ['$a', {'b': 1}]}", "true", on: "{'a': {'b': 1.0}}", "documents compare field by field"),
        gives("{'$eq': [{'$literal': {'a': 1, 'b': 2}}, {'$literal': {'b': 2, 'a': 1}}]}", "false", "in order"),
        gives("{'$gt': ['x', 5]}", "true", "a string is more than a number"),
        gives("{'$gt': ['$a', 100]}", "true", on: "{'a': []}", "an array is more than a number"),
        gives("{'$lt': [false, true]}", "true", "false is less than true"),
        gives("{'$lt': [true, T(1970-01-01)]}", "true", "a boolean is less than a date"),
        gives("{'$lt': [N(NaN), -1]}", "true", "not-a-number is the least number"),
        gives("{'$eq': [N(NaN), N(NaN)]}", "true", "and equals itself"),
        gives("{'$gte': [2, 2]}", "true", "equal is enough"),
        gives("{'$lte': [3, 2]}", "false", "more is not"),
        gives("{'$ne': [1, '1']}", "true", "a number is no string"),
        gives("{'$cmp': [1, 2]}", "-1", "less"),
        gives("{'$cmp': [2, 1]}", "1", "more"),
        gives("{'$cmp': [L(2), 2.0]}", "0", "the same"),
        gives("{'$cmp': ['a', 'B']}", "1", "strings compare by their bytes"),
        fails("{'$eq': [1]}", 16020, "two operands"),
        fails("{'$cmp': [1, 2, 3]}", 16020, "two operands"),
    ]

    static let truthsRows = [
        gives("{'$and': []}", "true", "all of nothing"),
        gives("{'$or': []}", "false", "any of nothing"),
        gives("{'$and': [1, 'x', []]}", "true", "numbers, strings and arrays are true"),
        gives("{'$and': [true, 0]}", "false", "zero is false"),
        gives("{'$or': [0.0, null, '$a', false]}", "false", "so are null, missing and false"),
        gives("{'$or': [D(0), '']}", "true", "an empty string is true"),
        gives("{'$not': [null]}", "true", "null is false"),
        gives("{'$not': [[]]}", "false", "an array is true, even an empty one"),
        gives("{'$not': '$a'}", "true", "missing is false"),
        gives("{'$and': '$a'}", "true", on: "{'a': 5}", "one operand may stand alone"),
        gives(
            "{'$or': [true, {'$divide': [1, '$a']}]}", "true", on: "{'a': 0}",
            "what comes after the answer is not looked at"),
        fails("{'$not': [true, false]}", 16020, "one operand"),
    ]

    static let conditionsRows = [
        gives("{'$cond': [true, 'y', 'n']}", "'y'", "three operands"),
        gives("{'$cond': {'if': '$a', 'then': 'y', 'else': 'n'}}", "'n'", "missing is false"),
        gives("{'$cond': ['$a', {'$divide': [1, '$a']}, 'none']}", "'none'", on: "{'a': 0}", "one branch only"),
        gives("{'$cond': [true, '$a', 1]}", "missing", "a branch may be missing"),
        fails("{'$cond': [true, 1]}", 16020, "not two operands"),
        fails("{'$cond': {'then': 1, 'else': 2}}", 17080, "the condition"),
        fails("{'$cond': {'if': 1, 'else': 2}}", 17081, "what then"),
        fails("{'$cond': {'if': 1, 'then': 2}}", 17082, "what else"),
        fails("{'$cond': {'if': 1, 'then': 2, 'else': 3, 'other': 4}}", 17083, "nothing else"),
        gives("{'$ifNull': ['$a', 'none']}", "'none'", "missing"),
        gives("{'$ifNull': ['$a', 'none']}", "'none'", on: "{'a': null}", "null"),
        gives("{'$ifNull': ['$a', 'none']}", "0", on: "{'a': 0}", "zero is a value"),
        gives("{'$ifNull': ['$a', '$b', 3]}", "2", on: "{'b': 2}", "the first of several"),
        gives("{'$ifNull': ['$a', '$b']}", "missing", "the last may be missing"),
        fails("{'$ifNull': ['$a']}", 1_257_300, "two operands at least"),
        gives(
            "{'$switch': {'branches': [{'case': {'$lt': ['$a', 10]}, 'then': 'few'}], 'default': 'many'}}", "'few'",
            on: "{'a': 3}", "the first branch that holds"),
        gives(
            "{'$switch': {'branches': [{'case': {'$lt': ['$a', 10]}, 'then': 'few'}], 'default': 'many'}}", "'many'",
            on: "{'a': 30}", "the default"),
        fails("{'$switch': {'branches': [{'case': '$a', 'then': 1}]}}", 40066, "no branch and no default"),
        fails("{'$switch': 1}", 40060, "an object"),
        fails("{'$switch': {'branches': 1}}", 40061, "an array of branches"),
        fails("{'$switch': {'branches': []}}", 40068, "one branch at least"),
        fails("{'$switch': {'branches': [1]}}", 40062, "each an object"),
        fails("{'$switch': {'branches': [{'then': 1}]}}", 40064, "with a case"),
        fails("{'$switch': {'branches': [{'case': 1}]}}", 40065, "and what then"),
        fails("{'$switch': {'branches': [{'case': 1, 'then': 1, 'x': 1}]}}", 40063, "and nothing else"),
        fails("{'$switch': {'other': 1}}", 40067, "nothing else beside"),
    ]

    static let variablesRows = [
        gives("{'$let': {'vars': {'x': 2, 'y': '$a'}, 'in': {'$add': ['$$x', '$$y']}}}", "5", on: "{'a': 3}", "bound"),
        gives("{'$let': {'vars': {'x': 1}, 'in': {'$let': {'vars': {'x': 2}, 'in': '$$x'}}}}", "2", "the inner one"),
        gives("{'$let': {'vars': {'x': '$a'}, 'in': '$$x.b'}}", "7", on: "{'a': {'b': 7}}", "a path into a variable"),
        gives(
            "{'$let': {'vars': {'x': '$a'}, 'in': '$$x.b'}}", "[1, 2]", on: "{'a': [{'b': 1}, {'b': 2}]}",
            "through an array"),
        gives("{'$let': {'vars': {'x': 1, 'y': '$$given'}, 'in': '$$y'}}", "5", "variables of the query"),
        gives("'$$ROOT'", "{'a': 1}", on: "{'a': 1}", "the whole document"),
        gives("'$$ROOT.a'", "1", on: "{'a': 1}", "a path into it"),
        gives("'$$CURRENT.a'", "1", on: "{'a': 1}", "the same"),
        gives("'$$NOW'", "T(2023-11-14T22:13:20Z)", "the time of the query"),
        gives("'$$REMOVE'", "missing", "a value that is missing"),
        gives("{'a': '$$REMOVE', 'b': 1}", "{'b': 1}", "a field of it is left out"),
        gives("'$$given'", "5", "a variable of the query"),
        fails("'$$unknown'", 17276, "an undefined variable"),
        fails("'$$'", 9, "no name"),
        fails("{'$let': {'vars': {'x': 1, 'y': '$$x'}, 'in': 1}}", 17276, "bindings do not see each other"),
        fails("{'$let': {'vars': {'X': 1}, 'in': 1}}", 9, "names begin in lower case"),
        fails("{'$let': 1}", 16874, "an object"),
        fails("{'$let': {'vars': {}, 'in': 1, 'x': 1}}", 16875, "nothing else beside"),
        fails("{'$let': {'in': 1}}", 16876, "the variables"),
        fails("{'$let': {'vars': {}}}", 16877, "the expression"),
        gives("{'$literal': '$a'}", "'$a'", on: "{'a': 1}", "not a path"),
        gives("{'$literal': {'$add': [1, 2]}}", "{'$add': [1, 2]}", "not an operator"),
        gives("{'$const': 1}", "1", "another name of it"),
    ]

    static let pathsRows = [
        gives("'$a.b'", "1", on: "{'a': {'b': 1}}", "into a document"),
        gives("'$a.b'", "missing", on: "{'a': 5}", "not into a number"),
        gives(
            "'$a.b'", "[1, 3]", on: "{'a': [{'b': 1}, {'c': 2}, {'b': 3}, 4]}", "through an array, where it leads on"),
        gives("'$a.b'", "[]", on: "{'a': []}", "through an empty array"),
        gives("'$a.0'", "[]", on: "{'a': [1, 2]}", "a number is no index here"),
        gives("'$a.0'", "[7]", on: "{'a': [{'0': 7}]}", "but a name"),
        gives("'$a.b'", "[[1], 2]", on: "{'a': [[{'b': 1}], {'b': 2}]}", "through arrays of arrays"),
        gives("'$a.b.c'", "[[1, 2]]", on: "{'a': [{'b': [{'c': 1}, {'c': 2}]}]}", "through arrays one after the other"),
        gives("['$a', '$b']", "[1, null]", on: "{'a': 1}", "a missing element is null"),
        gives("{'x': '$a', 'y': '$b'}", "{'x': 1}", on: "{'a': 1}", "a missing field is left out"),
        gives("{'x': {'y': ['$a']}}", "{'x': {'y': [1]}}", on: "{'a': 1}", "as deep as it is written"),
        gives("{}", "{}", "an empty document"),
        gives("'plain'", "'plain'", "a string without a dollar is itself"),
        fails("'$'", 16872, "no name"),
        fails("'$a.'", 40353, "a dot at the end"),
        fails("'$a..b'", 15998, "an empty name"),
        fails("'$a.$b'", 16410, "a dollar inside"),
        fails("{'a.b': 1}", 16412, "a dot in a name of a literal document"),
        fails("{'$add': [1], '$subtract': [2, 1]}", 15983, "one operator in an object"),
        fails("{'$nope': 1}", 168, "an operator that there is not"),
        fails("{'$function': {}}", 238, "one that is not built"),
        gives("{'$getField': 'a'}", "1", on: "{'a': 1}", "a field by name"),
        gives("{'$getField': {'field': 'b.c', 'input': '$a'}}", "2", on: "{'a': {'b.c': 2}}", "a name with a dot"),
        gives("{'$getField': {'field': {'$literal': '$x'}, 'input': {'$literal': {'$x': 3}}}}", "3", "with a dollar"),
        gives("{'$getField': {'field': 'a', 'input': 5}}", "missing", "not of a number"),
        gives("{'$getField': {'field': 'a', 'input': null}}", "null", "of null, null"),
        fails("{'$getField': 5}", 5_654_602, "a name"),
        gives(
            "{'$setField': {'field': 'a.b', 'input': '$$ROOT', 'value': 1}}", "{'x': 0, 'a.b': 1}", on: "{'x': 0}",
            "set"),
        gives(
            "{'$setField': {'field': 'x', 'input': '$$ROOT', 'value': '$$REMOVE'}}", "{'y': 1}", on: "{'x': 0, 'y': 1}",
            "removed"),
        gives("{'$unsetField': {'field': 'x', 'input': '$$ROOT'}}", "{'y': 1}", on: "{'x': 0, 'y': 1}", "unset"),
    ]

    @Test("comparison follows the order of all values", arguments: comparisonsRows)
    func comparisons(_ row: ExpressionCase) throws { try row.check() }

    @Test("what counts as true", arguments: truthsRows)
    func truths(_ row: ExpressionCase) throws { try row.check() }

    @Test("conditions take one branch", arguments: conditionsRows)
    func conditions(_ row: ExpressionCase) throws { try row.check() }

    @Test("variables and literals", arguments: variablesRows)
    func variables(_ row: ExpressionCase) throws { try row.check() }

    @Test("paths, documents and arrays", arguments: pathsRows)
    func paths(_ row: ExpressionCase) throws { try row.check() }
}
