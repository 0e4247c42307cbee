// Many point reads in one tree and one view: as fast as the memory allows.
//
// 1. In a view that never changes, the inner nodes that a descent came through are kept, so that the next one goes to the
//    page cache for its leaf alone. In a transaction, which changes its pages, nothing is kept.
// 2. Several keys are looked for together (`find`): what their leaves' searches will read is touched first, so that the
//    processor fetches it for all of them at once instead of waiting for one after the other.

package import PageStore

/// Reads rows of a tree by their keys. Not for use by several threads at once.
package final class TreeReader {
    /// Where a key was looked for.
    package struct Spot {
        fileprivate let leaf: Node
        /// nil: there is no such key.
        fileprivate let index: Int?
    }

    private static let keptNodes = 256

    private let tree: Tree
    private let view: PageView
    private var root: Node?
    /// Inner nodes by the low bits of their page numbers.
    private var kept: [Node?] = []
    /// Scratch of `find`.
    private var leaves: [PageID] = []
    private var frames: [PageFrame?] = []
    /// What `touch` has read: it must be used for the loads to happen.
    private var touched: UInt8 = 0

    /// Whether what it found stays as it is.
    package var isFixed: Bool { view.isFixed }

    /// Reads a tree in a view.
    package init(_ tree: Tree, in view: PageView) {
        self.tree = tree
        self.view = view
    }

    /// Lends the value of a key, nil when there is none. Nothing is copied when the value lies plain in its leaf.
    package func withValue<R>(
        _ key: RawSpan, _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R? {
        let leaf = try leaf(for: key)
        let (index, isFound) = leaf.search(key)
        return try withValue(of: Spot(leaf: leaf, index: isFound ? index : nil), body)
    }

    /// A copy of the value of a key, nil when there is none.
    package func get(_ key: RawSpan) throws(PageFault) -> [UInt8]? {
        let leaf = try leaf(for: key)
        let (index, isFound) = leaf.search(key)
        guard isFound else { return nil }
        return try leaf.isPlainInline(index)
            ? leaf.copyInlineBytes(index) : StoredValue.load(index, of: leaf, in: view)
    }

    /// Looks for keys together, and leaves where they are in `spots`, in the keys' order.
    package func find(_ keys: [[UInt8]], into spots: inout [Spot]) throws(PageFault) {
        spots.removeAll(keepingCapacity: true)
        if try !findLeaves(keys) {
            for key in keys { spots.append(Spot(leaf: try leaf(for: key.span.bytes), index: nil)) }
        } else {
            for (place, frame) in frames.enumerated() {
                guard let frame else { throw .corruptPage(leaves[place]) }
                spots.append(Spot(leaf: try tree.checked(Node(frame), level: 0), index: nil))
            }
            frames.removeAll(keepingCapacity: true)
        }
        var touched: UInt8 = 0
        for spot in spots { touched ^= spot.leaf.touchSearch() }
        for (place, key) in keys.enumerated() {
            let leaf = spots[place].leaf
            let (index, isFound) = leaf.search(key.span.bytes)
            guard isFound else { continue }
            touched ^= leaf.touchValue(index)
            spots[place] = Spot(leaf: leaf, index: index)
        }
        self.touched = touched
    }

    /// Opens the leaves of keys together; false when the tree is one leaf, or changes.
    private func findLeaves(_ keys: [[UInt8]]) throws(PageFault) -> Bool {
        guard view.isFixed, keys.count > 1 else { return false }
        leaves.removeAll(keepingCapacity: true)
        for key in keys {
            guard let parent = try parent(of: key.span.bytes) else { return false }
            leaves.append(parent.child(parent.childIndex(key.span.bytes)))
        }
        try view.pages(leaves, into: &frames)
        return true
    }

    /// Lends the value at a spot, nil when there is none.
    package func withValue<R>(
        of spot: Spot, _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R? {
        guard let index = spot.index else { return nil }
        guard index < spot.leaf.count, spot.leaf.isLeaf else {
            throw .corruptStructure(page: spot.leaf.id, reason: "changed under a reader")
        }
        if spot.leaf.isPlainInline(index) { return try spot.leaf.withInlineBytes(index, body) }
        let value = try StoredValue.load(index, of: spot.leaf, in: view)
        return try body(value.span.bytes)
    }

    // MARK: Descent

    private func leaf(for key: RawSpan) throws(PageFault) -> Node {
        guard view.isFixed, let parent = try parent(of: key) else { return try tree.leaf(for: key, in: view) }
        return try tree.openChild(parent.childIndex(key), of: parent, in: view)
    }

    /// The node above the leaf of a key; nil when the root is the leaf.
    private func parent(of key: RawSpan) throws(PageFault) -> Node? {
        if root == nil {
            let node = try tree.openRoot(in: view)
            guard !node.isLeaf else { return nil }
            root = node
        }
        guard var node = root else { return nil }
        while node.level > 1 {
            let child = node.child(node.childIndex(key))
            let place = Int(truncatingIfNeeded: child.number) & (Self.keptNodes - 1)
            if place < kept.count, let known = kept[place], known.id == child {
                node = known
                continue
            }
            node = try tree.open(child, level: node.level &- 1, in: view)
            if kept.isEmpty { kept = [Node?](repeating: nil, count: Self.keptNodes) }
            kept[place] = node
        }
        return node
    }
}
