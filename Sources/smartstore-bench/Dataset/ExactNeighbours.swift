// The true neighbours, by comparing every query with every row, on all cores. Shares no code with the engine that is
// measured.

import Dispatch
import Foundation
import Synchronization
import VectorIndex

enum ExactNeighbours {
    /// Whether a query, by number, may have a row among its neighbours.
    typealias Allowed = @Sendable (_ query: Int, _ row: Int) -> Bool

    /// The `k` nearest of the first `rowCount` base rows for each query, best first; ties in row order.
    /// O(queries × rows × dimension).
    static func find(
        k: Int, metric: Metric, queries: [[Float]], base: any RowSource, rowCount: Int
    ) throws -> [[Int32]] {
        try find(k: k, metric: metric, queries: queries, base: base, rowCount: rowCount, filters: [{ _, _ in true }])[0]
    }

    /// The same under each of several filters, in one pass over the rows. The result's order is that of `filters`.
    static func find(
        k: Int, metric: Metric, queries: [[Float]], base: any RowSource, rowCount: Int, filters: [Allowed]
    ) throws -> [[[Int32]]] {
        let workerCount = max(1, min(ProcessInfo.processInfo.activeProcessorCount, queries.count))
        let workers = (0..<workerCount).map { number in
            let first = queries.count * number / workerCount
            let end = queries.count * (number + 1) / workerCount
            return Worker(k: k, metric: metric, first: first, queries: Array(queries[first..<end]), filters: filters)
        }
        for start in stride(from: 0, to: rowCount, by: 1000) {
            let rows = try base.floats(start..<min(start + 1000, rowCount))
            let norms = rows.map { dot($0, $0).squareRoot() }
            DispatchQueue.concurrentPerform(iterations: workerCount) { workers[$0].take(rows, norms, start: start) }
        }
        return filters.indices.map { filter in workers.flatMap { $0.rows(filter: filter) } }
    }

    /// Some of the queries.
    private final class Worker: Sendable {
        private let metric: Metric
        private let first: Int
        private let queries: [[Float]]
        private let filters: [Allowed]
        /// By filter, then by query.
        private let nearest: Mutex<[[Nearest]]>

        init(k: Int, metric: Metric, first: Int, queries: [[Float]], filters: [Allowed]) {
            self.metric = metric
            self.first = first
            self.queries = queries
            self.filters = filters
            nearest = Mutex(filters.map { _ in queries.map { _ in Nearest(k: k) } })
        }

        func take(_ rows: [[Float]], _ norms: [Float], start: Int) {
            nearest.withLock { nearest in
                for (number, query) in queries.enumerated() {
                    for (offset, row) in rows.enumerated() {
                        let product = dot(query, row)
                        let distance: Float =
                            switch metric {
                            case .cosine: -product / norms[offset]
                            case .dot: -product
                            case .euclidean: norms[offset] * norms[offset] - 2 * product
                            }
                        for (filter, allows) in filters.enumerated()
                        where nearest[filter][number].wants(distance) && allows(first + number, start + offset) {
                            nearest[filter][number].offer(distance, Int32(start + offset))
                        }
                    }
                }
            }
        }

        func rows(filter: Int) -> [[Int32]] { nearest.withLock { $0[filter].map(\.rows) } }
    }

    /// Higher is nearer.
    static func nearness(_ a: [Float], _ b: [Float], _ metric: Metric) -> Float {
        let product = dot(a, b)
        return switch metric {
        case .cosine: product / (dot(a, a) * dot(b, b)).squareRoot()
        case .dot: product
        case .euclidean: 2 * product - dot(a, a) - dot(b, b)
        }
    }

    fileprivate static func dot(_ a: [Float], _ b: [Float]) -> Float {
        let (a, b) = (a.span, b.span)
        var sum = SIMD16<Float>()
        let whole = a.count / 16 * 16
        for start in stride(from: 0, to: whole, by: 16) {
            var x = SIMD16<Float>()
            var y = SIMD16<Float>()
            for lane in 0..<16 {
                x[lane] = a[unchecked: start + lane]
                y[lane] = b[unchecked: start + lane]
            }
            sum += x * y
        }
        var result = sum.sum()
        for index in whole..<a.count { result += a[index] * b[index] }
        return result
    }

    /// The k least distances so far, in order.
    private struct Nearest {
        let k: Int
        var distances: [Float] = []
        var rows: [Int32] = []

        init(k: Int) { self.k = k }

        func wants(_ distance: Float) -> Bool {
            guard distances.count == k, let last = distances.last else { return true }
            return distance < last
        }

        mutating func offer(_ distance: Float, _ row: Int32) {
            guard wants(distance) else { return }
            if distances.count == k {
                distances.removeLast()
                rows.removeLast()
            }
            let place = distances.firstIndex { $0 > distance } ?? distances.count
            distances.insert(distance, at: place)
            rows.insert(row, at: place)
        }
    }
}
