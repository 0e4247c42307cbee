package import StoreIO

// Seeded mutations of bytes, for the replay inside `make test`: what a fuzzer does, without its feedback.

/// Changes byte strings at random. The same seed gives the same changes.
package struct FuzzMutator {
    package let random: SeededRandomSource
    private let longest: Int

    /// - Parameter longest: no result has more bytes.
    package init(seed: UInt64, longest: Int = 1 << 20) {
        random = SeededRandomSource(seed: seed)
        self.longest = longest
    }

    /// A number below `bound`.
    package func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(random.next() % UInt64(bound)) }

    /// One to four changes of `bytes`; now and then a part of another input.
    package func mutate(_ bytes: [UInt8], donors: [[UInt8]] = []) -> [UInt8] {
        var result = bytes
        for _ in 0...below(4) { change(&result, donors: donors) }
        if result.count > longest { result.removeLast(result.count - longest) }
        return result
    }

    /// Random bytes, for targets that take decisions from any input.
    package func noise(upTo count: Int) -> [UInt8] {
        let length = below(count + 1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        while bytes.count < length { bytes.append(UInt8(truncatingIfNeeded: random.next() >> 32)) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], donors: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = noise(upTo: 16)
            return
        }
        let place = below(bytes.count)
        switch below(12) {
        case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 3: bytes[place] = bytes[place] &+ (random.next() & 1 == 0 ? 1 : .max)
        case 4, 5: setInteger(in: &bytes, at: place)
        case 6: bytes.removeLast(below(min(bytes.count, 64)) + 1)
        case 7: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
        case 8: bytes.insert(contentsOf: noise(upTo: 8), at: place)
        case 9: copyBlock(in: &bytes, to: place)
        case 10: bytes.replaceSubrange(place..<min(bytes.count, place + 1 + below(32)), with: noise(upTo: 32))
        default:
            guard !donors.isEmpty else { return }
            let donor = donors[below(donors.count)]
            guard !donor.isEmpty else { return }
            let start = below(donor.count)
            let count = 1 + below(min(64, donor.count - start))
            let end = random.next() & 1 == 0 ? place : min(bytes.count, place + count)
            bytes.replaceSubrange(place..<end, with: donor[start..<start + count])
        }
    }

    /// A number at a boundary, of one to eight bytes, little or big endian.
    private func setInteger(in bytes: inout [UInt8], at place: Int) {
        let width = 1 << below(4)
        var value = FuzzInput.boundaries[below(FuzzInput.boundaries.count)]
        if below(3) == 0 { value = 0 &- value }
        let isBig = below(4) == 0
        for index in 0..<width where place + index < bytes.count {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBig ? width - 1 - index : index)))
        }
    }

    private func copyBlock(in bytes: inout [UInt8], to place: Int) {
        let start = below(bytes.count)
        let count = 1 + below(min(bytes.count - start, bytes.count - place, 256))
        bytes.replaceSubrange(place..<place + count, with: Array(bytes[start..<start + count]))
    }
}
