import Foundation
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

// scripts/read_store.py, check_segments.py and check_indexes.py know FORMAT.md and nothing of this engine. What they read
// is compared here; without Python and its package `cryptography` these tests are skipped.

@Suite("Independent reader")
struct IndependentReaderTests {
    private static let scripts = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts")

    private static let isThere = (try? run(["-c", "import cryptography"]))?.status == 0

    @Test(
        "the reader in Python finds every document, cache entry and audit entry", .enabled(if: isThere),
        arguments: GoldenFile.allCases)
    func readsGolden(file: GoldenFile) throws {
        let (documents, segments, indexes) = try Self.read(file.bytes(), key: file.key)
        let passages = file.hasPassages ? 1 + file.passages.count : 0
        let papers = file.hasPapers ? try 1 + file.papers().count : 0
        #expect(documents.count == 2 + GoldenContent.notes.count + GoldenContent.types.count + passages + papers)
        #expect(documents.first == #"{"collection": "notes"}"#)
        let note = #"{"_id": 102, "title": "Note 102", "square": 10404, "half": 51.0"#
        #expect(documents.contains { $0.hasPrefix(note) })
        #expect(!documents.contains { $0.hasPrefix(#"{"_id": 999"#) }, "the commit that the crash cut off")
        #expect(segments.count == 1 + GoldenContent.cache.count + GoldenContent.acts.count)
        #expect(segments.last?.hasSuffix(#""hash": "\#(file.auditHead)"}}"#) == true)
        let made = file.hasPapers ? GoldenPapers.indexes.count : 0
        #expect(indexes.count == made + (made > 0 && file.isCrashed ? 1 : 0))
        #expect(indexes.filter { $0.contains(#""pending": "#) }.count == (made > 0 && file.isCrashed ? 1 : 0))
        #expect(indexes.count { $0.hasSuffix(#""entries": 0}"#) } == 0)
    }

    @Test(
        "it follows a log over several extents and a map over several blocks, at every page size",
        .enabled(if: isThere), arguments: [4096, 8192, 16384, 32768, 65536])
    func readsLarger(pageSize: Int) throws {
        let random = SeededRandomSource(seed: UInt64(pageSize))
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = pageSize
        var store = try Store.create(
            "s", in: disk, key: GoldenFile.raw.key, creation: creation,
            options: GoldenFile.options(seed: 3, at: GoldenContent.now))
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "c", field: "v", dimension: 6, metric: .euclidean)
            // Codes of more than one unit, in every width.
            for codes in [VectorCodes.bits8, .bits4, .bits1] {
                try tx.createVectorIndex(
                    on: "c", field: codes.rawValue, dimension: 150, metric: codes == .bits4 ? .cosine : .euclidean,
                    codes: codes, connectivity: 6, buildBreadth: 30)
            }
        }
        for round in 0..<6 {
            try store.writeSync { (tx) throws in
                for _ in 0..<100 {
                    let id = BSONValue.int64(Int64(bitPattern: random.next()) >> Int64(random.next() % 64))
                    let bytes = GoldenContent.noise(Int(random.next() % 9000), seed: random.next())
                    let long = Vector(GoldenContent.noise(150, seed: random.next()).map { Float($0) - 127.5 }).value
                    let document: Document = [
                        "_id": id, "v": Vector(GoldenContent.vector(round)).value,
                        "bits8": long, "bits4": long, "bits1": long,
                        "bytes": .binary(BSONBinary(subtype: 0, bytes: bytes)),
                    ]
                    try tx.collection("c").replace(id, with: document, upsert: true)
                }
                try tx.audit.record(actor: "a", action: "load", target: "c")
            }
            if round == 2 { try store.checkpoint() }
            if round == 2 {
                // Saves links, codes and state; the next rounds replace some of what they are about.
                try store.linkVectors()
                try store.close()
                store = try Store.open(
                    "s", in: disk, key: GoldenFile.raw.key,
                    options: GoldenFile.options(seed: 4, at: GoldenContent.now))
            }
        }
        let expected = try store.readSync { try $0.collection("c").count() }
        let (documents, segments, _) = try Self.read(#require(disk.content(of: "s")), key: GoldenFile.raw.key)
        #expect(documents.count == 1 + expected)
        #expect(segments.first == #"{"collections": {"c": \#(expected)}}"#)
        #expect(segments.count == 7)
        try store.close()
    }

    /// What the scripts print; the second one also checks keys, rows, orders and the audit chain, the third one every
    /// index.
    private static func read(_ bytes: [UInt8], key: EncryptionKey) throws -> (
        documents: [Substring], segments: [Substring], indexes: [Substring]
    ) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "format-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = folder.appending(path: "store")
        try Data(bytes).write(to: store)
        var arguments = [store.path]
        let secret = folder.appending(path: "secret")
        switch key {
        case .none: break
        case .raw(let bytes):
            try Data(bytes).write(to: secret)
            arguments += ["--key-file", secret.path]
        case .passphrase(let text):
            try Data(text.utf8).write(to: secret)
            arguments += ["--passphrase-file", secret.path]
        }
        let results = try ["read_store.py", "check_segments.py", "check_indexes.py"].map { script in
            let result = try run(["-B", scripts.appending(path: script).path] + arguments)
            #expect(result.status == 0, "\(script)")
            return result.lines
        }
        return (results[0], results[1], results[2])
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, lines: [Substring]) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self).split(separator: "\n"))
    }
}
