// The damage trials, as far as every change runs them; `smartstore-prove` runs them on.

import StoreTrials
import Testing

@Suite("Damage trials")
struct DamageTrialTests {
    @Test("a flipped bit is harmless or reported by name, and never wrong data", arguments: [true, false])
    func bitRot(sealed: Bool) {
        let outcome = BitRotTrial(sealed: sealed).run(seed: 1, budget: TrialBudget(cases: 5_000))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 5_000)
    }

    @Test("an image in the wrong place or time is harmless or reported by name", arguments: [100, 200] as [UInt64])
    func misplaced(seed: UInt64) {
        let outcome = MisplacedImageTrial().run(seed: seed, budget: TrialBudget(cases: 5_000))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 5_000)
    }

    @Test("of several bad pages the check lists every one, and all other pages can be read")
    func listing() {
        let outcome = DamageListTrial().run(seed: 1, budget: TrialBudget(cases: 500))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 500)
    }
}
