// The index without a store, as the bench uses it: rows are those of the data set unless a caller keeps its own map.

import VectorIndex

struct BareIndex {
    let index: HNSWIndex
    let threads: Int

    init(options: IndexOptions, threads: Int) throws {
        index = try HNSWIndex(options: options)
        self.threads = threads
    }

    /// Appends and links all rows of a data set, and returns the rows linked a second, appending not counted.
    init(building dataset: VectorDataset, options: IndexOptions, threads: Int, rate: inout Double) throws {
        try self.init(options: options, threads: threads)
        try dataset.forEachBlock { start, rows in
            for (offset, vector) in rows.enumerated() {
                try index.append(row: UInt32(start + offset), vector: vector, birth: 0)
            }
        }
        let linking = Stopwatch()
        let linked = try link()
        guard linked == dataset.rowCount else { throw BenchError("only \(linked) rows were linked") }
        rate = Double(linked) / linking.seconds
    }

    @discardableResult
    func link() throws -> Int { try index.link(atMost: .max, threads: threads) }

    func search(_ query: [Float], k: Int, _ setting: SearchSetting, including: RowFilter? = nil) throws -> [Int32] {
        let hits = try index.search(
            query, k: k, breadth: setting.breadth ?? 64, rerank: setting.rerank, including: including)
        return hits.map { Int32(bitPattern: $0.row) }
    }

    /// Bytes of vectors, codes, links and state, as an owner would write them.
    func savedByteCount() throws -> Int {
        var byteCount = index.rowCount * index.options.vectorStride
        try index.save(
            write: { _, _, bytes in byteCount += bytes.count },
            commit: { state in byteCount += state.encode().count })
        return byteCount
    }
}
