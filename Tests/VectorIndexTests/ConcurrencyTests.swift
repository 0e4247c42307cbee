// Many threads at once: searches, appends, deletes, linking and saving. Run these under the thread sanitizer too.

import Synchronization
import Testing

@testable import VectorIndex

@Suite("Concurrency")
struct ConcurrencyTests {
    /// Everything at once over one index; every hit must have been alive at the search's sequence.
    private func mix(_ index: HNSWIndex, _ store: BlockStore, vectors: [[Float]], from first: Int) throws {
        // A row r is born at r + 1; every tenth dies at r + 301.
        let committed = Atomic<Int>(first)
        let saved = Guarded<IndexState?>(nil)
        let writer: @Sendable () throws -> Void = {
            for row in first..<vectors.count {
                try store.commit(vectors[row], row: row, to: index, birth: UInt64(row + 1))
                if row >= 300 && row % 10 == 0 {
                    try index.markDeleted(row: UInt32(row - 300), death: UInt64(row + 1))
                }
                committed.store(row + 1, ordering: .releasing)
            }
        }
        let linker: @Sendable () throws -> Void = {
            repeat { try index.link(atMost: 25) } while committed.load(ordering: .acquiring) < vectors.count
            try index.link(atMost: vectors.count)
        }
        let saver: @Sendable () throws -> Void = {
            repeat {
                let state = try store.save(index)
                saved.withLock { $0 = state }
            } while committed.load(ordering: .acquiring) < vectors.count
        }
        let searcher: @Sendable () throws -> Void = {
            var random = SeededRandom(50)
            var isLast = false
            while !isLast {
                isLast = committed.load(ordering: .acquiring) >= vectors.count
                let sequence = committed.load(ordering: .acquiring)
                guard sequence > 0 else { continue }
                let query = vectors[Int.random(in: 0..<sequence, using: &random)]
                let plan: SearchPlan = random.next() % 4 == 0 ? .scan : .walk
                let hits = try index.search(
                    query, k: 10, breadth: 32, at: UInt64(sequence), including: nil, plan: plan)
                try #require(hits.count == min(10, sequence))
                for hit in hits {
                    let row = Int(hit.row)
                    try #require(row < sequence, "a row of the future")
                    try #require(!(row % 10 == 0 && row + 301 <= sequence), "row \(row) is dead at \(sequence)")
                }
            }
        }
        try runTogether([writer, linker, linker, saver, searcher, searcher])
        #expect(index.unlinkedCount == 0)
        let state = try store.save(index)
        let restored = try HNSWIndex(
            options: index.options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 5000)
        for candidate in [index, restored] {
            let report = try candidate.checkLinks()
            #expect(report.isSound && report.repeatingListCount == 0 && report.reachableShare > 0.98)
            #expect(try recall(candidate, Array(vectors.suffix(30)), breadth: 64, at: .max) >= 0.93)
        }
        // Any state saved on the way is one to restart from: what it does not count as linked is linked again.
        if let early = saved.withLock({ $0 }) {
            var known = early
            known.rowCount = vectors.count
            let reopened = try HNSWIndex(
                options: index.options, restoring: known, source: store, memoryLimit: nil, maximumRowCount: 5000)
            try reopened.link(atMost: vectors.count)
            #expect(try reopened.checkLinks().isSound && !reopened.isDamaged)
        }
    }

    @Test("searches, appends, deletes, linking and saves at once")
    func everything() throws {
        var source = ClusteredVectors(dimension: 16, seed: 50)
        let store = BlockStore()
        let options = try IndexOptions(dimension: 16, connectivity: 8, buildBreadth: 32, seed: 5)
        let index = try HNSWIndex(
            options: options, restoring: IndexState(options: options), source: store, memoryLimit: nil,
            maximumRowCount: 5000)
        try mix(index, store, vectors: source.next(900), from: 0)
    }

    @Test("the same while blocks are loaded and dropped under a tight limit")
    func underPressure() throws {
        var source = ClusteredVectors(dimension: 64, seed: 51)
        let vectors = source.next(1400)
        let store = BlockStore(blockByteCount: 576)
        let options = try IndexOptions(dimension: 64, connectivity: 8, buildBreadth: 32, seed: 5)
        let first = try HNSWIndex(
            options: options, restoring: IndexState(options: options), source: store, memoryLimit: nil,
            maximumRowCount: 5000)
        for row in 0..<900 { try store.commit(vectors[row], row: row, to: first, birth: UInt64(row + 1)) }
        try first.link(atMost: 900)
        var state = try store.save(first)
        // Rows that the mix counts as dead by then.
        state.deletedRows = Array(stride(from: UInt32(0), to: 600, by: 10))
        let index = try HNSWIndex(
            options: options, restoring: state, source: store, memoryLimit: 100_000, maximumRowCount: 5000)
        try mix(index, store, vectors: vectors, from: 900)
    }

    @Test("reused rows and rebuilds among searches")
    func reuseAndRebuild() throws {
        var source = ClusteredVectors(dimension: 16, seed: 52)
        let vectors = source.next(600)
        let fresh = source.next(600)
        let index = try makeIndex(vectors)
        let isOver = Atomic<Bool>(false)
        let writer: @Sendable () throws -> Void = {
            defer { isOver.store(true, ordering: .releasing) }
            for row in stride(from: UInt32(0), to: 300, by: 2) {
                try index.markDeleted(row: row, death: 2)
                try index.append(row: row, vector: fresh[Int(row)], birth: 3)
                if row == 100 { index.rebuild() }
            }
        }
        let linker: @Sendable () throws -> Void = {
            repeat { try index.link(atMost: 20) } while !isOver.load(ordering: .acquiring)
            try index.link(atMost: 1000)
        }
        let searcher: @Sendable () throws -> Void = {
            repeat {
                // Rows from 300 on are never touched, so they are found at any time.
                for row in stride(from: 300, to: 600, by: 37) {
                    let hits = try index.search(vectors[row], k: 1, breadth: 64, at: 3, including: nil, plan: .walk)
                    try #require(hits.count == 1)
                }
            } while !isOver.load(ordering: .acquiring)
        }
        try runTogether([writer, linker, searcher, searcher])
        #expect(index.unlinkedCount == 0 && !index.isDamaged)
        let report = try index.checkLinks()
        #expect(report.isSound && report.linkedCount == 600)
        for row in stride(from: 0, to: 300, by: 2) {
            #expect(try index.search(fresh[row], k: 1, breadth: 64).first?.row == UInt32(row))
        }
    }
}
