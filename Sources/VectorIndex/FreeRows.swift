// Dead rows whose slots may be used again: nobody can see them, and no list leads to them.

/// Slots in the order in which they became free.
struct FreeRows {
    /// What became free, oldest first. A slot that was used and became free again stands here twice; only the place that
    /// `places` names counts.
    private var queue: [UInt32]
    private var start = 0
    /// Entries taken off the front of the queue so far.
    private var dropped = 0
    /// The place of each free slot, counted from the first entry there ever was.
    private var places: [UInt32: Int]

    init(_ rows: [UInt32]) {
        queue = []
        places = [:]
        for row in rows { insert(row) }
    }

    var count: Int { places.count }

    /// All of them, ascending.
    var all: [UInt32] { places.keys.sorted() }

    func contains(_ row: UInt32) -> Bool { places[row] != nil }

    mutating func insert(_ row: UInt32) {
        guard places[row] == nil else { return }
        places[row] = dropped + queue.count
        queue.append(row)
    }

    mutating func remove(_ row: UInt32) { places[row] = nil }

    /// Up to `count` of them, oldest first, none of them taken out, each once.
    mutating func first(_ count: Int) -> [UInt32] {
        while start < queue.count, !isFree(at: start) { start += 1 }
        if start > 4096 && start > queue.count / 2 {
            queue.removeFirst(start)
            dropped += start
            start = 0
        }
        var found: [UInt32] = []
        var at = start
        while at < queue.count && found.count < count {
            if isFree(at: at) { found.append(queue[at]) }
            at += 1
        }
        return found
    }

    private func isFree(at index: Int) -> Bool { places[queue[index]] == dropped + index }
}
