// Bytes that are no BSON and texts that are no Extended JSON, each rule broken once; every cut of every good document.

import Testing

@testable import SmartStore

/// One input that must be refused.
struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let input: String

    var testDescription: String { name }

    /// The cases of a table: name | input on each line.
    static func table(_ text: String) -> [Refusal] {
        text.split(separator: "\n").map { line in
            let cells = RoundTripCase.cells(line)
            return Refusal(name: cells[0], input: cells[1...].joined(separator: " | "))
        }
    }
}

@Suite("Refusals of BSON and Extended JSON")
struct RefusalTests {
    @Test("bytes that are no BSON document are refused, and the error says where", arguments: Refusal.bytes)
    func refusesBytes(refusal: Refusal) throws {
        let bytes = try #require(Hex.bytes(refusal.input))
        let error = documentError { () throws(DocumentError) in _ = try Document(bson: bytes) }
        let offset = try #require(error?.offset)
        #expect((0...bytes.count).contains(offset))
        // Read without validation they end somewhere, quietly.
        let document = Document(trusted: bytes)
        _ = (document.json(.canonical), document.json(.relaxed), document.map(\.key), document["v"])
    }

    @Test("text that is no document in Extended JSON is refused", arguments: Refusal.texts)
    func refusesText(refusal: Refusal) {
        let error = documentError { () throws(DocumentError) in _ = try ExtendedJSON.document(from: refusal.input) }
        #expect(error != nil)
        if let offset = error?.offset { #expect((0...refusal.input.utf8.count).contains(offset)) }
    }

    @Test("text that is not UTF-8 is refused at its byte")
    func refusesEncodings() {
        for (bytes, offset) in [
            ([0x22, 0xFF, 0x22], 1), ([0x7B, 0x22, 0xC0, 0x80, 0x22, 0x3A, 0x31, 0x7D], 2), ([0xFE, 0xFF, 0, 0x7B], 0),
            ([0x7B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x3A, 0x31, 0x7D], 2), ([0x7B, 0, 0x7D, 0xE2, 0x82], 3),
        ] as [([UInt8], Int)] {
            let error = documentError { () throws(DocumentError) in _ = try ExtendedJSON.document(from: bytes) }
            #expect(error?.code == .invalidUTF8)
            #expect(error?.offset == offset)
        }
    }

    @Test("a good document cut off anywhere, or with bytes behind it, is refused", arguments: RoundTripTests.cases)
    func refusesCuts(example: RoundTripCase) {
        for count in 0..<example.bson.count {
            let cut = Array(example.bson.prefix(count))
            #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(cut) } != nil)
        }
        for tail in [[0], [0x0A], [5, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(example.bson + tail) } != nil)
        }
        let text = Array(example.canonical.utf8)
        for count in 0..<text.count {
            let cut = Array(text.prefix(count))
            #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: cut) } != nil)
        }
    }

    @Test("depth counts documents and arrays, not the wrappers that show a type")
    func countsDepthAlike() throws {
        for (levels, fits) in [(99, true), (100, false)] {
            for inner in ["{\"$oid\":\"000000000000000000000000\"}", "{\"$date\":{\"$numberLong\":\"1\"}}", "1"] {
                let text =
                    String(repeating: "{\"a\":", count: levels + 1) + inner + String(repeating: "}", count: levels + 1)
                let code = errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: text) }
                #expect(code == (fits ? nil : .tooDeep), "\(levels) \(inner)")
            }
            // A scope is a level, the code around it is none.
            let text =
                String(repeating: "{\"a\":", count: levels) + "{\"$code\":\"\",\"$scope\":{}}"
                + String(repeating: "}", count: levels)
            let code = errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: text) }
            #expect(code == (levels + 1 <= 100 ? nil : .tooDeep))
            // What fits as text fits as bytes, and the other way.
            if code == nil {
                let document = try ExtendedJSON.document(from: text)
                #expect(try Document(bson: document.bson) == document)
                #expect(try ExtendedJSON.document(from: document.json(.canonical)) == document)
            }
        }
        let scopes = String(repeating: "{\"$code\":\"\",\"$scope\":", count: 500_000)
        #expect(errorCode { () throws(DocumentError) in _ = try ExtendedJSON.value(from: scopes) } != nil)
    }

    @Test("lengths that promise more than there is cost nothing")
    func ignoresPromises() {
        // Each claims up to two gigabytes in a few bytes.
        for tag in [0x02, 0x03, 0x04, 0x05, 0x0C, 0x0D, 0x0E, 0x0F] as [UInt8] {
            for length in [Int32.max, Int32.max - 4, 1 << 30, 1 << 24] {
                var bytes: [UInt8] = [0, 0, 0, 0, tag, 0x61, 0]
                BSONWriter.appendInt32(length, to: &bytes)
                bytes += [0, 0, 0, 0, 0, 0]
                BSONWriter.setLength(in: &bytes, at: 0)
                #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(bytes) } == .invalidBSON)
                #expect(Document(trusted: bytes)["a"] == nil)
            }
        }
    }

    @Test("a canonical form that outgrows the limit is refused")
    func limitsRewriting() {
        // Two hundred elements without names grow by their names.
        var inner: [UInt8] = [0, 0, 0, 0]
        for _ in 0..<200 { inner += [0x0A, 0] }
        inner.append(0)
        BSONWriter.setLength(in: &inner, at: 0)
        var bytes: [UInt8] = [0, 0, 0, 0, 0x04, 0x61, 0] + inner + [0]
        BSONWriter.setLength(in: &bytes, at: 0)
        let tight = BSONLimits(byteCount: bytes.count)
        #expect(errorCode { () throws(DocumentError) in _ = try Document(bson: bytes, limits: tight) } == .tooLarge)
        #expect(errorCode { () throws(DocumentError) in _ = try Document(bson: bytes) } == nil)
    }
}
