// The C kernels for rows of numbers, every path this processor has, against double precision.

import CVectorKernels
import Testing

@testable import VectorIndex

@Suite("Kernels")
struct KernelTests {
    static let dimensions = Array(1...70) + [96, 384, 777, 1536]

    @Test("single, gather, block and many agree bit for bit and are right", arguments: kernelPaths)
    func agree(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        #expect(String(cString: table.name) == path)
        for dimension in Self.dimensions {
            for type in ElementType.allCases {
                let rows = KernelRows(type, dimension: dimension, count: 23, seed: UInt64(dimension), table: table)
                var random = SeededRandom(UInt64(dimension) + 1000)
                let queries = (0..<9).map { _ in KernelMemory((0..<dimension).map { _ in random.normal() }) }
                let addresses = queries.map { UnsafeRawPointer($0.start) }
                defer { keep(rows, queries) }
                for isDot in [true, false] {
                    let figures = KernelFigures(
                        scorer: type.scorer(table, isDot: isDot), base: rows.base, stride: rows.stride,
                        dimension: dimension)
                    #expect(
                        figures.agree(addresses, rowCount: 23, using: &random), "\(path) \(type) \(dimension) \(isDot)")
                    for (row, figure) in figures.block(addresses[0], count: 23).enumerated() {
                        let query = queries[0].array
                        let expected =
                            isDot
                            ? -trueDistance(query, rows.numbers[row], .dot)
                            : trueDistance(query, rows.numbers[row], .euclidean)
                        #expect(
                            abs(Double(figure) - expected) <= 1e-5 * (Double(dimension) + abs(expected)),
                            "\(path) \(type) \(dimension)")
                    }
                }
            }
        }
    }

    @Test("many queries against more rows than one piece holds give what block gives", arguments: kernelPaths)
    func manyRows(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        for (type, dimension, count) in [(ElementType.float32, 1200, 41), (.float16, 33, 700), (.bfloat16, 100, 203)] {
            let rows = KernelRows(type, dimension: dimension, count: count, seed: UInt64(count), table: table)
            var random = SeededRandom(7)
            let queries = (0..<6).map { _ in KernelMemory((0..<dimension).map { _ in random.normal() }) }
            let addresses = queries.map { UnsafeRawPointer($0.start) }
            defer { keep(rows, queries) }
            for isDot in [true, false] {
                let figures = KernelFigures(
                    scorer: type.scorer(table, isDot: isDot), base: rows.base, stride: rows.stride,
                    dimension: dimension)
                let expected: [Float] = addresses.flatMap { figures.block($0, count: count) } + [-1]
                #expect(figures.many(addresses, count: count) == expected, "\(path) \(type)")
            }
        }
    }

    @Test("the squared norm is right at every length", arguments: kernelPaths)
    func squaredNorm(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        var random = SeededRandom(9)
        for count in Self.dimensions {
            let vector = (0..<count).map { _ in random.normal() }
            let expected = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(Double(table.squared_norm(vector, count)) - expected) <= 1e-5 * expected)
        }
    }

    @Test("measuring tells NaN and infinity at any place, and sums the squares of the rest")
    func measures() {
        var random = SeededRandom(10)
        for count in 0...70 {
            var vector = (0..<count).map { _ in random.normal() }
            var squared: Float = -1
            #expect(vk_measure(vector, count, &squared) == 1)
            let expected = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(Double(squared) - expected) <= 1e-5 * expected)
            for place in 0..<count {
                let kept = vector[place]
                for odd in [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity] {
                    vector[place] = odd
                    #expect(vk_measure(vector, count, &squared) == 0, "\(count) \(place) \(odd)")
                }
                for even in [Float.leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, -0.0] {
                    vector[place] = even
                    #expect(vk_measure(vector, count, &squared) == 1, "\(count) \(place) \(even)")
                }
                vector[place] = kept
            }
        }
        var squared: Float = 0
        #expect(vk_measure([1e30, 1e30], 2, &squared) == 1 && squared == .infinity)
    }

    @Test("an unknown path has no table, and the chosen table is one of the named ones")
    func names() {
        #expect(vk_table_named("avx1024") == nil)
        #expect(kernelPaths.contains(String(cString: vk_kernels().pointee.name)))
        #expect(vk_kernels() == vk_kernels())
    }
}
