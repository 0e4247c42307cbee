// Recall targets: measured when asked to, answered cautiously before, measured again when the index has changed.

import StoreIO
import StoreTestSupport
import Testing
import VectorIndex

@testable import SmartStore

@Suite("Recall targets")
struct RecallTests {
    private func recall(_ fixture: VectorFixture, target: Double, queries: Range<Int>) throws -> Double {
        var found = 0
        for seed in queries {
            var query = VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 10)
            query.includeDocuments = false
            query.recallTarget = target
            let truth = Set(fixture.ranking(query.vectors).prefix(10).map(\.number))
            found += truth.intersection(try fixture.search(query).map(\.number)).count
        }
        return Double(found) / Double(queries.count * 10)
    }

    @Test("a target is reached before anything was measured and after, and measuring is a call")
    func targets() throws {
        let fixture = try VectorFixture(count: 3000)
        let segment = try #require(fixture.store.segments.all.first)
        #expect(!segment.needsCalibration && segment.recall.effort(for: 0.9, k: 10) == .unknown)
        #expect(segment.needsCalibration)
        #expect(try recall(fixture, target: 0.9, queries: 0..<40) >= 0.9)
        #expect(segment.recall.calibration == nil, "nothing is measured in the background of a quiet store")
        try fixture.store.calibrateVectors()
        let measured = try #require(segment.recall.calibration)
        #expect(measured.rowCount == 3000 && measured.k == 10 && measured.sampleCount >= 64)
        #expect(!segment.needsCalibration)
        #expect(segment.recall.effort(for: 1, k: 10) == .exact)
        for target in [0.5, 0.9, 0.99, 1] {
            #expect(try recall(fixture, target: target, queries: 100..<180) >= target - 0.02, "target \(target)")
        }
        #expect(try recall(fixture, target: 1, queries: 200..<220) == 1)
        let info = try fixture.store.readSync { try $0.collections()[0].vectorIndexes[0] }
        #expect(info.calibration == measured)
    }

    @Test("measuring is due again when the number of vectors has changed by half, and not before")
    func dueAgain() throws {
        let fixture = try VectorFixture(count: 1500)
        let segment = try #require(fixture.store.segments.all.first)
        _ = segment.recall.effort(for: 0.9, k: 10)
        try fixture.store.calibrateVectors()
        #expect(!segment.needsCalibration)
        func add(_ numbers: Range<Int>) throws {
            try fixture.store.writeSync { (tx) throws in
                for number in numbers {
                    try tx.collection("n").insert(VectorFixture.document(number, StoreFixture.vector(UInt64(number))))
                }
            }
        }
        try add(1500..<2200)
        try fixture.store.linkVectors()
        #expect(!segment.needsCalibration)
        try add(2200..<2300)
        #expect(!segment.needsCalibration, "vectors that are not linked yet come first")
        try fixture.store.linkVectors()
        #expect(segment.needsCalibration)
        try fixture.store.calibrateVectors()
        #expect(segment.recall.calibration?.rowCount == 2300 && !segment.needsCalibration)
    }

    @Test(
        "measuring is due after many searches, but of an index larger than its memory only when a recall is asked for")
    func largeIndex() throws {
        for limit in [nil, 1 << 20] {
            var options = StoreFixture.options()
            options.vectorByteLimit = limit
            let fixture = try VectorFixture(count: 1100, options: options)
            let segment = try #require(fixture.store.segments.all.first)
            let keeper = RecallKeeper(memoryLimit: limit.map { _ in 1100 * 32 - 1 })
            for seed in 0..<63 { #expect(keeper.note(VectorFixture.query(seed))) }
            #expect(!keeper.isDue(segment.index))
            _ = keeper.note(VectorFixture.query(63))
            #expect(keeper.isDue(segment.index) == (limit == nil))
            _ = keeper.effort(for: 0.9, k: 10)
            #expect(keeper.isDue(segment.index))
            #expect(try keeper.calibrate(segment.index) && !keeper.isDue(segment.index))
        }
    }

    @Test("queries that were asked are what is measured on, and a small index is not measured by itself")
    func sample() throws {
        let fixture = try VectorFixture(count: 100)
        let segment = try #require(fixture.store.segments.all.first)
        for seed in 0..<300 { _ = try fixture.search(VectorQuery(field: "v", vector: VectorFixture.query(seed), k: 3)) }
        #expect(!segment.needsCalibration)
        try fixture.store.calibrateVectors()
        #expect(segment.recall.calibration?.recall(at: 64) == 1)
        #expect(segment.recall.effort(for: 0.99, k: 10) == .breadth(8))
        #expect(segment.recall.effort(for: 0.99, k: 25) == .breadth(20))
    }
}
