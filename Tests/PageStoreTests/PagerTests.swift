import PageStore
import StoreIO
import StoreTestSupport
import Testing

/// A store of numbered cells, one per page, for trials of the page layer alone.
struct PageModel {
    var values: [UInt64: UInt64] = [:]

    static func write(_ value: UInt64, to frame: PageFrame) {
        frame.withMutableBytes { bytes in
            bytes.storeBytes(of: UInt8(200), toByteOffset: 0, as: UInt8.self)
            for offset in stride(from: 8, to: bytes.byteCount - 8, by: 64) {
                bytes.storeBytes(of: value &+ UInt64(offset), toByteOffset: offset, as: UInt64.self)
            }
        }
    }

    static func read(_ frame: PageFrame) -> UInt64? {
        frame.withBytes { bytes in
            let value = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self) &- 8
            for offset in stride(from: 8, to: bytes.byteCount - 8, by: 64)
            where bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != value &+ UInt64(offset) {
                return nil
            }
            return value
        }
    }

    func matches(_ view: PageView) throws -> Bool {
        for (page, value) in values where try Self.read(view.page(PageID(page))) != value { return false }
        return true
    }
}

enum PagerFixture {
    static func key(_ isEncrypted: Bool) -> StoreKey {
        isEncrypted ? .raw(SecretKey(copying: [UInt8](repeating: 7, count: 32).span.bytes)) : .none
    }

    static func options(seed: UInt64) -> PagerOptions {
        var options = PagerOptions()
        options.checkpointsInBackground = false
        options.logByteLimit = 1 << 20
        options.cacheByteLimit = 1 << 20
        if seed % 3 == 0 {
            options.zeroedExtentByteCount = 0
            options.zeroesAheadByteCount = 20_000
        }
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }
}

@Suite("Pager")
struct PagerTests {
    @Test("what is committed is read back, also after close and open", arguments: [true, false], [4096, 8192, 65536])
    func roundTrip(isEncrypted: Bool, pageSize: Int) throws {
        let disk = SimulatedDisk()
        var creation = CreateOptions()
        creation.pageSize = pageSize
        let key = PagerFixture.key(isEncrypted)
        var model = PageModel()
        let pager = try Pager.create(
            "a", in: disk, key: key, creation: creation, options: PagerFixture.options(seed: 1))
        for round in 0..<40 {
            let transaction = try pager.beginTransaction()
            for index in 0..<10 {
                let frame = try transaction.allocate()
                PageModel.write(UInt64(round * 100 + index), to: frame)
                model.values[frame.id.number] = UInt64(round * 100 + index)
            }
            _ = try transaction.commit()
            let snapshot = try pager.beginSnapshot()
            #expect(try model.matches(snapshot))
            snapshot.close()
            if round % 7 == 0 { try pager.checkpoint() }
        }
        try pager.close()
        let again = try Pager.open("a", in: disk, key: key, options: PagerFixture.options(seed: 2))
        let snapshot = try again.beginSnapshot()
        #expect(try model.matches(snapshot))
        let check = try again.beginTransaction()
        let census = try check.census()
        #expect(census.findings == [])
        #expect(census.used.count == model.values.count)
        check.rollBack()
        snapshot.close()
        try again.close()
    }

    @Test("a page that is written often does not fill the cache with what it was")
    func rewritten() throws {
        var options = PagerFixture.options(seed: 4)
        options.cacheByteLimit = 1024 * 4096 * 32
        var creation = CreateOptions()
        creation.pageSize = 4096
        let disk = SimulatedDisk()
        disk.stopRecording()
        let pager = try Pager.create("a", in: disk, key: .none, creation: creation, options: options)
        var transaction = try pager.beginTransaction()
        let pages = try (0..<100).map { _ in try transaction.allocate().id }
        _ = try transaction.commit()
        let before = try pager.report().cachedFrameCount
        let old = try pager.beginSnapshot()
        for value in 0..<1000 as Range<UInt64> {
            // While somebody still reads the first version, the others are kept as well, as far as there is room.
            if value == 20 { old.close() }
            transaction = try pager.beginTransaction()
            PageModel.write(value, to: try transaction.mutablePage(pages[7]))
            _ = try transaction.commit()
            if value == 600 { try pager.checkpoint() }
        }
        let after = try pager.report().cachedFrameCount
        // Of the first twenty versions and of pages of the map names are left.
        #expect(after <= before + 100)
        let reads = pager.statistics.pageReads.count
        let snapshot = try pager.beginSnapshot()
        for page in pages { _ = try snapshot.page(page) }
        #expect(pager.statistics.pageReads.count == reads)
        snapshot.close()
        try pager.close()
    }

    @Test("a second opening of a cleanly closed file changes nothing")
    func quietReopen() throws {
        let disk = SimulatedDisk()
        let pager = try Pager.create("a", in: disk, key: .none, options: PagerFixture.options(seed: 1))
        let transaction = try pager.beginTransaction()
        PageModel.write(5, to: try transaction.allocate())
        _ = try transaction.commit()
        try pager.close()
        let before = disk.content(of: "a")
        let changes = disk.changeCount
        let again = try Pager.open("a", in: disk, key: .none, options: PagerFixture.options(seed: 2))
        try again.close()
        #expect(disk.content(of: "a") == before)
        #expect(disk.changeCount == changes)
    }

    @Test(
        "random commits, rollbacks, frees, snapshots, checkpoints and reopenings agree with a model",
        arguments: 1...6 as ClosedRange<UInt64>)
    func randomModel(seed: UInt64) throws {
        var random = SeededRandomSource(seed: seed)
        let disk = SimulatedDisk()
        disk.stopRecording()
        let key = PagerFixture.key(seed % 2 == 0)
        var creation = CreateOptions()
        creation.pageSize = 4096
        var pager = try Pager.create(
            "a", in: disk, key: key, creation: creation, options: PagerFixture.options(seed: seed))
        var model = PageModel()
        var snapshots: [(Snapshot, PageModel)] = []
        for step in 0..<800 {
            switch random.next() % 20 {
            case 0..<12:
                let transaction = try pager.beginTransaction()
                var changed = model
                for _ in 0..<Int(random.next() % 30 + 1) {
                    let value = random.next() >> 8
                    switch random.next() % 4 {
                    case 0, 1:
                        let frame = try transaction.allocate()
                        #expect(changed.values[frame.id.number] == nil)
                        PageModel.write(value, to: frame)
                        changed.values[frame.id.number] = value
                    case 2:
                        if let page = changed.values.keys.sorted().randomElement(using: &random) {
                            PageModel.write(value, to: try transaction.mutablePage(PageID(page)))
                            changed.values[page] = value
                        }
                    default:
                        if let page = changed.values.keys.sorted().randomElement(using: &random) {
                            try transaction.free(PageID(page))
                            changed.values[page] = nil
                        }
                    }
                    if random.next() % 10 == 0 { try transaction.relieve() }
                }
                if random.next() % 5 == 0 {
                    transaction.rollBack()
                } else {
                    _ = try transaction.commit(Durability.allCases[Int(random.next() % 3)])
                    model = changed
                    try pager.flush()
                }
            case 12..<14:
                if snapshots.count < 4 { snapshots.append((try pager.beginSnapshot(), model)) }
            case 14..<16:
                if !snapshots.isEmpty {
                    let (snapshot, expected) = snapshots.remove(at: Int(random.next() % UInt64(snapshots.count)))
                    #expect(try expected.matches(snapshot), "step \(step)")
                    snapshot.close()
                }
            case 16..<19: try pager.checkpoint()
            default:
                for (snapshot, expected) in snapshots {
                    #expect(try expected.matches(snapshot))
                    snapshot.close()
                }
                snapshots = []
                try pager.close()
                pager = try Pager.open("a", in: disk, key: key, options: PagerFixture.options(seed: random.next()))
                let check = try pager.beginTransaction()
                let census = try check.census()
                #expect(census.findings == [], "step \(step)")
                #expect(census.used == Set(model.values.keys), "step \(step)")
                check.rollBack()
            }
        }
        for (snapshot, expected) in snapshots {
            #expect(try expected.matches(snapshot))
            snapshot.close()
        }
        let snapshot = try pager.beginSnapshot()
        #expect(try model.matches(snapshot))
        snapshot.close()
        try pager.close()
    }

    @Test(
        "a transaction larger than its memory spills, commits whole and survives reopening", arguments: [true, false])
    func spills(commits: Bool) throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = PagerFixture.options(seed: 3)
        options.transactionByteLimit = 1 << 19
        var pager = try Pager.create("a", in: disk, key: PagerFixture.key(true), options: options)
        var model = PageModel()
        let first = try pager.beginTransaction()
        for index in 0..<3000 {
            try first.relieve()
            let frame = try first.allocate()
            PageModel.write(UInt64(index), to: frame)
            model.values[frame.id.number] = UInt64(index)
        }
        for page in model.values.keys.sorted().prefix(500) {
            try first.relieve()
            PageModel.write(page + 9, to: try first.mutablePage(PageID(page)))
            model.values[page] = page + 9
        }
        #expect(try model.matches(first))
        if commits {
            _ = try first.commit()
        } else {
            first.rollBack()
            model.values = [:]
        }
        let second = try pager.beginTransaction()
        let frame = try second.allocate()
        PageModel.write(77, to: frame)
        model.values[frame.id.number] = 77
        _ = try second.commit()
        // Reopen without a close: the log is replayed.
        let image = try #require(disk.content(of: "a"))
        let copy = SimulatedDisk(files: ["a": image])
        let recovered = try Pager.open("a", in: copy, key: PagerFixture.key(true), options: options)
        let snapshot = try recovered.beginSnapshot()
        #expect(try model.matches(snapshot))
        snapshot.close()
        try recovered.close()
        try pager.close()
        pager = try Pager.open("a", in: disk, key: PagerFixture.key(true), options: options)
        let check = try pager.beginTransaction()
        let census = try check.census()
        #expect(census.findings == [])
        #expect(census.used == Set(model.values.keys))
        check.rollBack()
        try pager.close()
    }

    @Test("after a big transaction was given up, data pages never grow into the log's extents")
    func abandonedExtents() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = PagerFixture.options(seed: 4)
        options.transactionByteLimit = 1 << 18
        // No checkpoint comes between, which would adopt the extents by itself.
        options.logByteLimit = 64 << 20
        let pager = try Pager.create("a", in: disk, key: .none, options: options)
        let first = try pager.beginTransaction()
        PageModel.write(1, to: try first.allocate())
        _ = try first.commit()
        let big = try pager.beginTransaction()
        for index in 0..<2000 {
            try big.relieve()
            PageModel.write(UInt64(index), to: try big.allocate())
        }
        big.rollBack()
        // All its pages are taken before anything is logged.
        var model = PageModel()
        let next = try pager.beginTransaction()
        for index in 0..<1000 {
            let frame = try next.allocate()
            PageModel.write(UInt64(index), to: frame)
            model.values[frame.id.number] = UInt64(index)
        }
        _ = try next.commit()
        try pager.checkpoint()
        let check = try pager.beginTransaction()
        let census = try check.census()
        #expect(census.findings == [])
        #expect(census.used.count == 1001)
        #expect(try model.matches(check))
        check.rollBack()
        try pager.close()
    }
}
