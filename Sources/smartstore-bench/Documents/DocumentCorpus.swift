// The documents of the bench, each from its number and a seed alone: so that peers measure the same.

import SmartStore

struct DocumentCorpus {
    /// Users; with a million documents each has twenty.
    static let documentsOfUser = 20
    static let categories = 100
    static let scoreLimit = 1000.0

    let count: Int
    let seed: UInt64

    /// SplitMix64 (Steele, Lea & Flood 2014): a good number from a counter.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static let words = [
        "harbour", "lantern", "meadow", "granite", "whisper", "copper", "autumn", "signal", "violet", "timber",
        "marble",
        "ember", "ripple", "canyon", "willow", "beacon",
    ]

    func random(_ number: Int, _ stream: UInt64) -> UInt64 {
        Self.mixed(Self.mixed(UInt64(number) &+ seed) &+ stream &* 0xD1B5_4A32_D192_ED03)
    }

    var users: Int { max(1, count / Self.documentsOfUser) }

    func user(_ number: Int) -> Int { Int(random(number, 1) % UInt64(users)) }
    func category(_ number: Int) -> String { Self.categoryName(Int(random(number, 2) % UInt64(Self.categories))) }
    static func categoryName(_ category: Int) -> String { "category-\(category < 10 ? "0" : "")\(category)" }
    func score(_ number: Int) -> Double { Double(random(number, 3) % 1_000_000_000) / 1_000_000 + 0.000_000_5 }

    func document(_ number: Int) -> Document {
        var text = ""
        var bits = random(number, 4)
        while text.utf8.count < 118 {
            if bits == 0 { bits = random(number, 5 &+ UInt64(text.utf8.count)) }
            text += Self.words[Int(bits & 15)] + " "
            bits >>= 4
        }
        let tags = (0..<3).map { BSONValue.string(Self.words[Int(random(number, 7) >> UInt64($0 * 4) & 15)]) }
        return [
            "_id": .int64(Int64(number)), "user": .int32(Int32(user(number))), "category": .string(category(number)),
            "score": .double(score(number)), "year": .int32(Int32(1990 + random(number, 6) % 35)),
            "amount": .int32(Int32(random(number, 8) % 10_000)), "title": .string("Note number \(number)"),
            "tags": .array(tags), "body": .string(text),
        ]
    }

    /// Documents that single inserts take in turn, with new ids, so that nobody waits for one to be made.
    var pool: [Document] { (0..<min(count, 10_000)).map { document($0) } }

    /// The document of the pool for a new id. `_id` is its first field and has 64 bits.
    static func fresh(_ id: Int, of pool: [Document]) -> Document {
        var bson = pool[id % pool.count].bson
        for byte in 0..<8 { bson[9 + byte] = UInt8(truncatingIfNeeded: id >> (byte * 8)) }
        return Document(trusted: bson)
    }

    /// The checksum over all documents.
    var checksum: String {
        var sum = WordChecksum()
        for number in 0..<count { sum.add(document(number).bson) }
        return sum.text
    }
}
