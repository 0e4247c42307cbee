import Foundation
import SmartStore
import Testing

@Suite("Maintenance from the shell", .timeLimit(.minutes(5)))
struct MaintenanceShellTests {
    private func filled() throws -> Shell {
        var shell = try Shell()
        shell.environment["SMARTSTORE_PASSPHRASE"] = "old horse"
        #expect(try shell.run("create", "a.store").status == 0)
        let lines = (0..<200).map { #"{"_id": \#($0), "text": "note number \#($0)"}"# }.joined(separator: "\n")
        _ = try shell.folder.write(lines + "\n", to: "notes.jsonl")
        #expect(try shell.run("import", "a.store", "notes", "notes.jsonl").status == 0)
        return shell
    }

    private func count(_ shell: Shell, _ file: String) throws -> Int {
        try shell.run("find", file, "notes", "{}", "--limit", "1000").output.split(separator: "\n").count
    }

    @Test("a backup and a delta restore to the store they were taken from")
    func backups() throws {
        let shell = try filled()
        let full = try shell.run("backup", "a.store", "full.store")
        #expect(full.status == 0, "\(full.errors)")
        #expect(try Document(json: full.output)["writtenPages"]?.int ?? 0 > 3)
        #expect(try shell.run("delete", "a.store", "notes", "--filter", #"{"_id": {"$lt": 50}}"#).status == 0)
        let delta = try shell.run("backup", "a.store", "delta", "--since", "full.store", "--rate", "100")
        #expect(delta.status == 0, "\(delta.errors)")
        let restored = try shell.run("restore", "b.store", "full.store", "delta")
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(try count(shell, "b.store") == count(shell, "a.store"))
        #expect(try shell.run("check", "b.store", "--deep").status == 0)
        #expect(try shell.run("check", "b.store", "--shallow").status == 0)
        #expect(try shell.run("backup", "a.store", "full.store").status == 1)
        #expect(try shell.run("restore", "c.store", "delta").status == 1)
        #expect(try shell.run("backup", "a.store", "d", "--rate", "-1").status == 2)
    }

    @Test("after rekey only the new passphrase opens the file, and a rotation keeps it")
    func keys() throws {
        var shell = try filled()
        _ = try shell.folder.write("new horse\n", to: "new")
        let rekeyed = try shell.run("rekey", "a.store", "--new-passphrase-file", "new")
        #expect(rekeyed.status == 0, "\(rekeyed.errors)")
        let refused = try shell.run("stats", "a.store", "--json")
        #expect(refused.status == 1)
        #expect(try Document(json: refused.errors)[path: "error.code"] == "wrongKey")
        shell.environment["SMARTSTORE_PASSPHRASE"] = "new horse"
        let rotated = try shell.run("rotate", "a.store")
        #expect(rotated.status == 0, "\(rotated.errors)")
        #expect(try Document(json: rotated.output)["finished"] == true)
        #expect(try count(shell, "a.store") == 200)
        #expect(try shell.run("check", "a.store").status == 0)
        #expect(try shell.run("rekey", "a.store", "--new-key-file", "x", "--new-passphrase-file", "new").status == 2)
    }

    @Test("an anchor is held by the file's later states, and not by an older copy")
    func anchors() throws {
        let shell = try filled()
        let old = shell.folder.file("old.store")
        try FileManager.default.copyItem(atPath: shell.folder.file("a.store"), toPath: old)
        let anchor = try shell.run("anchor", "a.store")
        #expect(anchor.status == 0, "\(anchor.errors)")
        _ = try shell.folder.write(anchor.output, to: "anchor.json")
        #expect(try shell.run("delete", "a.store", "notes", "--filter", #"{"_id": 1}"#).status == 0)
        #expect(try shell.run("anchor", "a.store", "--verify", "anchor.json").status == 0)
        let back = try shell.run("anchor", "old.store", "--verify", "anchor.json", "--json")
        #expect(back.status == 1)
        #expect(try Document(json: back.errors)[path: "error.code"] == "rolledBack")
        #expect(try shell.run("anchor", "a.store", "--verify", "notes.jsonl").status == 1)
    }

    @Test("compact cuts off what deletion freed")
    func compact() throws {
        let shell = try filled()
        #expect(try shell.run("delete", "a.store", "notes", "--filter", "{}").status == 0)
        let result = try shell.run("compact", "a.store")
        #expect(result.status == 0, "\(result.errors)")
        let report = try Document(json: result.output)
        #expect((report["bytesAfter"]?.int ?? .max) <= (report["bytesBefore"]?.int ?? 0))
        #expect(try shell.run("check", "a.store").status == 0)
    }
}
