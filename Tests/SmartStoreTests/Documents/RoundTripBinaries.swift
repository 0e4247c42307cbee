// Round trips: binaries. See RoundTripTests for the form of a line.

extension RoundTripCase {
    static let binaries = table(
        #"""
        nothing | 0D000000057600000000000000 | {"v":{"$binary":{"base64":"","subType":"00"}}} | =
        one byte | 0E00000005760001000000000000 | {"v":{"$binary":{"base64":"AA==","subType":"00"}}} | =
        two bytes | 0F0000000576000200000000FFFE00 | {"v":{"$binary":{"base64":"//4=","subType":"00"}}} | =
        three bytes | 10000000057600030000000010831000 | {"v":{"$binary":{"base64":"EIMQ","subType":"00"}}} | =
        four bytes | 11000000057600040000000073616C7400 | {"v":{"$binary":{"base64":"c2FsdA==","subType":"00"}}} | =
        every byte | 0D0100000576000001000000000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F2021222\#
        32425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F5051525354555657585\#
        95A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8\#
        F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C\#
        5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAF\#
        BFCFDFEFF00 | {"v":{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDE\#
        yMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYK\#
        DhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tP\#
        U1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==","subType":"00"}}} | =
        a line of 57 bytes | 460000000576003900000000000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1\#
        F202122232425262728292A2B2C2D2E2F30313233343536373800 | {"v":{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODxARE\#
        hMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4","subType":"00"}}} | =
        plus and slash | 100000000576000300000000FBFFBF00 | {"v":{"$binary":{"base64":"+/+/","subType":"00"}}} | =
        function | 0F0000000576000200000001CAFE00 | {"v":{"$binary":{"base64":"yv4=","subType":"01"}}} | =
        old, nothing | 1100000005760004000000020000000000 | {"v":{"$binary":{"base64":"","subType":"02"}}} | =
        old, one byte | 120000000576000500000002010000000100 | {"v":{"$binary":{"base64":"AQ==","subType":"02"}}} | \#
        =
        old, more | 170000000576000A000000020600000061626364656600 | {"v":{"$binary":{"base64":"YWJjZGVm","subType":\#
        "02"}}} | =
        old identifier | 1D0000000576001000000003000102030405060708090A0B0C0D0E0F00 | {"v":{"$binary":{"base64":"AAE\#
        CAwQFBgcICQoLDA0ODw==","subType":"03"}}} | =
        identifier | 1D0000000576001000000004123E4567E89B42D3A45642661417400000 | {"v":{"$binary":{"base64":"Ej5FZ+i\#
        bQtOkVkJmFBdAAA==","subType":"04"}}} | =
        identifier of zeros | 1D00000005760010000000040000000000000000000000000000000000 | {"v":{"$binary":{"base64"\#
        :"AAAAAAAAAAAAAAAAAAAAAA==","subType":"04"}}} | =
        identifier cut short | 0F0000000576000200000004010200 | {"v":{"$binary":{"base64":"AQI=","subType":"04"}}} |\#
         =
        digest | 1D0000000576001000000005900150983CD24FB0D6963F7D28E17F7200 | {"v":{"$binary":{"base64":"kAFQmDzST7D\#
        Wlj99KOF/cg==","subType":"05"}}} | =
        encrypted | 22000000057600150000000601555555555555555555555555555555555555555500 | {"v":{"$binary":{"base64"\#
        :"AVVVVVVVVVVVVVVVVVVVVVVVVVVV","subType":"06"}}} | =
        column | 10000000057600030000000702030400 | {"v":{"$binary":{"base64":"AgME","subType":"07"}}} | =
        sensitive | 13000000057600060000000873656372657400 | {"v":{"$binary":{"base64":"c2VjcmV0","subType":"08"}}} \#
        | =
        sensitive, nothing | 0D000000057600000000000800 | {"v":{"$binary":{"base64":"","subType":"08"}}} | =
        unassigned | 0E000000057600010000000A0100 | {"v":{"$binary":{"base64":"AQ==","subType":"0a"}}} | =
        last unassigned | 0E000000057600010000007F0100 | {"v":{"$binary":{"base64":"AQ==","subType":"7f"}}} | =
        first of the user | 1000000005760003000000806F776E00 | {"v":{"$binary":{"base64":"b3du","subType":"80"}}} | \#
        =
        of the user | 0F00000005760002000000C3000100 | {"v":{"$binary":{"base64":"AAE=","subType":"c3"}}} | =
        last of the user | 0D00000005760000000000FF00 | {"v":{"$binary":{"base64":"","subType":"ff"}}} | =
        vector floats none | 0F0000000576000200000009270000 | {"v":{"$binary":{"base64":"JwA=","subType":"09"}}} | =
        vector one float | 13000000057600060000000927000000803F00 | {"v":{"$binary":{"base64":"JwAAAIA/","subType":"\#
        09"}}} | =
        vector floats | 1B0000000576000E0000000927000000C0BF000000400000000000 | {"v":{"$binary":{"base64":"JwAAAMC/\#
        AAAAQAAAAAA=","subType":"09"}}} | =
        vector float infinity and NaN | 170000000576000A0000000927000000807F0000C07F00 | {"v":{"$binary":{"base64":"\#
        JwAAAIB/AADAfw==","subType":"09"}}} | =
        vector minus zero float | 13000000057600060000000927000000008000 | {"v":{"$binary":{"base64":"JwAAAACA","sub\#
        Type":"09"}}} | =
        vector int8 none | 0F0000000576000200000009030000 | {"v":{"$binary":{"base64":"AwA=","subType":"09"}}} | =
        vector int8 | 13000000057600060000000903000180FF7F00 | {"v":{"$binary":{"base64":"AwABgP9/","subType":"09"}}\#
        } | =
        vector bits none | 0F0000000576000200000009100000 | {"v":{"$binary":{"base64":"EAA=","subType":"09"}}} | =
        vector eight bits | 1000000005760003000000091000A500 | {"v":{"$binary":{"base64":"EACl","subType":"09"}}} | \#
        =
        vector sixteen bits | 11000000057600040000000910000FF000 | {"v":{"$binary":{"base64":"EAAP8A==","subType":"0\#
        9"}}} | =
        vector one bit | 10000000057600030000000910078000 | {"v":{"$binary":{"base64":"EAeA","subType":"09"}}} | =
        vector three bits | 1000000005760003000000091005E000 | {"v":{"$binary":{"base64":"EAXg","subType":"09"}}} | \#
        =
        vector fifteen bits | 1100000005760004000000091001FFFE00 | {"v":{"$binary":{"base64":"EAH//g==","subType":"0\#
        9"}}} | =
        vector bits, all zero | 10000000057600030000000910030000 | {"v":{"$binary":{"base64":"EAMA","subType":"09"}}\#
        } | =
        """#)
}
