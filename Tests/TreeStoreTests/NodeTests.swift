// The bytes of pages: what is written is what FORMAT.md says, and each rule of validation refuses what breaks it.

import PageStore
import Testing

@testable import TreeStore

@Suite("Node bytes")
struct NodeTests {
    private func bytes(_ frame: PageFrame, _ range: Range<Int>) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: frame.base + range.lowerBound, count: range.count))
    }

    private func set(_ frame: PageFrame, _ offset: Int, _ bytes: [UInt8]) {
        for (index, byte) in bytes.enumerated() {
            frame.base.storeBytes(of: byte, toByteOffset: offset + index, as: UInt8.self)
        }
        frame.validatedAs = 0
    }

    /// A 4-KiB leaf of two rows: "key-a" = 1 2 3, "key-bc" = nothing.
    private func leaf() throws -> (Tree, PageTransaction, PageFrame) {
        let tx = TreeFixture(pageByteCount: 4096).transaction
        let tree = try Tree.create(in: tx)
        try tree.put(Array("key-a".utf8), [1, 2, 3], in: tx)
        try tree.put(Array("key-bc".utf8), [], in: tx)
        return (tree, tx, try tx.mutablePage(tree.root))
    }

    @Test("a leaf has its header, slots and cells where the format says")
    func leafBytes() throws {
        let (tree, tx, frame) = try leaf()
        let tag = try tree.tag(in: tx).value
        #expect(tag >= 16)
        // Cells of 10 and 8 bytes end at 4,048: at 4,038 (0xfc6) and 4,030 (0xfbe).
        let mark = (0..<4).map { UInt8(truncatingIfNeeded: tag >> UInt32(8 * $0)) }
        #expect(bytes(frame, 0..<16) == [1, 0, 2, 0, 0, 0, 0xbe, 0x0f, 0, 0, 2, 0] + mark)
        #expect(bytes(frame, 16..<24) == [0xc6, 0x0f, 5, 0] + Array("-yek".utf8))
        #expect(bytes(frame, 24..<32) == [0xbe, 0x0f, 6, 0] + Array("-yek".utf8))
        #expect(bytes(frame, 4030..<4048) == Array("key-bc".utf8) + [0, 0] + Array("key-a".utf8) + [3, 0, 1, 2, 3])
    }

    @Test("heads of suffixes shorter than four bytes are padded with zeros")
    func shortHeads() throws {
        let tx = TreeFixture(pageByteCount: 4096).transaction
        let tree = try Tree.create(in: tx)
        let keys: [[UInt8]] = [[], [0], [0, 0], [1, 2, 3], [1, 2, 3, 0], [1, 2, 3, 0, 0], [255, 255, 255, 255]]
        for key in keys.shuffled(using: &shuffle) { try tree.put(key, key, in: tx) }
        let cursor = tree.cursor(in: tx)
        try cursor.seekToFirst()
        for key in keys {
            #expect(try cursor.key == key)
            #expect(try tree.get(key, in: tx) == key)
            try cursor.next()
        }
        let frame = try tx.page(tree.root)
        #expect(bytes(frame, (16 + 3 * 8 + 4)..<(16 + 4 * 8)) == [0, 3, 2, 1])
    }

    private var shuffle: SeededRandom {
        get { SeededRandom(seed: 1) }
        nonmutating set { _ = newValue }
    }

    @Test("an inner node has a first child, and separators no longer than they must be")
    func innerBytes() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        // Four cells of just under a quarter fill the leaf; the fifth key opens another.
        for letter in Array("abcde".utf8) {
            try tree.put([letter, 1, 2, 3, 4], [UInt8](repeating: 0, count: 980), in: tx)
        }
        let frame = try tx.page(tree.root)
        let children = fixture.pagesInUse.subtracting([tree.root]).sorted()
        #expect(children.count == 2)
        #expect(bytes(frame, 0..<8) == [2, 1, 1, 0, 0, 0, UInt8((4048 - 9) & 255), UInt8((4048 - 9) >> 8)])
        #expect(bytes(frame, 24..<32) == [UInt8((4048 - 9) & 255), UInt8((4048 - 9) >> 8), 1, 0, 0, 0, 0, 0x65])
        #expect(bytes(frame, 4039..<4040) == [0x65])
        let node = try Node(frame)
        #expect([node.child(0), node.child(1)].sorted() == children)
    }

    @Test("an overflow value keeps its lengths and first page in the cell, and its pages are numbered and linked")
    func overflowBytes() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 2)
        let value = random.bytes(5000)
        try tree.put([7], value, in: tx)
        let leaf = try tx.page(tree.root)
        let form = try Node(leaf).form(0)
        #expect(form.totalByteCount == 5000 && form.storedByteCount == 5000 && !form.isDeflated)
        let first = try #require(form.firstPage)
        let number = (0..<8).map { UInt8(truncatingIfNeeded: first.number >> UInt64(8 * $0)) }
        #expect(bytes(leaf, 4029..<4048) == [7, 0, 0x80, 0x88, 0x13, 0, 0, 0x88, 0x13, 0, 0] + number)
        let second = try #require(fixture.pagesInUse.subtracting([tree.root, first]).first)
        let next = (0..<8).map { UInt8(truncatingIfNeeded: second.number >> UInt64(8 * $0)) }
        #expect(bytes(try tx.page(first), 0..<16) == [3, 0] + number[0..<2] + [0, 0, 0, 0] + next)
        #expect(bytes(try tx.page(second), 0..<16) == [3, 0] + number[0..<2] + [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(try tx.page(first), 16..<4048) == Array(value[0..<4032]))
        #expect(bytes(try tx.page(second), 16..<984) == Array(value[4032...]))
        #expect(bytes(try tx.page(second), 984..<4048).allSatisfy { $0 == 0 })
    }

    @Test("an array's root counts its pages, and its data pages say which they are")
    func arrayBytes() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        try array.write(([9, 8, 7] as [UInt8]).span.bytes, at: 3 * 4032 + 5, in: tx)
        let root = try tx.page(array.root)
        #expect(bytes(root, 0..<16) == [5, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
        let data = try #require(fixture.pagesInUse.subtracting([array.root]).first)
        #expect(bytes(root, 16..<40).allSatisfy { $0 == 0 })
        #expect(bytes(root, 40..<48) == (0..<8).map { UInt8(truncatingIfNeeded: data.number >> UInt64(8 * $0)) })
        #expect(bytes(try tx.page(data), 0..<16) == [4, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(try tx.page(data), 16..<26) == [0, 0, 0, 0, 0, 9, 8, 7, 0, 0])
    }

    @Test(
        "each rule of a node has its refusal",
        arguments: [
            (0, [9], "not a tree node"), (0, [3], "not a tree node"), (1, [1], "leaf with a level"),
            (0, [2, 40], "inner node of a bad level"), (0, [2, 0], "inner node of a bad level"),
            (4, [1, 4], "prefix longer than a key may be"), (4, [200], "cells run into the prefix"),
            (2, [255, 255], "slots run into cells"), (6, [20, 0], "slots run into cells"),
            (6, [0xff, 0xff], "cells run into the prefix"),
            (8, [1], "free bytes counted wrong"), (16, [0, 0], "key out of its page"),
            (16, [0xcf, 0x0f], "key out of its page"), (18, [0, 255], "key out of its page"),
            (20, [0], "head differs from its key"), (4038, [0x7a], "head differs from its key"),
            (4042, [0x7a], "keys out of order"), (4043, [200, 0], "value out of its page"),
            (4043, [0, 0x80], "value out of its page"), (4043, [3, 0x40], "value out of its page"),
            (4036, [1, 0], "cells overlap"),
        ] as [(Int, [UInt8], String)])
    func rules(offset: Int, new: [UInt8], reason: String) throws {
        let (tree, tx, frame) = try leaf()
        set(frame, offset, new)
        #expect(throws: PageFault.corruptStructure(page: tree.root, reason: reason)) {
            try tree.get([1], in: tx)
        }
        #expect(tree.check(in: tx) { _ in }.map(\.reason) == [reason])
    }

    @Test("every node of a tree carries the tree's tag through splits, merges, removals and bulk loads")
    func tags() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let other = try Tree.create(in: tx)
        let tree = try Tree.create(in: tx)
        let tag = try tree.tag(in: tx)
        #expect(try other.tag(in: tx) != tag)
        #expect(try Tree.create(in: tx, tag: TreeTag(1)).tag(in: tx) == TreeTag(1))
        var random = SeededRandom(seed: 8)
        var keys: [[UInt8]] = []
        for round in 0..<3 {
            for _ in 0..<800 {
                let key = random.bytes(12)
                keys.append(key)
                try tree.put(key, random.bytes(Int.random(in: 0...200, using: &random)), in: tx)
            }
            #expect(tree.check(in: tx) { _ in } == [])
            for key in keys.prefix(round < 2 ? 700 : keys.count) { try tree.remove(key, in: tx) }
            keys.removeFirst(round < 2 ? 700 : keys.count)
            #expect(tree.check(in: tx) { _ in } == [])
            #expect(try tree.tag(in: tx) == tag)
        }
        var row = 0
        try tree.bulkLoad(in: tx) {
            row += 1
            return row > 3000 ? nil : ([UInt8(row >> 8), UInt8(row & 255)], [UInt8](repeating: 1, count: 30))
        }
        #expect(try tree.statistics(in: tx).depth > 1)
        #expect(tree.check(in: tx) { _ in } == [])
        #expect(try tree.tag(in: tx) == tag)
        _ = try tree.removeRange(from: nil, to: [4], in: tx)
        #expect(tree.check(in: tx) { _ in } == [])
        _ = try tree.removeRange(from: nil, to: nil, in: tx)
        #expect(try tree.isEmpty(in: tx))
        #expect(try tree.tag(in: tx) == tag)
    }

    @Test("a node with the tag of another tree is found by a check, and by nothing else")
    func foreignTag() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        for letter in Array("abcde".utf8) { try tree.put([letter], [UInt8](repeating: 0, count: 980), in: tx) }
        let child = try Node(tx.page(tree.root)).child(1)
        set(try tx.mutablePage(child), 12, [1, 0, 0, 0])
        #expect(try tree.count(in: tx) == 5)
        #expect(tree.check(in: tx) { _ in }.map(\.reason) == ["node of another tree"])
    }

    @Test("a root page of another structure is refused, whoever looks first")
    func kinds() throws {
        let tx = TreeFixture().transaction
        let array = try PagedArray.create(in: tx)
        let tree = try Tree.create(in: tx)
        #expect(throws: PageFault.self) { try Tree(root: array.root).get([1], in: tx) }
        #expect(throws: PageFault.self) { try PagedArray(root: tree.root).pageCount(in: tx) }
        #expect(throws: PageFault.corruptPage(PageID(999))) { try Tree(root: PageID(999)).count(in: tx) }
    }
}
