// The nodes of one tree as one view shows them, opened once.
//
// 1. In a view that never changes, the inner nodes that descents came through are kept, and the leaf that was opened last:
//    the next descent goes to the pages for its leaf alone, and a seek after an estimate not even for that. In a
//    transaction, which changes its pages, nothing is kept.
// 2. What is kept holds its memory. So there is a bound: what does not fit pushes out what lies in its place. Who goes
//    through a tree once keeps nothing.

import PageStore

final class KnownNodes {
    private struct Kept {
        /// The node's page, so that a look does not touch the frame's object.
        let page: PageID
        let node: Node
    }

    /// Nodes of a place: the one that came last is the first of them.
    private static let ways = 2
    private static let fewestPlaces = 8
    /// Bytes of the nodes that are kept: those above some hundred thousand leaves of small pages.
    private static let byteLimit = 4 << 20

    let tree: Tree
    let view: PageView
    let payloadByteCount: Int
    /// Whether nodes are kept: pages stay as they are, and descents come again.
    private let keeps: Bool
    /// The root where it is an inner node, and its bytes by themselves: what reads them need not retain it.
    private var knownRoot: Node?
    private var rootBytes: NodeBytes?
    private var leaf: Kept?
    /// Inner nodes by their page numbers; a power of two places, or none.
    private var kept: [Kept?] = []
    /// Nodes that pushed another one out since the table has its size.
    private var pushedOut = 0
    /// Whether nodes that are pushed out are held for now, and those.
    private var isHolding = false
    private var held: [Node] = []
    private var scratch: [NodeBytes] = []
    /// What was read ahead: it must be used for the loads to happen.
    private var touched: UInt8 = 0

    init(_ tree: Tree, in view: PageView, isOnce: Bool = false) {
        self.tree = tree
        self.view = view
        payloadByteCount = view.payloadByteCount
        keeps = view.isFixed && !isOnce
    }

    func root() throws(PageFault) -> Node {
        if let knownRoot { return knownRoot }
        let node = try tree.openRoot(in: view)
        if keeps, !node.isLeaf {
            knownRoot = node
            rootBytes = node.bytes
        }
        return node
    }

    /// The root; nil when it is a leaf. What it reads is held by `knownRoot`.
    @inline(__always)
    private func innerRoot() throws(PageFault) -> NodeBytes? {
        if let rootBytes { return rootBytes }
        _ = try root()
        return rootBytes
    }

    /// Child `index` of an inner node.
    func child(_ index: Int, of parent: Node) throws(PageFault) -> Node {
        try node(parent.child(index), level: parent.level &- 1)
    }

    private func node(_ page: PageID, level: Int) throws(PageFault) -> Node {
        guard keeps else { return try tree.open(page, level: level, in: view) }
        if level == 0 {
            if let leaf, leaf.page == page {
                // Each descent ends at a leaf: where the view has ended, this is where it shows.
                try view.checkOpen()
                return leaf.node
            }
            let node = try tree.open(page, level: 0, in: view)
            leaf = Kept(page: page, node: node)
            return node
        }
        if let place = place(of: page), let known = kept[place], known.node.level == level { return known.node }
        return try open(page, level: level)
    }

    /// The page of the leaf whose range holds `key`; nil when the root is the leaf, or the view changes. Nothing is read
    /// but inner nodes, and those that are kept are not retained on the way.
    func leafPage(for key: RawSpan) throws(PageFault) -> PageID? {
        guard keeps, var node = try innerRoot() else { return nil }
        while true {
            // What `node` reads is held by `knownRoot` or `kept` until another node is kept, below.
            let (page, level) = (node.child(for: key), node.level &- 1)
            if level == 0 { return page }
            if let place = place(of: page), let known = kept[place]?.node.bytes, known.level == level {
                node = known
            } else {
                node = try open(page, level: level).bytes
            }
        }
    }

    /// Puts the pages of the leaves of several keys into `pages`, in the keys' order; false where `leafPage` says nil. The keys
    /// go down together, so that memory is waited for once a level.
    func leafPages(for keys: KeyBatch, into pages: inout [PageID]) throws(PageFault) -> Bool {
        pages.removeAll(keepingCapacity: true)
        guard keeps, let root = try innerRoot() else { return false }
        for place in 0..<keys.count {
            pages.append(keys.withKey(place) { (key) -> PageID in root.child(for: key) })
        }
        var level = root.level &- 1
        var nodes: [NodeBytes] = []
        swap(&nodes, &scratch)
        // A node that is pushed out while others of the level are opened must live until they have been searched.
        isHolding = true
        defer {
            swap(&nodes, &scratch)
            isHolding = false
            held.removeAll(keepingCapacity: true)
        }
        while level > 0 {
            nodes.removeAll(keepingCapacity: true)
            var touched: UInt8 = 0
            for page in pages {
                let node: NodeBytes
                if let place = place(of: page), let known = kept[place]?.node.bytes, known.level == level {
                    node = known
                } else {
                    node = try open(page, level: level).bytes
                }
                touched ^= node.touchSlots()
                nodes.append(node)
            }
            self.touched = touched
            for place in 0..<keys.count {
                let node = nodes[place]
                pages[place] = keys.withKey(place) { (key) -> PageID in node.child(for: key) }
            }
            level &-= 1
        }
        return true
    }

    // MARK: What is kept

    @inline(__always)
    private func firstPlace(of page: PageID) -> Int {
        let mixed = Int(truncatingIfNeeded: (page.number &* 0x9E37_79B9_7F4A_7C15) >> 32)
        return (mixed & (kept.count / Self.ways &- 1)) &* Self.ways
    }

    /// Where a page's node is kept.
    @inline(__always)
    private func place(of page: PageID) -> Int? {
        guard !kept.isEmpty else { return nil }
        let first = firstPlace(of: page)
        if kept[first]?.page == page { return first }
        if kept[first &+ 1]?.page == page { return first &+ 1 }
        return nil
    }

    /// Opens an inner node and keeps it.
    private func open(_ page: PageID, level: Int) throws(PageFault) -> Node {
        let node = try tree.open(page, level: level, in: view)
        if kept.isEmpty || (pushedOut > kept.count && kept.count * payloadByteCount < Self.byteLimit / 2) { grow() }
        keep(Kept(page: page, node: node))
        return node
    }

    private func keep(_ new: Kept) {
        let first = firstPlace(of: new.page)
        if let last = kept[first + 1] {
            pushedOut += 1
            if isHolding { held.append(last.node) }
        }
        kept[first + 1] = kept[first]
        kept[first] = new
    }

    private func grow() {
        let old = kept
        kept = [Kept?](repeating: nil, count: max(Self.ways * Self.fewestPlaces, 2 * old.count))
        for known in old { known.map(keep) }
        pushedOut = 0
    }
}
