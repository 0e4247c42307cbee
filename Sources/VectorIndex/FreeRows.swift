// Dead rows whose slots may be used again: nobody can see them, and no list leads to them.

/// Slots in the order in which they became free.
struct FreeRows {
    private var queue: [UInt32]
    private var start = 0
    private var members: Set<UInt32>

    init(_ rows: [UInt32]) {
        queue = rows
        members = Set(rows)
    }

    var count: Int { members.count }

    /// All of them, ascending.
    var all: [UInt32] { members.sorted() }

    func contains(_ row: UInt32) -> Bool { members.contains(row) }

    mutating func insert(_ row: UInt32) {
        if members.insert(row).inserted { queue.append(row) }
    }

    mutating func remove(_ row: UInt32) { members.remove(row) }

    /// Up to `count` of them, oldest first, none of them taken out.
    mutating func first(_ count: Int) -> [UInt32] {
        while start < queue.count, !members.contains(queue[start]) { start += 1 }
        if start > 4096 && start > queue.count / 2 {
            queue.removeFirst(start)
            start = 0
        }
        var found: [UInt32] = []
        var at = start
        while at < queue.count && found.count < count {
            if members.contains(queue[at]) { found.append(queue[at]) }
            at += 1
        }
        return found
    }
}
