import PageStore
import StoreIO
import StoreTestSupport
import Synchronization

// Writer, checkpoint and readers, one at a time, under schedules with at most three preemptions. Every call to the disk
// is a pause point: in commit and spill, in each step of a checkpoint, in the reuse of extents, in a page read that
// eviction made necessary, before and after a reader ends. Readers must see their own commit to the end.

/// Interleavings of a writer, a checkpoint and readers.
package struct InterleavingTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "interleavings", title: "schedules with at most 3 preemptions", unit: "schedules",
            everyChange: 1_000, release: 0, weight: 1,
            remark: "All schedules with one preemption of each small workload, others drawn.")
    }

    /// Schedules of one workload.
    private static let schedules: UInt64 = 250

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let random = SeededRandomSource(seed: mixedSeed(seed, 6))
        // Undisturbed first: that tells how many steps there are.
        var steps = 200
        while outcome.cases < Self.schedules, !budget.isUsedUp(outcome.cases) {
            var switches: Set<Int> = []
            if outcome.cases > 0 {
                // One preemption at each step in turn, then two or three anywhere.
                let single = Int(outcome.cases) - 1
                if single < steps {
                    switches = [single]
                } else {
                    for _ in 0..<Int(random.next() % 2 + 2) { switches.insert(Int(random.next() % UInt64(steps))) }
                }
            }
            let (problem, taken) = InterleavedRun(seed: seed).run(switches: switches)
            if outcome.cases == 0 { steps = max(1, taken) }
            outcome.cases += 1
            if let problem {
                outcome.failures.append("preempted at \(switches.sorted()): \(problem); \(replay(seed))")
                break
            }
        }
        return outcome
    }
}

/// One schedule of one small workload.
private final class InterleavedRun: Sendable {
    private struct Shared {
        var models: [CommitSequence: PageModel] = [:]
        var acknowledged: CommitSequence = 0
        var problems: [String] = []
    }

    private let seed: UInt64
    private let disk = SimulatedDisk()
    private let shared = Mutex(Shared())

    init(seed: UInt64) { self.seed = seed }

    private func options(_ purpose: UInt64) -> PagerOptions {
        var options = PagerOptions()
        options.checkpointsInBackground = false
        options.logByteLimit = 1 << 20
        // So small that readers fetch pages again and again.
        options.cacheByteLimit = 32 << 10
        options.transactionPageLimit = 6
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: mixedSeed(seed, purpose))
        return options
    }

    private func report(_ problem: String) { shared.withLock { $0.problems.append(problem) } }

    private func guarding(_ who: String, _ body: () throws -> Void) {
        do { try body() } catch { report("\(who): \(error)") }
    }

    func run(switches: Set<Int>) -> (problem: String?, steps: Int) {
        let interleaver = Interleaver(threads: 3, switches: switches)
        guarding("all") {
            var creation = CreateOptions()
            creation.pageSize = 4096
            let pager = try Pager.create("a", in: disk, key: .none, creation: creation, options: options(1))
            let random = SeededRandomSource(seed: seed)
            try commit(pager, random, changes: 14)
            disk.setPause { _ in interleaver.pause() }
            interleaver.run([
                { self.guarding("writer") { for _ in 0..<3 { try self.commit(pager, random, changes: 5) } } },
                { self.guarding("checkpoint") { for _ in 0..<2 { _ = try pager.checkpoint() } } },
                { self.guarding("reader") { for _ in 0..<2 { try self.read(pager) } } },
            ])
            disk.setPause(nil)
            try settle()
        }
        return (shared.withLock { $0.problems.first }, interleaver.steps)
    }

    private func commit(_ pager: Pager, _ random: SeededRandomSource, changes: Int) throws {
        let transaction = try pager.beginTransaction()
        let sequence = transaction.base.sequence + 1
        var model = shared.withLock { shared in
            shared.models.keys.filter { $0 < sequence }.max().flatMap { shared.models[$0] } ?? PageModel()
        }
        for _ in 0..<changes {
            try transaction.relieve()
            let (value, draw) = (random.next() >> 8, random.next())
            let known = model.values.keys.sorted()
            if draw % 4 > 1 || known.count < 4 {
                let frame = try transaction.allocate()
                PageModel.write(value, to: frame)
                model.values[frame.id.number] = value
            } else if draw % 4 == 1 {
                let page = known[Int(draw / 4 % UInt64(known.count))]
                PageModel.write(value, to: try transaction.mutablePage(PageID(page)))
                model.values[page] = value
            } else {
                let page = known[Int(draw / 4 % UInt64(known.count))]
                try transaction.free(PageID(page))
                model.values[page] = nil
            }
        }
        shared.withLock { $0.models[sequence] = model }
        let ticket = try transaction.prepareCommit(.grouped)
        try pager.await(ticket)
        shared.withLock { $0.acknowledged = ticket.sequence }
    }

    private func read(_ pager: Pager) throws {
        let acknowledged = shared.withLock { $0.acknowledged }
        let view = try pager.beginSnapshot()
        defer { view.close() }
        let sequence = view.state.sequence
        guard sequence >= acknowledged else { return report("a reader sees \(sequence) after \(acknowledged)") }
        let model = shared.withLock { shared in
            shared.models.keys.filter { $0 <= sequence }.max().flatMap { shared.models[$0] }
        }
        for _ in 0..<2 {
            if let difference = try model?.difference(in: view) {
                return report("a reader at \(sequence): \(difference)")
            }
        }
    }

    /// After a crash that keeps only what was synced, the newest acknowledged commit is there, in full.
    private func settle() throws {
        var images = CrashImages()
        for operation in disk.operations { images.advance(operation) }
        let crashed = SimulatedDisk(contents: images.image(images.draw(.dropped, seed: 0)).files)
        let pager = try Pager.open("a", in: crashed, key: .none, options: options(2))
        let view = try pager.beginTransaction()
        defer { view.rollBack() }
        let (models, acknowledged) = shared.withLock { ($0.models, $0.acknowledged) }
        let sequence = view.base.sequence
        guard sequence >= acknowledged, let key = models.keys.filter({ $0 <= sequence }).max(), let model = models[key]
        else { return report("after a crash, commit \(sequence) instead of \(acknowledged)") }
        let census = try view.census()
        guard census.findings.isEmpty, census.used == Set(model.values.keys) else {
            return report("after a crash, check: \(census.findings.prefix(3)), \(census.used.count) pages used")
        }
        if let difference = try model.difference(in: view) { report("after a crash, \(difference)") }
    }
}
