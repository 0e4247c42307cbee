// What must be known of a saved index before its blocks are touched. Small, and the only thing read on opening.
//
// Bytes, little-endian: "HNSI", version 1 or 2 as UInt16, metric and storage as UInt8 each, dimension and connectivity
// as UInt32, buildBreadth as UInt32, seed UInt64, rowCount UInt32, linkedCount UInt32, entry row + 1 UInt32 (0: none),
// number of waiting rows UInt32, number of deleted rows UInt32; version 2: codes as UInt8 (0 none, 8, 4 or 1 bits),
// codedCount UInt32, number of free rows UInt32, trained count + 1 UInt32 (0: no code book); then the waiting rows as
// UInt32; the deleted rows ascending, each as the distance to the one before in 7-bit groups, low first, the top bit set
// on all but the last; version 2: the free rows likewise; with a code book: lo, then step, dimension floats each; then
// FNV-1a of everything before as UInt64. Without codes and free rows version 1 is written.

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
    /// Deleted rows that no list leads to: their slots may be used again.
    public var freeRows: [UInt32]
    /// Rows 0..<codedCount have codes, which belong to the code book.
    public var codedCount: Int
    var codebook: Codebook?

    private static let magic: [UInt8] = Array("HNSI".utf8)
    private static let versions: ClosedRange<UInt16> = 1...2

    /// The state of an index without rows.
    public init(options: IndexOptions) {
        self.options = options
        rowCount = 0
        linkedCount = 0
        entryRow = nil
        waitingRows = []
        deletedRows = []
        freeRows = []
        codedCount = 0
    }

    /// The state as bytes: 56 or 69 bytes, 4 a waiting row, 1 to 5 a deleted or free row, 8 a dimension of the code book.
    public func encode() -> [UInt8] {
        var bytes = Self.magic
        func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        let isPlain = options.codes == .none && freeRows.isEmpty
        put(UInt16(isPlain ? 1 : 2))
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
        let free = Set(freeRows).sorted()
        if !isPlain {
            put(UInt8(options.codes.bits))
            put(UInt32(codedCount))
            put(UInt32(free.count))
            put(codebook.map { UInt32(clamping: $0.trainedCount) + 1 } ?? 0)
        }
        for row in waitingRows { put(row) }
        func putAscending(_ rows: [UInt32]) {
            var next: UInt32 = 0
            for row in rows {
                var step = row - next
                while step >= 0x80 {
                    bytes.append(UInt8(truncatingIfNeeded: step) | 0x80)
                    step >>= 7
                }
                bytes.append(UInt8(step))
                next = row + 1
            }
        }
        putAscending(deleted)
        if !isPlain { putAscending(free) }
        if let codebook {
            for value in codebook.lo + codebook.step { put(value.bitPattern) }
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
        guard versions.contains(found) else {
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
        let seed = try reader.take(UInt64.self)
        func options(_ codes: VectorCodes) throws(VectorError) -> IndexOptions {
            try IndexOptions(
                dimension: dimension, metric: Metric.allCases[metric], storage: VectorStorage.allCases[storage],
                codes: codes, connectivity: connectivity, buildBreadth: buildBreadth, seed: seed)
        }
        var state = IndexState(options: try options(.none))
        state.rowCount = Int(try reader.take(UInt32.self))
        state.linkedCount = Int(try reader.take(UInt32.self))
        let entry = try reader.take(UInt32.self)
        state.entryRow = entry == 0 ? nil : entry - 1
        let waitingCount = Int(try reader.take(UInt32.self))
        let deletedCount = Int(try reader.take(UInt32.self))
        var freeCount = 0
        var trained = 0
        if found == 2 {
            let bits = Int(try reader.take(UInt8.self))
            guard let codes = VectorCodes.allCases.first(where: { $0.bits == bits }) else {
                throw VectorError(.corruptImage(reason: "codes of \(bits) bits are unknown"))
            }
            state.options = try options(codes)
            state.codedCount = Int(try reader.take(UInt32.self))
            freeCount = Int(try reader.take(UInt32.self))
            trained = Int(try reader.take(UInt32.self))
        }
        guard waitingCount <= state.rowCount, deletedCount <= state.rowCount, freeCount <= deletedCount,
            waitingCount * 4 + deletedCount + freeCount <= reader.left
        else { throw VectorError(.corruptImage(reason: "more rows are listed than there are")) }
        for _ in 0..<waitingCount { state.waitingRows.append(try reader.take(UInt32.self)) }
        state.deletedRows = try reader.takeAscending(deletedCount, below: state.rowCount)
        state.freeRows = try reader.takeAscending(freeCount, below: state.rowCount)
        if trained > 0 { state.codebook = try reader.takeCodebook(dimension: dimension, trainedCount: trained - 1) }
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
        try require((0...rowCount).contains(codedCount), "more rows have codes than there are")
        try require(codedCount == 0 || codebook != nil, "codes without a code book")
        let dimensions = codebook.map { [$0.lo.count, $0.step.count] } ?? []
        try require(dimensions.allSatisfy { $0 == options.dimension }, "the code book has another dimension")
        try require(codebook == nil || options.codes != .none, "a code book without codes")
        let deleted = freeRows.isEmpty ? [] : Set(deletedRows)
        try require(freeRows.allSatisfy { deleted.contains($0) }, "a free row is not a deleted one")
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

    /// Ascending rows, each as the distance to the one before.
    mutating func takeAscending(_ count: Int, below bound: Int) throws(VectorError) -> [UInt32] {
        var rows: [UInt32] = []
        var next: UInt64 = 0
        for _ in 0..<count {
            let row = try next + takeGrouped()
            guard row < UInt64(bound) else {
                throw VectorError(.corruptImage(reason: "a deleted row does not exist"))
            }
            rows.append(UInt32(row))
            next = row + 1
        }
        return rows
    }

    /// Numbers that later arithmetic relies on are checked here: finite, and steps above 0.
    mutating func takeCodebook(dimension: Int, trainedCount: Int) throws(VectorError) -> Codebook {
        var values: [Float] = []
        for _ in 0..<dimension * 2 { values.append(Float(bitPattern: try take(UInt32.self))) }
        let (lo, step) = (Array(values.prefix(dimension)), Array(values.dropFirst(dimension)))
        guard lo.allSatisfy(\.isFinite), step.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw VectorError(.corruptImage(reason: "the code book holds impossible numbers"))
        }
        return Codebook(lo: lo, step: step, trainedCount: trainedCount)
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
