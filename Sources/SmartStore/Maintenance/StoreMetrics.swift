import Metrics

// What the store tells swift-metrics. Without a metrics backend in the program each call is a no-op of a few nanoseconds.

/// Counters and timers of one open store, labelled with its file id.
struct StoreMetrics: Sendable {
    let commits: Counter
    let rollbacks: Counter
    let commitTime: Metrics.Timer
    let searches: Counter
    let searchTime: Metrics.Timer
    private let labels: [(String, String)]

    init(fileID: String) {
        let labels = [("file", String(fileID.prefix(8)))]
        self.labels = labels
        commits = Counter(label: "smartstore_commits_total", dimensions: labels)
        rollbacks = Counter(label: "smartstore_rollbacks_total", dimensions: labels)
        commitTime = Metrics.Timer(label: "smartstore_commit_nanoseconds", dimensions: labels)
        searches = Counter(label: "smartstore_vector_searches_total", dimensions: labels)
        searchTime = Metrics.Timer(label: "smartstore_vector_search_nanoseconds", dimensions: labels)
    }

    /// The recall that was measured on an index at the usual breadth.
    func recall(_ collection: String, _ field: String) -> Gauge {
        Gauge(
            label: "smartstore_vector_recall", dimensions: labels + [("collection", collection), ("field", field)])
    }
}
