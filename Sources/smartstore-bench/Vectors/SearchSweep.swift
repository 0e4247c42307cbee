// Searches one query at a time at rising breadths, and reports recall, rate and latency of each.

struct SweepPlan {
    /// Breadths that usually span recall .8 to .999.
    static let usualBreadths = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]

    let k: Int
    var breadths = usualBreadths
    /// Ends when recall is complete or has ceased to rise; not when the breadths were asked for.
    var stopsEarly = true
    /// A breadth is measured in passes over all queries until this much time is spent or so many are done.
    var secondsPerBreadth = 1.2
    var passLimit = 5

    init(k: Int) { self.k = k }

    init(k: Int, breadths: [Int]) {
        self.k = k
        self.breadths = breadths
        stopsEarly = false
    }
}

struct SweepPoint: Encodable {
    let breadth: Int
    let recall: Double
    /// Queries a second by the wall clock, and by processor time of the whole process: the best pass.
    let qps: Double
    let qpsCpu: Double
    /// Of single queries in all passes, by the wall clock.
    let p50Us: Double
    let p99Us: Double
    let passes: Int
}

enum SearchSweep {
    /// - Parameter search: answers one query at a breadth with base rows, best first.
    static func run(
        _ plan: SweepPlan, _ dataset: VectorDataset, progress: Progress,
        search: (_ query: [Float], _ breadth: Int) throws -> [Int32]
    ) throws -> [SweepPoint] {
        var points: [SweepPoint] = []
        for breadth in plan.breadths {
            let point = try measure(plan, dataset, breadth: breadth, search: search)
            points.append(point)
            progress.step(
                "breadth \(breadth): recall \(Show.number(point.recall, 4)), \(Show.number(point.qps)) queries/s")
            guard plan.stopsEarly else { continue }
            if point.recall >= 0.998 { break }
            if points.count > 2, point.recall - points[points.count - 3].recall < 0.0005 { break }
        }
        return points
    }

    private static func measure(
        _ plan: SweepPlan, _ dataset: VectorDataset, breadth: Int,
        search: (_ query: [Float], _ breadth: Int) throws -> [Int32]
    ) throws -> SweepPoint {
        for query in dataset.queries.prefix(20) { _ = try search(query, breadth) }
        var latency = Latency()
        var found: [[Int32]] = []
        var best = (wall: Double.infinity, processor: Double.infinity)
        var passes = 0
        let whole = Stopwatch()
        repeat {
            found.removeAll(keepingCapacity: true)
            let pass = Stopwatch()
            for query in dataset.queries {
                let start = Stopwatch.nanoseconds
                found.append(try search(query, breadth))
                latency.add(Stopwatch.nanoseconds - start)
            }
            best.wall = min(best.wall, pass.seconds)
            best.processor = min(best.processor, pass.processorSeconds)
            passes += 1
        } while passes < plan.passLimit && whole.seconds < plan.secondsPerBreadth
        if let short = found.first(where: { $0.count < min(plan.k, dataset.rowCount) }) {
            throw BenchError("a search for \(plan.k) neighbours gave \(short.count)")
        }
        let count = Double(dataset.queries.count)
        let percentiles = latency.microseconds([0.5, 0.99])
        return SweepPoint(
            breadth: breadth, recall: dataset.recall(found, k: plan.k), qps: count / best.wall,
            qpsCpu: count / best.processor, p50Us: percentiles[0], p99Us: percentiles[1], passes: passes)
    }
}
