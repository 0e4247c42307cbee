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
//    the bucket to the page itself, without the frame's object and its count of references.

package final class FrameIndex: @unchecked Sendable {
    // Unchecked: the words are atomic, and what they point to is kept alive by rule 3.

    /// Pages of a bucket; with their payloads' addresses they fill one line of memory.
    private static let ways = 4
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

    private let buckets: Int
    /// For each bucket its pages, then the addresses of their payloads.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Open sections, for each stripe and phase.
    private let sections: UnsafeMutablePointer<Atomic<Int>>
    private let phase = Atomic<Int>(0)
    private let limbo = Mutex(Limbo())

    /// - Parameter frameLimit: how many frames the cache keeps.
    package init(frameLimit: Int, shardCount: Int) {
        var buckets = shardCount
        while buckets * Self.ways < 2 * frameLimit { buckets *= 2 }
        self.buckets = buckets
        shardMask = UInt64(shardCount - 1)
        words = .allocate(capacity: buckets * 2 * Self.ways + 8)
        for place in 0..<buckets * 2 * Self.ways {
            (words + place).initialize(to: Atomic(place & Self.ways == 0 ? Self.vacant : 0))
        }
        let counters = 2 * Self.stripes * Self.stride
        sections = .allocate(capacity: counters)
        for place in 0..<counters { (sections + place).initialize(to: Atomic(0)) }
    }

    private let shardMask: UInt64

    deinit {
        for bucket in 0..<buckets {
            for way in 0..<Self.ways {
                Self.reference(frameWord(bucket, way).pointee.load(ordering: .sequentiallyConsistent))?.release()
            }
        }
        limbo.withLock { state in
            for frame in state.fresh + state.waiting { frame.release() }
        }
        words.deallocate()
        sections.deallocate()
    }

    // MARK: Places

    /// A bucket belongs to one shard, so that one lock guards it.
    @inline(__always)
    private func bucket(of page: UInt64) -> Int {
        let mixed = (page &* 0x9E37_79B9_7F4A_7C15) >> 20
        return Int(truncatingIfNeeded: mixed & ~shardMask | page & shardMask) & (buckets &- 1)
    }

    @inline(__always)
    private func pageWord(_ bucket: Int, _ way: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + (bucket &* 2 &* Self.ways &+ way)
    }

    @inline(__always)
    private func frameWord(_ bucket: Int, _ way: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + (bucket &* 2 &* Self.ways &+ Self.ways &+ way)
    }

    /// The payload of a page; 0 when it is not here. It may be another page's: a bucket can change between two looks.
    @inline(__always)
    private func word(of page: UInt64) -> UInt64 {
        let bucket = bucket(of: page)
        for way in 0..<Self.ways
        where pageWord(bucket, way).pointee.load(ordering: .sequentiallyConsistent) == page {
            return frameWord(bucket, way).pointee.load(ordering: .sequentiallyConsistent)
        }
        return 0
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
        let bucket = bucket(of: page)
        var place = Int(truncatingIfNeeded: page / (shardMask + 1)) & (Self.ways - 1)
        for way in 0..<Self.ways {
            let found = pageWord(bucket, way).pointee.load(ordering: .relaxed)
            if found == page {
                place = way
                break
            }
            if found == Self.vacant { place = way }
        }
        _ = Unmanaged.passRetained(frame)
        let word = Self.word(of: frame)
        pageWord(bucket, place).pointee.store(page, ordering: .sequentiallyConsistent)
        let old = frameWord(bucket, place).pointee.exchange(word, ordering: .sequentiallyConsistent)
        if let old = Self.reference(old) { retire(old) }
    }

    /// Takes a page out; with `frame` only when that is the frame it has.
    package func remove(_ page: UInt64, frame: PageFrame? = nil) {
        let bucket = bucket(of: page)
        for way in 0..<Self.ways where pageWord(bucket, way).pointee.load(ordering: .relaxed) == page {
            if let frame {
                guard frameWord(bucket, way).pointee.load(ordering: .relaxed) == Self.word(of: frame) else { return }
            }
            pageWord(bucket, way).pointee.store(Self.vacant, ordering: .sequentiallyConsistent)
            let old = frameWord(bucket, way).pointee.exchange(0, ordering: .sequentiallyConsistent)
            if let old = Self.reference(old) { retire(old) }
            return
        }
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
        defer { section.end() }
        return lent(word(of: page.number), page, sequence).flatMap { Self.frame(of: $0) }
    }

    /// As `frame` for several pages.
    package func collect(
        _ pages: [PageID], atMost sequence: CommitSequence, stripe: Int, into frames: inout [PageFrame?]
    ) {
        frames.removeAll(keepingCapacity: true)
        let section = section(atMost: sequence, stripe: stripe)
        defer { section.end() }
        each(of: pages, atMost: sequence) { lent in frames.append(lent.flatMap { Self.frame(of: $0) }) }
    }

    private static func frame(of lent: LentPage) -> PageFrame? {
        reference(UInt64(UInt(bitPattern: lent.base)))?.takeUnretainedValue()
    }

    /// Looks pages up together, within a section.
    @inline(__always)
    fileprivate func each(of pages: [PageID], atMost sequence: CommitSequence, _ body: (LentPage?) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, pages.count)) { found in
            // Each pass reads one level of memory for all pages; the next pass finds it in the processor's caches.
            var touched: UInt64 = 0
            for page in pages {
                touched ^= pageWord(bucket(of: page.number), 0).pointee.load(ordering: .relaxed)
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
