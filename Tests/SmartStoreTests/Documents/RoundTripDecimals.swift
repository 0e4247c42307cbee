// Round trips: decimals. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let decimals = table(
        #"""
        zero | 180000001376000000000000000000000000000000403000 | {"v":{"$numberDecimal":"0"}} | =
        minus zero | 18000000137600000000000000000000000000000040B000 | {"v":{"$numberDecimal":"-0"}} | =
        zero with a place | 1800000013760000000000000000000000000000003E3000 | {"v":{"$numberDecimal":"0.0"}} | =
        zero with six places | 180000001376000000000000000000000000000000343000 | {"v":{"$numberDecimal":"0.000000"}\#
        } | =
        zero with seven places | 180000001376000000000000000000000000000000323000 | {"v":{"$numberDecimal":"0E-7"}} \#
        | =
        zero times a thousand | 180000001376000000000000000000000000000000463000 | {"v":{"$numberDecimal":"0E+3"}} |\#
         =
        zero at the bottom | 180000001376000000000000000000000000000000000000 | {"v":{"$numberDecimal":"0E-6176"}} |\#
         =
        zero at the top | 180000001376000000000000000000000000000000FE5F00 | {"v":{"$numberDecimal":"0E+6111"}} | =
        minus zero at the top | 180000001376000000000000000000000000000000FEDF00 | {"v":{"$numberDecimal":"-0E+6111"\#
        }} | =
        one | 180000001376000100000000000000000000000000403000 | {"v":{"$numberDecimal":"1"}} | =
        minus one | 18000000137600010000000000000000000000000040B000 | {"v":{"$numberDecimal":"-1"}} | =
        one with a place | 180000001376000A000000000000000000000000003E3000 | {"v":{"$numberDecimal":"1.0"}} | =
        one with two places | 1800000013760064000000000000000000000000003C3000 | {"v":{"$numberDecimal":"1.00"}} | =
        ten | 180000001376000A00000000000000000000000000403000 | {"v":{"$numberDecimal":"10"}} | =
        one ten | 180000001376000100000000000000000000000000423000 | {"v":{"$numberDecimal":"1E+1"}} | =
        a price | 18000000137600CF070000000000000000000000003C3000 | {"v":{"$numberDecimal":"19.99"}} | =
        a debt | 180000001376003AE20100000000000000000000003CB000 | {"v":{"$numberDecimal":"-1234.50"}} | =
        half | 1800000013760005000000000000000000000000003E3000 | {"v":{"$numberDecimal":"0.5"}} | =
        a thousandth | 1800000013760001000000000000000000000000003A3000 | {"v":{"$numberDecimal":"0.001"}} | =
        a millionth | 180000001376000100000000000000000000000000343000 | {"v":{"$numberDecimal":"0.000001"}} | =
        a ten millionth | 180000001376000100000000000000000000000000323000 | {"v":{"$numberDecimal":"1E-7"}} | =
        a ten millionth with a place | 180000001376000A00000000000000000000000000303000 | {"v":{"$numberDecimal":"1.\#
        0E-7"}} | =
        minus nine digits | 1800000013760001000000000000000000000000002EB000 | {"v":{"$numberDecimal":"-1E-9"}} | =
        six places | 1800000013760040E2010000000000000000000000343000 | {"v":{"$numberDecimal":"0.123456"}} | =
        places before digits | 18000000137600D204000000000000000000000000303000 | {"v":{"$numberDecimal":"0.00001234\#
        "}} | =
        seven zeros | 18000000137600D2040000000000000000000000002C3000 | {"v":{"$numberDecimal":"1.234E-7"}} | =
        seven digits | 1800000013760087D6120000000000000000000000403000 | {"v":{"$numberDecimal":"1234567"}} | =
        scientific | 180000001376000C000000000000000000000000004E3000 | {"v":{"$numberDecimal":"1.2E+8"}} | =
        scientific small | 180000001376000C000000000000000000000000002E3000 | {"v":{"$numberDecimal":"1.2E-8"}} | =
        int32 | 18000000137600FFFFFF7F00000000000000000000403000 | {"v":{"$numberDecimal":"2147483647"}} | =
        int64 | 18000000137600FFFFFFFFFFFFFF7F000000000000403000 | {"v":{"$numberDecimal":"9223372036854775807"}} | \#
        =
        beyond int64 | 180000001376000000000000000080000000000000403000 | {"v":{"$numberDecimal":"922337203685477580\#
        8"}} | =
        below int64 | 18000000137600010000000000008000000000000040B000 | {"v":{"$numberDecimal":"-922337203685477580\#
        9"}} | =
        unsigned 64 bits | 18000000137600FFFFFFFFFFFFFFFF000000000000403000 | {"v":{"$numberDecimal":"18446744073709\#
        551615"}} | =
        beyond 64 bits | 180000001376000000000000000000010000000000403000 | {"v":{"$numberDecimal":"1844674407370955\#
        1616"}} | =
        the largest coefficient | 18000000137600FFFFFFFF638E8D37C087ADBE09ED413000 | {"v":{"$numberDecimal":"9999999\#
        999999999999999999999999999"}} | =
        the largest coefficient with a point | 18000000137600FFFFFFFF638E8D37C087ADBE09ED1F3000 | {"v":{"$numberDeci\#
        mal":"99999999999999999.99999999999999999"}} | =
        34 digits behind the point | 18000000137600F2AF967ED05C82DE3297FF6FDE3CFC2F00 | {"v":{"$numberDecimal":"0.12\#
        34567890123456789012345678901234"}} | =
        one and 33 places | 18000000137600010000000A5BC138938D44C64D31FE2F00 | {"v":{"$numberDecimal":"1.00000000000\#
        0000000000000000000001"}} | =
        the largest | 18000000137600FFFFFFFF638E8D37C087ADBE09EDFF5F00 | {"v":{"$numberDecimal":"9.99999999999999999\#
        9999999999999999E+6144"}} | =
        the least | 18000000137600FFFFFFFF638E8D37C087ADBE09EDFFDF00 | {"v":{"$numberDecimal":"-9.999999999999999999\#
        999999999999999E+6144"}} | =
        one at the top exponent | 180000001376000100000000000000000000000000FE5F00 | {"v":{"$numberDecimal":"1E+6111\#
        "}} | =
        ten at the top exponent | 180000001376000A00000000000000000000000000FE5F00 | {"v":{"$numberDecimal":"1.0E+61\#
        12"}} | =
        a full one at the top | 18000000137600000000000A5BC138938D44C64D31FE5F00 | {"v":{"$numberDecimal":"1.0000000\#
        00000000000000000000000000E+6144"}} | =
        the smallest | 180000001376000100000000000000000000000000000000 | {"v":{"$numberDecimal":"1E-6176"}} | =
        minus the smallest | 180000001376000100000000000000000000000000008000 | {"v":{"$numberDecimal":"-1E-6176"}} \#
        | =
        the smallest normal | 180000001376000100000000000000000000000000420000 | {"v":{"$numberDecimal":"1E-6143"}} \#
        | =
        the smallest normal in full | 18000000137600000000000A5BC138938D44C64D31000000 | {"v":{"$numberDecimal":"1.0\#
        00000000000000000000000000000000E-6143"}} | =
        the largest subnormal | 18000000137600FFFFFFFF095BC138938D44C64D31000000 | {"v":{"$numberDecimal":"9.9999999\#
        9999999999999999999999999E-6144"}} | =
        two digits at the bottom | 180000001376000F00000000000000000000000000000000 | {"v":{"$numberDecimal":"1.5E-6\#
        175"}} | =
        a tenth as a double has it | 18000000137600E34C361223928639938D44C64D31FC2F00 | {"v":{"$numberDecimal":"0.10\#
        00000000000000055511151231257827"}} | =
        pi | 180000001376008F9FF3E66455BEBAA7965779E49AFE2F00 | {"v":{"$numberDecimal":"3.14159265358979323846264338\#
        3279503"}} | =
        e | 1800000013760056BB6AB2CC6A904EDEF44B8A0586FE2F00 | {"v":{"$numberDecimal":"2.718281828459045235360287471\#
        352662"}} | =
        a googol | 180000001376000100000000000000000000000000083100 | {"v":{"$numberDecimal":"1E+100"}} | =
        a googol in part | 1800000013760015CD5B0700000000000000000000F83000 | {"v":{"$numberDecimal":"1.23456789E+10\#
        0"}} | =
        a small googol | 180000001376002A0000000000000000000000000076AF00 | {"v":{"$numberDecimal":"-4.2E-100"}} | =
        hundred thousand with places | 1800000013760000E1F505000000000000000000003A3000 | {"v":{"$numberDecimal":"10\#
        0000.000"}} | =
        trailing zeros | 18000000137600B004000000000000000000000000403000 | {"v":{"$numberDecimal":"1200"}} | =
        twelve hundreds | 180000001376000C00000000000000000000000000443000 | {"v":{"$numberDecimal":"1.2E+3"}} | =
        infinity | 180000001376000000000000000000000000000000007800 | {"v":{"$numberDecimal":"Infinity"}} | =
        minus infinity | 18000000137600000000000000000000000000000000F800 | {"v":{"$numberDecimal":"-Infinity"}} | =
        not a number | 180000001376000000000000000000000000000000007C00 | {"v":{"$numberDecimal":"NaN"}} | =
        """#)
}
