// An index in one file, without pages: for programs that use this target alone.
//
// Little-endian. 64 bytes of header: "HNSWFILE"; version 1 as UInt32; bytes of a block as UInt32; the number of blocks of
// links, upper, codes and vectors as UInt64 each; bytes of the state as UInt64; digest of the header so far, the state
// and the table as UInt64. Then the blocks, in that order of arrays, the last of each array filled up with zeros; the
// state (IndexState); the table: the digest of each block as UInt64. Every byte is under a digest, and the size of the
// file follows from the header.
//
// A save runs beside searches, appends and linking, as HNSWIndex+Save does, and by the same caution: counters first, then
// links and codes, then the rows. A loaded index is wholly in memory and knows nothing more of the file.
// Unsafe code: pieces lie inside arrays whose blocks were made present; words that others change are read atomically.

import Synchronization

extension HNSWIndex {
    /// Writes the whole index to a file: vectors, links, codes, and which rows are deleted. The file appears under its
    /// name when it is whole and synced; a file that was there is replaced then. Commit sequences are not kept: a loaded
    /// index shows its living rows to every search.
    ///
    /// - Throws: `file` when the system refuses; `corruptImage` when the links are damaged (``rebuild()`` helps).
    public func save(to path: String) throws(VectorError) {
        for _ in 0..<3 where try attemptSave(to: path) { return }
        throw VectorError(.file(path: path, reason: "the codes were made anew again and again while it was written"))
    }

    /// Reads an index that ``save(to:)`` wrote. O(bytes).
    ///
    /// - Parameter maximumRowCount: rows the index shall be able to hold.
    /// - Throws: `file` when it cannot be read; `corruptImage` when it is no index or was changed; `outOfMemory`.
    public static func load(
        from path: String, maximumRowCount: Int = defaultMaximumRowCount
    ) throws(VectorError) -> HNSWIndex {
        let source = try IndexFile(path)
        let state = source.state
        let index = try HNSWIndex(
            options: state.options, restoring: state, source: source, memoryLimit: nil,
            maximumRowCount: max(maximumRowCount, state.rowCount))
        do throws(VectorError) { try index.loadEverything(source) } catch {
            // A block that does not match its digest is damage of the file, whichever array it belongs to.
            throw error.cause as? VectorError ?? error
        }
        source.close()
        return index
    }

    private func loadEverything(_ source: IndexFile) throws(VectorError) {
        lock.share()
        defer { lock.leave() }
        for (arena, blocks) in zip([links, upper, codes, vectors], source.blockCounts) where blocks > 0 {
            for block in 0..<blocks { try arena.ensure(block * IndexFile.blockByteCount, 1) }
        }
    }

    /// False when the codes were made anew meanwhile.
    private func attemptSave(to path: String) throws(VectorError) -> Bool {
        try saving.withLock { _ throws(VectorError) in
            guard !isDamaged else { throw VectorError(.corruptImage(reason: "the links are damaged")) }
            reusedWhileSaving.withLock { $0 = [] }
            defer { reusedWhileSaving.withLock { $0 = nil } }
            var state = IndexState(options: options)
            let first = entry.load(ordering: .acquiring)
            state.entryRow = first == 0 ? nil : UInt32(first - 1)
            (state.linkedCount, state.waitingRows) = queue.withLock { ($0.linked, $0.waiting) }
            lock.share()
            state.codebook = codebook.value
            state.codedCount = !codebook.isTrained ? 0 : coded.load(ordering: .acquiring)
            let trained = generation.load(ordering: .relaxed)
            lock.leave()

            let file = try IndexFileWriter(path)
            try copyWords(links, count: state.linkedCount, stride: options.linkStride, to: file)
            try copyWords(
                upper, count: levels.recordCount(rowCount: state.linkedCount), stride: options.upperStride, to: file)
            try copyWords(codes, count: state.codedCount, stride: options.codeStride, to: file)
            state.rowCount = rowCount
            try copy(vectors, count: state.rowCount, stride: options.vectorStride, to: file) { piece, start in
                piece.copyMemory(from: UnsafeRawBufferPointer(start: start, count: piece.count))
            }
            let reused = reusedWhileSaving.withLock { $0 ?? [] }
            let linked = state.linkedCount
            state.waitingRows = Set(state.waitingRows + reused).filter { Int($0) < linked }.sorted()
            state.deletedRows = (0..<state.rowCount).filter { rows.isDeleted($0) }.map { UInt32($0) }
            let deleted = Set(state.deletedRows)
            state.freeRows = free.withLock { $0.all }.filter { deleted.contains($0) }
            guard generation.load(ordering: .relaxed) == trained else { return false }
            try file.finish(state)
            return true
        }
    }

    private func copyWords(
        _ arena: Arena, count: Int, stride: Int, to file: IndexFileWriter
    ) throws(VectorError) {
        try copy(arena, count: count, stride: stride, to: file) { piece, start in
            let words = start.assumingMemoryBound(to: Atomic<UInt32>.self)
            for i in 0..<(piece.count / 4) {
                piece.storeBytes(of: words[i].load(ordering: .relaxed), toByteOffset: i * 4, as: UInt32.self)
            }
        }
    }

    /// Hands whole records over, a piece at a time, each piece with the index lock shared: a deleted row gets a new vector
    /// only between two pieces.
    private func copy(
        _ arena: Arena, count: Int, stride: Int, to file: IndexFileWriter,
        _ body: (_ piece: UnsafeMutableRawBufferPointer, _ start: UnsafeMutableRawPointer) -> Void
    ) throws(VectorError) {
        defer { keepWithinLimit() }
        let pieceCount = max(1, (1 << 18) / max(1, stride))
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceCount * max(1, stride), alignment: 64)
        defer { room.deallocate() }
        var next = 0
        while next < count {
            let records = min(pieceCount, count - next)
            let piece = UnsafeMutableRawBufferPointer(rebasing: room[0..<records * stride])
            lock.share()
            do throws(VectorError) { try arena.ensure(next * stride, records * stride) } catch {
                lock.leave()
                throw error
            }
            body(piece, arena.base + next * stride)
            lock.leave()
            try file.append(UnsafeRawBufferPointer(piece))
            next += records
            keepWithinLimit()
        }
        try file.endArray()
    }
}

/// The file's parts while it is written.
private final class IndexFileWriter {
    private let file: NewFile
    private var block: [UInt8] = []
    private var table: [UInt64] = []
    private var blockCounts: [Int] = []

    init(_ path: String) throws(VectorError) {
        file = try NewFile(path)
        try file.append([UInt8](repeating: 0, count: IndexFile.headerByteCount))
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(VectorError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(IndexFile.blockByteCount - block.count)
            block.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if block.count == IndexFile.blockByteCount { try endBlock() }
        }
    }

    func endArray() throws(VectorError) {
        if !block.isEmpty {
            block += [UInt8](repeating: 0, count: IndexFile.blockByteCount - block.count)
            try endBlock()
        }
        blockCounts.append(table.count - blockCounts.reduce(0, +))
    }

    private func endBlock() throws(VectorError) {
        table.append(IndexFile.digest(block))
        try file.append(block)
        block.removeAll(keepingCapacity: true)
    }

    func finish(_ state: IndexState) throws(VectorError) {
        let stateBytes = state.encode()
        let tail = stateBytes + table.flatMap { IndexFile.bytes($0) }
        try file.append(tail)
        var header =
            IndexFile.magic + IndexFile.bytes(IndexFile.version) + IndexFile.bytes(UInt32(IndexFile.blockByteCount))
        for count in blockCounts { header += IndexFile.bytes(UInt64(count)) }
        header += IndexFile.bytes(UInt64(stateBytes.count))
        header += IndexFile.bytes(IndexFile.digest(header + tail))
        try file.replace(at: 0, with: header)
        try file.finish()
    }
}

/// The file's parts while it is read: what blocks of a loaded index come from.
final class IndexFile: BlockSource {
    static let magic = Array("HNSWFILE".utf8)
    static let version: UInt32 = 1
    static let blockByteCount = 16384
    static let headerByteCount = 64

    let state: IndexState
    /// Blocks of links, upper, codes, vectors.
    let blockCounts: [Int]
    private let table: [UInt64]
    private let file: Guarded<PlainFile?>

    var blockByteCount: Int { Self.blockByteCount }

    init(_ path: String) throws(VectorError) {
        func require(_ condition: Bool, _ reason: String) throws(VectorError) {
            guard condition else { throw VectorError(.corruptImage(reason: "\(path): \(reason)")) }
        }
        let file = try PlainFile(reading: path)
        try require(file.byteCount >= Self.headerByteCount, "it is too short for an index")
        let header = try file.read(at: 0, count: Self.headerByteCount)
        func number(_ at: Int, _ count: Int) -> UInt64 {
            (0..<count).reduce(0) { $0 | UInt64(header[at + $1]) << UInt64($1 * 8) }
        }
        try require(Array(header.prefix(8)) == Self.magic, "it is no index")
        try require(number(8, 4) == UInt64(Self.version), "its version \(number(8, 4)) is unknown")
        try require(number(12, 4) == UInt64(Self.blockByteCount), "its blocks have another size")
        let counts = (0..<4).map { number(16 + $0 * 8, 8) }
        let stateByteCount = number(48, 8)
        // Each is held against the file's size before anything is added up.
        let most = UInt64(file.byteCount)
        try require(
            stateByteCount <= most && counts.allSatisfy { $0 <= most >> 14 }, "its size does not fit its header")
        let blocks = Int(counts.reduce(0, +))
        let tailStart = Self.headerByteCount + blocks * Self.blockByteCount
        let tailCount = Int(stateByteCount) + blocks * 8
        try require(file.byteCount == tailStart + tailCount, "its size does not fit its header")
        let tail = try file.read(at: tailStart, count: tailCount)
        try require(Self.digest(Array(header.prefix(56)) + tail) == number(56, 8), "its checksum does not match")
        state = try IndexState.decode(Array(tail.prefix(Int(stateByteCount))))
        blockCounts = counts.map { Int($0) }
        let options = state.options
        let levels = LevelScheme(options)
        let sizes = [
            state.linkedCount * options.linkStride,
            levels.recordCount(rowCount: state.linkedCount) * options.upperStride,
            state.codedCount * options.codeStride,
            state.rowCount * options.vectorStride,
        ]
        try require(
            zip(blockCounts, sizes).allSatisfy { $0 == ($1 + Self.blockByteCount - 1) / Self.blockByteCount },
            "its arrays do not fit its state")
        let start = Int(stateByteCount)
        table = (0..<blocks).map { block in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(tail[start + block * 8 + $1]) << UInt64($1 * 8) }
        }
        self.file = Guarded(file)
    }

    func close() { file.withLock { $0 = nil } }

    func read(_ array: IndexArray, block: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws {
        let place: Int =
            switch array {
            case .links: 0
            case .upper: 1
            case .codes: 2
            case .vectors: 3
            }
        guard let number = Int(exactly: block), number < blockCounts[place] else {
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        let whole = blockCounts[..<place].reduce(0, +) + number
        guard let file = file.withLock({ $0 }) else {
            throw VectorError(.corruptImage(reason: "\(array) block \(number) is asked for after it was loaded"))
        }
        try file.read(at: Self.headerByteCount + whole * Self.blockByteCount, into: bytes)
        guard Self.digest(bytes: UnsafeRawBufferPointer(bytes)) == table[whole] else {
            throw VectorError(
                .corruptImage(reason: "\(file.path): \(array) block \(number) does not match its checksum"))
        }
    }

    static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
    }

    static func digest(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { digest(bytes: $0) } }

    /// A digest against accident: four lanes of xor, multiply and rotate over 8-byte words, each step one to one in the
    /// word, then the lanes, the rest and the length. A change of one word always shows; FORMAT.md gives the steps.
    static func digest(bytes: UnsafeRawBufferPointer) -> UInt64 {
        let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
        func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
            let mixed = (lane ^ word) &* prime
            return mixed << 29 | mixed >> 35
        }
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        var at = 0
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        while at + 32 <= bytes.count {
            lanes.0 = step(lanes.0, word(at))
            lanes.1 = step(lanes.1, word(at + 8))
            lanes.2 = step(lanes.2, word(at + 16))
            lanes.3 = step(lanes.3, word(at + 24))
            at += 32
        }
        var sum = step(step(step(step(UInt64(bytes.count), lanes.0), lanes.1), lanes.2), lanes.3)
        while at < bytes.count {
            sum = step(sum, UInt64(bytes[at]))
            at += 1
        }
        return sum ^ (sum >> 32)
    }
}
