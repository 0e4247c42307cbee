// The true neighbours, by comparing every query with every row. Shares no code with the engine that is measured.

import VectorIndex

enum ExactNeighbours {
    /// The `k` nearest of the first `rowCount` base rows for each query, best first; ties in row order.
    /// O(queries × rows × dimension).
    static func find(
        k: Int, metric: Metric, queries: [[Float]], base: NpyFile, rowCount: Int
    ) throws -> [[Int32]] {
        var nearest = queries.map { _ in Nearest(k: k) }
        for start in stride(from: 0, to: rowCount, by: 1000) {
            let rows = try base.floats(start..<min(start + 1000, rowCount))
            let norms = rows.map { dot($0, $0).squareRoot() }
            for (number, query) in queries.enumerated() {
                for (offset, row) in rows.enumerated() {
                    let distance: Float =
                        switch metric {
                        case .cosine: -dot(query, row) / norms[offset]
                        case .dot: -dot(query, row)
                        case .euclidean: norms[offset] * norms[offset] - 2 * dot(query, row)
                        }
                    nearest[number].offer(distance, Int32(start + offset))
                }
            }
        }
        return nearest.map { $0.rows }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Float {
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

        mutating func offer(_ distance: Float, _ row: Int32) {
            if distances.count == k {
                guard let last = distances.last, distance < last else { return }
                distances.removeLast()
                rows.removeLast()
            }
            let place = distances.firstIndex { $0 > distance } ?? distances.count
            distances.insert(distance, at: place)
            rows.insert(row, at: place)
        }
    }
}
