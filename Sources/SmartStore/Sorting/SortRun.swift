import PageStore

// Sorted runs in a spill file: records one after another, across the borders of blocks.
//
// A record: bytes of the key (4, little endian), bytes of the document (4), key, document. A run begins with a block of
// its own; where it ends is known in memory only.

/// A run that has been written.
struct SortRun {
    let firstBlock: UInt64
    let byteCount: Int
    let recordCount: Int
}

/// Writes one run.
struct RunWriter {
    private let file: SpillFile
    private let firstBlock: UInt64
    private var block: [UInt8] = []
    private var byteCount = 0
    private(set) var recordCount = 0
    private var head = [UInt8](repeating: 0, count: 8)

    init(_ file: SpillFile) {
        self.file = file
        firstBlock = file.blockCount
        block.reserveCapacity(file.blockByteCount)
    }

    /// Appends the record whose key begins at `offset` of `bytes` and whose document follows it.
    mutating func append(_ bytes: [UInt8], at offset: Int, keyCount: Int, documentCount: Int) throws(SpillFault) {
        for shift in 0..<4 {
            head[shift] = UInt8(truncatingIfNeeded: keyCount >> (8 * shift))
            head[4 + shift] = UInt8(truncatingIfNeeded: documentCount >> (8 * shift))
        }
        try put(head, 0..<8)
        try put(bytes, offset..<(offset + keyCount + documentCount))
        recordCount += 1
    }

    private mutating func put(_ bytes: [UInt8], _ range: Range<Int>) throws(SpillFault) {
        var start = range.lowerBound
        while start < range.upperBound {
            let part = min(range.upperBound - start, file.blockByteCount - block.count)
            block += bytes[start..<(start + part)]
            start += part
            if block.count == file.blockByteCount { try flush() }
        }
        byteCount += range.count
    }

    private mutating func flush() throws(SpillFault) {
        try file.append(block)
        block.removeAll(keepingCapacity: true)
    }

    /// Writes what is left.
    mutating func finish() throws(SpillFault) -> SortRun {
        if !block.isEmpty {
            block += [UInt8](repeating: 0, count: file.blockByteCount - block.count)
            try flush()
        }
        return SortRun(firstBlock: firstBlock, byteCount: byteCount, recordCount: recordCount)
    }
}

/// Reads one run, a block at a time.
final class RunReader {
    private let file: SpillFile
    private var nextBlock: UInt64
    /// Bytes of the run that have not been taken.
    private var left: Int
    private var block: [UInt8] = []
    private var place = 0
    /// Key and document of the record it stands on.
    private(set) var record: [UInt8] = []
    private(set) var keyCount = 0
    private(set) var head: UInt64 = 0

    init(_ run: SortRun, in file: SpillFile) {
        self.file = file
        nextBlock = run.firstBlock
        left = run.byteCount
    }

    var byteCount: Int { block.count + record.count }

    /// Goes to the next record; false at the end.
    func advance() throws(SpillFault) -> Bool {
        guard left > 0 else { return false }
        try take(8)
        func count(at offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(record[offset + $1]) << (8 * $1) }
        }
        let (keyCount, documentCount) = (count(at: 0), count(at: 4))
        try take(keyCount + documentCount)
        self.keyCount = keyCount
        head =
            keyCount >= 8
            ? BSONBytes.with(record) { $0.uint64(at: 0).byteSwapped } : SortKeys.head(of: Array(record[..<keyCount]))
        return true
    }

    /// Makes the next bytes of the run the record.
    private func take(_ count: Int) throws(SpillFault) {
        guard count <= left else { throw .damaged(block: nextBlock) }
        record.removeAll(keepingCapacity: true)
        while record.count < count {
            if place == block.count {
                try file.read(nextBlock, into: &block)
                nextBlock += 1
                place = 0
            }
            let part = min(count - record.count, block.count - place)
            record += block[place..<(place + part)]
            place += part
        }
        left -= count
    }

    /// Whether its key is less than another's; the same keys: nil.
    func precedes(_ other: RunReader) -> Bool? {
        if head != other.head { return head < other.head }
        let order = BSONBytes.with(record) { mine in
            BSONBytes.with(other.record) { theirs in
                mine.slice(0, keyCount).compare(theirs.slice(0, other.keyCount))
            }
        }
        return order == 0 ? nil : order < 0
    }
}

/// Several runs as one; of equal keys the one of the earlier run comes first.
struct RunMerge {
    private let readers: [RunReader]
    /// Places of readers; the least is in front.
    private var heap: [Int] = []
    private var isStarted = false

    init(_ runs: ArraySlice<SortRun>, in file: SpillFile) { readers = runs.map { RunReader($0, in: file) } }

    var byteCount: Int { readers.reduce(0) { $0 + $1.byteCount } }

    /// The reader that stands on the next record; nil at the end.
    mutating func next() throws(SpillFault) -> RunReader? {
        if !isStarted {
            isStarted = true
            for place in readers.indices where try readers[place].advance() { heap.append(place) }
            for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
        } else if let front = heap.first {
            if try !readers[front].advance() {
                let last = heap.removeLast()
                if !heap.isEmpty { heap[0] = last }
            }
            if !heap.isEmpty { sink(0) }
        }
        return heap.first.map { readers[$0] }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool { readers[a].precedes(readers[b]) ?? (a < b) }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            if least == place { return }
            heap.swapAt(least, place)
            place = least
        }
    }
}
