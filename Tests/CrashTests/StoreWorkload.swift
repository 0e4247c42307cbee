import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// What the whole store must show at one commit: the plain oracle.
struct StoreModel: Equatable {
    var documents: [Int32: String] = [:]
    var vectors: [Int32: [Float]] = [:]
    var cache: [String: [UInt8]] = [:]
    var auditCount: UInt64 = 0
    var otherCount = 0
}

/// A seeded run over every segment, on a simulated disk, with the model after each commit.
struct StoreWorkload {
    static let dimension = 6
    static let key = EncryptionKey.raw([UInt8](repeating: 5, count: 32))

    let disk = SimulatedDisk()
    let encrypted: Bool
    private(set) var models: [UInt64: StoreModel] = [:]
    private var random: SeededRandomSource
    private var model = StoreModel()

    init(seed: UInt64, encrypted: Bool) {
        random = SeededRandomSource(seed: seed)
        self.encrypted = encrypted
    }

    var storeKey: EncryptionKey { encrypted ? Self.key : .none }

    static func options(seed: UInt64) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 2 << 20
        options.logByteLimit = 1 << 20
        options.transactionByteLimit = 1 << 18
        options.cacheSegmentByteLimit = 1 << 20
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    private mutating func vector() -> [Float] {
        (0..<Self.dimension).map { _ in Float(Int(random.next() % 2001)) / 1000 - 1 + 0.0003 }
    }

    /// - Parameter steps: commits, about; checkpoints, linking and a reopening come between.
    mutating func run(seed: UInt64, steps: Int) throws {
        var creation = CreationOptions()
        creation.pageSize = 4096
        var store = try Store.create(
            "s", in: disk, key: storeKey, creation: creation, options: Self.options(seed: seed))
        try note(store)
        for step in 0..<steps {
            let before = model
            let transaction = try store.beginWrite()
            try change(transaction, step: step)
            if random.next() % 9 == 0 {
                transaction.rollBack()
                model = before
            } else {
                let relaxed = random.next() % 5 == 0
                // The model is known before the commit: a crash inside it may show it or not.
                let base = transaction.sequence
                models[base + 1] = model
                try transaction.commit(durability: relaxed ? .relaxed : .grouped)
                // A transaction that changed nothing acknowledges nothing.
                if !relaxed, transaction.sequence > base { disk.note(Int(transaction.sequence)) }
            }
            if step % 4 == 3 { try store.linkVectors() }
            if step % 7 == 6 { try store.checkpoint() }
            if step == steps / 2 {
                try store.close()
                store = try Store.open("s", in: disk, key: storeKey, options: Self.options(seed: seed + 1000))
            }
        }
        try store.close()
    }

    private mutating func note(_ store: Store) throws {
        let sequence = try store.statistics().sequence
        models[sequence] = model
        disk.note(Int(sequence))
    }

    private mutating func change(_ tx: WriteTransaction, step: Int) throws {
        if step == 0 { try tx.createVectorIndex(on: "notes", field: "v", dimension: Self.dimension) }
        let notes = tx.collection("notes")
        for _ in 0..<Int(random.next() % 6 + 1) {
            let id = Int32(random.next() % 60)
            let size = random.next() % 12 == 0 ? 9000 : Int(random.next() % 200)
            let text = String(repeating: "t\(random.next() % 10)", count: size / 2)
            switch random.next() % 6 {
            case 0, 1, 2:
                var document: Document = ["_id": .int32(id), "text": .string(text)]
                var vector: [Float]?
                if random.next() % 4 != 0 {
                    vector = self.vector()
                    document["v"] = Vector(vector!).value
                }
                try notes.replace(.int32(id), with: document, upsert: true)
                model.documents[id] = document.json(.canonical)
                model.vectors[id] = vector
            case 3:
                #expect(try notes.delete(.int32(id)) == (model.documents[id] != nil))
                model.documents[id] = nil
                model.vectors[id] = nil
            case 4:
                let key = "k\(random.next() % 20)"
                let value = [UInt8](repeating: UInt8(step % 256), count: Int(random.next() % 500))
                try tx.cache.set(key, value)
                model.cache[key] = value
            default:
                try tx.audit.record(actor: "w", action: "step", target: "\(step)")
                model.auditCount += 1
            }
        }
        if step % 10 == 9 {
            // More than the transaction's memory: it spills.
            for index in 0..<150 {
                try tx.collection("other").insert([
                    "n": .int32(Int32(index)), "pad": .string(String(repeating: "p", count: 3000)),
                ])
                model.otherCount += 1
            }
        }
        if step % 25 == 24 {
            try tx.dropCollection("other")
            model.otherCount = 0
        }
    }

    /// Opens a crashed disk and compares everything with the model of the commit it shows.
    func verify(_ files: [String: [UInt8]], acknowledged: UInt64) throws -> String? {
        let crashed = SimulatedDisk(files: files)
        crashed.stopRecording()
        let store = try Store.open("s", in: crashed, key: storeKey, options: Self.options(seed: 99))
        let report = try store.check()
        if !report.isClean { return "\(report.findings.prefix(3))" }
        let sequence = try store.statistics().sequence
        guard sequence >= acknowledged else { return "commit \(sequence), but \(acknowledged) was acknowledged" }
        guard let known = models.keys.filter({ $0 <= sequence }).max(), let model = models[known] else {
            return "no model for \(sequence)"
        }
        if let difference = try compare(store, model) { return difference }
        // One further commit succeeds and survives.
        try store.writeSync { try $0.collection("after").insert(["_id": 1]) }
        guard let left = crashed.content(of: "s") else { return "the file is gone" }
        let again = SimulatedDisk(files: ["s": left])
        let second = try Store.open("s", in: again, key: storeKey, options: Self.options(seed: 98))
        let survives = try second.readSync { try $0.collection("after").count() == 1 }
        if !survives { return "the commit after recovery is gone" }
        return try compare(second, model)
    }

    private func compare(_ store: Store, _ model: StoreModel) throws -> String? {
        try store.readSync { tx in
            let notes = tx.collection("notes")
            var seen = StoreModel()
            for document in try notes.find() {
                guard let id = document["_id"]?.int else { return "a document without _id" }
                seen.documents[Int32(id)] = document.json(.canonical)
            }
            guard seen.documents == model.documents else { return "documents differ" }
            guard try tx.collection("other").count() == model.otherCount else { return "other documents differ" }
            for key in try tx.cache.keys() { seen.cache[key] = try tx.cache.get(key) }
            guard seen.cache == model.cache else { return "cache differs" }
            let audit = try tx.audit.verify()
            guard audit.isIntact, audit.entryCount == model.auditCount else { return "audit differs" }
            guard !model.vectors.isEmpty else { return nil }
            let all = try notes.search(
                field: "v", vector: [Float](repeating: 1, count: Self.dimension), k: 1000, exact: true,
                includeDocuments: false)
            guard Set(all.compactMap(\.id.int)) == Set(model.vectors.keys.map(Int.init)) else {
                return "vectors differ"
            }
            if let (id, vector) = model.vectors.sorted(by: { $0.key < $1.key }).first {
                let best = try notes.search(field: "v", vector: vector, k: 1)
                guard best.first?.id == .int32(id) || (best.first?.score ?? 0) > 0.999 else { return "search differs" }
            }
            return nil
        }
    }
}
