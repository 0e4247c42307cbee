// Saving and restoring over a block source: what is read, what is kept, what a crash between them costs.

import Synchronization
import Testing

@testable import VectorIndex

@Suite("Saving and restoring")
struct RestoreTests {
    static let options = try? IndexOptions(dimension: 100, connectivity: 8, buildBreadth: 50, seed: 3)

    /// A saved index of `count` rows with `blockByteCount` blocks.
    private func saved(
        _ count: Int, seed: UInt64, blockByteCount: Int = 8128
    ) throws -> (BlockStore, IndexState, [[Float]], ClusteredVectors) {
        let options = try #require(Self.options)
        var source = ClusteredVectors(dimension: options.dimension, seed: seed)
        let vectors = source.next(count)
        let store = BlockStore(blockByteCount: blockByteCount)
        let index = try HNSWIndex(
            options: options, restoring: IndexState(options: options), source: store, memoryLimit: nil,
            maximumRowCount: 10_000)
        for (row, vector) in vectors.enumerated() { try store.commit(vector, row: row, to: index) }
        try index.link(atMost: count)
        let state = try store.save(index)
        #expect(index.unsavedByteCount == 0)
        store.forgetReads()
        return (store, state, vectors, source)
    }

    private func restore(_ store: BlockStore, _ state: IndexState, memoryLimit: Int? = nil) throws -> HNSWIndex {
        let decoded = try IndexState.decode(state.encode())
        #expect(decoded == state)
        return try HNSWIndex(
            options: state.options, restoring: decoded, source: store, memoryLimit: memoryLimit, maximumRowCount: 10_000
        )
    }

    @Test("a search that commits overtake begins anew and sees what its snapshot sees")
    func overtaken() throws {
        let (store, state, vectors, _) = try saved(300, seed: 36)
        let index = try restore(store, state)
        // The first attempt found no deleted row, so that it need not ask of any; what it found is out of date.
        let reads = Atomic(0)
        store.contents.withLock { contents in
            contents.meanwhile = {
                reads.add(1, ordering: .relaxed)
                try index.markDeleted(row: 7, death: 13)
                try index.markDeleted(row: 8, death: 14)
            }
        }
        let hits = try index.search(vectors[7], k: 300, breadth: 300, at: 13, including: nil, plan: .walk)
        #expect(reads.load(ordering: .relaxed) == 1)
        #expect(hits.map(\.row).sorted() == (0..<300).filter { $0 != 7 })
    }

    @Test("opening reads nothing, and a search only the blocks it touches")
    func readsLittle() throws {
        let (store, state, vectors, _) = try saved(3000, seed: 30)
        let index = try restore(store, state)
        #expect(store.readCount == 0)
        let hits = try index.search(vectors[1234], k: 3, breadth: 3, at: 0, including: nil, plan: .walk)
        #expect(hits.first?.row == 1234)
        let all = 3000 * (state.options.vectorStride + state.options.linkStride) / 8128
        #expect(store.readCount < all * 2 / 3)
        let blocks = store.contents.withLock { $0.reads }
        for (array, list) in blocks { #expect(Set(list).count == list.count, "\(array) blocks were read twice") }
        #expect(index.residentByteCount == store.readCount * 8128)
    }

    @Test("a restored index answers as the one that was saved", arguments: [64, 4096, 8128, 8192])
    func sameAnswers(blockByteCount: Int) throws {
        var (store, state, _, source) = try saved(700, seed: 31, blockByteCount: blockByteCount)
        let index = try restore(store, state)
        let again = try restore(store, state)
        #expect(try again.checkLinks().isSound)
        #expect(index.unlinkedCount == 0 && index.rowCount == 700)
        for query in source.next(20) {
            let first = try index.search(query, k: 10, breadth: 40, at: 0, including: nil, plan: .walk)
            #expect(try again.search(query, k: 10, breadth: 40, at: 0, including: nil, plan: .walk) == first)
        }
        #expect(try recall(index, source.next(30), breadth: 64) >= 0.95)
    }

    @Test("rows committed after the last save are the tail again, deletes and reuses count")
    func crash() throws {
        var (store, state, vectors, source) = try saved(500, seed: 32)
        let index = try restore(store, state)
        // After the save: new rows, a reused row, a deleted row, and links that are lost with the crash.
        for row in 500..<560 {
            vectors.append(source.next())
            try store.commit(vectors[row], row: row, to: index, birth: 5)
        }
        try index.markDeleted(rows: [7, 8], death: 6)
        vectors[7] = source.next()
        try store.commit(vectors[7], row: 7, to: index, birth: 7)
        try index.link(atMost: 1000)
        // The owner knows from its own records what the state does not.
        var known = state
        known.rowCount = 560
        known.deletedRows = [8]
        known.waitingRows = [7]
        let reopened = try restore(store, known)
        #expect(reopened.unlinkedCount == 61)
        for round in 0..<2 {
            for row in [7, 500, 559, 12] {
                let hits = try reopened.search(vectors[row], k: 1, breadth: 40, at: 0, including: nil, plan: .walk)
                #expect(hits.first?.row == UInt32(row))
            }
            #expect(try reopened.search(vectors[8], k: 560).contains { $0.row == 8 } == false)
            if round == 0 { #expect(try reopened.link(atMost: 1000) == 61) }
        }
    }

    @Test("a save writes only what changed, and a failed one loses nothing")
    func increments() throws {
        var (store, state, _, source) = try saved(2000, seed: 33)
        let index = try restore(store, state)
        #expect(try store.save(index) == state)
        #expect(index.unsavedByteCount == 0)
        try store.commit(source.next(), row: 2000, to: index)
        try index.link(atMost: 1)
        let unsaved = index.unsavedByteCount
        #expect(unsaved > 0 && unsaved < 2000 * state.options.linkStride)
        var calls = 0
        #expect(throws: BlockStore.Failure.self) {
            _ = try index.save { _, _, _ in
                calls += 1
                if calls == 2 { throw BlockStore.Failure() }
            }
        }
        #expect(index.unsavedByteCount == unsaved)
        let next = try store.save(index)
        #expect(next.rowCount == 2001 && next.linkedCount == 2001)
        #expect(try restore(store, next).checkLinks() == index.checkLinks())
    }

    @Test("vectors that cannot be read are an error; links that cannot be read are not")
    func failures() throws {
        let (store, state, vectors, _) = try saved(600, seed: 34)
        let index = try restore(store, state)
        store.contents.withLock { $0.failing = [.links] }
        #expect(try index.search(vectors[9], k: 1, breadth: 20, at: 0, including: nil, plan: .walk).first?.row == 9)
        #expect(index.isDamaged)
        store.contents.withLock { $0.failing = [.vectors] }
        let other = try restore(store, state)
        #expect(throws: VectorError.self) { _ = try other.search(vectors[9], k: 1) }
        store.contents.withLock { $0.failing = [] }
        #expect(try other.search(vectors[9], k: 1).first?.row == 9)
        #expect(!other.isDamaged)
    }

    @Test("an index larger than its memory limit answers, links and stays within reach of the limit")
    func memoryLimit() throws {
        var (store, state, vectors, source) = try saved(4000, seed: 35)
        let whole = 4000 * (state.options.vectorStride + state.options.linkStride)
        let limit = whole / 4
        let index = try restore(store, state, memoryLimit: limit)
        let free = try restore(store, state)
        for query in source.next(60) {
            let hits = try index.search(query, k: 10, breadth: 40, at: 0, including: nil, plan: .walk)
            #expect(try free.search(query, k: 10, breadth: 40, at: 0, including: nil, plan: .walk) == hits)
            #expect(index.residentByteCount <= limit)
        }
        #expect(try index.exactSearch(vectors[77], k: 1).first?.row == 77)
        #expect(index.residentByteCount <= limit)
        for row in 4000..<4050 { try store.commit(source.next(), row: row, to: index) }
        #expect(try index.link(atMost: 50) == 50)
        let next = try store.save(index)
        #expect(try index.search(vectors[3], k: 1).first?.row == 3)
        #expect(index.residentByteCount <= limit)
        let reopened = try restore(store, next)
        #expect(try reopened.checkLinks().isSound)
        #expect(try recall(reopened, source.next(30), breadth: 64) >= 0.95)
    }

    @Test("a state under other options is refused")
    func otherOptions() throws {
        let (store, state, _, _) = try saved(50, seed: 36)
        for options in [
            try IndexOptions(dimension: 101, connectivity: 8, seed: 3),
            try IndexOptions(dimension: 100, metric: .dot, connectivity: 8, seed: 3),
            try IndexOptions(dimension: 100, storage: .float32, connectivity: 8, seed: 3),
            try IndexOptions(dimension: 100, connectivity: 9, seed: 3),
            try IndexOptions(dimension: 100, connectivity: 8),
        ] {
            #expect(throws: VectorError.self) {
                _ = try HNSWIndex(options: options, restoring: state, source: store, memoryLimit: nil)
            }
        }
        let broken = [BlockStore(blockByteCount: 0), BlockStore(blockByteCount: 100), BlockStore(blockByteCount: -64)]
        for source in broken {
            #expect(throws: VectorError.self) {
                _ = try HNSWIndex(options: state.options, restoring: state, source: source, memoryLimit: nil)
            }
        }
    }
}
