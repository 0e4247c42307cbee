import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Store")
struct StoreTests {
    @Test("documents, vectors, cache and audit commit together and are there after reopening")
    func together() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "notes", field: "v", dimension: 8)
            for index in 0..<200 {
                let vector = Vector(StoreFixture.vector(UInt64(index))).value
                try tx.collection("notes").insert(["_id": .int32(Int32(index)), "n": .int32(Int32(index)), "v": vector])
            }
            try tx.cache.set("answer", Array("42".utf8))
            try tx.audit.record(actor: "ada", action: "load", target: "notes", details: ["count": 200])
        }
        func verify(_ store: Store) throws {
            try store.readSync { (tx) throws in
                #expect(try tx.collection("notes").count() == 200)
                #expect(try tx.collection("notes").get(17)?["n"]?.int == 17)
                #expect(try tx.collection("notes").count(["n": ["$gte": 150]]) == 50)
                let hits = try tx.collection("notes").search(field: "v", vector: StoreFixture.vector(33), k: 3)
                #expect(hits.first?.id == 33)
                #expect(hits.count == 3)
                #expect(try tx.cache.get("answer") == Array("42".utf8))
                #expect(try tx.audit.verify().isIntact)
                #expect(try tx.audit.entries().first?.actor == "ada")
            }
        }
        try verify(store)
        try store.linkVectors()
        try verify(store)
        #expect(try store.check().findings == [])
        try store.close()
        let again = try StoreFixture.open(disk)
        try verify(again)
        #expect(try again.check().findings == [])
        try again.close()
    }

    @Test("a transaction that wrote, read and committed leaves nothing in memory")
    func isFreed() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        weak var pages: PageTransaction?
        try store.writeSync { (tx) throws in
            pages = tx.pages
            try tx.collection("notes").insert(["_id": 1, "n": 1])
            _ = try tx.collection("notes").update(["n": 1], ["$inc": ["n": 1]])
            #expect(try tx.collection("notes").get(1)?["n"]?.int == 2)
        }
        #expect(pages == nil)
        try store.close()
    }

    @Test("a change that leaves the counts as they are logs the document's page alone, and counts stay right")
    func counts() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.createIndex(on: "notes", IndexSpecification(["n": 1]))
        try store.writeSync { (tx) throws in
            for index in 0..<5 { try tx.collection("notes").insert(["_id": .int32(Int32(index)), "n": 1, "m": 1]) }
        }
        func logged(_ body: (CollectionWriter) throws -> Void) throws -> UInt64 {
            let before = try store.statistics().logByteCount
            try store.writeSync { (tx) throws in try body(tx.collection("notes")) }
            return try store.statistics().logByteCount - before
        }
        // After a checkpoint a page is logged whole first: two would take two slots.
        try store.checkpoint()
        let one = try logged { notes in _ = try notes.update(["_id": 3], ["$inc": ["m": 1]]) }
        let slot = try store.statistics().pageByteCount + 192
        #expect(one == slot)
        // A document that comes and one that goes, in one transaction.
        _ = try logged { notes in
            try notes.insert(["_id": 9, "n": 1])
            _ = try notes.delete(2)
        }
        _ = try logged { notes in try notes.insert(["_id": 10, "n": 2]) }
        try store.close()
        let again = try StoreFixture.open(disk)
        try again.readSync { (tx) throws in
            #expect(try tx.collection("notes").count() == 6)
            let info = try tx.collections().first
            #expect(info?.documentCount == 6 && info?.indexes.first?.entryCount == 6)
        }
        #expect(try again.check().findings == [])
        try again.close()
    }

    @Test("a transaction that throws leaves nothing behind in any segment")
    func rollsBack() throws {
        struct Stop: Error {}
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "notes", field: "v", dimension: 8)
            try tx.collection("notes").insert(["_id": 1, "v": Vector(StoreFixture.vector(1)).value])
        }
        #expect(throws: Stop.self) {
            try store.writeSync { (tx) throws in
                try tx.collection("notes").insert(["_id": 2, "v": Vector(StoreFixture.vector(2)).value])
                try tx.collection("notes").delete(1)
                try tx.collection("other").insert(["_id": 1])
                try tx.cache.set("k", [1])
                try tx.audit.record(actor: "a", action: "b", target: "c")
                let hits = try tx.collection("notes").search(field: "v", vector: StoreFixture.vector(2), k: 5)
                #expect(hits.map(\.id) == [2])
                throw Stop()
            }
        }
        try store.readSync { (tx) throws in
            #expect(try tx.collections().map(\.name) == ["notes"])
            let hits = try tx.collection("notes").search(field: "v", vector: StoreFixture.vector(2), k: 5)
            #expect(hits.map(\.id) == [1])
            #expect(try tx.cache.get("k") == nil)
            #expect(try tx.audit.count() == 0)
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("a search at a snapshot sees what the snapshot sees")
    func snapshotSearch() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "n", field: "v", dimension: 8)
            for index in 0..<50 {
                try tx.collection("n").insert([
                    "_id": .int32(Int32(index)), "v": Vector(StoreFixture.vector(UInt64(index))).value,
                ])
            }
        }
        let old = try store.beginRead()
        try store.writeSync { (tx) throws in
            try tx.collection("n").delete(7)
            try tx.collection("n").insert(["_id": 100, "v": Vector(StoreFixture.vector(100)).value])
            try tx.collection("n").replace(8, with: ["v": Vector(StoreFixture.vector(800)).value])
        }
        try store.linkVectors()
        func best(_ tx: ReadTransaction, _ seed: UInt64) throws -> SearchHit? {
            try tx.collection("n").search(field: "v", vector: StoreFixture.vector(seed), k: 1).first
        }
        #expect(try best(old, 7)?.id == 7)
        #expect(try best(old, 8)?.id == 8)
        #expect(try best(old, 100)?.id != 100)
        try store.readSync { (new) throws in
            #expect(try best(new, 7)?.id != 7)
            #expect(try best(new, 100)?.id == 100)
            #expect(try best(new, 800)?.id == 8)
        }
        old.close()
        #expect(throws: StoreError.self) { try best(old, 7) }
        try store.close()
    }

    @Test("async writes and reads run beside each other and group their commits")
    func concurrent() async throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = StoreFixture.options()
        options.runsBackgroundWork = true
        let store = try StoreFixture.create(disk, options: options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for index in 0..<50 {
                        try await store.write { tx in
                            try tx.collection("c").insert(["_id": .int32(Int32(writer * 1000 + index))])
                            try tx.cache.increment("count")
                        }
                    }
                }
            }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        try await store.read { (tx) throws in
                            let count = try tx.collection("c").count()
                            #expect(try tx.collection("c").find().count == count)
                            let counter = try tx.cache.get("count").map { String(decoding: $0, as: UTF8.self) } ?? "0"
                            #expect(counter == "\(count)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let statistics = try store.statistics()
        #expect(statistics.collections.first?.documentCount == 400)
        #expect(statistics.syncCount < statistics.commitCount)
        #expect(try store.check().findings == [])
        try store.close()
        await #expect(throws: StoreError.self) { try await store.write { _ in } }
    }

    @Test("bad documents, keys and vectors are refused by name and nothing of them is left")
    func refusals() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "n", field: "v", dimension: 8)
            try tx.collection("n").insert(["_id": 1])
        }
        func code(_ body: (WriteTransaction) throws -> Void) throws -> StoreError.Code? {
            do {
                try store.writeSync { (tx) throws in
                    try body(tx)
                }
                return nil
            } catch let error as StoreError {
                #expect(!error.message.isEmpty)
                #expect(!error.remedy.isEmpty)
                return error.code
            }
        }
        #expect(try code { try $0.collection("n").insert(["_id": 1]) } == .duplicateKey)
        #expect(try code { try $0.collection("n").insert(["_id": 1.0]) } == .duplicateKey)
        #expect(try code { try $0.collection("n").insert(["v": Vector([1, 2]).value]) } == .invalidVector)
        let infinite = Vector([.infinity, 0, 0, 0, 0, 0, 0, 0]).value
        #expect(try code { try $0.collection("n").insert(["v": infinite]) } == .invalidVector)
        #expect(
            try code { try $0.collection("n").insert(["v": Vector([.nan, 0, 0, 0, 0, 0, 0, 0]).value]) }
                == .invalidVector)
        #expect(
            try code { try $0.collection("n").insert(["v": Vector([Float](repeating: 0, count: 8)).value]) }
                == .invalidVector)
        #expect(try code { try $0.collection("n").insert(["v": "text"]) } == .invalidDocument)
        #expect(try code { try $0.collection("n").insert(["_id": [1, 2]]) } == .invalidDocument)
        #expect(try code { try $0.collection("").insert([:]) } == .invalidName)
        #expect(try code { try $0.collection("a$b").insert([:]) } == .invalidName)
        #expect(try code { _ = try $0.collection("n").find(["a": ["$frob": 1]]) } == .invalidDocument)
        #expect(try code { _ = try $0.collection("n").search(field: "w", vector: [1]) } == .noSuchIndex)
        #expect(try code { _ = try $0.collection("m").search(field: "w", vector: [1]) } == .noSuchCollection)
        #expect(try code { _ = try $0.collection("n").search(field: "v", vector: [1]) } == .invalidVector)
        #expect(
            try code { _ = try $0.collection("n").search(field: "v", vector: StoreFixture.vector(1), k: 0) }
                == .invalidArgument)
        #expect(try code { try $0.createVectorIndex(on: "n", field: "v", dimension: 9) } == .indexExists)
        #expect(try code { try $0.createVectorIndex(on: "n", field: "w", dimension: 0) } == .invalidArgument)
        #expect(try code { try $0.createCollection("n") } == .collectionExists)
        var deep: BSONValue = 1
        for _ in 0..<150 { deep = .array([deep]) }
        #expect(try code { try $0.collection("n").insert(["d": deep]) } == .limitExceeded)
        let big = BSONValue.binary(BSONBinary(subtype: 0, bytes: [UInt8](repeating: 1, count: 17 << 20)))
        #expect(try code { try $0.collection("n").insert(["b": big]) } == .limitExceeded)
        #expect(try code { try $0.cache.set(String(repeating: "k", count: 600), [1]) } == .limitExceeded)
        #expect(try code { _ in _ = try store.beginWrite() } == .nestedWrite)
        try store.readSync { (tx) throws in
            #expect(try tx.collection("n").find().map { $0.json() } == ["{\"_id\":1}"])
            #expect(try tx.collections().map(\.name) == ["n"])
        }
        #expect(try store.check().findings == [])
        try store.close()
        #expect(throws: StoreError.self) { try store.beginRead() }
    }

    @Test("wrong keys, foreign files and a second opening get their own error")
    func opening() throws {
        func expect(_ code: StoreError.Code, _ body: () throws -> Store) {
            do {
                try body().close()
                Issue.record("opened, where \(code.rawValue) was expected")
            } catch { #expect((error as? StoreError)?.code == code) }
        }
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { try $0.collection("c").insert(["_id": 1]) }
        expect(.locked) { try StoreFixture.open(disk) }
        expect(.alreadyExists) { try StoreFixture.create(disk) }
        try store.close()
        expect(.keyRequired) { try Store.open("s", in: disk, key: .none) }
        expect(.wrongKey) { try Store.open("s", in: disk, key: .raw([UInt8](repeating: 1, count: 32))) }
        expect(.wrongKey) { try Store.open("s", in: disk, key: .passphrase("x")) }
        expect(.invalidArgument) { try Store.open("s", in: disk, key: .raw([1])) }
        expect(.notFound) { try Store.open("t", in: disk, key: .none) }
        let plain = SimulatedDisk()
        try StoreFixture.create(plain, encrypted: false).close()
        expect(.notEncrypted) { try Store.open("s", in: plain, key: StoreFixture.key) }
        disk.replaceContent(of: "text", with: Array("hello, I am a text file".utf8))
        expect(.notAStore) { try Store.open("text", in: disk, key: .none) }
        disk.replaceContent(of: "empty", with: [])
        expect(.notAStore) { try Store.open("empty", in: disk, key: .none) }
        let whole = try #require(disk.content(of: "s"))
        disk.replaceContent(of: "cut", with: Array(whole.prefix(whole.count - 4096)))
        expect(.truncated) { try Store.open("cut", in: disk, key: StoreFixture.key) }
        var readOnly = StoreFixture.options()
        readOnly.isReadOnly = true
        let reader = try StoreFixture.open(disk, options: readOnly)
        #expect(try reader.readSync { try $0.collection("c").count() } == 1)
        #expect(throws: StoreError.self) { try reader.beginWrite() }
        try reader.close()
        #expect(disk.content(of: "s") == whole)
    }

    @Test("a passphrase opens what it made, and another one does not")
    func passphrase() throws {
        let disk = SimulatedDisk()
        var creation = CreationOptions()
        creation.keyStretching = .scrypt(logN: 10)
        try Store.create("p", in: disk, key: .passphrase("correct horse"), creation: creation).close()
        try Store.open("p", in: disk, key: .passphrase("correct horse")).close()
        #expect(throws: StoreError.self) { try Store.open("p", in: disk, key: .passphrase("wrong horse")) }
        creation.keyStretching = .pbkdf2(iterations: 1000)
        try Store.create("q", in: disk, key: .passphrase("correct horse"), creation: creation).close()
        try Store.open("q", in: disk, key: .passphrase("correct horse")).close()
    }

    @Test("no plain text of a document stands in an encrypted file, and two files of the same content share no page")
    func secrecy() throws {
        let marker = "quetzalcoatl-marker"
        func make(seed: UInt64) throws -> [UInt8] {
            let disk = SimulatedDisk()
            let store = try StoreFixture.create(disk, options: StoreFixture.options(seed: seed))
            for index in 0..<50 {
                try store.writeSync { (tx) throws in
                    try tx.collection("secrets-\(marker)").insert([
                        "_id": .int32(Int32(index)), "text": .string(marker),
                    ])
                    try tx.cache.set(marker + "\(index)", Array(marker.utf8))
                    try tx.audit.record(actor: marker, action: marker, target: marker)
                }
            }
            try store.checkpoint()
            // Without a close: the log's content is there too.
            return try #require(disk.content(of: "s"))
        }
        let first = try make(seed: 1)
        let second = try make(seed: 2)
        let needle = Array(marker.utf8.prefix(8))
        func contains(_ bytes: [UInt8]) -> Bool {
            bytes.indices.dropLast(8).contains { bytes[$0] == needle[0] && Array(bytes[$0..<$0 + 8]) == needle }
        }
        #expect(!contains(first))
        func pages(_ bytes: [UInt8]) -> Set<[UInt8]> {
            Set(stride(from: 0, to: bytes.count - 4095, by: 4096).map { Array(bytes[$0..<$0 + 4096]) })
                .filter { $0.contains { $0 != 0 } }
        }
        #expect(pages(first).isDisjoint(with: pages(second)))
    }

    @Test(
        "a close while checkpoints and links are due ends, and everything is there afterwards", .timeLimit(.minutes(2)))
    func closesUnderWork() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = StoreFixture.options()
        options.runsBackgroundWork = true
        for round in 0..<10 {
            let store =
                round == 0
                ? try StoreFixture.create(disk, options: options) : try StoreFixture.open(disk, options: options)
            try store.writeSync { (tx) throws in
                try tx.createVectorIndex(on: "n", field: "v", dimension: 8)
                for index in 0..<400 {
                    let number = UInt64(round * 1000 + index)
                    try tx.collection("n").insert([
                        "_id": .int64(Int64(number)), "v": Vector(StoreFixture.vector(number)).value,
                        "pad": .string(String(repeating: "p", count: 2000)),
                    ])
                }
            }
            if round % 2 == 0 { try store.linkVectors() }
            try store.close()
        }
        let store = try StoreFixture.open(disk)
        #expect(try store.check().findings == [])
        #expect(try store.readSync { try $0.collection("n").count() } == 4000)
        try store.close()
    }
}
