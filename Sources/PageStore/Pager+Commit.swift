import StoreIO
import Synchronization

// From changed pages to appended frames. Called by the holder of the writer's turn.

extension Pager {
    /// Appends a transaction's changes with the commit mark. On a fault nothing of it counts.
    func append(_ transaction: PageTransaction, _ durability: Durability) throws(PageFault) -> CommitTicket {
        guard transaction.changedPageCount > 0 else {
            let state = writer.latest
            return CommitTicket(sequence: state.sequence, position: nil, durability: durability)
        }
        guard !logSync.failed else { throw .failed }
        try prepareRoom(for: transaction)
        if transaction.dirty.count == 0, let page = transaction.spilled.sortedKeys.first {
            // The commit mark needs a frame of its own.
            _ = try transaction.mutablePage(PageID(page))
        }
        transaction.working.time = options.time.now()
        transaction.working.sequence = workingSequence(of: transaction)
        let state = transaction.working
        writer.expectedPages = min(transaction.dirty.count, 1 << 13)
        let (changes, whole) = changesAndPages(of: transaction)
        try writeZeroesAhead(of: changes.frames.count + whole.count)
        let images = try appendFrames(changes.frames + whole, of: transaction, commit: state)
        let oldest = oldestReadSequence
        for page in transaction.spilled.sortedKeys where transaction.dirty[page] == nil {
            if let image = transaction.spilled[page] {
                cache.addVersion(page, sequence: state.sequence, image: image, frame: nil, oldest: oldest)
            }
        }
        addVersions(of: changes, whole, images, sequence: state.sequence, oldest: oldest)
        writer.latest = state
        writer.latestTag = writer.log.endTag
        writer.commitEnds.append(CommitEnd(state: state, end: writer.log.end, tag: writer.log.endTag))
        logUse.withLock { $0.end = writer.log.end }
        statistics.commits.add(1)
        transaction.willPublish?(state.sequence)
        logSync.appended(to: writer.log.end, commit: state, isRelaxed: durability == .relaxed)
        checkpointIfDue()
        return CommitTicket(sequence: state.sequence, position: writer.log.end, durability: durability)
    }

    /// Writes the changed pages of an open transaction to the log, without a commit mark, and drops them from memory.
    func spill(_ transaction: PageTransaction) throws(PageFault) {
        guard !logSync.failed else { throw .failed }
        try prepareRoom(for: transaction)
        transaction.working.sequence = workingSequence(of: transaction)
        let frames = transaction.dirty.sortedKeys.compactMap { transaction.dirty[$0] }
        let images = try appendFrames(frames, of: transaction, commit: nil)
        for (frame, image) in zip(frames, images) { transaction.spilled[frame.id.number] = image }
        transaction.dirty.removeAll()
        transaction.originCount = 0
        logUse.withLock { $0.end = writer.log.end }
        logSync.appended(to: writer.log.end, commit: nil, isRelaxed: false)
        statistics.spills.add(1)
    }

    /// Changes in a row after which a page is logged whole again: reading it from the log takes a read for each.
    private static let longestChain: UInt8 = 16

    /// What is logged as changes, and the pages that are logged whole, in the order they are sealed.
    private func changesAndPages(of transaction: PageTransaction) -> (PageChangeWriter, [PageFrame]) {
        let frames = sealingOrder(of: transaction)
        let none = PageChangeWriter(payloadByteCount: transaction.payloadByteCount)
        // Of a transaction that spilled, frames are in the log that the changes would have to stand behind.
        guard formatVersion >= 5, transaction.originCount > 1, transaction.logStart == nil, !transaction.linksMap,
            !transaction.logsWholePages
        else {
            if transaction.originCount > 0 { for frame in frames { frame.origin = nil } }
            return (none, frames)
        }
        var (changes, whole) = (none, [PageFrame]())
        for piece in inPieces(frames, { changesAndPages(among: $0) }) {
            changes.join(piece.changes)
            whole += piece.whole
        }
        // One payload for one page would save nothing.
        guard changes.frames.count < changes.places.count else {
            for place in changes.places { place.page.changeCount = 0 }
            return (none, frames)
        }
        return (changes, whole)
    }

    private func changesAndPages(among frames: ArraySlice<PageFrame>) -> (changes: PageChangeWriter, whole: [PageFrame])
    {
        var changes = PageChangeWriter(payloadByteCount: codec.payloadByteCount)
        let whole = frames.filter { frame in
            let origin = frame.origin
            frame.origin = nil
            guard let old = origin, old.changeCount < Self.longestChain,
                geometry.place(of: frame.id.number) == .data, changes.add(frame, since: old, version: old.shownFrom)
            else { return true }
            frame.changeCount = old.changeCount + 1
            return false
        }
        return (changes, whole)
    }

    /// Makes the pages of a commit known to readers, who see them once it is published.
    private func addVersions(
        of changes: PageChangeWriter, _ whole: [PageFrame], _ images: [LoggedImage], sequence: CommitSequence,
        oldest: CommitSequence
    ) {
        _ = inPieces(changes.places) { places in
            for place in places {
                var image = images[place.frame]
                image.part = UInt32(place.part)
                cache.addVersion(
                    place.page.id.number, sequence: sequence, image: image, frame: place.page, oldest: oldest)
            }
        }
        for (frame, image) in zip(whole, images[changes.frames.count...]) {
            cache.addVersion(frame.id.number, sequence: sequence, image: image, frame: frame, oldest: oldest)
        }
    }

    /// Changed pages in the order they are sealed: page order, but the map of a checkpoint from the bottom up, for each
    /// of its pages names the tags of those below.
    private func sealingOrder(of transaction: PageTransaction) -> [PageFrame] {
        let frames = transaction.dirty.sortedKeys.compactMap { transaction.dirty[$0] }
        guard transaction.linksMap else { return frames }
        let level = frames.map { geometry.level(of: $0.id.number) ?? 0 }
        return (UInt8(0)...2).flatMap { wanted in zip(frames, level).filter { $0.1 == wanted }.map(\.0) }
    }

    /// A sealed map page's tag goes into the directory above it, which is sealed later.
    private func linkTag(_ tag: Tag, of page: PageID, in transaction: PageTransaction) {
        guard let (parent, index) = geometry.parent(of: page.number), let map = transaction.dirty[parent.number] else {
            return
        }
        geometry.setTag(tag.low, index, of: map)
    }

    /// Every page of a transaction bears the sequence it will commit as.
    private func workingSequence(of transaction: PageTransaction) -> CommitSequence { transaction.base.sequence + 1 }

    private func appendFrames(
        _ frames: [PageFrame], of transaction: PageTransaction, commit: CommitState?
    ) throws(PageFault) -> [LoggedImage] {
        let mark = writer.log.mark
        do throws(PageFault) {
            let (start, images) = try writer.log.append(
                frames, version: transaction.working.sequence, start: transaction.logStart,
                durableThrough: logSync.durableThrough, commit: commit
            ) { page, tag in
                if transaction.linksMap { linkTag(tag, of: page, in: transaction) }
            }
            transaction.logStart = start
            statistics.framesAppended.add(UInt64(frames.count))
            return images
        } catch {
            // What was written was never counted as appended: the space is used again.
            writer.log.rewind(to: mark)
            // A write that failed may have been done all the same. A commit that is refused must not be found later, so
            // its first frame is wiped; where that cannot be made certain, only reopening tells.
            if error == .diskFull, commit == nil || writer.log.wipeNext() { throw error }
            logSync.fail()
            throw commit == nil ? error : .commitUnknown
        }
    }

    /// Sees to it that the log has room for every changed page, and the file room for every page, before anything
    /// refers to that room.
    func prepareRoom(for transaction: PageTransaction) throws(PageFault) {
        try transaction.adoptExtents()
        // Taking an extent changes pages of the map, so the need may grow by a few.
        // A slot of this system's run stands before the first frame that it writes: recovery asks whether the system was
        // restarted since.
        var mustName = writer.log.extents.live.isEmpty || !writer.log.hasEpoch && isOtherBoot
        while writer.log.room < UInt64(transaction.dirty.count) + 8 + (transaction.linksMap ? 0 : checkpointReserve) {
            try addExtent(for: transaction)
            mustName = true
        }
        try growFile(toPages: transaction.working.pageCount)
        if mustName { try nameExtents() }
    }

    private var isOtherBoot: Bool {
        guard let boot = file.bootIdentity, formatVersion >= 2 else { return false }
        return boot != slots.newest.record.boot
    }

    /// Slots that ordinary transactions leave free, so that a checkpoint can always write its map, also on a full disk.
    private var checkpointReserve: UInt64 {
        let blocks = geometry.block(of: max(1, writer.latest.pageCount) - 1) + 1
        return min(blocks + blocks / geometry.entriesPerPage + 4, 512)
    }

    /// On a full disk the log cannot grow: when its room is scarce, everything goes home and both slots follow, so that
    /// the room it has can be used again. Then deleting works, which makes room for more.
    func makeLogRoom() throws(PageFault) {
        guard !turn.isMine else { return }
        try turn.lock()
        let room = writer.log.room
        turn.unlock()
        guard room < checkpointReserve + 96, !isClosed, !logSync.failed else { return }
        do throws(PageFault) {
            try checkpoint()
            try checkpointTurn.lock()
            defer { checkpointTurn.unlock() }
            guard !isClosed else { return }
            try withSlots { () throws(PageFault) in try writeSlot(slots.newest.record) }
            try releasePassedExtents()
        } catch {
            // Without room even for that, the transaction will say so itself.
            if error != .diskFull { throw error }
        }
    }

    private func addExtent(for transaction: PageTransaction) throws(PageFault) {
        guard writer.log.extents.count < SuperblockLayout.extentLimit - 2 else {
            throw .limitExceeded(name: "log extents", limit: SuperblockLayout.extentLimit)
        }
        let pages = nextExtentPages()
        let extent = transaction.placeExtent(pages: pages)
        let end = extent.firstPage + extent.pageCount
        let (from, byteCount) = (extent.firstPage * UInt64(pageSize), extent.pageCount * UInt64(pageSize))
        try growFile(toPages: end)
        // Zeroes written once make later syncs cheaper than into blocks that were only promised: there a sync writes the
        // file's own records as well, and a small commit waits twice as long. Large extents get them as they are used.
        if byteCount <= UInt64(options.zeroedExtentByteCount) {
            try writeZeroes(from..<from + byteCount)
            writer.promised[extent.firstPage] = nil
        } else {
            writer.promised[extent.firstPage] = from
        }
        writer.log.extents.addSpare(extent)
        try transaction.adoptExtents()
    }

    /// Small at first, then half of what the log has, up to a sixteenth of its bound; beyond the bound it is a huge
    /// transaction that needs room, and growth is geometric.
    private func nextExtentPages() -> UInt64 {
        let page = UInt64(pageSize)
        let total = writer.log.extents.pageTotal * page
        let bound = UInt64(options.logByteLimit)
        let smallest: UInt64 = max(256 << 10, 16 * page)
        let bytes = total < bound ? min(max(smallest, total / 2), max(smallest, bound / 16)) : total / 2
        return (bytes + page - 1) / page
    }

    /// Writes zeroes ahead of a small commit, where the log goes on into blocks that were only promised. Not for large ones:
    /// they would be written twice.
    private func writeZeroesAhead(of pages: Int) throws(PageFault) {
        guard !writer.promised.isEmpty else { return }
        let extents = writer.log.extents
        // What the log has left behind was written.
        for extent in extents.live.dropLast() { writer.promised[extent.firstPage] = nil }
        guard pages * pageSize < Self.largeCommit, let extent = extents.live.last,
            let known = writer.promised[extent.firstPage], let next = extents.offset(of: writer.log.end)
        else { return }
        let reach = next + UInt64(pages + 2) * extents.geometry.slotByteCount
        guard reach > known else { return }
        let end = (extent.firstPage + extent.pageCount) * UInt64(pageSize)
        let from = max(known, next)
        let to = min(end, max(reach, from) + UInt64(options.zeroesAheadByteCount))
        try writeZeroes(from..<to)
        writer.promised[extent.firstPage] = to < end ? to : nil
    }

    /// Bytes of pages from which on a commit is a large one.
    private static let largeCommit = 128 << 10

    func writeZeroes(_ range: Range<UInt64>) throws(PageFault) {
        let zeroes = [UInt8](repeating: 0, count: min(256 << 10, range.count))
        var offset = range.lowerBound
        let end = range.upperBound
        while offset < end {
            let count = min(zeroes.count, Int(end - offset))
            try latchingUnlessFull { () throws(FileFault) in
                try file.write(zeroes.span.bytes.extracting(0..<count), at: offset)
            }
            offset += UInt64(count)
        }
    }

    /// Grows the file, durably. The disk being full is found here, where nothing refers to the new space yet.
    func growFile(toPages pages: UInt64) throws(PageFault) {
        let needed = pages * UInt64(pageSize)
        guard needed > writer.fileSize else { return }
        let spare = min(max(writer.fileSize / 8, 256 << 10), 64 << 20) / UInt64(pageSize) * UInt64(pageSize)
        try latchingUnlessFull { () throws(FileFault) in
            do throws(FileFault) {
                try file.resize(to: needed + spare)
                writer.fileSize = needed + spare
                diskIsFull.store(false, ordering: .relaxed)
            } catch FileFault.diskFull {
                diskIsFull.store(true, ordering: .relaxed)
                try file.resize(to: needed)
                writer.fileSize = needed
            }
        }
        if Defence.growBeforeRefer.isOn { try latching { () throws(FileFault) in try file.sync() } }
    }

    /// A full disk refuses the transaction; any other failure of the device ends the store's acknowledgements.
    private func latchingUnlessFull(_ body: () throws(FileFault) -> Void) throws(PageFault) {
        do throws(FileFault) { try body() } catch {
            if error != .diskFull { logSync.fail() }
            throw PageFault(error)
        }
    }

    /// Names new extents in both slots before anything goes into them: a log that is empty must be found from either,
    /// and an extent that no frame links yet must not be lost by a crash.
    private func nameExtents() throws(PageFault) {
        if writer.log.extents.live.isEmpty, writer.log.extents.advance(at: writer.log.end) == nil { throw .failed }
        let isFirst = writer.log.extents.live.count == 1 && slots.newest.record.extents.isEmpty
        guard Defence.nameExtents.isOn || isFirst else { return }
        try withSlots { () throws(PageFault) in
            var record = slots.newest.record
            record.extents = writer.log.extents.all
            record.isClean = false
            slots.namedExtents = record.extents
            try writeSlot(record)
            try writeSlot(record)
        }
    }

    /// Drops what a transaction changed in shared memory.
    func forget(_ transaction: PageTransaction) {
        for block in transaction.touchedBlocks where Int(block) < writer.hints.counts.count {
            writer.hints.counts[Int(block)] = -1
        }
        if transaction.logStart != nil {
            // Frames of it are in the log; the next transaction gets another first position, so they never count.
            logUse.withLock { $0.end = writer.log.end }
        }
    }

    func loadHints(for transaction: PageTransaction) throws(PageFault) {
        guard !writer.hints.isLoaded else { return }
        let blocks = geometry.block(of: max(1, transaction.working.pageCount) - 1) + 1
        writer.hints.grow(toBlocks: Int(blocks))
        var block: UInt64 = 0
        while block < blocks {
            let directory = try transaction.page(geometry.directory(ofBlock: block))
            for index in 0..<min(geometry.entriesPerPage, blocks - block) {
                writer.hints.counts[Int(block + index)] = Int32(geometry.freeCount(Int(index), of: directory))
            }
            block += geometry.entriesPerPage
        }
        // Map pages that changed since the directories were written are counted when they are looked at.
        for version in cache.versions(atMost: .max) where geometry.place(of: version.page) == .space {
            let index = Int(geometry.block(of: version.page))
            if index < writer.hints.counts.count { writer.hints.counts[index] = -1 }
        }
        for block in transaction.touchedBlocks where Int(block) < writer.hints.counts.count {
            writer.hints.counts[Int(block)] = -1
        }
        writer.hints.isLoaded = true
    }
}
