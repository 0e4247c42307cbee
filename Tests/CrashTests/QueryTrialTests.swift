import StoreTrials
import Testing

/// Random queries, changes and pipelines against an oracle that shares nothing with the engine. A failure says the
/// collection, the indexes and the query, and the seed that makes all of them again. About a minute on one core.
@Suite("Random queries")
struct QueryTrialTests {
    @Test("every plan, the scan and the oracle give the same documents in the same order", arguments: 0..<5)
    func queries(part: UInt64) {
        let trial = QueryTrial()
        let outcome = trial.run(seed: 1 + part * 10_000, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("changes leave documents, counts and every index as the oracle has them", arguments: 0..<4)
    func changes(part: UInt64) {
        let trial = UpdateTrial()
        let outcome = trial.run(seed: 1 + part * 10_000, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }

    @Test("pipelines give what the oracle gives")
    func pipelines() {
        let trial = PipelineTrial()
        let outcome = trial.run(seed: 1, budget: TrialBudget(cases: trial.row.everyChange))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= trial.row.everyChange)
    }
}

/// Crashes, errors and recoveries of stores with secondary indexes.
@Suite("Crashes with indexes")
struct IndexCrashTests {
    @Test("a crash at any I/O step leaves indexes that hold what their documents say", arguments: 0..<8)
    func everyStep(workload: UInt64) {
        let outcome = CrashTrial(.indexes).round(seed: 8 * 500 + workload, budget: TrialBudget(cases: 2_500))
        #expect(outcome.failures == [])
        #expect(outcome.cases > 0)
    }

    @Test("a crash in recovery changes nothing of the outcome", arguments: [2, 4] as [UInt64])
    func inRecovery(workload: UInt64) {
        let outcome = RecoveryCrashTrial(.indexes).round(seed: 8 * 70 + workload, budget: TrialBudget(cases: 1_000))
        #expect(outcome.failures == [])
    }

    @Test("after an error at any call to the disk, indexes and documents go together")
    func errors() {
        let trial = ErrorTrial(.indexes, stride: 23)
        let outcome = trial.run(seed: 3, budget: TrialBudget(cases: 700))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 700)
    }
}
