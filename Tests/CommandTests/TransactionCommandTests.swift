import SmartStore
import Testing

@Suite("Transactions by command")
struct TransactionCommandTests {
    @Test("commands between begin and commit see one another and commit together")
    func commits() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"begin":1}
            < {"ok":1}
            > {"insert":"a","documents":[{"_id":1}]}
            < {"ok":1,"n":1}
            > {"cacheSet":"k","value":"v"}
            < {"ok":1}
            > {"auditRecord":"act"}
            < {"ok":1,"sequence":1}
            > {"find":"a"}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1}],"id":0,"ns":"a"}}
            > {"cacheGet":"k"}
            < {"ok":1,"found":true,"value":"v"}
            """)
        #expect(try conversation.store.readSync { try $0.collection("a").count() } == 0)
        #expect(conversation.runner.isInTransaction)
        try conversation.expect(
            """
            > {"commit":1}
            < {"ok":1}
            > {"count":"a"}
            < {"ok":1,"n":1}
            """)
        #expect(try conversation.store.readSync { try $0.collection("a").count() } == 1)
        #expect(!conversation.runner.isInTransaction)
    }

    @Test("abort forgets everything since begin")
    func aborts() throws {
        try Conversation().expect(
            """
            > {"insert":"a","documents":[{"_id":1}]}
            > {"begin":1}
            > {"insert":"a","documents":[{"_id":2}]}
            > {"drop":"a"}
            < {"ok":1,"nIndexesWas":1,"ns":"a"}
            > {"count":"a"}
            < {"ok":1,"n":0}
            > {"abort":1}
            < {"ok":1}
            > {"count":"a"}
            < {"ok":1,"n":1}
            """)
    }

    @Test("the bracket out of place is refused")
    func outOfPlace() throws {
        try Conversation().expect(
            """
            > {"commit":1}
            < {"ok":0,"code":251,"codeName":"NoSuchTransaction","errmsg":"There is no transaction to commit"}
            > {"abort":1}
            < {"ok":0,"code":251,"codeName":"NoSuchTransaction","errmsg":"There is no transaction to abort"}
            > {"begin":1}
            > {"begin":1}
            < {"ok":0,"code":263,"codeName":"OperationNotSupportedInTransaction","errmsg":"A transaction is open already"}
            > {"validate":"a"}
            < {"ok":0,"code":263,"codeName":"OperationNotSupportedInTransaction","errmsg":"Cannot run 'validate' in a transaction"}
            > {"dbStats":1}
            < {"ok":0,"code":263,"codeName":"OperationNotSupportedInTransaction","errmsg":"Cannot run 'dbStats' in a transaction"}
            > {"commit":1}
            < {"ok":1}
            """)
    }

    @Test("a statement that fails aborts the transaction, and nothing runs until that is acknowledged")
    func failureAborts() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"insert":"a","documents":[{"_id":1}]}
            > {"begin":1}
            > {"insert":"a","documents":[{"_id":2}]}
            > {"insert":"a","documents":[{"_id":1}]}
            < {"ok":1,"n":0,"writeErrors":[{"index":0,"code":11000,"keyPattern":{"_id":1},"keyValue":{"_id":1},"errmsg":"E11000 duplicate key error collection: a index: _id_ dup key: { _id: 1 }"}]}
            > {"insert":"a","documents":[{"_id":3}]}
            < {"ok":0,"code":251,"codeName":"NoSuchTransaction","errmsg":"The transaction has been aborted: E11000 duplicate key error collection: a index: _id_ dup key: { _id: 1 }"}
            > {"ping":1}
            < {"ok":1}
            > {"commit":1}
            < {"ok":0,"code":251,"codeName":"NoSuchTransaction","errmsg":"The transaction has been aborted: E11000 duplicate key error collection: a index: _id_ dup key: { _id: 1 }"}
            > {"count":"a"}
            < {"ok":1,"n":1}
            > {"begin":1}
            > {"create":"a"}
            < {"ok":0,"code":48,"codeName":"NamespaceExists","errmsg":"Collection 'a' already exists."}
            > {"abort":1}
            < {"ok":1}
            > {"insert":"a","documents":[{"_id":4}]}
            < {"ok":1,"n":1}
            """)
    }

    @Test("a command that is refused before it runs leaves the transaction as it was")
    func refusalKeeps() throws {
        try Conversation().expect(
            """
            > {"begin":1}
            > {"insert":"a","documents":[{"_id":1}]}
            > {"nope":1}
            < {"ok":0,"code":59,"codeName":"CommandNotFound","errmsg":"no such command: 'nope'"}
            > {"find":"a","filter":{"x":{"$foo":1}}}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"unknown operator: $foo"}
            > {"commit":1}
            < {"ok":1}
            > {"count":"a"}
            < {"ok":1,"n":1}
            """)
    }

    @Test("finish rolls back what is open")
    func finishes() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"begin":1}
            > {"insert":"a","documents":[{"_id":1}]}
            """)
        conversation.runner.finish()
        try conversation.expect(
            """
            > {"count":"a"}
            < {"ok":1,"n":0}
            """)
    }

    @Test("a closed store answers with an error, and never traps")
    func closedStore() throws {
        let conversation = try Conversation()
        try conversation.store.close()
        for command in ["{\"find\":\"a\"}", "{\"insert\":\"a\",\"documents\":[{}]}", "{\"begin\":1}"] {
            let reply = try conversation.ask(command)
            #expect(reply["ok"] == 0 && reply["code"] == 1, "\(reply)")
            #expect(reply["errmsg"]?.string?.hasPrefix("closed: ") == true, "\(reply)")
        }
    }
}
