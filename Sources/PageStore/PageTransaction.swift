import StoreIO

// The single writer's view: its base state plus the pages it has changed.
//
// 1. At most one is open; it holds the writer's turn from `begin` to `commit` or `rollBack`.
// 2. A page is copied on its first change. Nothing that others can see changes before the commit.
// 3. Changed pages beyond the memory limit spill to the log, without a commit mark, and are read back from there.
// 4. After an error in the middle of a change the transaction is poisoned: it can only be rolled back.

package final class PageTransaction: PageView, @unchecked Sendable {
    // Unchecked: used by the thread that holds the writer's turn only.
    let pager: Pager
    /// What the transaction will publish.
    var working: CommitState
    package let base: CommitState
    var dirty: PageTable<PageFrame>
    /// Changed pages that know what they were.
    var originCount = 0
    /// Pages are logged whole, whatever changed.
    var logsWholePages = false
    /// Changed pages that live in the log only.
    var spilled = PageTable<LoggedImage>()
    /// Pages of the base state that were read, by the low bits of their numbers. The base never changes, and what the
    /// transaction changes is looked for among `dirty` and `spilled` first.
    private var clean: [PageFrame?] = []
    private let cleanFrames: Int
    /// A checkpoint's transaction on the map: tags go into directories as pages are sealed.
    var linksMap = false
    var logStart: LogPosition?
    /// Blocks whose free counts this transaction has touched, to be counted anew after a rollback.
    var touchedBlocks: Set<UInt64> = []
    /// Page numbers from here on are refused with `diskFull`.
    package var growthLimit: UInt64 = .max
    /// Called once the commit is in the log and before anybody can see it, with its sequence: what keeps derived state
    /// in memory (the vector indexes) adds the commit's rows here. Must not fail.
    package var willPublish: ((CommitSequence) -> Void)?
    /// Counts pages that came, went or were spilled: while it stays the same, no page has become another, and a frame got
    /// for writing is still its page's.
    package private(set) var pageTurnover = 0
    package private(set) var isOpen = true
    package private(set) var isPoisoned = false

    init(pager: Pager, base: CommitState) {
        self.pager = pager
        self.base = base
        working = base
        dirty = PageTable(capacity: pager.writer.expectedPages)
        // 4 MiB of them: a power of two, as pages are.
        cleanFrames = max(16, (4 << 20) / pager.pageSize)
        super.init(payloadByteCount: pager.codec.payloadByteCount, formatVersion: pager.formatVersion)
    }

    deinit { if isOpen { rollBack() } }

    package override var state: CommitState { working }

    /// The root of the layer above, published with the commit.
    package var catalogRoot: PageID? {
        get { working.catalogRoot == 0 ? nil : PageID(working.catalogRoot) }
        set { working.catalogRoot = newValue?.number ?? 0 }
    }

    // MARK: Reading

    package override func page(_ id: PageID) throws(PageFault) -> PageFrame {
        if let frame = dirty[id.number] { return frame }
        return try unchangedPage(id, keep: true)
    }

    /// A page that is not among `dirty`. `keep`: it will be read again.
    private func unchangedPage(_ id: PageID, keep: Bool) throws(PageFault) -> PageFrame {
        guard isOpen else { throw .closed }
        if spilled.count > 0, let image = spilled[id.number] {
            return try poisoning { () throws(PageFault) in
                try pager.readLogImage(id, version: working.sequence, image: image)
            }
        }
        let place = Int(truncatingIfNeeded: id.number) & (cleanFrames - 1)
        if place < clean.count, let frame = clean[place], frame.id == id { return frame }
        let frame = try poisoning { () throws(PageFault) in
            try pager.frame(id, atMost: base.sequence, reader: 0)
        }
        guard keep else { return frame }
        if clean.isEmpty { clean = [PageFrame?](repeating: nil, count: cleanFrames) }
        clean[place] = frame
        return frame
    }

    package override func pageUncached(_ id: PageID) throws(PageFault) -> PageFrame {
        if dirty[id.number] != nil || spilled[id.number] != nil { return try page(id) }
        guard isOpen else { throw .closed }
        return try poisoning { () throws(PageFault) in
            try pager.frame(id, atMost: base.sequence, keep: false)
        }
    }

    // MARK: Changing

    /// The page for changing; the frame stays current until `relieve`.
    package func mutablePage(_ id: PageID) throws(PageFault) -> PageFrame {
        if let frame = dirty[id.number] { return frame }
        let old = try unchangedPage(id, keep: false)
        let frame = old.copy()
        dirty[id.number] = frame
        if old.shownFrom > pager.writer.wholeThrough {
            frame.origin = old
            originCount += 1
        }
        return frame
    }

    /// A fresh, zeroed page.
    package func allocate(near: PageID? = nil) throws(PageFault) -> PageFrame {
        guard isOpen else { throw .closed }
        return try poisoning { () throws(PageFault) in
            pageTurnover &+= 1
            let id = try takePage(near: near)
            let frame = PageFrame(id: id, byteCount: payloadByteCount)
            frame.zero()
            dirty[id.number] = frame
            return frame
        }
    }

    /// Gives a page back. It may be used again by this transaction and later ones: what a snapshot still sees of it is
    /// an older version, which stays.
    package func free(_ id: PageID) throws(PageFault) {
        guard isOpen else { throw .closed }
        try poisoning { () throws(PageFault) in
            pageTurnover &+= 1
            try givePage(id)
            if dirty.remove(id.number)?.origin != nil { originCount -= 1 }
            spilled.remove(id.number)
        }
    }

    /// Writes changed pages out to the log when they fill the memory allowed. Call it at the start of each modifying
    /// verb, when no frame is held.
    package func relieve() throws(PageFault) {
        guard dirty.count > pager.transactionPageLimit else { return }
        pageTurnover &+= 1
        try poisoning { () throws(PageFault) in try pager.spill(self) }
    }

    /// Pages changed so far.
    package var changedPageCount: Int { dirty.count + spilled.count }

    // MARK: Ending

    /// Makes the changes durable as one commit and publishes them. Nothing is left of them when this throws, but for
    /// `commitUnknown`, when only reopening tells.
    package func commit(_ durability: Durability = .grouped) throws(PageFault) -> CommitTicket {
        let ticket = try prepareCommit(durability)
        try pager.await(ticket)
        return ticket
    }

    /// Appends the commit and passes the turn on; the caller then awaits the ticket.
    package func prepareCommit(_ durability: Durability = .grouped) throws(PageFault) -> CommitTicket {
        guard isOpen else { throw .closed }
        guard !isPoisoned || !Defence.poison.isOn else {
            rollBack()
            throw .transactionPoisoned
        }
        do throws(PageFault) {
            let ticket = try pager.append(self, durability)
            isOpen = false
            pager.turn.unlock()
            return ticket
        } catch {
            rollBack()
            throw error
        }
    }

    /// As `prepareCommit`, but the caller keeps the turn, also after an error: for checkpoint and close.
    func prepareCommitKeepingTurn() throws(PageFault) -> CommitTicket {
        do throws(PageFault) {
            let ticket = try pager.append(self, .grouped)
            isOpen = false
            return ticket
        } catch {
            abandonKeepingTurn()
            throw error
        }
    }

    func abandonKeepingTurn() {
        guard isOpen else { return }
        isOpen = false
        pager.forget(self)
    }

    package func rollBack() {
        guard isOpen else { return }
        isOpen = false
        pager.forget(self)
        pager.turn.unlock()
    }

    /// Marks the transaction as unfit to commit: a change stopped half-way.
    package func poison() { isPoisoned = true }

    private func poisoning<R>(_ body: () throws(PageFault) -> R) throws(PageFault) -> R {
        do { return try body() } catch {
            isPoisoned = true
            throw error
        }
    }
}

/// A commit that has been appended: what to wait for.
package struct CommitTicket: Sendable {
    package let sequence: CommitSequence
    /// The log's end behind the commit; nil when nothing was written.
    let position: LogPosition?
    let durability: Durability
}
