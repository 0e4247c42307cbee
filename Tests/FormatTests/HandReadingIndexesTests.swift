import SmartStore
import StoreIO
import Testing

// Reads secondary indexes of an unencrypted file of version 4 by the offsets of FORMAT.md: description, counter, and
// entries, byte by byte. As in HandReadingTests, nothing of the engine helps but BSON and hashes.

@Suite("Reading secondary indexes by hand")
struct HandReadingIndexesTests {
    private let bytes: [UInt8]
    private let catalog: [[UInt8]: [UInt8]]

    init() throws {
        let file = try GoldenFile.plain4.bytes()
        let slots = [0, 4096].map { Array(file[$0..<$0 + 4096]) }.filter {
            Hashing.sha256(Array($0[..<4064]).span.bytes).bytes == Array($0[4064...])
        }
        let slot = try #require(slots.max { Self.number($0, 80, 8) < Self.number($1, 80, 8) })
        #expect(Self.number(slot, 8, 4) == 4)
        bytes = file
        catalog = Dictionary(
            uniqueKeysWithValues: Self.entries(file, Self.number(slot, 256 + 24, 8)).map { (key: $0.0, value: $0.1) })
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Section 7: keys and inline values of a tree, in order.
    private static func entries(_ bytes: [UInt8], _ page: Int) -> [([UInt8], [UInt8])] {
        let node = Array(bytes[page * 4096 + 48..<(page + 1) * 4096])
        let prefix = Array(node[(node.count - number(node, 4, 2))...])
        let isLeaf = node[0] == 1
        var found = isLeaf ? [] : entries(bytes, number(node, 16, 8))
        for index in 0..<number(node, 2, 2) {
            let slot = (isLeaf ? 16 : 24) + 8 * index
            let (cell, length) = (number(node, slot, 2), number(node, slot + 2, 2))
            let after = cell + length
            if isLeaf {
                let word = number(node, after, 2)
                let value = word < 0x4000 ? Array(node[after + 2..<after + 2 + word]) : []
                found.append((prefix + Array(node[cell..<after]), value))
            } else {
                found += entries(bytes, number(node, after, 8))
            }
        }
        return found
    }

    private func description(_ name: String, _ kind: UInt8 = 6) throws -> Document {
        try Document(bson: #require(catalog[[kind] + Array("papers".utf8) + [0] + Array(name.utf8)]))
    }

    /// The entries of an index that end with an `_id`'s key: what stands before it, and the value.
    private func entries(_ name: String, of id: [UInt8]) throws -> [[[UInt8]]] {
        let all = Self.entries(bytes, try #require(try description(name)["root"]?.int))
        #expect(try description(name, 7)["entries"] == .int64(Int64(all.count)))
        return all.filter { $0.0.suffix(id.count) == id[...] }.map { [$0.0.dropLast(id.count), $0.1] }
    }

    private func inverted(_ key: [UInt8]) -> [UInt8] { key.map { ~$0 } }

    @Test("descriptions have the fields that the document names, and no others")
    func descriptions() throws {
        #expect(try description("year_1").keys == ["keys", "root"])
        #expect(try description("code_1")["unique"] == true)
        #expect(try description("note_1")["sparse"] == true)
        #expect(try description("good")["partial"] == ["year": ["$gte": 1990]])
        #expect(try description("rating_-1")["hidden"] == true)
        #expect(try description("tags_1")["multikey"] == true)
        #expect(try description("seen_1")["expireAfterSeconds"] == .int64(3600))
        #expect(try description("no case")["collation"] == ["locale": "de", "strength": .int32(2)])
        #expect(
            try description("value cased")["collation"] == ["locale": "en", "strength": .int32(1), "caseLevel": true])
        let known: Set = [
            "keys", "root", "unique", "sparse", "partial", "expireAfterSeconds", "collation", "hidden", "multikey",
        ]
        for (key, value) in catalog where key[0] == 6 { #expect(try known.isSuperset(of: Document(bson: value).keys)) }
    }

    @Test("the entries of one document are the bytes that the document says")
    func entries() throws {
        // {_id: int32 4, year: int32 1984, title: "STRASSE", rating: 1.0, tags: [1, 1.0, {t: 2}], value: -∞, no note}
        let id: [UInt8] = [0x16, 0x08]
        let paper = try #require(try GoldenPapers.papers().first { $0["_id"] == 4 })
        #expect(paper["year"] == .int32(1984) && paper["rating"] == 1.0 && paper["title"] == "STRASSE")
        let year: [UInt8] = [0x17, 0x0F, 0x80]
        #expect(try entries("year_1", of: id) == [[year, [0x10, 0x10]]])
        let one: [UInt8] = [0x16, 0x02]
        let text: [UInt8] = [0x30] + Array("STRASSE".utf8) + [0, 0]
        #expect(
            try entries("year_-1_title_1_rating_-1", of: id)
                == [[inverted(year) + text + inverted(one), [0x10, 0x02, 0x01, 0x10]]])
        #expect(try entries("note_1", of: id) == [], "sparse, and there is no note")
        #expect(try entries("good", of: id) == [], "before 1990")
        #expect(try entries("value_1", of: id) == [[[0x09], [0x01, 0x10]]])
        #expect(try entries("value_-1", of: id) == [[[0xF6], [0x01, 0x10]]])
        // 1 and 1.0 are one key; the document is a component of its own.
        let inner: [UInt8] = [0x34, 0x08, 0x74, 0, 0x16, 0x04, 0]
        #expect(try entries("tags_1", of: id) == [[one, [0x20, 0x10]], [inner, [0x20, 0x10]]])
        #expect(try entries("tags.0_-1", of: id) == [[inverted(one), [0x20, 0x10]]])
        let folded: [UInt8] = [0x30] + Array("strasse".utf8) + [0, 0]
        #expect(try entries("letters", of: id) == [[folded, [0x20, 0x10]]])
        let path: [UInt8] = [0x30] + Array("year".utf8) + [0, 0]
        let wildcard = try entries("$**_1", of: id).filter { $0[0].starts(with: path) }
        #expect(wildcard == [[path + year, [0x20, 0x20, 0x10]]])
    }
}
