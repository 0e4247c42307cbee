// A view of one validated tree node that holds it. With NodeBytes, NodeValidation, NodeEditing and NodePacking this is the
// fence: node bytes are touched through pointers here and nowhere else.
//
// 1. A Node exists only for a frame whose content passed `Node.validate`, or was written by NodeEditor.
// 2. The Node holds its frame, so the memory outlives every access made through it. What reads it is NodeBytes.

import PageStore

struct Node {
    let frame: PageFrame
    /// To be read only while the node, or another owner of its frame, is kept.
    let bytes: NodeBytes

    /// Opens a page as a node, validating its content the first time its frame is seen.
    /// - Throws: `corruptStructure` when the content is not that of a node.
    @inline(__always) init(_ frame: PageFrame) throws(PageFault) {
        let state = frame.validatedAs
        if state != PageKind.leaf && state != PageKind.inner {
            try Node.validate(frame)
        }
        self.frame = frame
        bytes = NodeBytes(base: UnsafeRawPointer(frame.base), byteCount: frame.byteCount)
    }

    /// A node that this module has just written.
    init(written frame: PageFrame) {
        self.frame = frame
        bytes = NodeBytes(base: UnsafeRawPointer(frame.base), byteCount: frame.byteCount)
    }

    // MARK: Header

    var id: PageID { frame.id }
    var base: UnsafeMutableRawPointer { frame.base }
    var byteCount: Int { bytes.byteCount }
    @inline(__always) var level: Int { held(bytes.level) }
    @inline(__always) var isLeaf: Bool { level == 0 }
    var tag: TreeTag { TreeTag(UInt32(littleEndian: base.load(fromByteOffset: NodeLayout.tag, as: UInt32.self))) }
    @inline(__always) var count: Int { held(bytes.count) }
    @inline(__always) var prefixLength: Int { held(bytes.prefixLength) }
    var cellsStart: Int { held(bytes.word(NodeLayout.cellsStart)) }
    var garbage: Int { held(bytes.word(NodeLayout.garbage)) }
    /// The slot index after which the last insertion went, plus one; 0 when unknown. A hint, never trusted.
    var lastInsertion: Int { held(bytes.word(NodeLayout.lastInsertion)) }

    @inline(__always) var slotsStart: Int { NodeLayout.slotsStart(level: level) }
    var prefixStart: Int { byteCount - prefixLength }
    var capacity: Int { NodeLayout.capacity(payloadByteCount: byteCount, level: level) }
    /// Bytes of slots, live cells and prefix, out of `capacity`.
    var usedByteCount: Int {
        count * NodeLayout.slotByteCount + (prefixStart - cellsStart - garbage) + prefixLength
    }
    /// Whether removal has left so little that the node should join a sibling.
    var isUnderfull: Bool { usedByteCount < capacity / 3 }

    /// What was read of `bytes`, with the frame kept until then.
    @inline(__always) private func held<T>(_ value: @autoclosure () -> T) -> T {
        withExtendedLifetime(frame) { value() }
    }

    // MARK: Slots and cells

    @inline(__always) func slot(_ index: Int) -> Slot { held(bytes.slot(index)) }

    /// The length of the key at a slot, prefix included.
    func keyByteCount(_ index: Int) -> Int { held(bytes.keyByteCount(index)) }

    /// Child `index` of an inner node, from 0 to `count` inclusive. Child 0 stands before the first separator.
    @inline(__always) func child(_ index: Int) -> PageID { held(bytes.child(index)) }

    /// Whether a leaf cell's value lies in the cell as it is, so that it can be lent.
    @inline(__always) func isPlainInline(_ index: Int) -> Bool { held(bytes.isPlainInline(index)) }

    /// The form of a leaf cell's value.
    func form(_ index: Int) -> ValueForm {
        let slot = slot(index)
        return held(NodeBytes.form(at: bytes.base + slot.offset + slot.suffixLength))
    }

    /// Lends the inline bytes of a leaf cell: the value itself, or its deflated form.
    @inline(__always)
    func withInlineBytes<R>(_ index: Int, _ body: (RawSpan) throws(PageFault) -> R) throws(PageFault) -> R {
        defer { withExtendedLifetime(frame) {} }
        return try body(bytes.inlineBytes(index).bytes)
    }

    /// A copy of a leaf cell's inline bytes.
    func copyInlineBytes(_ index: Int) -> [UInt8] { held(bytes.copyInlineBytes(index)) }

    /// A copy of the key at a slot.
    func key(_ index: Int) -> [UInt8] {
        var key: [UInt8] = []
        copyKey(index, into: &key)
        return key
    }

    /// Replaces `key` by the key at a slot, reusing its memory.
    func copyKey(_ index: Int, into key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        held(bytes.appendKey(index, to: &key))
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

    // MARK: Search

    /// The first slot whose key is not less than `key`, and whether it is equal. O(log count).
    @inline(__always) func search(_ key: RawSpan) -> (index: Int, isFound: Bool) { held(bytes.search(key)) }

    /// The index of the child whose range holds `key`.
    @inline(__always) func childIndex(_ key: RawSpan) -> Int { held(bytes.childIndex(key)) }

    /// Reads a byte of each of the lines of memory that a search begins with.
    @inline(__always) func touchSearch() -> UInt8 { held(bytes.touchSearch()) }

    /// Reads a byte of each of the first lines of memory that hold a leaf cell's value.
    @inline(__always) func touchValue(_ index: Int) -> UInt8 { held(bytes.touchValue(index)) }

    /// Whether the node's prefix is one of `key` too, so that the key can be stored in this node as it stands.
    func sharesPrefix(_ key: RawSpan) -> Bool {
        defer { withExtendedLifetime(frame) {} }
        let length = prefixLength
        guard key.byteCount >= length else { return false }
        return key.withUnsafeBytes { key in
            length == 0 || NodeBytes.compare(key.baseAddress!, UnsafeRawPointer(base) + prefixStart, length) == 0
        }
    }

    // MARK: Bytes

    static func copy(_ bytes: RawSpan) -> [UInt8] {
        bytes.withUnsafeBytes { [UInt8]($0) }
    }

    /// The whole length of the cell at a slot: suffix, and value part or child.
    func cellByteCount(_ index: Int) -> Int {
        let slot = slot(index)
        guard isLeaf else { return slot.suffixLength + NodeLayout.childByteCount }
        return slot.suffixLength + form(index).partByteCount
    }
}
