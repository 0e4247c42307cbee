// Many point reads in one tree and one view: as fast as the memory allows.
//
// 1. Inner nodes are kept (KnownNodes), so that a read goes to the pages for its leaf alone.
// 2. A leaf that is in memory is lent for the length of a section (FrameIndex): it is searched and the value copied out of
//    it without touching its frame. What cannot be had so — a page that is not in memory or not validated, a value that
//    lies in other pages or is deflated — is read through the cache, which also says what is wrong with it.
// 3. Several keys are looked for together: what their leaves' searches will read is touched first, so that the processor
//    fetches it for all of them at once instead of waiting for one after the other.

package import PageStore

/// Reads rows of a tree by their keys. Not for use by several threads at once.
package final class TreeReader {
    /// Where a key was looked for.
    package struct Spot {
        fileprivate let leaf: Node
        /// nil: there is no such key.
        fileprivate let index: Int?
    }

    /// What reading a key has come to.
    package enum Found {
        case missing
        case value([UInt8])
        /// There is a value, to be had by `get`: it is not plain in its leaf, and can be much larger than that.
        case apart
        /// It was not looked for, or not in a page that could be lent.
        case unknown

        fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }
    }

    private let nodes: KnownNodes
    private var tree: Tree { nodes.tree }
    private let view: PageView
    /// Of `find` and `read`; taken out while they use it.
    private struct Scratch {
        var leaves: [PageID] = []
        var frames: [PageFrame?] = []
        var lent: [LentPage?] = []
        var places: [Int] = []
    }
    private var known = Scratch()
    /// What `touch` has read: it must be used for the loads to happen.
    private var touched: UInt8 = 0

    /// Whether what it found stays as it is.
    package var isFixed: Bool { view.isFixed }

    /// Reads a tree in a view.
    package init(_ tree: Tree, in view: PageView) {
        self.view = view
        nodes = KnownNodes(tree, in: view)
    }

    /// A cursor over the tree, not yet on any row, that shares the nodes that are known.
    package func cursor() -> TreeCursor { TreeCursor(nodes) }

    /// As `Tree.share(from:to:in:)`.
    package func share(from: RawSpan, to: RawSpan) throws(PageFault) -> Double { try nodes.share(from: from, to: to) }

    /// As `Tree.share(before:in:)`.
    package func share(before key: RawSpan) throws(PageFault) -> Double { try nodes.share(before: key) }

    // MARK: One key

    /// Lends the value of a key, nil when there is none. Nothing is copied when the value lies plain in its leaf.
    package func withValue<R>(
        _ key: RawSpan, _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R? {
        let leaf = try leaf(for: key)
        let (index, isFound) = leaf.search(key)
        return try withValue(of: Spot(leaf: leaf, index: isFound ? index : nil), body)
    }

    /// A copy of the value of a key, nil when there is none.
    package func get(_ key: RawSpan) throws(PageFault) -> [UInt8]? {
        switch try look(for: key) {
        case .value(let value): return value
        case .missing: return nil
        case .apart, .unknown: return try withValue(key) { (value) throws(PageFault) in Node.copy(value) }
        }
    }

    /// Reads a key in a lent page.
    @inline(__always)
    private func look(for key: RawSpan) throws(PageFault) -> Found {
        guard let page = try nodes.leafPage(for: key), let section = try view.beginSection() else { return .unknown }
        var found = Found.unknown
        if let leaf = NodeBytes(leaf: section.page(page), byteCount: nodes.payloadByteCount) {
            // At once, where a search would come to one after the other.
            var touched = leaf.touchSearch()
            let (index, isFound) = leaf.search(key)
            if isFound {
                // The search may still wait for the key, but knows where the value is.
                touched ^= leaf.touchValue(index)
                found = Self.value(index, of: leaf)
            } else {
                found = .missing
            }
            self.touched = touched
        }
        try view.end(section)
        return found
    }

    @inline(__always)
    private static func value(_ index: Int, of leaf: NodeBytes) -> Found {
        leaf.isPlainInline(index) ? .value(leaf.copyInlineBytes(index)) : .apart
    }

    // MARK: Several keys

    /// Copies the values of keys, in the keys' order.
    package func read(_ keys: KeyBatch, into found: inout [Found]) throws(PageFault) {
        var scratch = Scratch()
        swap(&scratch, &known)
        defer { swap(&scratch, &known) }
        found.removeAll(keepingCapacity: true)
        for _ in 0..<keys.count { found.append(.unknown) }
        if keys.count > 1, try nodes.leafPages(for: keys, into: &scratch.leaves),
            let section = try view.beginSection()
        {
            section.pages(scratch.leaves, into: &scratch.lent)
            read(keys, &scratch, into: &found)
            scratch.lent.removeAll(keepingCapacity: true)
            try view.end(section)
        }
        for place in 0..<keys.count {
            guard found[place].isUnknown else { continue }
            found[place] = try keys.withKey(place) { (key) throws(PageFault) -> Found in
                // A single key was not looked for above: it has no company to wait for memory with.
                if keys.count == 1, case let found = try look(for: key), !found.isUnknown { return found }
                let leaf = try self.leaf(for: key)
                defer { withExtendedLifetime(leaf) {} }
                let (index, isFound) = leaf.search(key)
                return isFound ? Self.value(index, of: leaf.bytes) : .missing
            }
        }
    }

    /// Copies what lies plain in lent pages, each level of memory for all keys before the next.
    private func read(_ keys: KeyBatch, _ scratch: inout Scratch, into found: inout [Found]) {
        let byteCount = nodes.payloadByteCount
        var touched: UInt8 = 0
        for page in scratch.lent {
            if let leaf = NodeBytes(leaf: page, byteCount: byteCount) { touched ^= leaf.touchSearch() }
        }
        scratch.places.removeAll(keepingCapacity: true)
        for (place, page) in scratch.lent.enumerated() {
            guard let leaf = NodeBytes(leaf: page, byteCount: byteCount) else {
                scratch.places.append(-1)
                continue
            }
            let (index, isFound) = keys.search(place, in: leaf)
            if isFound { touched ^= leaf.touchValue(index) } else { found[place] = .missing }
            scratch.places.append(isFound ? index : -1)
        }
        self.touched = touched
        for (place, page) in scratch.lent.enumerated() where scratch.places[place] >= 0 {
            guard let leaf = NodeBytes(leaf: page, byteCount: byteCount) else { continue }
            found[place] = Self.value(scratch.places[place], of: leaf)
        }
    }

    /// Looks for keys together, and leaves where they are in `spots`, in the keys' order.
    package func find(_ keys: KeyBatch, into spots: inout [Spot]) throws(PageFault) {
        var scratch = Scratch()
        swap(&scratch, &known)
        defer { swap(&scratch, &known) }
        spots.removeAll(keepingCapacity: true)
        if keys.count > 1, try nodes.leafPages(for: keys, into: &scratch.leaves) {
            try view.pages(scratch.leaves, into: &scratch.frames)
            for (place, frame) in scratch.frames.enumerated() {
                guard let frame else { throw .corruptPage(scratch.leaves[place]) }
                spots.append(Spot(leaf: try tree.checked(Node(frame), level: 0), index: nil))
            }
            scratch.frames.removeAll(keepingCapacity: true)
        } else {
            for place in 0..<keys.count {
                let leaf = try keys.withKey(place) { (key) throws(PageFault) -> Node in try self.leaf(for: key) }
                spots.append(Spot(leaf: leaf, index: nil))
            }
        }
        var touched: UInt8 = 0
        for spot in spots { touched ^= spot.leaf.touchSearch() }
        for place in 0..<keys.count {
            let leaf = spots[place].leaf
            let (index, isFound) = keys.search(place, in: leaf.bytes)
            guard isFound else { continue }
            touched ^= leaf.touchValue(index)
            spots[place] = Spot(leaf: leaf, index: index)
        }
        self.touched = touched
    }

    /// Lends the value at a spot, nil when there is none.
    package func withValue<R>(
        of spot: Spot, _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R? {
        guard let index = spot.index else { return nil }
        guard index < spot.leaf.count, spot.leaf.isLeaf else {
            throw .corruptStructure(page: spot.leaf.id, reason: "changed under a reader")
        }
        if spot.leaf.isPlainInline(index) { return try spot.leaf.withInlineBytes(index, body) }
        let value = try StoredValue.load(index, of: spot.leaf, in: view)
        return try body(value.span.bytes)
    }

    // MARK: Descent

    private func leaf(for key: RawSpan) throws(PageFault) -> Node {
        guard let page = try nodes.leafPage(for: key) else { return try tree.leaf(for: key, in: view) }
        return try tree.open(page, level: 0, in: view)
    }
}

extension KeyBatch {
    /// Searches a node for a key.
    @inline(__always)
    fileprivate func search(_ place: Int, in node: NodeBytes) -> (index: Int, isFound: Bool) {
        withKey(place) { (key: RawSpan) -> (index: Int, isFound: Bool) in node.search(key) }
    }
}
