// A trial: one row of the table of proofs, run for as long as it is given, replayable from its seed.

/// What a trial has done so far.
public struct TrialOutcome: Sendable {
    /// Cases tried, in the row's own unit (crash images, rounds, flips …).
    public var cases: UInt64 = 0
    /// What went wrong, each with the seed and the step that replays it. Empty: the promise held.
    public var failures: [String] = []

    public init() {}
}
