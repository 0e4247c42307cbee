// Codes inside the index: when they are made, what they hold, and that answers by them are as good as asked for.

import Synchronization
import Testing

@testable import VectorIndex

@Suite("Codes")
struct CodeTests {
    private static let widths: [VectorCodes] = [.bits8, .bits4, .bits1]

    private func index(
        _ vectors: [[Float]], _ codes: VectorCodes, metric: Metric = .cosine, storage: VectorStorage = .float16
    ) throws -> HNSWIndex {
        let options = try IndexOptions(
            dimension: vectors[0].count, metric: metric, storage: storage, codes: codes, connectivity: 12,
            buildBreadth: 60, seed: 1)
        let index = try HNSWIndex(options: options, maximumRowCount: 100_000)
        for (row, vector) in vectors.enumerated() { try index.append(row: UInt32(row), vector: vector, birth: 1) }
        return index
    }

    @Test(
        "codes of every width and metric find .95 of the nearest, by walking and by scanning",
        arguments: widths, Metric.allCases)
    func recallOfCodes(codes: VectorCodes, metric: Metric) throws {
        var source = ClusteredVectors(dimension: 160, spread: 1, seed: 70)
        let index = try index(source.next(1500), codes, metric: metric)
        try index.link(atMost: 1500)
        #expect(index.hasCodes)
        for plan in [SearchPlan.walk, .scan] {
            var (found, wanted) = (0, 0)
            for query in source.next(50) {
                let exact = try index.exactSearch(query, k: 10)
                // One bit a dimension orders coarsely: more of the nearest must be looked at again.
                let hits = try index.search(
                    query, k: 10, breadth: 96, rerank: codes == .bits1 ? 200 : nil, at: .max, including: nil, plan: plan
                )
                wanted += exact.count
                found += Set(exact.map(\.row)).intersection(hits.map(\.row)).count
                // Whatever the codes say, distances are those of the vectors.
                for hit in hits {
                    guard let same = exact.first(where: { $0.row == hit.row }) else { continue }
                    #expect(abs(same.distance - hit.distance) <= 1e-4 * max(1, abs(same.distance)))
                }
            }
            #expect(Double(found) >= 0.95 * Double(wanted), "\(plan): \(found) of \(wanted)")
        }
    }

    @Test("codes come with row 256, and are trained again when four times as many rows are there", arguments: widths)
    func thresholds(codes: VectorCodes) throws {
        var source = ClusteredVectors(dimension: 12, seed: 71)
        let index = try index(source.next(255), codes)
        #expect(!index.hasCodes && index.codebook.value == nil)
        func append(to count: Int) throws {
            while index.rowCount < count {
                try index.append(row: UInt32(index.rowCount), vector: source.next(), birth: 1)
            }
        }
        for (count, trained) in [(256, 256), (1023, 256), (1024, 1024), (4095, 1024), (4096, 4096)] {
            try append(to: count)
            #expect(index.codebook.value?.trainedCount == trained, "\(count) rows")
            #expect(index.coded.load(ordering: .relaxed) == count)
        }
        let large = Codebook(lo: [0], step: [1], trainedCount: 65536)
        #expect(HNSWIndex.nextTraining(after: large) == .max && !large.isOutgrown(rowCount: 1 << 30))
    }

    @Test("without codes nothing is trained or kept")
    func none() throws {
        var source = ClusteredVectors(dimension: 12, seed: 72)
        let index = try index(source.next(300), .none)
        #expect(!index.hasCodes && index.codebook.value == nil && index.codes.dirtyBlockCount == 0)
        #expect(index.options.codeStride == 0)
    }

    @Test(
        "a code stands for its vector's numbers, to half a step within the book's range", arguments: widths,
        [3, 64, 130])
    func meaning(codes: VectorCodes, dimension: Int) throws {
        var source = ClusteredVectors(dimension: dimension, seed: 73)
        let index = try index(source.next(300), codes, metric: .euclidean, storage: .float32)
        let book = try #require(index.codebook.value)
        let most = Float((1 << codes.bits) - 1)
        for row in stride(from: 0, to: 300, by: 7) {
            let vector = try index.vector(row: UInt32(row))
            let bytes = index.codes.base + row * index.options.codeStride
            for d in 0..<dimension {
                let code = Self.code(UnsafeRawPointer(bytes), d, codes)
                let wanted = min(max((vector[d] - book.lo[d]) / book.step[d], 0), most)
                #expect(abs(Float(code) - wanted) <= 0.501)
            }
            let term = bytes.load(fromByteOffset: index.options.codeTermOffset, as: Float.self)
            let squared = vector.reduce(0) { $0 + $1 * $1 }
            #expect(abs(term - squared) <= 1e-4 * squared)
        }
    }

    /// The code of a dimension, by the document of the format.
    private static func code(_ row: UnsafeRawPointer, _ dimension: Int, _ codes: VectorCodes) -> Int {
        func byte(_ offset: Int) -> Int { Int(row.load(fromByteOffset: offset, as: UInt8.self)) }
        switch codes {
        case .bits8: return byte(dimension)
        case .bits4:
            let place = dimension % 128
            return byte(dimension / 128 * 64 + place % 64) >> (place < 64 ? 0 : 4) & 15
        default: return byte(dimension / 8) >> (dimension % 8) & 1
        }
    }

    @Test("dimensions that never vary, and numbers of any size, make a book of finite numbers")
    func oddSamples() throws {
        for value: Float in [0, 1, -65504, 1e-30, 1e30, .greatestFiniteMagnitude / 8] {
            for codes in Self.widths {
                var vectors = (0..<300).map { _ in [Float](repeating: value, count: 4) }
                vectors[7][2] = -value
                let index = try index(vectors, codes, metric: .dot, storage: .float32)
                let book = try #require(index.codebook.value)
                #expect(book.lo.allSatisfy { $0.isFinite }, "\(value)")
                #expect(book.step.allSatisfy { $0.isFinite && $0 > 0 }, "\(value)")
                try index.link(atMost: 300)
                #expect(try index.search([1, 1, 1, 1], k: 300, breadth: 8).count == 300, "\(value)")
                #expect(try IndexState.decode(index.save { _, _, _ in }.encode()).codebook == book, "\(value)")
            }
        }
    }

    @Test("a restored index searches by the codes it saved, and makes those of later rows when it links them")
    func restored() throws {
        let options = try IndexOptions(dimension: 20, codes: .bits8, connectivity: 8, buildBreadth: 40)
        var source = ClusteredVectors(dimension: 20, seed: 74)
        var vectors = source.next(400)
        let store = BlockStore()
        func restore(_ state: IndexState, limit: Int? = nil) throws -> HNSWIndex {
            try HNSWIndex(
                options: options, restoring: state, source: store, memoryLimit: limit, maximumRowCount: 5000)
        }
        let first = try restore(IndexState(options: options))
        for (row, vector) in vectors.enumerated() { try store.commit(vector, row: row, to: first) }
        try first.link(atMost: 400)
        var state = try IndexState.decode(store.save(first).encode())
        #expect(state.codedCount == 400 && state.codebook == first.codebook.value)
        // Committed after the save, before a crash.
        for row in 400..<1000 {
            vectors.append(source.next())
            try store.commit(vectors[row], row: row, to: first)
        }
        state.rowCount = 1000
        func expectFound(_ index: HNSWIndex) throws {
            for row in [0, 399, 400, 507, 508, 635, 636, 999] {
                for plan in [SearchPlan.walk, .scan, .exact] {
                    let hits = try index.search(vectors[row], k: 1, breadth: 40, at: 0, including: nil, plan: plan)
                    #expect(hits.first?.row == UInt32(row), "\(plan)")
                }
            }
        }
        store.forgetReads()
        let index = try restore(state)
        #expect(index.hasCodes && store.readCount == 0)
        for linked in [0, 300, 300] {
            try index.link(atMost: linked)
            try expectFound(index)
        }
        #expect(index.coded.load(ordering: .relaxed) == 1000 && index.codes.isComplete)
        // What was made for the later rows is saved with the rest, and is there the next time.
        let later = try store.save(index)
        #expect(later.codedCount == 1000)
        for limit in [nil, 100_000] { try expectFound(try restore(later, limit: limit)) }
    }

    @Test("a rebuild makes codes anew, and searches go on by them")
    func rebuild() throws {
        var source = ClusteredVectors(dimension: 16, seed: 76)
        let vectors = source.next(400)
        let index = try index(vectors, .bits8)
        try index.link(atMost: 400)
        index.rebuild()
        #expect(index.hasCodes && index.coded.load(ordering: .relaxed) == 400)
        try index.link(atMost: 400)
        #expect(try recall(index, source.next(30), breadth: 64) >= 0.95)
    }

    @Test("a rebuild of a few rows trains no book of a few rows")
    func rebuildOfFew() throws {
        var source = ClusteredVectors(dimension: 16, seed: 75)
        let index = try index(source.next(5), .bits4)
        try index.link(atMost: 5)
        index.rebuild()
        for row in 5..<255 { try index.append(row: UInt32(row), vector: source.next(), birth: 1) }
        #expect(!index.hasCodes)
        try index.append(row: 255, vector: source.next(), birth: 1)
        #expect(index.codebook.value?.trainedCount == 256)
    }
}
