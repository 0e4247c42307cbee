// What is refused, as text: a name and the input on each line. See RefusalTests.

extension Refusal {
    static let texts = table(
        #"""
        grammar: nothing | 
        grammar: white space |  \#n
        grammar: an array | []
        grammar: a number | 7
        grammar: a string | "v"
        grammar: null | null
        grammar: no end | {"v":1
        grammar: no value | {"v":}
        grammar: no colon | {"v" 1}
        grammar: no name | {:1}
        grammar: a comma too many | {"v":1,}
        grammar: a comma first | {,"v":1}
        grammar: no comma | {"v":1 "w":2}
        grammar: an array not closed | {"v":[1}
        grammar: an array closed twice | {"v":[1]]}
        grammar: text behind | {"v":1} x
        grammar: two documents | {"v":1}{"v":2}
        grammar: single quotes | {'v':1}
        grammar: a bare name | {v:1}
        grammar: a comment | {"v":1/*c*/}
        grammar: a line comment | {"v":1}//c
        grammar: a vertical tab | {\#u{B}"v":1}
        grammar: a no-break space | {\#u{A0}"v":1}
        grammar: a tab in a string | {"v":"\#t"}
        grammar: a NUL in a string | {"v":"\#u{0}"}
        grammar: a capital word | {"v":True}
        grammar: a word cut short | {"v":fals}
        grammar: a word too long | {"v":nulls}
        grammar: undefined as a word | {"v":undefined}
        grammar: NaN as a word | {"v":NaN}
        grammar: Infinity as a word | {"v":-Infinity}
        grammar: a plus sign | {"v":+1}
        grammar: a leading zero | {"v":012}
        grammar: a minus and a leading zero | {"v":-012}
        grammar: a point first | {"v":.5}
        grammar: a point last | {"v":5.}
        grammar: no digits of the exponent | {"v":5e}
        grammar: a sign of the exponent alone | {"v":5e-}
        grammar: hexadecimal | {"v":0xA}
        grammar: a minus alone | {"v":-}
        grammar: two points | {"v":1.2.3}
        grammar: beyond the largest double | {"v":1e309}
        grammar: beyond the least double | {"v":-1e309}
        grammar: digits with a space | {"v":1 000}
        grammar: digits with a comma in an array | {"v":[1,,2]}
        grammar: unknown escape | {"v":"\q"}
        grammar: escape of three digits | {"v":"\u12g4"}
        grammar: escape cut short | {"v":"\u12"}
        grammar: high surrogate alone | {"v":"\ud83d"}
        grammar: low surrogate alone | {"v":"\ude00"}
        grammar: surrogates swapped | {"v":"\ude00\ud83d"}
        grammar: two high surrogates | {"v":"\ud83d\ud83d"}
        grammar: a string without end | {"v":"x}
        grammar: a backslash last | {"v":"x\
        grammar: NUL in a name | {"a\u0000b":1}
        grammar: NUL in an inner name | {"v":{"\u0000":1}}
        grammar: a name twice | {"v":1,"v":2}
        grammar: a name twice within | {"v":[{"a":1,"b":2,"a":3}]}
        grammar: a name twice, one escaped | {"v":1,"\u0076":2}
        $oid with a number | {"v":{"$oid":42}}
        $oid with null | {"v":{"$oid":null}}
        $oid with a document | {"v":{"$oid":{}}}
        $numberInt with a number | {"v":{"$numberInt":42}}
        $numberInt with null | {"v":{"$numberInt":null}}
        $numberInt with a document | {"v":{"$numberInt":{}}}
        $numberLong with a number | {"v":{"$numberLong":42}}
        $numberLong with null | {"v":{"$numberLong":null}}
        $numberLong with a document | {"v":{"$numberLong":{}}}
        $numberDouble with a number | {"v":{"$numberDouble":42}}
        $numberDouble with null | {"v":{"$numberDouble":null}}
        $numberDouble with a document | {"v":{"$numberDouble":{}}}
        $numberDecimal with a number | {"v":{"$numberDecimal":42}}
        $numberDecimal with null | {"v":{"$numberDecimal":null}}
        $numberDecimal with a document | {"v":{"$numberDecimal":{}}}
        $symbol with a number | {"v":{"$symbol":42}}
        $symbol with null | {"v":{"$symbol":null}}
        $symbol with a document | {"v":{"$symbol":{}}}
        $uuid with a number | {"v":{"$uuid":42}}
        $uuid with null | {"v":{"$uuid":null}}
        $uuid with a document | {"v":{"$uuid":{}}}
        $oid and another field | {"v":{"$oid":"000000000000000000000000","more":1}}
        another field and $oid | {"v":{"more":1,"$oid":"000000000000000000000000"}}
        $numberInt and another field | {"v":{"$numberInt":"1","more":1}}
        another field and $numberInt | {"v":{"more":1,"$numberInt":"1"}}
        $numberLong and another field | {"v":{"$numberLong":"1","more":1}}
        another field and $numberLong | {"v":{"more":1,"$numberLong":"1"}}
        $numberDouble and another field | {"v":{"$numberDouble":"1.0","more":1}}
        another field and $numberDouble | {"v":{"more":1,"$numberDouble":"1.0"}}
        $numberDecimal and another field | {"v":{"$numberDecimal":"1","more":1}}
        another field and $numberDecimal | {"v":{"more":1,"$numberDecimal":"1"}}
        $symbol and another field | {"v":{"$symbol":"s","more":1}}
        another field and $symbol | {"v":{"more":1,"$symbol":"s"}}
        $uuid and another field | {"v":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff","more":1}}
        another field and $uuid | {"v":{"more":1,"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}}
        $date and another field | {"v":{"$date":"2020-01-01T00:00:00Z","more":1}}
        another field and $date | {"v":{"more":1,"$date":"2020-01-01T00:00:00Z"}}
        $binary and another field | {"v":{"$binary":{"base64":"","subType":"00"},"more":1}}
        another field and $binary | {"v":{"more":1,"$binary":{"base64":"","subType":"00"}}}
        $timestamp and another field | {"v":{"$timestamp":{"t":1,"i":1},"more":1}}
        another field and $timestamp | {"v":{"more":1,"$timestamp":{"t":1,"i":1}}}
        $regularExpression and another field | {"v":{"$regularExpression":{"pattern":"","options":""},"more":1}}
        another field and $regularExpression | {"v":{"more":1,"$regularExpression":{"pattern":"","options":""}}}
        $code and another field | {"v":{"$code":"c","more":1}}
        another field and $code | {"v":{"more":1,"$code":"c"}}
        $dbPointer and another field | {"v":{"$dbPointer":{"$ref":"r","$id":{"$oid":"000000000000000000000000"}},"mo\#
        re":1}}
        another field and $dbPointer | {"v":{"more":1,"$dbPointer":{"$ref":"r","$id":{"$oid":"0000000000000000000000\#
        00"}}}}
        $undefined and another field | {"v":{"$undefined":true,"more":1}}
        another field and $undefined | {"v":{"more":1,"$undefined":true}}
        $minKey and another field | {"v":{"$minKey":1,"more":1}}
        another field and $minKey | {"v":{"more":1,"$minKey":1}}
        $maxKey and another field | {"v":{"$maxKey":1,"more":1}}
        another field and $maxKey | {"v":{"more":1,"$maxKey":1}}
        $oid of 23 digits | {"v":{"$oid":"00000000000000000000000"}}
        $oid of 25 digits | {"v":{"$oid":"0000000000000000000000000"}}
        $oid empty | {"v":{"$oid":""}}
        $oid with a letter | {"v":{"$oid":"00000000000000000000000g"}}
        $oid with a space | {"v":{"$oid":" 00000000000000000000000"}}
        $oid not ASCII | {"v":{"$oid":"0000000000000000000000é"}}
        $numberInt too large | {"v":{"$numberInt":"2147483648"}}
        $numberInt too small | {"v":{"$numberInt":"-2147483649"}}
        $numberInt a fraction | {"v":{"$numberInt":"1.0"}}
        $numberInt an exponent | {"v":{"$numberInt":"1e3"}}
        $numberInt a plus sign | {"v":{"$numberInt":"+1"}}
        $numberInt a space | {"v":{"$numberInt":" 1"}}
        $numberInt empty | {"v":{"$numberInt":""}}
        $numberInt a word | {"v":{"$numberInt":"one"}}
        $numberInt a minus | {"v":{"$numberInt":"-"}}
        $numberInt hexadecimal | {"v":{"$numberInt":"0x1"}}
        $numberInt underscores | {"v":{"$numberInt":"1_0"}}
        $numberLong too large | {"v":{"$numberLong":"9223372036854775808"}}
        $numberLong too small | {"v":{"$numberLong":"-9223372036854775809"}}
        $numberLong a fraction | {"v":{"$numberLong":"1.5"}}
        $numberLong empty | {"v":{"$numberLong":""}}
        $numberLong a space | {"v":{"$numberLong":"1 "}}
        $numberLong a letter | {"v":{"$numberLong":"1L"}}
        $numberDouble empty | {"v":{"$numberDouble":""}}
        $numberDouble a word | {"v":{"$numberDouble":"one"}}
        $numberDouble nan in small letters | {"v":{"$numberDouble":"nan"}}
        $numberDouble infinity in small letters | {"v":{"$numberDouble":"infinity"}}
        $numberDouble short infinity | {"v":{"$numberDouble":"Inf"}}
        $numberDouble plus infinity | {"v":{"$numberDouble":"+Infinity"}}
        $numberDouble hexadecimal | {"v":{"$numberDouble":"0x1p3"}}
        $numberDouble a space | {"v":{"$numberDouble":" 1.0"}}
        $numberDouble two signs | {"v":{"$numberDouble":"--1"}}
        $numberDouble beyond the largest | {"v":{"$numberDouble":"1e309"}}
        $numberDouble a comma | {"v":{"$numberDouble":"1,5"}}
        $numberDouble a point alone | {"v":{"$numberDouble":"."}}
        $numberDecimal empty | {"v":{"$numberDecimal":""}}
        $numberDecimal a point | {"v":{"$numberDecimal":"."}}
        $numberDecimal a sign | {"v":{"$numberDecimal":"-"}}
        $numberDecimal two signs | {"v":{"$numberDecimal":"+-1"}}
        $numberDecimal a sign behind | {"v":{"$numberDecimal":"1-"}}
        $numberDecimal two points | {"v":{"$numberDecimal":"1..2"}}
        $numberDecimal points apart | {"v":{"$numberDecimal":"1.2.3"}}
        $numberDecimal no digits | {"v":{"$numberDecimal":"E5"}}
        $numberDecimal no exponent | {"v":{"$numberDecimal":"1E"}}
        $numberDecimal a sign of the exponent alone | {"v":{"$numberDecimal":"1E+"}}
        $numberDecimal two signs of the exponent | {"v":{"$numberDecimal":"1E--5"}}
        $numberDecimal a point in the exponent | {"v":{"$numberDecimal":"1E5.0"}}
        $numberDecimal a space before | {"v":{"$numberDecimal":" 1"}}
        $numberDecimal a space behind | {"v":{"$numberDecimal":"1 "}}
        $numberDecimal a space within | {"v":{"$numberDecimal":"1 2"}}
        $numberDecimal a letter behind | {"v":{"$numberDecimal":"1a"}}
        $numberDecimal a letter in the exponent | {"v":{"$numberDecimal":"1E5a"}}
        $numberDecimal an infinity cut short | {"v":{"$numberDecimal":"Infinit"}}
        $numberDecimal an infinity with more | {"v":{"$numberDecimal":"Infinity1"}}
        $numberDecimal nan with more | {"v":{"$numberDecimal":"NaN5"}}
        $numberDecimal a signalling NaN | {"v":{"$numberDecimal":"sNaN"}}
        $numberDecimal hexadecimal | {"v":{"$numberDecimal":"0x10"}}
        $numberDecimal 35 digits | {"v":{"$numberDecimal":"12345678901234567890123456789012345"}}
        $numberDecimal 35 digits with a point | {"v":{"$numberDecimal":"1.2345678901234567890123456789012345"}}
        $numberDecimal rounding nines | {"v":{"$numberDecimal":"9.9999999999999999999999999999999999"}}
        $numberDecimal too large | {"v":{"$numberDecimal":"1E+6145"}}
        $numberDecimal too large with all digits | {"v":{"$numberDecimal":"9.999999999999999999999999999999999E+6145\#
        "}}
        $numberDecimal too small | {"v":{"$numberDecimal":"1E-6177"}}
        $numberDecimal too small by one digit | {"v":{"$numberDecimal":"15E-6177"}}
        $numberDecimal an exponent beyond sense | {"v":{"$numberDecimal":"1E+99999999999"}}
        $numberDecimal a digit lost at the bottom | {"v":{"$numberDecimal":"1234567890123456789012345678901234E-6177\#
        "}}
        $numberDecimal other digits | {"v":{"$numberDecimal":"١"}}
        $binary: base64 a number | {"v":{"$binary":{"base64":1,"subType":"00"}}}
        $binary: subtype a number | {"v":{"$binary":{"base64":"","subType":0}}}
        $binary: no subtype | {"v":{"$binary":{"base64":""}}}
        $binary: no base64 | {"v":{"$binary":{"subType":"00"}}}
        $binary: nothing | {"v":{"$binary":{}}}
        $binary: more | {"v":{"$binary":{"base64":"","subType":"00","x":1}}}
        $binary: base64 twice | {"v":{"$binary":{"base64":"","base64":"","subType":"00"}}}
        $binary: no padding | {"v":{"$binary":{"base64":"AA","subType":"00"}}}
        $binary: half the padding | {"v":{"$binary":{"base64":"AA=","subType":"00"}}}
        $binary: padding within | {"v":{"$binary":{"base64":"AA==AA==","subType":"00"}}}
        $binary: bits left over | {"v":{"$binary":{"base64":"AB==","subType":"00"}}}
        $binary: of the alphabet for addresses | {"v":{"$binary":{"base64":"-_8=","subType":"00"}}}
        $binary: a line feed | {"v":{"$binary":{"base64":"AA==\n","subType":"00"}}}
        $binary: padding alone | {"v":{"$binary":{"base64":"====","subType":"00"}}}
        $binary: subtype of three digits | {"v":{"$binary":{"base64":"","subType":"001"}}}
        $binary: subtype empty | {"v":{"$binary":{"base64":"","subType":""}}}
        $binary: subtype no digits | {"v":{"$binary":{"base64":"","subType":"zz"}}}
        $binary: a number | {"v":{"$binary":7}}
        $binary: null | {"v":{"$binary":null}}
        $binary: an array | {"v":{"$binary":[]}}
        $binary: a vector without header | {"v":{"$binary":{"base64":"","subType":"09"}}}
        $binary: a vector with dirty padding | {"v":{"$binary":{"base64":"EAH/","subType":"09"}}}
        $binary of version 1: without type | {"v":{"$binary":"AA=="}}
        $binary of version 1: type a number | {"v":{"$binary":"AA==","$type":0}}
        $binary of version 1: content a number | {"v":{"$binary":0,"$type":"00"}}
        $binary of version 1: type too long | {"v":{"$binary":"AA==","$type":"000"}}
        $binary of version 1: more behind | {"v":{"$binary":"AA==","$type":"00","x":1}}
        $binary of version 1: more before | {"v":{"x":1,"$type":"00","$binary":"AA=="}}
        $binary of version 1: type first and a number | {"v":{"$type":0,"$binary":"AA=="}}
        $binary of version 1: type first and more behind | {"v":{"$type":"00","$binary":"AA==","x":1}}
        $binary of version 1: type first and no digits | {"v":{"$type":"no","$binary":"AA=="}}
        $binary of version 1: type first and new content | {"v":{"$type":"00","$binary":{"base64":"","subType":"00"}\#
        }}
        $binary of version 1: bad base64 | {"v":{"$binary":"A","$type":"00"}}
        $uuid no hyphens | {"v":{"$uuid":"00112233445566778899aabbccddeeff"}}
        $uuid hyphens elsewhere | {"v":{"$uuid":"001122334-455-6677-8899-aabbccddeeff"}}
        $uuid too short | {"v":{"$uuid":"00112233-4455-6677-8899-aabbccddeef"}}
        $uuid too long | {"v":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff0"}}
        $uuid braces | {"v":{"$uuid":"{00112233-4455-6677-8899-aabbccddeeff}"}}
        $uuid a letter | {"v":{"$uuid":"00112233-4455-6677-8899-aabbccddeefg"}}
        $uuid empty | {"v":{"$uuid":""}}
        $date: a number | {"v":{"$date":1}}
        $date: true | {"v":{"$date":true}}
        $date: null | {"v":{"$date":null}}
        $date: an int32 | {"v":{"$date":{"$numberInt":"1"}}}
        $date: a number in a document | {"v":{"$date":{"$numberLong":1}}}
        $date: too large | {"v":{"$date":{"$numberLong":"9223372036854775808"}}}
        $date: more | {"v":{"$date":{"$numberLong":"1","x":1}}}
        $date: nothing | {"v":{"$date":{}}}
        $date: a day | {"v":{"$date":"2020-01-01"}}
        $date: no zone | {"v":{"$date":"2020-01-01T00:00:00"}}
        $date: month 13 | {"v":{"$date":"2020-13-01T00:00:00Z"}}
        $date: month 0 | {"v":{"$date":"2020-00-01T00:00:00Z"}}
        $date: day 0 | {"v":{"$date":"2020-01-00T00:00:00Z"}}
        $date: 30 February | {"v":{"$date":"2020-02-30T00:00:00Z"}}
        $date: 29 February of 1900 | {"v":{"$date":"1900-02-29T00:00:00Z"}}
        $date: hour 24 | {"v":{"$date":"2020-01-01T24:00:00Z"}}
        $date: minute 60 | {"v":{"$date":"2020-01-01T00:60:00Z"}}
        $date: second 61 | {"v":{"$date":"2020-01-01T00:00:61Z"}}
        $date: no fraction | {"v":{"$date":"2020-01-01T00:00:00.Z"}}
        $date: a comma | {"v":{"$date":"2020-01-01T00:00:00,5Z"}}
        $date: a space | {"v":{"$date":"2020-01-01 00:00:00Z"}}
        $date: two zones | {"v":{"$date":"2020-01-01T00:00:00ZZ"}}
        $date: a zone of one digit | {"v":{"$date":"2020-01-01T00:00:00+1"}}
        $date: five digits of year | {"v":{"$date":"12020-01-01T00:00:00Z"}}
        $date: words | {"v":{"$date":"yesterday"}}
        $date: empty | {"v":{"$date":""}}
        $timestamp: a number | {"v":{"$timestamp":1}}
        $timestamp: a string | {"v":{"$timestamp":"1"}}
        $timestamp: no seconds | {"v":{"$timestamp":{"i":1}}}
        $timestamp: no ordinal | {"v":{"$timestamp":{"t":1}}}
        $timestamp: nothing | {"v":{"$timestamp":{}}}
        $timestamp: more | {"v":{"$timestamp":{"t":1,"i":1,"x":1}}}
        $timestamp: a string for seconds | {"v":{"$timestamp":{"t":"1","i":1}}}
        $timestamp: a string for the ordinal | {"v":{"$timestamp":{"t":1,"i":"1"}}}
        $timestamp: below zero | {"v":{"$timestamp":{"t":-1,"i":1}}}
        $timestamp: too large | {"v":{"$timestamp":{"t":1,"i":4294967296}}}
        $timestamp: a fraction | {"v":{"$timestamp":{"t":1.5,"i":1}}}
        $timestamp: seconds twice | {"v":{"$timestamp":{"t":1,"t":1,"i":1}}}
        $regularExpression: a string | {"v":{"$regularExpression":"a"}}
        $regularExpression: no options | {"v":{"$regularExpression":{"pattern":"a"}}}
        $regularExpression: no pattern | {"v":{"$regularExpression":{"options":""}}}
        $regularExpression: more | {"v":{"$regularExpression":{"pattern":"a","options":"","x":1}}}
        $regularExpression: pattern a number | {"v":{"$regularExpression":{"pattern":1,"options":""}}}
        $regularExpression: options a number | {"v":{"$regularExpression":{"pattern":"a","options":1}}}
        $regularExpression: a NUL in the pattern | {"v":{"$regularExpression":{"pattern":"a\u0000","options":""}}}
        $regularExpression: a NUL in the options | {"v":{"$regularExpression":{"pattern":"a","options":"i\u0000"}}}
        $code: code a number | {"v":{"$code":1}}
        $code: code a document | {"v":{"$code":{}}}
        $code: scope a number | {"v":{"$code":"c","$scope":1}}
        $code: scope an array | {"v":{"$code":"c","$scope":[]}}
        $code: scope null | {"v":{"$code":"c","$scope":null}}
        $code: scope a value of a type | {"v":{"$code":"c","$scope":{"$oid":"000000000000000000000000"}}}
        $code: scope alone | {"v":{"$scope":{}}}
        $code: code twice | {"v":{"$code":"c","$code":"c"}}
        $code: scope twice | {"v":{"$code":"c","$scope":{},"$scope":{}}}
        $code: code a number beside a scope | {"v":{"$code":1,"$scope":{}}}
        $code: more | {"v":{"$code":"c","$scope":{},"x":1}}
        $code: a scope within a scope | {"v":{"$code":"c","$scope":{"$code":"c","$scope":{}}}}
        $dbPointer: a string | {"v":{"$dbPointer":"r"}}
        $dbPointer: no reference | {"v":{"$dbPointer":{"$id":{"$oid":"000000000000000000000000"}}}}
        $dbPointer: no identifier | {"v":{"$dbPointer":{"$ref":"r"}}}
        $dbPointer: reference a number | {"v":{"$dbPointer":{"$ref":1,"$id":{"$oid":"000000000000000000000000"}}}}
        $dbPointer: reference null | {"v":{"$dbPointer":{"$ref":null,"$id":{"$oid":"000000000000000000000000"}}}}
        $dbPointer: identifier a string | {"v":{"$dbPointer":{"$ref":"r","$id":"000000000000000000000000"}}}
        $dbPointer: identifier a number | {"v":{"$dbPointer":{"$ref":"r","$id":1}}}
        $dbPointer: identifier null | {"v":{"$dbPointer":{"$ref":"r","$id":null}}}
        $dbPointer: identifier of another type | {"v":{"$dbPointer":{"$ref":"r","$id":{"$numberInt":"1"}}}}
        $dbPointer: more | {"v":{"$dbPointer":{"$ref":"r","$id":{"$oid":"000000000000000000000000"},"x":1}}}
        $undefined false | {"v":{"$undefined":false}}
        $undefined null | {"v":{"$undefined":null}}
        $undefined one | {"v":{"$undefined":1}}
        $undefined a string | {"v":{"$undefined":"true"}}
        $minKey zero | {"v":{"$minKey":0}}
        $minKey two | {"v":{"$minKey":2}}
        $minKey true | {"v":{"$minKey":true}}
        $minKey a string | {"v":{"$minKey":"1"}}
        $minKey a fraction | {"v":{"$minKey":1.0}}
        $minKey null | {"v":{"$minKey":null}}
        $minKey an int32 | {"v":{"$minKey":{"$numberInt":"1"}}}
        $maxKey zero | {"v":{"$maxKey":0}}
        $maxKey two | {"v":{"$maxKey":2}}
        $maxKey true | {"v":{"$maxKey":true}}
        $maxKey a string | {"v":{"$maxKey":"1"}}
        $maxKey a fraction | {"v":{"$maxKey":1.0}}
        $maxKey null | {"v":{"$maxKey":null}}
        $maxKey an int32 | {"v":{"$maxKey":{"$numberInt":"1"}}}
        101 levels | {"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":\#
        {"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d\#
        ":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{\#
        "d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d"\#
        :{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":1}}}}}}}}}}}}}}}}}}}}}\#
        }}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}
        101 levels of arrays | {"d":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\#
        [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\#
        ]]]]]]]]]]]]}
        """#)
}
