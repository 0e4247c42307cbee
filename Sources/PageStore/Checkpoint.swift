import StoreIO
import Synchronization

// Copying logged pages home.
//
//   sync the log → copy data pages home → record their versions in the map, as a transaction of its own → sync the log
//   → copy the map home → sync → write the older superblock slot → sync → release extents
//
// 1. Nothing newer than the oldest reader's commit is copied, and the log is cut where no later change stands on what is
//    before: at the commit where the checkpoint began, from which on pages are logged whole first; or, when a reader is
//    older, at one that divides no page's changes from what they stand on.
// 2. What goes home is in the log, durably, while it is written: a torn home page is replayed.
// 3. The slot moves the tail only after everything before the tail is home, durably.
// 4. An extent is released when neither slot needs a frame in it: so any slot may be lost at any moment.

extension Pager {
    /// Copies what readers allow. Returns whether the log's tail moved.
    @discardableResult
    package func checkpoint() throws(PageFault) -> Bool {
        guard !options.isReadOnly else { throw .readOnly }
        if let prepare = beforeCheckpoint.withLock({ $0 }) { try prepare(false) }
        try checkpointTurn.lock()
        defer { checkpointTurn.unlock() }
        guard !isClosed else { throw .closed }
        return try checkpointHoldingTurn(closing: false)
    }

    func checkpointHoldingTurn(closing: Bool) throws(PageFault) -> Bool {
        guard !logSync.failed else { throw .failed }
        let begun = try beginCut()
        if Defence.syncLogBeforeHome.isOn { try flush() }
        let allowed = readers.state.withLock { closing ? $0.published.sequence : $0.checkpointLimit }
        let limit = allowed >= begun ? begun : cache.cut(atMost: allowed)
        let home = try withSlots { () throws(PageFault) in slots.newest.record.state.sequence }
        guard limit > home || (closing && logByteCount > 0) else {
            statistics.checkpointsHeldBack.add(1)
            return false
        }
        let data = try copyHome(try dataToTakeHome(limit))
        let map = try recordVersions(of: data, limit: limit)
        if Defence.syncLogBeforeHome.isOn { try logSync.sync(through: map.end.end) }
        _ = try copyHome(map.pages)
        if Defence.syncHomeBeforeSlot.isOn { try latching { () throws(FileFault) in try file.sync() } }
        try withSlots { () throws(PageFault) in
            var record = slots.newest.record
            record.state = map.tail.state
            record.logTail = map.tail.end
            record.tailTag = map.tail.tag
            record.isClean = false
            record.spaceRoots = map.roots
            let known = Set(map.extents.map(\.firstPage))
            record.extents = map.extents + slots.namedExtents.filter { !known.contains($0.firstPage) }
            slots.namedExtents = []
            try writeSlot(record)
        }
        spaceRoots.withLock { $0 = map.roots }
        for moved in data + map.pages { cache.movedHome(moved.page, version: moved.version) }
        statistics.pagesCheckpointed.add(UInt64(data.count + map.pages.count))
        statistics.checkpoints.add(1)
        try releasePassedExtents()
        return true
    }

    /// The commit at which this checkpoint may cut the log: pages that change after it are logged whole first, so that no
    /// change stands on what is behind the cut.
    private func beginCut() throws(PageFault) -> CommitSequence {
        try turn.lock()
        defer { turn.unlock() }
        if Defence.wholeAfterCut.isOn { writer.wholeThrough = writer.latest.sequence }
        return writer.latest.sequence
    }

    /// The data pages that go home. What a close has cut off the data area stays behind, unless a reader still sees it.
    private func dataToTakeHome(_ limit: CommitSequence) throws(PageFault) -> [PageVersion] {
        let data = cache.versions(atMost: limit).filter { geometry.place(of: $0.page) == .data }
        try turn.lock()
        defer { turn.unlock() }
        guard limit == writer.latest.sequence else { return data }
        return data.filter { $0.page < writer.latest.pageCount }
    }

    /// Extents that neither slot needs any more become spare.
    func releasePassedExtents() throws(PageFault) {
        try turn.lock()
        defer { turn.unlock() }
        let (tail, needed) = try withSlots { () throws(PageFault) in
            let tail = slots.newest.record.logTail
            return (tail, Defence.bothSlotsNeed.isOn ? min(tail, slots.otherTail ?? tail) : tail)
        }
        writer.log.extents.release(before: needed)
        writer.commitEnds.removeAll { $0.end <= tail }
        logUse.withLock { $0.tail = tail }
    }

    private struct MapCommit {
        /// The commit that wrote the map.
        var end: CommitEnd
        /// Where the log's tail may go.
        var tail: CommitEnd
        var pages: [PageVersion]
        var extents: [LogExtent]
        var roots: [ImageName]
    }

    /// Writes the versions of home pages into the map, in a transaction of its own.
    private func recordVersions(
        of data: [PageVersion], limit: CommitSequence
    ) throws(PageFault) -> MapCommit {
        try turn.lock()
        defer { turn.unlock() }
        guard !logSync.failed else { throw .failed }
        let transaction = PageTransaction(pager: self, base: writer.latest)
        transaction.linksMap = true
        let base = writer.latest.sequence
        let sequence = base + 1
        do throws(PageFault) {
            for home in data {
                guard let (parent, index) = geometry.parent(of: home.page) else { continue }
                transaction.touchedBlocks.insert(geometry.block(of: home.page))
                let image = ImageName(version: home.version, tag: home.image.tag)
                geometry.setImage(image, index, of: try transaction.mutablePage(parent))
            }
            // Map pages that transactions have logged go home too, so they belong to this commit.
            for logged in cache.versions(atMost: .max)
            where geometry.place(of: logged.page) != .data && logged.page < writer.latest.pageCount {
                _ = try transaction.mutablePage(PageID(logged.page))
            }
            // Room for this commit may take an extent, and that may change the map again.
            var known = -1
            while known != transaction.dirty.count {
                known = transaction.dirty.count
                try linkMap(transaction, sequence: sequence)
                try prepareRoom(for: transaction)
            }
            try linkMap(transaction, sequence: sequence)
        } catch {
            transaction.abandonKeepingTurn()
            throw error
        }
        let pages = transaction.dirty.sortedKeys
        _ = try transaction.prepareCommitKeepingTurn()
        guard let end = writer.commitEnds.last else { throw .failed }
        // With no commit between, everything up to the map's own commit is home after this checkpoint.
        let tail = base == limit ? end : writer.commitEnds.last { $0.state.sequence <= limit }
        guard let tail else { throw .failed }
        let located = pages.compactMap { page -> PageVersion? in
            guard case .log(let version, let image) = cache.locate(page, atMost: sequence) else { return nil }
            return PageVersion(page: page, version: version, image: image)
        }
        var roots = spaceRoots.withLock { $0 }
        for top in located where geometry.place(of: top.page) == .topDirectory {
            let image = ImageName(version: top.version, tag: geometry.namesTags ? top.image.tag : nil)
            roots[geometry.topIndex(ofBlock: geometry.block(of: top.page))] = image
        }
        try withSlots { () throws(PageFault) in slots.namedExtents = [] }
        return MapCommit(
            end: end, tail: tail, pages: located, extents: writer.log.extents.all, roots: roots)
    }

    /// Records the versions of changed map pages in their directories. The tags follow when they are sealed.
    private func linkMap(_ transaction: PageTransaction, sequence: CommitSequence) throws(PageFault) {
        for page in transaction.dirty.sortedKeys where geometry.place(of: page) == .space {
            guard let (parent, index) = geometry.parent(of: page), let map = transaction.dirty[page] else { continue }
            let directory = try transaction.mutablePage(parent)
            geometry.setDirectoryEntry(version: sequence, free: geometry.countFree(in: map), index, of: directory)
        }
        for page in transaction.dirty.sortedKeys where geometry.place(of: page) == .directory {
            guard let (parent, index) = geometry.parent(of: page) else { continue }
            geometry.setDirectoryEntry(version: sequence, free: 0, index, of: try transaction.mutablePage(parent))
        }
    }

    // MARK: Home

    /// Bytes that go home before they are written back.
    private static let writeBackByteCount = 256 << 10

    /// Copies sealed images from the log to their home, unchanged, after checking each; what is logged as changes is sealed
    /// as a page here. In page order, neighbours with one write. Returns the pages with the images that are at home now.
    private func copyHome(_ pages: [PageVersion]) throws(PageFault) -> [PageVersion] {
        var pages = pages
        let batch = max(1, (512 << 10) / pageSize)
        let buffer = IOBuffer(byteCount: batch * pageSize)
        // A commit's sync takes along all that is dirty in the file: what goes home does not pile up for it.
        var dirty: (from: UInt64, byteCount: Int) = (0, 0)
        var next = 0
        while next < pages.count {
            var count = 0
            let first = pages[next].page
            while count < batch, next + count < pages.count, pages[next + count].page == first + UInt64(count) {
                let (page, version, image) = (
                    pages[next + count].page, pages[next + count].version, pages[next + count].image
                )
                guard image.isWhole else {
                    let frame = try self.frame(PageID(page), atMost: version, keep: false)
                    let tag = try pageCodec.seal(frame, version: version, into: buffer, at: count * pageSize)
                    pages[next + count].image = LoggedImage(offset: page * UInt64(pageSize), tag: tag.low)
                    count += 1
                    continue
                }
                do throws(FileFault) {
                    try buffer.withMutableBytes(count * pageSize..<(count + 1) * pageSize) {
                        bytes throws(FileFault) in try file.read(into: &bytes, at: image.offset)
                    }
                } catch { throw PageFault(error) }
                guard let (_, found) = try pageCodec.open(PageID(page), from: buffer, at: count * pageSize),
                    ImageName(version: version, tag: image.tag).matches(
                        version: found, tag: pageCodec.imageTag(in: buffer, at: count * pageSize))
                else { throw .corruptPage(PageID(page)) }
                count += 1
            }
            try latching { () throws(FileFault) in
                try buffer.withBytes(0..<count * pageSize) { bytes throws(FileFault) in
                    try file.write(bytes, at: first * UInt64(pageSize))
                }
            }
            if dirty.byteCount == 0 { dirty.from = first }
            dirty.byteCount += count * pageSize
            next += count
            if dirty.byteCount >= Self.writeBackByteCount {
                let end = (first + UInt64(count)) * UInt64(pageSize)
                try latching { () throws(FileFault) in try file.writeBack(dirty.from * UInt64(pageSize)..<end) }
                dirty.byteCount = 0
            }
        }
        return pages
    }

    // MARK: Superblock slots

    func withSlots<R>(_ body: () throws(PageFault) -> R) throws(PageFault) -> R {
        try slotTurn.lock()
        defer { slotTurn.unlock() }
        return try body()
    }

    /// Writes the older slot and syncs it. The caller holds the slots.
    func writeSlot(_ record: CheckpointRecord, identity: FileIdentity? = nil) throws(PageFault) {
        let index = 1 - slots.newestIndex
        var record = record
        record.boot = file.bootIdentity ?? [UInt8](repeating: 0, count: 16)
        let superblock = Superblock(
            identity: identity ?? slots.newest.identity, slotSequence: max(slots.newest.slotSequence, slots.seen) + 1,
            record: record)
        let bytes = try superblock.encode(with: pageCodec, headerKey: slots.user?.headerKey)
        try latching { () throws(FileFault) in
            try file.write(bytes.span.bytes, at: UInt64(index * pageSize))
            try file.sync()
        }
        slots.otherTail = slots.newest.record.logTail
        slots.newest = superblock
        slots.newestIndex = index
    }

    /// A write or sync that fails here may have lost data the kernel had taken: nothing more is acknowledged.
    func latching<R>(_ body: () throws(FileFault) -> R) throws(PageFault) -> R {
        do { return try body() } catch {
            logSync.fail()
            throw PageFault(error)
        }
    }

    // MARK: The log's bound

    /// Before a transaction begins: when the log is over its bound, a checkpoint comes first.
    func holdLogBound() throws(PageFault) {
        let bound = UInt64(options.logByteLimit)
        guard logByteCount > bound, !turn.isMine else { return }
        // One may be under way that makes room enough; a writer that makes another waits twice as long.
        try checkpointTurn.lock()
        checkpointTurn.unlock()
        if logByteCount <= bound { return }
        if try checkpoint(), logByteCount <= bound { return }
        if logByteCount <= bound { return }
        if let deadline = options.readerDeadline {
            let parts = deadline.components
            let limit =
                UInt64(max(0, parts.seconds)) * 1_000_000_000 + UInt64(max(0, parts.attoseconds / 1_000_000_000))
            let now = options.time.monotonicNanoseconds()
            let expired = readers.state.withLock { $0.expire(startedBefore: now > limit ? now - limit : 0) }
            statistics.readersExpired.add(UInt64(expired))
            if expired > 0 { try checkpoint() }
        }
        guard logByteCount <= bound * PagerLimits.logOverrun else {
            throw .limitExceeded(
                name: "log bytes (a reader holds the log back)", limit: Int(bound * PagerLimits.logOverrun))
        }
    }
}
