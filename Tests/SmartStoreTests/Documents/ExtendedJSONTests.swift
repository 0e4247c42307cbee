// Extended JSON: every type in both forms against its bytes, the grammar, and what is refused.

import Testing

@testable import SmartStore

/// One value as bytes (type, then content) and as text.
struct WireCase: Sendable, CustomTestStringConvertible {
    let type: UInt8
    let content: String
    let canonical: String
    let relaxed: String?

    init(_ type: UInt8, _ content: String, _ canonical: String, _ relaxed: String? = nil) {
        self.type = type
        self.content = content
        self.canonical = canonical
        self.relaxed = relaxed
    }

    var testDescription: String { canonical }

    /// `{"a": value}` as bytes.
    var document: [UInt8] {
        let body = [type, 0x61, 0] + (Hex.bytes(content.filter { $0 != " " }) ?? []) + [0]
        return [UInt8(body.count + 4), 0, 0, 0] + body
    }
}

@Suite("Extended JSON")
struct ExtendedJSONTests {
    static let wireCases: [WireCase] = [
        WireCase(0x01, "000000000000F03F", #"{"$numberDouble":"1.0"}"#, "1.0"),
        WireCase(0x01, "000000000000F0BF", #"{"$numberDouble":"-1.0"}"#, "-1.0"),
        WireCase(0x01, "0000000000000000", #"{"$numberDouble":"0.0"}"#, "0.0"),
        WireCase(0x01, "0000000000000080", #"{"$numberDouble":"-0.0"}"#, "-0.0"),
        WireCase(0x01, "000000000000F07F", #"{"$numberDouble":"Infinity"}"#, #"{"$numberDouble":"Infinity"}"#),
        WireCase(0x01, "000000000000F0FF", #"{"$numberDouble":"-Infinity"}"#, #"{"$numberDouble":"-Infinity"}"#),
        WireCase(0x01, "000000000000F87F", #"{"$numberDouble":"NaN"}"#, #"{"$numberDouble":"NaN"}"#),
        WireCase(0x01, "81E97DF41022B143", #"{"$numberDouble":"1.2345678901234568E+18"}"#, "1.2345678901234568E+18"),
        WireCase(0x01, "9A9999999999B93F", #"{"$numberDouble":"0.1"}"#, "0.1"),
        WireCase(0x02, "01000000 00", #""""#, #""""#),
        WireCase(0x02, "02000000 6200", #""b""#, #""b""#),
        WireCase(0x02, "04000000 61006200", #""a\u0000b""#, #""a\u0000b""#),
        WireCase(0x02, "04000000 E2988600", #""☆""#, #""☆""#),
        WireCase(0x02, "05000000 F09F988000", #""😀""#, #""😀""#),
        WireCase(0x02, "09000000 225C0A0D09080C0100", #""\"\\\n\r\t\b\f\u0001""#),
        WireCase(0x03, "05000000 00", "{}", "{}"),
        WireCase(0x03, "0D000000 02 6200 01000000 00 00", #"{"b":""}"#),
        WireCase(0x03, "0B000000 10 00 01000000 00", #"{"":{"$numberInt":"1"}}"#, #"{"":1}"#),
        WireCase(0x03, "0D000000 10 246700 01000000 00", #"{"$g":{"$numberInt":"1"}}"#, #"{"$g":1}"#),
        WireCase(0x04, "05000000 00", "[]", "[]"),
        WireCase(0x04, "0C000000 10 3000 0A000000 00", #"[{"$numberInt":"10"}]"#, "[10]"),
        WireCase(0x05, "00000000 00", #"{"$binary":{"base64":"","subType":"00"}}"#),
        WireCase(0x05, "02000000 00 FFFF", #"{"$binary":{"base64":"//8=","subType":"00"}}"#),
        WireCase(0x05, "02000000 01 FFFF", #"{"$binary":{"base64":"//8=","subType":"01"}}"#),
        WireCase(0x05, "06000000 02 02000000FFFF", #"{"$binary":{"base64":"//8=","subType":"02"}}"#),
        WireCase(
            0x05, "10000000 04 73FFD26444B34C6990E8E7D1DFC035D4",
            #"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}"#),
        WireCase(0x05, "02000000 80 FFFF", #"{"$binary":{"base64":"//8=","subType":"80"}}"#),
        WireCase(0x05, "06000000 09 27000000803F", #"{"$binary":{"base64":"JwAAAIA/","subType":"09"}}"#),
        WireCase(0x06, "", #"{"$undefined":true}"#),
        WireCase(0x07, "56E1FC72E0C917E9C4714161", #"{"$oid":"56e1fc72e0c917e9c4714161"}"#),
        WireCase(0x08, "01", "true", "true"),
        WireCase(0x08, "00", "false", "false"),
        WireCase(0x09, "0000000000000000", #"{"$date":{"$numberLong":"0"}}"#, #"{"$date":"1970-01-01T00:00:00Z"}"#),
        WireCase(
            0x09, "C5D8D6CC3B010000", #"{"$date":{"$numberLong":"1356351330501"}}"#,
            #"{"$date":"2012-12-24T12:15:30.501Z"}"#),
        WireCase(
            0x09, "C33CE7B9BDFFFFFF", #"{"$date":{"$numberLong":"-284643869501"}}"#,
            #"{"$date":{"$numberLong":"-284643869501"}}"#),
        WireCase(
            0x09, "00DC1FD277E60000", #"{"$date":{"$numberLong":"253402300800000"}}"#,
            #"{"$date":{"$numberLong":"253402300800000"}}"#),
        WireCase(
            0x09, "FFDB1FD277E60000", #"{"$date":{"$numberLong":"253402300799999"}}"#,
            #"{"$date":"9999-12-31T23:59:59.999Z"}"#),
        WireCase(0x0A, "", "null", "null"),
        WireCase(0x0B, "0000", #"{"$regularExpression":{"pattern":"","options":""}}"#),
        WireCase(0x0B, "61626300 696D00", #"{"$regularExpression":{"pattern":"abc","options":"im"}}"#),
        WireCase(0x0B, "612F225C00 00", #"{"$regularExpression":{"pattern":"a/\"\\","options":""}}"#),
        WireCase(
            0x0C, "02000000 6200 56E1FC72E0C917E9C4714161",
            #"{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}"#),
        WireCase(0x0D, "02000000 6200", #"{"$code":"b"}"#),
        WireCase(0x0E, "02000000 6200", #"{"$symbol":"b"}"#),
        WireCase(
            0x0F, "16000000 02000000 6200 0C000000 10 7800 01000000 00",
            #"{"$code":"b","$scope":{"x":{"$numberInt":"1"}}}"#, #"{"$code":"b","$scope":{"x":1}}"#),
        WireCase(0x10, "00000080", #"{"$numberInt":"-2147483648"}"#, "-2147483648"),
        WireCase(0x10, "FFFFFF7F", #"{"$numberInt":"2147483647"}"#, "2147483647"),
        WireCase(0x10, "00000000", #"{"$numberInt":"0"}"#, "0"),
        WireCase(0x11, "2A00000015CD5B07", #"{"$timestamp":{"t":123456789,"i":42}}"#),
        WireCase(0x11, "FFFFFFFFFFFFFFFF", #"{"$timestamp":{"t":4294967295,"i":4294967295}}"#),
        WireCase(0x12, "0000000000000080", #"{"$numberLong":"-9223372036854775808"}"#, "-9223372036854775808"),
        WireCase(0x12, "FFFFFFFFFFFFFF7F", #"{"$numberLong":"9223372036854775807"}"#, "9223372036854775807"),
        WireCase(0x12, "0000008000000000", #"{"$numberLong":"2147483648"}"#, "2147483648"),
        WireCase(0x13, "01000000000000000000000000004030", #"{"$numberDecimal":"1"}"#),
        WireCase(0x13, "0000000000000000000000000000007C", #"{"$numberDecimal":"NaN"}"#),
        WireCase(0x13, "00000000000000000000000000000078", #"{"$numberDecimal":"Infinity"}"#),
        WireCase(0x13, "000000000000000000000000000000F8", #"{"$numberDecimal":"-Infinity"}"#),
        WireCase(0x13, "0000000000000000000000000000403E", #"{"$numberDecimal":"0E+1792"}"#),
        WireCase(0x13, "00000000000000000000000000003EB0", #"{"$numberDecimal":"-0.0"}"#),
        WireCase(0x13, "F1040000000000000000000000002A30", #"{"$numberDecimal":"1.265E-8"}"#),
        WireCase(0xFF, "", #"{"$minKey":1}"#),
        WireCase(0x7F, "", #"{"$maxKey":1}"#),
    ]

    @Test("a value's bytes, its canonical text and its relaxed text say the same", arguments: wireCases)
    func roundTrips(wire: WireCase) throws {
        let document = try Document(bson: wire.document)
        #expect(document.json(.canonical) == "{\"a\":\(wire.canonical)}")
        #expect(try ExtendedJSON.document(from: document.json(.canonical)).bson == wire.document)
        if let relaxed = wire.relaxed {
            #expect(document.json(.relaxed) == "{\"a\":\(relaxed)}")
        }
        // Through a Swift value and back.
        let value = try #require(document["a"])
        #expect(Document(fields: [("a", value)]).bson == wire.document)
        #expect(try ExtendedJSON.value(from: ExtendedJSON.string(value, .canonical)) == value)
        // As an element, and in a document within.
        let nested: Document = ["x": ["y": [value, value]], "z": value]
        #expect(try ExtendedJSON.document(from: nested.json(.canonical)) == nested)
        try BSONValidator.validate(nested.bson)
        // Relaxed text gives an equal value, if not always the same type.
        let reread = try ExtendedJSON.document(from: document.json(.relaxed))
        #expect(ValueOrder.compare(try #require(reread["a"]), value) == 0)
    }

    @Test("random documents come back byte for byte from canonical text", arguments: [1, 2, 3] as [UInt64])
    func roundTripsRandomly(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        for _ in 0..<rounds(3_000) {
            let document = values.document()
            let text = document.json(.canonical)
            let reread = try ExtendedJSON.document(from: text)
            // A NaN has one text for all its payloads, a decimal outside the coefficient's range is a zero.
            #expect(ValueOrder.compare(.document(reread), .document(document)) == 0, "\(text)")
            #expect(reread.json(.canonical) == text)
            let relaxed = try ExtendedJSON.document(from: document.json(.relaxed))
            #expect(ValueOrder.compare(.document(relaxed), .document(document)) == 0, "\(text)")
        }
    }

    @Test(
        "plain numbers take the smallest type that holds them",
        arguments: [
            ("1", .int32(1)), ("-0", .int32(0)), ("2147483648", .int64(2_147_483_648)), ("1.0", .double(1)),
            ("1e0", .double(1)),
            ("-2147483648", .int32(.min)), ("-2147483649", .int64(-2_147_483_649)),
            ("9223372036854775807", .int64(.max)), ("9223372036854775808", .double(0x1p63)),
            ("-9223372036854775808", .int64(.min)), ("18446744073709551616", .double(0x1p64)),
            ("123456789012345678901234567890", .double(1.2345678901234568e29)),
            ("0.1", .double(0.1)), ("1e22", .double(1e22)), ("1E-7", .double(1e-7)),
            ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("-0.0", .double(-0.0)),
            ("0.000000000000000000000000000000000000001", .double(1e-39)),
            ("9007199254740993.0", .double(9_007_199_254_740_992)),
        ] as [(String, BSONValue)])
    func readsNumbers(text: String, expected: BSONValue) throws {
        #expect(try ExtendedJSON.value(from: text) == expected)
    }

    @Test(
        "other spellings of the wrappers are read",
        arguments: [
            (
                #"{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}"#,
                #"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}"#
            ),
            (#"{"$binary":{"subType":"4","base64":"AA=="}}"#, #"{"$binary":{"base64":"AA==","subType":"04"}}"#),
            (#"{"$date":"2012-12-24T12:15:30.501+01:00"}"#, #"{"$date":{"$numberLong":"1356347730501"}}"#),
            (#"{"$date":"2012-12-24T12:15:30Z"}"#, #"{"$date":{"$numberLong":"1356351330000"}}"#),
            (#"{"$date":"2012-12-24T12:15:30.5-0130"}"#, #"{"$date":{"$numberLong":"1356356730500"}}"#),
            (#"{"$timestamp":{"i":1,"t":2}}"#, #"{"$timestamp":{"t":2,"i":1}}"#),
            (
                #"{"$regularExpression":{"options":"xmi","pattern":"a"}}"#,
                #"{"$regularExpression":{"pattern":"a","options":"imx"}}"#
            ),
            (#"{"$scope":{},"$code":"f"}"#, #"{"$code":"f","$scope":{}}"#),
            (#"{ "$numberInt" : "5" }"#, #"{"$numberInt":"5"}"#),
            (#"{"$numberDouble":"1"}"#, #"{"$numberDouble":"1.0"}"#),
            (#"{"$numberDouble":"1e3"}"#, #"{"$numberDouble":"1000.0"}"#),
            ("\"\\ud83d\\ude00\\/\"", "\"😀/\""),
            (#"{"$gt":1}"#, #"{"$gt":{"$numberInt":"1"}}"#),
            (#"{"$ref":"c","$id":1}"#, #"{"$ref":"c","$id":{"$numberInt":"1"}}"#),
            (#"{"$regex":"a","$options":"i"}"#, #"{"$regex":"a","$options":"i"}"#),
            (" [ 1 , 2 ] ", #"[{"$numberInt":"1"},{"$numberInt":"2"}]"#),
        ])
    func readsOtherSpellings(text: String, canonical: String) throws {
        #expect(ExtendedJSON.string(try ExtendedJSON.value(from: text), .canonical) == canonical)
    }

    @Test(
        "text that is not JSON, or breaks a wrapper, is refused",
        arguments: [
            "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "nul", "tru", "True",
            "NaN", "Infinity", "01", "-", "+1", ".5", "5.", "1e", "1e+", "0x1", "1 2", "{} {}", "\"", "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"",
            "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\t\"", "\"\n\"", "[1 2]", "{\"a\" 1}", "1e400", "-1e999", "/* */ 1",
            "\u{FEFF}1",
            "{\"a\\u0000\":1}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}",
            #"{"$oid":"56e1fc72e0c917e9c471416"}"#, #"{"$oid":"56e1fc72e0c917e9c471416g"}"#, #"{"$oid":1}"#,
            #"{"$oid":"56e1fc72e0c917e9c4714161","x":1}"#,
            #"{"x":1,"$oid":"56e1fc72e0c917e9c4714161"}"#, #"{"$numberInt":1}"#, #"{"$numberInt":"2147483648"}"#,
            #"{"$numberInt":""}"#,
            #"{"$numberInt":"1.5"}"#, #"{"$numberInt":" 1"}"#, #"{"$numberInt":"+1"}"#,
            #"{"$numberLong":"9223372036854775808"}"#, #"{"$numberLong":1}"#,
            #"{"$numberDouble":"abc"}"#, #"{"$numberDouble":"0x1p3"}"#, #"{"$numberDouble":"inf"}"#,
            #"{"$numberDouble":1.5}"#, #"{"$numberDouble":"1e400"}"#,
            #"{"$numberDecimal":"1.2.3"}"#, #"{"$numberDecimal":""}"#, #"{"$numberDecimal":"E5"}"#,
            #"{"$numberDecimal":"1E7000"}"#,
            #"{"$numberDecimal":"12345678901234567890123456789012345"}"#, #"{"$numberDecimal":1}"#,
            #"{"$binary":{"base64":"AA=","subType":"00"}}"#, #"{"$binary":{"base64":"A","subType":"00"}}"#,
            #"{"$binary":{"base64":"AB==","subType":"00"}}"#,
            #"{"$binary":{"base64":"AA==","subType":"000"}}"#, #"{"$binary":{"base64":"AA==","subType":"0g"}}"#,
            #"{"$binary":{"base64":"AA=="}}"#,
            #"{"$binary":{"base64":"AA==","subType":"00","x":1}}"#,
            #"{"$binary":{"base64":"AA==","base64":"AA==","subType":"00"}}"#, #"{"$binary":"AA=="}"#,
            #"{"$binary":{"base64":"AA==","subType":"09"}}"#,
            #"{"$uuid":"73ffd26444b34c6990e8e7d1dfc035d4"}"#, #"{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d"}"#,
            #"{"$uuid":"73ffd264-44b34-c69-90e8-e7d1dfc035d4"}"#,
            #"{"$date":"2012-12-24"}"#, #"{"$date":"2012-13-24T12:15:30Z"}"#, #"{"$date":"2012-02-30T12:15:30Z"}"#,
            #"{"$date":"2011-02-29T12:15:30Z"}"#,
            #"{"$date":"2012-12-24T24:15:30Z"}"#, #"{"$date":"2012-12-24T12:15:30"}"#,
            #"{"$date":{"$numberLong":"x"}}"#, #"{"$date":{"$numberInt":"1"}}"#, #"{"$date":true}"#,
            #"{"$timestamp":{"t":1}}"#, #"{"$timestamp":{"t":-1,"i":1}}"#, #"{"$timestamp":{"t":4294967296,"i":1}}"#,
            #"{"$timestamp":{"t":1.0,"i":1}}"#, #"{"$timestamp":{}}"#,
            #"{"$regularExpression":{"pattern":"a"}}"#, #"{"$regularExpression":{"pattern":"a\u0000","options":""}}"#,
            #"{"$regularExpression":{"pattern":1,"options":""}}"#,
            #"{"$code":1}"#, #"{"$scope":{}}"#, #"{"$code":"a","$scope":1}"#, #"{"$code":"a","x":1}"#,
            #"{"$code":"a","$code":"b"}"#,
            #"{"$symbol":1}"#, #"{"$undefined":false}"#, #"{"$undefined":1}"#, #"{"$minKey":2}"#, #"{"$maxKey":"1"}"#,
            #"{"$minKey":1,"x":1}"#,
            #"{"$dbPointer":{"$ref":"a"}}"#, #"{"$dbPointer":{"$ref":"a","$id":"56e1fc72e0c917e9c4714161"}}"#,
            #"{"$dbPointer":{"$ref":1,"$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}"#,
        ])
    func refusesBadText(text: String) {
        #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.value(from: text) } != nil)
    }

    @Test("an error says where it is, in bytes and as a path")
    func locatesErrors() {
        let error = documentError { () throws(DocumentError) in
            _ = try ExtendedJSON.document(from: #"{"a":{"b":[1,{"c":tru}]}}"#)
        }
        #expect(error?.code == .failedToParse)
        #expect(error?.path == "a.b.1.c")
        #expect(error?.offset == 18)
        #expect(
            documentError { () throws(DocumentError) in _ = try ExtendedJSON.document(from: [0x22, 0xFF, 0x22]) }?.code
                == .invalidUTF8)
        #expect(
            documentError { () throws(DocumentError) in _ = try ExtendedJSON.document(from: "[]") }?.code
                == .failedToParse)
    }

    @Test("nesting is limited, at the limit and one beyond")
    func limitsNesting() {
        func nested(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        }
        #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: nested(100)) } == nil)
        #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: nested(101)) } == .tooDeep)
        let brackets = String(repeating: "[", count: 1_000_000)
        #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.value(from: brackets) } == .tooDeep)
    }

    @Test("a hundred thousand mutated texts are read or refused, never trapped on")
    func survivesMutation() throws {
        var values = RandomValues(seed: 77)
        let marks = Array("{}[]\":,.-+eE0129\\u$tfn \u{0}é".utf8)
        var accepted = 0
        for _ in 0..<rounds(4_000) {
            let text = ExtendedJSON.utf8(values.document(), values.random.chance(2) ? .canonical : .relaxed)
            for _ in 0..<25 {
                var mutated = text
                for _ in 0...values.random.below(3) {
                    let place = values.random.below(mutated.count)
                    switch values.random.below(3) {
                    case 0: mutated[place] = values.random.pick(marks)
                    case 1: mutated.insert(values.random.pick(marks), at: place)
                    default: mutated.remove(at: place)
                    }
                    if mutated.isEmpty { mutated = [0x7B] }
                }
                if let document = try? ExtendedJSON.document(from: mutated) {
                    accepted += 1
                    #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(document.bson) } == nil)
                }
            }
        }
        #expect(accepted > 0)
    }
}
