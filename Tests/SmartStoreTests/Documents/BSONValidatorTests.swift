// The gate for bytes from outside: each rule broken once, and bytes changed at random.

import Testing

@testable import SmartStore

@Suite("BSON validation")
struct BSONValidatorTests {
    private static func bytes(_ hex: String) -> [UInt8] { Hex.bytes(hex.filter { $0 != " " }) ?? [] }

    @Test(
        "malformed bytes are refused",
        arguments: [
            ("", "no bytes"),
            ("05000000", "shorter than its length"),
            ("0500000000 00", "longer than its length"),
            ("0400000000", "a length below five"),
            ("FFFFFFFF00", "a negative length"),
            ("0500000001", "no terminator"),
            ("0C000000 10 6100 01000000 01", "no terminator after a field"),
            ("0800000010 6100", "a value that is missing"),
            ("0B000000 10 6100 010000 00", "an int32 cut short"),
            ("0D000000 14 6100 0000000000", "an unknown type"),
            ("08000000 0A 6161", "a name without end"),
            ("0A000000 0A FF00 0000", "a name that is not UTF-8"),
            ("0E000000 02 6100 03000000 6200 00", "a string longer than its document"),
            ("0E000000 02 6100 00000000 6200 00", "a string of length zero"),
            ("0E000000 02 6100 FFFFFFFF 6200 00", "a string of negative length"),
            ("0E000000 02 6100 02000000 6262 00", "a string without terminator"),
            ("0E000000 02 6100 02000000 FF00 00", "a string that is not UTF-8"),
            ("10000000 02 6100 04000000 EDA08000 00", "a surrogate in a string"),
            ("0F000000 02 6100 03000000 C08000 00", "an overlong form"),
            ("09000000 08 6100 02 00", "a boolean of two"),
            ("0D000000 05 6100 FFFFFFFF 00 00", "a binary of negative length"),
            ("0D000000 05 6100 01000000 00 00", "a binary longer than its document"),
            ("12000000 05 6100 05000000 02 02000000FF 00", "subtype 2 with a wrong inner length"),
            ("0F000000 05 6100 02000000 02 FFFF 00", "subtype 2 without an inner length"),
            ("0E000000 05 6100 01000000 09 27 00", "a vector without a header"),
            ("0F000000 05 6100 02000000 09 2701 00", "a float vector with padding"),
            ("10000000 05 6100 03000000 09 270000 00", "a float vector of one byte"),
            ("0F000000 05 6100 02000000 09 5500 00", "a vector of an unknown type"),
            ("0F000000 05 6100 02000000 09 1001 00", "an empty bit vector with padding"),
            ("10000000 05 6100 03000000 09 100801 00", "a bit vector with padding 8"),
            ("10000000 05 6100 03000000 09 100101 00", "a bit vector with a dirty unused bit"),
            ("0B000000 0B 6100 6161 00", "a regular expression without end"),
            ("0C000000 0B 6100 FF00 00 00", "a pattern that is not UTF-8"),
            ("0D000000 03 6100 05000000 01 00", "an embedded document without terminator"),
            ("0D000000 03 6100 06000000 00 00", "an embedded document longer than its place"),
            ("0D000000 04 6100 04000000 00 00", "an array with a length below five"),
            ("1A000000 0F 6100 12000000 03000000 6200 05000000 00 0000", "code with a scope whose lengths do not fit"),
            ("0E000000 0A 6100 0A 6100 0A 6100 00", "three fields of one name, and a wrong length"),
            ("0B000000 0A 6100 0A 6100 00", "two fields of one name"),
        ])
    func refusesMalformed(hex: String, why: String) {
        let found = errorCode { () throws(DocumentError) in try BSONValidator.validate(Self.bytes(hex)) }
        #expect(found == .invalidBSON || found == .invalidUTF8, "\(why)")
        #expect(throws: DocumentError.self) { try Document(bson: Self.bytes(hex)) }
    }

    @Test("an error names the path and the offset")
    func locatesErrors() {
        let hex = "16000000 03 6100 0E000000 02 6200 02000000 FF00 00 00"
        let error = documentError { () throws(DocumentError) in try BSONValidator.validate(Self.bytes(hex)) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.path == "a.b")
        #expect(error?.offset == 18)
    }

    @Test("an error within arrays and scopes names the path to it")
    func locatesDeepErrors() {
        var scope: Document = ["d": 1]
        scope.append("e", .document(["f": 1]))
        var inner: Document = ["first": "text"]
        inner.append("c", .codeWithScope(BSONCodeWithScope(code: "code", scope: scope)))
        inner.append("last", 2)
        let document: Document = ["a": 1, "b": [true, .document(inner)]]
        func fault(_ name: String, _ value: UInt8) -> DocumentError? {
            var bytes = document.bson
            // The field of this name: type, name, zero. Its type or its name is spoilt.
            guard
                let place = bytes.indices.dropLast(2).first(where: {
                    bytes[$0 + 1] == name.utf8.first && bytes[$0 + 2] == 0
                })
            else { return nil }
            bytes[value == 0xFF ? place + 1 : place] = value
            return documentError { () throws(DocumentError) in try BSONValidator.validate(bytes) }
        }
        #expect(fault("f", 0x44)?.path == "b.1.c.e")
        #expect(fault("f", 0xFF)?.path == "b.1.c.e")
        #expect(fault("f", 0x08)?.path == "b.1.c.e")
        #expect(fault("d", 0x44)?.path == "b.1.c")
        #expect(fault("c", 0x44)?.path == "b.1")
        #expect(fault("a", 0x44)?.path == "")
    }

    @Test("two equal names are found wherever they stand, and different ones are not taken for equal", arguments: 1...4)
    func findsDuplicates(seed: Int) {
        var random = ReplayableRandom(seed: UInt64(seed))
        var found = 0
        for _ in 0..<rounds(5_000) {
            // Few letters and lengths around a word of eight bytes, so that names are alike and now and then equal.
            let names = (0..<(2 + random.below(30))).map { _ in
                String(
                    decoding: (0..<random.pick([1, 6, 7, 8, 9, 15, 16, 17])).map { place in
                        place % 7 == 0 ? UInt8(ascii: "a") + UInt8(random.below(24)) : UInt8(ascii: "x")
                    }, as: UTF8.self)
            }
            let isInner = random.chance(2)
            let fields = Document(fields: names.map { ($0, random.chance(2) ? .null : .int32(1)) })
            let document: Document = isInner ? ["inner": .document(fields)] : fields
            let error = documentError { () throws(DocumentError) in try BSONValidator.validate(document.bson) }
            #expect((error != nil) == (Set(names).count < names.count))
            guard let error else { continue }
            found += 1
            let path = error.path ?? ""
            let name = isInner ? String(path.dropFirst("inner.".count)) : path
            #expect(names.count { $0 == name } > 1)
        }
        #expect(found > 100 && found < 4_900)
    }

    @Test("duplicate names are allowed where the limits say so")
    func allowsDuplicates() throws {
        try BSONValidator.validate(
            Self.bytes("0B000000 0A 6100 0A 6100 00"), limits: BSONLimits(allowsDuplicateFields: true))
        var document = Document()
        for index in 0..<200 { document.append("f\(index)", 1) }
        try BSONValidator.validate(document.bson)
        document.append("f77", 2)
        #expect(documentError { () throws(DocumentError) in try BSONValidator.validate(document.bson) }?.path == "f77")
    }

    @Test("size and nesting are limited, at the limit and one beyond")
    func limitsSizeAndDepth() {
        var document: Document = [:]
        for _ in 0..<99 { document = ["a": .document(document)] }
        #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(document.bson) } == nil)
        document = ["a": .document(document)]
        #expect(errorCode { () throws(DocumentError) in try BSONValidator.validate(document.bson) } == .tooDeep)
        let text: Document = ["a": .string(String(repeating: "x", count: 100))]
        let size = text.bson.count
        #expect(
            errorCode { () throws(DocumentError) in
                try BSONValidator.validate(text.bson, limits: BSONLimits(byteCount: size))
            }
                == nil)
        #expect(
            errorCode { () throws(DocumentError) in
                try BSONValidator.validate(text.bson, limits: BSONLimits(byteCount: size - 1))
            } == .tooLarge)
    }

    @Test("documents that the builders make are valid", arguments: [1, 2] as [UInt64])
    func acceptsOwnDocuments(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        for _ in 0..<rounds(5_000) {
            let document = values.document()
            try BSONValidator.validate(document.bson)
            // Field by field through Swift values, and byte by byte through the writer.
            #expect(Document(fields: document.map { ($0.key, $0.value) }) == document)
        }
    }

    /// What is tried on bytes nobody has validated.
    private struct Exercises {
        let filters: [Filter]
        let sort: SortSpec
        let pattern: KeyPattern
        let projections: [Projection]
        let updates: [UpdateSpec]

        init() throws {
            filters = try [
                #"{"a":1}"#, #"{"a.b":{"$gt":1}}"#, #"{"a.0":{"$in":[1,"a",null]}}"#,
                #"{"b":{"$elemMatch":{"a":{"$ne":2}}}}"#, #"{"$or":[{"c":{"$size":2}},{"x":{"a":1}}]}"#,
            ].map { try Filter(bsonDocument($0)) }
            sort = try SortSpec(bsonDocument(#"{"a.b":1,"c":-1}"#))
            pattern = try KeyPattern(["a": 1, "a.0": -1])
            projections = try [#"{"a.b":1,"c":1}"#, #"{"a":0,"b.c":0}"#].map { try Projection(bsonDocument($0)) }
            updates = try [
                #"{"$set":{"a.b":1,"b.0":2}}"#, #"{"$inc":{"c":1}}"#, #"{"$push":{"x":{"$each":[1],"$sort":1}}}"#,
                #"{"$pull":{"a":{"$gt":1}},"$unset":{"b":1}}"#,
            ].map { try UpdateSpec(bsonDocument($0)) }
        }
    }

    private static func exercise(_ bytes: [UInt8], _ exercises: Exercises) -> Int {
        let document = Document(trusted: bytes)
        var score = 0
        for filter in exercises.filters where (try? filter.matches(document)) == true { score += 1 }
        for (key, value) in document { score += key.count + (value.double == nil ? 0 : 1) }
        score += document["a"] == nil ? 0 : 1
        score += document[path: "a.0.b"] == nil ? 0 : 1
        score += (try? exercises.sort.key(of: document))?.count ?? 0
        score += ExtendedJSON.utf8(document, .canonical).count
        score += (try? KeyEncoding.id(.document(document)))?.count ?? 0
        for projection in exercises.projections { score += (try? projection.apply(document))?.bson.count ?? 0 }
        for update in exercises.updates { score += (try? update.apply(to: document))?.bson.count ?? 0 }
        score += (try? exercises.pattern.keys(of: document).keys.count) ?? 0
        score += (try? DocumentDecoder().decode([String: [BSONValue]].self, from: document))?.count ?? 0
        var changed = document
        changed["a"] = 1
        changed[path: "b.0.c"] = nil
        score += changed.bson.count
        return score
    }

    @Test("a million changed documents are validated, read and filtered without a trap", arguments: 0..<8)
    func survivesMutation(part: Int) throws {
        var values = RandomValues(seed: UInt64(1000 + part))
        let exercises = try Exercises()
        var score = 0
        for _ in 0..<rounds(6_250) {
            let original = values.document().bson
            for round in 0..<20 {
                var bytes = original
                for _ in 0...values.random.below(4) {
                    let place = values.random.below(bytes.count)
                    switch values.random.below(6) {
                    case 0: bytes[place] = UInt8(truncatingIfNeeded: values.random.next())
                    case 1: bytes[place] ^= 1 << UInt8(values.random.below(8))
                    case 2: bytes[place] = values.random.pick([0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF, 0x13, 0x0F])
                    case 3: bytes.insert(UInt8(values.random.below(20)), at: place)
                    case 4 where bytes.count > 1: bytes.remove(at: place)
                    default: bytes.removeLast(values.random.below(min(bytes.count, 4)))
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
                // A wrong total length would end every walk at once.
                if values.random.below(10) != 0 && bytes.count >= 5 { BSONWriter.setLength(in: &bytes, at: 0) }
                if errorCode({ () throws(DocumentError) in try BSONValidator.validate(bytes) }) == nil {
                    let text = Document(trusted: bytes).json(.canonical)
                    #expect(
                        errorCode { () throws(DocumentError) in _ = try ExtendedJSON.document(from: text) } == nil,
                        "\(text)"
                    )
                }
                if round % 2 == 0 { score += Self.exercise(bytes, exercises) }
            }
        }
        #expect(score > 0)
    }
}
