// Named offsets of tree nodes. FORMAT.md says the same in prose; nothing else knows these numbers.
//
// A node is one page payload:
//
//     header 16 | (inner: first child 8) | slots, 8 each, growing up | gap | cells, growing down | prefix
//
// 1. Slots are in key order; cells lie anywhere between `cellsStart` and the prefix, and never overlap.
// 2. The prefix is common to all keys of the node; slots and cells hold only what follows it.
// 3. A slot is one little-endian word: cell offset in bits 0-15, suffix length in 16-31, head in 32-63. The head is
//    the suffix's first four bytes read big-endian, padded with zeros, so that comparing heads compares keys.

/// What byte 0 of a page payload says the page is. Kinds from 16 on belong to the layers above.
package enum PageKind {
    package static let leaf: UInt8 = 1
    package static let inner: UInt8 = 2
    package static let overflow: UInt8 = 3
    package static let arrayData: UInt8 = 4
    package static let arrayIndex: UInt8 = 5
}

enum NodeLayout {
    static let headerByteCount = 16
    static let kind = 0
    static let level = 1
    static let count = 2
    static let prefixLength = 4
    static let cellsStart = 6
    static let garbage = 8
    static let lastInsertion = 10
    static let tag = 12
    static let firstChild = 16

    static let slotByteCount = 8
    static let childByteCount = 8
    static let maximumLevel = TreeLimits.maximumDepth - 1

    /// Where the slots of a node of this level begin.
    @inline(__always) static func slotsStart(level: Int) -> Int {
        level == 0 ? headerByteCount : headerByteCount + childByteCount
    }

    /// The bytes that slots, cells and prefix of a node share.
    static func capacity(payloadByteCount: Int, level: Int) -> Int {
        payloadByteCount - slotsStart(level: level)
    }

    /// The largest cell that still lets four fit a leaf, slots included.
    static func quarterCell(payloadByteCount: Int) -> Int {
        (payloadByteCount - headerByteCount) / 4 - slotByteCount
    }
}

/// One slot, as the word on the page.
struct Slot {
    let word: UInt64

    @inline(__always) init(word: UInt64) {
        self.word = word
    }

    @inline(__always) init(offset: Int, suffixLength: Int, head: UInt32) {
        word = UInt64(offset) | UInt64(suffixLength) << 16 | UInt64(head) << 32
    }

    @inline(__always) var offset: Int { Int(truncatingIfNeeded: word & 0xffff) }
    @inline(__always) var suffixLength: Int { Int(truncatingIfNeeded: (word >> 16) & 0xffff) }
    @inline(__always) var head: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
}
