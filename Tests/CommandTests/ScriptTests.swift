// Scripts of commands with their replies, word for word: each runs on a store of its own, in this process and through
// `smartstore-cli run`. The replies were written down from MongoDB's documented behaviour, not taken from the engine.

import Foundation
import Testing

@Suite("Scripts of commands", .timeLimit(.minutes(5)))
struct ScriptTests {
    static let names = [
        "aggregate", "bulkWrite", "collections", "cursors", "delete", "explain", "filters", "find", "indexes", "insert",
        "transactions", "update",
    ]

    private static func script(_ name: String) throws -> String {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Scripts"))
        return try String(contentsOf: url, encoding: .utf8)
    }

    @Test("every reply is the expected one, word for word", arguments: names)
    func replies(name: String) throws {
        try Conversation().expect(Self.script(name))
    }

    @Test("every reply is the same through the shell", arguments: names)
    func throughTheShell(name: String) throws {
        let lines = try Self.script(name).split(separator: "\n")
        let commands = lines.filter { $0.hasPrefix(">") }.map { String($0.dropFirst(2)) }
        let expected = lines.filter { $0.hasPrefix("<") }.map { String($0.dropFirst(2)) }
        #expect(commands.count == expected.count)
        let shell = try Shell()
        #expect(try shell.run("create", "a.store", "--no-encryption").status == 0)
        let result = try shell.run("run", "a.store", input: commands.joined(separator: "\n"))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        // Only the time that a query took may differ.
        let time = /"executionTimeMillis":\d+/
        let replies = result.lines.map { $0.replacing(time, with: "\"executionTimeMillis\":0") }
        #expect(replies.count == expected.count)
        for (place, pair) in zip(replies, expected).enumerated() where pair.0 != pair.1 {
            Issue.record("\(commands[place])\nis answered \(pair.0)\nand not      \(pair.1)")
        }
    }

    @Test("there are at least 300 commands with their replies, every reply given, a quarter of them refusals")
    func counted() throws {
        let lines = try Self.names.flatMap { try Self.script($0).split(separator: "\n") }
        let commands = lines.count { $0.hasPrefix(">") }
        #expect(commands >= 300)
        #expect(lines.count { $0.hasPrefix("<") } == commands)
        let refusals = lines.count { $0.hasPrefix("< {\"ok\":0") || $0.contains("\"writeErrors\"") }
        #expect(refusals * 4 >= commands)
        let folder = try #require(Bundle.module.url(forResource: "Scripts", withExtension: nil))
        let present = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(present.sorted() == Self.names.map { $0 + ".txt" })
    }
}
