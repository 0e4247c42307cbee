import SmartStore
import StoreIO
import StoreTestSupport

// Verbs that take commits of the store's own: indexes built beside writers, and expiry. The oracle knows what each may
// leave, not always how many commits it takes.

extension StoreSession {
    /// How many commits a build may make, at most: their numbers are not known before.
    private static let buildCommits: UInt64 = 10_000

    /// Builds an index beside writers that commit from its progress.
    /// - Parameters:
    ///   - writes: commits meanwhile, at most.
    ///   - stopsAfter: calls of its progress after which it is stopped; nil: it is not.
    ///   - isRefused: it must fail by documents with equal keys.
    func build(
        _ name: String, _ specification: IndexSpecification, writes: Int, stopsAfter: Int? = nil,
        isRefused: Bool = false
    ) throws {
        let store = try current()
        func expectCommits() throws {
            let now = try store.readSync { $0.sequence }
            progress.attempted = now + Self.buildCommits
            disk.attempt(Int(progress.attempted))
        }
        let index = specification.effectiveName
        model.collections[name, default: .init()].building[index] = specification
        // The newest commit that changed content may show the index, too: commits of checkpoints come behind it.
        if let newest = models.keys.max() { models[newest] = model }
        try expectCommits()
        let work = BuildWork()
        let result = Result {
            // The closure runs on this thread, within the call.
            try work.run(store, name, specification) { calls in
                if let stopsAfter, calls > stopsAfter { return false }
                guard calls <= writes else { return true }
                try self.commit { try self.changeIndexed(3, $0, &$1, name) }
                try expectCommits()
                return true
            }
        }
        switch result {
        case .success: guard stopsAfter == nil, !isRefused else { throw TrialError("the index was made") }
        case .failure(let error as StoreError)
        where error.code == .cancelled && stopsAfter != nil || error.code == .duplicateKey && isRefused:
            break
        case .failure(let error): throw error
        }
        let isMade = stopsAfter == nil && !isRefused
        model.collections[name]?.building[index] = nil
        if isMade { model.collections[name]?.indexes[index] = specification }
        models[try store.readSync { $0.sequence }] = model
        acknowledge(try store.readSync { $0.sequence })
        progress.attempted = progress.acknowledged
    }

    /// Removes what has expired, at most `limit` documents, in a transaction of the store's own.
    func expire(_ name: String, _ limit: Int) throws {
        let store = try current()
        guard let collection = model.collections[name],
            let seconds = collection.indexes["ttl"]?.expireAfterSeconds
        else { throw TrialError("there is no ttl") }
        let due = clock.now() - Int64(seconds) * 1000
        var old: [(date: Int64, id: Int32)] = []
        for (id, bytes) in collection.documents {
            guard let date = try Document(bson: bytes)["t"]?.date?.millisecondsSince1970, date <= due else { continue }
            old.append((date, id))
        }
        let gone = old.sorted { ($0.date, $0.id) < ($1.date, $1.id) }.prefix(limit)
        let sequence = try store.readSync { $0.sequence } + 1
        var changed = model
        for (_, id) in gone { changed.collections[name]?.documents[id] = nil }
        if !gone.isEmpty {
            models[sequence] = changed
            progress.attempted = sequence
            disk.attempt(Int(sequence))
        }
        let removed: Int
        do { removed = try store.removeExpired(limit: limit) } catch {
            if error.code == .commitUnknown { unknown = (sequence, changed) } else { models[sequence] = nil }
            throw error
        }
        guard removed == gone.count else { throw TrialError("\(removed) expired instead of \(gone.count)") }
        model = changed
        if removed > 0 { acknowledge(sequence) }
    }
}

/// Runs the build of an index, and lends its progress to a closure that may throw.
private final class BuildWork: @unchecked Sendable {
    // Touched only by the thread that makes the index, which calls the progress itself.
    private var failure: (any Error)?
    private var calls = 0

    func run(
        _ store: Store, _ name: String, _ specification: IndexSpecification, _ step: (Int) throws -> Bool
    ) throws {
        try withoutActuallyEscaping(step) { step in
            nonisolated(unsafe) let step = step
            do {
                try store.createIndex(on: name, specification) { _ in
                    self.calls += 1
                    do { return try step(self.calls) } catch {
                        self.failure = error
                        return false
                    }
                }
            } catch {
                throw failure ?? error
            }
        }
    }
}
