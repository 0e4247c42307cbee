// The C kernels, every path this processor has, against double precision.

import CVectorKernels
import Testing
import VectorIndex

@Suite("Kernels")
struct KernelTests {
    static let paths: [String] = ["portable", "avx2", "avx512", "neon"].filter { name in vk_table_named(name) != nil }
    static let dimensions = Array(1...70) + [96, 384, 777, 1536]

    /// Rows of one dimension, at an odd address and with a gap between them.
    struct Rows {
        let dimension: Int
        let stride: Int
        let shift: Int
        var bytes: [UInt8]
        var values: [[Float]]

        init(dimension: Int, count: Int, halves: Bool, seed: UInt64, table: vk_table) {
            var random = SeededRandom(seed)
            self.dimension = dimension
            let size = dimension * (halves ? 2 : 4)
            stride = size + 3
            shift = 1
            bytes = [UInt8](repeating: 0xFF, count: shift + stride * count)
            values = []
            for row in 0..<count {
                var floats = (0..<dimension).map { _ in random.normal() }
                if halves {
                    var encoded = [UInt16](repeating: 0, count: dimension)
                    table.f32_to_f16(floats, &encoded, dimension)
                    table.f16_to_f32(encoded, &floats, dimension)
                    encoded.withUnsafeBytes {
                        bytes.replaceSubrange(shift + row * stride..<shift + row * stride + size, with: $0)
                    }
                } else {
                    floats.withUnsafeBytes {
                        bytes.replaceSubrange(shift + row * stride..<shift + row * stride + size, with: $0)
                    }
                }
                values.append(floats)
            }
        }
    }

    @Test("single, gather and block agree bit for bit and are right", arguments: paths)
    func agree(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        #expect(String(cString: table.name) == path)
        for dimension in Self.dimensions {
            for halves in [false, true] {
                let rows = Rows(dimension: dimension, count: 23, halves: halves, seed: UInt64(dimension), table: table)
                var random = SeededRandom(UInt64(dimension) + 1000)
                let query = (0..<dimension).map { _ in random.normal() }
                let ids: [UInt32] = (0..<23).map { _ in UInt32.random(in: 0..<23, using: &random) }
                for isDot in [true, false] {
                    let scorer =
                        halves ? (isDot ? table.dot_f16 : table.l2_f16) : (isDot ? table.dot_f32 : table.l2_f32)
                    var block = [Float](repeating: .nan, count: 23)
                    rows.bytes.withUnsafeBytes { bytes in
                        let base = bytes.baseAddress! + rows.shift
                        scorer.block(query, base, rows.stride, dimension, 23, &block)
                        for row in 0..<23 {
                            let single = scorer.single(query, base + row * rows.stride, dimension)
                            #expect(single == block[row], "\(path) \(dimension)")
                            let metric =
                                isDot
                                ? -trueDistance(query, rows.values[row], .dot)
                                : trueDistance(query, rows.values[row], .euclidean)
                            #expect(abs(Double(single) - metric) <= 1e-5 * (Double(dimension) + abs(metric)))
                        }
                        for count in 0...23 {
                            var gathered = [Float](repeating: -1, count: 24)
                            scorer.gather(query, base, rows.stride, dimension, ids, count, &gathered)
                            let expected = ids.prefix(count).map { block[Int($0)] }
                            #expect(Array(gathered.prefix(count)) == expected, "\(path) \(dimension) \(count)")
                            #expect(gathered[count...].allSatisfy { $0 == -1 }, "wrote past the count")
                        }
                    }
                }
            }
        }
    }

    @Test("every half becomes the float it stands for, and back", arguments: paths)
    func convertsHalves(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        let halves = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: halves.count)
        table.f16_to_f32(halves, &floats, halves.count)
        var back = [UInt16](repeating: 0, count: halves.count)
        table.f32_to_f16(floats, &back, halves.count)
        var wrong = 0
        for half in halves {
            let expected = Self.value(ofHalf: half)
            let found = floats[Int(half)]
            if expected.isNaN {
                if !found.isNaN || back[Int(half)] & 0x7C00 != 0x7C00 || back[Int(half)] & 0x3FF == 0 { wrong += 1 }
            } else if Double(found) != expected || found.sign != (half & 0x8000 != 0 ? .minus : .plus)
                || back[Int(half)] != half
            {
                wrong += 1
            }
        }
        #expect(wrong == 0)
    }

    @Test("floats round to the nearest half, ties to even", arguments: paths)
    func roundsFloats(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        // Every finite half, the midpoints to its successor, and the floats on either side of them.
        var floats: [Float] = []
        var expected: [UInt16] = []
        for half in UInt16(0)..<0x7BFF {
            let low = Self.value(ofHalf: half)
            let middle = Float((low + Self.value(ofHalf: half + 1)) / 2)
            floats += [middle.nextDown, middle, middle.nextUp]
            expected += [half, half & 1 == 0 ? half : half + 1, half + 1]
        }
        floats += [65519.996, 65520, 1e30, .infinity, -65520, -.infinity, 1e-30, -1e-30]
        expected += [0x7BFF, 0x7C00, 0x7C00, 0x7C00, 0xFC00, 0xFC00, 0, 0x8000]
        var found = [UInt16](repeating: 0, count: floats.count)
        table.f32_to_f16(floats, &found, floats.count)
        #expect(zip(found, expected).filter { $0 != $1 }.isEmpty)
    }

    @Test("the squared norm is right at every length", arguments: paths)
    func squaredNorm(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        var random = SeededRandom(9)
        for count in Self.dimensions {
            let vector = (0..<count).map { _ in random.normal() }
            let expected = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(Double(table.squared_norm(vector, count)) - expected) <= 1e-5 * expected)
        }
    }

    @Test("an unknown path has no table, and the chosen table is one of the named ones")
    func names() {
        #expect(vk_table_named("avx1024") == nil)
        #expect(Self.paths.contains(String(cString: vk_kernels().pointee.name)))
        #expect(vk_kernels() == vk_kernels())
    }

    /// IEEE 754 binary16 by its definition.
    static func value(ofHalf half: UInt16) -> Double {
        let sign: Double = half & 0x8000 != 0 ? -1 : 1
        let exponent = Int(half >> 10 & 0x1F)
        let fraction = Double(half & 0x3FF)
        func power(_ e: Int) -> Double { Double(sign: .plus, exponent: e, significand: 1) }
        switch exponent {
        case 0: return sign * fraction * power(-24)
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction / 1024) * power(exponent - 15)
        }
    }
}
