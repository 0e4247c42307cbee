// Validation of a node's bytes: run once per frame, and the reason why accessors need not check.
//
// What holds after it: the header agrees with itself; each cell lies whole between `cellsStart` and the prefix and
// overlaps no other; heads are those of their suffixes; keys ascend strictly and keep to their limit; value forms are
// ones a writer could have made; children have page numbers. What it cannot see, because it sees one page: whether
// the page is where it belongs. The descent checks levels, `check` the rest.

import PageStore

extension Node {
    /// Checks a frame's content and marks the frame with the kind found.
    static func validate(_ frame: PageFrame) throws(PageFault) {
        // Asked once: beside the caller, another reader may have found the page unchecked too and be done with it by now.
        let state = frame.validatedAs
        if state == PageKind.leaf || state == PageKind.inner { return }
        guard state == 0 else {
            throw .corruptStructure(page: frame.id, reason: "a page of another kind where a tree node should be")
        }
        if let damage = damage(in: frame) {
            throw .corruptStructure(page: frame.id, reason: damage)
        }
        frame.validatedAs = frame.base.load(fromByteOffset: NodeLayout.kind, as: UInt8.self)
    }

    /// What is wrong with a frame's content as a node; nil when nothing is.
    private static func damage(in frame: PageFrame) -> String? {
        let base = UnsafeRawPointer(frame.base)
        let byteCount = frame.byteCount
        defer { withExtendedLifetime(frame) {} }
        func word(_ offset: Int) -> Int {
            Int(UInt16(littleEndian: base.load(fromByteOffset: offset, as: UInt16.self)))
        }
        let kind = base.load(fromByteOffset: NodeLayout.kind, as: UInt8.self)
        let level = Int(base.load(fromByteOffset: NodeLayout.level, as: UInt8.self))
        switch kind {
        case PageKind.leaf: if level != 0 { return "leaf with a level" }
        case PageKind.inner: if level == 0 || level > NodeLayout.maximumLevel { return "inner node of a bad level" }
        default: return "not a tree node"
        }
        let count = word(NodeLayout.count)
        let prefixLength = word(NodeLayout.prefixLength)
        let cellsStart = word(NodeLayout.cellsStart)
        let slotsStart = NodeLayout.slotsStart(level: level)
        let prefixStart = byteCount - prefixLength
        if prefixLength > TreeLimits.maximumKeyByteCount { return "prefix longer than a key may be" }
        if cellsStart < slotsStart + count * NodeLayout.slotByteCount { return "slots run into cells" }
        if cellsStart > prefixStart { return "cells run into the prefix" }
        if level > 0, base.load(fromByteOffset: NodeLayout.firstChild, as: UInt64.self) == 0 {
            return "missing first child"
        }
        let page = CellArea(
            base: base, level: level, count: count, prefixLength: prefixLength, cellsStart: cellsStart,
            cellsEnd: prefixStart, payloadByteCount: byteCount)
        switch page.measure() {
        case .damage(let reason): return reason
        case .live(let live):
            return live + word(NodeLayout.garbage) == prefixStart - cellsStart ? nil : "free bytes counted wrong"
        }
    }
}

/// The cells of a node under validation, within bounds already checked.
private struct CellArea {
    let base: UnsafeRawPointer
    let level: Int
    let count: Int
    let prefixLength: Int
    let cellsStart: Int
    let cellsEnd: Int
    let payloadByteCount: Int

    enum Result {
        case live(byteCount: Int)
        case damage(String)
    }

    /// Checks every cell and sums their lengths.
    func measure() -> Result {
        // One bit a byte of the cell area, set where a cell lies.
        let wordCount = (cellsEnd - cellsStart) / 64 + 1
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordCount) { covered in
            covered.initialize(repeating: 0)
            var live = 0
            var previous = Slot(word: 0)
            for index in 0..<count {
                let offset = NodeLayout.slotsStart(level: level) + index * NodeLayout.slotByteCount
                let slot = Slot(word: UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self)))
                let partStart = slot.offset + slot.suffixLength
                guard slot.offset >= cellsStart, partStart <= cellsEnd else { return .damage("key out of its page") }
                guard prefixLength + slot.suffixLength <= TreeLimits.maximumKeyByteCount else {
                    return .damage("key longer than its limit")
                }
                guard slot.head == NodeBytes.head(base + slot.offset, slot.suffixLength) else {
                    return .damage("head differs from its key")
                }
                if index > 0 && !ascends(previous, slot) { return .damage("keys out of order") }
                let partByteCount: Int
                switch part(at: partStart, keyByteCount: prefixLength + slot.suffixLength) {
                case .live(let byteCount): partByteCount = byteCount
                case .damage(let reason): return .damage(reason)
                }
                let start = slot.offset - cellsStart
                guard CellArea.cover(covered, start, start + slot.suffixLength + partByteCount) else {
                    return .damage("cells overlap")
                }
                live += slot.suffixLength + partByteCount
                previous = slot
            }
            return .live(byteCount: live)
        }
    }

    /// The length of what follows a cell's suffix: the value part of a leaf, the child of an inner node.
    private func part(at start: Int, keyByteCount: Int) -> Result {
        let room = cellsEnd - start
        guard level == 0 else {
            guard room >= NodeLayout.childByteCount else { return .damage("child out of its page") }
            guard base.loadUnaligned(fromByteOffset: start, as: UInt64.self) != 0 else {
                return .damage("missing child")
            }
            return .live(byteCount: NodeLayout.childByteCount)
        }
        guard room >= ValueForm.wordByteCount else { return .damage("value out of its page") }
        let word = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt16.self))
        if word & ValueForm.overflowFlag != 0 {
            guard room >= ValueForm.overflowHeaderByteCount else { return .damage("value out of its page") }
            if word & ValueForm.inlineMask != 0 { return .damage("overflow value with inline bytes") }
        } else if word & ValueForm.deflatedFlag != 0 {
            guard room >= ValueForm.deflatedHeaderByteCount else { return .damage("value out of its page") }
        }
        let form = NodeBytes.form(at: base + start)
        if let damage = form.damage { return .damage(damage) }
        let limit = ValueForm.inlineLimit(
            keyByteCount: keyByteCount, headerByteCount: form.headerByteCount, payloadByteCount: payloadByteCount)
        if form.inlineByteCount > limit { return .damage("inline value longer than its limit") }
        return room >= form.partByteCount ? .live(byteCount: form.partByteCount) : .damage("value out of its page")
    }

    private func ascends(_ a: Slot, _ b: Slot) -> Bool {
        if a.head != b.head { return a.head < b.head }
        let order = NodeBytes.compare(base + a.offset, base + b.offset, min(a.suffixLength, b.suffixLength))
        return order < 0 || (order == 0 && a.suffixLength < b.suffixLength)
    }

    /// Sets bits from `start` to `end`; false when one was set already.
    @inline(__always)
    private static func cover(_ bits: UnsafeMutableBufferPointer<UInt64>, _ start: Int, _ end: Int) -> Bool {
        var position = start
        var clash: UInt64 = 0
        while position < end {
            let bit = position & 63
            let width = min(64 - bit, end - position)
            let mask = (width == 64 ? UInt64.max : (1 &<< UInt64(width)) &- 1) &<< UInt64(bit)
            clash |= bits[position >> 6] & mask
            bits[position >> 6] |= mask
            position += width
        }
        return clash == 0
    }
}
