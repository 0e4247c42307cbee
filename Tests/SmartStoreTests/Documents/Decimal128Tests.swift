// Decimals: text, bits, sums and products, as the BSON specification and IEEE 754 have them.

import Testing

@testable import SmartStore

@Suite("Decimal128")
struct Decimal128Tests {
    @Test(
        "text is printed in one way and kept exactly",
        arguments: [
            ("0", "0"), ("-0", "-0"), ("0.0", "0.0"), ("0E+3", "0E+3"), ("1", "1"), ("+1", "1"), ("1.0", "1.0"),
            ("1.00", "1.00"),
            ("100", "100"), ("1E2", "1E+2"), ("1e+2", "1E+2"), ("0.001", "0.001"), ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("0.00000010", "1.0E-7"), ("123.456", "123.456"), (".5", "0.5"), ("5.", "5"), ("00012", "12"),
            ("-12.50", "-12.50"),
            ("1234567890123456789012345678901234", "1234567890123456789012345678901234"),
            ("12345678901234567890123456789012340", "1.234567890123456789012345678901234E+34"),
            ("9.999999999999999999999999999999999E6144", "9.999999999999999999999999999999999E+6144"),
            ("1E6144", "1.000000000000000000000000000000000E+6144"), ("1E-6176", "1E-6176"), ("10E-6177", "1E-6176"),
            ("0E-7000", "0E-6176"), ("0E7000", "0E+6111"), ("inf", "Infinity"), ("-INFINITY", "-Infinity"),
            ("nan", "NaN"), ("-NaN", "NaN"),
            ("1.2E-5", "0.000012"), ("12E-8", "1.2E-7"), ("1E+0", "1"),
        ])
    func readsAndPrints(text: String, printed: String) throws {
        let decimal = try #require(Decimal128(text))
        #expect(decimal.description == printed)
        #expect(Decimal128(printed)?.description == printed)
    }

    @Test(
        "text that is no decimal, or does not fit exactly, is refused",
        arguments: [
            "", "-", "+", ".", "e5", "1e", "1e+", "1..2", "1.2.3", "abc", "1a", "0x1", " 1", "1 ", "--1", "1e5.5", "E",
            "in", "infinit",
            "12345678901234567890123456789012345", "1E6145", "1E-6177", "9.9999999999999999999999999999999999",
            "1e99999999999999999999",
        ])
    func refuses(text: String) {
        #expect(Decimal128(text) == nil)
    }

    @Test("bits outside the coefficient's range are zeros, and every bit pattern prints and re-reads to an equal value")
    func readsAllBits() throws {
        #expect(Decimal128(high: 0x6C10_0000_0000_0000, low: 0).coefficient == 0)
        #expect(Decimal128(high: 0x3041_ED09_BEAD_87C0, low: 0x378D_8E64_0000_0000).description == "0")
        var random = ReplayableRandom(seed: 9)
        for _ in 0..<rounds(20_000) {
            let decimal = Decimal128(high: random.next(), low: random.next())
            let reread = try #require(Decimal128(decimal.description))
            #expect(NumberOrder.compare(decimal, reread) == 0)
            #expect(reread.description == decimal.description || decimal.coefficient == 0)
        }
    }

    @Test(
        "sums are exact or rounded half to even",
        arguments: [
            ("1", "2", "3"), ("0.1", "0.2", "0.3"), ("1.0", "2.00", "3.00"), ("1", "-1", "0"), ("1E+3", "1", "1001"),
            ("0", "-0", "0"),
            ("-0", "-0", "-0"), ("1", "0E-5", "1.00000"), ("0E+5", "1.5", "1.5"), ("Infinity", "1", "Infinity"),
            ("Infinity", "-Infinity", "NaN"), ("NaN", "1", "NaN"),
            ("9999999999999999999999999999999999", "1", "1.000000000000000000000000000000000E+34"),
            ("9999999999999999999999999999999999", "0.5", "1.000000000000000000000000000000000E+34"),
            ("9999999999999999999999999999999998", "0.5", "9999999999999999999999999999999998"),
            ("1E+100", "1", "1.000000000000000000000000000000000E+100"),
            ("1E+100", "-1", "1.000000000000000000000000000000000E+100"),
            ("9.999999999999999999999999999999999E+6144", "9.999999999999999999999999999999999E+6144", "Infinity"),
            ("1E-6176", "-1E-6176", "0E-6176"),
        ])
    func adds(a: String, b: String, sum: String) throws {
        let (x, y) = (try #require(Decimal128(a)), try #require(Decimal128(b)))
        #expect((x + y).description == sum)
        #expect((y + x).description == sum)
    }

    @Test(
        "products are exact or rounded half to even",
        arguments: [
            ("2", "3", "6"), ("0.1", "0.1", "0.01"), ("1.50", "2", "3.00"), ("-2", "3", "-6"), ("0", "-5", "-0"),
            ("Infinity", "-2", "-Infinity"),
            ("Infinity", "0", "NaN"), ("1E+6144", "10", "Infinity"), ("1E-6176", "0.5", "0E-6176"),
            ("3E-6176", "0.5", "2E-6176"), ("1E-4000", "1E-4000", "0E-6176"),
            (
                "9999999999999999999999999999999999", "9999999999999999999999999999999999",
                "9.999999999999999999999999999999998E+67"
            ),
            ("1234567890123456789012345678901234", "2", "2469135780246913578024691357802468"),
            ("1E+3000", "1E+3100", "1E+6100"), ("1E+3100", "1E+3030", "1.0000000000000000000E+6130"),
        ])
    func multiplies(a: String, b: String, product: String) throws {
        let (x, y) = (try #require(Decimal128(a)), try #require(Decimal128(b)))
        #expect((x * y).description == product)
        #expect((y * x).description == product)
    }

    @Test("a double counts with 15 digits")
    func roundsDoubles() {
        #expect(Decimal128(rounding: 0.1).description == "0.100000000000000")
        #expect(Decimal128(rounding: 0.1 + 0.2).description == "0.300000000000000")
        #expect(Decimal128(rounding: 2.5).description == "2.50000000000000")
        #expect(Decimal128(rounding: 1e20).description == "1.00000000000000E+20")
        #expect(Decimal128(rounding: -0.0).description == "-0")
        #expect(Decimal128(rounding: .infinity).description == "Infinity")
    }

    @Test("a decimal becomes the nearest double and the whole number it is")
    func converts() throws {
        #expect(try #require(Decimal128("0.1")).double == 0.1)
        #expect(try #require(Decimal128("1E+400")).double == .infinity)
        #expect(try #require(Decimal128("-9223372036854775808")).int64 == .min)
        #expect(try #require(Decimal128("9223372036854775808")).int64 == nil)
        #expect(try #require(Decimal128("1.9")).int64 == 1)
        #expect(try #require(Decimal128("-1.9")).int64 == -1)
        #expect(try #require(Decimal128("5E+3")).int64 == 5000)
    }
}
