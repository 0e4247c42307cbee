// Replacing rows again and again: a graph that was repaired serves as well as one made afresh.

import Synchronization
import Testing

@testable import VectorIndex

@Suite("Churn")
struct ChurnTests {
    private static func index(_ vectors: [[Float]]) throws -> HNSWIndex {
        try makeIndex(vectors, codes: .bits4, connectivity: 16, buildBreadth: 120)
    }

    @Test("after replacing 30 % four times, recall at each breadth is nearly that of a fresh build")
    func replaced() throws {
        var source = ClusteredVectors(dimension: 128, clusters: 40, spread: 1.6, seed: 100)
        var vectors = source.next(4000)
        let churned = try Self.index(vectors)
        var random = SeededRandom(100)
        var sequence: UInt64 = 2
        for _ in 0..<4 {
            let dying = Array((0..<UInt32(4000)).shuffled(using: &random).prefix(1200))
            try churned.markDeleted(rows: dying, death: sequence)
            #expect(try churned.repairDeleted() == 1200)
            let free = churned.freeRows()
            #expect(free.count == 1200)
            for row in free {
                vectors[Int(row)] = source.next()
                try churned.append(row: row, vector: vectors[Int(row)], birth: sequence + 1)
            }
            try churned.link(atMost: 2000)
            sequence += 2
        }
        #expect(churned.rowCount == 4000 && churned.deletedCount == 0 && churned.unlinkedCount == 0)
        let report = try churned.checkLinks()
        #expect(report.isSound && report.repeatingListCount == 0 && report.reachableShare >= 0.999)
        let fresh = try Self.index(vectors)
        let queries = source.next(500)
        for breadth in [24, 48, 96, 192] {
            let (old, new) = (
                try recall(churned, queries, breadth: breadth, at: .max),
                try recall(fresh, queries, breadth: breadth, at: .max)
            )
            #expect(
                old >= new - (breadth < 48 ? 0.006 : 0.002),
                "breadth \(breadth): \(old) after churn, \(new) in a fresh build")
        }
    }

    @Test("linkers on several threads, searches, repairs, deaths and reuse at once")
    func together() throws {
        var source = ClusteredVectors(dimension: 24, seed: 101)
        let vectors = source.next(900)
        let fresh = source.next(4000)
        let index = try makeIndex(vectors, codes: .bits8, connectivity: 8, buildBreadth: 40)
        let isOver = Atomic<Bool>(false)
        // Rows from 600 on are never touched. What lives in a row below is known to the writer alone.
        let living = Guarded<[UInt32: Int]>([:])
        let writer: @Sendable () throws -> Void = {
            defer { isOver.store(true, ordering: .releasing) }
            var random = SeededRandom(101)
            var current: [UInt32: Int] = [:]
            var alive = Set(UInt32(0)..<600)
            var next = 0
            var sequence: UInt64 = 2
            while next + 60 < fresh.count {
                let dying = Array(alive.sorted().shuffled(using: &random).prefix(50))
                try index.markDeleted(rows: dying, death: sequence)
                for row in dying { current[row] = nil }
                alive.subtract(dying)
                for row in index.freeRows(60) {
                    try index.append(row: row, vector: fresh[next], birth: sequence + 1)
                    try #require(alive.insert(row).inserted, "row \(row) was free and alive")
                    current[row] = next
                    next += 1
                }
                // When the repairs do not keep up, nothing is left to replace.
                if alive.count < 200 { try index.repairDeleted() }
                sequence += 2
            }
            let last = current
            living.withLock { $0 = last }
        }
        let linker: @Sendable () throws -> Void = {
            repeat { try index.link(atMost: 30, threads: 2) } while !isOver.load(ordering: .acquiring)
            try index.link(atMost: 2000)
        }
        let repairer: @Sendable () throws -> Void = {
            repeat { try index.repairDeleted() } while !isOver.load(ordering: .acquiring)
        }
        let searcher: @Sendable () throws -> Void = {
            repeat {
                for row in stride(from: 600, to: 900, by: 37) {
                    for plan in [SearchPlan.walk, .scan] {
                        let hits = try index.search(
                            vectors[row], k: 3, breadth: 64, at: .max, including: nil, plan: plan)
                        try #require(hits.count == 3 && Set(hits.map(\.row)).count == 3)
                        if plan == .scan { try #require(hits.first?.row == UInt32(row)) }
                    }
                }
            } while !isOver.load(ordering: .acquiring)
        }
        try runTogether([writer, linker, linker, repairer, searcher, searcher])
        while try index.link(atMost: 2000) > 0 {}
        try index.repairDeleted()
        #expect(index.unlinkedCount == 0 && index.unrepairedCount == 0 && !index.isDamaged)
        let report = try index.checkLinks()
        #expect(report.isSound && report.repeatingListCount == 0 && report.reachableShare > 0.99)
        for (row, number) in living.withLock({ $0 }) {
            let hits = try index.search(fresh[number], k: 1, breadth: 64, at: .max, including: nil, plan: .walk)
            #expect(hits.first?.row == row)
        }
    }
}
