// `vectors`: builds a vector index over a data set, through the store or bare, and measures recall against speed, and
// what filters, replacing and durable inserts cost.

import ArgumentParser
import Foundation
import VectorIndex

struct VectorsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors",
        abstract:
            "Build rate, recall, search rate and opening time of a vector index; filters, churn, durable inserts.",
        discussion: """
            Measures the index through an encrypted store, or bare with --index-only. Each setting of a sweep is timed \
            in passes over all queries, one query a call; the median pass counts. "Tuned" figures choose the settings \
            on the queries of even number and report recall and rate of the odd ones.

            --churn and --durable are measurements of their own and take the place of the sweep.
            """)

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
    var m = IndexOptions.usualConnectivity

    @Option(help: "Candidates kept in view while linking.")
    var efConstruction = IndexOptions.usualBuildBreadth

    @Option(
        help: """
            What is kept of a vector: none (float32), f16, or codes of int8, 4bit or 1bit over float16; auto: what the \
            index chooses by the dimension.
            """)
    var quantisation = Quantisation.auto

    @Option(help: "Threads that link. Through the store: 1 is its background linker alone, 2 helps it.")
    var threads = 1

    @Option(help: "Measure only the settings around this recall, and say what it takes to reach it.")
    var recall: Double?

    @Option(
        help: ArgumentHelp(
            """
            Also search with filters that let these shares of the rows pass, in hundredths: random ones, and (bare) \
            ones of rows near to or far from the query's region. Separated by commas.
            """, valueName: "percents"))
    var filterShare: String?

    @Option(
        help: ArgumentHelp(
            "Replace 30 % of the vectors so many times; recall then beside that of a fresh build.", valueName: "rounds")
    )
    var churn: Int?

    @Flag(help: "Insert vectors durably into an index of 20,000: one by one, with 8 writers, and in batches of 1,000.")
    var durable = false

    @Flag(inversion: .prefixedNo, help: "Encrypt the store.")
    var encrypted = true

    @Option(
        help: ArgumentHelp(
            "Bytes of vectors, codes and links the store keeps in memory; k, m and g stand for KiB, MiB and GiB.",
            valueName: "bytes"))
    var memoryLimit: ByteCount?

    @Option(
        help: ArgumentHelp("The same while the store is built; default: --memory-limit.", valueName: "bytes"))
    var buildMemoryLimit: ByteCount?

    @Flag(help: "Measure the bare index in memory, without a store.")
    var indexOnly = false

    @Option(
        help: ArgumentHelp(
            """
            Make so many rows from the data set: its own, then jittered copies, seeded. Exact neighbours are computed, \
            for 200 queries unless --limit-queries says otherwise.
            """, valueName: "rows"))
    var scale: Int?

    @Option(help: "Use only the first rows of the base; neighbours are then computed anew.")
    var limitRows: Int?

    @Option(help: "Use only the first queries.")
    var limitQueries: Int?

    @Option(
        help: "Search breadths, separated by commas. By default a grid of breadth and rerank that spans .8 to .999.")
    var breadths: String?

    @Option(help: "Rows compared exactly, separated by commas: each with each of --breadths.")
    var reranks: String?

    @Option(help: "Passes over the queries at each setting; the median counts.")
    var passes = 5

    @Option(help: "Rounds of --durable; medians count.")
    var rounds = 5

    @Option(help: "Seconds of each load of --durable.")
    var seconds = 1.0

    @Option(help: "Processes that open the store anew; the median of their times counts.")
    var opens = 5

    @Option(help: "Vector kernels to use: portable, avx2, avx512 (or the environment variable SMARTSTORE_KERNELS).")
    var kernels: String?

    @Option(help: ArgumentHelp("Draw recall against queries a second into this file, as SVG.", valueName: "path"))
    var plot: String?

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard k >= 1, threads >= 1, opens >= 1, passes >= 1, rounds >= 1, churn ?? 1 >= 1, seconds > 0 else {
            throw ValidationError(
                "--k, --threads, --opens, --passes, --rounds, --churn and --seconds must be positive.")
        }
        guard limitRows ?? 1 > 0, limitQueries ?? 2 > 1, scale ?? 1 > 0 else {
            throw ValidationError("--limit-rows and --scale must be positive, --limit-queries at least 2.")
        }
        guard (0.01..<1).contains(recall ?? 0.5) else { throw ValidationError("--recall is above 0 and below 1.") }
        if indexOnly, memoryLimit != nil || buildMemoryLimit != nil || durable {
            throw ValidationError("--memory-limit and --durable need a store: leave out --index-only.")
        }
        if durable, churn != nil { throw ValidationError("--churn and --durable are measured in runs of their own.") }
        if filterShare != nil, durable || churn != nil {
            throw ValidationError("--filter-share belongs to the sweep: leave out --churn and --durable.")
        }
        _ = try sweepPlan(codes: .none)
        _ = try filterShares()
    }

    func run() async throws {
        if let kernels, try KernelChoice.handOver(kernels) { return }
        let progress = Progress()
        let info = RunInfo()
        progress.step("reading \(data)")
        let dataset = try VectorDataset(
            folder: data, k: k, metric: metric.metric,
            extent: VectorDataset.Extent(rowLimit: limitRows, scale: scale, queryLimit: limitQueries),
            progress: progress)
        let options = try IndexOptions(
            dimension: dataset.dimension, metric: metric.metric, storage: quantisation.storage,
            codes: quantisation.codes(dimension: dataset.dimension), connectivity: m, buildBreadth: efConstruction)
        PeakMemory.reset()
        try await shared.withScratchFolder { folder in
            let place = StorePlace(
                url: folder.appendingPathComponent("vectors.store"), encrypted: encrypted,
                memoryLimit: memoryLimit?.count, buildMemoryLimit: (buildMemoryLimit ?? memoryLimit)?.count)
            if durable {
                try await measureDurable(dataset, options, place, info, progress)
            } else if let churn {
                try measureChurn(churn, dataset, options, place, info, progress)
            } else {
                try measureSweep(dataset, options, place, info, progress)
            }
        }
    }

    private func measureSweep(
        _ dataset: VectorDataset, _ options: IndexOptions, _ place: StorePlace, _ info: RunInfo, _ progress: Progress
    ) throws {
        let plan = try sweepPlan(codes: options.codes)
        let figures =
            indexOnly
            ? try IndexRun(
                dataset: dataset, options: options, threads: threads, plan: plan, filterShares: try filterShares(),
                progress: progress
            ).run()
            : try StoreRun(
                dataset: dataset, options: options, threads: threads, plan: plan, filterShares: try filterShares(),
                progress: progress, place: place, opens: opens
            ).run()
        info.show()
        figures.show()
        if let recall { figures.showSetting(for: recall) }
        try shared.write(info, figures)
        if let plot { try figures.plot.write(to: plot) }
        if let cold = figures.coldOpen, cold.unlinkedVectors > 0 {
            print("\nFAILED: \(cold.unlinkedVectors) vectors were not linked when the store was opened again")
            throw ExitCode.failure
        }
    }

    private func measureChurn(
        _ rounds: Int, _ dataset: VectorDataset, _ options: IndexOptions, _ place: StorePlace, _ info: RunInfo,
        _ progress: Progress
    ) throws {
        var plan = try sweepPlan(codes: options.codes)
        if breadths == nil { plan.settings = [16, 32, 48, 64, 128, 256].map { SearchSetting(breadth: max(k, $0)) } }
        plan.stopsEarly = false
        let figures =
            indexOnly
            ? try ChurnRun(
                dataset: dataset, options: options, threads: threads, plan: plan, rounds: rounds, progress: progress
            ).run()
            : try StoreChurnRun(
                dataset: dataset, options: options, threads: threads, plan: plan, rounds: rounds, progress: progress,
                place: place
            ).run()
        info.show()
        figures.show()
        try shared.write(info, figures)
    }

    private func measureDurable(
        _ dataset: VectorDataset, _ options: IndexOptions, _ place: StorePlace, _ info: RunInfo, _ progress: Progress
    ) async throws {
        let figures = try await DurableRun(
            dataset: dataset, options: options, plan: try sweepPlan(codes: options.codes), rounds: rounds,
            secondsPerLoad: seconds, progress: progress, place: place
        ).run()
        info.show()
        figures.show()
        try shared.write(info, figures)
    }

    // MARK: Lists of numbers

    func sweepPlan(codes: VectorCodes) throws -> SweepPlan {
        guard let breadths else {
            guard reranks == nil else { throw ValidationError("--reranks needs --breadths.") }
            return SweepPlan(
                k: k, settings: SweepPlan.usualSettings(k: k, codes: codes), stopsEarly: true,
                passCount: passes, recall: recall)
        }
        let numbers = try positive(breadths, "--breadths")
        let exact = try reranks.map { try positive($0, "--reranks") }
        let settings = numbers.flatMap { breadth in
            exact?.map { SearchSetting(breadth: breadth, rerank: $0) } ?? [SearchSetting(breadth: breadth)]
        }
        return SweepPlan(k: k, settings: settings, stopsEarly: false, passCount: passes, recall: recall)
    }

    func filterShares() throws -> [Double] {
        guard let filterShare else { return [] }
        let shares = filterShare.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) ?? 0 }
        guard !shares.isEmpty, shares.allSatisfy({ $0 > 0 && $0 <= 100 }) else {
            throw ValidationError("--filter-share takes numbers above 0, up to 100, separated by commas.")
        }
        return shares
    }

    private func positive(_ list: String, _ name: String) throws -> [Int] {
        let numbers = list.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) ?? 0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("\(name) takes positive numbers separated by commas.")
        }
        return numbers
    }
}
