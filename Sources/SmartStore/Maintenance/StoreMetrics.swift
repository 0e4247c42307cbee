import Metrics

// What the store tells swift-metrics. Without a metrics backend in the program each call is a no-op of a few nanoseconds.

/// Counters and timers of one open store, labelled with its file id.
struct StoreMetrics: Sendable {
    let commits: Counter
    let rollbacks: Counter
    let commitTime: Metrics.Timer
    let searches: Counter
    let searchTime: Metrics.Timer

    init(fileID: String) {
        let labels = [("file", String(fileID.prefix(8)))]
        commits = Counter(label: "smartstore_commits_total", dimensions: labels)
        rollbacks = Counter(label: "smartstore_rollbacks_total", dimensions: labels)
        commitTime = Metrics.Timer(label: "smartstore_commit_nanoseconds", dimensions: labels)
        searches = Counter(label: "smartstore_vector_searches_total", dimensions: labels)
        searchTime = Metrics.Timer(label: "smartstore_vector_search_nanoseconds", dimensions: labels)
    }
}
