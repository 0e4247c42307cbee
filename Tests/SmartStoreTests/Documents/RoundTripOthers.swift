// Round trips: others. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let others = table(
        #"""
        identifier zeros | 1400000007760000000000000000000000000000 | {"v":{"$oid":"000000000000000000000000"}} | =
        identifier ones | 14000000077600FFFFFFFFFFFFFFFFFFFFFFFF00 | {"v":{"$oid":"ffffffffffffffffffffffff"}} | =
        identifier digits | 140000000776000123456789ABCDEF0123456700 | {"v":{"$oid":"0123456789abcdef01234567"}} | =
        identifier a time | 1400000007760065920080AAAAAAAAAA00000100 | {"v":{"$oid":"65920080aaaaaaaaaa000001"}} | =
        identifier the last second | 14000000077600FFFFFFFF000000000000000000 | {"v":{"$oid":"ffffffff00000000000000\#
        00"}} | =
        identifier the top bit | 1400000007760080000000000000000000000100 | {"v":{"$oid":"800000000000000000000001"}\#
        } | =
        true | 090000000876000100 | {"v":true} | =
        false | 090000000876000000 | {"v":false} | =
        null | 080000000A760000 | {"v":null} | =
        undefined | 0800000006760000 | {"v":{"$undefined":true}} | =
        least of all | 08000000FF760000 | {"v":{"$minKey":1}} | =
        greatest of all | 080000007F760000 | {"v":{"$maxKey":1}} | =
        date epoch | 10000000097600000000000000000000 | {"v":{"$date":{"$numberLong":"0"}}} | {"v":{"$date":"1970-01\#
        -01T00:00:00Z"}}
        date a millisecond | 10000000097600010000000000000000 | {"v":{"$date":{"$numberLong":"1"}}} | {"v":{"$date":\#
        "1970-01-01T00:00:00.001Z"}}
        date ten milliseconds | 100000000976000A0000000000000000 | {"v":{"$date":{"$numberLong":"10"}}} | {"v":{"$da\#
        te":"1970-01-01T00:00:00.010Z"}}
        date a hundred milliseconds | 10000000097600640000000000000000 | {"v":{"$date":{"$numberLong":"100"}}} | {"v\#
        ":{"$date":"1970-01-01T00:00:00.100Z"}}
        date a second less a millisecond | 10000000097600E70300000000000000 | {"v":{"$date":{"$numberLong":"999"}}} \#
        | {"v":{"$date":"1970-01-01T00:00:00.999Z"}}
        date a second | 10000000097600E80300000000000000 | {"v":{"$date":{"$numberLong":"1000"}}} | {"v":{"$date":"1\#
        970-01-01T00:00:01Z"}}
        date a millisecond before | 10000000097600FFFFFFFFFFFFFFFF00 | {"v":{"$date":{"$numberLong":"-1"}}} | =
        date a second before | 1000000009760018FCFFFFFFFFFFFF00 | {"v":{"$date":{"$numberLong":"-1000"}}} | =
        date a day | 10000000097600005C26050000000000 | {"v":{"$date":{"$numberLong":"86400000"}}} | {"v":{"$date":"\#
        1970-01-02T00:00:00Z"}}
        date leap day of 2000 | 1000000009760000E0A69ADD00000000 | {"v":{"$date":{"$numberLong":"951782400000"}}} | \#
        {"v":{"$date":"2000-02-29T00:00:00Z"}}
        date last of 1999 | 10000000097600FFABCF6ADC00000000 | {"v":{"$date":{"$numberLong":"946684799999"}}} | {"v"\#
        :{"$date":"1999-12-31T23:59:59.999Z"}}
        date leap day of 2024 | 100000000976009554DCF48D01000000 | {"v":{"$date":{"$numberLong":"1709210096789"}}} |\#
         {"v":{"$date":"2024-02-29T12:34:56.789Z"}}
        date not a leap year | 10000000097600000C9B5CBC03000000 | {"v":{"$date":{"$numberLong":"4107542400000"}}} | \#
        {"v":{"$date":"2100-03-01T00:00:00Z"}}
        date 31 bits of seconds | 1000000009760018FCFFFFF301000000 | {"v":{"$date":{"$numberLong":"2147483647000"}}}\#
         | {"v":{"$date":"2038-01-19T03:14:07Z"}}
        date one more | 1000000009760000000000F401000000 | {"v":{"$date":{"$numberLong":"2147483648000"}}} | {"v":{"\#
        $date":"2038-01-19T03:14:08Z"}}
        date 32 bits of seconds | 1000000009760018FCFFFFE703000000 | {"v":{"$date":{"$numberLong":"4294967295000"}}}\#
         | {"v":{"$date":"2106-02-07T06:28:15Z"}}
        date year 3000 | 1000000009760000E04CDA8F1D000000 | {"v":{"$date":{"$numberLong":"32503680000000"}}} | {"v":\#
        {"$date":"3000-01-01T00:00:00Z"}}
        date last of year 9999 | 10000000097600FFDB1FD277E6000000 | {"v":{"$date":{"$numberLong":"253402300799999"}}\#
        } | {"v":{"$date":"9999-12-31T23:59:59.999Z"}}
        date first of year 10000 | 1000000009760000DC1FD277E6000000 | {"v":{"$date":{"$numberLong":"253402300800000"\#
        }}} | =
        date year 1969 | 1000000009760000A4D9FAFFFFFFFF00 | {"v":{"$date":{"$numberLong":"-86400000"}}} | =
        date year 1900 | 1000000009760000DC01AEFDFDFFFF00 | {"v":{"$date":{"$numberLong":"-2208988800000"}}} | =
        date year 1 | 100000000976000028D3ED7CC7FFFF00 | {"v":{"$date":{"$numberLong":"-62135596800000"}}} | =
        date before year 0 | 10000000097600FF9FFB9075C7FFFF00 | {"v":{"$date":{"$numberLong":"-62167219200001"}}} | \#
        =
        date largest | 10000000097600FFFFFFFFFFFFFF7F00 | {"v":{"$date":{"$numberLong":"9223372036854775807"}}} | =
        date least | 10000000097600000000000000008000 | {"v":{"$date":{"$numberLong":"-9223372036854775808"}}} | =
        timestamp zero | 10000000117600000000000000000000 | {"v":{"$timestamp":{"t":0,"i":0}}} | =
        timestamp one and two | 10000000117600020000000100000000 | {"v":{"$timestamp":{"t":1,"i":2}}} | =
        timestamp an ordinal only | 10000000117600090000000000000000 | {"v":{"$timestamp":{"t":0,"i":9}}} | =
        timestamp seconds only | 100000001176000000000000F1536500 | {"v":{"$timestamp":{"t":1700000000,"i":0}}} | =
        timestamp a top bit | 10000000117600010000000000008000 | {"v":{"$timestamp":{"t":2147483648,"i":1}}} | =
        timestamp a top bit of the ordinal | 10000000117600000000800100000000 | {"v":{"$timestamp":{"t":1,"i":214748\#
        3648}}} | =
        timestamp all ones | 10000000117600FFFFFFFFFFFFFFFF00 | {"v":{"$timestamp":{"t":4294967295,"i":4294967295}}}\#
         | =
        timestamp largest seconds | 1000000011760000000000FFFFFFFF00 | {"v":{"$timestamp":{"t":4294967295,"i":0}}} |\#
         =
        """#)
}
