// run: one command a line in, one reply a line out, in MongoDB's command shape.
//
// Every reply is written out before the next line is read, so that a program can hold a conversation. A line that is
// no JSON document gets an error as its reply; a blank line gets none. At the end of the input, or when nobody reads
// the replies any more, a transaction that is still open is rolled back.

import ArgumentParser
import SmartStore

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Reads commands from standard input, one a line, and prints their replies.",
        discussion: """
            {"insert": "notes", "documents": [{"_id": 1}]}, {"find": "notes", "filter": {"_id": 1}}, and so on, as \
            Extended JSON. {"begin": 1}, {"commit": 1} and {"abort": 1} bracket a transaction.
            """)

    @OptionGroup var store: StoreArguments

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    @Flag(help: "Puts an entry into the audit log for every command that changes something.")
    var audit = false

    @Flag(help: "Opens the file for reading only, beside other readers.")
    var readOnly = false

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        let input = StandardInput()
        try store.withStore(readOnly: readOnly) { store in
            let runner = CommandRunner(store: store, actor: actor, recordsWrites: audit)
            defer { runner.finish() }
            let meter = IndexMeter()
            runner.onIndexBuild = { meter.update($1) }
            while let line = try input.next() {
                guard let reply = reply(to: line, from: runner) else { continue }
                meter.finish()
                try output.document(reply)
                try output.flush()
            }
        }
    }

    private func reply(to line: StandardInput.Line, from runner: CommandRunner) -> Document? {
        switch line {
        case .tooLong:
            return CommandRunner.reply(
                to: DocumentError(.tooLarge, "a line has more than \(StandardInput.lineByteLimit) bytes"))
        case .bytes(let bytes):
            guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return nil }
            let command: Document
            do { command = try ExtendedJSON.document(from: bytes, limits: Self.limits) } catch {
                return CommandRunner.reply(to: error)
            }
            return runner.run(command)
        }
    }

    /// A command may hold a document of the full size, and many of them.
    private static let limits: BSONLimits = {
        var limits = BSONLimits.standard
        limits.byteCount = 48_000_000
        return limits
    }()
}
