// Runs the README's example of documents, and compares it with what the README shows.

import Foundation
import SmartStore
import Testing

@Suite("README, documents")
struct ReadmeDocumentsTests {
    @Test("the example finds the two newer books by the index, and counts all of them")
    func runs() throws {
        let store = try TypedFixture.store()
        let (titles, perYear, plan) = try recentBooks(in: store)
        #expect(titles == ["Piranesi", "The Overstory"])
        #expect(perYear.map { $0["_id"] } == [1817, 2018, 2020] && perYear.allSatisfy { $0["books"] == 1 })
        #expect(plan.json().contains("\"indexName\":\"tags_1_year_-1\""))
        #expect(plan[path: "executionStats.totalKeysExamined"] == 2)
        try store.close()
    }

    @Test("the README shows the example that is run")
    func isShown() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let compiled = try String(contentsOf: here.appending(path: "ReadmeDocumentsExample.swift"), encoding: .utf8)
        let readme = try String(
            contentsOf: here.appending(path: "../../README.md").standardizedFileURL, encoding: .utf8)
        let body = try #require(compiled.range(of: "\n\n")).upperBound
        #expect(readme.contains("```swift\n\(compiled[body...])```"))
    }
}
