// The structural check: reads every page of a tree, trusts none, and goes on past damage.
//
// Beyond what opening a node proves (NodeValidation), it proves that the pages fit together: levels, keys within the
// separators above, every page in one place only, overflow chains as their cells say, deflated values inflatable.

package import PageStore

extension Tree {
    /// Verifies the whole tree.
    /// - Parameter visit: told every page the tree owns, once each, damaged ones too; what damage hides cannot be told.
    /// - Returns: what is wrong; empty for a sound tree. Memory: 16 bytes or so a page.
    package func check(in view: PageView, visit: (PageID) -> Void) -> [TreeFinding] {
        var check = TreeCheck(view: view)
        check.subtree(root, level: nil, low: nil, high: nil, visit: visit)
        return check.findings
    }

    /// Measures the tree. Visits every node.
    package func statistics(in view: PageView) throws(PageFault) -> TreeStatistics {
        var statistics = TreeStatistics()
        let node = try openRoot(in: view)
        statistics.depth = node.level + 1
        var seen: Set<PageID> = []
        try measure(node, seen: &seen, into: &statistics, in: view)
        return statistics
    }

    private func measure(
        _ node: Node, seen: inout Set<PageID>, into statistics: inout TreeStatistics, in view: PageView
    ) throws(PageFault) {
        guard seen.insert(node.id).inserted else {
            throw .corruptStructure(page: node.id, reason: "page reached twice")
        }
        if node.isLeaf {
            statistics.leafPageCount += 1
            statistics.rowCount += node.count
            statistics.leafByteCount += node.usedByteCount
            statistics.leafCapacity += node.capacity
            for index in 0..<node.count {
                let form = node.form(index)
                guard form.firstPage != nil else { continue }
                statistics.overflowPageCount += OverflowChain.pageCount(
                    storedByteCount: form.storedByteCount, payloadByteCount: view.payloadByteCount)
            }
            return
        }
        statistics.innerPageCount += 1
        for index in 0...node.count {
            try measure(openChild(index, of: node, in: view), seen: &seen, into: &statistics, in: view)
        }
    }
}

private struct TreeCheck {
    let view: PageView
    var findings: [TreeFinding] = []
    private var seen: Set<PageID> = []
    private var tag: TreeTag?

    init(view: PageView) {
        self.view = view
    }

    /// Checks a page and all below it. `level` is nil for the root.
    mutating func subtree(
        _ id: PageID, level: Int?, low: [UInt8]?, high: [UInt8]?, visit: (PageID) -> Void
    ) {
        guard claim(id, visit: visit) else { return }
        let node: Node
        do throws(PageFault) {
            node = try Node(view.page(id))
        } catch {
            findings.append(TreeFinding(page: id, fault: error))
            return
        }
        if let level, node.level != level {
            findings.append(TreeFinding(page: id, reason: "node of another level than its parent says"))
            return
        }
        if level != nil && node.isLeaf && node.count == 0 {
            findings.append(TreeFinding(page: id, reason: "empty leaf below the root"))
        }
        let expected = tag ?? (view.formatVersion >= 2 ? node.tag : TreeTag.none)
        tag = expected
        if node.tag != expected {
            findings.append(
                TreeFinding(
                    page: id, reason: view.formatVersion >= 2 ? "node of another tree" : "reserved bytes in use"))
        }
        bounds(of: node, low: low, high: high)
        if node.isLeaf {
            for index in 0..<node.count { value(index, of: node, visit: visit) }
            return
        }
        for index in 0...node.count {
            subtree(
                node.child(index), level: node.level - 1, low: index > 0 ? node.key(index - 1) : low,
                high: index < node.count ? node.key(index) : high, visit: visit)
        }
    }

    /// A page may be reached once only.
    private mutating func claim(_ id: PageID, visit: (PageID) -> Void) -> Bool {
        guard seen.insert(id).inserted else {
            findings.append(TreeFinding(page: id, reason: "page reached twice"))
            return false
        }
        visit(id)
        return true
    }

    private mutating func bounds(of node: Node, low: [UInt8]?, high: [UInt8]?) {
        guard node.count > 0 else { return }
        if let low, node.key(0).lexicographicallyPrecedes(low) {
            findings.append(TreeFinding(page: node.id, reason: "key before the separator on its left"))
        }
        if let high, !node.key(node.count - 1).lexicographicallyPrecedes(high) {
            findings.append(TreeFinding(page: node.id, reason: "key not before the separator on its right"))
        }
    }

    private mutating func value(_ index: Int, of node: Node, visit: (PageID) -> Void) {
        let form = node.form(index)
        guard form.firstPage != nil || form.isDeflated else { return }
        do throws(PageFault) {
            if let first = form.firstPage {
                var walk = OverflowChain.Walk(from: first, storedByteCount: form.storedByteCount, in: view)
                while let id = walk.nextPage {
                    guard claim(id, visit: visit) else { return }
                    _ = try walk.next()
                }
            }
            if form.isDeflated { _ = try StoredValue.load(index, of: node, in: view) }
        } catch {
            findings.append(TreeFinding(page: node.id, fault: error))
        }
    }
}
