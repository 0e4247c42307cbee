import Dispatch
package import StoreIO
package import Synchronization

// The page layer's front: snapshots, the single writer, and what they share.
//
//                 begin                      append                    sync
//   (idle) ───────────────▶ transaction ───────────────▶ appended ───────────────▶ published
//                 ◀──────── rollBack                                   failure ──▶ failed (until reopened)
//
// Lock order: checkpoint turn → writer turn → slot turn → LogSync's monitor → readers → a cache shard → key ring. Only
// the three turns are held across I/O.

package final class Pager: @unchecked Sendable {
    // Unchecked: `writer` belongs to the holder of the turn, `slots` to the holder of the slot turn; everything
    // else is immutable or locks itself.
    package let options: PagerOptions
    package let codec: PageCodecView
    let pageCodec: PageCodec
    let identity: FileIdentity
    let ring: KeyRing
    let file: any StoreFile
    let geometry: SpaceGeometry
    let logGeometry: LogGeometry
    let cache: PageCache
    let buffers: IOBufferPool
    let turn = WriterTurn()
    let checkpointTurn = WriterTurn()
    let slotTurn = WriterTurn()
    let readers: ReaderRegistryBox
    let logSync: LogSync
    let spaceRoots: Mutex<[ImageName]>
    let logUse: Mutex<LogUse>
    var writer: WriterState
    var slots: SlotState
    /// Called before a checkpoint copies anything: the layer above writes what it keeps derived in memory.
    package let beforeCheckpoint = Mutex<(@Sendable (_ closing: Bool) throws(PageFault) -> Void)?>(nil)
    private let closed = Atomic<Bool>(false)
    /// A close has begun: it takes everything home, past the readers that are left, so these end now.
    let isEnding = Atomic<Bool>(false)
    private let checkpointQueue = DispatchQueue(label: "smartstore.checkpoint")
    private let checkpointPending = Atomic<Bool>(false)
    private let relaxedPending = Atomic<Bool>(false)
    /// The last attempt to grow the file found no room.
    let diskIsFull = Atomic<Bool>(false)
    package let statistics = PagerCounters()

    /// What the writer's turn guards.
    struct WriterState {
        var latest: CommitState
        /// The tag of the latest commit's last frame: by the chain it stands for the file's whole history.
        var latestTag: Tag
        var log: WriteAheadLog
        var hints = FreeHints()
        /// Ends of the commits since the newest slot's tail: what a checkpoint may move the tail to.
        var commitEnds: [CommitEnd] = []
        /// Pages are logged whole on their first change after this commit, so that the log can be cut there: the commit at
        /// which the file was opened, or the newest checkpoint began.
        var wholeThrough: CommitSequence
        /// Pages that the transaction before changed: what the next one makes room for at once.
        var expectedPages = 0
        var fileSize: UInt64
        /// For each extent of the log whose blocks were never written, by its first page, the offset from which on.
        var promised: [UInt64: UInt64] = [:]
        /// The store is closing and the log gives its extents back.
        var isHandingBack = false
    }

    struct CommitEnd {
        var state: CommitState
        var end: LogPosition
        var tag: Tag
    }

    /// What the slot turn guards.
    struct SlotState {
        var newest: Superblock
        /// 0 or 1.
        var newestIndex: Int
        /// Tail of the other slot; nil when it is not valid and needs nothing.
        var otherTail: LogPosition?
        /// What the user's key opens, now.
        var user: UserKeys?
        /// The highest slot sequence found at open, also in a slot that did not open.
        var seen: UInt64 = 0
        /// The extents named by a writer since a checkpoint last looked at the log, which that checkpoint must name too.
        var namedExtents: [LogExtent] = []
    }

    struct LogUse {
        var tail: LogPosition
        var end: LogPosition
    }

    /// Shared with the publish closure of `LogSync`.
    final class ReaderRegistryBox: Sendable {
        let state: Mutex<ReaderRegistry>
        init(_ registry: ReaderRegistry) { state = Mutex(registry) }
    }

    init(
        file: any StoreFile, options: PagerOptions, keys: OpenedKeys, slots: SlotState, recovered: RecoveredLog,
        fileSize: UInt64
    ) {
        self.file = file
        self.options = options
        ring = keys.ring
        self.slots = slots
        identity = slots.newest.identity
        created = slots.newest.record.created
        pageCodec = PageCodec(pageSize: identity.pageSize, fileID: identity.fileID, ring: keys.ring)
        codec = PageCodecView(payloadByteCount: pageCodec.payloadByteCount)
        geometry = SpaceGeometry(
            payloadByteCount: pageCodec.payloadByteCount, formatVersion: identity.formatVersion)
        logGeometry = LogGeometry(pageSize: UInt64(identity.pageSize))
        cache = PageCache(frameLimit: options.cacheByteLimit / identity.pageSize)
        buffers = IOBufferPool(byteCount: identity.pageSize)
        spaceRoots = Mutex(slots.newest.record.spaceRoots)
        logUse = Mutex(LogUse(tail: slots.newest.record.logTail, end: recovered.end))
        var registry = ReaderRegistry()
        registry.published = recovered.state
        let box = ReaderRegistryBox(registry)
        readers = box
        let turn = turn
        logSync = LogSync(file: file, end: recovered.end, othersWrite: { turn.isBusy && !turn.isMine }) { state in
            box.state.withLock { if state.sequence > $0.published.sequence { $0.published = state } }
        }
        writer = WriterState(
            latest: recovered.state, latestTag: recovered.commitEnds.last?.tag ?? slots.newest.record.tailTag,
            log: WriteAheadLog(
                file: file, codec: pageCodec, extents: recovered.extents, end: recovered.end,
                endTag: recovered.endTag),
            commitEnds: recovered.commitEnds, wholeThrough: recovered.state.sequence, fileSize: fileSize)
    }

    package var pageSize: Int { identity.pageSize }
    /// The version of the file format that this file was made with.
    package var formatVersion: UInt32 { identity.formatVersion }
    package var fileID: [UInt8] { identity.fileID }
    package var isEncrypted: Bool { identity.isEncrypted }
    package var isReadOnly: Bool { options.isReadOnly }
    package var isClosed: Bool { closed.load(ordering: .relaxed) }
    /// When the file was made, in milliseconds since 1970.
    package let created: Int64

    /// A key of another purpose, bound to this file; from the current data key or the one named.
    package func derivedKey(purpose: String, keyNumber: UInt32? = nil) throws(PageFault) -> SecretKey {
        try ring.derivedKey(purpose: purpose, keyNumber: keyNumber)
    }

    // MARK: Reading

    /// A view of the newest published commit.
    package func beginSnapshot() throws(PageFault) -> Snapshot {
        guard !isClosed else { throw .closed }
        guard !logSync.failed else { throw .failed }
        let now = options.time.monotonicNanoseconds()
        let (state, registration) = readers.state.withLock { ($0.published, $0.register(startedAt: now)) }
        let snapshot = Snapshot(pager: self, state: state, registration: registration)
        if options.readerDeadline != nil { readers.state.withLock { $0.attach(snapshot, to: registration) } }
        return snapshot
    }

    /// A view of the newest appended content, for arrays that are only ever appended to. Registered like a snapshot.
    package func beginLatestView() throws(PageFault) -> Snapshot {
        guard !isClosed else { throw .closed }
        let now = options.time.monotonicNanoseconds()
        var (state, registration) = readers.state.withLock { ($0.published, $0.register(startedAt: now)) }
        state.sequence = .max
        return Snapshot(pager: self, state: state, registration: registration)
    }

    func endSnapshot(_ registration: UInt64) { readers.state.withLock { $0.end(registration) } }

    package var published: CommitState { readers.state.withLock { $0.published } }

    /// The oldest commit that a reader sees, now or later: what was deleted by then nobody sees any more.
    package var oldestReadSequence: CommitSequence { readers.state.withLock { $0.checkpointLimit } }

    package var readerCount: Int { readers.state.withLock { $0.count } }

    /// A page as of `sequence`. A page can move home while it is being read; then the read is done again.
    func frame(_ id: PageID, atMost sequence: CommitSequence, keep: Bool = true) throws(PageFault) -> PageFrame {
        var attempt = 0
        while true {
            switch cache.find(id.number, atMost: sequence) {
            case .frame(let frame): return frame
            case .miss(let location, let moves):
                do throws(PageFault) {
                    let frame = try load(id, from: location)
                    return keep ? cache.insert(frame, from: location, moves: moves) : frame
                } catch {
                    attempt += 1
                    let moved = cache.locate(id.number, atMost: sequence) != location
                    guard moved ? attempt < 16 : attempt < 3 else { throw error }
                }
            }
        }
    }

    /// A page as it is at a commit, by the index if that has it. `reader` is any number that differs between readers.
    func frame(_ id: PageID, atMost sequence: CommitSequence, reader: UInt64) throws(PageFault) -> PageFrame {
        if let frame = cache.index.frame(id, atMost: sequence, stripe: Int(truncatingIfNeeded: reader)) { return frame }
        return try frame(id, atMost: sequence)
    }

    /// Pages as they are at a commit.
    func frames(
        _ ids: [PageID], atMost sequence: CommitSequence, reader: UInt64, into frames: inout [PageFrame?]
    ) throws(PageFault) {
        cache.index.collect(ids, atMost: sequence, stripe: Int(truncatingIfNeeded: reader), into: &frames)
        for (place, id) in ids.enumerated() where frames[place] == nil {
            frames[place] = try frame(id, atMost: sequence)
        }
    }

    private func load(_ id: PageID, from location: PageLocation) throws(PageFault) -> PageFrame {
        guard !isClosed else { throw .closed }
        guard !logSync.failed else { throw .failed }
        switch location {
        case .log(let version, let image):
            return image.isWhole
                ? try readLogImage(id, version: version, image: image)
                : try readChanged(id, version: version, image: image)
        case .home: return try readHome(id)
        }
    }

    func readLogImage(_ id: PageID, version: CommitSequence, image: LoggedImage) throws(PageFault) -> PageFrame {
        statistics.pageReads.add(1)
        return try buffers.with { buffer throws(PageFault) in
            try read(into: buffer, count: pageSize, at: image.offset)
            guard let (frame, found) = try pageCodec.open(id, from: buffer, at: 0) else { throw .corruptPage(id) }
            let wanted = ImageName(version: version, tag: image.tag)
            guard wanted.matches(version: found, tag: pageCodec.imageTag(in: buffer, at: 0)) else {
                throw .stalePage(id)
            }
            return frame
        }
    }

    /// A version that is logged as changes: back to one that is in memory or whole, then forward.
    private func readChanged(
        _ id: PageID, version: CommitSequence, image: LoggedImage
    ) throws(PageFault) -> PageFrame {
        var (version, image) = (version, image)
        var changes: [(change: PageChange, payload: PageFrame)] = []
        var base: PageFrame?
        while base == nil {
            if image.isWhole {
                base = try readLogImage(id, version: version, image: image)
                break
            }
            let payload = try readLogImage(PageChanges.page, version: version, image: image)
            guard let change = PageChanges.entry(at: Int(image.part), of: payload), change.page == id.number,
                change.base < version
            else { throw .corruptPage(id) }
            changes.append((change, payload))
            // Gone home meanwhile: the caller finds that the page has moved, and asks again.
            guard let found = cache.logged(id.number, version: change.base) else { throw .stalePage(id) }
            (base, version, image) = (found.frame, change.base, found.image)
        }
        guard var frame = base else { throw .corruptPage(id) }
        let before = Int(frame.changeCount)
        for (change, payload) in changes.reversed() {
            guard let made = PageChanges.apply(change, of: payload, to: frame) else { throw .corruptPage(id) }
            frame = made
        }
        frame.changeCount = UInt8(clamping: before + changes.count)
        return frame
    }

    private func readHome(_ id: PageID) throws(PageFault) -> PageFrame {
        let expected = try expectedImage(of: id)
        statistics.pageReads.add(1)
        return try buffers.with { buffer throws(PageFault) in
            let (offset, overflow) = id.number.multipliedReportingOverflow(by: UInt64(pageSize))
            guard !overflow, offset < 1 << 62 else { throw .corruptPage(id) }
            try read(into: buffer, count: pageSize, at: offset)
            guard let (frame, version) = try pageCodec.open(id, from: buffer, at: 0) else { throw .corruptPage(id) }
            guard expected.matches(version: version, tag: pageCodec.imageTag(in: buffer, at: 0)) else {
                throw .stalePage(id)
            }
            return frame
        }
    }

    /// The image that the map demands of a home page.
    private func expectedImage(of id: PageID) throws(PageFault) -> ImageName {
        let image = try recordedImage(of: id)
        // Never written home: a pointer to it is senseless.
        guard image.version != 0 else { throw .corruptPage(id) }
        return image
    }

    /// The image that the map records for a home page; version 0 for one that was never written home.
    func recordedImage(of id: PageID) throws(PageFault) -> ImageName {
        guard id.number >= 2, id.number < geometry.pageLimit else { throw .corruptPage(id) }
        guard let (parent, index) = geometry.parent(of: id.number) else {
            let root = geometry.topIndex(ofBlock: geometry.block(of: id.number))
            return spaceRoots.withLock { $0[root] }
        }
        let map: PageFrame
        do throws(PageFault) { map = try frame(parent, atMost: .max) } catch {
            // A block that has no map has no pages: it is the page asked for that does not exist.
            if error == .corruptPage(parent), try recordedImage(of: parent).version == 0 { throw .corruptPage(id) }
            throw error
        }
        let level = geometry.place(of: id.number) == .data ? 0 : 1
        guard map.kind == SpaceGeometry.kind else { throw .corruptStructure(page: parent, reason: "not a map page") }
        return geometry.image(index, of: map, level: level)
    }

    func read(into buffer: IOBuffer, count: Int, at offset: UInt64) throws(PageFault) {
        do throws(FileFault) {
            try buffer.withMutableBytes(0..<count) { bytes throws(FileFault) in
                try file.read(into: &bytes, at: offset)
            }
        } catch { throw PageFault(error) }
    }

    // MARK: Writing

    /// Waits for the writer's turn and begins a transaction on the newest commit.
    /// - Parameter holdsLogBound: false for what a checkpoint itself needs written.
    package func beginTransaction(holdsLogBound: Bool = true) throws(PageFault) -> PageTransaction {
        guard !options.isReadOnly else { throw .readOnly }
        if holdsLogBound {
            try holdLogBound()
            if diskIsFull.load(ordering: .relaxed) { try makeLogRoom() }
        }
        try turn.lock()
        guard !isClosed, !logSync.failed else {
            turn.unlock()
            throw isClosed ? .closed : .failed
        }
        return PageTransaction(pager: self, base: writer.latest)
    }

    /// Waits until the ticket's commit is as durable as it asked to be.
    package func await(_ ticket: CommitTicket) throws(PageFault) {
        guard let position = ticket.position else { return }
        switch ticket.durability {
        case .full: try logSync.syncAlone(through: position)
        case .grouped: try logSync.sync(through: position)
        case .relaxed: scheduleRelaxedSync(through: position)
        }
    }

    /// Syncs everything that has been appended.
    package func flush() throws(PageFault) {
        guard !options.isReadOnly else { return }
        try logSync.sync(through: logUse.withLock { $0.end })
    }

    private func scheduleRelaxedSync(through position: LogPosition) {
        guard options.checkpointsInBackground, !relaxedPending.exchange(true, ordering: .acquiringAndReleasing) else {
            return
        }
        let window = options.relaxedWindow.components
        let nanoseconds = Int(window.seconds) * 1_000_000_000 + Int(window.attoseconds / 1_000_000_000)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
            guard let self, !self.isClosed else { return }
            self.relaxedPending.store(false, ordering: .releasing)
            // A failure latches; the next call that needs the store reports it.
            try? self.flush()
        }
    }

    /// Changed pages that an open transaction may hold in memory.
    var transactionPageLimit: Int {
        options.transactionPageLimit
            ?? max(64, (options.transactionByteLimit ?? options.cacheByteLimit / 2) / pageSize)
    }

    // MARK: State

    package var logByteCount: UInt64 {
        let use = logUse.withLock { $0 }
        return (use.end - use.tail) * logGeometry.slotByteCount
    }

    package func markClosed() -> Bool { !closed.exchange(true, ordering: .acquiringAndReleasing) }

    /// Starts a checkpoint on its thread when the log has grown enough.
    func checkpointIfDue() {
        guard options.checkpointsInBackground, !options.isReadOnly,
            logByteCount > UInt64(options.logByteLimit) / 2,
            !checkpointPending.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        checkpointQueue.async { [weak self] in
            guard let self else { return }
            self.checkpointPending.store(false, ordering: .releasing)
            guard !self.isClosed else { return }
            // A failure latches the store; whoever writes next is told.
            _ = try? self.checkpoint()
        }
    }

    /// Waits for the checkpoint thread to be idle.
    func drainCheckpointQueue() {
        checkpointQueue.sync {}
    }
}

/// What layers above may know of the codec.
package struct PageCodecView: Sendable {
    package let payloadByteCount: Int
}
