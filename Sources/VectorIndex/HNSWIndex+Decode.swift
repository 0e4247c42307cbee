// The way back from a stored row to floats.
// Unsafe code: the size of the bytes is checked before anything is read.

extension HNSWIndex {
    /// The floats of a row's stored bytes, as ``encode(_:options:)`` made them: for cosine of length 1. O(dimension).
    ///
    /// - Throws: `corruptImage` when the size is not ``IndexOptions/vectorStride``.
    public static func decode(_ bytes: [UInt8], options: IndexOptions) throws(VectorError) -> [Float] {
        guard bytes.count == options.vectorStride else {
            throw VectorError(.corruptImage(reason: "a row of \(bytes.count) bytes"))
        }
        return [Float](unsafeUninitializedCapacity: options.dimension) { floats, count in
            bytes.withUnsafeBytes { raw in
                if let row = raw.baseAddress, let vector = floats.baseAddress {
                    VectorCoding.decode(row, options, into: vector)
                }
            }
            count = options.dimension
        }
    }
}
