// Writing, truncating and dropping paged arrays.

package import PageStore

extension PagedArray {
    // MARK: Writing

    /// Writes bytes at an offset, growing the array as needed. What lies between the old end and `offset` stays a hole.
    package func write(_ bytes: RawSpan, at offset: UInt64, in tx: PageTransaction) throws(PageFault) {
        try tx.relieve()
        let capacity = PagedArray.bytesPerPage(payloadByteCount: tx.payloadByteCount)
        let (end, overflows) = offset.addingReportingOverflow(UInt64(bytes.byteCount))
        guard !overflows else { throw .limitExceeded(name: "array byte offset", limit: Int.max) }
        guard bytes.byteCount > 0 else { return }
        let last = (end - 1) / UInt64(capacity)
        try extend(toHold: last, in: tx)
        var position = offset
        var pages = 0
        while position < end {
            if pages % 64 == 63 { try tx.relieve() }
            let start = Int(position % UInt64(capacity))
            let count = Int(min(UInt64(capacity - start), end - position))
            let from = Int(position - offset)
            let page = try dataPageForWriting(position / UInt64(capacity), in: tx)
            page.setData(bytes.extracting(from..<(from + count)), at: start)
            position += UInt64(count)
            pages += 1
        }
        let root = try openRoot(in: tx)
        if root.mark <= last {
            try ArrayPage(tx.mutablePage(self.root)).setMark(last + 1)
        }
    }

    /// Moves the root's content down until an array page is within reach.
    private func extend(toHold index: UInt64, in tx: PageTransaction) throws(PageFault) {
        while true {
            let old = try openRoot(in: tx)
            if index < old.reach { return }
            guard old.level < old.highestLevel else {
                throw .corruptStructure(page: root, reason: "array index of too many levels")
            }
            let level = old.level
            let hasChildren = (0..<old.fanOut).contains { old.child($0) != nil }
            var below: PageID?
            if hasChildren {
                let moved = ArrayPage(formatting: try tx.allocate(near: root), level: level, mark: 0)
                moved.setChildren(of: old)
                below = moved.frame.id
            }
            let page = try ArrayPage(tx.mutablePage(root))
            for slot in 0..<page.fanOut { page.setChild(slot, nil) }
            page.setChild(0, below)
            page.setLevel(level + 1)
        }
    }

    /// The data page of an array page within reach, made if it was a hole.
    private func dataPageForWriting(_ index: UInt64, in tx: PageTransaction) throws(PageFault) -> ArrayPage {
        var page = try openRoot(in: tx)
        while page.level > 0 {
            let slot = page.slot(of: index)
            let first = page.first(of: index)
            let level = page.level - 1
            if let child = page.child(slot) {
                page = try open(child, level: level, first: first, in: tx)
            } else {
                let near = slot > 0 ? page.child(slot - 1) ?? page.frame.id : page.frame.id
                let fresh = ArrayPage(formatting: try tx.allocate(near: near), level: level, mark: first)
                try ArrayPage(tx.mutablePage(page.frame.id)).setChild(slot, fresh.frame.id)
                page = fresh
            }
        }
        return try ArrayPage(tx.mutablePage(page.frame.id))
    }

    // MARK: Removing

    /// Frees the array pages from `count` on. An array that has no more than that is left as it is.
    package func truncate(toPageCount count: UInt64, in tx: PageTransaction) throws(PageFault) {
        try tx.relieve()
        let old = try openRoot(in: tx)
        guard old.mark > count else { return }
        let level = old.level
        _ = try cut(root, level: level, first: 0, count: count, in: tx)
        let page = try ArrayPage(tx.mutablePage(root))
        page.setMark(count)
        try lowerRoot(in: tx)
    }

    /// Frees every page of the array, the root too. The name is dead afterwards.
    package func drop(in tx: PageTransaction) throws(PageFault) {
        try truncate(toPageCount: 0, in: tx)
        // Pages beyond the count are damage, and not this array's to free.
        try tx.free(root)
    }

    /// Frees what lies at or beyond array page `count` below an index page.
    /// - Returns: whether no child is left.
    private func cut(
        _ id: PageID, level: Int, first: UInt64, count: UInt64, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        let (children, span) = try children(of: id, level: level, first: first, in: tx)
        var gone: [Int] = []
        for (slot, child) in children {
            let childFirst = first + UInt64(slot) * span
            // A child wholly before the cut stays.
            let (childEnd, overflows) = childFirst.addingReportingOverflow(span)
            if !overflows && childEnd <= count { continue }
            try tx.relieve()
            // Data pages are freed unread: a large array must not pass through the cache to be dropped.
            if level > 1 {
                let isGone = try cut(child, level: level - 1, first: childFirst, count: count, in: tx)
                if !isGone { continue }
            }
            try tx.free(child)
            gone.append(slot)
        }
        // A page left without children is freed by the caller; only the root stays.
        let isEmptied = gone.count == children.count
        if !gone.isEmpty && (!isEmptied || id == root) {
            let page = try ArrayPage(tx.mutablePage(id))
            for slot in gone { page.setChild(slot, nil) }
        }
        return isEmptied
    }

    /// The children of an index page with their slots, and the array pages below each.
    private func children(
        of id: PageID, level: Int, first: UInt64, in tx: PageTransaction
    ) throws(PageFault) -> (children: [(slot: Int, id: PageID)], span: UInt64) {
        let page = id == root ? try openRoot(in: tx) : try open(id, level: level, first: first, in: tx)
        var children: [(slot: Int, id: PageID)] = []
        for slot in 0..<page.fanOut {
            if let child = page.child(slot) { children.append((slot, child)) }
        }
        return (children, page.childSpan)
    }

    /// Takes levels off the top while all that is left lies below the root's first child.
    private func lowerRoot(in tx: PageTransaction) throws(PageFault) {
        while true {
            let old = try openRoot(in: tx)
            // The count must stay within reach, even where it ends in holes.
            guard old.level > 1, old.mark <= old.childSpan,
                !(1..<old.fanOut).contains(where: { old.child($0) != nil })
            else { return }
            let level = old.level - 1
            guard let only = old.child(0) else {
                try ArrayPage(tx.mutablePage(root)).setLevel(level)
                continue
            }
            let below = try open(only, level: level, first: 0, in: tx)
            let page = try ArrayPage(tx.mutablePage(root))
            page.setChildren(of: below)
            page.setLevel(level)
            try tx.free(only)
        }
    }
}
