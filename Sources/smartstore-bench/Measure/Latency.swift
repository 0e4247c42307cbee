// Latencies of single operations, kept all and summed up at the end, and medians of rounds.

struct Latency {
    private(set) var nanoseconds: [UInt64] = []

    var count: Int { nanoseconds.count }

    mutating func add(_ value: UInt64) { nanoseconds.append(value) }
    mutating func add(_ other: Latency) { nanoseconds += other.nanoseconds }

    /// Percentiles in microseconds, nearest rank: the least value that `share` of all do not exceed.
    func microseconds(_ shares: [Double]) -> [Double] {
        let sorted = nanoseconds.sorted()
        return shares.map { share in
            guard !sorted.isEmpty else { return 0 }
            let rank = Int((share * Double(sorted.count)).rounded(.up))
            return Double(sorted[min(max(rank, 1), sorted.count) - 1]) / 1e3
        }
    }
}

enum Rounds {
    /// The middle value, or the mean of the two middle ones; 0 of none.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
