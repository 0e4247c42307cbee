// The C kernels for rows of codes, every path this processor has, against sums of integers; and how codes are made.

import CVectorKernels
import Testing

@testable import VectorIndex

/// Where codes of a width stand in a row, written down independently of the kernels.
struct CodeLayout {
    let bits: Int
    let dimension: Int

    var unitDimensions: Int { bits == 4 ? 128 : 64 }
    var unitBytes: Int { bits == 1 ? 8 : 64 }
    var units: Int { (dimension + unitDimensions - 1) / unitDimensions }
    var byteCount: Int { units * unitBytes }
    var largest: Int { (1 << bits) - 1 }

    /// The byte of a code and the place of its lowest bit.
    func place(_ index: Int) -> (byte: Int, shift: Int) {
        let (unit, within) = (index / unitDimensions, index % unitDimensions)
        switch bits {
        case 8: return (unit * 64 + within, 0)
        case 4: return (unit * 64 + within % 64, within < 64 ? 0 : 4)
        default: return (unit * 8 + within / 8, within % 8)
        }
    }

    func row(_ codes: [Int]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        for (index, code) in codes.enumerated() {
            let (byte, shift) = place(index)
            bytes[byte] |= UInt8(code << shift)
        }
        return bytes
    }

    func scorer(_ table: vk_table) -> vk_scorer {
        let codes = table.codes.pointee
        return bits == 8 ? codes.bits8 : bits == 4 ? codes.bits4 : codes.bits1
    }
}

@Suite("Kernels: codes")
struct KernelCodeTests {
    static let dimensions = [1, 2, 63, 64, 65, 100, 127, 128, 129, 200, 255, 384, 385, 768, 1000, 2048]

    /// A query and where its weights stand.
    struct Query {
        let weights: KernelMemory<Int8>
        let address: KernelMemory<vk_code_query>

        init(_ layout: CodeLayout, _ numbers: [Int], factor: Float, offset: Float, termAt: Int) {
            weights = KernelMemory(layout.units * layout.unitDimensions, repeating: 0)
            for (place, number) in numbers.enumerated() { weights.start[place] = Int8(number) }
            address = KernelMemory([
                vk_code_query(
                    weights: weights.start, units: layout.units, factor: factor, offset: offset, term_at: termAt)
            ])
        }
    }

    @Test(
        "sums are exact at every dimension, and every shape gives the same figure", arguments: kernelPaths, [8, 4, 1])
    func sums(path: String, bits: Int) throws {
        let table = try #require(vk_table_named(path)).pointee
        for dimension in Self.dimensions {
            var random = SeededRandom(UInt64(dimension * 10 + bits))
            let layout = CodeLayout(bits: bits, dimension: dimension)
            let codes = (0..<19).map { row in
                // The first rows hold the largest code only, where a narrow sum would overflow.
                (0..<dimension).map { _ in
                    row < 2 ? layout.largest : Int.random(in: 0...layout.largest, using: &random)
                }
            }
            let weights = (0..<9).map { query in
                (0..<dimension).map { _ in
                    query == 0 ? 127 : query == 1 ? -127 : Int.random(in: -127...127, using: &random)
                }
            }
            let stride = layout.byteCount + 5
            let memory = KernelMemory<UInt8>(3 + stride * codes.count, repeating: 0xFF)
            for (row, codes) in codes.enumerated() {
                for (place, byte) in layout.row(codes).enumerated() { memory.start[3 + row * stride + place] = byte }
            }
            let queries = weights.map { Query(layout, $0, factor: 1, offset: 0, termAt: 0) }
            let addresses = queries.map { UnsafeRawPointer($0.address.start) }
            defer { keep(memory, queries) }
            let figures = KernelFigures(
                scorer: layout.scorer(table), base: UnsafeRawPointer(memory.start + 3), stride: stride, dimension: 0)
            #expect(figures.agree(addresses, rowCount: codes.count, using: &random), "\(path) \(bits) \(dimension)")
            for (query, weights) in weights.enumerated() {
                let expected = codes.map { row in Float(zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 }) }
                #expect(
                    figures.block(addresses[query], count: codes.count) == expected,
                    "\(path), \(bits) bits, dimension \(dimension), query \(query)")
            }
        }
    }

    @Test("factor, offset and the rows' terms make the figure", arguments: kernelPaths, [8, 4, 1])
    func terms(path: String, bits: Int) throws {
        let table = try #require(vk_table_named(path)).pointee
        for dimension in [31, 64, 128, 130, 384, 500] {
            var random = SeededRandom(UInt64(dimension * 100 + bits))
            let layout = CodeLayout(bits: bits, dimension: dimension)
            let stride = layout.byteCount + 4 + dimension % 3
            let memory = KernelMemory<UInt8>(1 + stride * 14, repeating: 0)
            var codes: [[Int]] = []
            var terms: [Float] = []
            for row in 0..<14 {
                codes.append((0..<dimension).map { _ in Int.random(in: 0...layout.largest, using: &random) })
                terms.append(random.normal() * 50)
                let bytes = layout.row(codes[row]) + withUnsafeBytes(of: terms[row]) { Array($0) }
                for (place, byte) in bytes.enumerated() { memory.start[1 + row * stride + place] = byte }
            }
            let weights = (0..<5).map { _ in (0..<dimension).map { _ in Int.random(in: -127...127, using: &random) } }
            let factors = (0..<5).map { _ in random.normal() / 100 }
            let offsets = (0..<5).map { _ in random.normal() * 10 }
            let queries = (0..<5).map {
                Query(layout, weights[$0], factor: factors[$0], offset: offsets[$0], termAt: layout.byteCount)
            }
            let addresses = queries.map { UnsafeRawPointer($0.address.start) }
            defer { keep(memory, queries) }
            let figures = KernelFigures(
                scorer: layout.scorer(table), base: UnsafeRawPointer(memory.start + 1), stride: stride, dimension: 0)
            #expect(figures.agree(addresses, rowCount: 14, using: &random), "\(path) \(bits) \(dimension)")
            for query in 0..<5 {
                for (row, figure) in figures.block(addresses[query], count: 14).enumerated() {
                    let sum = zip(codes[row], weights[query]).reduce(0) { $0 + $1.0 * $1.1 }
                    let parts = [Double(factors[query]) * Double(sum), Double(offsets[query]), Double(terms[row])]
                    let size = parts.reduce(0) { $0 + abs($1) }
                    #expect(abs(Double(figure) - parts.reduce(0, +)) <= 1e-6 * size, "\(path) \(bits) \(dimension)")
                }
            }
        }
    }

    @Test("codes are rounded, held in their range and laid out as the header says", arguments: [8, 4, 1])
    func encodes(bits: Int) {
        for dimension in Self.dimensions {
            var random = SeededRandom(UInt64(dimension + bits * 10_000))
            let layout = CodeLayout(bits: bits, dimension: dimension)
            let lo = (0..<dimension).map { _ in random.normal() }
            let perStep = (0..<dimension).map { _ in Float.random(in: 0.1...1, using: &random) * Float(layout.largest) }
            var vector = (0..<dimension).map { lo[$0] + random.normal() * 2 }
            for odd in [Float.nan, -.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude] {
                vector[Int.random(in: 0..<dimension, using: &random)] = odd
            }
            let codes = (0..<dimension).map { index in
                let scaled = (vector[index] - lo[index]) * perStep[index]
                if scaled.isNaN || scaled <= 0 { return 0 }
                return scaled >= Float(layout.largest) ? layout.largest : Int(scaled + 0.5)
            }
            var row = [UInt8](repeating: 0xEE, count: layout.byteCount + 1)
            vk_encode_codes(vector, lo, perStep, dimension, Int32(bits), &row)
            #expect(row == layout.row(codes) + [0xEE], "\(bits) bits, dimension \(dimension)")
        }
    }
}
