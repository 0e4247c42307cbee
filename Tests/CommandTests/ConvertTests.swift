// The shell's convert: every direction, streams and pieces, what it refuses and what it leaves behind.

import Foundation
import SmartStore
import Testing

@Suite("convert", .timeLimit(.minutes(5)))
struct ConvertTests {
    /// One document of many types, in hexadecimal and in both texts.
    private static let hex =
        "4E0000001061000500000012620000000000010000000163000000000000000440096400E803000000000000136500"
        + "0F000000000000000000000000003E300466000B0000000A30000A31000000"
    private static let canonical =
        #"{"a":{"$numberInt":"5"},"b":{"$numberLong":"4294967296"},"c":{"$numberDouble":"2.5"},"#
        + #""d":{"$date":{"$numberLong":"1000"}},"e":{"$numberDecimal":"1.5"},"f":[null,null]}"#
    private static let relaxed =
        #"{"a":5,"b":4294967296,"c":2.5,"d":{"$date":"1970-01-01T00:00:01Z"},"e":{"$numberDecimal":"1.5"},"#
        + #""f":[null,null]}"#

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    private func write(_ bytes: [UInt8], _ shell: Shell, to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: shell.folder.file(name)))
    }

    private func read(_ shell: Shell, _ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: shell.folder.file(name))))
    }

    @Test("every form turns into every other")
    func allWays() throws {
        let shell = try Shell()
        let forms = ["bson": Self.hex, "canonical": Self.canonical, "relaxed": Self.relaxed]
        for (source, input) in forms {
            for (target, wanted) in forms {
                let from = source == "bson" ? "bson" : "json"
                let arguments = ["convert", "--from", from, "--to", target]
                let isHex = from == "bson" || target == "bson"
                let result = try shell.run(arguments + (isHex ? ["--hex"] : []), input: input + "\n")
                #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
                let output = target == "bson" ? result.output.uppercased() : result.output
                #expect(output == wanted + "\n", "\(source) to \(target)")
            }
        }
    }

    @Test("a stream of BSON comes back byte for byte through canonical text, by files and by standard output")
    func streams() throws {
        let shell = try Shell()
        var stream: [UInt8] = []
        for index in 0..<3_000 {
            stream +=
                Document(fields: [
                    ("_id", .int64(Int64(index))), ("text", .string(String(repeating: "é\u{0}\"", count: index % 50))),
                    ("more", .array((0..<(index % 13)).map { .double(Double($0) / 8) })),
                ]).bson
        }
        try write(stream, shell, to: "a.bson")
        let there = try shell.run("convert", "--from", "bson", "--to", "canonical", "a.bson", "--output", "a.json")
        #expect(there.status == 0 && there.output.isEmpty, "\(there.errors)")
        #expect(try read(shell, "a.json").count { $0 == 0x0A } == 3_000)
        let back = try shell.run("convert", "--from", "json", "--to", "bson", "a.json", "--output", "b.bson")
        #expect(back.status == 0, "\(back.errors)")
        #expect(try read(shell, "b.bson") == stream)
        #expect(try shell.run("convert", "--from", "bson", "--to", "bson", "a.bson", "-o", "x").status == 2)
        // Two files are one after the other, and - is standard input.
        let both = try shell.run(
            "convert", "--from", "bson", "--to", "bson", "a.bson", "b.bson", "--output", "c.bson")
        #expect(both.status == 0)
        #expect(try read(shell, "c.bson") == stream + stream)
        let mixed = try shell.run("convert", "--from", "json", "--to", "relaxed", "one.json", "-", input: "{\"b\":2}")
        #expect(mixed.status == 1 && mixed.errors.contains("one.json"))
        _ = try shell.folder.write("{\"a\":1}", to: "one.json")
        let found = try shell.run("convert", "--from", "json", "--to", "relaxed", "one.json", "-", input: "{\"b\":2}")
        #expect(found.output == "{\"a\":1}\n{\"b\":2}\n")
    }

    @Test("documents of JSON stand one after another in any way, or in one array")
    func separatesDocuments() throws {
        let shell = try Shell()
        for input in [
            "{\"a\":1}\n{\"b\":\"}{\"}\n", "{\"a\":1}{\"b\":\"}{\"}", " \n\t{ \"a\" : 1 }\r\n\r\n{\"b\":\n\"}{\"\n} ",
            "\u{FEFF}{\"a\":1} {\"b\":\"}{\"}",
        ] {
            let result = try shell.run("convert", "--from", "json", "--to", "relaxed", input: input)
            #expect(result.status == 0 && result.output == "{\"a\":1}\n{\"b\":\"}{\"}\n", "\(result.errors)")
        }
        for (input, output) in [
            ("[{\"a\":1},\n {\"b\":[2]}]\n", "{\"a\":1}\n{\"b\":[2]}\n"), ("[]", ""), (" [ ] ", ""),
        ] {
            let result = try shell.run("convert", "--from", "json", "--to", "relaxed", "--array", input: input)
            #expect(result.status == 0 && result.output == output, "\(result.errors)")
        }
        for input in [
            "", "{}", "[", "[{}", "[{},", "[{},]", "[{}{}]", "[{}] {}", "[,{}]", "[1]", "[[]]", "[{}]]",
        ] {
            let result = try shell.run("convert", "--from", "json", "--to", "relaxed", "--array", input: input)
            #expect(result.status == 1 && result.errors.contains("standard input"), "\(input)")
        }
        #expect(try shell.run("convert", "--from", "json", "--to", "relaxed", input: "").status == 0)
        #expect(try shell.run("convert", "--from", "bson", "--to", "relaxed", input: "").status == 0)
    }

    @Test("odd forms come out canonical")
    func canonicalises() throws {
        let shell = try Shell()
        let odd = "1B000000 04 6100 13000000 10 7800 01000000 10 7800 02000000 00 00"
        let result = try shell.run("convert", "--from", "bson", "--to", "bson", "--hex", input: odd)
        #expect(result.output == "1b000000046100130000001030000100000010310002000000" + "0000\n", "\(result.errors)")
        let regex = try shell.run(
            "convert", "--from", "bson", "--to", "relaxed", "--hex", input: "0E0000000B61007000786D690000")
        #expect(regex.output == #"{"a":{"$regularExpression":{"pattern":"p","options":"imx"}}}"# + "\n")
        let old = try shell.run(
            "convert", "--from", "json", "--to", "canonical", input: #"{"a":{"$type":"00","$binary":"AA=="}}"#)
        #expect(old.output == #"{"a":{"$binary":{"base64":"AA==","subType":"00"}}}"# + "\n")
    }

    @Test("what is refused ends with status 1, names document and byte, and leaves only what came before")
    func refuses() throws {
        let shell = try Shell()
        let cases: [(arguments: [String], input: String, output: String, place: String)] = [
            (["bson", "--hex"], "0500000000 0500000001", "{}\n", "document 2, byte 9"),
            (["bson", "--hex"], "0500000000 04000000", "{}\n", "document 2, byte 5"),
            (["bson", "--hex"], "0500000000 FFFFFFFF00", "{}\n", "document 2, byte 5"),
            (["bson", "--hex"], "0500000000 05000000", "{}\n", "document 2, byte 5"),
            (["bson", "--hex"], "0500000000 0500", "{}\n", "document 2, byte 5"),
            (["bson", "--hex"], "0900000008610002 00", "", "document 1, byte 7, at a"),
            (["bson", "--hex"], "0E000000026100020000 00FF0000", "", "document 1, byte 11, at a"),
            (["bson", "--hex"], "00000000000000000000", "", "document 1, byte 0"),
            (["bson", "--hex"], "FFFFFF7F" + "00", "", "document 1, byte 0"),
            (["bson", "--hex"], "05000000 0x", "", "Character 11"),
            (["bson", "--hex"], "05000000 0", "", "odd"),
            (["json"], "{\"a\":1}\n{\"a\":tru}", "{\"a\":1}\n", "document 2, byte 13, at a"),
            (["json"], "{\"a\":1} 7", "{\"a\":1}\n", "document 2, byte 8"),
            (["json"], "{\"a\":1}]", "{\"a\":1}\n", "document 2, byte 7"),
            (["json"], "{\"a\":1}{\"b\":", "{\"a\":1}\n", "document 2, byte 12"),
            (["json"], "{\"a\":[1}{}", "", "document 1, byte 7"),
            (["json"], "{\"a\":\"x\ny\"}", "", "document 1, byte 7"),
            (["json"], "{\"a\":\"x", "", "document 1, byte 7"),
            (["json"], "{\"a\":1,\"a\":2}", "", "document 1, byte 0"),
            (["json"], "{\"a\":{\"$numberInt\":\"2147483648\"}}", "", "document 1, byte 19"),
            (["json"], "[{\"a\":1}]", "", "document 1"), (["json"], "\u{0}{}", "", "document 1, byte 0"),
            (["json"], String(repeating: "[", count: 100_000), "", "document 1"),
            (["json"], String(repeating: "{\"a\":", count: 100_000), "", "document 1"),
        ]
        for (arguments, input, output, place) in cases {
            let result = try shell.run(["convert", "--to", "relaxed", "--from"] + arguments, input: input)
            #expect(result.status == 1 && result.output == output, "\(input.prefix(60)): \(result.output)")
            #expect(result.errors.contains(place), "\(input.prefix(60)): \(result.errors)")
        }
        let json = try shell.run("convert", "--from", "json", "--to", "bson", "--json", input: "{")
        #expect(try Document(json: json.errors)[path: "error.code"] == "invalidDocument")
        // Bytes that are no UTF-8, in text and in BSON.
        try write([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], shell, to: "latin.json")
        let latin = try shell.run("convert", "--from", "json", "--to", "bson", "latin.json")
        #expect(latin.status == 1 && latin.errors.contains("latin.json: document 1, byte 2"), "\(latin.errors)")
    }

    @Test("two fields of one name are refused, or kept where that is asked for")
    func duplicates() throws {
        let shell = try Shell()
        let twice = "{\"a\":1,\"a\":2}"
        let kept = try shell.run("convert", "--from", "json", "--to", "bson", "--hex", "--duplicates", input: twice)
        #expect(kept.output == "13000000106100010000001061000200000000\n")
        #expect(try shell.run("convert", "--from", "bson", "--to", "relaxed", "--hex", input: kept.output).status == 1)
        let back = try shell.run(
            "convert", "--from", "bson", "--to", "relaxed", "--hex", "--duplicates", input: kept.output)
        #expect(back.output == twice + "\n")
    }

    @Test("a document larger than a store takes is converted, one beyond the limit refused by its length")
    func largeDocuments() throws {
        let shell = try Shell()
        let large = Document(fields: [("a", .string(String(repeating: "x", count: 20 << 20)))])
        try write(large.bson, shell, to: "large.bson")
        #expect(
            try shell.run("convert", "--from", "bson", "--to", "canonical", "large.bson", "--output", "large.json")
                .status
                == 0)
        #expect(
            try shell.run("convert", "--from", "json", "--to", "bson", "large.json", "--output", "again.bson").status
                == 0)
        #expect(try read(shell, "again.bson") == large.bson)
        // Claims 2 GiB and has 70 MiB.
        try write([0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 70 << 20), shell, to: "huge.bson")
        let huge = try shell.run("convert", "--from", "bson", "--to", "canonical", "huge.bson")
        #expect(huge.status == 1 && huge.errors.contains("BSONObjectTooLarge"), "\(huge.errors)")
    }

    @Test("calls that make no sense end with status 2, files that cannot be used with status 1")
    func badCalls() throws {
        let shell = try Shell()
        for arguments in [
            [], ["--from", "bson"], ["--to", "bson"], ["--from", "xml", "--to", "bson"],
            ["--from", "json", "--to", "relaxed", "--hex"], ["--from", "bson", "--to", "bson", "--array"],
            ["--from", "json", "--to", "bson", "a", "--output", "a"],
        ] {
            #expect(try shell.run(["convert"] + arguments, input: "").status == 2, "\(arguments)")
        }
        #expect(try shell.run("convert", "--from", "bson", "--to", "bson", "none").status == 1)
        #expect(try shell.run("convert", "--from", "bson", "--to", "bson", ".").status == 1)
        #expect(
            try shell.run("convert", "--from", "bson", "--to", "bson", "--output", "no/where", input: "").status == 1)
    }

    @Test("the bytes of every test document come back through the tool")
    func manyDocuments() throws {
        let shell = try Shell()
        var values: [Document] = []
        for text in [
            #"{"x":{"$numberDouble":"-0.0"}}"#, #"{"x":{"$numberDouble":"NaN"}}"#, #"{"x":{"$undefined":true}}"#,
            #"{"x":{"$minKey":1},"y":{"$maxKey":1}}"#,
            #"{"x":{"$dbPointer":{"$ref":"r","$id":{"$oid":"\#(String(repeating: "a", count: 24))"}}}}"#,
            #"{"x":{"$code":"c","$scope":{"a":{"$symbol":"s"}}}}"#, #"{"x":{"$timestamp":{"t":4294967295,"i":0}}}"#,
            #"{"x":{"$numberDecimal":"-0E-6176"}}"#, #"{"":{"a.b":{"$c":[]}}}"#, "{}",
        ] { values.append(try Document(json: text)) }
        try write(values.flatMap(\.bson), shell, to: "v.bson")
        let text = try shell.run("convert", "--from", "bson", "--to", "canonical", "v.bson")
        #expect(text.lines == values.map { $0.json(.canonical) })
        _ = try shell.folder.write(text.output, to: "v.json")
        #expect(try shell.run("convert", "--from", "json", "--to", "bson", "v.json", "--output", "w.bson").status == 0)
        #expect(try read(shell, "w.bson") == values.flatMap(\.bson))
    }
}
