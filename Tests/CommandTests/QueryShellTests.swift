// The shell's commands about documents and indexes, as a person calls them.

import Foundation
import SmartStore
import Testing

@Suite("Queries, writes and indexes in the shell", .timeLimit(.minutes(5)))
struct QueryShellTests {
    private func library() throws -> Shell {
        let shell = try Shell()
        #expect(try shell.run("create", "a.store", "--no-encryption").status == 0)
        let result = try shell.run(
            "insert", "a.store", "books", #"{"_id":1,"t":"Emma","y":1815,"tags":["novel","irony"]}"#,
            #"{"_id":2,"t":"Ulysses","y":1922,"tags":["novel"]}"#, #"{"_id":3,"t":"walden","y":1854}"#)
        #expect(result.output == #"{"inserted":3,"ids":[1,2,3]}"# + "\n", "\(result)")
        return shell
    }

    @Test("insert takes documents as arguments or a line each from standard input, all or none")
    func insert() throws {
        let shell = try library()
        let piped = try shell.run("insert", "a.store", "books", input: "{\"_id\":4}\n\n{\"_id\":5}\n")
        #expect(piped.output == #"{"inserted":2,"ids":[4,5]}"# + "\n")
        let refused = try shell.run("insert", "a.store", "books", #"{"_id":6}"#, #"{"_id":1}"#)
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors.hasPrefix("error: E11000 duplicate key error"), "\(refused.errors)")
        let bad = try shell.run("insert", "a.store", "books", input: "{\"_id\":7}\nnope\n")
        #expect(bad.status == 1 && bad.errors.contains("line 2"), "\(bad.errors)")
        #expect(try shell.run("count", "a.store", "books").output == "5\n")
        #expect(try shell.run("insert", "a.store", "books", "nope").status == 2)
        let audit = try shell.run("audit", "list", "a.store")
        #expect(audit.lines.count == 2, "\(audit.output)")
    }

    @Test("find filters, sorts, pages and projects, with a hint, a collation and a time limit")
    func find() throws {
        let shell = try library()
        let found = try shell.run(
            "find", "a.store", "books", #"{"y":{"$gt":1800}}"#, "--sort", #"{"y":-1}"#, "--skip", "1", "--limit", "1",
            "--projection", #"{"t":1}"#, "--max-time", "60000")
        #expect(found.output == #"{"_id":3,"t":"walden"}"# + "\n")
        let folded = try shell.run(
            "find", "a.store", "books", #"{"t":"WALDEN"}"#, "--collation", #"{"locale":"en","strength":1}"#)
        #expect(folded.lines.count == 1)
        #expect(try shell.run("index", "create", "a.store", "books", #"{"y":1}"#).status == 0)
        #expect(try shell.run("find", "a.store", "books", "--hint", "y_1").lines.count == 3)
        #expect(try shell.run("find", "a.store", "books", "--hint", #"{"y":1}"#).lines.count == 3)
        let refused = try shell.run("find", "a.store", "books", "--hint", "z_1")
        #expect(refused.status == 1 && refused.errors.contains("hint provided does not correspond"), "\(refused)")
        #expect(try shell.run("find", "a.store", "books", "--max-time", "0").status == 2)
        #expect(try shell.run("find", "a.store", "books", "--collation", "{}").status == 2)
        let unknown = try shell.run("find", "a.store", "books", #"{"y":{"$nope":1}}"#)
        #expect(unknown.status == 1 && unknown.errors.hasPrefix("error: unknown operator: $nope"), "\(unknown.errors)")
    }

    @Test("count, distinct and aggregate print numbers, values and documents")
    func questions() throws {
        let shell = try library()
        #expect(try shell.run("count", "a.store", "books", #"{"tags":"novel"}"#).output == "2\n")
        #expect(try shell.run("distinct", "a.store", "books", "tags").lines == ["\"novel\"", "\"irony\""])
        #expect(try shell.run("distinct", "a.store", "books", "y", #"{"_id":2}"#).output == "1922\n")
        #expect(try shell.run("distinct", "a.store", "books", "").status == 1)
        let grouped = try shell.run(
            "aggregate", "a.store", "books",
            #"[{"$unwind":"$tags"},{"$group":{"_id":"$tags","n":{"$sum":1}}},{"$sort":{"_id":1}}]"#)
        #expect(grouped.lines == [#"{"_id":"irony","n":1}"#, #"{"_id":"novel","n":2}"#])
        let written = try shell.run(
            "aggregate", "a.store", "books", #"[{"$match":{"y":{"$gt":1900}}},{"$out":"modern"}]"#)
        #expect(written.status == 0 && written.output.isEmpty)
        #expect(try shell.run("count", "a.store", "modern").output == "1\n")
        let refused = try shell.run("aggregate", "a.store", "books", #"[{"$nope":1}]"#)
        #expect(refused.status == 1, "\(refused)")
        #expect(
            refused.errors.hasPrefix("error: Unrecognized pipeline stage name: '$nope'\nremedy: "), "\(refused.errors)")
        #expect(try shell.run("aggregate", "a.store", "books", "[1]").status == 2)
    }

    @Test("update changes the first or all, by modifiers, a replacement or stages, and can upsert")
    func update() throws {
        let shell = try library()
        let one = try shell.run("update", "a.store", "books", "{}", #"{"$set":{"read":true}}"#, "--sort", #"{"y":-1}"#)
        #expect(one.output == #"{"matched":1,"modified":1}"# + "\n", "\(one)")
        #expect(
            try shell.run("find", "a.store", "books", #"{"read":true}"#, "--projection", #"{"_id":1}"#).lines
                == [#"{"_id":2}"#])
        let all = try shell.run("update", "a.store", "books", "{}", #"[{"$set":{"d":{"$add":["$y",1]}}}]"#, "--multi")
        #expect(all.output == #"{"matched":3,"modified":3}"# + "\n")
        let made = try shell.run("update", "a.store", "books", #"{"_id":9}"#, #"{"t":"New"}"#, "--upsert")
        #expect(made.output == #"{"matched":0,"modified":0,"upserted":9}"# + "\n")
        let filtered = try shell.run(
            "update", "a.store", "books", #"{"_id":1}"#, #"{"$set":{"tags.$[t]":"N"}}"#, "--array-filter",
            #"{"t":"novel"}"#)
        #expect(filtered.output == #"{"matched":1,"modified":1}"# + "\n")
        #expect(try shell.run("distinct", "a.store", "books", "tags", #"{"_id":1}"#).lines == ["\"N\"", "\"irony\""])
        let refused = try shell.run("update", "a.store", "books", #"{"_id":1}"#, #"{"$inc":{"t":1}}"#)
        #expect(refused.status == 1 && refused.errors.contains("non-numeric"), "\(refused.errors)")
        #expect(try shell.run("update", "a.store", "books", "{}", "{}", "--multi", "--sort", "{}").status == 2)
    }

    @Test("index makes, lists and drops indexes; the list is a table, or JSON")
    func indexes() throws {
        let shell = try library()
        let made = try shell.run("index", "create", "a.store", "books", #"{"y":-1}"#, "--unique")
        #expect(made.output == #"{"name":"y_-1","created":true}"# + "\n", "\(made)")
        let again = try shell.run("index", "create", "a.store", "books", #"{"y":-1}"#, "--unique")
        #expect(again.output == #"{"name":"y_-1","created":false}"# + "\n")
        #expect(
            try shell.run(
                "index", "create", "a.store", "books", #"{"tags":1}"#, "--name", "by tag", "--partial",
                #"{"y":{"$gt":0}}"#, "--hidden"
            ).status == 0)
        let table = try shell.run("index", "list", "a.store", "books")
        #expect(
            table.lines == [
                "name    keys        entries  options",
                "_id_    {\"_id\":1}   3        unique",
                "by tag  {\"tags\":1}  4        hidden, multikey, partial {\"y\":{\"$gt\":0}}",
                "y_-1    {\"y\":-1}    3        unique",
            ], "\(table.output)")
        let json = try shell.run("index", "list", "a.store", "books", "--json")
        #expect(json.lines.first == #"{"v":2,"key":{"_id":1},"name":"_id_"}"# && json.lines.count == 3)
        let conflict = try shell.run("index", "create", "a.store", "books", #"{"z":1}"#, "--name", "by tag")
        #expect(conflict.status == 1 && conflict.errors.contains("An existing index has the same name"))
        let twice = try shell.run("insert", "a.store", "books", #"{"_id":8,"y":1815}"#)
        #expect(twice.status == 1 && twice.errors.contains("index: y_-1 dup key: { y: 1815 }"), "\(twice.errors)")
        #expect(try shell.run("index", "drop", "a.store", "books", "by tag").status == 0)
        let dropped = try shell.run("index", "drop", "a.store", "books", #"{"y":-1}"#)
        #expect(dropped.output == #"{"indexesBefore":2}"# + "\n", "\(dropped)")
        let missing = try shell.run("index", "drop", "a.store", "books", "by tag")
        #expect(missing.status == 1 && missing.errors.hasPrefix("error: index not found with name [by tag]"))
        #expect(try shell.run("index", "drop", "a.store", "books", "*").status == 0)
        #expect(try shell.run("index", "list", "a.store", "none").status == 1)
    }

    @Test("explain prints the plan as a tree, or with --json all of it")
    func explain() throws {
        let shell = try library()
        #expect(try shell.run("index", "create", "a.store", "books", #"{"y":1}"#).status == 0)
        let tree = try shell.run("explain", "a.store", "books", #"{"y":{"$gt":1850}}"#, "--hint", "y_1")
        #expect(tree.lines.count == 3, "\(tree)")
        #expect(tree.lines[0] == "FETCH")
        #expect(tree.lines[1].hasPrefix("  IXSCAN y_1 forward y: (1850, "), "\(tree.output)")
        #expect(tree.lines[2].hasPrefix("2 documents from 2 keys and 2 documents in "), "\(tree.output)")
        let planned = try shell.run(
            "explain", "a.store", "books", #"{"t":"Emma"}"#, "--verbosity", "queryPlanner", "--limit", "1")
        #expect(planned.lines == [#"LIMIT limitAmount 1"#, #"  COLLSCAN forward filter {"t":"Emma"}"#])
        let json = try shell.run("explain", "a.store", "books", #"{"y":1815}"#, "--json")
        #expect(try Document(json: json.output)[path: "executionStats.nReturned"] == 1)
        let found = try shell.run("find", "a.store", "books", #"{"_id":1}"#, "--explain")
        #expect(found.lines.first == "IDHACK keys 1", "\(found.output)")
        let piped = try shell.run(
            "aggregate", "a.store", "books", #"[{"$match":{"_id":1}},{"$unwind":"$tags"}]"#, "--explain")
        #expect(piped.lines.last == #"{"$unwind":"$tags"}"#, "\(piped.output)")
        #expect(try shell.run("explain", "a.store", "books", "--verbosity", "all").status == 2)
    }

    @Test("validate counts the keys of each index and ends with 0 when all is sound")
    func validate() throws {
        let shell = try library()
        #expect(try shell.run("index", "create", "a.store", "books", #"{"tags":1}"#).status == 0)
        let result = try shell.run("validate", "a.store", "books", "--full")
        #expect(result.status == 0)
        #expect(
            result.output == #"{"ns":"books","nrecords":3,"nIndexes":2,"keysPerIndex":{"_id_":3,"tags_1":4},"#
                + #""valid":true,"warnings":[],"errors":[]}"# + "\n")
        let missing = try shell.run("validate", "a.store", "none")
        #expect(missing.status == 1 && missing.errors.contains("'none' does not exist"), "\(missing.errors)")
    }

    @Test("an index over many documents is made beside its meter, and a run shows none where there is no terminal")
    func manyDocuments() throws {
        let shell = try library()
        let lines = (0..<5000).map { "{\"_id\":\($0),\"a\":\($0 % 50)}" }.joined(separator: "\n")
        #expect(try shell.run("insert", "a.store", "many", input: lines).status == 0)
        let made = try shell.run("index", "create", "a.store", "many", #"{"a":1}"#)
        #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
        #expect(try shell.run("count", "a.store", "many", #"{"a":7}"#, "--hint", "a_1").output == "100\n")
        let run = try shell.run(
            "run", "a.store", input: #"{"createIndexes":"many","indexes":[{"key":{"a":-1},"name":"b"}]}"#)
        #expect(
            run.output == #"{"ok":1,"numIndexesBefore":2,"numIndexesAfter":3,"createdCollectionAutomatically":false}"#
                + "\n")
        #expect(run.errors.isEmpty)
        #expect(try shell.run("check", "a.store").status == 0)
    }
}
