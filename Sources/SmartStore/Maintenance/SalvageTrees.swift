import PageStore
import TreeStore

// Leaves of a damaged tree: those that its root still leads to, and those that only their tag tells.

/// What is left of one tree.
struct TreeRemains {
    /// Leaves, the surest first.
    var leaves: [PageID] = []
    /// Pages that the tree leads to and that are lost.
    var damaged: [UInt64] = []
    /// Whether every node from the root down was read and is surely the newest, so that there can be no other leaf.
    var isComplete = false
}

/// Finds the leaves of trees in a damaged file.
struct TreeFinder {
    private let view: SalvageView
    /// Leaves by tag.
    private var leaves: [TreeTag: [PageID]] = [:]
    /// Pages that belong to a tree that was found.
    private(set) var claimed: Set<PageID> = []

    init(_ view: SalvageView) {
        self.view = view
        for page in view.pages where view.isLent(page) {
            guard let scrap = NodeScrap(header: page.header), scrap.isLeaf else { continue }
            leaves[scrap.tag, default: []].append(page.id)
        }
    }

    /// The leaves of a tree, by its root where that is known and by its tag.
    mutating func remains(root: PageID?, tag: TreeTag?) -> TreeRemains {
        var remains = TreeRemains()
        var tag = tag
        var reached: Set<PageID> = []
        if let root {
            remains.isComplete = true
            var stack: [(id: PageID, level: Int?)] = [(root, nil)]
            while let (id, level) = stack.popLast() {
                guard let page = view.salvaged(id), view.isLent(page), let scrap = NodeScrap(header: page.header),
                    level == nil || scrap.level == level, scrap.tag == tag ?? scrap.tag, reached.insert(id).inserted
                else {
                    remains.damaged.append(id.number)
                    remains.isComplete = false
                    continue
                }
                if view.formatVersion >= 2 { tag = tag ?? scrap.tag }
                // An older node leads to the leaves of its time: those that were split off since are missing. A root that was
                // a leaf may have leaves below it now.
                if page.standing != .current, !scrap.isLeaf || id == root { remains.isComplete = false }
                if scrap.isLeaf {
                    remains.leaves.append(id)
                } else if let children = try? NodeScrap.children(of: id, in: view) {
                    for child in children { stack.append((child, scrap.level - 1)) }
                } else {
                    remains.damaged.append(id.number)
                    remains.isComplete = false
                }
            }
        }
        if !remains.isComplete, let tag, tag != .none {
            remains.leaves += (leaves[tag] ?? []).filter { reached.insert($0).inserted }
        }
        claimed.formUnion(reached)
        remains.leaves = sorted(remains.leaves)
        remains.damaged.sort()
        return remains
    }

    /// Leaves that belong to no tree that was found, by tag.
    func orphans() -> [(tag: TreeTag, leaves: [PageID])] {
        leaves.map { ($0.key, sorted($0.value.filter { !claimed.contains($0) })) }
            .filter { !$0.1.isEmpty }.sorted { $0.0.value < $1.0.value }
    }

    /// The surest first, and of equals the newest.
    private func sorted(_ pages: [PageID]) -> [PageID] {
        func rank(_ id: PageID) -> (Int, UInt64, UInt64) {
            guard let page = view.salvaged(id) else { return (.max, 0, id.number) }
            return (page.standing.rawValue, .max - page.version, id.number)
        }
        return pages.sorted { rank($0) < rank($1) }
    }
}

/// A row that was read.
struct SalvagedRow {
    let key: [UInt8]
    /// nil when it is not whole.
    let value: [UInt8]?
    /// How sure it is that the row is the newest.
    let standing: ImageStanding
}

extension SalvageView {
    /// Lends the rows of leaves, in the order of the leaves.
    func rows(of leaves: [PageID], _ body: (SalvagedRow) throws -> Void) throws {
        for id in leaves {
            guard let leaf = try? LeafScrap(id, in: self) else { continue }
            let own = salvaged(id)?.standing ?? .outdated
            for index in 0..<leaf.count {
                worst = own
                lentVersions = []
                lentPages = []
                var value = try? leaf.value(index)
                // Pages of a chain that are not surely current must at least be of one commit: else the value may be put
                // together from two.
                if worst > .current, lentVersions.count > 1 { value = nil }
                try body(SalvagedRow(key: leaf.key(index), value: value, standing: worst))
            }
        }
    }
}
