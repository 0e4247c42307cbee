import PageStore
import Synchronization
import TreeStore

// The `_id`s of rows in memory, so that a hit becomes a document's name without reading pages.
//
// A slot's content holds for as long as anybody sees its row: a slot is used again only when nobody does. So one copy
// serves every view that sees the row, if it is newer than the row: what a commit adds is put in before the commit can be
// seen, and what is read from pages is kept only when the view that it was read in knows the newest commit that added
// something. Chunks come in whole; when the limit is reached all of them are forgotten.

final class RowIDCache: Sendable {
    private static let rowsPerChunk = 256
    private static let chunkByteCount = rowsPerChunk * VectorRows.slotByteCount

    private struct State {
        /// By number; empty where it is not known.
        var chunks: [[UInt8]] = []
        var knownCount = 0
        var newest: CommitSequence = 0

        func isKnown(_ number: Int) -> Bool { number < chunks.count && !chunks[number].isEmpty }
    }

    private let state = Mutex(State())
    private let chunkLimit: Int

    init(byteLimit: Int) {
        chunkLimit = max(4, byteLimit / Self.chunkByteCount)
    }

    /// Slots that a commit fills, before anybody can see it.
    func publish(_ slots: [(row: UInt32, slot: [UInt8])], at sequence: CommitSequence) {
        guard !slots.isEmpty else { return }
        state.withLock { state in
            state.newest = sequence
            for (row, slot) in slots {
                let number = Int(row) / Self.rowsPerChunk
                guard state.isKnown(number) else { continue }
                let at = Int(row) % Self.rowsPerChunk * VectorRows.slotByteCount
                state.chunks[number].replaceSubrange(at..<at + VectorRows.slotByteCount, with: slot)
            }
        }
    }

    /// The `_id`s of rows that the view sees; nil where they are too long for a slot.
    func values(of rows: [UInt32], _ array: PagedArray, in view: PageView) throws(PageFault) -> [BSONValue?] {
        var found: [BSONValue?] = []
        found.reserveCapacity(rows.count)
        let missing = state.withLock { state in
            for (position, row) in rows.enumerated() {
                let number = Int(row) / Self.rowsPerChunk
                guard state.isKnown(number) else { return position }
                found.append(Self.value(row, in: state.chunks[number]))
            }
            return rows.count
        }
        if missing == rows.count { return found }
        for row in rows[missing...] {
            let number = Int(row) / Self.rowsPerChunk
            var chunk = state.withLock { $0.isKnown(number) ? $0.chunks[number] : [] }
            if chunk.isEmpty { chunk = try load(number, array, in: view) }
            found.append(Self.value(row, in: chunk))
        }
        return found
    }

    private func load(_ number: Int, _ array: PagedArray, in view: PageView) throws(PageFault) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: Self.chunkByteCount)
        var span = chunk.mutableSpan
        var raw = span.mutableBytes
        try array.read(at: UInt64(number) * UInt64(Self.chunkByteCount), into: &raw, in: view)
        let sequence = view.state.sequence
        state.withLock { state in
            guard sequence >= state.newest else { return }
            if state.knownCount >= chunkLimit { (state.chunks, state.knownCount) = ([], 0) }
            while state.chunks.count <= number { state.chunks.append([]) }
            if state.chunks[number].isEmpty { state.knownCount += 1 }
            state.chunks[number] = chunk
        }
        return chunk
    }

    private static func value(_ row: UInt32, in chunk: [UInt8]) -> BSONValue? {
        VectorRows.shortID(in: chunk, at: Int(row) % rowsPerChunk * VectorRows.slotByteCount)
    }
}
