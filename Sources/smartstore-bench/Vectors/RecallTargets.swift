// Query rates at fixed recalls, so that indexes can be compared whose breadths mean different things.

import Foundation

enum RecallTargets {
    static let names = ["0.90", "0.95", "0.98", "0.99", "0.995"]

    typealias Point = (recall: Double, rate: Double)

    /// The rate at each recall of `names`: log-linear between the two points around it, on the upper hull of all points;
    /// null where no point reaches it.
    static func interpolate(_ points: [Point]) -> [String: Double?] {
        rates(points.enumerated().map { (point: $1, index: $0) }.upperHull.map(\.point))
    }

    /// The same, but the points that count are the upper hull of `tuning`; their figures are those of `reporting`, which
    /// has the same settings in the same order. A setting that does well on the first half by luck gains nothing.
    static func interpolate(tuning: [Point], reporting: [Point]) -> [String: Double?] {
        let chosen = tuning.enumerated().map { (point: $1, index: $0) }.upperHull.map(\.index)
        return interpolate(chosen.map { reporting[$0] })
    }

    static func tuned(_ points: [SweepPoint]) -> [String: Double?] {
        interpolate(
            tuning: points.map { ($0.even.recall, $0.even.qps) }, reporting: points.map { ($0.odd.recall, $0.odd.qps) })
    }

    /// The points around `target` on the upper hull: the fastest that reaches it, and the one below that.
    static func around(_ target: Double, _ points: [Point]) -> [Int] {
        let hull = points.enumerated().map { (point: $1, index: $0) }.upperHull
        let above = hull.first { $0.point.recall >= target }
        let below = hull.last { $0.point.recall < target }
        return [below, above].compactMap { $0?.index }
    }

    private static func rates(_ hull: [Point]) -> [String: Double?] {
        var rates: [String: Double?] = [:]
        for name in names {
            guard let target = Double(name) else { continue }
            rates[name] = .some(rate(at: target, hull))
        }
        return rates
    }

    private static func rate(at target: Double, _ hull: [Point]) -> Double? {
        guard let above = hull.first(where: { $0.recall >= target }) else { return nil }
        guard let below = hull.last(where: { $0.recall < target }) else { return above.rate }
        let share = (target - below.recall) / (above.recall - below.recall)
        return exp(log(below.rate) * (1 - share) + log(above.rate) * share)
    }
}

extension Array where Element == (point: RecallTargets.Point, index: Int) {
    /// The points that no other beats in both recall and rate, by rising recall.
    fileprivate var upperHull: [Element] {
        var hull: [Element] = []
        for element in sorted(by: { ($0.point.recall, $0.point.rate) > ($1.point.recall, $1.point.rate) })
        where element.point.rate > hull.last?.point.rate ?? 0 {
            hull.append(element)
        }
        return hull.reversed()
    }
}
