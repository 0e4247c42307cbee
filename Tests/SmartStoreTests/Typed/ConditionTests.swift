import SmartStore
import Testing

/// A condition with the document that it must become and the notes that it must find.
struct ConditionCase: Sendable, CustomTestStringConvertible {
    let name: String
    let condition: Condition
    let document: Document
    let found: [Int]
    var testDescription: String { name }

    init(_ name: String, _ condition: Condition, _ document: Document, _ found: [Int]) {
        (self.name, self.condition, self.document, self.found) = (name, condition, document, found)
    }
}

@Suite("Conditions")
struct ConditionTests {
    static let comparisons: [ConditionCase] = [
        .init("==", Note.year == 2020, ["year": ["$eq": .int64(2020)]], [2]),
        .init("!=", Note.year != 2020, ["year": ["$ne": .int64(2020)]], [1, 3, 4]),
        .init("<", Note.year < 2020, ["year": ["$lt": .int64(2020)]], [1]),
        .init("<=", Note.year <= 2020, ["year": ["$lte": .int64(2020)]], [1, 2]),
        .init(">", Note.year > 2020, ["year": ["$gt": .int64(2020)]], [3, 4]),
        .init(">=", Note.year >= 2020, ["year": ["$gte": .int64(2020)]], [2, 3, 4]),
        .init("text", Note.title == "Cats nap", ["t": ["$eq": "Cats nap"]], [3]),
        .init("enum", Note.mood == .wild, ["mood": ["$eq": "wild"]], [2, 4]),
        .init(
            "in", Note.year.in([2019, 2022, 1]), ["year": ["$in": [.int64(2019), .int64(2022), .int64(1)]]], [1, 4]),
        .init("in nothing", Note.year.in([]), ["year": ["$in": []]], []),
        .init("notIn", Note.year.notIn([2019, 2022]), ["year": ["$nin": [.int64(2019), .int64(2022)]]], [2, 3]),
        .init(
            "remainder", Note.year.remainder(dividingBy: 2, is: 1), ["year": ["$mod": [.int64(2), .int64(1)]]], [1, 3]),
    ]

    static let optionals: [ConditionCase] = [
        .init("== nil", Note.subtitle == nil, ["subtitle": ["$eq": nil]], [1, 3]),
        .init("!= nil", Note.subtitle != nil, ["subtitle": ["$ne": nil]], [2, 4]),
        .init("== value", Note.subtitle == "plain", ["subtitle": ["$eq": "plain"]], [4]),
        .init("> value", Note.rating > 4, ["rating": ["$gt": 4.0]], [1, 4]),
        .init("exists", Note.rating.exists(), ["rating": ["$exists": true]], [1, 3, 4]),
        .init("exists not", Note.rating.exists(false), ["rating": ["$exists": false]], [2]),
        .init("in with nil", Note.subtitle.in(["plain", nil]), ["subtitle": ["$in": ["plain", nil]]], [1, 3, 4]),
    ]

    static let texts: [ConditionCase] = [
        .init("matches", Note.title.matches("^cats"), ["t": ["$regex": "^cats", "$options": ""]], []),
        .init(
            "matches without case", Note.title.matches("^cats", options: "i"),
            ["t": ["$regex": "^cats", "$options": "i"]],
            [1, 3]),
        .init("hasPrefix", Note.title.hasPrefix("Cats "), ["t": ["$regex": "^Cats ", "$options": ""]], [1, 3]),
        .init(
            "hasPrefix takes no pattern", Note.title.hasPrefix("a.c ("),
            ["t": ["$regex": "^a\\.c \\(", "$options": ""]],
            [4]),
        .init(
            "hasPrefix with an accented sign", Note.title.hasPrefix("a.\u{301}"),
            ["t": ["$regex": "^a\\.\u{301}", "$options": ""]], []),
        .init("hasType", Note.rating.hasType(.double), ["rating": ["$type": ["double"]]], [1, 3, 4]),
        .init(
            "hasType of several", Note.title.hasType(.int32, .string), ["t": ["$type": ["int", "string"]]],
            [1, 2, 3, 4]),
    ]

    static let arrays: [ConditionCase] = [
        .init("contains", Note.tags.contains("cats"), ["tags": ["$eq": "cats"]], [1, 3]),
        .init("contains of an optional array", Note.scores.contains(12), ["scores": ["$eq": .int64(12)]], [2]),
        .init("all", Note.tags.all(["cats", "sleep"]), ["tags": ["$all": ["cats", "sleep"]]], [3]),
        .init("all of a set", Note.tags.all(Set(["birds"])), ["tags": ["$all": ["birds"]]], [2]),
        .init("size", Note.tags.size(2), ["tags": ["$size": 2]], [1, 3]),
        .init("size 0", Note.scores.size(0), ["scores": ["$size": 0]], [3]),
        .init(
            "elemMatch of values", Note.scores.elemMatch { $0 >= 5 && $0 < 10 },
            ["scores": ["$elemMatch": ["$gte": .int64(5), "$lt": .int64(10)]]], [1]),
        .init(
            "elemMatch of documents", Note.editors.elemMatch { $0.name == "Bob" && $0.born > 1900 },
            ["editors": ["$elemMatch": ["name": ["$eq": "Bob"], "born": ["$gt": .int64(1900)]]]], [2, 3]),
        .init(
            "elemMatch with or", Note.editors.elemMatch { $0.name == "Ada" || $0.born > 1990 },
            ["editors": ["$elemMatch": ["$or": [["name": ["$eq": "Ada"]], ["born": ["$gt": .int64(1990)]]]]]], [2]),
    ]

    static let nested: [ConditionCase] = [
        .init("a field of an optional document", Note.author.name == "Ada", ["author.name": ["$eq": "Ada"]], [1]),
        .init("a field of documents in an array", Note.editors.name == "Ada", ["editors.name": ["$eq": "Ada"]], [2]),
        .init(
            "an element", Note.editors.element(1, of: Author.self).name == "Bob", ["editors.1.name": ["$eq": "Bob"]],
            [2]),
        .init("a child", Note.author.child("born", of: Int.self) < 1900, ["author.born": ["$lt": .int64(1900)]], [1]),
        .init("a path", field("author.born") >= 1900, ["author.born": ["$gte": 1900]], [2]),
        .init(
            "a whole document", Note.author == TypedFixture.bob,
            ["author": ["$eq": ["name": "Bob", "born": .int64(1950)]]], [2]),
        .init("a missing document", Note.author == nil, ["author": ["$eq": nil]], [3, 4]),
    ]

    static let logic: [ConditionCase] = [
        .init(
            "&& of two fields", Note.year >= 2020 && Note.tags.contains("cats"),
            ["year": ["$gte": .int64(2020)], "tags": ["$eq": "cats"]], [3]),
        .init(
            "&& of one field", Note.year >= 2020 && Note.year < 2022,
            ["year": ["$gte": .int64(2020), "$lt": .int64(2022)]],
            [2, 3]),
        .init(
            "&& of one operator twice", Note.tags.contains("cats") && Note.tags.contains("sleep"),
            ["$and": [["tags": ["$eq": "cats"]], ["tags": ["$eq": "sleep"]]]], [3]),
        .init(
            "&& of three that meet",
            Note.tags.contains("cats") && Note.tags.contains("sleep") && Note.tags.contains("birds"),
            ["$and": [["tags": ["$eq": "cats"]], ["tags": ["$eq": "sleep"]]], "tags": ["$eq": "birds"]], []),
        .init(
            "&& keeps a pattern's options with it",
            Note.title.matches("CATS", options: "i") && Note.title.matches("nap"),
            ["$and": [["t": ["$regex": "CATS", "$options": "i"]], ["t": ["$regex": "nap", "$options": ""]]]], [3]),
        .init(
            "||", Note.year == 2019 || Note.year == 2022 || Note.mood == .wild,
            ["$or": [["year": ["$eq": .int64(2019)]], ["year": ["$eq": .int64(2022)]], ["mood": ["$eq": "wild"]]]],
            [1, 2, 4]),
        .init(
            "|| inside &&", (Note.year == 2019 || Note.year == 2020) && Note.mood == .wild,
            ["$or": [["year": ["$eq": .int64(2019)]], ["year": ["$eq": .int64(2020)]]], "mood": ["$eq": "wild"]], [2]),
        .init(
            "two || joined by &&",
            (Note.year == 2019 || Note.year == 2020) && (Note.id == 1 || Note.id == 4),
            [
                "$and": [
                    ["$or": [["year": ["$eq": .int64(2019)]], ["year": ["$eq": .int64(2020)]]]],
                    ["$or": [["_id": ["$eq": .int64(1)]], ["_id": ["$eq": .int64(4)]]]],
                ]
            ], [1]),
        .init("!", !(Note.year >= 2020), ["$nor": [["year": ["$gte": .int64(2020)]]]], [1]),
        .init("! takes missing fields in", !(Note.rating > 3), ["$nor": [["rating": ["$gt": 3.0]]]], [2, 3]),
        .init("all", .all, [:], [1, 2, 3, 4]),
        .init("all && a condition", .all && Note.year == 2020, ["year": ["$eq": .int64(2020)]], [2]),
        .init("all || a condition", Note.year == 2020 || .all, [:], [1, 2, 3, 4]),
        .init("not all", !.all, ["$nor": [[:]]], []),
        .init(
            "a written document", ["year": ["$gte": 2020], "tags": "cats"], ["year": ["$gte": 2020], "tags": "cats"],
            [3]),
        .init(
            "a written document && a field", ["year": 2021] && Note.year < 2022,
            ["$and": [["year": 2021], ["year": ["$lt": .int64(2022)]]]], [3]),
    ]

    @Test("each operator becomes its document and finds its notes", arguments: comparisons + optionals + texts)
    func operators(of given: ConditionCase) throws { try Self.check(given) }

    @Test("conditions on arrays and inside documents find their notes", arguments: arrays + nested)
    func insides(of given: ConditionCase) throws { try Self.check(given) }

    @Test("conditions join as they read", arguments: logic)
    func joins(of given: ConditionCase) throws { try Self.check(given) }

    private static func check(_ given: ConditionCase) throws {
        #expect(try given.condition.document == given.document)
        let (store, notes) = try TypedFixture.filled()
        #expect(try notes.sync.find(given.condition).map(\.id) == given.found)
        #expect(try notes.sync.count(given.condition) == given.found.count)
        try store.close()
    }

    @Test("a text literal is a field beside an operator")
    func literals() throws {
        let condition: Condition = "year" >= 2020 && "mood" == "wild"
        #expect(try condition.document == ["year": ["$gte": .int64(2020)], "mood": ["$eq": "wild"]])
        let (store, notes) = try TypedFixture.filled()
        #expect(try notes.sync.find("year" >= 2020 && field("tags").contains("cats")).map(\.id) == [3])
        try store.close()
    }

    @Test("an untyped field compares with values of any type")
    func untyped() throws {
        #expect(try (field("a") == 5).document == ["a": ["$eq": 5]])
        #expect(try (field("a") != nil).document == ["a": ["$ne": nil]])
        #expect(try (field("a") < 2.5).document == ["a": ["$lt": 2.5]])
        #expect(try field("a").in([1, "x", true]).document == ["a": ["$in": [1, "x", true]]])
        #expect(
            try field("a").elemMatch { $0.child("b", of: Int.self) == 1 }.document
                == ["a": ["$elemMatch": ["b": ["$eq": .int64(1)]]]])
    }

    @Test("a value that cannot be stored is thrown where the condition is used, also from the inside of another")
    func faults() throws {
        let (store, notes) = try TypedFixture.filled()
        let big = Field<UInt64>("n") == .max
        for condition in [big, big && Note.year == 1, Note.year == 1 || big, !big, .all || big] {
            let error = #expect(throws: StoreError.self) { try notes.sync.find(condition) }
            #expect(error?.code == .invalidDocument)
        }
        #expect(throws: StoreError.self) { try notes.sync.count(Field<Int>("a\0b") == 1) }
        #expect(throws: StoreError.self) { try notes.sync.find(sort: [.ascending("a\0b")]) }
        try store.close()
    }

    @Test("elemMatch refuses what plain elements cannot be asked")
    func elementFaults() throws {
        #expect(throws: StoreError.self) { try Note.scores.elemMatch { $0 == 1 || $0 == 2 }.document }
        #expect(throws: StoreError.self) { try Note.scores.elemMatch { $0 > 1 && $0 > 2 }.document }
        #expect(throws: StoreError.self) { try Note.scores.elemMatch { !($0 == 1) }.document }
    }

    @Test("an unknown operator in a written document is refused as everywhere")
    func writtenFaults() throws {
        let (store, notes) = try TypedFixture.filled()
        let error = #expect(throws: StoreError.self) { try notes.sync.find(["year": ["$near": 1]]) }
        #expect(error?.server.number == 2)
        // Options without a pattern of their own are no better for standing beside one.
        #expect(throws: StoreError.self) {
            try notes.sync.find(["t": ["$regex": "cats"]] && ["t": ["$options": "i"]])
        }
        try store.close()
    }

    @Test("a typed condition is served by an index like a written one")
    func usesIndexes() throws {
        let (store, notes) = try TypedFixture.filled()
        try store.writeSync { (tx) throws in
            try tx.createIndex(on: "notes", IndexSpecification(["year": 1]))
            try tx.createIndex(on: "notes", IndexSpecification(["t": 1]))
        }
        #expect(try notes.sync.find(Note.year >= 2020 && Note.year < 2022).map(\.id) == [2, 3])
        #expect(try notes.sync.find(Note.title.hasPrefix("Cats")).map(\.id).sorted() == [1, 3])
        let query = FindQuery(try (Note.year >= 2020 && Note.year < 2022).document, hint: "year_1")
        #expect(try notes.sync.find(query).map(\.id) == [2, 3])
        try store.close()
    }
}
