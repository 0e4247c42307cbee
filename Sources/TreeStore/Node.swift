// A view of one validated tree node. With NodeValidation, NodeEditing and NodePacking this is the fence: node bytes are
// touched through pointers here and nowhere else.
//
// 1. A Node exists only for a frame whose content passed `Node.validate`, or was written by NodeEditor. Every offset
//    and length read from the page is therefore in range, and the accessors do not check again.
// 2. The Node holds its frame, so the memory outlives every access made through it.
// 3. Indexes given to accessors are the caller's to keep below `count`.

import PageStore

struct Node {
    let frame: PageFrame
    let base: UnsafeMutableRawPointer

    /// Opens a page as a node, validating its content the first time its frame is seen.
    /// - Throws: `corruptStructure` when the content is not that of a node.
    @inline(__always) init(_ frame: PageFrame) throws(PageFault) {
        let state = frame.validatedAs
        if state != PageKind.leaf && state != PageKind.inner {
            try Node.validate(frame)
        }
        self.frame = frame
        base = frame.base
    }

    /// A node that this module has just written.
    init(written frame: PageFrame) {
        self.frame = frame
        base = frame.base
    }

    // MARK: Header

    var id: PageID { frame.id }
    var byteCount: Int { frame.byteCount }
    @inline(__always) var level: Int { Int(base.load(fromByteOffset: NodeLayout.level, as: UInt8.self)) }
    @inline(__always) var isLeaf: Bool { level == 0 }
    var tag: TreeTag { TreeTag(UInt32(littleEndian: base.load(fromByteOffset: NodeLayout.tag, as: UInt32.self))) }
    @inline(__always) var count: Int { word(NodeLayout.count) }
    @inline(__always) var prefixLength: Int { word(NodeLayout.prefixLength) }
    var cellsStart: Int { word(NodeLayout.cellsStart) }
    var garbage: Int { word(NodeLayout.garbage) }
    /// The slot index after which the last insertion went, plus one; 0 when unknown. A hint, never trusted.
    var lastInsertion: Int { word(NodeLayout.lastInsertion) }

    @inline(__always) var slotsStart: Int { NodeLayout.slotsStart(level: level) }
    var prefixStart: Int { byteCount - prefixLength }
    var capacity: Int { NodeLayout.capacity(payloadByteCount: byteCount, level: level) }
    /// Bytes of slots, live cells and prefix, out of `capacity`.
    var usedByteCount: Int {
        count * NodeLayout.slotByteCount + (prefixStart - cellsStart - garbage) + prefixLength
    }
    /// Whether removal has left so little that the node should join a sibling.
    var isUnderfull: Bool { usedByteCount < capacity / 3 }

    @inline(__always) private func word(_ offset: Int) -> Int {
        Int(UInt16(littleEndian: base.load(fromByteOffset: offset, as: UInt16.self)))
    }

    // MARK: Slots and cells

    @inline(__always) func slot(_ index: Int) -> Slot {
        let offset = slotsStart &+ index &* NodeLayout.slotByteCount
        return Slot(word: UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self)))
    }

    /// The length of the key at a slot, prefix included.
    func keyByteCount(_ index: Int) -> Int {
        prefixLength + slot(index).suffixLength
    }

    /// Child `index` of an inner node, from 0 to `count` inclusive. Child 0 stands before the first separator.
    @inline(__always) func child(_ index: Int) -> PageID {
        let offset: Int
        if index == 0 {
            offset = NodeLayout.firstChild
        } else {
            let slot = slot(index &- 1)
            offset = slot.offset &+ slot.suffixLength
        }
        return PageID(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }

    /// The form of a leaf cell's value.
    func form(_ index: Int) -> ValueForm {
        let slot = slot(index)
        return Node.form(at: base + slot.offset + slot.suffixLength)
    }

    /// Where a leaf cell's inline bytes lie. Empty for overflow values.
    @inline(__always) private func inlineBytes(_ index: Int) -> UnsafeRawBufferPointer {
        let slot = slot(index)
        let part = base + (slot.offset &+ slot.suffixLength)
        let word = UInt16(littleEndian: part.loadUnaligned(as: UInt16.self))
        if word & (ValueForm.overflowFlag | ValueForm.deflatedFlag) == 0 {
            return UnsafeRawBufferPointer(start: part + ValueForm.wordByteCount, count: Int(word))
        }
        let form = Node.form(at: part)
        return UnsafeRawBufferPointer(start: part + form.headerByteCount, count: form.inlineByteCount)
    }

    /// Whether a leaf cell's value lies in the cell as it is, so that it can be lent.
    @inline(__always) func isPlainInline(_ index: Int) -> Bool {
        let slot = slot(index)
        let word = UInt16(
            littleEndian: base.loadUnaligned(fromByteOffset: slot.offset &+ slot.suffixLength, as: UInt16.self))
        return word & (ValueForm.overflowFlag | ValueForm.deflatedFlag) == 0
    }

    /// Lends the inline bytes of a leaf cell: the value itself, or its deflated form.
    @inline(__always)
    func withInlineBytes<R>(_ index: Int, _ body: (RawSpan) throws(PageFault) -> R) throws(PageFault) -> R {
        defer { withExtendedLifetime(frame) {} }
        return try body(inlineBytes(index).bytes)
    }

    /// A copy of a leaf cell's inline bytes.
    func copyInlineBytes(_ index: Int) -> [UInt8] {
        defer { withExtendedLifetime(frame) {} }
        return [UInt8](inlineBytes(index))
    }

    /// A copy of the key at a slot.
    func key(_ index: Int) -> [UInt8] {
        var key: [UInt8] = []
        copyKey(index, into: &key)
        return key
    }

    /// Replaces `key` by the key at a slot, reusing its memory.
    func copyKey(_ index: Int, into key: inout [UInt8]) {
        let slot = slot(index)
        key.removeAll(keepingCapacity: true)
        key.append(contentsOf: UnsafeRawBufferPointer(start: base + prefixStart, count: prefixLength))
        key.append(contentsOf: UnsafeRawBufferPointer(start: base + slot.offset, count: slot.suffixLength))
        withExtendedLifetime(frame) {}
    }

    /// Lends the key at a slot: the page's own bytes when the node has no prefix, else a copy made in `scratch`.
    @inline(__always)
    func withKey<R>(
        _ index: Int, scratch: inout [UInt8], _ body: (RawSpan) throws(PageFault) -> R
    ) throws(PageFault) -> R {
        defer { withExtendedLifetime(frame) {} }
        if prefixLength == 0 {
            let slot = slot(index)
            return try body(UnsafeRawBufferPointer(start: base + slot.offset, count: slot.suffixLength).bytes)
        }
        copyKey(index, into: &scratch)
        return try body(scratch.span.bytes)
    }

    // MARK: Fetching ahead

    /// Reads a byte of each of the lines of memory that a search begins with.
    @inline(__always)
    func touchSearch() -> UInt8 {
        defer { withExtendedLifetime(frame) {} }
        let end = min(byteCount, slotsStart &+ 256)
        var sum: UInt8 = 0
        var offset = 0
        while offset < end {
            sum ^= base.load(fromByteOffset: offset, as: UInt8.self)
            offset &+= 64
        }
        return sum
    }

    /// Reads a byte of each of the first lines of memory that hold a leaf cell's value.
    @inline(__always)
    func touchValue(_ index: Int) -> UInt8 {
        defer { withExtendedLifetime(frame) {} }
        var offset = slot(index).offset
        let end = min(byteCount, offset &+ 384)
        var sum: UInt8 = 0
        while offset < end {
            sum ^= base.load(fromByteOffset: offset, as: UInt8.self)
            offset &+= 64
        }
        return sum
    }

    // MARK: Search

    /// The first slot whose key is not less than `key`, and whether it is equal. O(log count).
    @inline(__always) func search(_ key: RawSpan) -> (index: Int, isFound: Bool) {
        defer { withExtendedLifetime(frame) {} }
        return key.withUnsafeBytes { search($0) }
    }

    private func search(_ key: UnsafeRawBufferPointer) -> (index: Int, isFound: Bool) {
        // An empty span may have no address; the header stands in, and no byte of it is read.
        var bytes = key.baseAddress ?? UnsafeRawPointer(base)
        var length = key.count
        let count = count
        let prefixLength = prefixLength
        if prefixLength > 0 {
            let order = Node.compare(bytes, UnsafeRawPointer(base) + prefixStart, min(length, prefixLength))
            if order > 0 { return (count, false) }
            if order < 0 || length < prefixLength { return (0, false) }
            bytes += prefixLength
            length &-= prefixLength
        }
        let head = Node.head(bytes, length)
        let slots = UnsafeRawPointer(base) + slotsStart
        // Branches on purpose: their speculation fetches the next slots, and a branch-free search of heads measured
        // no faster on trees beyond the processor's caches.
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) &>> 1
            let slot = Slot(
                word: UInt64(
                    littleEndian: slots.load(fromByteOffset: middle &* NodeLayout.slotByteCount, as: UInt64.self)))
            let isLess: Bool
            if slot.head != head {
                isLess = slot.head < head
            } else {
                let suffix = slot.suffixLength
                let order = Node.compare(UnsafeRawPointer(base) + slot.offset, bytes, min(suffix, length))
                if order == 0 && suffix == length { return (middle, true) }
                isLess = order < 0 || (order == 0 && suffix < length)
            }
            if isLess { low = middle &+ 1 } else { high = middle }
        }
        return (low, false)
    }

    /// The index of the child whose range holds `key`.
    @inline(__always) func childIndex(_ key: RawSpan) -> Int {
        let (index, isFound) = search(key)
        return isFound ? index &+ 1 : index
    }

    /// Whether the node's prefix is one of `key` too, so that the key can be stored in this node as it stands.
    func sharesPrefix(_ key: RawSpan) -> Bool {
        defer { withExtendedLifetime(frame) {} }
        let length = prefixLength
        guard key.byteCount >= length else { return false }
        return key.withUnsafeBytes { key in
            length == 0 || Node.compare(key.baseAddress!, UnsafeRawPointer(base) + prefixStart, length) == 0
        }
    }

    // MARK: Bytes

    static func copy(_ bytes: RawSpan) -> [UInt8] {
        bytes.withUnsafeBytes { [UInt8]($0) }
    }

    /// memcmp's sign over `count` bytes, eight at a time.
    @inline(__always)
    static func compare(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Int {
        var offset = 0
        while offset &+ 8 <= count {
            let x = UInt64(bigEndian: a.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let y = UInt64(bigEndian: b.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            if x != y { return x < y ? -1 : 1 }
            offset &+= 8
        }
        while offset < count {
            let x = a.load(fromByteOffset: offset, as: UInt8.self)
            let y = b.load(fromByteOffset: offset, as: UInt8.self)
            if x != y { return x < y ? -1 : 1 }
            offset &+= 1
        }
        return 0
    }

    /// The first four of `length` bytes read big-endian, padded with zeros.
    @inline(__always) static func head(_ bytes: UnsafeRawPointer, _ length: Int) -> UInt32 {
        if length >= 4 { return UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) }
        var head: UInt32 = 0
        var offset = 0
        while offset < length {
            head |= UInt32(bytes.load(fromByteOffset: offset, as: UInt8.self)) &<< UInt32(24 &- 8 &* offset)
            offset &+= 1
        }
        return head
    }

    /// Reads a value form. The caller knows that its header lies within the page.
    static func form(at part: UnsafeMutableRawPointer) -> ValueForm {
        let word = UInt16(littleEndian: part.loadUnaligned(as: UInt16.self))
        let isDeflated = word & ValueForm.deflatedFlag != 0
        let inline = Int(word & ValueForm.inlineMask)
        if word & ValueForm.overflowFlag != 0 {
            return ValueForm(
                totalByteCount: Int(UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 2, as: UInt32.self))),
                storedByteCount: Int(UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 6, as: UInt32.self))),
                isDeflated: isDeflated,
                firstPage: PageID(UInt64(littleEndian: part.loadUnaligned(fromByteOffset: 10, as: UInt64.self))))
        }
        if isDeflated {
            return ValueForm(
                totalByteCount: Int(UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 2, as: UInt32.self))),
                storedByteCount: inline, isDeflated: true, firstPage: nil)
        }
        return .inline(inline)
    }

    /// The whole length of the cell at a slot: suffix, and value part or child.
    func cellByteCount(_ index: Int) -> Int {
        let slot = slot(index)
        guard isLeaf else { return slot.suffixLength + NodeLayout.childByteCount }
        return slot.suffixLength + form(index).partByteCount
    }
}
