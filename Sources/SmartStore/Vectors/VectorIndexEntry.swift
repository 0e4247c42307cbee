import PageStore
import TreeStore
import VectorIndex

// A vector index inside a transaction: rows added and removed, and searches that see them.

final class VectorIndexEntry {
    let definition: VectorIndexDefinition
    let segment: VectorSegment
    /// Loaded when first needed.
    private var counters: (rows: Int, live: Int)?
    private(set) var isChanged = false
    private(set) var added: [(row: UInt32, bytes: [UInt8])] = []
    private(set) var removed: Set<UInt32> = []
    /// Made by this transaction.
    var isNew = false

    init(definition: VectorIndexDefinition, segment: VectorSegment) {
        self.definition = definition
        self.segment = segment
    }

    private var arrays: VectorArrays { definition.arrays }

    func loadCounters(_ catalog: Catalog, in view: PageView) throws(PageFault) -> (rows: Int, live: Int) {
        if let counters { return counters }
        let entry = try catalog.entry(
            CatalogKind.vectorCounters.key(definition.collection, definition.field), in: view)
        let loaded = (rows: entry?.count("rows") ?? 0, live: entry?.count("live") ?? 0)
        counters = loaded
        return loaded
    }

    /// The stored form of the document's vector; nil when it has none. Checks everything, changes nothing.
    func encode(_ document: Document) throws -> [UInt8]? {
        let path = definition.path
        let floats: [Float]? = try document.withBytes { bytes in
            guard let view = path.value(in: bytes) else { return nil }
            if view.type == .null { return nil }
            guard let vector = try VectorValue(view) else {
                throw DocumentError(
                    .typeMismatch, "field '\(definition.field)' holds \(view.type.name), not a vector",
                    path: definition.field)
            }
            return vector.floats
        }
        guard let floats else { return nil }
        return try HNSWIndex.encode(floats, options: definition.options)
    }

    func insert(
        _ bytes: [UInt8], id: BSONValue, key: [UInt8], catalog: Catalog, in transaction: PageTransaction
    ) throws(PageFault) {
        var counts = try loadCounters(catalog, in: transaction)
        guard counts.rows < segment.index.maximumRowCount else {
            throw .limitExceeded(name: "vectors of an index", limit: segment.index.maximumRowCount)
        }
        let row = UInt32(counts.rows)
        try arrays.vectors.write(
            bytes.span.bytes, at: UInt64(row) * UInt64(definition.options.vectorStride), in: transaction)
        let (slot, isLong) = VectorRows.slot(for: id)
        try arrays.ids.write(slot.span.bytes, at: UInt64(row) * UInt64(VectorRows.slotByteCount), in: transaction)
        if isLong {
            let document: Document = ["": id]
            try arrays.rows.put(VectorRows.longKey(row).span.bytes, document.bson.span.bytes, in: transaction)
        }
        try arrays.rows.put(key.span.bytes, VectorRows.key(row).span.bytes, in: transaction)
        counts.rows += 1
        counts.live += 1
        counters = counts
        isChanged = true
        added.append((row, bytes))
    }

    @discardableResult
    func remove(key: [UInt8], catalog: Catalog, in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard let found = try arrays.rows.get(key.span.bytes, in: transaction) else { return false }
        var counts = try loadCounters(catalog, in: transaction)
        let row = VectorRows.row(of: found)
        try arrays.rows.remove(key.span.bytes, in: transaction)
        try arrays.rows.remove(VectorRows.longKey(row).span.bytes, in: transaction)
        try arrays.dead.put(VectorRows.key(row).span.bytes, [UInt8]().span.bytes, in: transaction)
        counts.live -= 1
        counters = counts
        isChanged = true
        removed.insert(row)
        return true
    }

    func writeCounters(_ catalog: Catalog, in transaction: PageTransaction) throws(PageFault) {
        guard isChanged, let counters else { return }
        try catalog.put(
            CatalogKind.vectorCounters.key(definition.collection, definition.field),
            ["rows": .count(counters.rows), "live": .count(counters.live)], in: transaction)
    }

    /// Brings the committed rows into the index in memory. The bytes were checked when they were encoded.
    func publish(at sequence: CommitSequence) throws(VectorError) {
        for (row, bytes) in added {
            try segment.index.appendEncoded(row: row, bytes: bytes, birth: sequence)
        }
        if !removed.isEmpty { try segment.index.markDeleted(rows: removed.sorted(), death: sequence) }
    }

    func dropPages(in transaction: PageTransaction) throws(PageFault) {
        for array in [arrays.vectors, arrays.links, arrays.upper, arrays.ids] { try array.drop(in: transaction) }
        for tree in [arrays.rows, arrays.dead] { try tree.drop(in: transaction) }
    }

    // MARK: Search

    /// The nearest rows this view sees.
    func search(
        _ vector: [Float], k: Int, breadth: Int, exact: Bool, at sequence: UInt64,
        including: ((UInt32) -> Bool)?
    ) throws -> [(row: UInt32, score: Float)] {
        let removed = removed
        let accept: ((UInt32) -> Bool)? =
            removed.isEmpty ? including : { row in !removed.contains(row) && (including?(row) ?? true) }
        let index = segment.index
        let hits =
            exact
            ? try index.exactSearch(vector, k: k, at: sequence, including: accept)
            : try index.search(vector, k: k, breadth: breadth, at: sequence, including: accept)
        var found = hits.map { (row: $0.row, score: $0.score) }
        let own = added.filter { !removed.contains($0.row) && (including?($0.row) ?? true) }
        guard !own.isEmpty else { return found }
        // The transaction's own rows are in no shared index yet: score them in a small one.
        let small = try HNSWIndex(options: definition.options, maximumRowCount: own.count)
        for (position, entry) in own.enumerated() {
            try small.appendEncoded(row: UInt32(position), bytes: entry.bytes, birth: 0)
        }
        found += try small.exactSearch(vector, k: k).map { (row: own[Int($0.row)].row, score: $0.score) }
        found.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
        return Array(found.prefix(k))
    }

    /// The `_id` of a row.
    func id(of row: UInt32, in view: PageView) throws(PageFault) -> BSONValue {
        var slot = [UInt8](repeating: 0, count: VectorRows.slotByteCount)
        var span = slot.mutableSpan
        var raw = span.mutableBytes
        try arrays.ids.read(at: UInt64(row) * UInt64(VectorRows.slotByteCount), into: &raw, in: view)
        if VectorRows.isLong(slot) {
            if let bytes = try arrays.rows.get(VectorRows.longKey(row).span.bytes, in: view),
                let id = VectorRows.id(of: bytes)
            {
                return id
            }
        } else if let id = VectorRows.shortID(in: slot) {
            return id
        }
        throw .corruptStructure(page: arrays.ids.root, reason: "row \(row) has no _id")
    }
}
