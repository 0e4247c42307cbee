// Conversion between floats and their two short forms, IEEE binary16 and bfloat16, over all values of the short form.

import CVectorKernels
import Testing

@Suite("Kernels: short floats")
struct KernelConversionTests {
    @Test("every half becomes the float it stands for, and back", arguments: kernelPaths)
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

    @Test("floats round to the nearest half, ties to even", arguments: kernelPaths)
    func roundsToHalves(path: String) throws {
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

    @Test("every bfloat16 becomes the float it stands for, and back, NaN made quiet", arguments: kernelPaths)
    func convertsUpperHalves(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        let halves = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: halves.count)
        table.bf16_to_f32(halves, &floats, halves.count)
        #expect(zip(halves, floats).allSatisfy { $1.bitPattern == UInt32($0) << 16 })
        var back = [UInt16](repeating: 0, count: halves.count)
        table.f32_to_bf16(floats, &back, halves.count)
        let expected = halves.map { $0 & 0x7FFF > 0x7F80 ? $0 | 0x40 : $0 }
        #expect(back == expected)
        // A NaN whose only bits are those that are cut off stays a NaN.
        let hidden = [Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFF80_FFFF)]
        var found: [UInt16] = [0, 0]
        table.f32_to_bf16(hidden, &found, 2)
        #expect(found == [0x7FC0, 0xFFC0])
    }

    @Test("floats round to the nearest bfloat16, ties to even", arguments: kernelPaths)
    func roundsToUpperHalves(path: String) throws {
        let table = try #require(vk_table_named(path)).pointee
        var floats: [Float] = []
        var expected: [UInt16] = []
        for half in UInt16(0)..<0x7F80 {
            for sign: UInt16 in [0, 0x8000] {
                let low = UInt32(half | sign) << 16
                floats += [low | 0x7FFF, low | 0x8000, low | 0x8001].map { Float(bitPattern: $0) }
                expected += [half | sign, (half & 1 == 0 ? half : half + 1) | sign, (half + 1) | sign]
            }
        }
        for count in [floats.count, 1, 7, 8, 15, 16, 17, 31, 33] {
            var found = [UInt16](repeating: 0xABCD, count: count + 1)
            table.f32_to_bf16(floats, &found, count)
            #expect(Array(found.prefix(count)) == Array(expected.prefix(count)))
            #expect(found[count] == 0xABCD, "wrote past the count")
        }
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
