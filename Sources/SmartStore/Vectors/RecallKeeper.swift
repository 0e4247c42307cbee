import Synchronization
import VectorIndex

// What is known of an index's recall: measured on recent queries, measured again when the index has changed by half.
//
// Nothing is measured before an index is used: opening a store reads no vectors. Searches leave a sample of their
// queries here; when it is large enough, or somebody asked for a recall, measuring is due, and the background does it
// after all linking is done. An index larger than its memory is measured only when somebody asked for a recall: exact
// searches read every vector, and push out what searches live on.

final class RecallKeeper: Sendable {
    /// Candidates kept in view where nothing is said, and where a recall is wanted and none was measured.
    static let usualBreadth = 64
    static let cautiousBreadth = 128
    /// Queries kept; one of ``stride`` later ones takes the place of one of them.
    private static let capacity = 64
    private static let stride = 16
    /// Living rows from which on measuring pays: fewer are found by scanning.
    private static let leastRows = 1024
    /// Numbers that exact searches of one calibration may read.
    private static let work = 2 << 30

    enum Effort: Equatable {
        case unknown
        case breadth(Int)
        /// No breadth is enough.
        case exact
    }

    private struct State {
        var queries: [[Float]] = []
        var calibration: RecallCalibration?
        var isWanted = false
    }

    private let state = Mutex(State())
    private let memoryLimit: Int
    private let counter = Atomic<Int>(0)

    init(memoryLimit: Int?) {
        self.memoryLimit = memoryLimit ?? .max
    }

    /// What was measured last.
    var calibration: RecallCalibration? { state.withLock { $0.calibration } }

    /// Takes a query into the sample, if it is its turn; says whether it was.
    func note(_ query: [Float]) -> Bool {
        let number = counter.add(1, ordering: .relaxed).newValue
        guard number <= Self.capacity || number % Self.stride == 0 else { return false }
        state.withLock { state in
            if state.queries.count < Self.capacity {
                state.queries.append(query)
            } else {
                state.queries[number / Self.stride % Self.capacity] = query
            }
        }
        return true
    }

    /// How to search so that the share `target` of the `k` nearest is found.
    func effort(for target: Double, k: Int) -> Effort {
        state.withLock { state in
            state.isWanted = true
            guard let calibration = state.calibration else { return .unknown }
            guard target < 1, let breadth = calibration.breadth(for: target) else { return .exact }
            // Measured for few; for more the view widens as their number does.
            return .breadth(k <= calibration.k ? breadth : breadth * k / calibration.k)
        }
    }

    /// Whether measuring is wanted, possible, and not done yet for an index of this size.
    func isDue(_ index: HNSWIndex) -> Bool {
        let living = index.livingCount
        guard living >= Self.leastRows, !index.isDamaged else { return false }
        let fits = index.rowCount * index.options.vectorStride <= memoryLimit
        let known = state.withLock { state in
            guard state.isWanted || (fits && state.queries.count >= Self.capacity) else { return living }
            return state.calibration?.rowCount ?? 0
        }
        return abs(living - known) * 2 >= max(1, known) && index.unlinkedCount == 0
    }

    /// Measures now. False when it was stopped or there was nothing to measure.
    func calibrate(_ index: HNSWIndex, shouldStop: () -> Bool = { false }) throws(VectorError) -> Bool {
        let queries = state.withLock { $0.queries }
        let cost = max(1, index.livingCount * index.options.dimension)
        let measured = try index.calibrate(
            queries: queries, sampleCount: min(128, max(16, Self.work / cost)), shouldStop: shouldStop)
        guard let measured else { return false }
        state.withLock { $0.calibration = measured }
        return true
    }
}
