import StoreTestSupport
import StoreTrials
import Testing

/// Crashes after every write, resize, sync and name of small workloads, with unsynced operations dropped, kept,
/// reordered, torn and turned to garbage; and the same in the recovery from that. Promises D1 to D5, and the full
/// meaning of "nothing lost".
///
/// 110,000 images; about two minutes on one core. `make prove` runs the same trials for as long as it is given.
@Suite("Crashes")
struct CrashTests {
    @Test(
        "a crash at any I/O step loses nothing acknowledged, shows one commit and leaves a sound file",
        arguments: [(TrialLevel.pages, 1000 as UInt64), (.pages, 2000), (.store, 3000), (.store, 4000)])
    func everyStep(level: TrialLevel, seed: UInt64) {
        let trial = CrashTrial(level)
        let outcome = trial.run(seed: seed, budget: TrialBudget(cases: trial.row.everyChange / 2))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange / 2)
    }

    @Test(
        "a crash in recovery, and in the recovery from that, three deep, changes nothing of the outcome",
        arguments: [(TrialLevel.pages, 500 as UInt64), (.store, 600)])
    func inRecovery(level: TrialLevel, seed: UInt64) {
        let trial = RecoveryCrashTrial(level)
        let outcome = trial.run(seed: seed, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test(
        "what once failed holds",
        arguments: [
            // The file's name was not certain before its first commit, when creation failed at the folder's sync.
            (TrialLevel.pages, "update"), (.store, "insert"),
            // A commit whose write failed was found after reopening: zeros behind a short write were its end.
            (.pages, "churn"),
        ])
    func bugsOfBefore(level: TrialLevel, workload: String) throws {
        let seed = try #require(ErrorTrial.seed(level, workload: workload, effect: .short(errno: 5)))
        let outcome = ErrorTrial(level).round(seed: seed, budget: TrialBudget(cases: 1_000))
        #expect(outcome.failures == [])
    }
}
