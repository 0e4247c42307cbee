import StoreTrials
import Testing

@Suite("Audit tampering")
struct AuditTamperTests {
    @Test("every forgery of the audit log is found, and the first bad entry is named", .timeLimit(.minutes(5)))
    func forgeries() {
        let outcome = AuditTamperTrial().run(seed: 1, cases: 1000)
        #expect(outcome.failures == [])
        #expect(outcome.cases == 1000)
    }
}
