import SmartStore
import StoreIO
import StoreTestSupport
import VectorIndex

// A store with one vector index, and what must be found in it: vectors in a dictionary, searched one by one in plain
// Swift. Every search compares its hits with that; a snapshot is held together with the dictionary of its moment.

/// How the index of one session is made.
struct VectorShape {
    var metric: Metric
    var storage: VectorStorage
    var codes: VectorCodes
    var dimension: Int
    /// One bit a dimension needs a longer second look than the engine takes by itself.
    var rerank: Int?

    init(seed: UInt64) {
        metric = Metric.allCases[Int(mixedSeed(seed, 1) % 3)]
        storage = mixedSeed(seed, 2) % 3 == 0 ? .float32 : .float16
        codes = [.bits4, .bits8, .bits4, .bits8, .none, .bits1][Int(mixedSeed(seed, 3) % 6)]
        dimension = codes == .bits1 ? 130 : [16, 24, 40][Int(mixedSeed(seed, 4) % 3)]
        rerank = codes == .bits1 ? 200 : nil
    }

    /// What the index holds of a vector: for cosine of length 1, rounded to the storage.
    func stored(_ vector: [Float]) -> [Float] {
        let compared = compared(vector)
        return storage == .float32 ? compared : compared.map { Float(Float16($0)) }
    }

    /// What a query is compared as.
    func compared(_ vector: [Float]) -> [Float] {
        guard metric == .cosine else { return vector }
        let length = Float(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
        return vector.map { $0 / length }
    }

    /// The score that a hit bears: higher is nearer.
    func score(_ query: [Float], _ stored: [Float]) -> Float {
        var sum: Float = 0
        if metric == .euclidean {
            for (a, b) in zip(query, stored) { sum -= (a - b) * (a - b) }
        } else {
            for (a, b) in zip(query, stored) { sum += a * b }
        }
        return sum
    }
}

/// A document, as the oracle knows it.
struct VectorNote: Equatable {
    var group: Int32
    var revision: Int32
    var vector: [Float]?
    var stored: [Float] = []
}

final class VectorModelSession {
    typealias Model = [Int32: VectorNote]

    static let collection = "notes"
    private static let file = "v"
    static let groupCount: Int32 = 16

    let seed: UInt64
    let shape: VectorShape
    let random: SeededRandomSource
    private let centres: [[Float]]
    private var disk = SimulatedDisk()
    private var base: [String: DiskContent] = [:]
    private var store: Store?
    private(set) var model: Model = [:]
    /// What each commit since the last opening shows.
    private var known: [UInt64: Model] = [:]
    private(set) var held: [(reader: ReadTransaction, model: Model)] = []
    private var revision: Int32 = 0
    private var opened: UInt64 = 0
    /// Hits that there were to find in approximate searches, and those of them that were found.
    private(set) var wanted: UInt64 = 0
    private(set) var found: UInt64 = 0
    private(set) var searches: UInt64 = 0
    private(set) var crashes: UInt64 = 0

    init(seed: UInt64) {
        self.seed = seed
        let random = SeededRandomSource(seed: mixedSeed(seed, 20))
        let shape = VectorShape(seed: seed)
        self.random = random
        self.shape = shape
        centres = (0..<24).map { _ in (0..<shape.dimension).map { _ in Self.normal(random) } }
    }

    // MARK: Chance

    func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }

    private static func normal(_ random: SeededRandomSource) -> Float {
        (0..<6).reduce(Float(0)) { sum, _ in sum + Float(random.next() % 20_001) / 10_000 - 1 } / 1.414
    }

    func vector() -> [Float] {
        // Now and then a vector that is there already.
        if below(30) == 0, let same = model.values.first(where: { $0.vector != nil })?.vector { return same }
        return centres[below(centres.count)].map { $0 + 0.8 * Self.normal(random) + 0.0003 }
    }

    // MARK: The store

    private func options() -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 4 << 20
        options.logByteLimit = 2 << 20
        options.transactionByteLimit = 1 << 18
        options.vectorLinkSaveStep = 64
        // Every other index is larger than it may keep in memory.
        options.vectorByteLimit = mixedSeed(seed, 5) % 2 == 0 ? 1 << 20 : nil
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: mixedSeed(seed, 30, opened))
        return options
    }

    private var key: EncryptionKey {
        mixedSeed(seed, 6) % 3 == 0 ? .none : .raw([UInt8](repeating: 9, count: 32))
    }

    func current() throws -> Store {
        guard let store else { throw TrialError("the store is not open") }
        return store
    }

    func create(count: Int) throws {
        var creation = CreationOptions()
        creation.pageSize = 4096
        store = try Store.create(Self.file, in: disk, key: key, creation: creation, options: options())
        try commit(.grouped) { tx, model in
            try tx.createVectorIndex(
                on: Self.collection, field: "v", dimension: shape.dimension, metric: shape.metric,
                storage: shape.storage, codes: shape.codes, connectivity: 8, buildBreadth: 80)
            for _ in 0..<count { try put(tx, &model, Int32(below(3000))) }
        }
        try reopen()
    }

    func reopen() throws {
        releaseAll()
        try current().close()
        base = disk.contents
        try open()
        try expectAll()
    }

    private func open() throws {
        disk = SimulatedDisk(contents: base)
        opened += 1
        let store = try Store.open(Self.file, in: disk, key: key, options: options())
        self.store = store
        let sequence = try store.readSync { $0.sequence }
        known = [sequence: model]
        disk.attempt(Int(sequence))
        disk.note(Int(sequence))
    }

    func close() throws {
        releaseAll()
        try current().close()
    }

    /// The machine stops, now or a little while ago, perhaps in the middle of a transaction. What is left is opened.
    func crash() throws {
        let operations = disk.operations
        let back = below(3) == 0 ? 0 : below(operations.count + 1)
        var images = CrashImages(base: base)
        var progress = SessionProgress()
        for operation in operations.prefix(operations.count - back) {
            images.advance(operation)
            progress.follow(operation)
        }
        let damage = CrashDamage.allCases[below(CrashDamage.allCases.count)]
        base = images.image(images.draw(damage, seed: random.next())).files
        releaseAll()
        store = nil
        let models = known
        crashes += 1
        if progress.acknowledged == 0 { progress.acknowledged = models.keys.min() ?? 0 }
        try open()
        let shown = try current().readSync { $0.sequence }
        guard shown >= progress.acknowledged else {
            throw TrialError("\(damage): shows commit \(shown), but \(progress.acknowledged) was acknowledged")
        }
        guard let newest = models.keys.filter({ $0 <= shown }).max(), let model = models[newest] else {
            throw TrialError("\(damage): shows commit \(shown), which nobody made")
        }
        self.model = model
        known = [shown: model]
        try check()
        try expectAll()
    }

    func check() throws {
        let report = try current().check()
        guard report.isClean else { throw TrialError("check: \(report.findings.prefix(3))") }
    }

    func commit(_ durability: SmartStore.Durability, _ body: (WriteTransaction, inout Model) throws -> Void) throws {
        let transaction = try current().beginWrite()
        let sequence = transaction.sequence + 1
        var changed = model
        do { try body(transaction, &changed) } catch {
            transaction.rollBack()
            throw error
        }
        known[sequence] = changed
        disk.attempt(Int(sequence))
        try transaction.commit(durability: durability)
        // What changes nothing is no commit.
        let isNew = transaction.sequence == sequence
        if !isNew { known[sequence] = nil }
        model = changed
        if durability != .relaxed, isNew { disk.note(Int(sequence)) }
    }

    /// Changes that are never committed; the transaction is left open for a crash, or rolled back.
    func abandon(crashing: Bool, _ body: (WriteTransaction, inout Model) throws -> Void) throws {
        let transaction = try current().beginWrite()
        var changed = model
        defer { transaction.rollBack() }
        try body(transaction, &changed)
        try search(transaction.collection(Self.collection), changed)
        if crashing { try crash() }
    }

    // MARK: Changes

    static func id(_ number: Int32) -> BSONValue {
        // Some are too long for the slot of a row.
        number % 13 == 0 ? .string("a rather long identifier, number \(number)") : .int32(number)
    }

    func document(_ number: Int32, _ note: VectorNote) -> Document {
        var document: Document = ["_id": Self.id(number), "g": .int32(note.group), "r": .int32(note.revision)]
        if let vector = note.vector { document["v"] = Vector(vector).value }
        return document
    }

    func put(_ tx: WriteTransaction, _ model: inout Model, _ number: Int32, hasVector: Bool = true) throws {
        revision += 1
        let given = hasVector ? vector() : nil
        let note = VectorNote(
            group: Int32(below(Int(Self.groupCount))), revision: revision, vector: given,
            stored: given.map(shape.stored) ?? [])
        try tx.collection(Self.collection).replace(Self.id(number), with: document(number, note), upsert: true)
        model[number] = note
    }

    func regroup(_ tx: WriteTransaction, _ model: inout Model, _ number: Int32) throws {
        guard var note = model[number] else { return }
        note.group = Int32(below(Int(Self.groupCount)))
        _ = try tx.collection(Self.collection).update(
            ["_id": Self.id(number)], ["$set": ["g": .int32(note.group)]])
        model[number] = note
    }

    func delete(_ tx: WriteTransaction, _ model: inout Model, _ number: Int32) throws {
        let was = try tx.collection(Self.collection).delete(Self.id(number))
        guard was == (model.removeValue(forKey: number) != nil) else {
            throw TrialError("deleting \(number) answered \(was)")
        }
    }

    // MARK: Snapshots

    func hold() throws { held.append((try current().beginRead(), model)) }

    func release() { if !held.isEmpty { held.removeFirst().reader.close() } }

    private func releaseAll() { while !held.isEmpty { release() } }

    // MARK: Searching

    func searchNewest() throws {
        try current().readSync { try search($0.collection(Self.collection), model) }
    }

    func searchHeld() throws {
        guard !held.isEmpty else { return try searchNewest() }
        let (reader, model) = held[below(held.count)]
        try search(reader.collection(Self.collection), model)
    }

    /// One search, drawn: with or without a filter, exact or not, few hits or many.
    func search(_ reader: some CollectionReading, _ model: Model) throws {
        let group = Int32(below(Int(Self.groupCount)))
        var filter: Document?
        var allows: (VectorNote) -> Bool = { _ in true }
        switch below(8) {
        case 0: (filter, allows) = (["g": .int32(group)], { $0.group == group })
        case 1: (filter, allows) = (["g": ["$lt": .int32(group)]], { $0.group < group })
        case 2: (filter, allows) = (["g": ["$ne": .int32(group)]], { $0.group != group })
        default: break
        }
        let query = vector()
        let isExact = below(6) == 0
        let k = [1, 10, 10, 10, 30, 5000][below(60) == 0 ? 5 : below(5)]
        let hits = try reader.search(
            field: "v", vector: query, k: k, rerank: shape.rerank, filter: filter, exact: isExact,
            includeDocuments: below(4) == 0)
        let compared = shape.compared(query)
        var scores: [Int32: Float] = [:]
        for (number, note) in model where note.vector != nil && allows(note) {
            scores[number] = shape.score(compared, note.stored)
        }
        let limit = min(k, scores.count)
        guard hits.count == limit else {
            throw TrialError("\(hits.count) hits instead of \(limit), filter \(filter ?? [:])")
        }
        var seen: Set<Int32> = []
        let worst = scores.values.sorted(by: >).prefix(limit).last ?? 0
        let slack = 1e-4 * (1 + abs(worst))
        var near: UInt64 = 0
        for hit in hits {
            guard let number = Self.number(hit.id), let score = scores[number], let note = model[number] else {
                throw TrialError("a hit that must not be: \(hit.id), filter \(filter ?? [:])")
            }
            guard seen.insert(number).inserted else { throw TrialError("\(hit.id) is there twice") }
            let scale = 1 + note.stored.reduce(0) { $0 + $1 * $1 } + compared.reduce(0) { $0 + $1 * $1 }
            guard abs(score - hit.score) <= 1e-3 * scale else {
                throw TrialError("\(hit.id) bears the score \(hit.score) instead of \(score)")
            }
            if let shown = hit.document, shown != document(number, note) {
                throw TrialError("\(hit.id) comes with another document")
            }
            if score >= worst - slack { near += 1 }
        }
        guard zip(hits, hits.dropFirst()).allSatisfy({ $0.score >= $1.score }) else { throw TrialError("out of order") }
        searches += 1
        if isExact {
            guard near == limit else { throw TrialError("an exact search found \(near) of \(limit)") }
        } else {
            wanted += UInt64(limit)
            found += near
        }
    }

    private static func number(_ id: BSONValue) -> Int32? {
        if let number = id.int { return Int32(number) }
        return id.string?.split(separator: " ").last.flatMap { Int32($0) }
    }

    /// Every vector is there for exact search, and most likely for the others too; nothing else is.
    func expectAll() throws {
        try current().readSync { tx in
            let notes = tx.collection(Self.collection)
            let vectors = model.filter { $0.value.vector != nil }
            let count = try tx.collections().first?.vectorIndexes.first?.vectorCount
            guard count == vectors.count else { throw TrialError("\(count ?? 0) vectors instead of \(vectors.count)") }
            for exact in [true, false] {
                let all = try notes.search(
                    field: "v", vector: vector(), k: 5000, exact: exact, includeDocuments: false)
                let numbers = all.compactMap { Self.number($0.id) }
                guard numbers.count == vectors.count, Set(numbers) == Set(vectors.keys) else {
                    throw TrialError("\(numbers.count) of \(vectors.count) vectors are found, exact \(exact)")
                }
            }
            for (number, note) in vectors.sorted(by: { $0.key < $1.key }) where number % 9 == revision % 9 {
                let query = note.vector ?? []
                let hit = try notes.search(
                    field: "v", vector: query, k: 1, rerank: shape.rerank, includeDocuments: false
                ).first
                let best = shape.score(shape.compared(query), note.stored)
                wanted += 1
                if let hit, hit.score >= best - 1e-3 * (1 + abs(best)) { found += 1 }
            }
        }
    }
}
