// Linking: taking rows from the scanned tail into the graph.
//
// For each level the row stands on, its nearest rows are searched and the diverse ones among them become its
// neighbours; each neighbour gets a link back, and when its list is full chooses anew. All of it happens under the
// shared index lock: words are stored one by one (release), so a search sees old links, new links or some of both, each
// of them a row that exists. A list is changed by one linker at a time: the one that holds the stripe its row hashes
// to. Unsafe code: see HNSWIndex+Walk.

import Dispatch
import Synchronization

extension HNSWIndex {
    /// Links the oldest rows not linked yet, `count` at most, and returns how many were done. With one thread and rows
    /// appended in the same order, the graph is the same in every run. Stops early when the links are damaged.
    ///
    /// Costs about what a search of `buildBreadth` does, per row. Searches go on meanwhile, and other calls of `link`.
    ///
    /// - Throws: `source` when vectors cannot be read; rows under way then wait for another try.
    @discardableResult
    public func link(atMost count: Int, threads: Int = 1) throws(VectorError) -> Int {
        guard count > 0 else { return 0 }
        let run = LinkRun(count: count)
        if threads <= 1 {
            linkRows(run)
        } else {
            DispatchQueue.concurrentPerform(iterations: threads) { _ in linkRows(run) }
        }
        if let failure = run.failure.withLock({ $0 }) { throw failure }
        return run.done.load(ordering: .relaxed)
    }

    /// Throws all links away and puts every row into the tail, where searches find it exactly;
    /// ``link(atMost:threads:)`` then builds the graph anew.
    public func rebuild() {
        saving.withLock { _ in
            lock.claim()
            defer { lock.leave() }
            links.resetToZeros()
            upper.resetToZeros()
            dropCodes()
            entry.store(0, ordering: .releasing)
            updateQueue { $0 = LinkQueue(linked: 0, waiting: []) }
            // Without links nothing leads to a dead row.
            free.withLock { free in
                for row in 0..<rowCount where rows.isNeverVisible(row) || rows.isGone(row, by: 0) {
                    free.insert(UInt32(row))
                }
            }
            generation.add(1, ordering: .releasing)
            damaged.store(false, ordering: .releasing)
        }
        trainIfDue()
    }

    private func linkRows(_ run: LinkRun) {
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        while run.takeTurn() {
            do throws(VectorError) {
                linkGate.share()
                defer { linkGate.leave() }
                guard try linkNext(scratch) else { return }
                run.done.add(1, ordering: .relaxed)
            } catch {
                run.fail(error)
                return
            }
            keepWithinLimit()
        }
    }

    /// Links one row. False when there is none, or the links are damaged.
    private func linkNext(_ scratch: SearchScratch) throws(VectorError) -> Bool {
        lock.share()
        defer { lock.leave() }
        guard !isDamaged, let claim = updateQueue({ $0.claim(rowCount: self.rowCount) }) else { return false }
        var isLinked = false
        defer {
            let completed = isLinked
            updateQueue { completed ? $0.complete(claim) : $0.fail(claim) }
        }
        do throws(VectorError) {
            // A row that died before it got its turn needs no links; it is searched by scanning until it is gone.
            try encodePending(through: claim.row, scratch)
            // Nor does one that is free: after a rebuild all rows come by here.
            let row = UInt32(claim.row)
            let needsNoLinks =
                rows.isNeverVisible(claim.row) || rows.isDeleted(claim.row) && free.withLock { $0.contains(row) }
            isLinked = needsNoLinks ? true : try link(claim, scratch)
        } catch {
            guard case .corruptImage = error.code else { throw error }
        }
        if !isLinked { damaged.store(true, ordering: .releasing) }
        return isLinked
    }

    /// False when the links are damaged.
    private func link(_ claim: LinkQueue.Claim, _ scratch: SearchScratch) throws(VectorError) -> Bool {
        let row = claim.row
        let top = levels.level(of: row)
        try decode(row, into: scratch.query)
        if entry.load(ordering: .acquiring) == 0 {
            let isFirst = promotion.withLock { _ in
                entry.compareExchange(expected: 0, desired: row + 1, ordering: .acquiringAndReleasing).exchanged
            }
            if isFirst { return true }
        }
        let entryLevel = levels.level(of: entry.load(ordering: .acquiring) - 1)
        if let book = codebook.value {
            scratch.makeCodeQuery(book, options)
            // A reused row's codes may be of an earlier life when the index was restored.
            if claim.isSingle { try encode(row, book, scratch) }
        }
        let guide = guide(scratch)

        // Search all levels before changing any, so that nobody enters a level where the row has no links yet.
        var plans: [[UInt32]] = []
        let highest = min(top, entryLevel)
        let breadth = options.buildBreadth
        var rowBound = rowCount
        var found = try descend(to: highest, guide, scratch, rowBound: rowBound)
        while found == nil {
            // Another linker made a row the entry that came after the bound was read.
            rowBound = rowCount
            guard entry.load(ordering: .acquiring) > 0 else { return false }
            found = try descend(to: highest, guide, scratch, rowBound: rowBound)
        }
        guard let start = found, case .finished = start.end else { return false }
        var nearest = (row: start.row, key: start.key)
        for level in stride(from: highest, through: 0, by: -1) {
            scratch.beginWalk(rowCount: rowBound, breadth: breadth)
            defer { scratch.endWalk(rowCount: rowBound) }
            scratch.seed(nearest.row, key: nearest.key)
            let walk = Walk(level: level, rowBound: rowBound, mayPause: false, guide: guide)
            guard case .finished = try run(walk, scratch) else { return false }
            nearest = (Candidate.row(scratch.beam.base[0]), scratch.beam.base[0] & ~Candidate.expanded)
            let limit = level == 0 ? options.firstLinkCount : options.connectivity
            plans.append(try neighbours(of: row, limit: limit, scratch))
        }
        if claim.isSingle {
            for level in 0...top where try !leave(row, level: level, scratch) { return false }
        }
        for (level, neighbours) in plans.reversed().enumerated() {
            guard try connect(row, to: neighbours, level: level, scratch) else { return false }
        }
        if top > entryLevel {
            promotion.withLock { _ in
                if top > levels.level(of: entry.load(ordering: .acquiring) - 1) {
                    entry.store(row + 1, ordering: .releasing)
                }
            }
        }
        return true
    }

    /// Chooses a row's neighbours from the beam: not the row itself, and no deleted rows unless there are no others.
    private func neighbours(of row: Int, limit: Int, _ scratch: SearchScratch) throws(VectorError) -> [UInt32] {
        var found: [UInt32] = []
        var dead: [UInt32] = []
        found.reserveCapacity(scratch.beam.capacity)
        let mayBeDead = rows.deletedCount > 0
        for i in 0..<scratch.beam.capacity {
            let key = scratch.beam.base[i]
            if key == KeyBuffer.unused { break }
            let other = Candidate.row(key)
            if other == row { continue }
            if mayBeDead && rows.isDeleted(other) {
                dead.append(UInt32(other))
            } else {
                found.append(UInt32(other))
            }
        }
        if found.isEmpty { found = dead }
        let own = try beginChoice(for: row, room: found.count, scratch)
        return selectNeighbours(try candidates(found, for: row, at: own, scratch), limit: limit, scratch)
    }

    /// Writes a row's links on one level and the links back. False when a list is damaged.
    private func connect(
        _ row: Int, to neighbours: [UInt32], level: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> Bool {
        let isSound = try withStripe(row) { () throws(VectorError) -> Bool in
            guard let old = try readList(row: row, level: level) else { return false }
            // Links that others made to this row's list meanwhile are kept where there is room.
            let others = old.filter { !neighbours.contains($0) }
            try writeList(Array((neighbours + others).prefix(options.degree(level: level))), row: row, level: level)
            return true
        }
        guard isSound else { return false }
        for neighbour in neighbours {
            let isSound = try withStripe(Int(neighbour)) { () throws(VectorError) -> Bool in
                try add(row, toListOf: Int(neighbour), level: level, scratch)
            }
            guard isSound else { return false }
        }
        return true
    }

    /// Adds a link back; a full list chooses anew among its rows and the new one, and keeps a few places free, so that
    /// the next ones are added without choosing.
    private func add(
        _ row: Int, toListOf neighbour: Int, level: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> Bool {
        let words = try list(row: neighbour, level: level)
        let degree = options.degree(level: level)
        let count = rowCount
        var used = 0
        while used < degree {
            let word = Int(words[used].load(ordering: .relaxed))
            if word == 0 { break }
            if word == row + 1 { return true }
            guard word <= count else { return false }
            used += 1
        }
        if used < degree {
            words[used].store(UInt32(row + 1), ordering: .releasing)
            let arena = level == 0 ? links : upper
            arena.markDirty(listOffset(row: neighbour, level: level), degree * 4)
            return true
        }
        guard var list = try readList(row: neighbour, level: level) else { return false }
        list.append(UInt32(row))
        if rows.deletedCount > 0 {
            let living = list.filter { !rows.isDeleted(Int($0)) }
            if living.count > degree / 2 { list = living }
        }
        try writeList(try chosen(list, for: neighbour, level: level, scratch), row: neighbour, level: level)
        return true
    }

    /// The best of `rows` as the list of a row.
    func chosen(
        _ rows: [UInt32], for row: Int, level: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> [UInt32] {
        let degree = options.degree(level: level)
        let limit = degree - max(1, degree / 12)
        guard rows.count > limit else { return rows }
        let own = try beginChoice(for: row, room: rows.count, scratch)
        return selectNeighbours(try candidates(rows, for: row, at: own, scratch), limit: limit, scratch)
    }

    /// Takes a row that has got a new vector out of its old neighbourhood on one level: each old neighbour that links
    /// to it drops the link and gets one to another old neighbour in its place, if there is one in a new direction.
    /// The rest of its list stays: choosing it anew each time would thin the graph out. False when a list is damaged.
    private func leave(_ row: Int, level: Int, _ scratch: SearchScratch) throws(VectorError) -> Bool {
        guard let old = try withStripe(row, { () throws(VectorError) in try readList(row: row, level: level) }) else {
            return false
        }
        for neighbour in old {
            let isSound = try withStripe(Int(neighbour)) { () throws(VectorError) -> Bool in
                guard let list = try readList(row: Int(neighbour), level: level) else { return false }
                guard list.contains(UInt32(row)) else { return true }
                let kept = list.filter { Int($0) != row }
                let others = old.filter { $0 != neighbour && !kept.contains($0) && !rows.isDeleted(Int($0)) }
                let at = Int(neighbour)
                let own = try beginChoice(for: at, room: old.count + list.count, scratch)
                let present = try candidates(kept, for: at, at: own, scratch)
                let new = try candidates(others, for: at, at: own, scratch)
                let chosen = selectNeighbours(new, limit: kept.count + 1, beside: present, scratch)
                try writeList(chosen, row: Int(neighbour), level: level)
                return true
            }
            guard isSound else { return false }
        }
        try withStripe(row) { () throws(VectorError) in try writeList([], row: row, level: level) }
        return true
    }

    // MARK: Lists

    func withStripe<R>(_ row: Int, _ body: () throws(VectorError) -> R) throws(VectorError) -> R {
        try stripes[row % Self.stripeCount].withLock { _ throws(VectorError) in try body() }
    }

    /// The rows in a list, or nil when one of them cannot be.
    func readList(row: Int, level: Int) throws(VectorError) -> [UInt32]? {
        let words = try list(row: row, level: level)
        let count = rowCount
        var found: [UInt32] = []
        found.reserveCapacity(options.degree(level: level) + 1)
        for i in 0..<options.degree(level: level) {
            let word = words[i].load(ordering: .acquiring)
            if word == 0 { break }
            guard Int(word) <= count, level == 0 || levels.level(of: Int(word) - 1) >= level else { return nil }
            found.append(word - 1)
        }
        return found
    }

    /// Writes a list, at most the level's degree, zeros behind it, and marks its blocks as unsaved.
    func writeList(_ list: [UInt32], row: Int, level: Int) throws(VectorError) {
        let words = try self.list(row: row, level: level)
        let degree = options.degree(level: level)
        for i in 0..<degree {
            words[i].store(i < list.count ? list[i] + 1 : 0, ordering: .releasing)
        }
        let arena = level == 0 ? links : upper
        arena.markDirty(listOffset(row: row, level: level), degree * 4)
    }
}

/// One call of `link`: how many rows are left to take, how many are done, and what went wrong first.
private final class LinkRun: Sendable {
    let done = Atomic<Int>(0)
    let failure = Guarded<VectorError?>(nil)
    private let left: Atomic<Int>

    init(count: Int) {
        left = Atomic(count)
    }

    func takeTurn() -> Bool { left.subtract(1, ordering: .relaxed).newValue >= 0 }

    func fail(_ error: VectorError) {
        failure.withLock { $0 = $0 ?? error }
        left.store(0, ordering: .relaxed)
    }
}
