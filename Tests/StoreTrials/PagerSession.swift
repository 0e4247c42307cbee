import PageStore
import StoreIO
package import StoreTestSupport

// A workload of the page layer with its oracle: the pages' numbers after each commit.

package final class PagerSession: TrialSession {
    static let file = "a"

    package let disk = SimulatedDisk()
    package private(set) var progress = SessionProgress()
    let workload: PagerWorkload
    let seed: UInt64
    let random: SeededRandomSource
    let isEncrypted: Bool
    private(set) var pager: Pager?
    private(set) var model = PageModel()
    private var models: [CommitSequence: PageModel] = [:]
    /// A commit whose outcome only reopening tells.
    private var unknown: (sequence: CommitSequence, model: PageModel)?
    private var opened: UInt64 = 0

    package convenience init(seed: UInt64) {
        let all = PagerWorkload.all
        self.init(seed: seed, workload: all[Int(seed % UInt64(all.count))])
    }

    init(seed: UInt64, workload: PagerWorkload) {
        self.seed = seed
        self.workload = workload
        random = SeededRandomSource(seed: mixedSeed(seed, 1))
        isEncrypted = workload.needsKey || mixedSeed(seed, 2) % 3 != 0
    }

    package var name: String { workload.name }
    package var fileName: String { Self.file }

    private var key: StoreKey {
        isEncrypted ? .raw(SecretKey(copying: [UInt8](repeating: 7, count: 32).span.bytes)) : .none
    }

    /// Every opening draws its own random numbers, as in life; all of them follow from the seed.
    private func options(_ purpose: UInt64) -> PagerOptions {
        var options = PagerOptions()
        options.checkpointsInBackground = false
        options.logByteLimit = 1 << 20
        options.cacheByteLimit = 1 << 20
        options.transactionPageLimit = workload.transactionPageLimit
        if mixedSeed(seed, 3) % 2 == 0 {
            options.zeroedExtentByteCount = 0
            options.zeroesAheadByteCount = 20_000
        }
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: mixedSeed(seed, purpose))
        return options
    }

    // MARK: Verbs of workloads

    package func run() throws { try workload.run(self) }

    func create() throws {
        var creation = CreateOptions()
        creation.pageSize = 4096
        // A new file is its own first commit.
        progress.attempted = 1
        models[1] = model
        disk.attempt(1)
        let made = try Pager.create(Self.file, in: disk, key: key, creation: creation, options: options(100))
        pager = made
        acknowledge(made.published.sequence)
    }

    func current() throws -> Pager {
        guard let pager else { throw PageFault.closed }
        return pager
    }

    func close() throws {
        defer { pager = nil }
        try current().close()
    }

    /// Opens the file as another process would.
    func open() throws {
        opened += 1
        pager = try Pager.open(Self.file, in: disk, key: key, options: options(200 + opened))
    }

    private func acknowledge(_ sequence: CommitSequence) {
        progress.acknowledged = sequence
        disk.note(Int(sequence))
    }

    func commit(_ durability: Durability = .grouped, _ body: (PageTransaction, inout PageModel) throws -> Void) throws {
        let transaction = try current().beginTransaction()
        var changed = model
        do { try body(transaction, &changed) } catch let fault as PageFault {
            defer { transaction.rollBack() }
            // A caller that does not look at the error must not be able to commit half a change.
            if (try? transaction.commit(durability)) != nil { throw TrialError("committed after \(fault)") }
            throw fault
        }
        let sequence = transaction.base.sequence + 1
        models[sequence] = changed
        progress.attempted = sequence
        disk.attempt(Int(sequence))
        do {
            let ticket = try transaction.prepareCommit(durability)
            if ticket.sequence != sequence { models[sequence] = nil }
            try current().await(ticket)
            model = changed
            if durability != .relaxed, ticket.sequence == sequence { acknowledge(sequence) }
        } catch PageFault.commitUnknown {
            unknown = (sequence, changed)
            throw PageFault.commitUnknown
        } catch {
            models[sequence] = nil
            throw error
        }
    }

    func rollBack(_ body: (PageTransaction, inout PageModel) throws -> Void) throws {
        let transaction = try current().beginTransaction()
        defer { transaction.rollBack() }
        var changed = model
        try body(transaction, &changed)
    }

    func checkpoint() throws { _ = try current().checkpoint() }

    // MARK: Verifying

    package func verify(
        _ contents: [String: DiskContent], _ progress: SessionProgress, seed: UInt64
    ) throws -> String? {
        guard contents[Self.file] != nil else { return try verifyAbsent(contents, progress) }
        let crashed = SimulatedDisk(contents: contents)
        crashed.stopRecording()
        let first = try Pager.open(Self.file, in: crashed, key: key, options: options(mixedSeed(seed, 1)))
        let check = try first.beginTransaction()
        let sequence = check.base.sequence
        if let difference = try compare(check, progress) { return difference }
        check.rollBack()

        // What recovery left, opened again: the same commit. Then one more, which a crash right after must not undo.
        let left = crashed.contents
        let again = SimulatedDisk(contents: left)
        let second = try Pager.open(Self.file, in: again, key: key, options: options(mixedSeed(seed, 2)))
        guard second.published.sequence == sequence else {
            return "a second open shows commit \(second.published.sequence) after \(sequence)"
        }
        let next = try second.beginTransaction()
        let frame = try next.allocate()
        PageModel.write(4711, to: frame)
        let committed = try next.commit().sequence
        var images = CrashImages(base: left)
        for operation in again.operations { images.advance(operation) }
        let last = SimulatedDisk(contents: images.image(images.draw(.dropped, seed: 0)).files)
        last.stopRecording()
        let third = try Pager.open(Self.file, in: last, key: key, options: options(mixedSeed(seed, 3)))
        guard third.published.sequence == committed else { return "the commit after recovery is gone" }
        let view = try third.beginTransaction()
        defer { view.rollBack() }
        guard try PageModel.read(view.page(frame.id)) == 4711 else { return "the page after recovery is another" }
        return try known(sequence)?.difference(in: view).map { "after one more commit, \($0)" }
    }

    private func known(_ sequence: CommitSequence) -> PageModel? {
        // Commits of checkpoints change no content: the newest known model not after it counts.
        models.keys.filter { $0 <= sequence }.max().flatMap { models[$0] }
    }

    private func compare(_ view: PageTransaction, _ progress: SessionProgress) throws -> String? {
        let sequence = view.base.sequence
        guard sequence >= progress.acknowledged else {
            return "shows commit \(sequence), but \(progress.acknowledged) was acknowledged"
        }
        guard let key = models.keys.filter({ $0 <= sequence }).max(), let model = models[key] else {
            return "shows commit \(sequence), which nobody made"
        }
        guard key <= max(progress.attempted, progress.acknowledged) else { return "commit \(key) was not tried yet" }
        let census = try view.census()
        guard census.findings.isEmpty else { return "check: \(census.findings.prefix(3))" }
        guard census.used == Set(model.values.keys) else {
            return "commit \(sequence): \(census.used.count) pages are in use instead of \(model.values.count)"
        }
        return try model.difference(in: view).map { "commit \(sequence): \($0)" }
    }

    /// A file that never came to be: allowed before its creation returned; then it can be made now.
    private func verifyAbsent(_ contents: [String: DiskContent], _ progress: SessionProgress) throws -> String? {
        guard progress.acknowledged == 0 else { return "the file is gone" }
        let crashed = SimulatedDisk(contents: contents)
        crashed.stopRecording()
        var creation = CreateOptions()
        creation.pageSize = 4096
        try Pager.create(Self.file, in: crashed, key: key, creation: creation, options: options(7)).close()
        let names = try crashed.names()
        return names == [Self.file] ? nil : "a leftover of the creation stays: \(names)"
    }

    package func keepingOracle<R>(_ body: () throws -> R) rethrows -> R {
        let kept = (models, model, progress)
        defer { (models, model, progress) = kept }
        return try body()
    }

    package func comeBack(on disk: SimulatedDisk, _ progress: SessionProgress, seed: UInt64) throws {
        guard try disk.exists(Self.file) else { return }
        let pager = try Pager.open(Self.file, in: disk, key: key, options: options(mixedSeed(seed, 4)))
        // What a reader was shown must stay.
        let shown = pager.published.sequence
        guard let seen = known(shown) else { throw TrialError("shows commit \(shown), which nobody made") }
        models = models.filter { $0.key <= shown }
        disk.note(Int(shown))
        let transaction = try pager.beginTransaction()
        let frame = try transaction.allocate()
        PageModel.write(seed, to: frame)
        let sequence = transaction.base.sequence + 1
        models[sequence] = seen
        models[sequence]?.values[frame.id.number] = seed
        // Often the very pages of a commit that was lost: its frames stand where these go.
        for page in seen.values.keys.sorted().prefix(Int(seed % 12)) {
            PageModel.write(seed &+ page, to: try transaction.mutablePage(PageID(page)))
            models[sequence]?.values[page] = seed &+ page
        }
        disk.attempt(Int(sequence))
        _ = try transaction.commit()
        disk.note(Int(sequence))
    }

    // MARK: After errors

    package func inspectOpenStore(after severity: DiskFault.Severity) -> String? {
        guard let pager else { return nil }
        do {
            let view = try pager.beginSnapshot()
            defer { view.close() }
            if let difference = try model.difference(in: view) { return "after the error, \(difference)" }
        } catch let fault as PageFault where fault == .failed || fault == .closed {
            if severity == .passing { return "the store is \(fault) although nothing that was written failed" }
        } catch { return "a read after the error: \(error)" }
        do {
            try commit { transaction, model in
                let frame = try transaction.allocate()
                PageModel.write(1, to: frame)
                model.values[frame.id.number] = 1
            }
            return severity == .lasting ? "a commit was acknowledged after a failed write or sync" : nil
        } catch { return severity == .passing ? "no commit after the error: \(error)" : nil }
    }

    package func isNamed(_ error: any Error) -> Bool { error is PageFault }

    package func abandon() {
        try? pager?.close()
        pager = nil
    }

    package func reopenAfterError() throws -> String? {
        guard try disk.exists(Self.file) else {
            guard progress.acknowledged == 0 else { return "the file is gone" }
            try create()
            return nil
        }
        try open()
        let sequence = try current().published.sequence
        if let unknown, sequence >= unknown.sequence, try isShown(unknown.model) {
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
        if let shown = known(sequence) { model = shown }
        let check = try current().beginTransaction()
        let difference = try compare(check, progress)
        check.rollBack()
        if let difference { return difference }
        try commit { transaction, model in
            let frame = try transaction.allocate()
            PageModel.write(2, to: frame)
            model.values[frame.id.number] = 2
        }
        return nil
    }

    private func isShown(_ model: PageModel) throws -> Bool {
        let view = try current().beginTransaction()
        defer { view.rollBack() }
        return try view.census().used == Set(model.values.keys) && model.difference(in: view) == nil
    }
}
