// The index of frames for readers of many pages: what it finds, what it leaves to the cache, and when it lets go.

import Foundation
import PageStore
import Synchronization
import Testing

@Suite("Frame index", .timeLimit(.minutes(2)))
struct FrameIndexTests {
    private static func frame(_ page: UInt64, content: UInt64 = 0) -> PageFrame {
        let frame = PageFrame(id: PageID(page), byteCount: 256)
        frame.withMutableBytes { bytes in
            for offset in stride(from: 0, to: 256, by: 8) {
                bytes.storeBytes(of: page &* 1_000_003 &+ content, toByteOffset: offset, as: UInt64.self)
            }
        }
        return frame
    }

    private static func content(_ frame: PageFrame) -> UInt64? {
        frame.withBytes { bytes in
            let first = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
            for offset in stride(from: 8, to: 256, by: 8)
            where bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != first { return nil }
            return first &- frame.id.number &* 1_000_003
        }
    }

    private static func collect(_ index: FrameIndex, _ pages: [UInt64], atMost sequence: UInt64 = 9) -> [PageFrame?] {
        var frames: [PageFrame?] = []
        index.collect(pages.map { PageID($0) }, atMost: sequence, stripe: 3, into: &frames)
        return frames
    }

    @Test("what was put in is found, in the order asked for; other pages are left to the cache")
    func finds() {
        let index = FrameIndex(frameLimit: 64, shardCount: 32)
        let frames = (0..<40).map { Self.frame(UInt64($0)) }
        for frame in frames { index.put(frame, shownFrom: 0) }
        let found = Self.collect(index, [7, 99, 0, 7, 31])
        #expect(found.map { $0?.id.number } == [7, nil, 0, 7, 31])
        #expect(found[0] === frames[7] && found[3] === frames[7])
    }

    @Test("a snapshot before the commit that made a version does not get it")
    func respectsSequences() {
        let index = FrameIndex(frameLimit: 8, shardCount: 4)
        index.put(Self.frame(5, content: 1), shownFrom: 3)
        #expect(Self.collect(index, [5], atMost: 2)[0] == nil)
        #expect(Self.collect(index, [5], atMost: 3)[0].flatMap(Self.content) == 1)
        index.put(Self.frame(5, content: 2), shownFrom: 6)
        #expect(Self.collect(index, [5], atMost: 5)[0] == nil)
        #expect(Self.collect(index, [5], atMost: 6)[0].flatMap(Self.content) == 2)
    }

    @Test("what is taken out is gone; by its frame only while it is that frame")
    func removes() {
        let index = FrameIndex(frameLimit: 8, shardCount: 4)
        let (old, new) = (Self.frame(5), Self.frame(5))
        index.put(old, shownFrom: 0)
        index.put(new, shownFrom: 2)
        index.remove(5, frame: old)
        #expect(Self.collect(index, [5])[0] === new)
        index.remove(5, frame: new)
        #expect(Self.collect(index, [5])[0] == nil)
        index.remove(5)
    }

    @Test("more pages than there is room for push others out, and are right themselves")
    func overflows() {
        let index = FrameIndex(frameLimit: 16, shardCount: 4)
        for page in 0..<1000 { index.put(Self.frame(UInt64(page)), shownFrom: 0) }
        let found = Self.collect(index, (0..<1000).map { UInt64($0) })
        #expect(found.enumerated().allSatisfy { $1 == nil || $1?.id.number == UInt64($0) })
        #expect(found.contains { $0 != nil })
    }

    @Test("frames that were given up are released, and those in it with it")
    func releases() {
        weak var kept: PageFrame?
        weak var first: PageFrame?
        do {
            let index = FrameIndex(frameLimit: 8, shardCount: 4)
            for number in 0..<500 {
                let frame = Self.frame(3)
                if number == 0 { first = frame }
                if number == 499 { kept = frame }
                index.put(frame, shownFrom: UInt64(number))
            }
            #expect(first == nil)
            #expect(kept != nil)
        }
        #expect(kept == nil)
    }

    @Test("of as many neighbouring pages as it has slots, each has its own")
    func takesNeighbours() {
        let index = FrameIndex(frameLimit: 512, shardCount: 32)
        for page in 700..<1724 { index.put(Self.frame(UInt64(page)), shownFrom: 0) }
        #expect(Self.collect(index, (700..<1724).map { UInt64($0) }).allSatisfy { $0 != nil })
    }

    @Test("strewn pages find room for nearly all while half the slots are free; what was put in last is there")
    func findsRoom() {
        let index = FrameIndex(frameLimit: 4096, shardCount: 32)
        var random = UInt64(7)
        var pages: Set<UInt64> = []
        while pages.count < 4096 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let page = random >> 30
            pages.insert(page)
            index.put(Self.frame(page), shownFrom: 0)
            #expect(Self.collect(index, [page])[0]?.id.number == page)
        }
        let present = Self.collect(index, Array(pages)).count { $0 != nil }
        #expect(present > 4096 * 9 / 10)
    }

    @Test("a section lends what is shown at its commit, and what it lent stands until it ends")
    func lends() {
        let index = FrameIndex(frameLimit: 8, shardCount: 4)
        weak var old: PageFrame?
        do {
            let frame = Self.frame(5, content: 1)
            frame.validatedAs = 9
            old = frame
            index.put(frame, shownFrom: 3)
        }
        let early = index.section(atMost: 2, stripe: 0)
        #expect(early.page(PageID(5)) == nil)
        early.end()
        let section = index.section(atMost: 3, stripe: 1)
        var lent: [LentPage?] = []
        section.pages([PageID(6), PageID(5)], into: &lent)
        #expect(lent[0] == nil)
        let page = section.page(PageID(5))
        #expect(page != nil && page?.base == lent[1]?.base)
        #expect(page?.byteCount == 256 && page?.validatedAs == 9)
        // Far more than are kept back before some are released.
        for number in 0..<500 { index.put(Self.frame(5, content: 2), shownFrom: UInt64(4 + number)) }
        #expect(old != nil)
        #expect(section.page(PageID(5)) == nil)
        #expect(page?.base.load(as: UInt64.self) == 5 * 1_000_003 + 1)
        section.end()
        for number in 0..<500 { index.put(Self.frame(5, content: 2), shownFrom: UInt64(600 + number)) }
        #expect(old == nil)
    }

    @Test("readers beside a writer that replaces and drops frames get whole frames of the page they asked for")
    func threads() {
        let index = FrameIndex(frameLimit: 64, shardCount: 8)
        let isDone = Atomic<Bool>(false)
        let found = Atomic<Int>(0)
        let wrong = Atomic<Int>(0)
        let group = DispatchGroup()
        for reader in 0..<4 {
            let thread = Thread {
                var random = UInt64(reader + 1)
                var frames: [PageFrame?] = []
                while !isDone.load(ordering: .acquiring) {
                    let pages = (0..<16).map { _ -> PageID in
                        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return PageID(random >> 33 & 63)
                    }
                    index.collect(pages, atMost: .max, stripe: reader, into: &frames)
                    for (page, frame) in zip(pages, frames) {
                        guard let frame else { continue }
                        found.add(1, ordering: .relaxed)
                        if frame.id != page || Self.content(frame) == nil { wrong.add(1, ordering: .relaxed) }
                    }
                }
                group.leave()
            }
            group.enter()
            thread.start()
        }
        for step in 0..<200_000 as Range<UInt64> {
            let page = step &* 2_654_435_761 >> 7 & 63
            if step % 5 == 4 { index.remove(page) } else { index.put(Self.frame(page, content: step), shownFrom: step) }
        }
        isDone.store(true, ordering: .releasing)
        group.wait()
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(found.load(ordering: .relaxed) > 0)
    }
}
