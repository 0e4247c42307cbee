import PageStore

// Which tree a node belongs to, said by the node itself: so that what is left of a damaged file can be put together
// without the nodes above.
//
// 1. All nodes of a tree carry one tag, from the tree's birth on; it stays when the root moves to another page.
// 2. It is mixed from the root's page and the commit before the tree was made, since a page number alone comes again: old
//    images of a tree that was dropped would pass for the new tree that has its root's page.
// 3. Below 16 are tags that the layers above give to trees they must find without a catalog. 0 is no tag: files of format
//    version 1 have none.
// 4. Nothing is decided by a tag while a tree is whole; `check` compares them.

/// The mark that all nodes of one tree carry.
package struct TreeTag: Hashable, Sendable {
    /// The mark as it is stored.
    package let value: UInt32

    /// A tag that was read, or one of the fixed ones.
    package init(_ value: UInt32) { self.value = value }

    /// Files of format version 1 have this everywhere.
    package static let none = TreeTag(0)

    /// The tag of a tree whose root is made in the transaction after commit `sequence`.
    init(root: PageID, after sequence: UInt64) {
        var word = root.number &+ sequence &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        let mixed = UInt32(truncatingIfNeeded: word >> 32)
        value = mixed < 16 ? mixed + 16 : mixed
    }
}
