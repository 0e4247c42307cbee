package import StoreIO
import Synchronization

// Copying a store page by page, while it is in use.
//
//   a fixed view → every used page's sealed image, unchanged → a map made for the copy → slots → sync
//
// 1. The copy equals one commit. It has the file's id and keys, and no log: what the log held is in its place.
// 2. Images are copied as they are, so nothing is sealed twice. Each is opened and compared with map or log before it is
//    written: a damaged page stops the copy and names itself.
// 3. Checkpoints may move pages home meanwhile, never past the view; a page that moved is read again.
// 4. The map is sealed afresh, under the running epoch: a nonce is never used twice, and the copy's map differs from the
//    original's even at the same version.

/// Where a copy goes.
protocol CopyTarget: ~Copyable {
    /// Takes a sealed image. Pages come in any order; map pages last.
    mutating func put(_ page: PageID, _ image: IOBuffer) throws(PageFault)
    /// Takes the slot's bytes and ends the copy, durably.
    mutating func finish(slot: [UInt8], byteCount: UInt64) throws(PageFault)
}

/// What a copy did.
package struct CopyReport: Sendable {
    package var anchor: CommitAnchor
    /// Pages written, map pages included.
    package var writtenPages: UInt64 = 0
    /// Used pages of the copied commit, map pages included.
    package var usedPages: UInt64 = 0
    package var byteCount: UInt64 = 0
}

/// The commit that a copy shows.
struct CopyBase {
    var snapshot: Snapshot
    /// Data pages in use. Listed at the start: the map is taken home whatever readers see, so later it says more.
    var used: [UInt64]
    var logEnd: LogPosition
    var tag: Tag
}

extension Pager {
    /// Fixes the newest commit. The turn is held for a moment.
    func copyBase() throws(PageFault) -> CopyBase {
        if isReadOnly {
            let snapshot = try beginSnapshot()
            return CopyBase(
                snapshot: snapshot, used: try usedPages(), logEnd: writer.log.end, tag: writer.latestTag)
        }
        try turn.lock()
        defer { turn.unlock() }
        guard !isClosed else { throw .closed }
        // Everything appended is published then, so that the view, the tag and the list belong together.
        try flush()
        let used = try usedPages()
        return CopyBase(snapshot: try beginSnapshot(), used: used, logEnd: writer.log.end, tag: writer.latestTag)
    }

    private func usedPages() throws(PageFault) -> [UInt64] {
        let transaction = PageTransaction(pager: self, base: writer.latest)
        defer { transaction.abandonKeepingTurn() }
        return try transaction.usedDataPages()
    }

    /// Copies the commit that `base` fixed.
    /// - Parameters:
    ///   - unless: whether the target has this image already.
    ///   - progress: told (pages done, pages, bytes written since the last call); returning false cancels.
    func copy(
        _ base: CopyBase, to target: inout some CopyTarget & ~Copyable,
        unless isThere: (PageID, ImageName) throws(PageFault) -> Bool,
        progress: (UInt64, UInt64, Int) -> Bool
    ) throws(PageFault) -> CopyReport {
        let snapshot = base.snapshot
        var report = CopyReport(
            anchor: CommitAnchor(fileID: fileID, sequence: snapshot.state.sequence, root: base.tag))
        let buffer = IOBuffer(byteCount: pageSize)
        var map = CopiedMap(pager: self)
        for page in base.used {
            let image = try readImage(PageID(page), atMost: snapshot.state.sequence, into: buffer)
            map.record(page, image)
            var written = 0
            if try !isThere(PageID(page), image) {
                try target.put(PageID(page), buffer)
                report.writtenPages += 1
                written = pageSize
            }
            report.usedPages += 1
            guard progress(report.usedPages, UInt64(base.used.count), written) else { throw .cancelled }
        }
        let sealed = try map.seal(version: snapshot.state.sequence, state: snapshot.state, into: &target)
        report.writtenPages += sealed.pages
        report.usedPages += sealed.pages
        report.byteCount = sealed.state.pageCount * UInt64(pageSize)
        let slot = try withSlots { () throws(PageFault) in
            var record = CheckpointRecord()
            record.state = sealed.state
            record.logTail = base.logEnd
            record.tailTag = base.tag
            record.isClean = true
            record.cleanEnd = base.logEnd
            record.created = created
            record.spaceRoots = sealed.roots
            let superblock = Superblock(
                identity: slots.newest.identity, slotSequence: slots.newest.slotSequence + 1, record: record)
            return try superblock.encode(with: pageCodec, headerKey: slots.user?.headerKey)
        }
        try target.finish(slot: slot, byteCount: report.byteCount)
        return report
    }

    /// The sealed image of a page as of `sequence`, opened and compared with what log or map name.
    private func readImage(
        _ id: PageID, atMost sequence: CommitSequence, into buffer: IOBuffer
    ) throws(PageFault) -> ImageName {
        var attempt = 0
        while true {
            let location = cache.locate(id.number, atMost: sequence)
            do throws(PageFault) {
                let (offset, wanted): (UInt64, ImageName)
                if case .log(let version, let image) = location, !image.isWhole {
                    let frame = try frame(id, atMost: version, keep: false)
                    let tag = try pageCodec.seal(frame, version: version, into: buffer, at: 0)
                    return ImageName(version: version, tag: tag.low)
                }
                switch location {
                case .log(let version, let image):
                    (offset, wanted) = (image.offset, ImageName(version: version, tag: image.tag))
                case .home: (offset, wanted) = (id.number * UInt64(pageSize), try recordedImage(of: id))
                }
                try read(into: buffer, count: pageSize, at: offset)
                guard let (_, version) = try pageCodec.open(id, from: buffer, at: 0) else {
                    throw PageFault.corruptPage(id)
                }
                let tag = pageCodec.imageTag(in: buffer, at: 0)
                guard wanted.matches(version: version, tag: tag) else { throw PageFault.stalePage(id) }
                return ImageName(version: version, tag: tag.low)
            } catch {
                attempt += 1
                let moved = cache.locate(id.number, atMost: sequence) != location
                guard moved ? attempt < 16 : attempt < 3 else { throw error }
            }
        }
    }
}

/// The map of a copy, made from what was copied.
private struct CopiedMap {
    let pager: Pager
    private var used: [UInt64: [(index: Int, image: ImageName)]] = [:]
    private var lastPage: UInt64 = 0

    init(pager: Pager) { self.pager = pager }

    private var geometry: SpaceGeometry { pager.geometry }

    mutating func record(_ page: UInt64, _ image: ImageName) {
        used[geometry.block(of: page), default: []].append((Int(page % geometry.entriesPerPage), image))
        lastPage = max(lastPage, page)
    }

    /// Seals the map's pages from the bottom up; returns the state and roots of the copy.
    mutating func seal(
        version: CommitSequence, state: CommitState, into target: inout some CopyTarget & ~Copyable
    ) throws(PageFault) -> (state: CommitState, roots: [ImageName], pages: UInt64) {
        var state = state
        // The last block's map page stands behind its first two pages.
        let last = geometry.block(of: lastPage)
        state.pageCount = max(lastPage + 1, last * geometry.entriesPerPage + geometry.reservedEnd(ofBlock: last))
        state.freePageCount = 0
        let blocks = geometry.block(of: state.pageCount - 1) + 1
        let buffer = IOBuffer(byteCount: pager.pageSize)
        var directories: [UInt64: PageFrame] = [:]
        var tops: [UInt64: PageFrame] = [:]
        var roots = [ImageName](
            repeating: ImageName(version: 0, tag: nil), count: SuperblockLayout.spaceRootCount)
        var pages: UInt64 = 0
        func put(_ frame: PageFrame) throws(PageFault) -> ImageName {
            let tag = try pager.pageCodec.seal(frame, version: version, into: buffer, at: 0)
            try target.put(frame.id, buffer)
            pages += 1
            return ImageName(version: version, tag: geometry.namesTags ? tag.low : nil)
        }
        func parent(of id: PageID, among frames: inout [UInt64: PageFrame], level: UInt8) -> (PageFrame, Int)? {
            guard let (page, index) = geometry.parent(of: id.number) else { return nil }
            if let frame = frames[page.number] { return (frame, index) }
            let frame = PageFrame(id: page, byteCount: pager.pageCodec.payloadByteCount)
            frame.initialiseSpacePage(level: level)
            frames[page.number] = frame
            return (frame, index)
        }
        for block in 0..<blocks {
            let (frame, free) = spacePage(ofBlock: block, end: state.pageCount)
            state.freePageCount += UInt64(free)
            let image = try put(frame)
            guard let (directory, index) = parent(of: frame.id, among: &directories, level: 1) else { continue }
            geometry.setDirectoryEntry(version: version, free: free, index, of: directory)
            geometry.setTag(image.tag ?? 0, index, of: directory)
        }
        for (_, frame) in directories.sorted(by: { $0.key < $1.key }) {
            let image = try put(frame)
            guard let (top, index) = parent(of: frame.id, among: &tops, level: 2) else { continue }
            geometry.setDirectoryEntry(version: version, free: 0, index, of: top)
            geometry.setTag(image.tag ?? 0, index, of: top)
        }
        for (page, frame) in tops.sorted(by: { $0.key < $1.key }) {
            roots[geometry.topIndex(ofBlock: geometry.block(of: page))] = try put(frame)
        }
        return (state, roots, pages)
    }

    private func spacePage(ofBlock block: UInt64, end: UInt64) -> (PageFrame, free: Int) {
        let frame = PageFrame(
            id: geometry.spacePage(ofBlock: block), byteCount: pager.pageCodec.payloadByteCount)
        frame.initialiseSpacePage(level: 0)
        let first = block * geometry.entriesPerPage
        let count = Int(min(geometry.entriesPerPage, end - first))
        var free = 0
        for index in 0..<count {
            let isData = geometry.place(of: first + UInt64(index)) == .data
            geometry.setState(isData ? .free : .used, index, of: frame)
            if isData { free += 1 }
        }
        for (index, image) in used[block] ?? [] {
            geometry.setState(.used, index, of: frame)
            geometry.setImage(image, index, of: frame)
            free -= 1
        }
        return (frame, free)
    }
}
