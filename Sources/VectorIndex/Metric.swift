// What "near" means, and in which precision vectors are kept.

/// How two vectors are compared.
///
/// Inside the index every metric is a *distance*: lower is nearer. ``Hit/score`` turns it round for the reader.
public enum Metric: String, Sendable, Codable, CaseIterable {
    /// The angle: vectors and queries are scaled to length 1, distance is `1 - dot`. The zero vector is refused.
    case cosine
    /// The inner product: distance is `-dot`. Longer vectors win.
    case dot
    /// The straight line: distance is the squared Euclidean distance.
    case euclidean
}

/// The element type in which vectors are kept and compared. Queries are always 32-bit floats.
public enum VectorStorage: String, Sendable, Codable, CaseIterable {
    /// IEEE binary32, 4 bytes a dimension.
    case float32
    /// IEEE binary16, 2 bytes a dimension: half the memory traffic, values within ±65504, 11 significant bits.
    case float16

    /// Bytes one dimension takes.
    public var byteCount: Int { self == .float32 ? 4 : 2 }
}
