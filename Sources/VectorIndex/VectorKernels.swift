// The only file that calls the C kernels: how rows are scored, encoded and decoded.
// Unsafe code: pointers go straight to C; the arena's owner has made sure that the rows are there.

import CVectorKernels

/// How the rows of one arena are scored: kernels, place and the line from a raw figure to a distance.
///
/// One small struct for vectors and for codes; what differs is the query, which is floats or a `vk_code_query`. Sendable
/// because it holds C functions and an address that never change.
struct RowScorer: @unchecked Sendable {
    let single: vk_single_fn
    let gather: vk_gather_fn
    let block: vk_block_fn
    let base: UnsafeRawPointer
    let stride: Int
    let dimension: Int
    /// distance = figure * factor + offset; the factor is 1 or -1.
    let factor: Float
    let offset: Float
    /// Bytes of a row that a walk asks for ahead.
    let fetchByteCount: Int

    /// Scores vectors.
    init(vectorsOf options: IndexOptions, base: UnsafeRawPointer) {
        let table = vk_kernels().pointee
        let scorer =
            switch (options.metric, options.storage) {
            case (.euclidean, .float32): table.l2_f32
            case (.euclidean, .float16): table.l2_f16
            case (_, .float32): table.dot_f32
            case (_, .float16): table.dot_f16
            }
        single = scorer.single
        gather = scorer.gather
        block = scorer.block
        self.base = base
        stride = options.vectorStride
        dimension = options.dimension
        factor = options.metric == .euclidean ? 1 : -1
        offset = options.metric == .cosine ? 1 : 0
        fetchByteCount = min(stride, 128)
    }

    /// Scores codes; nil without codes.
    init?(codesOf options: IndexOptions, base: UnsafeRawPointer) {
        let table = vk_kernels().pointee.codes.pointee
        let scorer: vk_scorer
        switch options.codes {
        case .none: return nil
        case .bits8: scorer = table.bits8
        case .bits4: scorer = table.bits4
        case .bits1: scorer = table.bits1
        }
        single = scorer.single
        gather = scorer.gather
        block = scorer.block
        self.base = base
        stride = options.codeStride
        dimension = options.dimension
        // A figure of codes is a distance already: factor and offset are in the query.
        factor = 1
        offset = 0
        fetchByteCount = min(stride, 512)
    }

    /// The candidate key of one row.
    @inline(__always)
    func key(_ query: UnsafeRawPointer, row: Int) -> UInt64 {
        key(figure: single(query, base + row * stride, dimension), row: UInt32(truncatingIfNeeded: row))
    }

    @inline(__always)
    func key(figure: Float, row: UInt32) -> UInt64 { Candidate.key(distance: distance(figure), row: row) }

    @inline(__always)
    func distance(_ figure: Float) -> Float { figure * factor + offset }
}

/// Conversion between floats and the stored form of a row.
enum VectorCoding {
    /// Decodes a stored row.
    static func decode(
        _ row: UnsafeRawPointer, _ options: IndexOptions, into vector: UnsafeMutablePointer<Float>
    ) {
        switch options.storage {
        case .float32: UnsafeMutableRawPointer(vector).copyMemory(from: row, byteCount: options.vectorStride)
        case .float16: vk_kernels().pointee.f16_to_f32(row, vector, options.dimension)
        }
    }

    /// Checks a vector or query: dimension, finite elements, and for cosine a direction. Writes it ready to compare:
    /// scaled to length 1 for cosine, unchanged otherwise. O(dimension).
    static func prepare(
        _ vector: [Float], _ options: IndexOptions, into prepared: UnsafeMutablePointer<Float>
    ) throws(VectorError) {
        let count = vector.count
        guard count == options.dimension else {
            throw VectorError(.wrongDimension(expected: options.dimension, found: count))
        }
        var squared: Float = 0
        guard vk_measure(vector, count, &squared) != 0 else {
            throw VectorError(.notFinite(at: vector.firstIndex { !$0.isFinite } ?? 0))
        }
        guard options.metric == .cosine else { return prepared.update(from: vector, count: count) }
        if squared.isFinite && squared > 1e-30 {
            vk_scale(vector, 1 / squared.squareRoot(), count, prepared)
            return
        }
        // Very short or very long: the square leaves the range of a float, so sum in double precision.
        let exact = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard exact > 0 else { throw VectorError(.zeroVector) }
        for i in 0..<count { prepared[i] = Float(Double(vector[i]) / exact) }
    }

    /// As ``prepare(_:_:into:)``, into a new array.
    static func prepare(_ vector: [Float], _ options: IndexOptions) throws(VectorError) -> [Float] {
        var prepared = [Float](repeating: 0, count: options.dimension)
        var failure: VectorError?
        prepared.withUnsafeMutableBufferPointer { buffer in
            do throws(VectorError) { try prepare(vector, options, into: buffer.baseAddress!) } catch { failure = error }
        }
        if let failure { throw failure }
        return prepared
    }

    /// The stored bytes of a vector: prepared, then converted. Throws also when an element overflows the storage.
    static func encode(_ vector: [Float], _ options: IndexOptions) throws(VectorError) -> [UInt8] {
        let prepared = try prepare(vector, options)
        if options.storage == .float16, let at = prepared.firstIndex(where: { abs($0) >= 65520 }) {
            throw VectorError(.outOfStorageRange(at: at))
        }
        return [UInt8](unsafeUninitializedCapacity: options.vectorStride) { bytes, count in
            let start = UnsafeMutableRawPointer(bytes.baseAddress!)
            switch options.storage {
            case .float32:
                prepared.withUnsafeBytes { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            case .float16: vk_kernels().pointee.f32_to_f16(prepared, start, prepared.count)
            }
            count = options.vectorStride
        }
    }

    /// Writes the codes of a vector, and for euclidean its squared length behind them.
    static func encode(
        _ vector: UnsafePointer<Float>, _ book: Codebook, _ options: IndexOptions, to row: UnsafeMutableRawPointer
    ) {
        vk_encode_codes(vector, book.lo, book.perStep, options.dimension, Int32(options.codes.bits), row)
        guard options.codeTermOffset > 0 else { return }
        var squared: Float = 0
        _ = vk_measure(vector, options.dimension, &squared)
        row.storeBytes(of: squared, toByteOffset: options.codeTermOffset, as: Float.self)
    }

    /// Asks for a cache line before it is needed.
    @inline(__always)
    static func prefetch(_ address: UnsafeRawPointer) { vk_prefetch(address) }
}
