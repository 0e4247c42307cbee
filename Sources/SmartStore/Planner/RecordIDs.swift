import PageStore
import TreeStore

// `_id` keys one after another: what indexes give, before documents are read.

/// A stream of `_id` keys. Each comes once.
protocol RecordIDs: AnyObject {
    /// Goes to the next key; nil at the end.
    func next() throws -> [UInt8]?

    /// Goes on by so many keys at most, and adds them to `batch`; fewer are added only at the end.
    func read(_ count: Int, into batch: inout KeyBatch) throws
}

extension RecordIDs {
    func read(_ count: Int, into batch: inout KeyBatch) throws {
        var left = count
        while left > 0, let key = try next() {
            batch.append(key)
            left -= 1
        }
    }
}

/// Keys that are known.
final class ListedIDs: RecordIDs {
    private let keys: [[UInt8]]
    private var place = 0

    init(_ keys: [[UInt8]]) { self.keys = keys }

    func next() -> [UInt8]? {
        guard place < keys.count else { return nil }
        defer { place += 1 }
        return keys[place]
    }
}

/// The entries of an index within ranges, in its order or against it.
final class IndexCursor {
    private let cursor: TreeCursor
    private let ranges: [IndexBounds.Range]
    private let isBackward: Bool
    private var place = -1
    private var isAtEnd = false
    private var isOnRange = false
    /// Entries behind the cursor's that are known to be in the range, in its leaf.
    private var sure = 0
    private let counters: PlanCounters
    private let tree: Tree
    /// Whether each component of a key is descending.
    private let directions: [Bool]
    /// The bytes of the index's part of each key in the range, when it has one value only.
    private let fixedByteCount: Int?
    private var scratch: [UInt8] = []

    init(_ scan: IndexScan, _ cursor: TreeCursor, _ counters: PlanCounters) {
        self.cursor = cursor
        tree = scan.index.tree
        directions =
            scan.index.source.isWildcard ? [false, false] : scan.index.source.parts.map { $0.isDescending }
        ranges = scan.isBackward ? scan.bounds.ranges.reversed() : scan.bounds.ranges
        isBackward = scan.isBackward
        self.counters = counters
        let partCount = scan.index.source.parts.count
        fixedByteCount =
            partCount > 0 && scan.bounds.fixedParts == partCount && ranges.count == 1 ? ranges[0].from.count : nil
    }

    /// Goes to the next entry.
    func advance() throws(PageFault) -> Bool {
        guard try step() else { return false }
        counters.keysExamined &+= 1
        return true
    }

    private func step() throws(PageFault) -> Bool {
        if sure > 0 {
            sure &-= 1
            return isBackward ? try cursor.previous() : try cursor.next()
        }
        guard !isAtEnd else { return false }
        while true {
            if isOnRange {
                isOnRange = isBackward ? try cursor.previous() : try cursor.next()
            } else {
                place += 1
                guard place < ranges.count else {
                    isAtEnd = true
                    return false
                }
                let range = ranges[place]
                if isBackward {
                    isOnRange =
                        if let to = range.to { try cursor.seek(before: to.span.bytes) } else { try cursor.seekToLast() }
                } else {
                    isOnRange = try cursor.seek(to: range.from.span.bytes)
                }
            }
            guard isOnRange else {
                // Past the tree's end: other ranges before it may still hold something, when going backward or forward.
                continue
            }
            let run = try rowsInRange()
            if run > 0 {
                sure = run &- 1
                return true
            }
            isOnRange = false
        }
    }

    /// How many entries of the leaf, from the cursor's on, are in the range.
    private func rowsInRange() throws(PageFault) -> Int {
        let range = ranges[place]
        if isBackward { return try cursor.rowsBehind(from: range.from.span.bytes) }
        guard let to = range.to else { return try cursor.rowsAhead(before: nil) }
        return try cursor.rowsAhead(before: to.span.bytes)
    }

    /// How many entries are left. Reads no more than the leaves' ends when it goes forward.
    func count(_ check: () throws -> Void) throws -> Int {
        var count = 0
        while try advance() {
            try check()
            count += 1
            guard !isBackward, sure > 0 else { continue }
            // All that is sure is counted, and the cursor put on the last of it.
            count += sure
            counters.keysExamined &+= sure
            _ = try cursor.next(sure)
            sure = 0
        }
        return count
    }

    /// The whole key of the entry.
    var key: [UInt8] { get throws(PageFault) { try cursor.key } }

    /// The forms of the entry's values and of its `_id`.
    var forms: [UInt8] { get throws(PageFault) { try cursor.value } }

    /// The `_id` key of the entry.
    func idKey() throws(PageFault) -> [UInt8] {
        try cursor.copyKey(into: &scratch)
        return try Array(scratch[idStart(in: scratch, scratch.indices)...])
    }

    /// Goes on by so many entries at most, and adds the `_id` keys of them to `batch`.
    func readIDs(_ count: Int, into batch: inout KeyBatch) throws(PageFault) {
        var left = count
        while left > 0, try advance() {
            // Those of one leaf together.
            let (run, first) = (min(left, sure &+ 1), batch.count)
            guard try cursor.appendKeys(run, isBackward: isBackward, from: fixedByteCount ?? 0, to: &batch) else {
                throw withoutID
            }
            if fixedByteCount == nil {
                for place in first..<batch.count {
                    let range = batch.range(place)
                    batch.cut(place, at: try idStart(in: batch.bytes, range))
                }
            }
            sure &-= run &- 1
            counters.keysExamined &+= run &- 1
            left &-= run
        }
    }

    private var withoutID: PageFault {
        .corruptStructure(page: tree.root, reason: "index entry without an _id")
    }

    /// Where the `_id` key begins in an entry's key that stands there: behind the index's part.
    private func idStart(in bytes: [UInt8], _ key: Range<Int>) throws(PageFault) -> Int {
        var offset = key.lowerBound
        if let fixedByteCount {
            offset += fixedByteCount
        } else {
            for isDescending in directions {
                guard let end = KeyEncoding.componentEnd(in: bytes, from: offset, descending: isDescending) else {
                    throw withoutID
                }
                offset = end
            }
        }
        guard offset < key.upperBound else { throw withoutID }
        return offset
    }

    /// The cursor's place, to stop and go on: a transaction's changes make it meaningless.
    var isValid: Bool { cursor.isValid }
}

/// The documents of an index's entries, each once.
final class IndexedIDs: RecordIDs {
    private let cursor: IndexCursor
    /// Keys that came already, where a document may have several entries.
    private var seen: Set<[UInt8]>?

    init(_ scan: IndexScan, _ cursor: TreeCursor, _ counters: PlanCounters) {
        self.cursor = IndexCursor(scan, cursor, counters)
        seen = scan.index.isMultikey || scan.index.source.isWildcard ? [] : nil
    }

    func next() throws -> [UInt8]? {
        while try cursor.advance() {
            let key = try cursor.idKey()
            if seen != nil, seen?.insert(key).inserted != true { continue }
            return key
        }
        return nil
    }

    func read(_ count: Int, into batch: inout KeyBatch) throws {
        guard seen != nil else { return try cursor.readIDs(count, into: &batch) }
        var left = count
        while left > 0, let key = try next() {
            batch.append(key)
            left -= 1
        }
    }
}

/// The documents that are in both of two streams, ascending.
final class CommonIDs: RecordIDs {
    private let inner: ListedIDs

    /// Reads the first into a set, and looks up the second in it.
    init(_ first: any RecordIDs, _ second: any RecordIDs, check: () throws -> Void) throws {
        var set: Set<[UInt8]> = []
        while let key = try first.next() {
            set.insert(key)
            try check()
        }
        var both: [[UInt8]] = []
        while let key = try second.next() {
            if set.contains(key) { both.append(key) }
            try check()
        }
        inner = ListedIDs(both.sorted { $0.lexicographicallyPrecedes($1) })
    }

    func next() -> [UInt8]? { inner.next() }
}

/// The documents of several streams, each once, ascending.
final class UnitedIDs: RecordIDs {
    private let inner: ListedIDs

    init(_ streams: [any RecordIDs], check: () throws -> Void) throws {
        var set: Set<[UInt8]> = []
        for stream in streams {
            while let key = try stream.next() {
                set.insert(key)
                try check()
            }
        }
        inner = ListedIDs(set.sorted { $0.lexicographicallyPrecedes($1) })
    }

    func next() -> [UInt8]? { inner.next() }
}
