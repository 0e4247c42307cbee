// Which rows still have to be linked, and who is at it.
//
// Rows enter in order, so most of the work is a range: rows 0..<linked are done, linked..<next are claimed or done out
// of turn, next... are untouched. Beside it waits a list of single rows below `linked`: reused ones, and those whose
// linking failed. Searches scan everything from `linked` on, and the list, exactly.

struct LinkQueue {
    /// A row some linker has taken on.
    struct Claim {
        let row: Int
        /// The row had links of an earlier life.
        let isRelink: Bool
        let isWaiting: Bool
    }

    private(set) var linked: Int
    private var next: Int
    private var doneEarly: Set<Int> = []
    /// Single rows below `next` that have yet to be linked, claimed ones included.
    private(set) var waiting: [UInt32]
    private var claimedWaiting: Set<UInt32> = []

    init(linked: Int, waiting: [UInt32]) {
        self.linked = linked
        next = linked
        self.waiting = waiting
    }

    func unlinkedCount(rowCount: Int) -> Int { rowCount - linked - doneEarly.count + waiting.count }

    /// The oldest row nobody is linking yet.
    mutating func claim(rowCount: Int) -> Claim? {
        if claimedWaiting.count < waiting.count, let row = waiting.first(where: { !claimedWaiting.contains($0) }) {
            claimedWaiting.insert(row)
            return Claim(row: Int(row), isRelink: true, isWaiting: true)
        }
        guard next < rowCount else { return nil }
        next += 1
        return Claim(row: next - 1, isRelink: false, isWaiting: false)
    }

    /// The row now has its links.
    mutating func complete(_ claim: Claim) {
        guard !claim.isWaiting else {
            claimedWaiting.remove(UInt32(claim.row))
            waiting.removeAll { $0 == UInt32(claim.row) }
            return
        }
        doneEarly.insert(claim.row)
        while doneEarly.remove(linked) != nil { linked += 1 }
    }

    /// The row could not be linked: it waits for another try.
    mutating func fail(_ claim: Claim) {
        if claim.isWaiting {
            claimedWaiting.remove(UInt32(claim.row))
        } else {
            waiting.append(UInt32(claim.row))
            doneEarly.insert(claim.row)
            while doneEarly.remove(linked) != nil { linked += 1 }
        }
    }

    /// A deleted row has got a new vector. While nobody links.
    mutating func reuse(_ row: Int) {
        guard row < next, !waiting.contains(UInt32(row)) else { return }
        waiting.append(UInt32(row))
    }
}
