import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Synchronization

// What the damage trials need to know of a file: which pages carry something, and how to ask the page layer for one.

extension DamageOracle {
    static var pageSize: Int { 4096 }

    var pageCount: Int { content.count / Self.pageSize }

    /// Pages that carry something, the map's included; slots are not pages of this kind.
    func carryingPages() throws -> Set<Int> {
        let pager = try openPager(content, isReadOnly: false)
        let transaction = try pager.beginTransaction()
        defer { transaction.rollBack() }
        return Set(try transaction.usedDataPages().map(Int.init) + [2, 3, 4])
    }

    /// The page layer on some content.
    func openPager(_ content: DiskContent, isReadOnly: Bool = true) throws(PageFault) -> Pager {
        let disk = SimulatedDisk(contents: [FuzzBase.name: content])
        disk.stopRecording()
        return try openPager(disk, isReadOnly: isReadOnly)
    }

    func openPager(_ disk: any StoreDirectory, isReadOnly: Bool = true) throws(PageFault) -> Pager {
        var options = PagerOptions()
        options.isReadOnly = isReadOnly
        options.cacheByteLimit = 1 << 20
        options.checkpointsInBackground = false
        options.random = SeededRandomSource(seed: 4)
        let storeKey: StoreKey
        if case .raw(let bytes) = key {
            storeKey = .raw(SecretKey(copying: bytes.span.bytes))
        } else {
            storeKey = .none
        }
        return try Pager.open(FuzzBase.name, in: disk, key: storeKey, options: options)
    }

    /// Judges damage to one home page, by that page alone when that is enough: when it answers with an error that
    /// names it, so does everything that would use it, and everything else is as it was.
    func judge(_ damaged: DiskContent, page: Int) -> DamageVerdict {
        if page >= 2 {
            do throws(PageFault) {
                let pager = try openPager(damaged)
                let view = try pager.beginSnapshot()
                defer { view.close() }
                _ = try view.page(PageID(UInt64(page)))
            } catch {
                switch error {
                case .corruptPage(let id) where id.number == UInt64(page): return .named
                case .stalePage(let id) where id.number == UInt64(page): return .named
                default: break
                }
            }
        }
        return judge(damaged)
    }

    func image(_ page: Int) -> [UInt8] { content[page * Self.pageSize..<(page + 1) * Self.pageSize] }
}

/// A folder that remembers which pages of its files were read.
final class ReadRecorder: StoreDirectory {
    private let base: any StoreDirectory
    let log = PageLog()

    /// Pages of 4 KiB, by number.
    final class PageLog: Sendable {
        private let pages = Mutex<Set<UInt64>>([])
        var all: Set<UInt64> { pages.withLock { $0 } }

        func note(_ offset: UInt64, _ count: Int) {
            guard count > 0 else { return }
            pages.withLock { $0.formUnion(offset / 4096...(offset + UInt64(count) - 1) / 4096) }
        }
    }

    init(_ base: any StoreDirectory) { self.base = base }

    func open(_ name: String, access: FileAccess, lockWait: Duration) throws(FileFault) -> any StoreFile {
        RecordedFile(try base.open(name, access: access, lockWait: lockWait), log)
    }

    func create(_ name: String) throws(FileFault) -> any StoreFile { try base.create(name) }
    func rename(_ old: String, to new: String, replacing: Bool) throws(FileFault) {
        try base.rename(old, to: new, replacing: replacing)
    }
    func remove(_ name: String) throws(FileFault) { try base.remove(name) }
    func exists(_ name: String) throws(FileFault) -> Bool { try base.exists(name) }
    func names() throws(FileFault) -> [String] { try base.names() }
    func sync() throws(FileFault) { try base.sync() }

    private final class RecordedFile: StoreFile {
        private let base: any StoreFile
        private let log: PageLog

        init(_ base: any StoreFile, _ log: PageLog) {
            self.base = base
            self.log = log
        }

        func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault) {
            log.note(offset, bytes.byteCount)
            try base.read(into: &bytes, at: offset)
        }

        func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) { try base.write(bytes, at: offset) }
        func size() throws(FileFault) -> UInt64 { try base.size() }
        func resize(to byteCount: UInt64) throws(FileFault) { try base.resize(to: byteCount) }
        func sync() throws(FileFault) { try base.sync() }
        func close() { base.close() }
    }
}
