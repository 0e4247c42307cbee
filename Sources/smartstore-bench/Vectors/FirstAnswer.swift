// A new process opens the store and asks it one thing. The parent runs it several times and takes the median.

import ArgumentParser
import Foundation
import SmartStore

/// What a cold process saw.
struct FirstAnswerFigures: Codable {
    /// From just before the store was opened until the first hits were there.
    var openToAnswerMs: Double
    var openMs: Double
    var pagesRead: Int
    var pagesInFile: Int
    var freePages: Int
    var unlinkedVectors: Int
    var vectors: Int
    var hits: Int
    /// After the first answer, and after a search for each query.
    var peakRssBytes: Int
    var peakRssSearchBytes: Int
}

/// The hidden subcommand that is the cold process.
struct FirstAnswer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "first-answer", abstract: "Opens a measured store and searches once.", shouldDisplay: false)

    @Option var store: String
    @Option var queries: String
    @Option var k: Int
    @Option var memoryLimit: Int?
    /// Queries that are asked after the first answer, to see what memory searching takes.
    @Option var searches = 0
    @Option var breadth = 128
    @Flag(inversion: .prefixedNo) var encrypted = true

    func run() throws {
        guard let query = try NpyFile(path: queries).floats(0..<1).first else { throw BenchError("no query") }
        var options = StoreOptions()
        options.vectorByteLimit = memoryLimit
        let clock = Stopwatch()
        let opened = try BenchStore.open(URL(fileURLWithPath: store), encrypted: encrypted, options: options)
        let openMs = clock.milliseconds
        let hits = try opened.readSync { transaction in
            try transaction.collection(VectorStore.collection).search(field: VectorStore.field, vector: query, k: k)
        }
        let answerMs = clock.milliseconds
        let statistics = try opened.statistics()
        let indexes = statistics.collections.flatMap(\.vectorIndexes)
        let peak = PeakMemory.byteCount
        try search(opened)
        let figures = FirstAnswerFigures(
            openToAnswerMs: answerMs, openMs: openMs, pagesRead: Int(clamping: statistics.pageReadCount),
            pagesInFile: Int(clamping: statistics.pageCount), freePages: Int(clamping: statistics.freePageCount),
            unlinkedVectors: indexes.reduce(0) { $0 + $1.unlinkedCount },
            vectors: indexes.reduce(0) { $0 + $1.vectorCount }, hits: hits.count, peakRssBytes: peak,
            peakRssSearchBytes: PeakMemory.byteCount)
        try opened.close()
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }

    private func search(_ store: Store) throws {
        guard searches > 0 else { return }
        let file = try NpyFile(path: queries)
        for query in try file.floats(0..<min(searches, file.rowCount)) {
            _ = try store.readSync { transaction in
                try transaction.collection(VectorStore.collection).search(
                    field: VectorStore.field, vector: query, k: k, breadth: breadth, includeDocuments: false)
            }
        }
    }

    /// Runs this subcommand in a new process.
    static func measure(
        store: URL, queries: String, encrypted: Bool, k: Int, memoryLimit: Int?, searches: Int = 0
    ) throws -> FirstAnswerFigures {
        guard let program = Bundle.main.executableURL else { throw BenchError("cannot find the program's own file") }
        var arguments = ["first-answer", "--store", store.path, "--queries", queries, "--k", String(k)]
        arguments.append(encrypted ? "--encrypted" : "--no-encrypted")
        if let memoryLimit { arguments += ["--memory-limit", String(memoryLimit)] }
        arguments += ["--searches", String(searches)]
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("the cold process failed") }
        return try JSONDecoder().decode(FirstAnswerFigures.self, from: output)
    }
}

/// Several cold processes together.
struct ColdOpenFigures: Encodable {
    let medianMs: Double
    let medianOpenMs: Double
    let worstMs: Double
    let rounds: [FirstAnswerFigures]
    /// Vectors that the store would have to link again: 0, or the index was rebuilt.
    let unlinkedVectors: Int
    let pagesRead: Int
    let pagesInFile: Int
    let freePages: Int

    init(_ rounds: [FirstAnswerFigures], rowCount: Int) {
        self.rounds = rounds
        medianMs = Rounds.median(rounds.map(\.openToAnswerMs))
        medianOpenMs = Rounds.median(rounds.map(\.openMs))
        worstMs = rounds.map(\.openToAnswerMs).max() ?? 0
        // A vector that is missing altogether counts as one that is not linked.
        unlinkedVectors = rounds.map { $0.unlinkedVectors + max(0, rowCount - $0.vectors) }.max() ?? rowCount
        pagesRead = rounds.map(\.pagesRead).max() ?? 0
        pagesInFile = rounds.map(\.pagesInFile).max() ?? 0
        freePages = rounds.map(\.freePages).max() ?? 0
    }

    func add(to table: inout Table) {
        table.add(["open to first answer, cold process", Show.number(medianMs, 1) + " ms"])
        table.add(["of which open", Show.number(medianOpenMs, 1) + " ms"])
        table.add(["pages read for it", Show.number(pagesRead) + " of " + Show.number(pagesInFile)])
        table.add(["free pages in the file", Show.number(freePages)])
        table.add(["vectors to link again", Show.number(unlinkedVectors)])
    }
}
