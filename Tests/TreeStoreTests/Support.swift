// Seeded randomness, byte strings and the plain model that trees are held against.

import PageStore
import Testing

@testable import TreeStore

/// SplitMix64 (Steele, Lea, Flood 2014): the same sequence for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let word = next()
            for shift in stride(from: 0, to: 64, by: 8) where bytes.count < count {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }
}

/// A key compared like memcmp does.
struct ByteKey: Hashable, Comparable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    static func < (a: ByteKey, b: ByteKey) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}

extension Tree {
    func get(_ key: [UInt8], in view: PageView) throws -> [UInt8]? {
        try get(key.span.bytes, in: view)
    }

    func contains(_ key: [UInt8], in view: PageView) throws -> Bool {
        try contains(key.span.bytes, in: view)
    }

    @discardableResult
    func put(
        _ key: [UInt8], _ value: [UInt8], mode: PutMode = .upsert, in tx: PageTransaction
    ) throws -> Bool {
        try put(key.span.bytes, value.span.bytes, mode: mode, in: tx)
    }

    @discardableResult
    func remove(_ key: [UInt8], in tx: PageTransaction) throws -> Bool {
        try remove(key.span.bytes, in: tx)
    }
}

/// The number as eight bytes in key order.
func orderedBytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
}

/// The structure is sound, and the tree's pages are exactly those in use.
func expectSound(_ trees: [Tree], _ fixture: TreeFixture, sourceLocation: SourceLocation = #_sourceLocation) {
    var owned: Set<PageID> = []
    for tree in trees {
        let findings = tree.check(in: fixture.transaction) { page in
            #expect(owned.insert(page).inserted, "page visited twice", sourceLocation: sourceLocation)
        }
        #expect(findings == [], sourceLocation: sourceLocation)
    }
    #expect(owned == fixture.pagesInUse, sourceLocation: sourceLocation)
}
