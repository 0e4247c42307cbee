package import StoreIO

// What backups are on disk: a full one is a store of its own; a delta holds what changed since.
//
// A delta file, integers little-endian, P the page size:
//      0 magic "SMARTDL\n" (8)     8 version, 1 (4)    12 P (4)           16 file id (16)
//     32 base commit (8)          40 base root (16)    56 commit (8)      64 number of pages n (8)
//     72 bytes of the whole store (8)                  80 zero (16)
//     96 SHA-256 of bytes 0 to 95, of the slot and of all that follows (32)     128 zero, to 4096
//   4096 superblock slot of the copied commit (4096)
//   8192 n times: page number (8), sealed image (P)
//
// It needs no seal of its own: slot, map and images authenticate one another, and every map page is in every delta.

enum DeltaLayout {
    static let magic: [UInt8] = Array("SMARTDL\n".utf8)
    static let version: UInt32 = 1
    static let hashOffset = 96
    static let headerByteCount = 4096
    static let pagesOffset: UInt64 = 8192
}

/// The whole of a copy in a new file.
struct FullTarget: CopyTarget {
    let file: any StoreFile
    let pageSize: Int
    private var size: UInt64 = 0

    init(file: any StoreFile, pageSize: Int) {
        self.file = file
        self.pageSize = pageSize
    }

    mutating func put(_ page: PageID, _ image: IOBuffer) throws(PageFault) {
        let end = (page.number + 1) * UInt64(pageSize)
        let (file, pageSize, present) = (file, pageSize, size)
        if end > size { size = max(end, size + 8 << 20) }
        let size = size
        try mappingFile { () throws(FileFault) in
            if size > present { try file.resize(to: size) }
            try image.withBytes(0..<pageSize) { bytes throws(FileFault) in
                try file.write(bytes, at: end - UInt64(pageSize))
            }
        }
    }

    mutating func finish(slot: [UInt8], byteCount: UInt64) throws(PageFault) {
        let (file, pageSize) = (file, pageSize)
        try mappingFile { () throws(FileFault) in
            try file.resize(to: byteCount)
            for index in 0..<2 { try file.write(slot.span.bytes, at: UInt64(index * pageSize)) }
            try file.sync()
        }
    }
}

/// The changed pages of a copy.
struct DeltaTarget: ~Copyable, CopyTarget {
    let file: any StoreFile
    let pageSize: Int
    let base: CommitAnchor
    let commit: CommitSequence
    private var count: UInt64 = 0
    private var size: UInt64 = 0
    private var hash = SHA256Stream()

    init(file: any StoreFile, pageSize: Int, base: CommitAnchor, commit: CommitSequence) {
        self.file = file
        self.pageSize = pageSize
        self.base = base
        self.commit = commit
    }

    mutating func put(_ page: PageID, _ image: IOBuffer) throws(PageFault) {
        let bytes = withLittleEndian(page.number) + image.bytes(0..<pageSize)
        let offset = DeltaLayout.pagesOffset + count * UInt64(8 + pageSize)
        let (file, present) = (file, size)
        if offset + UInt64(bytes.count) > size { size = max(offset + UInt64(bytes.count), size + 8 << 20) }
        let size = size
        try mappingFile { () throws(FileFault) in
            if size > present { try file.resize(to: size) }
            try file.write(bytes.span.bytes, at: offset)
        }
        hash.update(bytes.span.bytes)
        count += 1
    }

    mutating func finish(slot: [UInt8], byteCount: UInt64) throws(PageFault) {
        var header = [UInt8](repeating: 0, count: DeltaLayout.headerByteCount)
        header.replace(at: 0, with: DeltaLayout.magic)
        header.store(DeltaLayout.version, at: 8)
        header.store(UInt32(pageSize), at: 12)
        header.replace(at: 16, with: base.fileID)
        header.store(base.sequence, at: 32)
        header.store(base.root.low, at: 40)
        header.store(base.root.high, at: 48)
        header.store(commit, at: 56)
        header.store(count, at: 64)
        header.store(byteCount, at: 72)
        hash.update(header.span.bytes.extracting(0..<DeltaLayout.hashOffset))
        hash.update(slot.span.bytes)
        header.replace(at: DeltaLayout.hashOffset, with: hash.finalise().bytes)
        let (file, count, pageSize) = (file, count, pageSize)
        try mappingFile { () throws(FileFault) in
            try file.write(header.span.bytes, at: 0)
            try file.write(slot.span.bytes, at: UInt64(DeltaLayout.headerByteCount))
            try file.resize(to: DeltaLayout.pagesOffset + count * UInt64(8 + pageSize))
            try file.sync()
        }
    }
}

/// A delta, opened: where each of its pages stands.
struct DeltaFile {
    let file: any StoreFile
    let pageSize: Int
    let fileID: [UInt8]
    let base: CommitAnchor
    let commit: CommitSequence
    let byteCount: UInt64
    let slot: [UInt8]
    private(set) var offsets: [UInt64: UInt64] = [:]

    static func isDelta(_ file: any StoreFile) throws(PageFault) -> Bool {
        guard try mappingFile({ () throws(FileFault) in try file.size() }) >= DeltaLayout.pagesOffset else {
            return false
        }
        return try readBytes(file, 8, at: 0) == DeltaLayout.magic
    }

    /// Reads a delta and checks its hash. O(bytes).
    init(_ file: any StoreFile) throws(PageFault) {
        self.file = file
        let size = try mappingFile { () throws(FileFault) in try file.size() }
        let header = try readBytes(file, DeltaLayout.headerByteCount, at: 0)
        guard header.loadUInt32(at: 8) == DeltaLayout.version else {
            throw .newerFormat(found: header.loadUInt32(at: 8), supported: DeltaLayout.version)
        }
        pageSize = Int(header.loadUInt32(at: 12))
        guard PagerLimits.pageSizes.contains(pageSize) else { throw .unsupportedParameters("page size \(pageSize)") }
        fileID = Array(header[16..<32])
        base = CommitAnchor(
            fileID: fileID, sequence: header.loadUInt64(at: 32),
            root: Tag(low: header.loadUInt64(at: 40), high: header.loadUInt64(at: 48)))
        commit = header.loadUInt64(at: 56)
        let count = header.loadUInt64(at: 64)
        byteCount = header.loadUInt64(at: 72)
        let entry = UInt64(8 + pageSize)
        guard count <= size / entry, DeltaLayout.pagesOffset + count * entry == size, byteCount < 1 << 60 else {
            throw .truncated(
                expected: DeltaLayout.pagesOffset &+ count.multipliedReportingOverflow(by: entry).partialValue,
                found: size)
        }
        slot = try readBytes(file, SuperblockLayout.byteCount, at: UInt64(DeltaLayout.headerByteCount))
        var hash = SHA256Stream()
        for index in 0..<count {
            let offset = DeltaLayout.pagesOffset + index * entry
            let bytes = try readBytes(file, Int(entry), at: offset)
            hash.update(bytes.span.bytes)
            offsets[bytes.loadUInt64(at: 0)] = offset + 8
        }
        hash.update(header.span.bytes.extracting(0..<DeltaLayout.hashOffset))
        hash.update(slot.span.bytes)
        guard hash.finalise().bytes == Array(header[DeltaLayout.hashOffset..<DeltaLayout.hashOffset + 32]) else {
            throw .corruptSuperblock
        }
    }
}

func readBytes(_ file: any StoreFile, _ count: Int, at offset: UInt64) throws(PageFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try mappingFile { () throws(FileFault) in
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        try file.read(into: &raw, at: offset)
    }
    return bytes
}

/// A full backup and deltas over it, as one file that can be read like the store they stand for.
final class OverlayFile: StoreFile {
    private let base: any StoreFile
    private let deltas: [DeltaFile]
    private let newest: DeltaFile

    /// The deltas in order of age; each must continue the one before.
    init?(base: any StoreFile, deltas: [DeltaFile]) {
        guard let last = deltas.last else { return nil }
        self.base = base
        self.deltas = deltas.reversed()
        newest = last
    }

    func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault) {
        let pageSize = UInt64(newest.pageSize)
        let count = bytes.byteCount
        var done = 0
        while done < count {
            let position = offset + UInt64(done)
            let (page, within) = position.quotientAndRemainder(dividingBy: pageSize)
            let length = min(count - done, Int(pageSize - within))
            var part = bytes._mutatingExtracting(done..<done + length)
            if page < 2 {
                try readSlot(into: &part, at: Int(within))
            } else if let delta = deltas.first(where: { $0.offsets[page] != nil }), let start = delta.offsets[page] {
                try delta.file.read(into: &part, at: start + within)
            } else {
                try base.read(into: &part, at: position)
            }
            done += length
        }
    }

    private func readSlot(into part: inout MutableRawSpan, at offset: Int) throws(FileFault) {
        for index in 0..<part.byteCount {
            let byte = offset + index < newest.slot.count ? newest.slot[offset + index] : 0
            part.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
    }

    func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) { throw .readOnly }
    func size() throws(FileFault) -> UInt64 { newest.byteCount }
    func resize(to byteCount: UInt64) throws(FileFault) { throw .readOnly }
    func sync() throws(FileFault) { throw .readOnly }

    func close() {
        base.close()
        for delta in deltas { delta.file.close() }
    }
}
