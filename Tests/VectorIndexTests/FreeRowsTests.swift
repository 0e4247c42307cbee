// Slots of deleted rows: each is offered once, however often it was used and became free again.

import Testing
import VectorIndex

@Suite("Free rows")
struct FreeRowsTests {
    private func vector(_ seed: Int) -> [Float] { (0..<8).map { Float(((seed * 31 + $0 * 17) % 97) + 1) } }

    @Test("a slot that became free again is offered once", arguments: [1, 2, 5])
    func offeredOnce(rounds: Int) throws {
        let index = try HNSWIndex(options: IndexOptions(dimension: 8))
        for row in 0..<400 { try index.append(row: UInt32(row), vector: vector(row), birth: 0) }
        try index.link(atMost: .max)
        for round in 1...rounds {
            // Other rows each time, some of them those of the last round, in another order.
            let rows = (0..<120).map { UInt32(($0 * 7 + round * 53) % 400) }
            try index.markDeleted(rows: rows, death: UInt64(round))
            try index.repairDeleted(before: UInt64(round))
            let free = index.freeRows()
            #expect(free.count == 120 && Set(free) == Set(rows), "round \(round)")
            #expect(index.freeCount == 120)
            for row in free { try index.append(row: row, vector: vector(Int(row) + round), birth: UInt64(round)) }
            // Not asked for the rows here: that would take used entries off the front of the queue.
            #expect(index.freeCount == 0)
            try index.link(atMost: .max)
        }
        #expect(index.deletedCount == 0)
    }
}
