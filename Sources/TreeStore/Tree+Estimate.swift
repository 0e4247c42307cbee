// Estimates from the shape of a tree: what a range holds, and what the whole takes, without walking the leaves.

package import PageStore

extension Tree {
    /// The share of a tree's rows whose keys are less than `key`, 0 to 1. O(depth).
    ///
    /// Exact within the leaf and the inner nodes on the way, as far as siblings hold equally much: so small ranges within
    /// one leaf are exact shares of it.
    package func share(before key: RawSpan, in view: PageView) throws(PageFault) -> Double {
        try KnownNodes(self, in: view, isOnce: true).share(before: key)
    }

    /// The share of a tree's rows whose keys lie from `from` inclusive to `to` exclusive, 0 to 1, as `share(before:)` tells
    /// it. O(depth); the way that both ends have in common is gone once.
    package func share(from: RawSpan, to: RawSpan, in view: PageView) throws(PageFault) -> Double {
        try KnownNodes(self, in: view, isOnce: true).share(from: from, to: to)
    }

    /// The pages of the tree's nodes; overflow chains are not counted. Reads the inner nodes.
    package func pageCount(in view: PageView) throws(PageFault) -> Int {
        var level = [try openRoot(in: view)]
        var count = 0
        while let first = level.first {
            count += level.count
            if first.isLeaf { break }
            if first.level == 1 {
                for node in level { count += node.count + 1 }
                break
            }
            var next: [Node] = []
            for node in level {
                for child in 0...node.count { next.append(try openChild(child, of: node, in: view)) }
            }
            level = next
        }
        return count
    }
}

extension KnownNodes {
    /// As `Tree.share(before:in:)`.
    func share(before key: RawSpan) throws(PageFault) -> Double { try place(of: key, below: root()) }

    /// As `Tree.share(from:to:in:)`.
    func share(from: RawSpan, to: RawSpan) throws(PageFault) -> Double {
        var node = try root()
        var width = 1.0
        while !node.isLeaf {
            let (first, last) = (node.childIndex(from), node.childIndex(to))
            guard first == last else { break }
            width /= Double(node.count + 1)
            node = try child(first, of: node)
        }
        let low = try place(of: from, below: node)
        let high = try place(of: to, below: node)
        return max(0, high - low) * width
    }

    /// The share of the rows below a node whose keys are less than `key`.
    private func place(of key: RawSpan, below start: Node) throws(PageFault) -> Double {
        var node = start
        var share = 0.0
        var width = 1.0
        while !node.isLeaf {
            let index = node.childIndex(key)
            width /= Double(node.count + 1)
            share += width * Double(index)
            node = try child(index, of: node)
        }
        guard node.count > 0 else { return share }
        return share + width * Double(node.search(key).index) / Double(node.count)
    }
}
