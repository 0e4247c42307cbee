// Removing all rows between two keys: whole subtrees where the range covers them, cells in the two leaves at its ends.
//
// Pruning goes down both edges of the range at once and leaves every page sound but perhaps too empty; then the paths
// to both ends are mended. Page numbers, not frames, are held across relieves.

package import PageStore

extension Tree {
    /// Removes every row with `from` <= key < `to`; nil means unbounded. Visits every leaf of the range, since its
    /// rows are counted and their overflow chains freed.
    /// - Returns: the number of rows removed.
    @discardableResult
    package func removeRange(
        from: [UInt8]?, to: [UInt8]?, in tx: PageTransaction
    ) throws(PageFault) -> Int {
        try tx.relieve()
        if let from, let to, !from.lexicographicallyPrecedes(to) { return 0 }
        let level = try openRoot(in: tx).level
        var removed = 0
        let isEmptied = try prune(root, level: level, from: from, to: to, removed: &removed, in: tx)
        if isEmptied {
            let tag = try tag(in: tx)
            _ = NodeEditor(formatting: try tx.mutablePage(root), level: 0, tag: tag)
            return removed
        }
        guard removed > 0 else { return 0 }
        // Mending one level may leave the level below with new siblings, so each path is gone over until it rests.
        for end in [from, to] {
            guard let end else { continue }
            for _ in 0..<TreeLimits.maximumDepth {
                try tx.relieve()
                guard try mend(pathTo: end.span.bytes, thoroughly: true, in: tx) else { break }
            }
        }
        return removed
    }

    /// Removes the rows of the range below one page, and the pages left with none.
    /// - Returns: whether nothing is left below this page; the caller then frees it, or empties it if it is the root.
    private func prune(
        _ id: PageID, level: Int, from: [UInt8]?, to: [UInt8]?, removed: inout Int, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        if level == 0 { return try pruneLeaf(id, from: from, to: to, removed: &removed, in: tx) }
        let (first, children) = try coveredChildren(of: id, level: level, from: from, to: to, in: tx)
        guard let firstID = children.first, let lastID = children.last else { return false }
        var gone = (first + 1)..<(first + children.count - 1 + (children.count == 1 ? 1 : 0))
        for child in children.dropFirst().dropLast() {
            try tx.relieve()
            removed += try freeSubtree(child, level: level - 1, in: tx)
        }
        let firstIsGone = try pruneChild(
            firstID, level: level - 1, from: from, to: children.count == 1 ? to : nil, removed: &removed, in: tx)
        if firstIsGone { gone = first..<gone.upperBound }
        if children.count == 1 {
            if !firstIsGone { return false }
        } else {
            let lastIsGone = try pruneChild(
                lastID, level: level - 1, from: nil, to: to, removed: &removed, in: tx)
            if lastIsGone { gone = gone.lowerBound..<(gone.upperBound + 1) }
        }
        let editor = try NodeEditor(tx.mutablePage(id))
        if gone.count == editor.node.count + 1 { return true }
        editor.removeChildren(gone)
        return false
    }

    /// Prunes below a child and frees its page when nothing is left.
    private func pruneChild(
        _ id: PageID, level: Int, from: [UInt8]?, to: [UInt8]?, removed: inout Int, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        let isGone = try prune(id, level: level, from: from, to: to, removed: &removed, in: tx)
        if isGone { try tx.free(id) }
        return isGone
    }

    /// The children of an inner page that may hold rows of the range, and the index of the first.
    private func coveredChildren(
        of id: PageID, level: Int, from: [UInt8]?, to: [UInt8]?, in tx: PageTransaction
    ) throws(PageFault) -> (first: Int, children: [PageID]) {
        let node = try self.node(id, level: level, in: tx)
        let first = from.map { node.childIndex($0.span.bytes) } ?? 0
        // A separator equal to the end has only keys outside the range on its right.
        let last = to.map { node.search($0.span.bytes).index } ?? node.count
        guard first <= last else { return (first, []) }
        return (first, (first...last).map { node.child($0) })
    }

    private func pruneLeaf(
        _ id: PageID, from: [UInt8]?, to: [UInt8]?, removed: inout Int, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        let leaf = try node(id, level: 0, in: tx)
        let first = from.map { leaf.search($0.span.bytes).index } ?? 0
        let end = to.map { leaf.search($0.span.bytes).index } ?? leaf.count
        guard first < end else { return leaf.count == 0 }
        let forms = (first..<end).map { leaf.form($0) }.filter { $0.firstPage != nil }
        let isGone = end - first == leaf.count
        if !isGone {
            try NodeEditor(tx.mutablePage(id)).remove(first..<end)
        }
        for form in forms { try StoredValue.free(form, in: tx) }
        removed += end - first
        return isGone
    }

    /// Frees a page and all below it.
    /// - Parameter level: the level the page must have; nil for the root, whose level is its own affair.
    /// - Returns: the number of rows that were there.
    func freeSubtree(_ id: PageID, level: Int?, in tx: PageTransaction) throws(PageFault) -> Int {
        var children: [PageID] = []
        var forms: [ValueForm] = []
        var rows = 0
        let found: Int
        do {
            let node = try self.node(id, level: level, in: tx)
            found = node.level
            if found == 0 {
                rows = node.count
                forms = (0..<node.count).map { node.form($0) }.filter { $0.firstPage != nil }
            } else {
                children = (0...node.count).map { node.child($0) }
            }
        }
        // Freed before its children, so that a page which leads back to itself is refused, not walked for ever.
        try tx.free(id)
        for form in forms { try StoredValue.free(form, in: tx) }
        for (index, child) in children.enumerated() {
            if index % 64 == 63 { try tx.relieve() }
            rows += try freeSubtree(child, level: found - 1, in: tx)
        }
        return rows
    }

    /// Opens a page as a node of a level, or as the root when that is nil or the page is the root.
    private func node(_ id: PageID, level: Int?, in tx: PageTransaction) throws(PageFault) -> Node {
        guard let level, id != root else { return try Node(tx.page(id)) }
        return try open(id, level: level, in: tx)
    }
}
