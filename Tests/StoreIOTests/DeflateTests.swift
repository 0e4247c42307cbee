// Raw deflate: what was compressed comes back, and nothing hostile gets more than it was allowed.

import StoreIO
import Testing

@Suite("Deflate")
struct DeflateTests {
    private static func text(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandomSource(seed: seed)
        let words = ["page", "tree", "commit", "the", "vector", "{\"a\":", "12345", " "]
        var result: [UInt8] = []
        while result.count < count { result += Array(words.randomElement(using: &random)!.utf8) }
        return Array(result.prefix(count))
    }

    @Test("every level gives back what it was given", arguments: 1...9)
    func roundTrip(level: Int) throws {
        for count in [1, 2, 100, 4_096, 70_000] {
            let plain = Self.text(count, seed: UInt64(count))
            let packed = try #require(deflated(plain, level: level, limit: 1 << 20))
            #expect(try inflated(packed, exactly: count) == plain)
            if count >= 4_096 { #expect(packed.count < count / 2) }
        }
    }

    @Test("nothing compresses to something, and back")
    func empty() throws {
        let nothing: [UInt8] = []
        let packed = try #require(deflated(nothing, limit: 10))
        #expect(try inflated(packed, exactly: 0) == [])
        #expect(throws: CryptoFault.inflateFailed) { try inflated(nothing, exactly: 0) }
    }

    @Test("the result is nil exactly when it is not smaller than the limit")
    func limit() throws {
        let plain = Self.text(5_000, seed: 1)
        let packed = try #require(deflated(plain))
        #expect(deflated(plain, limit: packed.count + 1) == packed)
        #expect(deflated(plain, limit: packed.count) == nil)
        for limit in [1, 0, -5] { #expect(deflated(plain, limit: limit) == nil) }
        let noise = try SeededRandomSource(seed: 2).bytes(5_000)
        #expect(deflated(noise, limit: noise.count) == nil)
        // After a refusal the pooled compressor starts afresh.
        #expect(deflated(plain) == packed)
    }

    @Test("any size but the right one is refused", arguments: [0, 1, 4_999, 5_001, 100_000, -1, .max])
    func wrongSize(count: Int) throws {
        let packed = try #require(deflated(Self.text(5_000, seed: 1)))
        #expect(throws: CryptoFault.inflateFailed) { try inflated(packed, exactly: count) }
    }

    @Test("a bomb gets no more room than the caller allows")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 16 << 20)
        let packed = try #require(deflated(zeros, level: 9))
        #expect(packed.count < 20_000)
        for count in [0, 1, 8_192, zeros.count - 1, zeros.count + 1] {
            #expect(throws: CryptoFault.inflateFailed) { try inflated(packed, exactly: count) }
        }
        #expect(try inflated(packed, exactly: zeros.count) == zeros)
    }

    @Test("truncated input and trailing bytes are refused")
    func damagedEnds() throws {
        let packed = try #require(deflated(Self.text(900, seed: 3)))
        for count in 0..<packed.count {
            let part = Array(packed.prefix(count))
            #expect(throws: CryptoFault.inflateFailed) { try inflated(part, exactly: 900) }
        }
        let more = packed + [0]
        #expect(throws: CryptoFault.inflateFailed) { try inflated(more, exactly: 900) }
    }

    @Test("any bytes are taken without a trap, and any result has the size asked for")
    func noise() throws {
        let random = SeededRandomSource(seed: 77)
        let packed = try #require(deflated(Self.text(600, seed: 4)))
        for _ in 0..<5_000 {
            var bytes = packed
            for _ in 0...Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            let result = try? inflated(bytes, exactly: 600)
            #expect(result == nil || result?.count == 600)
        }
    }
}
