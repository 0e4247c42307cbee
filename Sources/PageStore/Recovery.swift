import StoreIO

// Replaying the log at open.
//
// 1. Frames are walked from the tail that the chosen slot names; each must be authentic, in its place, and name its
//    predecessor's tag; frames of pages and of changes must hold an authentic image.
// 2. The walk ends at the first frame that is not. If any authentic frame, there or later, was written when more than
//    that was known to be synced, the log is damaged: `corruptLog`. Otherwise it is a torn tail, which is normal.
// 3. Frames count when their transaction's commit mark was reached.
// 4. The new writer goes on behind the last authentic frame, with an epoch frame.

/// What recovery found.
struct RecoveredLog {
    var state: CommitState
    var extents: LogExtents
    var end: LogPosition
    var endTag: Tag
    var commitEnds: [Pager.CommitEnd] = []
    var versions: [PageVersion] = []
    /// Known to be synced before the crash.
    var durableThrough: LogPosition
    /// Byte ranges of frames that may be only in the kernel's memory.
    var doubtful: [Range<UInt64>] = []
}

struct LogRecovery {
    let file: any StoreFile
    let fileSize: UInt64
    let codec: PageCodec
    let geometry: LogGeometry
    let record: CheckpointRecord
    private let image: IOBuffer

    init(file: any StoreFile, fileSize: UInt64, codec: PageCodec, record: CheckpointRecord) {
        self.file = file
        self.fileSize = fileSize
        self.codec = codec
        self.record = record
        geometry = LogGeometry(pageSize: UInt64(codec.pageSize))
        image = IOBuffer(byteCount: codec.pageSize)
    }

    /// - Parameter needed: the oldest position that a superblock slot needs.
    func run(neededFrom needed: LogPosition) throws(PageFault) -> RecoveredLog {
        var extents = try knownExtents(neededFrom: needed)
        var result = RecoveredLog(
            state: record.state, extents: extents, end: record.logTail, endTag: record.tailTag,
            durableThrough: record.logTail)
        // Where one extent ends and the next begins, the link at the end of the first is part of the chain.
        let holder = extents.live.first { extent in
            (extent.firstPosition ?? .max) <= result.end && result.end <= extents.endPosition(of: extent)
        }
        guard var extent = holder else {
            guard extents.live.isEmpty else { throw .corruptSuperblock }
            return result
        }

        var transactionStart: LogPosition?
        var pending: [PageVersion] = []
        var frames: [(position: LogPosition, bytes: Range<UInt64>)] = []
        var lastSequence = record.state.sequence
        // The newest version of each page that counts: what changes must stand on.
        var newest = PageTable<CommitSequence>()
        walk: while true {
            let first = extent.firstPosition ?? 0
            if result.end >= extents.endPosition(of: extent) {
                let offset = geometry.linkOffset(in: extent)
                guard let (frame, tag) = try header(at: offset), frame.kind == .link, frame.position == result.end,
                    frame.predecessor == result.endTag, frame.extentPosition == result.end,
                    let next = validExtent(
                        LogExtent(firstPage: frame.page, pageCount: frame.version, firstPosition: result.end))
                else { break walk }
                frames.append((frame.position, offset..<offset + UInt64(LogFrame.headerByteCount)))
                result.durableThrough = max(result.durableThrough, frame.durableThrough)
                result.endTag = tag
                extents.follow(next)
                extent = next
                continue
            }
            let offset = geometry.offset(of: result.end - first, in: extent)
            guard let (frame, tag) = try header(at: offset),
                frame.position == result.end || !Defence.logPosition.isOn,
                frame.predecessor == result.endTag || !Defence.logChain.isOn
            else { break }
            let imageOffset = offset + UInt64(LogFrame.headerByteCount)
            switch frame.kind {
            case .link: break walk
            case .epoch:
                transactionStart = nil
                pending = []
            case .page, .changes:
                guard let opened = try openImage(frame, at: imageOffset) else { break walk }
                if transactionStart != frame.transactionStart {
                    transactionStart = frame.transactionStart
                    pending = []
                }
                let image = LoggedImage(offset: imageOffset, tag: frame.image.low)
                if frame.kind == .page {
                    pending.append(PageVersion(page: frame.page, version: frame.version, image: image))
                } else {
                    pending += try versions(of: opened, frame, image, on: newest)
                }
            }
            frames.append((frame.position, offset..<imageOffset + (frame.kind.hasImage ? geometry.pageSize : 0)))
            result.durableThrough = max(result.durableThrough, frame.durableThrough)
            result.end += 1
            result.endTag = tag
            if frame.kind.hasImage, let commit = frame.commit {
                guard commit.sequence > lastSequence, commit.sequence == frame.version else {
                    throw .corruptLog(position: frame.position)
                }
                lastSequence = commit.sequence
                result.versions += pending
                for version in pending { newest[version.page] = version.version }
                result.state = commit
                result.commitEnds.append(Pager.CommitEnd(state: commit, end: result.end, tag: tag))
                pending = []
                transactionStart = nil
            }
        }
        try judgeEnd(result.end, extents: extents, known: result.durableThrough)
        // A slot may name extents that no link leads to any more: the crash took the link. They are spare.
        extents.endLive(with: extent)
        result.extents = extents
        result.doubtful = frames.filter { $0.position >= result.durableThrough }.map(\.bytes)
        return result
    }

    /// Extents of the record: those that a slot needs are live, in order of position; the others are spare.
    private func knownExtents(neededFrom needed: LogPosition) throws(PageFault) -> LogExtents {
        var extents = LogExtents(geometry: geometry)
        var live: [LogExtent] = []
        for extent in record.extents {
            guard let extent = validExtent(extent) else { throw .corruptSuperblock }
            if let first = extent.firstPosition,
                first + geometry.slots(pages: extent.pageCount) > needed
                    || first <= record.logTail && first + geometry.slots(pages: extent.pageCount) >= record.logTail
            {
                live.append(extent)
            } else {
                extents.addSpare(extent)
            }
        }
        guard !Self.overlap(record.extents) else { throw .corruptSuperblock }
        live.sort { ($0.firstPosition ?? 0) < ($1.firstPosition ?? 0) }
        for extent in live { extents.addLive(extent) }
        return extents
    }

    /// Whether two runs of pages share one. Each is searched for frames from end to end, so a list of many that cover
    /// the same pages would cost a file's length for each.
    private static func overlap(_ extents: [LogExtent]) -> Bool {
        let sorted = extents.sorted { $0.firstPage < $1.firstPage }
        return zip(sorted, sorted.dropFirst()).contains { $0.firstPage + $0.pageCount > $1.firstPage }
    }

    /// nil when an extent cannot be one of this file.
    private func validExtent(_ extent: LogExtent) -> LogExtent? {
        let pages = fileSize / geometry.pageSize
        guard extent.firstPage >= 2, extent.pageCount >= 2, extent.firstPage < pages,
            extent.pageCount <= pages - extent.firstPage, extent.firstPosition ?? 0 < 1 << 62
        else { return nil }
        return extent
    }

    private func header(at offset: UInt64) throws(PageFault) -> (frame: LogFrame, tag: Tag)? {
        var bytes = [UInt8](repeating: 0, count: LogFrame.headerByteCount)
        do throws(FileFault) {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            try file.read(into: &raw, at: offset)
        } catch FileFault.endOfFile {
            return nil
        } catch { throw PageFault(error) }
        return try LogFrame.decode(bytes, with: codec)
    }

    /// The versions that a payload of changes makes. Each stands on the newest version of its page before it, and that one
    /// is in the log too: an authentic frame that says something else is damage, whatever the reason.
    private func versions(
        of payload: PageFrame, _ frame: LogFrame, _ image: LoggedImage, on newest: PageTable<CommitSequence>
    ) throws(PageFault) -> [PageVersion] {
        guard let changes = PageChanges.entries(of: payload) else { throw .corruptLog(position: frame.position) }
        var versions: [PageVersion] = []
        for change in changes {
            guard let base = newest[change.page], base == change.base, base < frame.version else {
                throw .corruptLog(position: frame.position)
            }
            var image = image
            image.part = UInt32(change.part)
            versions.append(PageVersion(page: change.page, version: frame.version, image: image))
        }
        return versions
    }

    /// The image behind a header; nil when it is not the one that the header names.
    private func openImage(_ frame: LogFrame, at offset: UInt64) throws(PageFault) -> PageFrame? {
        do throws(FileFault) {
            try image.withMutableBytes(0..<codec.pageSize) { bytes throws(FileFault) in
                try file.read(into: &bytes, at: offset)
            }
        } catch FileFault.endOfFile {
            return nil
        } catch { throw PageFault(error) }
        guard codec.imageTag(in: image, at: 0) == frame.image || !Defence.imageTag.isOn,
            let (opened, version) = try codec.open(PageID(frame.page), from: image, at: 0),
            version == frame.version, (frame.page == PageChanges.page.number) == (frame.kind == .changes)
        else { return nil }
        return opened
    }

    /// Torn tail or damage? Looks at every slot behind the end for an authentic frame that knew better.
    private func judgeEnd(
        _ end: LogPosition, extents: LogExtents, known: LogPosition
    ) throws(PageFault) {
        guard Defence.durableThrough.isOn else { return }
        if known > end || (record.isClean && record.cleanEnd > end) { throw .corruptLog(position: end) }
        for extent in extents.all {
            let slots = geometry.slots(pages: extent.pageCount)
            var slot: UInt64 = 0
            while slot <= slots {
                let offset = slot == slots ? geometry.linkOffset(in: extent) : geometry.offset(of: slot, in: extent)
                slot += 1
                if let first = extent.firstPosition, first + slot <= end { continue }
                guard let (frame, _) = try header(at: offset) else { continue }
                if frame.position >= end, frame.durableThrough > end { throw .corruptLog(position: end) }
            }
        }
    }
}

extension LogExtents {
    /// A link was read: the extent it names is live from here on.
    mutating func follow(_ extent: LogExtent) {
        remove(startingAt: extent.firstPage)
        addLive(extent)
        endLive(with: extent)
    }
}
