// The repository as the tidy tests see it: files by folder, their lines, and code without its comments.
//
// Everything is found from this file's own place, so that the tests run wherever the repository lies.

import Foundation

/// One text file of the repository.
struct SourceFile: Sendable {
    /// The path from the repository's root, with `/` between its parts.
    let path: String
    /// The whole text.
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The folder below the first one: the target's name for a file under `Sources`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Lines with what follows `//` cut off, unless the slashes stand inside a string of the same line.
    var codeLines: [String] {
        lines.map { line in
            var isInString = false
            var isEscaped = false
            var previous: Character = " "
            var code = ""
            for character in line {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = isInString
                } else if character == "\"" {
                    isInString.toggle()
                } else if character == "/", previous == "/", !isInString {
                    code.removeLast()
                    break
                }
                previous = character
                code.append(character)
            }
            return code
        }
    }

    /// Places where a pattern is found in the given lines, as `path:line: text`.
    func places(of pattern: Regex<Substring>, in lines: [String]) -> [String] {
        lines.enumerated().compactMap { index, line in
            line.contains(pattern) ? "\(path):\(index + 1): \(line.trimmingCharacters(in: .whitespaces))" : nil
        }
    }
}

/// The repository's files, read once.
enum SourceTree {
    /// The folder that holds Package.swift.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let textEndings: Set<String> = [
        "swift", "c", "h", "modulemap", "md", "sh", "py", "json", "jsonl", "txt", "Makefile", "run", "swift-format",
        "gitignore", "yml", "yaml", "toml",
    ]

    /// Every text file, without what git and builds put there.
    static let all: [SourceFile] = files(in: root, prefix: "").sorted { $0.path < $1.path }
    /// The Swift files of the targets.
    static let sources: [SourceFile] = all.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") }
    /// Swift and C files of the targets.
    static let code: [SourceFile] = all.filter { file in
        file.path.hasPrefix("Sources/") && [".swift", ".c", ".h"].contains { file.path.hasSuffix($0) }
    }

    static func file(_ path: String) -> SourceFile? { all.first { $0.path == path } }

    /// Targets by name: the folders of `Sources` that hold Swift files.
    static var targets: Set<String> { Set(sources.map(\.target)) }

    private static func files(in folder: URL, prefix: String) -> [SourceFile] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var found: [SourceFile] = []
        for name in names {
            let skipped = name == ".git" || name.hasPrefix(".build") || name == ".swiftpm" || name == "out"
            if skipped { continue }
            let place = folder.appending(path: name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                found += files(in: place, prefix: prefix + name + "/")
            } else if let ending = name.split(separator: ".").last, textEndings.contains(String(ending)),
                let text = try? String(contentsOf: place, encoding: .utf8)
            {
                found.append(SourceFile(path: prefix + name, text: text))
            }
        }
        return found
    }
}
