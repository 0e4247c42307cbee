// Edge cases of AES-256-GCM, as Wycheproof tests them, through the page cipher with its fixed nonce and tag lengths.
//
// The cases "all-zero tag" and "all-ones tag" are made as Wycheproof makes its special cases: the block is solved for
// the tag in GF(2^128). Expected values beyond the published ones were computed with Python's `cryptography` 48.

import StoreIO
import Testing

import struct StoreIO.Tag

@Suite("Cipher edge cases")
struct CipherEdgeTests {
    private static let key = "00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f"

    private static func pattern(_ count: Int, _ factor: Int, _ start: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 * factor + start) }
    }

    @Test(
        "a tag of zeros or of ones is a tag like any other, under nonces of zeros and of ones",
        arguments: [
            (0x00, "561008fa07a68f5c61285cd013464eaf", "23293e9b07ca7d1b0cae7cc489a973b3", 0xFF),
            (0xFF, "c6152244cea1978d3e0bc274cf8c0b3b", "7cb6fc7c6abc009efe9551a99f36a421", 0x00),
            (0x00, "cf83070d5bf953b26c0caa99f2539f80", "baba316c5b95a1f5018a8a8d68bca29c", 0x00),
            (0xFF, "5f862db392fe4b63332f343d2e99da14", "e525f38b36e3dc70f3b1a7e07e23750e", 0xFF),
        ] as [(UInt8, String, String, UInt8)])
    func specialTags(nonceByte: UInt8, plain: String, sealed: String, tagByte: UInt8) throws {
        let cipher = try PageCipher(key: secretKey(hex(Self.key)), mode: .sealing)
        let nonce = Nonce([UInt8](repeating: nonceByte, count: 12))
        let tag = Tag([UInt8](repeating: tagByte, count: 16))
        let result = try cipher.seal(hex(plain), nonce: nonce)
        #expect(hexDigits(result.bytes) == sealed)
        #expect(result.tag == tag)
        #expect(try cipher.open(hex(sealed), tag: tag, nonce: nonce) == hex(plain))
    }

    @Test("modified tags are refused: any bit, all bits, zeros, ones, halves swapped")
    func modifiedTags() throws {
        let cipher = try PageCipher(key: secretKey(hex(Self.key)), mode: .sealing)
        let nonce = Nonce(Self.pattern(12, 1, 80))
        let plain = [UInt8](0..<16)
        let sealed = try cipher.seal(plain, nonce: nonce)
        let (low, high) = (sealed.tag.low, sealed.tag.high)
        var tags = [
            Tag(low: ~low, high: ~high), Tag.zero, Tag(low: .max, high: .max), Tag(low: high, high: low),
            Tag(low: low ^ 0x8080_8080_8080_8080, high: high ^ 0x8080_8080_8080_8080), Tag(low: low, high: 0),
            Tag(low: 0, high: high), Tag(low: low &+ 1, high: high), Tag(low: low, high: high &- 1),
            Tag(low: low.byteSwapped, high: high.byteSwapped),
        ]
        for bit in 0..<64 as Range<UInt64> {
            tags.append(Tag(low: low ^ 1 << bit, high: high))
            tags.append(Tag(low: low, high: high ^ 1 << bit))
        }
        for tag in tags {
            #expect(throws: CryptoFault.authenticationFailed) { try cipher.open(sealed.bytes, tag: tag, nonce: nonce) }
        }
        #expect(try cipher.open(sealed.bytes, tag: sealed.tag, nonce: nonce) == plain)
    }

    @Test(
        "payloads and associated data of every size around blocks, batches and pages, and very long ones",
        arguments: [
            (
                0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "9752a4fca96ac0e23c7f35a5b495937e"
            ),
            (
                1, 0, "a83dd0ccbffe39d071cc317ddf6e97f5c6b1c87af91919271f9fa140b0508c6c",
                "7120e8f66ed2991ab54211f5bec8e627"
            ),
            (
                15, 16, "d4f481c105a3a38a3565aa6bfa5e9da55eb97bb50096e404a31f6413c71b9a7f",
                "56161b8e942512833a88a1dfe950de6f"
            ),
            (
                17, 15, "30927788fca4e0206fb114b8ac83197956fda6ad27e47bc26a6fdf49827b618f",
                "fcb9e55ea76542ad423ca58adc78b2f3"
            ),
            (
                127, 129, "6873efc023e979fcb3cd7b9ea0225764bf3a2c14a3d2433468eaa350b609b3fd",
                "3915ce845aa1c87e48c64be58db896da"
            ),
            (
                4048, 40, "df49e0bbd7318b20a2ebfeae00e35b2a9a366d0fc1b36cdb8b861445ded2c00d",
                "374ef583af1258b06937f6d7f3e46ae7"
            ),
            (
                65488, 40, "647a7802d2485fa9a1160d796ba5329edddbb47096f50e68c0e8d1fc040eec56",
                "244696a9e60d863bf233bf42a86d061d"
            ),
            (
                16, 65536, "8f5e4d1a5502fb373e9d210eedfac5c6e602795ae1c7fd86c1e6281a032774e1",
                "2f78e09b33e6019341f740d325208fc8"
            ),
            (
                0, 262144, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "e435a0cf3b261ae375469cb4b2225060"
            ),
            (
                300000, 7, "1487d47ab7e8fe01e259ee96214b018d1feb81aafe08c0e95dee961fa9fbc18b",
                "3164131a50a1785dfe04b4295b24e6b2"
            ),
        ])
    func sizes(plainCount: Int, dataCount: Int, digest: String, tag: String) throws {
        let cipher = try PageCipher(key: secretKey([UInt8](0..<32)), mode: .sealing)
        let plain = Self.pattern(plainCount, 7, 1)
        let data = Self.pattern(dataCount, 5, 3)
        let nonce = Nonce(Self.pattern(12, 1, 100))
        let result = try cipher.seal(plain, nonce: nonce, data: data)
        #expect(sha256(result.bytes).hex == digest)
        #expect(result.tag == Tag(hex(tag)))
        #expect(try cipher.open(result.bytes, tag: result.tag, nonce: nonce, data: data) == plain)
    }

    @Test("the checksum of an unencrypted page is the GMAC of length, associated data and page")
    func checksum() throws {
        let cipher = try PageCipher(key: secretKey([UInt8](repeating: 0, count: 32)), mode: .checksumOnly)
        let page = Self.pattern(4048, 7, 1)
        let result = try cipher.seal(
            page, nonce: Nonce([UInt8](repeating: 0, count: 12)), data: Self.pattern(48, 5, 3))
        #expect(result.bytes == page)
        #expect(result.tag == Tag(hex("c9d47bba20dc004565ebf565990c5a80")))
    }
}
