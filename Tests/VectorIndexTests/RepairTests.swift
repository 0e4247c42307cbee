// Deleted rows taken out of the graph, their slots used again, and what that leaves of the graph.

import Synchronization
import Testing

@testable import VectorIndex

@Suite("Repair and reuse")
struct RepairTests {
    /// Every row that a list of a row below the row count names.
    private func named(in index: HNSWIndex) throws -> Set<UInt32> {
        var named: Set<UInt32> = []
        for row in 0..<index.rowCount {
            for level in 0...index.levels.level(of: row) {
                named.formUnion(try #require(try index.readList(row: row, level: level)))
            }
        }
        return named
    }

    private func expectSound(_ index: HNSWIndex, reachable: Double = 0.99) throws {
        let report = try index.checkLinks()
        #expect(report.isSound && report.repeatingListCount == 0)
        #expect(report.reachableShare >= reachable, "\(report)")
        let named = try named(in: index)
        #expect(named.isDisjoint(with: index.freeRows()), "a list names a free row")
    }

    @Test(
        "no list names a row that was freed, and recall stays", arguments: Metric.allCases, [VectorCodes.none, .bits8])
    func repair(metric: Metric, codes: VectorCodes) throws {
        var source = ClusteredVectors(dimension: 24, seed: 90)
        let index = try makeIndex(source.next(1500), metric: metric, codes: codes, connectivity: 8)
        var random = SeededRandom(90)
        let dead = Array((0..<UInt32(1500)).shuffled(using: &random).prefix(500))
        try index.markDeleted(rows: dead, death: 5)
        #expect(index.unrepairedCount == 500 && index.freeCount == 0)
        #expect(try index.repairDeleted() == 500)
        #expect(index.unrepairedCount == 0 && index.freeCount == 500)
        #expect(Set(index.freeRows()) == Set(dead) && index.freeRows(7).count == 7)
        // By inner product short vectors are hardly anybody's neighbours: a repair loses the way to some.
        try expectSound(index, reachable: metric == .dot ? 0.92 : 0.99)
        #expect(try index.repairDeleted() == 0)
        let queries = source.next(50)
        #expect(try recall(index, queries, breadth: 64) >= 0.95)
        for query in queries { #expect(try index.search(query, k: 2000).count == 1000) }
    }

    @Test("the row where searches begin may die")
    func entryDies() throws {
        var source = ClusteredVectors(dimension: 16, seed: 91)
        let index = try makeIndex(source.next(800), connectivity: 4)
        for _ in 0..<6 {
            let entry = UInt32(index.entry.load(ordering: .relaxed) - 1)
            try index.markDeleted(row: entry, death: 5)
            #expect(try index.repairDeleted() == 1)
            let next = index.entry.load(ordering: .relaxed) - 1
            #expect(next >= 0 && UInt32(next) != entry)
            try expectSound(index)
            #expect(try recall(index, source.next(20), breadth: 64) >= 0.95)
        }
    }

    @Test("when all are deleted the graph begins anew, also after it was saved and restored")
    func allDie() throws {
        var source = ClusteredVectors(dimension: 16, seed: 92)
        let store = BlockStore()
        let options = try IndexOptions(dimension: 16, connectivity: 4, buildBreadth: 32)
        func restore(_ state: IndexState) throws -> HNSWIndex {
            try HNSWIndex(options: options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 2000)
        }
        let first = try restore(IndexState(options: options))
        for row in 0..<400 { try store.commit(source.next(), row: row, to: first, birth: 1) }
        try first.link(atMost: 400)
        try first.markDeleted(rows: (0..<400).map { UInt32($0) }, death: 2)
        #expect(try first.search(source.next(), k: 5).isEmpty)
        #expect(try first.search(source.next(), k: 5, at: 1).count == 5)
        #expect(try first.repairDeleted() == 400)
        #expect(try first.search(source.next(), k: 5).isEmpty)
        let state = try IndexState.decode(store.save(first).encode())
        #expect(state.freeRows.count == 400 && state.entryRow == nil)
        for index in [first, try restore(state)] {
            if index.isDamaged { index.rebuild() }
            while try index.link(atMost: 500) > 0 {}
            #expect(index.freeCount == 400)
            var vectors: [UInt32: [Float]] = [:]
            for row in index.freeRows().prefix(150) {
                vectors[row] = source.next()
                try index.append(row: row, vector: try #require(vectors[row]), birth: 3)
            }
            try index.link(atMost: 500)
            #expect(index.unlinkedCount == 0 && !index.isDamaged && index.freeCount == 250)
            for (row, vector) in vectors {
                #expect(
                    try index.search(vector, k: 1, breadth: 40, at: 3, including: nil, plan: .walk).first?.row == row)
            }
            #expect(try index.search(source.next(), k: 400).count == 150)
            try expectSound(index)
        }
    }

    @Test("a row stays while a snapshot older than its death may be read")
    func heldBySnapshot() throws {
        var source = ClusteredVectors(dimension: 16, seed: 93)
        let vectors = source.next(600)
        let index = try makeIndex(vectors)
        let (early, late) = (Array(UInt32(0)..<100), Array(UInt32(100)..<200))
        try index.markDeleted(rows: early, death: 10)
        try index.markDeleted(rows: late, death: 20)
        #expect(try index.repairDeleted(before: 9) == 0)
        #expect(try index.repairDeleted(before: 19) == 100)
        #expect(Set(index.freeRows()) == Set(early) && index.unrepairedCount == 100)
        for row in late.prefix(20) {
            for plan in [SearchPlan.walk, .scan] {
                let hits = try index.search(
                    vectors[Int(row)], k: 1, breadth: 40, at: 19, including: nil, plan: plan)
                #expect(hits.first?.row == row)
            }
        }
        #expect(try index.repairDeleted(before: 20) == 100)
        #expect(index.freeCount == 200)
        try expectSound(index)
    }

    @Test("rows that were never linked, or died in their own commit, become free in their time")
    func unlinkedDead() throws {
        var source = ClusteredVectors(dimension: 8, seed: 94)
        let index = try makeIndex(source.next(300), linked: false)
        try index.link(atMost: 200)
        try index.markDeleted(rows: [0, 50, 250, 299], death: 5)
        try index.markDeleted(rows: [260], death: 1)
        #expect(try index.repairDeleted() == 2)
        try index.link(atMost: 200)
        #expect(index.unlinkedCount == 0)
        #expect(try index.repairDeleted() == 3)
        #expect(Set(index.freeRows()) == [0, 50, 250, 260, 299])
        try expectSound(index)
    }

    @Test("a free row is offered once, however often it was used and freed, in the order of its freeing")
    func offeredOnce() throws {
        var source = ClusteredVectors(dimension: 8, seed: 95)
        let index = try makeIndex(source.next(200))
        var random = SeededRandom(95)
        var sequence: UInt64 = 2
        var living = Set(UInt32(0)..<200)
        for round in 0..<30 {
            let dying = Array(living.sorted().shuffled(using: &random).prefix(round % 3 == 0 ? 100 : 20))
            try index.markDeleted(rows: dying, death: sequence)
            living.subtract(dying)
            try index.repairDeleted()
            let offered = index.freeRows()
            #expect(Set(offered).count == offered.count, "round \(round): a row is offered twice")
            #expect(Set(offered) == Set(UInt32(0)..<200).subtracting(living) && index.freeCount == offered.count)
            // Sometimes all of them, and not always from the front.
            let used = round % 4 == 3 ? Array(offered.suffix(30)) : Array(offered.prefix(round % 2 == 0 ? 200 : 35))
            for row in used { try index.append(row: row, vector: source.next(), birth: sequence + 1) }
            living.formUnion(used)
            try index.link(atMost: 500)
            sequence += 2
        }
        try expectSound(index, reachable: 0.98)
    }

    @Test("thousands of free rows are used and freed in turn")
    func manyFree() {
        var free = FreeRows([3, 3, 9])
        #expect(free.first(10) == [3, 9] && free.count == 2)
        var expected: [UInt32] = [3, 9]
        var random = SeededRandom(96)
        for step in 0..<40_000 {
            let row = UInt32.random(in: 0..<6000, using: &random)
            if step % 3 == 0, let first = expected.first {
                free.remove(first)
                expected.removeFirst()
            } else if !free.contains(row) {
                free.insert(row)
                expected.append(row)
            } else if step % 5 == 0 {
                free.remove(row)
                expected.removeAll { $0 == row }
            }
            if step % 97 == 0 { #expect(free.first(50) == Array(expected.prefix(50))) }
        }
        #expect(free.first(.max) == expected && free.all == expected.sorted() && free.count == expected.count)
    }

    @Test("rows that are free stay out of the graph when it is rebuilt")
    func rebuild() throws {
        var source = ClusteredVectors(dimension: 16, seed: 97)
        let index = try makeIndex(source.next(500))
        try index.markDeleted(rows: (0..<100).map { UInt32($0) }, death: 5)
        try index.repairDeleted()
        try index.markDeleted(rows: (100..<150).map { UInt32($0) }, death: 6)
        index.rebuild()
        try index.link(atMost: 1000)
        #expect(index.unlinkedCount == 0)
        try expectSound(index)
        #expect(try index.repairDeleted() == 50)
        try expectSound(index)
        #expect(index.freeCount == 150)
    }

    @Test("a save beside a repair names no row free that a saved list leads to")
    func saveBesideRepair() throws {
        var source = ClusteredVectors(dimension: 16, seed: 98)
        let store = BlockStore(blockByteCount: 576)
        let options = try IndexOptions(dimension: 16, connectivity: 4, buildBreadth: 32)
        let index = try HNSWIndex(
            options: options, restoring: IndexState(options: options), source: store, memoryLimit: nil,
            maximumRowCount: 2000)
        for row in 0..<500 { try store.commit(source.next(), row: row, to: index, birth: 1) }
        try index.link(atMost: 500)
        try index.markDeleted(rows: (0..<200).map { UInt32($0) }, death: 2)
        var blocks = 0
        // In the middle of the copying the graph loses its dead.
        let state = try index.save { array, block, bytes in
            store.write(array, offset: Int(block) * store.blockByteCount, Array(bytes))
            blocks += 1
            if blocks == 20 { try index.repairDeleted() }
        }
        #expect(blocks > 40 && index.freeCount == 200)
        let restored = try HNSWIndex(
            options: options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 2000)
        #expect(try named(in: restored).isDisjoint(with: restored.freeRows()))
        try restored.repairDeleted()
        #expect(restored.freeCount == 200)
        try expectSound(restored)
    }

    @Test(
        "a list that names a free row all the same gives nobody a deleted one", arguments: [VectorCodes.none, .bits8])
    func wrongLists(codes: VectorCodes) throws {
        var source = ClusteredVectors(dimension: 16, seed: 105)
        let store = BlockStore()
        let options = try IndexOptions(dimension: 16, codes: codes, connectivity: 8, buildBreadth: 40)
        func restore(_ state: IndexState) throws -> HNSWIndex {
            try HNSWIndex(options: options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 2000)
        }
        let first = try restore(IndexState(options: options))
        let vectors = source.next(600)
        for (row, vector) in vectors.enumerated() { try store.commit(vector, row: row, to: first) }
        try first.link(atMost: 600)
        var state = try store.save(first)
        // The lists still lead to them.
        state.deletedRows = (100..<180).map { UInt32($0) }
        state.freeRows = state.deletedRows
        let index = try restore(state)
        #expect(index.unrepairedCount == 0)
        for row in 95..<185 {
            let hits = try index.search(vectors[row], k: 10, breadth: 32, at: .max, including: nil, plan: .walk)
            #expect(hits.count == 10 && hits.allSatisfy { !(100..<180).contains($0.row) })
        }
    }

    @Test("links that cannot be read during a repair are damage, and nothing becomes free")
    func damaged() throws {
        var source = ClusteredVectors(dimension: 16, seed: 99)
        let store = BlockStore()
        let options = try IndexOptions(dimension: 16, connectivity: 4, buildBreadth: 32)
        func restore(_ state: IndexState) throws -> HNSWIndex {
            try HNSWIndex(options: options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 2000)
        }
        let first = try restore(IndexState(options: options))
        let vectors = source.next(400)
        for (row, vector) in vectors.enumerated() { try store.commit(vector, row: row, to: first) }
        try first.link(atMost: 400)
        var state = try store.save(first)
        state.deletedRows = [1, 2, 3]
        let sound = store.contents.withLock { $0.bytes }
        for broken in 0..<2 {
            store.contents.withLock { contents in
                contents.bytes = sound
                if broken == 0 { contents.failing = [.links] }
                if broken == 1, let count = contents.bytes[.links]?.count {
                    contents.bytes[.links] = [UInt8](repeating: 0x7F, count: count)
                }
            }
            let index = try restore(state)
            // Lists of words that no row has are passed over by a repair until one of them must be rewritten.
            if try index.repairDeleted() == 0 { #expect(index.isDamaged && index.freeCount == 0) }
            store.contents.withLock { $0.failing = [] }
            index.rebuild()
            while try index.link(atMost: 500) > 0 {}
            try index.repairDeleted()
            try expectSound(index)
            #expect(try index.search(vectors[9], k: 1).first?.row == 9)
            #expect(Set(index.freeRows()) == [1, 2, 3])
        }
    }
}
