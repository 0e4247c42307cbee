// Pages that open but make no sense: whatever their bytes, every verb answers or throws its typed error, never traps,
// never runs for ever, and never marks as sound what is not.

import PageStore
import Testing

@testable import TreeStore

#if DEBUG
private let rounds = 300
#else
private let rounds = 15_000
#endif

@Suite("Damage", .timeLimit(.minutes(10)))
struct DamageTests {
    /// A tree of three levels with every form of value, published.
    private struct Patient {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tree: Tree
        let view: PageView
        let keys: [[UInt8]]
        let pages: [PageID]

        init(seed: UInt64) throws {
            let tx = fixture.transaction
            tree = try Tree.create(in: tx)
            var random = SeededRandom(seed: seed)
            var keys: [[UInt8]] = []
            for number in 0..<160 {
                let shape = KeyShape.allCases[number % KeyShape.allCases.count]
                let key = shape.key(&random) + orderedBytes(UInt64(number))
                let clipped = Array(key.suffix(TreeLimits.maximumKeyByteCount))
                let value: [UInt8]
                switch number % 16 {
                case 0: value = random.bytes(9000)
                case 1: value = [UInt8](repeating: 3, count: 30_000)
                case 2: value = (0..<20_000).map { _ in UInt8(random.int(0...7)) }
                default: value = random.bytes(random.int(0...200))
                }
                try tree.put(clipped, value, in: tx)
                keys.append(clipped)
            }
            self.keys = keys
            pages = fixture.pagesInUse.sorted()
            view = try fixture.snapshot()
        }
    }

    /// Changes one page's bytes in one of several ways and forgets that the page was ever checked.
    private func harm(_ tx: PageTransaction, _ pages: [PageID], _ random: inout SeededRandom) throws {
        let frame = try tx.mutablePage(pages[random.int(0...(pages.count - 1))])
        let bytes = UnsafeMutableRawBufferPointer(start: frame.base, count: frame.byteCount)
        func other() -> PageID { pages[random.int(0...(pages.count - 1))] }
        switch random.int(0...9) {
        case 0...3:
            for _ in 0..<random.int(1...12) { bytes[random.int(0...(bytes.count - 1))] = UInt8(random.int(0...255)) }
        case 4:
            // The header and the first slots, where a byte means most.
            for _ in 0..<random.int(1...3) { bytes[random.int(0...63)] = UInt8(random.int(0...255)) }
        case 5:
            bytes[random.int(0...63)] ^= 1 << UInt8(random.int(0...7))
        case 6:
            let from = try tx.page(other())
            frame.base.copyMemory(from: from.base, byteCount: frame.byteCount)
        case 7, 8:
            // Another page's number wherever a number of a page of this store lies: cycles, shared children, swaps.
            let places = (0..<(bytes.count - 8)).filter { place in
                let number = UInt64(
                    littleEndian: frame.base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                return number > 0 && pages.contains(PageID(number))
            }
            guard let place = places.randomElement(using: &random) else { break }
            frame.base.storeBytes(of: other().number.littleEndian, toByteOffset: place, as: UInt64.self)
        default:
            let start = random.int(0...(bytes.count - 1))
            for index in start..<min(bytes.count, start + random.int(1...400)) { bytes[index] = 0 }
        }
        frame.validatedAs = 0
    }

    /// Runs a verb; typed errors are fine.
    private func attempt(_ body: () throws(PageFault) -> Void) {
        do throws(PageFault) { try body() } catch { return }
    }

    @Test(
        "mutated node pages read through every verb give answers or typed errors", arguments: [1, 2, 3, 4] as [UInt64])
    func reads(seed: UInt64) throws {
        let patient = try Patient(seed: seed)
        var random = SeededRandom(seed: seed &* 31)
        let tree = patient.tree
        for _ in 0..<rounds {
            let tx = patient.fixture.scratchTransaction(over: patient.view)
            for _ in 0..<random.int(1...3) { try harm(tx, patient.pages, &random) }
            for _ in 0..<2 {
                let key = patient.keys[random.int(0...(patient.keys.count - 1))]
                attempt { () throws(PageFault) in _ = try tree.get(key.span.bytes, in: tx) }
                attempt { () throws(PageFault) in _ = try tree.contains(key.span.bytes, in: tx) }
                attempt { () throws(PageFault) in
                    let cursor = tree.cursor(in: tx)
                    _ = try cursor.seek(to: key.span.bytes)
                    while cursor.isValid { _ = try cursor.value; _ = try cursor.next() }
                }
                attempt { () throws(PageFault) in
                    let cursor = tree.cursor(in: tx)
                    _ = try cursor.seek(before: key.span.bytes)
                    while cursor.isValid { _ = try cursor.key; _ = try cursor.previous() }
                }
            }
            attempt { () throws(PageFault) in _ = try tree.count(in: tx) }
            attempt { () throws(PageFault) in _ = try tree.statistics(in: tx) }
            var visited: Set<PageID> = []
            _ = tree.check(in: tx) { #expect(visited.insert($0).inserted) }
        }
    }

    @Test("a page that another reader has checked meanwhile is sound, and one of another kind is not")
    func checkedBeside() throws {
        let patient = try Patient(seed: 11)
        let frame = try patient.view.page(patient.tree.root)
        frame.validatedAs = 0
        // Two readers find it unchecked; the second comes when the first is done.
        try Node.validate(frame)
        #expect(frame.validatedAs == PageKind.inner)
        try Node.validate(frame)
        frame.validatedAs = PageKind.overflow
        #expect(throws: PageFault.self) { try Node.validate(frame) }
    }

    @Test("verbs that change mutated pages leave only pages that validate", arguments: [5, 6, 7, 8] as [UInt64])
    func changes(seed: UInt64) throws {
        let patient = try Patient(seed: seed)
        var random = SeededRandom(seed: seed &* 37)
        let tree = patient.tree
        for _ in 0..<rounds {
            let tx = patient.fixture.scratchTransaction(over: patient.view)
            for _ in 0..<random.int(1...2) { try harm(tx, patient.pages, &random) }
            for _ in 0..<random.int(1...12) {
                let key = patient.keys[random.int(0...(patient.keys.count - 1))]
                let end = patient.keys[random.int(0...(patient.keys.count - 1))]
                let value = [UInt8](repeating: 9, count: [0, 10, 200, 6000][random.int(0...3)])
                switch random.int(0...9) {
                case 0...3:
                    attempt { () throws(PageFault) in _ = try tree.put(key.span.bytes, value.span.bytes, in: tx) }
                case 4:
                    let new = key.dropLast(random.int(0...key.count)) + random.bytes(3)
                    let clipped = Array(new.prefix(TreeLimits.maximumKeyByteCount))
                    attempt { () throws(PageFault) in _ = try tree.put(clipped.span.bytes, value.span.bytes, in: tx) }
                case 5...8: attempt { () throws(PageFault) in _ = try tree.remove(key.span.bytes, in: tx) }
                default: attempt { () throws(PageFault) in _ = try tree.removeRange(from: key, to: end, in: tx) }
                }
            }
            if random.int(0...9) == 0 { attempt { () throws(PageFault) in try tree.drop(in: tx) } }
            // What the tree calls checked must still stand when checked anew.
            for page in patient.fixture.pages(of: tx) {
                guard let frame = try? tx.page(page) else { continue }
                let state = frame.validatedAs
                guard state == PageKind.leaf || state == PageKind.inner else { continue }
                frame.validatedAs = 0
                #expect(throws: Never.self) { _ = try Node(frame) }
            }
        }
    }

    @Test("mutated array pages read, written and cut give answers or typed errors", arguments: [9, 10] as [UInt64])
    func arrays(seed: UInt64) throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let array = try PagedArray.create(in: fixture.transaction)
        var random = SeededRandom(seed: seed)
        let bytes = random.bytes(9000)
        let offsets: [UInt64] = [0, 700_000, 3 << 30]
        for offset in offsets { try array.write(bytes.span.bytes, at: offset, in: fixture.transaction) }
        let pages = fixture.pagesInUse.sorted()
        let view = try fixture.snapshot()
        for _ in 0..<(4 * rounds) {
            let tx = fixture.scratchTransaction(over: view)
            for _ in 0..<random.int(1...2) { try harm(tx, pages, &random) }
            let offset = offsets[random.int(0...2)] + UInt64(random.int(0...9000))
            attempt { () throws(PageFault) in
                var target = [UInt8](repeating: 0, count: 5000)
                var elements = target.mutableSpan
                var span = elements.mutableBytes
                try array.read(at: offset, into: &span, in: tx)
            }
            _ = array.check(in: tx) { _ in }
            attempt { () throws(PageFault) in try array.write(bytes.span.bytes, at: offset, in: tx) }
            let count = UInt64(random.int(0...200))
            attempt { () throws(PageFault) in try array.truncate(toPageCount: count, in: tx) }
            attempt { () throws(PageFault) in _ = try array.pageCount(in: tx) }
            attempt { () throws(PageFault) in try array.drop(in: tx) }
        }
    }

    @Test("a cursor's first error is its last answer")
    func sticky() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        for number in 0..<1000 { try tree.put(orderedBytes(UInt64(number)), random(60), in: tx) }
        let leaf = try tree.leaf(for: orderedBytes(500).span.bytes, in: tx).id
        let frame = try tx.mutablePage(leaf)
        frame.base.storeBytes(of: 99, toByteOffset: 0, as: UInt8.self)
        frame.validatedAs = 0
        let fault = PageFault.corruptStructure(page: leaf, reason: "not a tree node")
        let cursor = tree.cursor(in: tx)
        try cursor.seekToFirst()
        #expect(throws: fault) { while try cursor.next() {} }
        #expect(!cursor.isValid)
        frame.base.storeBytes(of: 1, toByteOffset: 0, as: UInt8.self)
        #expect(throws: fault) { try cursor.next() }
        #expect(throws: fault) { try cursor.previous() }
        #expect(throws: fault) { try cursor.seekToFirst() }
        #expect(throws: fault) { try cursor.seekToLast() }
        #expect(throws: fault) { try cursor.seek(to: orderedBytes(1).span.bytes) }
        #expect(throws: fault) { try cursor.seek(before: orderedBytes(1).span.bytes) }
        #expect(throws: fault) { try cursor.key }
        #expect(throws: fault) { try cursor.value }
        // Another cursor over the mended page is a new attempt.
        #expect(try tree.count(in: tx) == 1000)
    }

    private func random(_ count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }

    @Test("a check names every damaged page and goes on past it")
    func checkGoesOn() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var bytes = SeededRandom(seed: 12)
        for number in 0..<1000 { try tree.put(orderedBytes(UInt64(number)), random(60), in: tx) }
        try tree.put([255], bytes.bytes(20_000), in: tx)
        var harmed: Set<PageID> = []
        for key in [100, 500, 900] as [UInt64] {
            let leaf = try tree.leaf(for: orderedBytes(key).span.bytes, in: tx).id
            harmed.insert(leaf)
            let frame = try tx.mutablePage(leaf)
            frame.base.storeBytes(of: 99, toByteOffset: 0, as: UInt8.self)
            frame.validatedAs = 0
        }
        var owned: Set<PageID> = []
        let findings = tree.check(in: tx) { owned.insert($0) }
        #expect(Set(findings.map(\.page)) == harmed)
        #expect(owned == fixture.pagesInUse)
    }

    @Test("swapped pages of overflow chains are found, within a chain and between chains")
    func swappedOverflow() throws {
        let fixture = TreeFixture(pageByteCount: 4096)
        let tx = fixture.transaction
        let tree = try Tree.create(in: tx)
        var random = SeededRandom(seed: 13)
        try tree.put([1], random.bytes(12_000), in: tx)
        let first = fixture.pagesInUse.subtracting([tree.root]).sorted()
        try tree.put([2], random.bytes(12_000), in: tx)
        let second = fixture.pagesInUse.subtracting(first).subtracting([tree.root]).sorted()
        for (a, b) in [(first[1], first[2]), (first[1], second[1])] {
            let scratch = fixture.scratchTransaction(over: try fixture.snapshot())
            let left = try scratch.mutablePage(a)
            let right = try scratch.mutablePage(b)
            for offset in 0..<left.byteCount {
                let byte = left.base.load(fromByteOffset: offset, as: UInt8.self)
                left.base.storeBytes(
                    of: right.base.load(fromByteOffset: offset, as: UInt8.self), toByteOffset: offset, as: UInt8.self)
                right.base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            }
            #expect(throws: PageFault.self) { try tree.get([1], in: scratch) }
            #expect(!tree.check(in: scratch) { _ in }.isEmpty)
        }
    }
}
