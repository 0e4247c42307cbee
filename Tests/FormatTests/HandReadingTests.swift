import SmartStore
import StoreIO
import Testing

// Reads an unencrypted golden file with nothing but the offsets of FORMAT.md and SHA-256. When this test and the document
// disagree, or the document and the engine, somebody changed the format without saying so.

/// Little-endian fields of a byte string.
private struct Fields {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    func number(_ offset: Int, _ count: Int) -> Int {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func slice(_ offset: Int, _ count: Int) -> [UInt8] { Array(bytes[offset..<offset + count]) }
}

@Suite("Reading by hand")
struct HandReadingTests {
    private let file: Fields
    private let pageSize = 4096

    init() throws { file = Fields(try GoldenFile.plain.bytes()) }

    /// FORMAT.md, section 2: the valid slot of the highest sequence.
    private func newestSlot() throws -> Fields {
        let slots = [0, pageSize].map { Fields(file.slice($0, 4096)) }.filter { slot in
            Hashing.sha256(slot.slice(0, 4064).span.bytes).bytes == slot.slice(4064, 32)
        }
        return try #require(slots.max { $0.number(80, 8) < $1.number(80, 8) })
    }

    /// FORMAT.md, section 4: what stands before a page's payload.
    private func sealed(_ page: Int) -> (version: Int, prefix: [UInt8], counter: Int, key: Int, payload: Fields) {
        let image = Fields(file.slice(page * pageSize, pageSize))
        return (
            image.number(0, 8), image.slice(8, 16), image.number(24, 4), image.number(28, 4),
            Fields(image.slice(48, pageSize - 48))
        )
    }

    @Test("the superblock says what the file is and where a checkpoint left it")
    func superblock() throws {
        let slot = try newestSlot()
        #expect(slot.slice(0, 8) == Array("SMARTST\n".utf8))
        #expect(slot.number(8, 4) == 1)
        #expect(slot.number(12, 4) == pageSize)
        #expect(slot.slice(16, 16) != [UInt8](repeating: 0, count: 16))
        #expect(slot.slice(32, 16) == [UInt8](repeating: 0, count: 16), "no cipher, no key derivation, no costs")
        #expect(slot.slice(88, 144) == [UInt8](repeating: 0, count: 144), "no keys")
        #expect(slot.number(252, 4) == 0, "the public key has the number 0")
        #expect(slot.slice(3984, 80) == [UInt8](repeating: 0, count: 80), "no HMAC")

        let body = Fields(slot.slice(256, 3712))
        let pageCount = body.number(8, 8)
        #expect(file.bytes.count == pageCount * pageSize, "a clean close cuts the file off")
        #expect(body.number(24, 8) > 4 && body.number(24, 8) < pageCount, "the catalog's root is a page")
        #expect(body.number(32, 8) == Int(GoldenContent.now))
        #expect(body.number(88, 4) == 0, "the log has given its extents back")
        #expect(body.number(92, 1) == 1, "closed cleanly")
        #expect(body.number(96, 8) == body.number(64, 8), "the log ends at its tail")
        #expect(body.number(104, 8) == Int(GoldenContent.created))
        #expect(body.slice(120, 56) == [UInt8](repeating: 0, count: 56), "one top directory is enough")
        #expect(body.slice(176, 64) == [UInt8](repeating: 0, count: 64), "no anchor")
    }

    @Test("versions lead from the superblock through the space map to the catalog's page")
    func spaceMap() throws {
        let body = Fields(try newestSlot().slice(256, 3712))
        let top = sealed(4)
        let directory = sealed(3)
        let space = sealed(2)
        #expect([space, directory, top].map { $0.payload.slice(0, 2) } == [[16, 0], [16, 1], [16, 2]])
        #expect(top.version == body.number(112, 8))
        #expect(directory.version == top.payload.number(16, 8) >> 16)
        let entry = directory.payload.number(16, 8)
        #expect(space.version == entry >> 16)

        let pageCount = body.number(8, 8)
        let states = (0..<504).map { space.payload.number(16 + 8 * $0, 8) & 3 }
        #expect(states[..<5] == [1, 1, 1, 1, 1])
        #expect(states[..<pageCount].allSatisfy { $0 == 1 || $0 == 2 })
        #expect(states[pageCount...].allSatisfy { $0 == 0 })
        #expect(states.count { $0 == 2 } == body.number(16, 8))
        #expect(entry & 0xFFFF == body.number(16, 8))
        for page in 5..<pageCount where states[page] == 1 {
            let image = sealed(page)
            #expect(image.version == space.payload.number(16 + 8 * page, 8) >> 2)
            #expect(image.version >= 1 && image.version <= body.number(0, 8))
            #expect(image.key == 0)
        }
    }

    @Test("the catalog's leaf names collections, indexes, cache and audit log, and leads to a document")
    func catalog() throws {
        let body = Fields(try newestSlot().slice(256, 3712))
        let root = sealed(body.number(24, 8)).payload
        let entries = cells(root)
        let notes = Array("notes".utf8)
        let types = Array("types".utf8)
        let index = notes + [0] + Array("v".utf8)
        #expect(
            entries.map(\.key) == [
                [1] + notes, [1] + types, [2] + notes, [2] + types, [3] + index, [4] + index, [5] + index, [0x10],
                [0x11], [0x12],
            ])

        // {"root": int64}: length, type 18, name, value, 0.
        let entry = entries[0].value
        #expect(entry.count == 19)
        #expect(Array(entry[..<10]) == [19, 0, 0, 0, 0x12] + Array("root".utf8) + [0])
        let inner = sealed(Fields(entry).number(10, 8)).payload
        #expect(inner.slice(0, 2) == [2, 1], "an inner node of level 1")
        let children = [inner.number(16, 8)] + separators(inner).map(\.child)
        let leaves = children.map { cells(sealed($0).payload) }
        #expect(leaves.reduce(0) { $0 + $1.count } == GoldenContent.notes.count)
        for (leaf, separator) in zip(leaves.dropFirst(), separators(inner)) {
            #expect(separator.key.lexicographicallyPrecedes(leaf[0].key) || separator.key == leaf[0].key)
        }
        // The key of int32 7: a number of one byte, shifted left by one.
        let seven = try #require(leaves.joined().first { $0.key == [0x16, 14] })
        #expect(seven.value == GoldenContent.note(7).bson)
    }

    // MARK: Tree nodes, section 7

    private func slots(_ node: Fields, from start: Int) -> [(key: [UInt8], part: Int)] {
        let prefixLength = node.number(4, 2)
        let prefix = node.slice(node.bytes.count - prefixLength, prefixLength)
        return (0..<node.number(2, 2)).map { index in
            let (cell, length) = (node.number(start + 8 * index, 2), node.number(start + 8 * index + 2, 2))
            return (prefix + node.slice(cell, length), cell + length)
        }
    }

    /// Keys and plain inline values of a leaf; a value in another form is left empty.
    private func cells(_ leaf: Fields) -> [(key: [UInt8], value: [UInt8])] {
        slots(leaf, from: 16).map { key, part in
            let word = leaf.number(part, 2)
            return (key, word < 0x4000 ? leaf.slice(part + 2, word) : [])
        }
    }

    private func separators(_ inner: Fields) -> [(key: [UInt8], child: Int)] {
        slots(inner, from: 24).map { key, part in (key, inner.number(part, 8)) }
    }
}
