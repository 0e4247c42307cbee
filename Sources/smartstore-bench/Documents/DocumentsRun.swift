// One run over one store: the rows in their order.

import Foundation
import SmartStore

struct DocumentsRun {
    static let batch = 1000

    let corpus: DocumentCorpus
    let url: URL
    let isEncrypted: Bool
    let cacheBytes: Int
    let seconds: Double
    /// Whether rows that wait for nothing but the processor are measured by its time.
    let byProcessor: Bool
    let explains: Bool
    /// Words of the rows that are wanted; empty: all rows.
    let wanted: [String]
    let progress: Progress

    private static let name = "notes"

    func measure() async throws -> DocumentFigures {
        var figures = DocumentFigures()
        var options = StoreOptions()
        options.cacheByteLimit = cacheBytes
        options.logByteLimit = 256 << 20
        let store = try BenchStore.create(url, encrypted: isEncrypted, options: options)
        PeakMemory.reset()
        try load(store, into: &figures)
        try makeIndexes(store, into: &figures)
        figures.add("file after load, MiB", Double(try BenchStore.byteCount(of: url)) / 1048576)
        try await insertSingly(store, into: &figures)
        try read(store, into: &figures)
        try update(store, into: &figures)
        try deleteAndReinsert(store, into: &figures)
        figures.add("peak memory, MiB", Double(PeakMemory.byteCount) / 1048576)
        try store.close()
        figures.add("file at the end, MiB", Double(try BenchStore.byteCount(of: url)) / 1048576)
        try FileManager.default.removeItem(at: url)
        try loadAwaited(options, into: &figures)
        return figures
    }

    private func wants(_ row: String) -> Bool { wanted.isEmpty || wanted.contains { row.contains($0) } }

    private func elapsed(_ watch: Stopwatch) -> Double { byProcessor ? watch.processorSeconds : watch.seconds }

    // MARK: Writing

    /// Batches in one pipeline: each is durable by its own sync, under which the next one is written. The documents of a
    /// pipeline are made before its time is taken.
    private static let pipelined = 50

    private func load(_ store: Store, into figures: inout DocumentFigures) throws {
        var spent = 0.0
        for first in stride(from: 0, to: corpus.count, by: Self.pipelined * Self.batch) {
            let batches = batches(from: first, to: first + Self.pipelined * Self.batch)
            let watch = Stopwatch()
            try store.writePipelined { pipeline in
                for batch in batches { try pipeline.write { try insert(batch, in: $0) } }
            }
            spent += elapsed(watch)
        }
        figures.add("bulk load", Double(corpus.count) / spent)
        progress.step("loaded")
    }

    /// As `load`, but each batch waits for its own sync before the next one is begun. Into a store of its own.
    private func loadAwaited(_ options: StoreOptions, into figures: inout DocumentFigures) throws {
        guard wants("bulk load, awaited") else { return }
        let store = try BenchStore.create(url, encrypted: isEncrypted, options: options)
        var spent = 0.0
        for first in stride(from: 0, to: corpus.count, by: Self.batch) {
            for batch in batches(from: first, to: first + Self.batch) {
                let watch = Stopwatch()
                try store.writeSync { try insert(batch, in: $0) }
                spent += elapsed(watch)
            }
        }
        figures.add("bulk load, awaited", Double(corpus.count) / spent)
        try store.close()
        try FileManager.default.removeItem(at: url)
        progress.step("loaded once more")
    }

    private func batches(from first: Int, to end: Int) -> [[Document]] {
        let end = min(end, corpus.count)
        return stride(from: first, to: end, by: Self.batch).map { start in
            (start..<min(start + Self.batch, end)).map { corpus.document($0) }
        }
    }

    private func insert(_ batch: [Document], in tx: WriteTransaction) throws {
        let notes: CollectionWriter = tx.collection(Self.name)
        for document in batch { try notes.insert(document) }
    }

    private func makeIndexes(_ store: Store, into figures: inout DocumentFigures) throws {
        let indexes: [(String, Document)] = [
            ("index user", ["user": 1]), ("index score", ["score": 1]),
            ("index category, score", ["category": 1, "score": -1]),
        ]
        for (row, keys) in indexes {
            let watch = Stopwatch()
            try store.createIndex(on: Self.name, IndexSpecification(keys))
            figures.add(row, Double(corpus.count) / elapsed(watch))
        }
        progress.step("indexes made")
    }

    private func insertSingly(_ store: Store, into figures: inout DocumentFigures) async throws {
        guard wants("durable insert, 1 writer") || wants("durable insert, 8 writers") else { return }
        let first = corpus.count
        let pool = corpus.pool
        var count = 0
        let watch = Stopwatch()
        while watch.seconds < seconds {
            let document = DocumentCorpus.fresh(first + count, of: pool)
            try store.writeSync { tx in _ = try tx.collection(Self.name).insert(document) }
            count += 1
        }
        figures.add("durable insert, 1 writer", Double(count) / watch.seconds)
        // Tasks that each write one document and wait for it to be durable.
        let limit = seconds
        let group = Stopwatch()
        let total = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for writer in 0..<8 {
                tasks.addTask {
                    var count = 0
                    while group.seconds < limit {
                        let number = first + 10_000_000 + writer * 10_000_000 + count
                        let document = DocumentCorpus.fresh(number, of: pool)
                        try await store.write { tx in _ = try tx.collection(Self.name).insert(document) }
                        count += 1
                    }
                    return count
                }
            }
            return try await tasks.reduce(0, +)
        }
        figures.add("durable insert, 8 writers", Double(total) / group.seconds)
        try store.writeSync { tx in
            _ = try tx.collection(Self.name).deleteMany(["_id": ["$gte": .int64(Int64(first))]])
        }
        progress.step("single inserts")
    }

    private func update(_ store: Store, into figures: inout DocumentFigures) throws {
        var random = QueryNumbers(seed: corpus.seed &+ 77)
        func one(_ notes: CollectionWriter) throws {
            let id = BSONValue.int64(Int64(random.next(below: corpus.count)))
            _ = try notes.update(["_id": id], ["$inc": ["amount": 1]])
        }
        if wants("durable update by id") {
            let watch = Stopwatch()
            var count = 0
            while watch.seconds < seconds {
                try store.writeSync { tx in try one(tx.collection(Self.name)) }
                count += 1
            }
            figures.add("durable update by id", Double(count) / watch.seconds)
        }
        if wants("update by id, batches") {
            let watch = Stopwatch()
            var count = 0
            while watch.seconds < seconds {
                try store.writeSync { tx in
                    let notes: CollectionWriter = tx.collection(Self.name)
                    for _ in 0..<Self.batch { try one(notes) }
                }
                count += Self.batch
            }
            figures.add("update by id, batches", Double(count) / elapsed(watch))
        }
        progress.step("updates")
    }

    private func deleteAndReinsert(_ store: Store, into figures: inout DocumentFigures) throws {
        guard wants("delete half") || wants("reinsert half") else { return }
        let watch = Stopwatch()
        var next = 0
        while next < corpus.count {
            let end = min(next + 2 * Self.batch, corpus.count)
            try store.writeSync { tx in
                let notes: CollectionWriter = tx.collection(Self.name)
                for number in stride(from: next, to: end, by: 2) { try notes.delete(.int64(Int64(number))) }
            }
            next = end
        }
        figures.add("delete half", Double(corpus.count / 2) / elapsed(watch))
        var spent = 0.0
        next = 0
        while next < corpus.count {
            let end = min(next + 2 * Self.batch, corpus.count)
            let documents = stride(from: next, to: end, by: 2).map { corpus.document($0) }
            let watch = Stopwatch()
            try store.writeSync { try insert(documents, in: $0) }
            spent += elapsed(watch)
            next = end
        }
        figures.add("reinsert half", Double(corpus.count / 2) / spent)
        progress.step("deleted and inserted again")
    }

    // MARK: Reading

    private func read(_ store: Store, into figures: inout DocumentFigures) throws {
        try store.readSync { tx in
            let notes = tx.collection(Self.name)
            var random = QueryNumbers(seed: corpus.seed &+ 7)
            try check(notes)
            figures.answers = try answers(notes)
            // A pass over everything, so that what fits the cache is there.
            _ = try notes.count(["absent": 1])
            try addRate("get by id", to: &figures) {
                guard try notes.get(.int64(Int64(random.next(below: corpus.count)))) != nil else {
                    throw BenchError("a document is not there")
                }
            }
            try addRate("indexed equality, 20 results", to: &figures) {
                _ = try notes.find(Self.equality(random.next(below: corpus.users)))
            }
            try addRate("indexed range, sorted, limit 20", to: &figures) {
                _ = try notes.find(Self.range(random.unit() * (DocumentCorpus.scoreLimit - 1)))
            }
            try addRate("compound index, sorted, limit 20", to: &figures) {
                _ = try notes.find(Self.compound(random.next(below: 100), random.unit() * 900))
            }
            try addRate("count by index (1 %)", to: &figures) {
                _ = try notes.count(Self.category(random.next(below: 100)))
            }
            try addRate("count of all", to: &figures) {
                guard try notes.count() == corpus.count else { throw BenchError("documents are missing") }
            }
            progress.step("queries")
            try addTime("unindexed filter, seconds", to: &figures) { _ = try notes.count(Self.unindexed) }
            try addTime("group over all, seconds", to: &figures) {
                guard try notes.aggregate(Self.group).count == DocumentCorpus.categories else {
                    throw BenchError("groups are missing")
                }
            }
            progress.step("scans")
        }
    }

    private func addRate(_ row: String, to figures: inout DocumentFigures, _ body: () throws -> Void) throws {
        guard wants(row) else { return }
        let watch = Stopwatch()
        var count = 0
        while watch.seconds < seconds {
            for _ in 0..<16 { try body() }
            count += 16
        }
        figures.add(row, Double(count) / elapsed(watch))
    }

    /// The best of three: scans are long.
    private func addTime(_ row: String, to figures: inout DocumentFigures, _ body: () throws -> Void) throws {
        guard wants(row) else { return }
        let times = try (0..<3).map { _ in
            let watch = Stopwatch()
            try body()
            return elapsed(watch)
        }
        figures.add(row, times.min() ?? 0)
    }

    /// A checksum over the answers to some queries, whose values are drawn like the others.
    private func answers(_ notes: CollectionReader) throws -> String {
        var random = QueryNumbers(seed: corpus.seed &+ 9)
        var sum = WordChecksum()
        func add(_ documents: [Document]) {
            sum.add(UInt64(documents.count))
            sum.add(documents.reduce(0) { $0 &+ UInt64($1["_id"]?.int ?? 0) })
        }
        for _ in 0..<100 {
            try add(notes.find(Self.equality(random.next(below: corpus.users))))
            try add(notes.find(Self.range(random.unit() * (DocumentCorpus.scoreLimit - 1))))
            try add(notes.find(Self.compound(random.next(below: 100), random.unit() * 900)))
            sum.add(UInt64(try notes.count(Self.category(random.next(below: 100)))))
        }
        sum.add(UInt64(try notes.count(Self.unindexed)))
        return sum.text
    }

    private static func equality(_ user: Int) -> FindQuery { FindQuery(["user": .int32(Int32(user))]) }

    private static func range(_ score: Double) -> FindQuery {
        FindQuery(["score": ["$gte": .double(score), "$lt": .double(score + 1)]], sort: ["score": 1], limit: 20)
    }

    private static func compound(_ category: Int, _ score: Double) -> FindQuery {
        FindQuery(
            [
                "category": .string(DocumentCorpus.categoryName(category)),
                "score": ["$gte": .double(score), "$lt": .double(score + 100)],
            ], sort: ["score": -1], limit: 20)
    }

    private static func category(_ category: Int) -> Document {
        ["category": .string(DocumentCorpus.categoryName(category))]
    }

    private static let unindexed: Document = ["amount": ["$gte": 9990], "year": ["$lt": 2000]]

    private static let group: [Document] = [
        [
            "$group": [
                "_id": "$category", "n": ["$sum": 1], "total": ["$sum": "$amount"], "mean": ["$avg": "$score"],
            ]
        ]
    ]

    // MARK: Plans

    private func check(_ notes: CollectionReader) throws {
        let queries: [(String, FindQuery, String)] = [
            ("get by id", FindQuery(["_id": 17]), "IDHACK"), ("equality", Self.equality(3), "user_1"),
            ("range", Self.range(500), "score_1"), ("compound", Self.compound(7, 300), "category_1_score_-1"),
            ("count", FindQuery(Self.category(7)), "category_1_score_-1"),
            ("unindexed", FindQuery(Self.unindexed), "COLLSCAN"),
        ]
        for (name, query, wanted) in queries {
            let plan = try notes.explain(query, verbosity: .executionStats)
            let text = plan["queryPlanner"]?.document?["winningPlan"]?.document?.json() ?? ""
            if explains {
                let statistics = plan["executionStats"]?.document
                progress.step(
                    "\(name): \(text) keys \(statistics?["totalKeysExamined"]?.int ?? -1) documents "
                        + "\(statistics?["totalDocsExamined"]?.int ?? -1)")
            }
            guard text.contains(wanted) else { throw BenchError("'\(name)' is not answered by \(wanted): \(text)") }
        }
    }
}
