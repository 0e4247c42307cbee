// Runs the README's example of the index by itself, and compares it with what the README shows.

import Foundation
import Testing
import VectorIndex

@Suite("README, the index by itself")
struct ReadmeIndexTests {
    @Test("the example finds the nearest rows and leaves an index that can be loaded")
    func runs() throws {
        let folder = try ScratchFolder()
        let writer = try VectorFiles.writeNpy(folder.path("m.npy"), dimension: 2)
        for row in 0..<50 { try writer.append([Float(cos(Double(row) / 9)), Float(sin(Double(row) / 9))]) }
        try writer.finish()
        let rows = try nearestRows(
            matrix: folder.path("m.npy"), index: folder.path("i"), to: [Float(cos(1.0)), Float(sin(1.0))])
        #expect(rows.first == 9 && Set(rows) == [8, 9, 10])
        #expect(try HNSWIndex.load(from: folder.path("i")).rowCount == 50)
    }

    @Test("the README shows the example that is run")
    func isShown() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let compiled = try String(contentsOf: here.appending(path: "ReadmeIndexExample.swift"), encoding: .utf8)
        let readme = try String(
            contentsOf: here.appending(path: "../../README.md").standardizedFileURL, encoding: .utf8)
        let body = try #require(compiled.range(of: "\n\n")).upperBound
        #expect(readme.contains("```swift\n\(compiled[body...])```"))
    }
}
