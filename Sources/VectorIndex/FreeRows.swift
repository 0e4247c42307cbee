// Dead rows whose slots may be used again: nobody can see them, and no list leads to them.
//
// A row is in the line at most once that counts: where it stands is noted, so that the place of an earlier freeing, left
// behind when the row was used, is not mistaken for the present one. A row offered twice would get two vectors.

/// Slots in the order in which they became free.
struct FreeRows {
    private var line: [UInt32] = []
    /// Places of the line that were cut off at its front.
    private var cut = 0
    private var start = 0
    /// The place of each free row, counted from the first row ever.
    private var places: [UInt32: Int] = [:]

    init(_ rows: [UInt32]) {
        for row in rows { insert(row) }
    }

    var count: Int { places.count }

    /// All of them, ascending.
    var all: [UInt32] { places.keys.sorted() }

    func contains(_ row: UInt32) -> Bool { places[row] != nil }

    mutating func insert(_ row: UInt32) {
        guard places[row] == nil else { return }
        places[row] = cut + line.count
        line.append(row)
    }

    mutating func remove(_ row: UInt32) { places[row] = nil }

    private func isCurrent(_ at: Int) -> Bool { places[line[at]] == cut + at }

    /// Up to `count` of them, oldest first, none of them taken out.
    mutating func first(_ count: Int) -> [UInt32] {
        while start < line.count, !isCurrent(start) { start += 1 }
        if start > 4096 && start > line.count / 2 {
            line.removeFirst(start)
            cut += start
            start = 0
        }
        var found: [UInt32] = []
        var at = start
        while at < line.count && found.count < count {
            if isCurrent(at) { found.append(line[at]) }
            at += 1
        }
        return found
    }
}
