// Between nodes and entry lists: unpacking a node's cells with whole keys, and writing a whole node from entries.

import PageStore

extension EntryList {
    /// Adds all entries of a node at the end.
    mutating func append(contentsOf node: Node) {
        let base = UnsafeRawPointer(node.base)
        let prefix = UnsafeRawBufferPointer(start: base + node.prefixStart, count: node.prefixLength)
        entries.reserveCapacity(entries.count + node.count + 1)
        for index in 0..<node.count {
            let slot = node.slot(index)
            let byteCount = node.cellByteCount(index)
            entries.append(
                Entry(
                    start: bytes.count, keyByteCount: prefix.count + slot.suffixLength,
                    partByteCount: byteCount - slot.suffixLength))
            bytes.append(contentsOf: prefix)
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: base + slot.offset, count: byteCount))
        }
        withExtendedLifetime(node.frame) {}
    }

    /// Adds a leaf entry before `index`, or at the end.
    mutating func insert(at index: Int? = nil, key: RawSpan, form: ValueForm, inline: RawSpan) {
        let entry = Entry(start: bytes.count, keyByteCount: key.byteCount, partByteCount: form.partByteCount)
        key.withUnsafeBytes { bytes.append(contentsOf: $0) }
        let partStart = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: form.partByteCount))
        bytes.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            NodeEditor.write(form, inline: inline, at: start + partStart)
        }
        entries.insert(entry, at: index ?? entries.count)
    }
}

extension NodeEditor {
    /// Makes a frame the node that holds one piece of an entry list. `firstChild` is for inner nodes.
    init(
        packing piece: EntryList.Piece, of list: EntryList, firstChild: PageID?, tag: TreeTag, into frame: PageFrame
    ) {
        self.init(formatting: frame, level: list.level, tag: tag, firstChild: firstChild)
        let base = frame.base
        let prefixLength = piece.prefixLength
        list.bytes.withUnsafeBytes { bytes in
            var next = frame.byteCount - prefixLength
            if let source = bytes.baseAddress, prefixLength > 0 {
                let first = list.entries[piece.range.lowerBound]
                (base + next).copyMemory(from: source + first.start, byteCount: prefixLength)
            }
            var slot = NodeLayout.slotsStart(level: list.level)
            for entry in list.entries[piece.range] {
                let cell = UnsafeRawBufferPointer(rebasing: bytes[(entry.start + prefixLength)..<entry.end])
                next -= cell.count
                precondition(next >= slot + NodeLayout.slotByteCount, "the piece was measured")
                guard let source = cell.baseAddress else { continue }
                (base + next).copyMemory(from: source, byteCount: cell.count)
                let suffixLength = entry.keyByteCount - prefixLength
                let word = Slot(
                    offset: next, suffixLength: suffixLength, head: NodeBytes.head(source, suffixLength))
                base.storeBytes(of: word.word.littleEndian, toByteOffset: slot, as: UInt64.self)
                slot += NodeLayout.slotByteCount
            }
            set(NodeLayout.count, piece.range.count)
            set(NodeLayout.prefixLength, prefixLength)
            set(NodeLayout.cellsStart, next)
        }
    }
}
