// Which rows may be returned: those visible at the search's sequence that pass its filter. Collects the nearest.

struct ResultFilter {
    private let rows: RowTable?
    private let sequence: UInt64
    private let including: ((UInt32) -> Bool)?
    private var nearest: NearestKeys
    /// Whether every row passes. Then a walk offers nothing here: its beam is the result.
    let passesAll: Bool

    /// Collects nothing.
    init() {
        rows = nil
        sequence = 0
        including = nil
        nearest = NearestKeys(wanted: 0)
        passesAll = true
    }

    init(wanted: Int, rows: RowTable, sequence: UInt64, including: ((UInt32) -> Bool)?) {
        self.rows = rows
        self.sequence = sequence
        self.including = including
        nearest = NearestKeys(wanted: wanted)
        passesAll = including == nil && rows.seesAll(at: sequence)
    }

    func passes(_ row: Int) -> Bool {
        if passesAll { return true }
        if let rows, !rows.isVisible(row, at: sequence) { return false }
        return including?(UInt32(truncatingIfNeeded: row)) ?? true
    }

    /// Takes a key whose row has not been tested yet.
    @inline(__always)
    mutating func offer(_ key: UInt64) {
        if key < nearest.threshold && passes(Candidate.row(key)) { nearest.add(key) }
    }

    /// Takes a key that a walk has scored.
    mutating func offerWalked(_ key: UInt64) {
        if !passesAll { offer(key) }
    }

    /// Takes a key whose row is known to pass.
    @inline(__always)
    mutating func take(_ key: UInt64) {
        nearest.add(key)
    }

    /// The nearest rows that passed, best first, each once.
    mutating func sorted() -> [UInt64] { nearest.sorted() }

    /// The share of rows 0..<rowCount that pass, from `samples` of them spread evenly, with half a sample added, so
    /// that it is never 0.
    func estimatedShare(rowCount: Int, samples: Int) -> Double {
        if passesAll || rowCount == 0 { return 1 }
        let tried = min(samples, rowCount)
        var passed = 0
        for i in 0..<tried {
            // Steps of the golden ratio: even, and in no rhythm with filters like "every fourth row".
            let place = Double(i) * 0.618_033_988_749_895
            let row = tried == rowCount ? i : Int((place - place.rounded(.down)) * Double(rowCount))
            passed += passes(min(row, rowCount - 1)) ? 1 : 0
        }
        return (Double(passed) + 0.5) / (Double(tried) + 0.5)
    }
}
