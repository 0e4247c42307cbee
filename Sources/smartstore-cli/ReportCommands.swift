// Looking at the whole store: collections, stats, check.

import ArgumentParser
import SmartStore

struct CollectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collections", abstract: "Prints the collections with their counts and indexes.")

    @OptionGroup var store: StoreArguments

    @Flag(help: "Also those in which the shell keeps its own records.")
    var all = false

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        for info in try store.reading({ try $0.collections() }) where all || info.name != ImportRecord.collection {
            try output.document(info.document)
        }
        try output.flush()
    }
}

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Prints counts and sizes as one document.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        try output.document(try store.withStore(readOnly: true) { try $0.statistics().document })
        try output.flush()
    }
}

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks a collection with its indexes, and says how many keys each has.",
        discussion: "Reads the whole file, as check does; the exit status is 1 when there is a finding.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Flag(help: "Also decodes every document and compares it with its indexes.")
    var full = false

    @OptionGroup var format: OutputArguments

    func run() throws {
        let command: Document = ["validate": .string(collection), "full": .bool(full)]
        var reply = try store.withStore { try $0.answer(to: command) }
        reply["ok"] = nil
        let output = format.output
        try output.document(reply)
        try output.flush()
        guard reply["valid"] == true else {
            throw StoreError(
                .corruptStructure, "The collection is not sound.",
                remedy: "Restore the file from a backup, or export what can still be read.")
        }
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads and verifies the whole file.",
        discussion: "Prints each finding on a line, then the result; the exit status is 1 when there is a finding.")

    @OptionGroup var store: StoreArguments

    @Flag(help: "Also decodes every document and compares it with its vectors (the default), or not.")
    var depth = Depth.deep

    enum Depth: String, EnumerableFlag {
        case deep
        case shallow
    }

    @OptionGroup var format: OutputArguments

    func run() throws {
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        let report = try store.withStore { store in
            try store.check(deep: depth == .deep) { share in
                meter.update(share: share)
                return true
            }
        }
        meter.finish()
        let output = format.output
        for finding in report.findings { try output.document(finding.document) }
        var result = report.document
        result["findings"] = BSONValue(report.findings.count)
        try output.document(result)
        try output.flush()
        guard report.isClean else {
            throw StoreError(
                .corruptStructure, "The check found \(report.findings.count) faults.",
                remedy: "Restore the file from a backup, or export what can still be read.")
        }
    }
}
