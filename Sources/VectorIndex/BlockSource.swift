// The seam to saved bytes. The index never learns what a page is: it asks for block b of one of four byte arrays.

/// The byte arrays of a saved index.
///
/// - `vectors`: row r at byte r × ``IndexOptions/vectorStride``.
/// - `links`: row r's level-0 list at byte r × ``IndexOptions/linkStride``.
/// - `upper`: the lists above, one record of ``IndexOptions/upperStride`` bytes per row and level, at a place that
///   follows from row and level alone (see `LevelScheme`).
///
/// - `codes`: row r's codes at byte r × ``IndexOptions/codeStride``; absent without codes.
///
/// A list is little-endian 32-bit words: neighbour's row + 1, used words first, then zeros. Bytes never written are
/// zeros and so mean "no links".
public enum IndexArray: UInt8, CaseIterable, Sendable {
    /// The vectors themselves: the durable truth.
    case vectors
    /// Links of level 0: derived, can be rebuilt.
    case links
    /// Links above level 0: derived, can be rebuilt.
    case upper
    /// Codes of the vectors: derived, can be made again.
    case codes
}

/// Saved bytes behind an index, read block by block at first touch.
///
/// Block b of an array is its bytes `b * blockByteCount ..< (b + 1) * blockByteCount`; rows may straddle blocks.
public protocol BlockSource: Sendable {
    /// Bytes of a block, the same for all arrays: a multiple of 64, 64 at least. Need not be a power of two.
    var blockByteCount: Int { get }

    /// Fills `bytes` (one block) with the array's current committed content. Bytes never written, also those past the
    /// array's end, are zeros. May be called from several threads, for one block of an array at a time.
    func read(_ array: IndexArray, block: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws
}
