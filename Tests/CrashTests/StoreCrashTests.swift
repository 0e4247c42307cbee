import StoreTrials
import Testing

/// Crashes after every write, resize, sync and name of small workloads, with unsynced operations dropped, kept,
/// reordered, torn and turned to garbage. Promises D1, D2 and D5, and the full meaning of "nothing lost".
///
/// A hundred thousand images; about two minutes on one core. `smartstore-prove` runs the same trials for longer.
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
}
