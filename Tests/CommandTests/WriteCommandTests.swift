import SmartStore
import Testing

@Suite("Commands that write")
struct WriteCommandTests {
    @Test("an ordered insert stops at the first document that is refused, and keeps those before it")
    func orderedInsert() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[{"_id":1},{"_id":"a\\"b"},{"_id":1},{"_id":2}]}
            < {"ok":1,"n":2,"writeErrors":[{"index":2,"code":11000,"keyPattern":{"_id":1},"keyValue":{"_id":1},"errmsg":"E11000 duplicate key error collection: notes index: _id_ dup key: { _id: 1 }"}]}
            > {"count":"notes"}
            < {"ok":1,"n":2}
            > {"insert":"notes","documents":[{"_id":"a\\"b"}]}
            < {"ok":1,"n":0,"writeErrors":[{"index":0,"code":11000,"keyPattern":{"_id":1},"keyValue":{"_id":"a\\"b"},"errmsg":"E11000 duplicate key error collection: notes index: _id_ dup key: { _id: \\"a\\\\\\"b\\" }"}]}
            """)
    }

    @Test("an unordered insert goes on after a refusal")
    func unorderedInsert() throws {
        let conversation = try Conversation()
        let reply = try conversation.ask(
            """
            {"insert":"notes","documents":[{"_id":1},{"_id":1},{"_id":2},{"_id":[1]},{"_id":3}],"ordered":false}
            """)
        #expect(reply["ok"] == 1 && reply["n"] == 3)
        let errors = try #require(reply["writeErrors"]?.array).compactMap(\.document)
        #expect(errors.map { $0["index"] } == [1, 3])
        #expect(errors.map { $0["code"] } == [11000, 53])
        #expect(errors[1]["errmsg"]?.string?.hasPrefix("The '_id' value cannot be of type array") == true)
        try conversation.expect(
            """
            > {"count":"notes"}
            < {"ok":1,"n":3}
            """)
    }

    @Test("equal numbers of different types are the same _id")
    func equalNumbers() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[{"_id":1}]}
            > {"insert":"notes","documents":[{"_id":1.0}]}
            < {"ok":1,"n":0,"writeErrors":[{"index":0,"code":11000,"keyPattern":{"_id":1},"keyValue":{"_id":1.0},"errmsg":"E11000 duplicate key error collection: notes index: _id_ dup key: { _id: 1.0 }"}]}
            """)
    }

    @Test("a document without an _id gets an ObjectId as its first field")
    func generatedIdentifier() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"insert":"notes","documents":[{"t":1}]}
            < {"ok":1,"n":1}
            """)
        let reply = try conversation.ask("{\"find\":\"notes\"}")
        let found = try #require(reply[path: "cursor.firstBatch.0"]?.document)
        #expect(found.keys == ["_id", "t"])
        #expect(found["_id"]?.objectID?.secondsSince1970 == 1_700_000_000)
    }

    @Test("a write has between 1 and 100,000 statements, and a name that may be")
    func bounds() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[]}
            < {"ok":0,"code":16,"codeName":"InvalidLength","errmsg":"Write batch sizes must be between 1 and 100000. Got 0 operations."}
            > {"update":"notes","updates":[]}
            < {"ok":0,"code":16,"codeName":"InvalidLength","errmsg":"Write batch sizes must be between 1 and 100000. Got 0 operations."}
            > {"listCollections":1}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"$cmd.listCollections"}}
            """)
        let reply = try Conversation().ask("{\"insert\":\"a$b\",\"documents\":[{}]}")
        #expect(reply[path: "writeErrors.0.code"] == 73, "\(reply)")
    }

    @Test("update changes the first match, or with multi all of them")
    func update() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[{"_id":1,"n":1},{"_id":2,"n":1},{"_id":3,"n":5}]}
            > {"update":"notes","updates":[{"q":{"n":1},"u":{"$inc":{"n":1}}}]}
            < {"ok":1,"n":1,"nModified":1}
            > {"update":"notes","updates":[{"q":{},"u":{"$set":{"n":2}},"multi":true}]}
            < {"ok":1,"n":3,"nModified":2}
            > {"update":"notes","updates":[{"q":{"_id":3},"u":{"a":1}},{"q":{"_id":9},"u":{"a":1}}]}
            < {"ok":1,"n":1,"nModified":1}
            > {"find":"notes"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"n":2},{"_id":2,"n":2},{"_id":3,"a":1}],"id":0,"ns":"notes"}}
            > {"update":"notes","updates":[{"q":{"_id":1},"u":{"$unset":{"n":""},"$push":{"l":{"$each":[1,2]}}}}]}
            < {"ok":1,"n":1,"nModified":1}
            > {"find":"notes","filter":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"l":[1,2]}],"id":0,"ns":"notes"}}
            """)
    }

    @Test("an upsert inserts what filter and update say, and names its _id")
    func upsert() throws {
        try Conversation().expect(
            """
            > {"update":"notes","updates":[{"q":{"_id":7,"a":1},"u":{"$set":{"b":2}},"upsert":true},{"q":{"_id":7},"u":{"$set":{"b":3}},"upsert":true}]}
            < {"ok":1,"n":2,"nModified":1,"upserted":[{"index":0,"_id":7}]}
            > {"update":"notes","updates":[{"q":{"_id":8},"u":{"c":1},"upsert":true}]}
            < {"ok":1,"n":1,"nModified":0,"upserted":[{"index":0,"_id":8}]}
            > {"find":"notes"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":7,"a":1,"b":3},{"_id":8,"c":1}],"id":0,"ns":"notes"}}
            > {"update":"notes","updates":[{"q":{"_id":7,"a":9},"u":{"$set":{"b":2}},"upsert":true}]}
            < {"ok":1,"n":0,"nModified":0,"writeErrors":[{"index":0,"code":11000,"keyPattern":{"_id":1},"keyValue":{"_id":7},"errmsg":"E11000 duplicate key error collection: notes index: _id_ dup key: { _id: 7 }"}]}
            """)
    }

    @Test("an update that makes no sense is a write error, and changes nothing")
    func updateErrors() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"insert":"notes","documents":[{"_id":1,"n":1},{"_id":2,"n":"x"}]}
            > {"update":"notes","updates":[{"q":{},"u":{"a":1},"multi":true}]}
            < {"ok":1,"n":0,"nModified":0,"writeErrors":[{"index":0,"code":9,"errmsg":"multi update is not supported for replacement-style update"}]}
            > {"update":"notes","updates":[{"q":{"n":{"$foo":1}},"u":{"$set":{"a":1}}}]}
            < {"ok":1,"n":0,"nModified":0,"writeErrors":[{"index":0,"code":2,"errmsg":"unknown operator: $foo"}]}
            > {"update":"notes","updates":[{"q":{},"u":[{"$match":{"a":1}}]}]}
            < {"ok":1,"n":0,"nModified":0,"writeErrors":[{"index":0,"code":72,"errmsg":"$match is not allowed to be used within an update"}]}
            > {"update":"notes","updates":[{"q":{}}]}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'update.updates.u' is missing but a required field"}
            > {"update":"notes","updates":[{"q":{},"u":{},"upsertSupplied":true}]}
            < {"ok":0,"code":238,"codeName":"NotImplemented","errmsg":"'update.updates.upsertSupplied' is not built yet"}
            > {"update":"notes","updates":[{"q":{},"u":{},"foo":1}]}
            < {"ok":0,"code":40415,"codeName":"IDLUnknownField","errmsg":"BSON field 'update.updates.foo' is an unknown field."}
            """)
        let reply = try conversation.ask(
            "{\"update\":\"notes\",\"updates\":[{\"q\":{},\"u\":{\"$inc\":{\"n\":1}},\"multi\":true}]}")
        #expect(reply["n"] == 0 && reply[path: "writeErrors.0.code"] == 14, "\(reply)")
        let immutable = try conversation.ask(
            "{\"update\":\"notes\",\"updates\":[{\"q\":{\"_id\":1},\"u\":{\"$set\":{\"_id\":2}}}]}")
        #expect(immutable[path: "writeErrors.0.code"] == 66, "\(immutable)")
        try conversation.expect(
            """
            > {"find":"notes"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"n":1},{"_id":2,"n":"x"}],"id":0,"ns":"notes"}}
            """)
    }

    @Test("delete removes the first match or all of them")
    func delete() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[{"_id":1,"a":1},{"_id":2,"a":1},{"_id":3,"a":1},{"_id":4}]}
            > {"delete":"notes","deletes":[{"q":{"a":1},"limit":1}]}
            < {"ok":1,"n":1}
            > {"delete":"notes","deletes":[{"q":{"a":1},"limit":0},{"q":{"_id":9},"limit":1}]}
            < {"ok":1,"n":2}
            > {"find":"notes"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":4}],"id":0,"ns":"notes"}}
            > {"delete":"notes","deletes":[{"q":{},"limit":2}]}
            < {"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"The limit field in delete objects must be 0 or 1. Got 2"}
            > {"delete":"notes","deletes":[{"q":{}}]}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'delete.deletes.limit' is missing but a required field"}
            > {"delete":"notes","deletes":[{"q":{"a":{"$foo":1}},"limit":0}]}
            < {"ok":1,"n":0,"writeErrors":[{"index":0,"code":2,"errmsg":"unknown operator: $foo"}]}
            > {"delete":"nothing","deletes":[{"q":{},"limit":0}]}
            < {"ok":1,"n":0}
            """)
    }

    @Test("findAndModify answers with the document as it was, or as it became")
    func findAndModify() throws {
        try Conversation().expect(
            """
            > {"insert":"notes","documents":[{"_id":1,"n":1},{"_id":2,"n":2}]}
            > {"findAndModify":"notes","query":{"_id":1},"update":{"$inc":{"n":1}}}
            < {"ok":1,"lastErrorObject":{"n":1,"updatedExisting":true},"value":{"_id":1,"n":1}}
            > {"findAndModify":"notes","sort":{"n":-1,"_id":-1},"update":{"$set":{"m":1}},"new":true,"fields":{"m":1}}
            < {"ok":1,"lastErrorObject":{"n":1,"updatedExisting":true},"value":{"_id":2,"m":1}}
            > {"findAndModify":"notes","query":{"_id":9},"update":{"$set":{"m":1}}}
            < {"ok":1,"lastErrorObject":{"n":0,"updatedExisting":false},"value":null}
            > {"findAndModify":"notes","query":{"_id":9},"update":{"$set":{"m":1}},"upsert":true}
            < {"ok":1,"lastErrorObject":{"n":1,"updatedExisting":false,"upserted":9},"value":null}
            > {"findAndModify":"notes","query":{"_id":10},"update":{"m":2},"upsert":true,"new":true}
            < {"ok":1,"lastErrorObject":{"n":1,"updatedExisting":false,"upserted":10},"value":{"_id":10,"m":2}}
            > {"findAndModify":"notes","query":{"_id":2},"remove":true}
            < {"ok":1,"lastErrorObject":{"n":1},"value":{"_id":2,"n":2,"m":1}}
            > {"findAndModify":"notes","query":{"_id":2},"remove":true}
            < {"ok":1,"lastErrorObject":{"n":0},"value":null}
            > {"findAndModify":"notes"}
            < {"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"Either an update or remove=true must be specified"}
            > {"findAndModify":"notes","remove":true,"update":{}}
            < {"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"Cannot specify both an update and remove=true"}
            > {"findAndModify":"notes","remove":true,"new":true}
            < {"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"Cannot specify both new=true and remove=true; 'remove' always returns the deleted document"}
            > {"findAndModify":"notes","query":{"_id":1,"n":99},"update":{"$set":{"m":1}},"upsert":true}
            < {"ok":0,"code":11000,"codeName":"DuplicateKey","errmsg":"E11000 duplicate key error collection: notes index: _id_ dup key: { _id: 1 }","keyPattern":{"_id":1},"keyValue":{"_id":1}}
            """)
    }

    @Test("a runner that records writes puts one audit entry into each command's transaction")
    func recordsWrites() throws {
        let conversation = try Conversation(recordsWrites: true)
        try conversation.expect(
            """
            > {"insert":"notes","documents":[{"_id":1},{"_id":2}]}
            > {"find":"notes"}
            > {"delete":"notes","deletes":[{"q":{"_id":9},"limit":1}]}
            > {"delete":"notes","deletes":[{"q":{"_id":1},"limit":1}]}
            > {"auditRecord":"looked","target":"notes"}
            < {"ok":1,"sequence":3}
            """)
        let entries = try conversation.store.readSync { try $0.audit.entries() }
        #expect(entries.map(\.action) == ["insert", "delete", "looked"])
        #expect(entries.map(\.actor) == ["tester", "tester", "tester"])
        #expect(entries[0].details == ["n": 2])
        #expect(entries[1].target == "notes")
    }
}
