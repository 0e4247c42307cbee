// More rows than a data set has, made from it: the rows themselves first, then jittered copies of all of them, again and
// again.
//
// A copy is its original plus half the difference of two other rows, scaled to the original's length. Such noise has
// the shape of the data: directions in which real rows do not differ stay empty, so that the copies do not turn into a
// ball of random points. Half makes two copies of a row about as near to one another as real text embeddings are to
// their nearest neighbour (cosine near .7), so neighbours stay meaningful and copies are told apart.
//
// Rows are drawn from the seed and the row number alone: the same in every run, in any order of reading, with a few
// blocks in memory.

/// A matrix of rows that can be read some at a time.
protocol RowSource {
    var rowCount: Int { get }
    var columnCount: Int { get }
    func floats(_ rows: Range<Int>) throws -> [[Float]]
}

extension NpyFile: RowSource {}

struct JitteredRows: RowSource {
    /// Rows that draw their noise from the same block of the originals.
    private static let blockCount = 1000

    let originals: any RowSource
    let rowCount: Int
    let seed: UInt64
    /// The part of a difference of two rows that is added.
    let size: Float

    var columnCount: Int { originals.columnCount }

    init(_ originals: any RowSource, rowCount: Int, seed: UInt64 = 0x1D1E, size: Float = 0.5) throws {
        guard originals.rowCount > 0 else { throw BenchError("no row to make others from") }
        self.originals = originals
        self.rowCount = rowCount
        self.seed = seed
        self.size = size
    }

    func floats(_ rows: Range<Int>) throws -> [[Float]] {
        var found: [[Float]] = []
        found.reserveCapacity(rows.count)
        var next = rows.lowerBound
        while next < rows.upperBound {
            // A piece lies in one copy of the originals and in one block of noise.
            let (copy, start) = next.quotientAndRemainder(dividingBy: originals.rowCount)
            let block = start / Self.blockCount
            let end = min(rows.upperBound - next + start, originals.rowCount, (block + 1) * Self.blockCount)
            let pieces = try originals.floats(start..<end)
            if copy == 0 {
                found += pieces
            } else {
                let noise = try noiseBlock(copy: copy, block: block)
                for (offset, vector) in pieces.enumerated() {
                    found.append(jitter(vector, noise, row: next + offset))
                }
            }
            next += end - start
        }
        return found
    }

    /// Some block of the originals, drawn from the seed.
    private func noiseBlock(copy: Int, block: Int) throws -> [[Float]] {
        var random = SplitMix64(state: seed ^ UInt64(copy) << 32 ^ UInt64(block))
        let blocks = (originals.rowCount + Self.blockCount - 1) / Self.blockCount
        let start = Int(random.next() % UInt64(blocks)) * Self.blockCount
        return try originals.floats(start..<min(start + Self.blockCount, originals.rowCount))
    }

    private func jitter(_ vector: [Float], _ noise: [[Float]], row: Int) -> [Float] {
        var random = SplitMix64(state: seed &+ UInt64(row) &* 0x9E37_79B9_7F4A_7C15)
        let plus = noise[Int(random.next() % UInt64(noise.count))]
        let minus = noise[Int(random.next() % UInt64(noise.count))]
        var moved = vector
        var before: Float = 0
        var after: Float = 0
        for column in moved.indices {
            moved[column] += size * (plus[column] - minus[column])
            before += vector[column] * vector[column]
            after += moved[column] * moved[column]
        }
        // Two rows that cancel the original out leave nothing to scale.
        guard after > before * 1e-6 else { return vector }
        let factor = (before / after).squareRoot()
        for column in moved.indices { moved[column] *= factor }
        return moved
    }
}
