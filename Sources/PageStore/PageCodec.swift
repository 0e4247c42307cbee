import StoreIO

// Sealing and opening: the only way from a page in memory to bytes on disk and back.
//
// A sealed image has the page's size:
//   0  version (8)   8  epoch prefix (16)   24  counter and key number (8)   32  tag (16)   48  payload
// The tag authenticates file id, page number, version, prefix and payload, so an image that was moved, swapped, aged or
// taken from another file does not open. The log holds the same image that later goes home: one seal per version.

/// What a seal is for; part of the nonce, so that no image of one kind opens as another.
enum SealKind: UInt32 {
    case page = 1
    case logFrame = 2
    case superblock = 3
}

struct PageCodec: Sendable {
    static let overhead = 48

    let pageSize: Int
    let fileID: (UInt64, UInt64)
    let ring: KeyRing

    init(pageSize: Int, fileID: [UInt8], ring: KeyRing) {
        self.pageSize = pageSize
        self.fileID = (fileID.loadUInt64(at: 0), fileID.loadUInt64(at: 8))
        self.ring = ring
    }

    var payloadByteCount: Int { pageSize - Self.overhead }

    /// Seals a frame as version `version` of its page into `buffer` at `offset`; returns the image's tag.
    func seal(_ frame: PageFrame, version: CommitSequence, into buffer: IOBuffer, at offset: Int) throws(PageFault)
        -> Tag
    {
        let (epoch, counter) = try nextNonce()
        buffer.storeUInt64(version, at: offset)
        buffer.storeUInt64(epoch.prefix.low, at: offset + 8)
        buffer.storeUInt64(epoch.prefix.high, at: offset + 16)
        buffer.storeUInt64(counter, at: offset + 24)
        let identity = identity(frame.id.number, version, epoch.prefix)
        let range = offset + Self.overhead..<offset + pageSize
        let tag = try mappingCrypto { () throws(CryptoFault) in
            try buffer.withMutableBytes(range) { image throws(CryptoFault) in
                try frame.withBytes { payload throws(CryptoFault) in
                    try epoch.cipher.seal(
                        nonce: Nonce(high: counter, low: SealKind.page.rawValue),
                        authenticating: identity.span.bytes, payload, into: &image)
                }
            }
        }
        buffer.storeUInt64(tag.low, at: offset + 32)
        buffer.storeUInt64(tag.high, at: offset + 40)
        return tag
    }

    /// Opens the image in `buffer` as page `id`; nil when it does not authenticate as that page.
    func open(_ id: PageID, from buffer: IOBuffer, at offset: Int) throws(PageFault) -> (PageFrame, CommitSequence)? {
        let version = buffer.loadUInt64(at: offset)
        let prefix = EpochPrefix(low: buffer.loadUInt64(at: offset + 8), high: buffer.loadUInt64(at: offset + 16))
        let counter = buffer.loadUInt64(at: offset + 24)
        let tag = imageTag(in: buffer, at: offset)
        guard let cipher = try ring.cipher(prefix: prefix, keyNumber: UInt32(truncatingIfNeeded: counter >> 32)) else {
            return nil
        }
        let identity = identity(id.number, version, prefix)
        let frame = PageFrame(id: id, byteCount: payloadByteCount)
        let opened = buffer.withBytes(offset + Self.overhead..<offset + pageSize) { image in
            frame.withMutableBytes { payload in
                do throws(CryptoFault) {
                    try cipher.open(
                        nonce: Nonce(high: counter, low: SealKind.page.rawValue),
                        authenticating: identity.span.bytes, image, tag: tag, into: &payload)
                    return true
                } catch { return false }
            }
        }
        return opened ? (frame, version) : nil
    }

    func imageTag(in buffer: IOBuffer, at offset: Int) -> Tag {
        Tag(low: buffer.loadUInt64(at: offset + 32), high: buffer.loadUInt64(at: offset + 40))
    }

    func imageVersion(in buffer: IOBuffer, at offset: Int) -> CommitSequence { buffer.loadUInt64(at: offset) }

    /// A fresh nonce of the writer's epoch; starts a new epoch when one is used up.
    func nextNonce() throws(PageFault) -> (SealingEpoch, UInt64) {
        while true {
            let epoch = try ring.sealingEpoch()
            if let counter = epoch.nextCounter() { return (epoch, counter) }
            ring.retire(epoch)
        }
    }

    @inline(__always)
    private func identity(_ page: UInt64, _ version: UInt64, _ prefix: EpochPrefix) -> InlineArray<6, UInt64> {
        if !Defence.pageIdentity.isOn { return [0, 0, 0, 0, 0, 0] }
        return [
            fileID.0.littleEndian, fileID.1.littleEndian, page.littleEndian, version.littleEndian,
            prefix.low.littleEndian, prefix.high.littleEndian,
        ]
    }
}

// Small sealed records: the clear part is authenticated, the record is encrypted in place.
extension PageCodec {
    /// Seals `record` under `clear`; the caller stores prefix and counter in the clear part *before* calling, from
    /// `nextNonce`.
    func sealRecord(
        kind: SealKind, epoch: SealingEpoch, counter: UInt64, clear: [UInt8], record: [UInt8]
    ) throws(PageFault) -> (sealed: [UInt8], tag: Tag) {
        var sealed = [UInt8](repeating: 0, count: record.count)
        let authenticated = identified(clear)
        let tag = try mappingCrypto { () throws(CryptoFault) in
            var span = sealed.mutableSpan
            var raw = span.mutableBytes
            return try epoch.cipher.seal(
                nonce: Nonce(high: counter, low: kind.rawValue), authenticating: authenticated.span.bytes,
                record.span.bytes, into: &raw)
        }
        return (sealed, tag)
    }

    /// Opens what `sealRecord` made; nil when it does not authenticate.
    func openRecord(
        kind: SealKind, prefix: EpochPrefix, counter: UInt64, clear: [UInt8], sealed: [UInt8], tag: Tag
    ) throws(PageFault) -> [UInt8]? {
        guard let cipher = try ring.cipher(prefix: prefix, keyNumber: UInt32(truncatingIfNeeded: counter >> 32)) else {
            return nil
        }
        var record = [UInt8](repeating: 0, count: sealed.count)
        let authenticated = identified(clear)
        do throws(CryptoFault) {
            var span = record.mutableSpan
            var raw = span.mutableBytes
            try cipher.open(
                nonce: Nonce(high: counter, low: kind.rawValue), authenticating: authenticated.span.bytes,
                sealed.span.bytes, tag: tag, into: &raw)
        } catch { return nil }
        return record
    }

    private func identified(_ clear: [UInt8]) -> [UInt8] {
        withLittleEndian(fileID.0) + withLittleEndian(fileID.1) + clear
    }
}
