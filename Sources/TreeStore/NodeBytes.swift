// The bytes of one tree node, read in place.
//
// 1. A NodeBytes is made only of content that passed `Node.validate`, or was written by NodeEditor. Every offset and
//    length read from it is therefore in range, and the accessors do not check again.
// 2. It holds nothing: whoever makes one keeps the memory, by its frame (Node) or by a section (`lent`), for as long as
//    it is used. Only Node, KnownNodes and TreeReader make some.
// 3. Indexes given to accessors are the caller's to keep below `count`.

import PageStore

struct NodeBytes {
    let base: UnsafeRawPointer
    let byteCount: Int

    init(base: UnsafeRawPointer, byteCount: Int) {
        self.base = base
        self.byteCount = byteCount
    }

    /// A lent page as a leaf below the root; nil when it is none, or its content was not validated yet: who opens it by its
    /// frame does that, and says what is wrong.
    /// - Parameter byteCount: that of all pages. Known beforehand, so that nothing waits for it to come with the page.
    @inline(__always)
    init?(leaf page: LentPage?, byteCount: Int) {
        guard let page, page.validatedAs == PageKind.leaf, page.byteCount == byteCount else { return nil }
        self.init(base: page.base, byteCount: byteCount)
        guard isLeaf, count > 0 else { return nil }
    }

    // MARK: Header

    @inline(__always) var level: Int { Int(base.load(fromByteOffset: NodeLayout.level, as: UInt8.self)) }
    @inline(__always) var isLeaf: Bool { level == 0 }
    @inline(__always) var count: Int { word(NodeLayout.count) }
    @inline(__always) var prefixLength: Int { word(NodeLayout.prefixLength) }
    @inline(__always) var slotsStart: Int { NodeLayout.slotsStart(level: level) }
    @inline(__always) var prefixStart: Int { byteCount &- prefixLength }

    @inline(__always) func word(_ offset: Int) -> Int {
        Int(UInt16(littleEndian: base.load(fromByteOffset: offset, as: UInt16.self)))
    }

    // MARK: Slots and cells

    @inline(__always) func slot(_ index: Int) -> Slot {
        let offset = slotsStart &+ index &* NodeLayout.slotByteCount
        return Slot(word: UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self)))
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

    /// Where a leaf cell's inline bytes lie. Empty for overflow values.
    @inline(__always) func inlineBytes(_ index: Int) -> UnsafeRawBufferPointer {
        let slot = slot(index)
        let part = base + (slot.offset &+ slot.suffixLength)
        let word = UInt16(littleEndian: part.loadUnaligned(as: UInt16.self))
        if word & (ValueForm.overflowFlag | ValueForm.deflatedFlag) == 0 {
            return UnsafeRawBufferPointer(start: part + ValueForm.wordByteCount, count: Int(word))
        }
        let form = NodeBytes.form(at: part)
        return UnsafeRawBufferPointer(start: part + form.headerByteCount, count: form.inlineByteCount)
    }

    /// Whether a leaf cell's value lies in the cell as it is, so that it can be lent.
    @inline(__always) func isPlainInline(_ index: Int) -> Bool {
        let slot = slot(index)
        let word = UInt16(
            littleEndian: base.loadUnaligned(fromByteOffset: slot.offset &+ slot.suffixLength, as: UInt16.self))
        return word & (ValueForm.overflowFlag | ValueForm.deflatedFlag) == 0
    }

    /// A copy of a leaf cell's inline bytes.
    func copyInlineBytes(_ index: Int) -> [UInt8] { [UInt8](inlineBytes(index)) }

    /// Appends what the key at a slot has from `start` on.
    func appendKey(_ index: Int, from start: Int = 0, to key: inout [UInt8]) {
        let slot = slot(index)
        let prefixLength = prefixLength
        if start < prefixLength {
            key.append(
                contentsOf: UnsafeRawBufferPointer(start: base + (prefixStart + start), count: prefixLength - start))
        }
        let left = max(0, start - prefixLength)
        guard left < slot.suffixLength else { return }
        key.append(
            contentsOf: UnsafeRawBufferPointer(start: base + (slot.offset + left), count: slot.suffixLength - left))
    }

    /// The length of the key at a slot, prefix included.
    func keyByteCount(_ index: Int) -> Int { prefixLength + slot(index).suffixLength }

    // MARK: Fetching ahead

    /// Reads a byte of each of the lines of memory that a leaf's search begins with: the first slots, and the prefix.
    @inline(__always)
    func touchSearch() -> UInt8 {
        let end = min(byteCount, NodeLayout.slotsStart(level: 0) &+ 256)
        var sum = base.load(fromByteOffset: byteCount &- 1, as: UInt8.self)
        var offset = 0
        while offset < end {
            sum ^= base.load(fromByteOffset: offset, as: UInt8.self)
            offset &+= 64
        }
        return sum
    }

    /// Reads a byte of some of the lines of memory that an inner node's search looks at: the prefix, and slots that halve it.
    @inline(__always)
    func touchSlots() -> UInt8 {
        let quarter = count &* NodeLayout.slotByteCount / 4
        var sum = base.load(fromByteOffset: byteCount &- 1, as: UInt8.self)
        sum ^= base.load(fromByteOffset: slotsStart &+ quarter, as: UInt8.self)
        sum ^= base.load(fromByteOffset: slotsStart &+ 2 &* quarter, as: UInt8.self)
        sum ^= base.load(fromByteOffset: slotsStart &+ 3 &* quarter, as: UInt8.self)
        return sum
    }

    /// Reads a byte of each of the first lines of memory that hold a leaf cell's value.
    @inline(__always)
    func touchValue(_ index: Int) -> UInt8 {
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
        return key.withUnsafeBytes { search($0) }
    }

    private func search(_ key: UnsafeRawBufferPointer) -> (index: Int, isFound: Bool) {
        // An empty span may have no address; the header stands in, and no byte of it is read.
        var bytes = key.baseAddress ?? base
        var length = key.count
        let count = count
        let prefixLength = prefixLength
        if prefixLength > 0 {
            let order = NodeBytes.compare(bytes, base + prefixStart, min(length, prefixLength))
            if order > 0 { return (count, false) }
            if order < 0 || length < prefixLength { return (0, false) }
            bytes += prefixLength
            length &-= prefixLength
        }
        let head = NodeBytes.head(bytes, length)
        let slots = base + slotsStart
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
                let order = NodeBytes.compare(base + slot.offset, bytes, min(suffix, length))
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

    /// The child whose range holds `key`.
    @inline(__always) func child(for key: RawSpan) -> PageID { child(childIndex(key)) }

    // MARK: Bytes

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
    static func form(at part: UnsafeRawPointer) -> ValueForm {
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
}
