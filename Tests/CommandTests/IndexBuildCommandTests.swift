// createIndexes over many documents: beside writers, with progress; stopped or refused, nothing is left.

import SmartStore
import StoreIO
import Synchronization
import Testing

@Suite("Indexes made by commands", .timeLimit(.minutes(5)))
struct IndexBuildCommandTests {
    /// More documents than are indexed in one transaction.
    private static let count = 5000

    private func filled(recordsWrites: Bool = false) throws -> Conversation {
        let conversation = try Conversation(recordsWrites: recordsWrites)
        let documents = (0..<Self.count).map {
            BSONValue.document(["_id": BSONValue($0), "a": BSONValue($0 % 100), "u": BSONValue($0 == 4999 ? 1 : $0)])
        }
        #expect(conversation.runner.run(["insert": "c", "documents": .array(documents)])["ok"] == 1)
        return conversation
    }

    @Test("the maker of an index is told how far it is, and the reply counts the indexes")
    func progress() throws {
        let conversation = try filled()
        let seen = Mutex<[IndexBuildProgress]>([])
        let names = Mutex<Set<String>>([])
        conversation.runner.onIndexBuild = { name, progress in
            names.withLock { _ = $0.insert(name) }
            seen.withLock { $0.append(progress) }
            return true
        }
        try conversation.expect(
            """
            > {"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"},{"key":{"a":1,"_id":-1},"name":"two"}]}
            < {"ok":1,"numIndexesBefore":1,"numIndexesAfter":3,"createdCollectionAutomatically":false}
            > {"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"}]}
            < {"ok":1,"numIndexesBefore":3,"numIndexesAfter":3,"note":"all indexes already exist"}
            > {"count":"c","query":{"a":7},"hint":"a_1"}
            < {"ok":1,"n":50}
            > {"count":"c","query":{"a":7},"hint":"two"}
            < {"ok":1,"n":50}
            """)
        #expect(names.withLock { $0 } == ["a_1", "two"])
        let reports = seen.withLock { $0 }
        #expect(reports.contains { $0.phase == .loading && $0.done == Self.count })
        #expect(reports.allSatisfy { $0.done <= $0.total })
        #expect(try conversation.store.check(deep: true).isClean)
    }

    @Test("an index that is stopped leaves nothing")
    func stopped() throws {
        let conversation = try filled()
        conversation.runner.onIndexBuild = { _, progress in progress.phase == .reading }
        let reply = try conversation.ask(#"{"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"}]}"#)
        #expect(reply["ok"] == 0, "\(reply)")
        try conversation.expect(
            """
            > {"listIndexes":"c"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"}],"id":0,"ns":"c"}}
            """)
        #expect(try conversation.store.check(deep: true).isClean)
    }

    @Test("when the second of two indexes is refused, the first does not stay either", arguments: [false, true])
    func refused(recordsWrites: Bool) throws {
        let conversation = try filled(recordsWrites: recordsWrites)
        try conversation.expect(
            """
            > {"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"},{"key":{"u":1},"name":"u_1","unique":true}]}
            < {"ok":0,"code":11000,"codeName":"DuplicateKey","errmsg":"E11000 duplicate key error collection: c index: u_1 dup key: { u: 1 }","keyPattern":{"u":1},"keyValue":{"u":1}}
            > {"listIndexes":"c"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"}],"id":0,"ns":"c"}}
            """)
        #expect(try conversation.store.check(deep: true).isClean)
    }

    @Test("a runner that records writes makes the index and its audit entry in one transaction")
    func recorded() throws {
        let conversation = try filled(recordsWrites: true)
        try conversation.expect(
            """
            > {"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"}]}
            < {"ok":1,"numIndexesBefore":1,"numIndexesAfter":2,"createdCollectionAutomatically":false}
            """)
        let entries = try conversation.store.readSync { try $0.audit.entries() }
        #expect(entries.map(\.action) == ["insert", "createIndexes"])
        #expect(entries[1].details == ["indexes": ["a_1"]])
    }

    @Test("a hidden index is kept up, enforces uniqueness, and answers nothing until it is shown")
    func hidden() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"createIndexes":"h","indexes":[{"key":{"a":1},"name":"a_1","unique":true,"hidden":true}]}
            > {"listIndexes":"h"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"},{"v":2,"key":{"a":1},"name":"a_1","unique":true,"hidden":true}],"id":0,"ns":"h"}}
            > {"insert":"h","documents":[{"_id":1,"a":1},{"_id":2,"a":1}]}
            < {"ok":1,"n":1,"writeErrors":[{"index":1,"code":11000,"keyPattern":{"a":1},"keyValue":{"a":1},"errmsg":"E11000 duplicate key error collection: h index: a_1 dup key: { a: 1 }"}]}
            """)
        let more = (10..<300).map { BSONValue.document(["_id": BSONValue($0), "a": BSONValue($0)]) }
        #expect(conversation.runner.run(["insert": "h", "documents": .array(more)])["n"] == 290)
        func stage() throws -> BSONValue? {
            let command = #"{"explain":{"find":"h","filter":{"a":1}},"verbosity":"queryPlanner"}"#
            return try conversation.ask(command)[path: "queryPlanner.winningPlan.stage"]
        }
        #expect(try stage() == "COLLSCAN")
        try conversation.expect("> {\"collMod\":\"h\",\"index\":{\"name\":\"a_1\",\"hidden\":false}}")
        #expect(try stage() == "FETCH")
        try conversation.expect(
            """
            > {"collMod":"h","index":{"name":"a_1","hidden":true}}
            > {"insert":"h","documents":[{"_id":3,"a":3}]}
            > {"collMod":"h","index":{"name":"a_1","hidden":false}}
            > {"find":"h","filter":{"a":3},"hint":"a_1"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":3,"a":3}],"id":0,"ns":"h"}}
            """)
    }

    @Test("collStats and dbStats tell sizes, indexes and those being made")
    func statistics() throws {
        let conversation = try filled()
        try conversation.expect("> {\"createIndexes\":\"c\",\"indexes\":[{\"key\":{\"a\":1},\"name\":\"a_1\"}]}")
        let reply = try conversation.ask("{\"collStats\":\"c\"}")
        #expect(
            reply.keys == [
                "ok", "ns", "size", "count", "avgObjSize", "storageSize", "capped", "nindexes", "indexDetails",
                "indexBuilds", "totalIndexSize", "totalSize", "indexSizes", "vectorIndexes", "scaleFactor",
            ])
        #expect(reply["count"] == 5000 && reply["nindexes"] == 2 && reply["indexBuilds"] == [])
        #expect(reply[path: "indexDetails.a_1"] == ["entries": 5000, "multikey": false, "ready": true])
        let bytes = try #require(reply["totalSize"]?.int)
        #expect(bytes > 5000 * 20)
        let scaled = try conversation.ask("{\"collStats\":\"c\",\"scale\":1024}")
        #expect(scaled["totalSize"] == BSONValue(bytes / 1024))
        let all = try conversation.ask("{\"dbStats\":1,\"scale\":1024}")
        #expect(all["totalSize"] == BSONValue(bytes / 1024) && all["objects"] == 5000 && all["indexes"] == 2)
    }
}
