// A command runner on a store of its own, and the scripts that talk to it.
//
// A script has a command on each line that begins with `>`, and below it, after `<`, the reply that is expected, word
// for word. A command without one must answer `ok: 1`. A line that begins with `#` is for readers.

import Foundation
import SmartStore
import StoreIO
import Testing

/// A folder that is removed with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("commands-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

final class Conversation {
    let folder: TemporaryFolder
    let store: Store
    let clock = ManualTimeSource(milliseconds: 1_700_000_000_000)
    var runner: CommandRunner

    init(recordsWrites: Bool = false) throws {
        folder = try TemporaryFolder()
        var options = StoreOptions()
        options.time = clock
        options.runsBackgroundWork = false
        store = try Store.create(at: folder.file("a.store"), key: .none, options: options)
        runner = CommandRunner(store: store, actor: "tester", recordsWrites: recordsWrites)
    }

    deinit {
        runner.finish()
        try? store.close()
    }

    func ask(_ command: String) throws -> Document { runner.run(try Document(json: command)) }

    /// Runs a script.
    func expect(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var reply: (command: String, text: String)?
        func requireSuccess() {
            if let reply { #expect(reply.text.hasPrefix("{\"ok\":1"), "\(reply)", sourceLocation: sourceLocation) }
        }
        for line in script.split(separator: "\n") {
            let content = String(line.dropFirst(2))
            switch line.first {
            case ">":
                requireSuccess()
                reply = (content, try ask(content).json())
            case "<":
                let found = try #require(reply, "a reply without a command", sourceLocation: sourceLocation)
                #expect(found.text == content, "\(found.command)", sourceLocation: sourceLocation)
                reply = nil
            case "#": continue
            default: Issue.record("not a script line: \(line)", sourceLocation: sourceLocation)
            }
        }
        requireSuccess()
    }
}
