// A growable array of bytes on whole pages, found through a radix tree of index pages like an inode's block map.
//
// 1. The root is an index page and keeps its number; the array grows deeper by moving the root's content down.
// 2. An index page of level n leads to pages of level n-1; those of level 0 hold data. Levels fall by one a step, so
//    pages that lead in circles are found, and each page says which array page it is or begins with, so that swapped
//    pages are found too.
// 3. A page never written is a hole: no child, reads as zeros. Nothing at or beyond the page count has a page.

package import PageStore

/// A byte array on pages, named by its root page. Page k of the array holds bytes k*capacity to (k+1)*capacity, where
/// capacity is `bytesPerPage`.
///
/// Like `Tree` it is only a name. Reads cost one page lookup a level of the index, three levels holding 8 TB at 8-KiB
/// pages.
package struct PagedArray: Sendable, Hashable {
    /// The page that names the array, for its whole life.
    package let root: PageID

    /// Names an array made earlier. Nothing is read.
    package init(root: PageID) {
        self.root = root
    }

    /// Makes an empty array of one page.
    package static func create(in tx: PageTransaction) throws(PageFault) -> PagedArray {
        try tx.relieve()
        let frame = try tx.allocate(near: nil)
        _ = ArrayPage(formatting: frame, level: 1, mark: 0)
        return PagedArray(root: frame.id)
    }

    /// Array bytes on each page: the payload less its header, in whole 16-byte units.
    package static func bytesPerPage(payloadByteCount: Int) -> Int {
        (payloadByteCount - ArrayPage.headerByteCount) / 16 * 16
    }

    // MARK: Reading

    /// Fills a span with the bytes from `offset` on. Bytes never written, and those beyond the end, are zeros.
    /// - Parameter cached: false when a miss should not enter the page cache.
    package func read(
        at offset: UInt64, into bytes: inout MutableRawSpan, in view: PageView, cached: Bool = true
    ) throws(PageFault) {
        let capacity = PagedArray.bytesPerPage(payloadByteCount: view.payloadByteCount)
        let (end, overflows) = offset.addingReportingOverflow(UInt64(bytes.byteCount))
        guard !overflows else { throw .limitExceeded(name: "array byte offset", limit: Int.max) }
        let root = try openRoot(in: view)
        var position = offset
        while position < end {
            let index = position / UInt64(capacity)
            let start = Int(position % UInt64(capacity))
            let count = Int(min(UInt64(capacity - start), end - position))
            let into = Int(position - offset)
            if let page = try dataPage(index, root: root, in: view, cached: cached) {
                page.copyData(from: start, count: count, to: &bytes, at: into)
            } else {
                ArrayPage.clear(&bytes, from: into, count: count)
            }
            position += UInt64(count)
        }
    }

    /// Fills a span with the first bytes of one array page.
    /// - Parameter bytes: no longer than `bytesPerPage`.
    /// - Returns: false for a hole; the span is then zeros.
    @discardableResult
    package func readPage(
        _ index: UInt64, into bytes: inout MutableRawSpan, in view: PageView, cached: Bool = true
    ) throws(PageFault) -> Bool {
        precondition(bytes.byteCount <= PagedArray.bytesPerPage(payloadByteCount: view.payloadByteCount))
        let count = bytes.byteCount
        guard let page = try dataPage(index, root: openRoot(in: view), in: view, cached: cached) else {
            ArrayPage.clear(&bytes, from: 0, count: count)
            return false
        }
        page.copyData(from: 0, count: count, to: &bytes, at: 0)
        return true
    }

    /// The array's length in pages: one more than the highest page written and not truncated away.
    package func pageCount(in view: PageView) throws(PageFault) -> UInt64 {
        try openRoot(in: view).mark
    }

    // MARK: Descent

    func openRoot(in view: PageView) throws(PageFault) -> ArrayPage {
        let page = try ArrayPage(view.page(root))
        guard page.level > 0, page.level <= page.highestLevel else {
            throw .corruptStructure(page: root, reason: "array root is not an index page of a level it can have")
        }
        // A count beyond what the index reaches would have pages nowhere.
        guard page.mark <= page.reach else { throw .corruptStructure(page: root, reason: "array count out of reach") }
        return page
    }

    /// Opens a page below the root: of this level, and beginning with this array page.
    func open(
        _ id: PageID, level: Int, first: UInt64, in view: PageView, cached: Bool = true
    ) throws(PageFault) -> ArrayPage {
        let page = try ArrayPage(cached ? view.page(id) : view.pageUncached(id))
        guard page.level == level, page.mark == first else {
            throw .corruptStructure(page: id, reason: "array page out of its place")
        }
        return page
    }

    /// The data page of an array page; nil for a hole.
    private func dataPage(
        _ index: UInt64, root: ArrayPage, in view: PageView, cached: Bool
    ) throws(PageFault) -> ArrayPage? {
        guard index < root.mark else { return nil }
        var page = root
        while page.level > 0 {
            let slot = page.slot(of: index)
            guard let child = page.child(slot) else { return nil }
            let level = page.level - 1
            let isCached = cached || level > 0
            page = try open(child, level: level, first: page.first(of: index), in: view, cached: isCached)
        }
        return page
    }
}

// MARK: -

/// A view of one page of an array. With OverflowChain and the Node files this is where page bytes are touched.
///
///     0 kind (4 data, 5 index) | 1 level (0 data) | 2-7 zero | 8 mark, u64 | 16 data, or children, u64 each
///
/// The mark is the array page that this page is or begins with; in the root it is the array's page count.
struct ArrayPage {
    static let headerByteCount = 16
    private static let markOffset = 8
    private static let childByteCount = 8
    /// More than any page size needs; see `highestLevel`.
    private static let maximumLevel = 7

    let frame: PageFrame
    private var base: UnsafeMutableRawPointer { frame.base }

    /// Opens a page, checking what can be checked of it alone.
    init(_ frame: PageFrame) throws(PageFault) {
        let kind = frame.base.load(fromByteOffset: NodeLayout.kind, as: UInt8.self)
        let level = frame.base.load(fromByteOffset: NodeLayout.level, as: UInt8.self)
        let isOne =
            (kind == PageKind.arrayData && level == 0)
            || (kind == PageKind.arrayIndex && level > 0 && level <= ArrayPage.maximumLevel)
        guard isOne, frame.validatedAs == 0 || frame.validatedAs == kind else {
            throw .corruptStructure(page: frame.id, reason: "not an array page")
        }
        frame.validatedAs = kind
        self.frame = frame
    }

    /// Makes a zeroed frame an array page without data or children.
    init(formatting frame: PageFrame, level: Int, mark: UInt64) {
        let kind = level == 0 ? PageKind.arrayData : PageKind.arrayIndex
        frame.base.storeBytes(of: kind, toByteOffset: NodeLayout.kind, as: UInt8.self)
        frame.base.storeBytes(of: UInt8(level), toByteOffset: NodeLayout.level, as: UInt8.self)
        frame.base.storeBytes(of: mark.littleEndian, toByteOffset: ArrayPage.markOffset, as: UInt64.self)
        frame.validatedAs = kind
        self.frame = frame
    }

    var level: Int { Int(base.load(fromByteOffset: NodeLayout.level, as: UInt8.self)) }
    var mark: UInt64 { UInt64(littleEndian: base.load(fromByteOffset: ArrayPage.markOffset, as: UInt64.self)) }

    /// Children of an index page.
    var fanOut: Int { (frame.byteCount - ArrayPage.headerByteCount) / ArrayPage.childByteCount }

    /// Array pages below each child of an index page of this level, as far as 64 bits can say.
    private static func span(level: Int, fanOut: Int) -> UInt64 {
        var span: UInt64 = 1
        for _ in 1..<max(level, 1) {
            let (product, overflows) = span.multipliedReportingOverflow(by: UInt64(fanOut))
            if overflows { return .max }
            span = product
        }
        return span
    }

    /// The lowest level that reaches every 64-bit byte offset. Below it array page numbers cannot overflow.
    var highestLevel: Int {
        let needed = UInt64.max / UInt64(capacity)
        var level = 1
        while ArrayPage.span(level: level + 1, fanOut: fanOut) <= needed { level += 1 }
        return level
    }

    /// Array pages below each child.
    var childSpan: UInt64 { ArrayPage.span(level: level, fanOut: fanOut) }

    /// Array pages below this page.
    var reach: UInt64 { ArrayPage.span(level: level + 1, fanOut: fanOut) }

    /// The child below which an array page lies. The page must be within this page's reach.
    func slot(of index: UInt64) -> Int {
        Int((index / childSpan) % UInt64(fanOut))
    }

    /// The array page with which the child of `slot(of:)` begins.
    func first(of index: UInt64) -> UInt64 {
        index - index % childSpan
    }

    func child(_ slot: Int) -> PageID? {
        precondition(slot < fanOut)
        let offset = ArrayPage.headerByteCount + slot * ArrayPage.childByteCount
        let number = UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self))
        withExtendedLifetime(frame) {}
        return number == 0 ? nil : PageID(number)
    }

    // MARK: Changes, on frames got for writing

    func setChild(_ slot: Int, _ id: PageID?) {
        precondition(slot < fanOut)
        let offset = ArrayPage.headerByteCount + slot * ArrayPage.childByteCount
        base.storeBytes(of: (id?.number ?? 0).littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    func setMark(_ mark: UInt64) {
        base.storeBytes(of: mark.littleEndian, toByteOffset: ArrayPage.markOffset, as: UInt64.self)
    }

    func setLevel(_ level: Int) {
        base.storeBytes(of: UInt8(level), toByteOffset: NodeLayout.level, as: UInt8.self)
    }

    /// Takes over the children of another index page.
    func setChildren(of other: ArrayPage) {
        let byteCount = fanOut * ArrayPage.childByteCount
        (base + ArrayPage.headerByteCount).copyMemory(
            from: other.base + ArrayPage.headerByteCount, byteCount: byteCount)
        withExtendedLifetime(other.frame) {}
    }

    // MARK: Data

    private var capacity: Int { PagedArray.bytesPerPage(payloadByteCount: frame.byteCount) }

    /// Copies data bytes out.
    func copyData(from start: Int, count: Int, to bytes: inout MutableRawSpan, at offset: Int) {
        precondition(start >= 0 && count >= 0 && start + count <= capacity && offset + count <= bytes.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            guard count > 0, let target = bytes.baseAddress else { return }
            (target + offset).copyMemory(from: base + ArrayPage.headerByteCount + start, byteCount: count)
        }
        withExtendedLifetime(frame) {}
    }

    /// Copies data bytes in.
    func setData(_ bytes: RawSpan, at start: Int) {
        precondition(start >= 0 && start + bytes.byteCount <= capacity)
        bytes.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            (base + ArrayPage.headerByteCount + start).copyMemory(from: source, byteCount: bytes.count)
        }
    }

    static func clear(_ bytes: inout MutableRawSpan, from start: Int, count: Int) {
        precondition(start >= 0 && count >= 0 && start + count <= bytes.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            guard count > 0, let target = bytes.baseAddress else { return }
            (target + start).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        }
    }
}
