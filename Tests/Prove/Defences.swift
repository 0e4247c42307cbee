import ArgumentParser
import Foundation
import StoreTrials

// `smartstore-prove defences`: in a build with switches, every defence is switched off once, and the trial that guards
// it must fail. With all on, the same cases must pass. Each is tried in a process of its own: without a defence the
// engine may also trap or hang, which counts as a failure seen.

struct Defences: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Switches each defence off and demands a failure.")

    @OptionGroup var places: Places
    @Option(help: "Seconds for each defence at most.")
    var seconds = 60.0
    @Option(help: "Defences to try, separated by commas; all of them when empty.")
    var only = ""
    @Flag(help: .hidden)
    var inner = false

    func run() throws {
        guard DefenceTable.switchOff(nil) else {
            throw ValidationError("This build has no switches; use `make prove-defences`.")
        }
        let wanted = Set(only.split(separator: ",").map(String.init))
        let chosen = DefenceTable.all.filter { wanted.isEmpty || wanted.contains($0.defence) }
        if inner {
            for entry in chosen { try runInner(entry) }
            return
        }
        var state = try ProveState.load(places.statePath)
        var unseen = 0
        for entry in chosen {
            let figures = try figures(of: entry)
            if figures.cases == nil { unseen += 1 }
            print("\(entry.defence) off, \(entry.trial.row.name): \(figures.failure)")
            fflush(nil)
            state.defences.removeAll { $0.defence == entry.defence }
            state.defences.append(figures)
            try state.save(places.statePath)
        }
        try ProveReport(state: state, out: places.out, commit: places.revision).write(to: places.report)
        if unseen > 0 { throw ExitCode(1) }
    }

    /// Tries one defence here. The first line says how the trial failed, the second whether it passes with all on.
    private func runInner(_ entry: DefenceGuard) throws {
        _ = DefenceTable.switchOff(entry.defence)
        var budget = TrialBudget(time: .milliseconds(Int64(seconds * 1000)))
        budget.cases = entry.cases
        let outcome = entry.trial.run(seed: entry.seed, budget: budget)
        _ = DefenceTable.switchOff(nil)
        guard let failure = outcome.failures.first else { return print("passed \(outcome.cases)") }
        print("failed \(outcome.cases) \(failure.replacingOccurrences(of: "\n", with: " "))")
        fflush(nil)
        let again = entry.trial.run(seed: entry.seed, budget: TrialBudget(cases: outcome.cases))
        print("on: \(again.failures.first ?? "passes")")
    }

    private func figures(of entry: DefenceGuard) throws -> DefenceFigures {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["defences", "--inner", "--only", entry.defence, "--seconds", "\(seconds)"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // A trial that hangs without its defence is ended; a trial that only takes its time is not.
        let pid = process.processIdentifier
        let limit = DispatchWorkItem { kill(pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds * 3 + 10, execute: limit)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        limit.cancel()
        let lines = text.split(separator: "\n").map(String.init)
        var figures = DefenceFigures(
            defence: entry.defence, trial: entry.trial.row.name, cases: nil,
            failure: ["Not seen failing.", entry.remark].joined(separator: " "),
            commit: places.revision)
        if let first = lines.first(where: { $0.hasPrefix("failed ") }) {
            let parts = first.split(separator: " ", maxSplits: 2)
            figures.failure = parts.count > 2 ? String(parts[2]) : first
            if lines.contains("on: passes") {
                figures.cases = UInt64(parts[1])
            } else {
                figures.failure = "with all defences on: \(lines.last ?? "") (off: \(figures.failure))"
            }
        } else if process.terminationReason == .uncaughtSignal {
            figures.failure = "the process ended by signal \(process.terminationStatus)"
            figures.cases = 0
        }
        return figures
    }
}
