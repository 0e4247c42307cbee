// The audit log: list and verify.

import ArgumentParser
import SmartStore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows and verifies the audit log.",
        subcommands: [AuditListCommand.self, AuditVerifyCommand.self])
}

struct AuditListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Prints entries, one a line.")

    @OptionGroup var store: StoreArguments

    @Option(help: "The sequence to begin with.")
    var from: UInt64 = 1

    @Option(help: "How many to print at most.")
    var limit = 1000

    @Option(help: "Only what this actor did.")
    var actor: String?

    @Option(help: "Only this action.")
    var action: String?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must not be negative.") }
    }

    func run() throws {
        let output = format.output
        let entries = try store.reading {
            try $0.audit.entries(from: from, limit: limit, actor: actor, action: action)
        }
        for entry in entries { try output.document(entry.document) }
        try output.flush()
    }
}

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recomputes the chain and names the first entry that does not hold.",
        discussion: "The head, kept elsewhere, shows later whether the log was cut off.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var format: OutputArguments

    func run() throws {
        let result = try store.reading { try $0.audit.verify() }
        var document: Document = [
            "valid": .bool(result.isIntact), "entries": .int64(Int64(clamping: result.entryCount)),
            "head": .string(result.head),
        ]
        if let first = result.firstBad { document.append("firstBad", .int64(Int64(clamping: first))) }
        if let reason = result.reason { document.append("reason", .string(reason)) }
        let output = format.output
        try output.document(document)
        try output.flush()
        guard result.isIntact else {
            throw StoreError(
                .auditBroken, "The audit log does not hold from entry \(result.firstBad ?? 0) on.",
                remedy: "Compare it with a backup.")
        }
    }
}
