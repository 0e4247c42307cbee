import PageStore
import Synchronization
import TreeStore
import VectorIndex

// A vector index of the store: rows on pages, links in memory.
//
// 1. A row is durable with its commit: vector, `_id` and row number are pages like any other.
// 2. It enters the index in memory after the commit is in the log and before anybody can see it, with the commit's
//    sequence as its birth; snapshots older than that do not see it. Deletion sets its death the same way.
// 3. Links are derived. They are made in the background and saved at checkpoints, in a transaction of their own; after
//    a crash what was not saved is linked again, and until then found by scanning.
// 4. Nothing is read at open but the small state; blocks come in as searches touch them.

final class VectorSegment: Sendable {
    let definition: VectorIndexDefinition
    let index: HNSWIndex
    /// `_id`s of rows that were found before.
    let ids: RowIDCache
    /// What filters gave.
    let filters: VectorFilterCache
    /// What is known of the index's recall.
    let recall: RecallKeeper
    /// Rows linked at the last save, to decide when the next pays.
    private let savedLinked: Mutex<Int>
    /// How many deleted rows there were when none of them could be taken out.
    private let stuckRepair = Mutex(-1)
    private let wasSearched = Atomic(false)
    private let isWarm = Atomic(false)

    init(definition: VectorIndexDefinition, index: HNSWIndex, savedLinked: Int, memoryLimit: Int?) {
        self.definition = definition
        self.index = index
        ids = RowIDCache(byteLimit: memoryLimit.map { $0 / 8 } ?? .max)
        recall = RecallKeeper(memoryLimit: memoryLimit)
        filters = VectorFilterCache(byteLimit: memoryLimit.map { $0 / 16 } ?? 64 << 20)
        self.savedLinked = Mutex(savedLinked)
    }

    /// A new, empty index.
    static func create(
        _ definition: VectorIndexDefinition, pager: Pager, memoryLimit: Int?
    ) throws(VectorError) -> VectorSegment {
        let source = PagedBlockSource(pager: pager, arrays: definition.arrays)
        let index = try HNSWIndex(
            options: definition.options, restoring: IndexState(options: definition.options), source: source,
            memoryLimit: memoryLimit)
        return VectorSegment(definition: definition, index: index, savedLinked: 0, memoryLimit: memoryLimit)
    }

    /// The index as the newest commit left it. Reads its state and its deleted rows, no vector and no link.
    static func restore(
        _ definition: VectorIndexDefinition, catalog: Catalog, view: PageView, pager: Pager, memoryLimit: Int?
    ) throws -> VectorSegment {
        let name = (definition.collection, definition.field)
        let counters = try catalog.entry(CatalogKind.vectorCounters.key(name.0, name.1), in: view)
        let rowCount = counters?.count("rows") ?? 0
        var state = IndexState(options: definition.options)
        if let bytes = try catalog.tree.get(CatalogKind.vectorLinks.key(name.0, name.1).span.bytes, in: view),
            let saved = try? IndexState.decode(bytes), saved.rowCount <= rowCount
        {
            // Links that do not decode are rebuilt; they are derived.
            state = saved
        }
        state.rowCount = rowCount
        var deleted: [UInt32] = []
        var reused: [UInt32] = []
        let cursor = definition.arrays.dead.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        while isThere {
            let key = try cursor.key
            if let row = VectorRows.reusedRow(of: key) {
                if Int(row) < rowCount { reused.append(row) }
            } else {
                let row = VectorRows.row(of: key)
                if Int(row) < rowCount { deleted.append(row) }
            }
            isThere = try cursor.next()
        }
        let (dead, linked) = (Set(deleted), state.linkedCount)
        state.deletedRows = deleted
        state.freeRows = state.freeRows.filter { dead.contains($0) }
        // Their links and codes were saved before they got the vectors that they have.
        let waiting = Set(state.waitingRows + reused)
        state.waitingRows = waiting.filter { Int($0) < linked }.sorted()
        // Behind the linked rows nothing waits by itself: codes from the first such row on are made again.
        let unlinked = reused.lazy.map(Int.init).filter { $0 >= linked }
        state.codedCount = min(state.codedCount, unlinked.min() ?? .max)
        let source = PagedBlockSource(pager: pager, arrays: definition.arrays)
        let index = try HNSWIndex(
            options: definition.options, restoring: state, source: source, memoryLimit: memoryLimit)
        return VectorSegment(
            definition: definition, index: index, savedLinked: state.linkedCount, memoryLimit: memoryLimit)
    }

    /// Notes that somebody searches. True when that means work in the background: loading what searches walk through.
    func noteSearch() -> Bool {
        guard !wasSearched.load(ordering: .relaxed) else { return false }
        return !wasSearched.exchange(true, ordering: .relaxed)
    }

    /// Loads a portion of what searches walk through. False when there is nothing to do.
    func warmUp() throws(VectorError) -> Bool {
        guard wasSearched.load(ordering: .relaxed), !isWarm.load(ordering: .relaxed) else { return false }
        let goesOn = try index.warmUp(blocks: 64)
        if !goesOn { isWarm.store(true, ordering: .relaxed) }
        return goesOn
    }

    /// Whether there are rows to link, or links to make anew.
    var needsLinking: Bool { index.unlinkedCount > 0 || index.isDamaged || needsRepair }

    /// Whether so many rows were deleted that taking them out of the graph pays: each pass reads every list.
    private var needsRepair: Bool {
        definition.reusesRows && index.unrepairedCount >= max(64, index.rowCount / 64)
            && index.unrepairedCount != stuckRepair.withLock { $0 }
    }

    /// Takes deleted rows that no reader sees any more out of the graph.
    private func repairIfDue(_ pager: Pager) throws(VectorError) -> Int {
        guard needsRepair else { return 0 }
        let freed = try index.repairDeleted(before: pager.oldestReadSequence)
        // Rows that an old reader holds back are tried again when others have joined them.
        let left = index.unrepairedCount
        stuckRepair.withLock { $0 = freed == 0 ? left : -1 }
        return freed
    }

    /// Links up to `count` rows; damaged links are thrown away first, and all rows are linked again from the vectors.
    /// Searches score every vector meanwhile. Returns how many rows were linked.
    func linkPortion(_ count: Int, pager: Pager) throws(VectorError) -> Int {
        if index.isDamaged { index.rebuild() }
        let linked = try index.link(atMost: count)
        return try linked > 0 ? linked : repairIfDue(pager)
    }

    /// Whether saving the links pays now: always at a close; else when a quarter more is linked than at the last save,
    /// and `step` at least, so that the pages written stay within a few times the links' size.
    func shouldSave(closing: Bool, step: Int) -> Bool {
        guard index.unsavedByteCount > 0 else { return false }
        if closing { return true }
        let linked = index.rowCount - index.unlinkedCount
        let saved = savedLinked.withLock { $0 }
        return linked - saved >= max(step, saved / 4)
    }

    private func reusedKeys(in view: PageView) throws(PageFault) -> [[UInt8]] {
        guard definition.reusesRows else { return [] }
        let cursor = definition.arrays.dead.cursor(in: view)
        var keys: [[UInt8]] = []
        var isThere = try cursor.seek(to: VectorRows.reusedPrefix.span.bytes)
        while isThere {
            keys.append(try cursor.key)
            isThere = try cursor.next()
        }
        return keys
    }

    /// Writes changed links and codes, and the state into a transaction of their own.
    func saveLinks(pager: Pager) throws {
        let transaction = try pager.beginTransaction(holdsLogBound: false)
        defer { transaction.rollBack() }
        guard let catalog = Catalog(transaction) else { return }
        let arrays = definition.arrays
        let name = (definition.collection, definition.field)
        // Dropped meanwhile: nothing to save.
        guard
            try catalog.entry(CatalogKind.vectorIndex.key(name.0, name.1), in: transaction)?.count("number")
                == definition.number
        else { return }
        let linked = index.rowCount - index.unlinkedCount
        let reused = try reusedKeys(in: transaction)
        let blockByteCount = UInt64(PagedArray.bytesPerPage(payloadByteCount: pager.codec.payloadByteCount))
        try index.save(
            write: { array, block, bytes in
                let target =
                    switch array {
                    case .links: arrays.links
                    case .upper: arrays.upper
                    case .codes: arrays.codes
                    case .vectors: nil as PagedArray?
                    }
                try target?.write(
                    RawSpan(_unsafeBytes: bytes), at: block * blockByteCount, in: transaction)
            },
            commit: { state in
                var state = state
                // A rebuild frees slots in any index; files of format 1 and 2 have no state that lists them.
                if !definition.reusesRows { state.freeRows = [] }
                // Rows that still wait to be linked again are in the state.
                for key in reused { try arrays.dead.remove(key.span.bytes, in: transaction) }
                try catalog.tree.put(
                    CatalogKind.vectorLinks.key(name.0, name.1).span.bytes, state.encode().span.bytes, in: transaction)
                _ = try transaction.commit(.grouped)
            })
        savedLinked.withLock { $0 = linked }
    }
}

/// Reads blocks of an index from the store's pages, at the newest content: rows never change while anybody may read
/// them, and links are newest in memory.
struct PagedBlockSource: BlockSource {
    let pager: Pager
    let arrays: VectorArrays

    var blockByteCount: Int { PagedArray.bytesPerPage(payloadByteCount: pager.codec.payloadByteCount) }

    func read(_ array: IndexArray, block: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws {
        let view = try pager.beginLatestView()
        defer { view.close() }
        let paged =
            switch array {
            case .vectors: arrays.vectors
            case .links: arrays.links
            case .upper: arrays.upper
            case .codes: arrays.codes
            }
        guard let paged else { throw PageFault.corruptStructure(page: arrays.vectors.root, reason: "no codes") }
        var span = MutableRawSpan(_unsafeBytes: bytes)
        _ = try paged.readPage(block, into: &span, in: view, cached: false)
    }
}

/// The fixed forms of row numbers and `_id` slots.
enum VectorRows {
    static let slotByteCount = 32
    private static let longMark: UInt8 = 0xFF

    static func key(_ row: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: row >> (24 - 8 * $0)) } }

    static func row(of bytes: [UInt8]) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// The rows of a document, one behind the other; one, but in an index of several vectors a document.
    static func rows(of bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count - 3, by: 4).map { row(of: Array(bytes[$0..<$0 + 4])) }
    }

    /// Calls `body` with each of a document's rows.
    static func forEach(in bytes: RawSpan, _ body: (UInt32) -> Void) {
        BSONBytes.with(bytes) { bytes in
            for offset in stride(from: 0, to: bytes.count - 3, by: 4) { body(bytes.uint32(at: offset).byteSwapped) }
        }
    }

    /// Where the `_id` of a row with a long one stands in the rows tree; document keys never begin with this byte.
    static func longKey(_ row: UInt32) -> [UInt8] { [0xFF, 0xFF] + key(row) }

    /// A slot: one byte of length, then the BSON of the document `{"": _id}` when it fits; else a mark that says to look
    /// in the rows tree.
    static func slot(for id: BSONValue) -> (slot: [UInt8], isLong: Bool) {
        let document: Document = ["": id]
        var slot = [UInt8](repeating: 0, count: slotByteCount)
        let bytes = document.bson
        guard bytes.count < slotByteCount else {
            slot[0] = longMark
            return (slot, true)
        }
        slot[0] = UInt8(bytes.count)
        slot.replaceSubrange(1..<1 + bytes.count, with: bytes)
        return (slot, false)
    }

    /// Notes a row that got a new vector since its links were saved. Longer than the key of a row, and behind them all.
    static func reusedKey(_ row: UInt32) -> [UInt8] { reusedPrefix + key(row) }

    static let reusedPrefix: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

    static func reusedRow(of key: [UInt8]) -> UInt32? {
        key.count == 8 && key.starts(with: reusedPrefix) ? row(of: Array(key.dropFirst(4))) : nil
    }

    static func id(of bytes: [UInt8]) -> BSONValue? { (try? Document(bson: bytes))?[""] }

    /// The `_id` in a slot that begins at `start`; nil when it is a long one, or the slot is empty.
    @inline(__always)
    static func shortID(in slots: [UInt8], at start: Int = 0) -> BSONValue? {
        let count = Int(slots[start])
        guard count < slotByteCount, count >= 5 else { return nil }
        // Length, type, the empty name's NUL, then the value: the usual types need no document to be made.
        let at = start + 1 + 6
        switch slots[start + 5] {
        case 0x12 where count == 15: return .int64(Int64(littleEndian: number(slots, at)))
        case 0x10 where count == 11: return .int32(Int32(littleEndian: number(slots, at)))
        default: return id(of: Array(slots[start + 1..<start + 1 + count]))
        }
    }

    private static func number<T: FixedWidthInteger>(_ bytes: [UInt8], _ at: Int) -> T {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: T.self) }
    }

    static func isLong(_ slot: [UInt8]) -> Bool { slot[0] == longMark }
}
