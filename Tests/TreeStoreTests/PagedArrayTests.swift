// Paged arrays against plain bytes.

import PageStore
import Testing

@testable import TreeStore

@Suite("Paged arrays", .timeLimit(.minutes(5)))
struct PagedArrayTests {
    private func read(
        _ array: PagedArray, at offset: UInt64, count: Int, in view: PageView, cached: Bool = true
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try array.read(at: offset, into: &span, in: view, cached: cached)
        return bytes
    }

    private func expectSound(_ array: PagedArray, _ fixture: TreeFixture) {
        var owned: Set<PageID> = []
        let findings = array.check(in: fixture.transaction) { #expect(owned.insert($0).inserted) }
        #expect(findings == [])
        #expect(owned == fixture.pagesInUse)
    }

    @Test("pages hold all of the payload but a header, in whole 16-byte units")
    func capacity() {
        #expect(PagedArray.bytesPerPage(payloadByteCount: 4096 - 48) == 4032)
        #expect(PagedArray.bytesPerPage(payloadByteCount: 8192 - 48) == 8128)
        #expect(PagedArray.bytesPerPage(payloadByteCount: 65536 - 48) == 65472)
    }

    @Test(
        "random writes, truncations and reads agree with a plain array",
        arguments: [4096, 8192, 65536], [1, 7] as [UInt64])
    func agrees(pageByteCount: Int, seed: UInt64) throws {
        let fixture = TreeFixture(pageByteCount: pageByteCount, spillAfter: seed == 7 ? 4 : 0)
        let tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        let capacity = PagedArray.bytesPerPage(payloadByteCount: tx.payloadByteCount)
        var random = SeededRandom(seed: seed)
        var model = [UInt8](repeating: 0, count: 3_000_000)
        var pages = 0
        for step in 0..<300 {
            switch random.int(0...9) {
            case 0:
                let count = random.int(0...(pages + 2))
                try array.truncate(toPageCount: UInt64(count), in: tx)
                if count < pages {
                    for index in (count * capacity)..<max(count * capacity, min(model.count, pages * capacity)) {
                        model[index] = 0
                    }
                    pages = count
                }
            case 1...5:
                let start = random.int(0...(model.count - 1))
                let bytes = random.bytes(min(random.int(0...40_000), model.count - start))
                try array.write(bytes.span.bytes, at: UInt64(start), in: tx)
                model.replaceSubrange(start..<(start + bytes.count), with: bytes)
                if !bytes.isEmpty { pages = max(pages, (start + bytes.count - 1) / capacity + 1) }
            default:
                let start = random.int(0...(model.count - 1))
                let count = min(random.int(0...60_000), model.count - start)
                let found = try read(array, at: UInt64(start), count: count, in: tx, cached: step % 2 == 0)
                #expect(found == Array(model[start..<(start + count)]))
            }
            #expect(try array.pageCount(in: tx) == UInt64(pages))
            if step % 50 == 0 { expectSound(array, fixture) }
        }
        expectSound(array, fixture)
        try array.drop(in: tx)
        #expect(fixture.pagesInUse == [])
    }

    @Test("an array of a terabyte's addresses holds only the pages written, and shrinks again")
    func sparse() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        let offsets: [UInt64] = [0, 5_000_000, 3 << 30, 1 << 40, 1 << 60, UInt64.max - 8]
        for (index, offset) in offsets.enumerated() {
            try array.write([UInt8](repeating: UInt8(index + 1), count: 4).span.bytes, at: offset, in: tx)
            expectSound(array, fixture)
        }
        for (index, offset) in offsets.enumerated() {
            #expect(try read(array, at: offset, count: 4, in: tx) == [UInt8](repeating: UInt8(index + 1), count: 4))
        }
        #expect(try read(array, at: 1 << 50, count: 100, in: tx) == [UInt8](repeating: 0, count: 100))
        #expect(fixture.pagesInUse.count < 40)
        for count in [1 << 50, 1 << 20, 2000, 3, 1, 0] as [UInt64] {
            try array.truncate(toPageCount: count, in: tx)
            #expect(try array.pageCount(in: tx) == count)
            expectSound(array, fixture)
            let first = try read(array, at: 0, count: 4, in: tx)
            #expect(first == (count > 0 ? [1, 1, 1, 1] : [0, 0, 0, 0]))
        }
        #expect(fixture.pagesInUse == [array.root])
    }

    @Test("offsets past 64 bits are refused")
    func overflow() throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        let bytes: [UInt8] = [1, 2, 3]
        #expect(throws: PageFault.self) { try array.write(bytes.span.bytes, at: .max - 1, in: tx) }
        #expect(throws: PageFault.self) { try read(array, at: .max - 1, count: 3, in: tx) }
        #expect(fixture.pagesInUse == [array.root])
    }

    @Test("pages are read one by one, and holes are told apart from zeros")
    func pages() throws {
        let fixture = TreeFixture()
        let tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        let capacity = PagedArray.bytesPerPage(payloadByteCount: tx.payloadByteCount)
        try array.write([UInt8](repeating: 0, count: capacity).span.bytes, at: UInt64(2 * capacity), in: tx)
        var found: [Bool] = []
        for index in 0..<5 as Range<UInt64> {
            var bytes = [UInt8](repeating: 9, count: capacity)
            var elements = bytes.mutableSpan
            var span = elements.mutableBytes
            found.append(try array.readPage(index, into: &span, in: tx, cached: false))
            #expect(bytes.allSatisfy { $0 == 0 })
        }
        #expect(found == [false, false, true, false, false])
    }

    @Test("a snapshot of an array does not see later writes")
    func snapshot() throws {
        let fixture = TreeFixture()
        var tx = fixture.transaction
        let array = try PagedArray.create(in: tx)
        try array.write([UInt8](repeating: 1, count: 100_000).span.bytes, at: 0, in: tx)
        let view = try fixture.snapshot()
        tx = fixture.transaction
        try array.write([UInt8](repeating: 2, count: 20_000_000).span.bytes, at: 0, in: tx)
        #expect(try read(array, at: 0, count: 100_000, in: view) == [UInt8](repeating: 1, count: 100_000))
        try array.truncate(toPageCount: 0, in: tx)
        #expect(try read(array, at: 0, count: 100_000, in: view) == [UInt8](repeating: 1, count: 100_000))
    }
}
