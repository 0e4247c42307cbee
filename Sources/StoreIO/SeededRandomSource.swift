// A replayable generator for tests and trials; never for keys of a real store.
//
// xoshiro256** by Blackman and Vigna ("Scrambled Linear Pseudorandom Number Generators", 2018), its state filled by
// SplitMix64 (Steele, Lea and Flood, 2014), as its authors recommend.

import Synchronization

/// The same seed gives the same bytes, on every platform. Threads share one sequence.
package final class SeededRandomSource: RandomSource, RandomNumberGenerator {
    private let state: Mutex<Xoshiro256>

    package init(seed: UInt64) { state = Mutex(Xoshiro256(seed: seed)) }

    package func next() -> UInt64 { state.withLock { $0.next() } }

    /// Fills with the little-endian bytes of successive numbers; a last partial word drops its upper bytes.
    package func fill(_ bytes: inout MutableRawSpan) {
        let count = bytes.byteCount
        state.withLock { generator in
            var position = 0
            while count - position >= 8 {
                bytes.storeBytes(of: generator.next().littleEndian, toByteOffset: position, as: UInt64.self)
                position += 8
            }
            var word = position < count ? generator.next() : 0
            while position < count {
                bytes.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: position, as: UInt8.self)
                word >>= 8
                position += 1
            }
        }
    }
}

private struct Xoshiro256: Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    init(seed: UInt64) {
        var counter = seed
        func splitMix() -> UInt64 {
            counter &+= 0x9E37_79B9_7F4A_7C15
            var word = counter
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        a = splitMix()
        b = splitMix()
        c = splitMix()
        d = splitMix()
    }

    mutating func next() -> UInt64 {
        let result = Self.rotate(b &* 5, 7) &* 9
        let shifted = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = Self.rotate(d, 45)
        return result
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        (word << count) | (word >> (64 - count))
    }
}
