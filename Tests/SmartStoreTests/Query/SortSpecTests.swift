// Sort orders and index keys: arrays, missing fields, compound patterns.

import Testing

@testable import SmartStore

@Suite("Sorting and key patterns")
struct SortSpecTests {
    @Test(
        "documents sort by value, arrays by their least or greatest element, missing as null",
        arguments: [
            (#"{"a":1}"#, [#"{"a":3}"#, #"{"a":1}"#, #"{"a":2}"#], [1, 2, 0]),
            (#"{"a":-1}"#, [#"{"a":3}"#, #"{"a":1}"#, #"{"a":2}"#], [0, 2, 1]),
            (#"{"a":1}"#, [#"{"a":[5,1]}"#, #"{"a":3}"#, #"{"a":[2,9]}"#], [0, 2, 1]),
            (#"{"a":-1}"#, [#"{"a":[5,1]}"#, #"{"a":3}"#, #"{"a":[2,9]}"#], [2, 0, 1]),
            (
                #"{"a":1}"#,
                [#"{"a":1}"#, #"{}"#, #"{"a":null}"#, #"{"a":[]}"#, #"{"a":"x"}"#, #"{"a":{"$minKey":1}}"#],
                [5, 3, 1, 2, 0, 4]
            ),
            (#"{"a":1,"b":-1}"#, [#"{"a":1,"b":1}"#, #"{"a":1,"b":2}"#, #"{"a":0,"b":0}"#], [2, 1, 0]),
            (#"{"a.b":1}"#, [#"{"a":{"b":2}}"#, #"{"a":[{"b":9},{"b":1}]}"#, #"{"a":[{"c":1}]}"#], [2, 1, 0]),
            (#"{"a.b":1,"a.c":1}"#, [#"{"a":[{"b":1,"c":9},{"b":2,"c":1}]}"#, #"{"a":[{"b":1,"c":5}]}"#], [1, 0]),
            (#"{"a.0":1}"#, [#"{"a":[5,1]}"#, #"{"a":[3,9]}"#], [1, 0]),
            (#"{}"#, [#"{"a":2}"#, #"{"a":1}"#], [0, 1]),
            (#"{"x":1}"#, [#"{"a":2}"#, #"{"a":1}"#, #"{"a":0}"#], [0, 1, 2]),
        ] as [(String, [String], [Int])])
    func sorts(pattern: String, documents: [String], order: [Int]) throws {
        let parsed = try documents.map { try bsonDocument($0) }
        let sorted = try SortSpec(bsonDocument(pattern)).sorted(parsed)
        #expect(sorted == order.map { parsed[$0] })
    }

    @Test("sorting random documents by one field agrees with the order of values", arguments: [1, 2] as [UInt64])
    func agreesWithValueOrder(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        for _ in 0..<200 {
            let documents: [Document] = (0..<20).map { _ in ["a": values.scalar()] }
            let sorted = try SortSpec(["a": 1]).sorted(documents)
            for (x, y) in zip(sorted, sorted.dropFirst()) {
                #expect(ValueOrder.compare(try #require(x["a"]), try #require(y["a"])) <= 0)
            }
            let reversed = try SortSpec(["a": -1]).sorted(documents)
            for (x, y) in zip(reversed, reversed.dropFirst()) {
                #expect(ValueOrder.compare(try #require(x["a"]), try #require(y["a"])) >= 0)
            }
        }
    }

    @Test(
        "patterns that cannot be are refused",
        arguments: [
            (#"{"a":2}"#, .badSortOrder), (#"{"a":0}"#, .badSortOrder), (#"{"a":"x"}"#, .location(15974)),
            (#"{"":1}"#, .badSortSpecification),
            (#"{"$a":1}"#, .badSortSpecification),
        ] as [(String, DocumentError.Code)])
    func refuses(pattern: String, code: DocumentError.Code) throws {
        let document = try bsonDocument(pattern)
        #expect(documentError { () throws(DocumentError) in _ = try SortSpec(document) }?.code == code)
    }

    @Test("two arrays at once cannot be sorted or indexed")
    func refusesParallelArrays() throws {
        let document = try bsonDocument(#"{"a":[1],"b":[2]}"#)
        let sort = try SortSpec(["a": 1, "b": 1])
        let pattern = try KeyPattern(["a": 1, "b": 1])
        #expect(documentError { () throws(DocumentError) in _ = try sort.key(of: document) }?.code == .badValue)
        let error = documentError { () throws(DocumentError) in _ = try pattern.keys(of: document) }
        #expect(error?.code == .cannotIndexParallelArrays)
        #expect(error?.message == "cannot index parallel arrays [b] [a]")
    }

    /// The keys a pattern should give, as arrays of values.
    private func expectKeys(
        _ pattern: String, _ document: String, _ expected: String, isMultikey: Bool, isAbsent: Bool = false
    ) throws {
        let parsed = try KeyPattern(bsonDocument(pattern))
        let found = try parsed.keys(of: bsonDocument(document))
        let rows = try #require(ExtendedJSON.value(from: expected).array)
        var keys: Set<[UInt8]> = []
        for row in rows {
            var key: [UInt8] = []
            for (part, value) in zip(parsed.parts, try #require(row.array)) {
                try KeyEncoding.append(value, descending: part.isDescending, to: &key)
            }
            keys.insert(key)
        }
        #expect(Set(found.keys) == keys, "\(pattern) on \(document)")
        #expect(found.keys.count == keys.count)
        #expect(found.keys == found.keys.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(found.isMultikey == isMultikey)
        #expect(found.isAbsent == isAbsent)
    }

    @Test("index keys: one for each element, each once")
    func makesKeys() throws {
        try expectKeys(#"{"a":1}"#, #"{"a":5}"#, "[[5]]", isMultikey: false)
        try expectKeys(#"{"a":1}"#, #"{"b":5}"#, "[[null]]", isMultikey: false, isAbsent: true)
        try expectKeys(#"{"a":1}"#, #"{"a":null}"#, "[[null]]", isMultikey: false)
        try expectKeys(#"{"a":1}"#, #"{"a":[3,1,3,1.0]}"#, "[[1],[3]]", isMultikey: true)
        try expectKeys(#"{"a":1}"#, #"{"a":[]}"#, #"[[{"$undefined":true}]]"#, isMultikey: true)
        try expectKeys(#"{"a":1}"#, #"{"a":[[1,2],3]}"#, "[[[1,2]],[3]]", isMultikey: true)
        try expectKeys(#"{"a.b":1}"#, #"{"a":[{"b":1},{"c":2},5]}"#, "[[1],[null]]", isMultikey: true)
        try expectKeys(#"{"a.b":1}"#, #"{"a":[]}"#, "[[null]]", isMultikey: true, isAbsent: true)
        try expectKeys(#"{"a.b":1}"#, #"{"a":[{"b":[1,2]},{"b":3}]}"#, "[[1],[2],[3]]", isMultikey: true)
        try expectKeys(#"{"a":1,"b":-1}"#, #"{"a":[1,2],"b":7}"#, "[[1,7],[2,7]]", isMultikey: true)
        try expectKeys(#"{"a.b":1,"a.c":1}"#, #"{"a":[{"b":1,"c":2},{"b":3}]}"#, "[[1,2],[3,null]]", isMultikey: true)
        try expectKeys(#"{"a":1,"a.b":1}"#, #"{"a":[{"b":1}]}"#, #"[[{"b":1},1]]"#, isMultikey: true)
        try expectKeys(#"{"a.0":1}"#, #"{"a":[7,8]}"#, "[[7]]", isMultikey: false)
        try expectKeys(#"{"a.0":1}"#, #"{"a":[[7,9],8]}"#, "[[7],[9]]", isMultikey: true)
        try expectKeys(#"{"a.0.b":1}"#, #"{"a":[{"b":7},{"b":8}]}"#, "[[7]]", isMultikey: false)
        try expectKeys(#"{"a.5":1}"#, #"{"a":[7,8]}"#, "[[null]]", isMultikey: true, isAbsent: true)
        try expectKeys(#"{"a":1,"b":1}"#, #"{"b":1}"#, "[[null,1]]", isMultikey: false)
    }

    @Test("a number that is an index and a name at once is refused")
    func refusesAmbiguity() throws {
        let pattern = try KeyPattern(["a.0": 1])
        let document = try bsonDocument(#"{"a":[{"0":5}]}"#)
        #expect(
            documentError { () throws(DocumentError) in _ = try pattern.keys(of: document) }?.code
                == .ambiguousFieldName)
    }

    @Test("every document that a condition matches has a key the condition allows", arguments: [1, 2, 3] as [UInt64])
    func coversMatches(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        var matched = 0
        for _ in 0..<rounds(20_000) {
            let path = values.random.pick(["a", "b", "a.b", "c.a", "b.c", "x"])
            let document = values.document()
            let operand = document[path: path] ?? .null
            switch operand {
            case .undefined, .regex: continue
            default: break
            }
            let filter = try Filter(Document(fields: [(path, ["$eq": operand])]))
            guard try filter.matches(document) else { continue }
            matched += 1
            let keys = try KeyPattern(Document(fields: [(path, 1)])).keys(of: document, limit: 1 << 20).keys
            var wanted: [[UInt8]] = [[]]
            try KeyEncoding.append(operand, to: &wanted[0], limit: 1 << 20)
            if case .null = operand { wanted.append([OrderClass.undefined.rawValue]) }
            // A whole array that equals the operand is found by its elements, which are the operand's.
            if case .array = operand { continue }
            #expect(!Set(keys).isDisjoint(with: wanted), "\(path) \(operand) \(document)")
        }
        #expect(matched > rounds(10_000))
    }
}
