import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Testing
import TreeStore

/// What `validate` and the check of a store say of indexes: nothing of sound ones, and each kind of damage that is put
/// into one, with the index's name.
@Suite("Validation of indexes")
struct IndexValidationTests {
    private static let names = ["one", "many", "sparse", "partial", "wild", "folded"]

    /// A store with an index of each kind, every one with entries.
    private static func store(_ disk: SimulatedDisk) throws -> Store {
        disk.stopRecording()
        let store = try StoreFixture.create(disk)
        try store.writeSync { tx in
            let collection = tx.collection("notes")
            for id in 0..<40 {
                try collection.insert([
                    "_id": .int32(Int32(id)), "a": .int32(Int32(id % 7)), "tags": [.string("t\(id % 3)"), "all"],
                    "s": id % 2 == 0 ? "even" : .null, "text": .string("Text \(id % 5)"),
                ])
            }
            try tx.createIndex(on: "notes", IndexSpecification(["a": 1, "s": -1], name: "one"))
            try tx.createIndex(on: "notes", IndexSpecification(["tags": 1], name: "many"))
            try tx.createIndex(on: "notes", IndexSpecification(["s": 1], name: "sparse", isSparse: true))
            try tx.createIndex(
                on: "notes", IndexSpecification(["a": 1], name: "partial", partialFilter: ["a": ["$gt": 2]]))
            try tx.createIndex(on: "notes", IndexSpecification(["$**": 1], name: "wild"))
            try tx.createIndex(
                on: "notes", IndexSpecification(["text": 1], name: "folded", collation: Collation(strength: .primary)))
        }
        return store
    }

    /// The catalog's entry of a kind for an index of `notes`, or for `notes` itself.
    private static func key(_ kind: UInt8, _ index: String? = nil) -> [UInt8] {
        [kind] + Array("notes".utf8) + (index.map { [0] + Array($0.utf8) } ?? [])
    }

    private static func catalog(_ tx: WriteTransaction) -> Tree { Tree(root: PageID(tx.pages.state.catalogRoot)) }

    private static func entry(_ key: [UInt8], _ tx: WriteTransaction) throws -> Document {
        let bytes = try #require(try catalog(tx).get(key.span.bytes, in: tx.pages))
        return try Document(bson: bytes)
    }

    private static func set(_ key: [UInt8], _ name: String, _ value: BSONValue?, _ tx: WriteTransaction) throws {
        var entry = try entry(key, tx)
        entry[name] = value
        try catalog(tx).put(key.span.bytes, entry.bson.span.bytes, in: tx.pages)
    }

    private static func tree(_ key: [UInt8], _ tx: WriteTransaction) throws -> Tree {
        Tree(root: PageID(UInt64(try #require(try entry(key, tx)["root"]?.int))))
    }

    /// The n-th entry of an index.
    private static func pick(_ tree: Tree, _ place: Int, _ tx: WriteTransaction) throws -> (
        key: [UInt8], value: [UInt8]
    ) {
        let cursor = tree.cursor(in: tx.pages)
        try #require(try cursor.seekToFirst())
        for _ in 0..<place { try #require(try cursor.next()) }
        return (try cursor.key, try cursor.value)
    }

    /// Puts damage in, and returns what is said of it.
    private static func findings(_ damage: (WriteTransaction) throws -> Void) throws -> [CheckFinding] {
        let disk = SimulatedDisk()
        let sound = try store(disk)
        #expect(try sound.check().findings == [])
        try sound.writeSync { try damage($0) }
        // What a store remembers of its catalog is read anew.
        try sound.close()
        let store = try StoreFixture.open(disk)
        let reply = CommandRunner(store: store, actor: "t").run(["validate": "notes", "full": true])
        let findings = try store.check().findings
        #expect(reply["ok"]?.double == 1)
        #expect(reply["valid"]?.bool == findings.isEmpty)
        #expect(reply["errors"]?.array?.count == findings.count)
        return findings
    }

    @Test("a sound collection is valid, with and without a full look")
    func sound() throws {
        let store = try Self.store(SimulatedDisk())
        for full in [true, false] {
            let reply = CommandRunner(store: store, actor: "t").run(["validate": "notes", "full": .bool(full)])
            #expect(reply["valid"]?.bool == true)
            #expect(reply["errors"]?.array?.isEmpty == true)
            #expect(reply["nrecords"]?.int == 40)
            #expect(reply["nIndexes"]?.int == 7)
        }
        #expect(CommandRunner(store: store, actor: "t").run(["validate": "none"])["code"]?.int == 26)
    }

    @Test("an entry that is gone is found", arguments: names, [0, 5])
    func removed(name: String, place: Int) throws {
        let findings = try Self.findings { tx in
            let tree = try Self.tree(Self.key(6, name), tx)
            let key = try Self.pick(tree, place, tx).key
            try tree.remove(key.span.bytes, in: tx.pages)
        }
        #expect(findings.contains { $0.segment == "indexes" && $0.place == "notes.\(name)" })
        #expect(findings.contains { $0.reason == "a document has no entry" })
    }

    @Test("an entry of no document is found", arguments: names)
    func invented(name: String) throws {
        let findings = try Self.findings { tx in
            let tree = try Self.tree(Self.key(6, name), tx)
            var (key, value) = try Self.pick(tree, 3, tx)
            // The last byte belongs to the _id.
            key[key.count - 1] &+= 97
            try tree.put(key.span.bytes, value.span.bytes, in: tx.pages)
        }
        #expect(findings.contains { $0.segment == "indexes" && $0.place == "notes.\(name)" })
    }

    @Test("an entry with the form of another type is found", arguments: ["one", "partial"])
    func otherForm(name: String) throws {
        let findings = try Self.findings { tx in
            let tree = try Self.tree(Self.key(6, name), tx)
            var (key, value) = try Self.pick(tree, 2, tx)
            value[0] ^= 0x03
            try tree.put(key.span.bytes, value.span.bytes, in: tx.pages)
        }
        #expect(findings.map(\.reason) == ["an entry has other forms than its document"])
    }

    @Test("a wrong count of entries is found", arguments: names)
    func miscounted(name: String) throws {
        let findings = try Self.findings { try Self.set(Self.key(7, name), "entries", .int64(3), $0) }
        #expect(findings.map(\.place) == ["notes.\(name)"])
        #expect(findings.first?.reason.hasSuffix("but 3 counted") == true)
    }

    @Test("a wrong count of documents is found")
    func miscountedDocuments() throws {
        let findings = try Self.findings { try Self.set(Self.key(2), "documents", .int64(41), $0) }
        #expect(findings.map(\.reason) == ["40 documents, but 41 counted"])
    }

    @Test("an index of arrays that is not marked so is found")
    func unmarked() throws {
        let findings = try Self.findings { try Self.set(Self.key(6, "many"), "multikey", nil, $0) }
        #expect(findings.contains { $0.place == "notes.many" && $0.reason.contains("not marked") })
    }

    @Test("a document that went without its entries is found in every index that had it")
    func lostDocument() throws {
        let findings = try Self.findings { tx in
            let tree = try Self.tree(Self.key(1), tx)
            let key = try Self.pick(tree, 10, tx).key
            try tree.remove(key.span.bytes, in: tx.pages)
        }
        let places = Set(findings.map(\.place))
        for name in Self.names where name != "partial" { #expect(places.contains("notes.\(name)")) }
    }

    @Test("a document that changed without its entries is found")
    func changedDocument() throws {
        let findings = try Self.findings { tx in
            let tree = try Self.tree(Self.key(1), tx)
            let (key, value) = try Self.pick(tree, 10, tx)
            var document = try Document(bson: value)
            document["a"] = 99
            try tree.put(key.span.bytes, document.bson.span.bytes, in: tx.pages)
        }
        let places = Set(findings.map(\.place))
        #expect(places.isSuperset(of: ["notes.one", "notes.partial", "notes.wild"]))
    }
}
