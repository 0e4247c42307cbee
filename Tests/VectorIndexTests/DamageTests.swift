// Damaged bytes: links and states changed at random never trap, never give a wrong row, and a rebuild mends the graph.

import Testing

@testable import VectorIndex

@Suite("Damage")
struct DamageTests {
    #if DEBUG
    static let mutationCount = 4_000
    #else
    static let mutationCount = 120_000
    #endif

    private func saved(_ count: Int, seed: UInt64) throws -> (BlockStore, IndexState, [[Float]]) {
        let options = try IndexOptions(dimension: 8, connectivity: 4, buildBreadth: 16, seed: 2)
        var source = ClusteredVectors(dimension: 8, clusters: 6, seed: seed)
        let vectors = source.next(count)
        let store = BlockStore(blockByteCount: 448)
        let index = try restore(store, IndexState(options: options))
        for (row, vector) in vectors.enumerated() { try store.commit(vector, row: row, to: index) }
        try index.link(atMost: count)
        return (store, try store.save(index), vectors)
    }

    private func restore(_ store: BlockStore, _ state: IndexState) throws -> HNSWIndex {
        try HNSWIndex(
            options: state.options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 1000)
    }

    @Test("searching, checking and linking over randomly damaged links never traps and only returns what exists")
    func mutatedLinks() throws {
        let (store, state, vectors) = try saved(150, seed: 40)
        let sound = store.contents.withLock { $0.bytes }
        var random = SeededRandom(40)
        var noticed = 0
        var index = try restore(store, state)
        for round in 0..<Self.mutationCount {
            let array: IndexArray = round % 4 == 3 ? .upper : .links
            store.contents.withLock { contents in
                if round % 8 == 0 { contents.bytes = sound }
                guard var bytes = contents.bytes.removeValue(forKey: array), !bytes.isEmpty else { return }
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let at = Int.random(in: 0..<bytes.count, using: &random)
                    // Mostly plausible words, sometimes anything.
                    bytes[at] =
                        random.next() % 3 == 0 ? UInt8.random(in: 0...255, using: &random) : UInt8(random.next() % 152)
                }
                contents.bytes[array] = bytes
            }
            index = try restore(store, state)
            let row = Int.random(in: 0..<150, using: &random)
            let hits = try index.search(vectors[row], k: 5, breadth: 8, at: 1, including: nil, plan: .walk)
            try #require(hits.count == 5 && hits.allSatisfy { $0.row < 150 })
            try #require(Set(hits.map(\.row)).count == 5)
            if index.isDamaged {
                noticed += 1
                try #require(hits.first?.row == UInt32(row), "a damaged index is scanned exactly")
            }
            if round % 16 == 5 {
                _ = try index.checkLinks()
                try index.append(row: 150, vector: vectors[row], birth: 0)
                try index.link(atMost: 3)
                #expect(try index.search(vectors[row], k: 2).count == 2)
            }
        }
        #expect(noticed > Self.mutationCount / 20)
    }

    @Test("damaged links are noticed, scanned around, and mended by a rebuild")
    func rebuild() throws {
        let (store, state, vectors) = try saved(400, seed: 41)
        store.contents.withLock { contents in
            guard let links = contents.bytes.removeValue(forKey: .links) else { return }
            contents.bytes[.links] = [UInt8](repeating: 0x7F, count: links.count)
        }
        let index = try restore(store, state)
        let hits = try index.search(vectors[33], k: 4, breadth: 8, at: 1, including: nil, plan: .walk)
        #expect(index.isDamaged)
        #expect(hits == (try index.exactSearch(vectors[33], k: 4)))
        #expect(try index.checkLinks().damagedListCount == 400)
        #expect(try index.link(atMost: 10) == 0)
        index.rebuild()
        #expect(!index.isDamaged && index.unlinkedCount == 400)
        while index.unlinkedCount > 0 {
            #expect(
                try index.search(vectors[200], k: 1, breadth: 8, at: 1, including: nil, plan: .walk).first?.row == 200)
            #expect(try index.link(atMost: 70) > 0)
        }
        let mended = try store.save(index)
        let again = try restore(store, mended)
        let report = try again.checkLinks()
        #expect(report.isSound && report.reachableShare > 0.99)
        #expect(try recall(again, Array(vectors.prefix(50)), breadth: 32) > 0.95)
    }

    @Test("links of zeros are no damage: what cannot be reached is found by scanning when too little is left")
    func lostLinks() throws {
        let (store, state, vectors) = try saved(300, seed: 42)
        _ = store.contents.withLock { $0.bytes.removeValue(forKey: .links) }
        let index = try restore(store, state)
        let hits = try index.search(vectors[3], k: 10, breadth: 10, at: 1, including: nil, plan: .walk)
        #expect(hits == (try index.exactSearch(vectors[3], k: 10)))
    }

    @Test("states survive encoding, and mutated ones are refused without a trap")
    func mutatedStates() throws {
        var (_, state, _) = try saved(200, seed: 43)
        state.deletedRows = [0, 1, 127, 128, 129, 199]
        state.waitingRows = [5, 3]
        let bytes = state.encode()
        #expect(try IndexState.decode(bytes) == state)
        var random = SeededRandom(43)
        for _ in 0..<Self.mutationCount {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if random.next() % 4 == 0 { mutated.removeLast(Int.random(in: 1...mutated.count, using: &random)) }
            if random.next() % 2 == 0 { mutated = Self.withChecksum(mutated) }
            do {
                let decoded = try IndexState.decode(mutated)
                try #require(decoded.linkedCount <= decoded.rowCount)
                try #require(decoded.deletedRows.count <= decoded.rowCount)
                try #require(decoded.deletedRows.allSatisfy { Int($0) < decoded.rowCount })
                try #require(decoded.waitingRows.allSatisfy { Int($0) < decoded.linkedCount })
            } catch is VectorError {
            }
        }
        #expect(throws: VectorError.self) { _ = try IndexState.decode([]) }
    }

    /// Makes the checksum right again, so that the checks behind it are reached.
    private static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > 8 else { return bytes }
        let body = bytes.dropLast(8)
        let digest = body.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return body + (0..<8).map { UInt8(truncatingIfNeeded: digest >> ($0 * 8)) }
    }

    @Test("a state that contradicts itself is refused")
    func contradictions() throws {
        let (store, state, _) = try saved(100, seed: 44)
        let changes: [(inout IndexState) -> Void] = [
            { $0.linkedCount = 101 }, { $0.linkedCount = -1 }, { $0.rowCount = -1 }, { $0.rowCount = 1 << 40 },
            { $0.entryRow = 100 }, { $0.waitingRows = [100] }, { $0.waitingRows = [1, 1] }, { $0.deletedRows = [100] },
        ]
        for change in changes {
            var changed = state
            change(&changed)
            #expect(throws: VectorError.self) { _ = try restore(store, changed) }
        }
        var tooLarge = state
        tooLarge.rowCount = 2000
        #expect(throws: VectorError(.full(maximumRowCount: 1000))) { _ = try restore(store, tooLarge) }
    }

    @Test("an entry row lost from the state means scanning until a rebuild")
    func lostEntry() throws {
        var (store, state, vectors) = try saved(100, seed: 45)
        state.entryRow = nil
        let index = try restore(store, state)
        #expect(index.isDamaged)
        #expect(try index.search(vectors[9], k: 1, breadth: 4, at: 1, including: nil, plan: .walk).first?.row == 9)
    }
}
