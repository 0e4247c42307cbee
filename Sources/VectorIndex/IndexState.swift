// What must be known of a saved index before its blocks are touched. Small, and the only thing read on opening.
//
// Bytes, little-endian: "HNSI", version 1 as UInt16, metric and storage as UInt8 each, dimension and connectivity as
// UInt32, buildBreadth as UInt32, seed UInt64, rowCount UInt32, linkedCount UInt32, entry row + 1 UInt32 (0: none),
// number of waiting rows UInt32, number of deleted rows UInt32; the waiting rows as UInt32; the deleted rows ascending,
// each as the distance to the one before in 7-bit groups, low first, the top bit set on all but the last; then FNV-1a
// of everything before as UInt64.

/// The state that belongs to a set of saved links blocks, written beside them.
///
/// The owner of the vectors knows more than the links' last save: before restoring it may raise ``rowCount`` to the
/// rows committed since, add to ``deletedRows``, and must add rows that got a new vector since to ``waitingRows``.
public struct IndexState: Sendable, Equatable {
    /// The options the links were built under.
    public var options: IndexOptions
    /// Rows 0..<rowCount exist.
    public var rowCount: Int
    /// Rows 0..<linkedCount are in the graph, those waiting excepted; later ones are searched exactly.
    public var linkedCount: Int
    /// The row where searches start, or nil while nothing is linked.
    public var entryRow: UInt32?
    /// Rows below ``linkedCount`` whose present vector is not linked yet.
    public var waitingRows: [UInt32]
    /// Rows no search may return. ``decode(_:)`` and ``HNSWIndex/save(write:)`` give them ascending.
    public var deletedRows: [UInt32]

    private static let magic: [UInt8] = Array("HNSI".utf8)
    private static let version: UInt16 = 1

    /// The state of an index without rows.
    public init(options: IndexOptions) {
        self.options = options
        rowCount = 0
        linkedCount = 0
        entryRow = nil
        waitingRows = []
        deletedRows = []
    }

    /// The state as bytes: 56 bytes, 4 a waiting row, 1 to 5 a deleted row.
    public func encode() -> [UInt8] {
        var bytes = Self.magic
        func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        put(Self.version)
        put(UInt8(Metric.allCases.firstIndex(of: options.metric) ?? 0))
        put(UInt8(VectorStorage.allCases.firstIndex(of: options.storage) ?? 0))
        put(UInt32(options.dimension))
        put(UInt32(options.connectivity))
        put(UInt32(options.buildBreadth))
        put(options.seed)
        put(UInt32(rowCount))
        put(UInt32(linkedCount))
        put(entryRow.map { $0 + 1 } ?? 0)
        put(UInt32(waitingRows.count))
        let deleted = Set(deletedRows).sorted()
        put(UInt32(deleted.count))
        for row in waitingRows { put(row) }
        var next: UInt32 = 0
        for row in deleted {
            var step = row - next
            while step >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: step) | 0x80)
                step >>= 7
            }
            bytes.append(UInt8(step))
            next = row + 1
        }
        put(Self.digest(bytes[...]))
        return bytes
    }

    /// Reads what ``encode()`` wrote. Any bytes are safe to give; damage throws
    /// ``VectorError/Code/corruptImage(reason:)``.
    public static func decode(_ bytes: [UInt8]) throws(VectorError) -> IndexState {
        guard bytes.count >= magic.count + 8, Array(bytes.prefix(magic.count)) == magic else {
            throw VectorError(.corruptImage(reason: "this is not an index state"))
        }
        var end = StateReader(bytes: bytes, position: bytes.count - 8)
        guard try end.take(UInt64.self) == digest(bytes.dropLast(8)) else {
            throw VectorError(.corruptImage(reason: "the state's checksum does not match"))
        }
        var reader = StateReader(bytes: bytes.dropLast(8), position: magic.count)
        let found = try reader.take(UInt16.self)
        guard found == version else {
            throw VectorError(.corruptImage(reason: "state version \(found) is unknown"))
        }
        let metric = Int(try reader.take(UInt8.self))
        let storage = Int(try reader.take(UInt8.self))
        guard metric < Metric.allCases.count, storage < VectorStorage.allCases.count else {
            throw VectorError(.corruptImage(reason: "unknown metric or storage"))
        }
        let dimension = Int(try reader.take(UInt32.self))
        let connectivity = Int(try reader.take(UInt32.self))
        let buildBreadth = Int(try reader.take(UInt32.self))
        let options = try IndexOptions(
            dimension: dimension, metric: Metric.allCases[metric], storage: VectorStorage.allCases[storage],
            connectivity: connectivity, buildBreadth: buildBreadth, seed: reader.take(UInt64.self))
        var state = IndexState(options: options)
        state.rowCount = Int(try reader.take(UInt32.self))
        state.linkedCount = Int(try reader.take(UInt32.self))
        let entry = try reader.take(UInt32.self)
        state.entryRow = entry == 0 ? nil : entry - 1
        let waitingCount = Int(try reader.take(UInt32.self))
        let deletedCount = Int(try reader.take(UInt32.self))
        guard waitingCount <= state.rowCount, deletedCount <= state.rowCount,
            waitingCount * 4 + deletedCount <= reader.left
        else { throw VectorError(.corruptImage(reason: "more rows are listed than there are")) }
        for _ in 0..<waitingCount { state.waitingRows.append(try reader.take(UInt32.self)) }
        var next: UInt64 = 0
        for _ in 0..<deletedCount {
            let row = try next + reader.takeGrouped()
            guard row < UInt64(state.rowCount) else {
                throw VectorError(.corruptImage(reason: "a deleted row does not exist"))
            }
            state.deletedRows.append(UInt32(row))
            next = row + 1
        }
        guard reader.left == 0 else { throw VectorError(.corruptImage(reason: "bytes are left over")) }
        try state.check()
        return state
    }

    /// Throws unless counts, entry and lists fit together.
    func check() throws(VectorError) {
        func require(_ condition: Bool, _ reason: String) throws(VectorError) {
            guard condition else { throw VectorError(.corruptImage(reason: reason)) }
        }
        try require((0...Candidate.maximumRowCount).contains(rowCount), "there are too many rows")
        try require((0...rowCount).contains(linkedCount), "more rows are linked than there are")
        try require(entryRow.map { Int($0) < rowCount } ?? true, "the entry row does not exist")
        try require(waitingRows.allSatisfy { Int($0) < linkedCount }, "a waiting row is not below the linked rows")
        try require(Set(waitingRows).count == waitingRows.count, "a row waits twice")
        try require(deletedRows.allSatisfy { Int($0) < rowCount }, "a deleted row does not exist")
    }

    private static func digest(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// Checked little-endian reads.
private struct StateReader {
    let bytes: ArraySlice<UInt8>
    var position: Int

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes[...]
        self.position = position
    }

    init(bytes: ArraySlice<UInt8>, position: Int) {
        self.bytes = bytes
        self.position = position
    }

    var left: Int { bytes.endIndex - position }

    mutating func take<T: FixedWidthInteger>(_ type: T.Type) throws(VectorError) -> T {
        let size = T.bitWidth / 8
        guard left >= size else { throw VectorError(.corruptImage(reason: "the state ends early")) }
        var value: T = 0
        for i in 0..<size { value |= T(truncatingIfNeeded: bytes[position + i]) << T(i * 8) }
        position += size
        return value
    }

    mutating func takeGrouped() throws(VectorError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 28, by: 7) {
            let byte = try take(UInt8.self)
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte & 0x80 == 0 { return value }
        }
        throw VectorError(.corruptImage(reason: "a row number is too long"))
    }
}
