import StoreTrials
import Testing

/// Trials of a running store: errors of the disk, random operations, interleaved threads, nonces, locks. About two
/// minutes on one core.
@Suite("Running trials")
struct RunningTrialTests {
    @Test(
        "after an error at any call to the disk nothing false is reported, and reopening shows the oracle's state",
        arguments: [(TrialLevel.pages, 1 as UInt64), (.store, 2)])
    func errors(level: TrialLevel, seed: UInt64) {
        // Every effect meets a workload; every call of it, in turn, over the rounds of a long run.
        let trial = ErrorTrial(level, stride: level == .pages ? 5 : 23)
        let outcome = trial.run(seed: seed, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("any sequence of verbs leaves store and oracle alike", arguments: [1, 2] as [UInt64])
    func randomModel(seed: UInt64) {
        let trial = ModelTrial()
        let outcome = trial.run(seed: seed * 1000, budget: TrialBudget(cases: trial.row.everyChange / 2))
        #expect(outcome.failures == [])
    }

    @Test(
        "any sequence of vectors, searches, snapshots, checkpoints and crashes finds what exact search finds",
        arguments: [100, 200, 300] as [UInt64])
    func vectorModel(seed: UInt64) {
        let trial = VectorModelTrial()
        let outcome = trial.run(seed: seed, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("readers see their own commit under a thousand schedules of writer, checkpoint and readers")
    func interleavings() {
        let trial = InterleavingTrial()
        let outcome = trial.run(seed: 1, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("no (key, nonce) pair seals twice, over crash, clone, restore and rotation")
    func nonces() {
        let trial = NonceTrial()
        let outcome = trial.run(seed: 1, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("a second writer is told, readers share")
    func locks() {
        let trial = LockTrial()
        #expect(trial.run(seed: 1, budget: TrialBudget(cases: trial.row.everyChange)).failures == [])
    }

    @Test("a writer that is killed fifty times loses no acknowledged batch and leaves none half there")
    func killed() {
        let trial = KillTrial()
        let outcome = trial.run(seed: 1, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }
}
