// Round trips: containers. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let containers = table(
        #"""
        array of nothing | 0D000000047600050000000000 | {"v":[]} | =
        array of one | 140000000476000C000000103000050000000000 | {"v":[{"$numberInt":"5"}]} | {"v":[5]}
        array of types | 330000000476002B000000013000000000000000F83F0231000200000078000A320008330001123400000000000\#
        20000000000 | {"v":[{"$numberDouble":"1.5"},"x",null,true,{"$numberLong":"8589934592"}]} | {"v":[1.5,"x",nul\#
        l,true,8589934592]}
        array of arrays | 250000000476001D00000004300005000000000431000D0000000430000500000000000000 | {"v":[[],[[]]\#
        ]} | =
        array of documents | 240000000476001C00000003300005000000000331000C00000010610001000000000000 | {"v":[{},{"a\#
        ":{"$numberInt":"1"}}]} | {"v":[{},{"a":1}]}
        array of eleven elements | 5B0000000476005300000010300000000000103100010000001032000200000010330003000000103\#
        400040000001035000500000010360006000000103700070000001038000800000010390009000000103130000A0000000000 | {"v"\#
        :[{"$numberInt":"0"},{"$numberInt":"1"},{"$numberInt":"2"},{"$numberInt":"3"},{"$numberInt":"4"},{"$numberIn\#
        t":"5"},{"$numberInt":"6"},{"$numberInt":"7"},{"$numberInt":"8"},{"$numberInt":"9"},{"$numberInt":"10"}]} | \#
        {"v":[0,1,2,3,4,5,6,7,8,9,10]}
        array of a hundred and two | 9D010000047600950100000A30000A31000A32000A33000A34000A35000A36000A37000A38000A3\#
        9000A3130000A3131000A3132000A3133000A3134000A3135000A3136000A3137000A3138000A3139000A3230000A3231000A3232000\#
        A3233000A3234000A3235000A3236000A3237000A3238000A3239000A3330000A3331000A3332000A3333000A3334000A3335000A333\#
        6000A3337000A3338000A3339000A3430000A3431000A3432000A3433000A3434000A3435000A3436000A3437000A3438000A3439000\#
        A3530000A3531000A3532000A3533000A3534000A3535000A3536000A3537000A3538000A3539000A3630000A3631000A3632000A363\#
        3000A3634000A3635000A3636000A3637000A3638000A3639000A3730000A3731000A3732000A3733000A3734000A3735000A3736000\#
        A3737000A3738000A3739000A3830000A3831000A3832000A3833000A3834000A3835000A3836000A3837000A3838000A3839000A393\#
        0000A3931000A3932000A3933000A3934000A3935000A3936000A3937000A3938000A3939000A313030000A313031000000 | {"v":[\#
        null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,nul\#
        l,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,n\#
        ull,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null\#
        ,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,nu\#
        ll,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null]} | =
        array of nulls and undefined | 160000000476000E0000000A30000631000A32000000 | {"v":[null,{"$undefined":true}\#
        ,null]} | =
        array of identifiers | 2B00000004760023000000073000A1B2C3D4E5F60718293A4B5C073100000000000000000000000000000\#
        0 | {"v":[{"$oid":"a1b2c3d4e5f60718293a4b5c"},{"$oid":"000000000000000000000000"}]} | =
        array of dates | 230000000476001B0000000930000000000000000000093100FBFFFFFFFFFFFFFF0000 | {"v":[{"$date":{"$\#
        numberLong":"0"}},{"$date":{"$numberLong":"-5"}}]} | {"v":[{"$date":"1970-01-01T00:00:00Z"},{"$date":{"$numb\#
        erLong":"-5"}}]}
        array of greatest and least | 130000000476000B0000007F3000FF31000000 | {"v":[{"$maxKey":1},{"$minKey":1}]} |\#
         =
        array of long integers that are small | 230000000476001B0000001230000100000000000000123100FFFFFFFFFFFFFFFF00\#
        00 | {"v":[{"$numberLong":"1"},{"$numberLong":"-1"}]} | {"v":[1,-1]} | lossy
        document with nothing | 0D000000037600050000000000 | {"v":{}} | =
        document with one field | 140000000376000C000000106100010000000000 | {"v":{"a":{"$numberInt":"1"}}} | {"v":{\#
        "a":1}}
        document with an empty name | 150000000376000D00000002000200000078000000 | {"v":{"":"x"}} | =
        document with a name with a dot | 160000000376000E00000010612E6200010000000000 | {"v":{"a.b":{"$numberInt":"\#
        1"}}} | {"v":{"a.b":1}}
        document with a name of a dot | 140000000376000C000000102E00010000000000 | {"v":{".":{"$numberInt":"1"}}} | \#
        {"v":{".":1}}
        document with a name with a dollar | 19000000037600110000001024707269636500010000000000 | {"v":{"$price":{"$\#
        numberInt":"1"}}} | {"v":{"$price":1}}
        document with a dollar | 140000000376000C000000102400010000000000 | {"v":{"$":{"$numberInt":"1"}}} | {"v":{"\#
        $":1}}
        document with a name not ASCII | 2D00000003760025000000106772C3B6C39F65000100000010E6BCA2000200000010F09F9C8\#
        400030000000000 | {"v":{"größe":{"$numberInt":"1"},"漢":{"$numberInt":"2"},"🜄":{"$numberInt":"3"}}} | {"v":{"\#
        größe":1,"漢":2,"🜄":3}}
        document with names with marks | 220000000376001A00000010220001000000105C0002000000100A00030000000000 | {"v"\#
        :{"\"":{"$numberInt":"1"},"\\":{"$numberInt":"2"},"\n":{"$numberInt":"3"}}} | {"v":{"\"":1,"\\":2,"\n":3}}
        document with a long name | D7000000037600CF0000000A6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E\#
        6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E\#
        6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E\#
        6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E6E\#
        6E6E6E6E6E6E6E6E6E6E000000 | {"v":{"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\#
        nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\#
        nnnnnnnnnnnnnnnnnnnn":null}} | =
        document with digits as names | 130000000376000B0000000A30000A31000000 | {"v":{"0":null,"1":null}} | =
        document with names that differ in case | 130000000376000B0000000A61000A41000000 | {"v":{"a":null,"A":null}}\#
         | =
        document with fields out of order | 220000000376001A000000107A000100000010610002000000106D00030000000000 | {\#
        "v":{"z":{"$numberInt":"1"},"a":{"$numberInt":"2"},"m":{"$numberInt":"3"}}} | {"v":{"z":1,"a":2,"m":3}}
        document with forty levels | 540100000376004C010000036400440100000364003C010000036400340100000364002C0100000\#
        36400240100000364001C010000036400140100000364000C01000003640004010000036400FC000000036400F4000000036400EC000\#
        000036400E4000000036400DC000000036400D4000000036400CC000000036400C4000000036400BC000000036400B4000000036400A\#
        C000000036400A40000000364009C000000036400940000000364008C000000036400840000000364007C00000003640074000000036\#
        4006C000000036400640000000364005C000000036400540000000364004C000000036400440000000364003C0000000364003400000\#
        00364002C000000036400240000000364001C000000036400140000000364000C0000001064000100000000000000000000000000000\#
        0000000000000000000000000000000000000000000000000000000000000 | {"v":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d"\#
        :{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"\#
        d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"$numberInt":"1"}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}\#
        }}}}}}}}}} | {"v":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":\#
        {"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d":{"d\#
        ":{"d":1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}
        document with forty levels of arrays | 540100000376004C010000046400440100000430003C0100000430003401000004300\#
        02C010000043000240100000430001C010000043000140100000430000C01000004300004010000043000FC000000043000F40000000\#
        43000EC000000043000E4000000043000DC000000043000D4000000043000CC000000043000C4000000043000BC000000043000B4000\#
        000043000AC000000043000A40000000430009C000000043000940000000430008C000000043000840000000430007C0000000430007\#
        40000000430006C000000043000640000000430005C000000043000540000000430004C000000043000440000000430003C000000043\#
        000340000000430002C000000043000240000000430001C000000043000140000000430000C000000103000010000000000000000000\#
        00000000000000000000000000000000000000000000000000000000000000000000000 | {"v":{"d":[[[[[[[[[[[[[[[[[[[[[[[[\#
        [[[[[[[[[[[[[[[[{"$numberInt":"1"}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}} | {"v":{"d":[[[[[[[[[[[[[[[[[[[\#
        [[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}
        document with an operator | 160000000376000E0000001024677400030000000000 | {"v":{"$gt":{"$numberInt":"3"}}} \#
        | {"v":{"$gt":3}}
        document with an operator with options | 2C000000037600240000000224726567657800030000005E610002246F7074696F6\#
        E73000200000069000000 | {"v":{"$regex":"^a","$options":"i"}} | =
        document with an operator with a regex | 1A000000037600120000000B247265676578005E610069000000 | {"v":{"$rege\#
        x":{"$regularExpression":{"pattern":"^a","options":"i"}}}} | =
        document with a type operator | 1F000000037600170000000224747970650007000000737472696E67000000 | {"v":{"$typ\#
        e":"string"}} | =
        document with a type operator with a number | 180000000376001000000010247479706500020000000000 | {"v":{"$typ\#
        e":{"$numberInt":"2"}}} | {"v":{"$type":2}}
        document with a reference | 2E00000003760026000000022472656600060000007368697073000724696400A1B2C3D4E5F60718\#
        293A4B5C0000 | {"v":{"$ref":"ships","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}} | =
        document with a reference with a database | 340000000376002C000000022472656600060000007368697073001024696400\#
        07000000022464620005000000706F7274000000 | {"v":{"$ref":"ships","$id":{"$numberInt":"7"},"$db":"port"}} | {"\#
        v":{"$ref":"ships","$id":7,"$db":"port"}}
        document with a reference with more | 2E00000003760026000000022472656600060000007368697073000224696400020000\#
        0078000A6E6F7465000000 | {"v":{"$ref":"ships","$id":"x","note":null}} | =
        document with half a reference | 1D00000003760015000000022472656600060000007368697073000000 | {"v":{"$ref":"\#
        ships"}} | =
        document with names near those of types | 3A0000000376003200000002246F696473000200000078000A2464617465730010\#
        246E756D6265720001000000026F6964000200000079000000 | {"v":{"$oids":"x","$dates":null,"$number":{"$numberInt"\#
        :"1"},"oid":"y"}} | {"v":{"$oids":"x","$dates":null,"$number":1,"oid":"y"}}
        no fields at all | 0500000000 | {} | =
        every type in a row | 6101000001646F75626C650000000000000002C002737472696E670005000000746578740003646F63756D\#
        656E7400080000000A610000046172726179001500000010300001000000023100020000003200000562696E61727900030000000001\#
        020306756E646566696E656400076964656E74696669657200A1B2C3D4E5F60718293A4B5C087472756500010866616C736500000964\#
        617465007B806E87740100000A6E756C6C000B726567657800612E63006973000C706F696E74657200020000006300A1B2C3D4E5F607\#
        18293A4B5C0D636F6465000200000031000E73796D626F6C000200000073000F73636F706500160000000200000032000C0000001078\#
        00010000000010696E74333200F8FFFFFF1174696D657374616D7000040000000300000012696E743634000000000000000400136465\#
        63696D616C0002030000000000000000000000003C30FF6C65617374007F67726561746573740000 | {"double":{"$numberDouble\#
        ":"-2.25"},"string":"text","document":{"a":null},"array":[{"$numberInt":"1"},"2"],"binary":{"$binary":{"base\#
        64":"AQID","subType":"00"}},"undefined":{"$undefined":true},"identifier":{"$oid":"a1b2c3d4e5f60718293a4b5c"}\#
        ,"true":true,"false":false,"date":{"$date":{"$numberLong":"1600000000123"}},"null":null,"regex":{"$regularEx\#
        pression":{"pattern":"a.c","options":"is"}},"pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"a1b2c3d4e5f60\#
        718293a4b5c"}}},"code":{"$code":"1"},"symbol":{"$symbol":"s"},"scope":{"$code":"2","$scope":{"x":{"$numberIn\#
        t":"1"}}},"int32":{"$numberInt":"-8"},"timestamp":{"$timestamp":{"t":3,"i":4}},"int64":{"$numberLong":"11258\#
        99906842624"},"decimal":{"$numberDecimal":"7.70"},"least":{"$minKey":1},"greatest":{"$maxKey":1}} | {"double\#
        ":-2.25,"string":"text","document":{"a":null},"array":[1,"2"],"binary":{"$binary":{"base64":"AQID","subType"\#
        :"00"}},"undefined":{"$undefined":true},"identifier":{"$oid":"a1b2c3d4e5f60718293a4b5c"},"true":true,"false"\#
        :false,"date":{"$date":"2020-09-13T12:26:40.123Z"},"null":null,"regex":{"$regularExpression":{"pattern":"a.c\#
        ","options":"is"}},"pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},"code":{"\#
        $code":"1"},"symbol":{"$symbol":"s"},"scope":{"$code":"2","$scope":{"x":1}},"int32":-8,"timestamp":{"$timest\#
        amp":{"t":3,"i":4}},"int64":1125899906842624,"decimal":{"$numberDecimal":"7.70"},"least":{"$minKey":1},"grea\#
        test":{"$maxKey":1}}
        every type in an array | 06010000046100FE00000001300000000000000002C0023100050000007465787400033200080000000\#
        A6100000433001500000010300001000000023100020000003200000534000300000000010203063500073600A1B2C3D4E5F60718293\#
        A4B5C08370001083800000939007B806E87740100000A3130000B313100612E63006973000C313200020000006300A1B2C3D4E5F6071\#
        8293A4B5C0D3133000200000031000E3134000200000073000F313500160000000200000032000C00000010780001000000001031360\#
        0F8FFFFFF1131370004000000030000001231380000000000000004001331390002030000000000000000000000003C30FF3230007F3\#
        231000000 | {"a":[{"$numberDouble":"-2.25"},"text",{"a":null},[{"$numberInt":"1"},"2"],{"$binary":{"base64":\#
        "AQID","subType":"00"}},{"$undefined":true},{"$oid":"a1b2c3d4e5f60718293a4b5c"},true,false,{"$date":{"$numbe\#
        rLong":"1600000000123"}},null,{"$regularExpression":{"pattern":"a.c","options":"is"}},{"$dbPointer":{"$ref":\#
        "c","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},{"$code":"1"},{"$symbol":"s"},{"$code":"2","$scope":{"x":{"$\#
        numberInt":"1"}}},{"$numberInt":"-8"},{"$timestamp":{"t":3,"i":4}},{"$numberLong":"1125899906842624"},{"$num\#
        berDecimal":"7.70"},{"$minKey":1},{"$maxKey":1}]} | {"a":[-2.25,"text",{"a":null},[1,"2"],{"$binary":{"base6\#
        4":"AQID","subType":"00"}},{"$undefined":true},{"$oid":"a1b2c3d4e5f60718293a4b5c"},true,false,{"$date":"2020\#
        -09-13T12:26:40.123Z"},null,{"$regularExpression":{"pattern":"a.c","options":"is"}},{"$dbPointer":{"$ref":"c\#
        ","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},{"$code":"1"},{"$symbol":"s"},{"$code":"2","$scope":{"x":1}},-\#
        8,{"$timestamp":{"t":3,"i":4}},1125899906842624,{"$numberDecimal":"7.70"},{"$minKey":1},{"$maxKey":1}]}
        every type a level down | 690100000364006101000001646F75626C650000000000000002C002737472696E6700050000007465\#
        78740003646F63756D656E7400080000000A610000046172726179001500000010300001000000023100020000003200000562696E61\#
        727900030000000001020306756E646566696E656400076964656E74696669657200A1B2C3D4E5F60718293A4B5C0874727565000108\#
        66616C736500000964617465007B806E87740100000A6E756C6C000B726567657800612E63006973000C706F696E7465720002000000\#
        6300A1B2C3D4E5F60718293A4B5C0D636F6465000200000031000E73796D626F6C000200000073000F73636F70650016000000020000\#
        0032000C000000107800010000000010696E74333200F8FFFFFF1174696D657374616D7000040000000300000012696E743634000000\#
        00000000040013646563696D616C0002030000000000000000000000003C30FF6C65617374007F6772656174657374000000 | {"d":\#
        {"double":{"$numberDouble":"-2.25"},"string":"text","document":{"a":null},"array":[{"$numberInt":"1"},"2"],"\#
        binary":{"$binary":{"base64":"AQID","subType":"00"}},"undefined":{"$undefined":true},"identifier":{"$oid":"a\#
        1b2c3d4e5f60718293a4b5c"},"true":true,"false":false,"date":{"$date":{"$numberLong":"1600000000123"}},"null":\#
        null,"regex":{"$regularExpression":{"pattern":"a.c","options":"is"}},"pointer":{"$dbPointer":{"$ref":"c","$i\#
        d":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},"code":{"$code":"1"},"symbol":{"$symbol":"s"},"scope":{"$code":"2",\#
        "$scope":{"x":{"$numberInt":"1"}}},"int32":{"$numberInt":"-8"},"timestamp":{"$timestamp":{"t":3,"i":4}},"int\#
        64":{"$numberLong":"1125899906842624"},"decimal":{"$numberDecimal":"7.70"},"least":{"$minKey":1},"greatest":\#
        {"$maxKey":1}}} | {"d":{"double":-2.25,"string":"text","document":{"a":null},"array":[1,"2"],"binary":{"$bin\#
        ary":{"base64":"AQID","subType":"00"}},"undefined":{"$undefined":true},"identifier":{"$oid":"a1b2c3d4e5f6071\#
        8293a4b5c"},"true":true,"false":false,"date":{"$date":"2020-09-13T12:26:40.123Z"},"null":null,"regex":{"$reg\#
        ularExpression":{"pattern":"a.c","options":"is"}},"pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"a1b2c3d\#
        4e5f60718293a4b5c"}}},"code":{"$code":"1"},"symbol":{"$symbol":"s"},"scope":{"$code":"2","$scope":{"x":1}},"\#
        int32":-8,"timestamp":{"$timestamp":{"t":3,"i":4}},"int64":1125899906842624,"decimal":{"$numberDecimal":"7.7\#
        0"},"least":{"$minKey":1},"greatest":{"$maxKey":1}}}
        every type in a scope | 730100000F73006B0100000200000078006101000001646F75626C650000000000000002C00273747269\#
        6E670005000000746578740003646F63756D656E7400080000000A610000046172726179001500000010300001000000023100020000\#
        003200000562696E61727900030000000001020306756E646566696E656400076964656E74696669657200A1B2C3D4E5F60718293A4B\#
        5C087472756500010866616C736500000964617465007B806E87740100000A6E756C6C000B726567657800612E63006973000C706F69\#
        6E74657200020000006300A1B2C3D4E5F60718293A4B5C0D636F6465000200000031000E73796D626F6C000200000073000F73636F70\#
        6500160000000200000032000C000000107800010000000010696E74333200F8FFFFFF1174696D657374616D70000400000003000000\#
        12696E74363400000000000000040013646563696D616C0002030000000000000000000000003C30FF6C65617374007F677265617465\#
        7374000000 | {"s":{"$code":"x","$scope":{"double":{"$numberDouble":"-2.25"},"string":"text","document":{"a":\#
        null},"array":[{"$numberInt":"1"},"2"],"binary":{"$binary":{"base64":"AQID","subType":"00"}},"undefined":{"$\#
        undefined":true},"identifier":{"$oid":"a1b2c3d4e5f60718293a4b5c"},"true":true,"false":false,"date":{"$date":\#
        {"$numberLong":"1600000000123"}},"null":null,"regex":{"$regularExpression":{"pattern":"a.c","options":"is"}}\#
        ,"pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},"code":{"$code":"1"},"symbo\#
        l":{"$symbol":"s"},"scope":{"$code":"2","$scope":{"x":{"$numberInt":"1"}}},"int32":{"$numberInt":"-8"},"time\#
        stamp":{"$timestamp":{"t":3,"i":4}},"int64":{"$numberLong":"1125899906842624"},"decimal":{"$numberDecimal":"\#
        7.70"},"least":{"$minKey":1},"greatest":{"$maxKey":1}}}} | {"s":{"$code":"x","$scope":{"double":-2.25,"strin\#
        g":"text","document":{"a":null},"array":[1,"2"],"binary":{"$binary":{"base64":"AQID","subType":"00"}},"undef\#
        ined":{"$undefined":true},"identifier":{"$oid":"a1b2c3d4e5f60718293a4b5c"},"true":true,"false":false,"date":\#
        {"$date":"2020-09-13T12:26:40.123Z"},"null":null,"regex":{"$regularExpression":{"pattern":"a.c","options":"i\#
        s"}},"pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"a1b2c3d4e5f60718293a4b5c"}}},"code":{"$code":"1"},"s\#
        ymbol":{"$symbol":"s"},"scope":{"$code":"2","$scope":{"x":1}},"int32":-8,"timestamp":{"$timestamp":{"t":3,"i\#
        ":4}},"int64":1125899906842624,"decimal":{"$numberDecimal":"7.70"},"least":{"$minKey":1},"greatest":{"$maxKe\#
        y":1}}}}
        an order | E8000000075F69640064B7F0C2A1D3E4F50617283903637573746F6D6572001F000000026E616D65000A000000C385646\#
        E6520C3982E0008766970000000046C696E657300740000000330003500000002736B750005000000412D31370010636F756E7400020\#
        0000013707269636500E2040000000000000000000000003C30000331003400000002736B750004000000422F330010636F756E74000\#
        10000001370726963650063000000000000000000000000003C30000009706C6163656400001C0A4E8A010000127365656E000000000\#
        00800000001776569676874000000000000000E4000 | {"_id":{"$oid":"64b7f0c2a1d3e4f506172839"},"customer":{"name":\#
        "Ådne Ø.","vip":false},"lines":[{"sku":"A-17","count":{"$numberInt":"2"},"price":{"$numberDecimal":"12.50"}}\#
        ,{"sku":"B/3","count":{"$numberInt":"1"},"price":{"$numberDecimal":"0.99"}}],"placed":{"$date":{"$numberLong\#
        ":"1693526400000"}},"seen":{"$numberLong":"34359738368"},"weight":{"$numberDouble":"3.75"}} | {"_id":{"$oid"\#
        :"64b7f0c2a1d3e4f506172839"},"customer":{"name":"Ådne Ø.","vip":false},"lines":[{"sku":"A-17","count":2,"pri\#
        ce":{"$numberDecimal":"12.50"}},{"sku":"B/3","count":1,"price":{"$numberDecimal":"0.99"}}],"placed":{"$date"\#
        :"2023-09-01T00:00:00Z"},"seen":34359738368,"weight":3.75}
        small long integers come back from canonical text only | 230000001261000700000000000000046200100000001230000\#
        0000000000000000000 | {"a":{"$numberLong":"7"},"b":[{"$numberLong":"0"}]} | {"a":7,"b":[0]} | lossy
        """#)
}
