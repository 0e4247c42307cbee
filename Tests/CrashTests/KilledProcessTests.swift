import Foundation
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// A real process that writes acknowledged batches and is killed in the middle, again and again, on one file.
@Suite("Killed process")
struct KilledProcessTests {
    private static let rounds = 60
    private static let batchSize = 10

    @Test("every acknowledged batch of a killed writer is there, nothing is half there, and the file checks clean")
    func killed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("killed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let keyBytes = [UInt8](repeating: 3, count: 32)
        let keyFile = folder.appendingPathComponent("key")
        try Data(keyBytes).write(to: keyFile)
        let path = folder.appendingPathComponent("s.store").path
        try Store.create(at: path, key: .raw(keyBytes)).close()

        let random = SeededRandomSource(seed: 4242)
        var acknowledged: Set<Int> = []
        var attempted = 0
        var killed = 0
        for round in 0..<Self.rounds {
            let result = try Self.runAndKill(
                store: path, keyFile: keyFile.path, firstBatch: attempted,
                acknowledgements: Int(random.next() % 24))
            acknowledged.formUnion(result.acknowledged)
            attempted = result.attempted
            killed += result.wasKilled ? 1 : 0

            let store = try Store.open(at: path, key: .raw(keyBytes))
            let found: [Int: Int] = try store.readSync { tx in
                var counts: [Int: Int] = [:]
                for document in try tx.collection("batches").find() {
                    counts[document["batch"]?.int ?? -1, default: 0] += 1
                }
                return counts
            }
            let missing = acknowledged.subtracting(found.keys)
            #expect(missing.isEmpty, "round \(round): acknowledged batches are gone: \(missing.sorted())")
            #expect(found.values.allSatisfy { $0 == Self.batchSize }, "round \(round): a batch is half there")
            #expect(found.keys.allSatisfy { $0 >= 0 && $0 < attempted }, "round \(round): a batch nobody wrote")
            #expect(try store.check().findings == [], "round \(round)")
            try store.close()
        }
        #expect(killed >= 50)
        print("killed \(killed) of \(Self.rounds) writers; \(acknowledged.count) acknowledged batches, 0 lost")
    }

    private struct Outcome {
        var acknowledged: Set<Int> = []
        var attempted: Int
        var wasKilled = false
    }

    /// Feeds `smartstore-cli run` with inserts and kills it with SIGKILL once it has acknowledged enough of them; more
    /// inserts are under way then.
    private static func runAndKill(
        store: String, keyFile: String, firstBatch: Int, acknowledgements: Int
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = try BuiltProducts.executable("smartstore-cli")
        process.arguments = ["run", store, "--key-file", keyFile]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { $1 })
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        signal(SIGPIPE, SIG_IGN)
        try process.run()

        var outcome = Outcome(attempted: firstBatch)
        let pipelined = acknowledgements + 6
        var text = ""
        for batch in firstBatch..<firstBatch + pipelined {
            let documents = (0..<batchSize).map { index in
                "{\"_id\":\"\(batch)-\(index)\",\"batch\":\(batch),\"pad\":\"\(String(repeating: "x", count: 300))\"}"
            }
            text += "{\"insert\":\"batches\",\"documents\":[\(documents.joined(separator: ","))]}\n"
        }
        outcome.attempted = firstBatch + pipelined
        // A child that dies while it is being fed makes the rest of this write fail, which is the point.
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))

        var line: [UInt8] = []
        var next = firstBatch
        while outcome.acknowledged.count < acknowledgements {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            for byte in data {
                if byte != 0x0A {
                    line.append(byte)
                    continue
                }
                let reply = String(decoding: line, as: UTF8.self)
                #expect(reply.contains("\"ok\":1"), "\(reply)")
                outcome.acknowledged.insert(next)
                next += 1
                line = []
            }
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        outcome.wasKilled = process.terminationReason == .uncaughtSignal
        try? input.fileHandleForWriting.close()
        return outcome
    }
}
