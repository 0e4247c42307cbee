// Changes to one node in place. Every edit leaves a node that would pass validation, so a frame stays marked.
//
// 1. An editor is made only from a frame the transaction gave for writing, and dropped before the next relieve.
// 2. A removed cell's bytes become garbage; `compact` gathers it when the gap between slots and cells is too small.
// 3. An edit that does not fit answers false and has changed nothing that a reader could see.

import PageStore

struct NodeEditor {
    let node: Node
    private var base: UnsafeMutableRawPointer { node.base }

    /// Edits the content that is there, which is validated first if need be.
    init(_ frame: PageFrame) throws(PageFault) {
        node = try Node(frame)
    }

    /// Edits a node whose frame the transaction gave for writing.
    init(_ node: Node) {
        self.node = node
    }

    /// Makes a frame an empty node of a level. Inner nodes get their first child, without which they are none; all nodes
    /// of a tree carry its tag.
    init(formatting frame: PageFrame, level: Int, tag: TreeTag, firstChild: PageID? = nil) {
        let base = frame.base
        base.initializeMemory(as: UInt8.self, repeating: 0, count: NodeLayout.headerByteCount)
        let kind = level == 0 ? PageKind.leaf : PageKind.inner
        base.storeBytes(of: kind, toByteOffset: NodeLayout.kind, as: UInt8.self)
        base.storeBytes(of: UInt8(level), toByteOffset: NodeLayout.level, as: UInt8.self)
        base.storeBytes(
            of: UInt16(frame.byteCount).littleEndian, toByteOffset: NodeLayout.cellsStart, as: UInt16.self)
        base.storeBytes(of: tag.value.littleEndian, toByteOffset: NodeLayout.tag, as: UInt32.self)
        if level > 0 {
            guard let firstChild else { preconditionFailure("an inner node has a first child") }
            base.storeBytes(of: firstChild.number.littleEndian, toByteOffset: NodeLayout.firstChild, as: UInt64.self)
        }
        frame.validatedAs = kind
        node = Node(written: frame)
    }

    /// Makes a frame a copy of another node, cell for cell.
    init(copying other: Node, to frame: PageFrame) {
        frame.base.copyMemory(from: other.base, byteCount: other.byteCount)
        frame.validatedAs = other.isLeaf ? PageKind.leaf : PageKind.inner
        withExtendedLifetime(other.frame) {}
        node = Node(written: frame)
    }

    // MARK: Cells

    /// Inserts a leaf cell before slot `index`. False when the key lacks the node's prefix or the cell does not fit.
    func insert(at index: Int, key: RawSpan, form: ValueForm, inline: RawSpan) -> Bool {
        guard node.sharesPrefix(key) else { return false }
        return key.withUnsafeBytes { key in
            guard let part = openCell(at: index, key: key, partByteCount: form.partByteCount) else { return false }
            NodeEditor.write(form, inline: inline, at: part)
            return true
        }
    }

    /// Inserts a separator and the child right of it before slot `index`. False as for leaves.
    func insertSeparator(at index: Int, key: RawSpan, child: PageID) -> Bool {
        guard node.sharesPrefix(key) else { return false }
        return key.withUnsafeBytes { key in
            guard let part = openCell(at: index, key: key, partByteCount: NodeLayout.childByteCount) else {
                return false
            }
            part.storeBytes(of: child.number.littleEndian, as: UInt64.self)
            return true
        }
    }

    /// Gives the leaf cell at `index`, whose key is `key`, another value. False when it does not fit.
    func replace(at index: Int, key: RawSpan, form: ValueForm, inline: RawSpan) -> Bool {
        let slot = node.slot(index)
        let old = node.form(index).partByteCount
        let new = form.partByteCount
        if new == old {
            NodeEditor.write(form, inline: inline, at: base + slot.offset + slot.suffixLength)
            return true
        }
        let gap = node.cellsStart - node.slotsStart - node.count * NodeLayout.slotByteCount
        guard gap + node.garbage + slot.suffixLength + old >= slot.suffixLength + new else { return false }
        let hint = node.lastInsertion
        remove(index..<(index + 1))
        guard insert(at: index, key: key, form: form, inline: inline) else { preconditionFailure("room was counted") }
        set(NodeLayout.lastInsertion, hint)
        return true
    }

    /// Gives the separator at `index` another key; the child right of it stays. False when it does not fit.
    func replaceSeparator(at index: Int, by key: RawSpan) -> Bool {
        guard node.count == 1 || node.sharesPrefix(key) else { return false }
        let gap = node.cellsStart - node.slotsStart - node.count * NodeLayout.slotByteCount
        let growth = key.byteCount - node.keyByteCount(index)
        guard node.count == 1 || growth <= gap + node.garbage else { return false }
        let child = node.child(index + 1)
        remove(index..<(index + 1))
        guard insertSeparator(at: index, key: key, child: child) else { preconditionFailure("room was counted") }
        return true
    }

    /// Removes slots and their cells.
    func remove(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var freed = 0
        for index in range { freed += node.cellByteCount(index) }
        let count = node.count
        let slots = base + node.slotsStart
        (slots + range.lowerBound * NodeLayout.slotByteCount).copyMemory(
            from: slots + range.upperBound * NodeLayout.slotByteCount,
            byteCount: (count - range.upperBound) * NodeLayout.slotByteCount)
        let left = count - range.count
        set(NodeLayout.count, left)
        set(NodeLayout.lastInsertion, 0)
        if left == 0 {
            // Nothing is worth keeping, the prefix included.
            set(NodeLayout.prefixLength, 0)
            set(NodeLayout.cellsStart, node.byteCount)
            set(NodeLayout.garbage, 0)
        } else {
            set(NodeLayout.garbage, node.garbage + freed)
        }
    }

    /// Removes children of an inner node, and with each the separator that tells it from what stays. One child at
    /// least must stay.
    func removeChildren(_ range: Range<Int>) {
        precondition(range.count <= node.count)
        guard !range.isEmpty else { return }
        if range.lowerBound > 0 {
            remove((range.lowerBound - 1)..<(range.upperBound - 1))
        } else {
            let first = node.child(range.upperBound)
            remove(0..<range.upperBound)
            base.storeBytes(of: first.number.littleEndian, toByteOffset: NodeLayout.firstChild, as: UInt64.self)
        }
    }

    // MARK: Places of pages

    /// Points child `index` of an inner node, got for writing, elsewhere.
    static func setChild(_ child: PageID, at index: Int, of frame: PageFrame) {
        let node = Node(written: frame)
        precondition(!node.isLeaf && index >= 0 && index <= node.count)
        let offset: Int
        if index == 0 {
            offset = NodeLayout.firstChild
        } else {
            let slot = node.slot(index - 1)
            offset = slot.offset + slot.suffixLength
        }
        frame.base.storeBytes(of: child.number.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Points an overflow cell of a leaf, got for writing, to another chain of the same length.
    static func setChain(_ first: PageID, at index: Int, of frame: PageFrame) {
        let node = Node(written: frame)
        precondition(node.isLeaf && index >= 0 && index < node.count && node.form(index).firstPage != nil)
        let slot = node.slot(index)
        frame.base.storeBytes(
            of: first.number.littleEndian, toByteOffset: slot.offset + slot.suffixLength + 10, as: UInt64.self)
    }

    // MARK: Room

    /// Makes room for a cell, writes its slot and suffix, and answers where its part goes.
    private func openCell(at index: Int, key: UnsafeRawBufferPointer, partByteCount: Int) -> UnsafeMutableRawPointer? {
        let prefixLength = node.prefixLength
        let suffixLength = key.count - prefixLength
        let cellByteCount = suffixLength + partByteCount
        let count = node.count
        let slotsEnd = node.slotsStart + count * NodeLayout.slotByteCount
        let needed = cellByteCount + NodeLayout.slotByteCount
        if node.cellsStart - slotsEnd < needed {
            guard node.cellsStart - slotsEnd + node.garbage >= needed else { return nil }
            compact()
        }
        let offset = node.cellsStart - cellByteCount
        let cell = base + offset
        if let bytes = key.baseAddress, suffixLength > 0 {
            cell.copyMemory(from: bytes + prefixLength, byteCount: suffixLength)
        }
        let place = base + node.slotsStart + index * NodeLayout.slotByteCount
        (place + NodeLayout.slotByteCount).copyMemory(
            from: place, byteCount: (count - index) * NodeLayout.slotByteCount)
        let slot = Slot(offset: offset, suffixLength: suffixLength, head: NodeBytes.head(cell, suffixLength))
        place.storeBytes(of: slot.word.littleEndian, as: UInt64.self)
        set(NodeLayout.count, count + 1)
        set(NodeLayout.cellsStart, offset)
        set(NodeLayout.lastInsertion, index + 1)
        return cell + suffixLength
    }

    /// Moves the cells together so that all free bytes lie in the gap.
    private func compact() {
        let start = node.cellsStart
        let end = node.prefixStart
        withUnsafeTemporaryAllocation(byteCount: end - start, alignment: 8) { old in
            guard let cells = old.baseAddress else { return }
            cells.copyMemory(from: base + start, byteCount: end - start)
            var next = end
            for index in 0..<node.count {
                let slot = node.slot(index)
                let source = cells + (slot.offset - start)
                let part = source + slot.suffixLength
                let partByteCount = node.isLeaf ? NodeBytes.form(at: part).partByteCount : NodeLayout.childByteCount
                let byteCount = slot.suffixLength + partByteCount
                next -= byteCount
                (base + next).copyMemory(from: source, byteCount: byteCount)
                let moved = Slot(offset: next, suffixLength: slot.suffixLength, head: slot.head)
                base.storeBytes(
                    of: moved.word.littleEndian, toByteOffset: node.slotsStart + index * NodeLayout.slotByteCount,
                    as: UInt64.self)
            }
            set(NodeLayout.cellsStart, next)
            set(NodeLayout.garbage, 0)
        }
    }

    func set(_ offset: Int, _ value: Int) {
        base.storeBytes(of: UInt16(value).littleEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Writes a value form and the inline bytes after it.
    static func write(_ form: ValueForm, inline: RawSpan, at part: UnsafeMutableRawPointer) {
        part.storeBytes(of: form.word.littleEndian, as: UInt16.self)
        if form.isDeflated || form.firstPage != nil {
            part.storeBytes(of: UInt32(form.totalByteCount).littleEndian, toByteOffset: 2, as: UInt32.self)
        }
        if let first = form.firstPage {
            part.storeBytes(of: UInt32(form.storedByteCount).littleEndian, toByteOffset: 6, as: UInt32.self)
            part.storeBytes(of: first.number.littleEndian, toByteOffset: 10, as: UInt64.self)
            return
        }
        inline.withUnsafeBytes { inline in
            guard let bytes = inline.baseAddress else { return }
            (part + form.headerByteCount).copyMemory(from: bytes, byteCount: form.storedByteCount)
        }
    }
}

extension Node {
    /// Whether there are keys and all of them come before `key`: what a row that arrives in order asks first.
    @inline(__always)
    func endsBefore(_ key: RawSpan) -> Bool {
        defer { withExtendedLifetime(frame) {} }
        let count = count
        guard count > 0 else { return false }
        let prefixLength = prefixLength
        let slot = slot(count &- 1)
        return key.withUnsafeBytes { key in
            guard let bytes = key.baseAddress else { return false }
            let shared = min(key.count, prefixLength)
            let order = NodeBytes.compare(bytes, UnsafeRawPointer(base) + prefixStart, shared)
            if order != 0 || key.count < prefixLength { return order > 0 }
            let rest = bytes + prefixLength
            let length = key.count &- prefixLength
            let head = NodeBytes.head(rest, length)
            if slot.head != head { return slot.head < head }
            let suffix = slot.suffixLength
            let ending = NodeBytes.compare(UnsafeRawPointer(base) + slot.offset, rest, min(suffix, length))
            return ending < 0 || ending == 0 && suffix < length
        }
    }
}
