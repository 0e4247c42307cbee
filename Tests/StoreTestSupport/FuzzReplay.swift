// The seeded replay of a target: seeds, then so many mutations, each found again by its number.

/// Runs a target on mutated inputs without a fuzzer.
package struct FuzzReplay {
    package let target: FuzzTarget
    package let seed: UInt64
    private let seeds: [[UInt8]]

    package init(_ target: FuzzTarget, seed: UInt64, corpus: [[UInt8]] = []) throws {
        self.target = target
        self.seed = seed
        seeds = try target.seeds() + corpus
    }

    /// The input of a number; the first ones are the seeds themselves.
    package func input(_ index: Int) -> [UInt8] {
        if index < seeds.count { return seeds[index] }
        let mutator = FuzzMutator(
            seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03, longest: 1 << 20)
        switch target {
        case .bson, .json: return mutator.mutate(seeds[mutator.below(seeds.count)], donors: seeds)
        case .file:
            return index & 3 == 0
                ? mutator.mutate(seeds[mutator.below(seeds.count)]) : mutator.noise(upTo: 40)
        case .query, .command, .page, .log:
            // Half of them grow out of a seed, half are new decisions.
            return index & 1 == 0 ? mutator.mutate(seeds[mutator.below(seeds.count)]) : mutator.noise(upTo: 120)
        }
    }

    /// Runs inputs by number. `progress` is told the number before each run, so that a trap can be found again.
    /// - Returns: what did not hold, each with target, seed and number.
    package func run(_ indices: Range<Int>, progress: (Int) -> Void = { _ in }) -> [String] {
        var failures: [String] = []
        for index in indices {
            progress(index)
            for reason in target.run(input(index)) {
                failures.append("\(target.rawValue) seed \(seed) input \(index): \(reason)")
            }
            if failures.count > 20 { break }
        }
        return failures
    }
}
