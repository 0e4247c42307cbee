import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Commands at random")
struct RandomCommandTests {
    /// Commands that touch everything, to be mutated.
    private static let seeds = [
        #"{"insert":"a","documents":[{"_id":1,"x":[1,2],"v":[1,0]},{"_id":"b","x":{"y":1}}],"ordered":false}"#,
        #"{"find":"a","filter":{"x":{"$gt":1},"$or":[{"_id":1}]},"sort":{"x":-1},"skip":1,"limit":2,"projection":{"x":1}}"#,
        #"{"update":"a","updates":[{"q":{"_id":1},"u":{"$inc":{"n":1},"$push":{"x":3}},"multi":true,"upsert":true}]}"#,
        #"{"delete":"a","deletes":[{"q":{"x":{"$in":[1,null]}},"limit":1}]}"#,
        #"{"aggregate":"a","pipeline":[{"$match":{}},{"$sort":{"x":1}},{"$limit":3},{"$count":"n"}],"cursor":{}}"#,
        #"{"count":"a","query":{"x":1},"skip":1,"limit":1}"#,
        #"{"distinct":"a","key":"x.y","query":{}}"#,
        #"{"findAndModify":"a","query":{"_id":1},"sort":{"x":1},"update":{"$set":{"n":1}},"new":true,"upsert":true}"#,
        #"{"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":2,"metric":"dot","m":8}]}"#,
        #"{"vectorSearch":"a","field":"v","vector":[1,0.5],"k":3,"filter":{"x":1},"exact":true}"#,
        #"{"vectorSearch":"a","field":"v","recommend":{"positive":[1,[1,2]],"negative":["b"]},"skip":1,"k":2}"#,
        #"{"vectorSearch":"a","field":"v","vectors":[[1,0],[0,1]],"groupBy":"x","groupSize":2,"scoreLimit":0.5}"#,
        #"{"vectorSearch":"a","field":"v","vector":[1,0],"mmr":{"diversity":0.5,"pool":9},"recallTarget":0.9,"k":3}"#,
        #"{"createIndexes":"a","indexes":[{"key":{"w":"vector"},"dimension":2,"codes":"none","multiple":true}]}"#,
        #"{"insert":"a","documents":[{"_id":9,"w":[[1,0],[0,1]],"v":[1,1]},{"_id":8,"w":[1,1]}]}"#,
        #"{"dropIndexes":"a","index":"v_vector"}"#, #"{"create":"b"}"#, #"{"drop":"b"}"#, #"{"begin":1}"#,
        #"{"commit":1}"#, #"{"abort":1}"#, #"{"listCollections":1,"filter":{"name":"a"}}"#, #"{"listIndexes":"a"}"#,
        #"{"cacheSet":"k","value":"v","ttlSeconds":5}"#, #"{"cacheGet":"k","as":"string"}"#,
        #"{"cacheIncrement":"n","by":2}"#, #"{"cacheDelete":["k"]}"#, #"{"cacheKeys":"k","limit":3}"#,
        #"{"auditRecord":"x","details":{"a":1}}"#, #"{"auditList":1,"from":1,"limit":2}"#, #"{"auditVerify":1}"#,
        #"{"collStats":"a"}"#, #"{"dbStats":1}"#,
        #"{"bulkWrite":1,"ops":[{"insert":0,"document":{"_id":5,"x":1}},{"update":0,"filter":{"x":1},"updateMods":{"$inc":{"n":1}},"multi":true},{"delete":1,"filter":{},"multi":true}],"nsInfo":[{"ns":"a"},{"ns":"b"}],"ordered":false}"#,
        #"{"createIndexes":"a","indexes":[{"key":{"x":1},"name":"x_1"},{"key":{"n":-1,"x.y":1},"unique":true,"sparse":true}]}"#,
        #"{"createIndexes":"a","indexes":[{"key":{"$**":1},"name":"all","partialFilterExpression":{"n":{"$gt":0}},"hidden":true}]}"#,
        #"{"collMod":"a","index":{"name":"x_1","hidden":true,"expireAfterSeconds":9}}"#,
        #"{"dropIndexes":"a","index":"*"}"#, #"{"renameCollection":"b","to":"a","dropTarget":true}"#,
        #"{"validate":"a","full":true}"#, #"{"find":"a","batchSize":1,"hint":"x_1","maxTimeMS":1000,"let":{"v":1}}"#,
        #"{"getMore":1,"collection":"a","batchSize":1}"#, #"{"killCursors":"a","cursors":[1,2]}"#,
        #"{"explain":{"find":"a","filter":{"x":1},"sort":{"n":1}},"verbosity":"executionStats"}"#,
        #"{"explain":{"update":"a","updates":[{"q":{"x":1},"u":{"$inc":{"n":1}},"multi":true}]}}"#,
        #"{"aggregate":"a","pipeline":[{"$unwind":"$x"},{"$group":{"_id":"$x","n":{"$sum":1}}},{"$merge":{"into":"b"}}],"cursor":{}}"#,
        #"{"update":"a","updates":[{"q":{},"u":{"$set":{"x.$[e]":0}},"arrayFilters":[{"e":{"$gt":1}}]},{"q":{},"u":[{"$set":{"k":{"$size":"$x"}}}]}]}"#,
    ]

    @Test("whatever a command holds, there is a reply, and the store stays sound", arguments: [1, 7, 42] as [UInt64])
    func alwaysAnswers(seed: UInt64) throws {
        let conversation = try Conversation()
        var random = Generator(state: seed)
        let commands = try Self.seeds.map { try Document(json: $0) }
        let pool = commands.flatMap { $0.map(\.value) } + Self.oddities
        for _ in 0..<600 {
            var command = commands[Int.random(in: 0..<commands.count, using: &random)]
            for _ in 0..<Int.random(in: 0...2, using: &random) { command = mutate(command, pool, &random) }
            let reply = conversation.runner.run(command)
            #expect(reply["ok"] == 1 || (reply["ok"] == 0 && reply["code"]?.int != nil), "\(command) \(reply)")
        }
        conversation.runner.finish()
        let report = try conversation.store.check()
        #expect(report.isClean, "\(report.findings)")
    }

    /// About half a minute in a debug build.
    @Test("40,000 commands made from decisions are answered, every command of the vocabulary done and refused")
    func vocabulary() throws {
        var conversation = try Conversation()
        let random = SeededRandomSource(seed: 11)
        var (done, refused): ([String: Int], [String: Int]) = ([:], [:])
        var total = 0
        let some = (0..<8).map { BSONValue.document(["_id": BSONValue($0), "a": [BSONValue($0), "x"], "b": 1]) }
        while total < 40_000 {
            if total % 5000 < 40 {
                conversation.runner.finish()
                let report = try conversation.store.check()
                #expect(report.isClean, "\(report.findings)")
                conversation = try Conversation()
            }
            // Numbers of cursors begin again with each runner.
            conversation.runner = CommandRunner(
                store: conversation.store, actor: "tester", recordsWrites: total % 2 == 0)
            _ = conversation.runner.run(["insert": "a", "documents": .array(some), "ordered": false])
            _ = conversation.runner.run(["find": "a", "batchSize": 1])
            var source = FuzzDocuments(FuzzInput((0..<600).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }))
            while !source.isEmpty {
                let command = source.command()
                let reply = conversation.runner.run(command)
                let name = command.keys.first ?? ""
                switch (reply["ok"]?.double, reply["code"]?.int) {
                case (1, nil): done[name, default: 0] += 1
                case (0, .some): refused[name, default: 0] += 1
                default: Issue.record("\(command) is answered \(reply)")
                }
                total += 1
            }
            conversation.runner.finish()
        }
        #expect(Set(FuzzDocuments.commands).subtracting(done.keys) == [])
        #expect(Set(FuzzDocuments.commands).subtracting(refused.keys) == [])
    }

    private static let oddities: [BSONValue] = [
        .null, .minKey, .maxKey, .undefined, true, 0, -1, 1e300, .double(.nan), .int64(.max), .int64(.min), "", "$",
        ".",
        "a.b", "\u{0}", [], [:], [[]], ["$": 1], ["": 1], .date(BSONDate(millisecondsSince1970: .min)), .code("x"),
        .binary(BSONBinary(subtype: 9, bytes: [0x27])), .symbol("s"),
        .timestamp(BSONTimestamp(seconds: 1, increment: 1)),
    ]

    /// Replaces, removes or adds one value somewhere in the document.
    private func mutate(_ document: Document, _ pool: [BSONValue], _ random: inout Generator) -> Document {
        var fields = document.map { ($0.key, $0.value) }
        guard !fields.isEmpty else { return ["x": pool[Int.random(in: 0..<pool.count, using: &random)]] }
        let place = Int.random(in: 0..<fields.count, using: &random)
        switch (Int.random(in: 0..<6, using: &random), fields[place].1) {
        case (0, _): fields.remove(at: place)
        case (1, _): fields[place].1 = pool[Int.random(in: 0..<pool.count, using: &random)]
        case (2, _): fields[place].0 = ["$x", "_id", "filter", "limit", "q"][Int.random(in: 0..<5, using: &random)]
        case (_, .document(let inner)): fields[place].1 = .document(mutate(inner, pool, &random))
        case (_, .array(var elements)):
            if let element = elements.indices.randomElement(using: &random) {
                if case .document(let inner) = elements[element] {
                    elements[element] = .document(mutate(inner, pool, &random))
                } else {
                    elements[element] = pool[Int.random(in: 0..<pool.count, using: &random)]
                }
            }
            fields[place].1 = .array(elements)
        default: fields[place].1 = pool[Int.random(in: 0..<pool.count, using: &random)]
        }
        var seen: Set<String> = []
        return Document(fields: fields.filter { seen.insert($0.0).inserted })
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
