import PageStore
import VectorIndex

/// The store at a moment, for reports.
public struct StoreStatistics: Sendable {
    /// Sequence of the newest published commit.
    public var sequence: UInt64 = 0
    /// Bytes of the file.
    public var fileByteCount: UInt64 = 0
    /// Bytes of the log that no checkpoint has taken home.
    public var logByteCount: UInt64 = 0
    /// Bytes a page.
    public var pageByteCount = 0
    /// Pages of the data area.
    public var pageCount: UInt64 = 0
    /// Of these, free ones.
    public var freePageCount: UInt64 = 0
    /// Pages in memory.
    public var cachedPageCount = 0
    /// Views that are open.
    public var readerCount = 0
    /// Commits, syncs, page reads, checkpoints and pages they copied, since the store was opened.
    public var commitCount: UInt64 = 0
    /// Syncs of the log since the store was opened.
    public var syncCount: UInt64 = 0
    /// Pages read from the file since the store was opened.
    public var pageReadCount: UInt64 = 0
    /// Checkpoints since the store was opened.
    public var checkpointCount: UInt64 = 0
    /// Checkpoints that readers held back.
    public var checkpointsHeldBack: UInt64 = 0
    /// Whether pages are encrypted.
    public var isEncrypted = false
    /// The file's identity, in hexadecimal.
    public var fileID = ""
    /// Collections with their counts.
    public var collections: [CollectionInfo] = []
    /// The cache segment; nil when the statistics were taken without it.
    public var cache: CacheInfo?
    /// Audit entries.
    public var auditEntryCount: UInt64 = 0

    /// Everything as one document.
    public var document: Document {
        var result: Document = [
            "sequence": .int64(Int64(sequence)), "fileBytes": .int64(Int64(fileByteCount)),
            "logBytes": .int64(Int64(logByteCount)), "pageBytes": .int64(Int64(pageByteCount)),
            "pages": .int64(Int64(pageCount)), "freePages": .int64(Int64(freePageCount)),
            "cachedPages": .int64(Int64(cachedPageCount)), "readers": .int64(Int64(readerCount)),
            "commits": .int64(Int64(commitCount)), "syncs": .int64(Int64(syncCount)),
            "pageReads": .int64(Int64(pageReadCount)), "checkpoints": .int64(Int64(checkpointCount)),
            "checkpointsHeldBack": .int64(Int64(checkpointsHeldBack)), "encrypted": .bool(isEncrypted),
            "fileId": .string(fileID), "auditEntries": .int64(Int64(auditEntryCount)),
        ]
        if let cache {
            result["cache"] = .document([
                "entries": .int64(Int64(cache.entryCount)), "bytes": .int64(Int64(cache.byteCount)),
                "limit": .int64(Int64(cache.byteLimit)),
            ])
        }
        result["collections"] = .array(collections.map { .document($0.document) })
        return result
    }
}

extension CollectionInfo {
    /// Everything as one document.
    public var document: Document {
        [
            "name": .string(name), "documents": .int64(Int64(documentCount)),
            "indexes": .array(
                ["_id_"] + indexes.map { .string($0.isReady ? $0.name : "\($0.name) (being made)") }),
            "vectorIndexes": .array(vectorIndexes.map { .document($0.document) }),
        ]
    }
}

extension VectorIndexInfo {
    /// Everything as one document.
    public var document: Document {
        var entry: Document = [
            "field": .string(field), "dimension": .int64(Int64(dimension)), "metric": .string(metric.rawValue),
            "storage": .string(storage.rawValue), "codes": .string(codes.rawValue),
            "connectivity": .int64(Int64(connectivity)),
            "buildBreadth": .int64(Int64(buildBreadth)), "vectors": .int64(Int64(vectorCount)),
            "unlinked": .int64(Int64(unlinkedCount)),
        ]
        if isMultiple { entry.append("multiple", true) }
        if let calibration {
            entry.append("recall", .double(calibration.recall(at: RecallKeeper.usualBreadth)))
        }
        return entry
    }
}

extension Store {
    /// Counts and sizes now.
    public func statistics() throws(StoreError) -> StoreStatistics {
        try converting {
            let report = try pager.report()
            var statistics = StoreStatistics()
            statistics.sequence = report.state.sequence
            statistics.fileByteCount = report.fileByteCount
            statistics.logByteCount = report.logByteCount
            statistics.pageByteCount = pager.pageSize
            statistics.pageCount = report.state.pageCount
            statistics.freePageCount = report.state.freePageCount
            statistics.cachedPageCount = report.cachedFrameCount
            statistics.readerCount = report.readerCount
            statistics.commitCount = report.commitCount
            statistics.syncCount = report.syncCount
            statistics.pageReadCount = report.pageReadCount
            statistics.checkpointCount = report.checkpointCount
            statistics.checkpointsHeldBack = report.heldBackCount
            statistics.isEncrypted = pager.isEncrypted
            statistics.fileID = Hex.text(pager.fileID)
            let transaction = try beginRead()
            defer { transaction.close() }
            statistics.collections = try transaction.collections()
            statistics.cache = try transaction.cache.info()
            statistics.auditEntryCount = try transaction.audit.count()
            return statistics
        }
    }
}
