import StoreIO

// Moving pages towards the file's beginning, so that its end can be cut off.
//
// The layers above know who points to a page; this file finds the lowest free page and moves the content. A move is an
// ordinary change of an ordinary transaction: a crash anywhere leaves a sound file, and no second copy of it is needed.

extension PageTransaction {
    /// A fresh page below `limit`, or nil when none is free there. O(free map) at worst; the map is scanned from below.
    package func allocateLow(before limit: UInt64) throws(PageFault) -> PageFrame? {
        guard working.freePageCount > 0, let id = try takeLowestFreePage(before: limit) else { return nil }
        let frame = PageFrame(id: id, byteCount: payloadByteCount)
        frame.zero()
        dirty[id.number] = frame
        return frame
    }

    /// Moves a page's content to a free page below `limit` and frees the old place; nil when none is free there. The
    /// caller sets whatever pointed to it.
    package func moveLow(_ id: PageID, before limit: UInt64) throws(PageFault) -> PageID? {
        let old = try page(id)
        guard let frame = try allocateLow(before: limit) else { return nil }
        frame.base.copyMemory(from: old.base, byteCount: payloadByteCount)
        frame.validatedAs = old.validatedAs
        try free(id)
        return frame.id
    }

    /// Where the data would end without gaps: pages in use, map pages and log extents below it counted. O(blocks).
    package func compactEnd() throws(PageFault) -> UInt64 {
        let geometry = pager.geometry
        var used = UInt64(try usedDataPages().count)
        var block: UInt64 = 0
        while true {
            let reserved = geometry.reservedEnd(ofBlock: block) - (block == 0 ? 0 : 2)
            // The pages before a later block's map page are data.
            let first = block * geometry.entriesPerPage
            let taken = (first..<first + geometry.entriesPerPage).reduce(into: UInt64(0)) { count, page in
                if pager.writer.log.extents.contains(page: page) { count += 1 }
            }
            let room = geometry.entriesPerPage - min(geometry.entriesPerPage, reserved + taken)
            if used <= room { return first + reserved + taken + used + (block == 0 ? 0 : 2) }
            used -= room
            block += 1
        }
    }

    /// Pages of the data area, free ones included.
    package var pageEnd: UInt64 { working.pageCount }
}
