// What one search or one linker works with, kept from one to the next, so that a search allocates nothing but its hits.
//
// Visited marks are one bit a row. A walk notes every row it met, and clears their bits when it ends, or all bits where
// that is less work; between walks all bits are 0. Unsafe code: the owner of a scratch is its only user; sizes are made
// sure of by `begin…` and `reserve…`.

import CVectorKernels

/// Sorted keys with room for a fixed number of them, as the kernels want them: see vk_walk.
struct KeyBuffer {
    private var memory: UnsafeMutablePointer<UInt64>
    private var room: Int
    private(set) var base: UnsafeMutablePointer<UInt64>
    /// A multiple of 8.
    private(set) var capacity = 0
    /// What an unused place holds.
    static let unused = UInt64.max

    init(room: Int = 64) {
        self.room = room
        memory = Self.allocate(room)
        base = memory + 8
    }

    private static func allocate(_ room: Int) -> UnsafeMutablePointer<UInt64> {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (room + 8) * 8, alignment: 64)
        let words = raw.bindMemory(to: UInt64.self, capacity: room + 8)
        words.initialize(repeating: 0, count: 8)
        return words
    }

    func free() { memory.deallocate() }

    /// Empties it, with room for at least `count` keys.
    mutating func reset(_ count: Int) {
        capacity = max(8, (count + 7) & ~7)
        if capacity > room {
            memory.deallocate()
            room = max(capacity, room * 2)
            memory = Self.allocate(room)
            base = memory + 8
        }
        base.initialize(repeating: Self.unused, count: capacity)
    }

    /// Keys in it. O(log capacity).
    var count: Int {
        var low = 0
        var high = capacity
        while low < high {
            let middle = (low + high) >> 1
            if base[middle] == Self.unused { high = middle } else { low = middle + 1 }
        }
        return low
    }

    var worst: UInt64 { base[capacity - 1] }

    /// Whether a key's row is one of those.
    func holds(_ test: (Int) -> Bool) -> Bool {
        for i in 0..<capacity where base[i] != Self.unused && test(Candidate.row(base[i])) { return true }
        return false
    }

    /// Puts a key into its place, if it is near enough.
    @inline(__always)
    func insert(_ key: UInt64) {
        guard key < worst else { return }
        var at = capacity - 1
        while at > 0 && base[at - 1] > key {
            base[at] = base[at - 1]
            at -= 1
        }
        base[at] = key
    }
}

/// Buffers of one search. Sendable because the pool lends each to one user at a time.
final class SearchScratch: @unchecked Sendable {
    /// Rows scored in one call, at most.
    static let batch = 1024

    /// Candidates of the walk.
    var beam = KeyBuffer()
    /// The nearest rows that may be returned, by the distance that walks and scans see.
    var pool = KeyBuffer()
    /// The nearest rows by their exact distance.
    var final = KeyBuffer()
    private(set) var visited: UnsafeMutablePointer<UInt32>
    private(set) var met: UnsafeMutablePointer<UInt32>
    var metCount = 0
    /// Of the links and codes when the search began, and whether they were made anew since.
    var generation = 0
    var isStale = false
    private var visitedCapacity: Int
    let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: batch)
    let figures = UnsafeMutablePointer<Float>.allocate(capacity: batch)
    /// The query, or the vector of the row being linked.
    let query: UnsafeMutablePointer<Float>
    /// A decoded row.
    let decoded: UnsafeMutablePointer<Float>
    private let weights: UnsafeMutablePointer<Int8>
    /// The query against codes.
    let codeQuery = UnsafeMutablePointer<vk_code_query>.allocate(capacity: 1)
    /// Rows whose distances to one another are wanted, while links are chosen.
    let pairs: PairRows

    init(_ options: IndexOptions) {
        visitedCapacity = 4096
        visited = .allocate(capacity: visitedCapacity / 32)
        visited.initialize(repeating: 0, count: visitedCapacity / 32)
        met = .allocate(capacity: visitedCapacity + Self.batch)
        query = .allocate(capacity: options.dimension)
        decoded = .allocate(capacity: options.dimension)
        let weightCount = max(1, options.codeUnits * options.codes.unit.dimensions)
        weights = UnsafeMutableRawPointer.allocate(byteCount: weightCount, alignment: 64)
            .bindMemory(to: Int8.self, capacity: weightCount)
        codeQuery.initialize(
            to: vk_code_query(
                weights: UnsafePointer(weights), units: options.codeUnits, factor: 0, offset: 0,
                term_at: options.codeTermOffset))
        pairs = PairRows(options)
    }

    /// Begins a walk over rows 0..<rowCount with an empty beam: nothing is visited.
    func beginWalk(rowCount: Int, breadth: Int) {
        if visitedCapacity < rowCount {
            visited.deallocate()
            met.deallocate()
            visitedCapacity = (max(rowCount, visitedCapacity * 2) + 31) & ~31
            visited = .allocate(capacity: visitedCapacity / 32)
            visited.initialize(repeating: 0, count: visitedCapacity / 32)
            met = .allocate(capacity: visitedCapacity + Self.batch)
        }
        metCount = 0
        beam.reset(breadth)
    }

    /// Puts a row into the beam as one to start from.
    func seed(_ row: Int, key: UInt64) {
        guard visited[row >> 5] & (1 << UInt32(row & 31)) == 0 else { return }
        visited[row >> 5] |= 1 << UInt32(row & 31)
        met[metCount] = UInt32(truncatingIfNeeded: row)
        metCount += 1
        beam.insert(key)
    }

    /// Ends a walk: the bits of the rows it met are cleared.
    func endWalk(rowCount: Int) {
        let words = (rowCount + 31) / 32
        if metCount > words / 8 {
            visited.update(repeating: 0, count: words)
        } else {
            for i in 0..<metCount { visited[Int(met[i] >> 5)] = 0 }
        }
        metCount = 0
    }

    /// Makes the code query of the vector in `query`.
    func makeCodeQuery(_ book: Codebook, _ options: IndexOptions) {
        var constant: Float = 0
        var squared: Float = 0
        vk_code_weights(
            query, book.lo, book.step, options.dimension, options.codes.unit.dimensions, weights, decoded, &constant,
            &codeQuery.pointee.factor)
        if options.metric == .euclidean { _ = vk_measure(query, options.dimension, &squared) }
        switch options.metric {
        case .cosine:
            codeQuery.pointee.offset = 1 - constant
            codeQuery.pointee.factor *= -1
        case .dot:
            codeQuery.pointee.offset = -constant
            codeQuery.pointee.factor *= -1
        case .euclidean:
            codeQuery.pointee.offset = squared - 2 * constant
            codeQuery.pointee.factor *= -2
        }
    }

    deinit {
        beam.free()
        pool.free()
        final.free()
        visited.deallocate()
        met.deallocate()
        ids.deallocate()
        figures.deallocate()
        query.deallocate()
        decoded.deallocate()
        weights.deallocate()
        codeQuery.deallocate()
    }
}

/// Scratches waiting for their next use. Holds as many as were ever used at one time.
final class ScratchPool: Sendable {
    private let options: IndexOptions
    private let idle = Guarded<[SearchScratch]>([])

    init(_ options: IndexOptions) {
        self.options = options
    }

    func take() -> SearchScratch { idle.withLock { $0.popLast() } ?? SearchScratch(options) }

    func giveBack(_ scratch: SearchScratch) { idle.withLock { $0.append(scratch) } }
}
