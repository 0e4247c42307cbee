import Dispatch
import Logging
import PageStore
package import StoreIO
import Synchronization
import TreeStore
import VectorIndex

// The store: one file of documents, vectors, cache and audit, with one transaction over all of them.

/// An open store. Thread safe; many may read while one writes.
///
/// ```swift
/// let store = try Store.create(at: "notes.store", key: .passphrase("correct horse"))
/// try await store.write { tx in
///     try tx.collection("notes").insert(["title": "First", "year": 2026])
///     try tx.audit.record(actor: "ada", action: "insert", target: "notes")
/// }
/// let notes = try await store.read { tx in try tx.collection("notes").find(["year": ["$gte": 2020]]) }
/// try store.close()
/// ```
public final class Store: Sendable {
    /// The settings it was opened with.
    public let options: StoreOptions
    let pager: Pager
    let spills: SpillSpace
    package let auditSettings: AuditSettings
    let auditClock = AuditClock()
    let segments = SegmentRegistry()
    let schema = SchemaCache()
    let touchedCacheKeys = TouchedKeys()
    let metrics: StoreMetrics
    let commitQueue: CommitQueue
    let linker: VectorLinker
    let observers: ObserverHub
    private let expiry = ExpiryTimer()
    private let objectIDs: Mutex<ObjectIDGenerator>

    private init(pager: Pager, name: String, in directory: any StoreDirectory, options: StoreOptions) throws {
        self.pager = pager
        self.options = options
        spills = Self.spillSpace(of: pager, name: name, in: directory, options)
        auditSettings = AuditSettings(
            fileID: pager.fileID, seals: pager.formatVersion >= 2,
            epochEntryLimit: UInt64(options.auditEpochEntryLimit),
            epochMilliseconds: Int64(options.auditEpochDuration / .milliseconds(1)),
            chainKey: try Self.auditChainKey(pager))
        metrics = StoreMetrics(fileID: Hex.text(pager.fileID))
        var random = SystemRandomNumberGenerator()
        if let seeded = options.random as? SeededRandomSource {
            var seeded = seeded
            objectIDs = Mutex(ObjectIDGenerator(random: &seeded))
        } else {
            objectIDs = Mutex(ObjectIDGenerator(random: &random))
        }
        commitQueue = CommitQueue()
        observers = ObserverHub { [weak pager] in pager?.published.sequence ?? 0 }
        linker = VectorLinker(segments: segments, pager: pager, logger: options.logger)
        try restoreVectorIndexes()
        restoreAuditClock()
        let (segments, linker) = (segments, linker)
        pager.beforeCheckpoint.withLock { prepare in
            // Weakly: the indexes read their blocks through the pager, and must not keep it alive through this.
            prepare = { [weak pager, weak segments, weak linker] closing throws(PageFault) in
                guard let pager, let segments, let linker else { return }
                linker.pause()
                defer { linker.resume() }
                for segment in segments.all where segment.shouldSave(closing: closing, step: options.vectorLinkSaveStep)
                {
                    do { try segment.saveLinks(pager: pager) } catch let fault as PageFault {
                        throw fault
                    } catch {
                        // Links are derived: what cannot be saved is linked again after the next opening.
                        options.logger?.warning("vector links of \(segment.definition.field) not saved: \(error)")
                    }
                }
            }
        }
        linker.afterLinking { [weak self] segment, shouldStop in
            do { return try self?.calibrate(segment, shouldStop: shouldStop) ?? false } catch {
                options.logger?.warning("recall of \(segment.definition.field) not measured: \(error)")
                return false
            }
        }
        if !options.isReadOnly {
            spills.removeLeftover()
            try dropUnfinishedIndexes()
        }
        if options.runsBackgroundWork, !options.isReadOnly {
            linker.wake()
            expiry.start(self)
        }
    }

    deinit { observers.finish() }

    /// The key of an audit log of form 1: such logs were made when a file had its first data key only. A rotation carries
    /// the log over before that key goes; then any key serves, since none is used.
    private static func auditChainKey(_ pager: Pager) throws(PageFault) -> SecretKey {
        let first: UInt32 = pager.isEncrypted ? 1 : 0
        if let key = try? pager.derivedKey(purpose: "audit", keyNumber: first) { return key }
        return try pager.derivedKey(purpose: "audit")
    }

    // MARK: Opening and closing

    /// Makes a new file. A crash leaves all of it or nothing.
    /// - Throws: `alreadyExists`, `readOnly`, `diskFull`, `ioFailed`, `unsupportedParameters`, `invalidArgument`.
    public static func create(
        at path: String, key: EncryptionKey, creation: CreationOptions = CreationOptions(),
        options: StoreOptions = StoreOptions()
    ) throws(StoreError) -> Store {
        let (folder, name) = PosixDirectory.split(path: path)
        let directory: PosixDirectory
        do throws(FileFault) { directory = try PosixDirectory(path: folder) } catch {
            throw StoreError(PageFault(error))
        }
        return try create(name, in: directory, key: key, creation: creation, options: options)
    }

    package static func create(
        _ name: String, in directory: any StoreDirectory, key: EncryptionKey,
        creation: CreationOptions = CreationOptions(), options: StoreOptions = StoreOptions()
    ) throws(StoreError) -> Store {
        try converting {
            let pager = try Pager.create(
                name, in: directory, key: key.storeKey(), creation: creation.createOptions(),
                options: options.pagerOptions())
            return try Store(pager: pager, name: name, in: directory, options: options)
        }
    }

    /// Opens a file, recovering it after a crash. Reads the superblock, the log and the vector indexes' small states.
    /// - Parameter expecting: an anchor that the file's history must hold (see ``anchor()``): so a file that was put back
    ///   as a whole is found.
    /// - Throws: `notFound`, `notAStore`, `keyRequired`, `wrongKey`, `notEncrypted`, `newerFormat`, `locked`, `truncated`,
    ///   `corruptSuperblock`, `corruptLog`, `readOnly`, `rolledBack`, `ioFailed`.
    public static func open(
        at path: String, key: EncryptionKey, expecting anchor: StoreAnchor? = nil,
        options: StoreOptions = StoreOptions()
    ) throws(StoreError) -> Store {
        let (folder, name) = PosixDirectory.split(path: path)
        let directory: PosixDirectory
        do throws(FileFault) { directory = try PosixDirectory(path: folder) } catch {
            throw StoreError(PageFault(error))
        }
        return try open(name, in: directory, key: key, expecting: anchor, options: options)
    }

    package static func open(
        _ name: String, in directory: any StoreDirectory, key: EncryptionKey, expecting anchor: StoreAnchor? = nil,
        options: StoreOptions = StoreOptions()
    ) throws(StoreError) -> Store {
        try converting {
            let pager = try Pager.open(name, in: directory, key: key.storeKey(), options: options.pagerOptions())
            do {
                let store = try Store(pager: pager, name: name, in: directory, options: options)
                if let anchor { try store.verify(anchor) }
                return store
            } catch {
                try? pager.close()
                throw error
            }
        }
    }

    /// Waits for writers, takes the log home, trims the file and gives it free. The file is released even when this
    /// throws; the next opening then recovers. Views and transactions that are still open throw `closed` afterwards.
    public func close() throws(StoreError) {
        try converting {
            expiry.stop()
            linker.stop()
            commitQueue.stop()
            sealAuditWhenDue()
            observers.finish()
            spills.close()
            try pager.close()
        }
    }

    private func restoreVectorIndexes() throws {
        let view = try pager.beginSnapshot()
        defer { view.close() }
        guard let catalog = Catalog(view) else { return }
        for key in try catalog.keys(.vectorIndex, in: view) {
            guard let split = key.firstIndex(of: 0) else { continue }
            let collection = String(decoding: key[..<split], as: UTF8.self)
            let field = String(decoding: key[(split + 1)...], as: UTF8.self)
            guard let entry = try catalog.entry([CatalogKind.vectorIndex.rawValue] + key, in: view) else { continue }
            let definition = try VectorIndexDefinition(
                collection: collection, field: field, entry: entry, page: catalog.tree.root)
            segments.add(
                try VectorSegment.restore(
                    definition, catalog: catalog, view: view, pager: pager, memoryLimit: options.vectorByteLimit))
        }
    }

    func nextObjectID() -> ObjectID {
        let seconds = UInt32(truncatingIfNeeded: options.time.now() / 1000)
        return objectIDs.withLock { $0.next(secondsSince1970: seconds) }
    }

    func afterCommit() {
        if segments.needsLinking { wakeLinker() }
    }

    /// Starts the background work of the vector indexes, where it is allowed.
    func wakeLinker() {
        if options.runsBackgroundWork { linker.wake() }
    }

    // MARK: Maintenance

    /// Copies the log home as far as readers allow.
    public func checkpoint() throws(StoreError) { try converting { _ = try pager.checkpoint() } }

    /// Links every vector that is committed; returns when nothing is left to link.
    public func linkVectors() throws(StoreError) {
        try converting {
            for segment in segments.all {
                while segment.needsLinking, try segment.linkPortion(256, pager: pager) > 0 {}
            }
        }
    }
}

/// The vector indexes that exist now, by number.
final class SegmentRegistry: Sendable {
    private let segments = Mutex<[Int: VectorSegment]>([:])

    func segment(_ number: Int) -> VectorSegment? { segments.withLock { $0[number] } }
    func add(_ segment: VectorSegment) { segments.withLock { $0[segment.definition.number] = segment } }
    func remove(_ number: Int) { segments.withLock { $0[number] = nil } }
    var all: [VectorSegment] { segments.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }
    var needsLinking: Bool { all.contains { $0.needsLinking } }
}
