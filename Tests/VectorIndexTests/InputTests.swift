// What callers may get wrong: vectors, options, row numbers. Each an error, never a trap.

import Testing
import VectorIndex

@Suite("Inputs")
struct InputTests {
    private func code(_ body: () throws -> Void) -> VectorError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? VectorError)?.code
        }
    }

    @Test("vectors and queries of the wrong shape are refused with the reason")
    func vectors() throws {
        let options = try IndexOptions(dimension: 3)
        let index = try HNSWIndex(options: options, maximumRowCount: 10)
        let refused: [([Float], VectorError.Code)] = [
            ([1, 2], .wrongDimension(expected: 3, found: 2)),
            ([], .wrongDimension(expected: 3, found: 0)),
            ([1, .nan, 2], .notFinite(at: 1)),
            ([1, 0, -.infinity], .notFinite(at: 2)),
            ([0, 0, 0], .zeroVector),
        ]
        for (vector, reason) in refused {
            #expect(code { try index.append(row: 0, vector: vector, birth: 1) } == reason)
            #expect(code { _ = try index.search(vector, k: 1) } == reason)
            #expect(code { _ = try HNSWIndex.encode(vector, options: options) } == reason)
        }
        #expect(index.rowCount == 0)
        #expect(code { try index.appendEncoded(row: 0, bytes: [1, 2, 3], birth: 1) } != nil)
    }

    @Test("values beyond float16 are refused where they would become infinite")
    func overflow() throws {
        let half = try IndexOptions(dimension: 2, metric: .dot, storage: .float16)
        #expect(code { _ = try HNSWIndex.encode([1, 65520], options: half) } == .outOfStorageRange(at: 1))
        #expect(try HNSWIndex.encode([1, -65519], options: half) == [0, 0x3C, 0xFF, 0xFB])
        let single = try IndexOptions(dimension: 2, metric: .dot, storage: .float32)
        #expect(try HNSWIndex.encode([1, 65520], options: single).count == 8)
    }

    @Test("very long and very short vectors keep their direction under cosine")
    func extremeLengths() throws {
        let options = try IndexOptions(dimension: 2, storage: .float32)
        let index = try HNSWIndex(options: options, maximumRowCount: 10)
        try index.append(row: 0, vector: [3e37, 4e37], birth: 1)
        try index.append(row: 1, vector: [Float(4e-20) * 1e-20, Float(-3e-20) * 1e-20], birth: 1)
        #expect(try abs(index.vector(row: 0)[1] - 0.8) < 1e-6)
        #expect(try abs(index.vector(row: 1)[0] - 0.8) < 1e-4)
        #expect(try index.search([3e-38, 4e-38], k: 1).map(\.row) == [0])
    }

    @Test("options outside their ranges are refused, also when decoded")
    func options() throws {
        for (dimension, connectivity, breadth) in [
            (0, 16, 100), (8193, 16, 100), (4, 3, 100), (4, 129, 100), (4, 16, 7),
        ] {
            #expect(throws: VectorError.self) {
                _ = try IndexOptions(dimension: dimension, connectivity: connectivity, buildBreadth: breadth)
            }
        }
        let largest = try IndexOptions(dimension: 8192, storage: .float32, connectivity: 128, buildBreadth: 4096)
        #expect(try HNSWIndex(options: largest).maximumRowCount > 100_000)
    }

    @Test("rows come in order; only deleted rows are used again")
    func rows() throws {
        let index = try makeIndex([[1, 0], [0, 1]])
        #expect(code { try index.append(row: 3, vector: [1, 1], birth: 2) } == .rowOutOfRange(row: 3, rowCount: 2))
        #expect(code { try index.append(row: 1, vector: [1, 1], birth: 2) } == .rowOutOfRange(row: 1, rowCount: 2))
        #expect(code { try index.append(row: .max, vector: [1, 1], birth: 2) } != nil)
        #expect(code { try index.markDeleted(rows: [0, 2], death: 2) } == .rowOutOfRange(row: 2, rowCount: 2))
        #expect(index.deletedCount == 0)
        #expect(code { _ = try index.vector(row: 2) } == .rowOutOfRange(row: 2, rowCount: 2))
        try index.markDeleted(row: 1, death: 2)
        try index.append(row: 1, vector: [1, 1], birth: 3)
        #expect(index.deletedCount == 0)
    }

    @Test("a full index says so")
    func full() throws {
        let index = try HNSWIndex(options: IndexOptions(dimension: 1, metric: .euclidean), maximumRowCount: 2)
        try index.append(row: 0, vector: [1], birth: 1)
        try index.append(row: 1, vector: [2], birth: 1)
        #expect(code { try index.append(row: 2, vector: [3], birth: 1) } == .full(maximumRowCount: 2))
        #expect(try index.link(atMost: 10) == 2)
        #expect(try index.search([1.9], k: 5).map(\.row) == [1, 0])
    }

    @Test("every error has a sentence")
    func messages() {
        let codes: [VectorError.Code] = [
            .wrongDimension(expected: 1, found: 2), .notFinite(at: 3), .outOfStorageRange(at: 1), .zeroVector,
            .invalidOption(name: "n", reason: "r"), .rowOutOfRange(row: 1, rowCount: 1), .full(maximumRowCount: 1),
            .corruptImage(reason: "x"), .source("y"), .outOfMemory(byteCount: 4),
        ]
        for code in codes {
            #expect(VectorError(code).message.count > 10 && "\(VectorError(code))" == VectorError(code).message)
        }
    }
}
