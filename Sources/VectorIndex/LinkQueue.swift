// Which rows still have to be linked, and who is at it.
//
// Rows enter in order, so most of the work is a range: rows 0..<linked are done, linked..<next are claimed or done out
// of turn, next... are untouched. Beside it waits a list of single rows below `linked`: reused ones, and those whose
// linking failed. Searches scan everything from `linked` on, and the list, exactly.

struct LinkQueue {
    /// A row some linker has taken on.
    struct Claim {
        let row: Int
        /// Whether it was waiting by itself, with links of an earlier life perhaps.
        let isSingle: Bool
    }

    private(set) var linked: Int
    private var next: Int
    private var doneEarly: Set<Int> = []
    /// Single rows below `next` that have yet to be linked, claimed ones included.
    private var unlinked: Set<UInt32>
    /// Those of them that nobody has claimed, oldest first, from `lineStart` on.
    private var line: [UInt32]
    private var lineStart = 0

    init(linked: Int, waiting: [UInt32]) {
        self.linked = linked
        next = linked
        unlinked = Set(waiting)
        line = waiting
    }

    /// How many single rows have yet to be linked.
    var waitingCount: Int { unlinked.count }

    /// These rows, in no order.
    var waiting: [UInt32] { Array(unlinked) }

    func unlinkedCount(rowCount: Int) -> Int { rowCount - linked - doneEarly.count + unlinked.count }

    /// The oldest row nobody is linking yet.
    mutating func claim(rowCount: Int) -> Claim? {
        if lineStart < line.count {
            let row = line[lineStart]
            lineStart += 1
            if lineStart == line.count || lineStart > 4096 && lineStart > line.count / 2 {
                line.removeFirst(lineStart)
                lineStart = 0
            }
            return Claim(row: Int(row), isSingle: true)
        }
        guard next < rowCount else { return nil }
        next += 1
        return Claim(row: next - 1, isSingle: false)
    }

    /// The row now has its links.
    mutating func complete(_ claim: Claim) {
        if claim.isSingle {
            unlinked.remove(UInt32(claim.row))
        } else {
            doneEarly.insert(claim.row)
            while doneEarly.remove(linked) != nil { linked += 1 }
        }
    }

    /// The row could not be linked: it waits for another try.
    mutating func fail(_ claim: Claim) {
        complete(claim)
        wait(UInt32(claim.row))
    }

    /// A deleted row has got a new vector. While nobody links.
    mutating func reuse(_ row: Int) {
        if row < next { wait(UInt32(row)) }
    }

    private mutating func wait(_ row: UInt32) {
        if unlinked.insert(row).inserted { line.append(row) }
    }
}
