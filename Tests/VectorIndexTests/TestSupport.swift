// What the tests of this target share: seeded randomness, clustered vectors, a saved index in memory, exact answers.

import Dispatch

@testable import VectorIndex

/// splitmix64: the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var x = state
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// Roughly normal, mean 0, deviation 1.
    mutating func normal() -> Float {
        var sum: Float = 0
        for _ in 0..<6 { sum += Float.random(in: -1...1, using: &self) }
        return sum / 1.414_213_5
    }
}

/// Vectors around seeded centres, as real embeddings lie.
struct ClusteredVectors {
    private var random: SeededRandom
    private let centres: [[Float]]
    private let spread: Float

    init(dimension: Int, clusters: Int = 20, spread: Float = 0.6, seed: UInt64) {
        var random = SeededRandom(seed)
        centres = (0..<clusters).map { _ in (0..<dimension).map { _ in random.normal() } }
        self.random = random
        self.spread = spread
    }

    mutating func next() -> [Float] {
        let centre = centres.randomElement(using: &random) ?? []
        return centre.map { $0 + spread * random.normal() }
    }

    mutating func next(_ count: Int) -> [[Float]] { (0..<count).map { _ in next() } }
}

/// The bytes of a saved index: what the store's pages are to the real one. Counts what is read.
final class BlockStore: BlockSource {
    struct Failure: Error {}

    struct Contents {
        var bytes: [IndexArray: [UInt8]] = [:]
        var reads: [IndexArray: [UInt64]] = [:]
        var failing: Set<IndexArray> = []
        /// Called once, at the next read: what others do while a search is under way.
        var meanwhile: (() throws -> Void)?
    }

    let blockByteCount: Int
    let contents = Guarded(Contents())

    init(blockByteCount: Int = 8128) {
        self.blockByteCount = blockByteCount
    }

    func read(_ array: IndexArray, block: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws {
        let meanwhile = contents.withLock { contents in
            defer { contents.meanwhile = nil }
            return contents.meanwhile
        }
        try meanwhile?()
        try contents.withLock { contents in
            contents.reads[array, default: []].append(block)
            if contents.failing.contains(array) { throw Failure() }
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            guard let saved = contents.bytes[array] else { return }
            let start = Int(block) * blockByteCount
            guard start < saved.count else { return }
            bytes.copyBytes(from: saved[start..<min(saved.count, start + blockByteCount)])
        }
    }

    func write(_ array: IndexArray, offset: Int, _ new: [UInt8]) {
        contents.withLock { contents in
            var saved = contents.bytes[array] ?? []
            if saved.count < offset + new.count {
                saved += [UInt8](repeating: 0, count: offset + new.count - saved.count)
            }
            contents.bytes[array] = nil
            saved.replaceSubrange(offset..<offset + new.count, with: new)
            contents.bytes[array] = saved
        }
    }

    /// What the owner does at a commit: the row's bytes become durable, then the index hears of it.
    func commit(_ vector: [Float], row: Int, to index: HNSWIndex, birth: UInt64 = 0) throws {
        let bytes = try HNSWIndex.encode(vector, options: index.options)
        write(.vectors, offset: row * index.options.vectorStride, bytes)
        try index.appendEncoded(row: UInt32(row), bytes: bytes, birth: birth)
    }

    /// What the owner does at a checkpoint.
    func save(_ index: HNSWIndex) throws -> IndexState {
        try index.save { array, block, bytes in
            write(array, offset: Int(block) * blockByteCount, Array(bytes))
        }
    }

    var readCount: Int { contents.withLock { $0.reads.values.reduce(0) { $0 + $1.count } } }

    func forgetReads() { contents.withLock { $0.reads = [:] } }
}

/// Runs the bodies on a thread each, and throws the first error.
func runTogether(_ bodies: [@Sendable () throws -> Void]) throws {
    let failure = Guarded<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: bodies.count) { i in
        do { try bodies[i]() } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
}

/// An index in memory over the vectors, linked unless told otherwise. Without `codes` the dimension decides.
func makeIndex(
    _ vectors: [[Float]], metric: Metric = .cosine, storage: VectorStorage = .float16, codes: VectorCodes? = nil,
    connectivity: Int = 12, buildBreadth: Int = 60, seed: UInt64 = 1, linked: Bool = true
) throws -> HNSWIndex {
    let options = try IndexOptions(
        dimension: vectors[0].count, metric: metric, storage: storage, codes: codes, connectivity: connectivity,
        buildBreadth: buildBreadth, seed: seed)
    let index = try HNSWIndex(options: options, maximumRowCount: 100_000)
    for (row, vector) in vectors.enumerated() { try index.append(row: UInt32(row), vector: vector, birth: 1) }
    if linked { try index.link(atMost: vectors.count) }
    return index
}

/// The distance in double precision, as the metric's documentation defines it.
func trueDistance(_ a: [Float], _ b: [Float], _ metric: Metric) -> Double {
    let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    switch metric {
    case .dot: return -product
    case .euclidean: return zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    case .cosine:
        let lengths = a.reduce(0.0) { $0 + Double($1) * Double($1) } * b.reduce(0.0) { $0 + Double($1) * Double($1) }
        return 1 - product / lengths.squareRoot()
    }
}

/// The rows of the nearest vectors that are allowed, in double precision.
func trueNearest(
    _ query: [Float], _ vectors: [[Float]], k: Int, metric: Metric, allowed: (Int) -> Bool = { _ in true }
) -> [UInt32] {
    let all = vectors.indices.filter(allowed).map { (trueDistance(query, vectors[$0], metric), $0) }
    return all.sorted { $0 < $1 }.prefix(k).map { UInt32($0.1) }
}

/// The share of the exact search's hits that the walk finds as well, over all queries.
func recall(
    _ index: HNSWIndex, _ queries: [[Float]], k: Int = 10, breadth: Int, at sequence: UInt64 = 10,
    plan: SearchPlan = .walk, including: ((UInt32) -> Bool)? = nil
) throws -> Double {
    var found = 0
    var wanted = 0
    let filter = including.map { RowFilter.predicate($0) }
    for query in queries {
        let exact = try index.exactSearch(query, k: k, at: sequence, including: filter)
        let hits = try index.search(query, k: k, breadth: breadth, at: sequence, including: filter, plan: plan)
        wanted += exact.count
        found += Set(exact.map(\.row)).intersection(hits.map(\.row)).count
    }
    return Double(found) / Double(max(1, wanted))
}
