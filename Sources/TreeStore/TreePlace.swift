// Where a tree was changed last, so that the next change need not come down from the root when it is in the same leaf:
// rows that arrive in order, and entries that were sorted before they were put in.
//
// 1. It is asked only when two changes in a row were in one leaf: changes here and there pay nothing for it.
// 2. A key belongs in the leaf when the leaf has it, when it lies between two of the leaf's keys, or when it comes after
//    all of them and no leaf follows. Giving cells to a sibling leaves all three true, so they need no bounds of the leaf.
// 3. A leaf is divided, merged, freed or made the root only by allocating or freeing pages; then nothing is believed.

import PageStore

/// What is known of the leaf of the last change. It belongs to one tree and one transaction, and is a help only: with a
/// new one everything works as well.
package struct TreePlace {
    private var leaf: PageID?
    /// Whether no leaf follows.
    private var isLast = false
    /// Whether the last two changes were in this leaf.
    private var isSteady = false
    private var pageTurnover = 0

    /// Knows nothing.
    package init() {}

    /// The leaf for a key and where in it the key is, or would be; nil when this place does not tell.
    @inline(__always)
    fileprivate func found(_ key: RawSpan, in tx: PageTransaction) throws(PageFault) -> LeafSearch? {
        guard isSteady, pageTurnover == tx.pageTurnover, let leaf else { return nil }
        let node = try Node(tx.page(leaf))
        if isLast, node.endsBefore(key) { return LeafSearch(leaf: node, index: node.count, isFound: false) }
        let (index, isFound) = node.search(key)
        guard isFound || index > 0 && index < node.count else { return nil }
        return LeafSearch(leaf: node, index: index, isFound: isFound)
    }

    @inline(__always)
    fileprivate mutating func note(_ id: PageID, isLast: Bool, in tx: PageTransaction) {
        isSteady = leaf == id
        leaf = id
        self.isLast = isLast
        pageTurnover = tx.pageTurnover
    }
}

/// A leaf, and where in it a key is, or would be.
struct LeafSearch {
    let leaf: Node
    let index: Int
    let isFound: Bool
}

extension Tree {
    /// Looks for the leaf of a key, first at the place of the last change.
    @inline(__always)
    func search(_ key: RawSpan, near place: inout TreePlace, in tx: PageTransaction) throws(PageFault) -> LeafSearch {
        if let found = try place.found(key, in: tx) { return found }
        var node = try openRoot(in: tx)
        var isLast = true
        while !node.isLeaf {
            let child = node.childIndex(key)
            isLast = isLast && child == node.count
            node = try openChild(child, of: node, in: tx)
        }
        place.note(node.id, isLast: isLast, in: tx)
        let (index, isFound) = node.search(key)
        return LeafSearch(leaf: node, index: index, isFound: isFound)
    }
}
