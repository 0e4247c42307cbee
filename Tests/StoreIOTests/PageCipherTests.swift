// The page cipher: what it seals opens, and nothing else does.

import Foundation
import StoreIO
import Testing

import struct StoreIO.Tag

@Suite("Page cipher")
struct PageCipherTests {
    private let key = secretKey([UInt8](1...32))
    private let nonce = Nonce(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C)

    @Test(
        "what was sealed opens to the same bytes, at every size around a block",
        arguments: [PageCipher.Mode.sealing, .checksumOnly])
    func roundTrip(mode: PageCipher.Mode) throws {
        let cipher = try PageCipher(key: key, mode: mode)
        let random = SeededRandomSource(seed: 1)
        for count in Array(0...70) + [4_096, 8_152, 65_536] {
            let plain = try random.bytes(count)
            let data = try random.bytes(count % 37)
            let nonce = Nonce(high: UInt64(count), low: 1)
            let sealed = try cipher.seal(plain, nonce: nonce, data: data)
            #expect(try cipher.open(sealed.bytes, tag: sealed.tag, nonce: nonce, data: data) == plain)
        }
    }

    @Test("sealing hides the bytes; a checksum leaves them as they are")
    func modes() throws {
        let plain = [UInt8](repeating: 0x41, count: 4_096)
        let sealed = try PageCipher(key: key, mode: .sealing).seal(plain, nonce: nonce)
        #expect(sealed.bytes != plain)
        #expect(!sealed.bytes.indices.dropLast(8).contains { sealed.bytes[$0..<$0 + 8] == plain[0..<8] })
        #expect(try PageCipher(key: key, mode: .checksumOnly).seal(plain, nonce: nonce).bytes == plain)
    }

    @Test(
        "a change to any one bit, of payload, associated data, tag or nonce, is found, and the output is cleared",
        arguments: [PageCipher.Mode.sealing, .checksumOnly])
    func everyBitCounts(mode: PageCipher.Mode) throws {
        let cipher = try PageCipher(key: key, mode: mode)
        let plain = try SeededRandomSource(seed: 2).bytes(97)
        let data = [UInt8](0..<29)
        let sealed = try cipher.seal(plain, nonce: nonce, data: data)
        let zeros = [UInt8](repeating: 0, count: plain.count)

        func expectRefusal(
            _ bytes: [UInt8], _ tag: Tag, _ nonce: Nonce, _ data: [UInt8], location: SourceLocation = #_sourceLocation
        ) {
            var output = [UInt8](repeating: 0xAA, count: bytes.count)
            #expect(throws: CryptoFault.authenticationFailed, sourceLocation: location) {
                try cipher.open(bytes, tag: tag, nonce: nonce, data: data, into: &output)
            }
            #expect(output == zeros, sourceLocation: location)
        }
        for bit in 0..<plain.count * 8 {
            var bytes = sealed.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            expectRefusal(bytes, sealed.tag, nonce, data)
        }
        for bit in 0..<data.count * 8 {
            var other = data
            other[bit / 8] ^= 1 << (bit % 8)
            expectRefusal(sealed.bytes, sealed.tag, nonce, other)
        }
        for bit in 0..<64 {
            expectRefusal(sealed.bytes, Tag(low: sealed.tag.low ^ 1 << bit, high: sealed.tag.high), nonce, data)
            expectRefusal(sealed.bytes, Tag(low: sealed.tag.low, high: sealed.tag.high ^ 1 << bit), nonce, data)
            expectRefusal(sealed.bytes, sealed.tag, Nonce(high: nonce.high ^ 1 << bit, low: nonce.low), data)
        }
        for bit in 0..<32 {
            expectRefusal(sealed.bytes, sealed.tag, Nonce(high: nonce.high, low: nonce.low ^ 1 << bit), data)
        }
        // After all these refusals the cipher still opens what is authentic.
        #expect(try cipher.open(sealed.bytes, tag: sealed.tag, nonce: nonce, data: data) == plain)
    }

    @Test(
        "another key, another mode, and a shorter payload do not open",
        arguments: [PageCipher.Mode.sealing, .checksumOnly])
    func foreign(mode: PageCipher.Mode) throws {
        let cipher = try PageCipher(key: key, mode: mode)
        let sealed = try cipher.seal([UInt8](0..<64), nonce: nonce, data: [1, 2, 3])
        let otherKey = try PageCipher(key: secretKey([UInt8](2...33)), mode: mode)
        let otherMode = try PageCipher(key: key, mode: mode == .sealing ? .checksumOnly : .sealing)
        for other in [otherKey, otherMode] {
            #expect(throws: CryptoFault.authenticationFailed) {
                try other.open(sealed.bytes, tag: sealed.tag, nonce: nonce, data: [1, 2, 3])
            }
        }
        #expect(throws: CryptoFault.authenticationFailed) {
            try cipher.open(Array(sealed.bytes.dropLast()), tag: sealed.tag, nonce: nonce, data: [1, 2, 3])
        }
    }

    @Test("a byte cannot move between associated data and payload unnoticed")
    func boundary() throws {
        let cipher = try PageCipher(key: key, mode: .checksumOnly)
        let sealed = try cipher.seal([3, 4], nonce: nonce, data: [1, 2])
        #expect(throws: CryptoFault.authenticationFailed) {
            try cipher.open([2, 3, 4], tag: sealed.tag, nonce: nonce, data: [1])
        }
        #expect(throws: CryptoFault.authenticationFailed) {
            try cipher.open([4], tag: sealed.tag, nonce: nonce, data: [1, 2, 3])
        }
    }

    @Test("the payload and its associated data go into the tag in the order the format says")
    func checksumLayout() throws {
        let data = [UInt8](0..<5)
        let plain = [UInt8](10..<30)
        let checksum = try PageCipher(key: key, mode: .checksumOnly).seal(plain, nonce: nonce, data: data)
        let asData: [UInt8] = [5, 0, 0, 0, 0, 0, 0, 0] + data + plain
        #expect(checksum.tag == (try PageCipher(key: key, mode: .sealing).seal([], nonce: nonce, data: asData).tag))
    }

    @Test("threads that share a cipher get what one alone gets")
    func threads() throws {
        let cipher = try PageCipher(key: key, mode: .sealing)
        let plain = try SeededRandomSource(seed: 9).bytes(1_000)
        let expected = try (0..<64).map { try cipher.seal(plain, nonce: Nonce(high: UInt64($0), low: 0)) }
        onThreads(8) { thread in
            for round in 0..<64 {
                let index = (round * 8 + thread * 5) % expected.count
                let nonce = Nonce(high: UInt64(index), low: 0)
                let sealed = try? cipher.seal(plain, nonce: nonce)
                #expect(sealed?.bytes == expected[index].bytes && sealed?.tag == expected[index].tag)
                if round % 3 == 0 {
                    #expect(throws: CryptoFault.authenticationFailed) {
                        try cipher.open(expected[index].bytes, tag: .zero, nonce: nonce)
                    }
                }
                #expect((try? cipher.open(expected[index].bytes, tag: expected[index].tag, nonce: nonce)) == plain)
            }
        }
    }
}
