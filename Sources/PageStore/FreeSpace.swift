// Handing out and taking back pages, inside a transaction.
//
// 1. A page is free, used, a page of the space map, or part of a log extent: never two of these.
// 2. Free pages come first, near the hint; then the data area grows.
// 3. The log's extents come from the end of the file and are skipped when the data area grows past them.

/// Where free pages are likely to be: in memory only, per block, corrected when a look shows otherwise.
struct FreeHints {
    /// Free pages of each block; −1 when they must be counted.
    var counts: [Int32] = []
    var isLoaded = false
    var cursor = 0
    var pageCursor = 0

    mutating func grow(toBlocks blocks: Int) {
        if counts.count < blocks { counts += [Int32](repeating: 0, count: blocks - counts.count) }
    }
}

extension PageTransaction {
    private var geometry: SpaceGeometry { pager.geometry }

    private func mutableSpacePage(ofBlock block: UInt64) throws(PageFault) -> PageFrame {
        touchedBlocks.insert(block)
        return try mutablePage(geometry.spacePage(ofBlock: block))
    }

    /// A page number for new content, marked used.
    func takePage(near: PageID?) throws(PageFault) -> PageID {
        if working.freePageCount > 0, let id = try takeFreePage(near: near) { return id }
        while true {
            // An extent beyond the data area, left by a crash or by a transaction that was given up, comes into it before
            // the data area grows over it.
            if pager.writer.log.extents.pageEnd > working.pageCount, !pager.writer.isHandingBack {
                try adoptExtents()
                if working.freePageCount > 0, let id = try takeFreePage(near: nil) { return id }
            }
            let page = working.pageCount
            let block = geometry.block(of: page)
            if page % geometry.entriesPerPage == 0 {
                try openBlock(block)
                if working.freePageCount > 0, let id = try takeFreePage(near: nil) { return id }
                continue
            }
            guard page < geometry.pageLimit else { throw .limitExceeded(name: "pages", limit: Int(geometry.pageLimit)) }
            guard page < growthLimit else { throw .diskFull }
            geometry.setState(.used, Int(page % geometry.entriesPerPage), of: try mutableSpacePage(ofBlock: block))
            working.pageCount = page + 1
            return PageID(page)
        }
    }

    func givePage(_ id: PageID) throws(PageFault) {
        guard id.number < working.pageCount, geometry.place(of: id.number) == .data else {
            throw .corruptStructure(page: id, reason: "freed, but not a data page")
        }
        let block = geometry.block(of: id.number)
        let index = Int(id.number % geometry.entriesPerPage)
        let map = try mutableSpacePage(ofBlock: block)
        guard geometry.state(index, of: map) == .used else {
            throw .corruptStructure(page: id, reason: "freed, but not in use")
        }
        geometry.setState(.free, index, of: map)
        working.freePageCount += 1
        pager.writer.hints.grow(toBlocks: Int(block) + 1)
        let count = pager.writer.hints.counts[Int(block)]
        if count >= 0 { pager.writer.hints.counts[Int(block)] = count + 1 }
    }

    private func takeFreePage(near: PageID?) throws(PageFault) -> PageID? {
        try pager.loadHints(for: self)
        let blocks = Int(geometry.block(of: max(1, working.pageCount) - 1)) + 1
        pager.writer.hints.grow(toBlocks: blocks)
        if let near, let id = try takeFreePage(inBlock: Int(geometry.block(of: near.number)), from: near) { return id }
        for round in 0..<2 {
            var block = pager.writer.hints.cursor < blocks ? pager.writer.hints.cursor : 0
            for _ in 0..<blocks {
                if let id = try takeFreePage(inBlock: block, from: nil) {
                    pager.writer.hints.cursor = block
                    return id
                }
                block = block + 1 == blocks ? 0 : block + 1
            }
            // The counters say that there are free pages, the hints do not find them: count anew, once.
            if round == 0 { for index in 0..<blocks { pager.writer.hints.counts[index] = -1 } }
        }
        return nil
    }

    private func takeFreePage(inBlock block: Int, from near: PageID?) throws(PageFault) -> PageID? {
        guard block < pager.writer.hints.counts.count, pager.writer.hints.counts[block] != 0 else { return nil }
        let first = UInt64(block) * geometry.entriesPerPage
        if pager.writer.log.extents.coversBlock(first, pages: geometry.entriesPerPage) {
            pager.writer.hints.counts[block] = 0
            return nil
        }
        let entries = Int(geometry.entriesPerPage)
        let map = try page(geometry.spacePage(ofBlock: UInt64(block)))
        if pager.writer.hints.counts[block] < 0 {
            pager.writer.hints.counts[block] = Int32(geometry.countFree(in: map))
        }
        let start = near.map { Int($0.number % geometry.entriesPerPage) } ?? pager.writer.hints.pageCursor % entries
        for step in 0..<entries {
            let index = start + step < entries ? start + step : start + step - entries
            guard geometry.state(index, of: map) == .free else { continue }
            geometry.setState(.used, index, of: try mutableSpacePage(ofBlock: UInt64(block)))
            working.freePageCount -= 1
            pager.writer.hints.counts[block] -= 1
            pager.writer.hints.pageCursor = index + 1
            return PageID(first + UInt64(index))
        }
        pager.writer.hints.counts[block] = 0
        return nil
    }

    /// The lowest free page below `limit`, marked used.
    func takeLowestFreePage(before limit: UInt64) throws(PageFault) -> PageID? {
        try pager.loadHints(for: self)
        let end = min(limit, working.pageCount)
        let blocks = Int(geometry.block(of: max(1, working.pageCount) - 1)) + 1
        pager.writer.hints.grow(toBlocks: blocks)
        for block in 0..<blocks where UInt64(block) * geometry.entriesPerPage < end {
            guard let id = try takeFreePage(inBlock: block, from: PageID(UInt64(block) * geometry.entriesPerPage))
            else { continue }
            if id.number < end { return id }
            try givePage(id)
            return nil
        }
        return nil
    }

    /// Enters a new block: makes its map pages, leaves what stands before them free.
    private func openBlock(_ block: UInt64) throws(PageFault) {
        let first = block * geometry.entriesPerPage
        let map = makeMapPage(geometry.spacePage(ofBlock: block), level: 0)
        touchedBlocks.insert(block)
        if geometry.hasDirectory(block) { _ = makeMapPage(PageID(first + 3), level: 1) }
        if geometry.hasTopDirectory(block) { _ = makeMapPage(PageID(first + 4), level: 2) }
        let reserved = geometry.reservedEnd(ofBlock: block)
        for index in 0..<Int(reserved) { geometry.setState(.used, index, of: map) }
        working.pageCount = first + reserved
        if block > 0 {
            geometry.setState(.free, 0, of: map)
            geometry.setState(.free, 1, of: map)
            working.freePageCount += 2
            pager.writer.hints.grow(toBlocks: Int(block) + 1)
            pager.writer.hints.counts[Int(block)] = 2
        }
    }

    private func makeMapPage(_ id: PageID, level: UInt8) -> PageFrame {
        let frame = PageFrame(id: id, byteCount: payloadByteCount)
        frame.initialiseSpacePage(level: level)
        dirty[id.number] = frame
        return frame
    }

    // MARK: The log's extents

    /// Where an extent of at least `pages` pages goes: behind the data area, within one block, or over whole blocks.
    func placeExtent(pages: UInt64) -> LogExtent {
        let entries = geometry.entriesPerPage
        let end = max(working.pageCount, pager.writer.log.extents.pageEnd)
        if pages <= entries - 5 {
            var block = geometry.block(of: end)
            var first = max(end, block * entries + geometry.reservedEnd(ofBlock: block))
            if first + pages > (block + 1) * entries {
                block += 1
                first = block * entries + geometry.reservedEnd(ofBlock: block)
            }
            return LogExtent(firstPage: first, pageCount: pages, firstPosition: nil)
        }
        let count = (pages + entries - 1) / entries
        var block = (end + entries - 1) / entries
        while let blocked = (block..<block + count).first(where: { geometry.hasDirectory($0) }) { block = blocked + 1 }
        return LogExtent(firstPage: block * entries, pageCount: count * entries, firstPosition: nil)
    }

    /// Brings the data area up to the end of the log's extents: what lies between becomes free pages. Also what a
    /// transaction that was given up had placed is adopted here by the next.
    func adoptExtents() throws(PageFault) {
        // A close that hands the log's room back leaves the last extent beyond the data area on purpose.
        if pager.writer.isHandingBack { return }
        let end = pager.writer.log.extents.pageEnd
        let entries = geometry.entriesPerPage
        let extents = pager.writer.log.extents.all
        while working.pageCount < end {
            let page = working.pageCount
            let block = geometry.block(of: page)
            let blockEnd = (block + 1) * entries
            if page % entries == 0 {
                if pager.writer.log.extents.coversBlock(page, pages: entries) {
                    working.pageCount = blockEnd
                } else {
                    try openBlock(block)
                }
                continue
            }
            if let extent = extents.first(where: { page >= $0.firstPage && page < $0.firstPage + $0.pageCount }) {
                working.pageCount = min(blockEnd, extent.firstPage + extent.pageCount)
                continue
            }
            geometry.setState(.free, Int(page % entries), of: try mutableSpacePage(ofBlock: block))
            working.freePageCount += 1
            working.pageCount = page + 1
            pager.writer.hints.grow(toBlocks: Int(block) + 1)
            let count = pager.writer.hints.counts[Int(block)]
            if count >= 0 { pager.writer.hints.counts[Int(block)] = count + 1 }
        }
    }

    /// Turns an extent that the log has given up into free pages.
    func adoptAsFree(_ extent: LogExtent) throws(PageFault) {
        let entries = geometry.entriesPerPage
        var page = extent.firstPage
        let end = min(extent.firstPage + extent.pageCount, working.pageCount)
        while page < end {
            let block = geometry.block(of: page)
            let blockStart = block * entries
            if page == blockStart, end >= blockStart + entries {
                // A whole block: it had no map page yet.
                let map = makeMapPage(geometry.spacePage(ofBlock: block), level: 0)
                touchedBlocks.insert(block)
                for index in 0..<Int(entries) { geometry.setState(index == 2 ? .used : .free, index, of: map) }
                working.freePageCount += entries - 1
                page = blockStart + entries
            } else {
                geometry.setState(.free, Int(page % entries), of: try mutableSpacePage(ofBlock: block))
                working.freePageCount += 1
                page += 1
            }
            pager.writer.hints.grow(toBlocks: Int(block) + 1)
            pager.writer.hints.counts[Int(block)] = -1
        }
    }

    /// Takes free pages at the very end off the data area, and with them blocks that are left empty. For the close, when
    /// nobody reads.
    func trimEnd() throws(PageFault) {
        let entries = geometry.entriesPerPage
        while working.pageCount > geometry.reservedEnd(ofBlock: 0) {
            let page = working.pageCount - 1
            let block = geometry.block(of: page)
            guard geometry.place(of: page) == .data else {
                guard try dropEmptyBlock(block) else { return }
                continue
            }
            if pager.writer.log.extents.contains(page: page) { return }
            let index = Int(page % entries)
            guard geometry.state(index, of: try self.page(geometry.spacePage(ofBlock: block))) == .free else { return }
            // The counter stands in the commit state, the states in the map: a file may let them contradict.
            guard working.freePageCount > 0 else {
                let map = geometry.spacePage(ofBlock: block)
                throw .corruptStructure(page: map, reason: "more free pages than counted")
            }
            geometry.setState(.outside, index, of: try mutableSpacePage(ofBlock: block))
            working.freePageCount -= 1
            working.pageCount = page
            if Int(block) < pager.writer.hints.counts.count { pager.writer.hints.counts[Int(block)] = -1 }
        }
    }
}

extension PageTransaction {
    /// Gives up a block of which only the map page and the two pages before it are left.
    private func dropEmptyBlock(_ block: UInt64) throws(PageFault) -> Bool {
        let geometry = pager.geometry
        let first = block * geometry.entriesPerPage
        guard block > 0, !geometry.hasDirectory(block), working.pageCount == first + 3,
            !pager.writer.log.extents.contains(page: first), !pager.writer.log.extents.contains(page: first + 1)
        else { return false }
        let space = geometry.spacePage(ofBlock: block)
        let map = try page(space)
        guard geometry.state(0, of: map) == .free, geometry.state(1, of: map) == .free else { return false }
        try forgetSpacePage(ofBlock: block)
        dirty.remove(space.number)
        spilled.remove(space.number)
        working.freePageCount -= 2
        working.pageCount = first
        return true
    }

    /// The directory names no space page for the block any more.
    private func forgetSpacePage(ofBlock block: UInt64) throws(PageFault) {
        let geometry = pager.geometry
        guard let (parent, index) = geometry.parent(of: geometry.spacePage(ofBlock: block).number) else { return }
        let directory = try mutablePage(parent)
        geometry.setDirectoryEntry(version: 0, free: 0, index, of: directory)
        geometry.setTag(0, index, of: directory)
        touchedBlocks.insert(block)
        if Int(block) < pager.writer.hints.counts.count { pager.writer.hints.counts[Int(block)] = -1 }
    }
}

extension LogExtents {
    /// Whether one extent covers `pages` pages from `first` on entirely.
    func coversBlock(_ first: UInt64, pages: UInt64) -> Bool {
        all.contains { $0.firstPage <= first && $0.firstPage + $0.pageCount >= first + pages }
    }
}
