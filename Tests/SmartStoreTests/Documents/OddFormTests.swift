// Forms that are read and not written: each with the canonical bytes that come of it.
//
// The tables have a line each: bson or json | name | input | canonical bytes in hexadecimal.

import Testing

@testable import SmartStore

/// One odd form of a document and its canonical bytes.
struct OddForm: Sendable, CustomTestStringConvertible {
    let isText: Bool
    let name: String
    let input: String
    let canonical: [UInt8]

    var testDescription: String { name }
}

@Suite("Odd forms")
struct OddFormTests {
    static let cases: [OddForm] = table.split(separator: "\n").map { line in
        let cells = RoundTripCase.cells(line)
        return OddForm(
            isText: cells[0] == "json", name: cells[1], input: cells[2], canonical: Hex.bytes(cells[3]) ?? [])
    }

    @Test("a form that is read and not written comes out in its canonical form", arguments: cases)
    func becomesCanonical(form: OddForm) throws {
        let document =
            form.isText
            ? try ExtendedJSON.document(from: form.input) : try Document(bson: #require(Hex.bytes(form.input)))
        #expect(document.bson == form.canonical, "\(document)")
        // What came out is canonical: it comes back through both texts and bytes as it is.
        #expect(try Document(bson: document.bson) == document)
        #expect(try ExtendedJSON.document(from: document.json(.canonical)) == document)
    }

    @Test("a NaN's content and a decimal beyond its range stay in bytes and are shown as what they mean")
    func keepsBits() throws {
        let cases: [(tag: String, content: String, text: String)] = [
            ("01", "010000000000F87F", #"{"$numberDouble":"NaN"}"#),
            ("01", "000000000000F8FF", #"{"$numberDouble":"NaN"}"#),
            ("01", "010000000000F07F", #"{"$numberDouble":"NaN"}"#),
            ("13", "0000000000000000000000000000007E", #"{"$numberDecimal":"NaN"}"#),
            ("13", "070000000000000000000000000000FC", #"{"$numberDecimal":"NaN"}"#),
            ("13", "FFFFFFFFFFFFFFFFFFFFFFFFFFFF4130", #"{"$numberDecimal":"0"}"#),
            ("13", "000000000000000000000000000010EC", #"{"$numberDecimal":"-0"}"#),
            ("13", "07000000000000000000000000 80116C", #"{"$numberDecimal":"0E+3"}"#),
            ("13", "01000000000000000000000000000078", #"{"$numberDecimal":"Infinity"}"#),
        ]
        for (tag, content, text) in cases {
            let value = Hex.bytes(content.filter { $0 != " " }) ?? []
            let field = (Hex.bytes(tag) ?? []) + [0x76, 0] + value + [0]
            let bytes = [UInt8(field.count + 4), 0, 0, 0] + field
            let document = try Document(bson: bytes)
            #expect(document.bson == bytes)
            #expect(document.json(.canonical) == "{\"v\":\(text)}")
            #expect(try ExtendedJSON.document(from: document.json(.canonical)).json() == document.json())
        }
    }

    private static let table = #"""
        bson | array with empty names | 19000000047600110000001000010000001000020000000000 | 1B000000047600130000001\#
        0300001000000103100020000000000
        bson | array with letters for names | 1B0000000476001300000010780001000000107900020000000000 | 1B00000004760\#
        01300000010300001000000103100020000000000
        bson | array that begins at one | 1B0000000476001300000010310001000000103200020000000000 | 1B000000047600130\#
        0000010300001000000103100020000000000
        bson | array with names swapped | 1B0000000476001300000010310001000000103000020000000000 | 1B000000047600130\#
        0000010300001000000103100020000000000
        bson | array with equal names | 1B0000000476001300000010300001000000103000020000000000 | 1B00000004760013000\#
        00010300001000000103100020000000000
        bson | array with leading zeros | 1D00000004760015000000103030000100000010303100020000000000 | 1B00000004760\#
        01300000010300001000000103100020000000000
        bson | array with a minus | 1C0000000476001400000010300001000000102D3100020000000000 | 1B0000000476001300000\#
        010300001000000103100020000000000
        bson | array whose tenth name is wrong | 2E000000047600260000000A30000A31000A32000A33000A34000A35000A36000A3\#
        7000A38000A39000A39000000 | 2F000000047600270000000A30000A31000A32000A33000A34000A35000A36000A37000A38000A39\#
        000A3130000000
        bson | array whose hundredth name is too short | 970100000476008F0100000A30000A31000A32000A33000A34000A35000\#
        A36000A37000A38000A39000A3130000A3131000A3132000A3133000A3134000A3135000A3136000A3137000A3138000A3139000A323\#
        0000A3231000A3232000A3233000A3234000A3235000A3236000A3237000A3238000A3239000A3330000A3331000A3332000A3333000\#
        A3334000A3335000A3336000A3337000A3338000A3339000A3430000A3431000A3432000A3433000A3434000A3435000A3436000A343\#
        7000A3438000A3439000A3530000A3531000A3532000A3533000A3534000A3535000A3536000A3537000A3538000A3539000A3630000\#
        A3631000A3632000A3633000A3634000A3635000A3636000A3637000A3638000A3639000A3730000A3731000A3732000A3733000A373\#
        4000A3735000A3736000A3737000A3738000A3739000A3830000A3831000A3832000A3833000A3834000A3835000A3836000A3837000\#
        A3838000A3839000A3930000A3931000A3932000A3933000A3934000A3935000A3936000A3937000A3938000A3939000A3130000000\#
         | 98010000047600900100000A30000A31000A32000A33000A34000A35000A36000A37000A38000A39000A3130000A3131000A31320\#
        00A3133000A3134000A3135000A3136000A3137000A3138000A3139000A3230000A3231000A3232000A3233000A3234000A3235000A3\#
        236000A3237000A3238000A3239000A3330000A3331000A3332000A3333000A3334000A3335000A3336000A3337000A3338000A33390\#
        00A3430000A3431000A3432000A3433000A3434000A3435000A3436000A3437000A3438000A3439000A3530000A3531000A3532000A3\#
        533000A3534000A3535000A3536000A3537000A3538000A3539000A3630000A3631000A3632000A3633000A3634000A3635000A36360\#
        00A3637000A3638000A3639000A3730000A3731000A3732000A3733000A3734000A3735000A3736000A3737000A3738000A3739000A3\#
        830000A3831000A3832000A3833000A3834000A3835000A3836000A3837000A3838000A3839000A3930000A3931000A3932000A39330\#
        00A3934000A3935000A3936000A3937000A3938000A3939000A313030000000
        bson | array whose hundredth name is too long | 99010000047600910100000A30000A31000A32000A33000A34000A35000A\#
        36000A37000A38000A39000A3130000A3131000A3132000A3133000A3134000A3135000A3136000A3137000A3138000A3139000A3230\#
        000A3231000A3232000A3233000A3234000A3235000A3236000A3237000A3238000A3239000A3330000A3331000A3332000A3333000A\#
        3334000A3335000A3336000A3337000A3338000A3339000A3430000A3431000A3432000A3433000A3434000A3435000A3436000A3437\#
        000A3438000A3439000A3530000A3531000A3532000A3533000A3534000A3535000A3536000A3537000A3538000A3539000A3630000A\#
        3631000A3632000A3633000A3634000A3635000A3636000A3637000A3638000A3639000A3730000A3731000A3732000A3733000A3734\#
        000A3735000A3736000A3737000A3738000A3739000A3830000A3831000A3832000A3833000A3834000A3835000A3836000A3837000A\#
        3838000A3839000A3930000A3931000A3932000A3933000A3934000A3935000A3936000A3937000A3938000A3939000A313030300000\#
        00 | 98010000047600900100000A30000A31000A32000A33000A34000A35000A36000A37000A38000A39000A3130000A3131000A313\#
        2000A3133000A3134000A3135000A3136000A3137000A3138000A3139000A3230000A3231000A3232000A3233000A3234000A3235000\#
        A3236000A3237000A3238000A3239000A3330000A3331000A3332000A3333000A3334000A3335000A3336000A3337000A3338000A333\#
        9000A3430000A3431000A3432000A3433000A3434000A3435000A3436000A3437000A3438000A3439000A3530000A3531000A3532000\#
        A3533000A3534000A3535000A3536000A3537000A3538000A3539000A3630000A3631000A3632000A3633000A3634000A3635000A363\#
        6000A3637000A3638000A3639000A3730000A3731000A3732000A3733000A3734000A3735000A3736000A3737000A3738000A3739000\#
        A3830000A3831000A3832000A3833000A3834000A3835000A3836000A3837000A3838000A3839000A3930000A3931000A3932000A393\#
        3000A3934000A3935000A3936000A3937000A3938000A3939000A313030000000
        bson | array within an array | 1E000000047600160000000430000E000000023500020000007800000000 | 1E000000047600\#
        160000000430000E000000023000020000007800000000
        bson | array within a document | 19000000037600110000000461000900000008620001000000 | 1900000003760011000000\#
        0461000900000008300001000000
        bson | array within a scope | 220000000F76001A00000002000000660010000000046100080000000A7100000000 | 2200000\#
        00F76001A00000002000000660010000000046100080000000A3000000000
        bson | document within such an array | 230000000476001B000000036B0013000000107A00010000001030000200000000000\#
        0 | 230000000476001B00000003300013000000107A000100000010300002000000000000
        bson | options out of order | 0E0000000B76006100786D690000 | 0E0000000B76006100696D780000
        bson | all options backwards | 110000000B760061007875736D6C690000 | 110000000B76006100696C6D7375780000
        bson | options out of order in an array | 140000000476000C0000000B300000736D000000 | 140000000476000C0000000\#
        B3000006D73000000
        bson | options out of order in a scope | 1E0000000F76001600000001000000000D0000000B720070007569000000 | 1E00\#
        00000F76001600000001000000000D0000000B720070006975000000
        json | white space everywhere |  \#t{ "v" : { "$numberInt" : "5" } } \#r | 0C0000001076000500000000
        json | escaped name | {"\u0076":1} | 0C0000001076000100000000
        json | escaped wrapper name | {"v":{"\u0024oid":"abababababababababababab"}} | 14000000077600ABABABABABABABA\#
        BABABABAB00
        json | upper case identifier | {"v":{"$oid":"ABABABABABABABABABABABAB"}} | 14000000077600ABABABABABABABABABA\#
        BABAB00
        json | escapes that need not be | {"v":"\u0061\/\u00e9\uD83D\uDE00"} | 1500000002760009000000612FC3A9F09F988\#
        00000
        json | escapes in mixed case | {"v":"\u00E9\ud83d\ude00"} | 1300000002760007000000C3A9F09F98800000
        json | plain int32 | {"v":17} | 0C0000001076001100000000
        json | plain int64 | {"v":4294967296} | 10000000127600000000000100000000
        json | minus zero is an integer | {"v":-0} | 0C0000001076000000000000
        json | beyond int64 is a double | {"v":9223372036854775808} | 10000000017600000000000000E04300
        json | a fraction of zero is a double | {"v":3.0} | 10000000017600000000000000084000
        json | an exponent makes a double | {"v":2e3} | 100000000176000000000000409F4000
        json | a capital exponent | {"v":2E+3} | 100000000176000000000000409F4000
        json | a small exponent | {"v":25e-1} | 10000000017600000000000000044000
        json | double as digits | {"v":{"$numberDouble":"3"}} | 10000000017600000000000000084000
        json | double with a small e | {"v":{"$numberDouble":"1.5e-7"}} | 1000000001760076830DF4F521843E00
        json | double with many digits | {"v":{"$numberDouble":"0.1000000000000000055511151231257827"}} | 1000000001\#
        76009A9999999999B93F00
        json | double too small | {"v":{"$numberDouble":"1e-400"}} | 10000000017600000000000000000000
        json | int32 with leading zeros | {"v":{"$numberInt":"007"}} | 0C0000001076000700000000
        json | int32 minus zero | {"v":{"$numberInt":"-0"}} | 0C0000001076000000000000
        json | decimal with a plus sign | {"v":{"$numberDecimal":"+1.5"}} | 180000001376000F000000000000000000000000\#
        003E3000
        json | decimal with a small e | {"v":{"$numberDecimal":"1e3"}} | 1800000013760001000000000000000000000000004\#
        63000
        json | decimal with an exponent without sign | {"v":{"$numberDecimal":"1E3"}} | 1800000013760001000000000000\#
        00000000000000463000
        json | decimal with a point in front | {"v":{"$numberDecimal":".5"}} | 1800000013760005000000000000000000000\#
        000003E3000
        json | decimal with a point behind | {"v":{"$numberDecimal":"5."}} | 180000001376000500000000000000000000000\#
        000403000
        json | decimal with leading zeros | {"v":{"$numberDecimal":"0005.0"}} | 180000001376003200000000000000000000\#
        0000003E3000
        json | decimal with an exponent of zero | {"v":{"$numberDecimal":"1E+0"}} | 18000000137600010000000000000000\#
        0000000000403000
        json | decimal with leading zeros in the exponent | {"v":{"$numberDecimal":"1E+0003"}} | 1800000013760001000\#
        00000000000000000000000463000
        json | decimal with small letters of infinity | {"v":{"$numberDecimal":"infinity"}} | 1800000013760000000000\#
        00000000000000000000007800
        json | decimal with short infinity | {"v":{"$numberDecimal":"Inf"}} | 18000000137600000000000000000000000000\#
        0000007800
        json | decimal with negative short infinity | {"v":{"$numberDecimal":"-inf"}} | 1800000013760000000000000000\#
        0000000000000000F800
        json | decimal with small letters of nan | {"v":{"$numberDecimal":"nan"}} | 18000000137600000000000000000000\#
        0000000000007C00
        json | decimal with clamped up | {"v":{"$numberDecimal":"1E+6112"}} | 180000001376000A0000000000000000000000\#
        0000FE5F00
        json | decimal with clamped to the top | {"v":{"$numberDecimal":"7E+6144"}} | 1800000013760000000000467D498D\#
        06DFDF6B2059FF5F00
        json | decimal with zeros behind the last digit | {"v":{"$numberDecimal":"1234567890123456789012345678901234\#
        0"}} | 18000000137600F2AF967ED05C82DE3297FF6FDE3C423000
        json | decimal with five hundred zeros | {"v":{"$numberDecimal":"1000000000000000000000000000000000000000000\#
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\#
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\#
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\#
        000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\#
        00000000000000000000000000"}} | 18000000137600000000000A5BC138938D44C64D31E63300
        json | decimal with a zero beyond the bottom | {"v":{"$numberDecimal":"0E-9000"}} | 180000001376000000000000\#
        000000000000000000000000
        json | decimal with a zero beyond the top | {"v":{"$numberDecimal":"0E+9000"}} | 180000001376000000000000000\#
        000000000000000FE5F00
        json | decimal with a negative zero beyond the top | {"v":{"$numberDecimal":"-0E+9000"}} | 18000000137600000\#
        0000000000000000000000000FEDF00
        json | decimal with subnormal with zeros behind | {"v":{"$numberDecimal":"20E-6177"}} | 18000000137600020000\#
        0000000000000000000000000000
        json | decimal with many zeros in front | {"v":{"$numberDecimal":"0.0000000000000000000000000000000000000000\#
        000000000000000000001"}} | 180000001376000100000000000000000000000000C62F00
        json | decimal with digits of a subnormal | {"v":{"$numberDecimal":"0.00000000000000000000000000000001E-6144\#
        "}} | 180000001376000100000000000000000000000000000000
        json | uuid | {"v":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}} | 1D00000005760010000000040011223344556\#
        6778899AABBCCDDEEFF00
        json | uuid in capitals | {"v":{"$uuid":"00112233-4455-6677-8899-AABBCCDDEEFF"}} | 1D00000005760010000000040\#
        0112233445566778899AABBCCDDEEFF00
        json | binary, members swapped | {"v":{"$binary":{"subType":"05","base64":"AQI="}}} | 0F00000005760002000000\#
        05010200
        json | binary, one digit of subtype | {"v":{"$binary":{"base64":"AQI=","subType":"5"}}} | 0F0000000576000200\#
        000005010200
        json | binary, capital subtype | {"v":{"$binary":{"base64":"AQI=","subType":"FE"}}} | 0F00000005760002000000\#
        FE010200
        json | binary of version 1 | {"v":{"$binary":"AQI=","$type":"00"}} | 0F0000000576000200000000010200
        json | binary of version 1, members swapped | {"v":{"$type":"80","$binary":"AQI="}} | 0F00000005760002000000\#
        80010200
        json | binary of version 1, old subtype | {"v":{"$binary":"AQI=","$type":"02"}} | 13000000057600060000000202\#
        000000010200
        json | binary of version 1, one digit | {"v":{"$binary":"","$type":"3"}} | 0D000000057600000000000300
        json | date with a zone east | {"v":{"$date":"2021-06-01T12:00:00+02:00"}} | 10000000097600000504C7790100000\#
        0
        json | date with a zone west, no colon | {"v":{"$date":"2021-06-01T12:00:00-0330"}} | 10000000097600C02432C8\#
        7901000000
        json | date with a fraction of one digit | {"v":{"$date":"2021-06-01T12:00:00.5Z"}} | 10000000097600F4E371C7\#
        7901000000
        json | date with a fraction of two digits | {"v":{"$date":"2021-06-01T12:00:00.05Z"}} | 1000000009760032E271\#
        C77901000000
        json | date with microseconds, cut off | {"v":{"$date":"2021-06-01T12:00:00.123999Z"}} | 100000000976007BE27\#
        1C77901000000
        json | date with a zone of zero | {"v":{"$date":"2021-06-01T12:00:00+00:00"}} | 1000000009760000E271C7790100\#
        0000
        json | date with a year before 1970 | {"v":{"$date":"1815-12-10T00:00:00Z"}} | 1000000009760000F86D0A94FBFFF\#
        F00
        json | date with before 1970 with a fraction | {"v":{"$date":"1969-12-31T23:59:59.999Z"}} | 10000000097600FF\#
        FFFFFFFFFFFFFF00
        json | date with a zone over midnight | {"v":{"$date":"1970-01-01T00:30:00+01:00"}} | 10000000097600C088E4FF\#
        FFFFFFFF00
        json | timestamp, members swapped | {"v":{"$timestamp":{"i":2,"t":1}}} | 10000000117600020000000100000000
        json | regex, members swapped | {"v":{"$regularExpression":{"options":"","pattern":"p"}}} | 0B0000000B760070\#
        000000
        json | regex, options out of order | {"v":{"$regularExpression":{"pattern":"p","options":"usi"}}} | 0E000000\#
        0B760070006973750000
        json | scope before code | {"v":{"$scope":{"a":1},"$code":"c"}} | 1E0000000F7600160000000200000063000C000000\#
        106100010000000000
        json | pointer, members swapped | {"v":{"$dbPointer":{"$id":{"$oid":"111111111111111111111111"},"$ref":"r"}}\#
        } | 1A0000000C760002000000720011111111111111111111111100
        json | regex of version 1 is an operator | {"v":{"$regex":"p","$options":"i"}} | 2B0000000376002300000002247\#
        2656765780002000000700002246F7074696F6E73000200000069000000
        json | type beside another name is a name | {"v":{"$type":"00","other":1}} | 260000000376001E000000022474797\#
        0650003000000303000106F7468657200010000000000
        """#
}
