// What changed between two versions of a page, in a few bytes: an index entry that goes into a leaf moves slots by eight
// bytes and writes some dozen, and logging the whole page for it would cost the log two hundred times that.
//
// A log frame of kind `changes` holds the changes of several pages as one sealed payload. FORMAT.md has its bytes:
//
//     header 8: kind (1) zero (1) entries (2) bytes in use (4)
//     entry 18: page (8) base version (8) bytes of steps (2), then the steps
//     step 6: offset (2) length (2) source (2); with source FFFF `length` bytes follow, else they are the base's from there
//
// 1. A step writes into the new version and reads from the base only, so their order does not matter.
// 2. What lies under no step is as in the base, at the same place.
// 3. Pages are touched through pointers here; every offset and length that is read is checked against the page first, for
//    the bytes come from a file.

/// One page's entry in a payload of changes.
struct PageChange {
    var page: UInt64
    /// The version that the steps are applied to.
    var base: CommitSequence
    /// Where the entry begins in the payload; never 0.
    var part: Int
    fileprivate var stepsByteCount: Int
}

enum PageChanges {
    /// Byte 0 of a payload of changes.
    static let kind: UInt8 = 7
    /// The number of the page that such a payload is sealed as: that of a superblock slot, which is never a sealed page.
    static let page = PageID(0)
    fileprivate static let headerByteCount = 8
    fileprivate static let entryByteCount = 18
    fileprivate static let stepByteCount = 6
    fileprivate static let literal = 0xFFFF

    /// The entries of a payload; nil when it is none.
    static func entries(of frame: PageFrame) -> [PageChange]? {
        guard frame.kind == kind, frame.byteCount >= headerByteCount else { return nil }
        let count = Int(UInt16(littleEndian: frame.base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        let used = Int(UInt32(littleEndian: frame.base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard used <= frame.byteCount else { return nil }
        var entries: [PageChange] = []
        var part = headerByteCount
        for _ in 0..<count {
            guard let entry = entry(at: part, of: frame, end: used) else { return nil }
            entries.append(entry)
            part += entryByteCount + entry.stepsByteCount
        }
        return part == used ? entries : nil
    }

    private static func entry(at part: Int, of frame: PageFrame, end: Int) -> PageChange? {
        guard part >= headerByteCount, part <= end - entryByteCount, end <= frame.byteCount else { return nil }
        let start = frame.base + part
        let steps = Int(UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 16, as: UInt16.self)))
        guard part + entryByteCount + steps <= end else { return nil }
        let page = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
        let base = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard page < 1 << 48, base < 1 << 48 else { return nil }
        return PageChange(page: page, base: base, part: part, stepsByteCount: steps)
    }

    /// The entry at a place; nil when there is none.
    static func entry(at part: Int, of frame: PageFrame) -> PageChange? {
        guard frame.kind == kind else { return nil }
        return entry(at: part, of: frame, end: frame.byteCount)
    }

    /// The version of a page that an entry makes of its base; nil when a step leaves the page.
    static func apply(_ change: PageChange, of frame: PageFrame, to base: PageFrame) -> PageFrame? {
        let made = base.copy()
        made.validatedAs = 0
        let byteCount = base.byteCount
        var step = change.part + entryByteCount
        let end = step + change.stepsByteCount
        guard end <= frame.byteCount else { return nil }
        while step < end {
            guard step + stepByteCount <= end else { return nil }
            let head = frame.base + step
            let offset = Int(UInt16(littleEndian: head.loadUnaligned(as: UInt16.self)))
            let length = Int(UInt16(littleEndian: head.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            let source = Int(UInt16(littleEndian: head.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
            guard offset + length <= byteCount else { return nil }
            step += stepByteCount
            if source == literal {
                guard step + length <= end else { return nil }
                (made.base + offset).copyMemory(from: frame.base + step, byteCount: length)
                step += length
            } else {
                guard source + length <= byteCount else { return nil }
                (made.base + offset).copyMemory(from: base.base + source, byteCount: length)
            }
        }
        return made
    }
}

/// Gathers changes of pages into payloads.
struct PageChangeWriter {
    /// The payloads, full ones first.
    private(set) var frames: [PageFrame] = []
    /// For each page that was added, in that order, its payload and its place there.
    private(set) var places: [(page: PageFrame, frame: Int, part: Int)] = []
    private let byteCount: Int
    private var used = 0
    private var count = 0
    private let limit: Int
    private var scratch: [UInt8]

    init(payloadByteCount: Int) {
        byteCount = payloadByteCount
        // Beyond a third the whole page is the better record: it needs no other to be read.
        limit = min(payloadByteCount / 3, 0x7FFF)
        scratch = [UInt8](repeating: 0, count: limit)
    }

    /// Adds what changed from `old`, which is version `base`, to `new`. False when that is too much.
    mutating func add(_ new: PageFrame, since old: PageFrame, version base: CommitSequence) -> Bool {
        let steps = scratch.withUnsafeMutableBytes { scratch in
            scratch.baseAddress.flatMap { PageDifference(new, old).write(to: $0, limit: limit) }
        }
        guard let steps else { return false }
        let needed = PageChanges.entryByteCount + steps
        if frames.isEmpty || used + needed > byteCount || count == Int(UInt16.max) { begin() }
        guard let frame = frames.last else { return false }
        let start = frame.base + used
        start.storeBytes(of: new.id.number.littleEndian, as: UInt64.self)
        start.storeBytes(of: base.littleEndian, toByteOffset: 8, as: UInt64.self)
        start.storeBytes(of: UInt16(steps).littleEndian, toByteOffset: 16, as: UInt16.self)
        scratch.withUnsafeBytes { scratch in
            if let from = scratch.baseAddress {
                (start + PageChanges.entryByteCount).copyMemory(from: from, byteCount: steps)
            }
        }
        places.append((new, frames.count - 1, used))
        used += needed
        count += 1
        frame.base.storeBytes(of: UInt16(count).littleEndian, toByteOffset: 2, as: UInt16.self)
        frame.base.storeBytes(of: UInt32(used).littleEndian, toByteOffset: 4, as: UInt32.self)
        return true
    }

    /// Takes in what another writer gathered; its payloads stay as they are.
    mutating func join(_ other: PageChangeWriter) {
        places += other.places.map { ($0.page, frames.count + $0.frame, $0.part) }
        frames += other.frames
        (used, count) = (other.used, other.count)
    }

    private mutating func begin() {
        let frame = PageFrame(id: PageChanges.page, byteCount: byteCount)
        frame.zero()
        frame.base.storeBytes(of: PageChanges.kind, as: UInt8.self)
        frames.append(frame)
        used = PageChanges.headerByteCount
        count = 0
    }
}

/// Finds the steps from one content of a page to another, in words of eight bytes. O(page size).
private struct PageDifference {
    private let new: UnsafeMutableRawPointer
    private let old: UnsafeMutableRawPointer
    /// Words of a page.
    private let count: Int

    init(_ new: PageFrame, _ old: PageFrame) {
        // Page sizes less 48 bytes are multiples of eight.
        precondition(new.byteCount == old.byteCount && new.byteCount % 8 == 0)
        self.new = new.base
        self.old = old.base
        count = new.byteCount / 8
    }

    @inline(__always)
    private func newWord(_ index: Int) -> UInt64 { new.load(fromByteOffset: index &* 8, as: UInt64.self) }

    @inline(__always)
    private func oldWord(_ index: Int) -> UInt64 { old.load(fromByteOffset: index &* 8, as: UInt64.self) }

    /// Whether the new words from `index` on are the old ones from `index - shift` on, as far as two words tell.
    @inline(__always)
    private func agrees(_ index: Int, _ shift: Int) -> Bool {
        let from = index - shift
        guard from >= 0, from < count, newWord(index) == oldWord(from) else { return false }
        return index + 1 >= count || from + 1 >= count || newWord(index + 1) == oldWord(from + 1)
    }

    /// Writes the steps; returns their bytes, nil when they are more than `limit`.
    func write(to out: UnsafeMutableRawPointer, limit: Int) -> Int? {
        var length = 0
        var index = 0
        /// By how many words the new content lies behind the old one here.
        var shift = 0
        while true {
            let start = index
            if shift == 0 {
                index = endOfEqual(from: index)
            } else {
                while index < count, index - shift >= 0, index - shift < count,
                    newWord(index) == oldWord(index - shift)
                { index += 1 }
                if index > start {
                    guard length + PageChanges.stepByteCount <= limit else { return nil }
                    step(out + length, start, index - start, source: (start - shift) * 8)
                    length += PageChanges.stepByteCount
                }
            }
            guard index < count else { return length }
            // What does not agree is written out, until the content goes on: in its place, as before, or moved by a word,
            // which is what a slot does that was put in or taken out.
            let changed = index
            var next = 0
            while index < count {
                if agrees(index, 0) {
                    next = 0
                } else if agrees(index, shift) {
                    next = shift
                } else if agrees(index, shift + 1) {
                    next = shift + 1
                } else if agrees(index, shift - 1) {
                    next = shift - 1
                } else {
                    index += 1
                    continue
                }
                break
            }
            if index > changed {
                let byteCount = (index - changed) * 8
                guard length + PageChanges.stepByteCount + byteCount <= limit else { return nil }
                step(out + length, changed, index - changed, source: PageChanges.literal)
                (out + length + PageChanges.stepByteCount).copyMemory(from: new + changed * 8, byteCount: byteCount)
                length += PageChanges.stepByteCount + byteCount
            }
            shift = next
        }
    }

    /// The first word from `start` on that differs.
    private func endOfEqual(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let a = new.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<UInt64>.self)
            let b = old.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<UInt64>.self)
            if a != b { break }
            index &+= 8
        }
        while index < count, newWord(index) == oldWord(index) { index &+= 1 }
        return index
    }

    private func step(_ out: UnsafeMutableRawPointer, _ index: Int, _ words: Int, source: Int) {
        out.storeBytes(of: UInt16(index * 8).littleEndian, as: UInt16.self)
        out.storeBytes(of: UInt16(words * 8).littleEndian, toByteOffset: 2, as: UInt16.self)
        out.storeBytes(of: UInt16(source).littleEndian, toByteOffset: 4, as: UInt16.self)
    }
}
