// Runs the README's example of typed Swift, and compares it with what the README shows.

import Foundation
import SmartStore
import Testing

@Suite("README, typed Swift")
struct ReadmeTypedTests {
    @Test("the example ends with the two newest titles, the newest first")
    func runs() async throws {
        let store = try TypedFixture.store()
        #expect(try await recentTitles(in: store) == ["Cats purr", "Dogs bark"])
        try store.close()
    }

    @Test("the README shows the example that is run")
    func isShown() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let compiled = try String(contentsOf: here.appending(path: "ReadmeTypedExample.swift"), encoding: .utf8)
        let readme = try String(
            contentsOf: here.appending(path: "../../README.md").standardizedFileURL, encoding: .utf8)
        let body = try #require(compiled.range(of: "\n\n")).upperBound
        #expect(readme.contains("```swift\n\(compiled[body...])```"))
    }
}
