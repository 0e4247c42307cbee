// Measured recall: against what a test counts itself, with real queries and with stored vectors.

import Testing

@testable import VectorIndex

@Suite("Recall calibration")
struct RecallCalibrationTests {
    @Test("the figures are those that a count gives, and the breadth for a target keeps it on other queries")
    func measured() throws {
        var source = ClusteredVectors(dimension: 48, spread: 1.2, seed: 51)
        let index = try makeIndex(source.next(4000), connectivity: 6, buildBreadth: 24)
        let (known, others) = (source.next(100), source.next(150))
        let measured = try #require(try index.calibrate(queries: known))
        #expect(measured.sampleCount == 100 && measured.rowCount == 4000 && measured.k == 10)
        for step in measured.steps where [16, 64, 128].contains(step.breadth) {
            let counted = try recall(index, known, breadth: step.breadth, at: .max, plan: .walk)
            // Whether a search walks or scans follows from times it has measured.
            #expect(abs(step.recall - counted) < 0.02, "breadth \(step.breadth)")
            #expect(measured.recall(at: step.breadth) == step.recall)
        }
        let first = try #require(measured.steps.first)
        #expect(first.recall < 1, "a graph this thin must not find everything")
        for target in [0.5, 0.8, 0.9, 0.95] {
            guard let breadth = measured.breadth(for: target) else { continue }
            #expect(try recall(index, others, breadth: breadth, at: .max, plan: .walk) >= target - 0.03)
        }
        #expect(measured.breadth(for: 0.5) ?? 0 <= measured.breadth(for: 0.9) ?? .max)
    }

    @Test("without queries stored vectors are asked for their neighbours, themselves left out, deleted ones never")
    func stored() throws {
        var source = ClusteredVectors(dimension: 16, seed: 52)
        let index = try makeIndex(source.next(1500))
        try index.markDeleted(rows: Array(0..<500), death: 2)
        let one = try #require(try index.calibrate(sampleCount: 50, seed: 9))
        #expect(one.sampleCount == 50 && one.rowCount == 1000)
        #expect(try index.calibrate(sampleCount: 50, seed: 9) == one)
        #expect(one.steps.last?.recall == 1 || one.steps.count == RecallCalibration.ladder.count)
        #expect(one.recall(at: 100_000) == one.steps.last?.recall)
        #expect(one.recall(at: 1) == one.steps.first?.recall)
        #expect(one.breadth(for: 0) == one.steps.first?.breadth && one.breadth(for: 1.1) == nil)
    }

    @Test("an index without living rows has no figure, one row has, and measuring can be stopped")
    func edges() throws {
        let index = try makeIndex([[1, 0], [0, 1]])
        #expect(try index.calibrate(queries: [[1, 1]], k: 10)?.steps.map(\.recall) == [1])
        #expect(try index.calibrate(k: 0) == nil)
        #expect(try index.calibrate(shouldStop: { true }) == nil)
        #expect(throws: VectorError.self) { try index.calibrate(queries: [[1, 2, 3]]) }
        try index.markDeleted(rows: [0], death: 2)
        #expect(try index.calibrate(queries: [[1, 1]])?.steps.first?.recall == 1)
        #expect(try index.calibrate() == nil, "its only neighbour is itself")
        try index.markDeleted(rows: [1], death: 2)
        #expect(try index.calibrate(queries: [[1, 1]]) == nil)
    }
}
