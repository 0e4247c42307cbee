import Foundation
import StoreTrials

// The figures of all runs, kept as JSON: what a row did on which commit, and where the next run goes on.

/// One row on one commit.
struct RowFigures: Codable {
    var row: String
    var commit: String
    var date: String
    var cases: UInt64 = 0
    var rounds: UInt64 = 0
    var seconds = 0.0
    /// Seeds of the rounds: from the first up to, not including, the next.
    var firstSeed: UInt64
    var nextSeed: UInt64
    var failures: [String] = []
}

/// A row that a script ran, as the script wrote it down.
struct ForeignFigures: Codable {
    var row: String
    var cases: UInt64
    var failures: [String]
    var seconds: Double
    var note: String?
}

/// One line of the table of defences.
struct DefenceFigures: Codable {
    var defence: String
    var trial: String
    /// Cases until the first failure with the defence off; nil: none was seen.
    var cases: UInt64?
    var failure: String
    var commit: String
}

struct ProveState: Codable {
    var figures: [RowFigures] = []
    var defences: [DefenceFigures] = []

    static func load(_ path: String) throws -> ProveState {
        guard let data = FileManager.default.contents(atPath: path) else { return ProveState() }
        return try JSONDecoder().decode(ProveState.self, from: data)
    }

    func save(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let place = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode(self).write(to: place, options: .atomic)
    }

    private func index(_ row: String, _ commit: String) -> Int? {
        figures.firstIndex { $0.row == row && $0.commit == commit }
    }

    func nextSeed(_ row: String, commit: String) -> UInt64 { index(row, commit).map { figures[$0].nextSeed } ?? 1 }

    mutating func add(_ result: RunResult, row: String, commit: String, first: UInt64) {
        let today = String(ISO8601DateFormatter().string(from: Date()).prefix(10))
        let place =
            index(row, commit)
            ?? {
                figures.append(
                    RowFigures(row: row, commit: commit, date: today, firstSeed: first, nextSeed: first))
                return figures.count - 1
            }()
        figures[place].date = today
        figures[place].cases += result.outcome.cases
        figures[place].rounds += result.rounds
        figures[place].seconds += result.seconds
        figures[place].firstSeed = min(figures[place].firstSeed, first)
        figures[place].nextSeed = max(figures[place].nextSeed, first &+ result.rounds)
        figures[place].failures += result.outcome.failures
    }

    static func gitRevision() -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "rev-parse", "--short", "HEAD"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "unknown" }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "unknown" : text
    }
}
