// The bare index in memory: build rate by linking alone, then the search sweep.

import VectorIndex

struct IndexRun {
    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let progress: Progress

    func run() throws -> VectorFigures {
        var figures = VectorFigures(dataset: dataset, options: options, threads: threads, k: plan.k)
        let index = try HNSWIndex(options: options)
        progress.step("appending \(dataset.rowCount) rows")
        try dataset.forEachBlock { start, rows in
            for (offset, vector) in rows.enumerated() {
                try index.append(row: UInt32(start + offset), vector: vector, birth: 0)
            }
        }
        progress.step("linking")
        let linking = Stopwatch()
        let linked = try index.link(atMost: .max, threads: threads)
        guard linked == dataset.rowCount else { throw BenchError("only \(linked) rows were linked") }
        figures.buildPerSecond = Double(linked) / linking.seconds
        figures.peakRssBuildBytes = PeakMemory.byteCount
        figures.fileBytes = try savedByteCount(index)
        PeakMemory.reset()
        figures.take(
            try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
                try index.search(query, k: plan.k, breadth: setting.breadth ?? 64).map { Int32(bitPattern: $0.row) }
            })
        figures.peakRssSearchBytes = PeakMemory.byteCount
        return figures
    }

    /// Vectors, link blocks and state, as an owner would write them.
    private func savedByteCount(_ index: HNSWIndex) throws -> Int {
        var byteCount = dataset.rowCount * options.vectorStride
        try index.save(
            write: { _, _, bytes in byteCount += bytes.count },
            commit: { state in byteCount += state.encode().count })
        return byteCount
    }
}
