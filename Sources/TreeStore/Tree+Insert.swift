// Putting a row: in place when its leaf has room, else by splitting (Tree+Split).

package import PageStore

extension Tree {
    /// What `put` does about a key's presence.
    package enum PutMode: Sendable {
        /// Insert or replace.
        case upsert
        /// Leave an existing row alone.
        case insertOnly
        /// Insert nothing new.
        case replaceOnly
    }

    /// Puts a row. O(log rows), and the pages of a large value.
    ///
    /// - Parameters:
    ///   - key: at most `TreeLimits.maximumKeyByteCount` bytes.
    ///   - value: at most `TreeLimits.maximumValueByteCount` bytes.
    /// - Returns: whether the key existed before. `insertOnly` on an existing key and `replaceOnly` on a missing one
    ///   change nothing.
    @discardableResult
    package func put(
        _ key: RawSpan, _ value: RawSpan, mode: PutMode = .upsert, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        var place = TreePlace()
        return try put(key, value, mode: mode, near: &place, in: tx)
    }

    /// Puts a row, looking for its leaf where the last one was put.
    @discardableResult
    package func put(
        _ key: RawSpan, _ value: RawSpan, mode: PutMode = .upsert, near place: inout TreePlace, in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        try TreeLimits.checkKey(key.byteCount)
        try TreeLimits.checkValue(value.byteCount)
        try tx.relieve()
        let fits = ValueForm.fitsInline(
            keyByteCount: key.byteCount, valueByteCount: value.byteCount, payloadByteCount: tx.payloadByteCount)
        if fits {
            return try set(key, form: .inline(value.byteCount), inline: value, mode: mode, near: &place, in: tx)
        }
        // Asked first, so that no chain is written in vain.
        if mode != .upsert {
            let exists = try contains(key, in: tx)
            if exists == (mode == .insertOnly) { return exists }
        }
        let near = try leaf(for: key, in: tx).id
        let stored = try StoredValue.store(value, keyByteCount: key.byteCount, near: near, in: tx)
        let inline = stored.deflated ?? []
        return try set(key, form: stored.form, inline: inline.span.bytes, mode: .upsert, near: &place, in: tx)
    }

    /// Puts a row whose value has its form.
    private func set(
        _ key: RawSpan, form: ValueForm, inline: RawSpan, mode: PutMode, near place: inout TreePlace,
        in tx: PageTransaction
    ) throws(PageFault) -> Bool {
        if mode != .replaceOnly, place.append(key, form: form, inline: inline, in: tx) { return false }
        let found = try search(key, near: place, changes: mode == .upsert, in: tx)
        let (leaf, index) = (found.leaf, found.index)
        if found.isFound {
            if mode == .insertOnly { return true }
            let old = leaf.form(index)
            let editor = try place.edit(found, in: tx)
            if !editor.replace(at: index, key: key, form: form, inline: inline) {
                try splitLeaf(inserting: key, form: form, inline: inline, in: tx)
            }
            try StoredValue.free(old, in: tx)
            return true
        }
        if mode == .replaceOnly { return false }
        let editor = try place.edit(found, in: tx)
        if !editor.insert(at: index, key: key, form: form, inline: inline) {
            try splitLeaf(inserting: key, form: form, inline: inline, in: tx)
        }
        return false
    }
}
