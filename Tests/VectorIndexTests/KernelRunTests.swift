// The whole C walk over small random graphs, every path this processor has, against plain Swift: the same beam, results
// and rows met, bit for bit.

import CVectorKernels
import Testing

@testable import VectorIndex

@Suite("Kernels: the walk")
struct KernelRunTests {
    /// Random rows of floats or 4-bit codes, and one query.
    struct Scored {
        let figures: KernelFigures
        let query: UnsafeRawPointer
        let owners: [AnyObject]

        init(rowCount: Int, codes: Bool, table: vk_table, using random: inout SeededRandom) {
            if codes {
                let layout = CodeLayout(bits: 4, dimension: Int.random(in: 1...150, using: &random))
                let weights = (0..<layout.dimension).map { _ in Int.random(in: -127...127, using: &random) }
                let query = KernelCodeTests.Query(layout, weights, factor: 0.001, offset: 0.5, termAt: 0)
                let memory = KernelMemory(
                    (0..<layout.byteCount * rowCount).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    })
                figures = KernelFigures(
                    scorer: table.codes.pointee.bits4, base: UnsafeRawPointer(memory.start), stride: layout.byteCount,
                    dimension: layout.dimension)
                self.query = UnsafeRawPointer(query.address.start)
                owners = [memory, query.weights, query.address]
            } else {
                let dimension = Int.random(in: 1...40, using: &random)
                let rows = KernelRows(
                    .float32, dimension: dimension, count: rowCount, seed: random.next(), table: table)
                let query = KernelMemory((0..<dimension).map { _ in random.normal() })
                let scorer = Bool.random(using: &random) ? table.dot_f32 : table.l2_f32
                figures = KernelFigures(scorer: scorer, base: rows.base, stride: rows.stride, dimension: dimension)
                self.query = UnsafeRawPointer(query.start)
                owners = [rows.memory, query]
            }
        }
    }

    static func bits(_ count: Int, share: Double, using random: inout SeededRandom) -> KernelMemory<UInt32> {
        KernelMemory(
            (0...count / 32).map { _ in
                (0..<32).reduce(0) { $0 | (Double.random(in: 0..<1, using: &random) < share ? 1 << $1 : 0) }
            })
    }

    @Test("a walk meets the same rows and ends with the same beam and results as plain Swift", arguments: kernelPaths)
    func runs(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        var damaged = 0
        for seed in UInt64(0)..<300 {
            var random = SeededRandom(seed)
            let rowCount = Int.random(in: 1...300, using: &random)
            let bound = seed % 3 == 0 ? Int.random(in: 1...rowCount, using: &random) : rowCount
            let degree = 16 * Int.random(in: 1...4, using: &random)
            let graph = KernelGraph(degree: degree, bound: bound, rowCount: rowCount)
            for row in 0..<rowCount {
                let used = Int.random(in: 0...min(degree, 6), using: &random)
                let words = (0..<used).map { _ in UInt32.random(in: 1...UInt32(rowCount), using: &random) }
                graph.set(row, seed % 2 == 0 ? words : KernelWalkTests.list(graph, damaged: false, using: &random))
            }
            if seed % 10 == 9 {
                graph.set(Int.random(in: 0..<bound, using: &random), [UInt32(rowCount) + 1])
            }
            let scored = Scored(rowCount: rowCount, codes: seed % 4 == 1, table: table, using: &random)
            let (scale, shift): (Float, Float) = seed % 4 < 2 ? (-1, 1) : (1, 0)
            let capacity = 8 * Int.random(in: 1...20, using: &random)
            let allowed = seed % 6 > 1 ? Self.bits(rowCount, share: 0.5, using: &random) : nil
            let allowedToo = seed % 6 > 3 ? Self.bits(rowCount, share: 0.7, using: &random) : nil
            let results = seed % 6 > 0 ? KernelBeam(8 * Int.random(in: 1...4, using: &random)) : nil

            var model = ModelWalk(
                graph: graph, beam: ModelBeam(capacity), results: results.map { ModelBeam($0.capacity) },
                distance: { scored.figures.single(scored.query, row: Int($0)) * scale + shift },
                isAllowed: { row in
                    [allowed, allowedToo].compactMap { $0 }.allSatisfy { bits in
                        bits.start[Int(row >> 5)] >> (row & 31) & 1 == 1
                    }
                })
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                model.seed(UInt32.random(in: 0..<UInt32(bound), using: &random))
            }
            let beam = KernelBeam(capacity)
            for (place, key) in model.beam.keys.enumerated() { beam.start[place] = key }
            for (place, row) in model.met.enumerated() {
                graph.met.start[place] = row
                graph.visited.start[Int(row >> 5)] |= 1 << (row & 31)
            }
            var walk = graph.walk(
                beam: beam, results: results, scored: scored.figures, query: scored.query, scale: scale, shift: shift,
                allowed: allowed, allowedToo: allowedToo, met: model.met.count)

            defer { keep(graph, scored, beam, results as Any, allowed as Any, allowedToo as Any) }
            let isSound = model.run()
            let status = table.walks.pointee.run(&walk)
            #expect(status == (isSound ? 0 : -1), "\(path), seed \(seed)")
            #expect(beam.isFramed && results?.isFramed != false, "\(path), seed \(seed)")
            let met = (0..<walk.met_count).map { graph.met.start[$0] }
            #expect(Set(met) == graph.visitedRows && Set(met).count == met.count, "\(path), seed \(seed)")
            if isSound {
                #expect(beam.keys == model.beam.keys, "\(path), seed \(seed)")
                #expect(results?.keys == model.results?.keys, "\(path), seed \(seed)")
                #expect(met == model.met && walk.hops == model.hops, "\(path), seed \(seed)")
            } else {
                damaged += 1
            }
        }
        #expect(damaged > 5)
    }
}
