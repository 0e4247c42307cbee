// Numbers for queries, the same as in Benchmarks/, and the checksum that shows that they are.
//
// Marsaglia's xorshift: the state starts as `seed * 0x9E3779B97F4A7C15 | 1` and is then shifted left by 13, right by 7
// and left by 17, each result mixed in by exclusive or. A number below a limit is the state modulo the limit; a number
// of [0, 1) is one below 2^40, divided by 2^40.

struct QueryNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(1, limit)))
    }

    mutating func unit() -> Double { Double(next(below: 1 << 40)) / Double(1 << 40) }

    /// The checksum over the first numbers that queries of `count` documents get.
    static func checksum(seed: UInt64, count: Int) -> String {
        var random = QueryNumbers(seed: seed)
        var sum = WordChecksum()
        for _ in 0..<1000 {
            sum.add(UInt64(random.next(below: count)))
            sum.add(random.unit().bitPattern)
        }
        return sum.text
    }
}

/// FNV-1a over 64-bit words instead of bytes: quick, and enough to see that two programs read the same. Bytes count as
/// their number, then words of eight, little-endian, then the rest byte by byte.
struct WordChecksum {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }

    mutating func add(_ bytes: [UInt8]) {
        add(UInt64(bytes.count))
        var place = 0
        while place + 8 <= bytes.count {
            add((0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64($1 * 8) })
            place += 8
        }
        while place < bytes.count {
            add(UInt64(bytes[place]))
            place += 1
        }
    }

    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
