// Writers that each commit one document after another until time is up.

import Foundation
import SmartStore
import Synchronization

/// How the writers run.
enum WriterKind: String, Encodable, CaseIterable {
    /// Threads that call `writeSync`.
    case threads
    /// Tasks that await `write`.
    case tasks
}

struct CommitLoad {
    static let documentByteCount = 300

    let kind: WriterKind
    let writers: Int
    let encrypted: Bool
    let seconds: Double

    struct Outcome {
        var rate: Double
        var latency: Latency
        var commitsPerSync: Double
        /// The disk's own rate just before: on a shared machine it changes from one second to the next.
        var diskRate: Double
    }

    /// Probes the disk, then commits into a fresh store, which is removed afterwards.
    func run(in folder: URL) async throws -> Outcome {
        let disk = try DiskProbe.syncsPerSecond(in: folder, seconds: seconds / 4)
        let url = folder.appendingPathComponent("commits.store")
        let store = try BenchStore.create(url, encrypted: encrypted)
        defer { try? FileManager.default.removeItem(at: url) }
        do {
            try store.writeSync { _ = try $0.collection("notes").insert(["first": true]) }
            let before = try store.statistics()
            let clock = Stopwatch()
            let deadline = Stopwatch.nanoseconds + UInt64(seconds * 1e9)
            let latency =
                switch kind {
                case .threads: try commitOnThreads(store, until: deadline)
                case .tasks: try await commitInTasks(store, until: deadline)
                }
            let elapsed = clock.seconds
            let after = try store.statistics()
            let count = try store.readSync { try $0.collection("notes").count() }
            guard count == latency.count + 1 else {
                throw BenchError("\(latency.count) commits were acknowledged, \(count - 1) documents are there")
            }
            try store.close()
            return Outcome(
                rate: Double(latency.count) / elapsed, latency: latency,
                commitsPerSync: Double(after.commitCount - before.commitCount)
                    / Double(max(1, after.syncCount - before.syncCount)),
                diskRate: disk.rate)
        } catch {
            try? store.close()
            throw error
        }
    }

    private func commitOnThreads(_ store: Store, until deadline: UInt64) throws -> Latency {
        let outcomes = Mutex<[Result<Latency, any Error>]>([])
        let group = DispatchGroup()
        for writer in 0..<writers {
            group.enter()
            Thread.detachNewThread {
                let outcome = Result {
                    var samples = SampleDocuments(seed: UInt64(writer))
                    var latency = Latency()
                    while Stopwatch.nanoseconds < deadline {
                        let document = samples.next(byteCount: Self.documentByteCount)
                        let start = Stopwatch.nanoseconds
                        try store.writeSync { _ = try $0.collection("notes").insert(document) }
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

    private func commitInTasks(_ store: Store, until deadline: UInt64) async throws -> Latency {
        try await withThrowingTaskGroup(of: Latency.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    var samples = SampleDocuments(seed: UInt64(writer))
                    var latency = Latency()
                    while Stopwatch.nanoseconds < deadline {
                        let document = samples.next(byteCount: Self.documentByteCount)
                        let start = Stopwatch.nanoseconds
                        try await store.write { _ = try $0.collection("notes").insert(document) }
                        latency.add(Stopwatch.nanoseconds - start)
                    }
                    return latency
                }
            }
            return try await group.reduce(into: Latency()) { $0.add($1) }
        }
    }
}
