// Writers that each insert one vector after another, each in a durable commit, until time is up.

import Dispatch
import Foundation
import SmartStore
import Synchronization

struct DurableLoad: Sendable {
    let kind: WriterKind
    let writers: Int
    let seconds: Double
    /// Made before the clock starts; writer w of n inserts every n-th from the w-th on.
    let documents: [Document]

    struct Outcome {
        var rate: Double
        var latency: Latency
        var commitsPerSync: Double
    }

    func run(_ target: VectorStore) async throws -> Outcome {
        let before = try target.store.statistics()
        let countBefore = try target.store.readSync { try $0.collection(VectorStore.collection).count() }
        let deadline = Stopwatch.nanoseconds + UInt64(seconds * 1e9)
        let clock = Stopwatch()
        let latency =
            switch kind {
            case .threads: try insertOnThreads(target.store, until: deadline)
            case .tasks: try await insertInTasks(target.store, until: deadline)
            }
        let elapsed = clock.seconds
        let after = try target.store.statistics()
        let count = try target.store.readSync { try $0.collection(VectorStore.collection).count() }
        guard latency.count > 0, count == countBefore + latency.count else {
            throw BenchError("\(latency.count) commits were acknowledged, \(count - countBefore) documents are there")
        }
        return Outcome(
            rate: Double(latency.count) / elapsed, latency: latency,
            commitsPerSync: Double(after.commitCount - before.commitCount)
                / Double(max(1, after.syncCount - before.syncCount)))
    }

    private func insertOnThreads(_ store: Store, until deadline: UInt64) throws -> Latency {
        let outcomes = Mutex<[Result<Latency, any Error>]>([])
        let group = DispatchGroup()
        for writer in 0..<writers {
            group.enter()
            Thread.detachNewThread {
                let outcome = Result {
                    var latency = Latency()
                    for place in stride(from: writer, to: documents.count, by: writers) {
                        let start = Stopwatch.nanoseconds
                        if start >= deadline { break }
                        try store.writeSync { _ = try $0.collection(VectorStore.collection).insert(documents[place]) }
                        latency.add(Stopwatch.nanoseconds - start)
                    }
                    return latency
                }
                outcomes.withLock { $0.append(outcome) }
                group.leave()
            }
        }
        group.wait()
        return try outcomes.withLock { try $0.reduce(into: Latency()) { $0.add(try $1.get()) } }
    }

    private func insertInTasks(_ store: Store, until deadline: UInt64) async throws -> Latency {
        try await withThrowingTaskGroup(of: Latency.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    var latency = Latency()
                    for place in stride(from: writer, to: documents.count, by: writers) {
                        let start = Stopwatch.nanoseconds
                        if start >= deadline { break }
                        try await store.write { _ = try $0.collection(VectorStore.collection).insert(documents[place]) }
                        latency.add(Stopwatch.nanoseconds - start)
                    }
                    return latency
                }
            }
            return try await group.reduce(into: Latency()) { $0.add($1) }
        }
    }
}
