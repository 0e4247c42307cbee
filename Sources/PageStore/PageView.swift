// What can read pages: a snapshot or a transaction. A class, so that a page access is one vtable hop.

package class PageView: @unchecked Sendable {
    // Unchecked: snapshots are immutable but for an atomic flag; a transaction stays with the thread that began it.
    package let payloadByteCount: Int
    /// The format version of the file.
    package let formatVersion: UInt32

    init(payloadByteCount: Int, formatVersion: UInt32) {
        self.payloadByteCount = payloadByteCount
        self.formatVersion = formatVersion
    }

    /// The page as this view sees it. O(1); reads and opens the page on a cache miss.
    package func page(_ id: PageID) throws(PageFault) -> PageFrame { throw .closed }

    /// Same, but a miss does not enter the cache: for big arrays that are kept elsewhere.
    package func pageUncached(_ id: PageID) throws(PageFault) -> PageFrame { throw .closed }

    /// Several pages as this view sees them, in the order of `ids`. What is in memory is found together, which takes less
    /// time than one after the other.
    package func pages(_ ids: [PageID], into frames: inout [PageFrame?]) throws(PageFault) {
        frames.removeAll(keepingCapacity: true)
        for id in ids { frames.append(try page(id)) }
    }

    /// Throws what reading a page would, when the view has ended: for who needs no page, because it kept one.
    package func checkOpen() throws(PageFault) {}

    /// Begins a section, in which pages in memory can be read without being held; nil where the view cannot lend them. What
    /// is copied out of it counts only when `end` has come back.
    package func beginSection() throws(PageFault) -> FrameSection? { nil }

    /// Ends a section that the view began.
    package func end(_ section: FrameSection) throws(PageFault) { section.end() }

    /// Whether pages look the same for as long as the view lives.
    package var isFixed: Bool { false }

    /// The state that this view stands on.
    package var state: CommitState { CommitState() }
}
