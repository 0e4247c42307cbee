import StoreIO

// The header of one log slot, 192 bytes; the sealed image of a page, or of changes, follows it.
//
//   0 magic "SSLF" (4)   4 kind (1)   5 flags (1)   6 zero (2)
//   8 position           16 page number | extent's first page      24 version | extent's page count
//  32 durableThrough     40 position of the transaction's first frame
//  48 epoch prefix (16)  64 counter and key number (8)
//  72 predecessor's tag (16)      88 image's tag (16)      104 extent's first position (link) | 0
// 112 sealed record (64): the CommitState of a commit frame      176 tag (16)
//
// The tag covers file id, everything before the record, and the record. It names its predecessor's tag, so frames chain
// and a frame of an earlier round never continues a newer chain.

struct LogFrame: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        /// A sealed page image follows.
        case page = 1
        /// The log goes on in another extent.
        case link = 2
        /// A writer begins here; frames beyond this position that were written before never count.
        case epoch = 3
        /// Changes of pages follow, sealed as one image (`PageChanges.swift`).
        case changes = 4

        /// Whether an image follows.
        var hasImage: Bool { self == .page || self == .changes }
    }

    static let headerByteCount = 192
    static let magic: UInt32 = 0x464C_5353
    private static let clearByteCount = 112
    private static let commitFlag: UInt8 = 1

    var kind: Kind
    var position: LogPosition
    /// Page number, or the first page of the extent that a link names.
    var page: UInt64
    /// Commit sequence, or the page count of the extent that a link names.
    var version: UInt64
    /// Everything before this position was known to be synced when the frame was written.
    var durableThrough: LogPosition
    var transactionStart: LogPosition
    var predecessor: Tag
    var image: Tag = .zero
    /// First position of the extent that a link names.
    var extentPosition: LogPosition = 0
    /// Present on the last frame of a transaction: the commit mark.
    var commit: CommitState?

    /// Seals the header; returns its bytes and tag.
    func encode(with codec: PageCodec) throws(PageFault) -> (bytes: [UInt8], tag: Tag) {
        let (epoch, counter) = try codec.nextNonce()
        var bytes = [UInt8](repeating: 0, count: Self.headerByteCount)
        bytes.store(Self.magic, at: 0)
        bytes[4] = kind.rawValue
        bytes[5] = commit == nil ? 0 : Self.commitFlag
        bytes.store(position, at: 8)
        bytes.store(page, at: 16)
        bytes.store(version, at: 24)
        bytes.store(durableThrough, at: 32)
        bytes.store(transactionStart, at: 40)
        bytes.store(epoch.prefix.low, at: 48)
        bytes.store(epoch.prefix.high, at: 56)
        bytes.store(counter, at: 64)
        bytes.store(predecessor.low, at: 72)
        bytes.store(predecessor.high, at: 80)
        bytes.store(image.low, at: 88)
        bytes.store(image.high, at: 96)
        bytes.store(extentPosition, at: 104)
        let record = commit?.encode() ?? [UInt8](repeating: 0, count: CommitState.encodedByteCount)
        let (sealed, tag) = try codec.sealRecord(
            kind: .logFrame, epoch: epoch, counter: counter, clear: Array(bytes[..<Self.clearByteCount]),
            record: record)
        bytes.replace(at: Self.clearByteCount, with: sealed)
        bytes.store(tag.low, at: 176)
        bytes.store(tag.high, at: 184)
        return (bytes, tag)
    }

    /// Reads a header; nil when the bytes are not an authentic frame of this file.
    static func decode(_ bytes: [UInt8], with codec: PageCodec) throws(PageFault) -> (frame: LogFrame, tag: Tag)? {
        guard bytes.count == headerByteCount, bytes.loadUInt32(at: 0) == magic, let kind = Kind(rawValue: bytes[4])
        else { return nil }
        let tag = Tag(low: bytes.loadUInt64(at: 176), high: bytes.loadUInt64(at: 184))
        let record = try codec.openRecord(
            kind: .logFrame,
            prefix: EpochPrefix(low: bytes.loadUInt64(at: 48), high: bytes.loadUInt64(at: 56)),
            counter: bytes.loadUInt64(at: 64), clear: Array(bytes[..<clearByteCount]),
            sealed: Array(bytes[clearByteCount..<176]), tag: tag)
        guard let record else { return nil }
        let frame = LogFrame(
            kind: kind, position: bytes.loadUInt64(at: 8), page: bytes.loadUInt64(at: 16),
            version: bytes.loadUInt64(at: 24), durableThrough: bytes.loadUInt64(at: 32),
            transactionStart: bytes.loadUInt64(at: 40),
            predecessor: Tag(low: bytes.loadUInt64(at: 72), high: bytes.loadUInt64(at: 80)),
            image: Tag(low: bytes.loadUInt64(at: 88), high: bytes.loadUInt64(at: 96)),
            extentPosition: bytes.loadUInt64(at: 104),
            commit: bytes[5] & commitFlag != 0 ? CommitState(decoding: record) : nil)
        // An authentic frame with counters that no file can have is no frame of ours.
        guard frame.commit?.isPlausible ?? true, frame.position < 1 << 60, frame.durableThrough < 1 << 60,
            frame.page < 1 << 48, frame.version < 1 << 48
        else { return nil }
        return (frame, tag)
    }
}
