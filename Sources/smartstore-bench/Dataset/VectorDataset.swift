// A data set for vector search: base.f16.npy, queries.f32.npy, truth.i32.npy, and optionally texts.jsonl.gz.

import Foundation
import VectorIndex

struct VectorDataset {
    let folder: URL
    let base: NpyFile
    /// Base rows in use: the first so many.
    let rowCount: Int
    let queries: [[Float]]
    /// For each query the base rows of its nearest, best first.
    let truth: [[Int32]]

    var dimension: Int { base.columnCount }

    /// Opens the folder's files. The truth file holds the cosine neighbours in the whole base; for another metric or
    /// fewer rows the neighbours are computed.
    init(
        folder: String, k: Int, metric: Metric, rowLimit: Int?, queryLimit: Int?, progress: Progress
    ) throws {
        self.folder = URL(fileURLWithPath: folder, isDirectory: true)
        base = try NpyFile(path: self.folder.appendingPathComponent("base.f16.npy").path)
        let queryFile = try NpyFile(path: Self.queryPath(in: self.folder))
        guard queryFile.columnCount == base.columnCount else {
            throw BenchError("base has \(base.columnCount) dimensions, queries have \(queryFile.columnCount)")
        }
        rowCount = min(base.rowCount, rowLimit ?? .max)
        let queryCount = min(queryFile.rowCount, queryLimit ?? .max)
        guard rowCount >= k, queryCount > 0 else { throw BenchError("fewer than \(k) base rows, or no query") }
        queries = try queryFile.floats(0..<queryCount)
        if metric == .cosine, rowCount == base.rowCount {
            let file = try NpyFile(path: self.folder.appendingPathComponent("truth.i32.npy").path)
            guard file.rowCount == queryFile.rowCount, file.columnCount >= k else {
                throw BenchError("truth.i32.npy does not hold \(k) rows for each query")
            }
            truth = try file.integers(0..<queryCount).map { Array($0.prefix(k)) }
        } else {
            progress.step("computing the exact neighbours in \(rowCount) rows")
            truth = try ExactNeighbours.find(k: k, metric: metric, queries: queries, base: base, rowCount: rowCount)
        }
    }

    static func queryPath(in folder: URL) -> String { folder.appendingPathComponent("queries.f32.npy").path }

    /// The share of the true k nearest that a search found.
    func recall(_ found: [[Int32]], k: Int) -> Double {
        let hits = zip(found, truth).reduce(0) { $0 + Set($1.0.prefix(k)).intersection($1.1.prefix(k)).count }
        return Double(hits) / Double(max(1, found.count) * k)
    }
}
