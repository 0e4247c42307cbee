// A data set for vector search: base.f16.npy, queries.f32.npy, truth.i32.npy, and optionally texts.jsonl.gz.

import Foundation
import VectorIndex

struct VectorDataset {
    /// How many rows and queries are used.
    struct Extent {
        /// Use only the first rows of the base.
        var rowLimit: Int?
        /// Make so many rows from the base by jittering.
        var scale: Int?
        /// Use only the first queries.
        var queryLimit: Int?
    }

    /// Queries of a scaled set, when nothing else is said: their exact neighbours have to be computed.
    static let scaledQueryCount = 200

    let folder: URL
    let base: any RowSource
    /// Base rows in use: the first so many.
    let rowCount: Int
    let set: QuerySet
    let metric: Metric

    var dimension: Int { base.columnCount }

    /// Opens the folder's files. The truth file holds the cosine neighbours in the whole base; for another metric or
    /// another number of rows the neighbours are computed.
    init(folder: String, k: Int, metric: Metric, extent: Extent, progress: Progress) throws {
        self.folder = URL(fileURLWithPath: folder, isDirectory: true)
        self.metric = metric
        let file = try NpyFile(path: self.folder.appendingPathComponent("base.f16.npy").path)
        let queryFile = try NpyFile(path: Self.queryPath(in: self.folder))
        guard queryFile.columnCount == file.columnCount else {
            throw BenchError("base has \(file.columnCount) dimensions, queries have \(queryFile.columnCount)")
        }
        base = try extent.scale.map { try JitteredRows(file, rowCount: $0) } ?? file
        rowCount = min(base.rowCount, extent.rowLimit ?? .max)
        let usual = extent.scale == nil ? Int.max : Self.scaledQueryCount
        let queryCount = min(queryFile.rowCount, extent.queryLimit ?? usual)
        guard rowCount >= k, queryCount > 1 else { throw BenchError("fewer than \(k) base rows, or than two queries") }
        let queries = try queryFile.floats(0..<queryCount)
        if metric == .cosine, rowCount == file.rowCount {
            let file = try NpyFile(path: self.folder.appendingPathComponent("truth.i32.npy").path)
            guard file.rowCount == queryFile.rowCount, file.columnCount >= k else {
                throw BenchError("truth.i32.npy does not hold \(k) rows for each query")
            }
            set = QuerySet(queries: queries, truth: try file.integers(0..<queryCount).map { Array($0.prefix(k)) })
        } else {
            progress.step("computing the exact neighbours of \(queryCount) queries in \(rowCount) rows")
            let truth = try ExactNeighbours.find(
                k: k, metric: metric, queries: queries, base: base, rowCount: rowCount)
            set = QuerySet(queries: queries, truth: truth)
        }
    }

    static func queryPath(in folder: URL) -> String { folder.appendingPathComponent("queries.f32.npy").path }

    /// Calls `body` with all rows in order, some at a time.
    func forEachBlock(of count: Int = 1000, _ body: (_ start: Int, _ rows: [[Float]]) throws -> Void) throws {
        for start in stride(from: 0, to: rowCount, by: count) {
            try body(start, try base.floats(start..<min(start + count, rowCount)))
        }
    }
}
