// Removing a row, and mending the nodes that removal has left too empty.
//
// 1. A node under a third full is merged with a sibling when both fit one page, else given part of a sibling's cells,
//    provided the changed separator fits the parent. If neither can be, it stays as it is: small, and sound.
// 2. A leaf that would become empty is freed, and its range falls to a neighbour.
// 3. The root takes over its last child's content, so the tree loses a level.

package import PageStore

extension Tree {
    /// Removes a row. O(log rows), and the pages of a large value.
    /// - Parameter isExpected: whether the row is hardly ever missing. Looking for it is faster then; where there is none,
    ///   its leaf counts as changed.
    /// - Returns: whether there was one.
    @discardableResult
    package func remove(
        _ key: RawSpan, isExpected: Bool = false, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        var place = TreePlace()
        return try remove(key, near: &place, isExpected: isExpected, in: tx)
    }

    /// Removes a row, looking for its leaf where the last one was removed.
    @discardableResult
    package func remove(
        _ key: RawSpan, near place: inout TreePlace, isExpected: Bool = false, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        try tx.relieve()
        let found = try search(key, near: place, changes: isExpected, in: tx)
        guard found.isFound else { return false }
        try remove(key, at: found, near: &place, in: tx)
        return true
    }

    /// Removes a row when `mayGo`, which sees its value, lets it. `mayGo` may read, but change nothing.
    /// - Returns: whether there was one; it is still there when it might not go.
    package func remove(
        _ key: RawSpan, near place: inout TreePlace, in tx: PageTransaction, when mayGo: (RawSpan) -> Bool
    ) throws(PageFault) -> Bool {
        try tx.relieve()
        let found = try search(key, near: place, in: tx)
        guard found.isFound else { return false }
        if found.leaf.isPlainInline(found.index) {
            let goes = try found.leaf.withInlineBytes(found.index) { (value) throws(PageFault) in mayGo(value) }
            guard goes else { return true }
        } else {
            let value = try StoredValue.load(found.index, of: found.leaf, in: tx)
            guard mayGo(value.span.bytes) else { return true }
        }
        try remove(key, at: found, near: &place, in: tx)
        return true
    }

    private func remove(
        _ key: RawSpan, at found: LeafSearch, near place: inout TreePlace, in tx: PageTransaction
    ) throws(PageFault) {
        let (leaf, index) = (found.leaf, found.index)
        let form = leaf.form(index)
        if leaf.count == 1 && leaf.id != root {
            try discardLeaf(at: path(to: key, in: tx), in: tx)
            try mend(pathTo: key, thoroughly: true, in: tx)
        } else {
            let editor = try place.edit(found, in: tx)
            editor.remove(index..<(index + 1))
            if editor.node.isUnderfull && leaf.id != root {
                try mend(pathTo: key, thoroughly: false, in: tx)
            }
        }
        try StoredValue.free(form, in: tx)
    }

    /// Frees a leaf below the root, and the inner nodes that then have no child.
    private func discardLeaf(at path: TreePath, in tx: PageTransaction) throws(PageFault) {
        try tx.free(path.leaf)
        for step in path.steps.reversed() {
            let editor = try NodeEditor(tx.mutablePage(step.id))
            if editor.node.count > 0 {
                editor.removeChildren(step.child..<(step.child + 1))
                return
            }
            if step.id == root {
                _ = NodeEditor(formatting: editor.node.frame, level: 0, tag: editor.node.tag)
            } else {
                try tx.free(step.id)
            }
        }
    }

    /// Mends underfull nodes on the path to a key, from the leaf up: until one is full enough, or thoroughly, all of
    /// them. A root left with one child takes its place.
    /// - Returns: whether anything was changed.
    @discardableResult
    func mend(pathTo key: RawSpan, thoroughly: Bool, in tx: PageTransaction) throws(PageFault) -> Bool {
        let path = try path(to: key, in: tx)
        var isChanged = false
        for step in path.steps.reversed() {
            let parent = try Node(tx.page(step.id))
            let child = try openChild(step.child, of: parent, in: tx)
            if child.isUnderfull {
                if try join(step, of: parent, in: tx) { isChanged = true }
            } else if !thoroughly {
                break
            }
        }
        if try lowerRoot(in: tx) { isChanged = true }
        return isChanged
    }

    /// Merges or evens out an underfull child with a sibling. False when no sibling allows either.
    private func join(
        _ step: TreePath.Step, of parent: Node, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        var pairs: [SiblingPair] = []
        if step.child > 0 { try pairs.append(pair(left: step.child - 1, of: parent, step: step, in: tx)) }
        if step.child < parent.count { try pairs.append(pair(left: step.child, of: parent, step: step, in: tx)) }
        for pair in pairs where try merge(pair, of: parent, in: tx) { return true }
        for pair in pairs where try even(pair, of: parent, in: tx) { return true }
        return false
    }

    // MARK: Pairs of siblings

    /// Two neighbouring children of one parent, and the separators that bound them together.
    private struct SiblingPair {
        let index: Int
        let left: Node
        let right: Node
        let low: [UInt8]?
        let high: [UInt8]?
    }

    private func pair(
        left index: Int, of parent: Node, step: TreePath.Step, in tx: PageTransaction
    ) throws(PageFault) -> SiblingPair {
        let left = try openChild(index, of: parent, in: tx)
        let right = try openChild(index + 1, of: parent, in: tx)
        guard left.id != right.id else {
            throw .corruptStructure(page: parent.id, reason: "one page is two children")
        }
        return SiblingPair(
            index: index, left: left, right: right, low: index > 0 ? parent.key(index - 1) : step.low,
            high: index + 1 < parent.count ? parent.key(index + 1) : step.high)
    }

    /// The entries of both siblings; in inner nodes the separator between them comes down.
    private func entries(of pair: SiblingPair, parent: Node) throws(PageFault) -> EntryList {
        var list = EntryList(level: pair.left.level, payloadByteCount: parent.byteCount)
        list.append(contentsOf: pair.left)
        if list.level > 0 {
            list.insert(separator: parent.key(pair.index), child: pair.right.child(0))
        }
        list.append(contentsOf: pair.right)
        guard list.firstDisorder() == nil else {
            throw .corruptStructure(page: pair.right.id, reason: "keys out of order between siblings")
        }
        return list
    }

    private func merge(
        _ pair: SiblingPair, of parent: Node, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        guard pair.left.usedByteCount + pair.right.usedByteCount <= pair.left.capacity else { return false }
        let list = try entries(of: pair, parent: parent)
        guard let prefixLength = list.fittingPrefix(0..<list.count, low: pair.low, high: pair.high) else {
            return false
        }
        let whole = EntryList.Piece(range: 0..<list.count, prefixLength: prefixLength, separator: nil)
        let firstChild = list.level == 0 ? nil : pair.left.child(0)
        let right = pair.right.id
        let editor = try NodeEditor(tx.mutablePage(parent.id))
        editor.removeChildren((pair.index + 1)..<(pair.index + 2))
        let tag = pair.left.tag
        _ = NodeEditor(
            packing: whole, of: list, firstChild: firstChild, tag: tag, into: try tx.mutablePage(pair.left.id))
        try tx.free(right)
        return true
    }

    /// Shares the entries of both siblings evenly, when one of them has many.
    private func even(
        _ pair: SiblingPair, of parent: Node, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        guard max(pair.left.usedByteCount, pair.right.usedByteCount) > pair.left.capacity / 2 else { return false }
        let list = try entries(of: pair, parent: parent)
        guard list.count >= 4 else { return false }
        let pieces = list.divided(low: pair.low, high: pair.high, bias: .balanced)
        guard pieces.count == 2, let separator = pieces[1].separator else { return false }
        let rightFirstChild = list.level == 0 ? nil : list.child(pieces[1].range.lowerBound - 1)
        let leftFirstChild = list.level == 0 ? nil : pair.left.child(0)
        let (place, isFound) = parent.search(separator.span.bytes)
        guard place == pair.index || (place == pair.index + 1 && !isFound) else {
            throw .corruptStructure(page: parent.id, reason: "separators and keys below contradict each other")
        }
        let editor = try NodeEditor(tx.mutablePage(parent.id))
        guard editor.replaceSeparator(at: pair.index, by: separator.span.bytes) else { return false }
        let tag = pair.left.tag
        _ = NodeEditor(
            packing: pieces[0], of: list, firstChild: leftFirstChild, tag: tag,
            into: try tx.mutablePage(pair.left.id))
        _ = NodeEditor(
            packing: pieces[1], of: list, firstChild: rightFirstChild, tag: tag,
            into: try tx.mutablePage(pair.right.id))
        return true
    }

    // MARK: The root

    /// While the root has one child only, takes over its content.
    private func lowerRoot(in tx: PageTransaction) throws(PageFault) -> Bool {
        var isChanged = false
        while true {
            let node = try openRoot(in: tx)
            guard !node.isLeaf, node.count == 0 else { return isChanged }
            let child = try openChild(0, of: node, in: tx)
            _ = NodeEditor(copying: child, to: try tx.mutablePage(root))
            try tx.free(child.id)
            isChanged = true
        }
    }
}
