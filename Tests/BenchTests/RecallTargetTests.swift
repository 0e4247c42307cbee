// Rates at fixed recalls: which points count, and what lies between them.

import Testing

@testable import smartstore_bench

@Suite("Rates at fixed recalls")
struct RecallTargetTests {
    private func rate(_ rates: [String: Double?], _ name: String) -> Double? { rates[name] ?? nil }

    @Test("a rate between two points is log-linear")
    func logLinear() throws {
        let rates = RecallTargets.interpolate([(0.90, 10_000), (1.0, 100)])
        #expect(rate(rates, "0.90") == 10_000)
        #expect(abs(try #require(rate(rates, "0.95")) - 1_000) < 1e-6)
    }

    @Test("a point that another beats in recall and rate does not count")
    func hull() throws {
        let plain = RecallTargets.interpolate([(0.85, 20_000), (0.97, 8_000), (0.999, 500)])
        let more = RecallTargets.interpolate([(0.97, 8_000), (0.94, 7_000), (0.85, 20_000), (0.999, 500)])
        for name in RecallTargets.names { #expect(rate(plain, name) == rate(more, name)) }
    }

    @Test("a recall that no point reaches has no rate, and one that all reach has that of the fastest")
    func ends() {
        let rates = RecallTargets.interpolate([(0.96, 5_000), (0.985, 2_000)])
        #expect(rate(rates, "0.90") == 5_000)
        #expect(rate(rates, "0.95") == 5_000)
        #expect(rates.keys.contains("0.99") && rate(rates, "0.99") == nil)
        #expect(rate(RecallTargets.interpolate([]), "0.90") == nil)
    }

    @Test("settings are chosen by the one half of the queries and judged by the other")
    func tuned() throws {
        // The second setting looks best on the tuning half and falls behind on the reporting half: it stays chosen. The
        // third is beaten on the tuning half: what it does on the reporting half is not looked at.
        let rates = RecallTargets.interpolate(
            tuning: [(0.90, 9_000), (0.96, 8_000), (0.95, 7_000)],
            reporting: [(0.90, 9_000), (0.95, 4_000), (0.95, 7_000)])
        #expect(abs(try #require(rate(rates, "0.95")) - 4_000) < 1e-6)
    }

    @Test("the points around a recall are the fastest that reaches it and the one below that")
    func around() {
        let points: [RecallTargets.Point] = [(0.90, 900), (0.96, 500), (0.99, 100), (0.955, 400)]
        #expect(RecallTargets.around(0.95, points) == [0, 1])
        #expect(RecallTargets.around(0.999, points) == [2])
        #expect(RecallTargets.around(0.5, points) == [0])
    }

    @Test("recall counts the true neighbours among the answers, and only as many as there are")
    func recall() {
        let set = QuerySet(queries: [[0], [1], [2]], truth: [[1, 2], [3, 4], [5]])
        #expect(set.recall([[2, 1], [3, 9], [5, 6]], k: 2) == 0.8)
        #expect(set.half(1).truth == [[3, 4]])
        #expect(set.half(0).queries == [[0], [2]])
    }
}
