import Foundation
import SmartStore
import StoreIO
import StoreTestSupport

// `kill -9` of a real process on a real file, again and again. The worker commits batches over every segment and writes
// a line for each that was acknowledged; the parent reads the lines, kills it at any moment, opens the file and compares
// it with what so many batches must have left.
//
// The worker commits one batch after another, so the file must show as many as were acknowledged, or one more.

/// Kills a writing process and looks at what is left.
package struct KillTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "kill", title: "kill -9 of a real process", unit: "kills", everyChange: 50, release: 10_000,
            weight: 4)
    }

    private static let killsPerFile: UInt64 = 50

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kill-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let random = SeededRandomSource(seed: seed)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let path = folder.appendingPathComponent("s").path
            let job = KillJob(seed: seed, path: path)
            try job.create()
            while outcome.cases < Self.killsPerFile, !budget.isUsedUp(outcome.cases) {
                outcome.cases += 1
                let acknowledged = try runAndKill(job, lines: Int(random.next() % 40), random: random)
                if let problem = try job.verify(acknowledged: acknowledged) {
                    outcome.failures.append("kill \(outcome.cases): \(problem); \(replay(seed))")
                    break
                }
            }
        } catch { outcome.failures.append("kill \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }

    /// Returns the number of batches that the worker has acknowledged in all, by its last line.
    private func runAndKill(_ job: KillJob, lines: Int, random: SeededRandomSource) throws -> UInt64 {
        let process = Process()
        process.executableURL = try BuiltProducts.executable("smartstore-prove")
        process.arguments = ["worker", job.path, "--seed", "\(job.seed)"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { $1 })
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text: [UInt8] = []
        var seen = 0
        while seen <= lines {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += data
            seen += data.filter { $0 == 0x0A }.count
        }
        // At any moment of the next commits, not only right after a line.
        usleep(UInt32(random.next() % 3000))
        kill(process.processIdentifier, SIGKILL)
        text += output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal else {
            throw TrialError("the worker ended by itself: \(String(decoding: text.suffix(200), as: UTF8.self))")
        }
        // A last line without its end was cut off by the kill.
        let whole = text.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        return whole.last.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) } ?? 0
    }
}

/// What worker and parent agree on: the file, and what each batch changes.
public struct KillJob: Sendable {
    let seed: UInt64
    let path: String

    /// The job of a file.
    public init(seed: UInt64, path: String) {
        self.seed = seed
        self.path = path
    }

    private var key: EncryptionKey { seed % 4 == 3 ? .none : .raw([UInt8](repeating: 9, count: 32)) }

    private var options: StoreOptions {
        var options = StoreOptions()
        options.logByteLimit = 1 << 20
        options.cacheByteLimit = 2 << 20
        options.transactionByteLimit = 1 << 18
        return options
    }

    func create() throws {
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create(at: path, key: key, creation: creation, options: options)
        try store.writeSync { tx in
            try tx.createVectorIndex(
                on: "notes", field: StoreModel.field, dimension: StoreModel.dimension, connectivity: 4,
                buildBreadth: 16)
        }
        try store.close()
    }

    /// Commits batches, with a line for each once it is acknowledged; closes after `batches` of them.
    /// - Parameter creating: makes the file first when it is not there.
    public func work(batches: UInt64 = .max, creating: Bool = false) throws {
        if creating, !FileManager.default.fileExists(atPath: path) { try create() }
        let store = try Store.open(at: path, key: key, options: options)
        var next = try store.readSync { try $0.audit.count() }
        // Up to date from the first line on, so that the parent knows what it has to find.
        print(next)
        fflush(nil)
        while next < batches {
            let batch = next
            try store.writeSync { tx in
                for change in changes(batch) {
                    let notes = tx.collection("notes")
                    if let document = change.document {
                        try notes.replace(.int32(change.id), with: document, upsert: true)
                    } else {
                        try notes.delete(.int32(change.id))
                    }
                }
                try tx.cache.set("newest", Array("\(batch)".utf8))
                try tx.audit.record(actor: "worker", action: "batch", target: "\(batch)")
            }
            next += 1
            print(next)
            fflush(nil)
            if batch % 23 == 22 { try store.checkpoint() }
            if batch % 31 == 30 { try store.linkVectors() }
        }
        try store.linkVectors()
        try store.close()
    }

    private struct Change {
        var id: Int32
        /// nil: it is removed.
        var document: Document?
        var vector: [Float]?
    }

    /// What a batch does, by its number alone.
    private func changes(_ batch: UInt64) -> [Change] {
        let random = SeededRandomSource(seed: mixedSeed(seed, batch))
        // Now and then one that spills.
        let count = batch % 37 == 36 ? 90 : Int(random.next() % 5 + 1)
        return (0..<count).map { _ in
            var change = Change(id: Int32(random.next() % 120))
            if random.next() % 5 == 0 { return change }
            let length = batch % 37 == 36 ? 3500 : Int(random.next() % 400)
            let text = String(
                decoding: (0..<length).map { _ in UInt8(97 + random.next() % 26) }, as: UTF8.self)
            var document: Document = ["_id": .int32(change.id), "text": .string(text)]
            if random.next() % 2 == 0 {
                let vector = (0..<StoreModel.dimension).map { _ in Float(Int(random.next() % 2001)) / 1000 - 0.9997 }
                document[StoreModel.field] = Vector(vector).value
                change.vector = vector
            }
            change.document = document
            return change
        }
    }

    private func model(after batches: UInt64) -> StoreModel {
        var notes = StoreModel.Collection()
        notes.isIndexed = true
        for batch in 0..<batches {
            for change in changes(batch) {
                notes.documents[change.id] = change.document?.bson
                notes.vectors[change.id] = change.vector
            }
        }
        var model = StoreModel()
        model.collections["notes"] = notes
        model.audit = (0..<batches).map { "\($0)" }
        if batches > 0 { model.cache["newest"] = .init(value: Array("\(batches - 1)".utf8)) }
        return model
    }

    /// Whether the file opens and checks clean.
    func isSound() throws -> Bool {
        let store = try Store.open(at: path, key: key, options: options)
        defer { try? store.close() }
        return try store.check().isClean
    }

    /// Compares the file with what its batches must have left; nil: it is right.
    func verify(acknowledged: UInt64) throws -> String? {
        let store = try Store.open(at: path, key: key, options: options)
        defer { try? store.close() }
        let found = try store.readSync { try $0.audit.count() }
        guard found >= acknowledged else { return "\(found) batches, but \(acknowledged) were acknowledged" }
        guard acknowledged == 0 || found <= acknowledged + 1 else { return "\(found) batches after \(acknowledged)" }
        let report = try store.check()
        guard report.isClean else { return "check: \(report.findings.prefix(3))" }
        let model = model(after: found)
        return try store.readSync { try model.difference(in: $0, now: 0, mayEvict: false) }
    }
}
