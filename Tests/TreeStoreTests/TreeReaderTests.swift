// Reading many keys of one tree: the reader answers as the tree does, in snapshots and in transactions.

import PageStore
import Testing

@testable import TreeStore

@Suite("Tree reader")
struct TreeReaderTests {
    private static func value(_ number: Int, _ random: inout SeededRandom) -> [UInt8] {
        random.bytes(number % 97 == 0 ? 9000 : 20 + number % 200)
    }

    private static func key(_ number: Int) -> [UInt8] {
        [UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
    }

    @Test("what it finds together and alone is what the tree has", arguments: [1, 40, 20_000], [4096, 8192])
    func answersAsTheTree(count: Int, pageByteCount: Int) throws {
        let fixture = TreeFixture(pageByteCount: pageByteCount)
        var random = SeededRandom(seed: UInt64(count))
        let tree = try Tree.create(in: fixture.transaction)
        var rows: [Int: [UInt8]] = [:]
        for number in 0..<count {
            let value = Self.value(number, &random)
            rows[2 * number] = value
            try tree.put(Self.key(2 * number).span.bytes, value.span.bytes, in: fixture.transaction)
        }
        try check(tree, fixture.transaction, rows, &random)
        try check(tree, fixture.snapshot(), rows, &random)
    }

    private func put(_ tree: Tree, _ number: Int, _ value: [UInt8], _ tx: PageTransaction) throws {
        try tree.put(Self.key(number).span.bytes, value.span.bytes, in: tx)
    }

    private func check(
        _ tree: Tree, _ view: PageView, _ rows: [Int: [UInt8]], _ random: inout SeededRandom
    ) throws {
        let reader = TreeReader(tree, in: view)
        var spots: [TreeReader.Spot] = []
        for _ in 0..<50 {
            let numbers = (0..<random.int(0...40)).map { _ in random.int(0...(2 * rows.count + 2)) }
            try reader.find(KeyBatch(numbers.map { Self.key($0) }), into: &spots)
            #expect(spots.count == numbers.count)
            for (number, spot) in zip(numbers, spots) {
                let found = try reader.withValue(of: spot) { (value) throws(PageFault) in Node.copy(value) }
                #expect(found == rows[number])
                #expect(try reader.get(Self.key(number).span.bytes) == rows[number])
                let lent = try reader.withValue(Self.key(number).span.bytes) { (value) throws(PageFault) in
                    value.byteCount
                }
                #expect(lent == rows[number]?.count)
            }
        }
    }

    @Test("in a transaction it sees every change at once, in a snapshot none")
    func seesChanges() throws {
        let fixture = TreeFixture()
        let tree = try Tree.create(in: fixture.transaction)
        for number in 0..<5000 {
            try put(tree, number, [1, 2, 3], fixture.transaction)
        }
        let snapshot = try fixture.snapshot()
        let before = TreeReader(tree, in: snapshot)
        #expect(try before.get(Self.key(17).span.bytes) == [1, 2, 3])
        let now = TreeReader(tree, in: fixture.transaction)
        for number in stride(from: 0, to: 5000, by: 3) {
            _ = try now.get(Self.key(number).span.bytes)
            try put(tree, number, [9], fixture.transaction)
            #expect(try now.get(Self.key(number).span.bytes) == [9])
            try tree.remove(Self.key(number + 1).span.bytes, in: fixture.transaction)
            #expect(try now.get(Self.key(number + 1).span.bytes) == nil)
        }
        for number in 0..<5000 { #expect(try before.get(Self.key(number).span.bytes) == [1, 2, 3]) }
    }
}
