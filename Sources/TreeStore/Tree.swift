// The ordered map on pages: a B+tree whose rows live in its leaves.
//
// 1. The root page never changes its number. When it splits, its content moves down; when one child is left, that
//    child's content moves up.
// 2. All leaves are at level 0 and a child's level is one less than its parent's, so a descent ends within
//    `TreeLimits.maximumDepth` pages whatever the pages say.
// 3. Child i of an inner node holds the keys k with separator i-1 <= k < separator i, in memcmp order.
// 4. Only the root leaf may be empty. An inner node may have one child and no separator.
// 5. A page belongs to one tree, in one place; overflow chains belong to one cell.
//
// A verb that throws midway leaves the transaction's pages as they are: the transaction must then be given up, which
// the layer above sees to. Refusals (a limit exceeded) come before anything is changed.

package import PageStore

/// An ordered map from byte strings to byte strings, named by its root page.
///
/// A `Tree` is only a name: it holds no pages, and any number of copies may read at once. Keys are compared like
/// memcmp does, shorter first. The bytes handed to a modifying verb must not be ones that the same transaction lends.
package struct Tree: Sendable, Hashable {
    /// The page that names the tree, for its whole life.
    package let root: PageID

    /// Names a tree made earlier. Nothing is read.
    package init(root: PageID) {
        self.root = root
    }

    /// Makes an empty tree of one page. Its nodes carry `tag`; nil: a tag of its own.
    package static func create(in tx: PageTransaction, tag: TreeTag? = nil) throws(PageFault) -> Tree {
        try tx.relieve()
        let frame = try tx.allocate(near: nil)
        let tag = tx.formatVersion >= 2 ? tag ?? TreeTag(root: frame.id, after: tx.base.sequence) : TreeTag.none
        _ = NodeEditor(formatting: frame, level: 0, tag: tag)
        return Tree(root: frame.id)
    }

    /// The tag that the tree's nodes carry.
    package func tag(in view: PageView) throws(PageFault) -> TreeTag { try openRoot(in: view).tag }

    /// Frees every page of the tree, the root too. The name is dead afterwards.
    package func drop(in tx: PageTransaction) throws(PageFault) {
        try tx.relieve()
        _ = try freeSubtree(root, level: nil, in: tx)
    }

    // MARK: Descent

    @inline(__always) func openRoot(in view: PageView) throws(PageFault) -> Node {
        try Node(view.page(root))
    }

    /// Opens child `index` of an inner node, holding its level against the parent's.
    @inline(__always)
    func openChild(_ index: Int, of parent: Node, in view: PageView) throws(PageFault) -> Node {
        try open(parent.child(index), level: parent.level &- 1, in: view)
    }

    /// Opens a page other than the root as a node of the level it must have.
    @inline(__always)
    func open(_ id: PageID, level: Int, in view: PageView) throws(PageFault) -> Node {
        try checked(Node(view.page(id)), level: level)
    }

    /// A node other than the root, held against the level it must have.
    @inline(__always)
    func checked(_ node: Node, level: Int) throws(PageFault) -> Node {
        if node.level != level {
            throw .corruptStructure(page: node.id, reason: "node of another level than its parent says")
        }
        if level == 0 && node.count == 0 {
            throw .corruptStructure(page: node.id, reason: "empty leaf below the root")
        }
        return node
    }

    /// The leaf whose range holds `key`.
    @inline(__always)
    func leaf(for key: RawSpan, in view: PageView) throws(PageFault) -> Node {
        var node = try openRoot(in: view)
        while !node.isLeaf {
            node = try openChild(node.childIndex(key), of: node, in: view)
        }
        return node
    }
}
