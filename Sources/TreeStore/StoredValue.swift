// From a caller's value to the form a cell stores, and back: the choice between cell and chain, and deflate.

import PageStore
import StoreIO

/// A value made ready for a cell: its form, and its bytes unless a chain has them or they are stored as they came.
struct StoredValue {
    let form: ValueForm
    let deflated: [UInt8]?

    /// Samples of larger values are deflated first, so that what will not shrink is not deflated whole.
    private static let sampleByteCount = 16 << 10

    /// Stores a value that does not fit its cell as it is: deflated when that saves a page at least, in the cell when
    /// it then fits there, else as an overflow chain.
    static func store(
        _ value: RawSpan, keyByteCount: Int, near: PageID?, in tx: PageTransaction
    ) throws(PageFault) -> StoredValue {
        let payload = tx.payloadByteCount
        if let deflated = deflate(value, keyByteCount: keyByteCount, payloadByteCount: payload) {
            let inlineLimit = ValueForm.inlineLimit(
                keyByteCount: keyByteCount, headerByteCount: ValueForm.deflatedHeaderByteCount,
                payloadByteCount: payload)
            var form = ValueForm(
                totalByteCount: value.byteCount, storedByteCount: deflated.count, isDeflated: true, firstPage: nil)
            if deflated.count <= inlineLimit { return StoredValue(form: form, deflated: deflated) }
            form.firstPage = try OverflowChain.write(deflated.span.bytes, near: near, in: tx)
            return StoredValue(form: form, deflated: nil)
        }
        var form = ValueForm.inline(value.byteCount)
        form.firstPage = try OverflowChain.write(value, near: near, in: tx)
        return StoredValue(form: form, deflated: nil)
    }

    /// The deflated value; nil when it would take as many pages as the plain one.
    private static func deflate(_ value: RawSpan, keyByteCount: Int, payloadByteCount: Int) -> [UInt8]? {
        if value.byteCount > 4 * sampleByteCount {
            let sample = value.extracting(0..<sampleByteCount)
            guard Deflate.compress(sample, level: 1, limit: sampleByteCount * 15 / 16) != nil else { return nil }
        }
        let plainPages = OverflowChain.pageCount(
            storedByteCount: value.byteCount, payloadByteCount: payloadByteCount)
        let most =
            plainPages > 1
            ? (plainPages - 1) * OverflowChain.capacity(payloadByteCount: payloadByteCount)
            : ValueForm.inlineLimit(
                keyByteCount: keyByteCount, headerByteCount: ValueForm.deflatedHeaderByteCount,
                payloadByteCount: payloadByteCount)
        // The limit is what the result must stay below.
        return Deflate.compress(value, level: 1, limit: min(most + 1, value.byteCount))
    }

    /// The value of a cell, copied, read from its chain and inflated as its form asks.
    static func load(_ index: Int, of node: Node, in view: PageView) throws(PageFault) -> [UInt8] {
        let form = node.form(index)
        var stored: [UInt8]
        if let first = form.firstPage {
            stored = try OverflowChain.read(from: first, storedByteCount: form.storedByteCount, in: view)
        } else {
            stored = node.copyInlineBytes(index)
        }
        if form.isDeflated {
            do throws(CryptoFault) {
                stored = try Deflate.inflate(stored.span.bytes, exactly: form.totalByteCount)
            } catch {
                throw .corruptStructure(page: node.id, reason: "deflated value does not inflate to its length")
            }
        }
        return stored
    }

    /// Frees what a cell's form owns outside its cell.
    static func free(_ form: ValueForm, in tx: PageTransaction) throws(PageFault) {
        guard let first = form.firstPage else { return }
        try OverflowChain.free(from: first, storedByteCount: form.storedByteCount, in: tx)
    }
}
