// Overflow chains: the bytes of values too large for a leaf cell, over linked pages.
//
// A page is a 16-byte header and as many of the value's stored bytes as fit; only the last may be part full, and
// what it does not use is zero. The header carries the page's ordinal in its chain and a mark of the chain's first
// page, so that a cycle, a swap within a chain or with another chain is found at the first wrong page.
//
// How long a chain is, its leaf cell says. A walk takes that many steps and no more, whatever the links say.

import PageStore

enum OverflowChain {
    private static let markOffset = 2
    private static let ordinalOffset = 4
    private static let nextOffset = 8

    /// Value bytes a page holds.
    static func capacity(payloadByteCount: Int) -> Int {
        payloadByteCount - NodeLayout.headerByteCount
    }

    /// Pages that a chain of this many stored bytes has.
    static func pageCount(storedByteCount: Int, payloadByteCount: Int) -> Int {
        let capacity = capacity(payloadByteCount: payloadByteCount)
        return (storedByteCount + capacity - 1) / capacity
    }

    /// Writes bytes, at least one, to new pages and answers the first. Relieves the transaction now and then, so no
    /// frame may be held across the call.
    static func write(_ bytes: RawSpan, near: PageID?, in tx: PageTransaction) throws(PageFault) -> PageID {
        let capacity = capacity(payloadByteCount: tx.payloadByteCount)
        let pageCount = pageCount(storedByteCount: bytes.byteCount, payloadByteCount: tx.payloadByteCount)
        let first = try tx.allocate(near: near).id
        var id = first
        for ordinal in 0..<pageCount {
            // Large values must not hold the whole transaction in memory.
            if ordinal % 64 == 63 { try tx.relieve() }
            let next = ordinal + 1 < pageCount ? try tx.allocate(near: id).id : nil
            let start = ordinal * capacity
            fill(
                try tx.mutablePage(id), ordinal: ordinal, of: first, next: next,
                bytes.extracting(start..<min(start + capacity, bytes.byteCount)))
            if let next { id = next }
        }
        return first
    }

    /// Reads a chain's stored bytes. Memory grows with the pages that are really there, not with what the cell claims.
    static func read(from first: PageID, storedByteCount: Int, in view: PageView) throws(PageFault) -> [UInt8] {
        let capacity = capacity(payloadByteCount: view.payloadByteCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(storedByteCount, 1 << 18))
        var walk = Walk(from: first, storedByteCount: storedByteCount, in: view)
        while let frame = try walk.next() {
            let count = min(capacity, storedByteCount - bytes.count)
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(start: frame.base + NodeLayout.headerByteCount, count: count))
            withExtendedLifetime(frame) {}
        }
        return bytes
    }

    /// Writes a chain anew on free pages below `limit` and frees the old pages; nil, with nothing changed, when there are
    /// not enough.
    static func rewriteLow(
        _ pages: [PageID], _ form: ValueForm, before limit: UInt64, in tx: PageTransaction
    ) throws(PageFault) -> PageID? {
        guard let old = form.firstPage else { return nil }
        var places: [PageID] = []
        for _ in pages {
            guard let frame = try tx.allocateLow(before: limit) else {
                for place in places { try tx.free(place) }
                return nil
            }
            places.append(frame.id)
        }
        let bytes = try read(from: old, storedByteCount: form.storedByteCount, in: tx)
        try write(bytes.span.bytes, to: places, in: tx)
        for page in pages { try tx.free(page) }
        return places[0]
    }

    private static func write(_ bytes: RawSpan, to pages: [PageID], in tx: PageTransaction) throws(PageFault) {
        let capacity = capacity(payloadByteCount: tx.payloadByteCount)
        for (ordinal, id) in pages.enumerated() {
            let next = ordinal + 1 < pages.count ? pages[ordinal + 1] : nil
            let start = ordinal * capacity
            fill(
                try tx.mutablePage(id), ordinal: ordinal, of: pages[0], next: next,
                bytes.extracting(start..<min(start + capacity, bytes.byteCount)))
        }
    }

    private static func fill(_ frame: PageFrame, ordinal: Int, of first: PageID, next: PageID?, _ piece: RawSpan) {
        let base = frame.base
        base.storeBytes(of: PageKind.overflow, toByteOffset: NodeLayout.kind, as: UInt8.self)
        base.storeBytes(of: mark(of: first).littleEndian, toByteOffset: markOffset, as: UInt16.self)
        base.storeBytes(of: UInt32(ordinal).littleEndian, toByteOffset: ordinalOffset, as: UInt32.self)
        base.storeBytes(of: (next?.number ?? 0).littleEndian, toByteOffset: nextOffset, as: UInt64.self)
        piece.withUnsafeBytes { piece in
            guard let source = piece.baseAddress else { return }
            (base + NodeLayout.headerByteCount).copyMemory(from: source, byteCount: piece.count)
        }
        frame.validatedAs = PageKind.overflow
    }

    /// Frees a chain's pages.
    static func free(from first: PageID, storedByteCount: Int, in tx: PageTransaction) throws(PageFault) {
        var walk = Walk(from: first, storedByteCount: storedByteCount, in: tx)
        while let frame = try walk.next() { try tx.free(frame.id) }
    }

    /// The low 16 bits of the first page's number: what all pages of a chain carry.
    private static func mark(of first: PageID) -> UInt16 {
        UInt16(truncatingIfNeeded: first.number)
    }

    /// Goes along a chain, checking each page before it is lent.
    struct Walk {
        /// The page that comes next; nil at the end. Known before it is read, so that a damaged one can be named.
        private(set) var nextPage: PageID?
        private let first: PageID
        private let pageCount: Int
        private let view: PageView
        private var ordinal = 0

        init(from first: PageID, storedByteCount: Int, in view: PageView) {
            self.first = first
            self.view = view
            pageCount = OverflowChain.pageCount(
                storedByteCount: storedByteCount, payloadByteCount: view.payloadByteCount)
            nextPage = pageCount > 0 ? first : nil
        }

        /// The next page of the chain; nil at its end.
        mutating func next() throws(PageFault) -> PageFrame? {
            guard let id = nextPage else { return nil }
            let frame = try view.page(id)
            let base = frame.base
            defer { withExtendedLifetime(frame) {} }
            guard base.load(fromByteOffset: NodeLayout.kind, as: UInt8.self) == PageKind.overflow,
                frame.validatedAs == 0 || frame.validatedAs == PageKind.overflow
            else {
                throw .corruptStructure(page: id, reason: "not an overflow page")
            }
            guard UInt16(littleEndian: base.load(fromByteOffset: markOffset, as: UInt16.self)) == mark(of: first) else {
                throw .corruptStructure(page: id, reason: "overflow page of another chain")
            }
            let found = UInt32(littleEndian: base.load(fromByteOffset: ordinalOffset, as: UInt32.self))
            guard found == UInt32(ordinal) else {
                throw .corruptStructure(page: id, reason: "overflow page out of its place")
            }
            let next = UInt64(littleEndian: base.load(fromByteOffset: nextOffset, as: UInt64.self))
            ordinal += 1
            guard (next == 0) == (ordinal == pageCount) else {
                throw .corruptStructure(page: id, reason: "overflow chain of another length than its cell says")
            }
            frame.validatedAs = PageKind.overflow
            nextPage = next == 0 ? nil : PageID(next)
            return frame
        }
    }
}
