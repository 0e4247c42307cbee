import SmartStore
import Testing

@Suite("Typed collections")
struct TypedCollectionTests {
    @Test("what is inserted is found again, one by one, together, and by _id")
    func inserts() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        #expect(try await notes.find() == [])
        #expect(try await notes.insert(TypedFixture.notes[0]) == .int64(1))
        #expect(
            try await notes.insert(contentsOf: Array(TypedFixture.notes[1...])) == [.int64(2), .int64(3), .int64(4)])
        #expect(try await notes.find() == TypedFixture.notes)
        #expect(try await notes.get(3) == TypedFixture.notes[2])
        #expect(try await notes.get(9) == nil)
        #expect(try await notes.first(Note.mood == .wild)?.id == 2)
        #expect(try await notes.count() == 4)
        try store.close()
    }

    @Test("inserting many is all or nothing")
    func insertsAllOrNothing() async throws {
        let (store, notes) = try TypedFixture.filled()
        let error = await #expect(throws: StoreError.self) {
            try await notes.insert(contentsOf: [Note(id: 8, title: "new"), Note(id: 1, title: "again")])
        }
        #expect(error?.code == .duplicateKey)
        #expect(try await notes.count() == 4)
        try store.close()
    }

    @Test("a document without _id gets one")
    func makesIDs() async throws {
        struct Plain: Codable, Sendable, Equatable { var n: Int }
        struct Kept: Codable, Sendable {
            var id: ObjectID?
            var n: Int
            enum CodingKeys: String, CodingKey {
                case id = "_id"
                case n
            }
        }
        let store = try TypedFixture.store()
        let plain = store.collection("plain", of: Plain.self)
        let id = try await plain.insert(Plain(n: 5))
        #expect(id.objectID != nil)
        #expect(try await plain.get(id) == Plain(n: 5))
        let kept = store.collection("plain", of: Kept.self)
        let second = try await kept.insert(Kept(id: nil, n: 6))
        #expect(try await kept.get(second)?.id == second.objectID)
        try store.close()
    }

    @Test("results are sorted, skipped and limited")
    func orders() async throws {
        let (store, notes) = try TypedFixture.filled()
        #expect(try await notes.find(sort: [.descending(Note.year)]).map(\.id) == [4, 3, 2, 1])
        #expect(try await notes.find(sort: [.descending(Note.mood), .ascending("t")]).map(\.id) == [2, 4, 3, 1])
        #expect(try await notes.find(sort: [.ascending(Note.year)], skip: 1, limit: 2).map(\.id) == [2, 3])
        #expect(try await notes.find(limit: 0).isEmpty)
        #expect(try await notes.first(sort: [.descending(Note.year)])?.id == 4)
        #expect(try await notes.find(FindQuery(["year": ["$gt": 2020]], sort: ["_id": -1])).map(\.id) == [4, 3])
        try store.close()
    }

    @Test("a projection is decoded as a type of its own")
    func projects() async throws {
        struct Title: Codable, Sendable, Equatable {
            var t: String
            var first: String?
        }
        let (store, notes) = try TypedFixture.filled()
        let titles = try await notes.find(
            Note.year < 2021, projection: ["t": 1, "first": ["$arrayElemAt": ["$tags", 0]]], as: Title.self)
        #expect(titles == [Title(t: "Cats purr", first: "cats"), Title(t: "Birds sing", first: "birds")])
        try store.close()
    }

    @Test("distinct values come as their type: of plain fields, arrays, optional and nested fields")
    func distincts() async throws {
        let (store, notes) = try TypedFixture.filled()
        #expect(try await notes.distinct(Note.year) == [2019, 2020, 2021, 2022])
        #expect(try await notes.distinct(Note.mood) == [.calm, .wild])
        #expect(try await notes.distinct(Note.tags).sorted() == ["birds", "cats", "sleep", "sound"])
        #expect(try await notes.distinct(Note.tags, Note.year >= 2021).sorted() == ["cats", "sleep"])
        #expect(try await notes.distinct(Note.scores).sorted() == [3, 7, 12])
        #expect(try await notes.distinct(Note.author.name) == ["Ada", "Bob"])
        #expect(try await notes.distinct(field("year")) == [.int64(2019), .int64(2020), .int64(2021), .int64(2022)])
        try store.close()
    }

    @Test("an update changes the first match, updateMany all; counts say how many")
    func updates() async throws {
        let (store, notes) = try TypedFixture.filled()
        let one = try await notes.update(Note.tags.contains("cats"), .increment(Note.year))
        #expect(one.matched == 1 && one.modified == 1 && one.upsertedID == nil)
        #expect(try await notes.find().map(\.year) == [2020, 2020, 2021, 2022])
        let many = try await notes.updateMany(Note.mood == .calm, .set(Note.mood, to: .wild), .push(Note.tags, "loud"))
        #expect(many.matched == 2 && many.modified == 2)
        #expect(try await notes.count(Note.tags.contains("loud") && Note.mood == .wild) == 2)
        let none = try await notes.updateMany(Note.year == 1, .increment(Note.year))
        #expect(none.matched == 0 && none.upsertedID == nil)
        try store.close()
    }

    @Test("an upsert by update makes a document of condition and modifications")
    func updateUpserts() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        let outcome = try await notes.update(
            Note.id == 7 && Note.year == 1999, .set(Note.title, to: "made"), .set(Note.tags, to: []),
            .set(Note.editors, to: []), .setOnInsert(Note.mood, to: .wild), upsert: true)
        #expect(outcome.upsertedID == .int64(7))
        #expect(try await notes.get(7) == Note(id: 7, title: "made", year: 1999, mood: .wild))
        try store.close()
    }

    @Test("replace takes the place of a document, upsert also an empty one")
    func replaces() async throws {
        let (store, notes) = try TypedFixture.filled()
        let other = Note(id: 2, title: "other")
        #expect(try await notes.replace(2, with: other))
        #expect(try await notes.get(2) == other)
        #expect(try await !notes.replace(9, with: Note(id: 9, title: "none")))
        #expect(try await notes.get(9) == nil)
        #expect(try await !notes.replace(9, with: Note(id: 9, title: "nine"), upsert: true))
        #expect(try await notes.get(9)?.title == "nine")
        await #expect(throws: StoreError.self) { try await notes.replace(2, with: Note(id: 3, title: "wrong")) }
        #expect(try await notes.upsert(Note(id: 9, title: "again")) == .int64(9))
        #expect(try await notes.upsert(Note(id: 10, title: "ten")) == .int64(10))
        #expect(try await notes.find(Note.id >= 9).map(\.title) == ["again", "ten"])
        let outcome = try await notes.replaceFirst(Note.title == "ten", with: Note(id: 10, title: "eleven"))
        #expect(outcome.modified == 1)
        #expect(try await notes.get(10)?.title == "eleven")
        try store.close()
    }

    @Test("findAndUpdate answers with the document as it became or was, in an order")
    func findAndUpdates() async throws {
        let (store, notes) = try TypedFixture.filled()
        let last = try await notes.findAndUpdate(.all, .increment(Note.year, by: 10), sort: [.descending(Note.year)])
        #expect(last?.id == 4 && last?.year == 2032)
        let before = try await notes.findAndUpdate(Note.id == 1, .set(Note.year, to: 1), returning: .original)
        #expect(before?.year == 2019)
        #expect(try await notes.get(1)?.year == 1)
        let same = try await notes.findAndUpdate(Note.id == 1, .set(Note.year, to: 1))
        #expect(same?.year == 1)
        #expect(try await notes.findAndUpdate(Note.id == 77, .set(Note.year, to: 1)) == nil)
        let made = try await notes.findAndUpdate(
            Note.id == 77, .set(Note.title, to: "x"), .set(Note.year, to: 3), .set(Note.tags, to: []),
            .set(Note.editors, to: []), .set(Note.mood, to: .calm), upsert: true)
        #expect(made == Note(id: 77, title: "x", year: 3))
        let none = try await notes.findAndUpdate(
            Note.id == 78, .set(Note.title, to: "y"), upsert: true, returning: .original)
        #expect(none == nil)
        try store.close()
    }

    @Test("findAndReplace and findAndDelete answer with what was there")
    func findAndOthers() async throws {
        let (store, notes) = try TypedFixture.filled()
        let new = Note(id: 3, title: "new")
        #expect(try await notes.findAndReplace(Note.id == 3, with: new, returning: .original) == TypedFixture.notes[2])
        #expect(try await notes.findAndReplace(Note.id == 3, with: new) == new)
        #expect(try await notes.findAndDelete(.all, sort: [.descending(Note.id)]) == TypedFixture.notes[3])
        #expect(try await notes.findAndDelete(Note.id == 4) == nil)
        #expect(try await notes.count() == 3)
        try store.close()
    }

    @Test("delete removes by _id, deleteMany by condition")
    func deletes() async throws {
        let (store, notes) = try TypedFixture.filled()
        #expect(try await notes.delete(1))
        #expect(try await !notes.delete(1))
        #expect(try await notes.deleteMany(Note.year >= 2021) == 2)
        #expect(try await notes.find().map(\.id) == [2])
        #expect(try await notes.deleteMany(.all) == 1)
        try store.close()
    }

    @Test("the nearest values come with their scores, filtered by a condition")
    func nearest() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        try await store.write { tx in
            try tx.createVectorIndex(on: "notes", field: "embedding", dimension: 2)
        }
        try await notes.insert(contentsOf: [
            Note(id: 1, title: "east", year: 1, embedding: [1, 0]),
            Note(id: 2, title: "north", year: 2, embedding: [0, 1]),
            Note(id: 3, title: "northeast", year: 3, embedding: [1, 1]),
            Note(id: 4, title: "nowhere", year: 4),
        ])
        let hits = try await notes.nearest(Note.embedding, to: [1, 0.1], k: 2)
        #expect(hits.map(\.value.title) == ["east", "northeast"] && hits.map(\.id) == [.int64(1), .int64(3)])
        #expect(hits[0].score > hits[1].score)
        #expect(
            try await notes.nearest("embedding", to: [1, 0], where: Note.year >= 2, exact: true).map(\.value.id) == [
                3, 2,
            ])
        var query = VectorQuery(field: "embedding", vector: [1, 0], k: 3)
        query.scoreLimit = 0.5
        query.includeDocuments = false
        #expect(try notes.sync.nearest(query).map(\.value.id) == [1, 3])
        await #expect(throws: StoreError.self) { try await notes.nearest(Note.tags, to: [1, 0]) }
        try store.close()
    }

    @Test("the calls without async do the same")
    func syncForms() throws {
        let (store, notes) = try TypedFixture.filled()
        let sync = notes.sync
        #expect(try sync.first(Note.year > 2019)?.id == 2)
        #expect(try sync.get(4)?.title == "a.c (dots)")
        #expect(try sync.update(Note.id == 1, .set(Note.year, to: 5)).modified == 1)
        #expect(try sync.updateMany(.all, .increment(Note.year)).modified == 4)
        #expect(try sync.replace(1, with: Note(id: 1, title: "one")))
        #expect(try sync.upsert(Note(id: 5, title: "five")) == .int64(5))
        #expect(try sync.findAndUpdate(Note.id == 5, .set(Note.year, to: 6))?.year == 6)
        #expect(try sync.findAndReplace(Note.id == 5, with: Note(id: 5, title: "V"))?.title == "V")
        #expect(try sync.replaceFirst(Note.id == 5, with: Note(id: 5, title: "W")).modified == 1)
        #expect(try sync.distinct(Note.mood).count == 2)
        #expect(try sync.distinct(Note.tags).count == 3)
        #expect(try sync.findAndDelete(Note.id == 5)?.title == "W")
        #expect(try sync.delete(4))
        #expect(try sync.deleteMany(Note.id == 3) == 1)
        #expect(try sync.count() == 2)
        try store.close()
    }

    @Test("a transaction holds several calls, sees its own changes, and is undone as a whole")
    func transactions() async throws {
        struct Stop: Error {}
        let (store, notes) = try TypedFixture.filled()
        let count = try await notes.write { notes in
            try notes.insert(Note(id: 5, title: "five"))
            try notes.deleteMany(Note.id <= 2)
            return try notes.count()
        }
        #expect(count == 3)
        await #expect(throws: Stop.self) {
            try await notes.write { notes in
                try notes.deleteMany(.all)
                throw Stop()
            }
        }
        #expect(try await notes.count() == 3)
        let (first, all) = try await notes.read { (try $0.first(), try $0.count()) }
        #expect(first?.id == 3 && all == 3)
        try store.writeSync { (tx) throws in
            try tx.collection("notes", of: Note.self).insert(Note(id: 6, title: "six"))
            try tx.collection("others", of: Author.self).insert(TypedFixture.ada)
        }
        try store.readSync { (tx) throws in
            #expect(try tx.collection("notes", of: Note.self).count() == 4)
            #expect(try tx.collection("others", of: Author.self).find() == [TypedFixture.ada])
        }
        try store.close()
    }

    @Test("a document of another form is an error that says where")
    func decodingFaults() async throws {
        let store = try TypedFixture.store()
        try store.writeSync { (tx) throws in
            try tx.collection("authors").insert(["_id": 1, "name": "Ada"])
            try tx.collection("authors").insert(["_id": 2, "name": "Bob", "born": "long ago"])
        }
        let authors = store.collection("authors", of: Author.self)
        let missing = await #expect(throws: StoreError.self) { try await authors.get(1) }
        #expect(missing?.code == .invalidDocument && missing?.message.contains("born") == true)
        let wrong = await #expect(throws: StoreError.self) { try await authors.first(field("_id") == 2) }
        #expect(wrong?.code == .invalidDocument && wrong?.message.contains("born") == true)
        try store.close()
    }

    @Test("a value that is no document, or too much for one, is refused before anything changes")
    func encodingFaults() async throws {
        let store = try TypedFixture.store()
        let numbers = store.collection("numbers", of: Int.self)
        let error = await #expect(throws: StoreError.self) { try await numbers.insert(5) }
        #expect(error?.code == .invalidDocument)
        struct Wide: Codable, Sendable { var n: UInt64 }
        let wide = store.collection("numbers", of: Wide.self)
        let large = await #expect(throws: StoreError.self) { try await wide.insert(Wide(n: .max)) }
        #expect(large?.message.contains("n") == true)
        #expect(try store.readSync { try $0.collections().isEmpty })
        try store.close()
    }
}
