// $out and $merge.

import Testing

@Suite("Stages: $out and $merge")
struct StageWritingTests {
    static let outsRows = [
        writes(
            "{'$match': {'a': 1}}, {'$out': 't'}", of: "{'_id': 1, 'a': 1}, {'_id': 2}", into: "{'_id': 9}",
            "{'_id': 1, 'a': 1}", "what was there is gone"),
        writes("{'$out': {'db': 'x', 'coll': 't'}}", of: "{'_id': 1}", into: "", "{'_id': 1}", "named by an object"),
        writes(
            "{'$match': {'a': 1}}, {'$out': 't'}", of: "{'_id': 1}", into: "{'_id': 9}", "",
            "an empty result empties the collection"),
        refuses(
            "{'$out': 't'}", of: "{'_id': 1, 'a': 1}, {'_id': 2, 'a': 1}", into: "{'_id': 9, 'a': 9}", unique: "a",
            11000, "its indexes stay, and hold"),
        refuses(
            "{'$project': {'_id': {'$literal': 1}}}, {'$out': 't'}", of: "{'_id': 1}, {'_id': 2}", into: "{'_id': 9}",
            11000, "identifiers are unique"),
        refuses("{'$out': 1}", of: "{'_id': 1}", into: "", 16990, "a name"),
    ]

    static let mergesRows = [
        writes(
            "{'$merge': 't'}", of: "{'_id': 1, 'a': 1}, {'_id': 2, 'b': 2}", into: "{'_id': 1, 'a': 0, 'c': 3}",
            "{'_id': 1, 'a': 1, 'c': 3}, {'_id': 2, 'b': 2}", "fields are merged, and what is new is inserted"),
        writes(
            "{'$merge': {'into': 't', 'whenMatched': 'replace'}}", of: "{'_id': 1, 'a': 1}", into: "{'_id': 1, 'c': 3}",
            "{'_id': 1, 'a': 1}", "or replaced"),
        writes(
            "{'$merge': {'into': 't', 'whenMatched': 'keepExisting'}}", of: "{'_id': 1, 'a': 1}, {'_id': 2}",
            into: "{'_id': 1, 'c': 3}", "{'_id': 1, 'c': 3}, {'_id': 2}", "or kept"),
        refuses(
            "{'$merge': {'into': 't', 'whenMatched': 'fail'}}", of: "{'_id': 2}, {'_id': 1}",
            into: "{'_id': 1, 'c': 3}", 11000, "or refused"),
        writes(
            "{'$merge': {'into': 't', 'whenMatched': [{'$set': {'n': {'$add': ['$n', '$$new.n']}}}]}}",
            of: "{'_id': 1, 'n': 1}", into: "{'_id': 1, 'n': 10, 'x': 0}", "{'_id': 1, 'n': 11, 'x': 0}",
            "or changed by a pipeline that sees both"),
        writes(
            "{'$merge': {'into': 't', 'let': {'m': {'$multiply': ['$n', 2]}}, 'whenMatched': [{'$set': {'n': '$$m', 'w': '$$new.n'}}]}}",
            of: "{'_id': 1, 'n': 4}", into: "{'_id': 1, 'n': 0}", "{'_id': 1, 'n': 8, 'w': 4}",
            "with variables of the new document"),
        writes(
            "{'$merge': {'into': 't', 'whenNotMatched': 'discard'}}", of: "{'_id': 1, 'a': 1}, {'_id': 2}",
            into: "{'_id': 1}", "{'_id': 1, 'a': 1}", "what is new may be left out"),
        refuses(
            "{'$merge': {'into': 't', 'whenNotMatched': 'fail'}}", of: "{'_id': 1, 'a': 1}, {'_id': 2}",
            into: "{'_id': 1}", 13113, "or refused, with nothing written"),
        writes(
            "{'$project': {'_id': 0}}, {'$merge': {'into': 't', 'on': 'k'}}", of: "{'_id': 1, 'k': 'x', 'a': 1}",
            into: "{'_id': 7, 'k': 'x'}", unique: "k", "{'_id': 7, 'k': 'x', 'a': 1}", "by another field"),
        writes(
            "{'$project': {'_id': 0}}, {'$merge': {'into': 't', 'on': ['k'], 'whenMatched': 'replace'}}",
            of: "{'_id': 1, 'k': 'x', 'a': 1}", into: "{'_id': 7, 'k': 'x', 'b': 2}", unique: "k",
            "{'_id': 7, 'k': 'x', 'a': 1}", "the identifier stays"),
        refuses(
            "{'$merge': {'into': 't', 'on': 'k'}}", of: "{'_id': 1, 'k': 'x'}", into: "{'_id': 7, 'k': 'x'}",
            unique: "k", 66, "and may not change"),
        refuses(
            "{'$merge': {'into': 't', 'on': 'k'}}", of: "{'_id': 1, 'k': 'x'}", into: "{'_id': 7, 'k': 'x'}", 51183,
            "by a field that is unique"),
        refuses(
            "{'$merge': {'into': 't', 'on': 'k'}}", of: "{'_id': 1, 'k': [1]}", into: "{'_id': 7, 'k': 'x'}",
            unique: "k", 51185, "and no array"),
        writes("{'$merge': 't'}", of: "{'_id': 1}", into: "", "{'_id': 1}", "into a collection that there was not"),
        writes(
            "{'$group': {'_id': '$a', 'n': {'$sum': 1}}}, {'$merge': 't'}",
            of: "{'_id': 1, 'a': 'x'}, {'_id': 2, 'a': 'x'}", into: "{'_id': 'x', 'z': 0}",
            "{'_id': 'x', 'z': 0, 'n': 2}", "groups into what was counted before"),
        writes(
            "{'$merge': {'into': {'db': 'd', 'coll': 't'}}}", of: "{'_id': 1}", into: "", "{'_id': 1}",
            "named by an object"),
        refuses("{'$merge': 1}", of: "{'_id': 1}", into: "", 51182, "a name or an object"),
        refuses("{'$merge': {'into': 1}}", of: "{'_id': 1}", into: "", 51178, "a name"),
        refuses("{'$merge': {}}", of: "{'_id': 1}", into: "", 40414, "that must be there"),
        refuses("{'$merge': {'into': 't', 'x': 1}}", of: "{'_id': 1}", into: "", 40415, "nothing else"),
        refuses("{'$merge': {'into': 't', 'on': 1}}", of: "{'_id': 1}", into: "", 51186, "a field or several"),
        refuses("{'$merge': {'into': 't', 'on': []}}", of: "{'_id': 1}", into: "", 51187, "one at least"),
        refuses("{'$merge': {'into': 't', 'on': [1]}}", of: "{'_id': 1}", into: "", 51134, "each a name"),
        refuses("{'$merge': {'into': 't', 'on': ['a', 'a']}}", of: "{'_id': 1}", into: "", 31465, "each once"),
        refuses(
            "{'$merge': {'into': 't', 'whenMatched': 'nope'}}", of: "{'_id': 1}", into: "", 2, "a mode that there is"),
        refuses(
            "{'$merge': {'into': 't', 'whenMatched': 1}}", of: "{'_id': 1}", into: "", 51191, "a mode or a pipeline"),
        refuses(
            "{'$merge': {'into': 't', 'whenNotMatched': 'nope'}}", of: "{'_id': 1}", into: "", 2, "a mode that there is"
        ),
        refuses(
            "{'$merge': {'into': 't', 'let': {'x': 1}}}", of: "{'_id': 1}", into: "", 51199,
            "variables are for a pipeline"),
        refuses(
            "{'$merge': {'into': 't', 'whenMatched': [{'$group': {'_id': 1}}]}}", of: "{'_id': 1}", into: "", 72,
            "a pipeline of stages for one document"),
    ]

    @Test("$out replaces a collection", arguments: outsRows)
    func outs(_ row: WritingCase) throws { try row.check() }

    @Test("$merge puts documents among others", arguments: mergesRows)
    func merges(_ row: WritingCase) throws { try row.check() }
}
