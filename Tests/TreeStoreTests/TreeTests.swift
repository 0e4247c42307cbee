// What each verb of a tree promises, one at a time.

import PageStore
import Testing

@testable import TreeStore

@Suite("Trees", .timeLimit(.minutes(5)))
struct TreeTests {
    @Test("an empty tree has no rows, one page, and leaves none behind when dropped")
    func empty() throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        #expect(try tree.isEmpty(in: tx))
        #expect(try tree.count(in: tx) == 0)
        #expect(try tree.get([1], in: tx) == nil)
        #expect(try !tree.remove([1], in: tx))
        #expect(try tree.removeRange(from: nil, to: nil, in: tx) == 0)
        let cursor = tree.cursor(in: tx)
        #expect(!cursor.isValid)
        #expect(try !cursor.seekToFirst())
        #expect(try !cursor.seekToLast())
        #expect(try !cursor.seek(to: [UInt8]().span.bytes))
        #expect(try !cursor.seek(before: ([9] as [UInt8]).span.bytes))
        expectSound([tree], fixture)
        try tree.drop(in: tx)
        #expect(fixture.pagesInUse == [])
    }

    @Test("the empty key is a key, and sorts before all others")
    func emptyKey() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        for number in 0..<2000 { try tree.put(orderedBytes(UInt64(number)), [1, 2, 3], in: tx) }
        #expect(try !tree.put([], [42], in: tx))
        #expect(try tree.get([], in: tx) == [42])
        let cursor = tree.cursor(in: tx)
        try cursor.seekToFirst()
        #expect(try cursor.key == [])
        #expect(try tree.remove([], in: tx))
        #expect(try tree.get([], in: tx) == nil)
        expectSound([tree], fixture)
    }

    @Test(
        "insertOnly and replaceOnly change nothing where they must not, large values included", arguments: [3, 50_000])
    func modes(valueByteCount: Int) throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 5)
        let first = random.bytes(valueByteCount)
        let second = random.bytes(valueByteCount)
        #expect(try !tree.put([1], first, mode: .replaceOnly, in: tx))
        #expect(try tree.isEmpty(in: tx))
        #expect(try !tree.put([1], first, mode: .insertOnly, in: tx))
        let pages = fixture.pagesInUse
        #expect(try tree.put([1], second, mode: .insertOnly, in: tx))
        #expect(try tree.get([1], in: tx) == first)
        #expect(fixture.pagesInUse == pages)
        #expect(try tree.put([1], second, mode: .replaceOnly, in: tx))
        #expect(try tree.get([1], in: tx) == second)
        expectSound([tree], fixture)
    }

    @Test("a key or value over its limit is refused by name, and nothing changes")
    func limits() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        let longest = [UInt8](repeating: 1, count: TreeLimits.maximumKeyByteCount)
        #expect(throws: PageFault.limitExceeded(name: "key byte count", limit: 1024)) {
            try tree.put(longest + [1], [], in: tx)
        }
        #expect(throws: PageFault.limitExceeded(name: "value byte count", limit: 1 << 26)) {
            try tree.put([1], [UInt8](repeating: 0, count: 1 << 26 + 1), in: tx)
        }
        #expect(try tree.isEmpty(in: tx))
        #expect(try tree.get(longest + [1], in: tx) == nil)
        try tree.put(longest, [7], in: tx)
        #expect(try tree.get(longest, in: tx) == [7])
        #expect(fixture.pagesInUse.count == 1)
    }

    @Test("a value of the longest length goes through a transaction that spills", arguments: [true, false])
    func longestValue(isCompressible: Bool) throws {
        let fixture = TreeFixture(pageByteCount: 65536, spillAfter: 10)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 3)
        let piece = random.bytes(1 << 20)
        var value: [UInt8] = []
        for _ in 0..<64 { value += isCompressible ? [UInt8](repeating: 7, count: 1 << 20) : piece }
        try tree.put([1], value, in: tx)
        #expect(try tree.get([1], in: tx) == value)
        expectSound([tree], fixture)
        try tree.remove([1], in: tx)
        #expect(fixture.pagesInUse == [tree.root])
    }

    @Test("values that deflate take fewer pages, and none at all when they then fit the leaf")
    func deflates() throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        let text = Array(repeatElement(Array("the same words again and again ".utf8), count: 2000).joined())
        try tree.put([1], text, in: tx)
        #expect(fixture.pagesInUse.count == 1)
        #expect(try tree.get([1], in: tx) == text)
        var random = SeededRandom(seed: 9)
        let half = (0..<100_000).map { _ in UInt8(random.int(0...15)) }
        try tree.put([2], half, in: tx)
        let pages = try tree.statistics(in: tx).overflowPageCount
        #expect(pages > 0 && pages < 9)
        #expect(try tree.get([2], in: tx) == half)
        expectSound([tree], fixture)
    }

    @Test("the root page keeps its number through growth to several levels and back to one")
    func stableRoot() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 11)
        var keys = (0..<12_000).map { _ in random.bytes(12) }
        for key in keys { try tree.put(key, key + key + key + key + key, in: tx) }
        #expect(try tree.statistics(in: tx).depth >= 3)
        expectSound([tree], fixture)
        keys.shuffle(using: &random)
        for (index, key) in keys.enumerated() {
            #expect(try tree.remove(key, in: tx))
            if index % 2000 == 0 { expectSound([tree], fixture) }
        }
        #expect(fixture.pagesInUse == [tree.root])
        #expect(try tree.statistics(in: tx).depth == 1)
    }

    @Test("a snapshot answers as before while the writer goes on")
    func snapshot() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        var tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        for number in 0..<3000 { try tree.put(orderedBytes(UInt64(number)), orderedBytes(UInt64(number)), in: tx) }
        let view = try fixture.snapshot()
        tx = fixture.transaction
        for number in 0..<3000 where number % 3 != 0 { try tree.remove(orderedBytes(UInt64(number)), in: tx) }
        for number in 0..<3000 { try tree.put(orderedBytes(UInt64(number)) + [1], [], in: tx) }
        #expect(try tree.count(in: view) == 3000)
        #expect(tree.check(in: view) { _ in } == [])
        let cursor = tree.cursor(in: view)
        try cursor.seekToFirst()
        for number in 0..<3000 {
            #expect(try cursor.key == orderedBytes(UInt64(number)))
            #expect(try cursor.value == orderedBytes(UInt64(number)))
            try cursor.next()
        }
        expectSound([tree], fixture)
    }

    @Test("a full disk is reported, and what was there before is still read")
    func fullDisk() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        fixture.limitPages(to: 10)
        var number: UInt64 = 0
        #expect(throws: PageFault.diskFull) {
            while true {
                try tree.put(orderedBytes(number), [UInt8](repeating: 1, count: 500), in: tx)
                number += 1
            }
        }
        for row in 0..<number { #expect(try tree.contains(orderedBytes(row), in: tx)) }
    }

    @Test("removing a range drops whole subtrees and leaves a sound, shallow tree", arguments: [4096, 8192])
    func removeRange(pageByteCount: Int) throws {
        let fixture = TreeFixture(pageByteCount: pageByteCount, spillAfter: 50)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 1)
        let large = random.bytes(30_000)
        for number in 0..<20_000 {
            try tree.put(orderedBytes(UInt64(number)), number % 1000 == 0 ? large : random.bytes(60), in: tx)
        }
        #expect(try tree.removeRange(from: orderedBytes(10), to: orderedBytes(19_990), in: tx) == 19_980)
        expectSound([tree], fixture)
        #expect(try tree.count(in: tx) == 20)
        #expect(try tree.statistics(in: tx).depth <= 2)
        #expect(try tree.removeRange(from: orderedBytes(3), to: nil, in: tx) == 17)
        #expect(try tree.removeRange(from: nil, to: orderedBytes(2), in: tx) == 2)
        #expect(try tree.removeRange(from: orderedBytes(5), to: orderedBytes(1), in: tx) == 0)
        #expect(try tree.get(orderedBytes(2), in: tx) != nil)
        #expect(try tree.removeRange(from: nil, to: nil, in: tx) == 1)
        #expect(fixture.pagesInUse == [tree.root])
    }

    @Test("two trees in one transaction keep their pages apart")
    func twoTrees() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let trees = [try Tree.create(in: tx), try Tree.create(in: tx)]
        for number in 0..<4000 {
            try trees[number % 2].put(orderedBytes(UInt64(number)), orderedBytes(UInt64(number)), in: tx)
        }
        expectSound(trees, fixture)
        try trees[0].drop(in: tx)
        expectSound([trees[1]], fixture)
        #expect(try trees[1].count(in: tx) == 2000)
    }
}
