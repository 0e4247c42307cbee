// What scans and walks cost here, from the index's own searches: so that a search can choose between them.
//
// Figures are running averages in picoseconds, updated without a lock: a lost update does no harm.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A monotonic clock, read in about 20 ns.
enum Clock {
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
    }
}

final class SearchCosts: Sendable {
    /// Picoseconds a row that a scan by codes scores, that a walk scores; rows a walk scores per place of its beam, in
    /// thousandths. The first guesses are those of a current server processor.
    private let scan = Atomic<Int>(4_000)
    private let walk = Atomic<Int>(10_000)
    private let spread = Atomic<Int>(25_000)
    /// What testing a row by a caller's question costs, at a guess: a question looks into a document.
    private static let test = 200_000.0
    /// Rows up to which nothing is walked: a walk would meet nearly all of them too, and might miss one that no list names.
    private static let scannedRows = 256

    /// Notes what a scan of so many rows took since `start`.
    func noteScan(rows: Double, _ start: Int) {
        guard rows >= 512 else { return }
        Self.blend(scan, Double(Clock.now() - start) * 1000 / rows)
    }

    /// Notes what a walk took since `start`.
    func noteWalk(rows: Int, width: Int, _ start: Int) {
        guard rows >= 64 else { return }
        Self.blend(walk, Double(Clock.now() - start) * 1000 / Double(rows))
        Self.blend(spread, Double(rows) * 1000 / Double(width))
    }

    private static func blend(_ figure: borrowing Atomic<Int>, _ value: Double) {
        // Held within bounds, so that one interrupted search does not turn the choice.
        let old = figure.load(ordering: .relaxed)
        let held = min(max(value, Double(old) / 4), Double(old) * 4)
        figure.store(old + (Int(held) - old) / 16, ordering: .relaxed)
    }

    /// Whether a walk of that width is likely to take less time than a scan.
    func walkPays(width: Int, share: Double, _ request: SearchRequest, _ index: HNSWIndex) -> Bool {
        guard request.rowBound > Self.scannedRows else { return false }
        let count = Double(request.rowBound)
        let linked = Double(request.linked)
        let walked = min(linked, Double(width * spread.load(ordering: .relaxed)) / 1000)
        let perScanned = Double(scan.load(ordering: .relaxed))
        var walking = walked * Double(walk.load(ordering: .relaxed)) + (count - linked) * share * perScanned
        // Rows without codes are read from their vectors, which are four times as long.
        let perRow = request.coded > 0 ? perScanned : perScanned * 4
        var scanning = count * share * perRow + count * 20
        if request.asks {
            walking += walked * Self.test / 5
            scanning += count * Self.test
        }
        // Blocks that are yet to be read cost more than either.
        if count > 4096 && !index.searchedArraysAreComplete { return walking < scanning * 8 }
        return walking < scanning
    }
}
