// The index: vectors by row number, a navigable small-world graph over them, and what a search may see.
//
// What must hold:
// 1. A row, once appended, is found by every search at a sequence from its birth to before its death: through the
//    graph when it is linked, by exact scan until then. A row may be met both ways; equal keys are merged.
// 2. Links are derived. They may be stale, damaged or missing: that costs time or recall, never a wrong distance, a
//    deleted row, or a trap. Any link word is checked against the row count before use.
// 3. Searches, linkers, appends of new rows, deletes and saves share the index lock. It is held alone only to drop
//    blocks, to give a deleted row a new vector, and to throw the links away.
// 4. What sharers change under one another's eyes is atomic: link words, births and deaths, the counters. A new row's
//    bytes are written before the row count covers them; its links before the linked count does.

import CVectorKernels
import Synchronization

/// A hierarchical navigable small-world graph over vectors (Malkov & Yashunin 2016), with an exactly searched tail of
/// rows not linked yet, visibility by commit sequence, filters, and memory bounded over a ``BlockSource``.
///
/// Rows are dense numbers from 0 which the owner maps to its own identities. All methods may be called from any
/// thread; appends of new rows are serialised inside.
public final class HNSWIndex: Sendable {
    /// Rows for which address space is reserved unless said otherwise.
    public static let defaultMaximumRowCount = 1 << 24

    /// The settings, fixed for the index's life.
    public let options: IndexOptions
    /// Rows the index can hold: as asked for, or fewer where the system grants less address space.
    public let maximumRowCount: Int
    let levels: LevelScheme
    let rows: RowTable
    let vectors: Arena
    let links: Arena
    let upper: Arena
    let codes: Arena
    /// How vectors and codes are scored.
    let scorer: RowScorer
    let codeScorer: RowScorer?
    let kernels: vk_walk_table
    let codebook: CodebookBox
    /// Rows below this have codes.
    let coded: Atomic<Int>
    /// Rows there must be for the next training.
    let trainingDue: Atomic<Int>
    let costs = SearchCosts()
    /// Where warming up goes on, in links, codes and upper lists.
    private let warmed = Guarded([0, 0, 0])
    let budget: MemoryBudget
    let scratches: ScratchPool
    let lock = ReadWriteLock()
    let queue: Guarded<LinkQueue>
    let stripes: [Guarded<Void>]
    let promotion = Guarded(())
    let saving = Guarded(())
    /// Rows given new vectors while a save runs; nil while none runs.
    let reusedWhileSaving = Guarded<[UInt32]?>(nil)
    /// The entry row + 1, 0 while nothing is linked.
    let entry: Atomic<Int>
    let rowCounter: Atomic<Int>
    let linkedCounter: Atomic<Int>
    let waitingCounter: Atomic<Int>
    let damaged = Atomic<Bool>(false)
    /// Counts how often the links were thrown away, so that a walk that was interrupted notices.
    let generation = Atomic<Int>(0)
    let appending = Guarded(())
    /// Dead rows without any link to them: their slots may be given to new vectors.
    let free: Guarded<FreeRows>
    /// Shared by linkers, held alone while dead rows are taken out of the graph.
    let linkGate = ReadWriteLock()

    /// An empty index in memory. Nothing can be dropped from it, so it has no memory limit.
    public convenience init(
        options: IndexOptions, maximumRowCount: Int = defaultMaximumRowCount
    ) throws(VectorError) {
        try self.init(
            state: IndexState(options: options), source: nil, memoryLimit: nil, maximumRowCount: maximumRowCount)
    }

    /// An index whose saved bytes are read as searches touch them. O(deleted and waiting rows); reads no block.
    ///
    /// - Parameters:
    ///   - options: must be those of the state, `buildBreadth` excepted.
    ///   - state: what the last save returned, brought up to date as ``IndexState`` says; `IndexState(options:)` for a
    ///     new index.
    ///   - source: where blocks come from. Rows must be readable there, encoded, when they are appended here.
    ///   - memoryLimit: bytes of blocks to keep, or nil for no limit. Passed by what one search step or one linked row
    ///     touches before blocks are dropped; unsaved link blocks count and stay.
    /// - Throws: `corruptImage` when state and options do not fit, `full`, `outOfMemory`.
    public convenience init(
        options: IndexOptions, restoring state: IndexState, source: any BlockSource, memoryLimit: Int?,
        maximumRowCount: Int = defaultMaximumRowCount
    ) throws(VectorError) {
        try state.check()
        let saved = state.options
        guard
            saved.dimension == options.dimension, saved.metric == options.metric, saved.storage == options.storage,
            saved.codes == options.codes, saved.connectivity == options.connectivity, saved.seed == options.seed
        else { throw VectorError(.corruptImage(reason: "the state was saved under other options")) }
        var current = state
        current.options = options
        try self.init(state: current, source: source, memoryLimit: memoryLimit, maximumRowCount: maximumRowCount)
    }

    private init(
        state: IndexState, source: (any BlockSource)?, memoryLimit: Int?, maximumRowCount: Int
    ) throws(VectorError) {
        let options = state.options
        let block = source?.blockByteCount ?? Self.memoryBlockByteCount
        guard block >= 64, block % 64 == 0, block <= 1 << 24 else {
            throw VectorError(
                .invalidOption(name: "blockByteCount", reason: "\(block) is not 64...2^24 in steps of 64"))
        }
        guard maximumRowCount >= 1 else {
            throw VectorError(.invalidOption(name: "maximumRowCount", reason: "\(maximumRowCount) is not positive"))
        }
        levels = LevelScheme(options)
        budget = MemoryBudget(limit: source == nil ? nil : memoryLimit)
        // Address space costs nothing until touched, but a process may be limited in it: take less then.
        var capacity = min(maximumRowCount, Candidate.maximumRowCount, Self.largestReservation / options.vectorStride)
        let parts: (RowTable, Arena, Arena, Arena, Arena)
        while true {
            do {
                let levels = levels
                let budget = budget
                func arena(_ array: IndexArray, _ stride: Int, _ count: Int, _ saved: Int) throws(VectorError) -> Arena
                {
                    try Arena(
                        array, capacity: count * stride, blockByteCount: block, source: source, saved: saved * stride,
                        budget: budget)
                }
                parts = (
                    try RowTable(capacity: capacity),
                    try arena(.vectors, options.vectorStride, capacity, state.rowCount),
                    try arena(.links, options.linkStride, capacity, state.rowCount),
                    try arena(
                        .upper, options.upperStride, levels.recordCount(rowCount: capacity),
                        levels.recordCount(rowCount: state.rowCount)),
                    try arena(.codes, options.codeStride, capacity, state.codedCount)
                )
                break
            } catch {
                guard capacity > max(4096, state.rowCount) else { throw error }
                capacity = max(capacity / 2, state.rowCount)
            }
        }
        guard state.rowCount <= capacity else { throw VectorError(.full(maximumRowCount: capacity)) }
        self.options = options
        self.maximumRowCount = capacity
        (rows, vectors, links, upper, codes) = parts
        scorer = RowScorer(vectorsOf: options, base: parts.1.base)
        codeScorer = RowScorer(codesOf: options, base: parts.4.base)
        kernels = vk_kernels().pointee.walks.pointee
        // Codes of rows that came after the save are yet to be made: their blocks are zeros that no source knows.
        if state.codebook != nil { parts.4.grow(toByteCount: state.rowCount * options.codeStride) }
        codebook = CodebookBox(state.codebook)
        coded = Atomic(state.codebook == nil ? 0 : state.codedCount)
        trainingDue = Atomic(options.codes == .none ? .max : Self.nextTraining(after: state.codebook))
        free = Guarded(FreeRows(state.freeRows))
        scratches = ScratchPool(options)
        stripes = (0..<Self.stripeCount).map { _ in Guarded(()) }
        entry = Atomic(state.entryRow.map { Int($0) + 1 } ?? 0)
        rowCounter = Atomic(state.rowCount)
        linkedCounter = Atomic(state.linkedCount)
        waitingCounter = Atomic(state.waitingRows.count)
        queue = Guarded(LinkQueue(linked: state.linkedCount, waiting: state.waitingRows))
        rows.restore(count: state.rowCount)
        for row in state.deletedRows { rows.kill(Int(row), at: 0) }
        if state.entryRow == nil && state.linkedCount > 0 { damaged.store(true, ordering: .relaxed) }
    }

    /// How much nearer to a neighbour than to the row a candidate must be to be left out: see selectNeighbours.
    static let diversitySlack: Float = 1.2
    /// Locks over link lists: a row's list belongs to lock row % count.
    static let stripeCount = 256
    private static let memoryBlockByteCount = 8128
    private static let largestReservation = 1 << 40

    // MARK: Figures

    /// Rows appended so far, deleted ones included.
    public var rowCount: Int { rowCounter.load(ordering: .acquiring) }

    /// Rows that have been deleted and not reused.
    public var deletedCount: Int { rows.deletedCount }

    /// Rows that searches still scan because they are not in the graph.
    public var unlinkedCount: Int { queue.withLock { $0.unlinkedCount(rowCount: rowCount) } }

    /// Whether saved links turned out to be unusable. Searches then scan exactly; ``rebuild()`` starts over.
    public var isDamaged: Bool { damaged.load(ordering: .acquiring) }

    /// Bytes of blocks in memory: vectors, codes, links and upper lists, without 16 bytes a row for visibility.
    public var residentByteCount: Int { budget.resident.load(ordering: .relaxed) }

    // MARK: Rows

    /// The stored bytes of a vector: checked, for cosine scaled to length 1, converted. O(dimension).
    ///
    /// - Throws: `wrongDimension`, `notFinite`, `zeroVector`, `outOfStorageRange`.
    public static func encode(_ vector: [Float], options: IndexOptions) throws(VectorError) -> [UInt8] {
        try VectorCoding.encode(vector, options)
    }

    /// Adds a committed row; it is searchable, by scan until ``link(atMost:threads:)`` takes it into the graph.
    ///
    /// - Parameters:
    ///   - row: ``rowCount``, or a deleted row that no running or coming search may see any more.
    ///   - vector: as for ``encode(_:options:)``.
    ///   - birth: the commit sequence from which on searches see the row.
    /// - Throws: as ``encode(_:options:)``; `rowOutOfRange`, `full`, `source`.
    public func append(row: UInt32, vector: [Float], birth: UInt64) throws(VectorError) {
        try appendEncoded(row: row, bytes: VectorCoding.encode(vector, options), birth: birth)
    }

    /// Adds a row whose bytes ``encode(_:options:)`` has made. See ``append(row:vector:birth:)``.
    public func appendEncoded(row: UInt32, bytes: [UInt8], birth: UInt64) throws(VectorError) {
        try appendEncoded(row: row, bytes: bytes.span.bytes, birth: birth)
    }

    /// Adds a row whose bytes ``encode(_:options:)`` has made. See ``append(row:vector:birth:)``.
    ///
    /// - Throws: `corruptImage` when the size is not ``IndexOptions/vectorStride``.
    public func appendEncoded(row: UInt32, bytes: RawSpan, birth: UInt64) throws(VectorError) {
        guard bytes.byteCount == options.vectorStride else {
            throw VectorError(.corruptImage(reason: "a row of \(bytes.byteCount) bytes"))
        }
        defer { trainIfDue() }  // runs after the lock was left
        let isNew = Int(row) >= rowCount
        if isNew { lock.share() } else { lock.claim() }
        defer { lock.leave() }
        try appending.withLock { _ throws(VectorError) in
            if isNew { try place(Int(row), bytes, birth) } else { try replace(Int(row), bytes, birth) }
        }
    }

    private func place(_ row: Int, _ bytes: RawSpan, _ birth: UInt64) throws(VectorError) {
        let count = rowCounter.load(ordering: .relaxed)
        guard row == count else {
            throw VectorError(.rowOutOfRange(row: UInt32(truncatingIfNeeded: row), rowCount: count))
        }
        guard row < maximumRowCount else { throw VectorError(.full(maximumRowCount: maximumRowCount)) }
        let offset = row * options.vectorStride
        vectors.grow(toByteCount: offset + options.vectorStride)
        try vectors.ensure(offset, options.vectorStride)
        links.grow(toByteCount: (row + 1) * options.linkStride)
        upper.grow(toByteCount: levels.recordCount(rowCount: row + 1) * options.upperStride)
        bytes.withUnsafeBytes { (vectors.base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        if let book = codebook.value {
            codes.grow(toByteCount: (row + 1) * options.codeStride)
            // Rows of a restored index that have no codes yet come first; the linker makes them.
            if coded.load(ordering: .acquiring) == row {
                try withScratch { (scratch) throws(VectorError) in try encode(row, book, scratch) }
                coded.store(row + 1, ordering: .releasing)
            }
        }
        rows.bear(row, at: birth)
        rowCounter.store(row + 1, ordering: .releasing)
    }

    private func withScratch(_ body: (SearchScratch) throws(VectorError) -> Void) throws(VectorError) {
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        try body(scratch)
    }

    private func replace(_ row: Int, _ bytes: RawSpan, _ birth: UInt64) throws(VectorError) {
        guard rows.isDeleted(row) else {
            throw VectorError(.rowOutOfRange(row: UInt32(truncatingIfNeeded: row), rowCount: rowCount))
        }
        let offset = row * options.vectorStride
        try vectors.ensure(offset, options.vectorStride)
        bytes.withUnsafeBytes { (vectors.base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        if let book = codebook.value, row < coded.load(ordering: .acquiring) {
            try withScratch { (scratch) throws(VectorError) in try encode(row, book, scratch) }
        }
        free.withLock { $0.remove(UInt32(row)) }
        updateQueue { $0.reuse(row) }
        rows.bear(row, at: birth)
        reusedWhileSaving.withLock { $0?.append(UInt32(row)) }
    }

    /// Ends rows' lives: searches at `death` and later no longer see them. Of two deaths the earlier holds.
    ///
    /// - Throws: `rowOutOfRange` before anything is changed.
    public func markDeleted(rows deleted: [UInt32], death: UInt64) throws(VectorError) {
        let count = rowCount
        if let row = deleted.first(where: { Int($0) >= count }) {
            throw VectorError(.rowOutOfRange(row: row, rowCount: count))
        }
        for row in deleted { rows.kill(Int(row), at: death) }
    }

    /// Ends one row's life. See ``markDeleted(rows:death:)``.
    public func markDeleted(row: UInt32, death: UInt64) throws(VectorError) {
        try markDeleted(rows: [row], death: death)
    }

    /// The stored vector of a row, deleted or not: for cosine scaled to length 1. O(dimension).
    public func vector(row: UInt32) throws(VectorError) -> [Float] {
        lock.share()
        defer { lock.leave() }
        guard Int(row) < rowCount else { throw VectorError(.rowOutOfRange(row: row, rowCount: rowCount)) }
        let offset = Int(row) * options.vectorStride
        try vectors.ensure(offset, options.vectorStride)
        return [Float](unsafeUninitializedCapacity: options.dimension) { floats, count in
            VectorCoding.decode(vectors.base + offset, options, into: floats.baseAddress!)
            count = options.dimension
        }
    }

    // MARK: Shared by the other files

    /// Changes the link queue and publishes its counters for searches.
    func updateQueue<R>(_ body: (inout LinkQueue) -> R) -> R {
        queue.withLock { queue in
            let result = body(&queue)
            linkedCounter.store(queue.linked, ordering: .releasing)
            waitingCounter.store(queue.waitingCount, ordering: .releasing)
            return result
        }
    }

    /// Drops blocks when more are in memory than allowed. The index lock is not held.
    func keepWithinLimit() {
        guard budget.isExceeded else { return }
        lock.claim()
        defer { lock.leave() }
        // Vectors go first: a search reads a few of them, but hundreds of codes and lists. Those follow only when the
        // limit cannot be kept otherwise.
        vectors.evict(to: budget.limit - budget.limit / 8)
        for arena in !codebook.isTrained ? [links, upper] : [links, codes, upper] where isOverLimit {
            arena.evict(to: budget.limit - budget.limit / 16)
        }
        budget.setThreshold()
    }

    private var isOverLimit: Bool { budget.resident.load(ordering: .relaxed) > budget.limit }

    /// Loads some of the blocks that searches read most, codes and links, as far as three quarters of the memory limit
    /// go. Costs about 10 µs a block. For the background after an index was opened: searches are fastest once
    /// everything that they walk through is there.
    ///
    /// - Returns: whether there is more to load.
    /// - Throws: `source`, `corruptImage`.
    public func warmUp(blocks count: Int) throws(VectorError) -> Bool {
        lock.share()
        defer { lock.leave() }
        let room = budget.limit / 4 * 3 - budget.resident.load(ordering: .relaxed)
        for (i, arena) in [links, codes, upper].enumerated() where !arena.isComplete {
            guard room > count * arena.blockByteCount else { return false }
            let next = try arena.loadAbsent(from: warmed.withLock { $0[i] }, count: count)
            warmed.withLock { $0[i] = next ?? .max }
            if next != nil { return true }
            arena.settle()
        }
        return false
    }

    /// Bytes of links and codes that a save would write, in whole blocks.
    public var unsavedByteCount: Int {
        (links.dirtyBlockCount + upper.dirtyBlockCount + codes.dirtyBlockCount) * links.blockByteCount
    }

    /// Whether a search need not ask for blocks.
    var searchedArraysAreComplete: Bool {
        links.isComplete && (!codebook.isTrained ? vectors.isComplete : codes.isComplete)
    }
}
