// Point reads: one descent, one page lookup a level.

package import PageStore

extension Tree {
    /// The value of a key, nil when there is none. O(log rows).
    package func get(_ key: RawSpan, in view: PageView) throws(PageFault) -> [UInt8]? {
        let leaf = try leaf(for: key, in: view)
        let (index, isFound) = leaf.search(key)
        guard isFound else { return nil }
        return try leaf.isPlainInline(index)
            ? leaf.copyInlineBytes(index) : StoredValue.load(index, of: leaf, in: view)
    }

    /// Lends the value of a key, nil when there is none. Nothing is copied when the value lies plain in its leaf.
    package func withValue<R>(
        _ key: RawSpan, in view: PageView, _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R? {
        let leaf = try leaf(for: key, in: view)
        let (index, isFound) = leaf.search(key)
        guard isFound else { return nil }
        if leaf.isPlainInline(index) { return try leaf.withInlineBytes(index, body) }
        let value = try StoredValue.load(index, of: leaf, in: view)
        return try body(value.span.bytes)
    }

    /// Whether a key is present. The value is not read.
    package func contains(_ key: RawSpan, in view: PageView) throws(PageFault) -> Bool {
        try leaf(for: key, in: view).search(key).isFound
    }

    /// Whether the tree has no rows. O(1).
    package func isEmpty(in view: PageView) throws(PageFault) -> Bool {
        let node = try openRoot(in: view)
        return node.isLeaf && node.count == 0
    }

    /// The number of rows. Walks every leaf.
    package func count(in view: PageView) throws(PageFault) -> Int {
        let cursor = cursor(in: view)
        var count = 0
        var isOnLeaf = try cursor.seekToFirst()
        while isOnLeaf {
            count += cursor.leafCount
            isOnLeaf = try cursor.skipLeaf()
        }
        return count
    }

    /// A cursor over the tree, not yet on any row.
    package func cursor(in view: PageView) -> TreeCursor {
        TreeCursor(KnownNodes(self, in: view, isOnce: true))
    }
}
