// Published answers: FIPS 180-4, RFC 4231, RFC 5869, RFC 7914, and the GCM specification's AES-256 cases.

import StoreIO
import Testing

@Suite("Known answers")
struct KnownAnswerTests {
    @Test(
        "SHA-256 gives the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(text: String, digest: String) {
        #expect(StoreIOTests.sha256(Array(text.utf8)).hex == digest)
    }

    @Test("SHA-256 of a million letters is the published one, in one piece and in uneven parts")
    func sha256LongMessage() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(StoreIOTests.sha256(message).hex == expected)
        var stream = SHA256Stream()
        for round in 1...2 {  // the second round shows that finalise starts anew
            var fed = 0
            while fed < message.count {
                let part = [UInt8](message[fed..<min(fed + 997 * round, message.count)])
                stream.update(part.span.bytes)
                fed += part.count
            }
            #expect(stream.finalise().hex == expected)
        }
    }

    @Test(
        "HMAC-SHA-256 gives the codes of RFC 4231",
        arguments: [
            (
                String(repeating: "0b", count: 20), "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                String(repeating: "aa", count: 131),
                "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
                    + "204669727374",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(key: String, data: String, code: String) {
        #expect(StoreIOTests.hmac(key: hex(key), hex(data)).hex == code)
    }

    @Test("HMAC-SHA-256 of nothing under the empty key is the well-known one")
    func hmacOfNothing() {
        let nothing: [UInt8] = []
        let code = Hashing.hmacSHA256(key: nothing.span.bytes, nothing.span.bytes)
        #expect(code.hex == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("HMAC under a secret key is the same as under its bytes")
    func hmacForms() {
        let key = [UInt8](0..<32)
        let text = Array("page".utf8)
        let code = Hashing.hmacSHA256(key: secretKey(key), text.span.bytes)
        #expect(code == StoreIOTests.hmac(key: key, text))
    }

    @Test(
        "HKDF-SHA-256 gives the output of RFC 5869",
        arguments: [
            (
                String(repeating: "0b", count: 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                hexDigits([UInt8](0x00...0x4F)), hexDigits([UInt8](0x60...0xAF)), hexDigits([UInt8](0xB0...0xFF)),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                    + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
            (
                String(repeating: "0b", count: 22), "", "",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ])
    func hkdf(key: String, salt: String, info: String, output: String) throws {
        let result = try KeyDerivation.hkdfSHA256(
            key: hex(key).span.bytes, salt: hex(salt).span.bytes, info: hex(info).span.bytes,
            count: hex(output).count)
        #expect(hexDigits(result) == output)
    }

    @Test(
        "PBKDF2 gives the output of RFC 7914, section 11",
        arguments: [
            ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            ("Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
        ])
    func pbkdf2(passphrase: String, salt: String, iterations: Int, output: String) throws {
        let key = try KeyDerivation.pbkdf2SHA256(
            passphrase: Array(passphrase.utf8).span.bytes, salt: Array(salt.utf8).span.bytes, iterations: iterations)
        #expect(hexDigits(key.copiedBytes) == output)
    }

    @Test(
        "scrypt gives the output of RFC 7914, section 12",
        arguments: [
            ("", "", 4, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
            ("password", "NaCl", 10, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            ),
        ])
    func scrypt(passphrase: String, salt: String, logN: Int, r: Int, p: Int, output: String) throws {
        let key = try KeyDerivation.scrypt(
            passphrase: Array(passphrase.utf8).span.bytes, salt: Array(salt.utf8).span.bytes,
            logN: logN, r: r, p: p, maxMemory: 64 << 20)
        #expect(hexDigits(key.copiedBytes) == output)
    }

    private static let gcmKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let gcmPlain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
    private static let gcmSealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"

    @Test(
        "AES-256-GCM gives the GCM specification's cases 13 to 16",
        arguments: [
            (
                String(repeating: "0", count: 64), String(repeating: "0", count: 24), "", "", "",
                "530f8afbc74536b9a963b4f1c4cb738b"
            ),
            (
                String(repeating: "0", count: 64), String(repeating: "0", count: 24), "",
                String(repeating: "0", count: 32), "cea7403d4d606b6e074ec5d3baf39d18",
                "d0d1c8a799996bf0265b98b5d48ab919"
            ),
            (gcmKey, "cafebabefacedbaddecaf888", "", gcmPlain, gcmSealed, "b094dac5d93471bdec1a502270e3cc6c"),
            (
                gcmKey, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                String(gcmPlain.prefix(120)), String(gcmSealed.prefix(120)), "76fc6ece0f4e1768cddf8853bb2d551b"
            ),
        ])
    func gcm(key: String, nonce: String, data: String, plain: String, sealed: String, tag: String) throws {
        let cipher = try PageCipher(key: secretKey(hex(key)), mode: .sealing)
        let nonce = Nonce(hex(nonce))
        for _ in 1...3 {  // a context that is used again must give the same
            let result = try cipher.seal(hex(plain), nonce: nonce, data: hex(data))
            #expect(hexDigits(result.bytes) == sealed)
            #expect(result.tag == Tag(hex(tag)))
            #expect(try cipher.open(hex(sealed), tag: Tag(hex(tag)), nonce: nonce, data: hex(data)) == hex(plain))
        }
    }

    @Test(
        "CRC-32 gives the check value of its catalogue entry",
        arguments: [("123456789", 0xCBF4_3926 as UInt32), ("", 0)])
    func crc32(text: String, checksum: UInt32) {
        #expect(StoreIOTests.crc32(Array(text.utf8)) == checksum)
    }
}
