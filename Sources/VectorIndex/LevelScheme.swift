// Which rows stand on upper levels, and where their lists lie, both computed from the row number alone.
//
// HNSW draws each row's level at random, so that one row in M reaches level 1, one in M² level 2. Here the draw is
// stratified: of every M consecutive groups of one level, a hash of the seed picks the one whose representative also
// stands on the next. Shares are the same, no level need be stored, and the record of (row, level) has a fixed place:
// the records are numbered by the first row of their group, then by level. That makes the upper array loadable block by
// block and consistent with any row count; a record whose representative does not exist yet stays zeros.

struct LevelScheme: Sendable {
    let fanout: Int
    let seed: UInt64
    /// The highest level there can be: fanout ^ highest stays below 2^31.
    let highest: Int

    init(_ options: IndexOptions) {
        fanout = options.connectivity
        seed = options.seed
        var level = 1
        var rows = options.connectivity
        while rows <= Int(Int32.max) / options.connectivity {
            rows *= options.connectivity
            level += 1
        }
        highest = level
    }

    /// The highest level `row` stands on, 0...highest.
    func level(of row: Int) -> Int {
        var group = row
        for level in 1...highest {
            let parent = group / fanout
            guard group - parent * fanout == chosen(level: level, group: parent) else { return level - 1 }
            group = parent
        }
        return highest
    }

    /// Which child of a group represents it. A finalised multiply-xor hash (splitmix64).
    private func chosen(level: Int, group: Int) -> Int {
        var x = seed &+ UInt64(truncatingIfNeeded: level) &* 0x9E37_79B9_7F4A_7C15
        x ^= UInt64(truncatingIfNeeded: group) &* 0xD1B5_4A32_D192_ED03
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        x ^= x >> 31
        return Int(x % UInt64(fanout))
    }

    /// The number of the record for `row` on `level` (1...highest) in the upper array.
    func record(row: Int, level: Int) -> Int {
        var size = 1
        for _ in 0..<level { size *= fanout }
        let start = row / size * size
        return records(startingBefore: start) + level - 1
    }

    /// Records that rows 0..<rowCount may use.
    func recordCount(rowCount: Int) -> Int { records(startingBefore: rowCount) }

    private func records(startingBefore start: Int) -> Int {
        var count = 0
        var size = 1
        for _ in 1...highest {
            size *= fanout
            count += (start + size - 1) / size
        }
        return count
    }
}
