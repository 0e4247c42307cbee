import StoreTestSupport
import Testing

@testable import SmartStore

// Secondary indexes in golden files: what is there is used and kept up, what was half made goes, and older files refuse.

enum GoldenIndexComparison {
    /// Every index is there as it was made, and answers as a scan does.
    static func expectIndexes(_ tx: ReadTransaction) throws {
        let info = try #require(try tx.collections().first { $0.name == "papers" })
        let ready = info.indexes.filter(\.isReady)
        let wanted = GoldenPapers.indexes.map(\.named).sorted { $0.effectiveName < $1.effectiveName }
        #expect(ready.map(\.specification) == wanted)
        #expect(Set(ready.filter(\.isMultikey).map(\.name)) == GoldenPapers.multikey)
        let papers = tx.collection("papers")
        for query in queries() {
            let name = try #require(query.hint?.string)
            let found = try papers.find(query).map(\.bson)
            var scan = query
            scan.hint = ["$natural": 1]
            let expected = try papers.find(scan).map(\.bson)
            #expect(!expected.isEmpty && expected.count < info.documentCount, "\(name)")
            #expect(Set(found) == Set(expected) && found.count == expected.count, "\(name)")
        }
        // An array that the number picks is opened for its keys, but is no match for its element.
        #expect(try papers.find(FindQuery(["tags.0": "x"], hint: "tags.0_-1")) == [])
        for paper in try GoldenPapers.papers() {
            let code = try #require(paper["code"])
            #expect(try papers.find(FindQuery(["code": code], hint: "code_1")) == [paper])
        }
    }

    private static func queries() -> [FindQuery] {
        let date = BSONValue.date(BSONDate(millisecondsSince1970: GoldenContent.created - 9000))
        func collated(_ strength: Collation.Strength, _ locale: String = "en", caseLevel: Bool = false) -> QueryOptions
        {
            QueryOptions(collation: Collation(locale: locale, strength: strength, caseLevel: caseLevel))
        }
        return [
            FindQuery(["year": ["$gte": 1990]], hint: "year_1"),
            FindQuery(["year": ["$lt": 1985]], hint: "year_-1_title_1_rating_-1"),
            FindQuery(["note": "note 13"], hint: "note_1"),
            FindQuery(["rating": 0.5, "year": ["$gte": 1990]], hint: "good"),
            FindQuery(["tags": "a"], hint: "tags_1"),
            FindQuery(["tags.0": 1], hint: "tags.0_-1"),
            FindQuery(["parts.name": "n1"], hint: "parts.name_1_year_1_parts.size_-1"),
            FindQuery(["seen": ["$lte": date]], hint: "seen_1"),
            FindQuery(["rating": 0.5], hint: "$**_1"),
            FindQuery(["extra.list.x": 5], hint: "below extra"),
            FindQuery(["title": "éclair"], hint: "letters", options: collated(.primary)),
            FindQuery(["title": "ZOË"], hint: "no case", options: collated(.secondary, "de")),
            FindQuery(["value": ["$gte": -300, "$lte": 1]], hint: "value_1"),
            FindQuery(["value": ["$gt": "text"]], hint: "value_-1"),
            FindQuery(["value": "X"], hint: "value cased", options: collated(.primary, caseLevel: true)),
        ]
    }
}

@Suite("Indexes in golden files")
struct GoldenIndexTests {
    @Test(
        "an index that was half made shows as such, and goes when the file is opened for writing",
        arguments: [GoldenFile.crashed4, .crashed5])
    func halfMade(file: GoldenFile) throws {
        let disk = try file.disk()
        func infos(_ store: Store) throws -> [IndexInfo] {
            try store.readSync { try $0.collections().first { $0.name == "papers" }?.indexes ?? [] }
        }
        var store = try file.open(on: disk, readOnly: true)
        #expect(try infos(store).filter { !$0.isReady }.map(\.specification) == [GoldenPapers.unfinished])
        try store.close()
        store = try file.open(on: disk)
        #expect(try infos(store).count == GoldenPapers.indexes.count)
        #expect(try store.check().findings == [])
        #expect(try store.createIndex(on: "papers", GoldenPapers.unfinished))
        let papers = try GoldenPapers.papers()
        #expect(try infos(store).first { $0.name == "unfinished" }?.entryCount == papers.count)
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test(
        "indexes of a golden file are kept up by writers",
        arguments: [GoldenFile.plain4, .raw4, .passphrase4, .crashed4, .plain5, .crashed5])
    func keptUp(file: GoldenFile) throws {
        let disk = try file.disk()
        let store = try file.open(on: disk)
        let before = try store.readSync { try $0.collections().first { $0.name == "papers" }?.indexes }
        try store.writeSync { (tx) throws in
            for number in 50..<80 { try tx.collection("papers").insert(GoldenPapers.paper(number)) }
            _ = try tx.collection("papers").update([:], ["$set": ["year": 1999]], multi: true)
        }
        #expect(try store.check().findings == [])
        let code = try #require(try GoldenPapers.paper(50)["code"])
        #expect(throws: StoreError.self) {
            try store.writeSync { _ = try $0.collection("papers").insert(["_id": "other", "code": code]) }
        }
        // Undone, so that what is left is what was there.
        try store.writeSync { (tx) throws in
            for number in 50..<80 { try tx.collection("papers").delete(GoldenPapers.id(number)) }
            for paper in try GoldenPapers.papers() {
                try tx.collection("papers").replace(#require(paper["_id"]), with: paper)
            }
        }
        try GoldenComparison.expectContent(of: store, file)
        #expect(try store.readSync { try $0.collections().first { $0.name == "papers" }?.indexes } == before)
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test(
        "a description that is none is damage of its collection, and of no other",
        arguments: [
            [:], ["keys": [:]], ["keys": ["a": 0]], ["keys": ["a": "text"]], ["keys": ["": 1]], ["keys": ["$a": 1]],
            ["keys": ["_id": 1]], ["keys": ["$**": -1]], ["keys": ["$**": 1], "unique": true],
            ["keys": ["$**": 1, "a": 1]], ["keys": ["a": 1, "b": 1], "expireAfterSeconds": 1],
            ["keys": ["a": 1], "expireAfterSeconds": -1], ["keys": ["a": 1], "sparse": true, "partial": ["a": 1]],
            ["keys": ["a": 1], "partial": ["a": ["$ne": 1]]], ["keys": ["a": 1], "collation": ["strength": 1]],
            ["keys": ["a": 1], "collation": ["locale": "en", "strength": 9]], ["keys": ["a": 1], "root": 1],
            ["keys": ["a": 1], "root": -5], ["keys": ["a": 1], "root": "5"], ["keys": ["a": 1], "pending": 0],
        ] as [Document])
    func hostileDescription(entry: Document) throws {
        let disk = try GoldenFile.plain4.disk()
        var store = try GoldenFile.plain4.open(on: disk)
        try store.writeSync { (tx) throws in
            let catalogue = try tx.makeCatalog()
            let key = CatalogKind.index.key("papers", "year_1")
            let right = try #require(try catalogue.entry(key, in: tx.pages))
            var entry = entry
            if entry["root"] == nil { entry["root"] = right["root"] }
            try catalogue.put(key, entry, in: tx.pages)
            tx.changedSchema = true
        }
        try store.close()
        store = try GoldenFile.plain4.open(on: disk)
        try store.readSync { (tx) throws in
            do {
                _ = try tx.collection("papers").find()
                Issue.record("\(entry) is taken for an index")
            } catch let error as StoreError {
                #expect(error.code == .corruptStructure && error.message.contains("year_1"))
            }
            #expect(try tx.collection("notes").find() == GoldenContent.notes)
        }
        #expect(try !store.check().isClean)
        try store.close()
    }

    @Test("a file of an older version takes no index", arguments: [GoldenFile.raw, .raw2, .raw3])
    func refused(file: GoldenFile) throws {
        let store = try file.open(on: file.disk())
        do {
            try store.createIndex(on: "notes", IndexSpecification(["title": 1]))
            Issue.record("an index in a file of version \(file.formatVersion)")
        } catch {
            #expect(error.code == .unsupportedParameters)
            #expect(error.message.contains("format \(file.formatVersion)"))
        }
        try GoldenComparison.expectContent(of: store, file)
        #expect(try store.check().findings == [])
        try store.close()
    }
}
