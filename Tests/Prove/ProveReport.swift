import Foundation
import StoreTrials

// The report: tables between two markers of Tests/PROOF.md; what stands around them is left alone.

struct ProveReport {
    let state: ProveState
    let out: String
    let commit: String

    private static let begin = "<!-- figures: written by smartstore-prove -->"
    private static let end = "<!-- end of figures -->"

    func write(to path: String) throws {
        let old = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        var text = old ?? "# Proof\n\n\(Self.begin)\n\(Self.end)\n"
        guard let start = text.range(of: Self.begin), let stop = text.range(of: Self.end) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        text.replaceSubrange(start.upperBound..<stop.lowerBound, with: "\n\n" + body() + "\n")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        print("report: \(path)")
    }

    private func body() -> String {
        var lines = [
            "Newest commit proved: `\(commit)`. *Here* is what this commit has been through, *all* what every commit has.",
            "", "| row | unit | every change | release | here | all | time | seeds | failures here | remark |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        for trial in TrialTable.all { lines.append(line(trial.row)) }
        let foreign = foreignRows()
        if !foreign.isEmpty {
            lines += [
                "", "Rows run by scripts:", "", "| row | cases | time | failures | remark |", "|---|---|---|---|---|",
            ]
            for row in foreign {
                let time = Self.time(row.seconds)
                let remark = row.note ?? ""
                lines.append(
                    "| \(row.row) | \(Self.number(row.cases)) | \(time) | \(row.failures.count) | \(remark) |")
            }
        }
        let failures = state.figures.flatMap { figures in figures.failures.map { (figures.commit, $0) } }
        if !failures.isEmpty {
            lines += ["", "Failures seen, with the commit that had them:", ""]
            lines += failures.map { "- `\($0)`: \($1)" }
        }
        if !state.defences.isEmpty { lines += [""] + defenceLines() }
        return lines.joined(separator: "\n")
    }

    private func line(_ row: TrialRow) -> String {
        let all = state.figures.filter { $0.row == row.name }
        let here = all.first { $0.commit == commit }
        let seeds = here.map { "\($0.firstSeed)–\($0.nextSeed &- 1)" } ?? "–"
        let release = row.release == 0 ? "all" : Self.number(row.release)
        let reached = here?.cases ?? 0
        var remark = row.remark
        if row.release > 0, reached < row.release {
            remark += remark.isEmpty ? "" : " "
            remark += String(format: "%.2g %% of a release.", Double(reached) / Double(row.release) * 100)
        }
        let cells = [
            row.title, row.unit, row.everyChange == 0 ? "all" : Self.number(row.everyChange), release,
            Self.number(reached), Self.number(all.reduce(0) { $0 + $1.cases }), Self.time(here?.seconds ?? 0), seeds,
            "\(here?.failures.count ?? 0)", remark,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private func defenceLines() -> [String] {
        var lines = [
            "Each defence switched off, and what its trial saw first. On, every one of these trials passes.", "",
            "| defence | trial | cases until it failed | first failure | commit |", "|---|---|---|---|---|",
        ]
        for figures in state.defences {
            let cases = figures.cases.map(Self.number) ?? "**not seen failing**"
            let failure = figures.failure.replacingOccurrences(of: "|", with: "/")
            lines.append(
                "| \(figures.defence) | \(figures.trial) | \(cases) | \(failure.prefix(220)) | `\(figures.commit)` |")
        }
        return lines
    }

    private func foreignRows() -> [ForeignFigures] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
        return names.sorted().flatMap { name -> [ForeignFigures] in
            guard name.hasPrefix("prove-"), name.hasSuffix(".json"), name != "prove-state.json",
                let data = FileManager.default.contents(atPath: out + "/" + name)
            else { return [] }
            let decoder = JSONDecoder()
            if let one = try? decoder.decode(ForeignFigures.self, from: data) { return [one] }
            return (try? decoder.decode([ForeignFigures].self, from: data)) ?? []
        }
    }

    private static func number(_ value: UInt64) -> String {
        var text = String(value)
        var place = text.count - 3
        while place > 0 {
            text.insert(",", at: text.index(text.startIndex, offsetBy: place))
            place -= 3
        }
        return text
    }

    private static func time(_ seconds: Double) -> String {
        seconds < 120 ? "\(Int(seconds)) s" : "\(Int(seconds / 60)) min"
    }
}
