// How full pages are, by the order in which rows arrive.

import PageStore
import Testing

@testable import TreeStore

@Suite("Fill", .timeLimit(.minutes(5)))
struct FillTests {
    private func fill(_ keys: [[UInt8]], valueByteCount: Int = 100) throws -> (TreeStatistics, PageView, Tree) {
        let fixture = TreeFixture()
        let tree = try Tree.create(in: fixture.transaction)
        let value = [UInt8](repeating: 5, count: valueByteCount)
        for key in keys { try tree.put(key, value, in: fixture.transaction) }
        expectSound([tree], fixture)
        return (try tree.statistics(in: fixture.transaction), fixture.transaction, tree)
    }

    @Test("ascending keys fill leaves above nine tenths")
    func ascending() throws {
        let (statistics, _, _) = try fill((0..<20_000).map { orderedBytes(UInt64($0)) })
        #expect(statistics.leafFill > 0.9)
        #expect(statistics.rowCount == 20_000)
    }

    @Test("ascending keys with a long common beginning store it once a leaf")
    func ascendingPrefixed() throws {
        let prefix = Array("a rather long name of a collection and an index in it/".utf8)
        let (statistics, _, _) = try fill((0..<20_000).map { prefix + orderedBytes(UInt64($0)) }, valueByteCount: 8)
        #expect(statistics.leafFill > 0.9)
        // 8 slot, 2 word, 8 value and a few bytes of key; whole keys would take 62.
        #expect(statistics.leafByteCount / statistics.rowCount < 32)
    }

    @Test("descending keys fill leaves above nine tenths")
    func descending() throws {
        let (statistics, _, _) = try fill((0..<20_000).reversed().map { orderedBytes(UInt64($0)) })
        #expect(statistics.leafFill > 0.9)
    }

    @Test("several ascending runs side by side fill leaves above four fifths")
    func runs() throws {
        let keys = (0..<20_000).map { [UInt8($0 % 8)] + orderedBytes(UInt64($0)) }
        let (statistics, _, _) = try fill(keys)
        #expect(statistics.leafFill > 0.8)
    }

    @Test("random keys fill leaves about two thirds, as B-trees do")
    func random() throws {
        var random = SeededRandom(seed: 2)
        let (statistics, _, _) = try fill((0..<20_000).map { _ in random.bytes(12) })
        #expect(statistics.leafFill > 0.6)
    }

    @Test("long keys are cut short in inner nodes")
    func suffixTruncation() throws {
        var random = SeededRandom(seed: 8)
        let (statistics, _, _) = try fill((0..<5000).map { _ in random.bytes(400) }, valueByteCount: 0)
        // Separators of two or three bytes: one inner page leads to hundreds of leaves.
        #expect(statistics.innerPageCount <= 3)
    }

    @Test("bulk loads pack pages to the fill factor and read back whole", arguments: [4096, 8192, 65536], [0.7, 1.0])
    func bulk(pageByteCount: Int, fillFactor: Double) throws {
        let fixture = TreeFixture(pageByteCount: pageByteCount, spillAfter: 5)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 4)
        var rows: [(key: [UInt8], value: [UInt8])] = []
        for number in 0..<20_000 {
            let size = number % 500 == 0 ? random.int(0...40_000) : random.int(0...80)
            rows.append((Array("documents/".utf8) + orderedBytes(UInt64(number * 7)), random.bytes(size)))
        }
        var next = rows.makeIterator()
        try tree.bulkLoad(fillFactor: fillFactor, in: tx) { next.next() }
        expectSound([tree], fixture)
        let statistics = try tree.statistics(in: tx)
        #expect(statistics.rowCount == rows.count)
        #expect(statistics.leafFill > fillFactor - 0.15 && statistics.leafFill <= fillFactor)
        let cursor = tree.cursor(in: tx)
        try cursor.seekToFirst()
        for row in rows {
            #expect(try cursor.key == row.key)
            #expect(try cursor.value == row.value)
            try cursor.next()
        }
        #expect(!cursor.isValid)
    }

    @Test("a bulk-loaded tree takes any later row, also where it breaks a leaf's prefix", arguments: KeyShape.allCases)
    func changesAfterBulk(shape: KeyShape) throws {
        let fixture = TreeFixture(pageByteCount: 4096, spillAfter: 4)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 6)
        var keys = Set((0..<3000).map { _ in ByteKey(shape.key(&random)) })
        var next = keys.sorted().makeIterator()
        try tree.bulkLoad(fillFactor: 1, in: tx) { next.next().map { ($0.bytes, $0.bytes) } }
        expectSound([tree], fixture)
        for _ in 0..<3000 {
            let other = KeyShape.allCases[random.int(0...(KeyShape.allCases.count - 1))]
            let key = other.key(&random)
            #expect(try tree.put(key, key, in: tx) == !keys.insert(ByteKey(key)).inserted)
        }
        expectSound([tree], fixture)
        #expect(try tree.count(in: tx) == keys.count)
        for key in keys { #expect(try tree.get(key.bytes, in: tx) == key.bytes) }
    }

    @Test("bulk loads of every small size are sound", arguments: [0, 5, 700, 1000])
    func smallBulks(keyPadding: Int) throws {
        for count in 0...40 {
            let fixture = TreeFixture(pageByteCount: 4096)
            let tx = fixture.transaction
            let tree = try Tree.create(in: tx)
            var number = 0
            try tree.bulkLoad(fillFactor: 1, in: tx) {
                defer { number += 1 }
                let key = [UInt8(number)] + [UInt8](repeating: 1, count: keyPadding)
                return number < count ? (key, [1]) : nil
            }
            expectSound([tree], fixture)
            #expect(try tree.count(in: tx) == count)
        }
    }

    @Test("bulk loads refuse trees with rows and keys out of order")
    func refusals() throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var keys: [[UInt8]] = [[1], [2], [2]]
        #expect(throws: TreeLoadError.notAscending(row: 2)) {
            try tree.bulkLoad(fillFactor: 1, in: tx) { keys.isEmpty ? nil : (keys.removeFirst(), []) }
        }
        try tree.put([1], [], in: tx)
        #expect(throws: TreeLoadError.notEmpty) { try tree.bulkLoad(fillFactor: 1, in: tx) { nil } }
    }
}
