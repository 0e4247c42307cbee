// $regex with its options, $not, collation.

import Testing

@testable import SmartStore

@Suite("Semantics of regular expressions and collation")
struct PatternSemantics {
    @Test("$regex", arguments: Self.expressions)
    func expressionsCase(test: FilterCase) throws { try test.check() }

    static let expressions: [FilterCase] = [
        FilterCase(
            #"{"a":{"$regex":"bc"}}"#, is: #"{"a":"abcd"},{"a":["x","bc"]},{"a":{"$symbol":"bc"}}"#,
            not: #"{"a":"BC"},{"a":"b"},{"a":5},{},{"a":null},{"a":[["bc"]]},{"a":{"$code":"bc"}}"#,
            "anywhere in a text, also in an array's"),
        FilterCase(
            #"{"a":{"$regularExpression":{"pattern":"^b","options":"i"}}}"#,
            is: #"{"a":"Box"},{"a":"b"},{"a":{"$regularExpression":{"pattern":"^b","options":"i"}}}"#,
            not: #"{"a":"abc"},{"a":{"$regularExpression":{"pattern":"^b","options":""}}}"#,
            "an expression by itself; it also equals a stored one like it"),
        FilterCase(
            #"{"a":{"$regex":"^ab"}}"#, is: #"{"a":"ab"},{"a":"abc"},{"a":["z","ab"]}"#,
            not: #"{"a":"xab"},{"a":"a"},{"a":"AB"}"#,
            "a beginning, which an index can look up"),
        FilterCase(
            #"{"a":{"$regex":"^ab$"}}"#, is: #"{"a":"ab"},{"a":"ab\n"}"#, not: #"{"a":"abc"},{"a":"ab\nc"}"#,
            "a whole text; a last line end is allowed after it"),
        FilterCase(
            #"{"a":{"$regex":"^ab*"}}"#, is: #"{"a":"a"},{"a":"abb"},{"a":"ax"}"#, not: #"{"a":"b"}"#,
            "a last letter that may be missing"),
        FilterCase(
            #"{"a":{"$regex":"^ab?c"}}"#, is: #"{"a":"ac"},{"a":"abc"}"#, not: #"{"a":"abbc"}"#,
            "a letter that may be missing"),
        FilterCase(
            #"{"a":{"$regex":"^ab{0,1}"}}"#, is: #"{"a":"a"},{"a":"ab"}"#, not: #"{"a":"b"}"#, "a counted repetition"),
        FilterCase(
            #"{"a":{"$regex":"^a|b"}}"#, is: #"{"a":"ax"},{"a":"xb"}"#, not: #"{"a":"xa"}"#, "a choice at the top"),
        FilterCase(
            #"{"a":{"$regex":"^(a|b)c"}}"#, is: #"{"a":"ac"},{"a":"bcd"}"#, not: #"{"a":"cc"}"#, "a choice in a group"),
        FilterCase(#"{"a":{"$regex":"^a\\.b"}}"#, is: #"{"a":"a.b"}"#, not: #"{"a":"axb"}"#, "an escaped dot"),
        FilterCase(
            #"{"a":{"$regex":"^ab(?#x)*c"}}"#, is: #"{"a":"ac"},{"a":"abbc"}"#, not: #"{"a":"axc"}"#,
            "a comment before a repetition"),
        FilterCase(
            #"{"a":{"$regex":"^(?i)ab"}}"#, is: #"{"a":"AB"},{"a":"ab"}"#, not: #"{"a":"xab"}"#,
            "an option within the expression"),
        FilterCase(
            #"{"a":{"$regex":""}}"#, is: #"{"a":""},{"a":"x"}"#, not: #"{"a":1},{}"#,
            "the empty expression matches every text"),
        FilterCase(#"{"a":{"$regex":"^é"}}"#, is: #"{"a":"été"}"#, not: #"{"a":"ete"}"#, "letters beyond ASCII"),
        FilterCase(
            #"{"a":{"$regex":"^.$"}}"#, is: #"{"a":"漢"},{"a":"😀"}"#, not: #"{"a":"ab"},{"a":""}"#,
            "a dot is a whole character"),
        FilterCase(
            #"{"a":{"$regex":"AB","$options":"i"}}"#, is: #"{"a":"xaby"},{"a":"Ab"}"#, not: #"{"a":"a"}"#,
            "option i: case does not count"),
        FilterCase(
            #"{"a":{"$regex":"É","$options":"i"}}"#, is: #"{"a":"café"}"#, not: #"{"a":"cafe"}"#, "also beyond ASCII"),
        FilterCase(
            #"{"a":{"$options":"i","$regex":"AB"}}"#, is: #"{"a":"ab"}"#, not: #"{"a":"b"}"#,
            "the options may stand first"),
        FilterCase(
            #"{"a":{"$regex":"^b","$options":"m"}}"#, is: #"{"a":"a\nb"},{"a":"b"}"#, not: #"{"a":"ab"}"#,
            "option m: anchors at every line"),
        FilterCase(
            #"{"a":{"$regex":"a$","$options":"m"}}"#, is: #"{"a":"a\nb"}"#, not: #"{"a":"ab"}"#, "at line ends, too"),
        FilterCase(
            #"{"a":{"$regex":"^b"}}"#, is: #"{"a":"b"}"#, not: #"{"a":"a\nb"}"#, "without m, anchors are the text's"),
        FilterCase(
            #"{"a":{"$regex":"a.b","$options":"s"}}"#, is: #"{"a":"a\nb"},{"a":"axb"}"#, not: #"{"a":"ab"}"#,
            "option s: a dot is also a line end"),
        FilterCase(#"{"a":{"$regex":"a.b"}}"#, is: #"{"a":"axb"}"#, not: #"{"a":"a\nb"}"#, "without s it is not"),
        FilterCase(
            #"{"a":{"$regex":"a b # c","$options":"x"}}"#, is: #"{"a":"ab"}"#, not: #"{"a":"a b"}"#,
            "option x: spaces and comments do not count"),
        FilterCase(
            #"{"a":{"$regex":"A.B","$options":"si"}}"#, is: #"{"a":"a\nb"}"#, not: #"{"a":"ab"}"#, "several options"),
        FilterCase(
            #"{"a":{"$regex":{"$regularExpression":{"pattern":"AB","options":"i"}}}}"#, is: #"{"a":"ab"}"#,
            not: #"{"a":"b"}"#, "an expression under $regex keeps its options"),
        FilterCase(
            #"{"a":{"$regex":{"$regularExpression":{"pattern":"AB","options":""}},"$options":"i"}}"#,
            is: #"{"a":"ab"}"#, not: #"{"a":"b"}"#, "one without takes those of $options"),
        FilterCase(
            #"{"a":{"$regex":"x","$ne":"x","$gt":"a"}}"#, is: #"{"a":"xy"}"#, not: #"{"a":"x"},{"a":"Zx"}"#,
            "beside other conditions"),
        FilterCase(
            #"{"a.b":{"$regex":"^x"}}"#, is: #"{"a":[{"b":"y"},{"b":"xy"}]},{"a":{"b":["x"]}}"#, not: #"{"a":["x"]}"#,
            "through arrays of documents"),
        FilterCase(
            #"{"a":{"$not":{"$regex":"^x"}}}"#, is: #"{"a":"y"},{},{"a":1}"#, not: #"{"a":"xy"},{"a":["y","x"]}"#,
            "$not with $regex"),
        FilterCase(
            #"{"a":{"$not":{"$regularExpression":{"pattern":"^x","options":""}}}}"#, is: #"{"a":"y"},{},{"a":null}"#,
            not: #"{"a":"x"}"#, "$not with an expression"),
        FilterCase(
            #"{"a":{"$regex":"(a+)+b"}}"#, is: #"{"a":"aaaab"}"#, not: #"{"a":"aaaa"}"#,
            "nested repetition on short texts"),
        FilterCase(#"{"a":{"$regex":"(\\w)\\1"}}"#, is: #"{"a":"hello"}"#, not: #"{"a":"helo"}"#, "a back reference"),
        FilterCase(#"{"a":{"$regex":"a(?!b)"}}"#, is: #"{"a":"ac"}"#, not: #"{"a":"ab"}"#, "a look ahead"),
    ]

    @Test("expressions that explode end with an error instead of a long wait")
    func explosion() throws {
        let store = try SemanticsStore()
        try store.insert([["_id": 1, "a": .string(String(repeating: "a", count: 40) + "c")]])
        let query = FindQuery(try bsonDocument(#"{"a":{"$regex":"^(([a-z])+.)+[A-Z]([a-z])+$"}}"#))
        let code = serverCode { _ = try store.find(query) }
        #expect(code == nil || code == 51156)
        let worse = FindQuery(try bsonDocument(#"{"a":{"$regex":"^(a|aa|a?a)*$"}}"#))
        #expect(serverCode { _ = try store.find(worse) } == 51156)
    }

    private static let noCase = Collation(strength: .secondary)
    private static let base = Collation(strength: .primary)
    private static let exact = Collation(strength: .tertiary)

    @Test("collation", arguments: Self.collated)
    func collationCase(test: FilterCase) throws { try test.check() }

    static let collated: [FilterCase] = [
        FilterCase(
            #"{"a":"abc"}"#, is: #"{"a":"ABC"},{"a":"aBc"},{"a":["x","ABC"]}"#, not: #"{"a":"abd"},{"a":"ábc"}"#,
            "strength 2: case does not count, accents do", by: noCase),
        FilterCase(
            #"{"a":"cafe"}"#, is: #"{"a":"Café"},{"a":"CAFE"}"#, not: #"{"a":"caf"}"#, "strength 1: neither counts",
            by: base),
        FilterCase(
            #"{"a":"é"}"#, is: #"{"a":"e\u0301"},{"a":"é"}"#, not: #"{"a":"e"},{"a":"É"}"#,
            "strength 3: two spellings of one letter are equal", by: exact),
        FilterCase(#"{"a":{"$ne":"abc"}}"#, is: #"{"a":"abd"},{}"#, not: #"{"a":"ABC"}"#, "in $ne", by: noCase),
        FilterCase(
            #"{"a":{"$in":["ABC",5]}}"#, is: #"{"a":"abc"},{"a":5}"#, not: #"{"a":"ab"},{"a":6}"#, "in $in", by: noCase),
        FilterCase(#"{"a":{"$nin":["ABC"]}}"#, is: #"{"a":"x"},{}"#, not: #"{"a":"abc"}"#, "in $nin", by: noCase),
        FilterCase(
            #"{"a":{"$gte":"B","$lt":"C"}}"#, is: #"{"a":"b"},{"a":"BZ"}"#, not: #"{"a":"a"},{"a":"c"},{"a":1}"#,
            "in ranges", by: noCase),
        FilterCase(
            #"{"a":{"b":"X"}}"#, is: #"{"a":{"b":"x"}},{"a":[{"b":"X"}]}"#, not: #"{"a":{"B":"x"}}"#,
            "of strings in documents, not of names", by: noCase),
        FilterCase(#"{"a":["X",1]}"#, is: #"{"a":["x",1]}"#, not: #"{"a":["x"]}"#, "of strings in arrays", by: noCase),
        FilterCase(#"{"a":{"$all":["X","Y"]}}"#, is: #"{"a":["y","x"]}"#, not: #"{"a":["x"]}"#, "in $all", by: noCase),
        FilterCase(
            #"{"a":{"$elemMatch":{"$eq":"X"}}}"#, is: #"{"a":["x"]}"#, not: #"{"a":"x"}"#, "in $elemMatch", by: noCase),
        FilterCase(
            #"{"a":{"$elemMatch":{"b":"X"}}}"#, is: #"{"a":[{"b":"x"}]}"#, not: #"{"a":[{"b":"y"}]}"#,
            "in $elemMatch on documents", by: noCase),
        FilterCase(
            #"{"a":{"$regex":"^X"}}"#, is: #"{"a":"Xy"}"#, not: #"{"a":"xy"}"#, "not in regular expressions", by: noCase
        ),
        FilterCase(#"{"a":1}"#, is: #"{"a":1.0}"#, not: #"{"a":"1"}"#, "numbers are as ever", by: noCase),
        FilterCase(#"{"a":null}"#, is: #"{},{"a":null}"#, not: #"{"a":""}"#, "null is as ever", by: base),
        FilterCase(
            #"{"$or":[{"a":"X"},{"b":"Y"}]}"#, is: #"{"a":"x"},{"b":"y"}"#, not: #"{"a":"y"}"#, "in $or", by: noCase),
    ]
}
