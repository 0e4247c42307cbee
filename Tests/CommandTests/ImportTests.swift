import Foundation
import SmartStore
import Testing

@Suite("Importing", .timeLimit(.minutes(5)))
struct ImportTests {
    /// A shell with an unencrypted store and `lines.jsonl`.
    private func shell(lines: [String]) throws -> Shell {
        let shell = try Shell()
        _ = try shell.folder.write(lines.joined(separator: "\n"), to: "lines.jsonl")
        #expect(try shell.run("create", "a.store", "--no-encryption").status == 0)
        return shell
    }

    private func summary(_ result: Shell.Result) throws -> Document {
        #expect(result.status == 0, "\(result.errors)")
        return try Document(json: try #require(result.lines.last))
    }

    @Test("every line becomes a document, with an _id of its own or one that its place gives")
    func identifiers() throws {
        let shell = try shell(lines: ["{\"_id\":5}", "", "{\"a\":1}\r", "  ", "{\"a\":2}"])
        let done = try summary(try shell.run("import", "a.store", "c", "lines.jsonl"))
        #expect(done["imported"] == 3 && done["lines"] == 5 && done["complete"] == true, "\(done)")
        #expect(
            try shell.run("export", "a.store", "c").lines
                == ["{\"_id\":5}", "{\"_id\":\"lines:3\",\"a\":1}", "{\"_id\":\"lines:5\",\"a\":2}"])
        let again = try summary(try shell.run("import", "a.store", "c", "lines.jsonl"))
        #expect(again["imported"] == 0 && again["skipped"] == 5)
        #expect(try shell.run("collections", "a.store").lines.count == 1)
        #expect(try shell.run("collections", "a.store", "--all").lines.count == 2)
    }

    @Test("a field can give the _id, a filter can choose the lines, and a file that has grown is taken on")
    func fields() throws {
        let shell = try shell(lines: (0..<10).map { "{\"k\":\"\($0 % 2)\",\"n\":{\"i\":\($0)},\"_id\":\"x\"}" })
        let arguments = ["import", "a.store", "c", "lines.jsonl", "--id-field", "n.i", "--match", "{\"k\":\"1\"}"]
        func run() throws -> Document {
            try summary(
                try shell.run(
                    arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], arguments[6],
                    arguments[7]))
        }
        let first = try run()
        #expect(first["imported"] == 5 && first["filtered"] == 5)
        #expect(try shell.run("find", "a.store", "c", "--projection", "{\"_id\":1}").lines.first == "{\"_id\":1}")
        let handle = try #require(FileHandle(forWritingAtPath: shell.folder.file("lines.jsonl")))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\n{\"k\":\"1\",\"n\":{\"i\":11}}\n".utf8))
        try handle.close()
        let grown = try run()
        #expect(grown["imported"] == 1 && grown["skipped"] == 10, "\(grown)")
        #expect(try shell.run("import", "a.store", "c", "lines.jsonl").status == 1, "other options")
    }

    @Test("a line that is wrong is named, its batch is rolled back, and the corrected file goes on")
    func wrongLine() throws {
        let shell = try shell(lines: ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":", "{\"a\":5}"])
        let failed = try shell.run("import", "a.store", "c", "lines.jsonl", "--batch", "2")
        #expect(failed.status == 1 && failed.errors.contains("line 4"), "\(failed.errors)")
        #expect(try shell.run("export", "a.store", "c").lines.count == 2)
        _ = try shell.folder.write("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}", to: "lines.jsonl")
        let done = try summary(try shell.run("import", "a.store", "c", "lines.jsonl", "--batch", "2"))
        #expect(done["imported"] == 3 && done["skipped"] == 2)
        _ = try shell.folder.write("{\"a\":9}\n{\"a\":2}", to: "lines.jsonl")
        #expect(try shell.run("import", "a.store", "c", "lines.jsonl").status == 1, "a file that has changed")
        #expect(try shell.run("import", "a.store", "c", "lines.jsonl", "--restart").status == 1, "duplicates")
        let replaced = try summary(
            try shell.run("import", "a.store", "c", "lines.jsonl", "--restart", "--on-duplicate", "replace"))
        #expect(replaced["duplicates"] == 2)
        #expect(try shell.run("get", "a.store", "c", "lines:1").output.contains("\"a\":9"))
    }

    @Test("lines that are no JSON can be left out, and documents that are there can be kept")
    func tolerance() throws {
        let shell = try shell(lines: ["{\"_id\":1,\"a\":1}", "nonsense", "{\"_id\":1,\"a\":2}"])
        let done = try summary(
            try shell.run("import", "a.store", "c", "lines.jsonl", "--skip-invalid", "--on-duplicate", "skip"))
        #expect(done["imported"] == 1 && done["invalid"] == 1 && done["duplicates"] == 1)
        #expect(try shell.run("export", "a.store", "c").output == "{\"_id\":1,\"a\":1}\n")
    }

    @Test("rows of a matrix go into the documents in order, or where a field says, and are searchable")
    func vectors() throws {
        let shell = try shell(lines: (0..<50).map { "{\"_id\":\($0),\"r\":\(49 - $0),\"k\":\($0 % 2)}" })
        try NumpyFile.write(
            rows: (0..<50).map { [Float(cos(Double($0) / 9)), Float(sin(Double($0) / 9))] }, halves: true,
            to: shell.folder.file("v.npy"))
        let done = try summary(
            try shell.run(
                "import", "a.store", "counted", "lines.jsonl", "--vectors", "v.npy", "--field", "v",
                "--index-vectors", "--match", "{\"k\":1}"))
        #expect(done["imported"] == 25)
        _ = try summary(
            try shell.run(
                "import", "a.store", "named", "lines.jsonl", "--vectors", "v.npy", "--field", "v.x",
                "--index-vectors", "euclidean", "--row-field", "r", "--storage", "float32"))
        // The 4th kept line (_id 7) has row 3; the line whose field says 3 is _id 46.
        func nearest(_ collection: String, _ field: String) throws -> Document {
            let result = try shell.run(
                "search", "a.store", collection, "--field", field, "--npy", "v.npy", "--row", "3", "--k", "1",
                "--projection", "{\"_id\":1}")
            return try Document(json: try #require(result.lines.first, "\(result.errors)"))
        }
        #expect(try nearest("counted", "v")["_id"] == 7)
        #expect(try nearest("named", "v.x")["_id"] == 46)
        let exact = try shell.run(
            "search", "a.store", "named", "--field", "v.x", "--vector", "[1,0]", "--k", "3", "--exact", "--filter",
            "{\"_id\":{\"$lt\":40}}", "--cache", "60")
        #expect(exact.lines.count == 3 && exact.lines[0].hasPrefix("{\"_id\":0,"), "\(exact.output)")
        let cached = try shell.run(
            "search", "a.store", "named", "--field", "v.x", "--vector", "[1,0]", "--k", "3", "--exact", "--filter",
            "{\"_id\":{\"$lt\":40}}", "--cache", "60")
        #expect(cached.output == exact.output && cached.errors.contains("from the cache"))
        #expect(try shell.run("check", "a.store").status == 0)
        let short = try shell.run(
            "import", "a.store", "short", "lines.jsonl", "--vectors", "v.npy", "--field", "v", "--row-field", "none")
        #expect(short.status == 1 && short.errors.contains("line 1"), "\(short.errors)")
    }

    @Test(
        "vectors are exported with their _ids in both forms, and imported again they are the same",
        arguments: ["npy", "fvecs"])
    func exportedVectors(form: String) throws {
        let shell = try shell(lines: (0..<40).map { "{\"_id\":\($0),\"g\":\($0 % 3)}" })
        try NumpyFile.write(
            rows: (0..<40).map { [Float(cos(Double($0) / 9)), Float(sin(Double($0) / 9))] }, halves: false,
            to: shell.folder.file("v.npy"))
        _ = try summary(
            try shell.run(
                "import", "a.store", "c", "lines.jsonl", "--vectors", "v.npy", "--field", "v", "--index-vectors",
                "--codes", "none", "--storage", "float32"))
        let file = "out.\(form)"
        let exported = try shell.run("export-vectors", "a.store", "c", file, "--field", "v")
        #expect(exported.lines == (0..<40).map { "{\"_id\":\($0)}" }, "\(exported.errors)")
        _ = try shell.folder.write(exported.output, to: "ids.jsonl")
        _ = try summary(
            try shell.run(
                "import", "a.store", "again", "ids.jsonl", "--vectors", file, "--field", "v", "--index-vectors",
                "--storage", "float32"))
        for arguments in [["--row", "7"], ["--row", "31"]] {
            let answers = try ["c", "again"].map {
                try shell.run(
                    "search", "a.store", $0, "--field", "v", "--npy", file, arguments[0], arguments[1], "--k", "5",
                    "--projection", "{\"_id\":1}")
            }
            let ids = try answers.map { try $0.lines.map { try Document(json: $0)["_id"] } }
            #expect(ids[0].count == 5 && Set(ids[0]) == Set(ids[1]), "\(answers[0].errors)")
        }
        let like = try shell.run(
            "search", "a.store", "c", "--field", "v", "--like", "7", "--like", "8", "--unlike", "30", "--k", "2",
            "--group-by", "g", "--group-size", "2", "--score-limit", "-1", "--skip", "1", "--projection", "{\"_id\":1}")
        #expect(like.lines.count == 4 && like.lines[0].contains("\"group\":"), "\(like.output) \(like.errors)")
        let target = try shell.run(
            "search", "a.store", "c", "--field", "v", "--vector", "[1,0]", "--recall-target", "0.9", "--diversity",
            "0.5")
        #expect(target.lines.count == 10)
        #expect(try shell.run("search", "a.store", "c", "--field", "v", "--unlike", "1").status == 2)
        #expect(try shell.run("search", "a.store", "c", "--field", "v", "--like", "1", "--diversity", "3").status == 1)
        #expect(try shell.run("export-vectors", "a.store", "c", "x.txt", "--field", "v").status == 2)
        #expect(try shell.run("export-vectors", "a.store", "c", "x.npy", "--field", "w").status == 1)
        #expect(try shell.run("export-vectors", "a.store", "d", "x.npy", "--field", "v").status == 1)
    }

    @Test(
        "an import that is killed goes on after its last acknowledged batch, and ends with every line once",
        arguments: [1, 2, 3] as [UInt64])
    func killed(seed: UInt64) throws {
        let count = 2000
        let shell = try shell(lines: (0..<count).map { "{\"n\":\($0),\"t\":\"line number \($0)\"}" })
        let arguments = ["import", "a.store", "c", "lines.jsonl", "--batch", "20", "--acknowledge", "-"]
        var random = Generator(state: seed)
        var acknowledged = 0
        for _ in 0..<4 {
            let process = shell.process(arguments)
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let patience = Int.random(in: 1...12, using: &random)
            var said = ""
            while said.split(separator: "\n").count < patience {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                said += String(decoding: more, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            said += String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            // The last line may be torn only if it lacks its end.
            let whole = said.hasSuffix("\n") ? said : String(said[..<(said.lastIndex(of: "\n") ?? said.startIndex)])
            acknowledged = whole.split(separator: "\n").compactMap { Int($0) }.last ?? acknowledged
            let store = try Store.open(at: shell.folder.file("a.store"), key: .none)
            let found = try store.readSync { try $0.collection("c").count() }
            #expect(found >= acknowledged && found % 20 == 0, "\(found) of \(acknowledged)")
            let findings = try store.check().findings
            #expect(findings.isEmpty)
            try store.close()
        }
        let last = try shell.run("import", "a.store", "c", "lines.jsonl", "--batch", "20")
        #expect(try summary(last)["complete"] == true)
        let store = try Store.open(at: shell.folder.file("a.store"), key: .none)
        let numbers = try store.readSync { try $0.collection("c").find(sort: ["n": 1]).compactMap { $0["n"]?.int } }
        #expect(numbers == Array(0..<count))
        let findings = try store.check().findings
        #expect(findings.isEmpty)
        try store.close()
    }

    @Test("an interrupt stops the import after a whole batch, with status 1")
    func interrupted() throws {
        let shell = try shell(lines: (0..<20000).map { "{\"n\":\($0)}" })
        let process = shell.process(["import", "a.store", "c", "lines.jsonl", "--batch", "10", "--acknowledge", "-"])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        _ = output.fileHandleForReading.availableData
        kill(process.processIdentifier, SIGINT)
        let rest = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 1)
        let end = try Document(json: String(try #require(rest.split(separator: "\n").last)))
        #expect(end["complete"] == false)
        #expect(try summary(try shell.run("import", "a.store", "c", "lines.jsonl"))["complete"] == true)
        #expect(try shell.run("collections", "a.store").output.contains("\"documents\":20000,"))
    }
}
