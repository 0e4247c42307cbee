import StoreIO
import StoreTestSupport
import Testing

@testable import PageStore

@Suite("Changes of pages in the log")
struct PageChangesTests {
    private static func page(_ number: UInt64, _ byteCount: Int, _ random: SeededRandomSource) -> PageFrame {
        let frame = PageFrame(id: PageID(number), byteCount: byteCount)
        frame.withMutableBytes { bytes in
            for offset in 0..<byteCount {
                bytes.storeBytes(of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: offset, as: UInt8.self)
            }
        }
        return frame
    }

    private static func bytes(_ frame: PageFrame) -> [UInt8] { frame.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } }

    private static func store(_ bytes: [UInt8], in frame: PageFrame) {
        frame.withMutableBytes { span in
            for (offset, byte) in bytes.enumerated() { span.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
        }
    }

    /// What trees do to pages: slots put in and taken out, cells written, a few words set.
    private static func edited(_ old: PageFrame, _ source: SeededRandomSource) -> PageFrame {
        var random = source
        var content = bytes(old)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let from = Int.random(in: 2..<content.count / 16, using: &random) * 8
            let to = Int.random(in: content.count / 16..<content.count / 8, using: &random) * 8
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                content.insert(contentsOf: (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }, at: from)
                content.removeSubrange(to..<to + 8)
            case 1:
                content.removeSubrange(from..<from + 8)
                content.insert(contentsOf: [UInt8](repeating: 0, count: 8), at: to - 8)
            case 2:
                for place in to..<min(to + Int.random(in: 1..<200, using: &random), content.count) {
                    content[place] = UInt8.random(in: 0...255, using: &random)
                }
            default: content[Int.random(in: 0..<content.count, using: &random)] ^= 0x55
            }
        }
        let new = old.copy()
        store(content, in: new)
        return new
    }

    @Test("what the changes make of the old page is the new one, at every page size", arguments: [4096, 8192, 65536])
    func roundTrip(pageSize: Int) throws {
        var random = SeededRandomSource(seed: UInt64(pageSize))
        let byteCount = pageSize - 48
        var writer = PageChangeWriter(payloadByteCount: byteCount)
        var pages: [(old: PageFrame, new: PageFrame)] = []
        for number in 0..<300 {
            let old = Self.page(UInt64(10 + number), byteCount, random)
            let new = Self.edited(old, random)
            if writer.add(new, since: old, version: UInt64(number)) { pages.append((old, new)) }
        }
        #expect(pages.count > 250)
        #expect(writer.frames.count < pages.count / 4)
        let entries = try writer.frames.flatMap { try #require(PageChanges.entries(of: $0)) }
        #expect(entries.map(\.page) == pages.map(\.new.id.number))
        for (place, page) in zip(writer.places, pages) {
            let payload = writer.frames[place.frame]
            let change = try #require(PageChanges.entry(at: place.part, of: payload))
            #expect(change.page == page.new.id.number && change.base == change.page - 10)
            let made = try #require(PageChanges.apply(change, of: payload, to: page.old))
            #expect(Self.bytes(made) == Self.bytes(page.new))
        }
    }

    @Test("a slot that is put in or taken out costs some dozen bytes, and an equal page none")
    func small() throws {
        var random = SeededRandomSource(seed: 3)
        let old = Self.page(10, 8144, random)
        func cost(_ content: some Sequence<UInt8>) throws -> Int {
            let new = old.copy()
            Self.store(Array(content), in: new)
            var writer = PageChangeWriter(payloadByteCount: 8144)
            guard writer.add(new, since: old, version: 1) else { return .max }
            let used = writer.frames[0].withBytes { $0.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self) }
            return Int(used) - 8 - 18
        }
        let content = Self.bytes(old)
        #expect(try cost(content) == 0)
        // Into the slots at 800, of which the last ends at 2400.
        let (before, after) = (content[..<800], content[2400...])
        #expect(try cost(before + [1, 2, 3, 4, 5, 6, 7, 8] + content[800..<2392] + after) < 40)
        #expect(try cost(before + content[808..<2400] + [0, 0, 0, 0, 0, 0, 0, 0] + after) < 40)
        // A page of another content is not worth it.
        #expect(try cost(Self.bytes(Self.page(11, 8144, random))) == .max)
    }

    @Test("payloads of other bytes are refused or leave the page's length alone, and never trap")
    func hostile() throws {
        var random = SeededRandomSource(seed: 5)
        let old = Self.page(10, 4048, random)
        var writer = PageChangeWriter(payloadByteCount: 4048)
        for _ in 0..<20 { _ = writer.add(Self.edited(old, random), since: old, version: 7) }
        let right = Self.bytes(writer.frames[0])
        var (refused, applied) = (0, 0)
        for _ in 0..<20_000 {
            var content = right
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                content[Int.random(in: 0..<600, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let payload = PageFrame(id: PageChanges.page, byteCount: 4048)
            Self.store(content, in: payload)
            let part = Int.random(in: 0..<4100, using: &random)
            let atPart = PageChanges.entry(at: part, of: payload).map { [$0] } ?? []
            for entry in (PageChanges.entries(of: payload) ?? []) + atPart {
                if let made = PageChanges.apply(entry, of: payload, to: old) {
                    applied += 1
                    #expect(made.byteCount == old.byteCount)
                } else {
                    refused += 1
                }
            }
        }
        #expect(refused > 100 && applied > 100)
    }

    /// Some words of a page.
    private static func touch(_ transaction: PageTransaction, _ page: PageID, _ value: UInt64) throws {
        try transaction.mutablePage(page).withMutableBytes { bytes in
            bytes.storeBytes(of: value, toByteOffset: 64 + Int(value % 40) * 8, as: UInt64.self)
        }
    }

    @Test(
        "histories are read back from the log, by old readers, with few frames in memory, after checkpoints and crashes",
        arguments: [1, 2, 3, 4, 5, 6])
    func histories(seed: UInt64) throws {
        var random = SeededRandomSource(seed: seed)
        var disk = SimulatedDisk()
        disk.stopRecording()
        let key = PagerFixture.key(seed % 2 == 0)
        var options = PagerFixture.options(seed: seed)
        options.cacheByteLimit = seed % 3 == 0 ? 1 << 20 : 64 << 10
        options.logByteLimit = 64 << 20
        var creation = CreateOptions()
        creation.pageSize = 4096
        var pager = try Pager.create("a", in: disk, key: key, creation: creation, options: options)
        var pages: [PageID] = []
        var model: [PageID: [UInt8]] = [:]
        var readers: [(view: Snapshot, model: [PageID: [UInt8]])] = []
        func expect(_ view: PageView, _ model: [PageID: [UInt8]]) throws {
            for (page, content) in model { #expect(try Self.bytes(view.page(page)) == content, "\(page)") }
        }
        var changes = 0
        for round in 0..<400 {
            let transaction = try pager.beginTransaction()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                if pages.count < 60 {
                    pages.append(try transaction.allocate().id)
                    model[pages[pages.count - 1]] = []
                }
                let page = pages[Int.random(in: 0..<pages.count, using: &random)]
                try Self.touch(transaction, page, random.next())
            }
            for page in pages where transaction.dirty[page.number] != nil {
                model[page] = try Self.bytes(transaction.page(page))
            }
            _ = try transaction.commit()
            changes += pager.cache.versions(atMost: .max).count { !$0.image.isWhole }
            switch Int.random(in: 0..<24, using: &random) {
            case 0...2: readers.append((try pager.beginSnapshot(), model))
            case 3...5 where !readers.isEmpty:
                let reader = readers.remove(at: Int.random(in: 0..<readers.count, using: &random))
                try expect(reader.view, reader.model)
                reader.view.close()
            case 6...7: try pager.checkpoint()
            case 8 where round > 100:
                for reader in readers {
                    try expect(reader.view, reader.model)
                    reader.view.close()
                }
                readers = []
                // As after a crash: the log is replayed.
                disk = SimulatedDisk(contents: disk.contents)
                disk.stopRecording()
                pager = try Pager.open("a", in: disk, key: key, options: options)
                let snapshot = try pager.beginSnapshot()
                try expect(snapshot, model)
                snapshot.close()
            default: break
            }
            if round % 20 == 0 {
                let snapshot = try pager.beginSnapshot()
                try expect(snapshot, model)
                snapshot.close()
            }
        }
        #expect(changes > 1000, "nothing was logged as changes")
        for reader in readers {
            try expect(reader.view, reader.model)
            reader.view.close()
        }
        try pager.close()
        pager = try Pager.open("a", in: disk, key: key, options: options)
        let snapshot = try pager.beginSnapshot()
        try expect(snapshot, model)
        snapshot.close()
        try pager.close()
    }

    @Test("commits of so many pages that they are compared in pieces are read back, as is what recovery makes of them")
    func largeCommits() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = PagerFixture.options(seed: 3)
        options.logByteLimit = 256 << 20
        options.cacheByteLimit = 256 << 10
        var creation = CreateOptions()
        creation.pageSize = 4096
        var pager = try Pager.create("a", in: disk, key: PagerFixture.key(true), creation: creation, options: options)
        let random = SeededRandomSource(seed: 8)
        var pages: [PageID] = []
        var model: [PageID: [UInt8]] = [:]
        func verify() throws {
            let snapshot = try pager.beginSnapshot()
            for page in pages { #expect(try Self.bytes(snapshot.page(page)) == model[page], "\(page)") }
            snapshot.close()
        }
        for round in 0..<6 as Range<UInt64> {
            let transaction = try pager.beginTransaction()
            for _ in 0..<(round == 0 ? 1500 : 0) { pages.append(try transaction.allocate().id) }
            for page in pages where round == 0 || random.next() % 5 > 0 {
                try Self.touch(transaction, page, random.next())
                // Some differ in so much that they are logged whole, among the others.
                if random.next() % 8 == 0 {
                    try transaction.mutablePage(page).withMutableBytes { bytes in
                        for offset in stride(from: 512, to: bytes.byteCount - 8, by: 16) {
                            bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
                        }
                    }
                }
                model[page] = try Self.bytes(transaction.page(page))
            }
            _ = try transaction.commit()
            try verify()
        }
        let versions = pager.cache.versions(atMost: .max)
        #expect(versions.count { !$0.image.isWhole } > 800 && versions.count { $0.image.isWhole } > 100)
        let after = SimulatedDisk(contents: disk.contents)
        after.stopRecording()
        pager = try Pager.open("a", in: after, key: PagerFixture.key(true), options: options)
        try verify()
        try pager.close()
    }

    @Test("a page that is written while older commits are still seen leaves no names of what is gone in the queue")
    func names() throws {
        let cache = PageCache(frameLimit: 10_000)
        // A group of eight is appended before one of them is seen.
        for sequence in 1...800 as ClosedRange<CommitSequence> {
            let frame = PageFrame(id: PageID(7), byteCount: 4048)
            cache.addVersion(
                7, sequence: sequence, image: LoggedImage(offset: sequence, tag: sequence), frame: frame,
                oldest: (sequence - 1) / 8 * 8)
            guard case .frame(let found) = cache.find(7, atMost: sequence) else {
                Issue.record("the newest version \(sequence) is not there")
                return
            }
            #expect(found === frame)
            if sequence % 100 == 0 { cache.movedHome(7, version: sequence - 4) }
        }
        #expect(cache.frameCount <= 16, "names of frames that are gone")
    }

    @Test("files of format 4 get no changes in their log")
    func olderFormat() throws {
        for version: UInt32 in [4, 5] {
            let disk = SimulatedDisk()
            var creation = CreateOptions()
            creation.formatVersion = version
            let options = PagerFixture.options(seed: 9)
            let pager = try Pager.create(
                "a", in: disk, key: PagerFixture.key(false), creation: creation, options: options)
            var pages: [PageID] = []
            for round in 0..<4 {
                let transaction = try pager.beginTransaction()
                if round == 0 { pages = try (0..<5).map { _ in try transaction.allocate().id } }
                for page in pages { try Self.touch(transaction, page, UInt64(round + 1)) }
                _ = try transaction.commit()
            }
            let logged = pager.cache.versions(atMost: .max).count { !$0.image.isWhole }
            #expect(logged == (version == 4 ? 0 : 5))
            try pager.close()
        }
    }

    @Test("a log is cut where no change stands on what is before, also when a reader is older than the checkpoint")
    func cut() throws {
        let cache = PageCache(frameLimit: 1000)
        func add(_ page: UInt64, _ sequence: UInt64, isWhole: Bool) {
            cache.addVersion(
                page, sequence: sequence, image: LoggedImage(offset: 0, tag: 0, part: isWhole ? 0 : 8), frame: nil,
                oldest: 0)
        }
        add(10, 1, isWhole: true)
        add(10, 4, isWhole: false)
        add(11, 2, isWhole: true)
        add(11, 3, isWhole: false)
        add(12, 5, isWhole: true)
        add(10, 7, isWhole: true)
        add(10, 9, isWhole: false)
        add(12, 8, isWhole: false)
        #expect((1...10).map { cache.cut(atMost: $0) } == [0, 0, 0, 4, 4, 4, 4, 4, 9, 10])
        #expect(cache.cut(atMost: 8) == 4, "8 divides page 10's changes, and 6 those of page 12")
    }
}
