// Which rows a search may see: per row the commit sequence of its birth and of its death.
//
// Zeroed memory means "born at 0, never dies", so a restored index needs no pass over its rows. Births are written
// before the row count that covers them is published; deaths may be written while searches run.
// Unsafe code: callers keep rows below the capacity.

import Synchronization

final class RowTable: @unchecked Sendable {
    private let memory: ReservedMemory
    private let births: UnsafeMutablePointer<Atomic<UInt64>>
    /// The death sequence's complement.
    private let deaths: UnsafeMutablePointer<Atomic<UInt64>>
    private let newestBirth = Atomic<UInt64>(0)
    private let deletedCounter = Atomic<Int>(0)

    init(capacity: Int) throws(VectorError) {
        memory = try ReservedMemory(byteCount: capacity * 16)
        births = memory.base.assumingMemoryBound(to: Atomic<UInt64>.self)
        deaths = births + capacity
    }

    /// Rows that have a death and have not been reused.
    var deletedCount: Int { deletedCounter.load(ordering: .relaxed) }

    /// Whether a search at `sequence` sees every row, so that rows need no test.
    func seesAll(at sequence: UInt64) -> Bool {
        deletedCount == 0 && newestBirth.load(ordering: .relaxed) <= sequence
    }

    @inline(__always)
    func isVisible(_ row: Int, at sequence: UInt64) -> Bool {
        let death = deaths[row].load(ordering: .relaxed)
        return births[row].load(ordering: .relaxed) <= sequence && (death == 0 || sequence < ~death)
    }

    @inline(__always)
    func isDeleted(_ row: Int) -> Bool { deaths[row].load(ordering: .relaxed) != 0 }

    /// Whether no search can ever see the row.
    func isNeverVisible(_ row: Int) -> Bool {
        ~deaths[row].load(ordering: .relaxed) <= births[row].load(ordering: .relaxed)
    }

    /// Gives a new or deleted row a new life. One thread at a time; for a deleted row with the index lock held alone.
    func bear(_ row: Int, at birth: UInt64) {
        if isDeleted(row) { deletedCounter.subtract(1, ordering: .relaxed) }
        births[row].store(birth, ordering: .relaxed)
        deaths[row].store(0, ordering: .relaxed)
        if birth > newestBirth.load(ordering: .relaxed) { newestBirth.store(birth, ordering: .relaxed) }
    }

    /// Ends a row's life; the earlier of two deaths holds.
    func kill(_ row: Int, at death: UInt64) {
        guard death != .max else { return }
        // Not `Atomic.max`: Swift 6.3 compares unsigned numbers as if they were signed there.
        var old = deaths[row].load(ordering: .relaxed)
        while old < ~death {
            let result = deaths[row].compareExchange(expected: old, desired: ~death, ordering: .relaxed)
            if result.exchanged {
                if old == 0 { deletedCounter.add(1, ordering: .relaxed) }
                return
            }
            old = result.original
        }
    }
}
