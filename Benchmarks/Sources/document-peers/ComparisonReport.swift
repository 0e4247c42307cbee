// All figures of a comparison, their medians and ratios, as a table in Markdown and as JSON.

import Foundation

struct ComparisonReport: Encodable {
    let machine = Machine()
    let command = (["document-peers"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    let date = ISO8601DateFormatter().string(from: Date())
    let documents: Int
    let rounds: Int
    let seconds: Double
    let cacheMiB: Int
    let seed: UInt64
    private(set) var runs: [String: [Findings]] = [:]
    private(set) var failures: [String: String] = [:]

    init(documents: Int, rounds: Int, seconds: Double, cacheMiB: Int, seed: UInt64) {
        (self.documents, self.rounds, self.seconds) = (documents, rounds, seconds)
        (self.cacheMiB, self.seed) = (cacheMiB, seed)
    }

    mutating func add(_ contestant: Contestant, _ findings: Findings) {
        runs[contestant.rawValue, default: []].append(findings)
    }

    mutating func fail(_ contestant: Contestant, _ reason: String) { failures[contestant.rawValue] = reason }

    /// Everyone must have read the same documents, drawn the same query values and given the same answers.
    func checkSameWork() throws {
        let all = runs.values.flatMap { $0 }
        let answers = Set(all.map(\.answersChecksum)).subtracting([""])
        guard Set(all.map(\.corpusChecksum)).count <= 1, Set(all.map(\.queryChecksum)).count <= 1, answers.count <= 1
        else {
            let sums = runs.map { name, findings in
                "\(name): \(findings[0].corpusChecksum), \(findings[0].queryChecksum), \(findings[0].answersChecksum)"
            }
            throw PeerError("not everyone did the same work: " + sums.sorted().joined(separator: "; "))
        }
    }

    // MARK: Figures

    var contestants: [Contestant] { Contestant.allCases.filter { runs[$0.rawValue] != nil } }

    func figure(_ row: Row, _ contestant: Contestant) -> Double? {
        let values = (runs[contestant.rawValue] ?? []).compactMap { $0[row] }.sorted()
        guard !values.isEmpty else { return nil }
        let middle = values.count / 2
        return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
    }

    /// How much better `first` is than `second`.
    func ratio(_ row: Row, _ first: Contestant, over second: Contestant) -> Double? {
        guard let ours = figure(row, first), let theirs = figure(row, second), ours > 0, theirs > 0 else { return nil }
        return row.ratio(ours, over: theirs)
    }

    /// The ratios that have something to reach.
    struct Comparison: Encodable {
        let row: String
        let name: String
        let ratio: Double
        let wanted: Double?
    }

    var comparisons: [Comparison] {
        Row.allCases.flatMap { row in
            let lmdb = row == .get ? 0.5 : nil
            let pairs: [(String, Contestant, Contestant, Double?)] = [
                ("SmartStore / SQLite", .plain, .sqlite, row.wantedOverSQLite),
                ("encrypted / plain", .encrypted, .plain, row.wantedOverPlain),
                ("SmartStore / LMDB", .plain, .lmdb, lmdb),
                ("encrypted / sqlcipher", .encrypted, .sqlcipher, nil),
                ("SmartStore / RocksDB", .plain, .rocksdb, nil),
                ("SmartStore / WiredTiger", .plain, .wiredtiger, nil),
            ]
            return pairs.compactMap { name, first, second, wanted in
                ratio(row, first, over: second).map {
                    Comparison(row: row.rawValue, name: name, ratio: $0, wanted: wanted)
                }
            }
        }
    }

    // MARK: Text

    func markdown() -> String {
        var lines = [
            "\(machine.cpu), \(machine.cores) cores, \(machine.system), load \(machine.load) at the start",
            "\(command) (\(date))",
            "\(documents) documents, medians of \(rounds) rounds, \(cacheMiB) MiB of cache; a second, or as said", "",
            "## Figures", "",
        ]
        lines += Self.table(
            ["row"] + contestants.map(\.title),
            Row.allCases.map { row in
                [row.rawValue] + contestants.map { Self.text(figure(row, $0), row) }
            })
        let names = Self.unique(comparisons.map(\.name))
        if !names.isEmpty {
            lines += [
                "", "## Ratios: above 1 is better, also where less is better; **bold** misses what is wanted", "",
            ]
            lines += Self.table(
                ["row"] + names,
                Row.allCases.map { row in
                    [row.rawValue]
                        + names.map { name in
                            comparisons.first { $0.row == row.rawValue && $0.name == name }.map(Self.text) ?? "—"
                        }
                })
        }
        let missed = comparisons.filter { $0.ratio < $0.wanted ?? 0 }
        lines += [
            "", "\(comparisons.filter { $0.wanted != nil }.count - missed.count) reached, \(missed.count) missed",
        ]
        lines += missed.map {
            "- \($0.row): \($0.name) \(Self.short($0.ratio)), wanted \(Self.short($0.wanted ?? 0))"
        }
        if let first = contestants.lazy.compactMap({ runs[$0.rawValue]?.first }).first {
            lines += [
                "",
                "The same for all: documents \(first.corpusChecksum), query values \(first.queryChecksum)"
                    + (first.answersChecksum.isEmpty ? "" : ", answers \(first.answersChecksum)"),
            ]
        }
        lines += ["", "— : a row that a peer has no means for, or that was not run.", ""]
        for contestant in contestants {
            let last = runs[contestant.rawValue]?.last
            let package = contestant.package.flatMap { Machine.version(ofPackage: $0) }.map { ", \($0)" } ?? ""
            lines.append("- \(contestant.title): \(last?.library ?? "")\(package)")
            lines += (last?.notes ?? []).map { "    - \($0)" }
        }
        lines += failures.sorted { $0.key < $1.key }.map { "- FAILED: \($0.key): \($0.value)" }
        if machine.load > 1 { lines.append("\nThe machine was busy (load \(machine.load)): these figures say little.") }
        return lines.joined(separator: "\n")
    }

    private static func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func text(_ comparison: Comparison) -> String {
        let text = short(comparison.ratio)
        return comparison.ratio < comparison.wanted ?? 0 ? "**\(text)**" : text
    }

    static func short(_ ratio: Double) -> String {
        String(format: ratio < 10 ? "%.2f" : ratio < 100 ? "%.1f" : "%.0f", ratio)
    }

    private static func text(_ value: Double?, _ row: Row) -> String {
        guard let value else { return "—" }
        let digits = row.kind == .seconds ? 3 : row.kind == .mebibytes ? 1 : 0
        let parts = String(format: "%.\(digits)f", value).split(separator: ".")
        var whole = ""
        for (place, digit) in parts[0].reversed().enumerated() {
            if place > 0, place % 3 == 0 { whole.append(",") }
            whole.append(digit)
        }
        return String(whole.reversed()) + (parts.count > 1 ? "." + parts[1] : "")
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let fill = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + fill : fill + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { column, width in
            String(repeating: "-", count: width + (column == 0 ? 2 : 1)) + (column == 0 ? "" : ":")
        }
        return [line(head), "|" + rule.joined(separator: "|") + "|"] + rows.map(line)
    }

    // MARK: JSON

    private struct Whole: Encodable {
        let report: ComparisonReport
        let medians: [String: [Findings.Figure]]

        private enum Key: String, CodingKey { case medians, comparisons }

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(medians, forKey: .medians)
            try container.encode(report.comparisons, forKey: .comparisons)
        }
    }

    func write(to path: String) throws {
        var medians: [String: [Findings.Figure]] = [:]
        for contestant in contestants {
            medians[contestant.rawValue] = Row.allCases.compactMap { row in
                figure(row, contestant).map { Findings.Figure(row: row.rawValue, value: $0) }
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(Whole(report: self, medians: medians))
        data.append(0x0A)
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

/// Where it was measured.
struct Machine: Encodable {
    let cpu: String
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let system = ProcessInfo.processInfo.operatingSystemVersionString
    /// Over the last minute, when the run began.
    let load: Double

    init() {
        func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        let name = text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        cpu = name?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        load = text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// Debian's version of an installed package.
    static func version(ofPackage package: String) -> String? {
        Child.line(["dpkg-query", "-W", "-f", "${Package} ${Version}", package])
    }
}
