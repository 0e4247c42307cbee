// Codes in step with the rows: trained when there are enough, trained again as the set grows, written as rows come.
//
// 1. Rows below `coded` have codes under the present book; later ones are scored from their vectors.
// 2. Book and codes change together, with the index lock held alone, so a search sees one book from begin to end; a
//    search that let go of the lock notices by `generation`.
// 3. Codes are derived: what cannot be read or was never saved is made again from the vectors.

import Synchronization

/// The present code book. Changed with the index lock held alone, read with it shared; Sendable for that reason.
final class CodebookBox: @unchecked Sendable {
    var value: Codebook? { didSet { isTrained = value != nil } }
    /// Whether there is one: asked far more often than it is used, and free of reference counts.
    private(set) var isTrained: Bool

    init(_ value: Codebook?) {
        self.value = value
        isTrained = value != nil
    }
}

extension HNSWIndex {
    /// Rows from which on codes pay; below that a scan of the vectors is as fast.
    static let trainingCount = 256

    /// Whether there are codes to search by.
    public var hasCodes: Bool { coded.load(ordering: .acquiring) > 0 }

    /// Trains the code book where that is due, and makes the codes of all rows. The index lock is not held. A training
    /// that cannot read its rows leaves everything as it was, and is tried again when more rows have come.
    func trainIfDue() {
        guard options.codes != .none, rowCount >= trainingDue.load(ordering: .relaxed) else { return }
        lock.claim()
        defer { lock.leave() }
        let count = rowCount
        guard count >= trainingDue.load(ordering: .relaxed) else { return }
        do throws(VectorError) { try train(count) } catch {
            trainingDue.store(count * 2, ordering: .relaxed)
        }
    }

    private func train(_ count: Int) throws(VectorError) {
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        let book = try Codebook(options.codes, dimension: options.dimension, rowCount: count) {
            (row) throws(VectorError) in
            try decode(row, into: scratch.decoded)
            return UnsafePointer(scratch.decoded)
        }
        // Nothing is used of the old codes from here on, so a failure below must not leave a mixture.
        codebook.value = nil
        coded.store(0, ordering: .releasing)
        generation.add(1, ordering: .releasing)
        codes.grow(toByteCount: count * options.codeStride)
        for row in 0..<count {
            try encode(row, book, scratch)
            if row % 4096 == 4095 && budget.isExceeded { vectors.evict(to: budget.limit - budget.limit / 8) }
        }
        codebook.value = book
        coded.store(count, ordering: .releasing)
        trainingDue.store(Self.nextTraining(after: book), ordering: .relaxed)
    }

    static func nextTraining(after book: Codebook?) -> Int {
        guard let book else { return trainingCount }
        return book.trainedCount >= 65536 ? .max : max(trainingCount, book.trainedCount * 4)
    }

    /// Decodes a row's vector. The index lock is held.
    func decode(_ row: Int, into buffer: UnsafeMutablePointer<Float>) throws(VectorError) {
        try vectors.ensure(row * scorer.stride, scorer.stride)
        VectorCoding.decode(scorer.base + row * scorer.stride, options, into: buffer)
    }

    /// Writes the codes of a row. The index lock is held, alone or by the only one who may write this row.
    func encode(_ row: Int, _ book: Codebook, _ scratch: SearchScratch) throws(VectorError) {
        try decode(row, into: scratch.decoded)
        let offset = row * options.codeStride
        try codes.ensure(offset, options.codeStride)
        VectorCoding.encode(scratch.decoded, book, options, to: codes.base + offset)
        codes.markDirty(offset, options.codeStride)
    }

    /// Makes codes for the rows up to `row` that have none: those appended after the last save of an index that was
    /// restored. The index lock is shared.
    func encodePending(through row: Int, _ scratch: SearchScratch) throws(VectorError) {
        guard let book = codebook.value, coded.load(ordering: .acquiring) <= row else { return }
        try appending.withLock { _ throws(VectorError) in
            var next = coded.load(ordering: .acquiring)
            while next <= row {
                try encode(next, book, scratch)
                next += 1
                coded.store(next, ordering: .releasing)
            }
        }
    }

    /// Forgets the codes: they could not be read, or do not belong to the vectors. The index lock is held alone.
    func dropCodes() {
        guard options.codes != .none else { return }
        codebook.value = nil
        coded.store(0, ordering: .releasing)
        codes.resetToZeros()
        trainingDue.store(Self.trainingCount, ordering: .relaxed)
    }
}
