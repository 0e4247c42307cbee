// Searches one query at a time with one setting after another, and reports recall, rate and latency of each.
//
// Queries of even number and of odd number are timed apart: the settings that are worth having are chosen on the one
// half, and their figures are taken from the other (RecallTargets).

/// What a search is asked with. What is nil is left to the index.
struct SearchSetting: Encodable, Hashable, Sendable {
    var breadth: Int?
    var rerank: Int?

    /// "32", or "32/16" with the number of rows that are compared exactly.
    var name: String {
        let breadth = breadth.map(String.init) ?? "auto"
        return rerank.map { "\(breadth)/\($0)" } ?? breadth
    }
}

struct SweepPlan {
    /// Breadths that usually span recall .8 to .999 when the vectors themselves are walked.
    static let usualBreadths = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]

    let k: Int
    var settings: [SearchSetting]
    /// Ends when recall is complete or has ceased to rise; not when the settings were asked for.
    var stopsEarly: Bool
    /// Passes over all queries; the median pass counts.
    var passCount = 5
    /// Measure only the settings around this recall, found by one quick pass over each.
    var recall: Double?
}

/// Recall and rate of one half of the queries.
struct HalfFigures: Encodable {
    let recall: Double
    /// Queries a second by the wall clock, and by processor time of the whole process: the median pass.
    let qps: Double
    let qpsCpu: Double
}

struct SweepPoint: Encodable {
    let setting: SearchSetting
    let recall: Double
    let qps: Double
    let qpsCpu: Double
    /// Of single queries in all passes, by the wall clock.
    let p50Us: Double
    let p99Us: Double
    let passes: Int
    let even: HalfFigures
    let odd: HalfFigures

    enum CodingKeys: CodingKey {
        case breadth
        case rerank
        case recall
        case qps
        case qpsCpu
        case p50Us
        case p99Us
        case passes
        case even
        case odd
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(setting.breadth, forKey: .breadth)
        try values.encodeIfPresent(setting.rerank, forKey: .rerank)
        try values.encode(recall, forKey: .recall)
        try values.encode(qps, forKey: .qps)
        try values.encode(qpsCpu, forKey: .qpsCpu)
        try values.encode(p50Us, forKey: .p50Us)
        try values.encode(p99Us, forKey: .p99Us)
        try values.encode(passes, forKey: .passes)
        try values.encode(even, forKey: .even)
        try values.encode(odd, forKey: .odd)
    }
}

/// Queries with their true neighbours.
struct QuerySet {
    let queries: [[Float]]
    /// For each query the rows of its nearest, best first.
    let truth: [[Int32]]

    var count: Int { queries.count }

    /// The queries whose number is even, or those whose number is odd.
    func half(_ first: Int) -> QuerySet {
        QuerySet(
            queries: stride(from: first, to: count, by: 2).map { queries[$0] },
            truth: stride(from: first, to: count, by: 2).map { truth[$0] })
    }

    /// The share of the true k nearest that a search found. Where fewer than k rows exist, of those.
    func recall(_ found: [[Int32]], k: Int) -> Double {
        var hits = 0
        var wanted = 0
        for (rows, nearest) in zip(found, truth) {
            hits += Set(rows.prefix(k)).intersection(nearest.prefix(k)).count
            wanted += min(k, nearest.count)
        }
        return Double(hits) / Double(max(1, wanted))
    }
}

enum SearchSweep {
    /// Answers a query, given with its number, with rows, best first.
    typealias Search = (_ number: Int, _ query: [Float], _ setting: SearchSetting) throws -> [Int32]

    static func run(
        _ plan: SweepPlan, _ set: QuerySet, progress: Progress, search: Search
    ) throws -> [SweepPoint] {
        guard let recall = plan.recall else { return try measureAll(plan, set, progress: progress, search: search) }
        var quick = plan
        quick.passCount = 1
        let found = try measureAll(quick, set, progress: progress, search: search)
        let around = RecallTargets.around(recall, found.map { ($0.even.recall, $0.even.qps) })
        var chosen = plan
        chosen.settings = around.map { found[$0].setting }
        chosen.stopsEarly = false
        return try measureAll(chosen, set, progress: progress, search: search)
    }

    private static func measureAll(
        _ plan: SweepPlan, _ set: QuerySet, progress: Progress, search: Search
    ) throws -> [SweepPoint] {
        var points: [SweepPoint] = []
        for setting in plan.settings {
            let point = try measure(plan, set, setting, search: search)
            points.append(point)
            progress.step(
                "breadth \(setting.name): recall \(Show.number(point.recall, 4)), \(Show.number(point.qps)) queries/s")
            if plan.stopsEarly && isComplete(points) { break }
        }
        return points
    }

    /// Whether settings of higher breadth are not worth a try: recall is complete, or the last four brought nothing.
    private static func isComplete(_ points: [SweepPoint]) -> Bool {
        guard let last = points.last else { return false }
        return last.recall >= 0.999 || points.count > 5 && last.recall - points[points.count - 5].recall < 0.0003
    }

    /// One setting: a short warming, then passes in which the halves take turns.
    static func measure(
        _ plan: SweepPlan, _ set: QuerySet, _ setting: SearchSetting, search: Search
    ) throws -> SweepPoint {
        for number in 0..<min(50, set.count) { _ = try search(number, set.queries[number], setting) }
        var latency = Latency()
        var found = [[Int32]](repeating: [], count: set.count)
        var walls: [[Double]] = [[], []]
        var processors: [[Double]] = [[], []]
        var wholeWalls: [Double] = []
        var wholeProcessors: [Double] = []
        for _ in 0..<plan.passCount {
            let whole = Stopwatch()
            for half in 0...1 where half < set.count {
                let pass = Stopwatch()
                var last = Stopwatch.nanoseconds
                for number in stride(from: half, to: set.count, by: 2) {
                    found[number] = try search(number, set.queries[number], setting)
                    let now = Stopwatch.nanoseconds
                    latency.add(now - last)
                    last = now
                }
                walls[half].append(pass.seconds)
                processors[half].append(pass.processorSeconds)
            }
            wholeWalls.append(whole.seconds)
            wholeProcessors.append(whole.processorSeconds)
        }
        for (number, rows) in found.enumerated() where rows.count < min(plan.k, set.truth[number].count) {
            throw BenchError("a search for \(plan.k) neighbours gave \(rows.count)")
        }
        func figures(_ half: Int) -> HalfFigures {
            let set = set.half(half)
            let mine = stride(from: half, to: found.count, by: 2).map { found[$0] }
            return HalfFigures(
                recall: set.recall(mine, k: plan.k), qps: Double(set.count) / Rounds.median(walls[half]),
                qpsCpu: Double(set.count) / Rounds.median(processors[half]))
        }
        let percentiles = latency.microseconds([0.5, 0.99])
        return SweepPoint(
            setting: setting, recall: set.recall(found, k: plan.k),
            qps: Double(set.count) / Rounds.median(wholeWalls),
            qpsCpu: Double(set.count) / Rounds.median(wholeProcessors), p50Us: percentiles[0], p99Us: percentiles[1],
            passes: plan.passCount, even: figures(0), odd: figures(set.count > 1 ? 1 : 0))
    }
}
