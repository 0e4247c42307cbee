// Rows made from a data set: the same whenever and however they are read, and still vectors of that kind.

import Testing

@testable import smartstore_bench

@Suite("Jittered rows")
struct JitteredRowsTests {
    /// Unit vectors from a seed.
    private struct Originals: RowSource {
        let rowCount: Int
        let columnCount = 24

        func floats(_ rows: Range<Int>) -> [[Float]] {
            rows.map { row in
                var random = SplitMix64(state: UInt64(row))
                let raw = (0..<columnCount).map { _ in Float(random.next() >> 40) * 0x1p-24 - 0.5 }
                let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return raw.map { $0 / length }
            }
        }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    @Test("the originals come first, unchanged")
    func originalsFirst() throws {
        let originals = Originals(rowCount: 2300)
        let rows = try JitteredRows(originals, rowCount: 10_000)
        #expect(try rows.floats(0..<2300) == originals.floats(0..<2300))
        #expect(try rows.floats(2300..<4600) != originals.floats(0..<2300))
    }

    @Test("rows are the same in whatever pieces they are read", arguments: [1, 7, 999, 1000, 2300, 4600])
    func pieces(size: Int) throws {
        let rows = try JitteredRows(Originals(rowCount: 2300), rowCount: 7_000)
        let whole = try rows.floats(2000..<7000)
        // Single rows and short pieces would take long over the whole range.
        let end = min(7000, 2000 + size * 60)
        var pieces: [[Float]] = []
        for start in stride(from: 2000, to: end, by: size) { pieces += try rows.floats(start..<min(start + size, end)) }
        #expect(pieces == Array(whole.prefix(end - 2000)))
    }

    @Test("another seed makes other rows")
    func seeds() throws {
        let one = try JitteredRows(Originals(rowCount: 500), rowCount: 1_000, seed: 1).floats(500..<1000)
        let two = try JitteredRows(Originals(rowCount: 500), rowCount: 1_000, seed: 2).floats(500..<1000)
        #expect(one == (try JitteredRows(Originals(rowCount: 500), rowCount: 1_000, seed: 1).floats(500..<1000)))
        #expect(one != two)
    }

    @Test("copies keep their length, stay near their original, and differ from it and from one another")
    func neighbours() throws {
        let originals = Originals(rowCount: 300)
        let rows = try JitteredRows(originals, rowCount: 900).floats(0..<900)
        for row in rows { #expect(abs(cosine(row, row) - 1) < 1e-4) }
        let toOriginal = (300..<900).map { cosine(rows[$0], rows[$0 % 300]) }
        let mean = toOriginal.reduce(0, +) / Float(toOriginal.count)
        #expect(mean > 0.7 && mean < 0.95)
        let toOther = (0..<300).map { cosine(rows[300 + $0], rows[600 + $0]) }.reduce(0, +) / 300
        #expect(toOther > 0.5 && toOther < mean)
        #expect(Set(rows).count > 890)
    }

    @Test("a set without rows cannot be scaled")
    func empty() {
        #expect(throws: BenchError.self) { try JitteredRows(Originals(rowCount: 0), rowCount: 10) }
    }
}
