import PageStore
import StoreIO
import StoreTestSupport
import Testing

/// Crashes of the page layer that a seeded walk over I/O steps meets too rarely; the walk itself is in CrashTests.
@Suite("Pager crashes")
struct PagerCrashTests {
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
        var images = CrashImages()
        var acknowledged: CommitSequence = 0
        var tried = 0
        for operation in disk.operations {
            images.advance(operation)
            if case .note(let sequence) = operation { acknowledged = CommitSequence(sequence) }
            guard case .write(_, let offset, _) = operation, offset <= 4096, acknowledged > 13 else { continue }
            tried += 1
            let crashed = SimulatedDisk(contents: images.image(images.draw(.newestOnly, seed: seed)).files)
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
