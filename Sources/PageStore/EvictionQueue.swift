// Which frame to forget: S3-FIFO (Yang et al., SOSP 2023).
//
// New frames enter a small queue (a tenth of the room). A frame that was used again before it leaves the small queue
// moves to the main queue; one that was not is forgotten, and its name is remembered in a ghost list: a page that comes
// back while its ghost is there goes straight to the main queue. A scan therefore passes through the small queue and
// leaves the main one alone.

/// The name of a cached frame: its page, and the version that it had when it came (0: the home version).
struct FrameName {
    var page: UInt64
    var version: CommitSequence
}

struct EvictionQueue {
    enum Verdict { case keep, forget, gone }

    private var small = Ring()
    private var main = Ring()
    /// Pages, whichever version was forgotten: who comes back may have changed.
    private var ghosts: Set<UInt64> = []
    private var ghostOrder = Ring()
    private let limit: Int
    /// Names in both queues.
    var count: Int { small.count + main.count }

    init(limit: Int) { self.limit = max(2, limit) }

    var isOverLimit: Bool { count > limit }

    mutating func add(_ name: FrameName) {
        if ghosts.remove(name.page) != nil {
            main.append(name)
        } else {
            small.append(name)
        }
    }

    /// Makes room: asks `judge` about names until one was forgotten. `judge` answers `.keep` for a frame that was used
    /// since (and lowers its use count), `.forget` after dropping the frame, `.gone` when the frame is not there any more.
    mutating func evict(judge: (FrameName, _ inMain: Bool) -> Verdict) {
        var patience = 4 * (count + 1)
        while count > 0, patience > 0 {
            patience -= 1
            if small.count * 10 >= limit || main.count == 0, let name = small.popFirst() {
                switch judge(name, false) {
                case .keep: main.append(name)
                case .gone: return
                case .forget:
                    remember(name)
                    return
                }
            } else if let name = main.popFirst() {
                switch judge(name, true) {
                case .keep: main.append(name)
                case .gone, .forget: return
                }
            }
        }
    }

    private mutating func remember(_ name: FrameName) {
        ghosts.insert(name.page)
        ghostOrder.append(name)
        while ghostOrder.count > limit, let oldest = ghostOrder.popFirst() { ghosts.remove(oldest.page) }
    }

    /// A growable circular buffer of names.
    private struct Ring {
        private var slots: [FrameName] = []
        private var head = 0
        private(set) var count = 0

        mutating func append(_ name: FrameName) {
            if count == slots.count {
                let ordered = (0..<count).map { slots[(head + $0) % max(1, slots.count)] }
                slots = ordered + [FrameName](repeating: FrameName(page: 0, version: 0), count: max(8, count))
                head = 0
            }
            slots[(head + count) % slots.count] = name
            count += 1
        }

        mutating func popFirst() -> FrameName? {
            guard count > 0 else { return nil }
            let name = slots[head]
            head = (head + 1) % slots.count
            count -= 1
            return name
        }
    }
}
