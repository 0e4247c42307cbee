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
            let building = Stopwatch()
            _ = try target.importRows(0..<dataset.rowCount, of: dataset)
            try target.waitUntilLinked(helping: threads > 1)
            figures.insertedPerSecond = Double(dataset.rowCount) / building.seconds
            try target.store.checkpoint()
            figures.memoryBytesBefore = PeakMemory.residentByteCount
            return try sweep(target, churn)
        }
        figures.fileBytesBefore = try BenchStore.byteCount(of: place.url)
        var after = before
        for round in 1...rounds {
            progress.step("round \(round) of \(rounds)")
            let chosen = churn.nextRound()
            let vectors = try chosen.map {
                try dataset.base.floats(churn.vectorOfPlace[$0]..<churn.vectorOfPlace[$0] + 1)[0]
            }
            var figure: (replaced: Double, committed: Double, memory: Int) = (0, 0, 0)
            after = try VectorStore(opening: place.url, encrypted: place.encrypted, memoryLimit: place.memoryLimit)
                .closing { target in
                    let replacing = Stopwatch()
                    try replace(chosen, by: vectors, in: target, &generations)
                    figure.committed = Double(chosen.count) / replacing.seconds
                    try target.waitUntilLinked(helping: threads > 1)
                    figure.replaced = Double(chosen.count) / replacing.seconds
                    try target.store.checkpoint()
                    figure.memory = PeakMemory.residentByteCount
                    return try sweep(target, churn)
                }
            figures.rounds.append(
                ChurnFigures.Round(
                    replacedPerSecond: figure.replaced, committedPerSecond: figure.committed,
                    memoryBytes: figure.memory, fileBytes: try BenchStore.byteCount(of: place.url),
                    recall: ChurnFigures.recalls(after)))
        }
        figures.finish(before: before, after: after, fresh: try fresh(churn))
        return figures
    }

    private func replace(
        _ places: [Int], by vectors: [[Float]], in target: VectorStore, _ generations: inout [Int]
    ) throws {
        for start in stride(from: 0, to: places.count, by: VectorStore.batchCount) {
            let batch = start..<min(start + VectorStore.batchCount, places.count)
            try target.store.writeSync { transaction in
                let collection = transaction.collection(VectorStore.collection)
                for number in batch {
                    let place = places[number]
                    let old = Int64(place + generations[place] * dataset.rowCount)
                    if number % 2 == 0 {
                        let document = VectorStore.document(id: old, vector: vectors[number])
                        guard try collection.replace(.int64(old), with: document) else {
                            throw BenchError("document \(old) is not there")
                        }
                    } else {
                        guard try collection.delete(.int64(old)) else {
                            throw BenchError("document \(old) is not there")
                        }
                        generations[place] += 1
                        let id = Int64(place + generations[place] * dataset.rowCount)
                        try collection.insert(VectorStore.document(id: id, vector: vectors[number]))
                    }
                }
            }
        }
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
                        let number = churn.vectorOfPlace[place]
                        let vector = try dataset.base.floats(number..<number + 1)[0]
                        return VectorStore.document(id: Int64(place), vector: vector)
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
