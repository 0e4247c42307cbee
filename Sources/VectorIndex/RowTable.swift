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
    private let livingMemory: ReservedMemory
    /// One bit a row: born and not dead, whatever the sequence.
    private let living: UnsafeMutablePointer<Atomic<UInt32>>
    /// The newest birth or death. Raised before the row's bit changes, so whoever saw the bit sees it.
    private let newestChange = Atomic<UInt64>(0)
    private let deletedCounter = Atomic<Int>(0)

    init(capacity: Int) throws(VectorError) {
        memory = try ReservedMemory(byteCount: capacity * 16)
        births = memory.base.assumingMemoryBound(to: Atomic<UInt64>.self)
        deaths = births + capacity
        livingMemory = try ReservedMemory(byteCount: (capacity + 31) / 32 * 4)
        living = livingMemory.base.assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// Rows 0..<count were there before: born at 0.
    func restore(count: Int) {
        livingMemory.base.initializeMemory(as: UInt8.self, repeating: 0xFF, count: count / 8)
        for row in count / 8 * 8..<count { setLiving(row, true) }
    }

    @inline(__always)
    func isLiving(_ row: Int) -> Bool {
        living[row >> 5].load(ordering: .relaxed) & (1 << UInt32(row & 31)) != 0
    }

    /// The bits of ``isCurrent(at:)``, for the kernels: bit row % 32 of word row / 32.
    var livingBits: UnsafePointer<UInt32> {
        UnsafeRawPointer(livingMemory.base).assumingMemoryBound(to: UInt32.self)
    }

    /// Whether a search at `sequence` sees just the rows whose living bit is set. Asked before the bits are used and
    /// again afterwards: a change meanwhile raises the newest change first.
    func isCurrent(at sequence: UInt64) -> Bool { newestChange.load(ordering: .sequentiallyConsistent) <= sequence }

    private func setLiving(_ row: Int, _ lives: Bool) {
        let bit = UInt32(1) << UInt32(row & 31)
        if lives {
            living[row >> 5].bitwiseOr(bit, ordering: .sequentiallyConsistent)
        } else {
            living[row >> 5].bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
        }
    }

    private func noteChange(at sequence: UInt64) {
        var old = newestChange.load(ordering: .relaxed)
        while old < sequence {
            let result = newestChange.compareExchange(
                expected: old, desired: sequence, ordering: .sequentiallyConsistent)
            if result.exchanged { return }
            old = result.original
        }
    }

    /// Rows that have a death and have not been reused.
    var deletedCount: Int { deletedCounter.load(ordering: .relaxed) }

    /// Whether a search at `sequence` sees every row, so that rows need no test.
    func seesAll(at sequence: UInt64) -> Bool {
        deletedCount == 0 && isCurrent(at: sequence)
    }

    @inline(__always)
    func isVisible(_ row: Int, at sequence: UInt64) -> Bool {
        let death = deaths[row].load(ordering: .relaxed)
        return births[row].load(ordering: .relaxed) <= sequence && (death == 0 || sequence < ~death)
    }

    @inline(__always)
    func isDeleted(_ row: Int) -> Bool { deaths[row].load(ordering: .relaxed) != 0 }

    /// Whether no search at `sequence` or later sees the row.
    func isGone(_ row: Int, by sequence: UInt64) -> Bool {
        let death = deaths[row].load(ordering: .relaxed)
        return death != 0 && ~death <= sequence
    }

    /// Whether no search can ever see the row.
    func isNeverVisible(_ row: Int) -> Bool {
        ~deaths[row].load(ordering: .relaxed) <= births[row].load(ordering: .relaxed)
    }

    /// Gives a new or deleted row a new life. One thread at a time; for a deleted row with the index lock held alone.
    func bear(_ row: Int, at birth: UInt64) {
        if isDeleted(row) { deletedCounter.subtract(1, ordering: .relaxed) }
        noteChange(at: birth)
        births[row].store(birth, ordering: .relaxed)
        deaths[row].store(0, ordering: .relaxed)
        setLiving(row, true)
    }

    /// Ends a row's life; the earlier of two deaths holds.
    func kill(_ row: Int, at death: UInt64) {
        guard death != .max else { return }
        noteChange(at: death)
        // Not `Atomic.max`: Swift 6.3 compares unsigned numbers as if they were signed there.
        var old = deaths[row].load(ordering: .relaxed)
        while old < ~death {
            let result = deaths[row].compareExchange(expected: old, desired: ~death, ordering: .relaxed)
            if result.exchanged {
                if old == 0 { deletedCounter.add(1, ordering: .relaxed) }
                setLiving(row, false)
                return
            }
            old = result.original
        }
    }
}
