// Every type and form of BSON through bytes, canonical and relaxed Extended JSON and back.
//
// The cases are tables, a line each: name | bytes in hexadecimal | canonical text | relaxed text. "=" stands for the
// canonical text; "lossy" at the end says that the relaxed text comes back as another type (an int64 that fits an
// int32). The tables were made with an encoder of their own and compared with another implementation.

import Testing

@testable import SmartStore

/// One document as bytes and as text.
struct RoundTripCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bson: [UInt8]
    let canonical: String
    let relaxed: String
    let isLossyRelaxed: Bool

    var testDescription: String { name }

    /// The cases of a table.
    static func table(_ text: String) -> [RoundTripCase] {
        text.split(separator: "\n").map { line in
            let cells = cells(line)
            return RoundTripCase(
                name: cells[0], bson: Hex.bytes(cells[1]) ?? [], canonical: cells[2],
                relaxed: cells[3] == "=" ? cells[2] : cells[3], isLossyRelaxed: cells.count > 4)
        }
    }

    /// The parts of a line, between bars with a space on each side.
    static func cells(_ line: Substring) -> [String] {
        var cells: [[UInt8]] = [[]]
        let bytes = Array(line.utf8)
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: Array(" | ".utf8)) {
                cells.append([])
                place += 3
            } else {
                cells[cells.count - 1].append(bytes[place])
                place += 1
            }
        }
        return cells.map { String(decoding: $0, as: UTF8.self) }
    }
}

@Suite("Round trips of BSON and Extended JSON")
struct RoundTripTests {
    static let cases =
        RoundTripCase.doubles + RoundTripCase.integers + RoundTripCase.decimals + RoundTripCase.strings
        + RoundTripCase.binaries + RoundTripCase.others + RoundTripCase.containers

    @Test("a document's bytes, canonical text and relaxed text turn into one another", arguments: cases)
    func roundTrips(example: RoundTripCase) throws {
        // Bytes to bytes: as they are, and field by field through Swift values.
        let document = try Document(bson: example.bson)
        #expect(document.bson == example.bson)
        #expect(Document(fields: document.map { ($0.key, $0.value) }).bson == example.bson)
        #expect(CanonicalBSON.rewritten(example.bson) == example.bson)
        // Bytes to texts.
        #expect(document.json(.canonical) == example.canonical)
        #expect(document.json(.relaxed) == example.relaxed)
        // Texts to bytes.
        #expect(try ExtendedJSON.document(from: example.canonical).bson == example.bson)
        let relaxed = try ExtendedJSON.document(from: example.relaxed)
        #expect((relaxed.bson == example.bson) == !example.isLossyRelaxed)
        // A relaxed text always comes back as a value that compares equal.
        #expect(ValueOrder.compare(.document(relaxed), .document(document)) == 0)
        #expect(relaxed.json(.relaxed) == example.relaxed)
    }

    @Test("there are more than three hundred cases, of all 21 types, and no two are the same")
    func coversAllTypes() {
        #expect(Self.cases.count >= 300)
        #expect(Set(Self.cases.map(\.bson)).count == Self.cases.count)
        var types: Set<BSONType> = []
        for example in Self.cases {
            for (_, value) in Document(trusted: example.bson) { types.insert(value.type) }
        }
        #expect(types == Set(BSONType.allCases))
    }
}

extension CanonicalBSON {
    static func rewritten(_ bytes: [UInt8]) -> [UInt8] { BSONBytes.with(bytes) { rewritten($0) } }
}
