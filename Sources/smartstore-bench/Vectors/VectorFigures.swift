// What `vectors` reports.

import VectorIndex

struct VectorFigures: Encodable {
    var rows: Int
    var dimension: Int
    var k: Int
    var metric: String
    var storage: String
    var codes: String
    var connectivity: Int
    var buildBreadth: Int
    var threads: Int
    /// nil: the bare index.
    var encrypted: Bool?
    var memoryLimit: Int?
    var buildMemoryLimit: Int?
    /// Rows linked a second, from the first write (through the store) or the first link (bare) until the last.
    var buildPerSecond = 0.0
    /// Documents committed a second, in batches; the store links in the background meanwhile.
    var importPerSecond: Double?
    /// Seconds from the last acknowledged batch until everything was linked, and to close the store then.
    var linkTailSeconds: Double?
    var closeSeconds: Double?
    var fileBytes = 0
    /// Vectors, codes and links in memory, of the bare index.
    var residentBytes: Int?
    /// Peak memory of the whole run, and of its parts. Queries, and what the bench itself keeps, are in it.
    private(set) var peakRssBytes = 0
    var peakRssBuildBytes = 0 { didSet { peakRssBytes = max(peakRssBytes, peakRssBuildBytes) } }
    var peakRssSearchBytes = 0 { didSet { peakRssBytes = max(peakRssBytes, peakRssSearchBytes) } }
    var openToFirstAnswerMs: Double?
    var coldOpen: ColdOpenFigures?
    /// Queries a second at a recall, interpolated between the measured breadths; null where it is not reached.
    var atRecall: [String: Double?] = [:]
    var atRecallCpu: [String: Double?] = [:]
    /// The same with the settings chosen on the queries of even number and the figures taken from the odd ones.
    var atRecallTuned: [String: Double?] = [:]
    var results: [SweepPoint] = []
    var filters: [FilterFigures]?

    init(dataset: VectorDataset, options: IndexOptions, threads: Int, k: Int) {
        rows = dataset.rowCount
        dimension = options.dimension
        self.k = k
        metric = options.metric.rawValue
        storage = options.storage.rawValue
        codes = options.codes.rawValue
        connectivity = options.connectivity
        buildBreadth = options.buildBreadth
        self.threads = threads
    }

    mutating func take(_ points: [SweepPoint]) {
        results = points
        atRecall = RecallTargets.interpolate(points.map { ($0.recall, $0.qps) })
        atRecallCpu = RecallTargets.interpolate(points.map { ($0.recall, $0.qpsCpu) })
        atRecallTuned = RecallTargets.tuned(points)
    }

    func show() {
        let place = encrypted.map { $0 ? "encrypted store" : "plain store" } ?? "bare index"
        var summary = Table(
            "\(Show.number(rows)) × \(dimension), \(metric), \(storage), codes \(codes), \(place)",
            ["figure", "value"])
        summary.add(["linked a second", Show.number(buildPerSecond)])
        if let importPerSecond { summary.add(["documents imported a second", Show.number(importPerSecond)]) }
        if let linkTailSeconds { summary.add(["seconds from import until linked", Show.number(linkTailSeconds, 1)]) }
        if let closeSeconds { summary.add(["seconds to close", Show.number(closeSeconds, 2)]) }
        summary.add(["file", Show.mebibytes(fileBytes)])
        if let residentBytes { summary.add(["vectors, codes and links in memory", Show.mebibytes(residentBytes)]) }
        summary.add(["peak memory, build", Show.mebibytes(peakRssBuildBytes)])
        summary.add(["peak memory, search", Show.mebibytes(peakRssSearchBytes)])
        if let coldOpen { coldOpen.add(to: &summary) }
        summary.show()
        var sweep = Table(
            "recall@\(k), one query a call", ["breadth", "recall", "qps", "qps (CPU)", "p50 µs", "p99 µs"])
        for point in results {
            sweep.add([
                point.setting.name, Show.number(point.recall, 4), Show.number(point.qps), Show.number(point.qpsCpu),
                Show.number(point.p50Us, 1), Show.number(point.p99Us, 1),
            ])
        }
        sweep.show()
        var targets = Table("queries a second at a recall", ["time"] + RecallTargets.names.map { "@" + $0 })
        targets.add(["wall"] + RecallTargets.names.map { Show.number(atRecall[$0] ?? nil) })
        targets.add(["wall, tuned on even, odd"] + RecallTargets.names.map { Show.number(atRecallTuned[$0] ?? nil) })
        targets.add(["CPU"] + RecallTargets.names.map { Show.number(atRecallCpu[$0] ?? nil) })
        targets.show()
        if let filters { FilterFigures.show(filters) }
    }

    /// The setting that reaches a recall fastest, in a sentence.
    func showSetting(for recall: Double) {
        let around = RecallTargets.around(recall, results.map { ($0.recall, $0.qps) })
        guard let point = around.map({ results[$0] }).last, point.recall >= recall else {
            print("\nNo setting reached recall \(recall).")
            return
        }
        let rerank = point.setting.rerank.map { ", rerank \($0)" } ?? ""
        print(
            "\nRecall \(recall) takes breadth \(point.setting.breadth ?? 0)\(rerank): \(Show.number(point.recall, 4)), "
                + "\(Show.number(point.qps)) queries a second.")
    }

    var plot: RecallPlot {
        let place = encrypted.map { $0 ? "encrypted store" : "plain store" } ?? "bare index"
        let lines =
            [RecallPlot.Line(title: "all rows", points: results.map { ($0.recall, $0.qps) })]
            + (filters ?? []).map { filter in
                RecallPlot.Line(
                    title: "\(filter.share) % \(filter.kind.rawValue), \(filter.form)",
                    points: filter.results.map { ($0.recall, $0.qps) })
            }
        return RecallPlot(title: "\(rows) × \(dimension), recall@\(k), \(place)", lines: lines)
    }
}
