// The bare index in memory: build rate by linking alone, then the search sweep, and filtered searches when asked for.

import VectorIndex

struct IndexRun {
    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let filterShares: [Double]
    let progress: Progress

    func run() throws -> VectorFigures {
        var figures = VectorFigures(dataset: dataset, options: options, threads: threads, k: plan.k)
        progress.step("appending and linking \(dataset.rowCount) rows")
        let bare = try BareIndex(
            building: dataset, options: options, threads: threads, rate: &figures.buildPerSecond)
        figures.peakRssBuildBytes = PeakMemory.byteCount
        figures.fileBytes = try bare.savedByteCount()
        figures.residentBytes = bare.index.residentByteCount
        PeakMemory.reset()
        figures.take(
            try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
                try bare.search(query, k: plan.k, setting)
            })
        figures.peakRssSearchBytes = PeakMemory.byteCount
        if !filterShares.isEmpty {
            figures.filters = try FilterRun(dataset: dataset, plan: plan, shares: filterShares, progress: progress)
                .run(bare)
        }
        return figures
    }
}
