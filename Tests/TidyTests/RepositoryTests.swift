// What a reader of the repository relies on: paths that work anywhere, links that lead somewhere, an example that
// compiles, scripts that run.

import Foundation
import Testing

@Suite("Repository")
struct RepositoryTests {
    @Test("the files a reader looks for are there")
    func expectedFiles() {
        let names = [
            "README.md", "ARCHITECTURE.md", "FORMAT.md", "CONTRIBUTING.md", "CHANGELOG.md", "Benchmarks/RESULTS.md",
            "Makefile", "Package.swift", ".swift-format", ".ci/run", "Examples/demo.sh",
            "Examples/knowledge-base/README.md",
        ]
        for name in names { #expect(SourceTree.file(name) != nil, "\(name)") }
    }

    @Test("no file names a path of somebody's machine")
    func noMachinePaths() {
        let pattern = /(?:^|[^A-Za-z0-9._~}-])\/(?:work|farm|root|home|Users)\/[A-Za-z0-9]/
        for file in SourceTree.all {
            #expect(file.places(of: pattern, in: file.lines.map(String.init)) == [])
        }
    }

    @Test("links between documents lead to files that exist")
    func linksLeadSomewhere() throws {
        for file in SourceTree.all where file.path.hasSuffix(".md") {
            let folder = SourceTree.root.appending(path: file.path).deletingLastPathComponent()
            for link in file.text.matches(of: /\]\(([^)\s]+)\)/).map(\.1) where !link.contains("://") {
                let path = link.prefix { $0 != "#" }
                if path.isEmpty { continue }
                let target = folder.appending(path: String(path)).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(file.path) links to \(link)")
            }
        }
    }

    @Test("the README's Swift example is the one that the tests compile and run")
    func readmeExampleCompiles() throws {
        let readme = try #require(SourceTree.file("README.md")).text
        let block = try #require(readme.firstMatch(of: /```swift\n((?s).*?)```/)).1
        let compiled = try #require(SourceTree.file("Tests/SmartStoreTests/ReadmeExample.swift")).text
        // The compiled file opens with a comment of its own, then an empty line.
        let body = try #require(compiled.firstRange(of: "\n\n")).upperBound
        #expect(block == compiled[body...])
    }

    @Test(
        "scripts may be executed",
        arguments: [".ci/run", "Benchmarks/setup.sh", "Examples/demo.sh", "scripts/setup.sh"])
    func scriptsAreExecutable(path: String) {
        #expect(FileManager.default.isExecutableFile(atPath: SourceTree.root.appending(path: path).path))
    }

    @Test("lines of C and of scripts fit in 120 columns, and none ends in white space")
    func linesAreTidy() {
        let endings = [".c", ".h", ".sh", ".py", "Makefile", ".ci/run"]
        for file in SourceTree.all where endings.contains(where: file.path.hasSuffix) {
            for (index, line) in file.lines.enumerated() {
                #expect(line.count <= 120 && line.last?.isWhitespace != true, "\(file.path):\(index + 1)")
            }
        }
    }
}
