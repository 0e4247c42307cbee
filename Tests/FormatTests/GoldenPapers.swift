// What golden files hold from version 4 on beside the rest: a collection with a secondary index of every kind. As
// `GoldenContent`, nothing here may change.

import SmartStore

enum GoldenPapers {
    // MARK: Indexes

    static let indexes = [
        IndexSpecification(["year": 1]),
        IndexSpecification(["year": -1, "title": 1, "rating": -1]),
        IndexSpecification(["code": 1], isUnique: true),
        IndexSpecification(["note": 1], isSparse: true),
        IndexSpecification(["rating": 1], name: "good", partialFilter: ["year": ["$gte": 1990]]),
        IndexSpecification(["rating": -1], isHidden: true),
        IndexSpecification(["tags": 1]),
        IndexSpecification(["tags.0": -1]),
        IndexSpecification(["parts.name": 1, "year": 1, "parts.size": -1]),
        IndexSpecification(["seen": 1], expireAfterSeconds: 3600),
        IndexSpecification(["$**": 1]),
        IndexSpecification(["extra.list.$**": 1], name: "below extra"),
        IndexSpecification(["title": 1], name: "letters", collation: Collation(strength: .primary)),
        IndexSpecification(["title": -1], name: "no case", collation: Collation(locale: "de", strength: .secondary)),
        IndexSpecification(["value": 1]),
        IndexSpecification(["value": -1]),
        IndexSpecification(
            ["value": 1], name: "value cased", collation: Collation(strength: .primary, caseLevel: true)),
    ]

    /// Names of those in which some document has several entries, or might.
    static let multikey: Set<String> = [
        "tags_1", "tags.0_-1", "parts.name_1_year_1_parts.size_-1", "seen_1", "$**_1", "below extra", "value_1",
        "value_-1",
        "value cased",
    ]

    /// The one that was being made when the crash came.
    static let unfinished = IndexSpecification(["year": 1, "code": -1], name: "unfinished", isUnique: true)

    // MARK: Documents

    /// Inserted before the indexes are made, and after.
    static let first = 0..<24
    static let second = 24..<36
    /// Changes of the second session.
    static let removed = [5, 30]
    static let replaced = [6: 206, 31: 231]
    static let inserted = 36..<38
    /// Changes while the unfinished index is made, in the crashed file; at the end in the others.
    static let removedLate = 7
    static let replacedLate = [8: 208]
    static let insertedLate = 38

    static func id(_ number: Int) throws -> BSONValue {
        switch number % 4 {
        case 0: number == 0 ? .double(-0.0) : .int32(Int32(number))
        case 1: .double(Double(number) + 0.5)
        case 2: .string("paper \(number)")
        default: .objectID(try ObjectID(bytes: [UInt8](repeating: UInt8(number), count: 12)))
        }
    }

    private static let titles = [
        "Éclair", "eclair", "ECLAIR", "Straße", "STRASSE", "Über", "uber", "Zoe\u{308}", "Zoë", "Ёлка", "Γειά", "plain",
    ]

    /// Canonical Extended JSON, one for each type, and arrays of several.
    private static let values = [
        #"{"$minKey": 1}"#, #"{"$undefined": true}"#, "null", #"{"$numberDouble": "NaN"}"#,
        #"{"$numberDouble": "-Infinity"}"#, #"{"$numberLong": "-9223372036854775808"}"#, #"{"$numberInt": "-300"}"#,
        #"{"$numberDouble": "-0.75"}"#, #"{"$numberInt": "0"}"#, #"{"$numberDouble": "-0.0"}"#,
        #"{"$numberDecimal": "0.1"}"#, #"{"$numberDouble": "0.1"}"#, #"{"$numberDecimal": "-1.50"}"#,
        #"{"$numberLong": "9007199254740993"}"#, #"{"$numberDecimal": "9.999E+400"}"#, #""text\u0000with É and é""#,
        #"{"$symbol": "Sym"}"#, #"{"a": "Größe", "b": ["x", false]}"#, "{}", "[]",
        #"[{"$numberInt": "1"}, "X", ["Y"], {"z": "Z"}, {}, [], {"$numberDouble": "1.0"}]"#,
        #"{"$binary": {"base64": "AAEC/w==", "subType": "80"}}"#, #"{"$oid": "65a0b1c2d3e4f5061728394a"}"#, "true",
        #"{"$date": {"$numberLong": "-1"}}"#, #"{"$timestamp": {"t": 7, "i": 9}}"#,
        #"{"$regularExpression": {"pattern": "^a", "options": "i"}}"#, #"{"$code": "f()"}"#,
        #"{"$code": "g()", "$scope": {"S": "Scope"}}"#,
        #"{"$dbPointer": {"$ref": "notes", "$id": {"$oid": "65a0b1c2d3e4f5061728394a"}}}"#, #"{"$maxKey": 1}"#,
        #"{"$numberDouble": "Infinity"}"#,
    ]

    private static let lists = [
        #"[{"x": 1}, {}, [], 2, [3, {"y": 4}]]"#, #"{"x": {"y": "deep"}}"#, #""only a text""#, "[]",
        #"[{"x": [5, 6]}, {"x": null}]"#,
    ]

    private static let tags = [
        #"["a", "b", "a"]"#, "[]", #""a""#, #"[["x"], null]"#, #"[1, {"$numberDouble": "1.0"}, {"t": 2}]"#,
    ]

    static func paper(_ number: Int, version: Int? = nil) throws -> Document {
        let version = version ?? number
        var paper: Document = ["_id": try id(number), "code": .string("P-\(number * 7 % 101)")]
        func add(_ name: String, _ json: String) throws {
            paper[name] = try Document(json: #"{"v": \#(json)}"#)["v"]
        }
        let year = 1980 + version % 20
        switch version % 3 {
        case 0: paper["year"] = .int64(Int64(year))
        case 1: paper["year"] = .int32(Int32(year))
        default: paper["year"] = .double(Double(year))
        }
        if version % 9 != 8 { paper["title"] = .string(titles[version % titles.count]) }
        paper["rating"] = .double(Double(version % 7) / 2 - 1)
        if version % 6 < tags.count { try add("tags", tags[version % 6]) }
        if version % 4 != 3 {
            paper["parts"] = [
                ["name": .string("n\(version % 3)"), "size": .int32(Int32(version))], ["size": -2.5], 5,
            ]
        }
        let seen = BSONValue.date(BSONDate(millisecondsSince1970: GoldenContent.created - Int64(version) * 1000))
        if version % 5 != 4 {
            paper["seen"] = version % 5 == 3 ? [seen, .date(BSONDate(millisecondsSince1970: GoldenContent.now))] : seen
        }
        if version % 4 == 1 { paper["note"] = version % 8 == 1 ? .null : .string("note \(version)") }
        try add("extra", #"{"list": \#(lists[version % lists.count]), "er": {"": \#(version)}}"#)
        try add("value", values[version % values.count])
        return paper
    }

    /// The collection `papers` at the end, in order of `_id`.
    static func papers() throws -> [Document] {
        let numbers = Array(first) + second + inserted + [insertedLate]
        let left = numbers.filter { !removed.contains($0) && $0 != removedLate }
        // Numbers by size, then texts by their bytes, then ObjectIds.
        let ordered = left.sorted { a, b in
            func place(_ number: Int) -> (Int, String) {
                number % 4 < 2 ? (number, "") : number % 4 == 2 ? (1000, "paper \(number)") : (2000 + number, "")
            }
            return place(a) < place(b)
        }
        return try ordered.map { try paper($0, version: replaced[$0] ?? replacedLate[$0]) }
    }
}
