// Round trips: strings. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let strings = table(
        #"""
        empty | 0D000000027600010000000000 | {"v":""} | =
        a letter | 0E00000002760002000000710000 | {"v":"q"} | =
        a word | 1400000002760008000000686172626F75720000 | {"v":"harbour"} | =
        a space | 0E00000002760002000000200000 | {"v":" "} | =
        spaces around | 1B0000000276000F0000002020696E206265747765656E20200000 | {"v":"  in between  "} | =
        a NUL | 0E00000002760002000000000000 | {"v":"\u0000"} | =
        NULs within | 1100000002760005000000610062000000 | {"v":"a\u0000b\u0000"} | =
        only NULs | 10000000027600040000000000000000 | {"v":"\u0000\u0000\u0000"} | =
        quotation mark | 170000000276000B00000073617920227768656E220000 | {"v":"say \"when\""} | =
        backslash | 160000000276000A000000433A5C74656D705C780000 | {"v":"C:\\temp\\x"} | =
        slash | 1300000002760007000000612F622F2F630000 | {"v":"a/b//c"} | =
        line feed | 14000000027600080000006F6E650A74776F0000 | {"v":"one\ntwo"} | =
        carriage return | 15000000027600090000006F6E650D0A74776F0000 | {"v":"one\r\ntwo"} | =
        tab | 10000000027600040000006109620000 | {"v":"a\tb"} | =
        backspace and form feed | 0F00000002760003000000080C0000 | {"v":"\b\f"} | =
        every control character | 2C000000027600200000000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E\#
        1F0000 | {"v":"\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u001\#
        3\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"} | =
        delete | 0E000000027600020000007F0000 | {"v":"\#u{7F}"} | =
        two bytes | 0F00000002760003000000C3BC0000 | {"v":"ü"} | =
        two bytes, the first | 0F00000002760003000000C2800000 | {"v":"\#u{80}"} | =
        two bytes, the last | 0F00000002760003000000DFBF0000 | {"v":"\#u{7FF}"} | =
        three bytes | 1300000002760007000000E6BCA2E5AD970000 | {"v":"漢字"} | =
        three bytes, the first | 1000000002760004000000E0A0800000 | {"v":"\#u{800}"} | =
        before the surrogates | 1000000002760004000000ED9FBF0000 | {"v":"\#u{D7FF}"} | =
        after the surrogates | 1000000002760004000000EE80800000 | {"v":"\#u{E000}"} | =
        the last of three bytes | 1000000002760004000000EFBFBF0000 | {"v":"\#u{FFFF}"} | =
        byte order mark | 1100000002760005000000EFBBBF780000 | {"v":"\#u{FEFF}x"} | =
        four bytes | 1100000002760005000000F09F9C810000 | {"v":"🜁"} | =
        four bytes, the first | 1100000002760005000000F09080800000 | {"v":"\#u{10000}"} | =
        four bytes, the last | 1100000002760005000000F48FBFBF0000 | {"v":"\#u{10FFFF}"} | =
        combining | 100000000276000400000065CC810000 | {"v":"e\#u{301}"} | =
        composed | 0F00000002760003000000C3A90000 | {"v":"é"} | =
        right to left | 1500000002760009000000D7A9D79CD795D79D0000 | {"v":"שלום"} | =
        a flag | 1500000002760009000000F09F87A8F09F87AD0000 | {"v":"🇨🇭"} | =
        line separators | 1300000002760007000000E280A8E280A90000 | {"v":"\#u{2028}\#u{2029}"} | =
        text that looks like JSON | 190000000276000D0000007B22246F6964223A2278227D0000 | {"v":"{\"$oid\":\"x\"}"} | \#
        =
        text that looks like a number | 14000000027600080000002D31322E3565330000 | {"v":"-12.5e3"} | =
        text of a type | 10000000027600040000004E614E0000 | {"v":"NaN"} | =
        braces | 11000000027600050000007D7B5D5B0000 | {"v":"}{]["} | =
        percent and dollar | 120000000276000600000024352025730000 | {"v":"$5 %s"} | =
        longer than a block | 8F000000027600830000003031323334353637383930313233343536373839303132333435363738393031\#
        323334353637383930313233343536373839303132333435363738393031323334353637383930313233343536373839303132333435\#
        36373839303132333435363738393031323334353637383930313233343536373839303132333435363738390000 | {"v":"0123456\#
        789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234\#
        567890123456789"} | =
        symbol empty | 0D0000000E7600010000000000 | {"v":{"$symbol":""}} | =
        symbol a name | 150000000E7600090000007072696F726974790000 | {"v":{"$symbol":"priority"}} | =
        symbol a NUL within | 100000000E7600040000006100620000 | {"v":{"$symbol":"a\u0000b"}} | =
        symbol not ASCII | 150000000E760009000000D0BAD0BBD18ED1870000 | {"v":{"$symbol":"ключ"}} | =
        symbol with marks | 0F0000000E760003000000225C0000 | {"v":{"$symbol":"\"\\"}} | =
        symbol four bytes | 110000000E760005000000F09F9C820000 | {"v":{"$symbol":"🜂"}} | =
        code empty | 0D0000000D7600010000000000 | {"v":{"$code":""}} | =
        code a function | 2B0000000D76001F00000066756E6374696F6E20286129207B2072657475726E2061202B20313B207D0000 | {\#
        "v":{"$code":"function (a) { return a + 1; }"}} | =
        code a NUL within | 100000000D7600040000007800790000 | {"v":{"$code":"x\u0000y"}} | =
        code lines | 210000000D7600150000007661722061203D20313B0A72657475726E20613B0000 | {"v":{"$code":"var a = 1;\#
        \nreturn a;"}} | =
        code not ASCII | 190000000D76000D00000072657475726E2022C39F223B0000 | {"v":{"$code":"return \"ß\";"}} | =
        code marks | 100000000D760004000000225C2F0000 | {"v":{"$code":"\"\\/"}} | =
        scope empty twice | 160000000F76000E0000000100000000050000000000 | {"v":{"$code":"","$scope":{}}} | =
        scope without names | 1F0000000F7600170000000A00000072657475726E20373B00050000000000 | {"v":{"$code":"return\#
         7;","$scope":{}}} | =
        scope one name | 260000000F76001E0000000A00000072657475726E206E3B000C000000106E00030000000000 | {"v":{"$code\#
        ":"return n;","$scope":{"n":{"$numberInt":"3"}}}} | {"v":{"$code":"return n;","$scope":{"n":3}}}
        scope two names | 390000000F7600310000000E00000072657475726E206E202B206D3B001B000000016E00000000000000E03F12\#
        6D0000000000000100000000 | {"v":{"$code":"return n + m;","$scope":{"n":{"$numberDouble":"0.5"},"m":{"$number\#
        Long":"1099511627776"}}}} | {"v":{"$code":"return n + m;","$scope":{"n":0.5,"m":1099511627776}}}
        scope a NUL in the code | 1C0000000F7600140000000400000061006200080000000A7A000000 | {"v":{"$code":"a\u0000b\#
        ","$scope":{"z":null}}} | =
        scope a document in the scope | 310000000F76002900000004000000732E74001D000000037300150000000474000D00000008\#
        3000010831000000000000 | {"v":{"$code":"s.t","$scope":{"s":{"t":[true,false]}}}} | =
        scope a scope within a scope | 360000000F76002E0000000400000066282900220000000F66001A00000004000000672829000\#
        E0000000D6700020000003100000000 | {"v":{"$code":"f()","$scope":{"f":{"$code":"g()","$scope":{"g":{"$code":"1\#
        "}}}}}} | =
        scope an identifier in the scope | 260000000F76001E000000020000006900140000000769000102030405060708090A0B0C0\#
        000 | {"v":{"$code":"i","$scope":{"i":{"$oid":"0102030405060708090a0b0c"}}}} | =
        scope not ASCII | 230000000F76001B00000003000000C3A9001000000002C3A90003000000C3A8000000 | {"v":{"$code":"é"\#
        ,"$scope":{"é":"è"}}} | =
        regex empty | 0A0000000B7600000000 | {"v":{"$regularExpression":{"pattern":"","options":""}}} | =
        regex letters | 110000000B7600636F6C6F753F72000000 | {"v":{"$regularExpression":{"pattern":"colou?r","option\#
        s":""}}} | =
        regex all options | 110000000B76006100696C6D7375780000 | {"v":{"$regularExpression":{"pattern":"a","options"\#
        :"ilmsux"}}} | =
        regex one option | 0E0000000B76005E782400690000 | {"v":{"$regularExpression":{"pattern":"^x$","options":"i"}\#
        }} | =
        regex options | 130000000B76005B612D7A5D2B00696D780000 | {"v":{"$regularExpression":{"pattern":"[a-z]+","opt\#
        ions":"imx"}}} | =
        regex slash | 0D0000000B7600612F62000000 | {"v":{"$regularExpression":{"pattern":"a/b","options":""}}} | =
        regex backslash | 130000000B76005C642B5C2E5C642A00730000 | {"v":{"$regularExpression":{"pattern":"\\d+\\.\\d\#
        *","options":"s"}}} | =
        regex marks | 110000000B7600225B5E225D2A22000000 | {"v":{"$regularExpression":{"pattern":"\"[^\"]*\"","optio\#
        ns":""}}} | =
        regex not ASCII | 130000000B76005BC3A4C3B6C3BC5D00750000 | {"v":{"$regularExpression":{"pattern":"[äöü]","op\#
        tions":"u"}}} | =
        regex four bytes | 100000000B7600F09F9C832B00690000 | {"v":{"$regularExpression":{"pattern":"🜃+","options":"\#
        i"}}} | =
        regex line feed | 0E0000000B7600610A62006D0000 | {"v":{"$regularExpression":{"pattern":"a\nb","options":"m"}\#
        }} | =
        regex groups | 200000000B7600283F3C793E5C647B347D292D283F3C6D3E5C645C6429000000 | {"v":{"$regularExpression"\#
        :{"pattern":"(?<y>\\d{4})-(?<m>\\d\\d)","options":""}}} | =
        regex only options | 0B0000000B760000780000 | {"v":{"$regularExpression":{"pattern":"","options":"x"}}} | =
        regex braces | 0F0000000B76007B312C327D000000 | {"v":{"$regularExpression":{"pattern":"{1,2}","options":""}}\#
        } | =
        pointer plain | 1E0000000C760006000000736869707300A1B2C3D4E5F60718293A4B5C00 | {"v":{"$dbPointer":{"$ref":"s\#
        hips","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}}} | =
        pointer with a database | 230000000C76000B000000706F72742E73686970730000000000000000000000000000 | {"v":{"$d\#
        bPointer":{"$ref":"port.ships","$id":{"$oid":"000000000000000000000000"}}}} | =
        pointer empty name | 190000000C76000100000000FFFFFFFFFFFFFFFFFFFFFFFF00 | {"v":{"$dbPointer":{"$ref":"","$id\#
        ":{"$oid":"ffffffffffffffffffffffff"}}}} | =
        pointer not ASCII | 1F0000000C76000700000068C3A466656E00A1B2C3D4E5F60718293A4B5C00 | {"v":{"$dbPointer":{"$r\#
        ef":"häfen","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}}} | =
        pointer a NUL within | 1C0000000C76000400000061006200A1B2C3D4E5F60718293A4B5C00 | {"v":{"$dbPointer":{"$ref"\#
        :"a\u0000b","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}}} | =
        """#)
}
