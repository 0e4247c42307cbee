// How a leaf cell holds its value: inline or as an overflow chain, plain or deflated.
//
// On the page a form is a 16-bit word, then only the fields its flags call for:
//
//     plain inline      word                                   (word = byte count)
//     deflated inline   word, total 4                          (word = 0x4000 | stored byte count)
//     overflow          word, total 4, stored 4, first page 8  (word = 0x8000, or 0xc000 when deflated)
//
// Inline bytes follow the key suffix and this header.

import PageStore

struct ValueForm: Equatable {
    /// The value's length as the caller sees it.
    var totalByteCount: Int
    /// The length of what is stored: less than the total only when deflated.
    var storedByteCount: Int
    var isDeflated: Bool
    /// The first page of the overflow chain; nil when the bytes are in the cell.
    var firstPage: PageID?

    static let overflowFlag: UInt16 = 0x8000
    static let deflatedFlag: UInt16 = 0x4000
    static let inlineMask: UInt16 = 0x3fff
    static let wordByteCount = 2
    static let deflatedHeaderByteCount = 6
    static let overflowHeaderByteCount = 18
    /// Values up to this length stay in the cell however long the key is.
    static let alwaysInlineByteCount = 128

    static func inline(_ byteCount: Int) -> ValueForm {
        ValueForm(totalByteCount: byteCount, storedByteCount: byteCount, isDeflated: false, firstPage: nil)
    }

    var headerByteCount: Int {
        if firstPage != nil { return ValueForm.overflowHeaderByteCount }
        return isDeflated ? ValueForm.deflatedHeaderByteCount : ValueForm.wordByteCount
    }

    var inlineByteCount: Int { firstPage == nil ? storedByteCount : 0 }

    /// Header and inline bytes: what the cell holds after the key suffix.
    var partByteCount: Int { headerByteCount + inlineByteCount }

    var word: UInt16 {
        let flag = isDeflated ? ValueForm.deflatedFlag : 0
        if firstPage != nil { return ValueForm.overflowFlag | flag }
        return flag | UInt16(storedByteCount)
    }

    /// Whether a value of this length goes into the cell as it is. Independent of the node's prefix, so that moving a
    /// cell between nodes never changes the answer.
    static func fitsInline(keyByteCount: Int, valueByteCount: Int, payloadByteCount: Int) -> Bool {
        valueByteCount
            <= inlineLimit(
                keyByteCount: keyByteCount, headerByteCount: wordByteCount, payloadByteCount: payloadByteCount)
    }

    /// The most inline bytes a cell with this key may have.
    static func inlineLimit(keyByteCount: Int, headerByteCount: Int, payloadByteCount: Int) -> Int {
        let quarter = NodeLayout.quarterCell(payloadByteCount: payloadByteCount)
        return max(alwaysInlineByteCount, quarter - keyByteCount - headerByteCount)
    }

    /// What is wrong with this form, as read from a page; nil when it is one that a writer could have made.
    var damage: String? {
        if totalByteCount > TreeLimits.maximumValueByteCount { return "value longer than its limit" }
        if isDeflated {
            if storedByteCount >= totalByteCount { return "deflated value not smaller than the plain one" }
            // Deflate cannot shrink more than 1032 times, so a larger claim is a bomb.
            if totalByteCount > 1032 * (storedByteCount + 1) { return "deflated value claims too much" }
        } else if storedByteCount != totalByteCount {
            return "plain value of two lengths"
        }
        if let firstPage {
            if firstPage.number == 0 { return "overflow chain without a first page" }
            if storedByteCount == 0 { return "empty overflow chain" }
        }
        return nil
    }
}
