// The parts of the C walk, every path this processor has, against plain Swift.

import CVectorKernels
import Testing

@testable import VectorIndex

@Suite("Kernels: parts of the walk")
struct KernelWalkTests {
    /// A walk that only collects: it scores nothing.
    static func walk(_ graph: KernelGraph, _ beam: KernelBeam, _ table: vk_table) -> vk_walk {
        let nowhere = UnsafeRawPointer(beam.start)
        let figures = KernelFigures(scorer: table.dot_f32, base: nowhere, stride: 0, dimension: 0)
        return graph.walk(beam: beam, results: nil, scored: figures, query: nowhere, scale: 1, shift: 0, met: 0)
    }

    /// A list with zeros in its middle, rows named twice, neighbours that share a word of the visited bits, rows beyond
    /// the bound and, if wanted, one word that names no row.
    static func list(
        _ graph: KernelGraph, damaged: Bool, using random: inout SeededRandom
    ) -> [UInt32] {
        let rows = UInt32(graph.rowCount)
        var words = (0..<graph.degree).map { _ -> UInt32 in
            switch Int.random(in: 0..<8, using: &random) {
            case 0: 0
            case 1: 1 + min(rows, 33) / 2
            case 2: UInt32.random(in: 1...min(rows, 32), using: &random)
            default: UInt32.random(in: 1...rows, using: &random)
            }
        }
        let end = Int.random(in: 0...graph.degree, using: &random)
        if Bool.random(using: &random) { for place in end..<graph.degree { words[place] = 0 } }
        if damaged {
            let wrong: [UInt32] = [rows + 1, rows + 2, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, .max]
            words[Int.random(in: 0..<16, using: &random)] = wrong.randomElement(using: &random) ?? .max
        }
        return words
    }

    @Test("collecting finds each row once, below the bound, and tells damage", arguments: kernelPaths)
    func collects(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        for seed in UInt64(0)..<400 {
            var random = SeededRandom(seed)
            let rowCount = Int.random(in: 1...300, using: &random)
            let bound = seed % 5 == 0 ? rowCount : Int.random(in: 0...rowCount, using: &random)
            let graph = KernelGraph(
                degree: 16 * Int.random(in: 1...4, using: &random), bound: bound, rowCount: rowCount)
            let beam = KernelBeam(8)
            var model = ModelWalk(graph: graph, beam: ModelBeam(8), distance: { _ in 0 })
            var walk = Self.walk(graph, beam, table)
            defer { keep(graph, beam) }
            for step in 0..<8 {
                let isLast = step == 7
                let words = KernelMemory(Self.list(graph, damaged: isLast, using: &random))
                defer { keep(words) }
                let expected = model.collect(words.array)
                let found = table.walks.pointee.collect(&walk, words.start)
                #expect(found == expected?.count ?? -1, "\(path), seed \(seed), step \(step)")
                let met = (0..<walk.met_count).map { graph.met.start[$0] }
                // After damage too: the bits of the rows met are all that is set.
                #expect(Set(met) == graph.visitedRows && Set(met).count == met.count, "\(path), seed \(seed)")
                if isLast {
                    #expect(found == -1, "\(path), seed \(seed)")
                } else {
                    #expect(met == model.met, "\(path), seed \(seed), step \(step)")
                }
            }
        }
    }

    @Test("a list without a row leaves everything as it was", arguments: kernelPaths)
    func collectsNothing(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        let graph = KernelGraph(degree: 64, bound: 10, rowCount: 20)
        for words in [[UInt32](repeating: 0, count: 64), (0..<64).map { _ in 15 }] {
            let list = KernelMemory(words)
            defer { keep(list) }
            let beam = KernelBeam(8)
            var walk = Self.walk(graph, beam, table)
            defer { keep(graph, beam) }
            #expect(table.walks.pointee.collect(&walk, list.start) == 0)
            #expect(walk.met_count == 0 && graph.visitedRows.isEmpty)
        }
    }

    @Test("a beam holds the nearest keys in order, at every capacity", arguments: kernelPaths)
    func inserts(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        for capacity in stride(from: 8, through: 512, by: 8) {
            var random = SeededRandom(UInt64(capacity))
            let beam = KernelBeam(capacity)
            var model = ModelBeam(capacity)
            let scale = ([1, -1, 0.5, -2] as [Float]).randomElement(using: &random) ?? 1
            let shift = ([0, 1, -3.25] as [Float]).randomElement(using: &random) ?? 0
            var used: Set<UInt32> = []
            for step in 0..<60 {
                let count = Int.random(in: 0...70, using: &random)
                var ids: [UInt32] = []
                while ids.count < count {
                    let id = UInt32.random(in: 0...(step % 2 == 0 ? 9999 : 0x7FFF_FFFF), using: &random)
                    if used.insert(id).inserted { ids.append(id) }
                }
                // Many equal figures, both zeros, infinities; later ones mostly fit near the end.
                let odd: [Float] = [0, -0.0, .infinity, -.infinity]
                let drift = Float(step) * 0.02
                let figures = ids.map { _ -> Float in
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0: return Float(Int.random(in: -2...2, using: &random))
                    case 1: return odd.randomElement(using: &random) ?? 0
                    default: return (random.normal() + drift) * scale
                    }
                }
                let (sent, rows) = (KernelMemory(figures + [0]), KernelMemory(ids + [0]))
                defer { keep(sent, rows, beam) }
                table.walks.pointee.insert(beam.start, capacity, sent.start, rows.start, count, scale, shift)
                model.insert(figures, ids, scale: scale, shift: shift)
                #expect(beam.keys == model.keys && beam.isFramed, "\(path), capacity \(capacity), step \(step)")
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    let place = table.walks.pointee.next(beam.start, capacity)
                    #expect(place == model.next ?? capacity, "\(path), capacity \(capacity), step \(step)")
                    if place < capacity, model.next == place {
                        beam.start[place] |= 1
                        model.follow(place)
                    }
                }
            }
        }
    }

    @Test("a key that is there already, or as far as the last of a full beam, does no harm", arguments: kernelPaths)
    func insertsEqualKeys(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        for capacity in [8, 16, 64, 128, 256, 264] {
            let beam = KernelBeam(capacity)
            var model = ModelBeam(capacity)
            var random = SeededRandom(UInt64(capacity))
            for step in 0..<200 {
                let ids = (0..<5).map { _ in UInt32.random(in: 0..<4, using: &random) }
                let figures = (0..<5).map { _ in Float(Int.random(in: 0..<40, using: &random)) }
                let (sent, rows) = (KernelMemory(figures), KernelMemory(ids))
                defer { keep(sent, rows, beam) }
                table.walks.pointee.insert(beam.start, capacity, sent.start, rows.start, 5, 1, 0)
                model.insert(figures, ids, scale: 1, shift: 0)
                #expect(beam.keys == model.keys && beam.isFramed, "\(path), capacity \(capacity), step \(step)")
            }
        }
    }

    @Test("the next key is the first that was not followed", arguments: kernelPaths)
    func next(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        for capacity in stride(from: 8, through: 128, by: 8) {
            for open in 0...capacity {
                let beam = KernelBeam(capacity)
                for place in 0..<capacity {
                    beam.start[place] = UInt64(place) << 32 | (place < open ? 1 : place == open ? 0 : UInt64(place & 1))
                }
                #expect(table.walks.pointee.next(beam.start, capacity) == open)
                keep(beam)
            }
            let empty = KernelBeam(capacity)
            #expect(table.walks.pointee.next(empty.start, capacity) == capacity)
            keep(empty)
        }
    }
}
