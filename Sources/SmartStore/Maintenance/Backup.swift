package import PageStore
import StoreIO

// Backups: a copy of one commit, made while the store is in use, read back before it gets its name.
//
// A full backup is a store of its own: it opens with the same key. A delta holds the pages that differ from what the
// files before it hold, page by page and image by image. Both are sealed like the store. Restoring puts a full backup and
// its deltas, in order, into a new file.

/// What a backup or a restore did.
public struct BackupReport: Sendable, Equatable {
    /// The commit that the copy shows.
    public let anchor: StoreAnchor
    /// Pages written.
    public let writtenPages: UInt64
    /// Pages in use at that commit.
    public let usedPages: UInt64
    /// Size of the whole store that the copy stands for, in bytes.
    public let byteCount: UInt64

    init(_ report: CopyReport) {
        anchor = StoreAnchor(report.anchor)
        writtenPages = report.writtenPages
        usedPages = report.usedPages
        byteCount = report.byteCount
    }

    /// Everything as one document.
    public var document: Document {
        [
            "anchor": .document(anchor.document), "writtenPages": .int64(Int64(clamping: writtenPages)),
            "usedPages": .int64(Int64(clamping: usedPages)), "bytes": .int64(Int64(clamping: byteCount)),
        ]
    }
}

extension Store {
    /// Copies the newest commit into a new file, beside readers and writers.
    ///
    /// The copy is written under a temporary name, synced, read back, compared page by page with its map, and then
    /// renamed. While it runs the log keeps what the copied commit needs. O(used pages); memory O(map).
    /// - Parameters:
    ///   - since: a full backup and its deltas so far, oldest first. Then a delta is written: the pages that they do not
    ///     hold already.
    ///   - bytesPerSecond: writes at most this much; nil: as fast as it goes.
    ///   - progress: told the share of pages, 0 to 1; returning false stops with `cancelled` and leaves nothing.
    /// - Throws: `alreadyExists`, `notFound`, `wrongKey` for a chain of another file or from before a key rotation,
    ///   `corruptPage` or `stalePage` for a damaged page of this store, `diskFull`, `ioFailed`, `cancelled`, `closed`.
    @discardableResult
    public func backup(
        to path: String, since chain: [String] = [], bytesPerSecond: Int? = nil,
        progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> BackupReport {
        try converting {
            try backup(
                to: try FilePlace(path: path), since: try chain.map { try FilePlace(path: $0) },
                bytesPerSecond: bytesPerSecond, progress: progress)
        }
    }

    package func backup(
        to target: FilePlace, since chain: [FilePlace] = [], bytesPerSecond: Int? = nil,
        progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> BackupReport {
        if let bytesPerSecond, bytesPerSecond < 1 {
            throw StoreError(
                .invalidArgument, "bytesPerSecond is \(bytesPerSecond); it must be at least 1.",
                remedy: "Give a positive number, or none.")
        }
        return try converting {
            var throttle = Throttle(bytesPerSecond: bytesPerSecond, time: options.time)
            return BackupReport(
                try pager.backup(to: target, since: chain) { done, all, bytes in
                    throttle.wrote(bytes)
                    return progress?(all == 0 ? 1 : Double(done) / Double(all)) ?? true
                })
        }
    }

    /// Puts a full backup, with its deltas in order, into a new file, and compares every page with the map before the
    /// file gets its name.
    /// - Throws: `alreadyExists`, `notFound`, `wrongKey`, `unsupportedParameters` for files that are no chain,
    ///   `corruptPage`, `stalePage`, `corruptStructure`, `truncated`, `diskFull`, `ioFailed`, `cancelled`.
    @discardableResult
    public static func restore(
        from chain: [String], to path: String, key: EncryptionKey, progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> BackupReport {
        try converting {
            try restore(
                from: try chain.map { try FilePlace(path: $0) }, to: try FilePlace(path: path), key: key,
                progress: progress)
        }
    }

    package static func restore(
        from chain: [FilePlace], to target: FilePlace, key: EncryptionKey, options: StoreOptions = StoreOptions(),
        progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> BackupReport {
        try converting {
            BackupReport(
                try Pager.restore(
                    chain, to: target, key: try key.storeKey(), options: try options.pagerOptions()
                ) { done, all, _ in progress?(all == 0 ? 1 : Double(done) / Double(all)) ?? true })
        }
    }
}

extension FilePlace {
    init(path: String) throws(PageFault) {
        let (folder, name) = PosixDirectory.split(path: path)
        do throws(FileFault) { self.init(name, in: try PosixDirectory(path: folder)) } catch { throw PageFault(error) }
    }
}

/// Sleeps so that bytes are not written faster than allowed.
private struct Throttle {
    let bytesPerSecond: Int?
    let time: any TimeSource
    private let start: UInt64
    private var written: UInt64 = 0

    init(bytesPerSecond: Int?, time: any TimeSource) {
        self.bytesPerSecond = bytesPerSecond
        self.time = time
        start = time.monotonicNanoseconds()
    }

    mutating func wrote(_ bytes: Int) {
        guard let bytesPerSecond, bytes > 0 else { return }
        written += UInt64(bytes)
        let due = Double(written) / Double(bytesPerSecond)
        let spent = Double(time.monotonicNanoseconds() &- start) / 1e9
        // Not for less than a hundredth: many small sleeps cost more than they order.
        if due - spent > 0.01 { time.sleep(nanoseconds: UInt64((due - spent) * 1e9)) }
    }
}
