// Stores of keys and values: what they can be measured at. Documents are BSON bytes under their `_id`, eight bytes.
//
// A row that wants a query language, or an index that such a store does not keep, stays empty.

/// An open store. Threads share it.
protocol KeyValuePeer: AnyObject, Sendable {
    var library: String { get }
    /// For one thread.
    func session() throws -> any KeyValueSession
    func close() throws
}

protocol KeyValueSession: AnyObject {
    /// One durable write of everything given.
    func write(_ documents: [PeerDocument]) throws
    func delete(_ ids: [Int64]) throws
    /// Replaces documents by what `change` makes of them, in one durable write.
    func update(_ ids: [Int64], _ change: ([UInt8]) throws -> [UInt8]) throws
    /// One view for all reads inside.
    func reading(_ body: () throws -> Void) throws
    /// A copy of the document.
    func get(_ id: Int64) throws -> [UInt8]?
    /// Lends every document.
    func scan(_ body: (UnsafeRawBufferPointer) throws -> Void) throws
    /// How many documents there are, from the store's own books; nil when it keeps none.
    func count() throws -> Int?
    /// Makes an index of users and keeps it from then on; false when the store has no such thing.
    func indexUsers() throws -> Bool
    /// The documents of a user, by that index.
    func find(user: Int32) throws -> [[UInt8]]
    func close()
}

extension KeyValueSession {
    func count() throws -> Int? { nil }
    func indexUsers() throws -> Bool { false }
    func find(user: Int32) throws -> [[UInt8]] { [] }
}

/// The rows of such a store.
struct KeyValueRun {
    static let batch = 1000

    let corpus: CorpusFile
    let settings: PeerSettings

    func measure(_ peer: any KeyValuePeer) throws -> Findings {
        var findings = Findings()
        findings.library = peer.library
        let session = try peer.session()
        var spent = 0.0
        try corpus.batches(of: Self.batch, where: { _ in true }) { batch in
            let watch = Stopwatch()
            try session.write(batch)
            spent += settings.elapsed(watch)
        }
        findings.add(.bulkLoad, Double(corpus.count) / spent)
        findings.add(.bulkLoadAwaited, Double(corpus.count) / spent)
        settings.step("loaded")
        let watch = Stopwatch()
        let hasIndex = try session.indexUsers()
        if hasIndex { findings.add(.indexUser, Double(corpus.count) / settings.elapsed(watch)) }
        findings.add(.fileAfterLoad, try Measure.size(ofFolder: settings.folder))
        try insertSingly(peer, session, &findings)
        try session.reading { try read(session, hasIndex: hasIndex, &findings) }
        try update(session, &findings)
        try deleteAndReinsert(session, &findings)
        findings.add(.peakMemory, try Measure.peakMemory())
        session.close()
        try peer.close()
        findings.add(.fileAtEnd, try Measure.size(ofFolder: settings.folder))
        return findings
    }

    private func insertSingly(
        _ peer: any KeyValuePeer, _ session: any KeyValueSession, _ findings: inout Findings
    ) throws {
        var id = corpus.count
        let watch = Stopwatch()
        while watch.seconds < settings.seconds {
            try session.write([corpus.fresh(id)])
            id += 1
        }
        findings.add(.insertSingly, Double(id - corpus.count) / watch.seconds)
        var added = Array(corpus.count..<id)
        let first = corpus.count + 10_000_000
        let corpus = corpus
        let writers = try (0..<8).map { _ in Writer(session: try peer.session()) }
        let counts = Counts()
        let rate = try Measure.rateOfEight(settings.seconds) { writer, number in
            try writers[writer].session.write([corpus.fresh(first + writer * 10_000_000 + number)])
            counts.values[writer] = number + 1
        }
        findings.add(.insertByEight, rate)
        for (writer, count) in counts.values.enumerated() {
            added += (0..<count).map { first + writer * 10_000_000 + $0 }
            writers[writer].session.close()
        }
        try session.delete(added.map { Int64($0) })
        settings.step("single inserts")
    }

    /// One thread's session; no other thread touches it.
    private struct Writer: @unchecked Sendable {
        let session: any KeyValueSession
    }

    /// A place for each writer; nobody reads before all have ended.
    private final class Counts: @unchecked Sendable {
        let values = UnsafeMutableBufferPointer<Int>.allocate(capacity: 8)

        init() { values.initialize(repeating: 0) }
        deinit { values.deallocate() }
    }

    private func read(_ session: any KeyValueSession, hasIndex: Bool, _ findings: inout Findings) throws {
        var random = QueryNumbers(seed: settings.seed &+ 7)
        // A pass over everything, so that what fits the cache is there.
        try session.scan { _ in }
        findings.add(
            .get,
            try settings.rate {
                guard try session.get(Int64(random.next(below: corpus.count))) != nil else {
                    throw PeerError("a document is not there")
                }
            })
        if hasIndex {
            findings.add(
                .equality,
                try settings.rate {
                    _ = try session.find(user: Int32(random.next(below: corpus.users)))
                })
        }
        if try session.count() != nil {
            findings.add(
                .countAll,
                try settings.rate {
                    guard try session.count() == corpus.count else { throw PeerError("documents are missing") }
                })
        }
        findings.add(
            .filter,
            try settings.time {
                var count = 0
                try session.scan { bson in
                    if case .integer(let amount) = BSONField.value("amount", in: bson), amount >= 9990,
                        case .integer(let year) = BSONField.value("year", in: bson), year < 2000
                    {
                        count += 1
                    }
                }
            })
        settings.step("reads")
    }

    private func update(_ session: any KeyValueSession, _ findings: inout Findings) throws {
        var random = QueryNumbers(seed: settings.seed &+ 77)
        let watch = Stopwatch()
        var count = 0
        while watch.seconds < settings.seconds {
            try session.update([Int64(random.next(below: corpus.count))], BSONField.incremented)
            count += 1
        }
        findings.add(.update, Double(count) / watch.seconds)
        let batches = Stopwatch()
        count = 0
        while batches.seconds < settings.seconds {
            try session.update(
                (0..<Self.batch).map { _ in Int64(random.next(below: corpus.count)) }, BSONField.incremented)
            count += Self.batch
        }
        findings.add(.updateInBatches, Double(count) / settings.elapsed(batches))
        settings.step("updates")
    }

    private func deleteAndReinsert(_ session: any KeyValueSession, _ findings: inout Findings) throws {
        let watch = Stopwatch()
        var next = 0
        while next < corpus.count {
            let end = min(next + 2 * Self.batch, corpus.count)
            try session.delete(stride(from: next, to: end, by: 2).map { Int64($0) })
            next = end
        }
        findings.add(.deleteHalf, Double(corpus.count / 2) / settings.elapsed(watch))
        var spent = 0.0
        try corpus.batches(of: Self.batch, where: { $0 % 2 == 0 }) { batch in
            let watch = Stopwatch()
            try session.write(batch)
            spent += settings.elapsed(watch)
        }
        findings.add(.reinsertHalf, Double(corpus.count / 2) / spent)
        settings.step("deleted and inserted again")
    }
}
