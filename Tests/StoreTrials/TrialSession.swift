package import StoreTestSupport

// What the trials run: a workload on a simulated disk that keeps its own oracle.

/// How far a workload had come at a moment.
package struct SessionProgress: Sendable {
    /// The newest commit that was acknowledged as durable.
    package var acknowledged: UInt64 = 0
    /// The newest commit that was tried.
    package var attempted: UInt64 = 0

    /// What the workload marked so far.
    package var marks: Set<Int> = []

    package init() {}

    /// Takes in what the workload noted on its disk.
    mutating func follow(_ operation: DiskOperation) {
        switch operation {
        case .note(let sequence): acknowledged = UInt64(sequence)
        case .attempt(let sequence): attempted = UInt64(sequence)
        case .mark(let mark): marks.insert(mark)
        default: break
        }
    }
}

/// A workload with its oracle. One seed decides all of it.
package protocol TrialSession: AnyObject {
    /// The workload's name.
    var name: String { get }
    var disk: SimulatedDisk { get }
    /// The store's file; its slots are 4 KiB each.
    var fileName: String { get }
    /// Commits whose sync was not refused, as far as the workload knows.
    var progress: SessionProgress { get }

    /// Runs all of it: creates the file, works, closes it. Throws what the engine throws.
    func run() throws

    /// Opens what a crash left and tells what is wrong with it: compared with the oracle at one commit, checked, opened
    /// a second time, written to once more. nil: nothing is.
    func verify(_ contents: [String: DiskContent], _ progress: SessionProgress, seed: UInt64) throws -> String?

    /// Opens what a crash left and commits once, as a program that comes back would, on a disk that records it. The oracle
    /// forgets what that crash has undone.
    func comeBack(on disk: SimulatedDisk, _ progress: SessionProgress, seed: UInt64) throws

    /// Runs `body` and makes the oracle what it was.
    func keepingOracle<R>(_ body: () throws -> R) rethrows -> R

    /// After an error of a running disk, with the disk well again: looks at the store that is still open.
    /// - Parameter severity: whether it must go on, or must acknowledge nothing more.
    func inspectOpenStore(after severity: DiskFault.Severity) -> String?

    /// Whether an error is one that the engine names, not one of the workload's own.
    func isNamed(_ error: any Error) -> Bool

    /// Gives the open store up, whatever it says.
    func abandon()

    /// Opens the file again after an error, settles which of the possible outcomes it shows, commits once more.
    func reopenAfterError() throws -> String?
}

/// Which layer a trial is about.
package enum TrialLevel: String, Sendable, CaseIterable {
    /// Pages alone: cheap, so that the log, the map and recovery see the most images.
    case pages
    /// The whole store: documents, vectors, cache, audit.
    case store
    /// The whole store, in workloads with secondary indexes.
    case indexes

    /// The names of its workloads, in order.
    var workloads: [String] {
        switch self {
        case .pages: PagerWorkload.all.map(\.name)
        case .store: StoreWorkload.all.map(\.name)
        case .indexes: StoreWorkload.indexes.map(\.name)
        }
    }

    package func session(seed: UInt64) -> any TrialSession {
        switch self {
        case .pages: PagerSession(seed: seed)
        case .store: StoreSession(seed: seed)
        case .indexes: StoreSession(seed: seed, of: StoreWorkload.indexes)
        }
    }
}
