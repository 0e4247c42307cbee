import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// Backups, deltas, restoring and compaction.
@Suite("Backup and compaction")
struct BackupAndCompactionTests {
    private static let key = EncryptionKey.raw([UInt8](repeating: 7, count: 32))

    private static func options(_ seed: UInt64) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    private static func place(_ name: String, _ disk: SimulatedDisk) -> FilePlace { FilePlace(name, in: disk) }

    private static func document(_ id: Int, _ round: Int = 0) -> Document {
        let size = id % 17 == 0 ? 12_000 : 200
        return [
            "_id": .int32(Int32(id)), "round": .int32(Int32(round)),
            "t": .string(text(seed: UInt64(id * 31 + round), count: size)),
            "v": Vector((0..<4).map { Float((id * 7 + $0 * 3) % 11) + 0.5 }).value,
        ]
    }

    /// Text that does not deflate well.
    private static func text(seed: UInt64, count: Int) -> String {
        let random = SeededRandomSource(seed: seed)
        return String(decoding: (0..<count).map { _ in UInt8(33 + random.next() % 90) }, as: UTF8.self)
    }

    private static func makeStore(on disk: SimulatedDisk, documents: Int = 200) throws -> Store {
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create("s", in: disk, key: key, creation: creation, options: options(1))
        try store.writeSync { (tx) throws in try tx.createVectorIndex(on: "c", field: "v", dimension: 4) }
        for start in stride(from: 0, to: documents, by: 50) {
            try store.writeSync { (tx) throws in
                for id in start..<start + 50 { try tx.collection("c").insert(document(id)) }
                try tx.cache.set("k\(start)", [UInt8](repeating: 3, count: 100))
                try tx.audit.record(actor: "a", action: "insert", target: "\(start)")
            }
        }
        try store.linkVectors()
        return store
    }

    private static func content(_ store: Store) throws -> [String] {
        try store.readSync { (tx) throws in
            try tx.collection("c").find().map { $0.json(.canonical) } + tx.cache.keys().sorted()
                + ["\(try tx.audit.verify().entryCount) \(try tx.audit.verify().isIntact)"]
        }
    }

    private static func code(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    @Test(
        "a full backup opens with the same key, checks clean and equals the commit, with and without a log to copy from"
    )
    func full() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        for checkpointed in [false, true] {
            if checkpointed { try store.checkpoint() }
            let name = "b\(checkpointed)"
            let report = try store.backup(to: Self.place(name, disk))
            #expect(report.writtenPages == report.usedPages && report.usedPages > 50)
            let expected = try Self.content(store)
            let copy = try Store.open(name, in: disk, key: Self.key, expecting: nil, options: Self.options(3))
            #expect(try Self.content(copy) == expected)
            #expect(try copy.check().findings.map(\.reason) == [])
            #expect(
                try copy.readSync { try $0.collection("c").search(field: "v", vector: [1, 2, 3, 4], k: 3).count } == 3)
            try copy.writeSync { (tx) throws in try tx.collection("c").insert(Self.document(5000)) }
            try copy.close()
            #expect(try #require(disk.content(of: name)).count <= Int(report.byteCount) + 8192)
        }
        #expect(Self.code { try store.backup(to: Self.place("btrue", disk)) } == .alreadyExists)
    }

    @Test("deltas hold what changed, and a chain restores to each of its commits")
    func deltas() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let full = try store.backup(to: Self.place("full", disk))
        var chain = ["full"]
        var contents = [try Self.content(store)]
        var small = true
        for round in 1...3 {
            try store.writeSync { (tx) throws in
                for id in 0..<5 {
                    let id = id * round
                    try tx.collection("c").replace(.int32(Int32(id)), with: Self.document(id, round), upsert: true)
                }
                try tx.collection("c").delete(.int32(Int32(150 + round)))
            }
            if round == 2 { try store.checkpoint() }
            let name = "delta\(round)"
            let report = try store.backup(
                to: Self.place(name, disk), since: chain.map { Self.place($0, disk) })
            small = small && report.writtenPages < full.writtenPages / 2
            chain.append(name)
            contents.append(try Self.content(store))
        }
        #expect(small)
        for count in 1...chain.count {
            let name = "restored\(count)"
            try Store.restore(
                from: chain[..<count].map { Self.place($0, disk) }, to: Self.place(name, disk), key: Self.key,
                options: Self.options(20))
            let restored = try Store.open(name, in: disk, key: Self.key, options: Self.options(UInt64(30 + count)))
            #expect(try Self.content(restored) == contents[count - 1])
            #expect(try restored.check().isClean)
            try restored.close()
        }
        // A missing link, a wrong order and a damaged delta are found.
        for broken in [["full", "delta2"], ["full", "delta2", "delta1"], ["delta1"]] {
            let code = Self.code {
                try Store.restore(
                    from: broken.map { Self.place($0, disk) }, to: Self.place("x", disk), key: Self.key)
            }
            #expect(code != nil, "\(broken)")
        }
        var damaged = try #require(disk.content(of: "delta1"))
        damaged[damaged.count / 2] ^= 4
        disk.replaceContent(of: "delta1", with: damaged)
        #expect(
            Self.code {
                try Store.restore(
                    from: ["full", "delta1"].map { Self.place($0, disk) }, to: Self.place("x", disk), key: Self.key)
            } != nil)
        #expect(try !disk.exists("x") && !disk.exists("x.smartstore-new"))
        #expect(
            Self.code {
                try Store.restore(
                    from: [Self.place("full", disk)], to: Self.place("x", disk),
                    key: .raw([UInt8](repeating: 1, count: 32)))
            } == .wrongKey)
    }

    @Test("a damaged page stops a backup by name and leaves no file")
    func damaged() throws {
        let disk = SimulatedDisk()
        try Self.makeStore(on: disk).close()
        var bytes = try #require(disk.content(of: "s"))
        for page in 5..<40 { bytes[page * 4096 + 777] ^= 1 }
        disk.replaceContent(of: "s", with: bytes)
        // The map alone is sound: whichever page is read first is named.
        let store = try Pager.open(
            "s", in: disk, key: .raw(SecretKey(copying: [UInt8](repeating: 7, count: 32).span.bytes)))
        #expect(throws: PageFault.corruptPage(PageID(5))) { try store.backup(to: Self.place("b", disk)) }
        #expect(try !disk.exists("b") && !disk.exists("b.smartstore-new"))
    }

    @Test("compaction makes a file of mostly free pages small, keeps every value, and checks clean")
    func compaction() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk, documents: 2000)
        try store.writeSync { (tx) throws in
            for id in 0..<2000 where id % 20 != 19 { try tx.collection("c").delete(.int32(Int32(id))) }
            // A root at the file's end.
            try tx.collection("late").insert(["_id": 1])
        }
        let expected = try Self.content(store)
        try store.close()
        let before = try #require(disk.content(of: "s")).count
        let report = try Store.compact(Self.place("s", disk), key: Self.key, options: Self.options(8))
        let after = try #require(disk.content(of: "s")).count
        #expect(report.bytesBefore == UInt64(before) && report.bytesAfter == UInt64(after))
        #expect(after < before / 2)
        let again = try Store.open("s", in: disk, key: Self.key, options: Self.options(9))
        #expect(try Self.content(again) == expected)
        #expect(try again.check().findings.map(\.reason) == [])
        let statistics = try again.statistics()
        #expect(
            statistics.freePageCount * 20 <= statistics.pageCount,
            "\(statistics.freePageCount) of \(statistics.pageCount)")
        #expect(
            try again.readSync { try $0.collection("c").search(field: "v", vector: [1, 2, 3, 4], k: 3).count } == 3)
        try again.writeSync { (tx) throws in for id in 5000..<5300 { try tx.collection("c").insert(Self.document(id)) }
        }
        #expect(try again.check().isClean)
        try again.close()
    }

    @Test("compaction beside a reader and a writer keeps both right")
    func online() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk, documents: 1000)
        let view = try store.beginRead()
        try store.writeSync { (tx) throws in
            for id in 0..<1000 where id % 10 != 9 { try tx.collection("c").delete(.int32(Int32(id))) }
        }
        let report = try store.compact()
        #expect(report.movedPages > 0)
        #expect(try view.collection("c").count() == 1000)
        #expect(try view.collection("c").find().count == 1000)
        view.close()
        try store.writeSync { (tx) throws in try tx.collection("c").insert(Self.document(9999)) }
        #expect(try store.check().isClean)
        #expect(try store.readSync { try $0.collection("c").find().count } == 101)
        try store.close()
    }

    @Test("a compaction that crashes anywhere loses nothing")
    func compactionCrashes() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk, documents: 300)
        try store.writeSync { (tx) throws in
            for id in 0..<300 where id % 10 != 9 { try tx.collection("c").delete(.int32(Int32(id))) }
        }
        let expected = try Self.content(store)
        try store.close()
        let base = try #require(disk.content(of: "s"))
        let mark = disk.operations.count
        _ = try Store.compact(Self.place("s", disk), key: Self.key, options: Self.options(8))
        var images = CrashImages(base: ["s": DiskContent(base)])
        var tried = 0
        for operation in disk.operations[mark...] {
            images.advance(operation)
            for damage in CrashDamage.allCases {
                let opened = try Store.open(
                    "s", in: SimulatedDisk(contents: images.image(images.draw(damage, seed: UInt64(tried))).files),
                    key: Self.key, options: Self.options(10))
                #expect(try Self.content(opened) == expected)
                #expect(try opened.check().isClean)
                tried += 1
            }
        }
        #expect(tried > 200)
    }
}
