// Where a tree was changed last, so that the next change need not come down from the root when it is in the same leaf:
// rows that arrive in order, and entries that were sorted before they were put in.
//
// 1. It is asked only when two changes in a row were in one leaf: changes here and there pay next to nothing for it.
// 2. A key belongs in the leaf when the leaf has it, when it lies between two of the leaf's keys, or when it comes after
//    all of them and no leaf follows. Giving cells to a sibling leaves all three true, so they need no bounds of the leaf.
// 3. A leaf is divided, merged, freed or made the root only by allocating or freeing pages, and its frame is replaced
//    only when pages are spilled. The transaction counts all of these; after any of them nothing is believed.

import PageStore

/// What is known of the leaf of the last change. It belongs to one tree and one transaction, and is a help only: with a
/// new one everything works as well.
package struct TreePlace {
    /// The leaf's frame, got for writing.
    private var frame: PageFrame?
    /// Whether no leaf follows.
    private var isLast = false
    /// Whether the last two changes were in this leaf.
    private var isSteady = false
    private var pageTurnover = 0

    /// Knows nothing.
    package init() {}

    /// Inserts a row that follows all others of the tree. False when it does not, as far as this place tells, or finds no
    /// room; then nothing is changed.
    @inline(__always)
    func append(_ key: RawSpan, form: ValueForm, inline: RawSpan, in tx: PageTransaction) -> Bool {
        guard isLast, isSteady, pageTurnover == tx.pageTurnover, let frame else { return false }
        let editor = NodeEditor(Node(written: frame))
        guard editor.node.endsBefore(key) else { return false }
        return editor.insert(at: editor.node.count, key: key, form: form, inline: inline)
    }

    /// The leaf for a key and where in it the key is, or would be; nil when this place does not tell.
    @inline(__always)
    fileprivate func found(_ key: RawSpan, in tx: PageTransaction) -> LeafSearch? {
        guard isSteady, pageTurnover == tx.pageTurnover, let frame else { return nil }
        let node = Node(written: frame)
        let (index, isFound) = node.search(key)
        guard isFound || index > 0 && (index < node.count || isLast) else { return nil }
        return LeafSearch(leaf: node, index: index, isFound: isFound, isLast: isLast, isWritable: true, isAtPlace: true)
    }

    /// The editor of a leaf that was searched for. Notes the leaf.
    @inline(__always)
    mutating func edit(_ found: LeafSearch, in tx: PageTransaction) throws(PageFault) -> NodeEditor {
        if found.isAtPlace { return NodeEditor(found.leaf) }
        let editor = found.isWritable ? NodeEditor(found.leaf) : try NodeEditor(tx.mutablePage(found.leaf.id))
        isSteady = frame === editor.node.frame
        frame = editor.node.frame
        isLast = found.isLast
        pageTurnover = tx.pageTurnover
        return editor
    }
}

/// A leaf, and where in it a key is, or would be.
struct LeafSearch {
    let leaf: Node
    let index: Int
    let isFound: Bool
    /// Whether no leaf follows.
    let isLast: Bool
    /// Whether the leaf's frame was got for writing.
    let isWritable: Bool
    /// Whether the leaf is that of the last change.
    let isAtPlace: Bool
}

extension Tree {
    /// Looks for the leaf of a key, first at the place of the last change.
    /// - Parameter changes: whether the leaf will surely be changed. It is copied before it is searched then: to copy is to
    ///   fetch the page in order, which the processor does ahead, while a search in memory that is far waits at each step.
    @inline(__always)
    func search(
        _ key: RawSpan, near place: TreePlace, changes: Bool = false, in tx: PageTransaction
    ) throws(PageFault) -> LeafSearch {
        if let found = place.found(key, in: tx) { return found }
        var node = try openRoot(in: tx)
        var isLast = true
        var isWritable = false
        while !node.isLeaf {
            let child = node.childIndex(key)
            isLast = isLast && child == node.count
            if changes && node.level == 1 {
                isWritable = true
                node = try checked(Node(tx.mutablePage(node.child(child))), level: 0)
            } else {
                node = try openChild(child, of: node, in: tx)
            }
        }
        let (index, isFound) = node.search(key)
        return LeafSearch(
            leaf: node, index: index, isFound: isFound, isLast: isLast, isWritable: isWritable, isAtPlace: false)
    }
}
