import PageStore
import SmartStore

// Everything that can be done with a store, with a bound on each part, on a file that anybody may have written.
//
// Errors must be StoreErrors with a code, a message and a remedy. A file that is opened to be read stays as it is.

/// Uses a store of unknown content.
final class FuzzReading {
    private(set) var found = FuzzFindings()
    /// Names of the errors met.
    private(set) var codes: Set<String> = []
    /// Findings of the check, when it ran.
    private(set) var report: CheckReport?
    /// Whether the store could be opened.
    private(set) var opened = false

    init() {}

    private func attempt(_ what: String, _ body: () throws -> Void) {
        do { try body() } catch let error as StoreError {
            codes.insert(error.code.rawValue)
            found.expect(!error.message.isEmpty && !error.remedy.isEmpty, "\(what): an error that says nothing")
            found.expect(
                error.code != .failed && error.code != .closed, "\(what): the store stopped on content: \(error)")
        } catch { found.note("\(what): an error without a name: \(error)") }
    }

    /// Opens to read, reads everything; the bytes must stay the same.
    func read(_ file: [UInt8], key: EncryptionKey) {
        let disk = SimulatedDisk(files: [FuzzBase.name: file])
        disk.stopRecording()
        attempt("open to read") {
            let store = try Store.open(
                FuzzBase.name, in: disk, key: key, options: FuzzBase.options(isReadOnly: true))
            opened = true
            readAll(store)
            try store.close()
        }
        found.expect(disk.content(of: FuzzBase.name) == file, "reading changed the file")
    }

    /// Opens to write: check, changes of every segment, checkpoint, close; then opens again.
    func write(_ file: [UInt8], key: EncryptionKey) {
        let disk = SimulatedDisk(files: [FuzzBase.name: file])
        disk.stopRecording()
        // A file may claim a great length; what the engine adds to it is bounded here.
        disk.setByteLimit(UInt64(file.count) + 8 << 20)
        attempt("open to write") {
            let store = try Store.open(FuzzBase.name, in: disk, key: key, options: FuzzBase.options(seed: 77))
            opened = true
            attempt("check") { report = try store.check() }
            readAll(store)
            change(store)
            try store.close()
        }
        guard opened, let left = disk.content(of: FuzzBase.name) else { return }
        let again = SimulatedDisk(files: [FuzzBase.name: left])
        again.stopRecording()
        attempt("open again") {
            let store = try Store.open(FuzzBase.name, in: again, key: key, options: FuzzBase.options(seed: 78))
            attempt("count again") { _ = try store.readSync { try $0.collection("n").count(["a": 1]) } }
            try store.close()
        }
    }

    private func readAll(_ store: Store) {
        attempt("statistics") { _ = try store.statistics().document.json() }
        attempt("begin") {
            let transaction = try store.beginRead()
            defer { transaction.close() }
            var names = ["n"]
            attempt("collections") { names = try transaction.collections().prefix(8).map(\.name) }
            for name in names { readCollection(transaction.collection(name), transaction) }
            attempt("cache") {
                for key in try transaction.cache.keys(limit: 64) {
                    _ = try transaction.cache.get(key)
                    _ = try transaction.cache.timeToLive(key)
                }
                _ = try transaction.cache.info()
            }
            attempt("audit") { _ = try transaction.audit.entries(limit: 64).map { $0.document.json() } }
            attempt("verify") { _ = try transaction.audit.verify() }
        }
    }

    private func readCollection(_ collection: CollectionReader, _ transaction: ReadTransaction) {
        attempt("count") { _ = try collection.count() }
        attempt("scan") {
            var bytes = 0
            try collection.forEach([:]) { document in
                _ = document.json()
                bytes += document.bson.count
                return bytes < 4 << 20
            }
        }
        attempt("find") { _ = try collection.find(["a.b": .null], sort: ["text": -1, "_id": 1], limit: 5) }
        for id in [BSONValue.int32(3), "chain", "deflated", .int32(102)] {
            attempt("get") { _ = try collection.get(id)?.json() }
        }
        var indexes: [VectorIndexInfo] = []
        attempt("indexes") {
            indexes = try transaction.collections().first { $0.name == collection.name }?.vectorIndexes ?? []
        }
        for index in indexes.prefix(4) {
            let query = (0..<index.dimension).map { Float($0 % 7) + 0.25 }
            for isExact in [false, true] {
                attempt("search") {
                    _ = try collection.search(field: index.field, vector: query, k: 5, exact: isExact)
                }
            }
            attempt("filtered search") {
                _ = try collection.search(field: index.field, vector: query, k: 5, filter: ["a": ["$exists": true]])
            }
        }
    }

    private func change(_ store: Store) {
        func changing(_ what: String, _ body: (WriteTransaction) throws -> Void) {
            attempt(what) { try store.writeSync(body) }
        }
        changing("insert") { try $0.collection("n").insert(FuzzBase.note(500)) }
        changing("replace") { _ = try $0.collection("n").replace(3, with: FuzzBase.note(3, text: "new"), upsert: true) }
        changing("update") {
            _ = try $0.collection("n").update(["_id": ["$gte": 5]], ["$set": ["text": "x"], "$inc": ["q": 1]])
        }
        changing("delete") {
            for id in [BSONValue.int32(1), "chain", "deflated"] { try $0.collection("n").delete(id) }
        }
        changing("grow") { transaction in
            for number in 600..<630 as Range<Int32> {
                try transaction.collection("t").insert([
                    "_id": .int32(number), "pad": .string(String(repeating: "pad", count: 300)),
                ])
            }
        }
        changing("cache") {
            try $0.cache.set("key 1", [1, 2, 3], ttl: .seconds(5))
            _ = try $0.cache.delete("key 2")
            _ = try $0.cache.increment("counter")
        }
        changing("audit") { try $0.audit.record(actor: "a", action: "b", target: "c") }
        attempt("link") { try store.linkVectors() }
        attempt("checkpoint") { try store.checkpoint() }
        changing("delete many") { _ = try $0.collection("t").deleteMany(["_id": ["$lt": 40]]) }
        changing("index") { try $0.createVectorIndex(on: "n", field: "w", dimension: 2) }
        changing("drop index") { _ = try $0.dropVectorIndex(on: "n", field: "v") }
        changing("drop") { _ = try $0.dropCollection("t") }
        attempt("second check") { _ = try store.check(deep: false) }
    }
}
