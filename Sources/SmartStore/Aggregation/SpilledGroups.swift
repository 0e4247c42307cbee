// Groups that do not fit into memory: those there are stay, and every further document waits on the disk, sorted by the
// key of its group.
//
// 1. When the documents come back, one group after another is completed: one that was in memory goes on from where it was,
//    others begin. Documents of a group come in the order in which they were read.
// 2. What was in memory and what grows anew stay within the limit of the stage; a completed group is given back.
// 3. Groups come in order of their keys, then those in memory that no waiting document belonged to.

/// The groups of a stage beyond its memory limit.
final class SpilledGroups {
    private let stage: GroupStage
    private let budget: Int
    private let byteLimit: Int
    private let waiting: ExternalSort
    /// The groups that were in memory when it became too small, and which of them are done.
    private var held: GroupStates
    private var isDone: [Bool]
    private var nextHeld = 0
    /// Groups that only documents from the disk belong to.
    private var fresh: GroupStates
    private var key: [UInt8]?
    private var heldGroup: Int?
    private var heldBytes = 0
    private var ready: [Document] = []
    private var place = 0
    private var isAtEnd = false

    /// - Parameter budget: bytes that may grow beside `held`.
    init(_ stage: GroupStage, _ held: GroupStates, budget: Int, _ byteLimit: Int, _ resources: SortResources) {
        self.stage = stage
        self.held = held
        self.budget = budget
        self.byteLimit = byteLimit
        isDone = [Bool](repeating: false, count: held.count)
        fresh = GroupStates(stage)
        waiting = ExternalSort(resources)
    }

    func add(_ root: BSONBytes) throws { try waiting.add(key: held.encodedKey(of: root), document: root) }

    func finish() throws { try waiting.finish() }

    /// The next group's document; nil at the end.
    func next() throws -> Document? {
        while place == ready.count {
            ready.removeAll(keepingCapacity: true)
            place = 0
            if isAtEnd {
                while nextHeld < held.count, isDone[nextHeld] { nextHeld += 1 }
                guard nextHeld < held.count else { return nil }
                nextHeld += 1
                return held.document(nextHeld - 1)
            }
            try step()
        }
        place += 1
        return ready[place - 1]
    }

    /// Takes one document in.
    private func step() throws {
        guard try waiting.advance() else {
            completeGroup()
            completeFresh()
            isAtEnd = true
            return
        }
        let key = waiting.key
        if key != self.key {
            completeGroup()
            self.key = key
            heldGroup = held.group(ofKey: key)
            heldBytes = held.byteCount
        }
        try waiting.withDocument { root in
            if heldGroup == nil { try fresh.add(root) } else { try held.add(root) }
        }
        guard held.byteCount - heldBytes + fresh.byteCount <= budget else {
            throw GroupStates.refusal(byteLimit)
        }
    }

    private func completeGroup() {
        if let group = heldGroup {
            ready.append(held.document(group))
            isDone[group] = true
            held.release(group)
            heldGroup = nil
        } else if fresh.byteCount > budget / 2 {
            completeFresh()
        }
    }

    private func completeFresh() {
        for group in 0..<fresh.count { ready.append(fresh.document(group)) }
        fresh = GroupStates(stage)
    }
}
