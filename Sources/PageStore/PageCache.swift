import Synchronization

// Which versions of a page exist where, and the frames that are in memory.
//
// One look-up under one short lock answers both questions a reader has: which version is the newest one not after my
// snapshot, and is it in memory? Records are spread over shards by page number.
//
// 1. A record names every committed version in the log that a checkpoint has not taken home, oldest first. A version that
//    is logged as changes stands on the one before it in the record.
// 2. The home version is what a reader gets when no logged version is old enough.
// 3. A frame in the cache never changes. Eviction forgets frames, never versions.

/// Where the bytes of a page version are.
enum PageLocation: Equatable {
    case log(version: CommitSequence, image: LoggedImage)
    case home

    var version: CommitSequence {
        if case .log(let version, _) = self { return version }
        return 0
    }
}

/// A frame as the eviction queue knows it.
struct CachedFrame {
    let frame: PageFrame
    /// How often it was used, as far as that counts (0…3).
    var uses: UInt8 = 0
    /// Under which name the queue has it: a version of its page.
    var name: CommitSequence
}

/// A sealed image in the log: its byte offset and the low half of its tag. With a part it is a payload of changes, and the
/// part is where the page's entry begins in it: the page is what that makes of the version before.
struct LoggedImage: Hashable, Sendable {
    var offset: UInt64
    var tag: UInt64
    var part: UInt32 = 0

    /// Whether it is the whole page.
    var isWhole: Bool { part == 0 }
}

/// A committed version of a page that is in the log.
struct PageVersion: Sendable {
    var page: UInt64
    var version: CommitSequence
    var image: LoggedImage
}

/// One committed version of a page in the log.
struct LoggedVersion {
    var sequence: CommitSequence
    var image: LoggedImage
    var cached: CachedFrame?
}

struct PageRecord {
    /// Oldest first; mostly none or one.
    var versions: [LoggedVersion] = []
    var home: CachedFrame?
    /// Names in the eviction queue whose frames were let go. A newer version takes over the place, and so the name, of one
    /// of them, so that a page that is written often does not fill the queue with names of what is gone.
    var freeNames: [CommitSequence] = []

    var isEmpty: Bool { versions.isEmpty && home == nil }
}

final class PageCache: Sendable {
    private static let shardCount = 32
    private let shards: [Shard]
    /// The way in for readers of many pages at once.
    let index: FrameIndex

    /// `frameLimit` bounds the frames that the cache keeps; what readers and the writer hold comes on top.
    init(frameLimit: Int) {
        let index = FrameIndex(frameLimit: frameLimit, shardCount: Self.shardCount)
        self.index = index
        shards = (0..<Self.shardCount).map { _ in Shard(frameLimit: max(4, frameLimit / Self.shardCount), index) }
    }

    @inline(__always)
    private func shard(of page: UInt64) -> Shard { shards[Int(truncatingIfNeeded: page) & (Self.shardCount - 1)] }

    // MARK: Readers

    enum Found {
        case frame(PageFrame)
        /// Where to read it, and the shard's count of moves for `insert`.
        case miss(PageLocation, moves: UInt64)
    }

    /// The newest version not after `sequence`: its frame, or where to read it.
    func find(_ page: UInt64, atMost sequence: CommitSequence) -> Found {
        shard(of: page).state.withLock { state in
            let moves = state.moves
            return state.records.modify(page) { record in
                guard record != nil else { return .miss(.home, moves: moves) }
                return record!.use(atMost: sequence, moves: moves)
            }
        }
    }

    /// Where the newest version not after `sequence` is.
    func locate(_ page: UInt64, atMost sequence: CommitSequence) -> PageLocation {
        shard(of: page).state.withLock { state in
            guard let record = state.records[page],
                let version = record.versions.last(where: { $0.sequence <= sequence })
            else { return .home }
            return .log(version: version.sequence, image: version.image)
        }
    }

    /// A committed version that is in the log: its frame, or where to read it. nil when it went home.
    func logged(_ page: UInt64, version: CommitSequence) -> (frame: PageFrame?, image: LoggedImage)? {
        shard(of: page).state.withLock { state in
            guard let found = state.records[page]?.versions.last(where: { $0.sequence == version }) else { return nil }
            return (found.cached?.frame, found.image)
        }
    }

    /// Puts a frame read from `location` into the cache, unless the page has moved on since; returns the frame to use.
    func insert(_ frame: PageFrame, from location: PageLocation, moves: UInt64) -> PageFrame {
        let page = frame.id.number
        return shard(of: page).state.withLock { state in
            // A home image read before a checkpoint wrote a newer one must not stand as the home version.
            if location == .home, state.moves != moves { return frame }
            let result: PageFrame? = state.records.modify(page) { record in
                switch location {
                case .home:
                    if let present = record?.home { return present.frame }
                    if record == nil { record = PageRecord() }
                    record!.home = CachedFrame(frame: frame, name: 0)
                    if record!.versions.isEmpty { self.index.put(frame, shownFrom: 0) }
                case .log(let version, let image):
                    guard
                        let index = record?.versions.lastIndex(where: { $0.sequence == version && $0.image == image })
                    else { return frame }
                    if let present = record!.versions[index].cached { return present.frame }
                    record!.versions[index].cached = CachedFrame(frame: frame, name: version)
                    if index == record!.versions.count - 1 { self.index.put(frame, shownFrom: version) }
                }
                return nil
            }
            if let result { return result }
            state.queue.add(FrameName(page: page, version: location.version))
            state.trim()
            return frame
        }
    }

    // MARK: The writer

    /// Publishes a committed version; `frame` is kept when there is one.
    /// - Parameter oldest: the oldest commit that anybody reads, now or later: frames that nobody can see are let go.
    func addVersion(
        _ page: UInt64, sequence: CommitSequence, image: LoggedImage, frame: PageFrame?, oldest: CommitSequence
    ) {
        shard(of: page).state.withLock { state in
            let isNamed: Bool = state.records.modify(page) { record in
                if record == nil { record = PageRecord() }
                record!.forgetFrames(beforeWhatIsSeenAt: oldest)
                let name = frame == nil ? nil : record!.freeNames.popLast()
                let cached = frame.map { CachedFrame(frame: $0, uses: 1, name: name ?? sequence) }
                // Of a transaction that spilled a page may come twice; the later image counts.
                if record!.versions.last?.sequence == sequence { record!.versions.removeLast() }
                record!.versions.append(LoggedVersion(sequence: sequence, image: image, cached: cached))
                return name != nil
            }
            if let frame { index.put(frame, shownFrom: sequence) } else { index.remove(page) }
            if frame != nil, !isNamed {
                state.queue.add(FrameName(page: page, version: sequence))
                state.trim()
            }
        }
    }

    // MARK: The checkpoint

    /// The newest logged version not after `sequence` of each page, in page order.
    func versions(atMost sequence: CommitSequence) -> [PageVersion] {
        var found: [PageVersion] = []
        for shard in shards {
            shard.state.withLock { state in
                state.records.each { page, record in
                    if let version = record.versions.last(where: { $0.sequence <= sequence }) {
                        found.append(PageVersion(page: page, version: version.sequence, image: version.image))
                    }
                }
            }
        }
        return found.sorted { $0.page < $1.page }
    }

    /// The newest commit not after `limit` at which the log can be cut: no version after it stands, through changes, on one
    /// up to it. O(versions).
    func cut(atMost limit: CommitSequence) -> CommitSequence {
        var chains: [(root: CommitSequence, last: CommitSequence)] = []
        for shard in shards {
            shard.state.withLock { state in
                state.records.each { _, record in
                    var root: CommitSequence = 0
                    for (index, version) in record.versions.enumerated() {
                        if version.image.isWhole { root = version.sequence }
                        let isLast = index + 1 == record.versions.count || record.versions[index + 1].image.isWhole
                        if isLast, !version.image.isWhole { chains.append((root, version.sequence)) }
                    }
                }
            }
        }
        // By falling roots, so that a cut that moved does not come into a chain that was passed.
        chains.sort { $0.root > $1.root }
        var cut = limit
        for chain in chains where chain.root <= cut && cut < chain.last { cut = chain.root - min(1, chain.root) }
        return cut
    }

    /// The checkpoint has taken `version` home: it becomes the home version, older logged ones are forgotten.
    func movedHome(_ page: UInt64, version: CommitSequence) {
        shard(of: page).state.withLock { state in
            state.moves &+= 1
            state.records.modify(page) { record in
                guard record != nil else { return }
                let cached = record!.versions.last { $0.sequence == version }?.cached
                for old in record!.versions where old.sequence <= version {
                    if let frame = old.cached?.frame, frame !== cached?.frame { index.remove(page, frame: frame) }
                }
                if let frame = record!.home?.frame { index.remove(page, frame: frame) }
                record!.forgetFrames(beforeWhatIsSeenAt: version)
                record!.versions.removeAll { $0.sequence <= version }
                record!.home = cached
                if record!.isEmpty { record = nil }
            }
        }
    }

    var loggedVersionCount: Int {
        var count = 0
        for shard in shards {
            shard.state.withLock { $0.records.each { _, record in count += record.versions.count } }
        }
        return count
    }

    var frameCount: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.queue.count } } }

    private final class Shard: Sendable {
        let state: Mutex<ShardState>
        init(frameLimit: Int, _ index: FrameIndex) {
            state = Mutex(ShardState(queue: EvictionQueue(limit: frameLimit), index: index))
        }
    }

    private struct ShardState {
        var records = PageTable<PageRecord>()
        var queue: EvictionQueue
        let index: FrameIndex
        /// Counts versions that became home versions.
        var moves: UInt64 = 0

        mutating func trim() {
            while queue.isOverLimit {
                // The table moves out for the time of the call, so that queue and table are not changed through `self`
                // at once.
                var table = PageTable<PageRecord>()
                swap(&table, &records)
                queue.evict { name, inMain in
                    var forgotten: PageFrame?
                    let verdict = table.modify(name.page) { record in
                        Self.judge(&record, name: name.version, inMain: inMain, &forgotten)
                    }
                    if let forgotten { index.remove(name.page, frame: forgotten) }
                    return verdict
                }
                swap(&table, &records)
            }
        }

        /// A frame that was used stays (its count goes down); another one is dropped from its record.
        private static func judge(
            _ record: inout PageRecord?, name: CommitSequence, inMain: Bool, _ forgotten: inout PageFrame?
        ) -> EvictionQueue.Verdict {
            guard record != nil else { return .gone }
            let index = record!.versions.lastIndex { $0.cached?.name == name }
            let cached = index.map { record!.versions[$0].cached } ?? record!.home
            guard let cached, cached.name == name else {
                if let free = record!.freeNames.firstIndex(of: name) { record!.freeNames.remove(at: free) }
                return .gone
            }
            let wasUsed = cached.frame.takeUse()
            if cached.uses > 0 || wasUsed {
                let left = inMain && cached.uses > 0 ? cached.uses - 1 : 0
                if let index { record!.versions[index].cached!.uses = left } else { record!.home!.uses = left }
                return .keep
            }
            forgotten = cached.frame
            if let index { record!.versions[index].cached = nil } else { record!.home = nil }
            if record!.isEmpty { record = nil }
            return .forget
        }
    }
}

extension PageRecord {
    /// Lets the frames go that are older than the one seen at `sequence`. A page that is written often would else fill the
    /// cache with what it was.
    fileprivate mutating func forgetFrames(beforeWhatIsSeenAt sequence: CommitSequence) {
        guard var seen = versions.indices.last else { return }
        // Mostly the newest; behind it stand commits that a sync has still to make visible.
        while versions[seen].sequence > sequence {
            guard seen > 0 else { return }
            seen -= 1
        }
        if let home { freeNames.append(home.name) }
        home = nil
        // Those before the first one without a frame were let go before.
        for index in versions[..<seen].indices.reversed() {
            guard let cached = versions[index].cached else { break }
            freeNames.append(cached.name)
            versions[index].cached = nil
        }
    }

    @inline(__always)
    fileprivate mutating func use(atMost sequence: CommitSequence, moves: UInt64) -> PageCache.Found {
        for index in versions.indices.reversed() where versions[index].sequence <= sequence {
            guard let cached = versions[index].cached else {
                return .miss(
                    .log(version: versions[index].sequence, image: versions[index].image), moves: moves)
            }
            if cached.uses < 3 { versions[index].cached!.uses += 1 }
            return .frame(cached.frame)
        }
        guard let cached = home else { return .miss(.home, moves: moves) }
        if cached.uses < 3 { home!.uses += 1 }
        return .frame(cached.frame)
    }
}
