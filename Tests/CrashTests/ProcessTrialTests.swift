import StoreTrials
import Testing

/// Trials of real processes, file systems and threads. Those that need a tool or a right that is not there say so.
@Suite("Processes", .timeLimit(.minutes(10)))
struct ProcessTrialTests {
    @Test(
        "a failing system call ends in a named error, and what was acknowledged stays",
        .enabled(if: SyscallTrial.isPossible, "strace is not there, or may not trace"))
    func syscalls() {
        let trial = SyscallTrial()
        var outcome = TrialOutcome()
        for seed in 0..<78 where outcome.failures.isEmpty {
            outcome.add(trial.round(seed: UInt64(seed), budget: TrialBudget(cases: 8)))
        }
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 150)
        print("system calls failed on purpose: \(outcome.cases)")
    }

    @Test(
        "a full disk is named, keeps what it holds, and can be drained, compacted and filled again",
        .enabled(if: FullDiskTrial.isPossible, "no file system may be mounted here"))
    func fullDisk() {
        let outcome = FullDiskTrial().run(seed: 1, budget: TrialBudget(cases: 10))
        #expect(outcome.failures == [])
        #expect(outcome.cases >= 10)
    }

    @Test("every snapshot beside a writer, checkpoints and backups shows one commit")
    func threads() {
        let outcome = ThreadsTrial().run(seed: 1, budget: TrialBudget(cases: 100))
        #expect(outcome.failures == [])
    }

    @Test(
        "no key is left in the memory of a process that closed its store, and no text in any file",
        .enabled(if: SecretsTrial.isPossible, "gcore is not there"))
    func secrets() {
        let outcome = SecretsTrial().run(seed: 1, budget: TrialBudget(cases: 1))
        #expect(outcome.failures == [])
    }
}
