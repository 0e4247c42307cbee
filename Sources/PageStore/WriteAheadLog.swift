import StoreIO

// The write-ahead log: the only place where a commit becomes durable.
//
// 1. A commit is acknowledged only after the sync that follows its last frame.
// 2. The last frame of a transaction carries the commit mark. Frames of a transaction that was given up may stand before
//    it; they name another first frame and never count.
// 3. Positions grow for the file's life; a checkpoint moves the tail, nothing resets.
// 4. An extent is written again only when neither superblock slot needs a frame in it.
// 5. The file has grown, durably, before a frame goes to the new space.
//
// Everything here is called by the holder of the writer's turn.

struct WriteAheadLog {
    let file: any StoreFile
    let codec: PageCodec
    let geometry: LogGeometry
    var extents: LogExtents
    /// Where the next frame goes, and the tag it must name.
    private(set) var end: LogPosition
    private(set) var endTag: Tag
    /// Whether this opening has written its epoch frame.
    private(set) var hasEpoch = false
    private let buffer: IOBuffer

    /// Slots written with one call.
    private static let batch = 32

    init(file: any StoreFile, codec: PageCodec, extents: LogExtents, end: LogPosition, endTag: Tag) {
        self.file = file
        self.codec = codec
        self.extents = extents
        geometry = extents.geometry
        self.end = end
        self.endTag = endTag
        buffer = IOBuffer(byteCount: Self.batch * Int(extents.geometry.slotByteCount))
    }

    /// Slots that can be appended without another extent; one is kept for the epoch frame.
    var room: UInt64 {
        let room = extents.room(from: end)
        return hasEpoch ? room : (room > 0 ? room - 1 : 0)
    }

    /// Where a failed append starts again.
    struct Mark {
        fileprivate var extents: LogExtents
        fileprivate var end: LogPosition
        fileprivate var endTag: Tag
        fileprivate var hasEpoch: Bool
    }

    var mark: Mark { Mark(extents: extents, end: end, endTag: endTag, hasEpoch: hasEpoch) }

    /// Forgets what was appended after `mark` and never synced: the space is written again.
    mutating func rewind(to mark: Mark) {
        extents = mark.extents
        end = mark.end
        endTag = mark.endTag
        hasEpoch = mark.hasEpoch
    }

    /// Makes sure that nothing stands where the next frame goes; false when the disk does not allow it.
    func wipeNext() -> Bool {
        guard let extent = extents.live.last else { return true }
        let offset = extents.offset(of: end) ?? geometry.linkOffset(in: extent)
        let zeroes = [UInt8](repeating: 0, count: LogFrame.headerByteCount)
        do throws(FileFault) {
            try file.write(zeroes.span.bytes, at: offset)
            try file.sync()
            return true
        } catch { return false }
    }

    /// Appends the frames of one transaction, or of a part of it: pages, and payloads of changes. Returns where each sealed
    /// image stands.
    /// - Parameters:
    ///   - start: position of the transaction's first frame; nil when these are its first.
    ///   - commit: the state to publish; its presence puts the commit mark on the last frame.
    ///   - sealed: told each image's tag before the next frame is sealed.
    mutating func append(
        _ frames: [PageFrame], version: CommitSequence, start: LogPosition?, durableThrough: LogPosition,
        commit: CommitState?, sealed: (PageID, Tag) -> Void
    ) throws(PageFault) -> (start: LogPosition, images: [LoggedImage]) {
        precondition(!frames.isEmpty)
        if !hasEpoch, Defence.epochFrame.isOn {
            try appendEpoch(durableThrough: durableThrough)
            hasEpoch = true
        }
        let first = start ?? end
        var images: [LoggedImage] = []
        images.reserveCapacity(frames.count)
        var next = 0
        while next < frames.count {
            try enterExtentWithRoom(durableThrough: durableThrough, start: first)
            guard let extent = extents.live.last, let extentStart = extent.firstPosition else { throw .failed }
            let slots = extents.endPosition(of: extent) - end
            let count = min(frames.count - next, Self.batch, Int(min(slots, UInt64(Self.batch))))
            let base = geometry.offset(of: end - extentStart, in: extent)
            for index in 0..<count {
                let slot = index * Int(geometry.slotByteCount)
                let image = slot + LogFrame.headerByteCount
                let frame = frames[next + index]
                let tag = try codec.seal(frame, version: version, into: buffer, at: image)
                sealed(frame.id, tag)
                let isLast = next + index == frames.count - 1
                let header = LogFrame(
                    kind: frame.id == PageChanges.page ? .changes : .page, position: end + UInt64(index),
                    page: frame.id.number, version: version,
                    durableThrough: durableThrough, transactionStart: first, predecessor: endTag, image: tag,
                    commit: isLast ? commit : nil)
                let (bytes, headerTag) = try header.encode(with: codec)
                buffer.store(bytes, at: slot)
                endTag = headerTag
                images.append(LoggedImage(offset: base + UInt64(image), tag: tag.low))
            }
            try write(0..<count * Int(geometry.slotByteCount), at: base)
            end += UInt64(count)
            next += count
        }
        return (first, images)
    }

    private mutating func appendEpoch(durableThrough: LogPosition) throws(PageFault) {
        try enterExtentWithRoom(durableThrough: durableThrough, start: end)
        try writeHeaderSlot(
            LogFrame(
                kind: .epoch, position: end, page: 0, version: 0, durableThrough: durableThrough,
                transactionStart: end, predecessor: endTag))
        end += 1
    }

    private mutating func writeHeaderSlot(_ frame: LogFrame) throws(PageFault) {
        guard let offset = extents.offset(of: end) else { throw .failed }
        let (bytes, tag) = try frame.encode(with: codec)
        buffer.store(bytes, at: 0)
        try write(0..<bytes.count, at: offset)
        endTag = tag
    }

    /// When the current extent is full, links the next spare one.
    private mutating func enterExtentWithRoom(durableThrough: LogPosition, start: LogPosition) throws(PageFault) {
        if let extent = extents.live.last {
            if end < extents.endPosition(of: extent) { return }
            guard let next = extents.spare.first else { throw .failed }
            let link = LogFrame(
                kind: .link, position: end, page: next.firstPage, version: next.pageCount,
                durableThrough: durableThrough, transactionStart: start, predecessor: endTag, extentPosition: end)
            let (bytes, tag) = try link.encode(with: codec)
            buffer.store(bytes, at: 0)
            try write(0..<bytes.count, at: geometry.linkOffset(in: extent))
            endTag = tag
        }
        guard extents.advance(at: end) != nil else { throw .failed }
    }

    private func write(_ range: Range<Int>, at offset: UInt64) throws(PageFault) {
        try mappingFile { () throws(FileFault) in
            try buffer.withBytes(range) { bytes throws(FileFault) in try file.write(bytes, at: offset) }
        }
    }
}
