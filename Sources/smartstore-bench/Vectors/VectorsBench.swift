// `vectors`: builds a vector index over a data set, through the store or bare, and measures recall against speed.

import ArgumentParser
import Foundation
import VectorIndex

struct VectorsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors", abstract: "Build rate, recall, search rate and opening time of a vector index.")

    enum MetricName: String, CaseIterable, ExpressibleByArgument {
        case cosine
        case dot
        case euclidean

        var metric: Metric {
            switch self {
            case .cosine: .cosine
            case .dot: .dot
            case .euclidean: .euclidean
            }
        }
    }

    @Option(help: "The folder with base.f16.npy, queries.f32.npy, truth.i32.npy and perhaps texts.jsonl.gz.")
    var data: String

    @Option(help: "Neighbours a query asks for.")
    var k = 10

    @Option(help: "How nearness is measured: cosine, dot or euclidean.")
    var metric = MetricName.cosine

    @Option(help: "Links of a row on the upper levels; level 0 has twice as many.")
    var m = 16

    @Option(help: "Candidates kept in view while linking.")
    var efConstruction = 128

    @Option(help: "Threads that link. Through the store: 1 is its background linker alone, 2 helps it.")
    var threads = 1

    @Flag(inversion: .prefixedNo, help: "Encrypt the store.")
    var encrypted = true

    @Option(help: ArgumentHelp("Bytes of vectors and links the store keeps in memory.", valueName: "bytes"))
    var memoryLimit: Int?

    @Flag(help: "Measure the bare index in memory, without a store.")
    var indexOnly = false

    @Option(help: "Use only the first rows of the base; neighbours are then computed anew.")
    var limitRows: Int?

    @Option(help: "Use only the first queries.")
    var limitQueries: Int?

    @Option(help: "Search breadths, separated by commas. By default they rise until recall does not.")
    var breadths: String?

    @Option(help: "Passes over the queries at each setting; the median counts.")
    var passes = 5

    @Option(help: "Processes that open the store anew; the median of their times counts.")
    var opens = 5

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard k >= 1, threads >= 1, opens >= 1 else { throw ValidationError("--k, --threads and --opens begin at 1.") }
        guard limitRows ?? 1 > 0, limitQueries ?? 1 > 0 else { throw ValidationError("Limits must be positive.") }
        if indexOnly, memoryLimit != nil {
            throw ValidationError("--memory-limit needs a store: leave out --index-only.")
        }
        _ = try sweepPlan()
    }

    func run() async throws {
        let progress = Progress()
        let info = RunInfo()
        progress.step("reading \(data)")
        let dataset = try VectorDataset(
            folder: data, k: k, metric: metric.metric,
            extent: VectorDataset.Extent(rowLimit: limitRows, scale: nil, queryLimit: limitQueries), progress: progress)
        let options = try IndexOptions(
            dimension: dataset.dimension, metric: metric.metric, connectivity: m, buildBreadth: efConstruction)
        let plan = try sweepPlan()
        PeakMemory.reset()
        let figures: VectorFigures
        if indexOnly {
            figures = try IndexRun(dataset: dataset, options: options, threads: threads, plan: plan, progress: progress)
                .run()
        } else {
            figures = try await shared.withScratchFolder { folder in
                try StoreRun(
                    dataset: dataset, options: options, threads: threads, plan: plan, progress: progress,
                    url: folder.appendingPathComponent("vectors.store"), encrypted: encrypted, memoryLimit: memoryLimit,
                    opens: opens
                ).run()
            }
        }
        info.show()
        figures.show()
        try shared.write(info, figures)
        if let cold = figures.coldOpen, cold.unlinkedVectors > 0 {
            print("\nFAILED: \(cold.unlinkedVectors) vectors were not linked when the store was opened again")
            throw ExitCode.failure
        }
    }

    private func sweepPlan() throws -> SweepPlan {
        guard let breadths else {
            return SweepPlan(
                k: k, settings: SweepPlan.usualBreadths.map { SearchSetting(breadth: $0) }, stopsEarly: true,
                passCount: passes)
        }
        let numbers = breadths.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 ?? 0 > 0 }) else {
            throw ValidationError("--breadths takes positive numbers separated by commas.")
        }
        return SweepPlan(
            k: k, settings: numbers.map { SearchSetting(breadth: $0) }, stopsEarly: false, passCount: passes)
    }
}
