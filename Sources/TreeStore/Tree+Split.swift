// Making room: a node that a row or a separator does not fit is unpacked, divided, and its parent told.
//
// 1. The page keeps the leftmost piece; pieces right of it go to new pages, whose separators go to the parent, which
//    may overflow in turn.
// 2. A row past the end of its leaf, where rows have been arriving in order, opens a new leaf and leaves the old one
//    full; likewise before the start of the tree's first leaf.
// 3. The root's pieces all go to new pages, and the root becomes their parent.
// 4. A separator goes in only strictly between its neighbours, so that pages which contradict each other cannot make
//    a node whose keys are out of order.

import PageStore

/// A new page and what separates it from the page left of it.
struct NewSibling {
    let separator: [UInt8]
    let id: PageID
}

extension Tree {
    /// Puts a row into its leaf, which has no room for it as it stands, replacing a row with the same key.
    func splitLeaf(
        inserting key: RawSpan, form: ValueForm, inline: RawSpan, in tx: PageTransaction
    ) throws(PageFault) {
        let path = try path(to: key, in: tx)
        let leaf = try Node(tx.page(path.leaf))
        let (index, isFound) = leaf.search(key)
        let comesInOrder = path.high == nil || leaf.lastInsertion == index
        if !isFound, index == leaf.count, index > 0, comesInOrder {
            let isDone = try appendLeaf(leaf, path: path, key: key, form: form, inline: inline, in: tx)
            if isDone { return }
        }
        var list = EntryList(level: 0, payloadByteCount: tx.payloadByteCount)
        list.append(contentsOf: leaf)
        if isFound { list.remove(at: index) }
        list.insert(at: index, key: key, form: form, inline: inline)
        let isFirst = !isFound && index == 0 && path.low == nil && leaf.count > 0
        let fits = list.fittingPrefix(0..<list.count, low: path.low, high: path.high) != nil
        let bias: SplitBias? = fits ? nil : isFirst ? .before(1) : .balanced
        let pieces = list.divided(low: path.low, high: path.high, bias: bias)
        try replace(path.leaf, by: pieces, of: list, firstChild: nil, above: path.steps[...], in: tx)
    }

    /// Opens a new leaf right of a full one for a row that follows all of its rows. False when the leaf is better
    /// packed with a longer prefix than left as it is.
    private func appendLeaf(
        _ leaf: Node, path: TreePath, key: RawSpan, form: ValueForm, inline: RawSpan, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        let first = leaf.key(0)
        let last = leaf.key(leaf.count - 1)
        let new = Node.copy(key)
        let prefixLength = commonPrefix(first[...], new[...])
        let gain = (prefixLength - leaf.prefixLength) * (leaf.count - 1)
        let cell = new.count - prefixLength + form.partByteCount + NodeLayout.slotByteCount
        let packs = leaf.usedByteCount - gain + cell <= leaf.capacity - leaf.capacity / 16
        // A key that lacks the leaf's prefix counts as gain too: with a shorter one the leaf goes on filling.
        if packs && (gain < 0 || gain > leaf.capacity / 12) { return false }
        let frame = try tx.allocate(near: leaf.id)
        let editor = NodeEditor(formatting: frame, level: 0, tag: leaf.tag)
        guard editor.insert(at: 0, key: key, form: form, inline: inline) else {
            preconditionFailure("an empty leaf has room for any row")
        }
        let separator = shortestSeparator(new[...], after: last[...])
        try insert([NewSibling(separator: separator, id: frame.id)], above: path.steps[...], in: tx)
        return true
    }

    /// Writes pieces in place of a page's content and tells the levels above.
    private func replace(
        _ id: PageID, by pieces: [EntryList.Piece], of list: EntryList, firstChild: PageID?,
        above steps: ArraySlice<TreePath.Step>, in tx: PageTransaction
    ) throws(PageFault) {
        var siblings: [NewSibling] = []
        if steps.isEmpty && pieces.count > 1 {
            let leftmost = try write(pieces[0], of: list, firstChild: firstChild, near: id, in: tx)
            siblings = try writeSiblings(pieces, of: list, near: id, in: tx)
            try growRoot(leftmost: leftmost, siblings: siblings, level: list.level + 1, in: tx)
            return
        }
        siblings = try writeSiblings(pieces, of: list, near: id, in: tx)
        let tag = try tag(in: tx)
        _ = NodeEditor(packing: pieces[0], of: list, firstChild: firstChild, tag: tag, into: try tx.mutablePage(id))
        if !siblings.isEmpty { try insert(siblings, above: steps, in: tx) }
    }

    /// Writes all pieces but the first to new pages.
    private func writeSiblings(
        _ pieces: [EntryList.Piece], of list: EntryList, near: PageID, in tx: PageTransaction
    ) throws(PageFault) -> [NewSibling] {
        var siblings: [NewSibling] = []
        for piece in pieces.dropFirst() {
            guard let separator = piece.separator else { preconditionFailure("only the first piece has none") }
            let firstChild = list.level == 0 ? nil : list.child(piece.range.lowerBound - 1)
            let id = try write(piece, of: list, firstChild: firstChild, near: near, in: tx)
            siblings.append(NewSibling(separator: separator, id: id))
        }
        return siblings
    }

    private func write(
        _ piece: EntryList.Piece, of list: EntryList, firstChild: PageID?, near: PageID, in tx: PageTransaction
    ) throws(PageFault) -> PageID {
        let tag = try tag(in: tx)
        let frame = try tx.allocate(near: near)
        _ = NodeEditor(packing: piece, of: list, firstChild: firstChild, tag: tag, into: frame)
        return frame.id
    }

    /// Gives the lowest page of a path new children, right of the child the path takes.
    private func insert(
        _ siblings: [NewSibling], above steps: ArraySlice<TreePath.Step>, in tx: PageTransaction
    ) throws(PageFault) {
        guard let step = steps.last else {
            // The root itself was divided by an append.
            return try divideRoot(siblings, in: tx)
        }
        let editor = try NodeEditor(tx.mutablePage(step.id))
        try checkPlace(of: siblings, at: step.child, in: editor.node)
        var done = 0
        for sibling in siblings {
            let isIn = editor.insertSeparator(
                at: step.child + done, key: sibling.separator.span.bytes, child: sibling.id)
            guard isIn else { break }
            done += 1
        }
        if done == siblings.count { return }
        let node = editor.node
        let oldCount = node.count
        var list = EntryList(level: node.level, payloadByteCount: tx.payloadByteCount)
        list.append(contentsOf: node)
        for (offset, sibling) in siblings.enumerated().dropFirst(done) {
            list.insert(at: step.child + offset, separator: sibling.separator, child: sibling.id)
        }
        let isAppend = step.high == nil && step.child + done == oldCount && oldCount > 1
        let fits = list.fittingPrefix(0..<list.count, low: step.low, high: step.high) != nil
        let bias: SplitBias? = fits ? nil : isAppend ? .before(oldCount - 1) : .balanced
        let pieces = list.divided(low: step.low, high: step.high, bias: bias)
        try replace(
            step.id, by: pieces, of: list, firstChild: node.child(0), above: steps.dropLast(), in: tx)
    }

    /// Moves the root's content to a new page, left of the siblings.
    private func divideRoot(_ siblings: [NewSibling], in tx: PageTransaction) throws(PageFault) {
        let old = try Node(tx.page(root))
        let frame = try tx.allocate(near: root)
        let moved = NodeEditor(copying: old, to: frame).node
        try growRoot(leftmost: moved.id, siblings: siblings, level: moved.level + 1, in: tx)
    }

    /// Makes the root the parent of pages at `level - 1`, through further levels when one node cannot hold them.
    private func growRoot(
        leftmost: PageID, siblings: [NewSibling], level: Int, in tx: PageTransaction
    ) throws(PageFault) {
        guard level <= NodeLayout.maximumLevel else {
            throw .limitExceeded(name: "tree depth", limit: TreeLimits.maximumDepth)
        }
        var list = EntryList(level: level, payloadByteCount: tx.payloadByteCount)
        for sibling in siblings { list.insert(separator: sibling.separator, child: sibling.id) }
        let pieces = list.divided(low: nil, high: nil, bias: nil)
        try replace(root, by: pieces, of: list, firstChild: leftmost, above: [], in: tx)
    }

    /// Whether new separators ascend strictly between those around the child they go right of.
    private func checkPlace(of siblings: [NewSibling], at index: Int, in node: Node) throws(PageFault) {
        var previous: [UInt8]?
        for sibling in siblings {
            let (found, isFound) = node.search(sibling.separator.span.bytes)
            let ascends = previous.map { $0.lexicographicallyPrecedes(sibling.separator) } ?? true
            guard found == index, !isFound, ascends else {
                throw .corruptStructure(page: node.id, reason: "separators and keys below contradict each other")
            }
            previous = sibling.separator
        }
    }
}
