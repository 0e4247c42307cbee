import Testing

@testable import SmartStore

/// Entries of an index in the making, against a sort that compares whole keys.
@Suite("Sorting index entries")
struct EntrySortTests {
    /// How keys are alike.
    enum Shape: CaseIterable {
        /// Few bytes, zero among them: keys that begin with others, and equal ones.
        case tiny
        /// Random bytes.
        case random
        /// Nineteen bytes in common, then a small number.
        case prefixed
        /// Runs of one byte, of very different length.
        case runs

        func key(_ random: inout ReplayableRandom) -> [UInt8] {
            switch self {
            case .tiny: (0..<random.below(20)).map { _ in random.pick([0, 0, 1, 255]) }
            case .random: (0..<(1 + random.below(24))).map { _ in UInt8(random.below(256)) }
            case .prefixed: Array("a common beginning/".utf8) + [UInt8(random.below(3)), UInt8(random.below(256))]
            case .runs: [UInt8](repeating: UInt8(random.below(2)), count: random.below(60))
            }
        }
    }

    private static func run(of keys: [[UInt8]], id: (Int) -> [UInt8]) -> EntryRun {
        var run = EntryRun()
        for (number, key) in keys.enumerated() {
            BSONBytes.with(id(number)) { run.append(key: key, id: $0, forms: [UInt8(number & 0xFF)], idForm: 7) }
        }
        run.sort()
        return run
    }

    @Test(
        "entries are in the order of their bytes and none is lost", arguments: Shape.allCases,
        [0, 1, 2, 24, 25, 26, 700, 9_000])
    func sorts(shape: Shape, count: Int) {
        var random = ReplayableRandom(seed: UInt64(count) + 5)
        let keys = (0..<count).map { _ in shape.key(&random) }
        let ids = (0..<count).map { _ in (0..<random.below(3)).map { _ in UInt8(random.below(3)) } }
        let run = Self.run(of: keys) { ids[$0] }
        #expect(run.count == count)
        let found = (0..<run.count).map { run.entry($0) }
        let expected = (0..<count).map { keys[$0] + ids[$0] }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(found.map(\.key) == expected)
        // Every value is still that of a key it came with.
        let values = Set((0..<count).map { keys[$0] + ids[$0] + [UInt8($0 & 0xFF), 7] })
        #expect(found.allSatisfy { values.contains($0.key + $0.value) })
    }

    @Test("equal keys of different documents are found, and keys that only begin alike are not")
    func findsDuplicates() {
        let keys: [[UInt8]] = [[3, 0], [1, 0], [2, 0], [2, 1], [1, 1]]
        #expect(Self.run(of: keys) { [UInt8($0)] }.firstDuplicate == nil)
        #expect(Self.run(of: keys + [[2, 1]]) { [UInt8($0)] }.firstDuplicate == [2, 1])
    }
}
