import Synchronization

// A second way to the frames of the page cache, for readers of many pages at once: without a lock, and with the memory of
// all pages fetched together instead of one after the other.
//
// 1. The index holds at most one frame a page: that of the newest committed version, if the cache has it. It is changed
//    only under the lock of the page's shard, in the same step as the cache.
// 2. A frame says from which commit on it is shown (`shownFrom`). A snapshot may use it when that is not after its own
//    sequence; else, or when the page is not here, it asks the cache.
// 3. Readers look only within a section. A reference that the index gives up is released when every section that had
//    begun before is over: each of the counters below was seen at zero once since (sleepable read-copy-update, after
//    McKenney). Sections are short: they look frames up and retain them, or copy out of them, and read nothing from the
//    disk.
// 4. Words name payloads, and the head before a payload says the rest: a reader that copies within its section goes from
//    the slot to the page itself, without the frame's object and its count of references.

package final class FrameIndex: @unchecked Sendable {
    // Unchecked: the words are atomic, and what they point to is kept alive by rule 3.

    private static let vacant = UInt64.max
    private static let stripes = 8
    /// Words from one counter to the next: two lines, so that threads do not share one.
    private static let stride = 16
    private static let batch = 64

    private struct Limbo {
        var fresh: [Unmanaged<PageFrame>] = []
        var waiting: [Unmanaged<PageFrame>] = []
        /// The counters that were not seen at zero yet.
        var pending: UInt32 = 0
    }

    private let slotCount: Int
    /// For each slot its page, then the address of that one's payload.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Open sections, for each stripe and phase.
    private let sections: UnsafeMutablePointer<Atomic<Int>>
    private let phase = Atomic<Int>(0)
    private let limbo = Mutex(Limbo())

    /// - Parameter frameLimit: how many frames the cache keeps.
    package init(frameLimit: Int, shardCount: Int) {
        var slotCount = shardCount
        while slotCount < 2 * frameLimit { slotCount *= 2 }
        self.slotCount = slotCount
        shardMask = UInt64(shardCount - 1)
        words = FrameMemory.table(byteCount: slotCount * 2 * MemoryLayout<Atomic<UInt64>>.stride)
            .bindMemory(to: Atomic<UInt64>.self, capacity: slotCount * 2)
        for place in 0..<slotCount * 2 {
            (words + place).initialize(to: Atomic(place & 1 == 0 ? Self.vacant : 0))
        }
        let counters = 2 * Self.stripes * Self.stride
        sections = .allocate(capacity: counters)
        for place in 0..<counters { (sections + place).initialize(to: Atomic(0)) }
    }

    private let shardMask: UInt64

    deinit {
        for slot in 0..<slotCount {
            Self.reference(payloadWord(slot).pointee.load(ordering: .sequentiallyConsistent))?.release()
        }
        limbo.withLock { state in
            for frame in state.fresh + state.waiting { frame.release() }
        }
        words.deallocate()
        sections.deallocate()
    }

    // MARK: Places

    // A page has two slots. The first are in order of page numbers, so that a file that is not much larger than the cache
    // has all its pages in them, and four neighbours in a line; the second are strewn. All pages that share a slot belong to
    // one shard, so that one lock guards it.

    @inline(__always)
    private func firstSlot(of page: UInt64) -> Int { Int(truncatingIfNeeded: page) & (slotCount &- 1) }

    @inline(__always)
    private func secondSlot(of page: UInt64) -> Int {
        let mixed = (page &* 0x9E37_79B9_7F4A_7C15) >> 20
        return Int(truncatingIfNeeded: mixed & ~shardMask | page & shardMask) & (slotCount &- 1)
    }

    @inline(__always)
    private func pageWord(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { words + 2 &* slot }

    @inline(__always)
    private func payloadWord(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { words + (2 &* slot &+ 1) }

    /// The page in a slot, for those who hold the lock.
    private func page(in slot: Int) -> UInt64 { pageWord(slot).pointee.load(ordering: .relaxed) }

    /// The payload of a page; 0 when it is not here. It may be another page's: a slot can change between two looks.
    @inline(__always)
    private func word(of page: UInt64) -> UInt64 {
        let first = firstSlot(of: page)
        if pageWord(first).pointee.load(ordering: .sequentiallyConsistent) == page {
            return payloadWord(first).pointee.load(ordering: .sequentiallyConsistent)
        }
        let second = secondSlot(of: page)
        guard pageWord(second).pointee.load(ordering: .sequentiallyConsistent) == page else { return 0 }
        return payloadWord(second).pointee.load(ordering: .sequentiallyConsistent)
    }

    /// The frame of the payload at an address.
    private static func reference(_ word: UInt64) -> Unmanaged<PageFrame>? {
        guard let base = UnsafeRawPointer(bitPattern: UInt(word)),
            let frame = UnsafeRawPointer(bitPattern: FrameHead.of(base).pointee.frame)
        else { return nil }
        return Unmanaged.fromOpaque(frame)
    }

    private static func word(of frame: PageFrame) -> UInt64 { UInt64(UInt(bitPattern: frame.base)) }

    // MARK: Changes, under the lock of the page's shard

    /// Puts the newest version's frame in, in the place of an older one.
    package func put(_ frame: PageFrame, shownFrom sequence: CommitSequence) {
        frame.shownFrom = sequence
        let page = frame.id.number
        let slot = place(for: page)
        _ = Unmanaged.passRetained(frame)
        pageWord(slot).pointee.store(page, ordering: .sequentiallyConsistent)
        let old = payloadWord(slot).pointee.exchange(Self.word(of: frame), ordering: .sequentiallyConsistent)
        if let old = Self.reference(old) { retire(old) }
    }

    /// Where a page is or is to be: in a slot that is vacant, or can be made so by moving who is there to its other slot;
    /// else in the place of who is there.
    private func place(for page: UInt64) -> Int {
        let (first, second) = (firstSlot(of: page), secondSlot(of: page))
        let (atFirst, atSecond) = (self.page(in: first), self.page(in: second))
        if atFirst == page { return first }
        if atSecond == page { return second }
        if atFirst == Self.vacant { return first }
        if atSecond == Self.vacant { return second }
        if moves(atFirst, from: first) { return first }
        if moves(atSecond, from: second) { return second }
        return first
    }

    /// Moves a page from a slot to its other one, if that is vacant.
    private func moves(_ page: UInt64, from slot: Int) -> Bool {
        let other = firstSlot(of: page) == slot ? secondSlot(of: page) : firstSlot(of: page)
        guard self.page(in: other) == Self.vacant else { return false }
        // For a moment a reader finds it in neither, and asks the cache.
        let word = payloadWord(slot).pointee.exchange(0, ordering: .sequentiallyConsistent)
        payloadWord(other).pointee.store(word, ordering: .sequentiallyConsistent)
        pageWord(other).pointee.store(page, ordering: .sequentiallyConsistent)
        return true
    }

    /// Takes a page out; with `frame` only when that is the frame it has.
    package func remove(_ page: UInt64, frame: PageFrame? = nil) {
        let slot = firstSlot(of: page)
        remove(page, from: self.page(in: slot) == page ? slot : secondSlot(of: page), frame)
    }

    private func remove(_ page: UInt64, from slot: Int, _ frame: PageFrame?) {
        guard self.page(in: slot) == page else { return }
        if let frame, payloadWord(slot).pointee.load(ordering: .relaxed) != Self.word(of: frame) { return }
        pageWord(slot).pointee.store(Self.vacant, ordering: .sequentiallyConsistent)
        let old = payloadWord(slot).pointee.exchange(0, ordering: .sequentiallyConsistent)
        if let old = Self.reference(old) { retire(old) }
    }

    private func retire(_ frame: Unmanaged<PageFrame>) {
        let released: [Unmanaged<PageFrame>] = limbo.withLock { state in
            state.fresh.append(frame)
            if state.waiting.isEmpty {
                guard state.fresh.count >= Self.batch else { return [] }
                swap(&state.fresh, &state.waiting)
                state.pending = (1 << UInt32(2 * Self.stripes)) - 1
            }
            for counter in 0..<2 * Self.stripes where state.pending & 1 << UInt32(counter) != 0 {
                if sections[counter * Self.stride].load(ordering: .sequentiallyConsistent) == 0 {
                    state.pending &= ~(1 << UInt32(counter))
                }
            }
            guard state.pending == 0 else {
                // New sections count elsewhere, so that those that are open run out.
                phase.store(1 - phase.load(ordering: .relaxed), ordering: .sequentiallyConsistent)
                return []
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for frame in released { frame.release() }
    }

    // MARK: Readers

    /// Begins a section of a reader that sees pages as they are at a commit.
    /// - Parameter stripe: any number; equal ones of many threads only make them slower.
    package func section(atMost sequence: CommitSequence, stripe: Int) -> FrameSection {
        let counter =
            sections
            + (2 &* (stripe & (Self.stripes - 1)) &+ phase.load(ordering: .sequentiallyConsistent)) &* Self.stride
        counter.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
        return FrameSection(index: Unmanaged.passUnretained(self), counter: counter, sequence: sequence)
    }

    /// Looks a page up as it is at a commit, and retains its frame; nil where the cache must be asked.
    package func frame(_ page: PageID, atMost sequence: CommitSequence, stripe: Int) -> PageFrame? {
        let section = section(atMost: sequence, stripe: stripe)
        let kept = lent(word(of: page.number), page, sequence).flatMap { Self.keep($0) }
        section.end()
        return kept?.takeRetainedValue()
    }

    /// As `frame` for several pages.
    package func collect(
        _ pages: [PageID], atMost sequence: CommitSequence, stripe: Int, into frames: inout [PageFrame?]
    ) {
        frames.removeAll(keepingCapacity: true)
        withUnsafeTemporaryAllocation(of: Unmanaged<PageFrame>?.self, capacity: max(1, pages.count)) { kept in
            let section = section(atMost: sequence, stripe: stripe)
            var count = 0
            each(of: pages, atMost: sequence) { lent in
                kept.initializeElement(at: count, to: lent.flatMap { Self.keep($0) })
                count += 1
            }
            section.end()
            for place in 0..<count { frames.append(kept[place]?.takeRetainedValue()) }
        }
    }

    /// Retains a lent page's frame, within the section. By hand: that the retain comes before the section's end is what
    /// rule 3 rests on, so the code says it.
    private static func keep(_ lent: LentPage) -> Unmanaged<PageFrame>? {
        reference(UInt64(UInt(bitPattern: lent.base)))?.retain()
    }

    /// Looks pages up together, within a section.
    @inline(__always)
    fileprivate func each(of pages: [PageID], atMost sequence: CommitSequence, _ body: (LentPage?) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, pages.count)) { found in
            // Each pass reads one level of memory for all pages; the next pass finds it in the processor's caches.
            var touched: UInt64 = 0
            for page in pages {
                touched ^= pageWord(firstSlot(of: page.number)).pointee.load(ordering: .relaxed)
            }
            for (place, page) in pages.enumerated() {
                let word = word(of: page.number)
                found[place] = word
                if let base = UnsafeRawPointer(bitPattern: UInt(word)) {
                    touched ^= FrameHead.of(base).pointee.page.number
                }
            }
            withExtendedLifetime(touched) {}
            for (place, page) in pages.enumerated() { body(lent(found[place], page, sequence)) }
        }
    }

    /// What a word names, if it is a page as it is at a commit.
    @inline(__always)
    fileprivate func lent(_ word: UInt64, _ page: PageID, _ sequence: CommitSequence) -> LentPage? {
        guard let base = UnsafeRawPointer(bitPattern: UInt(word)) else { return nil }
        let head = FrameHead.of(base)
        guard head.pointee.page == page, head.pointee.shown.load(ordering: .acquiring) <= sequence else { return nil }
        head.pointee.noteUse()
        return LentPage(base: base)
    }

    fileprivate func lend(_ page: PageID, atMost sequence: CommitSequence) -> LentPage? {
        lent(word(of: page.number), page, sequence)
    }
}

/// A reader's section: what it lends stands until it ends. Nothing in it may wait, and it must be ended.
package struct FrameSection {
    fileprivate let index: Unmanaged<FrameIndex>
    fileprivate let counter: UnsafeMutablePointer<Atomic<Int>>
    fileprivate let sequence: CommitSequence

    /// A page, nil where the cache must be asked.
    package func page(_ id: PageID) -> LentPage? {
        index._withUnsafeGuaranteedRef { $0.lend(id, atMost: sequence) }
    }

    /// Several pages, found together, in the order of `ids`.
    package func pages(_ ids: [PageID], into lent: inout [LentPage?]) {
        lent.removeAll(keepingCapacity: true)
        index._withUnsafeGuaranteedRef { index in
            index.each(of: ids, atMost: sequence) { lent.append($0) }
        }
    }

    /// Ends it: what was lent may be gone from here on.
    package func end() {
        counter.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }
}
