import Foundation
import StoreTrials
import Synchronization

// Runs the rounds of one trial on a few threads until its time is over or something fails, and shows how far it is.

/// What a row did in one run.
struct RunResult: Sendable {
    var outcome = TrialOutcome()
    var rounds: UInt64 = 0
    var seconds = 0.0
}

final class TrialRunner: Sendable {
    private let trial: any Trial
    private let jobs: Int
    private let first: UInt64
    private let seconds: Double
    private let result = Mutex(RunResult())
    private let next: Mutex<UInt64>

    init(trial: any Trial, jobs: Int, first: UInt64, seconds: Double) {
        self.trial = trial
        self.jobs = jobs
        self.first = first
        self.seconds = seconds
        next = Mutex(first)
    }

    func run() -> RunResult {
        let start = ContinuousClock.now
        let budget = TrialBudget(time: .milliseconds(Int64(seconds * 1000)))
        let row = trial.row
        say("\(row.name): \(row.title), \(Int(seconds)) s from seed \(first)")
        DispatchQueue.concurrentPerform(iterations: max(1, jobs)) { _ in
            while !budget.isUsedUp(0), result.withLock({ $0.outcome.failures.isEmpty }) {
                let seed = next.withLock { next in
                    defer { next &+= 1 }
                    return next
                }
                let outcome = trial.round(seed: seed, budget: budget)
                let (cases, failures) = result.withLock { result in
                    result.outcome.add(outcome)
                    result.rounds += 1
                    return (result.outcome.cases, result.outcome.failures.count)
                }
                show("\(row.name): \(cases) \(row.unit), \(failures) failures")
            }
        }
        let passed = ContinuousClock.now - start
        return result.withLock { result in
            result.seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
            say("\(row.name): \(result.outcome.cases) \(row.unit) in \(Int(result.seconds)) s")
            for (name, count) in result.outcome.measures.sorted(by: { $0.key < $1.key }) { say("  \(name): \(count)") }
            for failure in result.outcome.failures { say("FAILED \(failure)") }
            return result
        }
    }

    private let lastShown = Mutex(ContinuousClock.now)

    /// A line now and then: a terminal is not the place for thousands.
    private func show(_ line: String) {
        let isDue = lastShown.withLock { last in
            guard ContinuousClock.now - last > .seconds(10) else { return false }
            last = ContinuousClock.now
            return true
        }
        if isDue { say(line) }
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
