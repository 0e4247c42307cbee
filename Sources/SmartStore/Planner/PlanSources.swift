import PageStore
import TreeStore

// Documents of a plan: from a scan, by `_id` keys, or from an index alone; what is left out in front and behind; and the
// fields that are wanted.

/// The documents of a collection in order of `_id`, all or those in ranges, that match.
final class ScanSource: DocumentSource {
    private let cursor: TreeCursor
    private let ranges: [IndexBounds.Range]
    private let isBackward: Bool
    private let filter: Filter?
    private let counters: PlanCounters
    private let deadline: QueryDeadline?
    private var place = -1
    private var isOnRange = false
    private var isAtEnd = false

    init(
        _ tree: Tree, in view: PageView, ranges: [IndexBounds.Range]?, isBackward: Bool, filter: Filter?,
        _ counters: PlanCounters, _ deadline: QueryDeadline?
    ) {
        cursor = tree.cursor(in: view)
        let all = ranges ?? [IndexBounds.Range(from: [], to: nil)]
        self.ranges = isBackward ? all.reversed() : all
        self.isBackward = isBackward
        self.filter = filter
        self.counters = counters
        self.deadline = deadline
    }

    func advance() throws -> Bool {
        guard !isAtEnd else { return false }
        while try step() {
            counters.documentsExamined &+= 1
            try deadline?.check()
            guard let filter else { return true }
            var refusal: DocumentError?
            let matches = try cursor.withValue { (value) throws(PageFault) in
                do throws(DocumentError) {
                    return try BSONBytes.with(value) { b throws(DocumentError) in try filter.matches(b) }
                } catch {
                    refusal = error
                    return false
                }
            }
            if let refusal { throw refusal }
            if matches { return true }
        }
        isAtEnd = true
        return false
    }

    private func step() throws(PageFault) -> Bool {
        while true {
            if isOnRange {
                isOnRange = isBackward ? try cursor.previous() : try cursor.next()
            } else {
                place += 1
                guard place < ranges.count else { return false }
                isOnRange = try enter(ranges[place])
            }
            if isOnRange {
                if try isInRange(ranges[place]) { return true }
                isOnRange = false
            }
        }
    }

    private func enter(_ range: IndexBounds.Range) throws(PageFault) -> Bool {
        if isBackward {
            guard let to = range.to else { return try cursor.seekToLast() }
            return try cursor.seek(before: to.span.bytes)
        }
        return range.from.isEmpty ? try cursor.seekToFirst() : try cursor.seek(to: range.from.span.bytes)
    }

    private func isInRange(_ range: IndexBounds.Range) throws(PageFault) -> Bool {
        if isBackward ? range.from.isEmpty : range.to == nil { return true }
        return try cursor.withKey { (key) throws(PageFault) in
            BSONBytes.with(key) { key in
                if isBackward { return BSONBytes.with(range.from) { key.compare($0) >= 0 } }
                return range.to.map { to in BSONBytes.with(to) { key.compare($0) < 0 } } ?? true
            }
        }
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        var thrown: (any Error)?
        try cursor.withValue { (value) throws(PageFault) in
            do { try BSONBytes.with(value) { (bytes) throws in try body(bytes) } } catch { thrown = error }
        }
        if let thrown { throw thrown }
    }

    func current() throws -> Document { Document(trusted: try cursor.value) }

    /// The `_id` key of the document.
    func currentKey() throws -> [UInt8] { try cursor.key }
}

/// The documents of `_id` keys that match.
///
/// Keys are looked up several at a time, where no more of them are read than the answer needs. Without a filter documents
/// are copied as they are found; with one, their pages are held until the filter has seen them in place.
final class FetchSource: DocumentSource {
    private static let mostAtOnce = 32

    private let ids: any RecordIDs
    private let reader: TreeReader
    private let filter: Filter?
    private let counters: PlanCounters
    private let deadline: QueryDeadline?
    private var document = Document()
    /// Keys that were read from `ids`, and their documents or where those are.
    private var keys = KeyBatch()
    private var found: [TreeReader.Found] = []
    private var spots: [TreeReader.Spot] = []
    private var place = 0
    private let isSingle: Bool
    /// How many keys are read next.
    private var portion: Int
    /// Documents that are still wanted.
    private var wanted: Int

    /// - Parameter bound: how many documents are read at most; nil: all.
    init(
        _ ids: any RecordIDs, _ reader: TreeReader, filter: Filter?, bound: Int? = nil, _ counters: PlanCounters,
        _ deadline: QueryDeadline?
    ) {
        self.ids = ids
        self.reader = reader
        self.filter = filter
        self.counters = counters
        self.deadline = deadline
        wanted = bound ?? .max
        // What a filter lets through is not known before: with a bound, each key then is read when it is needed. And in a
        // transaction what was found could change before it is used.
        isSingle = !reader.isFixed || (bound != nil && filter != nil)
        portion = isSingle ? 1 : bound == nil ? 8 : Self.mostAtOnce
    }

    /// The `_id` key of the document.
    var key: [UInt8] { keys[place - 1] }

    func advance() throws -> Bool {
        while true {
            if place == keys.count, try !readAhead() { return false }
            place += 1
            try deadline?.check()
            counters.documentsExamined &+= 1
            let bytes = if let filter { try passing(filter, at: place - 1) } else { try copied(at: place - 1) }
            guard let bytes else { continue }
            document = Document(trusted: bytes)
            if wanted != .max { wanted -= 1 }
            return true
        }
    }

    /// The document at a place; nil when there is none.
    private func copied(at place: Int) throws(PageFault) -> [UInt8]? {
        // Taken out, so that the document is the only owner of its bytes.
        switch exchange(&found[place], with: .missing) {
        case .value(let bytes): return bytes
        case .missing: return nil
        case .apart, .unknown:
            return try keys.withKey(place) { (key) throws(PageFault) -> [UInt8]? in try reader.get(key) }
        }
    }

    /// The document at a place if the filter lets it through.
    private func passing(_ filter: Filter, at place: Int) throws -> [UInt8]? {
        var refusal: DocumentError?
        let found = try reader.withValue(of: spots[place]) { (value) throws(PageFault) -> [UInt8]? in
            BSONBytes.with(value) { bytes in
                do throws(DocumentError) {
                    if try !filter.matches(bytes) { return nil }
                } catch { refusal = error }
                return bytes.array
            }
        }
        if let refusal { throw refusal }
        return found ?? nil
    }

    private func readAhead() throws -> Bool {
        var keys = KeyBatch()
        swap(&keys, &self.keys)
        defer { swap(&keys, &self.keys) }
        keys.removeAll()
        place = 0
        // An _id that is asked for need not be there: only documents that were found count.
        let count = min(portion, wanted)
        keys.reserve(count)
        try ids.read(count, into: &keys)
        if !isSingle { portion = Self.mostAtOnce }
        if filter == nil { try reader.read(keys, into: &found) } else { try reader.find(keys, into: &spots) }
        return !keys.isEmpty
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}

/// What an index alone tells of its documents: those fields that it has.
final class CoveredSource: DocumentSource {
    private let cursor: IndexCursor
    private let parts: [KeyPattern.Part]
    private let tree: Tree
    private let view: PageView
    private let filter: Filter?
    private let counters: PlanCounters
    private let deadline: QueryDeadline?
    private var document = Document()

    init(
        _ scan: IndexScan, _ cursor: TreeCursor, _ tree: Tree, in view: PageView, filter: Filter?,
        _ counters: PlanCounters, _ deadline: QueryDeadline?
    ) {
        self.cursor = IndexCursor(scan, cursor, counters)
        parts = scan.index.source.parts
        self.tree = tree
        self.view = view
        self.filter = filter
        self.counters = counters
        self.deadline = deadline
    }

    func advance() throws -> Bool {
        while try cursor.advance() {
            try deadline?.check()
            document = try made()
            if let filter, try !filter.matches(document) { continue }
            return true
        }
        return false
    }

    private func made() throws -> Document {
        let (key, forms) = (try cursor.key, try cursor.forms)
        var document = Document()
        var offset = 0
        if forms.count == parts.count + 1 {
            var isWhole = true
            for (part, form) in zip(parts, forms) {
                if form == KeyDecoding.missing || form == KeyDecoding.lost {
                    guard form == KeyDecoding.missing,
                        let end = KeyEncoding.componentEnd(in: key, from: offset, descending: part.isDescending)
                    else {
                        isWhole = false
                        break
                    }
                    offset = end
                    continue
                }
                guard
                    let (value, end) = KeyDecoding.value(
                        in: key, from: offset, form: form, isDescending: part.isDescending)
                else {
                    isWhole = false
                    break
                }
                if part.path.text != "_id" { document.append(part.path.text, value) }
                offset = end
            }
            if isWhole,
                let (id, _) = KeyDecoding.value(
                    in: key, from: offset, form: forms[parts.count], isDescending: false)
            {
                return Document(fields: [("_id", id)] + document.map { ($0, $1) })
            }
        }
        // A value that its key does not give back: the document has it.
        counters.documentsExamined &+= 1
        let id = try cursor.idKey()
        guard let bytes = try tree.get(id.span.bytes, in: view) else {
            throw PageFault.corruptStructure(page: tree.root, reason: "an index names a document that is not there")
        }
        return Document(trusted: bytes)
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}

/// Leaves documents out in front, and ends after so many.
final class SlicedSource: DocumentSource {
    private let inner: any DocumentSource
    private var skip: Int
    private var left: Int

    init(_ inner: any DocumentSource, skip: Int, limit: Int?) {
        self.inner = inner
        self.skip = skip
        left = limit ?? .max
    }

    func advance() throws -> Bool {
        guard left > 0 else { return false }
        while skip > 0 {
            guard try inner.advance() else {
                left = 0
                return false
            }
            skip -= 1
        }
        left -= 1
        return try inner.advance()
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws { try inner.withCurrent(body) }
    func current() throws -> Document { try inner.current() }
}

/// Documents with the fields that are wanted.
final class ProjectedSource: DocumentSource {
    private let inner: any DocumentSource
    private let projection: Projection
    private var document = Document()

    init(_ inner: any DocumentSource, _ projection: Projection) {
        self.inner = inner
        self.projection = projection
    }

    func advance() throws -> Bool {
        guard try inner.advance() else { return false }
        try inner.withCurrent { document = try projection.apply($0) }
        return true
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}
