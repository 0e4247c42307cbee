import PageStore

// Sorting what may be larger than memory.
//
//   records → buffer ──(limit)──▶ sorted run in a spill file … ──(more than may be open)──▶ longer runs → merge → out
//
// 1. The buffer holds no more than the limit and one record; while it is cut to a bound, a copy of what stays comes on top.
//    Merging holds a block and a record of each run, and as many runs as that fits the limit, but two at least.
// 2. Equal keys come in the order in which they were added: runs are merged with their neighbours only.
// 3. With a bound only as many records as can be in front are kept; more than fit into memory go to the disk too.
// 4. The spill file ends with the last record, with the first error, and with the object.

/// What a sort may use.
struct SortResources {
    /// Bytes in memory.
    var byteLimit: Int
    /// Where spill files are made; nil: nowhere.
    var space: SpillSpace?
    /// Whether the query allows them.
    var allowsDiskUse = true
    /// Who sorts, for messages.
    var operation = "Sort"
    var counters: PlanCounters?
    var deadline: QueryDeadline?

    var mayUseDisk: Bool { space != nil && allowsDiskUse }

    func refusal() -> DocumentError {
        DocumentError(
            .location(292),
            "\(operation) exceeded memory limit of \(byteLimit) bytes, but did not opt in to external sorting")
    }
}

/// Records put in, then taken out in order of their keys.
final class ExternalSort {
    private enum Output {
        case none
        case buffer(next: Int)
        case merge(RunMerge)
    }

    private static let mostRuns = 64
    private static let blockBytes = 1 << 9...1 << 16

    private let resources: SortResources
    private let bound: Int?
    private var buffer = SortBuffer()
    private var largest = 0
    /// The greatest key that is still wanted, once there are enough.
    private var last: [UInt8]?
    private var file: SpillFile?
    private var runs: [SortRun] = []
    private var output = Output.none
    private var returned = 0
    private var current: RunReader?
    private var failure: (any Error)?
    /// The most bytes of records that were held at a time.
    private(set) var mostBytes = 0

    init(_ resources: SortResources, bound: Int? = nil) {
        self.resources = resources
        // More than there can be is no bound.
        self.bound = bound.flatMap { $0 < 1 << 48 ? $0 : nil }
    }

    private var blockByteCount: Int {
        min(max(resources.byteLimit / Self.mostRuns, Self.blockBytes.lowerBound), Self.blockBytes.upperBound) - 16
    }

    // MARK: In

    func add(key: [UInt8], document: BSONBytes) throws {
        if let last, !key.lexicographicallyPrecedes(last) { return }
        buffer.append(key: key, document: document)
        if let bound, buffer.count >= 2 * bound + 64 { keepFirst(bound) }
        largest = max(largest, key.count + document.count)
        if buffer.byteCount > resources.byteLimit { try makeRoom() }
    }

    private func keepFirst(_ bound: Int) {
        buffer.sort()
        buffer.keepFirst(bound)
        if bound > 0 { narrow(to: buffer.key(bound - 1)) }
    }

    /// There are as many records as are wanted up to this key: later ones must be less.
    private func narrow(to key: [UInt8]) {
        if let last, !key.lexicographicallyPrecedes(last) { return }
        last = key
    }

    private func makeRoom() throws {
        mostBytes = max(mostBytes, buffer.byteCount)
        if let bound, buffer.count > bound {
            keepFirst(bound)
            if buffer.byteCount <= resources.byteLimit / 2 { return }
            // What is kept may be within the limit and yet leave no room: then it goes too.
        }
        guard resources.mayUseDisk, let space = resources.space else {
            if buffer.byteCount <= resources.byteLimit { return }
            throw resources.refusal()
        }
        try guarded {
            let file = try self.file ?? space.makeFile(blockByteCount: blockByteCount)
            self.file = file
            try spill(into: file)
            // What is wanted may be a small part of what was put aside: then the rest goes, and less comes after it.
            if let bound, runs.count > 1, runs.reduce(0, { $0 + $1.recordCount }) / 4 >= bound {
                buffer = SortBuffer()
                try reduceRuns(to: 1)
            }
        }
    }

    private func spill(into file: SpillFile) throws {
        buffer.sort()
        if let bound { buffer.keepFirst(bound) }
        var writer = RunWriter(file)
        for place in buffer.places {
            try resources.deadline?.check()
            try writer.append(
                buffer.bytes, at: place.offset, keyCount: Int(place.keyCount), documentCount: Int(place.documentCount))
        }
        append(try writer.finish())
        resources.counters?.spills += 1
        buffer.removeAll(keepingCapacity: true)
    }

    private func append(_ run: SortRun) {
        runs.append(run)
        resources.counters?.spilledBytes += run.byteCount
    }

    /// Nothing more comes in.
    func finish() throws {
        mostBytes = max(mostBytes, buffer.byteCount)
        guard let file else {
            buffer.sort()
            if let bound { buffer.keepFirst(bound) }
            output = .buffer(next: 0)
            return
        }
        try guarded {
            if buffer.count > 0 { try spill(into: file) }
            buffer = SortBuffer()
            try reduceRuns(to: openRuns)
            output = .merge(RunMerge(runs[...], in: self.file ?? file))
        }
    }

    // MARK: Merging

    /// How many runs may be open at a time.
    private var openRuns: Int { min(Self.mostRuns, max(2, resources.byteLimit / (blockByteCount + largest))) }

    /// Merges runs, as many at a time as may be open, until no more than `most` are left.
    private func reduceRuns(to most: Int) throws {
        while runs.count > most, let file, let space = resources.space {
            let next = try space.makeFile(blockByteCount: blockByteCount)
            let (before, step) = (runs, openRuns)
            runs = []
            for start in stride(from: 0, to: before.count, by: step) {
                append(try merged(before[start..<min(start + step, before.count)], of: file, into: next))
            }
            file.close()
            self.file = next
        }
    }

    private func merged(_ runs: ArraySlice<SortRun>, of file: SpillFile, into next: SpillFile) throws -> SortRun {
        var merge = RunMerge(runs, in: file)
        var writer = RunWriter(next)
        while bound != writer.recordCount, let reader = try merge.next() {
            try resources.deadline?.check()
            try writer.append(
                reader.record, at: 0, keyCount: reader.keyCount, documentCount: reader.record.count - reader.keyCount)
            if bound == writer.recordCount { narrow(to: Array(reader.record[..<reader.keyCount])) }
        }
        mostBytes = max(mostBytes, merge.byteCount)
        return try writer.finish()
    }

    // MARK: Out

    /// Goes to the next record; false at the end.
    func advance() throws -> Bool {
        if let failure { throw failure }
        switch output {
        case .none: return false
        case .buffer(let next):
            guard next < buffer.count else {
                end()
                return false
            }
            output = .buffer(next: next + 1)
            return true
        case .merge(var merge):
            output = .none
            try guarded {
                current = bound.map { returned < $0 } ?? true ? try merge.next() : nil
                mostBytes = max(mostBytes, returned & 0xFF == 0 ? merge.byteCount : 0)
            }
            guard current != nil else {
                end()
                return false
            }
            returned += 1
            output = .merge(merge)
            return true
        }
    }

    /// Lends the document it stands on.
    func withDocument(_ body: (BSONBytes) throws -> Void) throws {
        if let current {
            try BSONBytes.with(current.record) { (bytes) throws in
                try body(bytes.slice(current.keyCount, bytes.count))
            }
        } else if case .buffer(let next) = output {
            let range = buffer.document(next - 1)
            try BSONBytes.with(buffer.bytes) { (bytes) throws in
                try body(bytes.slice(range.lowerBound, range.upperBound))
            }
        }
    }

    /// The key it stands on.
    var key: [UInt8] {
        if let current { return Array(current.record[..<current.keyCount]) }
        if case .buffer(let next) = output { return buffer.key(next - 1) }
        return []
    }

    /// Gives everything back. After an error, it is what every further call throws.
    func end(with error: (any Error)? = nil) {
        failure = failure ?? error
        output = .none
        current = nil
        buffer = SortBuffer()
        file?.close()
        file = nil
    }

    private func guarded(_ body: () throws -> Void) throws {
        do { try body() } catch {
            let refused: any Error
            switch error {
            case SpillFault.noPlace: refused = resources.refusal()
            case let fault as SpillFault: refused = StoreError(fault, of: resources.operation)
            default: refused = error
            }
            end(with: refused)
            throw refused
        }
    }
}
