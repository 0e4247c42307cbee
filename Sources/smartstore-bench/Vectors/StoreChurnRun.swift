// Churn through the store: every other chosen document is replaced in place, the rest are deleted and put in again under
// new ids, in durable transactions; links catch up in the background.

import Foundation
import SmartStore
import VectorIndex

struct StoreChurnRun {
    let dataset: VectorDataset
    let options: IndexOptions
    let threads: Int
    let plan: SweepPlan
    let rounds: Int
    let progress: Progress
    let place: StorePlace

    func run() throws -> ChurnFigures {
        var figures = ChurnFigures()
        var churn = ChurnPlan(count: dataset.rowCount)
        /// How often a document's id was given anew. An id is place + generation × rows.
        var generations = [Int](repeating: 0, count: dataset.rowCount)
        progress.step("building")
        let before = try VectorStore(
            creating: place.url, encrypted: place.encrypted, memoryLimit: place.buildMemoryLimit, index: options
        ).closing { target in
            let seconds = try target.importRows(0..<dataset.rowCount, of: dataset)
            let linking = Stopwatch()
            try target.waitUntilLinked(helping: threads > 1)
            figures.insertedPerSecond = Double(dataset.rowCount) / (seconds + linking.seconds)
            return try sweep(target, churn)
        }
        figures.memoryBytesBefore = try searchMemory()
        figures.fileBytesBefore = try BenchStore.byteCount(of: place.url)
        var after = before
        for round in 1...rounds {
            progress.step("round \(round) of \(rounds)")
            let chosen = churn.nextRound()
            var rates = (replaced: 0.0, committed: 0.0)
            after = try VectorStore(opening: place.url, encrypted: place.encrypted, memoryLimit: place.memoryLimit)
                .closing { target in
                    let writeSeconds = try replace(chosen, in: target, churn, &generations)
                    let linking = Stopwatch()
                    try target.waitUntilLinked(helping: threads > 1)
                    rates.replaced = Double(chosen.count) / (writeSeconds + linking.seconds)
                    rates.committed = Double(chosen.count) / writeSeconds
                    return try sweep(target, churn)
                }
            figures.rounds.append(
                ChurnFigures.Round(
                    replacedPerSecond: rates.replaced, committedPerSecond: rates.committed, repairSeconds: nil,
                    memoryBytes: try searchMemory(), fileBytes: try BenchStore.byteCount(of: place.url),
                    recall: ChurnFigures.recalls(after)))
        }
        figures.finish(before: before, after: after, fresh: try fresh(churn))
        return figures
    }

    /// Returns the seconds spent in the store; reading the data set is not its work.
    private func replace(
        _ places: [Int], in target: VectorStore, _ churn: ChurnPlan, _ generations: inout [Int]
    ) throws -> Double {
        var seconds = 0.0
        for start in stride(from: 0, to: places.count, by: VectorStore.batchCount) {
            let batch = start..<min(start + VectorStore.batchCount, places.count)
            let vectors = try batch.map { try vector(churn, places[$0]) }
            let writing = Stopwatch()
            try target.store.writeSync { transaction in
                let collection = transaction.collection(VectorStore.collection)
                for number in batch {
                    let place = places[number]
                    let old = Int64(place + generations[place] * dataset.rowCount)
                    let vector = vectors[number - start]
                    if number % 2 == 0 {
                        let document = VectorStore.document(id: old, vector: vector)
                        guard try collection.replace(.int64(old), with: document) else {
                            throw BenchError("document \(old) is not there")
                        }
                    } else {
                        guard try collection.delete(.int64(old)) else {
                            throw BenchError("document \(old) is not there")
                        }
                        generations[place] += 1
                        let id = Int64(place + generations[place] * dataset.rowCount)
                        try collection.insert(VectorStore.document(id: id, vector: vector))
                    }
                }
            }
            seconds += writing.seconds
        }
        return seconds
    }

    private func vector(_ churn: ChurnPlan, _ place: Int) throws -> [Float] {
        let number = churn.vectorOfPlace[place]
        return try dataset.base.floats(number..<number + 1)[0]
    }

    /// The peak of a new process that opens the store and asks every query: what lies about in this one is not in it.
    private func searchMemory() throws -> Int {
        try FirstAnswer.measure(
            store: place.url, queries: VectorDataset.queryPath(in: dataset.folder), encrypted: place.encrypted,
            k: plan.k, memoryLimit: place.memoryLimit, searches: dataset.set.count
        ).peakRssSearchBytes
    }

    /// A store built of the same content, in the order of the places.
    private func fresh(_ churn: ChurnPlan) throws -> [SweepPoint] {
        progress.step("building afresh")
        let url = place.url.appendingPathExtension("fresh")
        return try VectorStore(
            creating: url, encrypted: place.encrypted, memoryLimit: place.buildMemoryLimit, index: options
        ).closing { target in
            for start in stride(from: 0, to: dataset.rowCount, by: VectorStore.batchCount) {
                try target.insert(
                    try (start..<min(start + VectorStore.batchCount, dataset.rowCount)).map { place in
                        VectorStore.document(id: Int64(place), vector: try vector(churn, place))
                    })
            }
            try target.waitUntilLinked(helping: threads > 1)
            return try sweep(target, churn)
        }
    }

    private func sweep(_ target: VectorStore, _ churn: ChurnPlan) throws -> [SweepPoint] {
        try SearchSweep.run(plan, dataset.set, progress: progress) { _, query, setting in
            try target.search(query, k: plan.k, setting).map {
                Int32(churn.vectorOfPlace[Int($0) % dataset.rowCount])
            }
        }
    }
}
