// The rows: the names that `smartstore-bench documents` gives them, and what is to be reached in each.

enum Row: String, CaseIterable, Codable {
    case bulkLoad = "bulk load"
    /// The same where each batch waits for its own sync before the next one is begun, which is all that the others do.
    case bulkLoadAwaited = "bulk load, awaited"
    case indexUser = "index user"
    case indexScore = "index score"
    case indexCompound = "index category, score"
    case fileAfterLoad = "file after load, MiB"
    case insertSingly = "durable insert, 1 writer"
    case insertByEight = "durable insert, 8 writers"
    case get = "get by id"
    case equality = "indexed equality, 20 results"
    case range = "indexed range, sorted, limit 20"
    case compound = "compound index, sorted, limit 20"
    case countByIndex = "count by index (1 %)"
    case countAll = "count of all"
    case filter = "unindexed filter, seconds"
    case group = "group over all, seconds"
    case update = "durable update by id"
    case updateInBatches = "update by id, batches"
    case deleteHalf = "delete half"
    case reinsertHalf = "reinsert half"
    case peakMemory = "peak memory, MiB"
    case fileAtEnd = "file at the end, MiB"

    enum Kind {
        /// A second; more is better.
        case rate
        /// Less is better.
        case seconds, mebibytes
    }

    var kind: Kind {
        switch self {
        case .filter, .group: .seconds
        case .fileAfterLoad, .peakMemory, .fileAtEnd: .mebibytes
        default: .rate
        }
    }

    /// What ours over SQLite has to be; nil where the figure only informs.
    var wantedOverSQLite: Double? {
        switch self {
        // One writer waits for the same sync as SQLite does.
        case .insertSingly, .update: 1
        case .insertByEight: 3
        case .bulkLoadAwaited: nil
        default: kind == .mebibytes ? nil : 1.5
        }
    }

    /// What encrypted over plain has to be.
    var wantedOverPlain: Double? { kind == .mebibytes ? nil : 0.85 }

    /// How much better `ours` is than `theirs`: above 1 is better, whichever way the row runs.
    func ratio(_ ours: Double, over theirs: Double) -> Double { kind == .rate ? ours / theirs : theirs / ours }
}

/// What one run of one contestant found, as its process prints it.
struct Findings: Codable {
    var rows: [Figure] = []
    /// The library and its version.
    var library = ""
    var corpusChecksum = ""
    var queryChecksum = ""
    /// Empty where a peer cannot answer queries.
    var answersChecksum = ""
    /// What a reader of the figures must know.
    var notes: [String] = []

    struct Figure: Codable {
        let row: String
        let value: Double
    }

    subscript(row: Row) -> Double? { rows.first { $0.row == row.rawValue }?.value }

    mutating func add(_ row: Row, _ value: Double) { rows.append(Figure(row: row.rawValue, value: value)) }
}

struct PeerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
