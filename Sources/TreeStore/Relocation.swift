package import PageStore

// Moving the pages of trees and arrays below a limit: what compaction does.
//
// 1. Content does not change, only places: each moved page is copied to a free page, and the pointer to it is set.
// 2. A portion moves a bounded number of pages and says where the next goes on, so that each is a small transaction.
// 3. Roots stay: their numbers are names. `moveRoot` is for the owner who can write the new name down.

/// How many pages a portion may still move, and below which page they go.
package struct RelocationBudget {
    package var moves: Int
    package let limit: UInt64
    package private(set) var moved = 0
    /// No page is free below the limit.
    package private(set) var isFull = false

    package init(moves: Int, limit: UInt64) {
        self.moves = moves
        self.limit = limit
    }

    var isSpent: Bool { moves <= 0 || isFull }

    mutating func move(_ id: PageID, in tx: PageTransaction) throws(PageFault) -> PageID? {
        guard let place = try tx.moveLow(id, before: limit) else {
            isFull = true
            return nil
        }
        count(1)
        return place
    }

    mutating func count(_ pages: Int) {
        moves -= pages
        moved += pages
    }

    mutating func setFull() { isFull = true }
}

extension Tree {
    /// Moves pages at or beyond the budget's limit, from the key `start` on.
    /// - Returns: the key to go on with; nil when the tree is done or no page is free.
    package func relocate(
        from start: [UInt8]?, _ budget: inout RelocationBudget, in tx: PageTransaction
    ) throws(PageFault) -> [UInt8]? {
        try relocate(root, level: nil, from: start, &budget, in: tx)
    }

    private func relocate(
        _ id: PageID, level: Int?, from start: [UInt8]?, _ budget: inout RelocationBudget, in tx: PageTransaction
    ) throws(PageFault) -> [UInt8]? {
        let node: Node
        if let level { node = try open(id, level: level, in: tx) } else { node = try openRoot(in: tx) }
        if node.isLeaf { return try relocateChains(of: node, from: start, &budget, in: tx) }
        let first = start.map { node.childIndex($0.span.bytes) } ?? 0
        for index in first...node.count {
            if budget.isSpent { return index > 0 ? node.key(index - 1) : (start ?? []) }
            var child = node.child(index)
            if child.number >= budget.limit {
                guard let place = try budget.move(child, in: tx) else { return nil }
                NodeEditor.setChild(place, at: index, of: try tx.mutablePage(id))
                child = place
            }
            let next = try relocate(
                child, level: node.level - 1, from: index == first ? start : nil, &budget, in: tx)
            if let next { return next }
            if budget.isFull { return nil }
        }
        return nil
    }

    private func relocateChains(
        of node: Node, from start: [UInt8]?, _ budget: inout RelocationBudget, in tx: PageTransaction
    ) throws(PageFault) -> [UInt8]? {
        for index in 0..<node.count {
            let form = node.form(index)
            guard let first = form.firstPage else { continue }
            let key = node.key(index)
            if let start, key.lexicographicallyPrecedes(start) { continue }
            if budget.isSpent { return budget.isFull ? nil : key }
            var pages: [PageID] = []
            var walk = OverflowChain.Walk(from: first, storedByteCount: form.storedByteCount, in: tx)
            while let frame = try walk.next() { pages.append(frame.id) }
            guard pages.contains(where: { $0.number >= budget.limit }) else { continue }
            // The pages of a chain carry its first page's number, so a chain moves whole.
            guard let place = try OverflowChain.rewriteLow(pages, form, before: budget.limit, in: tx) else {
                budget.setFull()
                return nil
            }
            budget.count(pages.count)
            NodeEditor.setChain(place, at: index, of: try tx.mutablePage(node.id))
        }
        return nil
    }

    /// Moves the root below `limit`; nil when no page is free there. The old name is dead afterwards.
    package func moveRoot(before limit: UInt64, in tx: PageTransaction) throws(PageFault) -> Tree? {
        try tx.moveLow(root, before: limit).map { Tree(root: $0) }
    }
}

extension PagedArray {
    /// Moves pages at or beyond the budget's limit, from array page `start` on. Nobody else may read the array meanwhile.
    /// - Returns: the array page to go on with; nil when the array is done or no page is free.
    package func relocate(
        from start: UInt64, _ budget: inout RelocationBudget, in tx: PageTransaction
    ) throws(PageFault) -> UInt64? {
        try relocate(try openRoot(in: tx), first: 0, from: start, &budget, in: tx)
    }

    private func relocate(
        _ page: ArrayPage, first: UInt64, from start: UInt64, _ budget: inout RelocationBudget,
        in tx: PageTransaction
    ) throws(PageFault) -> UInt64? {
        guard page.level > 0 else { return nil }
        let (level, span, id) = (page.level, page.childSpan, page.frame.id)
        for slot in 0..<page.fanOut {
            guard var child = page.child(slot) else { continue }
            let childFirst = first + UInt64(slot) * span
            if childFirst + (span - 1) < start { continue }
            if budget.isSpent { return budget.isFull ? nil : childFirst }
            if child.number >= budget.limit {
                guard let place = try budget.move(child, in: tx) else { return nil }
                try ArrayPage(tx.mutablePage(id)).setChild(slot, place)
                child = place
            }
            guard level > 1 else { continue }
            let below = try open(child, level: level - 1, first: childFirst, in: tx)
            let next = try relocate(below, first: childFirst, from: start, &budget, in: tx)
            if let next { return next }
            if budget.isFull { return nil }
        }
        return nil
    }

    /// Moves the root below `limit`; nil when no page is free there. The old name is dead afterwards.
    package func moveRoot(before limit: UInt64, in tx: PageTransaction) throws(PageFault) -> PagedArray? {
        try tx.moveLow(root, before: limit).map { PagedArray(root: $0) }
    }
}
