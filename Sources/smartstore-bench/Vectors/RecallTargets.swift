// Query rates at fixed recalls, so that indexes can be compared whose breadths mean different things.

import Foundation

enum RecallTargets {
    static let names = ["0.90", "0.95", "0.98", "0.99", "0.995"]

    /// The rate at each recall of `names`: log-linear between the two points around it, on the upper hull of all points;
    /// null where no point reaches it.
    static func interpolate(_ points: [(recall: Double, rate: Double)]) -> [String: Double?] {
        // From the highest recall down, a point that is slower than one with higher recall is never the choice.
        var hull: [(recall: Double, rate: Double)] = []
        for point in points.sorted(by: { ($0.recall, $0.rate) > ($1.recall, $1.rate) }) {
            if point.rate > hull.last?.rate ?? 0 { hull.append(point) }
        }
        hull.reverse()
        var rates: [String: Double?] = [:]
        for name in names {
            guard let target = Double(name) else { continue }
            rates[name] = .some(rate(at: target, hull))
        }
        return rates
    }

    private static func rate(at target: Double, _ hull: [(recall: Double, rate: Double)]) -> Double? {
        guard let above = hull.first(where: { $0.recall >= target }) else { return nil }
        guard let below = hull.last(where: { $0.recall < target }) else { return above.rate }
        let share = (target - below.recall) / (above.recall - below.recall)
        return exp(log(below.rate) * (1 - share) + log(above.rate) * share)
    }
}
