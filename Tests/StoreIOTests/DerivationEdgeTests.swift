// Digests, codes and derived keys at the borders of their blocks, and with inputs people give.
//
// RFC 4231 cases 4 and 7 are published; the other values were computed with Python's hashlib and hmac.

import StoreIO
import Testing

@Suite("Derivation edge cases")
struct DerivationEdgeTests {
    @Test(
        "SHA-256 of messages that just fill, and just overflow, a block",
        arguments: [
            (55, "a84613fd22efecac05ebf81968d16aaf263eb4f2e4b36023d5fbd5acea984bd9"),
            (56, "41e30705dcb5d9088a720913e58d4a77cac0edb227beb862ea5785d0fa80e9b3"),
            (63, "88ba89e7e5fc33a44f73337963bf961a337b45728dafcdc979234098f692be3c"),
            (64, "07f49d6dbb014ae057b0222a8a8259d381619c27823dd0443edba0df501f1f5d"),
            (65, "ce5b8e57d94dadc5a963a58b7b7eaee35531e6e92fbf4b769e74be3ba2aeb935"),
            (119, "0fcd16b382f6fe5804c20842cdb655c04403ccff71e19bef46f42d0c4f3fd341"),
            (120, "a31c3f3d4394ae6ccff63763c36f29ec7f9ef4a8b3c721711f6db83d8fec2133"),
            (127, "58d32ca5fce084968f54398ce6781b8aad9a6f6b2d59792d5ed0658256c3238c"),
            (128, "d33cc1a7fa6530412f55d3bc8407bd945e74eb6f90e3b53fe89cc6c066d8eb50"),
            (129, "27ac66f1f535a703bd949110e70d14c824292f6b64ec443113ad619cda037f86"),
            (4096, "6c1eb2a3c4696aba55b734662bf880a5702b288a82ca0f8b9f72eeb8f2cffd07"),
        ])
    func sha256Lengths(count: Int, digest: String) {
        let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 3 + count) }
        #expect(StoreIOTests.sha256(message).hex == digest)
    }

    @Test(
        "HMAC-SHA-256 gives the codes of RFC 4231, cases 4 and 7",
        arguments: [
            (
                hexDigits([UInt8](1...25)), String(repeating: "cd", count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                String(repeating: "aa", count: 131),
                hexDigits(
                    Array(
                        ("This is a test using a larger than block-size key and a larger than block-size data. "
                            + "The key needs to be hashed before being used by the HMAC algorithm.").utf8)),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ])
    func hmacPublished(key: String, data: String, code: String) {
        #expect(hmac(key: hex(key), hex(data)).hex == code)
    }

    @Test(
        "HMAC-SHA-256 under keys that just fill, and just overflow, a block",
        arguments: [
            (1, "60d035297f6d62c30e8bc5ab7a0f6e42cdc36abc63c119c04da39af6cee7e951"),
            (63, "830f35b63a6f0d815d38a522ea53b6479e43f929bbd251424df6db6ed7ef79f2"),
            (64, "478813f2f6272f2748aefe011d949080b355956de14196656bd5524a4a153711"),
            (65, "2e631766b0f44fd05bf57ed59476a2f625a93f0e3a454036ee881b4bf44821a5"),
            (128, "6eabbbeebc63d63462fa831f7935d731582072a3ffa65a876f4fdd2089a1a009"),
        ])
    func hmacKeyLengths(count: Int, code: String) {
        let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 + count) }
        #expect(hmac(key: key, [UInt8](0..<100)).hex == code)
    }

    private static let passphrase = "p\u{E4}ssw\u{F6}rd \u{1F511}"

    @Test("PBKDF2 takes an empty passphrase and salt, and text beyond ASCII as its UTF-8")
    func pbkdf2() throws {
        let nothing: [UInt8] = []
        let empty = try KeyDerivation.pbkdf2SHA256(
            passphrase: nothing.span.bytes, salt: nothing.span.bytes, iterations: 1)
        #expect(hexDigits(empty.copiedBytes) == "f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad")
        let (text, salt) = (Array(Self.passphrase.utf8), [UInt8](0..<32))
        let key = try KeyDerivation.pbkdf2SHA256(passphrase: text.span.bytes, salt: salt.span.bytes, iterations: 1000)
        #expect(hexDigits(key.copiedBytes) == "825b24e1221bea1c8823fb4b3c5bd55c46197f02c171e9385b95b1dd59a1e094")
    }

    @Test("scrypt takes text beyond ASCII as its UTF-8, long passphrases, and the least costs")
    func scrypt() throws {
        let (text, salt) = (Array(Self.passphrase.utf8), [UInt8](0..<32))
        let key = try KeyDerivation.scrypt(
            passphrase: text.span.bytes, salt: salt.span.bytes, logN: 12, r: 8, p: 1, maxMemory: 64 << 20)
        #expect(hexDigits(key.copiedBytes) == "71d8bc85272df4043e76a3b48f301f9802f02a542782dbbc46a78a4c2ad03726")
        let (long, nothing) = ([UInt8](repeating: UInt8(ascii: "x"), count: 200), [UInt8]())
        let least = try KeyDerivation.scrypt(
            passphrase: long.span.bytes, salt: nothing.span.bytes, logN: 1, r: 1, p: 3, maxMemory: 64 << 20)
        #expect(hexDigits(least.copiedBytes) == "269c69fa9ab13da8f87f834a5e3a220730d76990aaefc4d22e7133991abbe373")
    }
}
