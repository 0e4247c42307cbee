import Synchronization

// One page's payload in memory.
//
// 1. A frame is written only by the transaction that made it (`mutablePage`, `allocate`), before it is shared.
// 2. Once a frame is in the cache or belongs to a snapshot it never changes.
// 3. Holding a reference pins the memory; the cache only drops its own.
// 4. The line of memory before the payload (`FrameHead`) says what a reader has to know of a page before it reads it, so
//    that a reader who is lent the memory (FrameIndex) touches no object. It lives as long as the frame.

/// The payload of one page (page size − 48 bytes), with its head before it.
package final class PageFrame: @unchecked Sendable {
    // Unchecked: rule 1 and 2 above make the memory behind `base` immutable before another thread can see it.
    package let id: PageID
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// How many changes in the log lie between this version and a whole image of its page. Set before it is shared.
    var changeCount: UInt8 = 0
    /// In a transaction that changes the page: what it was, where that version is in the log and may be built on. Nothing
    /// by the time that the frame is shared.
    var origin: PageFrame?

    package init(id: PageID, byteCount: Int) {
        self.id = id
        self.byteCount = byteCount
        let slot: UnsafeMutableRawPointer
        if let pool = FrameMemory.pool(byteCount: byteCount) {
            slot = pool.allocate()
        } else {
            slot = .allocate(byteCount: FrameHead.byteCount + byteCount, alignment: 16)
        }
        base = slot + FrameHead.byteCount
        let frame = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
        slot.bindMemory(to: FrameHead.self, capacity: 1)
            .initialize(to: FrameHead(page: id, payloadByteCount: byteCount, frame: frame))
    }

    deinit {
        let slot = base - FrameHead.byteCount
        if let pool = FrameMemory.pool(byteCount: byteCount) {
            pool.deallocate(slot)
        } else {
            slot.deallocate()
        }
    }

    @inline(__always)
    private var head: UnsafePointer<FrameHead> { FrameHead.of(base) }

    /// What the layer above has verified about the content: 0 nothing. A page is opened once and checked once.
    package var validatedAs: UInt8 {
        get { head.pointee.validated.load(ordering: .relaxed) }
        set { head.pointee.validated.store(newValue, ordering: .relaxed) }
    }

    /// The commit from which on this is how the page looks; 0: for everyone. Set before the frame is indexed.
    var shownFrom: CommitSequence {
        get { head.pointee.shown.load(ordering: .acquiring) }
        set { head.pointee.shown.store(newValue, ordering: .releasing) }
    }

    /// Whether a reader came by the index since the last call.
    func takeUse() -> Bool { head.pointee.wasUsed.exchange(false, ordering: .relaxed) }

    package func zero() {
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    /// A private copy for a writer. What was verified of the content stays verified.
    package func copy() -> PageFrame {
        let frame = PageFrame(id: id, byteCount: byteCount)
        frame.base.copyMemory(from: base, byteCount: byteCount)
        frame.validatedAs = validatedAs
        return frame
    }

    /// Lends the content.
    @inline(__always)
    package func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let span = RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: byteCount)
        return try body(span)
    }

    @inline(__always)
    package func withMutableBytes<R, E: Error>(_ body: (inout MutableRawSpan) throws(E) -> R) throws(E) -> R {
        var span = MutableRawSpan(_unsafeStart: base, byteCount: byteCount)
        return try body(&span)
    }

    func loadUInt64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset + 8 <= byteCount)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func storeUInt64(_ value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= byteCount)
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Byte 0 of a payload names its kind.
    package var kind: UInt8 { base.load(as: UInt8.self) }
}

/// The line of memory before a payload.
struct FrameHead: ~Copyable {
    /// Bytes from it to the payload: one line.
    static let byteCount = 64

    let page: PageID
    let payloadByteCount: Int
    /// The address of the frame's object.
    let frame: UInt
    let shown = Atomic<CommitSequence>(0)
    let validated = Atomic<UInt8>(0)
    let wasUsed = Atomic<Bool>(false)

    /// The head of the payload at this address.
    @inline(__always)
    static func of(_ base: UnsafeRawPointer) -> UnsafePointer<FrameHead> {
        (base - byteCount).assumingMemoryBound(to: FrameHead.self)
    }

    /// Notes that a reader came by the index, where the cache does not count.
    @inline(__always)
    func noteUse() {
        if !wasUsed.load(ordering: .relaxed) { wasUsed.store(true, ordering: .relaxed) }
    }
}

/// A page's payload as it is lent by a `FrameSection`, until that ends.
package struct LentPage {
    package let base: UnsafeRawPointer

    package var byteCount: Int { FrameHead.of(base).pointee.payloadByteCount }

    /// As that of the frame.
    package var validatedAs: UInt8 { FrameHead.of(base).pointee.validated.load(ordering: .relaxed) }
}

/// Scratch memory for sealed images and log writes: aligned, reused, never shared between two users at once.
final class IOBuffer: @unchecked Sendable {
    // Unchecked: the pool below hands a buffer to one user at a time.
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = byteCount
        base = .allocate(byteCount: byteCount, alignment: 4096)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    deinit { base.deallocate() }

    @inline(__always)
    func withBytes<R, E: Error>(_ range: Range<Int>, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        let span = RawSpan(_unsafeStart: UnsafeRawPointer(base + range.lowerBound), byteCount: range.count)
        return try body(span)
    }

    @inline(__always)
    func withMutableBytes<R, E: Error>(
        _ range: Range<Int>, _ body: (inout MutableRawSpan) throws(E) -> R
    ) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        var span = MutableRawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count)
        return try body(&span)
    }

    func bytes(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        return [UInt8](UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    func store(_ bytes: [UInt8], at offset: Int) {
        precondition(offset >= 0 && offset + bytes.count <= byteCount)
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { (base + offset).copyMemory(from: start, byteCount: bytes.count) }
        }
    }

    func loadUInt64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset + 8 <= byteCount)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func storeUInt64(_ value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= byteCount)
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    func clear(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        (base + range.lowerBound).initializeMemory(as: UInt8.self, repeating: 0, count: range.count)
    }
}

/// A small stack of equal buffers, so that a page miss does not allocate.
final class IOBufferPool: Sendable {
    private let byteCount: Int
    private let keep: Int
    private let free = Mutex<[IOBuffer]>([])

    init(byteCount: Int, keep: Int = 8) {
        self.byteCount = byteCount
        self.keep = keep
    }

    func with<R, E: Error>(_ body: (IOBuffer) throws(E) -> R) throws(E) -> R {
        let buffer = free.withLock { $0.popLast() } ?? IOBuffer(byteCount: byteCount)
        defer { free.withLock { if $0.count < keep { $0.append(buffer) } } }
        return try body(buffer)
    }
}
