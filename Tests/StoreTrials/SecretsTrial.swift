import Foundation
import SmartStore
import StoreTestSupport

// Secrets: a process that has closed its store is dumped, and its memory, its file, its backup and whatever else lies in
// the folder are searched for the key, the passphrase and for texts that were stored. Promises K1 and section 2.3.
//
// What a program keeps of its own is its own: the worker overwrites the one array that it gave as the key. Freed memory
// may still hold stored texts; keys must be gone from all of it.

/// Looks for secrets where none may be.
package struct SecretsTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "secrets", title: "core dump after close, file, backup, temporary files: keys and texts searched",
            unit: "dumps", everyChange: 1, release: 0, weight: 0.3,
            remark: "needs gcore; texts are searched in files, keys in memory too")
    }

    /// Whether a process can be dumped here.
    package static let isPossible: Bool = ["/usr/bin/gcore", "/usr/local/bin/gcore"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for problem in try look(SecretsJob(seed: seed, folder: folder.path)) {
                outcome.failures.append("\(problem); \(replay(seed))")
            }
            outcome.cases = 1
        } catch { outcome.failures.append("\(error); \(replay(seed))") }
        return outcome
    }

    private func look(_ job: SecretsJob) throws -> [String] {
        let process = Process()
        process.executableURL = try BuiltProducts.executable("smartstore-prove")
        process.arguments = ["secrets-worker", job.folder, "--seed", "\(job.seed)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard line.hasPrefix("closed") else { throw TrialError("the worker said: \(line)") }
        let core = job.folder + "/core"
        let dump = Process()
        dump.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        dump.arguments = ["gcore", "-o", core, "\(process.processIdentifier)"]
        dump.standardOutput = FileHandle.nullDevice
        dump.standardError = FileHandle.nullDevice
        try dump.run()
        dump.waitUntilExit()
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard dump.terminationStatus == 0 else { throw TrialError("gcore ended with \(dump.terminationStatus)") }
        var problems: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: job.folder).sorted() {
            let data = try Data(contentsOf: URL(fileURLWithPath: job.folder + "/" + name), options: .mappedIfSafe)
            let isCore = name.hasPrefix("core")
            // A dump in which not even the program's own words stand would prove nothing.
            if isCore, data.range(of: Data(SecretsJob.marker.utf8)) == nil { problems.append("the dump is no dump") }
            for (what, secret) in job.secrets where !isCore || what != "text" {
                if data.range(of: Data(secret)) != nil { problems.append("\(name) holds the \(what)") }
            }
        }
        return problems
    }
}

/// What the worker does, and what may not be found afterwards.
public struct SecretsJob: Sendable {
    let seed: UInt64
    let folder: String
    static let marker = "marker-of-the-worker's-own-memory"

    /// A job by its folder.
    public init(seed: UInt64, folder: String) {
        self.seed = seed
        self.folder = folder
    }

    private func keyByte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: mixedSeed(seed, UInt64(index), 77)) }

    var secrets: [(what: String, bytes: [UInt8])] {
        [
            ("key", (0..<32).map(keyByte)), ("first half of the key", (0..<16).map(keyByte)),
            ("text", Array("canary-\(mixedSeed(seed, 5))".utf8)),
        ]
    }

    /// Writes texts under the key, makes a backup, closes, overwrites its own copy of the key, and waits.
    public func work() throws {
        let text = "canary-\(mixedSeed(seed, 5))"
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in bytes.indices { bytes[index] = keyByte(index) }
        do {
            var options = StoreOptions()
            options.cacheByteLimit = 2 << 20
            let store = try Store.create(at: folder + "/s", key: .raw(bytes), options: options)
            for batch in 0..<20 {
                try store.writeSync { tx in
                    for number in 0..<50 {
                        try tx.collection("c").insert([
                            "_id": .int32(Int32(batch * 50 + number)), "t": .string(text + " \(number)"),
                        ])
                    }
                    try tx.cache.set(text, Array(text.utf8))
                    try tx.audit.record(actor: text, action: text, target: text)
                }
            }
            try store.backup(to: folder + "/backup")
            try store.close()
            let again = try Store.open(at: folder + "/s", key: .raw(bytes), options: options)
            try again.rotateKey()
            try again.close()
        }
        for index in bytes.indices { bytes[index] = 0 }
        let marker = Array(Self.marker.utf8)
        print("closed")
        fflush(nil)
        _ = readLine()
        print(marker.count)
    }
}
