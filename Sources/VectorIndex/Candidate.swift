// A row and its distance as one 64-bit key: comparing keys compares distances, then rows.
//
// Bits 63...32: the distance, its bits turned so that unsigned order is float order. Bits 31...1: the row.
// Bit 0: whether the walk has followed the row's links. So rows stay below 2^31.

enum Candidate {
    static let maximumRowCount = Int(Int32.max)
    static let expanded: UInt64 = 1

    @inline(__always)
    static func key(distance: Float, row: UInt32) -> UInt64 {
        UInt64(ordered(distance)) << 32 | UInt64(row) << 1
    }

    @inline(__always)
    static func row(_ key: UInt64) -> Int { Int((key >> 1) & 0x7FFF_FFFF) }

    static func distance(_ key: UInt64) -> Float {
        let bits = UInt32(truncatingIfNeeded: key >> 32)
        return Float(bitPattern: bits & 0x8000_0000 != 0 ? bits & 0x7FFF_FFFF : ~bits)
    }

    @inline(__always)
    private static func ordered(_ distance: Float) -> UInt32 {
        // Adding 0 makes -0 a +0, so that equal distances have equal bits. What is no number (an overflow less another)
        // counts as the farthest.
        let bits = (distance.isNaN ? .infinity : distance + 0).bitPattern
        let turn = UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000
        return bits ^ turn
    }
}

/// The nearest keys of a stream, each row once: appended freely, sorted and cut when twice as many have come.
/// Amortised O(log k) a key; no more than 2k + 64 keys are held.
struct NearestKeys {
    private let wanted: Int
    private let capacity: Int
    private var keys: [UInt64] = []
    /// Keys from here on cannot be among the nearest.
    private(set) var threshold = UInt64.max

    init(wanted: Int) {
        self.wanted = wanted
        capacity = wanted &* 2 &+ 64
    }

    mutating func add(_ key: UInt64) {
        guard key < threshold else { return }
        keys.append(key)
        if keys.count >= capacity { cut() }
    }

    private mutating func cut() {
        keys.sort()
        var kept = 0
        for key in keys where kept == 0 || keys[kept - 1] != key {
            guard kept < wanted else { break }
            keys[kept] = key
            kept += 1
        }
        keys.removeSubrange(kept...)
        if kept == wanted, let last = keys.last { threshold = last }
    }

    /// The nearest keys, sorted, each once; at most `wanted`.
    mutating func sorted() -> [UInt64] {
        cut()
        return keys
    }
}
