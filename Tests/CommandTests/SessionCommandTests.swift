import SmartStore
import Testing

@Suite("Commands about the session")
struct SessionCommandTests {
    @Test("greetings answer with the facts a driver asks for")
    func greetings() throws {
        try Conversation().expect(
            """
            > {"ping":1}
            < {"ok":1}
            > {"hello":1}
            < {"ok":1,"isWritablePrimary":true,"maxBsonObjectSize":16777216,"maxWriteBatchSize":100000,"readOnly":false}
            > {"buildInfo":1}
            < {"ok":1,"version":"0.1.0","versionArray":[0,1,0,0],"storageEngines":["smartstore"],"bits":64,"maxBsonObjectSize":16777216}
            """)
    }

    @Test("a command that is not built is not found, and what is not a command is refused alike")
    func unknown() throws {
        try Conversation().expect(
            """
            > {"mapReduce":"notes"}
            < {"ok":0,"code":59,"codeName":"CommandNotFound","errmsg":"no such command: 'mapReduce'"}
            > {}
            < {"ok":0,"code":59,"codeName":"CommandNotFound","errmsg":"no such command: ''"}
            > {"filter":{},"find":"notes"}
            < {"ok":0,"code":59,"codeName":"CommandNotFound","errmsg":"no such command: 'filter'"}
            """)
    }

    @Test("a field of no meaning is refused, one that is not built is named, and those of every command are taken")
    func fields() throws {
        try Conversation().expect(
            """
            > {"find":"notes","foo":1}
            < {"ok":0,"code":40415,"codeName":"IDLUnknownField","errmsg":"BSON field 'find.foo' is an unknown field."}
            > {"ping":1,"foo":1}
            < {"ok":0,"code":40415,"codeName":"IDLUnknownField","errmsg":"BSON field 'ping.foo' is an unknown field."}
            > {"find":"notes","showRecordId":true}
            < {"ok":0,"code":238,"codeName":"NotImplemented","errmsg":"'find.showRecordId' is not built yet"}
            > {"create":"notes","capped":true}
            < {"ok":0,"code":238,"codeName":"NotImplemented","errmsg":"'create.capped' is not built yet"}
            > {"find":"notes","$db":"test","lsid":{"id":1},"comment":"x","maxTimeMS":10,"readConcern":{"level":"local"}}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"notes"}}
            """)
    }

    @Test("a field of the wrong type is refused with its type and the expected one")
    func types() throws {
        try Conversation().expect(
            """
            > {"find":"notes","filter":"x"}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'find.filter' is the wrong type 'string', expected type 'object'"}
            > {"find":"notes","limit":"x"}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'find.limit' is the wrong type 'string', expected types '[long, int, decimal, double]'"}
            > {"find":"notes","limit":-1}
            < {"ok":0,"code":51024,"codeName":"Location51024","errmsg":"BSON field 'limit' value must be >= 0, actual value '-1'"}
            > {"find":"notes","singleBatch":"x"}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'find.singleBatch' is the wrong type 'string', expected types '[bool, long, int, decimal, double]'"}
            > {"find":1}
            < {"ok":0,"code":73,"codeName":"InvalidNamespace","errmsg":"collection name has invalid type int"}
            > {"find":""}
            < {"ok":0,"code":73,"codeName":"InvalidNamespace","errmsg":"Invalid namespace specified ''"}
            > {"insert":"notes"}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'insert.documents' is missing but a required field"}
            > {"insert":"notes","documents":{}}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'insert.documents' is the wrong type 'object', expected type 'array'"}
            > {"insert":"notes","documents":[1]}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'insert.documents.0' is the wrong type 'int', expected type 'object'"}
            > {"distinct":"notes","key":1}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'distinct.key' is the wrong type 'int', expected type 'string'"}
            > {"find":"notes","filter":null,"limit":null}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"notes"}}
            """)
    }

    @Test("a line that is no document is answered like a failed command, with the place of the fault")
    func unreadable() throws {
        do { _ = try Document(json: "{\"find\": }") } catch {
            let reply = CommandRunner.reply(to: error)
            #expect(reply["ok"] == 0)
            #expect(reply["code"] == 9)
            #expect(reply["codeName"] == "FailedToParse")
            #expect(reply["errmsg"]?.string?.contains("(byte 9)") == true, "\(reply)")
        }
    }
}
