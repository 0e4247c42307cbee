import SmartStore
import StoreIO
package import StoreTestSupport

// A workload of the whole store with its oracle: the model of every segment after each commit.

package final class StoreSession: TrialSession {
    static let file = "s"
    private static let start: Int64 = 1_700_000_000_000

    package let disk = SimulatedDisk()
    package private(set) var progress = SessionProgress()
    let workload: StoreWorkload
    let seed: UInt64
    let random: SeededRandomSource
    let isEncrypted: Bool
    let clock = ManualTimeSource(milliseconds: start)
    private(set) var store: Store?
    private(set) var model = StoreModel()
    private var models: [UInt64: StoreModel] = [:]
    /// A commit whose outcome only reopening tells.
    private var unknown: (sequence: UInt64, model: StoreModel)?
    private var opened: UInt64 = 0

    package convenience init(seed: UInt64) {
        let all = StoreWorkload.all
        self.init(seed: seed, workload: all[Int(seed % UInt64(all.count))])
    }

    init(seed: UInt64, workload: StoreWorkload) {
        self.seed = seed
        self.workload = workload
        random = SeededRandomSource(seed: mixedSeed(seed, 1))
        isEncrypted = mixedSeed(seed, 2) % 3 != 0
    }

    package var name: String { workload.name }

    private var key: EncryptionKey { isEncrypted ? .raw([UInt8](repeating: 5, count: 32)) : .none }

    private func options(_ purpose: UInt64) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.transactionByteLimit = workload.transactionByteLimit
        options.cacheSegmentByteLimit = workload.cacheSegmentByteLimit
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
        store = try Store.open(Self.file, in: disk, key: key, options: options(200 + opened))
    }

    func reopen() throws {
        try close()
        try open()
    }

    private func acknowledge(_ sequence: UInt64) {
        progress.acknowledged = sequence
        disk.note(Int(sequence))
    }

    func commit(_ durability: Durability = .grouped, _ body: (WriteTransaction, inout StoreModel) throws -> Void) throws {
        let transaction = try current().beginWrite()
        // Asked now: a transaction that spills bears its own sequence already.
        let sequence = transaction.sequence + 1
        var changed = model
        do { try body(transaction, &changed) } catch {
            transaction.rollBack()
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
        } catch where error.code == .commitUnknown {
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
            if let difference = try difference(tx, model ?? self.model) { throw TrialError("a reader saw: \(difference)") }
        }
        if let reader { try look(reader) } else { try current().readSync { try look($0) } }
    }

    private func difference(_ tx: some AnyReader, _ model: StoreModel) throws -> String? {
        try model.difference(in: tx, now: clock.now(), mayEvict: workload.mayEvict)
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
        let crashed = SimulatedDisk(contents: contents)
        crashed.stopRecording()
        let first = try Store.open(Self.file, in: crashed, key: key, options: options(mixedSeed(seed, 1)))
        let report = try first.check()
        guard report.isClean else { return "check: \(report.findings.prefix(3))" }
        let (sequence, wrong) = try first.readSync { ($0.sequence, try compare($0, progress)) }
        if let wrong { return wrong }

        // What recovery left, opened again: the same commit. Then one more, which a crash right after must not undo.
        let left = crashed.contents
        let again = SimulatedDisk(contents: left)
        let second = try Store.open(Self.file, in: again, key: key, options: options(mixedSeed(seed, 2)))
        let shown = try second.readSync { $0.sequence }
        guard shown == sequence else { return "a second open shows commit \(shown) after \(sequence)" }
        let document: Document = ["_id": .int32(1)]
        try second.writeSync { _ = try $0.collection("after").insert(document) }
        var images = CrashImages(base: left)
        for operation in again.operations { images.advance(operation) }
        let last = SimulatedDisk(contents: images.image(images.draw(.dropped, seed: 0)).files)
        last.stopRecording()
        let third = try Store.open(Self.file, in: last, key: key, options: options(mixedSeed(seed, 3)))
        guard var model = known(sequence) else { return "no model" }
        model.collections["after", default: .init()].documents[1] = document.bson
        return try third.readSync { try difference($0, model) }.map { "after one more commit, \($0)" }
    }

    private func known(_ sequence: UInt64) -> StoreModel? {
        // Commits of checkpoints and of saved links change no content: the newest known model not after it counts.
        models.keys.filter { $0 <= sequence }.max().flatMap { models[$0] }
    }

    private func compare(_ tx: some AnyReader, _ progress: SessionProgress) throws -> String? {
        let sequence = tx.sequence
        guard sequence >= progress.acknowledged else {
            return "shows commit \(sequence), but \(progress.acknowledged) was acknowledged"
        }
        guard let key = models.keys.filter({ $0 <= sequence }).max(), let model = models[key] else {
            return "shows commit \(sequence), which nobody made"
        }
        guard key <= max(progress.attempted, progress.acknowledged) else { return "commit \(key) was not tried yet" }
        return try difference(tx, model).map { "commit \(sequence): \($0)" }
    }

    package func keepingOracle<R>(_ body: () throws -> R) rethrows -> R {
        let kept = (models, model, progress)
        defer { (models, model, progress) = kept }
        return try body()
    }

    package func comeBack(on disk: SimulatedDisk, seed: UInt64) throws {
        guard try disk.exists(Self.file) else { return }
        let store = try Store.open(Self.file, in: disk, key: key, options: options(mixedSeed(seed, 4)))
        let shown = try store.readSync { $0.sequence }
        guard var seen = known(shown) else { throw TrialError("shows commit \(shown), which nobody made") }
        // What a reader was shown must stay.
        models = models.filter { $0.key <= shown }
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

    package func inspectOpenStore(mustFail: Bool) -> String? {
        guard let store else { return nil }
        do {
            if let wrong = try store.readSync({ try difference($0, model) }) { return "after the error, \(wrong)" }
        } catch let error as StoreError where error.code == .failed || error.code == .closed {
            if !mustFail { return "the store is \(error.code.rawValue) although nothing that was written failed" }
        } catch { return "a read after the error: \(error)" }
        do {
            try commit { try put($0, &$1, "more", 1, byteCount: 30) }
            return mustFail ? "a commit was acknowledged after a failed write or sync" : nil
        } catch { return mustFail ? nil : "no commit after the error: \(error)" }
    }

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
        try open()
        let sequence = try current().readSync { $0.sequence }
        if let unknown, sequence >= unknown.sequence,
            try current().readSync({ try difference($0, unknown.model) }) == nil
        {
            model = unknown.model
        } else if let unknown {
            models[unknown.sequence] = nil
        } else if progress.acknowledged == 0 {
            // The creation failed after its file had its name.
            models[sequence] = model
        }
        unknown = nil
        let report = try current().check()
        guard report.isClean else { return "check: \(report.findings.prefix(3))" }
        if let wrong = try current().readSync({ try compare($0, progress) }) { return wrong }
        try commit { try put($0, &$1, "again", 1, byteCount: 30) }
        return nil
    }
}
