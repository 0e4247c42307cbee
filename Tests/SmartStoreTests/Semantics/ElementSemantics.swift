// $exists, $type, $mod and the tests of bits.

import Testing

@testable import SmartStore

@Suite("Semantics of elements and bits")
struct ElementSemantics {
    @Test("$exists", arguments: Self.existence)
    func existenceCase(test: FilterCase) throws { try test.check() }

    static let existence: [FilterCase] = [
        FilterCase(
            #"{"a":{"$exists":true}}"#, is: #"{"a":1},{"a":null},{"a":[]},{"a":{}},{"a":{"$undefined":true}}"#,
            not: #"{},{"b":1}"#, "a field that is there, null too"),
        FilterCase(
            #"{"a":{"$exists":false}}"#, is: #"{},{"b":1}"#, not: #"{"a":null},{"a":[]}"#, "a field that is missing"),
        FilterCase(#"{"a":{"$exists":0}}"#, is: #"{}"#, not: #"{"a":1}"#, "zero is false"),
        FilterCase(#"{"a":{"$exists":null}}"#, is: #"{}"#, not: #"{"a":1}"#, "null is false"),
        FilterCase(#"{"a":{"$exists":"no"}}"#, is: #"{"a":1}"#, not: #"{}"#, "every other value is true"),
        FilterCase(
            #"{"a.b":{"$exists":true}}"#, is: #"{"a":{"b":1}},{"a":[{"c":1},{"b":null}]},{"a":{"b":[]}}"#,
            not: #"{"a":1},{"a":[]},{"a":[1]},{"a":{"c":1}}"#, "an element that has the field is enough"),
        FilterCase(
            #"{"a.b":{"$exists":false}}"#, is: #"{"a":[1]},{"a":[]},{},{"a":[{"c":1}]},{"a":null}"#,
            not: #"{"a":[{"c":1},{"b":1}]},{"a":{"b":null}}"#, "the opposite on the whole path"),
        FilterCase(
            #"{"a.1":{"$exists":true}}"#, is: #"{"a":[1,2]},{"a":{"1":0}},{"a":[{"1":0}]}"#,
            not: #"{"a":[1]},{"a":[]}"#,
            "an array with a second element"),
    ]

    @Test("$type", arguments: Self.types)
    func typesCase(test: FilterCase) throws { try test.check() }

    static let types: [FilterCase] = [
        FilterCase(
            #"{"a":{"$type":"number"}}"#,
            is: #"{"a":1},{"a":1.5},{"a":{"$numberLong":"1"}},{"a":{"$numberDecimal":"1"}},{"a":["x",1]}"#,
            not: #"{"a":"1"},{},{"a":true},{"a":{"$date":{"$numberLong":"1"}}}"#, "number stands for all four types"),
        FilterCase(
            #"{"a":{"$type":"int"}}"#, is: #"{"a":1},{"a":[1]}"#, not: #"{"a":1.0},{"a":{"$numberLong":"1"}}"#, "int"),
        FilterCase(#"{"a":{"$type":"long"}}"#, is: #"{"a":{"$numberLong":"1"}}"#, not: #"{"a":1}"#, "long"),
        FilterCase(
            #"{"a":{"$type":"double"}}"#, is: #"{"a":1.0},{"a":{"$numberDouble":"NaN"}}"#, not: #"{"a":1}"#, "double"),
        FilterCase(#"{"a":{"$type":"decimal"}}"#, is: #"{"a":{"$numberDecimal":"1"}}"#, not: #"{"a":1.0}"#, "decimal"),
        FilterCase(
            #"{"a":{"$type":"string"}}"#, is: #"{"a":""},{"a":["x"]}"#, not: #"{"a":{"$symbol":"x"}},{"a":1}"#, "string"
        ),
        FilterCase(#"{"a":{"$type":2}}"#, is: #"{"a":"x"}"#, not: #"{"a":2}"#, "by number"),
        FilterCase(
            #"{"a":{"$type":"object"}}"#, is: #"{"a":{}},{"a":[{"b":1}]}"#, not: #"{"a":[]},{"a":[1]}"#,
            "object: a document, also as an element"),
        FilterCase(
            #"{"a":{"$type":"array"}}"#, is: #"{"a":[]},{"a":[1]},{"a":[[1]]}"#, not: #"{"a":1},{"a":{"0":1}},{}"#,
            "array: the field itself is one"),
        FilterCase(#"{"a":{"$type":4}}"#, is: #"{"a":[1]}"#, not: #"{"a":1}"#, "array by number"),
        FilterCase(
            #"{"a":{"$type":["int","string"]}}"#, is: #"{"a":1},{"a":"x"},{"a":[1.5,"x"]}"#,
            not: #"{"a":1.5},{"a":[]}"#,
            "one of several types"),
        FilterCase(
            #"{"a":{"$type":["number",8]}}"#, is: #"{"a":1.5},{"a":true}"#, not: #"{"a":"x"}"#,
            "names and numbers together"),
        FilterCase(#"{"a":{"$type":"bool"}}"#, is: #"{"a":false}"#, not: #"{"a":0}"#, "bool"),
        FilterCase(
            #"{"a":{"$type":"date"}}"#, is: #"{"a":{"$date":{"$numberLong":"1"}}}"#,
            not: #"{"a":{"$timestamp":{"t":1,"i":1}}}"#, "date"),
        FilterCase(
            #"{"a":{"$type":"timestamp"}}"#, is: #"{"a":{"$timestamp":{"t":1,"i":1}}}"#,
            not: #"{"a":{"$date":{"$numberLong":"1"}}}"#, "timestamp"),
        FilterCase(
            #"{"a":{"$type":"objectId"}}"#, is: #"{"a":{"$oid":"56e1fc72e0c917e9c4714161"}}"#, not: #"{"a":"56"}"#,
            "objectId"),
        FilterCase(
            #"{"a":{"$type":"binData"}}"#, is: #"{"a":{"$binary":{"base64":"","subType":"00"}}}"#, not: #"{"a":""}"#,
            "binData"),
        FilterCase(
            #"{"a":{"$type":"regex"}}"#, is: #"{"a":{"$regularExpression":{"pattern":"x","options":""}}}"#,
            not: #"{"a":"x"}"#, "regex"),
        FilterCase(
            #"{"a":{"$type":["javascript","javascriptWithScope"]}}"#,
            is: #"{"a":{"$code":"x"}},{"a":{"$code":"x","$scope":{}}}"#, not: #"{"a":"x"}"#, "javascript"),
        FilterCase(#"{"a":{"$type":-1}}"#, is: #"{"a":{"$minKey":1}}"#, not: #"{"a":{"$maxKey":1}}"#, "minKey is -1"),
        FilterCase(#"{"a":{"$type":127}}"#, is: #"{"a":{"$maxKey":1}}"#, not: #"{"a":{"$minKey":1}}"#, "maxKey is 127"),
        FilterCase(
            #"{"a":{"$type":"undefined"}}"#, is: #"{"a":{"$undefined":true}}"#, not: #"{"a":null},{}"#, "undefined"),
        FilterCase(
            #"{"a":{"$not":{"$type":"string"}}}"#, is: #"{"a":1},{},{"a":[]}"#, not: #"{"a":["x",1]}"#, "negated"),
        FilterCase(
            #"{"a.b":{"$type":"int"}}"#, is: #"{"a":[{"b":"x"},{"b":1}]}"#, not: #"{"a":[1]},{"a":{"b":1.5}}"#,
            "through arrays of documents"),
    ]

    @Test("$mod", arguments: Self.remainders)
    func remaindersCase(test: FilterCase) throws { try test.check() }

    static let remainders: [FilterCase] = [
        FilterCase(
            #"{"a":{"$mod":[4,0]}}"#, is: #"{"a":0},{"a":8},{"a":-4},{"a":{"$numberLong":"12"}},{"a":[3,4]}"#,
            not: #"{"a":2},{"a":"4"},{},{"a":null},{"a":[]}"#, "numbers that leave the remainder"),
        FilterCase(
            #"{"a":{"$mod":[4,1]}}"#, is: #"{"a":5},{"a":5.9},{"a":{"$numberDecimal":"1.5"}}"#,
            not: #"{"a":-3},{"a":6.1}"#,
            "fractions are cut off towards zero"),
        FilterCase(
            #"{"a":{"$mod":[4,-3]}}"#, is: #"{"a":-3},{"a":-7}"#, not: #"{"a":1},{"a":3}"#,
            "the remainder has the sign of the number"),
        FilterCase(#"{"a":{"$mod":[-4,1]}}"#, is: #"{"a":5}"#, not: #"{"a":-5}"#, "the divisor's sign does not matter"),
        FilterCase(#"{"a":{"$mod":[3.9,1.9]}}"#, is: #"{"a":4}"#, not: #"{"a":5}"#, "operands are cut off, too"),
        FilterCase(
            #"{"a":{"$mod":[2,0]}}"#, is: #"{"a":-0.0},{"a":0.5}"#,
            not: #"{"a":{"$numberDouble":"NaN"}},{"a":{"$numberDouble":"Infinity"}},{"a":1e300}"#,
            "what is no whole number of 64 bits leaves none"),
        FilterCase(
            #"{"a":{"$mod":[-1,0]}}"#, is: #"{"a":{"$numberLong":"-9223372036854775808"}},{"a":7}"#,
            "division by -1 is safe"),
        FilterCase(#"{"a":{"$not":{"$mod":[2,0]}}}"#, is: #"{"a":1},{"a":"x"},{}"#, not: #"{"a":2}"#, "negated"),
    ]

    @Test("bits", arguments: Self.bits)
    func bitsCase(test: FilterCase) throws { try test.check() }

    static let bits: [FilterCase] = [
        FilterCase(
            #"{"a":{"$bitsAllSet":5}}"#, is: #"{"a":5},{"a":7},{"a":13.0},{"a":[0,5]},{"a":-1}"#,
            not: #"{"a":4},{"a":1},{"a":"5"},{},{"a":null}"#, "both bits of the mask are 1"),
        FilterCase(
            #"{"a":{"$bitsAllSet":[0,2]}}"#, is: #"{"a":5},{"a":7}"#, not: #"{"a":4}"#,
            "a list of positions says the same"),
        FilterCase(
            #"{"a":{"$bitsAllSet":0}}"#, is: #"{"a":0},{"a":9},{"a":{"$binary":{"base64":"","subType":"00"}}}"#,
            not: #"{"a":"x"},{"a":0.5}"#, "without bits every whole number passes"),
        FilterCase(#"{"a":{"$bitsAllSet":[]}}"#, is: #"{"a":0},{"a":3}"#, not: #"{"a":"x"}"#, "an empty list, too"),
        FilterCase(
            #"{"a":{"$bitsAllClear":5}}"#, is: #"{"a":0},{"a":2},{"a":-6}"#, not: #"{"a":1},{"a":-1},{"a":"x"}"#,
            "both bits are 0"),
        FilterCase(
            #"{"a":{"$bitsAnySet":5}}"#, is: #"{"a":1},{"a":4},{"a":5}"#, not: #"{"a":2},{"a":0}"#,
            "one of the bits is 1"),
        FilterCase(
            #"{"a":{"$bitsAnyClear":5}}"#, is: #"{"a":1},{"a":0},{"a":2}"#, not: #"{"a":5},{"a":-1}"#,
            "one of the bits is 0"),
        FilterCase(#"{"a":{"$bitsAnySet":0}}"#, not: #"{"a":0},{"a":7}"#, "of no bits none is set"),
        FilterCase(#"{"a":{"$bitsAnyClear":[]}}"#, not: #"{"a":0},{"a":7}"#, "of no bits none is clear"),
        FilterCase(
            #"{"a":{"$bitsAllSet":[63,200]}}"#, is: #"{"a":-1},{"a":{"$numberLong":"-9223372036854775808"}}"#,
            not: #"{"a":{"$numberLong":"9223372036854775807"}}"#, "negative numbers go on with their sign"),
        FilterCase(
            #"{"a":{"$bitsAllClear":[64,200]}}"#, is: #"{"a":1},{"a":{"$numberLong":"9223372036854775807"}}"#,
            not: #"{"a":-1}"#, "positive ones with zeros"),
        FilterCase(
            #"{"a":{"$bitsAllSet":1}}"#, is: #"{"a":1.0},{"a":{"$numberDecimal":"3"}}"#,
            not: #"{"a":1.5},{"a":{"$numberDouble":"NaN"}},{"a":1e300},{"a":{"$numberDouble":"Infinity"}}"#,
            "a double must be a whole number of 64 bits"),
        FilterCase(
            #"{"a":{"$bitsAllSet":{"$binary":{"base64":"BQ==","subType":"00"}}}}"#,
            is:
                #"{"a":5},{"a":{"$binary":{"base64":"Bw==","subType":"00"}}},{"a":{"$binary":{"base64":"BQE=","subType":"80"}}}"#,
            not: #"{"a":4},{"a":{"$binary":{"base64":"","subType":"00"}}}"#, "binaries as mask and as value"),
        FilterCase(
            #"{"a":{"$bitsAllSet":[8]}}"#, is: #"{"a":{"$binary":{"base64":"AAE=","subType":"00"}}},{"a":256}"#,
            not: #"{"a":{"$binary":{"base64":"AQA=","subType":"00"}}}"#, "the first byte holds the lowest bits"),
        FilterCase(
            #"{"a":{"$bitsAllClear":[100]}}"#, is: #"{"a":{"$binary":{"base64":"/w==","subType":"00"}}}"#,
            "beyond its bytes a binary has zeros"),
        FilterCase(#"{"a":{"$not":{"$bitsAnySet":1}}}"#, is: #"{"a":2},{},{"a":"x"}"#, not: #"{"a":3}"#, "negated"),
    ]
}
