// findAndModify: which document, what of it comes back, and what is refused; statements of many documents.

import Testing

@testable import SmartStore

@Suite("Semantics of findAndModify and of many documents")
struct ModifySemantics {
    /// A command on three documents, the reply's value, and the documents after it.
    struct Case: Sendable, CustomTestStringConvertible {
        let command: String
        /// The value as Extended JSON, or nil with the code of an error.
        let value: String?
        let code: Int?
        let after: String?
        let reason: String

        init(_ command: String, gives value: String, leaves after: String? = nil, _ reason: String) {
            (self.command, self.value, code, self.after, self.reason) = (command, value, nil, after, reason)
        }

        init(_ command: String, fails code: Int, _ reason: String) {
            (self.command, value, self.code, after, self.reason) = (command, nil, code, nil, reason)
        }

        var testDescription: String { "\(command): \(reason)" }
    }

    private static let documents =
        #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":2,"k":"x","n":3,"a":[3]},{"_id":3,"k":"y","n":4}"#

    @Test("findAndModify", arguments: Self.cases)
    func modifies(test: Case) throws {
        let store = try SemanticsStore()
        let documents = try Document.list(Self.documents)
        try store.insert(documents)
        var runner = CommandRunner(store: store.store, actor: "tester")
        defer { runner.finish() }
        var command: Document = ["findAndModify": .string(SemanticsStore.collection)]
        for (name, value) in try bsonDocument(test.command) { command[name] = value }
        let reply = runner.run(command)
        if let code = test.code {
            #expect(reply["code"]?.int == code, "\(test.testDescription): \(reply)")
        } else {
            let expected = try ExtendedJSON.value(from: try #require(test.value))
            #expect(reply["value"] == expected, "\(test.testDescription): \(reply)")
        }
        let expected = try test.after.map { try Document.list($0) } ?? documents
        #expect(try store.find(FindQuery(sort: ["_id": 1])) == expected, "\(test.testDescription)")
    }

    private static let others = #"{"_id":2,"k":"x","n":3,"a":[3]},{"_id":3,"k":"y","n":4}"#

    static let cases: [Case] = [
        Case(
            #"{"query":{"k":"x"},"update":{"$set":{"n":0}}}"#, gives: #"{"_id":1,"k":"x","n":5,"a":[1,2]}"#,
            leaves: #"{"_id":1,"k":"x","n":0,"a":[1,2]},"# + others, "the first, as it was"),
        Case(
            #"{"query":{"k":"x"},"update":{"$inc":{"n":1}},"new":true}"#, gives: #"{"_id":1,"k":"x","n":6,"a":[1,2]}"#,
            leaves: #"{"_id":1,"k":"x","n":6,"a":[1,2]},"# + others, "as it became"),
        Case(
            #"{"query":{"k":"x"},"sort":{"n":1},"update":{"$set":{"z":1}},"fields":{"n":1}}"#,
            gives: #"{"_id":2,"n":3}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":2,"k":"x","n":3,"a":[3],"z":1},{"_id":3,"k":"y","n":4}"#,
            "the first of an order, projected"),
        Case(
            #"{"query":{"k":"x"},"sort":{"n":-1},"remove":true}"#, gives: #"{"_id":1,"k":"x","n":5,"a":[1,2]}"#,
            leaves: others, "removed"),
        Case(#"{"query":{"k":"z"},"update":{"$set":{"n":0}}}"#, gives: "null", "none found"),
        Case(#"{"query":{"k":"z"},"remove":true}"#, gives: "null", "none to remove"),
        Case(
            #"{"query":{"_id":9,"k":"z"},"update":{"$set":{"n":0}},"upsert":true}"#, gives: "null",
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},"# + others + #",{"_id":9,"k":"z","n":0}"#,
            "an upsert has no old document"),
        Case(
            #"{"query":{"_id":9},"update":{"$set":{"n":0}},"upsert":true,"new":true}"#, gives: #"{"_id":9,"n":0}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},"# + others + #",{"_id":9,"n":0}"#, "but a new one"),
        Case(
            #"{"query":{"_id":3},"update":{"k":"w"},"new":true}"#, gives: #"{"_id":3,"k":"w"}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":2,"k":"x","n":3,"a":[3]},{"_id":3,"k":"w"}"#,
            "a replacement"),
        Case(
            #"{"query":{"_id":3},"update":[{"$set":{"m":{"$multiply":["$n",2]}}}],"new":true}"#,
            gives: #"{"_id":3,"k":"y","n":4,"m":8}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":2,"k":"x","n":3,"a":[3]},{"_id":3,"k":"y","n":4,"m":8}"#,
            "a pipeline"),
        Case(
            #"{"query":{"a":2},"update":{"$set":{"a.$":9}},"fields":{"a":1},"new":true}"#,
            gives: #"{"_id":1,"a":[1,9]}"#, leaves: #"{"_id":1,"k":"x","n":5,"a":[1,9]},"# + others, "by position"),
        Case(
            #"{"query":{"_id":1},"update":{"$set":{"a.$[e]":0}},"arrayFilters":[{"e":{"$gt":1}}],"new":true}"#,
            gives: #"{"_id":1,"k":"x","n":5,"a":[1,0]}"#, leaves: #"{"_id":1,"k":"x","n":5,"a":[1,0]},"# + others,
            "by array filters"),
        Case(
            #"{"query":{"_id":1},"update":{"$set":{"n":5}},"new":true}"#, gives: #"{"_id":1,"k":"x","n":5,"a":[1,2]}"#,
            "nothing changes, the document comes back"),
        Case(
            #"{"query":{"k":"Y"},"update":{"$set":{"n":0}},"collation":{"locale":"en","strength":2},"fields":{"_id":1}}"#,
            gives: #"{"_id":3}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":2,"k":"x","n":3,"a":[3]},{"_id":3,"k":"y","n":0}"#,
            "by the collation"),
        Case(
            #"{"query":{"a":3},"remove":true,"fields":{"a.$":1}}"#, gives: #"{"_id":2,"a":[3]}"#,
            leaves: #"{"_id":1,"k":"x","n":5,"a":[1,2]},{"_id":3,"k":"y","n":4}"#, "a positional projection"),
        Case(#"{"query":{"_id":1}}"#, fails: 9, "neither an update nor a removal"),
        Case(#"{"query":{"_id":1},"remove":true,"update":{"$set":{"n":1}}}"#, fails: 9, "not both"),
        Case(#"{"query":{"_id":1},"remove":true,"new":true}"#, fails: 9, "a removed document has no new form"),
        Case(#"{"query":{"_id":1},"remove":true,"upsert":true}"#, fails: 9, "a removal makes none"),
        Case(#"{"query":{"_id":1},"update":{"$set":{"_id":4}}}"#, fails: 66, "_id stays"),
        Case(#"{"query":{"_id":1},"update":{"$foo":{"n":1}}}"#, fails: 9, "an unknown operator"),
        Case(#"{"query":{"$foo":1},"remove":true}"#, fails: 2, "an unknown condition"),
        Case(#"{"query":{"_id":1},"sort":{"n":5},"remove":true}"#, fails: 15975, "a bad order"),
        Case(#"{"query":{"_id":1},"fields":{"a":1,"b":0},"remove":true}"#, fails: 31254, "a bad projection"),
    ]

    @Test("an update of many is counted, and refused as a whole when one of them cannot be changed")
    func updatesMany() throws {
        let store = try SemanticsStore()
        try store.insert(try Document.list(Self.documents))
        var request = UpdateRequest(["k": "x"], ["$inc": ["n": 1]])
        request.multi = true
        let outcome = try store.update(request)
        #expect(outcome.matched == 2 && outcome.modified == 2)
        let before = try store.find(FindQuery())
        var bad = UpdateRequest([:], ["$push": ["a": 1], "$inc": ["k": 1]])
        bad.multi = true
        #expect(serverCode { _ = try store.update(bad) } == 14)
        var replacement = UpdateRequest([:], ["x": 1])
        replacement.multi = true
        #expect(serverCode { _ = try store.update(replacement) } == 9)
        #expect(try store.find(FindQuery()) == before)
        var partly = UpdateRequest([:], ["$set": ["n": 4]])
        partly.multi = true
        let counted = try store.update(partly)
        #expect(counted.matched == 3 && counted.modified == 1)
    }

    @Test("without multi only the first in order of the identifier changes")
    func updatesOne() throws {
        let store = try SemanticsStore()
        try store.insert(try Document.list(Self.documents))
        let outcome = try store.update(UpdateRequest(["k": "x"], ["$set": ["n": 9]]))
        #expect(outcome.matched == 1 && outcome.modified == 1)
        #expect(try store.find(FindQuery(["n": 9])).map { $0["_id"] } == [1])
    }
}
