// smartstore-bench documents: what programs do with documents, row by row.

import ArgumentParser
import Foundation
import SmartStore

struct DocumentsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documents", abstract: "Load, indexes, queries, updates and deletes of documents.",
        discussion: """
            Documents have about 300 bytes and come from a seed. Batches are of 1,000 documents, each batch durable. Reads \
            run in one transaction. Rows are measured one after the other, in each round anew; the figures are medians.
            """)

    @OptionGroup var shared: SharedOptions
    @Option(help: "How many documents.") var documents = 1_000_000
    @Option(help: "Rounds; figures are medians.") var rounds = 1
    @Option(help: "Seconds for each row of single operations.") var seconds = 2.0
    @Option(help: "The page cache, such as 256m.") var cache: ByteCount = ByteCount(count: 256 << 20)
    @Option(help: "Seed of documents and queries.") var seed: UInt64 = 1
    @Flag(help: "Only the encrypted, or only the plain store; both without it.") var only: Kind?
    @Flag(help: "Say how each query is answered, and fail when it is not by the index meant.") var explain = false
    @Option(help: "Write the documents to this file as BSON, one after the other, and stop.") var export: String?

    enum Kind: String, EnumerableFlag {
        case encrypted, plain
    }

    func validate() throws {
        guard documents >= 1000, rounds >= 1, seconds > 0 else {
            throw ValidationError("--documents must be at least 1000, --rounds at least 1, --seconds above 0")
        }
    }

    func run() async throws {
        let corpus = DocumentCorpus(count: documents, seed: seed)
        if let export { return try write(corpus, to: export) }
        let progress = Progress()
        var figures: [String: [DocumentFigures]] = [:]
        try await shared.withScratchFolder { folder in
            for round in 0..<rounds {
                for isEncrypted in [false, true] where only == nil || (only == .encrypted) == isEncrypted {
                    let name = isEncrypted ? "encrypted" : "plain"
                    progress.step("round \(round + 1), \(name)")
                    let run = DocumentsRun(
                        corpus: corpus, url: folder.appendingPathComponent("\(name)-\(round).store"),
                        isEncrypted: isEncrypted, cacheBytes: cache.count, seconds: seconds,
                        explains: explain, progress: progress)
                    figures[name, default: []].append(try await run.measure())
                }
            }
        }
        let medians = figures.mapValues { DocumentFigures.median($0) }
        print(DocumentFigures.table(medians))
        try shared.write(RunInfo(), Report(documents: documents, seed: seed, stores: medians))
    }

    private struct Report: Encodable {
        let documents: Int
        let seed: UInt64
        let stores: [String: DocumentFigures]
    }

    private func write(_ corpus: DocumentCorpus, to path: String) throws {
        FileManager.default.createFile(atPath: path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: path) else { throw BenchError("cannot write \(path)") }
        defer { try? handle.close() }
        var buffer = Data()
        for number in 0..<corpus.count {
            buffer.append(contentsOf: corpus.document(number).bson)
            if buffer.count > 4 << 20 {
                try handle.write(contentsOf: buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try handle.write(contentsOf: buffer)
    }
}

/// What one run measured: rates a second but where the name says otherwise.
struct DocumentFigures: Encodable {
    private(set) var rows: [(name: String, value: Double)] = []

    mutating func add(_ name: String, _ value: Double) { rows.append((name, value)) }

    static func median(_ runs: [DocumentFigures]) -> DocumentFigures {
        var result = DocumentFigures()
        for (place, row) in (runs.first?.rows ?? []).enumerated() {
            result.add(row.name, Rounds.median(runs.map { $0.rows[place].value }))
        }
        return result
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for row in rows { try container.encode(row.value, forKey: Key(row.name)) }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    static func table(_ runs: [String: DocumentFigures]) -> String {
        let names = runs.keys.sorted(by: >)
        var lines = ["| row | " + names.joined(separator: " | ") + " |", "|---|" + names.map { _ in "---:|" }.joined()]
        for (place, row) in (runs[names.first ?? ""]?.rows ?? []).enumerated() {
            let values = names.map { name in Show.number(runs[name]?.rows[place].value ?? 0) }
            lines.append("| \(row.name) | " + values.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}
