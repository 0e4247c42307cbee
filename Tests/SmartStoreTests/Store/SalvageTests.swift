import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Testing
import TreeStore

@Suite("Salvage")
struct SalvageTests {
    private static func document(_ number: Int) -> Document {
        let size = number % 50 == 0 ? 9000 : 150
        let random = SeededRandomSource(seed: UInt64(number))
        return [
            "_id": .int32(Int32(number)), "text": .string("note \(number)"),
            "bytes": .binary(
                BSONBinary(subtype: 0, bytes: (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })),
            "v": .array((0..<4).map { .double(Double(number % (7 + $0) + 1)) }),
        ]
    }

    /// A store of 600 notes, a small collection, an empty one, and 40 audit entries. Not closed, its log is still there.
    private static func sample(encrypted: Bool = true, closed: Bool = true) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk, encrypted: encrypted)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "notes", field: "v", dimension: 4, metric: .euclidean, storage: .float32)
            for number in 0..<600 { try tx.collection("notes").insert(document(number)) }
            try tx.collection("small").insert(["_id": "one", "a": 1])
            try tx.createCollection("empty")
            for number in 1...40 { try tx.audit.record(actor: "ada", action: "act", target: "\(number)") }
            try tx.cache.set("k", [1])
        }
        try store.checkpoint()
        let crashed = SimulatedDisk(files: ["s": disk.content(of: "s") ?? []])
        crashed.stopRecording()
        try store.close()
        return closed ? disk : crashed
    }

    private static func salvage(
        _ disk: SimulatedDisk, encrypted: Bool = true, name: String = "s", stale: Bool = false
    ) throws -> SalvageReport {
        var options = SalvageOptions()
        options.store = StoreFixture.options(seed: 3)
        options.creation.pageSize = 4096
        options.includesStale = stale
        let key = encrypted ? StoreFixture.key : .none
        return try #require(
            try Store.salvage(name, in: disk, to: "new", in: disk, oldKey: key, newKey: key, options: options))
    }

    /// Pages of the sample by what they are.
    private static func pages(_ disk: SimulatedDisk, _ body: (NodeScrap) -> Bool) throws -> [Int] {
        let key = StoreKey.raw(SecretKey(copying: [UInt8](repeating: 9, count: 32).span.bytes))
        let view = try #require(
            try SalvageView.open("s", in: disk, key: key, random: SeededRandomSource(seed: 1), progress: { _ in true }))
        defer { view.close() }
        return view.pages.filter { NodeScrap(header: $0.header).map(body) ?? false }.map { Int($0.id.number) }.sorted()
    }

    /// Also wipes the log: after a close it still holds images of what was taken home, which would make up for damage.
    private static func damage(_ disk: SimulatedDisk, _ ranges: [Range<Int>]) throws {
        var bytes = try #require(disk.content(of: "s"))
        for offset in stride(from: 0, to: bytes.count - 4, by: 64)
        where bytes[offset..<offset + 4].elementsEqual("SSLF".utf8) { bytes[offset] = 0 }
        for range in ranges { for index in range where index < bytes.count { bytes[index] = 0x5A } }
        disk.replaceContent(of: "s", with: bytes)
    }

    private static func expectAll(
        _ disk: SimulatedDisk, _ report: SalvageReport, collection: String = "notes", encrypted: Bool = true
    ) throws {
        let key = encrypted ? StoreFixture.key : .none
        let store = try Store.open("new", in: disk, key: key, options: StoreFixture.options(seed: 4))
        try store.readSync { (tx) throws in
            let notes = tx.collection(collection)
            for number in 0..<600 { #expect(try notes.get(.int32(Int32(number))) == document(number)) }
            #expect(try tx.audit.entries().count == 40)
            let first = try #require(try tx.audit.entries().first)
            #expect(first.target == "1" && first.details[path: "salvaged.sequence"]?.int == 1)
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("a sound file comes back whole, with its indexes, and stays as it is", arguments: [true, false])
    func sound(encrypted: Bool) throws {
        let disk = try Self.sample(encrypted: encrypted)
        let before = disk.content(of: "s")
        let report = try Self.salvage(disk, encrypted: encrypted)
        #expect(disk.content(of: "s") == before)
        #expect(report.isComplete && report.readableSlots == 2 && report.logIsWhole && report.damagedPages == [])
        #expect(report.collections.map(\.name) == ["empty", "notes", "small"])
        #expect(report.collections.map(\.found) == [0, 600, 1])
        #expect(report.collections[1].expected == 600 && report.collections[1].vectorIndexes == ["v"])
        #expect(report.auditEntriesFound == 40 && report.auditEntriesExpected == 40)
        #expect(report.document["complete"] == true)
        try Self.expectAll(disk, report, encrypted: encrypted)
        let store = try Store.open(
            "new", in: disk, key: encrypted ? StoreFixture.key : .none, options: StoreFixture.options(seed: 4))
        try store.readSync { (tx) throws in
            #expect(try tx.collection("notes").search(field: "v", vector: [1, 1, 1, 1], k: 1).first?.id == 0)
            #expect(try tx.cache.keys() == [])
        }
        try store.close()
    }

    @Test("leaves behind a damaged inner node are found by their tag")
    func innerNode() throws {
        let disk = try Self.sample()
        let inner = try Self.pages(disk) { !$0.isLeaf }
        #expect(!inner.isEmpty)
        try Self.damage(disk, inner.map { $0 * 4096 + 100..<$0 * 4096 + 200 })
        let report = try Self.salvage(disk)
        #expect(!report.isComplete && report.damagedPages.map(Int.init) == inner)
        let notes = report.collections[1]
        #expect(notes.found == 600 && notes.missing == 0 && notes.possiblyOutdated == 0 && !notes.damagedPages.isEmpty)
        try Self.expectAll(disk, report)
    }

    @Test("both slots' bodies may be gone as long as one plain part still leads to the key", arguments: [0, 1])
    func slots(spared: Int) throws {
        let disk = try Self.sample()
        let other = (1 - spared) * 4096
        try Self.damage(disk, [other..<other + 4096, spared * 4096 + 256..<spared * 4096 + 4096])
        let report = try Self.salvage(disk)
        #expect(report.readableSlots == 0 && report.catalogIsWhole == false)
        #expect(report.collections.map(\.found) == [0, 600, 1])
        try Self.expectAll(disk, report)
    }

    @Test("a damaged page whose image is still in the log comes back from there")
    func imageInLog() throws {
        let disk = try Self.sample(closed: false)
        let leaves = try Self.pages(disk) { $0.isLeaf }
        var bytes = try #require(disk.content(of: "s"))
        for leaf in leaves { bytes[leaf * 4096 + 300] ^= 1 }
        disk.replaceContent(of: "s", with: bytes)
        let report = try Self.salvage(disk)
        #expect(report.isComplete && report.damagedPages == [])
        try Self.expectAll(disk, report)
    }

    @Test("without a catalog, documents come back by tag, under a name made up for them")
    func catalog() throws {
        let disk = try Self.sample()
        let catalog = try Self.pages(disk) { $0.tag == TreeTag(1) }
        try Self.damage(disk, catalog.map { $0 * 4096..<$0 * 4096 + 64 })
        let report = try Self.salvage(disk)
        #expect(!report.catalogIsWhole)
        let found = try #require(report.collections.first { $0.found == 600 })
        #expect(found.name.hasPrefix("salvaged_") && found.expected == nil)
        #expect(report.collections.contains { $0.found == 1 })
        try Self.expectAll(disk, report, collection: found.name)
    }

    @Test("a damaged leaf is reported with what it held, and its neighbours come back")
    func leaf() throws {
        let disk = try Self.sample()
        let leaves = try Self.pages(disk) { $0.isLeaf && $0.tag.value >= 16 }
        let audit = try Self.pages(disk) { $0.isLeaf && $0.tag.value == 2 }
        try Self.damage(disk, [leaves[2] * 4096..<leaves[2] * 4096 + 50, audit[0] * 4096..<audit[0] * 4096 + 50])
        let report = try Self.salvage(disk)
        #expect(!report.isComplete && report.damagedPages.map(Int.init) == [leaves[2], audit[0]].sorted())
        let lost = report.collections.reduce(0) { $0 + $1.missing }
        #expect(lost < 60 && report.collections.reduce(0) { $0 + $1.found } + lost == 601)
        let gaps = report.auditGaps.reduce(0) { $0 + $1.count }
        #expect(report.auditGaps.count == 1 && report.auditEntriesFound + UInt64(gaps) == 40)
    }

    @Test("a lost page of the map leaves its pages readable, and says that they may be outdated")
    func map() throws {
        let disk = try Self.sample()
        try Self.damage(disk, [2 * 4096..<2 * 4096 + 4096])
        let report = try Self.salvage(disk)
        #expect(report.damagedPages.contains(2))
        let notes = report.collections[1]
        #expect(notes.found == 600 && notes.possiblyOutdated > 0)
        try Self.expectAll(disk, report)
    }

    @Test("what cannot be salvaged has its own error, and no new file is left behind")
    func refusals() throws {
        let disk = try Self.sample()
        func code(
            _ old: String = "s", to new: String = "new", key: EncryptionKey = StoreFixture.key
        ) -> StoreError.Code? {
            do {
                _ = try Store.salvage(old, in: disk, to: new, in: disk, oldKey: key, newKey: key)
                return nil
            } catch { return error.code }
        }
        #expect(code("none") == .notFound)
        #expect(code(to: "s") == .alreadyExists)
        #expect(code(key: .none) == .keyRequired)
        #expect(code(key: .raw([UInt8](repeating: 1, count: 32))) == .wrongKey)
        disk.replaceContent(of: "text", with: Array(repeating: 0x20, count: 100_000))
        #expect(code("text") == .notAStore)
        disk.replaceContent(of: "nothing", with: [])
        #expect(code("nothing") == .notAStore)
        #expect(try disk.exists("new") == false)
        for share in [0, 0.7] {
            let stopped = try Store.salvage(
                "s", in: disk, to: "new", in: disk, oldKey: StoreFixture.key, newKey: StoreFixture.key
            ) { $0 < share }
            #expect(stopped == nil)
            #expect(try disk.exists("new") == false)
        }
    }
}
