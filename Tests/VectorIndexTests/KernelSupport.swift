// What the tests of the C kernels share: memory at a known alignment, rows of every element type, paths by name.

import CVectorKernels

@testable import VectorIndex

/// The paths this processor has.
let kernelPaths: [String] = ["portable", "avx2", "avx512", "neon"].filter { name in vk_table_named(name) != nil }

/// Memory for C at a multiple of 64. Whoever passes `start` on keeps the object alive with `keep`.
final class KernelMemory<Element: BitwiseCopyable> {
    let start: UnsafeMutablePointer<Element>
    let count: Int

    init(_ count: Int, repeating element: Element) {
        self.count = count
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
        start = bytes.bindMemory(to: Element.self, capacity: count)
        start.initialize(repeating: element, count: count)
    }

    convenience init(_ elements: [Element]) {
        self.init(elements.count, repeating: elements[0])
        for (place, element) in elements.enumerated() { start[place] = element }
    }

    deinit { UnsafeMutableRawPointer(start).deallocate() }

    var array: [Element] { (0..<count).map { start[$0] } }
}

/// Keeps objects alive up to here: called in a `defer`.
func keep(_ owners: Any...) { withExtendedLifetime(owners) {} }

/// How the numbers of a row are stored.
enum ElementType: CaseIterable {
    case float32, float16, bfloat16

    var byteCount: Int { self == .float32 ? 4 : 2 }

    func scorer(_ table: vk_table, isDot: Bool) -> vk_scorer {
        switch self {
        case .float32: isDot ? table.dot_f32 : table.l2_f32
        case .float16: isDot ? table.dot_f16 : table.l2_f16
        case .bfloat16: isDot ? table.dot_bf16 : table.l2_bf16
        }
    }

    /// The stored bytes, and the numbers they stand for.
    func encode(_ numbers: [Float], _ table: vk_table) -> (bytes: [UInt8], numbers: [Float]) {
        if self == .float32 { return (numbers.withUnsafeBytes { Array($0) }, numbers) }
        var stored = [UInt16](repeating: 0, count: numbers.count)
        var back = [Float](repeating: 0, count: numbers.count)
        if self == .float16 {
            table.f32_to_f16(numbers, &stored, numbers.count)
            table.f16_to_f32(stored, &back, numbers.count)
        } else {
            table.f32_to_bf16(numbers, &stored, numbers.count)
            table.bf16_to_f32(stored, &back, numbers.count)
        }
        return (stored.withUnsafeBytes { Array($0) }, back)
    }
}

/// Rows of one dimension, at an odd address and with a gap between them.
struct KernelRows {
    let dimension: Int
    let stride: Int
    let memory: KernelMemory<UInt8>
    var numbers: [[Float]] = []

    var base: UnsafeRawPointer { UnsafeRawPointer(memory.start + 1) }

    init(_ type: ElementType, dimension: Int, count: Int, seed: UInt64, table: vk_table) {
        var random = SeededRandom(seed)
        self.dimension = dimension
        stride = dimension * type.byteCount + 3
        memory = KernelMemory(1 + stride * count, repeating: 0xFF)
        for row in 0..<count {
            let (bytes, numbers) = type.encode((0..<dimension).map { _ in random.normal() }, table)
            for (place, byte) in bytes.enumerated() { memory.start[1 + row * stride + place] = byte }
            self.numbers.append(numbers)
        }
    }
}

/// The figures that the four shapes of a scorer give.
struct KernelFigures {
    let scorer: vk_scorer
    let base: UnsafeRawPointer
    let stride: Int
    let dimension: Int

    func single(_ query: UnsafeRawPointer, row: Int) -> Float { scorer.single(query, base + row * stride, dimension) }

    func block(_ query: UnsafeRawPointer, count: Int) -> [Float] {
        var figures = [Float](repeating: -1, count: count)
        scorer.block(query, base, stride, dimension, count, &figures)
        return figures
    }

    /// The figures of the first `count` of `ids`, and what stands behind them.
    func gather(_ query: UnsafeRawPointer, _ ids: [UInt32], count: Int) -> [Float] {
        var figures = [Float](repeating: -1, count: count + 1)
        scorer.gather(query, base, stride, dimension, ids, count, &figures)
        return figures
    }

    /// The figures of every query and row, query after query, and what stands behind them.
    func many(_ queries: [UnsafeRawPointer], count: Int) -> [Float] {
        var figures = [Float](repeating: -1, count: queries.count * count + 1)
        scorer.many(queries, queries.count, base, stride, dimension, count, &figures)
        return figures
    }

    /// Whether gather and many give what block gives, bit for bit, for every count up to that of the rows, and write
    /// nothing behind it.
    func agree(_ queries: [UnsafeRawPointer], rowCount: Int, using random: inout SeededRandom) -> Bool {
        let block = queries.map { self.block($0, count: rowCount) }
        let ids: [UInt32] = (0..<rowCount).map { _ in UInt32.random(in: 0..<UInt32(rowCount), using: &random) }
        for row in 0..<rowCount where single(queries[0], row: row) != block[0][row] { return false }
        for count in 0...rowCount {
            if gather(queries[0], ids, count: count) != ids.prefix(count).map({ block[0][Int($0)] }) + [-1] {
                return false
            }
        }
        for (queryCount, count) in [(queries.count, rowCount), (1, rowCount), (4, 5), (6, 3), (0, 4), (3, 0)]
        where queryCount <= queries.count && count <= rowCount {
            let expected: [Float] = block.prefix(queryCount).flatMap { $0.prefix(count) } + [-1]
            if many(Array(queries.prefix(queryCount)), count: count) != expected { return false }
        }
        return true
    }
}
