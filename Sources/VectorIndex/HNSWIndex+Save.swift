// Saving: what changed of links and codes since the last time, block by block, and the state that belongs to it.
//
// The blocks are copied one at a time while searches, appends and linking go on; linking may change a block before or
// after its copy. That is sound because the state is cautious: it counts as linked only rows whose lists were complete
// when the save began, so a restored index links the others again, and it counts all rows that exist when the save
// ends, so no saved link points past them. A mark is cleared only when the whole save succeeded and the block has not
// changed since it was copied. Rows count as free that were so from begin to end.

import Synchronization

extension HNSWIndex {
    /// Writes every block of links that has changed since the last successful save, and returns the state to write
    /// beside them. Both must become durable together (one transaction); the vectors array is the owner's to write.
    ///
    /// - Parameter write: takes the array (`links` or `upper`), the block's number and its bytes, which are valid for
    ///   the call only. Must not call back into the index's ``save(write:commit:)`` or ``rebuild()``.
    /// - Parameter commit: makes blocks and state durable; only when it returns do the blocks count as saved.
    /// - Throws: what `write` and `commit` throw; the blocks then stay unsaved.
    @discardableResult
    public func save(
        write: (_ array: IndexArray, _ block: UInt64, _ bytes: UnsafeRawBufferPointer) throws -> Void,
        commit: (IndexState) throws -> Void = { _ in }
    ) throws -> IndexState {
        try saving.withLock { _ in
            reusedWhileSaving.withLock { $0 = [] }
            defer { reusedWhileSaving.withLock { $0 = nil } }
            // Before the marks are turned: a row counted here has marked its blocks already.
            var state = IndexState(options: options)
            state.entryRow = entry.load(ordering: .acquiring) == 0 ? nil : UInt32(entry.load(ordering: .acquiring) - 1)
            (state.linkedCount, state.waitingRows) = queue.withLock { ($0.linked, $0.waiting) }
            // Nothing led to these rows when the first list was copied. A repair meanwhile may free others, after lists
            // that lead to them were copied.
            let free = free.withLock { $0.all }
            // Book and codes of one training: it needs the lock alone, and marks all blocks again.
            lock.share()
            state.codebook = codebook.value
            state.codedCount = coded.load(ordering: .acquiring)
            let trained = generation.load(ordering: .relaxed)
            lock.leave()

            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: links.blockByteCount, alignment: 64)
            defer { copy.deallocate() }
            do {
                for arena in [links, upper, codes] {
                    for block in arena.turnMarks(from: Arena.Mark.dirty, to: Arena.Mark.saving) {
                        lock.share()
                        arena.copyWords(block: block, into: copy)
                        lock.leave()
                        try write(arena.array, UInt64(block), UnsafeRawBufferPointer(copy))
                    }
                }

                let reused = reusedWhileSaving.withLock { $0 ?? [] }
                let linked = state.linkedCount
                state.waitingRows = Set(state.waitingRows + reused).filter { Int($0) < linked }.sorted()
                state.rowCount = rowCount
                state.deletedRows = (0..<state.rowCount).filter { rows.isDeleted($0) }.map { UInt32($0) }
                let used = Set(reused)
                state.freeRows = free.filter { rows.isDeleted(Int($0)) && !used.contains($0) }
                if generation.load(ordering: .relaxed) != trained {
                    // Trained or thrown away meanwhile: what was written belongs to neither state.
                    throw VectorError(.corruptImage(reason: "the codes were made anew while they were saved"))
                }
                try commit(state)
            } catch {
                for arena in [links, upper, codes] { arena.turnMarks(from: Arena.Mark.saving, to: Arena.Mark.dirty) }
                throw error
            }
            for arena in [links, upper, codes] { arena.turnMarks(from: Arena.Mark.saving, to: Arena.Mark.clean) }
            return state
        }
    }
}
