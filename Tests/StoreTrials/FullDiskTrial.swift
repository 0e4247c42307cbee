import Foundation
import SmartStore
import StoreIO

// A real file system of 16 MiB, filled, drained and filled again. The store must say `diskFull`, roll back, and go on:
// reads, deletes, compaction and a new filling work, and nothing that was acknowledged is missing. Promise E1.

/// Fills a small file system.
package struct FullDiskTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "full-disk", title: "16 MiB tmpfs filled, drained, compacted and refilled", unit: "cycles",
            everyChange: 10, release: 1000, weight: 1, remark: "needs the right to mount")
    }

    package var isPossible: Bool { Self.isPossible }

    /// Whether this process may mount a file system.
    package static let isPossible: Bool = {
        guard let mount = try? SmallDisk(mebibytes: 1) else { return false }
        mount.unmount()
        return true
    }()

    private static let cyclesInRound = 10
    private static let key = EncryptionKey.raw([UInt8](repeating: 4, count: 32))

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let disk = try SmallDisk(mebibytes: 16)
            defer { disk.unmount() }
            let path = disk.path + "/s"
            var run = FullDiskRun(path: path, random: SeededRandomSource(seed: seed))
            try run.create()
            while outcome.cases < Self.cyclesInRound, !budget.isUsedUp(outcome.cases) {
                outcome.cases += 1
                if let problem = try run.cycle(number: Int(outcome.cases)) {
                    outcome.failures.append("cycle \(outcome.cases): \(problem); \(replay(seed))")
                    break
                }
            }
        } catch { outcome.failures.append("cycle \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }

    static func options(seed: UInt64) -> StoreOptions {
        var options = StoreOptions()
        options.cacheByteLimit = 2 << 20
        options.logByteLimit = 1 << 20
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    private struct FullDiskRun {
        let path: String
        let random: SeededRandomSource
        var texts: [Int32: String] = [:]
        var next: Int32 = 0

        init(path: String, random: SeededRandomSource) {
            self.path = path
            self.random = random
        }

        func create() throws {
            try Store.create(at: path, key: FullDiskTrial.key, options: FullDiskTrial.options(seed: 1)).close()
        }

        mutating func cycle(number: Int) throws -> String? {
            let store = try Store.open(
                at: path, key: FullDiskTrial.key, options: FullDiskTrial.options(seed: UInt64(number) + 2))
            var filled = 0
            fill: while true {
                let first = next
                var batch: [Int32: String] = [:]
                do {
                    try store.writeSync { tx in
                        for id in first..<first + Int32(random.next() % 30 + 1) {
                            let text = self.text(Int(random.next() % 9000))
                            try tx.collection("c").insert(["_id": .int32(id), "t": .string(text)])
                            batch[id] = text
                        }
                        try tx.audit.record(actor: "f", action: "fill", target: "\(first)")
                    }
                } catch let error as StoreError {
                    guard error.code == .diskFull else { return "filling ended with \(error)" }
                    break fill
                }
                texts.merge(batch) { $1 }
                next = first + Int32(batch.count)
                filled += batch.values.reduce(0) { $0 + $1.utf8.count }
                guard filled < 64 << 20 else { return "the disk does not fill" }
            }
            if filled < 4 << 20 { return "only \(filled) bytes fitted into 16 MiB" }
            if let problem = try compare(store) { return "full: \(problem)" }
            // Draining works on the full disk, whatever way the log and the map have to go.
            for id in texts.keys.sorted() where id % 50 != 0 {
                do {
                    try store.writeSync { tx in try tx.collection("c").delete(.int32(id)) }
                } catch { return "deleting on a full disk: \(error)" }
                texts[id] = nil
            }
            if let problem = try compare(store) { return "drained: \(problem)" }
            let report = try store.check()
            if !report.isClean { return "check: \(report.findings.prefix(3))" }
            try store.close()
            let small = try Store.compact(
                at: path, key: FullDiskTrial.key, options: FullDiskTrial.options(seed: UInt64(number) + 1000))
            if small.bytesAfter > 4 << 20 { return "compacted to \(small.bytesAfter) bytes only" }
            return nil
        }

        private func text(_ count: Int) -> String {
            String(decoding: (0..<count).map { _ in UInt8(33 + random.next() % 90) }, as: UTF8.self)
        }

        private func compare(_ store: Store) throws -> String? {
            try store.readSync { tx in
                var seen = 0
                for document in try tx.collection("c").find() {
                    guard let id = document["_id"]?.int, texts[Int32(id)] == document["t"]?.string else {
                        return "a document that was not acknowledged, or another one"
                    }
                    seen += 1
                }
                return seen == texts.count ? nil : "\(seen) documents of \(texts.count)"
            }
        }
    }
}

/// A file system in memory, mounted while this object lives.
private final class SmallDisk {
    let path: String

    init(mebibytes: Int) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard try Self.run("mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path]) == 0 else {
            try? FileManager.default.removeItem(atPath: path)
            throw TrialError("no file system could be mounted")
        }
    }

    func unmount() {
        _ = try? Self.run("umount", [path])
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func run(_ name: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
