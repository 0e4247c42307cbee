// Rows whose distances to one another are wanted: the candidates for one list of links.
//
// Each is kept as 8-bit numbers, so that a distance is one pass of the 8-bit kernel over bytes that lie close together.
// They come from the row's codes where it has any, which lie in memory and are a quarter of the vector's bytes; the
// rounding moves a distance by about a hundredth, which does not change which links are good. Distances of cosine are
// taken between ends of unit vectors, half their square, so that the codes' middle can be left out.
// Unsafe code: positions are below `count`, and there is room for `capacity` rows.

import CVectorKernels

final class PairRows {
    private let options: IndexOptions
    private let stride: Int
    private let single: vk_single_fn
    private let gather: vk_gather_fn
    private let pairCodes: vk_pair_codes_fn
    private var capacity = 0
    private var bytes: UnsafeMutablePointer<UInt8>
    private let weights: UnsafeMutablePointer<Int8>
    private let query = UnsafeMutablePointer<vk_code_query>.allocate(capacity: 1)
    /// Per dimension, for rows made of codes; and what one step of the 8-bit numbers is then.
    private let multipliers: UnsafeMutablePointer<Int16>
    private var codeScale: Float = 0
    private var preparedFor: Int?
    /// Per position: scale, sum and squared length.
    private var scales: UnsafeMutablePointer<Float>
    private var sums: UnsafeMutablePointer<Float>
    private var squares: UnsafeMutablePointer<Float>
    private(set) var count = 0
    /// The candidates still open: their places in the list, positions, distances to the row that chooses, and how many
    /// times nearer the nearest neighbour taken is.
    private var open: UnsafeMutablePointer<UInt32>
    private var positions: UnsafeMutablePointer<UInt32>
    private var distances: UnsafeMutablePointer<Float>
    private var cover: UnsafeMutablePointer<Float>
    private var figures: UnsafeMutablePointer<Float>
    private var openCount = 0

    /// Whether rows can be made of codes: inner products need the middle that they leave out, and one bit is too coarse.
    static func canUseCodes(_ options: IndexOptions) -> Bool {
        options.metric != .dot && (options.codes == .bits4 || options.codes == .bits8)
    }

    init(_ options: IndexOptions) {
        self.options = options
        let unit = Self.canUseCodes(options) ? options.codes.unit.dimensions : 64
        stride = (options.dimension + unit - 1) / unit * unit
        let table = vk_kernels().pointee
        single = table.codes.pointee.bits8.single
        gather = table.codes.pointee.bits8.gather
        pairCodes = table.pair_codes
        bytes = .allocate(capacity: 1)
        scales = .allocate(capacity: 1)
        sums = .allocate(capacity: 1)
        squares = .allocate(capacity: 1)
        open = .allocate(capacity: 1)
        positions = .allocate(capacity: 1)
        distances = .allocate(capacity: 1)
        cover = .allocate(capacity: 1)
        figures = .allocate(capacity: 1)
        multipliers = .allocate(capacity: stride)
        multipliers.initialize(repeating: 0, count: stride)
        weights = UnsafeMutableRawPointer.allocate(byteCount: stride, alignment: 64)
            .bindMemory(to: Int8.self, capacity: stride)
        weights.initialize(repeating: 0, count: stride)
        query.initialize(
            to: vk_code_query(
                weights: UnsafePointer(weights), units: stride / 64, factor: 1, offset: 0, term_at: 0))
    }

    /// Makes ready for rows made of codes of this book.
    func prepare(_ book: Codebook) {
        guard preparedFor != book.trainedCount else { return }
        preparedFor = book.trainedCount
        let most = book.step.max() ?? 1
        let levels: Float = options.codes == .bits8 ? 255 : 15
        // (2 c - levels) / 2 * step, in steps of codeScale, is at most 127.
        codeScale = most * levels / 2 / 127
        let full: Float = options.codes == .bits8 ? 127 * 32768 / 255 : 127 * 32768 / (15 * 16)
        for d in 0..<options.dimension { multipliers[d] = Int16(min(full, full * book.step[d] / most)) }
    }

    /// Forgets all rows; there is room for `room` then.
    func reset(room: Int) {
        count = 0
        guard room > capacity else { return }
        freeBuffers()
        capacity = max(room, capacity * 2)
        bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity * stride, alignment: 64)
            .bindMemory(to: UInt8.self, capacity: capacity * stride)
        bytes.initialize(repeating: 128, count: capacity * stride)
        scales = .allocate(capacity: capacity)
        sums = .allocate(capacity: capacity)
        squares = .allocate(capacity: capacity)
        open = .allocate(capacity: capacity)
        positions = .allocate(capacity: capacity)
        distances = .allocate(capacity: capacity)
        cover = .allocate(capacity: capacity)
        figures = .allocate(capacity: capacity)
    }

    /// Adds a row given by its vector, and returns its position.
    func append(_ vector: UnsafePointer<Float>) -> Int {
        let at = count
        count += 1
        var sum: Int32 = 0
        vk_pair_row(vector, options.dimension, bytes + at * stride, scales + at, &sum)
        sums[at] = Float(sum)
        var squared: Float = 0
        if options.metric == .euclidean { _ = vk_measure(vector, options.dimension, &squared) }
        // A cosine's vectors have length 1.
        squares[at] = options.metric == .euclidean ? squared : 1
        return at
    }

    /// Adds a row given by its codes, and returns its position. `prepare` was called with their book.
    func append(codes: UnsafeRawPointer) -> Int {
        let at = count
        count += 1
        var sum: Int32 = 0
        var square: Int32 = 0
        pairCodes(
            codes, Int32(options.codes.bits), options.codeUnits, multipliers, bytes + at * stride, &sum, &square)
        scales[at] = codeScale
        sums[at] = Float(sum)
        squares[at] = Float(square) * codeScale * codeScale
        return at
    }

    /// Makes the row at a position the one that others are compared with.
    func compare(from position: Int) {
        vk_pair_weights(bytes + position * stride, stride, weights)
        query.pointee.offset = -128 * sums[position]
    }

    /// The distance between the row being compared, at `from`, and another.
    @inline(__always)
    private func distance(_ figure: Float, _ from: Int, _ other: Int) -> Float {
        let product = figure * scales[from] * scales[other]
        return switch options.metric {
        case .cosine: max(0, (squares[from] + squares[other]) / 2 - product)
        case .dot: -product
        case .euclidean: max(0, squares[from] + squares[other] - 2 * product)
        }
    }

    /// The distance between two rows.
    func distance(from position: Int, to other: Int) -> Float {
        distance(single(query, bytes + other * stride, 0), position, other)
    }

    // MARK: Choosing among candidates

    /// Begins a choice among these rows.
    func consider(_ candidates: [HNSWIndex.LinkCandidate]) {
        openCount = candidates.count
        for (i, candidate) in candidates.enumerated() {
            open[i] = UInt32(i)
            positions[i] = candidate.position
            distances[i] = candidate.distance
            cover[i] = 0
        }
    }

    /// The next candidate, by its place in the list that was considered, that is covered by no neighbour by more than
    /// `threshold`; it is no candidate any more. `at` is where to look from.
    func nextUncovered(_ at: inout Int, threshold: Float) -> Int? {
        while at < openCount {
            if cover[at] <= threshold {
                let found = Int(open[at])
                remove(at)
                return found
            }
            at += 1
        }
        return nil
    }

    private func remove(_ at: Int) {
        let moved = openCount - at - 1
        (open + at).update(from: open + at + 1, count: moved)
        (positions + at).update(from: positions + at + 1, count: moved)
        (distances + at).update(from: distances + at + 1, count: moved)
        (cover + at).update(from: cover + at + 1, count: moved)
        openCount -= 1
    }

    /// Notes that the row at a position is a neighbour now: how many times nearer it is to each candidate than the row
    /// that chooses. Candidates covered by more than `slack` leave.
    func cover(from position: Int, slack: Float) {
        compare(from: position)
        gather(query, bytes, stride, 0, positions, openCount, figures)
        var kept = 0
        let (open, positions, distances, cover, figures) = (open, positions, distances, cover, figures)
        let isDot = options.metric == .dot
        for i in 0..<openCount {
            let between = distance(figures[i], position, Int(positions[i]))
            // Without a scale (inner product) nearer is nearer; otherwise by how much counts.
            let ratio: Float =
                isDot ? (between < distances[i] ? .infinity : 0) : distances[i] / max(between, .leastNormalMagnitude)
            let most = max(cover[i], ratio)
            open[kept] = open[i]
            positions[kept] = positions[i]
            distances[kept] = distances[i]
            cover[kept] = most
            kept += most <= slack ? 1 : 0
        }
        openCount = kept
    }

    private func freeBuffers() {
        bytes.deallocate()
        scales.deallocate()
        sums.deallocate()
        squares.deallocate()
        open.deallocate()
        positions.deallocate()
        distances.deallocate()
        cover.deallocate()
        figures.deallocate()
    }

    deinit {
        freeBuffers()
        multipliers.deallocate()
        weights.deallocate()
        query.deallocate()
    }
}
