import ArgumentParser
import Foundation
import StoreTrials

// The tool behind `make prove`: runs the rows of the table for as long as it is given, adds what it did to what was done
// before on the same commit, and writes the report. Ends with 1 when anything failed.

@main
struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smartstore-prove", abstract: "Runs the trials and writes the report.",
        subcommands: [Run.self, Replay.self, Rows.self, Report.self, Defences.self, Worker.self, SecretsWorker.self],
        defaultSubcommand: Run.self)
}

/// Where the figures are kept.
struct Places: ParsableArguments {
    @Option(help: "The folder of the figures, and of what scripts leave there.")
    var out = "out"
    @Option(help: "The report that is written.")
    var report = "Tests/PROOF.md"
    @Option(help: "The commit that is proved; empty: asked of git.")
    var commit = ""

    var statePath: String { out + "/prove-state.json" }

    var revision: String { commit.isEmpty ? ProveState.gitRevision() : commit }
}

/// `smartstore-prove run`
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs trials for some minutes, then writes the report.")

    @OptionGroup var places: Places
    @Option(help: "Minutes for all rows together, shared out by weight.")
    var minutes = 30.0
    @Option(help: "Rows to run, separated by commas; all of them when empty.")
    var rows = ""
    @Option(help: "Threads.")
    var jobs = 2
    @Option(help: "Seed of the first round; empty: where the last run ended.")
    var seed: UInt64?

    func run() throws {
        let chosen = try Rows.chosen(rows)
        let trials = chosen.filter { $0.isPossible }
        for trial in chosen where !trial.isPossible { print("\(trial.row.name): not possible here") }
        var state = try ProveState.load(places.statePath)
        let revision = places.revision
        let total = trials.reduce(0) { $0 + $1.row.weight }
        var failed = false
        for trial in trials {
            let seconds = minutes * 60 * trial.row.weight / total
            let first = seed ?? state.nextSeed(trial.row.name, commit: revision)
            let result = TrialRunner(trial: trial, jobs: jobs, first: first, seconds: seconds).run()
            failed = failed || !result.outcome.failures.isEmpty
            state.add(result, row: trial.row.name, commit: revision, first: first)
            try state.save(places.statePath)
        }
        try ProveReport(state: state, out: places.out, commit: revision).write(to: places.report)
        if failed { throw ExitCode(1) }
    }
}

/// `smartstore-prove replay ROW --seed N`
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs one round again, by its seed.")

    @Argument(help: "The row.")
    var row: String
    @Option(help: "The seed that the failure named.")
    var seed: UInt64
    @Option(help: "Cases at most.")
    var cases = UInt64.max

    func run() throws {
        let trial = try Rows.chosen(row)[0]
        let outcome = trial.round(seed: seed, budget: TrialBudget(cases: cases))
        print("\(row), seed \(seed): \(outcome.cases) \(trial.row.unit)")
        for failure in outcome.failures { print(failure) }
        if !outcome.failures.isEmpty { throw ExitCode(1) }
    }
}

/// `smartstore-prove rows`
struct Rows: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the rows.")

    func run() {
        for trial in TrialTable.all { print("\(trial.row.name): \(trial.row.title), in \(trial.row.unit)") }
    }

    static func chosen(_ names: String) throws -> [any Trial] {
        guard !names.isEmpty else { return TrialTable.all }
        return try names.split(separator: ",").map { name in
            guard let trial = TrialTable.trial(String(name)) else { throw ValidationError("There is no row \(name).") }
            return trial
        }
    }
}

/// `smartstore-prove report`
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes the report anew from the figures kept.")

    @OptionGroup var places: Places

    func run() throws {
        let state = try ProveState.load(places.statePath)
        try ProveReport(state: state, out: places.out, commit: places.revision).write(to: places.report)
    }
}

/// `smartstore-prove worker PATH --seed N`: what the kill trial kills.
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Commits batches until it is killed.", shouldDisplay: false)

    @Argument var path: String
    @Option var seed: UInt64
    @Option var batches = UInt64.max
    @Flag var create = false

    func run() throws { try KillJob(seed: seed, path: path).work(batches: batches, creating: create) }
}

/// `smartstore-prove secrets-worker FOLDER --seed N`: what the secrets trial dumps.
struct SecretsWorker: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Closes a store and waits.", shouldDisplay: false)

    @Argument var folder: String
    @Option var seed: UInt64

    func run() throws { try SecretsJob(seed: seed, folder: folder).work() }
}
