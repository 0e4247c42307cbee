// A walk's memory for the tests of the C kernels, and the same walk in plain Swift, by the words of the header.

import CVectorKernels

@testable import VectorIndex

/// The keys of a beam in C's shape: a 0 before the first, the largest number in unused places.
final class KernelBeam {
    let memory: KernelMemory<UInt64>
    let capacity: Int

    init(_ capacity: Int) {
        self.capacity = capacity
        // The first key stands at a multiple of 64, as the word before it does not.
        memory = KernelMemory(8 + capacity + 1, repeating: UInt64.max)
        memory.start[7] = 0
        memory.start[8 + capacity] = 0xDEAD
    }

    var start: UnsafeMutablePointer<UInt64> { memory.start + 8 }
    var keys: [UInt64] { (0..<capacity).map { start[$0] } }
    var isFramed: Bool { start[-1] == 0 && start[capacity] == 0xDEAD }
}

/// A sorted array of keys that holds the nearest.
struct ModelBeam: Equatable {
    private(set) var keys: [UInt64]

    init(_ capacity: Int) { keys = [UInt64](repeating: .max, count: capacity) }

    mutating func insert(_ key: UInt64) {
        guard key < keys[keys.count - 1] else { return }
        keys.insert(key, at: keys.firstIndex { $0 > key } ?? keys.count)
        keys.removeLast()
    }

    mutating func insert(_ figures: [Float], _ ids: [UInt32], scale: Float, shift: Float) {
        for (figure, id) in zip(figures, ids) { insert(Candidate.key(distance: figure * scale + shift, row: id)) }
    }

    var next: Int? { keys.firstIndex { $0 & 1 == 0 } }

    mutating func follow(_ place: Int) { keys[place] |= 1 }
}

/// Lists of links and what a walk over them needs.
final class KernelGraph {
    let degree: Int
    let bound: Int
    let rowCount: Int
    let links: KernelMemory<UInt32>
    /// In words; a list may be followed by other bytes.
    let linkStride: Int
    let visited: KernelMemory<UInt32>
    let met: KernelMemory<UInt32>
    let figures: KernelMemory<Float>

    init(degree: Int, bound: Int, rowCount: Int) {
        self.degree = degree
        self.bound = bound
        self.rowCount = rowCount
        linkStride = degree + 16
        links = KernelMemory(rowCount * linkStride, repeating: 0)
        visited = KernelMemory(bound / 32 + 1, repeating: 0)
        met = KernelMemory(bound + degree + 16, repeating: UInt32.max)
        figures = KernelMemory(degree, repeating: 0)
    }

    func list(_ row: Int) -> [UInt32] { (0..<degree).map { links.start[row * linkStride + $0] } }

    func set(_ row: Int, _ words: [UInt32]) {
        for (place, word) in words.enumerated() { links.start[row * linkStride + place] = word }
    }

    var visitedRows: Set<UInt32> {
        Set((0..<UInt32(bound)).filter { visited.start[Int($0 >> 5)] >> ($0 & 31) & 1 == 1 })
    }

    func walk(
        beam: KernelBeam, results: KernelBeam?, scored figures: KernelFigures, query: UnsafeRawPointer, scale: Float,
        shift: Float, allowed: KernelMemory<UInt32>? = nil, allowedToo: KernelMemory<UInt32>? = nil, met metCount: Int
    ) -> vk_walk {
        vk_walk(
            links: links.start, link_stride: linkStride * 4, degree: degree, bound: UInt32(bound),
            row_count: UInt32(rowCount), gather: figures.scorer.gather, query: query, rows: figures.base,
            row_stride: figures.stride, dimension: figures.dimension, scale: scale, shift: shift,
            fetch_bytes: figures.stride, beam: beam.start, beam_capacity: beam.capacity, results: results?.start,
            results_capacity: results?.capacity ?? 0, allowed: allowed.map { UnsafePointer($0.start) },
            allowed_too: allowedToo.map { UnsafePointer($0.start) }, visited: visited.start, met: met.start,
            met_count: metCount, figures: self.figures.start, hops: 0)
    }
}

/// The same walk in plain Swift.
struct ModelWalk {
    let graph: KernelGraph
    var beam: ModelBeam
    var results: ModelBeam?
    var met: [UInt32] = []
    var visited: Set<UInt32> = []
    var hops = 0
    var distance: (UInt32) -> Float
    var isAllowed: (UInt32) -> Bool = { _ in true }

    mutating func seed(_ row: UInt32) {
        guard visited.insert(row).inserted else { return }
        met.append(row)
        beam.insert(Candidate.key(distance: distance(row), row: row))
    }

    /// The rows of a list that were not met before, now met; nil when a word names a row that cannot be.
    mutating func collect(_ words: [UInt32]) -> [UInt32]? {
        var found: [UInt32] = []
        for start in stride(from: 0, to: words.count, by: 16) {
            let group = words[start..<start + 16]
            if group.allSatisfy({ $0 == 0 }) { break }
            for word in group where word != 0 {
                let row = word - 1
                if row >= graph.rowCount { return nil }
                if row < graph.bound && visited.insert(row).inserted { found.append(row) }
            }
        }
        met += found
        return found
    }

    mutating func take() -> Int? {
        guard let place = beam.next else { return nil }
        let row = Candidate.row(beam.keys[place])
        beam.follow(place)
        return row
    }

    /// False when the links are damaged. The next row is taken before the rows just found are put in.
    mutating func run() -> Bool {
        var next = take()
        while let row = next {
            hops += 1
            guard let found = collect(graph.list(row)) else { return false }
            next = take()
            for row in found {
                let key = Candidate.key(distance: distance(row), row: row)
                beam.insert(key)
                if isAllowed(row) { results?.insert(key) }
            }
            next = next ?? take()
        }
        return true
    }
}
