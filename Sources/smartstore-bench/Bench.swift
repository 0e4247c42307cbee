// The program: what it can measure, and the flags that all measurements share.

import ArgumentParser
import Foundation

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smartstore-bench",
        abstract: "Measures SmartStore on this machine.",
        discussion: """
            Tables go to standard output, progress to standard error. Files are made in a folder of their own, \
            which is removed at the end. Give --folder a place on the disk that is to be measured: the default \
            temporary folder may be in memory.
            """,
        subcommands: [
            DocumentsBench.self, VectorsBench.self, CommitsBench.self, PagesBench.self, FirstAnswer.self,
        ])
}

/// Flags of every measurement.
struct SharedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write the figures to this file as JSON.", valueName: "path"))
    var json: String?

    @Option(help: ArgumentHelp("Where to make the folder for the measured files.", valueName: "path"))
    var folder: String?

    /// Makes a folder for the run and removes it afterwards, also when the run throws.
    func withScratchFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
        let files = FileManager.default
        let parent = folder.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? files.temporaryDirectory
        let scratch = parent.appendingPathComponent("smartstore-bench-\(UUID().uuidString)", isDirectory: true)
        try files.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: scratch) }
        return try await body(scratch)
    }

    /// Writes the figures where `--json` says. Figures that were not measured are left out.
    func write(_ info: RunInfo, _ figures: some Encodable) throws {
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(Together(info: info, figures: figures))
        data.append(0x0A)
        try data.write(to: URL(fileURLWithPath: json), options: .atomic)
    }
}

/// Two sets of figures as one JSON object.
private struct Together<Figures: Encodable>: Encodable {
    let info: RunInfo
    let figures: Figures

    func encode(to encoder: any Encoder) throws {
        try info.encode(to: encoder)
        try figures.encode(to: encoder)
    }
}

/// A measurement that cannot go on, in a sentence for the user.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
