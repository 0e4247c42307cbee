import StoreIO

// Every authentic image of a file, found without trusting any pointer: homes by their page numbers, log frames by their
// magic wherever one can stand.
//
// 1. An image counts when its seal opens as the page it is for. A frame's image also must be the one its frame names.
// 2. Frames count when their transaction's commit mark was found: the mark names the same first position and sequence.
// 3. Memory: about 100 bytes an image.

/// An authentic image, and where it is.
struct ScannedImage: Sendable {
    var version: CommitSequence
    /// Low half of the image's tag.
    var tag: UInt64
    /// Byte offset of the image in the file.
    var offset: UInt64
    /// Position of its log frame; nil at its home.
    var position: LogPosition?
    /// The first 16 bytes of the payload, which say what the page is.
    var header: (UInt64, UInt64)
    /// Of a version that is logged as changes: where its entry begins in the image's payload, and the version it stands on.
    var part = 0
    var base: CommitSequence = 0
}

/// What a scan found.
struct PageScan {
    private(set) var images: [UInt64: [ScannedImage]] = [:]
    /// The newest state that a commit mark names.
    private(set) var newestState: CommitState?
    private let file: any StoreFile
    private let fileSize: UInt64
    private let codec: PageCodec

    private struct Transaction: Hashable {
        var start: LogPosition
        var sequence: CommitSequence
    }

    init(_ file: any StoreFile, fileSize: UInt64, codec: PageCodec) {
        self.file = file
        self.fileSize = fileSize
        self.codec = codec
    }

    /// Whole pages in the file.
    var pageCount: UInt64 { fileSize / UInt64(codec.pageSize) }

    /// Reads the whole file.
    /// - Parameter progress: told (bytes, bytes); returning false stops.
    /// - Returns: false when it was stopped.
    mutating func run(progress: (UInt64, UInt64) -> Bool) throws(PageFault) -> Bool {
        let chunk = 1 << 20
        // A frame and its image may straddle two chunks.
        let overlap = LogFrame.headerByteCount + codec.pageSize
        let buffer = IOBuffer(byteCount: chunk + overlap)
        var frames: [(frame: LogFrame, offset: UInt64)] = []
        var start: UInt64 = 0
        while start < fileSize {
            guard progress(start, fileSize) else { return false }
            let count = Int(min(UInt64(chunk + overlap), fileSize - start))
            do throws(FileFault) {
                try buffer.withMutableBytes(0..<count) { bytes throws(FileFault) in
                    try file.read(into: &bytes, at: start)
                }
            } catch { throw PageFault(error) }
            let own = min(chunk, count)
            try scanHomes(buffer, byteCount: count, from: start, own: own)
            try scanFrames(buffer, byteCount: count, from: start, own: own, into: &frames)
            start += UInt64(chunk)
        }
        try take(frames)
        return progress(fileSize, fileSize)
    }

    private mutating func scanHomes(
        _ buffer: IOBuffer, byteCount: Int, from start: UInt64, own: Int
    ) throws(PageFault) {
        // Chunks are multiples of every page size.
        for offset in stride(from: 0, to: own, by: codec.pageSize) where offset + codec.pageSize <= byteCount {
            let page = (start + UInt64(offset)) / UInt64(codec.pageSize)
            guard page >= 2, let (frame, version) = try codec.open(PageID(page), from: buffer, at: offset) else {
                continue
            }
            images[page, default: []].append(
                ScannedImage(
                    version: version, tag: codec.imageTag(in: buffer, at: offset).low, offset: start + UInt64(offset),
                    position: nil, header: (frame.loadUInt64(at: 0), frame.loadUInt64(at: 8))))
        }
    }

    /// Slots begin at a page and follow each other by page size + 192 bytes: both multiples of 64.
    private func scanFrames(
        _ buffer: IOBuffer, byteCount: Int, from start: UInt64, own: Int,
        into frames: inout [(frame: LogFrame, offset: UInt64)]
    ) throws(PageFault) {
        for offset in stride(from: 0, to: own, by: 64) where offset + LogFrame.headerByteCount <= byteCount {
            guard UInt32(truncatingIfNeeded: buffer.loadUInt64(at: offset)) == LogFrame.magic else { continue }
            let bytes = buffer.bytes(offset..<offset + LogFrame.headerByteCount)
            guard let (frame, _) = try LogFrame.decode(bytes, with: codec), frame.kind.hasImage else { continue }
            frames.append((frame, start + UInt64(offset)))
        }
    }

    private mutating func take(_ frames: [(frame: LogFrame, offset: UInt64)]) throws(PageFault) {
        var committed: Set<Transaction> = []
        for (frame, _) in frames {
            guard let state = frame.commit, state.sequence == frame.version else { continue }
            committed.insert(Transaction(start: frame.transactionStart, sequence: frame.version))
            if state.sequence >= newestState?.sequence ?? 0 { newestState = state }
        }
        let image = IOBuffer(byteCount: codec.pageSize)
        // In the order of the log: changes stand on what is before them.
        for (frame, offset) in frames.sorted(by: { $0.frame.position < $1.frame.position }) {
            guard committed.contains(Transaction(start: frame.transactionStart, sequence: frame.version)) else {
                continue
            }
            let place = offset + UInt64(LogFrame.headerByteCount)
            guard try read(place, into: image), codec.imageTag(in: image, at: 0) == frame.image,
                let (opened, version) = try codec.open(PageID(frame.page), from: image, at: 0), version == frame.version
            else { continue }
            guard frame.kind == .page else {
                try takeChanges(of: opened, frame, at: place)
                continue
            }
            images[frame.page, default: []].append(
                ScannedImage(
                    version: version, tag: frame.image.low, offset: place, position: frame.position,
                    header: (opened.loadUInt64(at: 0), opened.loadUInt64(at: 8))))
        }
    }

    /// The versions that a payload of changes makes, as far as what they stand on was found.
    private mutating func takeChanges(
        of payload: PageFrame, _ frame: LogFrame, at offset: UInt64
    ) throws(PageFault) {
        let buffer = IOBuffer(byteCount: codec.pageSize)
        for change in PageChanges.entries(of: payload) ?? [] {
            var image = ScannedImage(
                version: frame.version, tag: frame.image.low, offset: offset, position: frame.position,
                header: (0, 0), part: change.part, base: change.base)
            guard let made = try? open(change.page, image, with: buffer) else { continue }
            image.header = (made.loadUInt64(at: 0), made.loadUInt64(at: 8))
            images[change.page, default: []].append(image)
        }
    }

    private func read(_ offset: UInt64, into buffer: IOBuffer) throws(PageFault) -> Bool {
        guard offset + UInt64(codec.pageSize) <= fileSize else { return false }
        do throws(FileFault) {
            try buffer.withMutableBytes(0..<codec.pageSize) { bytes throws(FileFault) in
                try file.read(into: &bytes, at: offset)
            }
        } catch { throw PageFault(error) }
        return true
    }

    /// Opens an image that the scan found.
    func open(_ page: UInt64, _ image: ScannedImage, with buffer: IOBuffer) throws(PageFault) -> PageFrame {
        if image.part != 0 { return try openChanged(page, image, with: buffer) }
        guard try read(image.offset, into: buffer),
            let (frame, version) = try codec.open(PageID(page), from: buffer, at: 0), version == image.version
        else { throw .corruptPage(PageID(page)) }
        return frame
    }

    /// Back along the changes to a whole image, then forward.
    private func openChanged(
        _ page: UInt64, _ image: ScannedImage, with buffer: IOBuffer
    ) throws(PageFault) -> PageFrame {
        var image = image
        var changes: [(change: PageChange, payload: PageFrame)] = []
        while image.part != 0 {
            guard try read(image.offset, into: buffer),
                let (payload, version) = try codec.open(PageChanges.page, from: buffer, at: 0),
                version == image.version, let change = PageChanges.entry(at: image.part, of: payload),
                change.page == page, change.base == image.base, change.base < version,
                let base = images[page]?.last(where: { $0.version == change.base })
            else { throw .corruptPage(PageID(page)) }
            changes.append((change, payload))
            image = base
        }
        var frame = try open(page, image, with: buffer)
        for (change, payload) in changes.reversed() {
            guard let made = PageChanges.apply(change, of: payload, to: frame) else {
                throw .corruptPage(PageID(page))
            }
            frame = made
        }
        return frame
    }

    /// The newest commit that any home page is of.
    var newestHome: CommitSequence {
        images.values.reduce(0) { $1.reduce($0) { $1.position == nil ? max($0, $1.version) : $0 } }
    }

    /// The newest image of a page; of two of one version the one that the log took last.
    func newest(_ page: UInt64) -> ScannedImage? {
        images[page]?.max { ($0.version, $0.position ?? 0) < ($1.version, $1.position ?? 0) }
    }

    /// The image of a page that has this name.
    func image(_ page: UInt64, named name: ImageName) -> ScannedImage? {
        images[page]?.first { $0.version == name.version && (name.tag ?? $0.tag) == $0.tag }
    }
}
