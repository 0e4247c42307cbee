// The way from the root to a leaf, with what splits and merges need to know about it. Plain lookups and changes that
// fit their leaf do without.

import PageStore

struct TreePath {
    /// One inner page, the child taken from it, and the separators that bound the page itself (nil: unbounded).
    struct Step {
        let id: PageID
        let child: Int
        let low: [UInt8]?
        let high: [UInt8]?
    }

    /// Inner pages, root first.
    var steps: [Step] = []
    var leaf: PageID
    /// The bounds of the leaf.
    var low: [UInt8]?
    var high: [UInt8]?
}

extension Tree {
    /// The path to the leaf whose range holds `key`.
    func path(to key: RawSpan, in view: PageView) throws(PageFault) -> TreePath {
        var node = try openRoot(in: view)
        var path = TreePath(leaf: root)
        while !node.isLeaf {
            let child = node.childIndex(key)
            path.steps.append(TreePath.Step(id: node.id, child: child, low: path.low, high: path.high))
            if child > 0 { path.low = node.key(child - 1) }
            if child < node.count { path.high = node.key(child) }
            node = try openChild(child, of: node, in: view)
        }
        path.leaf = node.id
        return path
    }
}
