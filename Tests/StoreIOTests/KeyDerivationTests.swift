// Limits of the key derivation functions, and the secrets they make.

import StoreIO
import Testing

@Suite("Keys and their derivation")
struct KeyDerivationTests {
    private let passphrase = Array("correct horse".utf8)
    private let salt = [UInt8](0..<16)

    @Test(
        "scrypt refuses costs that are out of range, whatever a file claims",
        arguments: [
            (0, 8, 1), (-1, 8, 1), (63, 8, 1), (17, 0, 1), (17, -1, 1), (17, 8, 0), (17, .max, 1), (17, 8, .max),
            (16, 1, 1),
        ])
    func scryptRange(logN: Int, r: Int, p: Int) {
        #expect(throws: CryptoFault.invalidParameters("scrypt cost")) {
            try KeyDerivation.scrypt(
                passphrase: passphrase.span.bytes, salt: salt.span.bytes, logN: logN, r: r, p: p, maxMemory: 1 << 30)
        }
    }

    @Test("scrypt refuses to take more memory than allowed, and takes just as much as allowed")
    func scryptMemory() throws {
        let needed: UInt64 = 128 * 8 * ((1 << 10) + 1 + 2)
        #expect(throws: CryptoFault.invalidParameters("scrypt memory")) {
            try KeyDerivation.scrypt(
                passphrase: passphrase.span.bytes, salt: salt.span.bytes, logN: 10, r: 8, p: 1, maxMemory: needed - 1)
        }
        #expect(throws: CryptoFault.invalidParameters("scrypt memory")) {
            try KeyDerivation.scrypt(
                passphrase: passphrase.span.bytes, salt: salt.span.bytes, logN: 32, r: 1 << 16, p: 1 << 16,
                maxMemory: 1 << 30)
        }
        _ = try KeyDerivation.scrypt(
            passphrase: passphrase.span.bytes, salt: salt.span.bytes, logN: 10, r: 8, p: 1, maxMemory: needed)
    }

    @Test("PBKDF2 refuses an impossible number of rounds", arguments: [0, -1, 1 << 31, .max])
    func pbkdf2Range(iterations: Int) {
        #expect(throws: CryptoFault.invalidParameters("PBKDF2 iterations")) {
            try KeyDerivation.pbkdf2SHA256(
                passphrase: passphrase.span.bytes, salt: salt.span.bytes, iterations: iterations)
        }
    }

    @Test("HKDF refuses an empty key and an impossible length")
    func hkdfRange() {
        let nothing: [UInt8] = []
        for count in [0, -1, 8_161] {
            #expect(throws: CryptoFault.invalidParameters("HKDF output length")) {
                try KeyDerivation.hkdfSHA256(
                    key: salt.span.bytes, salt: salt.span.bytes, info: salt.span.bytes, count: count)
            }
        }
        #expect(throws: CryptoFault.invalidParameters("HKDF key length")) {
            try KeyDerivation.hkdfSHA256(
                key: nothing.span.bytes, salt: salt.span.bytes, info: salt.span.bytes, count: 32)
        }
    }

    @Test("HKDF from a secret key is the general form's first 32 bytes, and depends on salt and info")
    func hkdfForms() throws {
        let key = [UInt8](repeating: 7, count: 32)
        let info = Array("pages".utf8)
        let other = Array("audit".utf8)
        let result = try derived(key, salt: salt, info: info)
        let general = try KeyDerivation.hkdfSHA256(
            key: key.span.bytes, salt: salt.span.bytes, info: info.span.bytes, count: 64)
        #expect(result.copiedBytes == Array(general.prefix(32)))
        #expect(try result != derived(key, salt: salt, info: other))
        #expect(try result != derived(key, salt: info, info: info))
    }

    @Test("equality of secrets looks at every byte and at the length")
    func equality() {
        let bytes = [UInt8](0..<32)
        for index in 0..<32 {
            var other = bytes
            other[index] ^= 0x80
            #expect(secretKey(bytes) != secretKey(other))
            #expect(!isEqual(bytes, other))
        }
        #expect(secretKey(bytes) == secretKey(bytes))
        #expect(isEqual(bytes, bytes) && isEqual([], []))
        let shorter = Array(bytes.dropLast())
        #expect(!isEqual(bytes, shorter))
        #expect(SecretBytes("open sesame") == SecretBytes("open sesame"))
        #expect(SecretBytes("open sesame") != SecretBytes("open sesam"))
        #expect(SecretBytes("") == SecretBytes(""))
    }

    @Test("a secret never prints its bytes")
    func printing() {
        let key = secretKey([UInt8](repeating: 0x41, count: 32))
        let phrase = SecretBytes("AAAA")
        var dumped = ""
        dump(key, to: &dumped)
        dump(phrase, to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\(phrase)", String(reflecting: phrase), dumped] {
            #expect(!text.contains("AAAA") && !text.contains("4141") && !text.contains("65, 65"))
        }
        #expect("\(key)" == "SecretKey(…)")
        #expect(phrase.count == 4)
        #expect(phrase.withBytes { [UInt8](copying: $0) } == Array("AAAA".utf8))
    }

    @Test("random keys differ, seeded ones repeat")
    func randomKeys() throws {
        #expect(try SecretKey(random: SystemRandomSource()) != SecretKey(random: SystemRandomSource()))
        #expect(try SecretKey(random: SeededRandomSource(seed: 3)) == SecretKey(random: SeededRandomSource(seed: 3)))
    }

    @Test("many secrets may live at once, locked in memory or not")
    func manySecrets() throws {
        let random = SeededRandomSource(seed: 11)
        let keys = try (0..<4_000).map { _ in try SecretKey(random: random) }
        #expect(Set(keys.map { sha256($0.copiedBytes) }).count == keys.count)
    }

    @Test("a digest keeps its bytes, its words and its text alike")
    func digests() throws {
        let bytes = try SeededRandomSource(seed: 5).bytes(32)
        let digest = Digest32(bytes: bytes)
        #expect(digest.bytes == bytes)
        #expect(digest.hex == hexDigits(bytes))
        #expect(Digest32(digest.words.0, digest.words.1, digest.words.2, digest.words.3) == digest)
        #expect(Digest32(bytes: bytes).hashValue == digest.hashValue)
        var stored = [UInt8](repeating: 0, count: 40)
        var span = stored.mutableSpan
        var target = span.mutableBytes
        digest.store(into: &target, at: 5)
        #expect(Array(stored[5..<37]) == bytes)
        #expect(Digest32.zero.bytes == [UInt8](repeating: 0, count: 32))
    }
}
