// Text: bytes and code points, null and missing, what is no string, and regular expressions.

import Testing

@Suite("Expressions: strings")
struct ExpressionStringTests {
    static let piecesRows = [
        gives("{'$concat': ['a', 'b']}", "'ab'", "joined"),
        gives("{'$concat': []}", "''", "of nothing, the empty string"),
        gives("{'$concat': ['a', null]}", "null", "null makes null"),
        gives("{'$concat': ['a', '$x']}", "null", "missing makes null"),
        fails("{'$concat': ['a', 1]}", 16702, "only strings"),
        gives("{'$substrBytes': ['hello', 1, 3]}", "'ell'", "from and how many"),
        gives("{'$substrBytes': ['hello', 1, -1]}", "'ello'", "a negative length takes the rest"),
        gives("{'$substrBytes': ['hello', 9, 1]}", "''", "behind the end there is nothing"),
        gives("{'$substrBytes': ['hello', 3, 9]}", "'lo'", "no more than there is"),
        gives("{'$substrBytes': [null, 0, 1]}", "''", "null is the empty string"),
        gives("{'$substrBytes': [123, 0, 2]}", "'12'", "a number is written first"),
        gives("{'$substr': ['hello', 0, 2]}", "'he'", "the old name"),
        fails("{'$substrBytes': ['é', 1, 1]}", 28656, "not from within a character"),
        fails("{'$substrBytes': ['é', 0, 1]}", 28657, "nor to within one"),
        fails("{'$substrBytes': ['a', -1, 1]}", 50752, "no negative start"),
        fails("{'$substrBytes': ['a', 'x', 1]}", 16034, "a number to start from"),
        fails("{'$substrBytes': ['a', 0, 'x']}", 16035, "and to count"),
        fails("{'$substrBytes': [[], 0, 1]}", 16007, "an array has no text"),
        gives("{'$substrCP': ['éàü', 1, 1]}", "'à'", "in code points"),
        gives("{'$substrCP': ['abc', 5, 1]}", "''", "behind the end there is nothing"),
        gives("{'$substrCP': ['$x', 0, 1]}", "''", "missing is the empty string"),
        fails("{'$substrCP': ['a', 'x', 1]}", 34450, "a number to start from"),
        fails("{'$substrCP': ['a', 0.5, 1]}", 34451, "a whole one"),
        fails("{'$substrCP': ['a', 0, 'x']}", 34452, "a number to count"),
        fails("{'$substrCP': ['a', 0, 1.5]}", 34453, "a whole one"),
        fails("{'$substrCP': ['a', 0, -1]}", 34454, "not negative"),
        fails("{'$substrCP': ['a', -1, 1]}", 34455, "nor the start"),
        gives("{'$split': ['a-b-c', '-']}", "['a', 'b', 'c']", "apart"),
        gives("{'$split': ['-a--', '-']}", "['', 'a', '', '']", "empty pieces stay"),
        gives("{'$split': ['abc', 'x']}", "['abc']", "nothing to split at"),
        gives("{'$split': [null, 'x']}", "null", "null makes null"),
        fails("{'$split': [1, 'x']}", 40085, "a string"),
        fails("{'$split': ['a', 1]}", 40086, "at a string"),
        fails("{'$split': ['a', '']}", 40087, "that is not empty"),
    ]

    static let measuresRows = [
        gives("{'$strLenBytes': 'é'}", "2", "bytes of UTF-8"),
        gives("{'$strLenCP': 'é'}", "1", "code points"),
        gives("{'$strLenBytes': ''}", "0", "empty"),
        fails("{'$strLenBytes': null}", 34473, "null has no length"),
        fails("{'$strLenCP': '$x'}", 34471, "nor has what is missing"),
        fails("{'$strLenCP': 5}", 34471, "nor a number"),
        gives("{'$indexOfBytes': ['aéb', 'b']}", "3", "in bytes"),
        gives("{'$indexOfCP': ['aéb', 'b']}", "2", "in code points"),
        gives("{'$indexOfCP': ['abc', 'x']}", "-1", "not there"),
        gives("{'$indexOfCP': ['abcabc', 'a', 1]}", "3", "from a place on"),
        gives("{'$indexOfCP': ['abcabc', 'c', 0, 2]}", "-1", "up to a place"),
        gives("{'$indexOfCP': ['abc', 'a', 5]}", "-1", "from behind the end"),
        gives("{'$indexOfCP': ['abc', '']}", "0", "the empty string is everywhere"),
        gives("{'$indexOfBytes': [null, 'a']}", "null", "null makes null"),
        fails("{'$indexOfBytes': [1, 'a']}", 40091, "a string"),
        fails("{'$indexOfBytes': ['a', 1]}", 40092, "to look for"),
        fails("{'$indexOfCP': [1, 'a']}", 40093, "the same of code points"),
        fails("{'$indexOfCP': ['a', null]}", 40094, "null is nothing to look for"),
        fails("{'$indexOfCP': ['a', 'a', 'x']}", 40096, "a whole start"),
        fails("{'$indexOfCP': ['a', 'a', -1]}", 40097, "that is not negative"),
        fails("{'$indexOfCP': ['a']}", 28667, "two to four operands"),
        gives("{'$strcasecmp': ['ABC', 'abc']}", "0", "letters without case"),
        gives("{'$strcasecmp': ['a', 'B']}", "-1", "less"),
        gives("{'$strcasecmp': [null, '']}", "0", "null is the empty string"),
        gives("{'$strcasecmp': ['$x', 'a']}", "-1", "missing too"),
    ]

    static let changesRows = [
        gives("{'$toUpper': 'abc1'}", "'ABC1'", "upper case"),
        gives("{'$toLower': 'ABC'}", "'abc'", "lower case"),
        gives("{'$toUpper': 'é'}", "'é'", "only the letters of ASCII"),
        gives("{'$toUpper': null}", "''", "null is the empty string"),
        gives("{'$toLower': '$x'}", "''", "missing too"),
        gives("{'$toLower': 12}", "'12'", "a number is written"),
        fails("{'$toUpper': [[1]]}", 16007, "an array has no text"),
        gives("{'$trim': {'input': '  a b\\n'}}", "'a b'", "white space at both ends"),
        gives("{'$ltrim': {'input': '  a '}}", "'a '", "at the beginning"),
        gives("{'$rtrim': {'input': ' a  '}}", "' a'", "at the end"),
        gives("{'$trim': {'input': 'xyax', 'chars': 'yx'}}", "'a'", "any of these characters"),
        gives("{'$trim': {'input': ' a ', 'chars': ''}}", "' a '", "none of them"),
        gives("{'$trim': {'input': null}}", "null", "null makes null"),
        gives("{'$trim': {'input': 'a', 'chars': null}}", "null", "so does null for the characters"),
        fails("{'$trim': {'input': 5}}", 50699, "a string"),
        fails("{'$trim': {'input': 'a', 'chars': 5}}", 50700, "characters in a string"),
        fails("{'$trim': {'chars': 'a'}}", 50695, "an input"),
        fails("{'$trim': {'input': 'a', 'x': 1}}", 50694, "nothing else"),
        fails("{'$trim': 'a'}", 50696, "an object"),
        gives("{'$replaceOne': {'input': 'a.b.c', 'find': '.', 'replacement': '-'}}", "'a-b.c'", "the first"),
        gives("{'$replaceAll': {'input': 'a.b.c', 'find': '.', 'replacement': '-'}}", "'a-b-c'", "all"),
        gives("{'$replaceAll': {'input': 'aaa', 'find': 'aa', 'replacement': 'b'}}", "'ba'", "from the left, apart"),
        gives("{'$replaceOne': {'input': 'abc', 'find': 'x', 'replacement': 'y'}}", "'abc'", "nothing to replace"),
        gives("{'$replaceOne': {'input': null, 'find': 'x', 'replacement': 'y'}}", "null", "null makes null"),
        gives("{'$replaceAll': {'input': 'a', 'find': '$x', 'replacement': 'y'}}", "null", "anywhere"),
        fails("{'$replaceOne': {'input': 1, 'find': 'x', 'replacement': 'y'}}", 51746, "a string"),
        fails("{'$replaceOne': {'input': 'a', 'find': 1, 'replacement': 'y'}}", 51745, "to find"),
        fails("{'$replaceOne': {'input': 'a', 'find': 'x', 'replacement': 1}}", 51744, "to put in"),
        fails("{'$replaceOne': {'find': 'x', 'replacement': 'y'}}", 51749, "an input"),
        fails("{'$replaceOne': {'input': 'a', 'replacement': 'y'}}", 51748, "what to find"),
        fails("{'$replaceOne': {'input': 'a', 'find': 'x'}}", 51747, "what to put in"),
        fails("{'$replaceOne': {'input': 'a', 'find': 'x', 'replacement': 'y', 'z': 1}}", 51750, "nothing else"),
        fails("{'$replaceOne': 'a'}", 51751, "an object"),
    ]

    static let patternsRows = [
        gives("{'$regexMatch': {'input': 'Hello', 'regex': 'l+'}}", "true", "a pattern as text"),
        gives("{'$regexMatch': {'input': 'Hello', 'regex': R(^h,i)}}", "true", "with its options"),
        gives("{'$regexMatch': {'input': 'Hello', 'regex': '^h', 'options': 'i'}}", "true", "or beside it"),
        gives("{'$regexMatch': {'input': 'Hello', 'regex': '^h'}}", "false", "case counts"),
        gives("{'$regexMatch': {'input': null, 'regex': 'a'}}", "false", "null matches nothing"),
        gives("{'$regexMatch': {'input': '$x', 'regex': 'a'}}", "false", "nor does what is missing"),
        gives("{'$regexMatch': {'input': 'a', 'regex': null}}", "false", "no pattern matches nothing"),
        fails("{'$regexMatch': {'input': 5, 'regex': 'a'}}", 51104, "a string"),
        fails("{'$regexMatch': {'input': 'a', 'regex': 5}}", 51105, "a pattern"),
        fails("{'$regexMatch': {'input': 'a', 'regex': 'a', 'options': 5}}", 51106, "options as text"),
        fails("{'$regexMatch': {'input': 'a', 'regex': R(a,i), 'options': 'i'}}", 51107, "options once"),
        fails("{'$regexMatch': {'input': 'a', 'regex': 'a', 'options': 'q'}}", 51108, "known ones"),
        fails("{'$regexMatch': {'input': 'a', 'regex': '('}}", 51111, "a pattern that is one"),
        fails("{'$regexMatch': {'regex': 'a'}}", 31022, "an input"),
        fails("{'$regexMatch': {'input': 'a'}}", 31023, "a pattern"),
        fails("{'$regexMatch': {'input': 'a', 'regex': 'a', 'x': 1}}", 31024, "nothing else"),
        fails("{'$regexMatch': 'a'}", 51103, "an object"),
        gives(
            "{'$regexFind': {'input': 'éab', 'regex': 'a(b)(c)?'}}",
            "{'match': 'ab', 'idx': 1, 'captures': ['b', null]}", "the place in code points; what took no part is null"),
        gives("{'$regexFind': {'input': 'x', 'regex': 'a'}}", "null", "nothing found"),
        gives("{'$regexFind': {'input': null, 'regex': 'a'}}", "null", "nor in null"),
        gives(
            "{'$regexFindAll': {'input': 'a1b2', 'regex': '[0-9]'}}",
            "[{'match': '1', 'idx': 1, 'captures': []}, {'match': '2', 'idx': 3, 'captures': []}]", "all of them"),
        gives("{'$regexFindAll': {'input': 'x', 'regex': 'a'}}", "[]", "none of them"),
        gives("{'$regexFindAll': {'input': '$x', 'regex': 'a'}}", "[]", "none in what is missing"),
        gives(
            "{'$regexFindAll': {'input': '', 'regex': ''}}", "[{'match': '', 'idx': 0, 'captures': []}]",
            "and once in the empty string"),
        gives("{'$size': {'$regexFindAll': {'input': 'éé', 'regex': 'x*'}}}", "2", "characters, not bytes"),
        gives(
            "{'$regexFindAll': {'input': 'ab', 'regex': ''}}",
            "[{'match': '', 'idx': 0, 'captures': []}, {'match': '', 'idx': 1, 'captures': []}]",
            "the empty pattern at each character"),
    ]

    @Test("joining, cutting and splitting", arguments: piecesRows)
    func pieces(_ row: ExpressionCase) throws { try row.check() }

    @Test("lengths, places and comparison", arguments: measuresRows)
    func measures(_ row: ExpressionCase) throws { try row.check() }

    @Test("case, trimming and replacing", arguments: changesRows)
    func changes(_ row: ExpressionCase) throws { try row.check() }

    @Test("regular expressions", arguments: patternsRows)
    func patterns(_ row: ExpressionCase) throws { try row.check() }
}
