import StoreIO

// A trial: one row of the table of proofs, run for as long as it is given, replayable from its seed.
//
// A trial works in rounds. A round is decided by its seed alone, so rounds may run on any thread and in any order, and
// the seed of a failing round replays the failure.

/// What a trial has done so far.
public struct TrialOutcome: Sendable {
    /// Cases tried, in the row's own unit (crash images, rounds, flips …).
    public var cases: UInt64 = 0
    /// What went wrong, each with the seed and the step that replays it. Empty: the promise held.
    public var failures: [String] = []
    /// What else was counted, by name.
    public var measures: [String: UInt64] = [:]

    /// Nothing tried yet.
    public init() {}

    /// Adds what another round did.
    public mutating func add(_ other: TrialOutcome) {
        cases += other.cases
        failures += other.failures
        measures.merge(other.measures) { $0 + $1 }
    }
}

/// When a trial may stop: whatever comes first.
public struct TrialBudget: Sendable {
    /// Cases to try.
    public var cases: UInt64
    /// When to stop, by the system's clock; nil: when the cases are done.
    public var deadline: ContinuousClock.Instant?

    /// So many cases, however long they take.
    public init(cases: UInt64) {
        self.cases = cases
    }

    /// As many cases as fit into the time.
    public init(time: Duration) {
        cases = .max
        deadline = ContinuousClock.now + time
    }

    /// Whether a trial that has tried `done` cases should stop.
    public func isUsedUp(_ done: UInt64) -> Bool {
        done >= cases || deadline.map { ContinuousClock.now >= $0 } ?? false
    }
}

/// One row of the table.
public struct TrialRow: Sendable {
    /// A short name for commands and files.
    public var name: String
    /// What is tried.
    public var title: String
    /// What a case is.
    public var unit: String
    /// Cases that every change must pass; 0: what the round gives.
    public var everyChange: UInt64
    /// Cases that a release asks for; 0: all there are.
    public var release: UInt64
    /// Its part of a long run's time.
    public var weight: Double
    /// What has to be said about it.
    public var remark: String

    /// A row by its figures.
    public init(
        name: String, title: String, unit: String, everyChange: UInt64, release: UInt64, weight: Double = 1,
        remark: String = ""
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.everyChange = everyChange
        self.release = release
        self.weight = weight
        self.remark = remark
    }
}

/// A trial that can be run from tests and from smartstore-prove.
public protocol Trial: Sendable {
    /// Its row.
    var row: TrialRow { get }
    /// Whether this machine lets it run.
    var isPossible: Bool { get }
    /// One round, decided by the seed; may stop early when the budget is used up.
    func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome
}

extension Trial {
    /// Most trials run anywhere.
    public var isPossible: Bool { true }

    /// Rounds from `seed` on, until the budget is used up or something fails.
    public func run(
        seed: UInt64, budget: TrialBudget, progress: (TrialOutcome) -> Void = { _ in }
    ) -> TrialOutcome {
        var outcome = TrialOutcome()
        var next = seed
        while outcome.failures.isEmpty, !budget.isUsedUp(outcome.cases) {
            var left = budget
            left.cases = budget.cases - outcome.cases
            outcome.add(round(seed: next, budget: left))
            progress(outcome)
            next &+= 1
        }
        return outcome
    }

    /// The line that replays a round.
    func replay(_ seed: UInt64) -> String { "replay: smartstore-prove replay \(row.name) --seed \(seed)" }
}

/// Joins numbers into a seed, so that neighbours have nothing in common.
func mixedSeed(_ parts: UInt64...) -> UInt64 {
    var word: UInt64 = 0x9E37_79B9_7F4A_7C15
    for part in parts {
        word ^= part
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        word ^= word >> 31
    }
    return word
}
