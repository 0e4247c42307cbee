import ArgumentParser
import StoreTrials

/// Runs the trials for as long as they are given and writes the report.
@main
struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "smartstore-prove", abstract: "Runs the trials.")

    @Option var row = "crash-pages"
    @Option var seed: UInt64 = 1
    @Option var cases: UInt64 = 2000

    func run() throws {
        let trials: [any Trial] = [CrashTrial(.pages), CrashTrial(.store), RecoveryCrashTrial(.pages), RecoveryCrashTrial(.store)]
        let trial = trials.first { $0.row.name == row }!
        let start = ContinuousClock.now
        let outcome = trial.run(seed: seed, budget: TrialBudget(cases: cases))
        print(outcome, ContinuousClock.now - start)
    }
}
