import PageStore
import StoreIO
import StoreTestSupport
import Testing

/// Crashes of the page layer after every write and sync of a workload.
@Suite("Pager crashes")
struct PagerCrashTests {
    /// Runs a workload of commits, rollbacks, spills, checkpoints and a close; the model after each commit is kept.
    private static func workload(
        on disk: SimulatedDisk, seed: UInt64, key: StoreKey
    ) throws -> [CommitSequence: PageModel] {
        var random = SeededRandomSource(seed: seed)
        var options = PagerFixture.options(seed: seed)
        options.transactionByteLimit = 1 << 18
        var creation = CreateOptions()
        creation.pageSize = 4096
        var pager = try Pager.create("a", in: disk, key: key, creation: creation, options: options)
        var model = PageModel()
        var models: [CommitSequence: PageModel] = [pager.published.sequence: model]
        disk.note(Int(pager.published.sequence))
        for step in 0..<60 {
            let transaction = try pager.beginTransaction()
            var changed = model
            let count = step % 13 == 12 ? 120 : Int(random.next() % 12 + 1)
            for _ in 0..<count {
                try transaction.relieve()
                let value = random.next() >> 8
                let known = changed.values.keys.sorted()
                switch random.next() % 5 {
                case 0, 1, 2:
                    let frame = try transaction.allocate()
                    PageModel.write(value, to: frame)
                    changed.values[frame.id.number] = value
                case 3:
                    if let page = known.randomElement(using: &random) {
                        PageModel.write(value, to: try transaction.mutablePage(PageID(page)))
                        changed.values[page] = value
                    }
                default:
                    if let page = known.randomElement(using: &random) {
                        try transaction.free(PageID(page))
                        changed.values[page] = nil
                    }
                }
            }
            if random.next() % 8 == 0 {
                transaction.rollBack()
            } else {
                let relaxed = random.next() % 4 == 0
                let ticket = try transaction.prepareCommit(relaxed ? .relaxed : .grouped)
                model = changed
                models[ticket.sequence] = model
                try pager.await(ticket)
                if !relaxed { disk.note(Int(ticket.sequence)) }
            }
            if step % 6 == 5 { try pager.checkpoint() }
            if step == 40 {
                try pager.close()
                pager = try Pager.open("a", in: disk, key: key, options: options)
            }
        }
        try pager.close()
        return models
    }

    @Test("a crash after any write or sync loses nothing acknowledged and shows one commit", arguments: [true, false])
    func everyPoint(isEncrypted: Bool) throws {
        let key = PagerFixture.key(isEncrypted)
        let disk = SimulatedDisk()
        let seed: UInt64 = isEncrypted ? 11 : 12
        let models = try Self.workload(on: disk, seed: seed, key: key)
        var images = CrashImages(seed: seed)
        var acknowledged: CommitSequence = 0
        var tried = 0
        for (index, operation) in disk.operations.enumerated() {
            images.advance(operation)
            if case .note(let sequence) = operation {
                acknowledged = CommitSequence(sequence)
                continue
            }
            for damage in CrashDamage.allCases {
                let files = images.image(damage)
                guard files["a"] != nil else {
                    #expect(acknowledged == 0)
                    continue
                }
                tried += 1
                let crashed = SimulatedDisk(files: files)
                crashed.stopRecording()
                do {
                    let pager = try Pager.open("a", in: crashed, key: key, options: PagerFixture.options(seed: 5))
                    let check = try pager.beginTransaction()
                    let census = try check.census()
                    let sequence = check.base.sequence
                    // Commits of checkpoints change no content: the newest known model not after it counts.
                    let known = try #require(models.keys.filter { $0 <= sequence }.max())
                    let model = try #require(models[known])
                    #expect(sequence >= acknowledged, "operation \(index), \(damage)")
                    #expect(census.findings == [], "operation \(index), \(damage)")
                    #expect(census.used == Set(model.values.keys), "operation \(index), \(damage)")
                    #expect(try model.matches(check), "operation \(index), \(damage)")
                    // One further commit succeeds and survives.
                    let frame = try check.allocate()
                    PageModel.write(4711, to: frame)
                    _ = try check.commit()
                    let left = try #require(crashed.content(of: "a"))
                    let second = SimulatedDisk(files: ["a": left])
                    let again = try Pager.open("a", in: second, key: key, options: PagerFixture.options(seed: 6))
                    let view = try again.beginSnapshot()
                    #expect(try PageModel.read(view.page(frame.id)) == 4711)
                    #expect(try model.matches(view))
                    view.close()
                } catch {
                    Issue.record("operation \(index) \(operation.summary), \(damage): \(error)")
                    return
                }
            }
        }
        #expect(tried >= 1500)
        print("crash images of the page layer: \(tried)")
    }

    @Test(
        "a slot that reached the disk before the log it names leaves a store that goes on",
        arguments: 1...3 as ClosedRange<UInt64>)
    func slotBeforeLog(seed: UInt64) throws {
        let disk = SimulatedDisk()
        var options = PagerFixture.options(seed: seed)
        options.transactionByteLimit = 1 << 18
        var creation = CreateOptions()
        creation.pageSize = 4096
        let pager = try Pager.create("a", in: disk, key: .none, creation: creation, options: options)
        var pages: [PageID] = []
        for step in 0..<14 {
            let transaction = try pager.beginTransaction()
            for _ in 0..<300 {
                try transaction.relieve()
                let frame = try transaction.allocate()
                PageModel.write(UInt64(step), to: frame)
                pages.append(frame.id)
            }
            disk.note(Int(try transaction.commit().sequence))
            try pager.checkpoint()
        }
        for big in [500, 900, 2500] {
            let transaction = try pager.beginTransaction()
            for page in pages.prefix(big) {
                try transaction.relieve()
                PageModel.write(seed, to: try transaction.mutablePage(page))
            }
            _ = try transaction.commit(.relaxed)
        }
        var images = CrashImages(seed: seed)
        var acknowledged: CommitSequence = 0
        var tried = 0
        for operation in disk.operations {
            images.advance(operation)
            if case .note(let sequence) = operation { acknowledged = CommitSequence(sequence) }
            guard case .write(_, let offset, _) = operation, offset <= 4096, acknowledged > 13 else { continue }
            tried += 1
            let crashed = SimulatedDisk(files: images.image(.newestOnly))
            crashed.stopRecording()
            let opened = try Pager.open("a", in: crashed, key: .none, options: PagerFixture.options(seed: 99))
            #expect(opened.published.sequence >= acknowledged)
            let transaction = try opened.beginTransaction()
            #expect(try transaction.census().findings == [])
            for _ in 0..<10 { PageModel.write(7, to: try transaction.allocate()) }
            _ = try transaction.commit()
            try opened.close()
        }
        #expect(tried >= 4)
    }
}

extension DiskOperation {
    var summary: String {
        switch self {
        case .write(_, let offset, let bytes): "write \(bytes.count) at \(offset)"
        case .resize(_, let byteCount): "resize \(byteCount)"
        case .sync: "sync"
        default: "\(self)"
        }
    }
}
