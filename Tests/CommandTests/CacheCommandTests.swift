import SmartStore
import StoreIO
import Testing

@Suite("Commands about the cache and the audit log")
struct CacheCommandTests {
    @Test("entries are set, read, counted and removed")
    func entries() throws {
        try Conversation().expect(
            """
            > {"cacheGet":"k"}
            < {"ok":1,"found":false}
            > {"cacheSet":"k","value":"grüße"}
            < {"ok":1}
            > {"cacheGet":"k"}
            < {"ok":1,"found":true,"value":"grüße"}
            > {"cacheGet":"k","as":"binary"}
            < {"ok":1,"found":true,"value":{"$binary":{"base64":"Z3LDvMOfZQ==","subType":"00"}}}
            > {"cacheSet":"b","value":{"$binary":{"base64":"/w==","subType":"00"}}}
            > {"cacheGet":"b"}
            < {"ok":1,"found":true,"value":{"$binary":{"base64":"/w==","subType":"00"}}}
            > {"cacheGet":"b","as":"string"}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"the entry 'b' is not UTF-8"}
            > {"cacheKeys":1}
            < {"ok":1,"keys":["b","k"]}
            > {"cacheKeys":"k","limit":1}
            < {"ok":1,"keys":["k"]}
            > {"cacheDelete":"k"}
            < {"ok":1,"n":1}
            > {"cacheDelete":["k","b"]}
            < {"ok":1,"n":1}
            > {"cacheClear":1}
            < {"ok":1,"n":0}
            > {"cacheSet":"a:1","value":""}
            > {"cacheSet":"a:2","value":""}
            > {"cacheSet":"c","value":""}
            > {"cacheClear":"a:"}
            < {"ok":1,"n":2}
            > {"cacheInfo":1}
            < {"ok":1,"entries":1,"bytes":49,"byteLimit":67108864}
            """)
    }

    @Test("an entry lives as long as it was given")
    func lifetimes() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"cacheSet":"k","value":"v","ttlSeconds":1.5}
            > {"cacheTTL":"k"}
            < {"ok":1,"found":true,"ttlMilliseconds":1500}
            > {"cacheSet":"m","value":"v","ttlMilliseconds":2500}
            > {"cacheSet":"u","value":"v"}
            > {"cacheTTL":"u"}
            < {"ok":1,"found":true,"ttlMilliseconds":null}
            > {"cacheTTL":"none"}
            < {"ok":1,"found":false}
            """)
        conversation.clock.advance(by: .milliseconds(1500))
        try conversation.expect(
            """
            > {"cacheGet":"k"}
            < {"ok":1,"found":false}
            > {"cacheTTL":"m"}
            < {"ok":1,"found":true,"ttlMilliseconds":1000}
            > {"cacheExpire":"m"}
            < {"ok":1,"found":true}
            > {"cacheTTL":"m"}
            < {"ok":1,"found":true,"ttlMilliseconds":null}
            > {"cacheExpire":"k","ttlSeconds":1}
            < {"ok":1,"found":false}
            """)
    }

    @Test("counters count, and what is no counter refuses")
    func counters() throws {
        try Conversation().expect(
            """
            > {"cacheIncrement":"n"}
            < {"ok":1,"value":1}
            > {"cacheIncrement":"n","by":-5}
            < {"ok":1,"value":-4}
            > {"cacheGet":"n"}
            < {"ok":1,"found":true,"value":"-4"}
            > {"cacheSet":"t","value":"x"}
            > {"cacheIncrement":"t"}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"The entry 't' is no integer."}
            > {"cacheSet":"t","value":"9223372036854775807"}
            > {"cacheIncrement":"t"}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"The counter 't' would overflow."}
            """)
    }

    @Test("cache commands refuse what makes no sense")
    func refusals() throws {
        try Conversation().expect(
            """
            > {"cacheSet":"k","value":1}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'cacheSet.value' is the wrong type 'int', expected types '[string, binData]'"}
            > {"cacheSet":"k"}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'cacheSet.value' is missing but a required field"}
            > {"cacheSet":"k","value":"v","ttlSeconds":-1}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"'cacheSet.ttlSeconds' must be a positive number"}
            > {"cacheSet":"k","value":"v","ttlSeconds":1,"ttlMilliseconds":1}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"give 'ttlSeconds' or 'ttlMilliseconds', not both"}
            > {"cacheGet":1}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'cacheGet.cacheGet' is the wrong type 'int', expected type 'string'"}
            > {"cacheGet":"k","as":"number"}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"'cacheGet.as' must be 'string' or 'binary'"}
            > {"cacheDelete":[]}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"'cacheDelete' must be a string or an array of strings that is not empty"}
            """)
    }

    @Test("the audit log is written, listed by actor and action, and verified")
    func audit() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"auditRecord":"login","target":"door","details":{"try":1}}
            < {"ok":1,"sequence":1}
            > {"auditRecord":"login","actor":"eve","outcome":"refused"}
            < {"ok":1,"sequence":2}
            > {"auditRecord":1}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'auditRecord.auditRecord' is the wrong type 'int', expected type 'string'"}
            > {"auditList":1,"actor":"nobody"}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"$cmd.auditList"}}
            """)
        let reply = try conversation.ask("{\"auditList\":1,\"from\":2,\"limit\":5,\"action\":\"login\"}")
        let entry = try #require(reply[path: "cursor.firstBatch.0"]?.document)
        #expect(entry["sequence"] == .int64(2) && entry["actor"] == "eve" && entry["outcome"] == "refused")
        #expect(entry["time"]?.date?.millisecondsSince1970 == 1_700_000_000_000)
        let verified = try conversation.ask("{\"auditVerify\":1}")
        #expect(verified["valid"] == true && verified["entries"] == .int64(2))
        #expect(verified["head"] == entry["hash"])
        let key = try #require(try conversation.ask("{\"auditExportKey\":1}")["key"]?.string)
        let anchor = try #require(try conversation.ask("{\"auditAnchor\":1}")["anchor"]?.document)
        #expect(try conversation.ask("{\"auditExportKey\":1}")["ok"] == 0)
        let proven = try conversation.ask(
            "{\"auditVerify\":1,\"initialKey\":\"\(key)\",\"anchors\":[\(anchor.json())]}")
        #expect(proven["valid"] == true && proven["sealsProven"] == true, "\(proven)")
        #expect(try conversation.ask("{\"auditVerify\":1,\"initialKey\":\"x\"}")["ok"] == 0)
        #expect(try conversation.ask("{\"auditVerify\":1,\"anchors\":[1]}")["ok"] == 0)
    }
}
