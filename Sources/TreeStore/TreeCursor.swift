// A two-way cursor: a leaf, a place in it, and the inner nodes above.
//
// 1. The view must not change under a cursor. A transaction's changes make its cursors meaningless; they then answer
//    or throw, but never touch memory outside a page.
// 2. The first error is the last answer: every later call throws it again (promise S1).
// 3. A step to another leaf checks that keys go on in order. Pages that contradict each other end the scan with an
//    error, so that no scan visits a leaf twice.

package import PageStore

/// Walks a tree's rows in key order, either way. Not for use by several threads at once.
package final class TreeCursor {
    private struct Step {
        let node: Node
        var child: Int
    }

    private let nodes: KnownNodes
    /// The inner nodes above the leaf, root first, each with the child taken.
    private var path: [Step] = []
    private var leaf: Node?
    private var index = 0
    private var fault: PageFault?
    private var scratch: [UInt8] = []

    init(_ nodes: KnownNodes) { self.nodes = nodes }

    /// Whether the cursor stands on a row.
    package var isValid: Bool { leaf != nil && fault == nil }

    // MARK: Seeking

    /// Goes to the first row whose key is not less than `key`. False when there is none.
    @discardableResult
    package func seek(to key: RawSpan) throws(PageFault) -> Bool {
        try begin()
        do throws(PageFault) {
            var node = try nodes.root()
            while !node.isLeaf {
                let child = node.childIndex(key)
                path.append(Step(node: node, child: child))
                node = try nodes.child(child, of: node)
            }
            index = node.search(key).index
            leaf = node
            return index < node.count ? true : try moveToNextLeaf()
        } catch { throw fail(error) }
    }

    /// Goes to the last row whose key is less than `key`. False when there is none.
    @discardableResult
    package func seek(before key: RawSpan) throws(PageFault) -> Bool {
        try begin()
        do throws(PageFault) {
            var node = try nodes.root()
            while !node.isLeaf {
                // A separator equal to the key has only keys not less than it on its right.
                let child = node.search(key).index
                path.append(Step(node: node, child: child))
                node = try nodes.child(child, of: node)
            }
            index = node.search(key).index - 1
            leaf = node
            return index >= 0 ? true : try moveToPreviousLeaf()
        } catch { throw fail(error) }
    }

    /// Goes to the first row. False when the tree is empty.
    @discardableResult
    package func seekToFirst() throws(PageFault) -> Bool {
        try begin()
        do throws(PageFault) {
            try descend(from: nodes.root(), toLast: false)
            return keepRow()
        } catch { throw fail(error) }
    }

    /// Goes to the last row. False when the tree is empty.
    @discardableResult
    package func seekToLast() throws(PageFault) -> Bool {
        try begin()
        do throws(PageFault) {
            try descend(from: nodes.root(), toLast: true)
            return keepRow()
        } catch { throw fail(error) }
    }

    // MARK: Stepping

    /// Goes to the next row. False, and on no row, when there is none or the cursor stood on none.
    @discardableResult
    package func next() throws(PageFault) -> Bool {
        if let fault { throw fault }
        guard let leaf else { return false }
        index += 1
        if index < leaf.count { return true }
        do throws(PageFault) { return try moveToNextLeaf() } catch { throw fail(error) }
    }

    /// Goes to the row before. False, and on no row, when there is none or the cursor stood on none.
    @discardableResult
    package func previous() throws(PageFault) -> Bool {
        if let fault { throw fault }
        guard leaf != nil else { return false }
        index -= 1
        if index >= 0 { return true }
        do throws(PageFault) { return try moveToPreviousLeaf() } catch { throw fail(error) }
    }

    // MARK: The row

    /// Lends the row's key for the call. The cursor must stand on a row. What `body` throws passes through.
    package func withKey<R>(_ body: (RawSpan) throws(PageFault) -> R) throws(PageFault) -> R {
        let leaf = try row()
        // Taken out while lent, so that `body` may use the cursor.
        var buffer: [UInt8] = []
        swap(&buffer, &scratch)
        defer { swap(&buffer, &scratch) }
        return try leaf.withKey(index, scratch: &buffer, body)
    }

    /// Lends the row's value for the call: from its page when it lies plain in the leaf. The cursor must stand on a
    /// row. What `body` throws passes through.
    package func withValue<R>(_ body: (RawSpan) throws(PageFault) -> R) throws(PageFault) -> R {
        let leaf = try row()
        if leaf.isPlainInline(index) { return try leaf.withInlineBytes(index, body) }
        let value = try load(leaf)
        return try body(value.span.bytes)
    }

    /// A copy of the row's key. The cursor must stand on a row.
    package var key: [UInt8] {
        get throws(PageFault) { try row().key(index) }
    }

    /// A copy of the row's value. The cursor must stand on a row.
    package var value: [UInt8] {
        get throws(PageFault) {
            let leaf = try row()
            return try leaf.isPlainInline(index) ? leaf.copyInlineBytes(index) : load(leaf)
        }
    }

    /// Puts a copy of the row's key in the place of `target`, whose memory is used again. The cursor must stand on a row.
    package func copyKey(into target: inout [UInt8]) throws(PageFault) { try row().copyKey(index, into: &target) }

    // MARK: Runs of rows

    /// How many rows of the cursor's leaf, its own the first, have keys less than `end`; nil: all that follow. The cursor
    /// must stand on a row.
    package func rowsAhead(before end: RawSpan?) throws(PageFault) -> Int {
        let leaf = try row()
        let stop = if let end { leaf.search(end).index } else { leaf.count }
        return max(0, stop - index)
    }

    /// How many rows of the cursor's leaf, its own the first and going back, have keys not less than `start`. The cursor
    /// must stand on a row.
    package func rowsBehind(from start: RawSpan?) throws(PageFault) -> Int {
        let leaf = try row()
        let first = if let start { leaf.search(start).index } else { 0 }
        return max(0, index + 1 - first)
    }

    /// Goes on by so many rows, which must not lead further than one behind the leaf's last.
    package func next(_ count: Int) throws(PageFault) -> Bool {
        guard count > 0 else { return isValid }
        index = min(index + count - 1, (leaf?.count ?? 1) - 1)
        return try next()
    }

    /// Appends to `batch` what keys have from `start` on: the row's, and those of the rows behind it, or before it when going
    /// back. All `count` of them must be in the cursor's leaf; the cursor then stands on the last. The cursor must stand on a
    /// row. False when a key ends at `start` or before: those before it are in the batch.
    package func appendKeys(
        _ count: Int, isBackward: Bool, from start: Int, to batch: inout KeyBatch
    ) throws(PageFault) -> Bool {
        let leaf = try row()
        defer { withExtendedLifetime(leaf) {} }
        let last = isBackward ? max(0, index - (count - 1)) : min(leaf.count, index + count) - 1
        while true {
            guard leaf.bytes.keyByteCount(index) > start else { return false }
            batch.append(index, of: leaf.bytes, from: start)
            if index == last { return true }
            index += isBackward ? -1 : 1
        }
    }

    // MARK: Whole leaves

    /// The rows of the leaf on which the cursor stands.
    var leafCount: Int { leaf?.count ?? 0 }

    /// Goes to the first row of the next leaf.
    func skipLeaf() throws(PageFault) -> Bool {
        if let fault { throw fault }
        guard leaf != nil else { return false }
        do throws(PageFault) { return try moveToNextLeaf() } catch { throw fail(error) }
    }

    // MARK: Details

    private func begin() throws(PageFault) {
        if let fault { throw fault }
        path.removeAll(keepingCapacity: true)
        leaf = nil
    }

    private func fail(_ error: PageFault) -> PageFault {
        fault = error
        leaf = nil
        path = []
        return error
    }

    /// The leaf, its index known to be in range even when the view was changed against the rules.
    private func row() throws(PageFault) -> Node {
        if let fault { throw fault }
        guard let leaf else { preconditionFailure("the cursor stands on no row") }
        guard index < leaf.count, leaf.isLeaf else {
            throw fail(.corruptStructure(page: leaf.id, reason: "changed under a cursor"))
        }
        return leaf
    }

    private func load(_ leaf: Node) throws(PageFault) -> [UInt8] {
        do throws(PageFault) {
            return try StoredValue.load(index, of: leaf, in: nodes.view)
        } catch { throw fail(error) }
    }

    /// Takes the first or last child at every level, down to a leaf.
    private func descend(from start: Node, toLast: Bool) throws(PageFault) {
        var node = start
        while !node.isLeaf {
            let child = toLast ? node.count : 0
            path.append(Step(node: node, child: child))
            node = try nodes.child(child, of: node)
        }
        leaf = node
        index = toLast ? node.count - 1 : 0
    }

    /// Lets go of an empty root leaf.
    private func keepRow() -> Bool {
        if leaf?.count == 0 { leaf = nil }
        return leaf != nil
    }

    private func moveToNextLeaf() throws(PageFault) -> Bool {
        let old = leaf
        leaf = nil
        while let step = path.last {
            guard step.child < step.node.count, !step.node.isLeaf else {
                path.removeLast()
                continue
            }
            path[path.count - 1].child += 1
            try descend(from: nodes.child(step.child + 1, of: step.node), toLast: false)
            if let old, let leaf { try checkOrder(old, leaf, reached: leaf) }
            return true
        }
        return false
    }

    private func moveToPreviousLeaf() throws(PageFault) -> Bool {
        let old = leaf
        leaf = nil
        while let step = path.last {
            guard step.child > 0, step.child <= step.node.count, !step.node.isLeaf else {
                path.removeLast()
                continue
            }
            path[path.count - 1].child -= 1
            try descend(from: nodes.child(step.child - 1, of: step.node), toLast: true)
            if let old, let leaf { try checkOrder(leaf, old, reached: leaf) }
            return true
        }
        return false
    }

    private func checkOrder(_ left: Node, _ right: Node, reached: Node) throws(PageFault) {
        guard left.count > 0, right.count > 0 else { return }
        guard left.key(left.count - 1).lexicographicallyPrecedes(right.key(0)) else {
            throw .corruptStructure(page: reached.id, reason: "keys out of order between leaves")
        }
    }
}
