package import StoreIO

/// When an acknowledged commit is on the disk.
package enum Durability: UInt8, Sendable, CaseIterable {
    /// Acknowledged after a sync of its own.
    case full
    /// Acknowledged after a sync that may serve every commit that waits.
    case grouped
    /// Acknowledged at once and synced within `PagerOptions.relaxedWindow`; a crash loses at most that tail.
    case relaxed
}

/// Named maxima of the page layer.
package enum PagerLimits {
    package static let pageSizes: Set<Int> = [4096, 8192, 16384, 32768, 65536]
    package static let defaultPageSize = 8192
    /// Commits whose end the log remembers between two checkpoints.
    package static let logByteRange: ClosedRange<Int> = 1 << 20...1 << 40
    package static let cacheByteRange: ClosedRange<Int> = 1 << 20...1 << 42
    /// How far a log that a reader holds back may outgrow its bound before writers are refused.
    static let logOverrun: UInt64 = 64
    package static let logOverrunFactor = Int(logOverrun)
    package static let logExtentLimit = SuperblockLayout.extentLimit
    package static let epochSealLimit = SealingEpoch.sealLimit
    package static let keyDerivationMemory = KeyDerivationParameters.memoryCeiling
    package static let keyDerivationRounds = KeyDerivationParameters.iterationCeiling

    /// Pages that the space map of a new file can address.
    package static func pageLimit(pageSize: Int) -> Int {
        let payload = pageSize - PageCodec.overhead
        let geometry = SpaceGeometry(payloadByteCount: payload, formatVersion: SuperblockLayout.formatVersion)
        return Int(geometry.pageLimit)
    }
}

/// Settings of an open pager; the public layer validates and documents them.
package struct PagerOptions: Sendable {
    package var isReadOnly = false
    package var cacheByteLimit = 64 << 20
    /// Changed pages of an open transaction beyond this spill to the log; nil: half of the cache limit.
    package var transactionByteLimit: Int?
    /// As `transactionByteLimit`, in pages, without its floor: for tests of spilling.
    package var transactionPageLimit: Int?
    /// The log is checkpointed so that it stays near this size.
    package var logByteLimit = 64 << 20
    /// Extents of the log up to this size are filled with zeroes when they are made; larger ones ahead of small commits, so
    /// many bytes at a time.
    package var zeroedExtentByteCount = 8 << 20
    package var zeroesAheadByteCount = 512 << 10
    package var lockWait: Duration = .zero
    package var relaxedWindow: Duration = .milliseconds(500)
    /// Readers older than this may be ended when they hold back a full log; nil: never.
    package var readerDeadline: Duration?
    /// Checkpoints run on a thread of their own; without, the caller asks for them (tests replay exactly).
    package var checkpointsInBackground = true
    package var time: any TimeSource = SystemTimeSource()
    package var random: any RandomSource = SystemRandomSource()

    package init() {}
}
