// explain in its three verbosities, for every command that it takes: what it says of keys and documents, and that it
// changes nothing.

import SmartStore
import Testing

@Suite("explain")
struct ExplainCommandTests {
    private func indexed() throws -> Conversation {
        let conversation = try Conversation()
        let documents = (0..<200).map {
            BSONValue.document(["_id": BSONValue($0), "a": BSONValue($0 % 10), "b": BSONValue($0)])
        }
        #expect(conversation.runner.run(["insert": "c", "documents": .array(documents)])["ok"] == 1)
        try conversation.expect(
            """
            > {"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a_1"},{"key":{"b":1},"name":"b_1"}]}
            """)
        return conversation
    }

    private static let commands = [
        #"{"find":"c","filter":{"a":3,"b":{"$lt":100}}}"#, #"{"count":"c","query":{"a":3}}"#,
        #"{"distinct":"c","key":"b","query":{"a":3}}"#,
        #"{"aggregate":"c","pipeline":[{"$match":{"a":3}}],"cursor":{}}"#,
        #"{"update":"c","updates":[{"q":{"a":3},"u":{"$set":{"z":1}},"multi":true}]}"#,
        #"{"delete":"c","deletes":[{"q":{"a":3},"limit":0}]}"#,
        #"{"findAndModify":"c","query":{"a":3},"update":{"$set":{"z":1}}}"#,
    ]

    @Test("each verbosity says more than the one before, and none changes anything", arguments: commands)
    func verbosities(command: String) throws {
        let conversation = try indexed()
        let before = try conversation.ask("{\"find\":\"c\",\"batchSize\":1000}")
        let plan = try conversation.ask("{\"explain\":\(command),\"verbosity\":\"queryPlanner\"}")
        #expect(plan.keys == ["ok", "explainVersion", "queryPlanner", "command"], "\(plan)")
        #expect(plan[path: "queryPlanner.namespace"] == "c")
        let run = try conversation.ask("{\"explain\":\(command),\"verbosity\":\"executionStats\"}")
        #expect(run.keys == ["ok", "explainVersion", "queryPlanner", "executionStats", "command"], "\(run)")
        #expect(run[path: "executionStats.executionSuccess"] == true)
        let examined = ["Keys", "Docs"].compactMap { run[path: "executionStats.total\($0)Examined"]?.int }
        #expect(examined.count == 2 && examined.reduce(0, +) > 0)
        #expect(run[path: "executionStats.allPlansExecution"] == nil)
        let all = try conversation.ask("{\"explain\":\(command)}")
        #expect(all[path: "executionStats.allPlansExecution"]?.array != nil, "\(all)")
        #expect(all["command"]?.document == (try Document(json: command)))
        #expect(try conversation.ask("{\"find\":\"c\",\"batchSize\":1000}") == before)
    }

    @Test("explain of a pipeline that begins with $vectorSearch names the index of its filter")
    func vectorFilter() throws {
        let conversation = try indexed()
        try conversation.expect(
            """
            > {"createIndexes":"c","indexes":[{"key":{"v":"vector"},"dimension":2,"metric":"euclidean"}]}
            > {"update":"c","updates":[{"q":{},"u":{"$set":{"v":[1,2]}},"multi":true}]}
            """)
        func explain(_ filter: String, _ verbosity: String) throws -> Document {
            let stage = "{\"$vectorSearch\":{\"path\":\"v\",\"queryVector\":[0,0],\"limit\":5\(filter)}}"
            let command = "{\"aggregate\":\"c\",\"pipeline\":[\(stage),{\"$project\":{\"a\":1}}],\"cursor\":{}}"
            let reply = try conversation.ask("{\"explain\":\(command),\"verbosity\":\"\(verbosity)\"}")
            let stages = try #require(reply["stages"]?.array, "\(reply)")
            #expect(stages.count == 2 && stages[1].document?.keys == ["$project"], "\(reply)")
            return try #require(stages[0].document)
        }
        let plan = try explain(#","filter":{"b":7}"#, "queryPlanner")
        #expect(plan.keys == ["$vectorSearch", "filterPlan"])
        #expect(plan[path: "filterPlan.stage"] == "ROW_SET" && plan[path: "filterPlan.docsExamined"] == nil, "\(plan)")
        #expect(plan[path: "filterPlan.inputStage.indexName"] == "b_1", "\(plan)")
        let run = try explain(#","filter":{"b":7}"#, "executionStats")
        #expect(run[path: "filterPlan.docsExamined"] == 0 && run[path: "filterPlan.keysExamined"] == 1, "\(run)")
        #expect(run[path: "filterPlan.nReturned"] == 1)
        #expect(try explain("", "executionStats").keys == ["$vectorSearch"])
        let list = try explain(#","filter":{"_id":{"$in":[1,2]}}"#, "queryPlanner")
        #expect(list[path: "filterPlan.stage"] == "ROW_LIST", "\(list)")
    }

    @Test("a find through an index looks at its keys and its documents and at no others")
    func examined() throws {
        let conversation = try indexed()
        let reply = try conversation.ask(
            #"{"explain":{"find":"c","filter":{"a":3},"hint":"a_1"},"verbosity":"executionStats"}"#)
        let statistics = try #require(reply["executionStats"]?.document)
        #expect(statistics["nReturned"] == 20)
        #expect(statistics["totalKeysExamined"] == 20)
        #expect(statistics["totalDocsExamined"] == 20)
    }

    @Test("what a write would do is told, with the stage that would do it")
    func writes() throws {
        let conversation = try indexed()
        let update = try conversation.ask(
            #"{"explain":{"update":"c","updates":[{"q":{"a":3},"u":{"$max":{"b":100}},"multi":true}]}}"#)
        let stage = try #require(update[path: "executionStats.executionStages"]?.document)
        #expect(stage["stage"] == "UPDATE" && stage["nMatched"] == 20 && stage["nWouldModify"] == 10, "\(stage)")
        let delete = try conversation.ask(#"{"explain":{"delete":"c","deletes":[{"q":{"a":3},"limit":1}]}}"#)
        #expect(delete[path: "executionStats.executionStages.nWouldDelete"] == 1, "\(delete)")
        #expect(delete[path: "queryPlanner.winningPlan.stage"] == "DELETE")
    }

    @Test(
        "what the command inside would refuse, explain refuses",
        arguments: [
            (#"{"find":"c","filter":{"a":{"$nope":1}}}"#, 2), (#"{"find":"c","limit":-1}"#, 51024),
            (#"{"find":1}"#, 73), (#"{"count":"c","sort":{}}"#, 40415), (#"{"distinct":"c"}"#, 40414),
            (#"{"aggregate":"c","pipeline":[{"$nope":1}]}"#, 40324), (#"{"aggregate":"c"}"#, 40414),
            (#"{"update":"c","updates":[]}"#, 16), (#"{"update":"c","updates":[{"q":{}}]}"#, 40414),
            (#"{"delete":"c","deletes":[{"q":{},"limit":3}]}"#, 9),
            (#"{"findAndModify":"c","remove":true,"new":true}"#, 9), (#"{"explain":{"find":"c"}}"#, 59), (#"{}"#, 59),
        ])
    func refusals(command: String, code: Int) throws {
        let reply = try Conversation().ask("{\"explain\":\(command)}")
        #expect(reply["ok"] == 0 && reply["code"]?.int == code, "\(reply)")
    }
}
