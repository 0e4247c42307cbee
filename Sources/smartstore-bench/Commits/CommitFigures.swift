// What `commits` reports.

struct CommitFigures: Encodable {
    /// The machine's own 4 KiB overwrites with sync a second, one thread, probed before every measurement.
    var fdatasyncPerSecond = 0.0
    var fdatasyncLowest = 0.0
    var fdatasyncHighest = 0.0
    var single: [SingleFigures] = []
    /// Rate with 8 writers over the rate with 1 of the same round: the median.
    var eightWritersToOne: [RatioFigures] = []
    var bulk: [BulkFigures] = []
    /// How much slower encrypted bulk loading is: 1 - the median of encrypted over plain rates, round by round.
    var encryptionCostBulk = 0.0
    /// The same by processor time.
    var encryptionCostBulkCpu = 0.0

    struct SingleFigures: Encodable {
        var encrypted: Bool
        var kind: WriterKind
        var writers: Int
        /// Median of the rounds.
        var commitsPerSecond: Double
        var rounds: [Double]
        /// Commits that one sync served, median of the rounds.
        var commitsPerSync: Double
        var p50Us: Double
        var p99Us: Double
        /// The disk's own rate just before each round: median, and the median of the rounds' ratios to it.
        var fdatasyncPerSecond: Double
        var toFdatasync: Double
    }

    struct RatioFigures: Encodable {
        var encrypted: Bool
        var kind: WriterKind
        var ratio: Double
    }

    struct BulkFigures: Encodable {
        var encrypted: Bool
        /// Medians of the rounds.
        var documentsPerSecond: Double
        var documentsPerCpuSecond: Double
        var closedDocumentsPerSecond: Double
        var bytesPerSecond: Double
        var fileBytes: Int
        var rounds: [Double]
    }

    func show() {
        print(
            "\n4 KiB overwrite and sync, one thread: \(Show.number(fdatasyncPerSecond)) a second (median; "
                + "\(Show.number(fdatasyncLowest)) to \(Show.number(fdatasyncHighest)) in the course of the run)")
        if fdatasyncHighest > 2 * fdatasyncLowest {
            print("The disk was not steady: trust commits a sync more than rates and their ratios.")
        }
        var table = Table(
            "Single-document durable commits",
            ["store", "writers", "commits/s", "fdatasync/s", "ratio", "commits/sync", "p50 µs", "p99 µs"])
        for row in single {
            table.add([
                row.encrypted ? "encrypted" : "plain", "\(row.writers) \(row.kind.rawValue)",
                Show.number(row.commitsPerSecond), Show.number(row.fdatasyncPerSecond),
                Show.number(row.toFdatasync, 2) + " ×", Show.number(row.commitsPerSync, 1), Show.number(row.p50Us),
                Show.number(row.p99Us),
            ])
        }
        table.show()
        var ratios = Table("8 writers against 1", ["store", "writers", "ratio"])
        for row in eightWritersToOne {
            ratios.add([row.encrypted ? "encrypted" : "plain", row.kind.rawValue, Show.number(row.ratio, 2) + " ×"])
        }
        if !eightWritersToOne.isEmpty { ratios.show() }
        guard !bulk.isEmpty else { return }
        var loads = Table(
            "Bulk load, batches of \(BulkLoad.batchCount), each durable",
            ["store", "documents/s", "per CPU second", "with closing", "MB/s", "file"])
        for row in bulk {
            loads.add([
                row.encrypted ? "encrypted" : "plain", Show.number(row.documentsPerSecond),
                Show.number(row.documentsPerCpuSecond), Show.number(row.closedDocumentsPerSecond),
                Show.number(row.bytesPerSecond / 1e6, 1), Show.mebibytes(row.fileBytes),
            ])
        }
        loads.show()
        print(
            "\nEncryption costs \(Show.number(encryptionCostBulk * 100, 1)) % of the bulk rate, "
                + "\(Show.number(encryptionCostBulkCpu * 100, 1)) % by processor time.")
    }
}
