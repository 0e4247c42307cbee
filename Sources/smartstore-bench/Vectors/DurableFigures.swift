// What `--durable` reports.

struct DurableFigures: Encodable {
    struct Writers: Encodable {
        let kind: WriterKind
        let writers: Int
        /// Vectors a second, each in a commit of its own, synced and searchable: the median of the rounds.
        let vectorsPerSecond: Double
        let rounds: [Double]
        let commitsPerSync: Double
        let p50Us: Double
        let p99Us: Double
        /// The disk's own rate just before each round.
        let fdatasyncPerSecond: Double
        let toFdatasync: Double
    }

    /// Searches while the links of the batches catch up.
    struct Meanwhile: Encodable {
        /// Rows that the searches scanned because they were not linked, when this pass began.
        let unlinked: Int
        let recall: Double
        let qps: Double
    }

    var encrypted: Bool
    /// Vectors in the linked index that is written to.
    var startRows: Int
    var fdatasyncPerSecond = 0.0
    var singles: [Writers] = []
    /// Rate with 8 writers over the rate with 1 of the same round: the median, by kind.
    var eightWritersToOne: [String: Double] = [:]
    /// Vectors a second in durable batches: the median of the rounds.
    var batchVectorsPerSecond = 0.0
    var batchRounds: [Double] = []
    /// Vectors linked a second in the background, from the last batch until all were, searches going on.
    var catchUpPerSecond = 0.0
    var meanwhile: [Meanwhile] = []
    /// The same search when all links are there.
    var linkedRecall = 0.0
    var linkedQps = 0.0
    /// Newly inserted vectors that were searched for at once, and how many came first.
    var newestSearched = 0
    var newestFound = 0

    var lowestRecall: Double { meanwhile.map(\.recall).min() ?? linkedRecall }

    func show() {
        var table = Table(
            "durable inserts of one vector into an index of \(Show.number(startRows))",
            ["writers", "vectors/s", "fdatasync/s", "ratio", "commits/sync", "p50 µs", "p99 µs"])
        for row in singles {
            table.add([
                "\(row.writers) \(row.kind.rawValue)", Show.number(row.vectorsPerSecond),
                Show.number(row.fdatasyncPerSecond), Show.number(row.toFdatasync, 2) + " ×",
                Show.number(row.commitsPerSync, 1), Show.number(row.p50Us), Show.number(row.p99Us),
            ])
        }
        table.show()
        for (kind, ratio) in eightWritersToOne.sorted(by: { $0.key < $1.key }) {
            print("\n8 \(kind) against 1: \(Show.number(ratio, 2)) ×")
        }
        print(
            "\nOf \(newestSearched) vectors searched for right after their commit, \(newestFound) came first."
                + "\nBatches of \(VectorStore.batchCount), each durable: \(Show.number(batchVectorsPerSecond)) vectors a "
                + "second. Linked behind them: \(Show.number(catchUpPerSecond)) a second, searches going on.")
        var searches = Table("searches while links catch up", ["not linked yet", "recall", "qps"])
        // A dozen of them; the JSON has all.
        let step = max(1, meanwhile.count / 12)
        for (number, pass) in meanwhile.enumerated() where number % step == 0 {
            searches.add([Show.number(pass.unlinked), Show.number(pass.recall, 4), Show.number(pass.qps)])
        }
        searches.add(["all linked", Show.number(linkedRecall, 4), Show.number(linkedQps)])
        searches.show()
    }
}
