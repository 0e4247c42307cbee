// BSON, Extended JSON and decimals beside other implementations: pymongo's bson and Python's decimal, through
// scripts/bson_oracle.py. Where they are missing, the tests are skipped and a line says so.
//
// SMARTSTORE_PYTHON names the Python that has pymongo (`pip install pymongo`); else `python3` is tried.

import Foundation
import Testing

@testable import SmartStore

/// The outside implementation, as a process.
enum Oracle {
    private static let script = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "scripts/bson_oracle.py").path

    /// A Python whose pymongo will do; nil when there is none.
    static let python: String? = first(of: ["version"], "pymongo 4.3 or newer")

    /// A Python of any kind, for decimals.
    static let plainPython: String? = first(of: ["decimals", "1", "1"], "Python 3")

    /// The first Python that runs the script; says loudly when there is none.
    private static func first(of arguments: [String], _ wanted: String) -> String? {
        let named = ProcessInfo.processInfo.environment["SMARTSTORE_PYTHON"].map { [$0] }
        for candidate in named ?? ["python3", "/usr/bin/python3"]
        where (try? run(candidate, arguments))?.status == 0 { return candidate }
        FileHandle.standardError.write(
            Data("SKIPPED: \(wanted) is missing, so nothing is compared with it (SMARTSTORE_PYTHON names one).\n".utf8))
        return nil
    }

    /// Runs the script and returns the lines it prints.
    static func lines(_ python: String?, _ arguments: [String], input: String = "") throws -> [String] {
        let result = try run(#require(python), arguments, input: input)
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func run(
        _ python: String, _ arguments: [String], input: String = ""
    ) throws -> (status: Int32, output: Data, errors: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files instead of pipes: nothing to read while it runs, and no limit to what fits.
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [python, script] + arguments
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONIOENCODING": "utf-8"]) { $1 }
        try process.run()
        process.waitUntilExit()
        return (
            process.terminationStatus, try Data(contentsOf: files[1]),
            String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
        )
    }
}

@Suite("Beside other implementations")
struct OracleTests {
    /// Our documents, as the script takes them. `exact`: pymongo keeps every type in it as it is.
    private static func line(_ document: Document, exact: Bool) throws -> String {
        let object: [String: Any] = [
            "bson": Hex.text(document.bson), "canonical": document.json(.canonical), "relaxed": document.json(.relaxed),
            "exact": exact,
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    /// Whether pymongo reads a document of the type as it is: it turns the deprecated ones into others, and a decimal
    /// out of range or a NaN with content into the plain one.
    private static func isKept(_ value: BSONValue) -> Bool {
        switch value {
        case .undefined, .symbol, .dbPointer: false
        case .document(let document): document.allSatisfy { isKept($0.value) }
        case .array(let elements): elements.allSatisfy(isKept)
        case .codeWithScope(let code): isKept(.document(code.scope))
        default: true
        }
    }

    /// Canonical text loses the content of a NaN and what a decimal out of range means: then the bytes differ rightly.
    private static func isShown(_ document: Document) -> Bool {
        (try? ExtendedJSON.document(from: document.json(.canonical)))?.bson == document.bson
    }

    @Test(
        "pymongo reads our bytes and texts as we do, and writes the same",
        .enabled(if: Oracle.python != nil, "pymongo is missing"), arguments: [11, 12] as [UInt64])
    func theyReadOurs(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        var documents = RoundTripTests.cases.map { Document(trusted: $0.bson) }
        while documents.count < 4_000 {
            let document = values.document()
            if Self.isShown(document) { documents.append(document) }
        }
        // Documents that look like references or like operators with options are turned into others.
        documents.removeAll { $0.json().contains("\"$ref\"") || $0.json().contains("\"$regex\":\"") }
        let input = try documents.map { try Self.line($0, exact: Self.isKept(.document($0))) }
        let answers = try Oracle.lines(Oracle.python, ["check"], input: input.joined(separator: "\n") + "\n")
        #expect(answers.count == documents.count)
        for (document, answer) in zip(documents, answers) where answer != "ok" {
            Issue.record("\(answer)\nours: \(Hex.text(document.bson))\n\(document.json(.canonical))")
        }
        #expect(documents.count { Self.isKept(.document($0)) } > 2_000)
    }

    @Test(
        "we read pymongo's bytes and texts as it does, and write the same",
        .enabled(if: Oracle.python != nil, "pymongo is missing"), arguments: [21, 22])
    func weReadTheirs(seed: Int) throws {
        let lines = try Oracle.lines(Oracle.python, ["make", "\(seed)", "4000"])
        #expect(lines.count == 4_000)
        for line in lines {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let bytes = try #require(Hex.bytes(parts[0]))
            let document = try Document(bson: bytes)
            #expect(document.bson == bytes)
            #expect(Document(fields: document.map { ($0.key, $0.value) }).bson == bytes)
            #expect(document.json(.canonical).utf8.elementsEqual(parts[1].utf8), "\(document)")
            #expect(document.json(.relaxed).utf8.elementsEqual(parts[2].utf8), "\(document)")
            let reread = try ExtendedJSON.document(from: parts[1])
            // Bytes but for the content of NaNs, and decimals out of range.
            #expect(reread.bson == bytes || (!Self.isShown(document) && reread.json(.canonical) == parts[1]))
            let relaxed = try ExtendedJSON.document(from: parts[2])
            #expect(ValueOrder.compare(.document(relaxed), .document(document)) == 0)
        }
    }

    @Test(
        "decimals are read, added, multiplied, compared, rounded and printed as Python's decimal does with 34 digits",
        .enabled(if: Oracle.plainPython != nil, "Python 3 is missing"), arguments: [31, 32])
    func decimals(seed: Int) throws {
        func decimal(_ text: String) throws -> Decimal128 { try #require(Decimal128(text), "\(text)") }
        func double(_ hex: String) throws -> Double {
            Double(bitPattern: try #require(UInt64(hex, radix: 16)))
        }
        var counts: [String: Int] = [:]
        for line in try Oracle.lines(Oracle.plainPython, ["decimals", "\(seed)", "6000"]) {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let (a, b, expected) = (parts[1], parts[2], parts[3])
            let found: String
            switch parts[0] {
            case "add": found = (try decimal(a) + decimal(b)).description
            case "multiply": found = (try decimal(a) * decimal(b)).description
            case "compare": found = String(NumberOrder.compare(try decimal(a), try decimal(b)))
            case "double":
                #expect(try decimal(a).double.bitPattern == double(b).bitPattern, "\(line)")
                found = ""
            case "order": found = String(NumberOrder.compare(try decimal(a), try double(b)))
            case "round": found = Decimal128(rounding: try double(a)).description
            default: found = Decimal128(a)?.description ?? "refused"
            }
            #expect(found == expected, "\(line)")
            counts[parts[0], default: 0] += 1
            // What is printed is read as the same bits.
            if parts[0] == "add", found != "NaN" { #expect(try decimal(found) == decimal(a) + decimal(b)) }
        }
        #expect(counts.count == 7 && counts.values.allSatisfy { $0 > 2_000 }, "\(counts)")
    }
}
