import Foundation
import SmartStore
import Testing

@Suite("The shell as a process", .timeLimit(.minutes(5)))
struct ShellTests {
    private func plain() throws -> Shell {
        let shell = try Shell()
        #expect(try shell.run("create", "a.store", "--no-encryption").status == 0)
        return shell
    }

    @Test("the version is printed, and help says what there is")
    func version() throws {
        let shell = try Shell()
        #expect(try shell.run("version").output == CommandRunner.version + "\n")
        let help = try shell.run("--help")
        #expect(help.status == 0)
        for name in [
            "create", "import", "export", "find", "get", "delete", "search", "collections", "stats", "check", "audit",
            "cache", "run", "backup", "restore", "salvage", "compact", "rekey", "rotate", "anchor", "count", "distinct",
            "aggregate", "explain", "insert", "update", "index", "validate", "convert",
        ] {
            #expect(help.output.contains("\n  \(name) "), "\(name)")
        }
    }

    @Test(
        "a call that makes no sense ends with status 2, and says so on standard error",
        arguments: [
            ["nope"], ["find"], ["find", "a.store"], ["find", "a.store", "c", "{bad"],
            ["create", "a", "--page-size", "5"],
            ["create", "a", "--page-size", "5000"], ["stats", "a", "--key-file", "x", "--passphrase-file", "y"],
            ["create", "a", "--no-encryption", "--key-file", "x"], ["delete", "a", "c"],
            ["search", "a", "c", "--field", "v"], ["search", "a", "c", "--field", "v", "--vector", "[\"x\"]"],
            ["import", "a", "c", "p", "--batch", "0"], ["import", "a", "c", "p", "--vectors", "v.npy"],
            ["cache", "set", "a", "k", "v", "--ttl", "0"], ["audit"], ["stats", "a", "--wait", "-1"],
        ])
    func badUsage(arguments: [String]) throws {
        let shell = try Shell()
        let process = shell.process(arguments)
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let said = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        // `audit` alone shows its help, as every command with subcommands does.
        #expect(process.terminationStatus == (arguments == ["audit"] ? 0 : 2))
        #expect(said.isEmpty == (arguments == ["audit"]))
    }

    @Test("an operation that fails ends with status 1, an error and a remedy")
    func failures() throws {
        let shell = try plain()
        let missing = try shell.run("stats", "none.store")
        #expect(missing.status == 1 && missing.output.isEmpty)
        #expect(missing.errors == "error: There is no such file.\nremedy: Check the path, or create the file first.\n")
        let json = try shell.run("stats", "none.store", "--json")
        #expect(json.status == 1)
        #expect(try Document(json: json.errors)[path: "error.code"] == "notFound", "\(json.errors)")
        #expect(try shell.run("create", "a.store", "--no-encryption").status == 1)
        #expect(try shell.run("get", "a.store", "c", "1").status == 1)
        #expect(try shell.run("export", "a.store", "c").status == 1)
        #expect(try shell.run("find", "a.store", "c", "{\"a\":{\"$nope\":1}}").status == 1)
        #expect(try shell.run("cache", "get", "a.store", "k").status == 1)
        #expect(try shell.run("search", "a.store", "c", "--field", "v", "--vector", "[1]").status == 1)
        let folder = try shell.run("create", "no/such/folder/a.store", "--no-encryption")
        #expect(folder.status == 1 && folder.errors.hasPrefix("error: "), "\(folder.errors)")
        let usage = try shell.run("find", "--json")
        #expect(usage.status == 2)
        #expect(try Document(json: usage.errors)[path: "error.code"] == "usage", "\(usage.errors)")
    }

    @Test("a file that is no store is refused, whatever is asked of it")
    func notAStore() throws {
        let shell = try Shell()
        _ = try shell.folder.write(String(repeating: "no store ", count: 4000), to: "a.store")
        for command in [["stats"], ["check"], ["collections"]] {
            let result = try shell.run(command[0], "a.store")
            #expect(result.status == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
        }
    }

    @Test("a key file opens what it made, as bytes or as digits, and no other key does")
    func keyFiles() throws {
        let shell = try Shell()
        let key = (0..<32).map { UInt8($0 &* 7 &+ 1) }
        try Data(key).write(to: URL(fileURLWithPath: shell.folder.file("raw.key")))
        let digits = key.map { String(Int($0) + 0x100, radix: 16).suffix(2) }.joined()
        _ = try shell.folder.write(digits + "\n", to: "hex.key")
        _ = try shell.folder.write(String(repeating: "0", count: 64), to: "other.key")
        _ = try shell.folder.write("short", to: "short.key")
        #expect(try shell.run("create", "a.store", "--key-file", "raw.key").status == 0)
        #expect(try shell.run("stats", "a.store", "--key-file", "raw.key").status == 0)
        let hex = try shell.run("stats", "a.store", "--key-file", "hex.key")
        #expect(hex.status == 0)
        #expect(try Document(json: hex.output)["encrypted"] == true)
        let other = try shell.run("stats", "a.store", "--key-file", "other.key", "--json")
        #expect(other.status == 1)
        #expect(try Document(json: other.errors)[path: "error.code"] == "wrongKey")
        #expect(try shell.run("stats", "a.store", "--key-file", "short.key").status == 1)
        #expect(try shell.run("stats", "a.store", "--key-file", "none.key").status == 1)
    }

    @Test("a passphrase comes from a file or from the environment; without one the shell says what to give")
    func passphrases() throws {
        var shell = try Shell()
        _ = try shell.folder.write("correct horse\n", to: "phrase")
        #expect(try shell.run("create", "a.store", "--passphrase-file", "phrase").status == 0)
        let bare = try shell.run("stats", "a.store", "--json")
        #expect(bare.status == 1)
        #expect(try Document(json: bare.errors)[path: "error.code"] == "keyRequired", "\(bare.errors)")
        shell.environment["SMARTSTORE_PASSPHRASE"] = "correct horse"
        #expect(try shell.run("stats", "a.store").status == 0)
        shell.environment["SMARTSTORE_PASSPHRASE"] = "battery staple"
        #expect(try shell.run("stats", "a.store").status == 1)
        #expect(try shell.run("stats", "a.store", "--passphrase-file", "phrase").status == 0)
    }

    @Test("an unencrypted file needs no key, and refuses one")
    func unencrypted() throws {
        var shell = try plain()
        #expect(try Document(json: shell.run("stats", "a.store").output)["encrypted"] == false)
        shell.environment["SMARTSTORE_PASSPHRASE"] = "x"
        let refused = try shell.run("stats", "a.store", "--json")
        #expect(refused.status == 1)
        #expect(try Document(json: refused.errors)[path: "error.code"] == "notEncrypted")
    }

    @Test("run answers every line, skips blank ones, and rolls back what is open at the end")
    func runs() throws {
        let shell = try plain()
        let result = try shell.run(
            "run", "a.store",
            input: """
                {"insert":"c","documents":[{"_id":1}]}

                not json
                {"begin":1}
                {"insert":"c","documents":[{"_id":2}]}
                {"count":"c"}
                """)
        #expect(result.status == 0)
        #expect(
            result.lines.count == 5 && result.lines[0] == #"{"ok":1,"n":1}"# && result.lines[4] == #"{"ok":1,"n":2}"#,
            "\(result.lines)")
        #expect(result.lines[1].hasPrefix(#"{"ok":0,"code":9,"codeName":"FailedToParse","errmsg":"#))
        let canonical = try shell.run("run", "a.store", "--canonical", input: #"{"count":"c"}"#)
        #expect(canonical.output == #"{"ok":{"$numberInt":"1"},"n":{"$numberInt":"1"}}"# + "\n")
        let readOnly = try shell.run("run", "a.store", "--read-only", input: #"{"insert":"c","documents":[{}]}"#)
        #expect(readOnly.output.contains("\"code\":10107"), "\(readOnly.output)")
    }

    @Test("a reply is written before the next command is read, and a reader that leaves ends the run without a trace")
    func converses() throws {
        let shell = try plain()
        let process = shell.process(["run", "a.store"])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        func ask(_ line: String) throws -> String {
            try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
            return String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        }
        #expect(try ask(#"{"insert":"c","documents":[{"_id":1}]}"#) == "{\"ok\":1,\"n\":1}\n")
        #expect(try ask(#"{"begin":1}"#) == "{\"ok\":1}\n")
        #expect(try ask(#"{"insert":"c","documents":[{"_id":2}]}"#) == "{\"ok\":1,\"n\":1}\n")
        try output.fileHandleForReading.close()
        try input.fileHandleForWriting.write(contentsOf: Data("{\"ping\":1}\n{\"commit\":1}\n".utf8))
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 1)
        try input.fileHandleForWriting.close()
        #expect(try shell.run("find", "a.store", "c").lines == ["{\"_id\":1}"])
    }

    @Test("documents are found, got, exported and deleted, with the deletion in the audit log")
    func documents() throws {
        let shell = try plain()
        let input = #"{"insert":"c","documents":[{"_id":1,"a":2},{"_id":"1x","a":1},{"_id":"7","a":3}]}"#
        #expect(try shell.run("run", "a.store", input: input).status == 0)
        #expect(try shell.run("find", "a.store", "c", "{\"a\":{\"$gte\":2}}").lines.count == 2)
        #expect(
            try shell.run("find", "a.store", "c", "--sort", "{\"a\":1}", "--limit", "2", "--projection", "{\"_id\":0}")
                .lines == [#"{"a":1}"#, #"{"a":2}"#])
        #expect(try shell.run("get", "a.store", "c", "1").output == "{\"_id\":1,\"a\":2}\n")
        #expect(try shell.run("get", "a.store", "c", "1x").status == 0)
        #expect(try shell.run("get", "a.store", "c", "7").output == "{\"_id\":\"7\",\"a\":3}\n")
        #expect(try shell.run("export", "a.store", "c", "--canonical").lines.count == 3)
        #expect(try shell.run("delete", "a.store", "c", "1", "99").output == "{\"deleted\":1}\n")
        #expect(
            try shell.run("delete", "a.store", "c", "--filter", "{}", "--limit", "1", "--actor", "ada").output
                == "{\"deleted\":1}\n")
        let audit = try shell.run("audit", "list", "a.store", "--actor", "ada")
        #expect(audit.lines.count == 1 && audit.output.contains(#""action":"delete","target":"c""#))
        let verified = try shell.run("audit", "verify", "a.store")
        #expect(verified.status == 0 && verified.output.hasPrefix(#"{"valid":true,"entries":2,"#))
        // Anchors, signed by a key that is kept elsewhere, and the first audit key.
        _ = try shell.folder.write(String(repeating: "0a", count: 32) + "\n", to: "sign.key")
        let anchor = try shell.run("audit", "anchor", "a.store", "--sign-key", "sign.key")
        let owner = try shell.run("audit", "anchor", "a.store", "--sign-key", "sign.key", "--public-key")
        let first = try shell.run("audit", "export-key", "a.store")
        #expect(anchor.status == 0 && owner.status == 0 && first.status == 0, "\(first.errors)")
        for (name, text) in [("anchor", anchor.output), ("owner", owner.output), ("first", first.output)] {
            _ = try shell.folder.write(text, to: name)
        }
        let proven = try shell.run(
            "audit", "verify", "a.store", "--initial-key", "first", "--anchor", "anchor", "--signed-by", "owner")
        #expect(proven.status == 0 && proven.output.contains(#""sealsProven":true"#), "\(proven.errors)")
        let foreign = try shell.run(
            "audit", "verify", "a.store", "--anchor", "anchor", "--signed-by", "first", "--json")
        #expect(foreign.status == 1)
        #expect(try Document(json: foreign.errors)[path: "error.code"] == "auditBroken")
        #expect(try shell.run("audit", "verify", "a.store", "--initial-key", "owner").status == 1)
        #expect(try shell.run("audit", "export-key", "a.store").status == 1)
        #expect(try shell.run("collections", "a.store").output.hasPrefix(#"{"name":"c","documents":1,"#))
        let check = try shell.run("check", "a.store")
        #expect(check.status == 0 && check.output.hasPrefix(#"{"clean":true,"#), "\(check.errors)")
    }

    @Test("a damaged store is salvaged into a new one, with a report")
    func salvage() throws {
        let shell = try plain()
        let input = #"{"insert":"c","documents":[{"_id":1,"a":2},{"_id":2,"a":1}]}"#
        #expect(try shell.run("run", "a.store", input: input).status == 0)
        let whole = try shell.run("salvage", "a.store", "b.store")
        #expect(whole.status == 0 && whole.output.hasPrefix(#"{"complete":true,"#), "\(whole.output) \(whole.errors)")
        #expect(try shell.run("find", "b.store", "c").lines.count == 2)
        #expect(try shell.run("salvage", "a.store", "b.store").status == 1)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: shell.folder.file("a.store"))))
        for index in 2 * 8192..<3 * 8192 { bytes[index] = 0 }
        try Data(bytes).write(to: URL(fileURLWithPath: shell.folder.file("a.store")))
        #expect(try shell.run("find", "a.store", "c").status == 1)
        let damaged = try shell.run("salvage", "a.store", "d.store", "--json")
        #expect(damaged.status == 1 && damaged.output.hasPrefix(#"{"complete":false,"#), "\(damaged.errors)")
        #expect(try shell.run("find", "d.store", "c").lines.count == 2)
    }

    @Test("cache entries are set, read, timed and deleted")
    func cache() throws {
        let shell = try plain()
        #expect(try shell.run("cache", "set", "a.store", "k", "grüße").status == 0)
        #expect(try shell.run("cache", "get", "a.store", "k").output == "{\"key\":\"k\",\"value\":\"grüße\"}\n")
        #expect(try shell.run("cache", "get", "a.store", "k", "--raw").output == "grüße")
        #expect(try shell.run("cache", "ttl", "a.store", "k").output == "{\"key\":\"k\",\"ttlMilliseconds\":null}\n")
        #expect(try shell.run("cache", "set", "a.store", "t", "x", "--ttl", "1000").status == 0)
        #expect(try shell.run("cache", "ttl", "a.store", "t").output.contains("\"ttlMilliseconds\":9"))
        #expect(try shell.run("cache", "keys", "a.store").lines.count == 2)
        #expect(try shell.run("cache", "delete", "a.store", "k", "none").output == "{\"deleted\":1}\n")
        #expect(try shell.run("cache", "ttl", "a.store", "k").status == 1)
    }

    @Test("a store that another process has open is refused at once")
    func locked() throws {
        let shell = try plain()
        let store = try Store.open(at: shell.folder.file("a.store"), key: .none)
        let refused = try shell.run("stats", "a.store", "--json")
        #expect(refused.status == 1)
        #expect(try Document(json: refused.errors)[path: "error.code"] == "locked")
        try store.close()
        #expect(try shell.run("stats", "a.store").status == 0)
    }
}
