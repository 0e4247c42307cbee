// The log's place in the file: a list of page runs, used one after another and again once a checkpoint has passed them.
//
// An extent of n pages holds (n·P − 192) / (P + 192) slots, then room for the link to the next extent. A slot is a frame
// header and a page image.

struct LogGeometry: Sendable {
    let pageSize: UInt64

    var slotByteCount: UInt64 { pageSize + UInt64(LogFrame.headerByteCount) }

    func slots(pages: UInt64) -> UInt64 {
        let bytes = pages * pageSize
        let link = UInt64(LogFrame.headerByteCount)
        return bytes < link ? 0 : (bytes - link) / slotByteCount
    }

    func offset(of slot: UInt64, in extent: LogExtent) -> UInt64 {
        extent.firstPage * pageSize + slot * slotByteCount
    }

    /// The link header stands behind the last slot.
    func linkOffset(in extent: LogExtent) -> UInt64 {
        offset(of: slots(pages: extent.pageCount), in: extent)
    }
}

/// Live extents in order of position, the last being written; spare ones behind them, in order of use.
struct LogExtents: Sendable {
    let geometry: LogGeometry
    private(set) var live: [LogExtent] = []
    private(set) var spare: [LogExtent] = []

    init(geometry: LogGeometry) { self.geometry = geometry }

    var all: [LogExtent] { live + spare }
    var count: Int { live.count + spare.count }
    var pageTotal: UInt64 { all.reduce(0) { $0 + $1.pageCount } }
    /// First page number beyond every extent.
    var pageEnd: UInt64 { all.map { $0.firstPage + $0.pageCount }.max() ?? 0 }

    func endPosition(of extent: LogExtent) -> LogPosition {
        (extent.firstPosition ?? 0) + geometry.slots(pages: extent.pageCount)
    }

    /// Slots that can be written from `end` on without another extent.
    func room(from end: LogPosition) -> UInt64 {
        let current = live.last.map { endPosition(of: $0) - end } ?? 0
        return current + spare.reduce(0) { $0 + geometry.slots(pages: $1.pageCount) }
    }

    /// The file offset of a position in a live extent.
    func offset(of position: LogPosition) -> UInt64? {
        for extent in live.reversed() {
            if let first = extent.firstPosition, position >= first {
                return position < endPosition(of: extent) ? geometry.offset(of: position - first, in: extent) : nil
            }
        }
        return nil
    }

    mutating func addSpare(_ extent: LogExtent) {
        var extent = extent
        extent.firstPosition = nil
        spare.append(extent)
    }

    /// `last` is the one being written; what claims positions from its first on, but is not it, becomes spare.
    mutating func endLive(with last: LogExtent) {
        let beyond = live.filter {
            $0.firstPage != last.firstPage && ($0.firstPosition ?? 0) >= (last.firstPosition ?? 0)
        }
        live.removeAll { beyond.contains($0) }
        for extent in beyond { addSpare(extent) }
    }

    mutating func addLive(_ extent: LogExtent) { live.append(extent) }

    /// The next spare extent becomes the one that is written, beginning at `position`.
    mutating func advance(at position: LogPosition) -> LogExtent? {
        guard !spare.isEmpty else { return nil }
        var extent = spare.removeFirst()
        extent.firstPosition = position
        live.append(extent)
        return extent
    }

    /// Extents that end before `tail` are needed by no superblock slot any more. One that ends at the tail still is: its
    /// link leads to the frame at the tail.
    mutating func release(before tail: LogPosition) {
        while let first = live.first, live.count > 1, endPosition(of: first) < tail {
            live.removeFirst()
            addSpare(first)
        }
    }

    /// Drops every extent that overlaps page `page`'s extent by starting there.
    mutating func remove(startingAt page: UInt64) {
        live.removeAll { $0.firstPage == page }
        spare.removeAll { $0.firstPage == page }
    }

    mutating func removeSpares() -> [LogExtent] {
        let removed = spare
        spare = []
        return removed
    }

    /// Ends the log's hold on every extent; possible only when no slot needs a frame.
    mutating func removeAll() {
        live = []
        spare = []
    }

    /// Nothing in the log is needed: it goes on in `extent`, and every other one is spare.
    mutating func restart(in extent: LogExtent) {
        for old in live { addSpare(old) }
        live = [extent]
    }

    func contains(page: UInt64) -> Bool {
        all.contains { page >= $0.firstPage && page - $0.firstPage < $0.pageCount }
    }
}
