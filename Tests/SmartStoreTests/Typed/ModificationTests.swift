import SmartStore
import Testing

@Suite("Modifications")
struct ModificationTests {
    /// The note 1 after an update of it, as a document.
    private static func updated(_ modifications: Modification..., arrayFilters: [Document] = []) throws -> Document {
        let (store, notes) = try TypedFixture.filled()
        defer { try? store.close() }
        try notes.sync.update(Note.id == 1, .all(modifications), arrayFilters: arrayFilters)
        return try #require(try store.readSync { try $0.collection("notes").get(1) })
    }

    @Test("set, unset and rename change fields; nil is stored as null")
    func fields() throws {
        let document = try Self.updated(
            .set(Note.title, to: "New"), .set(Note.subtitle, to: nil), .unset(Note.rating),
            .rename("year", to: "published"), .set(Note.author.name, to: "Eve"), .set("extra", to: 5))
        #expect(document["t"] == "New" && document["subtitle"] == .null && document["extra"] == .int64(5))
        #expect(document["rating"] == nil && document["year"] == nil && document["published"] == .int64(2019))
        #expect(document[path: "author.name"] == "Eve")
    }

    @Test("numbers are added to, multiplied, and bounded")
    func numbers() throws {
        let document = try Self.updated(
            .increment(Note.year, by: 5), .multiply("rating", by: 2), .increment("views"), .min("low", 3))
        #expect(document["year"] == .int64(2024) && document["rating"] == 9.0)
        #expect(document["views"] == .int64(1) && document["low"] == .int64(3))
        #expect(try Self.updated(.min(Note.year, 2000))["year"] == .int64(2000))
        #expect(try Self.updated(.min(Note.year, 2030))["year"] == .int64(2019))
        #expect(try Self.updated(.max(Note.year, 2030))["year"] == .int64(2030))
    }

    @Test("elements are pushed, put at a place, sorted and cut")
    func pushes() throws {
        #expect(try Self.updated(.push(Note.tags, "new"))["tags"] == ["cats", "sound", "new"])
        #expect(try Self.updated(.push(Note.tags, "x", "y", position: 0))["tags"] == ["x", "y", "cats", "sound"])
        #expect(try Self.updated(.push(Note.tags, "a", sort: 1, slice: 2))["tags"] == ["a", "cats"])
        #expect(try Self.updated(.push(Note.scores, 1, slice: -2))["scores"] == [.int64(7), .int64(1)])
        #expect(try Self.updated(.addToSet(Note.tags, "cats", "new"))["tags"] == ["cats", "sound", "new"])
        #expect(
            try Self.updated(.push(Note.editors, TypedFixture.ada))[path: "editors.0.name"] == "Ada")
    }

    @Test("elements are popped and pulled")
    func pulls() throws {
        #expect(try Self.updated(.popFirst(Note.tags))["tags"] == ["sound"])
        #expect(try Self.updated(.popLast(Note.tags))["tags"] == ["cats"])
        #expect(try Self.updated(.pull(Note.tags, "cats", "none"))["tags"] == ["sound"])
        #expect(try Self.updated(.pull(Note.scores) { $0 >= 5 })["scores"] == [.int64(3)])
        let (store, notes) = try TypedFixture.filled()
        try notes.sync.updateMany(.all, .pull(Note.editors) { $0.name == "Ada" && $0.born < 1900 })
        #expect(try notes.sync.get(2)?.editors == [TypedFixture.bob])
        try store.close()
    }

    @Test("the present time is the store's; an array filter chooses elements")
    func others() throws {
        #expect(
            try Self.updated(.setNow("seen"))["seen"] == .date(BSONDate(millisecondsSince1970: 1_700_000_000_000)))
        #expect(
            try Self.updated(.set("scores.$[big]", to: 0), arrayFilters: [["big": ["$gt": 5]]])["scores"]
                == [.int64(3), .int64(0)])
    }

    @Test("what an update cannot do is thrown and nothing changes", arguments: 0..<5)
    func faults(number: Int) throws {
        let modification: Modification =
            switch number {
            case 0: .all([.set("year", to: 1), .increment("year")])
            case 1: .all([])
            case 2: .set(Field<UInt64>("n"), to: .max)
            case 3: .set("_id", to: 9)
            default: .push("t", "x")
            }
        let (store, notes) = try TypedFixture.filled()
        #expect(throws: StoreError.self) { try notes.sync.updateMany(Note.id == 1, modification) }
        #expect(try notes.sync.find() == TypedFixture.notes)
        try store.close()
    }
}
