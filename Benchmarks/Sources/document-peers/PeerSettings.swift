// What one run of a peer is told, and the loops of its rows.

struct PeerSettings {
    let folder: String
    let cacheBytes: Int
    let seconds: Double
    let seed: UInt64
    /// Whether rows that wait for nothing but the processor are measured by its time.
    let byProcessor: Bool
    /// How far the log grows before it is copied into the file, where a peer lets that be said.
    let logBytes: Int

    func step(_ text: String) { Progress.step("    " + text) }

    func elapsed(_ watch: Stopwatch) -> Double { byProcessor ? watch.processorSeconds : watch.seconds }

    /// Calls a second. The clock is read after every sixteenth.
    func rate(_ body: () throws -> Void) throws -> Double {
        let watch = Stopwatch()
        var count = 0
        while watch.seconds < seconds {
            for _ in 0..<16 { try body() }
            count += 16
        }
        return Double(count) / elapsed(watch)
    }

    /// The best of three: scans are long.
    func time(_ body: () throws -> Void) throws -> Double {
        try (0..<3).map { _ in
            let watch = Stopwatch()
            try body()
            return elapsed(watch)
        }.min() ?? 0
    }
}
