// $group, its keys and its accumulators.

import Testing

@Suite("Stages: groups")
struct StageGroupTests {
    static let keysRows = [
        makes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}, {'$sort': {'_id': 1}}",
            "{'_id': 1, 'n': 2}, {'_id': 2, 'n': 1}", of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}, {'_id': 3, 'a': 1}",
            "equal keys are one group"),
        makes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}", "{'_id': 1, 'n': 4}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 1.0}, {'_id': 3, 'a': L(1)}, {'_id': 4, 'a': D(1.00)}",
            "numbers are equal across types; the first form names the group"),
        makes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}", "{'_id': null, 'n': 2}",
            of: "{'_id': 1, 'a': null}, {'_id': 2}", "null and missing are one group"),
        makes(
            "{'$group': {'_id': null, 'n': {'$sum': 1}}}", "{'_id': null, 'n': 2}", of: "{'_id': 1}, {'_id': 2}",
            "one group of all"),
        makes(
            "{'$match': {'_id': 9}}, {'$group': {'_id': null, 'n': {'$sum': 1}}}", "", of: "{'_id': 1}",
            "of nothing, no group"),
        makes(
            "{'$group': {'_id': {'x': '$a', 'y': '$b'}, 'n': {'$sum': 1}}}", "{'_id': {'x': 1, 'y': 2}, 'n': 2}",
            of: "{'_id': 1, 'a': 1, 'b': 2}, {'_id': 2, 'a': 1.0, 'b': 2}", "a compound key, by the values of its parts"
        ),
        makes(
            "{'$group': {'_id': {'x': '$a', 'y': '$b'}, 'n': {'$sum': 1}}}, {'$sort': {'n': 1}}",
            "{'_id': {'x': 1, 'y': null}, 'n': 1}, {'_id': {'x': 1}, 'n': 2}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 1, 'b': null}, {'_id': 3, 'a': 1}",
            "in a compound key what is missing is not null"),
        makes(
            "{'$group': {'_id': {'x': '$a.b'}, 'n': {'$sum': 1}}}", "{'_id': {'x': [1]}, 'n': 2}",
            of: "{'_id': 1, 'a': [{'b': 1}]}, {'_id': 2, 'a': {'b': [1]}}", "a part through an array"),
        makes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}", "{'_id': [1, 2], 'n': 1}, {'_id': [2, 1], 'n': 1}",
            of: "{'_id': 1, 'a': [1, 2]}, {'_id': 2, 'a': [2, 1]}", "an array is one key, in its order"),
        makes(
            "{'$group': {'_id': '$a.b', 'n': {'$sum': 1}}}", "{'_id': [1, 2], 'n': 1}, {'_id': 1, 'n': 1}",
            of: "{'_id': 1, 'a': [{'b': 1}, {'b': 2}]}, {'_id': 2, 'a': {'b': 1}}", "a path through an array makes one"),
        makes(
            "{'$group': {'_id': {'$toUpper': '$a'}, 'n': {'$sum': 1}}}", "{'_id': 'X', 'n': 2}",
            of: "{'_id': 1, 'a': 'x'}, {'_id': 2, 'a': 'X'}", "a computed key"),
        makes(
            "{'$group': {'_id': '$a'}}", "{'_id': 'x'}, {'_id': 'X'}", of: "{'_id': 1, 'a': 'x'}, {'_id': 2, 'a': 'X'}",
            "no accumulators: the distinct keys"),
        makes(
            "{'$group': {'_id': '$a'}}", "{'_id': true}, {'_id': 1}, {'_id': '1'}",
            of: "{'_id': 1, 'a': true}, {'_id': 2, 'a': 1}, {'_id': 3, 'a': '1'}", "types apart"),
        makes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}", "{'_id': 0.0, 'n': 2}, {'_id': N(NaN), 'n': 2}",
            of: "{'_id': 1, 'a': 0.0}, {'_id': 2, 'a': -0.0}, {'_id': 3, 'a': N(NaN)}, {'_id': 4, 'a': D(NaN)}",
            "both zeros are one, and every not-a-number"),
        makes(
            "{'$group': {'_id': '$_id', 'a': {'$first': '$a'}}}", "{'_id': 1, 'a': 5}", of: "{'_id': 1, 'a': 5}",
            "by the identifier"),
        makes(
            "{'$group': {'_id': {}, 'n': {'$sum': 1}}}", "{'_id': {}, 'n': 2}", of: "{'_id': 1}, {'_id': 2}",
            "an empty document is a key"),
        makes(
            "{'$sortByCount': '$a'}", "{'_id': 2, 'count': 2}, {'_id': 1, 'count': 1}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}, {'_id': 3, 'a': 2}", "the most first"),
        makes(
            "{'$sortByCount': {'$mod': ['$_id', 2]}}", "{'_id': 1, 'count': 2}, {'_id': 0, 'count': 1}",
            of: "{'_id': 1}, {'_id': 2}, {'_id': 3}", "of a computed key"),
        refuses("{'$sortByCount': 'a'}", 40148, "with a dollar"),
        refuses("{'$sortByCount': {'a': 1}}", 40147, "an operator in an object"),
        refuses("{'$sortByCount': 1}", 40149, "a path or an object"),
        refuses("{'$group': 1}", 15947, "an object"),
        refuses("{'$group': {'n': {'$sum': 1}}}", 15955, "a key"),
        refuses("{'$group': {'_id': null, 'n': 1}}", 40234, "an accumulator in an object"),
        refuses("{'$group': {'_id': null, 'n': {}}}", 40238, "one"),
        refuses("{'$group': {'_id': null, 'n': {'$sum': 1, '$avg': 1}}}", 40238, "one only"),
        refuses("{'$group': {'_id': null, 'n': {'$nope': 1}}}", 15952, "that there is"),
        refuses("{'$group': {'_id': null, 'n': {'$topN': {}}}}", 238, "and is built"),
        refuses("{'$group': {'_id': null, 'n': {'$sum': ['$a', '$b']}}}", 40237, "of one operand"),
        refuses("{'$group': {'_id': null, 'a.b': {'$sum': 1}}}", 40235, "a name without a dot"),
        refuses("{'$group': {'_id': null, '$a': {'$sum': 1}}}", 40236, "and without a dollar"),
        refuses("{'$group': {'_id': null, 'n': {'$count': 1}}}", 14, "$count takes no operand"),
        refuses("{'$group': {'_id': '$$nope'}}", 17276, "variables that there are"),
    ]

    static let accumulatorsRows = [
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': 3}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}, {'_id': 3, 'a': 'x'}, {'_id': 4}",
            "only numbers count in a sum"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': 0}", of: "{'_id': 1, 'a': [1, 2]}",
            "an array is no number"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': L(3)}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': L(2)}", "an int64 makes an int64"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': 3.5}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2.5}", "a double makes a double"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': D(3.50)}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': D(2.50)}", "a decimal makes a decimal"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': L(4294967294)}",
            of: "{'_id': 1, 'a': 2147483647}, {'_id': 2, 'a': 2147483647}", "int32 grows to int64"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': 18446744073709551614.0}",
            of: "{'_id': 1, 'a': L(9223372036854775807)}, {'_id': 2, 'a': L(9223372036854775807)}",
            "int64 grows to a double"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': L(-1)}",
            of: "{'_id': 1, 'a': L(9223372036854775807)}, {'_id': 2, 'a': L(-9223372036854775808)}",
            "what fits again stays exact"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a'}}}", "{'_id': null, 's': 0.6}",
            of: "{'_id': 1, 'a': 0.1}, {'_id': 2, 'a': 0.2}, {'_id': 3, 'a': 0.3}", "doubles with what rounding loses"),
        makes(
            "{'$group': {'_id': null, 's': {'$sum': '$a.b'}}}", "{'_id': null, 's': 1}",
            of: "{'_id': 1, 'a': {'b': 1}}, {'_id': 2, 'a': [{'b': 2}]}", "a path through an array makes an array"),
        makes(
            "{'$group': {'_id': null, 'n': {'$count': {}}}}", "{'_id': null, 'n': 2}", of: "{'_id': 1}, {'_id': 2}",
            "a count is a sum of ones"),
        makes(
            "{'$group': {'_id': null, 'm': {'$avg': '$a'}}}", "{'_id': null, 'm': 1.5}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}, {'_id': 3, 'a': null}, {'_id': 4, 'a': 'x'}",
            "the mean of the numbers"),
        makes(
            "{'$group': {'_id': null, 'm': {'$avg': '$a'}}}", "{'_id': null, 'm': null}", of: "{'_id': 1, 'a': 'x'}",
            "of none, null"),
        makes(
            "{'$group': {'_id': null, 'm': {'$avg': '$a'}}}", "{'_id': null, 'm': D(1.5)}",
            of: "{'_id': 1, 'a': D(1)}, {'_id': 2, 'a': 2}", "a decimal makes a decimal"),
        makes(
            "{'$group': {'_id': null, 'l': {'$min': '$a'}, 'h': {'$max': '$a'}}}", "{'_id': null, 'l': 1, 'h': 'x'}",
            of: "{'_id': 1, 'a': 2}, {'_id': 2, 'a': 1}, {'_id': 3, 'a': 'x'}, {'_id': 4, 'a': null}, {'_id': 5}",
            "in the order of all values, null left out"),
        makes(
            "{'$group': {'_id': null, 'l': {'$min': '$a'}}}", "{'_id': null, 'l': null}", of: "{'_id': 1}",
            "of nothing, null"),
        makes(
            "{'$group': {'_id': null, 'h': {'$max': '$a'}}}", "{'_id': null, 'h': [1]}",
            of: "{'_id': 1, 'a': [1]}, {'_id': 2, 'a': 5}", "an array as a value"),
        makes(
            "{'$sort': {'_id': -1}}, {'$group': {'_id': null, 'f': {'$first': '$a'}, 'l': {'$last': '$a'}}}",
            "{'_id': null, 'f': 3, 'l': 1}", of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 2}, {'_id': 3, 'a': 3}",
            "in the order of the documents"),
        makes(
            "{'$group': {'_id': null, 'f': {'$first': '$a'}, 'l': {'$last': '$b'}}}",
            "{'_id': null, 'f': null, 'l': null}", of: "{'_id': 1, 'b': 1}, {'_id': 2, 'a': 2}",
            "what is missing there is null"),
        makes(
            "{'$group': {'_id': null, 'p': {'$push': '$a'}}}", "{'_id': null, 'p': [1, null, 1, [2]]}",
            of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': null}, {'_id': 3}, {'_id': 4, 'a': 1}, {'_id': 5, 'a': [2]}",
            "every value; what is missing is none"),
        makes(
            "{'$group': {'_id': null, 'p': {'$push': {'x': '$a', 'y': '$b'}}}}",
            "{'_id': null, 'p': [{'x': 1}, {'y': 2}]}", of: "{'_id': 1, 'a': 1}, {'_id': 2, 'b': 2}",
            "documents of values"),
        makes(
            "{'$group': {'_id': null, 'p': {'$push': '$$ROOT'}}}", "{'_id': null, 'p': [{'_id': 1}, {'_id': 2}]}",
            of: "{'_id': 1}, {'_id': 2}", "whole documents"),
        makes(
            "{'$group': {'_id': null, 's': {'$addToSet': '$a'}}}", "{'_id': null, 's': [1, null, [1]]}",
            of:
                "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 1.0}, {'_id': 3, 'a': null}, {'_id': 4}, {'_id': 5, 'a': [1]}, {'_id': 6, 'a': null}",
            "each once, numbers across types; what is missing is none"),
        makes(
            "{'$group': {'_id': null, 'o': {'$mergeObjects': '$a'}}}", "{'_id': null, 'o': {'x': 2, 'y': 3}}",
            of: "{'_id': 1, 'a': {'x': 1}}, {'_id': 2, 'a': null}, {'_id': 3, 'a': {'x': 2, 'y': 3}}", "later ones win"),
        refuses(
            "{'$group': {'_id': null, 'o': {'$mergeObjects': '$a'}}}", 40400, of: "{'_id': 1, 'a': 5}",
            "only documents merge"),
        makes(
            "{'$group': {'_id': '$a', 's': {'$sum': {'$multiply': ['$b', '$c']}}}}", "{'_id': 1, 's': 26}",
            of: "{'_id': 1, 'a': 1, 'b': 2, 'c': 3}, {'_id': 2, 'a': 1, 'b': 4, 'c': 5}", "of a computed value"),
        refuses(
            "{'$group': {'_id': null, 's': {'$sum': {'$divide': [1, '$a']}}}}", 2, of: "{'_id': 1, 'a': 0}",
            "what an expression refuses, the stage refuses"),
    ]

    @Test("keys", arguments: keysRows)
    func keys(_ row: StageCase) throws { try row.check() }

    @Test("accumulators", arguments: accumulatorsRows)
    func accumulators(_ row: StageCase) throws { try row.check() }
}
