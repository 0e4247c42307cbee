// Runs the example of README.md on a real file.

import Foundation
import SmartStore
import Testing

@Suite("README")
struct ReadmeExampleTests {
    @Test("the example answers with the nearest note first, and leaves a file that opens and checks clean")
    func runs() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "notes.store").path

        #expect(try await nearestNotes(path: path, passphrase: "open sesame") == ["Cats purr", "Birds sing"])

        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.store"])
        let store = try Store.open(at: path, key: .passphrase("open sesame"))
        #expect(try store.check().isClean)
        #expect(try store.readSync { try $0.cache.get("greeting") } == Array("hello".utf8))
        #expect(try store.readSync { try $0.audit.verify() }.isIntact)
        try store.close()
        #expect(throws: StoreError.self) { try Store.open(at: path, key: .passphrase("open barley")) }
    }
}
