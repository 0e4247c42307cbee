// The second example of README.md, word for word: a test compares the two, and another runs it.

import VectorIndex

/// Builds an index of a matrix, keeps it in a file, and returns the rows nearest to a vector.
func nearestRows(matrix: String, index path: String, to query: [Float]) throws -> [UInt32] {
    let vectors = try VectorFiles.read(matrix)  // .npy or .fvecs
    let index = try HNSWIndex(options: IndexOptions(dimension: vectors.dimension, metric: .cosine))
    for row in 0..<vectors.rowCount {
        try index.append(row: UInt32(row), vector: vectors.row(row), birth: 0)
    }
    try index.link(atMost: vectors.rowCount, threads: 2)  // Before that, searches scan.
    try index.save(to: path)
    let loaded = try HNSWIndex.load(from: path)
    return try loaded.search(query, k: 3).map(\.row)
}
