// What can read pages: a snapshot or a transaction. A class, so that a page access is one vtable hop.

package class PageView: @unchecked Sendable {
    // Unchecked: snapshots are immutable but for an atomic flag; a transaction stays with the thread that began it.
    package let payloadByteCount: Int

    init(payloadByteCount: Int) { self.payloadByteCount = payloadByteCount }

    /// The page as this view sees it. O(1); reads and opens the page on a cache miss.
    package func page(_ id: PageID) throws(PageFault) -> PageFrame { throw .closed }

    /// Same, but a miss does not enter the cache: for big arrays that are kept elsewhere.
    package func pageUncached(_ id: PageID) throws(PageFault) -> PageFrame { throw .closed }

    /// The state that this view stands on.
    package var state: CommitState { CommitState() }
}
