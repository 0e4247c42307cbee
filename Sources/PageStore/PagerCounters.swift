import Synchronization

/// Counters of the page layer; relaxed, for reports only.
package final class PagerCounters: Sendable {
    package final class Counter: Sendable {
        private let value = Atomic<UInt64>(0)
        package func add(_ amount: UInt64) { value.wrappingAdd(amount, ordering: .relaxed) }
        package var count: UInt64 { value.load(ordering: .relaxed) }
    }

    package let pageReads = Counter()
    package let commits = Counter()
    package let framesAppended = Counter()
    package let pagesCheckpointed = Counter()
    package let checkpoints = Counter()
    package let checkpointsHeldBack = Counter()
    package let spills = Counter()
    package let readersExpired = Counter()
}
