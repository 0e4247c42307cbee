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

    @Test("with a cache that holds few of the pages it finds the same", arguments: [4096, 8192])
    func smallCache(pageByteCount: Int) throws {
        let fixture = TreeFixture(pageByteCount: pageByteCount, cacheByteLimit: 300 * pageByteCount)
        var random = SeededRandom(seed: 5)
        let tree = try Tree.create(in: fixture.transaction)
        var rows: [Int: [UInt8]] = [:]
        for number in 0..<20_000 {
            let value = Self.value(number, &random)
            rows[2 * number] = value
            try tree.put(Self.key(2 * number).span.bytes, value.span.bytes, in: fixture.transaction)
        }
        try check(tree, fixture.snapshot(), rows, &random)
    }

    @Test("after its snapshot was closed it reads nothing more, though it has all pages")
    func closed() throws {
        let fixture = TreeFixture()
        let tree = try Tree.create(in: fixture.transaction)
        for number in 0..<5000 { try put(tree, number, [1, 2, 3], fixture.transaction) }
        let snapshot = try #require(try fixture.snapshot() as? Snapshot)
        let reader = TreeReader(tree, in: snapshot)
        let keys = KeyBatch([7, 8, 4000].map { Self.key($0) })
        var found: [TreeReader.Found] = []
        try reader.read(keys, into: &found)
        #expect(try reader.get(Self.key(7).span.bytes) == [1, 2, 3])
        #expect(try reader.cursor().seek(to: Self.key(7).span.bytes))
        snapshot.close()
        #expect(throws: PageFault.closed) { try reader.cursor().seek(to: Self.key(7).span.bytes) }
        #expect(throws: PageFault.closed) { try reader.share(before: Self.key(7).span.bytes) }
        #expect(throws: PageFault.closed) { try reader.get(Self.key(7).span.bytes) }
        #expect(throws: PageFault.closed) { try reader.read(keys, into: &found) }
    }

    @Test("a cursor of the reader stands where one of the tree does, and shares are the same")
    func sharesNodes() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        var random = SeededRandom(seed: 11)
        let tree = try Tree.create(in: fixture.transaction)
        for number in 0..<30_000 { try put(tree, 3 * number, random.bytes(20), fixture.transaction) }
        let view = try fixture.snapshot()
        let reader = TreeReader(tree, in: view)
        let (known, fresh) = (reader.cursor(), tree.cursor(in: view))
        for _ in 0..<500 {
            let numbers = [random.int(0...90_002), random.int(0...90_002)].sorted()
            let (from, to) = (Self.key(numbers[0]), Self.key(numbers[1]))
            #expect(
                try reader.share(from: from.span.bytes, to: to.span.bytes)
                    == tree.share(from: from.span.bytes, to: to.span.bytes, in: view))
            #expect(try reader.share(before: to.span.bytes) == tree.share(before: to.span.bytes, in: view))
            #expect(try known.seek(to: from.span.bytes) == fresh.seek(to: from.span.bytes))
            #expect(known.isValid == fresh.isValid)
            if known.isValid { #expect(try known.key == fresh.key) }
            #expect(try known.seek(before: to.span.bytes) == fresh.seek(before: to.span.bytes))
            if known.isValid { #expect(try known.key == fresh.key) }
        }
    }

    @Test("keys of one leaf are taken together, either way and without their beginnings")
    func takesRuns() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tree = try Tree.create(in: fixture.transaction)
        for number in 0..<3000 { try put(tree, number, [1], fixture.transaction) }
        let view = try fixture.snapshot()
        for isBackward in [false, true] {
            for start in 0...3 {
                let cursor = tree.cursor(in: view)
                var batch = KeyBatch()
                var isOnRow = isBackward ? try cursor.seekToLast() : try cursor.seekToFirst()
                while isOnRow {
                    let run = isBackward ? try cursor.rowsBehind(from: nil) : try cursor.rowsAhead(before: nil)
                    let isWhole = try cursor.appendKeys(run, isBackward: isBackward, from: start, to: &batch)
                    #expect(isWhole == (start < 3))
                    guard isWhole else { break }
                    isOnRow = isBackward ? try cursor.previous() : try cursor.next()
                }
                let keys = (0..<batch.count).map { batch[$0] }
                let all = (0..<3000).map { Array(Self.key($0).dropFirst(start)) }
                #expect(keys == (start == 3 ? [] : isBackward ? all.reversed() : all))
            }
        }
    }

    @Test("a batch of keys has what was added, less what was cut")
    func batches() {
        var batch = KeyBatch([[1, 2, 3], [], [4]])
        #expect((0..<batch.count).map { batch[$0] } == [[1, 2, 3], [], [4]])
        batch.cut(0, at: batch.range(0).lowerBound + 2)
        batch.append([5, 6])
        #expect((0..<batch.count).map { batch[$0] } == [[3], [], [4], [5, 6]])
        #expect(batch.withKey(3) { $0.byteCount } == 2)
        batch.removeAll()
        #expect(batch.isEmpty)
    }

    private func put(_ tree: Tree, _ number: Int, _ value: [UInt8], _ tx: PageTransaction) throws {
        try tree.put(Self.key(number).span.bytes, value.span.bytes, in: tx)
    }

    private func check(
        _ tree: Tree, _ view: PageView, _ rows: [Int: [UInt8]], _ random: inout SeededRandom
    ) throws {
        let reader = TreeReader(tree, in: view)
        var spots: [TreeReader.Spot] = []
        var copied: [TreeReader.Found] = []
        for _ in 0..<50 {
            let numbers = (0..<random.int(0...40)).map { _ in random.int(0...(2 * rows.count + 2)) }
            let keys = KeyBatch(numbers.map { Self.key($0) })
            try reader.read(keys, into: &copied)
            #expect(copied.count == numbers.count)
            for (number, found) in zip(numbers, copied) {
                switch found {
                case .value(let value): #expect(value == rows[number])
                case .missing: #expect(rows[number] == nil)
                case .apart: #expect(rows[number].map { $0.count >= 9000 } == true)
                case .unknown: Issue.record("a key was not looked for")
                }
            }
            try reader.find(keys, into: &spots)
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
