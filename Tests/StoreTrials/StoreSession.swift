import PageStore
import SmartStore
import StoreIO
package import StoreTestSupport

// A workload of the whole store with its oracle: the model of every segment after each commit.

package final class StoreSession: TrialSession {
    static let file = "s"
    private static let start: Int64 = 1_700_000_000_000

    package let disk = SimulatedDisk()
    package internal(set) var progress = SessionProgress()
    let workload: StoreWorkload
    let seed: UInt64
    let random: SeededRandomSource
    let isEncrypted: Bool
    let clock = ManualTimeSource(milliseconds: start)
    private(set) var store: Store?
    var model = StoreModel()
    var models: [UInt64: StoreModel] = [:]
    /// Commits that an opening for writing made of its own, each with the commit whose content it shows: a crash may
    /// leave them before the opening has returned, so nobody tried them.
    private var openingCommits: [UInt64: UInt64] = [:]
    /// A commit whose outcome only reopening tells.
    var unknown: (sequence: UInt64, model: StoreModel)?
    private var opened: UInt64 = 0
    /// Whether documents may ask for a unique value that another has.
    var drawsTaken = true

    package convenience init(seed: UInt64) {
        self.init(seed: seed, of: StoreWorkload.all)
    }

    convenience init(seed: UInt64, of workloads: [StoreWorkload]) {
        self.init(seed: seed, workload: workloads[Int(seed % UInt64(workloads.count))])
    }

    init(seed: UInt64, workload: StoreWorkload) {
        self.seed = seed
        self.workload = workload
        random = SeededRandomSource(seed: mixedSeed(seed, 1))
        isEncrypted = workload.needsKey || mixedSeed(seed, 2) % 3 != 0
    }

    package var name: String { workload.name }
    package var fileName: String { Self.file }

    /// Changes of the key that have begun, and those that have returned: marks 1, 3, 5 … and 2, 4, 6 …
    private var keyMark = 0
    /// Marks of backups that have returned: from here on.
    private static let backupMark = 1000

    private func key(_ number: Int) -> EncryptionKey {
        isEncrypted ? .raw([UInt8](repeating: UInt8(5 + number), count: 32)) : .none
    }

    private var key: EncryptionKey { key(keyMark / 2) }

    /// Opens with the key of the moment, or, while it was being changed, with the old or the new one.
    private func open(
        on disk: SimulatedDisk, _ marks: Set<Int>, _ purpose: UInt64, isReadOnly: Bool = false
    ) throws -> (store: Store, key: EncryptionKey) {
        var options = options(purpose)
        options.isReadOnly = isReadOnly
        let mark = marks.filter { $0 < Self.backupMark }.max() ?? 0
        var used = key(mark / 2)
        var opened: Store?
        do { opened = try Store.open(Self.file, in: disk, key: used, options: options) } catch {
            guard error.code == .wrongKey, mark % 2 == 1 else { throw error }
            used = key((mark + 1) / 2)
        }
        let store = try opened ?? Store.open(Self.file, in: disk, key: used, options: options)
        return (store, used)
    }

    private func options(_ purpose: UInt64) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.transactionByteLimit = workload.transactionByteLimit
        options.cacheSegmentByteLimit = workload.cacheSegmentByteLimit
        options.vectorLinkSaveStep = workload.linkSaveStep
        if let portion = workload.indexBuildPortion { options.indexBuildPortions = IndexBuildPortions(portion) }
        options.time = clock
        options.random = SeededRandomSource(seed: mixedSeed(seed, purpose))
        return options
    }

    private var creation: CreationOptions {
        var creation = CreationOptions()
        creation.pageSize = 4096
        return creation
    }

    // MARK: Verbs of workloads

    package func run() throws { try workload.run(self) }

    func create() throws {
        // A new file is its own first commit.
        progress.attempted = 1
        models[1] = model
        disk.attempt(1)
        let made = try Store.create(Self.file, in: disk, key: key, creation: creation, options: options(100))
        store = made
        let sequence = try made.readSync { $0.sequence }
        acknowledge(sequence)
    }

    func current() throws -> Store {
        guard let store else { throw TrialError("the store is not open") }
        return store
    }

    func close() throws {
        defer { store = nil }
        try current().close()
    }

    func open() throws {
        opened += 1
        store = try open(on: disk, progress.marks, 200 + opened).store
    }

    func changeKey() throws {
        mark(keyMark + 1)
        try current().changeKey(to: key((keyMark + 1) / 2))
        mark(keyMark + 1)
    }

    private func mark(_ value: Int) {
        if value < Self.backupMark { keyMark = value }
        progress.marks.insert(value)
        disk.mark(value)
    }

    func backup(_ number: Int) throws {
        _ = try current().backup(to: FilePlace("backup-\(number)", in: disk))
        mark(Self.backupMark + number)
    }

    /// Closes the file, compacts it, opens it again.
    func compactClosed() throws {
        try close()
        _ = try Store.compact(FilePlace(Self.file, in: disk), key: key, options: options(mixedSeed(seed, 8, opened)))
        try open()
    }

    func reopen() throws {
        try close()
        try open()
    }

    func acknowledge(_ sequence: UInt64) {
        progress.acknowledged = sequence
        disk.note(Int(sequence))
    }

    func commit(
        _ durability: SmartStore.Durability = .grouped, _ body: (WriteTransaction, inout StoreModel) throws -> Void
    ) throws {
        let transaction = try current().beginWrite()
        // Asked now: a transaction that spills bears its own sequence already.
        let sequence = transaction.sequence + 1
        var changed = model
        do { try body(transaction, &changed) } catch let error as StoreError {
            defer { transaction.rollBack() }
            // A caller that does not look at the error must not be able to commit half a change.
            if (try? transaction.commit()) != nil { throw TrialError("committed after \(error)") }
            throw error
        }
        models[sequence] = changed
        progress.attempted = sequence
        disk.attempt(Int(sequence))
        do {
            try transaction.commit(durability: durability)
            let isNew = transaction.sequence == sequence
            if !isNew { models[sequence] = nil }
            model = changed
            if durability != .relaxed, isNew { acknowledge(sequence) }
        } catch  where error.code == .commitUnknown {
            unknown = (sequence, changed)
            throw error
        } catch {
            models[sequence] = nil
            throw error
        }
    }

    func rollBack(_ body: (WriteTransaction, inout StoreModel) throws -> Void) throws {
        let transaction = try current().beginWrite()
        defer { transaction.rollBack() }
        var changed = model
        try body(transaction, &changed)
    }

    /// Compares what a reader sees now with a model, by default the newest.
    func expectShown(_ model: StoreModel? = nil, in reader: ReadTransaction? = nil) throws {
        func look(_ tx: ReadTransaction) throws {
            if let wrong = try difference(tx, model ?? self.model) { throw TrialError("a reader saw: \(wrong)") }
        }
        if let reader { try look(reader) } else { try current().readSync { try look($0) } }
    }

    private func difference(_ tx: some AnyReader, _ model: StoreModel) throws -> String? {
        try model.difference(
            in: tx, now: clock.now(), mayEvict: workload.mayEvict, searchesAll: workload.searchesAll)
    }

    // MARK: Verifying

    package func verify(
        _ contents: [String: DiskContent], _ progress: SessionProgress, seed: UInt64
    ) throws -> String? {
        guard contents[Self.file] != nil else {
            guard progress.acknowledged == 0 else { return "the file is gone" }
            let crashed = SimulatedDisk(contents: contents)
            try Store.create(Self.file, in: crashed, key: key, creation: creation, options: options(7)).close()
            return nil
        }
        let (left, leftAt) = try recovered(SimulatedDisk(contents: contents), progress.marks, mixedSeed(seed, 11))
        if let wrong = try left?.readSync({ try compare($0, leftAt, progress) }) { return "read only, \(wrong)" }
        let crashed = SimulatedDisk(contents: contents)
        crashed.stopRecording()
        let (first, key) = try open(on: crashed, progress.marks, mixedSeed(seed, 1))
        let report = try first.check()
        guard report.isClean else { return "check: \(report.findings.prefix(3))" }
        let sequence = try first.readSync { $0.sequence }
        let at = leftAt ?? sequence
        if let wrong = try first.readSync({ try compare($0, at, progress) ?? unfinished(in: $0) }) { return wrong }
        if let wrong = try verifyBeside(contents, progress, seed: seed) { return wrong }

        // What recovery left, opened again: the same commit. Then one more, which a crash right after must not undo.
        let kept = crashed.contents
        let again = SimulatedDisk(contents: kept)
        let second = try Store.open(Self.file, in: again, key: key, options: options(mixedSeed(seed, 2)))
        let shown = try second.readSync { $0.sequence }
        guard shown == sequence else { return "a second open shows commit \(shown) after \(sequence)" }
        let document: Document = ["_id": .int32(1)]
        try second.writeSync { _ = try $0.collection("after").insert(document) }
        var images = CrashImages(base: kept)
        for operation in again.operations { images.advance(operation) }
        let last = SimulatedDisk(contents: images.image(images.draw(.dropped, seed: 0)).files)
        last.stopRecording()
        let third = try Store.open(Self.file, in: last, key: key, options: options(mixedSeed(seed, 3)))
        guard var model = known(at) else { return "no model" }
        model.collections["after", default: .init()].documents[1] = document.bson
        if let wrong = try third.readSync({ try difference($0, model) }) { return "after one more commit, \(wrong)" }
        return workload.searchesAll ? try verifyLinking(third, last, model, seed: seed) : nil
    }

    /// Linking goes on after a crash, and what it made serves when it is saved.
    private func verifyLinking(
        _ store: Store, _ disk: SimulatedDisk, _ model: StoreModel, seed: UInt64
    ) throws -> String? {
        try store.linkVectors()
        if let wrong = try store.readSync({ try difference($0, model) }) { return "after linking, \(wrong)" }
        try store.close()
        let again = try Store.open(Self.file, in: disk, key: key, options: options(mixedSeed(seed, 9)))
        let report = try again.check()
        guard report.isClean else { return "after linking, check: \(report.findings.prefix(3))" }
        return try again.readSync { try difference($0, model) }.map { "with the links saved, \($0)" }
    }

    /// Backups are whole as soon as they have their name; a key that was given up opens neither slot.
    private func verifyBeside(
        _ contents: [String: DiskContent], _ progress: SessionProgress, seed: UInt64
    ) throws -> String? {
        for mark in progress.marks where mark >= Self.backupMark {
            guard contents["backup-\(mark - Self.backupMark)"] != nil else { return "a backup is gone" }
        }
        for name in contents.keys where name.hasPrefix("backup-") && !name.hasSuffix(".smartstore-new") {
            let disk = SimulatedDisk(contents: contents)
            disk.stopRecording()
            let copy = try Store.open(name, in: disk, key: key, options: options(mixedSeed(seed, 5)))
            let report = try copy.check()
            guard report.isClean else { return "\(name): check: \(report.findings.prefix(3))" }
            let shown = try copy.readSync { $0.sequence }
            guard let model = known(shown) else { return "\(name) shows commit \(shown), which nobody made" }
            if let wrong = try copy.readSync({ try difference($0, model) }) { return "\(name): \(wrong)" }
        }
        let mark = progress.marks.filter { $0 < Self.backupMark }.max() ?? 0
        guard mark > 0, mark % 2 == 0 else { return nil }
        for slot in [nil, 0, 1] {
            var content = contents[Self.file] ?? DiskContent()
            if let slot { content.write([UInt8](repeating: 0, count: 4096), at: slot * 4096) }
            let disk = SimulatedDisk(contents: [Self.file: content])
            var code: StoreError.Code?
            do {
                _ = try Store.open(Self.file, in: disk, key: key(mark / 2 - 1), options: options(mixedSeed(seed, 6)))
            } catch { code = error.code }
            // With one slot gone, the crash may have taken the other.
            guard code == .wrongKey || slot != nil && [.corruptSuperblock, .notAStore].contains(code) else {
                return "the key that was given up: \(code?.rawValue ?? "opens it")"
            }
        }
        return nil
    }

    private func known(_ sequence: UInt64) -> StoreModel? {
        // Commits of checkpoints and of saved links change no content: the newest known model not after it counts.
        models.keys.filter { $0 <= sequence }.max().flatMap { models[$0] }
    }

    /// What a crash left, seen without a change: opening for writing removes indexes that are half made, in commits of its
    /// own. Only where indexes are built; else nil, and nothing but the crash decides the sequence.
    private func recovered(
        _ disk: SimulatedDisk, _ marks: Set<Int>, _ purpose: UInt64
    ) throws -> (store: Store?, sequence: UInt64?) {
        guard workload.indexBuildPortion != nil else { return (nil, nil) }
        let store = try open(on: disk, marks, purpose, isReadOnly: true).store
        return (store, try store.readSync { $0.sequence })
    }

    /// An index that opening for writing should have removed.
    private func unfinished(in tx: some AnyReader) throws -> String? {
        let names = try tx.collections().flatMap(\.indexes).filter { !$0.isReady }.map(\.name)
        return names.isEmpty ? nil : "indexes half made: \(names)"
    }

    private func compare(_ tx: some AnyReader, _ at: UInt64? = nil, _ progress: SessionProgress) throws -> String? {
        let sequence = at ?? tx.sequence
        guard sequence >= progress.acknowledged else {
            return "shows commit \(sequence), but \(progress.acknowledged) was acknowledged"
        }
        guard let key = models.keys.filter({ $0 <= sequence }).max(), let model = models[key] else {
            return "shows commit \(sequence), which nobody made"
        }
        guard openingCommits[key, default: key] <= max(progress.attempted, progress.acknowledged) else {
            return "commit \(key) was not tried yet: \(progress), shown \(sequence), known \(models.keys.sorted())"
        }
        return try difference(tx, model).map { "commit \(sequence): \($0)" }
    }

    package func keepingOracle<R>(_ body: () throws -> R) rethrows -> R {
        let kept = (models, model, progress, openingCommits)
        defer { (models, model, progress, openingCommits) = kept }
        return try body()
    }

    package func comeBack(on disk: SimulatedDisk, _ progress: SessionProgress, seed: UInt64) throws {
        guard try disk.exists(Self.file) else { return }
        let left = try recovered(SimulatedDisk(contents: disk.contents), progress.marks, mixedSeed(seed, 12)).sequence
        let store = try open(on: disk, progress.marks, mixedSeed(seed, 4)).store
        let shown = try store.readSync { $0.sequence }
        guard var seen = known(left ?? shown) else { throw TrialError("shows commit \(shown), which nobody made") }
        // What a reader was shown must stay.
        models = models.filter { $0.key <= left ?? shown }
        models[shown] = seen
        if let left, left != shown { openingCommits[shown] = models.keys.filter { $0 <= left }.max() }
        disk.note(Int(shown))
        let transaction = try store.beginWrite()
        let id = Int32(truncatingIfNeeded: seed & 0xFFFF)
        try put(transaction, &seen, "back", id, byteCount: 40)
        let sequence = transaction.sequence + 1
        models[sequence] = seen
        disk.attempt(Int(sequence))
        try transaction.commit()
        disk.note(Int(sequence))
    }

    // MARK: After errors

    package func inspectOpenStore(after severity: DiskFault.Severity) -> String? {
        guard let store else { return nil }
        do {
            if let wrong = try store.readSync({ try difference($0, model) }) { return "after the error, \(wrong)" }
        } catch let error as StoreError where error.code == .failed || error.code == .closed {
            if severity == .passing {
                return "the store is \(error.code.rawValue) although nothing that was written failed"
            }
        } catch { return "a read after the error: \(error)" }
        do {
            try commit { try put($0, &$1, "more", 1, byteCount: 30) }
            return severity == .lasting ? "a commit was acknowledged after a failed write or sync" : nil
        } catch { return severity == .passing ? "no commit after the error: \(error)" : nil }
    }

    package func isNamed(_ error: any Error) -> Bool { error is StoreError }

    package func abandon() {
        try? store?.close()
        store = nil
    }

    package func reopenAfterError() throws -> String? {
        guard try disk.exists(Self.file) else {
            guard progress.acknowledged == 0 else { return "the file is gone" }
            try create()
            return nil
        }
        let left = try recovered(disk, progress.marks, mixedSeed(seed, 13, opened))
        try left.store?.close()
        try open()
        let now = try current().readSync { $0.sequence }
        let sequence = left.sequence ?? now
        if let unknown, sequence >= unknown.sequence,
            try current().readSync({ try difference($0, unknown.model) }) == nil
        {
            // It is in.
        } else if let unknown {
            models[unknown.sequence] = nil
        } else if progress.acknowledged == 0 {
            // The creation failed after its file had its name.
            models[sequence] = model
        }
        unknown = nil
        // Relaxed commits that were never synced may be gone; what comes now goes on from what is there.
        models = models.filter { $0.key <= sequence }
        if let shown = known(sequence) {
            model = shown
            if now != sequence { models[now] = shown }
        }
        let report = try current().check()
        guard report.isClean else { return "check: \(report.findings.prefix(3))" }
        if let wrong = try current().readSync({ try compare($0, sequence, progress) }) { return wrong }
        try commit { try put($0, &$1, "again", 1, byteCount: 30) }
        return nil
    }
}
