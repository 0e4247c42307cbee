// Cursors that are left alone, cursors without number, and results larger than what is held.

import SmartStore
import StoreIO
import Testing

@Suite("Cursors of a runner")
struct CursorTests {
    private func hundred() throws -> Conversation {
        let conversation = try Conversation()
        let documents = (1...300).map { "{\"_id\":\($0)}" }.joined(separator: ",")
        try conversation.expect("> {\"insert\":\"c\",\"documents\":[\(documents)]}")
        return conversation
    }

    private func number(_ reply: Document) -> Int? { reply[path: "cursor.id"]?.int }

    @Test("a first batch has 101 documents, and getMore brings the rest")
    func firstBatch() throws {
        let conversation = try hundred()
        let first = try conversation.ask("{\"find\":\"c\"}")
        #expect(first[path: "cursor.firstBatch"]?.array?.count == 101)
        let id = try #require(number(first))
        let next = try conversation.ask("{\"getMore\":\(id),\"collection\":\"c\"}")
        #expect(next[path: "cursor.nextBatch"]?.array?.count == 199)
        #expect(number(next) == 0)
    }

    @Test("a cursor that is left alone for ten minutes is gone, and with it its snapshot")
    func idle() throws {
        let conversation = try hundred()
        let first = try #require(number(conversation.ask("{\"find\":\"c\",\"batchSize\":1}")))
        let kept = try #require(number(conversation.ask("{\"find\":\"c\",\"batchSize\":1,\"noCursorTimeout\":true}")))
        conversation.clock.advance(by: .seconds(599))
        let used = try conversation.ask("{\"getMore\":\(first),\"collection\":\"c\",\"batchSize\":1}")
        #expect(number(used) == first)
        conversation.clock.advance(by: .seconds(599))
        // Use puts the end off.
        #expect(try conversation.ask("{\"getMore\":\(first),\"collection\":\"c\",\"batchSize\":1}")["ok"] == 1)
        conversation.clock.advance(by: .seconds(601))
        // Any command looks for idle cursors.
        try conversation.expect("> {\"ping\":1}")
        try conversation.expect(
            """
            > {"getMore":\(first),"collection":"c"}
            < {"ok":0,"code":43,"codeName":"CursorNotFound","errmsg":"cursor id \(first) not found"}
            """)
        #expect(try conversation.ask("{\"getMore\":\(kept),\"collection\":\"c\",\"batchSize\":1}")["ok"] == 1)
    }

    @Test("a thousand cursors may be open; one more is refused until one is killed")
    func most() throws {
        let conversation = try hundred()
        for _ in 0..<1000 { #expect(try conversation.ask("{\"find\":\"c\",\"batchSize\":1}")["ok"] == 1) }
        let refused = try conversation.ask("{\"find\":\"c\",\"batchSize\":1}")
        #expect(refused["ok"] == 0 && refused["codeName"] == "ResourceExhausted", "\(refused)")
        try conversation.expect(
            """
            > {"find":"c","limit":1}
            > {"killCursors":"c","cursors":[7]}
            > {"find":"c","batchSize":1}
            """)
    }

    @Test("a result is read on from its snapshot, batch by batch, and never held as a whole")
    func streams() throws {
        let conversation = try Conversation()
        let text = String(repeating: "x", count: 1 << 20)
        for start in 0..<5 {
            let documents = (0..<8).map { BSONValue.document(["_id": BSONValue(start * 8 + $0), "t": .string(text)]) }
            #expect(conversation.runner.run(["insert": "big", "documents": .array(documents)])["ok"] == 1)
        }
        // 40 MiB: a batch holds 16 of them, whatever its size says.
        var reply = conversation.runner.run(["find": "big", "batchSize": 1000])
        var counts = [reply[path: "cursor.firstBatch"]?.array?.count ?? 0]
        try conversation.expect("> {\"delete\":\"big\",\"deletes\":[{\"q\":{},\"limit\":0}]}")
        while let id = number(reply), id != 0 {
            reply = conversation.runner.run(["getMore": BSONValue(id), "collection": "big"])
            counts.append(reply[path: "cursor.nextBatch"]?.array?.count ?? 0)
        }
        #expect(counts.reduce(0, +) == 40)
        #expect(counts.count >= 3 && counts.allSatisfy { $0 <= 16 }, "\(counts)")
    }

    @Test("a cursor of a transaction sees it as it was when it was asked, whatever the transaction writes then")
    func inTransaction() throws {
        let conversation = try hundred()
        try conversation.expect("> {\"begin\":1}")
        let id = try #require(number(conversation.ask("{\"find\":\"c\",\"batchSize\":1}")))
        try conversation.expect(
            """
            > {"delete":"c","deletes":[{"q":{"_id":{"$gt":2}},"limit":0}]}
            < {"ok":1,"n":298}
            > {"insert":"c","documents":[{"_id":0}]}
            """)
        let rest = try conversation.ask("{\"getMore\":\(id),\"collection\":\"c\"}")
        #expect(rest[path: "cursor.nextBatch"]?.array?.count == 299)
        try conversation.expect("> {\"commit\":1}")
    }

    @Test("the cursors of a transaction end with it, others do not")
    func endOfTransaction() throws {
        let conversation = try hundred()
        let outside = try #require(number(conversation.ask("{\"find\":\"c\",\"batchSize\":1}")))
        try conversation.expect("> {\"begin\":1}")
        let inside = try #require(number(conversation.ask("{\"find\":\"c\",\"batchSize\":1}")))
        try conversation.expect("> {\"abort\":1}")
        #expect(try conversation.ask("{\"getMore\":\(inside),\"collection\":\"c\"}")["code"] == 43)
        #expect(try conversation.ask("{\"getMore\":\(outside),\"collection\":\"c\"}")["ok"] == 1)
    }
}
