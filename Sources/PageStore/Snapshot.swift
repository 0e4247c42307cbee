import StoreIO
import Synchronization

/// A reader's fixed view: every page as it was at one commit. Close it soon; while it lives, the log keeps what it may
/// still need.
package final class Snapshot: PageView, @unchecked Sendable {
    private let pager: Pager
    /// The pager's, which is asked for each page.
    private let index: FrameIndex
    private let fixed: CommitState
    private let registration: UInt64
    private let isOpen = Atomic<Bool>(true)
    private let wasExpired = Atomic<Bool>(false)

    init(pager: Pager, state: CommitState, registration: UInt64) {
        self.pager = pager
        index = pager.cache.index
        self.fixed = state
        self.registration = registration
        super.init(payloadByteCount: pager.codec.payloadByteCount, formatVersion: pager.formatVersion)
    }

    deinit { close() }

    package override var state: CommitState { fixed }

    package override var isFixed: Bool { true }

    package override func page(_ id: PageID) throws(PageFault) -> PageFrame {
        try checkOpen()
        let frame = try pager.frame(id, atMost: fixed.sequence, reader: registration)
        // Again: a close that began meanwhile may have moved a newer version home.
        try checkOpen()
        return frame
    }

    package override func pages(_ ids: [PageID], into frames: inout [PageFrame?]) throws(PageFault) {
        try checkOpen()
        try pager.frames(ids, atMost: fixed.sequence, reader: registration, into: &frames)
        try checkOpen()
    }

    package override func beginSection() throws(PageFault) -> FrameSection? {
        try checkOpen()
        return index.section(atMost: fixed.sequence, stripe: Int(truncatingIfNeeded: registration))
    }

    package override func end(_ section: FrameSection) throws(PageFault) {
        section.end()
        try checkOpen()
    }

    package override func pageUncached(_ id: PageID) throws(PageFault) -> PageFrame {
        try checkOpen()
        let frame = try pager.frame(id, atMost: fixed.sequence, keep: false)
        try checkOpen()
        return frame
    }

    package override func checkOpen() throws(PageFault) {
        if pager.isEnding.load(ordering: .acquiring) { throw .closed }
        if !isOpen.load(ordering: .acquiring) { throw wasExpired.load(ordering: .relaxed) ? .snapshotExpired : .closed }
    }

    /// Ends the view; later reads throw.
    package func close() {
        if isOpen.exchange(false, ordering: .acquiringAndReleasing) { pager.endSnapshot(registration) }
    }

    /// The pager ends a reader that is past its deadline.
    func expire() {
        wasExpired.store(true, ordering: .relaxed)
        isOpen.store(false, ordering: .releasing)
    }
}

/// Who reads at which sequence. The checkpoint never passes the oldest.
struct ReaderRegistry {
    struct Reader {
        let sequence: CommitSequence
        let startedAt: UInt64
        weak var snapshot: Snapshot?
    }

    var published = CommitState()
    private var readers: [UInt64: Reader] = [:]
    private var nextRegistration: UInt64 = 0

    mutating func register(startedAt: UInt64) -> UInt64 {
        nextRegistration += 1
        readers[nextRegistration] = Reader(sequence: published.sequence, startedAt: startedAt, snapshot: nil)
        return nextRegistration
    }

    mutating func attach(_ snapshot: Snapshot, to registration: UInt64) {
        readers[registration]?.snapshot = snapshot
    }

    mutating func end(_ registration: UInt64) { readers[registration] = nil }

    var count: Int { readers.count }

    /// The sequence that a checkpoint may reach.
    var checkpointLimit: CommitSequence {
        guard Defence.readersHoldCheckpoint.isOn else { return published.sequence }
        return readers.values.map(\.sequence).min() ?? published.sequence
    }

    var oldestStart: UInt64? { readers.values.map(\.startedAt).min() }

    /// Ends readers that started before `time`; returns how many.
    mutating func expire(startedBefore time: UInt64) -> Int {
        let late = readers.filter { $0.value.startedAt < time }
        for (registration, reader) in late {
            reader.snapshot?.expire()
            readers[registration] = nil
        }
        return late.count
    }
}
