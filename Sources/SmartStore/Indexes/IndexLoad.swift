import PageStore
import TreeStore

// Filling an index from the documents that are there: read all, sort, and load the tree packed from left to right.
//
// Entries lie in one flat buffer (EntryRun) and are sorted there (EntrySort). Beyond the memory limit a run goes into the
// tree as it is, and later runs by insertion.

struct IndexLoad {
    private let definition: IndexDefinition
    private let memoryLimit: Int
    private let expected: Int
    private var run = EntryRun()
    private(set) var isMultikey = false
    private(set) var entryCount = 0
    private(set) var documentCount = 0
    private var entries = IndexEntries()

    /// - Parameter expected: about how many documents there are.
    init(_ index: IndexEntry, memoryLimit: Int, expected: Int) {
        definition = index.definition
        self.memoryLimit = memoryLimit
        self.expected = expected
    }

    /// Reads every document's entries.
    /// - Parameters:
    ///   - progress: told the documents read, now and then; false stops with `IndexBuildStopped`.
    ///   - deliver: gets each full run and the last one, sorted; whether it is the only one, too. It may write, but not
    ///     to `tree`.
    mutating func read(
        _ tree: Tree, in view: PageView, progress: (Int) -> Bool, deliver: (EntryRun, _ isOnly: Bool) throws -> Void
    ) throws {
        let cursor = tree.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        let forms = [UInt8](repeating: KeyDecoding.lost, count: definition.source.partCount)
        var isOnly = true
        while isThere {
            var refusal: DocumentError?
            try cursor.withKey { (key) throws(PageFault) in
                try cursor.withValue { (value) throws(PageFault) in
                    do throws(DocumentError) {
                        try BSONBytes.with(key) { id throws(DocumentError) in
                            try BSONBytes.with(value) { document throws(DocumentError) in
                                try add(document, id: id, forms: forms)
                            }
                        }
                    } catch { refusal = error }
                }
            }
            if let refusal { throw refusal }
            documentCount += 1
            if documentCount == 4096 { reserve() }
            if documentCount & 0xFFF == 0, !progress(documentCount) { throw IndexBuildStopped() }
            if run.byteCount > memoryLimit {
                let last = try cursor.key
                isOnly = false
                run.sort()
                try deliver(run, false)
                run = EntryRun()
                // Writing makes cursors of the same transaction meaningless.
                isThere = try cursor.seek(to: (last + [0]).span.bytes)
            } else {
                isThere = try cursor.next()
            }
        }
        run.sort()
        try deliver(run, isOnly)
        run = EntryRun()
        _ = progress(documentCount)
    }

    /// Makes room for all entries once some show how large they are: what grows by doubling is copied as it grows.
    private mutating func reserve() {
        let share = min(1.125 * Double(expected) / 4096, Double(memoryLimit) / Double(max(1, run.byteCount)))
        if share > 1 { run.reserve(by: share) }
    }

    private mutating func add(_ document: BSONBytes, id: BSONBytes, forms: [UInt8]) throws(DocumentError) {
        try definition.makeEntries(of: document, into: &entries)
        guard entries.count > 0 else { return }
        let idForm = IndexEntry.form(ofID: document)
        try definition.checkLength(entries, idByteCount: id.count)
        if entries.hasSingle {
            run.append(key: entries.single, id: id, forms: entries.forms, idForm: idForm)
        } else {
            for key in entries.more { run.append(key: key, id: id, forms: forms, idForm: idForm) }
        }
        entryCount += entries.count
        isMultikey = isMultikey || entries.isMultikey
    }
}

extension IndexEntry {
    /// Looks through the tree for equal keys of different documents.
    func firstDuplicate(in view: PageView) throws -> [UInt8]? {
        let cursor = definition.tree.cursor(in: view)
        var isThere = try cursor.seekToFirst()
        var last: ArraySlice<UInt8>?
        while isThere {
            let key = try cursor.key
            let part = key[..<(indexKeyEnd(of: key) ?? key.count)]
            if let last, last.elementsEqual(part) { return Array(part) }
            last = part
            isThere = try cursor.next()
        }
        return nil
    }
}

/// Somebody wants the build to end.
struct IndexBuildStopped: Error {}

extension IndexEntry {
    /// Where the index key of an entry ends and the `_id` begins; nil when the entry is none.
    func indexKeyEnd(of key: [UInt8]) -> Int? {
        var offset = 0
        if definition.source.isWildcard {
            for _ in 0..<2 {
                guard let end = KeyEncoding.componentEnd(in: key, from: offset) else { return nil }
                offset = end
            }
            return offset
        }
        for part in definition.source.parts {
            guard let end = KeyEncoding.componentEnd(in: key, from: offset, descending: part.isDescending) else {
                return nil
            }
            offset = end
        }
        return offset
    }
}
