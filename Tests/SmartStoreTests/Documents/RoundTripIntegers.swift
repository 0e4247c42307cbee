// Round trips: integers. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let integers = table(
        #"""
        int32 zero | 0C0000001076000000000000 | {"v":{"$numberInt":"0"}} | {"v":0}
        int32 one | 0C0000001076000100000000 | {"v":{"$numberInt":"1"}} | {"v":1}
        int32 minus one | 0C000000107600FFFFFFFF00 | {"v":{"$numberInt":"-1"}} | {"v":-1}
        int32 seven | 0C0000001076000700000000 | {"v":{"$numberInt":"7"}} | {"v":7}
        int32 a byte | 0C000000107600FF00000000 | {"v":{"$numberInt":"255"}} | {"v":255}
        int32 a byte more | 0C0000001076000001000000 | {"v":{"$numberInt":"256"}} | {"v":256}
        int32 two bytes | 0C000000107600FFFF000000 | {"v":{"$numberInt":"65535"}} | {"v":65535}
        int32 two bytes more | 0C0000001076000000010000 | {"v":{"$numberInt":"65536"}} | {"v":65536}
        int32 ten million | 0C0000001076008096980000 | {"v":{"$numberInt":"10000000"}} | {"v":10000000}
        int32 largest | 0C000000107600FFFFFF7F00 | {"v":{"$numberInt":"2147483647"}} | {"v":2147483647}
        int32 one below the largest | 0C000000107600FEFFFF7F00 | {"v":{"$numberInt":"2147483646"}} | {"v":2147483646\#
        }
        int32 least | 0C0000001076000000008000 | {"v":{"$numberInt":"-2147483648"}} | {"v":-2147483648}
        int32 one above the least | 0C0000001076000100008000 | {"v":{"$numberInt":"-2147483647"}} | {"v":-2147483647\#
        }
        int32 minus a million | 0C000000107600C0BDF0FF00 | {"v":{"$numberInt":"-1000000"}} | {"v":-1000000}
        int64 zero | 10000000127600000000000000000000 | {"v":{"$numberLong":"0"}} | {"v":0} | lossy
        int64 one | 10000000127600010000000000000000 | {"v":{"$numberLong":"1"}} | {"v":1} | lossy
        int64 minus one | 10000000127600FFFFFFFFFFFFFFFF00 | {"v":{"$numberLong":"-1"}} | {"v":-1} | lossy
        int64 as large as an int32 | 10000000127600FFFFFF7F0000000000 | {"v":{"$numberLong":"2147483647"}} | {"v":21\#
        47483647} | lossy
        int64 as small as an int32 | 1000000012760000000080FFFFFFFF00 | {"v":{"$numberLong":"-2147483648"}} | {"v":-\#
        2147483648} | lossy
        int64 one beyond an int32 | 10000000127600000000800000000000 | {"v":{"$numberLong":"2147483648"}} | {"v":214\#
        7483648}
        int64 one below an int32 | 10000000127600FFFFFF7FFFFFFFFF00 | {"v":{"$numberLong":"-2147483649"}} | {"v":-21\#
        47483649}
        int64 unsigned 32 bits | 10000000127600FFFFFFFF0000000000 | {"v":{"$numberLong":"4294967295"}} | {"v":429496\#
        7295}
        int64 a bit more | 10000000127600000000000100000000 | {"v":{"$numberLong":"4294967296"}} | {"v":4294967296}
        int64 a million million | 100000001276000010A5D4E800000000 | {"v":{"$numberLong":"1000000000000"}} | {"v":10\#
        00000000000}
        int64 exact in a double | 10000000127600000000000000200000 | {"v":{"$numberLong":"9007199254740992"}} | {"v"\#
        :9007199254740992}
        int64 not exact in a double | 10000000127600010000000000200000 | {"v":{"$numberLong":"9007199254740993"}} | \#
        {"v":9007199254740993}
        int64 not exact, negative | 10000000127600FFFFFFFFFFFFDFFF00 | {"v":{"$numberLong":"-9007199254740993"}} | {\#
        "v":-9007199254740993}
        int64 sixty bits | 10000000127600000000000000001000 | {"v":{"$numberLong":"1152921504606846976"}} | {"v":115\#
        2921504606846976}
        int64 ten to the 18 | 10000000127600000064A7B3B6E00D00 | {"v":{"$numberLong":"1000000000000000000"}} | {"v":\#
        1000000000000000000}
        int64 largest | 10000000127600FFFFFFFFFFFFFF7F00 | {"v":{"$numberLong":"9223372036854775807"}} | {"v":922337\#
        2036854775807}
        int64 one below the largest | 10000000127600FEFFFFFFFFFFFF7F00 | {"v":{"$numberLong":"9223372036854775806"}}\#
         | {"v":9223372036854775806}
        int64 least | 10000000127600000000000000008000 | {"v":{"$numberLong":"-9223372036854775808"}} | {"v":-922337\#
        2036854775808}
        int64 one above the least | 10000000127600010000000000008000 | {"v":{"$numberLong":"-9223372036854775807"}} \#
        | {"v":-9223372036854775807}
        int64 digits in order | 100000001276001581E97DF410221100 | {"v":{"$numberLong":"1234567890123456789"}} | {"v\#
        ":1234567890123456789}
        """#)
}
