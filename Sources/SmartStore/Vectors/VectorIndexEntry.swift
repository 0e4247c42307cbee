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
    private(set) var added: [(row: UInt32, bytes: [UInt8], slot: [UInt8])] = []
    /// Slots fetched for reuse, the next one last; how many were used; whether there are no more.
    private var freeRows: [UInt32] = []
    private var usedFreeRows = 0
    private var isOutOfFreeRows = false
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

    /// The stored forms of the document's vectors; empty when it has none. Checks everything, changes nothing.
    func encode(_ document: Document) throws -> [[UInt8]] {
        let path = definition.path
        return try document.withBytes { bytes in
            guard let view = path.value(in: bytes), view.type != .null else { return [] }
            guard definition.isMultiple, let elements = Self.vectors(in: view) else {
                return [try encode(view, of: definition.field)]
            }
            guard elements.count <= Limits.vectorsOfDocument else {
                throw DocumentError(
                    .tooLarge,
                    "field '\(definition.field)' holds \(elements.count) vectors; the limit is "
                        + "\(Limits.vectorsOfDocument)", path: definition.field)
            }
            return try elements.enumerated().map { try encode($1, of: "\(definition.field).\($0)") }
        }
    }

    private func encode(_ view: BSONView, of field: String) throws -> [UInt8] {
        guard let vector = try VectorValue(view) else {
            throw DocumentError(
                .typeMismatch, "field '\(field)' holds \(view.type.name), not a vector", path: field)
        }
        return try HNSWIndex.encode(vector.floats, options: definition.options)
    }

    /// The elements of an array of vectors; nil for an array of numbers, which is one vector, and for what is no array.
    private static func vectors(in view: BSONView) -> [BSONView]? {
        guard view.type == .array else { return nil }
        var elements: [BSONView] = []
        var reader = BSONReader(view.bytes)
        while let field = reader.next() {
            if elements.isEmpty, field.value.type.isNumber { return nil }
            elements.append(field.value)
        }
        return elements
    }

    /// Gives each of a document's vectors a row.
    func insert(
        _ vectors: [[UInt8]], id: BSONValue, key: [UInt8], catalog: Catalog, in transaction: PageTransaction
    ) throws(PageFault) {
        guard !vectors.isEmpty else { return }
        var rows: [UInt8] = []
        for bytes in vectors {
            rows += VectorRows.key(try insertRow(bytes, id: id, catalog: catalog, in: transaction))
        }
        try arrays.rows.put(key.span.bytes, rows.span.bytes, in: transaction)
    }

    private func insertRow(
        _ bytes: [UInt8], id: BSONValue, catalog: Catalog, in transaction: PageTransaction
    ) throws(PageFault) -> UInt32 {
        var counts = try loadCounters(catalog, in: transaction)
        let row: UInt32
        if let free = nextFreeRow() {
            row = free
            // Its saved links and codes are those of an earlier vector, until the next save.
            try arrays.dead.remove(VectorRows.key(row).span.bytes, in: transaction)
            try arrays.dead.put(VectorRows.reusedKey(row).span.bytes, [UInt8]().span.bytes, in: transaction)
        } else {
            guard counts.rows < segment.index.maximumRowCount else {
                throw .limitExceeded(name: "vectors of an index", limit: segment.index.maximumRowCount)
            }
            row = UInt32(counts.rows)
            counts.rows += 1
        }
        try arrays.vectors.write(
            bytes.span.bytes, at: UInt64(row) * UInt64(definition.options.vectorStride), in: transaction)
        let (slot, isLong) = VectorRows.slot(for: id)
        try arrays.ids.write(slot.span.bytes, at: UInt64(row) * UInt64(VectorRows.slotByteCount), in: transaction)
        if isLong {
            let document: Document = ["": id]
            try arrays.rows.put(VectorRows.longKey(row).span.bytes, document.bson.span.bytes, in: transaction)
        }
        counts.live += 1
        counters = counts
        isChanged = true
        added.append((row, bytes, slot))
        return row
    }

    /// A slot that nobody sees any more, not yet used by this transaction. The slots stay free until the commit.
    private func nextFreeRow() -> UInt32? {
        guard definition.reusesRows, !isNew else { return nil }
        if freeRows.isEmpty && !isOutOfFreeRows {
            freeRows = segment.index.freeRows(usedFreeRows + 1024).dropFirst(usedFreeRows).reversed()
            isOutOfFreeRows = freeRows.isEmpty
        }
        guard let row = freeRows.popLast() else { return nil }
        usedFreeRows += 1
        return row
    }

    @discardableResult
    func remove(key: [UInt8], catalog: Catalog, in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard let found = try arrays.rows.get(key.span.bytes, in: transaction) else { return false }
        var counts = try loadCounters(catalog, in: transaction)
        try arrays.rows.remove(key.span.bytes, in: transaction)
        for row in VectorRows.rows(of: found) {
            try arrays.rows.remove(VectorRows.longKey(row).span.bytes, in: transaction)
            try arrays.dead.put(VectorRows.key(row).span.bytes, [UInt8]().span.bytes, in: transaction)
            counts.live -= 1
            removed.insert(row)
        }
        counters = counts
        isChanged = true
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
        if isChanged { segment.filters.changed(at: sequence) }
        segment.ids.publish(added.map { ($0.row, $0.slot) }, at: sequence)
        for (row, bytes, _) in added {
            try segment.index.appendEncoded(row: row, bytes: bytes, birth: sequence)
        }
        if !removed.isEmpty { try segment.index.markDeleted(rows: removed.sorted(), death: sequence) }
    }

    func dropPages(in transaction: PageTransaction) throws(PageFault) {
        for (_, array) in arrays.paged { try array.drop(in: transaction) }
        for (_, tree) in arrays.trees { try tree.drop(in: transaction) }
    }

    // MARK: Search

    /// The nearest rows this view sees.
    func search(
        _ vector: [Float], k: Int, breadth: Int, rerank: Int?, exact: Bool, at sequence: UInt64, including: RowFilter?,
        for store: Store
    ) throws -> [Hit] {
        let index = segment.index
        // After the first answer: whoever asks once should not wait for what only later searches gain from.
        defer { if segment.noteSearch() { store.wakeLinker() } }
        guard isChanged else {
            return exact
                ? try index.exactSearch(vector, k: k, at: sequence, including: including)
                : try index.search(
                    vector, k: k, breadth: breadth, rerank: rerank, at: sequence, including: including)
        }
        // What this transaction removed the shared index still has.
        let removed = removed
        let passes: (UInt32) -> Bool
        switch including {
        case nil: passes = { !removed.contains($0) }
        case .rows(let set)?: passes = { !removed.contains($0) && set.contains($0) }
        case .ids(let ids)?:
            let set = Set(ids)
            passes = { !removed.contains($0) && set.contains($0) }
        case .predicate(let test)?: passes = { !removed.contains($0) && test($0) }
        }
        let accept = removed.isEmpty ? including : .predicate(passes)
        var found =
            exact
            ? try index.exactSearch(vector, k: k, at: sequence, including: accept)
            : try index.search(vector, k: k, breadth: breadth, rerank: rerank, at: sequence, including: accept)
        let own = added.filter { passes($0.row) }
        guard !own.isEmpty else { return found }
        // The transaction's own rows are in no shared index yet: score them in a small one.
        let small = try HNSWIndex(options: definition.options, maximumRowCount: own.count)
        for (position, entry) in own.enumerated() {
            try small.appendEncoded(row: UInt32(position), bytes: entry.bytes, birth: 0)
        }
        found += try small.exactSearch(vector, k: k).map { $0.with(row: own[Int($0.row)].row) }
        found.sort { $0.distance != $1.distance ? $0.distance < $1.distance : $0.row < $1.row }
        return Array(found.prefix(k))
    }

    /// The rows of the document with this key; none when it has no vector.
    func rows(of key: [UInt8], in view: PageView) throws(PageFault) -> [UInt32] {
        guard let found = try arrays.rows.get(key.span.bytes, in: view) else { return [] }
        return VectorRows.rows(of: found)
    }

    /// The stored vector of a row that this view sees.
    func vector(of row: UInt32) throws -> [Float] {
        if let own = added.last(where: { $0.row == row }) {
            return try HNSWIndex.decode(own.bytes, options: definition.options)
        }
        return try segment.index.vector(row: row)
    }

    /// The `_id`s of rows, in their order.
    func ids(of rows: [UInt32], in view: PageView) throws(PageFault) -> [BSONValue] {
        if isChanged {
            return try rows.map { (row) throws(PageFault) in try id(of: row, in: view) }
        }
        let known = try segment.ids.values(of: rows, arrays.ids, in: view)
        var ids: [BSONValue] = []
        ids.reserveCapacity(rows.count)
        for (row, known) in zip(rows, known) {
            if let known { ids.append(known) } else { ids.append(try id(of: row, in: view)) }
        }
        return ids
    }

    /// The `_id` of a row, from its pages.
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
