import Metrics
import PageStore
import VectorIndex

// The measured recall of vector indexes: when it is measured, and where it is told.

extension Store {
    /// Measures the recall of every vector index now: what ``VectorQuery/recallTarget`` relies on. The store does so by
    /// itself, in the background, once an index is searched and whenever it has changed by half since.
    public func calibrateVectors() throws(StoreError) {
        try converting {
            for segment in segments.all { _ = try calibrate(segment) }
        }
    }

    /// Measures one index, and tells the gauge. False when nothing came of it.
    @discardableResult
    func calibrate(_ segment: VectorSegment, shouldStop: () -> Bool = { false }) throws(VectorError) -> Bool {
        guard try segment.recall.calibrate(segment.index, shouldStop: shouldStop) else { return false }
        metrics.recordRecall(segment)
        return true
    }

    /// A search was answered: its vectors join the sample that recall is measured on.
    func noteSearch(_ query: VectorQuery, of segment: VectorSegment) {
        for vector in query.vectors where segment.recall.note(vector) {
            if segment.needsCalibration { wakeLinker() }
        }
    }
}

extension VectorSegment {
    /// Whether the recall of this index is asked for and not known.
    var needsCalibration: Bool { recall.isDue(index) }
}

extension StoreMetrics {
    func recordRecall(_ segment: VectorSegment) {
        guard let calibration = segment.recall.calibration else { return }
        recall(segment.definition.collection, segment.definition.field)
            .record(calibration.recall(at: RecallKeeper.usualBreadth))
    }
}
