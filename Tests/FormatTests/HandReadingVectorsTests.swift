import SmartStore
import StoreIO
import Testing

// Reads the vector indexes of an unencrypted file of version 3 by the offsets of FORMAT.md: catalog entry, state, code
// book, and every code against its vector. As in HandReadingTests, nothing of the engine helps but BSON and hashes.

@Suite("Reading vector indexes by hand")
struct HandReadingVectorsTests {
    private let bytes: [UInt8]
    private let pageSize = 4096
    private let catalog: [[UInt8]: [UInt8]]

    init() throws {
        let file = try GoldenFile.plain3.bytes()
        let slots = [0, 4096].map { Array(file[$0..<$0 + 4096]) }.filter {
            Hashing.sha256(Array($0[..<4064]).span.bytes).bytes == Array($0[4064...])
        }
        let slot = try #require(slots.max { Self.number($0, 80, 8) < Self.number($1, 80, 8) })
        #expect(Self.number(slot, 8, 4) == 3)
        let root = Self.number(slot, 256 + 24, 8)
        bytes = file
        catalog = Dictionary(
            uniqueKeysWithValues: Self.entries(file, root).map { (key: $0.0, value: $0.1) })
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private static func payload(_ bytes: [UInt8], _ page: Int) -> [UInt8] {
        Array(bytes[page * 4096 + 48..<(page + 1) * 4096])
    }

    /// Section 7: keys and inline values of a tree, in order.
    private static func entries(_ bytes: [UInt8], _ page: Int) -> [([UInt8], [UInt8])] {
        let node = payload(bytes, page)
        let prefixLength = number(node, 4, 2)
        let prefix = Array(node[(node.count - prefixLength)...])
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

    /// Section 7: the first `count` bytes of an array whose root leads to data pages.
    private func array(_ root: Int, _ count: Int) -> [UInt8] {
        let index = Self.payload(bytes, root)
        #expect(index[0] == 5 && index[1] == 1, "an index page of level 1")
        let capacity = (pageSize - 48 - 16) / 16 * 16
        var content: [UInt8] = []
        for place in 0...(count / capacity) {
            let page = Self.number(index, 16 + 8 * place, 8)
            guard page > 0 else {
                content += [UInt8](repeating: 0, count: capacity)
                continue
            }
            let data = Self.payload(bytes, page)
            #expect(data[0] == 4 && data[1] == 0 && Self.number(data, 8, 8) == place)
            content += data[16..<16 + capacity]
        }
        return Array(content.prefix(count))
    }

    private func entry(_ kind: UInt8, _ field: String) throws -> [UInt8] {
        try #require(catalog[[kind] + Array("passages".utf8) + [0] + Array(field.utf8)])
    }

    /// Section 10: the parts of a state of version 2.
    private struct State {
        var bits = 0
        var rows = 0
        var linked = 0
        var coded = 0
        var waiting: [Int] = []
        var deleted: [Int] = []
        var free: [Int] = []
        var low: [Float] = []
        var step: [Float] = []

        init(_ raw: [UInt8], dimension: Int) {
            func number(_ offset: Int, _ count: Int) -> Int { HandReadingVectorsTests.number(raw, offset, count) }
            #expect(Array(raw[..<4]) == Array("HNSI".utf8) && number(4, 2) == 2 && number(8, 4) == dimension)
            #expect(number(12, 4) == 4 && number(16, 4) == 64 && number(20, 8) == 1)
            (rows, linked) = (number(28, 4), number(32, 4))
            let (waitingCount, deletedCount) = (number(40, 4), number(44, 4))
            (bits, coded) = (number(48, 1), number(49, 4))
            let freeCount = number(53, 4)
            #expect(number(57, 4) == 257, "a code book made with the 256th row")
            var at = 61
            for _ in 0..<waitingCount {
                waiting.append(number(at, 4))
                at += 4
            }
            func ascending(_ count: Int) -> [Int] {
                var found: [Int] = []
                for _ in 0..<count {
                    var (step, shift) = (0, 0)
                    while true {
                        step |= Int(raw[at] & 0x7F) << shift
                        shift += 7
                        at += 1
                        if raw[at - 1] < 0x80 { break }
                    }
                    found.append((found.last.map { $0 + 1 } ?? 0) + step)
                }
                return found
            }
            deleted = ascending(deletedCount)
            free = ascending(freeCount)
            let floats = (0..<2 * dimension).map { Float(bitPattern: UInt32(number(at + 4 * $0, 4))) }
            (low, step) = (Array(floats[..<dimension]), Array(floats[dimension...]))
            #expect(raw.count == at + 8 * dimension + 8)
            let digest = raw.dropLast(8).reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01B3
            }
            #expect(UInt64(truncatingIfNeeded: number(raw.count - 8, 8)) == digest)
        }
    }

    @Test("entry, state, rows and codes of an index say what the document says", arguments: ["a", "b", "c"])
    func index(field: String) throws {
        let wanted = try #require(GoldenPassages.indexes.first { $0.field == field })
        let entry = try Document(bson: self.entry(3, field))
        func page(_ name: String) throws -> Int { try #require(entry[name]?.int) }
        #expect(entry["form"] == .int64(2) && entry["codes"]?.string == wanted.codes.rawValue)
        #expect(entry["dimension"]?.int == wanted.dimension && entry["metric"]?.string == wanted.metric.rawValue)
        let counters = try Document(bson: self.entry(4, field))
        let count = try #require(counters["rows"]?.int)
        #expect(counters["live"]?.int == GoldenPassages.passages.count)

        // 310 rows at first, 70 of them freed, 66 and then 4 of these used again, one more at the end.
        #expect(count == 311)
        let state = try State(self.entry(5, field), dimension: wanted.dimension)
        #expect(state.bits == [.bits8: 8, .bits4: 4, .bits1: 1][wanted.codes])
        #expect(state.rows == count && state.coded == count && state.free == [] && state.deleted.count == 5)
        // The changes of the second session: the last one has a new row, which is not linked yet.
        #expect(state.linked == 310 && state.waiting.count == 4)
        let dead = Self.entries(bytes, try page("dead")).map(\.0)
        #expect(dead == state.deleted.map { row in (0..<4).map { UInt8(truncatingIfNeeded: row >> (24 - 8 * $0)) } })

        let width = wanted.storage == .float32 ? 4 : 2
        let vectors = array(try page("vectors"), count * wanted.dimension * width)
        let (unit, size) = [VectorCodes.bits8: (64, 64), .bits4: (128, 64), .bits1: (64, 8)][wanted.codes] ?? (1, 1)
        let length = (wanted.dimension + unit - 1) / unit * size
        let stride = (length + (wanted.metric == .euclidean ? 4 : 0) + 63) / 64 * 64
        let codes = array(try page("codePages"), count * stride)
        let rows = Self.entries(bytes, try page("rows"))
        #expect(rows.count == GoldenPassages.passages.count)
        for (_, value) in rows {
            let row = value.reduce(0) { $0 << 8 | Int($1) }
            let vector = (0..<wanted.dimension).map { (d: Int) -> Float in
                let at = (row * wanted.dimension + d) * width
                return width == 4
                    ? Float(bitPattern: UInt32(Self.number(vectors, at, 4)))
                    : Float(Float16(bitPattern: UInt16(Self.number(vectors, at, 2))))
            }
            let raw = Array(codes[row * stride..<(row + 1) * stride])
            for (d, x) in vector.enumerated() {
                let held = min(max((x - state.low[d]) * (1 / state.step[d]), 0), Float((1 << state.bits) - 1))
                #expect(Self.code(raw, d, state.bits) == Int(held + 0.5), "row \(row), dimension \(d)")
            }
            if wanted.metric == .euclidean {
                let term = Float(bitPattern: UInt32(Self.number(raw, length, 4)))
                let squared = vector.reduce(0) { $0 + $1 * $1 }
                #expect(abs(term - squared) <= 1e-5 * squared)
            }
            #expect(raw[(length + (wanted.metric == .euclidean ? 4 : 0))...].allSatisfy { $0 == 0 })
        }
    }

    private static func code(_ raw: [UInt8], _ dimension: Int, _ bits: Int) -> Int {
        switch bits {
        case 8: Int(raw[dimension])
        case 4: Int(raw[dimension / 128 * 64 + dimension % 64]) >> (dimension % 128 < 64 ? 0 : 4) & 15
        default: Int(raw[dimension / 8]) >> (dimension % 8) & 1
        }
    }
}
