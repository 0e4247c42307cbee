// The corpus and 200,000 seeded mutations, through every target, in this process: a trap ends it, and the last number
// printed says which input it was. `smartstore-fuzz TARGET --seed 1 --from N --count 1` runs that input alone.

import Foundation
import StoreTestSupport
import Testing

@Suite("Fuzz replay")
struct FuzzReplayTests {
    /// How many mutations each target gets: the slow ones fewer.
    static let counts: [(target: FuzzTarget, count: Int)] = [
        (.bson, 80_000), (.json, 60_000), (.query, 40_000), (.command, 20_000), (.file, 1_500), (.page, 3_500),
        (.log, 4_000),
    ]

    @Test("no mutation traps a target or shows what must not be", arguments: counts.map(\.target))
    func mutations(target: FuzzTarget) throws {
        let count = try #require(Self.counts.first { $0.target == target }).count
        let replay = try FuzzReplay(target, seed: 1)
        let failures = replay.run(0..<count) { index in
            // Only every so many, but always before a long silence: a trap is found by trying on from here.
            guard index % 1000 == 0 else { return }
            FileHandle.standardError.write(Data("fuzz \(target.rawValue) seed 1, \(index)\n".utf8))
        }
        #expect(failures == [])
    }

    @Test("every target gets its part of at least 200,000 mutations")
    func counted() {
        #expect(Set(Self.counts.map(\.target)) == Set(FuzzTarget.allCases))
        #expect(Self.counts.reduce(0) { $0 + $1.count } >= 200_000)
    }

    @Test("the corpus of the fuzzer runs clean", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Fuzz/Corpus/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(!names.isEmpty)
        for name in names {
            let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            #expect(target.run(bytes) == [], "\(name)")
        }
    }
}
