// Bulk loading: sorted rows become packed leaves from left to right, and each finished page a separator one level up.
//
// 1. Of every level one node is pending, in checked memory; all pages left of it are written. Memory is bounded by
//    depth times page size, and the transaction may spill in between.
// 2. A pending node is written when the next entry would take it over the fill factor. Its prefix is what its keys
//    have in common: loaded rows are expected to stay.
// 3. The last nodes of each level may be small; they are mended at the end like after removals.

package import PageStore

/// Why a bulk load was refused.
package enum TreeLoadError: Error, Sendable, Equatable {
    /// The tree had rows.
    case notEmpty
    /// A key was not greater than the one before it. Rows are counted from 0.
    case notAscending(row: Int)
}

extension Tree {
    /// Packs rows into an empty tree.
    /// - Parameters:
    ///   - fillFactor: how full pages are made, 0.5 to 1; other values are taken as the nearest of these.
    ///   - next: gives rows in strictly ascending key order, then nil.
    /// - Throws: `TreeLoadError`, `PageFault`, or what `next` throws. The tree is then still empty, but pages written
    ///   so far stay allocated: the transaction must be given up.
    package func bulkLoad(
        fillFactor: Double = 1, in tx: PageTransaction, next: () throws -> (key: [UInt8], value: [UInt8])?
    ) throws {
        guard try isEmpty(in: tx) else { throw TreeLoadError.notEmpty }
        var loader = TreeLoader(tree: self, fillFactor: fillFactor, tx: tx)
        var previous: [UInt8]?
        var row = 0
        while let (key, value) = try next() {
            if let previous, !previous.lexicographicallyPrecedes(key) { throw TreeLoadError.notAscending(row: row) }
            try loader.append(key: key, value: value)
            previous = key
            row += 1
        }
        guard let last = previous else { return }
        try loader.finish()
        for _ in 0..<TreeLimits.maximumDepth {
            try tx.relieve()
            guard try mend(pathTo: last.span.bytes, thoroughly: true, in: tx) else { break }
        }
    }
}

private struct TreeLoader {
    /// The rightmost node of a level, not yet written.
    private struct Pending {
        var list: EntryList
        var firstChild: PageID?
        /// What separates this node from the one written before it; nil when it is its level's first.
        var separator: [UInt8]?
        /// Bytes of the entries with whole keys.
        var byteCount = 0
        var lastPage: PageID?
    }

    private let tree: Tree
    private let fillFactor: Double
    private let tx: PageTransaction
    private var levels: [Pending] = []

    init(tree: Tree, fillFactor: Double, tx: PageTransaction) {
        self.tree = tree
        self.fillFactor = min(max(fillFactor, 0.5), 1)
        self.tx = tx
    }

    mutating func append(key: [UInt8], value: [UInt8]) throws(PageFault) {
        try TreeLimits.checkKey(key.count)
        try TreeLimits.checkValue(value.count)
        let fits = ValueForm.fitsInline(
            keyByteCount: key.count, valueByteCount: value.count, payloadByteCount: tx.payloadByteCount)
        var form = ValueForm.inline(value.count)
        var inline = value
        if !fits {
            try tx.relieve()
            let stored = try StoredValue.store(
                value.span.bytes, keyByteCount: key.count, near: levels.first?.lastPage, in: tx)
            form = stored.form
            inline = stored.deflated ?? []
        }
        if levels.isEmpty { levels.append(Pending(list: EntryList(level: 0, payloadByteCount: tx.payloadByteCount))) }
        let entryByteCount = key.count + form.partByteCount
        if isFull(levels[0], adding: key, entryByteCount: entryByteCount) {
            let list = levels[0].list
            let separator = shortestSeparator(key[...], after: list.key(list.count - 1))
            try write(level: 0)
            levels[0].separator = separator
        }
        levels[0].list.insert(key: key.span.bytes, form: form, inline: inline.span.bytes)
        levels[0].byteCount += entryByteCount + NodeLayout.slotByteCount
    }

    /// Writes what is pending; the topmost node goes to the root page.
    mutating func finish() throws(PageFault) {
        var level = 0
        while level < levels.count - 1 {
            try write(level: level)
            level += 1
        }
        let top = levels[level]
        let piece = whole(top.list)
        let tag = try tree.tag(in: tx)
        _ = NodeEditor(
            packing: piece, of: top.list, firstChild: top.firstChild, tag: tag, into: try tx.mutablePage(tree.root))
    }

    /// Whether an entry would take a node over what it may hold.
    private func isFull(_ pending: Pending, adding key: [UInt8], entryByteCount: Int) -> Bool {
        let list = pending.list
        guard list.count > 0 else { return false }
        let prefixLength = commonPrefix(list.key(0), key[...])
        let total =
            pending.byteCount + entryByteCount + NodeLayout.slotByteCount - list.count * prefixLength
        return total > Int(Double(list.capacity) * fillFactor)
    }

    /// Writes a level's pending node, hands it to the level above, and begins the next.
    private mutating func write(level: Int) throws(PageFault) {
        try tx.relieve()
        let pending = levels[level]
        let tag = try tree.tag(in: tx)
        let frame = try tx.allocate(near: pending.lastPage)
        _ = NodeEditor(
            packing: whole(pending.list), of: pending.list, firstChild: pending.firstChild, tag: tag, into: frame)
        let id = frame.id
        try add(id, separator: pending.separator, level: level + 1)
        levels[level].lastPage = id
        levels[level].list.removeAll()
        levels[level].byteCount = 0
        levels[level].firstChild = nil
        levels[level].separator = nil
    }

    /// Adds a written page to the pending node above it.
    private mutating func add(_ id: PageID, separator: [UInt8]?, level: Int) throws(PageFault) {
        guard let separator else {
            // The first page of its level opens the level above.
            var above = Pending(list: EntryList(level: level, payloadByteCount: tx.payloadByteCount))
            above.firstChild = id
            levels.append(above)
            return
        }
        let entryByteCount = separator.count + NodeLayout.childByteCount
        if isFull(levels[level], adding: separator, entryByteCount: entryByteCount) {
            // This entry is promoted: its key goes up, its page opens the next node.
            try write(level: level)
            levels[level].separator = separator
            levels[level].firstChild = id
            return
        }
        levels[level].list.insert(separator: separator, child: id)
        levels[level].byteCount += entryByteCount + NodeLayout.slotByteCount
    }

    private func whole(_ list: EntryList) -> EntryList.Piece {
        let prefixLength = list.count < 2 ? 0 : commonPrefix(list.key(0), list.key(list.count - 1))
        return EntryList.Piece(range: 0..<list.count, prefixLength: prefixLength, separator: nil)
    }
}
