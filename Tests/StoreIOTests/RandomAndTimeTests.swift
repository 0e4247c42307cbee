// Injected randomness and time: replayable where a trial needs it.

import Foundation
import StoreIO
import Testing

@Suite("Randomness and time")
struct RandomAndTimeTests {
    @Test("a seed replays its sequence, and other seeds give others", arguments: [0, 1, 42, .max] as [UInt64])
    func replay(seed: UInt64) throws {
        let first = SeededRandomSource(seed: seed)
        let second = SeededRandomSource(seed: seed)
        let other = SeededRandomSource(seed: seed ^ 1)
        let numbers = (0..<100).map { _ in first.next() }
        #expect(numbers == (0..<100).map { _ in second.next() })
        #expect(numbers != (0..<100).map { _ in other.next() })
        #expect(Set(numbers).count == 100)
    }

    @Test("the sequence is that of xoshiro256** seeded by SplitMix64")
    func published() {
        let random = SeededRandomSource(seed: 0)
        #expect(random.next() == 0x99EC_5F36_CB75_F2B4)
        #expect(random.next() == 0xBF6E_1F78_4956_452A)
    }

    @Test("filling takes the little-endian bytes of the numbers", arguments: 0...33)
    func filling(count: Int) throws {
        let numbers = SeededRandomSource(seed: 6)
        let source = SeededRandomSource(seed: 6)
        var expected: [UInt8] = []
        while expected.count < count {
            let word = numbers.next()
            for shift in stride(from: 0, to: 64, by: 8) { expected.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        #expect(try source.bytes(count) == Array(expected.prefix(count)))
        #expect(source.next() == numbers.next())
    }

    @Test("threads that share a source never get the same bytes twice")
    func sharing() {
        let source = SeededRandomSource(seed: 8)
        let results = ResultList()
        onThreads(8) { _ in
            for _ in 0..<500 { results.append((try? source.bytes(16)) ?? []) }
        }
        #expect(Set(results.all).count == 4_000)
    }

    @Test("the system's source fills all lengths and repeats nothing")
    func system() throws {
        let source = SystemRandomSource()
        #expect(try source.bytes(0) == [])
        #expect(try source.bytes(32) != source.bytes(32))
        let long = try source.bytes(3 << 20)
        #expect(!(long.count - 1_000..<long.count).allSatisfy { long[$0] == 0 })
    }

    @Test("a manual clock stands until told, and keeps fractions of a millisecond")
    func manualClock() {
        let clock = ManualTimeSource(milliseconds: 1_000)
        #expect(clock.now() == 1_000 && clock.monotonicNanoseconds() == 0)
        for _ in 0..<4 { clock.advance(by: .microseconds(250)) }
        #expect(clock.now() == 1_001 && clock.monotonicNanoseconds() == 1_000_000)
        clock.advance(by: .seconds(86_400))
        #expect(clock.now() == 86_401_001 && clock.monotonicNanoseconds() == 86_400_001_000_000)
        clock.setNow(5)
        #expect(clock.now() == 5 && clock.monotonicNanoseconds() == 86_400_001_000_000)
    }

    @Test("the system's clock is after 2020, and its counter does not go back")
    func systemClock() {
        let clock = SystemTimeSource()
        #expect(clock.now() > 1_577_836_800_000)
        let first = clock.monotonicNanoseconds()
        #expect(clock.monotonicNanoseconds() >= first)
    }
}

/// Collects results of several threads.
private final class ResultList: @unchecked Sendable {  // the lock guards the list
    private let lock = NSLock()
    private var list: [[UInt8]] = []
    func append(_ result: [UInt8]) { lock.withLock { list.append(result) } }
    var all: [[UInt8]] { lock.withLock { list } }
}
