// What `--churn` reports: what replacing vectors again and again costs, and whether anything wears out.

struct ChurnFigures: Encodable {
    /// The share of all vectors that one round replaces.
    static let share = 0.3

    struct Round: Encodable {
        /// Vectors replaced a second: deleting, repairing, inserting and linking together.
        let replacedPerSecond: Double
        /// Through the store: vectors a second until their commits were durable; linking goes on behind.
        let committedPerSecond: Double?
        /// Seconds of that spent on taking the deleted rows out of the graph; bare index only.
        let repairSeconds: Double?
        let memoryBytes: Int
        let fileBytes: Int
        /// By the name of the setting.
        let recall: [String: Double]
    }

    struct Setting: Encodable {
        let setting: String
        let before: Double
        /// After the last round, and of an index freshly built of the same content.
        let after: Double
        let fresh: Double
        let qpsBefore: Double
        let qpsAfter: Double
        let qpsFresh: Double

        /// What churn cost in recall; negative: it gained.
        var loss: Double { fresh - after }
    }

    /// Rows linked a second while the index was built; through the store committed and linked, as the rounds are timed.
    var insertedPerSecond = 0.0
    var memoryBytesBefore = 0
    var fileBytesBefore = 0
    var rounds: [Round] = []
    var settings: [Setting] = []
    /// The largest loss of recall at any setting.
    var worstLoss = 0.0
    /// How much memory and file have grown since before the first round, as a share.
    var memoryGrowth = 0.0
    var fileGrowth = 0.0

    static func recalls(_ points: [SweepPoint]) -> [String: Double] {
        Dictionary(points.map { ($0.setting.name, $0.recall) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func finish(before: [SweepPoint], after: [SweepPoint], fresh: [SweepPoint]) {
        settings = before.indices.map { place in
            Setting(
                setting: before[place].setting.name, before: before[place].recall, after: after[place].recall,
                fresh: fresh[place].recall, qpsBefore: before[place].qps, qpsAfter: after[place].qps,
                qpsFresh: fresh[place].qps)
        }
        worstLoss = settings.map(\.loss).max() ?? 0
        guard let last = rounds.last else { return }
        memoryGrowth = Double(last.memoryBytes) / Double(max(1, memoryBytesBefore)) - 1
        fileGrowth = Double(last.fileBytes) / Double(max(1, fileBytesBefore)) - 1
    }

    func show() {
        var table = Table(
            "rounds of replacing 30 %", ["round", "replaced/s", "committed/s", "repair s", "memory", "file"])
        table.add(["before", "", "", "", Show.mebibytes(memoryBytesBefore), Show.mebibytes(fileBytesBefore)])
        for (number, round) in rounds.enumerated() {
            table.add([
                String(number + 1), Show.number(round.replacedPerSecond), Show.number(round.committedPerSecond),
                Show.number(round.repairSeconds, 2),
                Show.mebibytes(round.memoryBytes), Show.mebibytes(round.fileBytes),
            ])
        }
        table.show()
        var recall = Table(
            "recall before, after, and of a fresh build of the same content",
            ["breadth", "before", "after", "fresh", "loss", "qps before", "qps after", "qps fresh"])
        for setting in settings {
            recall.add([
                setting.setting, Show.number(setting.before, 4), Show.number(setting.after, 4),
                Show.number(setting.fresh, 4), Show.number(setting.loss, 4), Show.number(setting.qpsBefore),
                Show.number(setting.qpsAfter), Show.number(setting.qpsFresh),
            ])
        }
        recall.show()
        print(
            "\nInserted \(Show.number(insertedPerSecond)) a second; replaced "
                + "\(Show.number(Rounds.median(rounds.map(\.replacedPerSecond)))) (median of the rounds). Memory grew by "
                + "\(Show.number(memoryGrowth * 100, 1)) %, the file by \(Show.number(fileGrowth * 100, 1)) %.")
    }
}
