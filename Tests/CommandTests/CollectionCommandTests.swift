import SmartStore
import Testing

@Suite("Commands about collections, indexes and vectors")
struct CollectionCommandTests {
    @Test("collections are created, listed and dropped")
    func collections() throws {
        try Conversation().expect(
            """
            > {"create":"a"}
            < {"ok":1}
            > {"create":"a"}
            < {"ok":0,"code":48,"codeName":"NamespaceExists","errmsg":"Collection 'a' already exists."}
            > {"insert":"b","documents":[{"_id":1}]}
            > {"listCollections":1}
            < {"ok":1,"cursor":{"firstBatch":[{"name":"a","type":"collection","options":{},"info":{"readOnly":false},"idIndex":{"v":2,"key":{"_id":1},"name":"_id_"}},{"name":"b","type":"collection","options":{},"info":{"readOnly":false},"idIndex":{"v":2,"key":{"_id":1},"name":"_id_"}}],"id":0,"ns":"$cmd.listCollections"}}
            > {"listCollections":1,"nameOnly":true,"filter":{"name":"b"}}
            < {"ok":1,"cursor":{"firstBatch":[{"name":"b","type":"collection"}],"id":0,"ns":"$cmd.listCollections"}}
            > {"drop":"a"}
            < {"ok":1,"nIndexesWas":1,"ns":"a"}
            > {"drop":"a"}
            < {"ok":0,"code":26,"codeName":"NamespaceNotFound","errmsg":"ns not found"}
            > {"validate":"b","full":true}
            < {"ok":1,"ns":"b","nrecords":1,"nIndexes":1,"keysPerIndex":{"_id_":1},"valid":true,"warnings":[],"errors":[]}
            > {"validate":"nothing"}
            < {"ok":0,"code":26,"codeName":"NamespaceNotFound","errmsg":"Collection 'nothing' does not exist to validate."}
            """)
    }

    @Test("dbStats counts the whole store")
    func storeStatistics() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"insert":"a","documents":[{"_id":1},{"_id":2}]}
            > {"create":"b"}
            """)
        let reply = try conversation.ask("{\"dbStats\":1}")
        #expect(reply["ok"] == 1 && reply["collections"] == 2 && reply["objects"] == 2 && reply["indexes"] == 2)
        #expect(reply["encrypted"] == false)
        #expect((reply["fileBytes"]?.int ?? 0) > 0)
    }

    @Test("vector indexes are created once, listed and dropped")
    func vectorIndexes() throws {
        try Conversation().expect(
            """
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":3}]}
            < {"ok":1,"numIndexesBefore":1,"numIndexesAfter":2,"createdCollectionAutomatically":true}
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":3,"metric":"cosine"},{"key":{"_id":1},"name":"_id_"}]}
            < {"ok":1,"numIndexesBefore":2,"numIndexesAfter":2,"note":"all indexes already exist"}
            > {"createIndexes":"a","indexes":[{"key":{"w.x":"vector"},"name":"w.x_vector","dimension":2,"metric":"euclidean","storage":"float32","m":8,"efConstruction":64}]}
            < {"ok":1,"numIndexesBefore":2,"numIndexesAfter":3,"createdCollectionAutomatically":false}
            > {"listIndexes":"a"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"},{"v":2,"key":{"v":"vector"},"name":"v_vector","dimension":3,"metric":"cosine","storage":"float16","codes":"bits8","m":24,"efConstruction":200},{"v":2,"key":{"w.x":"vector"},"name":"w.x_vector","dimension":2,"metric":"euclidean","storage":"float32","codes":"bits8","m":8,"efConstruction":64}],"id":0,"ns":"a"}}
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":4}]}
            < {"ok":0,"code":85,"codeName":"IndexOptionsConflict","errmsg":"There is a vector index on 'v' with other options."}
            > {"dropIndexes":"a","index":"v_vector"}
            < {"ok":1,"nIndexesWas":3}
            > {"dropIndexes":"a","index":{"w.x":"vector"}}
            < {"ok":1,"nIndexesWas":2}
            > {"dropIndexes":"a","index":"*"}
            < {"ok":1,"nIndexesWas":1,"msg":"non-_id indexes dropped for collection"}
            > {"listIndexes":"a"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"}],"id":0,"ns":"a"}}
            """)
    }

    @Test("an index that cannot be is refused, and nothing is made")
    func indexRefusals() throws {
        try Conversation().expect(
            """
            > {"createIndexes":"a","indexes":[{"key":{"x":"text"}}]}
            < {"ok":0,"code":67,"codeName":"CannotCreateIndex","errmsg":"Error in specification { key: { x: \\"text\\" } } :: caused by :: Unknown index plugin 'text'"}
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"}}]}
            < {"ok":0,"code":67,"codeName":"CannotCreateIndex","errmsg":"a vector index needs a dimension"}
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":3,"metric":"taxi"}]}
            < {"ok":0,"code":67,"codeName":"CannotCreateIndex","errmsg":"'taxi' is no metric of a vector index; it may be 'cosine', 'dot', 'euclidean'"}
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":3,"name":"mine"}]}
            < {"ok":0,"code":67,"codeName":"CannotCreateIndex","errmsg":"the vector index on 'v' is named 'v_vector', not 'mine'"}
            > {"createIndexes":"a","indexes":[]}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"Must specify at least one index to create"}
            > {"createIndexes":"a","indexes":[{}]}
            < {"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"The 'key' field is a required property of an index specification"}
            > {"listCollections":1}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"$cmd.listCollections"}}
            > {"listIndexes":"a"}
            < {"ok":0,"code":26,"codeName":"NamespaceNotFound","errmsg":"ns does not exist: a"}
            > {"create":"a"}
            > {"dropIndexes":"a","index":"nope"}
            < {"ok":0,"code":27,"codeName":"IndexNotFound","errmsg":"index not found with name [nope]"}
            > {"dropIndexes":"a","index":{"v":"vector"}}
            < {"ok":0,"code":27,"codeName":"IndexNotFound","errmsg":"can't find index with key: { v: \\"vector\\" }"}
            > {"dropIndexes":"a","index":"_id_"}
            < {"ok":0,"code":72,"codeName":"InvalidOptions","errmsg":"cannot drop _id index"}
            > {"dropIndexes":"a","index":1}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'dropIndexes.index' is the wrong type 'int', expected types '[string, object, array]'"}
            """)
    }

    @Test("a document that a new index cannot take refuses the index as a whole")
    func indexOverBadDocument() throws {
        let conversation = try Conversation()
        try conversation.expect("> {\"insert\":\"a\",\"documents\":[{\"_id\":1,\"v\":[1,2]},{\"_id\":2,\"v\":[1]}]}")
        let reply = try conversation.ask(
            "{\"createIndexes\":\"a\",\"indexes\":[{\"key\":{\"v\":\"vector\"},\"dimension\":2}]}")
        #expect(reply["ok"] == 0 && reply["code"] == 2, "\(reply)")
        try conversation.expect(
            """
            > {"listIndexes":"a"}
            < {"ok":1,"cursor":{"firstBatch":[{"v":2,"key":{"_id":1},"name":"_id_"}],"id":0,"ns":"a"}}
            > {"validate":"a","full":true}
            < {"ok":1,"ns":"a","nrecords":2,"nIndexes":1,"keysPerIndex":{"_id_":2},"valid":true,"warnings":[],"errors":[]}
            """)
    }

    @Test("vectorSearch answers with the nearest documents and their scores")
    func vectorSearch() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":2,"metric":"euclidean","storage":"float32"}]}
            > {"insert":"a","documents":[{"_id":1,"t":"x","v":[0,0]},{"_id":2,"t":"y","v":[3,4]},{"_id":3,"t":"x","v":[6,8]},{"_id":4}]}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"k":2}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":-0.0,"document":{"_id":1,"t":"x","v":[0,0]}},{"_id":2,"score":-25.0,"document":{"_id":2,"t":"y","v":[3,4]}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"filter":{"t":"x"},"projection":{"t":1},"exact":true}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":-0.0,"document":{"_id":1,"t":"x"}},{"_id":3,"score":-100.0,"document":{"_id":3,"t":"x"}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":{"$binary":{"base64":"JwAAAMBAAAAAQQ==","subType":"09"}},"k":1,"breadth":10,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":3,"score":-0.0,"document":{"_id":3}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"k":1,"filter":{"t":"none"}}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":"x"}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"BSON field 'vectorSearch.vector' is the wrong type 'string', expected types '[array, binData]'"}
            > {"vectorSearch":"a","field":"v"}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'vectorSearch.vector' is missing but a required field"}
            > {"vectorSearch":"a","field":"w","vector":[0,0]}
            < {"ok":0,"code":27,"codeName":"IndexNotFound","errmsg":"Collection 'a' has no vector index on 'w'."}
            > {"vectorSearch":"b","field":"v","vector":[0,0]}
            < {"ok":0,"code":26,"codeName":"NamespaceNotFound","errmsg":"There is no collection 'b'."}
            """)
        for command in [
            "{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1]}",
            "{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1,{\"$numberDouble\":\"NaN\"}]}",
            "{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1,\"x\"]}",
            "{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1,1],\"k\":0}",
        ] {
            let reply = try conversation.ask(command)
            #expect(reply["ok"] == 0 && reply["code"] == 2, "\(command) \(reply)")
        }
    }

    @Test("vectorSearch takes score limits, pages, groups, examples, diversity, recall targets and several vectors")
    func vectorSearchOptions() throws {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"createIndexes":"a","indexes":[{"key":{"v":"vector"},"dimension":2,"metric":"euclidean","storage":"float32","codes":"none"}]}
            > {"insert":"a","documents":[{"_id":1,"t":"x","v":[0,0]},{"_id":2,"t":"y","v":[3,4]},{"_id":3,"t":"x","v":[6,8]},{"_id":4,"t":"y","v":[6,9]}]}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"scoreLimit":-30,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":-0.0,"document":{"_id":1}},{"_id":2,"score":-25.0,"document":{"_id":2}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"k":1,"skip":2,"exact":true,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":3,"score":-100.0,"document":{"_id":3}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":[0,0],"groupBy":"t","groupSize":1,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":-0.0,"group":"x","document":{"_id":1}},{"_id":2,"score":-25.0,"group":"y","document":{"_id":2}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","recommend":{"positive":[3,[6,10]],"negative":[1]},"k":1,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":4,"score":-117.0,"document":{"_id":4}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vector":[6,8],"mmr":{"diversity":1,"pool":4},"k":2,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":3,"score":-0.0,"document":{"_id":3}},{"_id":1,"score":-100.0,"document":{"_id":1}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","vectors":[[0,0],[6,9]],"recallTarget":0.99,"k":2,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":-0.0,"document":{"_id":1}},{"_id":4,"score":-0.0,"document":{"_id":4}}],"id":0,"ns":"a"}}
            > {"vectorSearch":"a","field":"v","recommend":{"positive":[9]}}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"No document with the _id 9 has a vector in 'v'."}
            > {"createIndexes":"m","indexes":[{"key":{"v":"vector"},"dimension":2,"multiple":true}]}
            > {"insert":"m","documents":[{"_id":1,"v":[[1,0],[0,1]]},{"_id":2,"v":[1,1]}]}
            > {"vectorSearch":"m","field":"v","vector":[0,1],"k":1,"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"score":1.0,"document":{"_id":1}}],"id":0,"ns":"m"}}
            """)
        for options in [
            "\"skip\":-1", "\"groupBy\":\"t\",\"groupSize\":0", "\"mmr\":{\"diversity\":2}", "\"recallTarget\":0",
            "\"scoreLimit\":{\"$numberDouble\":\"NaN\"}", "\"recommend\":{\"positive\":[1]}", "\"groupSize\":2",
            "\"recommend\":{\"negative\":[1]}", "\"vectors\":[[1]]", "\"breadth\":0",
        ] {
            let reply = try conversation.ask("{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1,1],\(options)}")
            #expect(reply["ok"] == 0 && reply["code"] == 2, "\(options) \(reply)")
        }
        for options in ["\"mmr\":1", "\"mmr\":{}", "\"recommend\":{\"like\":[]}", "\"groupBy\":1", "\"near\":1"] {
            let reply = try conversation.ask("{\"vectorSearch\":\"a\",\"field\":\"v\",\"vector\":[1,1],\(options)}")
            #expect(reply["ok"] == 0, "\(options) \(reply)")
        }
    }

    @Test("a vector that does not fit its index is a write error, and the document is not there")
    func badVector() throws {
        let conversation = try Conversation()
        try conversation.expect(
            "> {\"createIndexes\":\"a\",\"indexes\":[{\"key\":{\"v\":\"vector\"},\"dimension\":2}]}")
        for vector in ["[1]", "[0,0]", "[1,{\"$numberDouble\":\"Infinity\"}]", "\"x\"", "[1,\"y\"]"] {
            let reply = try conversation.ask("{\"insert\":\"a\",\"documents\":[{\"_id\":1,\"v\":\(vector)}]}")
            let code = reply[path: "writeErrors.0.code"]?.int
            #expect(reply["n"] == 0 && (code == 2 || code == 14), "\(vector) \(reply)")
        }
        try conversation.expect(
            """
            > {"count":"a"}
            < {"ok":1,"n":0}
            > {"insert":"a","documents":[{"_id":1,"v":null},{"_id":2}]}
            < {"ok":1,"n":2}
            """)
    }
}
