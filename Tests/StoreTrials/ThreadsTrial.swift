import Dispatch
import Foundation
import SmartStore
import StoreIO
import Synchronization

// One writer, many readers, checkpoints, backups and linking at once, on a real file: what the Thread Sanitizer watches.
// Without it the round still compares every snapshot with itself: a reader must see one commit to its end.

/// Everything at once.
package struct ThreadsTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "threads", title: "1 writer, 16 readers, checkpoint, linking and backup at once", unit: "snapshots",
            everyChange: 200, release: 0, weight: 1, remark: "the Thread Sanitizer run is `make prove-threads`")
    }

    private static let readers = 16

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("threads-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var outcome = TrialOutcome()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let run = try ThreadsRun(folder: folder.path, seed: seed)
            let end = budget.deadline.map { min($0, ContinuousClock.now + .seconds(20)) } ?? .now + .seconds(3)
            let problem = run.go(readers: Self.readers, until: end)
            outcome.cases = run.snapshots
            if let problem { outcome.failures.append("\(problem); \(replay(seed))") }
        } catch { outcome.failures.append("\(error); \(replay(seed))") }
        return outcome
    }
}

private final class ThreadsRun: Sendable {
    private let folder: String
    private let store: Store
    private let seed: UInt64
    private let problem = Mutex<String?>(nil)
    private let count = Atomic<UInt64>(0)
    private static let key = EncryptionKey.raw([UInt8](repeating: 6, count: 32))

    init(folder: String, seed: UInt64) throws {
        self.folder = folder
        self.seed = seed
        var options = StoreOptions()
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        var creation = CreationOptions()
        creation.pageSize = 4096
        store = try Store.create(at: folder + "/s", key: Self.key, creation: creation, options: options)
        try store.writeSync { tx in
            try tx.createVectorIndex(on: "c", field: "v", dimension: 8, connectivity: 4, buildBreadth: 16)
            try tx.collection("c").insert(["_id": 0, "total": 0])
        }
    }

    var snapshots: UInt64 { count.load(ordering: .relaxed) }

    private func fail(_ text: String) { problem.withLock { $0 = $0 ?? text } }

    private var isOver: Bool { problem.withLock { $0 != nil } }

    func go(readers: Int, until end: ContinuousClock.Instant) -> String? {
        // Threads of their own: a queue would run no more than there are cores.
        let group = DispatchGroup()
        for number in 0..<readers + 3 {
            group.enter()
            Thread {
                do { try self.work(number, until: end) } catch { self.fail("thread \(number): \(error)") }
                group.leave()
            }.start()
        }
        group.wait()
        do {
            let report = try store.check()
            if !report.isClean { fail("check: \(report.findings.prefix(3))") }
            try store.close()
        } catch { fail("closing: \(error)") }
        return problem.withLock { $0 }
    }

    private func work(_ number: Int, until end: ContinuousClock.Instant) throws {
        switch number {
        case 0: try write(until: end)
        case 1: try checkpoint(until: end)
        case 2: try backup(until: end)
        default: try read(SeededRandomSource(seed: seed &* 100 + UInt64(number)), until: end)
        }
    }

    /// Document 0 holds the number of the others, so each snapshot can be compared with itself.
    private func write(until end: ContinuousClock.Instant) throws {
        let random = SeededRandomSource(seed: seed)
        var ids: [Int32] = []
        var next: Int32 = 1
        while ContinuousClock.now < end, !isOver {
            try store.writeSync { tx in
                let collection = tx.collection("c")
                for _ in 0..<random.next() % 8 + 1 {
                    if ids.count > 300 {
                        let id = ids.remove(at: Int(random.next() % UInt64(ids.count)))
                        _ = try collection.delete(.int32(id))
                    } else {
                        let vector = (0..<8).map { _ in Float(Int(random.next() % 2001)) / 1000 - 0.9997 }
                        _ = try collection.insert([
                            "_id": .int32(next), "v": Vector(vector).value,
                            "t": .string(String(repeating: "t", count: Int(random.next() % 2000))),
                        ])
                        ids.append(next)
                        next += 1
                    }
                }
                _ = try collection.replace(.int32(0), with: ["_id": 0, "total": .int32(Int32(ids.count))])
                try tx.cache.set("k\(random.next() % 40)", [1, 2, 3])
                try tx.audit.record(actor: "w", action: "write", target: "c")
            }
        }
    }

    private func read(_ random: SeededRandomSource, until end: ContinuousClock.Instant) throws {
        while ContinuousClock.now < end, !isOver {
            try store.readSync { tx in
                let collection = tx.collection("c")
                let total = try collection.get(.int32(0))?["total"]?.int ?? -1
                let found = try collection.count()
                if found != total + 1 { fail("a snapshot shows \(found - 1) documents and a total of \(total)") }
                let hits = try collection.search(
                    field: "v", vector: (0..<8).map { _ in Float(Int(random.next() % 2001)) / 1000 - 0.9997 }, k: 5)
                for hit in hits where try collection.get(hit.id) == nil { fail("a hit without its document") }
                _ = try tx.cache.get("k\(random.next() % 40)")
                if random.next() % 8 == 0, try collection.find().count != found { fail("a snapshot that changes") }
            }
            count.wrappingAdd(1, ordering: .relaxed)
        }
    }

    private func checkpoint(until end: ContinuousClock.Instant) throws {
        while ContinuousClock.now < end, !isOver {
            try store.checkpoint()
            try store.linkVectors()
        }
    }

    private func backup(until end: ContinuousClock.Instant) throws {
        var number = 0
        while ContinuousClock.now < end, !isOver {
            number += 1
            let path = folder + "/b\(number)"
            let report = try store.backup(to: path)
            var options = StoreOptions()
            options.runsBackgroundWork = false
            let copy = try Store.open(at: path, key: Self.key, expecting: nil, options: options)
            let checked = try copy.check()
            if !checked.isClean { fail("backup \(number): \(checked.findings.prefix(3))") }
            let (total, found, shown) = try copy.readSync { tx in
                (
                    try tx.collection("c").get(.int32(0))?["total"]?.int ?? -1, try tx.collection("c").count(),
                    tx.sequence
                )
            }
            if found != total + 1 || shown != report.anchor.commit { fail("backup \(number) equals no commit") }
            try copy.close()
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
