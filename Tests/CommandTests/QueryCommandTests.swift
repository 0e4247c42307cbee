import Testing

@Suite("Commands that read")
struct QueryCommandTests {
    private func library() throws -> Conversation {
        let conversation = try Conversation()
        try conversation.expect(
            """
            > {"insert":"books","documents":[{"_id":1,"t":"Emma","y":1815,"tags":["novel","irony"]},{"_id":2,"t":"Ulysses","y":1922,"tags":["novel"]},{"_id":3,"t":"Walden","y":1854,"tags":["essay"]},{"_id":4,"t":"Dubliners","y":1914},{"_id":5,"t":"Notes","y":null,"a":[{"b":1},{"b":[2,3]}]}]}
            < {"ok":1,"n":5}
            """)
        return conversation
    }

    @Test("find filters, sorts, skips, limits and projects")
    func find() throws {
        try library().expect(
            """
            > {"find":"books","filter":{"_id":2}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":2,"t":"Ulysses","y":1922,"tags":["novel"]}],"id":0,"ns":"books"}}
            > {"find":"books","filter":{"y":{"$gt":1850}},"sort":{"y":-1},"projection":{"t":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":2,"t":"Ulysses"},{"_id":4,"t":"Dubliners"},{"_id":3,"t":"Walden"}],"id":0,"ns":"books"}}
            > {"find":"books","sort":{"t":1},"skip":1,"limit":2,"projection":{"_id":0,"t":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"t":"Emma"},{"t":"Notes"}],"id":0,"ns":"books"}}
            > {"find":"books","limit":1,"projection":{"tags":0,"y":0}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"t":"Emma"}],"id":0,"ns":"books"}}
            > {"find":"books","skip":4,"projection":{"a.b":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":5,"a":[{"b":1},{"b":[2,3]}]}],"id":0,"ns":"books"}}
            > {"find":"books","skip":5}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"books"}}
            > {"find":"books","limit":0,"filter":{"tags":"novel"},"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1},{"_id":2}],"id":0,"ns":"books"}}
            > {"find":"books","filter":{"tags":{"$in":["essay","irony"]}},"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1},{"_id":3}],"id":0,"ns":"books"}}
            > {"find":"books","filter":{"y":null},"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":5}],"id":0,"ns":"books"}}
            > {"find":"books","filter":{"tags":{"$exists":false}},"projection":{"_id":1},"batchSize":1,"singleBatch":true}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":4}],"id":0,"ns":"books"}}
            > {"find":"books","filter":{"$or":[{"y":1815},{"t":"Notes"}],"_id":{"$not":{"$gte":5}}},"projection":{"_id":1}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1}],"id":0,"ns":"books"}}
            > {"find":"nothing"}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"nothing"}}
            """)
    }

    @Test("find refuses a filter, an order or a projection that makes no sense")
    func refusals() throws {
        try library().expect(
            """
            > {"find":"books","filter":{"y":{"$near":1}}}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"unknown operator: $near"}
            > {"find":"books","filter":{"$nope":[]}}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"unknown top level operator: $nope. If you have a field name that starts with a '$' symbol, consider using $getField or $setField."}
            > {"find":"books","filter":{"y":{"$in":1}}}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"$in needs an array"}
            > {"find":"books","sort":{"y":2}}
            < {"ok":0,"code":15975,"codeName":"Location15975","errmsg":"$sort key ordering must be 1 (for ascending) or -1 (for descending)"}
            > {"find":"books","sort":{"y":"up"}}
            < {"ok":0,"code":15974,"codeName":"Location15974","errmsg":"Illegal key in $sort specification: y: \\"up\\""}
            > {"find":"books","projection":{"t":1,"y":0}}
            < {"ok":0,"code":31254,"codeName":"Location31254","errmsg":"Cannot do exclusion on field y in inclusion projection"}
            > {"find":"books","projection":{"t":0,"y":1}}
            < {"ok":0,"code":31253,"codeName":"Location31253","errmsg":"Cannot do inclusion on field y in exclusion projection"}
            """)
    }

    @Test("count counts what matches, after skip and up to limit")
    func count() throws {
        try library().expect(
            """
            > {"count":"books"}
            < {"ok":1,"n":5}
            > {"count":"books","query":{"tags":"novel"}}
            < {"ok":1,"n":2}
            > {"count":"books","skip":2,"limit":2}
            < {"ok":1,"n":2}
            > {"count":"books","skip":4,"limit":2}
            < {"ok":1,"n":1}
            > {"count":"books","limit":-3}
            < {"ok":1,"n":3}
            > {"count":"books","skip":9}
            < {"ok":1,"n":0}
            > {"count":"nothing"}
            < {"ok":1,"n":0}
            """)
    }

    @Test("distinct takes arrays by their elements and numbers by their value")
    func distinct() throws {
        let conversation = try library()
        try conversation.expect(
            """
            > {"distinct":"books","key":"tags"}
            < {"ok":1,"values":["novel","irony","essay"]}
            > {"distinct":"books","key":"y","query":{"_id":{"$lte":2}}}
            < {"ok":1,"values":[1815,1922]}
            > {"distinct":"books","key":"a.b"}
            < {"ok":1,"values":[1,2,3]}
            > {"distinct":"books","key":"a.1.b"}
            < {"ok":1,"values":[2,3]}
            > {"distinct":"books","key":"a.0"}
            < {"ok":1,"values":[{"b":1}]}
            > {"distinct":"books","key":"none"}
            < {"ok":1,"values":[]}
            > {"insert":"numbers","documents":[{"_id":1,"n":1},{"_id":2,"n":1.0},{"_id":3,"n":{"$numberLong":"1"}},{"_id":4,"n":"1"}]}
            > {"distinct":"numbers","key":"n"}
            < {"ok":1,"values":[1,"1"]}
            > {"distinct":"books","key":""}
            < {"ok":0,"code":2,"codeName":"BadValue","errmsg":"'distinct.key' must be a path that is not empty and holds no NUL"}
            """)
    }

    @Test("aggregate runs its stages in order")
    func aggregate() throws {
        try library().expect(
            """
            > {"aggregate":"books","pipeline":[],"cursor":{}}
            > {"aggregate":"books","pipeline":[{"$match":{"tags":"novel"}},{"$project":{"t":1}}],"cursor":{}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":1,"t":"Emma"},{"_id":2,"t":"Ulysses"}],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$sort":{"t":-1}},{"$limit":2},{"$project":{"_id":0,"t":1}}]}
            < {"ok":1,"cursor":{"firstBatch":[{"t":"Walden"},{"t":"Ulysses"}],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$limit":3},{"$sort":{"t":-1}},{"$skip":1},{"$project":{"_id":1}}],"cursor":{}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":2},{"_id":1}],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$match":{"y":{"$gt":1900}}},{"$count":"modern"}],"cursor":{"batchSize":5}}
            < {"ok":1,"cursor":{"firstBatch":[{"modern":2}],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$match":{"y":9}},{"$count":"n"}],"cursor":{}}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$project":{"y":1}},{"$match":{"t":"Emma"}}],"cursor":{}}
            < {"ok":1,"cursor":{"firstBatch":[],"id":0,"ns":"books"}}
            > {"aggregate":"books","pipeline":[{"$skip":1},{"$skip":1},{"$limit":2},{"$limit":1},{"$project":{"_id":1}}],"cursor":{}}
            < {"ok":1,"cursor":{"firstBatch":[{"_id":3}],"id":0,"ns":"books"}}
            """)
    }

    @Test("aggregate refuses stages that are not built or make no sense")
    func aggregateRefusals() throws {
        try library().expect(
            """
            > {"aggregate":"books","pipeline":[{"$nope":{"from":"notes"}}],"cursor":{}}
            < {"ok":0,"code":40324,"codeName":"Location40324","errmsg":"Unrecognized pipeline stage name: '$nope'"}
            > {"aggregate":"books","pipeline":[1],"cursor":{}}
            < {"ok":0,"code":14,"codeName":"TypeMismatch","errmsg":"Each element of the 'pipeline' array must be an object"}
            > {"aggregate":"books","pipeline":[{"$skip":1,"$limit":1}],"cursor":{}}
            < {"ok":0,"code":40323,"codeName":"Location40323","errmsg":"A pipeline stage specification object must contain exactly one field."}
            > {"aggregate":"books","pipeline":[{}],"cursor":{}}
            < {"ok":0,"code":40323,"codeName":"Location40323","errmsg":"A pipeline stage specification object must contain exactly one field."}
            > {"aggregate":"books","pipeline":[{"$match":1}],"cursor":{}}
            < {"ok":0,"code":15959,"codeName":"Location15959","errmsg":"the match filter must be an expression in an object"}
            > {"aggregate":"books","pipeline":[{"$sort":1}],"cursor":{}}
            < {"ok":0,"code":15973,"codeName":"Location15973","errmsg":"the $sort key specification must be an object"}
            > {"aggregate":"books","pipeline":[{"$sort":{}}],"cursor":{}}
            < {"ok":0,"code":15976,"codeName":"Location15976","errmsg":"$sort stage must have at least one sort key"}
            > {"aggregate":"books","pipeline":[{"$limit":0}],"cursor":{}}
            < {"ok":0,"code":15958,"codeName":"Location15958","errmsg":"the limit must be positive"}
            > {"aggregate":"books","pipeline":[{"$limit":-1}],"cursor":{}}
            < {"ok":0,"code":5107201,"codeName":"Location5107201","errmsg":"invalid argument to $limit stage: Expected a non-negative number in: $limit: -1"}
            > {"aggregate":"books","pipeline":[{"$skip":"x"}],"cursor":{}}
            < {"ok":0,"code":5107200,"codeName":"Location5107200","errmsg":"invalid argument to $skip stage: Expected a number in: $skip: \\"x\\""}
            > {"aggregate":"books","pipeline":[{"$skip":1.5}],"cursor":{}}
            < {"ok":0,"code":5107200,"codeName":"Location5107200","errmsg":"invalid argument to $skip stage: Expected an integer in: $skip: 1.5"}
            > {"aggregate":"books","pipeline":[{"$project":{}}],"cursor":{}}
            < {"ok":0,"code":51272,"codeName":"Location51272","errmsg":"Invalid $project :: caused by :: projection specification must have at least one field"}
            > {"aggregate":"books","pipeline":[{"$count":1}],"cursor":{}}
            < {"ok":0,"code":40156,"codeName":"Location40156","errmsg":"the count field must be a non-empty string"}
            > {"aggregate":"books","pipeline":[{"$count":"$n"}],"cursor":{}}
            < {"ok":0,"code":40158,"codeName":"Location40158","errmsg":"the count field cannot be a $-prefixed path"}
            > {"aggregate":"books","pipeline":[{"$count":"a.b"}],"cursor":{}}
            < {"ok":0,"code":40160,"codeName":"Location40160","errmsg":"the count field cannot contain '.'"}
            > {"aggregate":"books","cursor":{}}
            < {"ok":0,"code":40414,"codeName":"IDLFailedToParse","errmsg":"BSON field 'aggregate.pipeline' is missing but a required field"}
            """)
    }
}
