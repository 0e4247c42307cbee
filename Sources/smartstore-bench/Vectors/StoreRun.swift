// The index through the store: documents imported with their vectors, linked in the background, closed, opened by cold
// processes, then searched from snapshots.

import Foundation
import SmartStore
import VectorIndex

/// Where and how a store is measured.
struct StorePlace {
    let url: URL
    let encrypted: Bool
    /// Bytes of vectors, codes and links in memory while searching, and while building.
    let memoryLimit: Int?
    let buildMemoryLimit: Int?
}

struct StoreRun {
    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let filterShares: [Double]
    let progress: Progress
    let place: StorePlace
    let opens: Int

    func run() throws -> VectorFigures {
        var figures = VectorFigures(dataset: dataset, options: options, threads: threads, k: plan.k)
        figures.encrypted = place.encrypted
        figures.memoryLimit = place.memoryLimit
        figures.buildMemoryLimit = place.buildMemoryLimit
        try build(&figures)
        figures.fileBytes = try BenchStore.byteCount(of: place.url)
        figures.peakRssBuildBytes = PeakMemory.byteCount
        try openCold(&figures)
        try VectorStore(opening: place.url, encrypted: place.encrypted, memoryLimit: place.memoryLimit).closing {
            try search(&figures, $0)
        }
        return figures
    }

    private func build(_ figures: inout VectorFigures) throws {
        let target = try VectorStore(
            creating: place.url, encrypted: place.encrypted, memoryLimit: place.buildMemoryLimit, index: options)
        do {
            progress.step("importing \(dataset.rowCount) documents")
            let building = Stopwatch()
            let writeSeconds = try target.importRows(
                0..<dataset.rowCount, of: dataset, withAttribute: !filterShares.isEmpty)
            figures.importPerSecond = Double(dataset.rowCount) / writeSeconds
            progress.step("imported, \(try target.unlinkedCount()) vectors are left to link")
            let linking = Stopwatch()
            try target.waitUntilLinked(helping: threads > 1)
            figures.linkTailSeconds = linking.seconds
            figures.buildPerSecond = Double(dataset.rowCount) / building.seconds
            progress.step("linked, closing")
            let closing = Stopwatch()
            try target.store.close()
            figures.closeSeconds = closing.seconds
        } catch {
            try? target.store.close()
            throw error
        }
    }

    private func openCold(_ figures: inout VectorFigures) throws {
        progress.step("opening in \(opens) new processes")
        let answers = try (0..<opens).map { _ in
            try FirstAnswer.measure(
                store: place.url, queries: VectorDataset.queryPath(in: dataset.folder), encrypted: place.encrypted,
                k: plan.k, memoryLimit: place.memoryLimit)
        }
        progress.step("searching in a new process, for its memory")
        figures.peakRssSearchBytes = try FirstAnswer.measure(
            store: place.url, queries: VectorDataset.queryPath(in: dataset.folder), encrypted: place.encrypted,
            k: plan.k, memoryLimit: place.memoryLimit, searches: dataset.set.count
        ).peakRssSearchBytes
        let cold = ColdOpenFigures(answers, rowCount: dataset.rowCount)
        figures.coldOpen = cold
        figures.openToFirstAnswerMs = cold.medianMs
    }

    private func search(_ figures: inout VectorFigures, _ target: VectorStore) throws {
        // The state of a server that has run for a while: blocks that searches read are there, and the recall is measured,
        // which the store would otherwise do beside the first settings.
        if place.memoryLimit == nil {
            for (number, query) in dataset.set.queries.enumerated() where number % 2 == 0 {
                _ = try target.search(query, k: plan.k, SearchSetting())
            }
            try target.store.calibrateVectors()
        }
        figures.take(
            try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
                try target.search(query, k: plan.k, setting)
            })
        guard !filterShares.isEmpty else { return }
        progress.step("exact neighbours under filters")
        let cases = try FilterCases.make(shares: filterShares, dataset: dataset).filter { $0.kind == .random }
        let truths = try FilterCases.truths(cases, dataset: dataset, k: plan.k)
        figures.filters = try zip(cases, truths).map { filter, truth in
            progress.step("\(filter.share) % by a document filter")
            let document: Document = [VectorStore.attribute: .document(["$lt": .double(filter.share)])]
            let search: SearchSweep.Search = { _, query, setting in
                try target.search(query, k: plan.k, setting, filter: document)
            }
            let points = try SearchSweep.run(
                try affordable(plan, truth, search), truth, progress: progress, search: search)
            return FilterFigures(filter, form: "documents", points)
        }
    }

    /// A filter that every row has to be read for may take a tenth of a second a query: then one setting has to do.
    private func affordable(_ plan: SweepPlan, _ set: QuerySet, _ search: SearchSweep.Search) throws -> SweepPlan {
        let clock = Stopwatch()
        for number in 0..<min(3, set.count) { _ = try search(number, set.queries[number], SearchSetting()) }
        guard clock.seconds / 3 > 0.005 else { return plan }
        return SweepPlan(k: plan.k, settings: [SearchSetting()], stopsEarly: false, passCount: 1)
    }
}
