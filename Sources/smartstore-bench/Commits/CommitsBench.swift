// `commits`: what a durable commit costs, alone and in company, and what bulk loading and encryption cost.
//
// Rounds alternate over all configurations, so that a change of the machine's mood falls on all of them; medians count.

import ArgumentParser
import Foundation

struct CommitsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commits", abstract: "Durable commits a second beside the disk's own rate, and bulk loading.")

    private struct Configuration: Hashable {
        let encrypted: Bool
        let kind: WriterKind
        let writers: Int
    }

    @Option(help: "Seconds that each configuration is measured in each round.")
    var seconds = 2.0

    @Option(help: "Rounds; the medians count.")
    var rounds = 3

    @Option(help: "Numbers of writers, separated by commas.")
    var writers = "1,8,16"

    @Option(help: "Documents of a bulk load.")
    var bulkDocuments = 100_000

    @Option(help: "Rounds of bulk loading; 0: none.")
    var bulkRounds = 5

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard seconds > 0, rounds >= 1, bulkRounds >= 0, bulkDocuments >= 1 else {
            throw ValidationError("Seconds, rounds and documents must be positive.")
        }
        guard !writerCounts.isEmpty, writerCounts.allSatisfy({ (1...1000).contains($0) }) else {
            throw ValidationError("--writers takes numbers from 1 to 1000 separated by commas.")
        }
    }

    /// What is not a number counts as 0, which is refused.
    private var writerCounts: [Int] {
        writers.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) ?? 0 }
    }

    func run() async throws {
        let progress = Progress()
        let info = RunInfo()
        let figures = try await shared.withScratchFolder { folder in
            var figures = CommitFigures()
            try await measureSingle(&figures, in: folder, progress)
            if bulkRounds > 0 { try measureBulk(&figures, in: folder, progress) }
            return figures
        }
        info.show()
        figures.show()
        try shared.write(info, figures)
    }

    private func measureSingle(_ figures: inout CommitFigures, in folder: URL, _ progress: Progress) async throws {
        var configurations: [Configuration] = []
        for kind in WriterKind.allCases {
            for encrypted in [true, false] {
                for writers in writerCounts {
                    configurations.append(Configuration(encrypted: encrypted, kind: kind, writers: writers))
                }
            }
        }
        var outcomes: [Configuration: [CommitLoad.Outcome]] = [:]
        for round in 1...rounds {
            progress.step("round \(round) of \(rounds): \(configurations.count) kinds of writers")
            for configuration in configurations {
                let load = CommitLoad(
                    kind: configuration.kind, writers: configuration.writers, encrypted: configuration.encrypted,
                    seconds: seconds)
                outcomes[configuration, default: []].append(try await load.run(in: folder))
            }
        }
        let diskRates = outcomes.values.flatMap { $0.map(\.diskRate) }
        figures.fdatasyncPerSecond = Rounds.median(diskRates)
        figures.fdatasyncLowest = diskRates.min() ?? 0
        figures.fdatasyncHighest = diskRates.max() ?? 0
        for configuration in configurations {
            let all = outcomes[configuration] ?? []
            let latency = all.reduce(into: Latency()) { $0.add($1.latency) }.microseconds([0.5, 0.99])
            figures.single.append(
                CommitFigures.SingleFigures(
                    encrypted: configuration.encrypted, kind: configuration.kind, writers: configuration.writers,
                    commitsPerSecond: Rounds.median(all.map(\.rate)), rounds: all.map(\.rate),
                    commitsPerSync: Rounds.median(all.map(\.commitsPerSync)), p50Us: latency[0], p99Us: latency[1],
                    fdatasyncPerSecond: Rounds.median(all.map(\.diskRate)),
                    toFdatasync: Rounds.median(all.map { $0.rate / $0.diskRate })))
        }
        for kind in WriterKind.allCases {
            for encrypted in [true, false] {
                func rates(_ writers: Int) -> [Double] {
                    let all = outcomes[Configuration(encrypted: encrypted, kind: kind, writers: writers)] ?? []
                    return all.map(\.rate)
                }
                guard writerCounts.contains(1), writerCounts.contains(8) else { continue }
                let ratio = Rounds.median(zip(rates(8), rates(1)).map { $0 / $1 })
                figures.eightWritersToOne.append(
                    CommitFigures.RatioFigures(encrypted: encrypted, kind: kind, ratio: ratio))
            }
        }
    }

    private func measureBulk(_ figures: inout CommitFigures, in folder: URL, _ progress: Progress) throws {
        var plain: [BulkLoad.Outcome] = []
        var encrypted: [BulkLoad.Outcome] = []
        for round in 1...bulkRounds {
            progress.step("bulk load, round \(round) of \(bulkRounds)")
            // The order changes each round: whoever comes second may find a warmer machine.
            for first in [round % 2 == 0, round % 2 == 1] {
                let outcome = try BulkLoad(encrypted: first, documentCount: bulkDocuments).run(in: folder)
                if first { encrypted.append(outcome) } else { plain.append(outcome) }
            }
        }
        for (isEncrypted, all) in [(true, encrypted), (false, plain)] {
            figures.bulk.append(
                CommitFigures.BulkFigures(
                    encrypted: isEncrypted, documentsPerSecond: Rounds.median(all.map(\.documentsPerSecond)),
                    documentsPerCpuSecond: Rounds.median(all.map(\.documentsPerCpuSecond)),
                    closedDocumentsPerSecond: Rounds.median(all.map(\.closedDocumentsPerSecond)),
                    bytesPerSecond: Rounds.median(all.map(\.bytesPerSecond)),
                    fileBytes: all.first?.fileByteCount ?? 0, rounds: all.map(\.documentsPerSecond)))
        }
        let pairs = zip(encrypted, plain)
        figures.encryptionCostBulk = 1 - Rounds.median(pairs.map { $0.documentsPerSecond / $1.documentsPerSecond })
        figures.encryptionCostBulkCpu =
            1 - Rounds.median(pairs.map { $0.documentsPerCpuSecond / $1.documentsPerCpuSecond })
    }
}
