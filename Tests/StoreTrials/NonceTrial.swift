import PageStore
import StoreIO
import StoreTestSupport

// No (key, nonce) pair seals twice. Everything that is ever written to the disks is looked through for seals: page
// images, log frames and slots name prefix, counter and key number at fixed places (FORMAT.md). Histories branch as in
// life: a crash, a copy that is opened as well, an older copy that is put back. A pair may be seen again only with the
// very bytes it had.

/// Looks for a nonce that was used twice.
package struct NonceTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "nonces", title: "no (key, nonce) pair twice", unit: "seals", everyChange: 100_000,
            release: 10_000_000, weight: 1)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        var ledger = SealLedger()
        let session = PagerSession(seed: seed)
        let random = SeededRandomSource(seed: mixedSeed(seed, 5))
        do {
            // Openings of one file draw from one source, as they do from the system's.
            try session.run()
            ledger.read(session.disk.operations)
            var images = CrashImages()
            var branches: [([String: DiskContent], SessionProgress)] = []
            var progress = SessionProgress()
            for operation in session.disk.operations {
                images.advance(operation)
                progress.follow(operation)
                guard progress.acknowledged > 1, random.next() % 24 == 0 else { continue }
                for damage in [CrashDamage.dropped, .kept, .torn] {
                    branches.append((images.image(images.draw(damage, seed: random.next())).files, progress))
                }
            }
            // Each branch is opened twice, as a clone and its original are, and goes on from there.
            for (files, progress) in branches {
                for _ in 0..<2 {
                    let disk = SimulatedDisk(contents: files)
                    try session.keepingOracle { try session.comeBack(on: disk, progress, seed: random.next()) }
                    ledger.read(disk.operations)
                }
            }
        } catch { outcome.failures.append("\(session.name): \(error); \(replay(seed))") }
        outcome.cases = UInt64(ledger.count)
        for repetition in ledger.repetitions.prefix(3) {
            outcome.failures.append("\(session.name): \(repetition); \(replay(seed))")
        }
        return outcome
    }
}

/// Every seal seen, by what must not repeat.
struct SealLedger {
    /// Tag by prefix, counter and key number (24 bytes): no count is used twice in an epoch, whatever the kind of seal.
    private var tags: [[UInt64]: [UInt8]] = [:]
    private(set) var repetitions: [String] = []
    private static let pageSize = 4096
    private static let frameHeader = 192

    var count: Int { tags.count }

    /// Prefix and key number of every seal.
    var seals: [(prefix: [UInt8], keyNumber: UInt64)] {
        tags.keys.map { words in
            let prefix = words[..<2].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
            return (prefix, words[2] >> 32)
        }
    }

    mutating func read(_ operations: [DiskOperation]) {
        for case .write(_, let offset, let bytes) in operations { read(bytes, at: Int(offset)) }
    }

    /// What a write holds follows from its first bytes and its place: frames begin with their magic, slots with theirs,
    /// anything else that is as long as pages is pages that go home.
    private mutating func read(_ bytes: [UInt8], at offset: Int) {
        var position = 0
        while position + Self.frameHeader <= bytes.count {
            if bytes[position..<position + 4].elementsEqual([0x53, 0x53, 0x4C, 0x46]) {
                note(2, bytes, at: position + 48, tag: position + 176)
                let isPage = bytes[position + 4] == 1
                if isPage { note(1, bytes, at: position + Self.frameHeader + 8, tag: position + Self.frameHeader + 32) }
                position += Self.frameHeader + (isPage || bytes.count > Self.frameHeader ? Self.pageSize : 0)
            } else if bytes[position..<position + 7].elementsEqual("SMARTST".utf8) {
                note(3, bytes, at: position + 232, tag: position + 3968)
                position += Self.pageSize
            } else if offset % Self.pageSize == 0, bytes.count % Self.pageSize == 0 {
                note(1, bytes, at: position + 8, tag: position + 32)
                position += Self.pageSize
            } else {
                return
            }
        }
    }

    private mutating func note(_ kind: UInt8, _ bytes: [UInt8], at place: Int, tag: Int) {
        guard tag + 16 <= bytes.count, place + 24 <= bytes.count else { return }
        let words = (0..<3).map { word in
            bytes[place + word * 8..<place + word * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        // Room that was filled with zeros is no seal.
        guard words.contains(where: { $0 != 0 }) else { return }
        let found = Array(bytes[tag..<tag + 16])
        if let known = tags[words], known != found {
            repetitions.append("kind \(kind), counter \(words[2]) under prefix \(words[0]) sealed twice")
        }
        tags[words] = found
    }
}
