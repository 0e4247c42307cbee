import StoreIO
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

/// The page layer at a moment, for reports.
package struct PagerReport: Sendable {
    package var state: CommitState
    package var fileByteCount: UInt64
    package var logByteCount: UInt64
    package var cachedFrameCount: Int
    package var readerCount: Int
    package var syncCount: UInt64
    package var commitCount: UInt64
    package var pageReadCount: UInt64
    package var pagesCheckpointed: UInt64
    package var checkpointCount: UInt64
    package var heldBackCount: UInt64
}

extension Pager {
    package func report() throws(PageFault) -> PagerReport {
        PagerReport(
            state: published, fileByteCount: try mappingFile { () throws(FileFault) in try file.size() },
            logByteCount: logByteCount, cachedFrameCount: cache.frameCount, readerCount: readerCount,
            syncCount: logSync.syncs, commitCount: statistics.commits.count,
            pageReadCount: statistics.pageReads.count, pagesCheckpointed: statistics.pagesCheckpointed.count,
            checkpointCount: statistics.checkpoints.count, heldBackCount: statistics.checkpointsHeldBack.count)
    }
}
