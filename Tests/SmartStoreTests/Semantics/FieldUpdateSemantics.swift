// $set, $unset, $rename, $setOnInsert, $currentDate; $inc, $mul, $min, $max, $bit.

import Testing

@testable import SmartStore

@Suite("Semantics of updates of fields")
struct FieldUpdateSemantics {
    @Test("fields", arguments: Self.fields)
    func fieldsCase(test: UpdateCase) throws { try test.check() }

    static let fields: [UpdateCase] = [
        UpdateCase(#"{"$set":{"a":2}}"#, on: #"{"a":1,"b":1}"#, gives: #"{"a":2,"b":1}"#, "a field keeps its place"),
        UpdateCase(#"{"$set":{"c":1}}"#, on: #"{"a":1}"#, gives: #"{"a":1,"c":1}"#, "a new field comes last"),
        UpdateCase(
            #"{"$set":{"b":1,"a":2}}"#, on: #"{}"#, gives: #"{"a":2,"b":1}"#, "new fields come in order of their names"),
        UpdateCase(
            #"{"$set":{"a10":1,"a9":2,"b":{"x":1}}}"#, on: #"{}"#, gives: #"{"a10":1,"a9":2,"b":{"x":1}}"#,
            "names in order of bytes"),
        UpdateCase(
            #"{"$set":{"a.10":1,"a.9":2}}"#, on: #"{}"#, gives: #"{"a":{"9":2,"10":1}}"#, "numbers in order of value"),
        UpdateCase(#"{"$set":{"a":1}}"#, keeps: #"{"a":1}"#, "an equal value is no change"),
        UpdateCase(#"{"$set":{"a":1.0}}"#, on: #"{"a":1}"#, gives: #"{"a":1.0}"#, "another type is a change"),
        UpdateCase(#"{"$set":{}}"#, keeps: #"{"a":1}"#, "an empty operator changes nothing"),
        UpdateCase(#"{"$set":{"a.b.c":1}}"#, on: #"{}"#, gives: #"{"a":{"b":{"c":1}}}"#, "missing documents are made"),
        UpdateCase(
            #"{"$set":{"a.b":1}}"#, on: #"{"a":{"c":2}}"#, gives: #"{"a":{"c":2,"b":1}}"#, "in a document that is there"
        ),
        UpdateCase(
            #"{"$set":{"a.0":1}}"#, on: #"{}"#, gives: #"{"a":{"0":1}}"#, "a number makes a field, not an array"),
        UpdateCase(#"{"$set":{"a.1":9}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1,9,3]}"#, "an element by its index"),
        UpdateCase(
            #"{"$set":{"a.4":9}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,null,null,null,9]}"#,
            "beyond the end, nulls fill the gap"),
        UpdateCase(
            #"{"$set":{"a.0.b":9}}"#, on: #"{"a":[{"c":1}]}"#, gives: #"{"a":[{"c":1,"b":9}]}"#, "a field of an element"
        ),
        UpdateCase(
            #"{"$set":{"a.2.b":9}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,null,{"b":9}]}"#, "of an element that is made"
        ),
        UpdateCase(#"{"$set":{"a":null}}"#, on: #"{"a":1}"#, gives: #"{"a":null}"#, "null is a value"),
        UpdateCase(
            #"{"$set":{"a":{"b":1}}}"#, on: #"{"a":{"c":1}}"#, gives: #"{"a":{"b":1}}"#,
            "a document is replaced as a whole"),
        UpdateCase(#"{"$set":{"a.b":1}}"#, on: #"{"a":1}"#, fails: 28, "no field in a number"),
        UpdateCase(#"{"$set":{"a.b":1}}"#, on: #"{"a":null}"#, fails: 28, "nor in null"),
        UpdateCase(#"{"$set":{"a.b":1}}"#, on: #"{"a":[{"b":2}]}"#, fails: 28, "a name is no index of an array"),
        UpdateCase(#"{"$set":{"b":1,"a.b":1}}"#, on: #"{"a":1}"#, fails: 28, "and nothing of the update is applied"),
        UpdateCase(#"{"$set":{"a.1600000":1}}"#, on: #"{"a":[]}"#, fails: 15891, "too far beyond the end"),
        UpdateCase(
            #"{"$unset":{"a":""}}"#, on: #"{"a":1,"b":2}"#, gives: #"{"b":2}"#,
            "$unset removes; the operand does not matter"),
        UpdateCase(#"{"$unset":{"x":1}}"#, keeps: #"{"a":1}"#, "a missing field stays missing"),
        UpdateCase(
            #"{"$unset":{"a.b":1}}"#, on: #"{"a":{"b":1}}"#, gives: #"{"a":{}}"#, "the document around it stays"),
        UpdateCase(
            #"{"$unset":{"a.1":1}}"#, on: #"{"a":[1,2,3]}"#, gives: #"{"a":[1,null,3]}"#, "an element becomes null"),
        UpdateCase(#"{"$unset":{"a.9":1}}"#, keeps: #"{"a":[1]}"#, "beyond the end there is nothing"),
        UpdateCase(#"{"$unset":{"a.b":1}}"#, keeps: #"{"a":5}"#, "through a number there is nothing"),
        UpdateCase(#"{"$unset":{"a.b":1}}"#, keeps: #"{"a":[{"b":1}]}"#, "a name finds nothing in an array"),
        UpdateCase(
            #"{"$rename":{"a":"b"}}"#, on: #"{"a":1,"c":2}"#, gives: #"{"c":2,"b":1}"#, "a renamed field comes last"),
        UpdateCase(
            #"{"$rename":{"a":"b"}}"#, on: #"{"a":1,"b":2,"c":3}"#, gives: #"{"b":1,"c":3}"#,
            "a field of the new name is replaced"),
        UpdateCase(
            #"{"$rename":{"x":"b"}}"#, keeps: #"{"b":2}"#, "a missing field changes nothing, its target neither"),
        UpdateCase(
            #"{"$rename":{"a":"b.c"}}"#, on: #"{"a":1}"#, gives: #"{"b":{"c":1}}"#, "into a document that is made"),
        UpdateCase(
            #"{"$rename":{"a.b":"c"}}"#, on: #"{"a":{"b":1,"d":2}}"#, gives: #"{"a":{"d":2},"c":1}"#,
            "out of a document"),
        UpdateCase(
            #"{"$rename":{"a":"b","c":"d"}}"#, on: #"{"a":1,"c":2}"#, gives: #"{"b":1,"d":2}"#, "several at once"),
        UpdateCase(#"{"$rename":{"a.0":"b"}}"#, on: #"{"a":[1]}"#, fails: 2, "not out of an array"),
        UpdateCase(#"{"$rename":{"b":"a.0"}}"#, on: #"{"a":[1],"b":2}"#, fails: 2, "not into an array"),
        UpdateCase(#"{"$rename":{"a":"b.c"}}"#, on: #"{"a":1,"b":5}"#, fails: 28, "not into a number"),
        UpdateCase(#"{"$rename":{"a":"a"}}"#, on: #"{"a":1}"#, fails: 2, "not to itself"),
        UpdateCase(#"{"$rename":{"a":"a.b"}}"#, on: #"{"a":1}"#, fails: 2, "not into itself"),
        UpdateCase(#"{"$rename":{"a":5}}"#, on: #"{"a":1}"#, fails: 2, "the new name is a string"),
        UpdateCase(#"{"$rename":{"a":""}}"#, on: #"{"a":1}"#, fails: 56, "not an empty one"),
        UpdateCase(#"{"$rename":{"a":"_id"}}"#, on: #"{"a":2}"#, fails: 66, "not to _id"),
        UpdateCase(#"{"$rename":{"_id":"a"}}"#, on: #"{"b":2}"#, fails: 66, "and not _id"),
        UpdateCase(#"{"$rename":{"a":"b.$"}}"#, on: #"{"a":1}"#, fails: 2, "no positions in the new name"),
        UpdateCase(
            #"{"$setOnInsert":{"a":2}}"#, keeps: #"{"a":1}"#, "$setOnInsert does nothing when there is a document"),
        UpdateCase(#"{"$setOnInsert":{"a.b":2}}"#, keeps: #"{"a":1}"#, "not even when its path leads nowhere"),
        UpdateCase(
            #"{"$currentDate":{"a":true}}"#, on: #"{}"#, gives: #"{"a":{"$date":{"$numberLong":"1700000000000"}}}"#,
            "$currentDate: the present date"),
        UpdateCase(
            #"{"$currentDate":{"a":false}}"#, on: #"{"a":1}"#,
            gives: #"{"a":{"$date":{"$numberLong":"1700000000000"}}}"#, "also with false"),
        UpdateCase(
            #"{"$currentDate":{"a.b":{"$type":"date"}}}"#, on: #"{}"#,
            gives: #"{"a":{"b":{"$date":{"$numberLong":"1700000000000"}}}}"#, "by its type"),
        UpdateCase(
            #"{"$currentDate":{"a":{"$type":"timestamp"}}}"#, on: #"{}"#,
            gives: #"{"a":{"$timestamp":{"t":1700000000,"i":1}}}"#, "as a timestamp"),
        UpdateCase(#"{"$currentDate":{"a":{"$type":"string"}}}"#, on: #"{}"#, fails: 2, "no other types"),
        UpdateCase(#"{"$currentDate":{"a":1}}"#, on: #"{}"#, fails: 2, "a number says nothing"),
        UpdateCase(#"{"$currentDate":{"a":{"$kind":"date"}}}"#, on: #"{}"#, fails: 2, "an unknown option"),
        UpdateCase(
            #"{"$set":{"a":1},"$unset":{"b":1},"$inc":{"c":1}}"#, on: #"{"b":1,"c":1}"#, gives: #"{"c":2,"a":1}"#,
            "several operators at once"),
    ]

    @Test("numbers", arguments: Self.numbers)
    func numbersCase(test: UpdateCase) throws { try test.check() }

    static let numbers: [UpdateCase] = [
        UpdateCase(#"{"$inc":{"a":2}}"#, on: #"{"a":1}"#, gives: #"{"a":3}"#, "int and int are int"),
        UpdateCase(#"{"$inc":{"a":-2}}"#, on: #"{}"#, gives: #"{"a":-2}"#, "a missing field becomes the operand"),
        UpdateCase(#"{"$inc":{"a.b":1}}"#, on: #"{}"#, gives: #"{"a":{"b":1}}"#, "with the documents around it"),
        UpdateCase(#"{"$inc":{"a":0}}"#, keeps: #"{"a":5}"#, "adding zero changes nothing"),
        UpdateCase(
            #"{"$inc":{"a":1}}"#, on: #"{"a":2147483647}"#, gives: #"{"a":{"$numberLong":"2147483648"}}"#,
            "an int that overflows becomes a long"),
        UpdateCase(
            #"{"$inc":{"a":-1}}"#, on: #"{"a":-2147483648}"#, gives: #"{"a":{"$numberLong":"-2147483649"}}"#,
            "also below"),
        UpdateCase(
            #"{"$inc":{"a":{"$numberLong":"1"}}}"#, on: #"{"a":1}"#, gives: #"{"a":{"$numberLong":"2"}}"#,
            "int and long are long"),
        UpdateCase(#"{"$inc":{"a":0.5}}"#, on: #"{"a":1}"#, gives: #"{"a":1.5}"#, "int and double are double"),
        UpdateCase(#"{"$inc":{"a":1}}"#, on: #"{"a":1.0}"#, gives: #"{"a":2.0}"#, "a double stays one"),
        UpdateCase(
            #"{"$inc":{"a":{"$numberDecimal":"0.1"}}}"#, on: #"{"a":0.5}"#,
            gives: #"{"a":{"$numberDecimal":"0.600000000000000"}}"#,
            "decimal wins over double, which has 15 digits there"),
        UpdateCase(
            #"{"$inc":{"a":1}}"#, on: #"{"a":{"$numberLong":"9223372036854775807"}}"#, fails: 2,
            "a long that overflows is refused"),
        UpdateCase(
            #"{"$inc":{"a":1.0}}"#, on: #"{"a":{"$numberLong":"9223372036854775807"}}"#,
            gives: #"{"a":9.223372036854775808e18}"#, "not when it becomes a double"),
        UpdateCase(#"{"$inc":{"a":"1"}}"#, on: #"{"a":1}"#, fails: 14, "the operand is a number"),
        UpdateCase(#"{"$inc":{"a":null}}"#, on: #"{"a":1}"#, fails: 14, "null is none"),
        UpdateCase(#"{"$inc":{"a":1}}"#, on: #"{"a":"1"}"#, fails: 14, "and so is the field"),
        UpdateCase(#"{"$inc":{"a":1}}"#, on: #"{"a":null}"#, fails: 14, "null is not missing here"),
        UpdateCase(#"{"$inc":{"a":1}}"#, on: #"{"a":[1]}"#, fails: 14, "an array is no number"),
        UpdateCase(#"{"$inc":{"a.0":1}}"#, on: #"{"a":[1,2]}"#, gives: #"{"a":[2,2]}"#, "an element is"),
        UpdateCase(#"{"$inc":{"a.2":1}}"#, on: #"{"a":[1]}"#, gives: #"{"a":[1,null,1]}"#, "beyond the end it is made"),
        UpdateCase(#"{"$inc":{"a.b":1}}"#, on: #"{"a":3}"#, fails: 28, "not in a number"),
        UpdateCase(#"{"$mul":{"a":3}}"#, on: #"{"a":2}"#, gives: #"{"a":6}"#, "$mul"),
        UpdateCase(#"{"$mul":{"a":3}}"#, on: #"{}"#, gives: #"{"a":0}"#, "a missing field becomes zero"),
        UpdateCase(
            #"{"$mul":{"a":{"$numberLong":"3"}}}"#, on: #"{}"#, gives: #"{"a":{"$numberLong":"0"}}"#,
            "of the operand's type"),
        UpdateCase(#"{"$mul":{"a":1.5}}"#, on: #"{}"#, gives: #"{"a":0.0}"#, "a double zero"),
        UpdateCase(
            #"{"$mul":{"a":65536}}"#, on: #"{"a":65536}"#, gives: #"{"a":{"$numberLong":"4294967296"}}"#,
            "an int that overflows becomes a long"),
        UpdateCase(
            #"{"$mul":{"a":2}}"#, on: #"{"a":{"$numberLong":"4611686018427387904"}}"#, fails: 2,
            "a long that overflows is refused"),
        UpdateCase(
            #"{"$mul":{"a":{"$numberDecimal":"1.1"}}}"#, on: #"{"a":3}"#, gives: #"{"a":{"$numberDecimal":"3.3"}}"#,
            "decimals are exact"),
        UpdateCase(#"{"$mul":{"a":1}}"#, keeps: #"{"a":7}"#, "by one changes nothing"),
        UpdateCase(#"{"$mul":{"a":2}}"#, on: #"{"a":true}"#, fails: 14, "a boolean is no number"),
        UpdateCase(#"{"$mul":{"a":[2]}}"#, on: #"{"a":1}"#, fails: 14, "nor is an array"),
        UpdateCase(#"{"$min":{"a":1}}"#, on: #"{"a":2}"#, gives: #"{"a":1}"#, "$min takes the less"),
        UpdateCase(#"{"$min":{"a":3}}"#, keeps: #"{"a":2}"#, "or leaves it"),
        UpdateCase(#"{"$min":{"a":2.0}}"#, keeps: #"{"a":2}"#, "an equal value stays as it is"),
        UpdateCase(#"{"$min":{"a.b":3}}"#, on: #"{}"#, gives: #"{"a":{"b":3}}"#, "a missing field is set"),
        UpdateCase(#"{"$min":{"a":null}}"#, on: #"{"a":5}"#, gives: #"{"a":null}"#, "null is less than numbers"),
        UpdateCase(#"{"$min":{"a":"x"}}"#, keeps: #"{"a":5}"#, "strings are greater than numbers"),
        UpdateCase(
            #"{"$min":{"a":{"$numberDouble":"NaN"}}}"#, on: #"{"a":-5}"#, gives: #"{"a":{"$numberDouble":"NaN"}}"#,
            "NaN is the least number"),
        UpdateCase(#"{"$max":{"a":3}}"#, on: #"{"a":2}"#, gives: #"{"a":3}"#, "$max takes the greater"),
        UpdateCase(#"{"$max":{"a":1}}"#, keeps: #"{"a":2}"#, "or leaves it"),
        UpdateCase(#"{"$max":{"a":"a"}}"#, on: #"{"a":99}"#, gives: #"{"a":"a"}"#, "across types by their order"),
        UpdateCase(
            #"{"$max":{"a":[1]}}"#, on: #"{"a":{"b":1}}"#, gives: #"{"a":[1]}"#,
            "arrays above documents, compared whole"),
        UpdateCase(
            #"{"$max":{"a":{"$date":{"$numberLong":"5"}}}}"#, on: #"{"a":{"$date":{"$numberLong":"4"}}}"#,
            gives: #"{"a":{"$date":{"$numberLong":"5"}}}"#, "dates"),
        UpdateCase(
            #"{"$max":{"a":{"$timestamp":{"t":0,"i":1}}}}"#, on: #"{"a":{"$date":{"$numberLong":"4"}}}"#,
            gives: #"{"a":{"$timestamp":{"t":0,"i":1}}}"#, "timestamps are above dates"),
        UpdateCase(#"{"$min":{"a":"B"}}"#, on: #"{"a":"a"}"#, gives: #"{"a":"B"}"#, "strings by bytes"),
        UpdateCase(
            #"{"$min":{"a":"B"}}"#, keeps: #"{"a":"a"}"#, "or by the collation", by: Collation(strength: .secondary)),
        UpdateCase(#"{"$bit":{"a":{"and":10}}}"#, on: #"{"a":13}"#, gives: #"{"a":8}"#, "$bit and"),
        UpdateCase(#"{"$bit":{"a":{"or":5}}}"#, on: #"{"a":3}"#, gives: #"{"a":7}"#, "$bit or"),
        UpdateCase(#"{"$bit":{"a":{"xor":5}}}"#, on: #"{"a":1}"#, gives: #"{"a":4}"#, "$bit xor"),
        UpdateCase(#"{"$bit":{"a":{"or":5}}}"#, on: #"{}"#, gives: #"{"a":5}"#, "a missing field is zero"),
        UpdateCase(#"{"$bit":{"a":{"and":5}}}"#, on: #"{}"#, gives: #"{"a":0}"#, "and stays so under and"),
        UpdateCase(
            #"{"$bit":{"a":{"or":{"$numberLong":"1"}}}}"#, on: #"{"a":2}"#, gives: #"{"a":{"$numberLong":"3"}}"#,
            "int and long are long"),
        UpdateCase(#"{"$bit":{"a":{"and":-1}}}"#, keeps: #"{"a":7}"#, "all ones change nothing"),
        UpdateCase(
            #"{"$bit":{"a":{"or":5,"and":6}}}"#, on: #"{"a":2}"#, gives: #"{"a":6}"#, "several, one after the other"),
        UpdateCase(#"{"$bit":{"a":{"or":1}}}"#, on: #"{"a":1.0}"#, fails: 2, "not of a double"),
        UpdateCase(#"{"$bit":{"a":{"or":1.0}}}"#, on: #"{"a":1}"#, fails: 2, "nor with one"),
        UpdateCase(#"{"$bit":{"a":{}}}"#, on: #"{"a":1}"#, fails: 2, "at least one operation"),
        UpdateCase(#"{"$bit":{"a":{"not":1}}}"#, on: #"{"a":1}"#, fails: 2, "an unknown operation"),
        UpdateCase(#"{"$bit":{"a":1}}"#, on: #"{"a":1}"#, fails: 2, "a document of operations"),
    ]
}
