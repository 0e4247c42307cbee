// Round trips: doubles. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let doubles = table(
        #"""
        three quarters | 10000000017600000000000000E83F00 | {"v":{"$numberDouble":"0.75"}} | {"v":0.75}
        minus three quarters | 10000000017600000000000000E8BF00 | {"v":{"$numberDouble":"-0.75"}} | {"v":-0.75}
        zero | 10000000017600000000000000000000 | {"v":{"$numberDouble":"0.0"}} | {"v":0.0}
        minus zero | 10000000017600000000000000008000 | {"v":{"$numberDouble":"-0.0"}} | {"v":-0.0}
        one third | 10000000017600555555555555D53F00 | {"v":{"$numberDouble":"0.3333333333333333"}} | {"v":0.3333333\#
        333333333}
        a tenth | 100000000176009A9999999999B93F00 | {"v":{"$numberDouble":"0.1"}} | {"v":0.1}
        two tenths and an error | 10000000017600343333333333D33F00 | {"v":{"$numberDouble":"0.30000000000000004"}} |\#
         {"v":0.30000000000000004}
        a whole number | 10000000017600000000000000454000 | {"v":{"$numberDouble":"42.0"}} | {"v":42.0}
        a thousand | 100000000176000000000000408F4000 | {"v":{"$numberDouble":"1000.0"}} | {"v":1000.0}
        the largest odd whole | 10000000017600FFFFFFFFFFFF3F4300 | {"v":{"$numberDouble":"9007199254740991.0"}} | {"\#
        v":9007199254740991.0}
        two to the 53 | 10000000017600000000000000404300 | {"v":{"$numberDouble":"9007199254740992.0"}} | {"v":90071\#
        99254740992.0}
        beyond odd wholes | 10000000017600010000000000404300 | {"v":{"$numberDouble":"9007199254740994.0"}} | {"v":9\#
        007199254740994.0}
        fifteen nines | 10000000017600F8FF3326F56B0C4300 | {"v":{"$numberDouble":"999999999999999.0"}} | {"v":999999\#
        999999999.0}
        ten to the 15 | 1000000001760000003426F56B0C4300 | {"v":{"$numberDouble":"1000000000000000.0"}} | {"v":10000\#
        00000000000.0}
        ten to the 16 | 100000000176000080E03779C3414300 | {"v":{"$numberDouble":"1E+16"}} | {"v":1E+16}
        ten to the 21 | 1000000001760050EFE2D6E41A4B4400 | {"v":{"$numberDouble":"1E+21"}} | {"v":1E+21}
        ten to the 22 | 1000000001760092D54D06CFF0804400 | {"v":{"$numberDouble":"1E+22"}} | {"v":1E+22}
        ten to the 23 | 10000000017600F64AE1C7022DB54400 | {"v":{"$numberDouble":"1E+23"}} | {"v":1E+23}
        an int32 and a half | 100000000176000000E0FFFFFFDF4100 | {"v":{"$numberDouble":"2147483647.5"}} | {"v":21474\#
        83647.5}
        two to the 63 | 10000000017600000000000000E04300 | {"v":{"$numberDouble":"9.223372036854776E+18"}} | {"v":9.\#
        223372036854776E+18}
        minus two to the 63 | 10000000017600000000000000E0C300 | {"v":{"$numberDouble":"-9.223372036854776E+18"}} | \#
        {"v":-9.223372036854776E+18}
        two to the 64 | 10000000017600000000000000F04300 | {"v":{"$numberDouble":"1.8446744073709552E+19"}} | {"v":1\#
        .8446744073709552E+19}
        the largest | 10000000017600FFFFFFFFFFFFEF7F00 | {"v":{"$numberDouble":"1.7976931348623157E+308"}} | {"v":1.\#
        7976931348623157E+308}
        the least | 10000000017600FFFFFFFFFFFFEFFF00 | {"v":{"$numberDouble":"-1.7976931348623157E+308"}} | {"v":-1.\#
        7976931348623157E+308}
        the smallest normal | 10000000017600000000000000100000 | {"v":{"$numberDouble":"2.2250738585072014E-308"}} |\#
         {"v":2.2250738585072014E-308}
        the largest subnormal | 10000000017600FFFFFFFFFFFF0F0000 | {"v":{"$numberDouble":"2.225073858507201E-308"}} \#
        | {"v":2.225073858507201E-308}
        the smallest | 10000000017600010000000000000000 | {"v":{"$numberDouble":"5E-324"}} | {"v":5E-324}
        minus the smallest | 10000000017600010000000000008000 | {"v":{"$numberDouble":"-5E-324"}} | {"v":-5E-324}
        one ten thousandth | 100000000176002D431CEBE2361A3F00 | {"v":{"$numberDouble":"0.0001"}} | {"v":0.0001}
        one hundred thousandth | 10000000017600F168E388B5F8E43E00 | {"v":{"$numberDouble":"1E-05"}} | {"v":1E-05}
        seventeen digits | 10000000017600FB598C42CAC0F33F00 | {"v":{"$numberDouble":"1.2345678901234567"}} | {"v":1.\#
        2345678901234567}
        next above one | 10000000017600010000000000F03F00 | {"v":{"$numberDouble":"1.0000000000000002"}} | {"v":1.00\#
        00000000000002}
        next below one | 10000000017600FFFFFFFFFFFFEF3F00 | {"v":{"$numberDouble":"0.9999999999999999"}} | {"v":0.99\#
        99999999999999}
        pi | 10000000017600182D4454FB21094000 | {"v":{"$numberDouble":"3.141592653589793"}} | {"v":3.141592653589793\#
        }
        the speed of light | 100000000176000000004A78DEB14100 | {"v":{"$numberDouble":"299792458.0"}} | {"v":2997924\#
        58.0}
        the charge of an electron | 1000000001760053160C29DAA407BC00 | {"v":{"$numberDouble":"-1.602176634E-19"}} | \#
        {"v":-1.602176634E-19}
        infinity | 10000000017600000000000000F07F00 | {"v":{"$numberDouble":"Infinity"}} | =
        minus infinity | 10000000017600000000000000F0FF00 | {"v":{"$numberDouble":"-Infinity"}} | =
        not a number | 10000000017600000000000000F87F00 | {"v":{"$numberDouble":"NaN"}} | =
        """#)
}
