// The state of version 2: what it carries, and what nobody may put in.

import Testing

@testable import VectorIndex

@Suite("States of version 2")
struct StateTests {
    private func state(_ codes: VectorCodes, dimension: Int = 5, trained: Bool = true) throws -> IndexState {
        let options = try IndexOptions(
            dimension: dimension, metric: .euclidean, storage: .float32, codes: codes, connectivity: 7,
            buildBreadth: 33,
            seed: 0xABCD_EF01_2345_6789)
        var state = IndexState(options: options)
        state.rowCount = 1000
        state.linkedCount = 900
        state.entryRow = 17
        state.waitingRows = [5, 3]
        state.deletedRows = [0, 1, 127, 128, 129, 700, 999]
        state.freeRows = [1, 128, 700]
        if trained {
            state.codedCount = 950
            state.codebook = Codebook(
                lo: (0..<dimension).map { Float($0) - 2.5 }, step: (0..<dimension).map { Float($0 + 1) / 64 },
                trainedCount: 256)
        }
        return state
    }

    @Test("all of it comes back", arguments: VectorCodes.allCases, [true, false])
    func roundTrip(codes: VectorCodes, trained: Bool) throws {
        let state = try state(codes, trained: trained && codes != .none)
        let bytes = state.encode()
        #expect(try IndexState.decode(bytes) == state)
        #expect(bytes[4] == 2)
        let book = state.codebook == nil ? 0 : 8 * 5
        #expect(bytes.count == 61 + 4 * 2 + 9 + 4 + book + 8)
    }

    @Test("without codes and free rows version 1 is written, and version 1 is read")
    func versionOne() throws {
        var state = try state(.none, trained: false)
        state.freeRows = []
        let bytes = state.encode()
        #expect(bytes[4] == 1 && bytes.count == 48 + 4 * 2 + 9 + 8)
        #expect(try IndexState.decode(bytes) == state)
    }

    @Test("every byte has the place that FORMAT.md gives it")
    func places() throws {
        let bytes = try state(.bits4).encode()
        func number(_ at: Int, _ count: Int) -> Int {
            bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(Array(bytes[0..<4]) == Array("HNSI".utf8))
        #expect([number(6, 1), number(7, 1), number(8, 4), number(12, 4), number(16, 4)] == [2, 0, 5, 7, 33])
        #expect([number(28, 4), number(32, 4), number(36, 4), number(40, 4), number(44, 4)] == [1000, 900, 18, 2, 7])
        #expect([number(48, 1), number(49, 4), number(53, 4), number(57, 4)] == [4, 950, 3, 257])
        #expect([number(61, 4), number(65, 4)] == [5, 3])
        // 0, 1, 127, 128, 129, 700 and 999 by their distances; then 1, 128, 700 likewise.
        #expect(Array(bytes[69..<78]) == [0, 0, 125, 0, 0, 0x80 | 58, 4, 0x80 | 42, 2])
        #expect(Array(bytes[78..<82]) == [1, 126, 0x80 | 59, 4])
        #expect(Float(bitPattern: UInt32(number(82, 4))) == -2.5)
        #expect(Float(bitPattern: UInt32(number(82 + 20, 4))) == Float(1) / 64)
        #expect(bytes.count == 82 + 40 + 8)
    }

    @Test("a state with impossible numbers is refused by name")
    func impossible() throws {
        let sound = try state(.bits8)
        let changes: [(inout IndexState) -> Void] = [
            { $0.codedCount = 1001 }, { $0.codedCount = -1 }, { $0.codebook = nil }, { $0.freeRows = [2] },
            { $0.freeRows = [1000] }, { $0.deletedRows = [1000] },
            { $0.codebook = Codebook(lo: [0], step: [1], trainedCount: 256) },
            { $0.codebook = Codebook(lo: [0, 0, 0, 0, 0], step: [1], trainedCount: 256) },
        ]
        for (number, change) in changes.enumerated() {
            var changed = sound
            change(&changed)
            let error = #expect(throws: VectorError.self, "change \(number)") { try changed.check() }
            guard case .corruptImage? = error?.code else {
                Issue.record("change \(number): \(String(describing: error))")
                continue
            }
        }
        var bookless = try state(.none, trained: false)
        bookless.codebook = sound.codebook
        #expect(throws: VectorError.self) { try bookless.check() }
    }

    @Test("books of huge, tiny and senseless numbers are refused, or searched with without a trap")
    func hostileBooks() throws {
        let numbers: [Float] = [
            0, -0.0, 1, -1, .nan, -.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-20, 1e20, Float(bitPattern: 0x7FFF_FFFF),
            Float(bitPattern: 0xFFFF_FFFF),
        ]
        var source = ClusteredVectors(dimension: 5, seed: 60)
        for codes in [VectorCodes.bits8, .bits4, .bits1] {
            let options = try IndexOptions(
                dimension: 5, metric: .euclidean, codes: codes, connectivity: 4, buildBreadth: 16)
            let store = BlockStore()
            let first = try HNSWIndex(
                options: options, restoring: IndexState(options: options), source: store, memoryLimit: nil,
                maximumRowCount: 1000)
            for row in 0..<300 { try store.commit(source.next(), row: row, to: first) }
            try first.link(atMost: 300)
            let saved = try store.save(first)
            let place = saved.encode().count - 8 - 40
            for lo in numbers {
                for step in numbers {
                    var bytes = saved.encode()
                    for d in [0, 3] {
                        for (offset, value) in [(place + 4 * d, lo), (place + 20 + 4 * d, step)] {
                            withUnsafeBytes(of: value.bitPattern.littleEndian) {
                                bytes.replaceSubrange(offset..<offset + 4, with: $0)
                            }
                        }
                    }
                    bytes = Self.sealed(bytes)
                    do {
                        let state = try IndexState.decode(bytes)
                        #expect(lo.isFinite && step.isFinite && step > 0, "\(lo) \(step)")
                        let index = try HNSWIndex(
                            options: options, restoring: state, source: store, memoryLimit: nil, maximumRowCount: 1000)
                        for plan in [SearchPlan.walk, .scan] {
                            let hits = try index.search(
                                source.next(), k: 5, breadth: 16, at: .max, including: nil, plan: plan)
                            #expect(hits.count == 5 && Set(hits.map(\.row)).count == 5, "\(lo) \(step)")
                        }
                        try store.commit(source.next(), row: 300, to: index)
                        #expect(try index.link(atMost: 5) == 1)
                        try index.markDeleted(row: 7, death: 1)
                        try index.repairDeleted()
                    } catch let error as VectorError {
                        guard case .corruptImage = error.code else { throw error }
                        #expect(!(lo.isFinite && step.isFinite && step > 0), "\(lo) \(step): \(error)")
                    }
                }
            }
        }
    }

    @Test("states of version 2 changed at random are refused or sound, never a trap")
    func mutated() throws {
        var random = SeededRandom(61)
        for codes in VectorCodes.allCases {
            let bytes = try state(codes, trained: codes != .none).encode()
            for _ in 0..<DamageTests.mutationCount / 4 {
                var mutated = bytes
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    // Counts and lists more often than the rest.
                    let end = random.next() % 2 == 0 ? mutated.count : min(90, mutated.count)
                    mutated[Int.random(in: 0..<end, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if random.next() % 4 == 0 { mutated.removeLast(Int.random(in: 1...mutated.count, using: &random)) }
                if random.next() % 8 != 0 { mutated = Self.sealed(mutated) }
                do {
                    let decoded = try IndexState.decode(mutated)
                    try decoded.check()
                    try #require(Set(decoded.freeRows).isSubset(of: decoded.deletedRows))
                    try #require(decoded.codedCount <= decoded.rowCount)
                    try #require(try IndexState.decode(decoded.encode()).freeRows == decoded.freeRows)
                } catch let error as VectorError {
                    switch error.code {
                    case .corruptImage, .invalidOption: break
                    default: throw error
                    }
                }
            }
        }
    }

    /// The bytes with the checksum that fits them.
    private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > 8 else { return bytes }
        let digest = bytes.dropLast(8).reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return bytes.dropLast(8) + (0..<8).map { UInt8(truncatingIfNeeded: digest >> ($0 * 8)) }
    }
}
