// One byte array of the index in memory: row r is base + r * stride, whatever is loaded of it.
//
// With a block source behind it, blocks come in at first touch; without one, everything is always there.
// 1. A block's bytes may be read only after its presence was seen (acquire); the loader announces it after the last
//    byte (release). Loads of an array are serialised; blocks already present are read meanwhile.
// 2. Blocks disappear only while the index lock is held alone (`evict`, `resetToZeros`), in chunks of 64 blocks.
// 3. A block with unsaved bytes never disappears: its mark is set while the index lock is shared, after the bytes.
// 4. `missing` counts the absent blocks below the extent, so one load tells whether presence need be tested at all.
// Unsafe code: callers keep offsets inside the extent.

import Synchronization

/// Bytes held by the arenas of one index, and how many they should be.
final class MemoryBudget: Sendable {
    let limit: Int
    let resident = Atomic<Int>(0)
    /// Bytes above which dropping blocks is worth a try: the limit, or more while unsaved blocks hold it up.
    private let threshold: Atomic<Int>

    init(limit: Int?) {
        self.limit = limit ?? .max
        threshold = Atomic(self.limit)
    }

    var isExceeded: Bool { resident.load(ordering: .relaxed) > threshold.load(ordering: .relaxed) }

    /// After dropping what could be dropped: does not ask again before a sixteenth of the limit has come on top.
    func setThreshold() {
        let held = resident.load(ordering: .relaxed)
        threshold.store(held > limit ? held + limit / 16 : limit, ordering: .relaxed)
    }
}

final class Arena: @unchecked Sendable {
    static let blocksPerChunk = 64

    /// What is to be saved of a block.
    enum Mark {
        static let clean: UInt8 = 0
        static let dirty: UInt8 = 1
        static let saving: UInt8 = 2
    }

    let array: IndexArray
    let base: UnsafeMutableRawPointer
    let blockByteCount: Int
    private let memory: ReservedMemory
    private let blockMemory: ReservedMemory
    private let source: (any BlockSource)?
    private let budget: MemoryBudget
    /// One byte a block each: present, mark; one byte a chunk: used since the clock hand passed.
    private let present: UnsafeMutablePointer<Atomic<UInt8>>
    private let marks: UnsafeMutablePointer<Atomic<UInt8>>
    private let used: UnsafeMutablePointer<Atomic<UInt8>>
    private let missing: Atomic<Int>
    private let extent: Atomic<Int>  // blocks that rows reach into
    private let loading = Guarded(())
    /// Whether blocks are read all over the array by every search, and never dropped.
    private let usesLargePages: Bool
    private var largePagesEnd = 0  // by whoever grows the array
    private static let smallArrayByteCount = 4 << 20
    private var clockHand = 0  // under the index lock, held alone

    /// - Parameters:
    ///   - capacity: bytes to reserve.
    ///   - saved: bytes of the array that the source answers for from the start.
    init(
        _ array: IndexArray, capacity: Int, blockByteCount: Int, source: (any BlockSource)?, saved: Int,
        budget: MemoryBudget
    ) throws(VectorError) {
        let blocks = max(1, (capacity + blockByteCount - 1) / blockByteCount)
        let chunks = (blocks + Self.blocksPerChunk - 1) / Self.blocksPerChunk
        memory = try ReservedMemory(byteCount: blocks * blockByteCount)
        blockMemory = try ReservedMemory(byteCount: blocks * 2 + chunks)
        self.array = array
        self.blockByteCount = blockByteCount
        self.source = source
        self.budget = budget
        usesLargePages = budget.limit == .max && (array == .codes || array == .links)
        base = memory.base
        // Zeroed memory is a valid Atomic<UInt8> of 0, so the tables need no initialisation and no memory yet.
        present = blockMemory.base.assumingMemoryBound(to: Atomic<UInt8>.self)
        marks = present + blocks
        used = marks + blocks
        let savedBlocks = (saved + blockByteCount - 1) / blockByteCount
        missing = Atomic(source == nil ? 0 : savedBlocks)
        extent = Atomic(savedBlocks)
    }

    /// Whether every block below the extent is there, so that `ensure` can be left out.
    var isComplete: Bool { missing.load(ordering: .acquiring) == 0 }

    /// Blocks in memory, for accounting and tests.
    var presentBlockCount: Int { extent.load(ordering: .relaxed) - missing.load(ordering: .relaxed) }

    /// Makes sure that the bytes are there. The index lock is shared or held alone.
    @inline(__always)
    func ensure(_ offset: Int, _ byteCount: Int) throws(VectorError) {
        guard source != nil else { return }
        var block = offset / blockByteCount
        let last = (offset + byteCount - 1) / blockByteCount
        while block <= last {
            if present[block].load(ordering: .acquiring) == 0 { try load(block) }
            let chunk = block / Self.blocksPerChunk
            if used[chunk].load(ordering: .relaxed) == 0 { used[chunk].store(1, ordering: .relaxed) }
            block += 1
        }
    }

    /// Loads absent blocks from `block` on, `count` at most. Gives the block to go on from; nil at the end.
    func loadAbsent(from block: Int, count: Int) throws(VectorError) -> Int? {
        guard source != nil, !isComplete else { return nil }
        let end = extent.load(ordering: .acquiring)
        var (at, left) = (block, count)
        while at < end && left > 0 {
            if present[at].load(ordering: .acquiring) == 0 {
                try load(at)
                used[at / Self.blocksPerChunk].store(1, ordering: .relaxed)
                left -= 1
            }
            at += 1
        }
        return at < end ? at : nil
    }

    @inline(never)
    private func load(_ block: Int) throws(VectorError) {
        guard let source else { return }
        try loading.withLock { _ throws(VectorError) in
            guard present[block].load(ordering: .acquiring) == 0 else { return }
            let start = base + block * blockByteCount
            do {
                let bytes = UnsafeMutableRawBufferPointer(start: start, count: blockByteCount)
                try source.read(array, block: UInt64(block), into: bytes)
            } catch {
                // Links can be made anew from the vectors, so failing to read them is no more than damage.
                let failure = "\(array) block \(block): \(error)"
                throw VectorError(array == .vectors ? .source(failure) : .corruptImage(reason: failure), cause: error)
            }
            present[block].store(1, ordering: .releasing)
            missing.subtract(1, ordering: .releasing)
            budget.resident.add(blockByteCount, ordering: .relaxed)
        }
    }

    /// Takes bytes up to `byteCount` into use. Blocks that become part of the array are zeros that no source knows
    /// yet. One thread at a time.
    func grow(toByteCount byteCount: Int) {
        let blocks = (byteCount + blockByteCount - 1) / blockByteCount
        let old = extent.load(ordering: .relaxed)
        guard blocks > old else { return }
        for block in old..<blocks { present[block].store(1, ordering: .releasing) }
        budget.resident.add((blocks - old) * blockByteCount, ordering: .relaxed)
        extent.store(blocks, ordering: .releasing)
        let end = blocks * blockByteCount
        if usesLargePages && end > largePagesEnd {
            // A small array must not cost a large page; one that has outgrown a few does not mind one more.
            let next = (end / ReservedMemory.largePageByteCount + 1) * ReservedMemory.largePageByteCount
            if end > Self.smallArrayByteCount { memory.preferLargePages(largePagesEnd..<next) }
            largePagesEnd = next
        }
    }

    // MARK: Marks of unsaved blocks

    /// Notes that the bytes have changed since the last save. Called after the change.
    @inline(__always)
    func markDirty(_ offset: Int, _ byteCount: Int) {
        var block = offset / blockByteCount
        let last = (offset + byteCount - 1) / blockByteCount
        while block <= last {
            if marks[block].load(ordering: .relaxed) != Mark.dirty {
                marks[block].store(Mark.dirty, ordering: .releasing)
            }
            block += 1
        }
    }

    /// Turns every mark of one kind into another, and names the blocks: dirty → saving when a save begins, saving →
    /// clean when it has succeeded, saving → dirty when it has not.
    @discardableResult
    func turnMarks(from old: UInt8, to new: UInt8) -> [Int] {
        var turned: [Int] = []
        for block in 0..<extent.load(ordering: .acquiring) where marks[block].load(ordering: .relaxed) == old {
            let (exchanged, _) = marks[block].compareExchange(
                expected: old, desired: new, ordering: .acquiringAndReleasing)
            if exchanged { turned.append(block) }
        }
        return turned
    }

    /// Blocks that have changed since the last save.
    var dirtyBlockCount: Int {
        var count = 0
        for block in 0..<extent.load(ordering: .acquiring) where marks[block].load(ordering: .relaxed) != Mark.clean {
            count += 1
        }
        return count
    }

    /// Copies a block of link words while linkers may write to it: word by word, each word whole. The index lock is
    /// shared.
    func copyWords(block: Int, into copy: UnsafeMutableRawBufferPointer) {
        let words = (base + block * blockByteCount).assumingMemoryBound(to: Atomic<UInt32>.self)
        for i in 0..<(blockByteCount / 4) {
            copy.storeBytes(of: words[i].load(ordering: .relaxed), toByteOffset: i * 4, as: UInt32.self)
        }
    }

    // MARK: With the index lock held alone

    /// Puts the array into large pages, when it is there as a whole.
    func settle() {
        let end = extent.load(ordering: .acquiring) * blockByteCount
        if usesLargePages && end > Self.smallArrayByteCount { memory.preferLargePages(0..<end, now: true) }
    }

    /// Drops clean chunks that have not been used since the hand last passed, until the budget holds at most
    /// `target` bytes or two rounds have been made.
    func evict(to target: Int) {
        guard source != nil else { return }
        let blocks = extent.load(ordering: .relaxed)
        let chunks = (blocks + Self.blocksPerChunk - 1) / Self.blocksPerChunk
        var steps = 2 * chunks
        while steps > 0 && budget.resident.load(ordering: .relaxed) > target {
            steps -= 1
            clockHand = clockHand + 1 < chunks ? clockHand + 1 : 0
            if used[clockHand].load(ordering: .relaxed) != 0 {
                used[clockHand].store(0, ordering: .relaxed)
                continue
            }
            drop(clockHand * Self.blocksPerChunk..<min(blocks, (clockHand + 1) * Self.blocksPerChunk))
        }
    }

    private func drop(_ chunk: Range<Int>) {
        for block in chunk where marks[block].load(ordering: .relaxed) != Mark.clean { return }
        var dropped = 0
        for block in chunk where present[block].load(ordering: .relaxed) != 0 {
            present[block].store(0, ordering: .relaxed)
            dropped += 1
        }
        guard dropped > 0 else { return }
        missing.add(dropped, ordering: .relaxed)
        budget.resident.subtract(dropped * blockByteCount, ordering: .relaxed)
        memory.discard(chunk.lowerBound * blockByteCount..<chunk.upperBound * blockByteCount)
    }

    /// Makes the whole array zeros, present and unsaved: a graph without links.
    func resetToZeros() {
        let blocks = extent.load(ordering: .relaxed)
        memory.discard(0..<blocks * blockByteCount)
        // Whole system pages are zero now; what lies on the page that the extent ends in is cleared by hand.
        let tail = max(0, blocks * blockByteCount - 65536)
        (base + tail).initializeMemory(as: UInt8.self, repeating: 0, count: blocks * blockByteCount - tail)
        for block in 0..<blocks {
            present[block].store(1, ordering: .relaxed)
            marks[block].store(Mark.dirty, ordering: .relaxed)
        }
        budget.resident.add(missing.exchange(0, ordering: .relaxed) * blockByteCount, ordering: .relaxed)
    }
}
