// maxTimeMS, with a clock that goes on by a millisecond whenever it is looked at.

import SmartStore
import StoreIO
import Synchronization
import Testing

/// A clock that every look moves.
private final class TickingTimeSource: TimeSource {
    private let looks = Atomic<UInt64>(0)

    func now() -> Int64 { 1_700_000_000_000 }
    func monotonicNanoseconds() -> UInt64 { looks.add(1, ordering: .relaxed).newValue * 1_000_000 }
    func sleep(nanoseconds: UInt64) {}
}

@Suite("Time limits of commands")
struct TimeLimitTests {
    private let folder: TemporaryFolder
    private let store: Store
    private let runner: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        var options = StoreOptions()
        options.time = TickingTimeSource()
        options.runsBackgroundWork = false
        store = try Store.create(at: folder.file("a.store"), key: .none, options: options)
        runner = CommandRunner(store: store, actor: "tester")
        let documents = (0..<5000).map { BSONValue.document(["_id": BSONValue($0), "n": BSONValue($0 % 7)]) }
        #expect(runner.run(["insert": "c", "documents": .array(documents)])["ok"] == 1)
    }

    private static let expired: Document = [
        "ok": 0, "code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "operation exceeded time limit",
    ]

    private static let slow = [
        #"{"find":"c","filter":{"n":9},"maxTimeMS":3}"#,
        #"{"find":"c","sort":{"n":1},"maxTimeMS":3}"#,
        #"{"count":"c","query":{"n":{"$ne":3}},"maxTimeMS":3}"#,
        #"{"distinct":"c","key":"n","maxTimeMS":3}"#,
        #"{"aggregate":"c","pipeline":[{"$group":{"_id":"$n","k":{"$sum":"$_id"}}}],"cursor":{},"maxTimeMS":3}"#,
        #"{"update":"c","updates":[{"q":{"n":1},"u":{"$set":{"hit":1}},"multi":true}],"maxTimeMS":3}"#,
        #"{"delete":"c","deletes":[{"q":{"n":1},"limit":0}],"maxTimeMS":3}"#,
        #"{"findAndModify":"c","query":{"n":9},"update":{"$set":{"hit":1}},"maxTimeMS":3}"#,
        #"{"bulkWrite":1,"ops":[{"insert":0,"document":{"_id":-1}},{"delete":0,"filter":{"n":1},"multi":true}],"nsInfo":[{"ns":"c"}],"maxTimeMS":3}"#,
    ]

    @Test("a command that takes too long is stopped with its own code, and changes nothing", arguments: slow)
    func expires(command: String) throws {
        #expect(runner.run(try Document(json: command)) == Self.expired)
        #expect(runner.run(["count": "c"])["n"] == 5000)
        #expect(runner.run(["count": "c", "query": ["hit": 1]])["n"] == 0)
        runner.finish()
        try store.close()
    }

    @Test("with time enough the same commands are answered", arguments: slow)
    func succeeds(command: String) throws {
        var command = try Document(json: command)
        command["maxTimeMS"] = 100_000
        let reply = runner.run(command)
        #expect(reply["ok"] == 1, "\(reply)")
        command["maxTimeMS"] = 0
        #expect(runner.run(command)["ok"] == 1, "no limit")
        runner.finish()
        try store.close()
    }

    @Test("many small statements count together")
    func together() throws {
        let statement: BSONValue = ["q": ["_id": 1], "u": ["$inc": ["k": 1]]]
        let reply = runner.run([
            "update": "c", "updates": .array(Array(repeating: statement, count: 50)), "maxTimeMS": 20,
        ])
        #expect(reply == Self.expired)
        #expect(runner.run(["count": "c", "query": ["k": ["$exists": true]]])["n"] == 0)
        runner.finish()
        try store.close()
    }
}
