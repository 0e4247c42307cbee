// Documentation/COMMANDS.md against the engine: every command with the fields it takes and those it refuses as not built,
// and every type of index with what becomes of it.

import Foundation
import Testing

@testable import SmartStore

@Suite("The tables of commands and index types")
struct CommandListTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let section: String
        let cells: [String]
        var state: String { cells[1] }
        var isDone: Bool { state == "done" }
        var testDescription: String { cells[0] }

        /// What stands between backticks in a cell.
        func names(_ place: Int) -> [String] { cells[place].matches(of: /`([^`]+)`/).map { String($0.1) } }
    }

    static let rows: [Row] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Documentation/COMMANDS.md")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        var section = ""
        var rows: [Row] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            // Statements within commands have no state.
            if ["done", "not done", "refused"].contains(cells[1]) { rows.append(Row(section: section, cells: cells)) }
        }
        return rows
    }()

    static let commands = rows.filter { $0.section != "Index types" }
    static let indexes = rows.filter { $0.section == "Index types" }

    @Test("the tables list every command of the engine, each once")
    func isComplete() {
        let names = Self.commands.filter(\.isDone).flatMap { $0.names(0) }
        #expect(names.sorted() == CommandRunner.commands.keys.sorted())
        #expect(!Self.indexes.isEmpty)
    }

    @Test("a command takes the fields that the table says, and names those that are not built", arguments: commands)
    func fields(_ row: Row) throws {
        for name in row.names(0) {
            let command = CommandRunner.commands[name]
            guard row.isDone else {
                let reply = try Conversation().runner.run(Document(fields: [(name, 1)]))
                #expect(command == nil && reply["code"] == 59, "\(name)")
                continue
            }
            #expect(command?.fields == Set(row.names(2)), "\(name)")
            #expect(command?.unbuilt == Set(row.names(3)), "\(name)")
        }
    }

    @Test("an index is made, or refused as the table says", arguments: indexes)
    func indexTypes(_ row: Row) throws {
        let reply = try Conversation().ask("{\"createIndexes\": \"i\", \"indexes\": [\(row.names(0)[0])]}")
        if row.isDone {
            #expect(reply["ok"] == 1 && reply["numIndexesAfter"] == 2, "\(reply)")
        } else {
            #expect("\(reply["code"]?.int ?? 0) \(reply["codeName"]?.string ?? "")" == row.cells[2])
        }
    }
}
