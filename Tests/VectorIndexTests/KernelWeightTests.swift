// How queries become weights and rows become pairs of scale and bytes: by the words of the header, in double precision.

import CVectorKernels
import Testing

@testable import VectorIndex

@Suite("Kernels: weights")
struct KernelWeightTests {
    static let dimensions = [1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 384, 385, 1000]

    struct Weights {
        var numbers: [Int8]
        var products: [Float]
        var constant: Float = -1
        var factor: Float = -1

        init(_ vector: [Float], lo: [Float], step: [Float], unit: Int) {
            numbers = [Int8](repeating: 99, count: (vector.count + unit - 1) / unit * unit + 1)
            products = [Float](repeating: -1, count: vector.count + 1)
            vk_code_weights(vector, lo, step, vector.count, unit, &numbers, &products, &constant, &factor)
        }
    }

    @Test("weights are the rounded products with the steps, the largest 127", arguments: [64, 128])
    func weights(unit: Int) {
        for dimension in Self.dimensions {
            var random = SeededRandom(UInt64(dimension + unit * 1000))
            let vector = (0..<dimension).map { _ in random.normal() * 3 }
            let lo = (0..<dimension).map { _ in random.normal() }
            let step = (0..<dimension).map { _ in Float.random(in: 0.01...0.2, using: &random) }
            let found = Weights(vector, lo: lo, step: step, unit: unit)
            let products = zip(vector, step).map { $0 * $1 }
            let most = products.map { abs($0) }.max() ?? 0
            #expect(found.products == products + [-1])
            #expect(abs(found.factor - most / 127) <= 1e-6 * most)
            for (number, product) in zip(found.numbers, products) {
                #expect(abs(Double(number) - Double(product) / Double(most) * 127) <= 0.5001, "\(dimension)")
            }
            #expect(found.numbers.prefix(dimension).map { abs(Int($0)) }.max() == 127)
            #expect(found.numbers[dimension...].dropLast().allSatisfy { $0 == 0 })
            #expect(found.numbers.last == 99, "wrote past the last unit")
            let constant = zip(vector, lo).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(Double(found.constant) - constant) <= 1e-5 * Double(dimension))
        }
    }

    @Test("a query of zeros, of tiny or of huge numbers has weights within -127...127")
    func extremeWeights() {
        let ones = [Float](repeating: 1, count: 100)
        let zeros = Weights([Float](repeating: 0, count: 100), lo: ones, step: ones, unit: 64)
        #expect(zeros.numbers.dropLast().allSatisfy { $0 == 0 } && zeros.factor == 0 && zeros.constant == 0)
        for size in [Float.leastNonzeroMagnitude, .leastNormalMagnitude, 1e-30, 1e30, .greatestFiniteMagnitude] {
            for step in [Float(1e-10), 1, 1e10] {
                var random = SeededRandom(5)
                let vector = (0..<100).map { _ in Float.random(in: -1...1, using: &random) * size }
                let steps = [Float](repeating: step, count: 100)
                let found = Weights(vector, lo: ones, step: steps, unit: 64)
                #expect(found.numbers.dropLast().allSatisfy { $0 >= -127 && $0 <= 127 }, "\(size) \(step)")
            }
        }
    }

    @Test("a paired row holds the rounded numbers, and two of them give the exact sum of products")
    func pairs() throws {
        for dimension in Self.dimensions {
            var random = SeededRandom(UInt64(dimension))
            let byteCount = (dimension + 63) / 64 * 64
            var rows: [[UInt8]] = []
            var numbers: [[Int]] = []
            for _ in 0..<4 {
                let vector = (0..<dimension).map { _ in random.normal() }
                var row = [UInt8](repeating: 7, count: byteCount + 1)
                var scale: Float = -1
                var sum: Int32 = -1
                vk_pair_row(vector, dimension, &row, &scale, &sum)
                let most = vector.map { abs($0) }.max() ?? 0
                #expect(abs(scale - most / 127) <= 1e-6 * most)
                let found = row.prefix(dimension).map { Int($0) - 128 }
                for (number, element) in zip(found, vector) {
                    #expect(abs(Double(number) - Double(element) / Double(most) * 127) <= 0.5001, "\(dimension)")
                }
                #expect(Int(sum) == found.reduce(0, +))
                #expect(row[dimension..<byteCount].allSatisfy { $0 == 128 } && row[byteCount] == 7)
                rows.append(Array(row.prefix(byteCount)))
                numbers.append(found)
            }
            let weights = KernelMemory<Int8>(byteCount, repeating: 99)
            vk_pair_weights(rows[0], byteCount, weights.start)
            #expect(weights.array.map { Int($0) } == rows[0].map { Int($0) - 128 })
            let query = KernelMemory([
                vk_code_query(weights: weights.start, units: byteCount / 64, factor: 1, offset: 0, term_at: 0)
            ])
            defer { keep(weights, query) }
            for path in kernelPaths {
                let single = try #require(vk_table_named(path)).pointee.codes.pointee.bits8.single
                for other in 0..<4 {
                    let figure = single(query.start, rows[other], dimension)
                    let product = zip(numbers[0], numbers[other]).reduce(0) { $0 + $1.0 * $1.1 }
                    #expect(figure == Float(product + 128 * numbers[0].reduce(0, +)), "\(path) \(dimension)")
                }
            }
        }
    }

    @Test("codes become the paired row that their middles stand for", arguments: kernelPaths, [8, 4])
    func pairsOfCodes(path: String, bits: Int) throws {
        let make = try #require(vk_table_named(path)).pointee.pair_codes
        for dimension in Self.dimensions {
            var random = SeededRandom(UInt64(dimension * 10 + bits))
            let layout = CodeLayout(bits: bits, dimension: dimension)
            let largest: Int16 = bits == 8 ? 16383 : 17340
            let codes = (0..<dimension).map { _ in Int.random(in: 0...layout.largest, using: &random) }
            let filled = layout.units * layout.unitDimensions
            var multipliers = (0..<dimension).map { _ in Int16.random(in: 0...largest, using: &random) }
            multipliers[0] = largest
            multipliers += [Int16](repeating: 0, count: filled - dimension)
            var row = [UInt8](repeating: 7, count: filled + 1)
            var (sum, square): (Int32, Int32) = (-1, -1)
            make(layout.row(codes), Int32(bits), layout.units, multipliers, &row, &sum, &square)
            let numbers = (0..<dimension).map { index -> Int in
                let value = bits == 8 ? 2 * codes[index] - 255 : 16 * (2 * codes[index] - 15)
                return Int((Double(value) * Double(multipliers[index]) / 32768 + 0.5).rounded(.down))
            }
            #expect(row.prefix(dimension).map { Int($0) - 128 } == numbers, "\(path), \(bits) bits, \(dimension)")
            #expect(row[dimension..<filled].allSatisfy { $0 == 128 } && row[filled] == 7)
            #expect(Int(sum) == numbers.reduce(0, +) && Int(square) == numbers.reduce(0) { $0 + $1 * $1 })
        }
    }

    @Test("scaling multiplies every element and nothing behind them")
    func scales() {
        for count in 0...70 {
            var random = SeededRandom(UInt64(count))
            let vector = (0..<count).map { _ in random.normal() }
            var scaled = [Float](repeating: -9, count: count + 1)
            vk_scale(vector, 0.3, count, &scaled)
            #expect(scaled == vector.map { $0 * 0.3 } + [-9])
        }
    }
}
