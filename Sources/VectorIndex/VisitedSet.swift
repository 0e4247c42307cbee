// What one search or one linker works with, kept from one to the next: visited marks, the beam, and buffers for ids,
// figures and decoded vectors.
//
// Visited marks are one byte a row holding the number of the walk that met it, so a new walk clears nothing except
// once in 255. Unsafe code: the owner of a scratch is its only user; sizes are made sure of by `begin…` and `reserve…`.

/// Buffers of one search. Sendable because the pool lends each to one user at a time.
final class SearchScratch: @unchecked Sendable {
    /// Rows scored in one call, at most.
    static let batch = 1024

    private(set) var visited: UnsafeMutablePointer<UInt8>
    private(set) var epoch: UInt8 = 0
    private var visitedCapacity: Int
    /// Sorted keys of the walk's candidates.
    private(set) var beam: UnsafeMutablePointer<UInt64>
    private var beamCapacity: Int
    var beamCount = 0
    let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: batch)
    let figures = UnsafeMutablePointer<Float>.allocate(capacity: batch)
    /// The query, or the vector of the row being linked.
    let query: UnsafeMutablePointer<Float>
    /// The vector of a candidate while neighbours are selected.
    let candidate: UnsafeMutablePointer<Float>
    /// The vector of a neighbour whose list is chosen anew.
    let neighbour: UnsafeMutablePointer<Float>

    init(dimension: Int) {
        visitedCapacity = 4096
        visited = .allocate(capacity: visitedCapacity)
        visited.initialize(repeating: 0, count: visitedCapacity)
        beamCapacity = 256
        beam = .allocate(capacity: beamCapacity)
        query = .allocate(capacity: dimension)
        candidate = .allocate(capacity: dimension)
        neighbour = .allocate(capacity: dimension)
    }

    /// Begins a walk over rows 0..<rowCount with an empty beam of at most `breadth` keys: nothing is visited.
    func beginWalk(rowCount: Int, breadth: Int) {
        if visitedCapacity < rowCount {
            visited.deallocate()
            visitedCapacity = max(rowCount, visitedCapacity * 2)
            visited = .allocate(capacity: visitedCapacity)
            visited.initialize(repeating: 0, count: visitedCapacity)
            epoch = 0
        }
        if epoch == .max {
            visited.update(repeating: 0, count: visitedCapacity)
            epoch = 0
        }
        epoch += 1
        if beamCapacity < breadth + 1 {
            beam.deallocate()
            beamCapacity = max(breadth + 1, beamCapacity * 2)
            beam = .allocate(capacity: beamCapacity)
        }
        beamCount = 0
    }

    deinit {
        visited.deallocate()
        beam.deallocate()
        ids.deallocate()
        figures.deallocate()
        query.deallocate()
        candidate.deallocate()
        neighbour.deallocate()
    }
}

/// Scratches waiting for their next use. Holds as many as were ever used at one time.
final class ScratchPool: Sendable {
    private let dimension: Int
    private let idle = Guarded<[SearchScratch]>([])

    init(dimension: Int) {
        self.dimension = dimension
    }

    func take() -> SearchScratch { idle.withLock { $0.popLast() } ?? SearchScratch(dimension: dimension) }

    func giveBack(_ scratch: SearchScratch) { idle.withLock { $0.append(scratch) } }
}
