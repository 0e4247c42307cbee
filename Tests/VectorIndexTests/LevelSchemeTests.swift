// The arithmetic behind the graph: levels, record places, keys, memory accounting.

import Testing

@testable import VectorIndex

@Suite("Arithmetic")
struct LevelSchemeTests {
    @Test("one row in M stands on level 1, one in M² on level 2, one in each group", arguments: [4, 5, 16, 128])
    func shares(connectivity: Int) throws {
        let levels = LevelScheme(try IndexOptions(dimension: 1, connectivity: connectivity, seed: 8))
        let rows = connectivity * connectivity * 20
        var counts = [Int](repeating: 0, count: 17)
        for row in 0..<rows {
            for level in 0...levels.level(of: row) { counts[level] += 1 }
        }
        #expect(counts[0] == rows && counts[1] == rows / connectivity && counts[2] == 20)
        #expect(levels.level(of: Int(Int32.max) - 1) <= levels.highest)
    }

    @Test("records of different rows and levels never meet, and stay below the record count", arguments: [4, 7, 16])
    func records(connectivity: Int) throws {
        let levels = LevelScheme(try IndexOptions(dimension: 1, connectivity: connectivity, seed: 9))
        var taken: [Int: [Int]] = [:]
        for row in 0..<20_000 {
            let top = levels.level(of: row)
            guard top > 0 else { continue }
            for level in 1...top {
                let record = levels.record(row: row, level: level)
                #expect(taken.updateValue([row, level], forKey: record) == nil)
                #expect(record >= 0 && record < levels.recordCount(rowCount: row + 1))
            }
        }
        #expect(levels.recordCount(rowCount: 0) == 0)
        #expect(levels.recordCount(rowCount: 20_000) < 20_000 / (connectivity - 1) + 20)
    }

    @Test("keys order as distances do and give them back")
    func keys() {
        let distances: [Float] = [
            -.infinity, -3e38, -2, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0.5, 0.500_000_06, 1, 3e38,
            .infinity,
        ]
        let keys = distances.map { Candidate.key(distance: $0, row: 7) }
        #expect(keys == keys.sorted())
        #expect(keys.map { Candidate.distance($0) } == distances)
        #expect(keys.allSatisfy { Candidate.row($0) == 7 && $0 & Candidate.expanded == 0 })
        #expect(Candidate.key(distance: -0.0, row: 1) == Candidate.key(distance: 0, row: 1))
        let last = UInt32(Candidate.maximumRowCount)
        #expect(Candidate.row(Candidate.key(distance: 1, row: last) | Candidate.expanded) == Int(last))
    }

    @Test("the nearest keys of a stream are kept, each once", arguments: [0, 1, 7, 100])
    func nearestKeys(wanted: Int) {
        var random = SeededRandom(60)
        var nearest = NearestKeys(wanted: wanted)
        var all: Set<UInt64> = []
        for _ in 0..<5000 {
            let key = random.next() % 3000 << 1
            all.insert(key)
            nearest.add(key)
        }
        #expect(nearest.sorted() == Array(all.sorted().prefix(wanted)))
        #expect(nearest.sorted() == Array(all.sorted().prefix(wanted)))
    }

    @Test("discarded memory reads as zeros, its edges stay")
    func discard() throws {
        let memory = try ReservedMemory(byteCount: 1 << 20)
        memory.base.initializeMemory(as: UInt8.self, repeating: 9, count: 1 << 20)
        memory.discard(100..<500_000)
        let bytes = UnsafeRawBufferPointer(start: memory.base, count: 1 << 20)
        #expect(bytes[99] == 9 && bytes[500_000] == 9 && bytes[200_000] == 0)
    }
}
