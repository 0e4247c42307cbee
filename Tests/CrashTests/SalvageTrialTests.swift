import StoreTrials
import Testing

@Suite("Salvage of damaged stores")
struct SalvageTrialTests {
    @Test("whatever still authenticates comes back, and nothing that was never there", .timeLimit(.minutes(5)))
    func damagedStores() {
        let outcome = SalvageTrial().run(seed: 1, budget: TrialBudget(cases: 100))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 100)
    }
}
