// The shell: one command a call. Results go to standard output as JSON, messages to standard error; the exit status
// is 0, 1 when the operation failed, 2 when it was called wrongly.

import ArgumentParser
import SmartStore

struct SmartStoreCLI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smartstore-cli",
        abstract: "Documents, vectors, cache and audit log in one encrypted file.",
        discussion: """
            The key comes from --key-file, --passphrase-file, the variable SMARTSTORE_PASSPHRASE, or a prompt. \
            Results are JSON on standard output; the exit status is 0, 1 (the operation failed) or 2 (bad usage).
            """,
        version: CommandRunner.version,
        subcommands: [
            CreateCommand.self, ImportCommand.self, ExportCommand.self, ExportVectorsCommand.self, FindCommand.self,
            CountCommand.self, DistinctCommand.self, AggregateCommand.self, ExplainCommand.self, GetCommand.self,
            InsertCommand.self, UpdateCommand.self, DeleteCommand.self, SearchCommand.self, IndexCommand.self,
            CollectionsCommand.self, StatsCommand.self, ValidateCommand.self, CheckCommand.self,
            BackupCommand.self, RestoreCommand.self, SalvageCommand.self, CompactCommand.self, RekeyCommand.self,
            RotateCommand.self, AnchorCommand.self, AuditCommand.self, CacheCommand.self, RunCommand.self,
            ConvertCommand.self, VersionCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

    func run() throws {
        let output = StandardOutput()
        try output.line(CommandRunner.version)
        try output.flush()
    }
}

@main
enum Entry {
    static func main() {
        Terminal.ignoreBrokenPipes()
        do {
            var command = try SmartStoreCLI.parseAsRoot()
            try command.run()
        } catch {
            Failure.end(with: error)
        }
    }
}
