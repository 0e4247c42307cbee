// The comparison: rounds in which everyone runs once, in an order that turns, each run a process of its own.

import ArgumentParser
import Foundation

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Runs everyone in rounds and prints figures and ratios (the default).",
        discussion: """
            Tables go to standard output, progress to standard error. Files are made in a folder of their own below \
            --folder, which is removed at the end. Everything has the same documents, the same query values and the \
            same cache. Figures are medians over the rounds.
            """)

    @Option(help: "The path of smartstore-bench.") var smartstore = "../.build/release/smartstore-bench"
    @Option(help: "How many documents.") var documents = 1_000_000
    @Option(help: "Rounds; figures are medians.") var rounds = 3
    @Option(help: "Seconds for each row of single operations.") var seconds = 2.0
    @Option(help: "Where to make the folder for the measured files: a place on the disk to be measured.")
    var folder = "."
    @Option(help: "Only these, separated by commas: plain, encrypted, sqlite, sqlcipher, lmdb, rocksdb, wiredtiger.")
    var only: String?
    @Option(help: "MiB of cache.") var cache = 256
    @Option(help: "Seed of documents and queries.") var seed: UInt64 = 1
    @Flag(help: "Divide by processor time where nothing waits for the disk: for a look on a busy machine.")
    var processorTime = false
    @Option(help: "Write every figure to this file as JSON.") var json: String?
    @Option(help: "Draw the ratios to this file as SVG.") var plot: String?

    func validate() throws {
        guard documents >= 1000, rounds >= 1, seconds > 0, cache > 0 else {
            throw ValidationError("--documents must be at least 1000; --rounds, --seconds and --cache above 0")
        }
        _ = try contestants()
    }

    private func contestants() throws -> [Contestant] {
        guard let only else { return Contestant.allCases }
        let names = only.split(separator: ",").map(String.init)
        if let unknown = names.first(where: { Contestant(rawValue: $0) == nil }) {
            throw ValidationError("--only: nobody is called '\(unknown)'")
        }
        return Contestant.allCases.filter { names.contains($0.rawValue) }
    }

    func run() throws {
        let files = FileManager.default
        let contestants = try contestants()
        guard files.isExecutableFile(atPath: smartstore) else {
            throw PeerError("\(smartstore) is not there: build it, or name it with --smartstore")
        }
        let scratch = URL(fileURLWithPath: folder).appendingPathComponent("document-peers-\(UUID().uuidString)").path
        try files.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: scratch) }

        let corpus = scratch + "/corpus.bson"
        Progress.step("\(documents) documents into a file")
        let export = ["documents", "--export", corpus, "--documents", "\(documents)", "--seed", "\(seed)"]
        _ = try Child.run(smartstore, export)

        var report = ComparisonReport(
            documents: documents, rounds: rounds, seconds: seconds, cacheMiB: cache, seed: seed)
        for round in 0..<rounds {
            let turn = round % contestants.count
            for contestant in contestants[turn...] + contestants[..<turn] {
                Progress.step("round \(round + 1) of \(rounds): \(contestant.title)")
                let place = scratch + "/\(contestant.rawValue)"
                try files.createDirectory(atPath: place, withIntermediateDirectories: true)
                // What others wrote is not to be waited for in the next one's syncs.
                sync()
                do {
                    let findings = try measure(contestant, corpus: corpus, in: place)
                    report.add(contestant, findings)
                } catch {
                    Progress.step("FAILED: \(contestant.title): \(error)")
                    report.fail(contestant, "\(error)")
                }
                try files.removeItem(atPath: place)
            }
        }
        try report.checkSameWork()
        print(report.markdown())
        if let json { try report.write(to: json) }
        if let plot { try RatioPlot(report).write(to: plot) }
        guard report.failures.isEmpty else { throw ExitCode.failure }
    }

    private var clock: [String] { processorTime ? ["--processor-time"] : [] }

    private func measure(_ contestant: Contestant, corpus: String, in place: String) throws -> Findings {
        if contestant.isOurs {
            let out = place + "/figures.json"
            _ = try Child.run(
                smartstore,
                [
                    "documents", "--\(contestant.rawValue)", "--documents", "\(documents)", "--seconds", "\(seconds)",
                    "--cache", "\(cache)m", "--seed", "\(seed)", "--folder", place, "--json", out,
                ] + clock)
            let data = try Data(contentsOf: URL(fileURLWithPath: out))
            return try JSONDecoder().decode(OurReport.self, from: data).findings(contestant)
        }
        var environment = ProcessInfo.processInfo.environment
        if contestant == .sqlcipher { environment["LD_PRELOAD"] = "libsqlcipher.so.0" }
        let output = try Child.run(
            Child.thisProgram,
            [
                "measure", contestant.rawValue, "--corpus", corpus, "--folder", place,
                "--cache", "\(cache << 20)", "--seconds", "\(seconds)", "--seed", "\(seed)",
            ] + clock, environment)
        return try JSONDecoder().decode(Findings.self, from: output)
    }
}

/// What `smartstore-bench documents --json` writes.
private struct OurReport: Decodable {
    let commit: String
    let corpusChecksum: String
    let queryChecksum: String
    let answersChecksum: String
    let stores: [String: [Findings.Figure]]

    private enum CodingKeys: String, CodingKey {
        case commit, stores
        case corpusChecksum = "corpus_checksum"
        case queryChecksum = "query_checksum"
        case answersChecksum = "answers_checksum"
    }

    func findings(_ contestant: Contestant) throws -> Findings {
        guard let rows = stores[contestant.rawValue] else { throw PeerError("no figures of \(contestant.rawValue)") }
        return Findings(
            rows: rows, library: "commit \(commit)", corpusChecksum: corpusChecksum, queryChecksum: queryChecksum,
            answersChecksum: answersChecksum)
    }
}

enum Child {
    static var thisProgram: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }

    /// Runs a program to its end and gives its standard output; its standard error is ours.
    static func run(_ program: String, _ arguments: [String], _ environment: [String: String]? = nil) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        if let environment { process.environment = environment }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw PeerError(
                "\(program) \(arguments.prefix(2).joined(separator: " ")) ended with \(process.terminationStatus)")
        }
        return data
    }

    /// The first line of a program's output; nil when it fails.
    static func line(_ arguments: [String]) -> String? {
        let output = try? run("/usr/bin/env", arguments)
        return output.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").first.map(String.init) }
    }
}
