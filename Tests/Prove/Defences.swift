import ArgumentParser
import Foundation
import StoreTrials

// `smartstore-prove defences`: in a build with switches, every defence is switched off once, and the trial that guards
// it must fail. With all on, the same cases must pass.

struct Defences: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Switches each defence off and demands a failure.")

    @OptionGroup var places: Places
    @Option(help: "Seconds for each defence at most.")
    var seconds = 60.0
    @Option(help: "Defences to try, separated by commas; all of them when empty.")
    var only = ""

    func run() throws {
        guard DefenceTable.switchOff(nil) else {
            throw ValidationError("This build has no switches; use `make prove-defences`.")
        }
        var state = try ProveState.load(places.statePath)
        let commit = places.revision
        let wanted = Set(only.split(separator: ",").map(String.init))
        var unseen: [String] = []
        for entry in DefenceTable.all where wanted.isEmpty || wanted.contains(entry.defence) {
            _ = DefenceTable.switchOff(entry.defence)
            var budget = TrialBudget(time: .milliseconds(Int64(seconds * 1000)))
            budget.cases = entry.cases
            let outcome = entry.trial.run(seed: entry.seed, budget: budget)
            _ = DefenceTable.switchOff(nil)
            var failure = outcome.failures.first ?? ""
            if !failure.isEmpty {
                // The same cases with every defence on.
                let again = entry.trial.run(seed: entry.seed, budget: TrialBudget(cases: outcome.cases))
                if let wrong = again.failures.first { failure = "FAILS WITH ALL DEFENCES ON: \(wrong)" }
                if !again.failures.isEmpty { unseen.append(entry.defence) }
            } else {
                unseen.append(entry.defence)
            }
            print("\(entry.defence) off, \(entry.trial.row.name): \(failure.isEmpty ? "NOT SEEN FAILING" : failure)")
            fflush(nil)
            state.defences.removeAll { $0.defence == entry.defence }
            state.defences.append(
                DefenceFigures(
                    defence: entry.defence, trial: entry.trial.row.name,
                    cases: outcome.failures.isEmpty ? nil : outcome.cases, failure: failure, commit: commit))
            try state.save(places.statePath)
        }
        try ProveReport(state: state, out: places.out, commit: commit).write(to: places.report)
        if !unseen.isEmpty { throw ExitCode(1) }
    }
}
