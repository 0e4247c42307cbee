package import PageStore

// Pieces of trees for salvage: one node at a time, with nothing above or below it taken for granted.

/// A tree node as its header says it is.
package struct NodeScrap: Sendable {
    /// Whether it holds rows; otherwise it leads to other nodes.
    package let isLeaf: Bool
    /// 0 in leaves.
    package let level: Int
    /// The tree it belongs to.
    package let tag: TreeTag

    /// Reads the first 16 bytes of a page; nil for a page of another kind.
    package init?(header: (UInt64, UInt64)) {
        let kind = UInt8(truncatingIfNeeded: header.0)
        guard kind == PageKind.leaf || kind == PageKind.inner else { return nil }
        isLeaf = kind == PageKind.leaf
        level = Int(UInt8(truncatingIfNeeded: header.0 >> 8))
        tag = TreeTag(UInt32(truncatingIfNeeded: header.1 >> 32))
    }

    /// The children of an inner node, in order. Throws for a page that is no sound node.
    package static func children(of id: PageID, in view: PageView) throws(PageFault) -> [PageID] {
        let node = try Node(view.page(id))
        guard !node.isLeaf else { return [] }
        return (0...node.count).map { node.child($0) }
    }
}

/// A leaf that stands for itself.
package struct LeafScrap {
    private let node: Node
    private let view: PageView

    /// Opens a leaf. Throws for a page that is no sound one.
    package init(_ id: PageID, in view: PageView) throws(PageFault) {
        node = try Node(view.page(id))
        self.view = view
        guard node.isLeaf else { throw .corruptStructure(page: id, reason: "not a leaf") }
    }

    /// Rows in it.
    package var count: Int { node.count }

    /// The key of a row, below `count`.
    package func key(_ index: Int) -> [UInt8] { node.key(index) }

    /// The value of a row, below `count`; reads its overflow pages.
    package func value(_ index: Int) throws(PageFault) -> [UInt8] {
        try StoredValue.load(index, of: node, in: view)
    }
}
