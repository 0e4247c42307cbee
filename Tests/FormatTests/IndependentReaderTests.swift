import Foundation
import SmartStore
import Testing

// scripts/read_store.py and scripts/check_segments.py know FORMAT.md and nothing of this engine. What they read is
// compared here; without Python and its package `cryptography` these tests are skipped.

@Suite("Independent reader")
struct IndependentReaderTests {
    private static let scripts = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts")

    private static let isThere = (try? run(["-c", "import cryptography"]))?.status == 0

    @Test(
        "the reader in Python finds every document, cache entry and audit entry", .enabled(if: isThere),
        arguments: GoldenFile.allCases)
    func reads(file: GoldenFile) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "format-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = folder.appending(path: file.rawValue)
        try Data(file.bytes()).write(to: store)
        var arguments = [store.path]
        let secret = folder.appending(path: "secret")
        switch file.key {
        case .none: break
        case .raw(let bytes):
            try Data(bytes).write(to: secret)
            arguments += ["--key-file", secret.path]
        case .passphrase(let text):
            try Data(text.utf8).write(to: secret)
            arguments += ["--passphrase-file", secret.path]
        }

        let documents = try Self.run(["-B", Self.scripts.appending(path: "read_store.py").path] + arguments)
        #expect(documents.status == 0)
        #expect(documents.lines.count == 2 + GoldenContent.notes.count + GoldenContent.types.count)
        #expect(documents.lines.first == #"{"collection": "notes"}"#)
        #expect(documents.lines.contains { $0.hasPrefix(#"{"_id": 102, "title": "Note 102", "square": 10404, "half": 51.0"#) })
        #expect(!documents.lines.contains { $0.hasPrefix(#"{"_id": 999"#) }, "the commit that the crash cut off")

        let segments = try Self.run(["-B", Self.scripts.appending(path: "check_segments.py").path] + arguments)
        #expect(segments.status == 0)
        #expect(segments.lines.count == 1 + GoldenContent.cache.count + GoldenContent.acts.count)
        #expect(segments.lines.last?.hasSuffix(#""hash": "\#(file.auditHead)"}}"#) == true)
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
