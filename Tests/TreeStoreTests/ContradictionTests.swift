// Pages sound by themselves that contradict each other: built by hand, each aimed at one defence.

import PageStore
import Testing

@testable import TreeStore

@Suite("Contradicting pages")
struct ContradictionTests {
    private let fixture = TreeFixture(pageByteCount: 4096)
    private var tx: PageTransaction { fixture.transaction }

    /// A two-level tree of ascending rows, and its root for changing.
    private func twoLevels() throws -> (Tree, NodeEditor) {
        let tree = try Tree.create(in: tx)
        for number in 0..<200 { try tree.put(orderedBytes(UInt64(number)), [UInt8](repeating: 1, count: 60), in: tx) }
        let root = try NodeEditor(tx.mutablePage(tree.root))
        #expect(root.node.level == 1 && root.node.count > 2)
        return (tree, root)
    }

    /// Makes child `index` of an inner node, not the first, another page.
    private func setChild(_ index: Int, of editor: NodeEditor, to id: PageID) throws {
        let key = editor.node.key(index - 1)
        editor.remove((index - 1)..<index)
        let isIn = editor.insertSeparator(at: index - 1, key: key.span.bytes, child: id)
        #expect(isIn)
    }

    private func fault(_ page: PageID, _ reason: String) -> PageFault {
        .corruptStructure(page: page, reason: reason)
    }

    @Test("a leaf that is two children ends scans both ways, counts and statistics")
    func sharedLeaf() throws {
        let (tree, root) = try twoLevels()
        let shared = root.node.child(1)
        try setChild(2, of: root, to: shared)
        let wrongOrder = fault(shared, "keys out of order between leaves")
        #expect(throws: wrongOrder) { try tree.count(in: tx) }
        let cursor = tree.cursor(in: tx)
        try cursor.seekToFirst()
        #expect(throws: wrongOrder) { while try cursor.next() {} }
        let back = tree.cursor(in: tx)
        try back.seekToLast()
        #expect(throws: PageFault.self) { while try back.previous() {} }
        #expect(throws: fault(shared, "page reached twice")) { try tree.statistics(in: tx) }
        #expect(tree.check(in: tx) { _ in }.map(\.reason).contains("page reached twice"))
    }

    @Test("an inner node that is two children is not merged with itself")
    func sharedInner() throws {
        let tree = try Tree.create(in: tx)
        let leaf = NodeEditor(formatting: try tx.allocate(near: nil), level: 0, tag: try tree.tag(in: tx))
        for key in [[1], [2]] as [[UInt8]] {
            let empty: [UInt8] = []
            let isIn = leaf.insert(
                at: leaf.node.count, key: key.span.bytes, form: .inline(0), inline: empty.span.bytes)
            #expect(isIn)
        }
        let tag = try tree.tag(in: tx)
        let inner = NodeEditor(formatting: try tx.allocate(near: nil), level: 1, tag: tag, firstChild: leaf.node.id)
        let root = NodeEditor(formatting: try tx.mutablePage(tree.root), level: 2, tag: tag, firstChild: inner.node.id)
        let separator: [UInt8] = [9]
        let isIn = root.insertSeparator(at: 0, key: separator.span.bytes, child: inner.node.id)
        #expect(isIn)
        #expect(throws: fault(tree.root, "one page is two children")) { try tree.remove([1], in: tx) }
        #expect(fixture.pagesInUse.contains(inner.node.id))
    }

    @Test("an empty leaf below the root is refused")
    func emptyLeaf() throws {
        let (tree, root) = try twoLevels()
        let leaf = NodeEditor(formatting: try tx.mutablePage(root.node.child(1)), level: 0, tag: try tree.tag(in: tx))
            .node
        let expected = fault(leaf.id, "empty leaf below the root")
        #expect(throws: expected) { try tree.get(root.node.key(0), in: tx) }
        #expect(throws: expected) { try tree.count(in: tx) }
        #expect(throws: expected) { try tree.removeRange(from: nil, to: nil, in: tx) }
    }

    @Test("a page that leads to itself is refused by its level")
    func selfReference() throws {
        let (tree, root) = try twoLevels()
        try setChild(1, of: root, to: tree.root)
        let expected = fault(tree.root, "node of another level than its parent says")
        #expect(throws: expected) { try tree.get(root.node.key(0), in: tx) }
        #expect(throws: expected) { try tree.put(root.node.key(0), [], in: tx) }
        #expect(throws: expected) { try tree.count(in: tx) }
    }

    @Test("a split whose separator does not belong in the parent is refused")
    func separatorOutOfPlace() throws {
        let (tree, root) = try twoLevels()
        let low = root.node.key(0)
        let high = root.node.key(1)
        // The leaf after the first separator now holds keys from the far end.
        let last = try tree.leaf(for: orderedBytes(150).span.bytes, in: tx).id
        try setChild(1, of: root, to: last)
        #expect(low.lexicographicallyPrecedes(high))
        #expect(throws: fault(tree.root, "separators and keys below contradict each other")) {
            for number in 0..<200 { try tree.put(low + orderedBytes(UInt64(number)), orderedBytes(1), in: tx) }
        }
    }

    @Test("overflow pages linked in another order are found by their ordinals")
    func rewiredChain() throws {
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 1)
        try tree.put([1], random.bytes(5 * 4032), in: tx)
        let form = try Node(tx.page(tree.root)).form(0)
        var walk = OverflowChain.Walk(from: try #require(form.firstPage), storedByteCount: 5 * 4032, in: tx)
        var chain: [PageID] = []
        while let id = walk.nextPage {
            chain.append(id)
            _ = try walk.next()
        }
        for (from, to) in [(0, 2), (2, 1), (1, 3)] {
            try tx.mutablePage(chain[from]).base.storeBytes(
                of: chain[to].number.littleEndian, toByteOffset: 8, as: UInt64.self)
        }
        #expect(throws: fault(chain[2], "overflow page out of its place")) { try tree.get([1], in: tx) }
        #expect(throws: PageFault.self) { try tree.remove([1], in: tx) }
    }

    @Test("array pages that have changed places are found by the number they carry")
    func swappedArrayPages() throws {
        let array = try PagedArray.create(in: tx)
        try array.write([UInt8](repeating: 1, count: 3 * 4032).span.bytes, at: 0, in: tx)
        let root = try ArrayPage(tx.mutablePage(array.root))
        let first = root.child(0)
        let second = try #require(root.child(1))
        root.setChild(0, second)
        root.setChild(1, first)
        var bytes: [UInt8] = [0, 0, 0, 0]
        #expect(throws: fault(second, "array page out of its place")) {
            var elements = bytes.mutableSpan
            var span = elements.mutableBytes
            try array.read(at: 0, into: &span, in: tx)
        }
        #expect(array.check(in: tx) { _ in }.count == 2)
    }
}
